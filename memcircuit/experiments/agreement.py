"""How far the forms of a device are from its equations integrated by scipy: the library's proof."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from memcircuit.devices.device import Device, Form
from memcircuit.experiments.circuits import loop_sine
from memcircuit.experiments.iv_loop import iv_loop
from memcircuit.experiments.pulse_train import prepare_pulse_train, run_train

Array = NDArray[np.float64]
Stimulus = Literal["loop", "fast loop", "set", "reset"]
Curve = tuple[Array, Array]

#: What every device is driven with.
STIMULI: tuple[Stimulus, ...] = ("loop", "fast loop", "set", "reset")
#: The largest deviation that counts as agreement.
BOUND = 2e-3
#: By what factor the fast loop is faster than the card's.
FASTER = 10
#: States at which the SET and the RESET train start: nearly the whole range lies ahead.
START = {"set": 0.02, "reset": 0.95}

_CYCLES = 2
# The integrator starts anew at so many instants per period: its steps could pass over switching
# while the state still rests.
_CORNERS = 200
# What the numpy form follows: periods, and straight pieces in each, off from the sine by 2e-5 of
# its amplitude; less with an inner node, whose voltage costs it an iteration in every stage.
_NUMPY_LOOP = {False: (_CYCLES, 500), True: (1, 200)}
_NUMPY_PULSES = {False: 100, True: 10}
_RELATIVE_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Deviation:
    """How far one result is from another.

    Attributes:
        value: largest deviation: of a loop's current as a share of its maximum, at equal time; of
            the conductance after any pulse of a train, relative.
        shift: the least shift in time that brings every point within ``BOUND``, as a share of a
            loop's period or of the width of a pulse; 0 where ``value`` is within.
    """

    value: float
    shift: float

    @property
    def within(self) -> bool:
        """Whether this is agreement without any shift."""
        return self.value <= BOUND


@dataclass(frozen=True)
class Agreement:
    """How the forms of a device agree under one stimulus.

    Attributes:
        device: name.
        model: name.
        stimulus: what was applied.
        forms: deviation from scipy of the numpy form and of each netlist form simulated.
        between: OSDI against the behavioural form, where both were simulated.
        moving: number of pulses that move the state by 0.001 or more; for loops the travel of
            the state.
    """

    device: str
    model: str
    stimulus: Stimulus
    forms: Mapping[str, Deviation]
    between: Deviation | None
    moving: float


def agreement(
    device: Device, stimulus: Stimulus, forms: tuple[Form, ...], pulses: int = 100
) -> Agreement:
    """Compare the forms of a device with scipy under one of the card's own stimuli.

    Args:
        device: a device whose card states a loop and pulses.
        stimulus: the card's loop, the same at ``FASTER`` times the frequency, or a train.
        forms: netlist forms to simulate.
        pulses: in a train.

    Raises:
        UsageError: the card states no loop, or no pulses.
        SimulationError: the simulator gave no trustworthy result.
    """
    if stimulus in ("loop", "fast loop"):
        return _of_loop(device, stimulus, forms)
    return _of_train(device, stimulus, forms, pulses)


def _of_loop(device: Device, stimulus: Stimulus, forms: tuple[Form, ...]) -> Agreement:
    amplitude, frequency = loop_sine(device, None, None)
    frequency *= FASTER if stimulus == "fast loop" else 1
    period = 1 / frequency
    model = device.numpy()

    def voltage(time: Array) -> Array:
        return np.asarray(amplitude * np.sin(2 * np.pi * frequency * time))

    curves: dict[str, Curve] = {}
    cycles, pieces_each = _NUMPY_LOOP[device.model.inner is not None]
    pieces = np.linspace(0, cycles * period, cycles * pieces_each + 1)
    states = _evolved(device, pieces, voltage(pieces), device.initial_state)
    curves["numpy"] = pieces, model.current(voltage(pieces), states)
    for form in forms:
        loop = iv_loop(device, frequency=frequency, cycles=_CYCLES, form=form)
        curves[form] = loop["time"].to_numpy(), loop["current"].to_numpy()
    times = np.unique(np.concatenate([time for time, _ in curves.values()]))
    exact = model.integrate(
        lambda time: amplitude * math.sin(2 * math.pi * frequency * time), times,
        device.initial_state, relative_tolerance=_RELATIVE_TOLERANCE,
        corners=np.linspace(0, _CYCLES * period, _CYCLES * _CORNERS + 1),
    )  # fmt: skip
    reference = times, model.current(voltage(times), exact)
    between = None
    if "osdi" in curves and "behavioural" in curves:
        between = _apart(curves["osdi"], curves["behavioural"], period)
    return Agreement(
        device.name, device.model.name, stimulus,
        {name: _apart(curve, reference, period) for name, curve in curves.items()},
        between, float(np.ptp(exact)),
    )  # fmt: skip


def _of_train(
    device: Device, stimulus: Stimulus, forms: tuple[Form, ...], pulses: int
) -> Agreement:
    ups, downs = (pulses, 0) if stimulus == "set" else (0, pulses)
    start = START[stimulus]
    ready = {
        form: prepare_pulse_train(
            device, pulses=ups, reset_pulses=downs, initial_state=start, form=form
        )
        for form in forms or ("behavioural",)
    }
    plan = next(iter(ready.values()))
    drive, instants = plan.sequence.waveform, plan.read_instants
    times = np.union1d(drive.time, instants)
    at_reads = np.searchsorted(times, instants)
    exact = device.numpy().integrate(
        lambda time: float(drive.at(time)), times, start,
        corners=drive.time, relative_tolerance=_RELATIVE_TOLERANCE,
    )  # fmt: skip
    followed = at_reads[: _NUMPY_PULSES[device.model.inner is not None] + 1]
    few = times[: followed[-1] + 1]
    states = _evolved(device, few, drive.at(few), start)
    found = {"numpy": device.conductance(states[followed], plan.read_amplitude)}
    for form in forms:
        found[form] = run_train(ready[form])["conductance"].to_numpy()[0]
    reference = device.conductance(exact[at_reads], plan.read_amplitude)
    between = None
    if "osdi" in found and "behavioural" in found:
        between = _relative(found["osdi"], found["behavioural"])
    moved = np.abs(np.diff(exact[at_reads])) >= 1e-3
    return Agreement(
        device.name, device.model.name, stimulus,
        {name: _relative(values, reference) for name, values in found.items()},
        between, float(np.count_nonzero(moved)),
    )  # fmt: skip


def _evolved(device: Device, times: Array, voltages: Array, start: float) -> Array:
    """Return the states by the library's own integrator on the numpy form."""
    from memcircuit.devices.evolution import evolve

    states = evolve(
        device.numpy(), times, voltages, start, relative_tolerance=1e-6, absolute_tolerance=1e-10
    )
    return np.asarray(states[0])


