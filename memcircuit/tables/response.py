"""What one pulse does to a conductance: dG as a function of G, for every device of a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import is_whole
from memcircuit.errors import TableError


@dataclass(frozen=True)
class PulseResponse:
    """Conductance change by one SET and by one RESET pulse, on a uniform conductance grid.

    Attributes:
        conductance: (points,) S, uniform and rising, from the lowest to the highest
            conductance of the table.
        set_step: (devices, points) S, mean change by one SET pulse started at each conductance.
        reset_step: (devices, points) S, mean change by one RESET pulse (negative).
        set_spread: (devices, points) S, cycle-to-cycle standard deviation of ``set_step``.
        reset_spread: (devices, points) S, the same for ``reset_step``.
    """

    conductance: NDArray[np.float64]
    set_step: NDArray[np.float64]
    reset_step: NDArray[np.float64]
    set_spread: NDArray[np.float64]
    reset_spread: NDArray[np.float64]

    @property
    def devices(self) -> int:
        """Number of devices measured."""
        return int(self.set_step.shape[0])


def require_points(points: object) -> None:
    """Refuse a number of conductances that makes no grid.

    Raises:
        TableError: no whole number of at least 2.
    """
    if not is_whole(points) or points < 2:
        raise TableError(f"pulse response on {points!r} points; a whole number of at least 2")
