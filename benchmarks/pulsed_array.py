"""Ten pulses into one cell of a whole array of 1T1R cells, timed in a process of its own.

``python -m benchmarks.pulsed_array SIZE FORM`` simulates the whole netlist: compiled devices (form
"osdi") with KLU, behavioural sources with ngspice's default solver. Prints time, conductances and
ngspice's largest resident set on one line of JSON; "given up" when the peer's patience is over.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import replace

import memcircuit as mc
from benchmarks.netlists import DEFAULTS, PATIENCE, pulsed_array
from memcircuit.errors import SimulationError


def main() -> None:
    """Simulate once."""
    size, form = int(sys.argv[1]), sys.argv[2]
    options = replace(DEFAULTS, klu=form == "osdi")
    started = time.perf_counter()
    try:
        result = mc.program_pulses(
            *pulsed_array(size), reduced=False, form=form, options=options, time_limit=PATIENCE
        )
    except SimulationError:
        print(json.dumps("given up"))
        return
    taken = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
    conductance = result["conductance"].to_numpy().tolist()
    print(json.dumps({"seconds": taken, "conductance": conductance, "megabytes": peak}))


if __name__ == "__main__":
    main()
