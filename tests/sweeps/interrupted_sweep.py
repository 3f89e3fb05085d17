"""A sweep of a simulated experiment, to be run as a script and ended by the tests."""

from __future__ import annotations

import functools
import resource
import sys
from pathlib import Path

import numpy as np
from swept_functions import simulated

import memcircuit as mc
from memcircuit.errors import StorageError
from memcircuit.sweeps.progress import Progress


class Filling(Progress):
    """Leaves no room for the store's files once some points are done."""

    def advance(self, done=1, failed=0, **further):
        """Count, then leave no room."""
        super().advance(done, failed, **further)
        if not done:
            return
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, most))


def main(directory, points, mode="plain"):
    """Sweep; write the dataset to ``directory/done.nc``."""
    experiment = functools.partial(
        simulated, path=str(directory / "noted"), full=mode == "full simulator"
    )
    progress = Filling("log") if mode == "full store" else "log"
    try:
        found = mc.sweep(
            experiment, {"k_set": np.linspace(0.01, 0.02, points)},
            jobs=2, seed=1, store=directory / "store", progress=progress,
        )  # fmt: skip
    except StorageError as error:
        sys.stderr.write(f"{error}\n")
        return 3
    found.to_netcdf(directory / "done.nc", engine="scipy")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]))
