"""Mean and deviation of one pulse's change over all devices, as formats of one device need it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.tables.response import PulseResponse, require_points
from memcircuit.tables.table import ConductanceTable

Array = NDArray[np.float64]


@dataclass(frozen=True)
class StepMoments:
    """Change of conductance by one pulse, as mean and standard deviation at every conductance.

    Attributes:
        conductance: (points,) S, rising.
        set_mean: (points,) S, by one SET pulse.
        set_deviation: (points,) S.
        reset_mean: (points,) S, by one RESET pulse; negative.
        reset_deviation: (points,) S.
    """

    conductance: Array
    set_mean: Array
    set_deviation: Array
    reset_mean: Array
    reset_deviation: Array

    @property
    def directions(self) -> dict[str, tuple[Array, Array]]:
        """Mean and deviation of each direction."""
        return {
            "set": (self.set_mean, self.set_deviation),
            "reset": (self.reset_mean, self.reset_deviation),
        }

    def response(self) -> PulseResponse:
        """Return the response of the one device with these moments, on a uniform grid."""
        grid = np.linspace(self.conductance[0], self.conductance[-1], self.conductance.size)
        columns = (self.set_mean, self.reset_mean, self.set_deviation, self.reset_deviation)
        return PulseResponse(
            grid, *(np.interp(grid, self.conductance, column)[np.newaxis] for column in columns)
        )


def step_moments(
    table: ConductanceTable | PulseResponse, points: int, device: int | None
) -> StepMoments:
    """Return the moments of the mixture of all devices, or those of one.

    With all devices the variance is the mean of the devices' variances from cycle to cycle plus
    the variance of their mean steps: what a cell draws that is any of the devices. Where some
    devices never were, they count with no step, as in ``PulseResponse``.

    Args:
        table: what pulses did.
        points: number of conductances, at least 2.
        device: the one device to describe; all by default.

    Raises:
        TableError: fewer points.
        UsageError: no such device.
    """
    require_points(points)
    response = table.pulse_response(points) if isinstance(table, ConductanceTable) else table
    places = slice(None)
    if device is not None:
        if device not in range(response.devices):
            raise UsageError(
                f"device {device!r}; the table's devices are 0..{response.devices - 1}"
            )
        places = slice(device, device + 1)
    grid = np.linspace(response.conductance[0], response.conductance[-1], points)
    columns = []
    for step, spread in (
        (response.set_step[places], response.set_spread[places]),
        (response.reset_step[places], response.reset_spread[places]),
    ):
        variance = np.square(spread).mean(axis=0) + step.var(axis=0)
        columns += [
            np.interp(grid, response.conductance, column)
            for column in (step.mean(axis=0), np.sqrt(variance))
        ]
    return StepMoments(grid, *columns)
