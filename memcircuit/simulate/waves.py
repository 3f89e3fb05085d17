"""Results as one table of numbers: what experiments read, without a dataset's cost per vector."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.simulate.result import columns_of

if TYPE_CHECKING:
    from memcircuit.simulate.job import Job
    from memcircuit.simulate.raw import RawPlot


@dataclass(frozen=True, eq=False)
class Waves:
    """The vectors of a job over its axis.

    Attributes:
        axis: (points,) s of a transient; what the first column is of other analyses.
        data: (points, columns) V or A, everything that was stored.
        columns: by vector, named as asked for, its column.
        attributes: how the result was obtained, as of ``memcircuit.simulate.run``.
    """

    axis: NDArray[np.float64]
    data: NDArray[np.float64]
    columns: Mapping[str, int]
    attributes: Mapping[str, str | int | float]

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Return the wave of a vector, (points,)."""
        return np.ascontiguousarray(self.data[:, self.columns[name]])

    def of(self, names: Iterable[str]) -> NDArray[np.float64]:
        """Return the waves of some vectors, (vectors, points)."""
        places = [self.columns[name] for name in names]
        return np.ascontiguousarray(self.data[:, places].T)


def to_waves(job: Job, plot: RawPlot, attributes: Mapping[str, str | int | float]) -> Waves:
    """Return the whole result of a job whose vectors are real numbers.

    Args:
        job: what was asked for.
        plot: the plot that holds it.
        attributes: how it was obtained.
    """
    data: NDArray[Any] = plot.data
    axis = np.ascontiguousarray(data[:, 0])
    return Waves(axis, data, columns_of(job, plot), dict(attributes))
