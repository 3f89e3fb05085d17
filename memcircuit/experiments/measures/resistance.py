"""Resistance and conductance at the ends of the range, by an operating point with held state."""

from __future__ import annotations

import numpy as np

from memcircuit.devices.device import Device, Form
from memcircuit.experiments.circuits import as_cell, card_pulse


def held_current(device: Device, form: Form, voltage: float, state: float) -> float:
    """Return the current, A, at a voltage (V) with the state held, from an operating point."""
    from memcircuit.simulate import Job, OperatingPoint, run
    from pyspice_netlists import cell_bench

    bench = cell_bench(
        as_cell(device), f"DC {voltage!r}", form=form, initial_state=np.array([state])
    )
    job = Job(
        title=f"{device.name} held at {state:g}",
        circuit=bench.circuit,
        analysis=OperatingPoint(),
        vectors=bench.vectors,
        verilog_a=device.verilog_a(form),
    )
    return float(run(job)[bench.currents[0]].to_numpy().ravel()[-1])


def _conductance(device: Device, form: Form, state: float) -> float:
    voltage = card_pulse(device, "read").amplitude
    return held_current(device, form, voltage, state) / voltage


def lowest_conductance(device: Device, form: Form) -> float:
    """Return the conductance at s = 0 and the card's read voltage, S."""
    return _conductance(device, form, 0.0)


def highest_conductance(device: Device, form: Form) -> float:
    """Return the conductance at s = 1 and the card's read voltage, S."""
    return _conductance(device, form, 1.0)


def low_resistance(device: Device, form: Form) -> float:
    """Return the resistance at s = 1 and the card's read voltage, ohm."""
    return 1 / highest_conductance(device, form)


def high_resistance(device: Device, form: Form) -> float:
    """Return the resistance at s = 0 and the card's read voltage, ohm."""
    return 1 / lowest_conductance(device, form)


def resistance_ratio(device: Device, form: Form) -> float:
    """Return by what factor the resistances at s = 0 and s = 1 differ."""
    return high_resistance(device, form) / low_resistance(device, form)


MEASURES = {
    f.__name__: f
    for f in (
        lowest_conductance,
        highest_conductance,
        low_resistance,
        high_resistance,
        resistance_ratio,
    )
}
