"""Figures of Y. Zhang et al., Front. Neurosci. 15:717222 (2021): sweeps, and identical pulses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from memcircuit.devices.device import Device, Form
from memcircuit.experiments.circuits import card_pulse
from memcircuit.experiments.measures.programmed import conductances_after, sweep

Array = NDArray[np.float64]

_SPEED = 1.0  # V/s, of the sweeps
# S, coefficients of the polynomial of conductance after n pulses (section Weight Quantization).
_POLYNOMIAL = (1.23218e-4, 3.21443e-5, -1.19652e-6, 3.76505e-8)
_STATES = 26
# States count as reached within this share.
_TOLERANCE = 0.01


def resistances_after(device: Device, form: Form, stops: list[float], start: float) -> Array:
    """Return the resistance after each of a series of sweeps to stop voltages (V), (n,) ohm."""
    sweeps = [sweep(stop, _SPEED) for stop in stops]
    found = conductances_after(device, form, sweeps, initial_state=start, max_step=1e-3)
    return np.asarray(1 / found[0])


def resistance_after_set_to_0v9(device: Device, form: Form) -> float:
    """Return the resistance, ohm, after a sweep to 0.9 V from HRS."""
    return float(resistances_after(device, form, [0.9], 0.0)[0])


def resistance_after_set_to_1v2(device: Device, form: Form) -> float:
    """Return the resistance, ohm, after sweeps to 0.9 V and 1.2 V from HRS."""
    return float(resistances_after(device, form, [0.9, 1.2], 0.0)[1])


def resistance_after_reset_to_0v7(device: Device, form: Form) -> float:
    """Return the resistance, ohm, after a sweep to -0.7 V from LRS."""
    return float(resistances_after(device, form, [-0.7], 1.0)[0])


def resistance_after_reset_to_0v8(device: Device, form: Form) -> float:
    """Return the resistance, ohm, after sweeps to -0.7 V and -0.8 V from LRS."""
    return float(resistances_after(device, form, [-0.7, -0.8], 1.0)[1])


def resistance_after_reset_to_1v5(device: Device, form: Form) -> float:
    """Return the resistance, ohm, after sweeps to -0.7 V and -1.5 V from LRS."""
    return float(resistances_after(device, form, [-0.7, -1.5], 1.0)[1])


def stated_states() -> Array:
    """Return the conductance after 1 ... 26 pulses by the paper's polynomial, (26,) S."""
    return np.asarray(np.polynomial.polynomial.polyval(np.arange(1, _STATES + 1), _POLYNOMIAL))


def pulsed_states(device: Device, form: Form) -> Array:
    """Return the conductance after each of 26 SET pulses of the card from s = 0, (26,) S."""
    pulse = card_pulse(device, "set")
    found = conductances_after(
        device, form, [pulse] * _STATES, initial_state=0.0, max_step=pulse.width / 100
    )
    return np.asarray(found[0])


def states_on_polynomial(device: Device, form: Form) -> float:
    """Return how many of the 26 states lie within 1 % of the polynomial."""
    close = np.abs(pulsed_states(device, form) / stated_states() - 1) <= _TOLERANCE
    return float(np.count_nonzero(close))


MEASURES = {
    f.__name__: f
    for f in (
        resistance_after_set_to_0v9,
        resistance_after_set_to_1v2,
        resistance_after_reset_to_0v7,
        resistance_after_reset_to_0v8,
        resistance_after_reset_to_1v5,
        states_on_polynomial,
    )
}
