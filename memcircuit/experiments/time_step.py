"""How large a time step an experiment may take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.devices.device import Device, Form
from memcircuit.devices.numpy_model import NumpyModel
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import HIGHEST_VOLTAGE
from memcircuit.experiments.driven_device import DrivenDevice, OwnState

# The state may change by this much in a step: the error of a step is a twelfth of its square.
_STATE_STEP = 0.02
# The step is not cut below this share of a run for a device that switches within a pulse...
_FINE_POINTS = 400_000
# ...or this, where a point is dear: behavioural sources with an inner node.
_FINE_POINTS_IMPLICIT = 50_000
# ...and no run is started whose waveform alone would take more points than this.
_MOST_POINTS = 5_000_000


@dataclass(frozen=True)
class TimeStep:
    """A limit of the simulator's time step.

    Attributes:
        step: s.
        state_step: the most that the state can move in a step of that size, at its fastest; well
            above 0.02 the run is too coarse for the device, and the result says so. Not a number
            for a device without equations in Python.
        reason: what the limit follows.
    """

    step: float
    state_step: float
    reason: str


def largest_step(
    device: DrivenDevice,
    amplitudes: ArrayLike,
    coarse: float,
    duration: float,
    form: Form = "osdi",
    values: Mapping[str, NDArray[np.float64]] | None = None,
) -> TimeStep:
    """Return the largest time step that follows both the waveform and the state.

    How fast the state of a device without equations in Python moves is not known here: then the
    step is that of the waveform, and finer ones are up to the module's own ``$bound_step``.

    Args:
        device: whose state moves.
        amplitudes: (n,) or (cells, n) V, of everything that drives it.
        coarse: s, the step that the waveform alone asks for.
        duration: s, of the whole run.
        form: netlist form.
        values: parameters whose values differ from cell to cell, multipliers included, each
            (cells,) or (cells, memristors): the fastest counts.

    Raises:
        UsageError: a voltage beyond reason, or a run that would take millions of time points.
    """
    volts = np.asarray(amplitudes, dtype=float)
    for amplitude in volts[~(np.abs(volts) < HIGHEST_VOLTAGE)]:
        raise UsageError(f"amplitude = {amplitude:g} V must be within +-{HIGHEST_VOLTAGE:g} V")
    points = duration / coarse
    if points > _MOST_POINTS:
        raise UsageError(
            f"{duration:g} s at steps of {coarse:g} s are {points:.1g} time points, more than "
            f"{_MOST_POINTS:g}: use fewer pulses or cycles, or pulses and reads of like width"
        )
    if not isinstance(device, Device):
        own = isinstance(device, OwnState) and device.bounds_step
        rest = ", and $bound_step of the device's module" if own else " alone"
        return TimeStep(coarse, math.nan, f"waveform{rest}")
    fastest = max(_fastest(device, volts, values or {}), 1e-300)
    dear = form == "behavioural" and device.model.inner is not None
    finest = duration / (_FINE_POINTS_IMPLICIT if dear else _FINE_POINTS)
    step = min(coarse, max(_STATE_STEP / fastest, finest))
    return TimeStep(step, step * fastest, "waveform and state")


def _fastest(
    device: Device, volts: NDArray[np.float64], values: Mapping[str, NDArray[np.float64]]
) -> float:
    """Return the largest rate of the state, 1/s, at any voltage, state and parameter values."""
    # axes: cells, memristors, voltages, states
    own = {name: v.reshape(len(v), -1, 1, 1) for name, v in values.items()}
    model = NumpyModel(device.model, {**device.parameters, **own})
    driven = np.atleast_2d(volts)[:, np.newaxis, :, np.newaxis]
    return float(np.abs(model.rate(driven, np.linspace(0, 1, 51))).max())
