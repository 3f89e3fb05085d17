"""How far the netlist forms of a device are from its numpy model: the library's own proof."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from memcircuit.devices.device import Device, Form
from memcircuit.experiments.circuits import loop_sine
from memcircuit.experiments.iv_loop import iv_loop
from memcircuit.experiments.pulse_train import prepare_pulse_train, run_train

#: States at which the SET and the RESET train start: nearly the whole range lies ahead.
START = {"set": 0.02, "reset": 0.95}


@dataclass(frozen=True)
class Deviation:
    """How far one simulation is from scipy at tight tolerance.

    Attributes:
        device: name.
        form: netlist form.
        stimulus: what was applied.
        measure: what was compared.
        value: relative deviation.
    """

    device: str
    form: Form
    stimulus: str
    measure: str
    value: float


def deviations(device: Device, form: Form, pulses: int = 100) -> list[Deviation]:
    """Compare ngspice with the numpy model integrated by scipy, under the card's own stimuli.

    Args:
        device: a device whose card states a loop and pulses.
        form: netlist form to simulate.
        pulses: number of SET and of RESET pulses.

    Raises:
        UsageError: the card states no loop, or no pulses.
        SimulationError: the simulator gave no trustworthy result.
    """
    measure = "conductance, worst of all pulses"
    found = []
    for direction in START:
        stimulus = f"{pulses} {direction.upper()} pulses"
        value = pulse_deviation(device, form, direction, pulses)
        found.append(Deviation(device.name, form, stimulus, measure, value))
    loop = Deviation(
        device.name, form, "I-V loop", "current, share of its maximum", loop_deviation(device, form)
    )
    return [loop, *found]


def loop_deviation(device: Device, form: Form) -> float:
    """Return the largest deviation of the loop's current, as a share of its maximum."""
    amplitude, frequency = loop_sine(device, None, None)
    loop = iv_loop(device, form=form)
    times = loop["time"].to_numpy()
    model = device.numpy()
    states = model.integrate(
        lambda time: amplitude * math.sin(2 * math.pi * frequency * time),
        times,
        device.initial_state,
    )
    exact = model.current(amplitude * np.sin(2 * np.pi * frequency * times), states)
    return float(np.abs(loop["current"].to_numpy() - exact).max() / np.abs(exact).max())


def pulse_deviation(device: Device, form: Form, direction: str, pulses: int) -> float:
    """Return the largest relative deviation of the conductance after any pulse of a train."""
    ups, downs = (pulses, 0) if direction == "set" else (0, pulses)
    start = START[direction]
    ready = prepare_pulse_train(
        device, pulses=ups, reset_pulses=downs, initial_state=start, form=form
    )
    drive = ready.sequence.waveform
    states = device.numpy().integrate(
        lambda time: float(drive.at(time)), drive.time, start, corners=drive.time
    )
    at_reads = np.interp(ready.sequence.plateau_stop[::2], drive.time, states)
    exact = device.conductance(at_reads, ready.read_amplitude)
    found = run_train(ready)["conductance"].to_numpy()[0]
    return float(np.abs(found / exact - 1).max())
