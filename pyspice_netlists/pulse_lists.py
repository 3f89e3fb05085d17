"""Lists of pulses: identical, staircases of amplitude or width, any, and both signs in turn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pyspice_netlists.checks import number, numbers, positive, whole
from pyspice_netlists.errors import NetlistError
from pyspice_netlists.stimuli import Pulse

Spacing = Literal["linear", "geometric"]


def identical(pulse: Pulse, count: int) -> tuple[Pulse, ...]:
    """Return ``count`` pulses alike.

    Raises:
        NetlistError: not a pulse, or a count that is no whole number above zero.
    """
    _check_pulse("pulse", pulse)
    return (pulse,) * whole("count", count, 1)


def amplitude_staircase(
    pulse: Pulse, stop: float, count: int | None = None, *, step: float | None = None
) -> tuple[Pulse, ...]:
    """Return pulses whose amplitude grows or shrinks in equal steps.

    Args:
        pulse: the first.
        stop: V, amplitude of the last.
        count: number of pulses; or
        step: V, from one pulse to the next; it must divide the way to ``stop``.

    Raises:
        NetlistError: neither or both of count and step, or values that make no staircase.
    """
    _check_pulse("pulse", pulse)
    last = number("stop", stop, "V")
    start = float(pulse.amplitude)
    if (count is None) == (step is None):
        raise NetlistError(f"count = {count!r}, step = {step!r}: give one of the two")
    if step is not None:
        steps = abs(last - start) / positive("step", abs(number("step", step, "V")), "V")
        if steps < 0.5 or abs(steps - round(steps)) > 1e-6 * steps:
            raise NetlistError(
                f"step = {step!r} V does not lead from {start:g} V to stop = {stop!r} V in whole "
                "steps"
            )
        count = round(steps) + 1
    pulses = whole("count", count, 2)
    if start * last <= 0:
        raise NetlistError(
            f"stop = {stop!r} V: of the sign of the first amplitude, {start:g} V; bipolar() joins "
            "both signs"
        )
    # rounded so that steps of 0.02 V are the numbers one would write down
    volts = np.round(np.linspace(start, last, pulses), 12)
    return tuple(replace(pulse, amplitude=volt) for volt in volts.tolist())


def width_staircase(
    pulse: Pulse, stop: float, count: int, *, spacing: Spacing = "linear"
) -> tuple[Pulse, ...]:
    """Return pulses whose width grows or shrinks from one to the next.

    Args:
        pulse: the first.
        stop: s, width of the last.
        count: number of pulses.
        spacing: equal steps, or equal ratios.

    Raises:
        NetlistError: values that make no staircase, or pulses shorter than their edges.
    """
    _check_pulse("pulse", pulse)
    last, pulses = positive("stop", stop), whole("count", count, 2)
    if spacing not in ("linear", "geometric"):
        raise NetlistError(f"spacing = {spacing!r}: 'linear' or 'geometric'")
    between = np.linspace if spacing == "linear" else np.geomspace
    widths = between(pulse.width, last, pulses)
    return check_edges([replace(pulse, width=width) for width in widths.tolist()])


def pulse_list(
    amplitudes: ArrayLike, widths: ArrayLike, *, rise: float = 10e-9, fall: float = 10e-9
) -> tuple[Pulse, ...]:
    """Return pulses of any amplitudes and widths.

    Args:
        amplitudes: (pulses,) V, or one for all.
        widths: (pulses,) s, or one for all.
        rise: s, of every pulse.
        fall: s, of every pulse.

    Raises:
        NetlistError: arrays of different lengths, or a pulse that there cannot be or that is
            shorter than its edges; its number counts from 0.
    """
    volts, seconds = numbers("amplitudes", amplitudes), numbers("widths", widths)
    if volts.size != seconds.size and 1 not in (volts.size, seconds.size):
        raise NetlistError(
            f"{volts.size} amplitudes and {seconds.size} widths: as many of both, or one for all"
        )
    volts, seconds = np.broadcast_arrays(volts, seconds)
    pulses = []
    for place, (volt, second) in enumerate(zip(volts.tolist(), seconds.tolist(), strict=True)):
        try:
            pulses.append(Pulse(volt, second, rise, fall))
        except NetlistError as error:
            raise NetlistError(f"pulse {place}: {error}") from error
    return check_edges(pulses)


def bipolar(
    set: Pulse | Sequence[Pulse],  # noqa: A002
    reset: Pulse | Sequence[Pulse],
    count: int = 1,
) -> tuple[Pulse, ...]:
    """Return SET and RESET in turn, ``count`` times both.

    Args:
        set: a pulse, or the pulses of a train.
        reset: likewise, of the other sign.
        count: number of turns.

    Raises:
        NetlistError: no pulses, or amplitudes that are not of one sign in ``set`` and of the
            other in ``reset``.
    """
    trains = [_train("set", set), _train("reset", reset)]
    signs = [{math.copysign(1, pulse.amplitude) for pulse in train} for train in trains]
    if signs not in ([{1}, {-1}], [{-1}, {1}]):
        volts = [[pulse.amplitude for pulse in train] for train in trains]
        raise NetlistError(
            f"set of {volts[0]} V and reset of {volts[1]} V: expected opposite polarities"
        )
    return (trains[0] + trains[1]) * whole("count", count, 1)


def check_edges(pulses: Sequence[Pulse]) -> tuple[Pulse, ...]:
    """Return the pulses if none is shorter than its edges.

    A single ``Pulse`` may be: a sweep with a short hold is one. In a list that is a slip, mostly
    edges left at 10 ns beside widths of nanoseconds, where the edges would do the programming.

    Raises:
        NetlistError: one that is at its amplitude for less time than its rise or its fall.
    """
    for place, pulse in enumerate(pulses):
        edge = "rise" if pulse.rise >= pulse.fall else "fall"
        # a width computed as a sum of steps may miss the edge it equals by its last digit
        if pulse.width < (1 - 1e-9) * getattr(pulse, edge):
            raise NetlistError(
                f"pulse {place}: width {pulse.width:g} s is shorter than its {edge}, "
                f"{getattr(pulse, edge):g} s: wider pulses or shorter edges"
            )
    return tuple(pulses)


def _train(name: str, given: Pulse | Sequence[Pulse]) -> tuple[Pulse, ...]:
    train = tuple(given) if isinstance(given, Sequence) else (given,)
    if not train:
        raise NetlistError(f"{name} has no pulse")
    for pulse in train:
        _check_pulse(name, pulse)
    return train


def _check_pulse(name: str, value: object) -> None:
    if not isinstance(value, Pulse):
        raise NetlistError(f"{name} = {value!r} is not a pulse: pass Pulse(amplitude, width)")
