"""Speed of volatile switches and voltage margin of selectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from memcircuit.devices.device import Device, Form
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import as_cell, card_pulse

Array = NDArray[np.float64]

# The current that bounds the voltage margin of an access device, A.
_MARGIN_CURRENT = 10e-9
# Turned on: this share of the conductance at s = 1; turned off: that share of it.
_ON, _OFF = 0.5, 0.01
# Time points of a course, and half the points of a sweep.
_POINTS = 2000


def _course(
    device: Device, form: Form, source: str, start: float, stop: float
) -> tuple[Array, Array]:
    """Return time (s) and conductance (S, at the read voltage) from state ``start``."""
    from memcircuit.simulate import Job, Transient, run
    from pyspice_netlists import cell_bench

    bench = cell_bench(as_cell(device), source, form=form, initial_state=np.array([start]))
    step = stop / _POINTS
    job = Job(
        title=f"{device.name} from s = {start:g}",
        circuit=bench.circuit,
        analysis=Transient(stop=stop, step=step, max_step=step),
        vectors=bench.vectors,
        verilog_a=device.verilog_a(form),
    )
    result = run(job)
    state = np.clip(result[bench.states[0]].to_numpy() + start, 0, 1)
    read = card_pulse(device, "read").amplitude
    return result["time"].to_numpy(), device.conductance(state, read)


def _crossing(device: Device, time: Array, ratio: Array) -> float:
    """Return the first time (s) at which a ratio falls to 1, on a logarithmic scale."""
    below = np.flatnonzero(ratio <= 1)
    if below.size == 0 or below[0] == 0:
        raise UsageError(
            f"device {device.name!r} does not switch within {time[-1]:g} s: set longer pulses"
        )
    last = below[0]
    pair = slice(last - 1, last + 1)
    return float(np.interp(0.0, -np.log(ratio[pair]), time[pair]))


def turn_on_time(device: Device, form: Form) -> float:
    """Return the time, s, from s = 0 to half the conductance of s = 1 at the SET voltage."""
    pulse = card_pulse(device, "set")
    full = device.conductance(1.0, card_pulse(device, "read").amplitude)
    source = f"DC {pulse.amplitude!r}"
    time, conductance = _course(device, form, source, 0.0, pulse.width)
    return _crossing(device, time, _ON * full / conductance)


def turn_off_time(device: Device, form: Form) -> float:
    """Return the time, s, from s = 1 to a hundredth of its conductance, without voltage."""
    full = device.conductance(1.0, card_pulse(device, "read").amplitude)
    duration = 10 * card_pulse(device, "reset").width
    time, conductance = _course(device, form, "DC 0", 1.0, duration)
    return _crossing(device, time, conductance / (_OFF * full))


def voltage_margin(device: Device, form: Form) -> float:
    """Return the width of the range of voltage, V, in which the current is below 10 nA."""
    from memcircuit.simulate import DCSweep, Job, run
    from pyspice_netlists import cell_bench

    bench = cell_bench(as_cell(device), "0", form=form, initial_state=np.array([0.0]))
    highest = abs(card_pulse(device, "set").amplitude)
    job = Job(
        title=f"{device.name} swept",
        circuit=bench.circuit,
        analysis=DCSweep("vdriver", -highest, highest, highest / _POINTS),
        vectors=bench.vectors,
        verilog_a=device.verilog_a(form),
    )
    result = run(job)
    volts, current = result[bench.voltage].to_numpy(), result[bench.currents[0]].to_numpy()
    # the current rises over more decades than interpolation bears: its logarithm on either side
    ends = [
        float(np.interp(np.log(_MARGIN_CURRENT), np.log(side * current[here]), side * volts[here]))
        for side in (-1, 1)
        for here in [np.flatnonzero(side * current > _MARGIN_CURRENT / 1e3)[::side]]
    ]
    return sum(ends)


MEASURES = {f.__name__: f for f in (turn_on_time, turn_off_time, voltage_margin)}