def _relative(found: Array, expected: Array) -> Deviation:
    return Deviation(float(np.abs(found / expected[: found.size] - 1).max()), 0.0)


def _apart(curve: Curve, reference: Curve, period: float) -> Deviation:
    """Return how far a loop is from another."""
    time, current = curve
    times, expected = reference
    peak = float(np.abs(expected).max())
    off = np.abs(current - np.interp(time, times, expected)) / peak
    beyond = off > BOUND
    shift = 0.0
    if beyond.any():
        shift = _least_shift((time[beyond], current[beyond]), reference, BOUND * peak) / period
    return Deviation(float(off.max()), shift)


def _least_shift(points: Curve, reference: Curve, tolerance: float) -> float:
    """Return the least time, s, within which the reference passes every point.

    Args:
        points: times in s, and values.
        reference: a curve, straight between its points.
        tolerance: that the values may be off.
    """
    times, expected = reference
    low, high = 0.0, float(times[-1] - times[0])
    while high - low > 1e-10 * (times[-1] - times[0]):
        shift = (low + high) / 2
        if _passes(points, (times, expected), tolerance, shift):
            high = shift
        else:
            low = shift
    return high


def _passes(points: Curve, reference: Curve, tolerance: float, shift: float) -> bool:
    times, expected = reference
    time, value = points
    begin, end = time - shift, time + shift
    edges = np.stack([np.interp(begin, times, expected), np.interp(end, times, expected)])
    least, most = edges.min(axis=0), edges.max(axis=0)
    first = np.searchsorted(times, begin)
    stop = np.searchsorted(times, end, side="right")
    for k in np.flatnonzero(stop > first):
        inside = expected[first[k] : stop[k]]
        least[k] = min(least[k], inside.min())
        most[k] = max(most[k], inside.max())
    return bool(np.all((value >= least - tolerance) & (value <= most + tolerance)))
