"""Sweeps as waveforms: triangles to one stop voltage after another, and sines."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pyspice_netlists.checks import number, numbers, positive, whole
from pyspice_netlists.errors import NetlistError
from pyspice_netlists.stimuli import Waveform


def triangle(
    stops: ArrayLike, *, rate: float | None = None, period: float | None = None, cycles: int = 1
) -> Waveform:
    """Return a sweep from 0 V to one stop voltage after another, and back to 0 V after each.

    Between stops of opposite signs it goes straight through 0 V: ``triangle(1.5, rate=1)`` is
    0, 1.5, -1.5, 0 V.

    Args:
        stops: (n,) V; a single number is that peak and then its negative.
        rate: V/s; or
        period: s, of one cycle through all stops.
        cycles: how often all stops are passed.

    Raises:
        NetlistError: a stop of 0 V, neither or both of rate and period, or values that are not
            finite or not above zero.
    """
    peaks = numbers("stops", stops)
    if np.ndim(stops) == 0:
        peaks = np.concatenate([peaks, -peaks])
    if not np.all(np.isfinite(peaks)) or np.any(peaks == 0):
        raise NetlistError(f"stops = {stops!r} V must be finite, not zero")
    if (rate is None) == (period is None):
        raise NetlistError(f"rate = {rate!r}, period = {period!r}: give one of the two")
    way = 2 * float(np.abs(peaks).sum())
    speed = positive("rate", rate, "V/s") if period is None else way / positive("period", period)
    peaks = np.tile(peaks, whole("cycles", cycles, 1))
    legs = np.repeat(np.abs(peaks) / speed, 2)
    voltage = np.zeros(2 * peaks.size + 1)
    voltage[1::2] = peaks
    return Waveform(np.concatenate([[0.0], np.cumsum(legs)]), voltage)


def sine(
    amplitude: float, frequency: float, *, cycles: int = 1, points_per_cycle: int = 200
) -> Waveform:
    """Return a sine as straight lines between its points.

    Args:
        amplitude: V; a negative one starts downwards.
        frequency: Hz.
        cycles: number of periods.
        points_per_cycle: at least 8; the lines miss the sine by amplitude pi^2 / (2 points^2).

    Raises:
        NetlistError: an amplitude of 0 V, or values that are not finite or not above zero.
    """
    positive("amplitude", abs(number("amplitude", amplitude, "V")), "V")
    hertz = positive("frequency", frequency, "Hz")
    lines = whole("cycles", cycles, 1) * whole("points_per_cycle", points_per_cycle, 8)
    turns = np.arange(lines + 1) / points_per_cycle
    voltage = amplitude * np.sin(2 * np.pi * turns)
    voltage[-1] = 0.0  # not the rounding of sin(2 pi n)
    return Waveform(turns / hertz, voltage)
