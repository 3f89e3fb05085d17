"""The half-integer levels of Chen et al., Micromachines 11:427 (2020), section 3 and Fig. 2d."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from memcircuit.devices.device import Device, Form
from memcircuit.experiments.measures.programmed import conductances_after, sweep

Array = NDArray[np.float64]

# Levels count as reached within this share.
_TOLERANCE = 0.02
_WIDTH = 10e-3  # s, of the pulses
_SPEED = 1.0  # V/s, of the sweeps


def stop_voltages() -> Array:
    """Return the 32 RESET amplitudes or stop voltages, V: -0.60 to -0.84, then to -1.60."""
    fine = -0.60 - 0.02 * np.arange(13)
    return np.concatenate([fine, -0.84 - 0.04 * np.arange(1, 20)])


def stated_levels() -> Array:
    """Return (16.5 - 0.5 n) G0 for n = 1 ... 32, S, with the paper's G0 of 77.5 uS."""
    return np.asarray((16.5 - 0.5 * np.arange(1, 33)) * 77.5e-6)


def pulsed_levels(device: Device, form: Form) -> Array:
    """Return the conductance after each of 32 pulses of rising amplitude, from s = 1, (32,) S."""
    from pyspice_netlists import Pulse

    edge = _WIDTH / 100
    pulses = [Pulse(float(v), _WIDTH, rise=edge, fall=edge) for v in stop_voltages()]
    found = conductances_after(device, form, pulses, initial_state=1.0, max_step=_WIDTH / 100)
    return np.asarray(found[0])


def swept_levels(device: Device, form: Form) -> Array:
    """Return the conductance after each of 32 sweeps of rising stop voltage, (32,) S."""
    sweeps = [sweep(float(v), _SPEED) for v in stop_voltages()]
    found = conductances_after(device, form, sweeps, initial_state=1.0, max_step=2e-3)
    return np.asarray(found[0])


def _reached(levels: Array) -> float:
    return float(np.count_nonzero(np.abs(levels / stated_levels() - 1) <= _TOLERANCE))


def levels_by_pulses(device: Device, form: Form) -> float:
    """Return how many of the 32 levels pulses reach within 2 %."""
    return _reached(pulsed_levels(device, form))


def levels_by_stop_voltage(device: Device, form: Form) -> float:
    """Return how many of the 32 levels DC stop voltages reach within 2 %."""
    return _reached(swept_levels(device, form))


MEASURES = {f.__name__: f for f in (levels_by_pulses, levels_by_stop_voltage)}
