"""Stimuli as arrays: pulses, pulse sequences and the piecewise linear waveforms they make."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pyspice_netlists.checks import number, positive
from pyspice_netlists.elements import text
from pyspice_netlists.errors import NetlistError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pulse:
    """A trapezoidal voltage pulse.

    Attributes:
        amplitude: V, of either sign.
        width: s, time at the amplitude.
        rise: s, from zero to the amplitude.
        fall: s, back to zero.
    """

    amplitude: float
    width: float
    rise: float = 10e-9
    fall: float = 10e-9

    def __post_init__(self) -> None:
        if number("pulse amplitude", self.amplitude, "V") == 0:
            raise NetlistError(f"pulse amplitude {self.amplitude!r} V must not be zero")
        for name in ("width", "rise", "fall"):
            positive(f"pulse {name}", getattr(self, name))

    @property
    def duration(self) -> float:
        """Time from the start of the rise to the end of the fall, s."""
        return self.rise + self.width + self.fall

    @classmethod
    def at_half_maximum(
        cls, amplitude: float, width: float, rise: float = 10e-9, fall: float = 10e-9
    ) -> Pulse:
        """Return the pulse that is above half of its amplitude for ``width``.

        That is how generators and oscilloscopes count widths; half of each edge belongs to it.

        Args:
            amplitude: V, of either sign.
            width: s, full width at half maximum.
            rise: s.
            fall: s.

        Raises:
            NetlistError: a pulse shorter than its edges, which never reaches its amplitude, or
                any other that there cannot be.
        """
        edges = cls(amplitude, width, rise, fall)
        plateau = width - (edges.rise + edges.fall) / 2
        # rounding must not make a triangle, a width of just its edges, into a pulse
        if plateau <= 1e-9 * width:
            raise NetlistError(
                f"pulse width {width!r} s at half maximum is shorter than its edges, rise "
                f"{rise!r} s and fall {fall!r} s: it would not reach {amplitude!r} V; more than "
                f"half of their sum, {(rise + fall) / 2:g} s, or shorter edges"
            )
        return replace(edges, width=plateau)


@dataclass(frozen=True)
class Waveform:
    """A piecewise linear voltage over time.

    Attributes:
        time: (n,) s, strictly rising, from 0.
        voltage: (n,) V.
    """

    time: Array
    voltage: Array

    def __post_init__(self) -> None:
        if self.time.shape != self.voltage.shape or self.time.ndim != 1 or self.time.size < 2:
            raise NetlistError(
                f"waveform: time {self.time.shape} and voltage {self.voltage.shape} must be two "
                "arrays of the same length, at least 2"
            )
        if not (np.all(np.isfinite(self.time)) and np.all(np.isfinite(self.voltage))):
            raise NetlistError("waveform: time and voltage must be finite")
        if np.any(np.diff(self.time) <= 0):
            first = int(np.argmax(np.diff(self.time) <= 0))
            raise NetlistError(f"waveform: time must rise; it does not after point {first}")

    def at(self, time: float | Array) -> Array:
        """Return the voltage at ``time`` (s), V."""
        return np.asarray(np.interp(time, self.time, self.voltage))

    def source(self) -> str:
        """Return the value of a voltage source that follows the waveform."""
        points = [f"{text(t)} {text(v)}" for t, v in zip(self.time, self.voltage, strict=True)]
        lines = [" ".join(points[start : start + 8]) for start in range(0, len(points), 8)]
        return "PWL(" + "\n+ ".join(lines) + ")"


@dataclass(frozen=True)
class PulseSequence:
    """A waveform made of pulses, and where each of them lies.

    Attributes:
        waveform: voltage over time.
        start: (pulses,) s, start of each rise.
        stop: (pulses,) s, end of each fall.
        plateau_start: (pulses,) s, where the amplitude is reached.
        plateau_stop: (pulses,) s, where it is left.
    """

    waveform: Waveform
    start: Array
    stop: Array
    plateau_start: Array
    plateau_stop: Array

    @property
    def read_instants(self) -> Array:
        """When a read is taken: the last of its plateau, where displacement currents are gone."""
        return self.plateau_stop - 1e-3 * (self.plateau_stop - self.plateau_start)

    def scaled(self, shares: Array) -> Waveform:
        """Return the waveform with the voltage of each pulse multiplied by its share, (pulses,)."""
        corners = (self.waveform.time.size - 2) // self.start.size
        factor = np.concatenate([[0.0], np.repeat(shares, corners), [0.0]])
        return Waveform(self.waveform.time, self.waveform.voltage * factor)


def pulse_sequence(pulses: Sequence[Pulse], gap: float) -> PulseSequence:
    """Return the waveform of pulses one after another.

    Args:
        pulses: in order; at least one.
        gap: s at zero before each pulse and after the last.

    Raises:
        NetlistError: no pulse, or a gap that is not above zero.
    """
    if not pulses:
        raise NetlistError("a pulse sequence needs at least one pulse")
    if not (math.isfinite(gap) and gap > 0):
        raise NetlistError(f"gap between pulses {gap!r} s must be finite and above zero")
    inner = _edge_corners(pulses)
    levels = np.array([0.0, *inner, 1.0, 1.0, *inner[::-1], 0.0])
    corners = np.array([_corners(p, inner) for p in pulses])
    starts = gap + np.cumsum([0.0, *(p.duration + gap for p in pulses[:-1])])
    corners += starts[:, np.newaxis]
    voltage = np.array([p.amplitude for p in pulses])[:, np.newaxis] * levels
    end = corners[-1, -1] + gap
    waveform = Waveform(
        np.concatenate([[0.0], corners.ravel(), [end]]),
        np.concatenate([[0.0], voltage.ravel(), [0.0]]),
    )
    top = inner.size + 1
    return PulseSequence(
        waveform, corners[:, 0], corners[:, -1], corners[:, top], corners[:, top + 1]
    )


def _edge_corners(pulses: Sequence[Pulse]) -> Array:
    """Return corners inside every edge, as fractions of the amplitude.

    The simulator puts a time point on each corner. A state that moves e-fold faster per 0.1 V
    moves only near the top of an edge, which a few free steps of the simulator would miss: with
    two corners 100 pulses of 1.8 V are 0.02 % off at edges of 1 % of the width, and 0.6 % at
    edges as long as the width. The error falls with the square of the number of corners.
    """
    longest = max(max(pulse.rise, pulse.fall) / pulse.width for pulse in pulses)
    number = 2 + math.ceil(12 * math.sqrt(min(longest, 4.0)))
    return np.linspace(0.5, 1.0, number, endpoint=False)


def _corners(pulse: Pulse, inner: Array) -> list[float]:
    fractions = np.array([0.0, *inner, 1.0])
    rise = pulse.rise * fractions
    fall = pulse.duration - pulse.fall * fractions[::-1]
    return [*rise, *fall]
