"""The states of many devices over time under given voltages, all at once.

Every device has its own state, multipliers and, if wanted, voltage, and takes its own adaptive
steps; an evaluation of the model serves all devices that are still on their way. The scheme is
the Rosenbrock pair RODAS of order 4(3): L-stable and stiffly accurate, so that a device driven
into its end settles there in a few steps however fast it is, and linearly implicit, so that a
step solves no equation: with one state per device the exact derivative is a number.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.devices.arrays import numbers
from memcircuit.devices.numpy_model import NumpyModel
from memcircuit.devices.stepping import Devices, along
from memcircuit.errors import UsageError

Array = NDArray[np.float64]

# Devices in one go: enough to make the calls cheap, few enough to keep memory small.
_BLOCK = 16_384


def evolve(
    model: NumpyModel,
    times: ArrayLike,
    voltages: ArrayLike,
    initial_state: ArrayLike,
    *,
    relative_tolerance: float = 1e-6,
    absolute_tolerance: float = 1e-9,
    **variation: ArrayLike,
) -> Array:
    """Return the states of many devices under voltages that are linear between given times.

    Args:
        model: parameter values may be arrays, one value per device.
        times: (n,) s, rising; the first is where ``initial_state`` holds.
        voltages: (n,) V for all devices, or (devices, n).
        initial_state: () or (devices,).
        relative_tolerance: of the state, per step.
        absolute_tolerance: of the state, per step.
        **variation: multipliers, each () or (devices,).

    Returns:
        (devices, n) states, 0 ... 1.

    Raises:
        UsageError: times that do not rise, shapes that do not go together, values that are not
            finite, a state outside 0 ... 1, or a multiplier that the model does not have.
        ConvergenceError: a rate that no step can follow.
    """
    instants = _finite(times, "times")
    volts = _finite(voltages, "voltages")
    if instants.ndim != 1 or instants.size < 2 or np.any(np.diff(instants) <= 0):
        raise UsageError("times must be a rising array of at least two instants")
    if volts.ndim not in (1, 2) or volts.shape[-1] != instants.size:
        raise UsageError(
            f"voltages {volts.shape} must be ({instants.size},) or (devices, {instants.size})"
        )
    spread = _multipliers(model, variation)
    start = _start(model, initial_state, [volts[..., 0], *spread.values()])
    volts = np.broadcast_to(volts, (start.size, instants.size))
    tolerances = _tolerances(relative_tolerance, absolute_tolerance)
    devices = Devices(_scaled(model, spread, start.size), *tolerances)
    states = np.empty((start.size, instants.size))
    states[:, 0] = start
    for first in range(0, start.size, _BLOCK):
        which = np.arange(first, min(first + _BLOCK, start.size))
        block, ours, state = devices.take(which), volts[which], start[which]
        for k, duration in enumerate(np.diff(instants)):
            state = along(block, ours[:, k], ours[:, k + 1], float(duration), state)
            states[which, k + 1] = state
    return states


def evolve_pulses(
    model: NumpyModel,
    amplitude: ArrayLike,
    width: ArrayLike,
    initial_state: ArrayLike,
    *,
    rise: ArrayLike = 10e-9,
    fall: ArrayLike = 10e-9,
    gap: ArrayLike = 0.0,
    relative_tolerance: float = 1e-6,
    absolute_tolerance: float = 1e-9,
    **variation: ArrayLike,
) -> Array:
    """Return the states of many devices after each pulse of a train.

    What describes the pulses is a number or (pulses,) each; a multiplier that differs from pulse
    to pulse holds from the start of a pulse to the end of the gap behind it.

    Args:
        model: parameter values may be arrays, one value per device.
        amplitude: V.
        width: s, time at the amplitude.
        initial_state: () or (devices,).
        rise: s, from zero to the amplitude.
        fall: s, back to zero.
        gap: s at zero behind each pulse; it matters to devices that forget.
        relative_tolerance: of the state, per step.
        absolute_tolerance: of the state, per step.
        **variation: multipliers, each (), (devices,) or (devices, pulses).

    Returns:
        (devices, pulses) states behind the gap of each pulse.

    Raises:
        UsageError: as ``evolve``, or a time that is negative.
        ConvergenceError: a rate that no step can follow.
    """
    spread = _multipliers(model, variation)
    columns = [x for x in spread.values() if x.ndim > 1]
    heights, *times = _train((amplitude, width, rise, fall, gap), columns)
    pulses = heights.size
    start = _start(model, initial_state, [_of_pulse(x, 0) for x in spread.values()])
    tolerances = _tolerances(relative_tolerance, absolute_tolerance)
    states = np.empty((start.size, pulses))
    for first in range(0, start.size, _BLOCK):
        which = np.arange(first, min(first + _BLOCK, start.size))
        state = start[which]
        for k in range(pulses):
            own = {name: _of_pulse(x, k) for name, x in spread.items()}
            block = Devices(_scaled(model, own, start.size), *tolerances).take(which)
            levels = (0.0, heights[k], heights[k], 0.0, 0.0)
            for begin, end, duration in zip(levels, levels[1:], times, strict=False):
                ends = np.full(which.size, begin), np.full(which.size, end)
                state = along(block, *ends, float(duration[k]), state)
            states[which, k] = state
    return states


def _train(given: tuple[ArrayLike, ...], columns: list[Array]) -> list[Array]:
    """Return amplitude, then rise, width, fall and gap of each pulse, (pulses,) each.

    There are as many pulses as any of them, or any multiplier of (devices, pulses), is given for.
    """
    names = ("amplitude", "width", "rise", "fall", "gap")
    arrays = [_finite(x, name) for x, name in zip(given, names, strict=True)]
    try:
        (pulses,) = np.broadcast_shapes(
            (1,), *(x.shape for x in arrays), *(x.shape[1:] for x in columns)
        )
        heights, *times = (np.broadcast_to(x, (pulses,)) for x in arrays)
    except ValueError as error:
        shapes = [x.shape for x in (*arrays, *columns)]
        raise UsageError(
            f"{', '.join(names)} take a number or (pulses,), multipliers (devices,) or "
            f"(devices, pulses); given are {shapes}"
        ) from error
    for name, values in zip(names[1:], times, strict=True):
        if np.any(values < 0):
            raise UsageError(f"pulse {name} = {values.min():g} s is negative")
    width, rise, fall, gap = times
    return [heights, rise, width, fall, gap]


def _finite(given: ArrayLike, name: str) -> Array:
    values = numbers(given, name)
    if not np.all(np.isfinite(values)):
        raise UsageError(f"{name} must be finite")
    return values


def _multipliers(model: NumpyModel, variation: Mapping[str, ArrayLike]) -> dict[str, Array]:
    model.rate(0.0, 0.0, **dict.fromkeys(variation, 1.0))  # refuses names that it does not have
    return {name: _finite(given, name) for name, given in variation.items()}


def _of_pulse(multiplier: Array, pulse: int) -> Array:
    """Return what a multiplier, (), (devices,) or (devices, pulses), is during one pulse."""
    if multiplier.ndim < 2:
        return multiplier
    return multiplier[:, pulse if multiplier.shape[1] > 1 else 0]


def _scaled(model: NumpyModel, variation: Mapping[str, Array], devices: int) -> NumpyModel:
    """Return the model with multipliers in its parameter values, each () or (devices,)."""
    values = {}
    for name, value in model.parameters.items():
        scaled = np.asarray(value, dtype=float) * variation.get(f"m_{name}", 1.0)
        values[name] = np.broadcast_to(scaled, (devices,)) if scaled.ndim else scaled
    return NumpyModel(model.model, values)


def _start(model: NumpyModel, initial_state: ArrayLike, others: list[Array]) -> Array:
    """Return the initial states, (devices,), for as many devices as anything is given for."""
    state = _finite(initial_state, "initial_state")
    if np.any((state < 0) | (state > 1)):
        raise UsageError(f"initial_state {state.min():g} ... {state.max():g} is outside 0 ... 1")
    parameters = [np.asarray(value) for value in model.parameters.values()]
    shapes = [x.shape for x in (state, *others, *parameters)]
    try:
        (devices,) = np.broadcast_shapes((1,), *shapes)
    except ValueError as error:
        raise UsageError(
            f"initial_state, voltages, multipliers and parameters are for different numbers of "
            f"devices: {sorted(set(shapes))}"
        ) from error
    return np.broadcast_to(state, (devices,)).copy()


def _tolerances(relative: float, absolute: float) -> tuple[float, float]:
    for name, value in (("relative_tolerance", relative), ("absolute_tolerance", absolute)):
        if not 0 < value < 1:
            raise UsageError(f"{name} = {value!r} must lie between 0 and 1")
    return relative, absolute
