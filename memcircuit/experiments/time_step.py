"""How large a time step an experiment may take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from memcircuit.devices.device import Device
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import HIGHEST_VOLTAGE

# The state may change by this much in a step: the error of a step is a twelfth of its square.
_STATE_STEP = 0.02
# A device that switches within a pulse is not followed with more points than this in a run...
_FINE_POINTS = 400_000
# ...and no run is started that would take more than this many.
_MOST_POINTS = 5_000_000


def largest_step(
    device: Device, amplitudes: Sequence[float], coarse: float, duration: float
) -> float:
    """Return the largest time step, s, that follows both the waveform and the state.

    Args:
        device: whose state moves.
        amplitudes: V, of everything that drives it.
        coarse: s, the step that the waveform alone asks for.
        duration: s, of the whole run.

    Raises:
        UsageError: a voltage beyond reason, or a run that would take millions of time points.
    """
    for amplitude in amplitudes:
        if not abs(amplitude) < HIGHEST_VOLTAGE:
            raise UsageError(f"amplitude = {amplitude:g} V must be within +-{HIGHEST_VOLTAGE:g} V")
    points = duration / coarse
    if points > _MOST_POINTS:
        raise UsageError(
            f"{duration:g} s at steps of {coarse:g} s are {points:.1g} time points, more than "
            f"{_MOST_POINTS:g}: use fewer pulses or cycles, or pulses and reads of like width"
        )
    rate = device.numpy().rate(np.array(amplitudes)[:, np.newaxis], np.linspace(0, 1, 51))
    fine = _STATE_STEP / max(float(np.abs(rate).max()), 1e-300)
    return min(coarse, max(fine, duration / _FINE_POINTS))
