"""The four analyses: their ngspice command, their axis, and what a whole result looks like."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError

_SOURCE = re.compile(r"[vir]\w*", re.IGNORECASE | re.ASCII)
_SOURCE_UNIT = {"v": "V", "i": "A", "r": "ohm"}
_END_TOLERANCE = 1e-9


@dataclass(frozen=True)
class OperatingPoint:
    """The DC operating point: every vector is one number."""

    plotname = "Operating Point"
    dimension = ""
    unit = ""

    def command(self) -> str:
        """Give the ngspice command."""
        return "op"

    def shortfall(self, axis: NDArray[np.float64]) -> str:
        """Say what is missing from a result with this axis; empty when it is whole."""
        return "" if axis.size == 1 else f"{axis.size} points instead of 1"


@dataclass(frozen=True)
class Transient:
    """A waveform in time.

    Attributes:
        stop: s, end of the simulation.
        step: s, ngspice's step of printing; it bounds the time step when ``max_step`` does not.
            By default ``max_step``, or a thousandth of the time shown.
        max_step: s, upper bound of the time step.
        start: s, begin of what is stored; the simulation itself starts at 0.
    """

    stop: float
    step: float | None = None
    max_step: float | None = None
    start: float = 0.0

    plotname = "Transient Analysis"
    dimension = "time"
    unit = "s"

    def __post_init__(self) -> None:
        _positive("stop", self.stop)
        for name in ("step", "max_step"):
            if (value := getattr(self, name)) is not None:
                _positive(name, value)
        _finite("start", self.start)
        if not 0.0 <= self.start < self.stop:
            raise UsageError(f"start={self.start!r} s must lie between 0 and stop={self.stop!r} s")

    def command(self) -> str:
        """Give the ngspice command."""
        step = self.step or self.max_step or (self.stop - self.start) / 1000
        words = ["tran", _text(step), _text(self.stop)]
        if self.start or self.max_step is not None:
            words.append(_text(self.start))
        if self.max_step is not None:
            words.append(_text(self.max_step))
        return " ".join(words)

    def shortfall(self, axis: NDArray[np.float64]) -> str:
        """Say what is missing from a result with this time axis; empty when it is whole."""
        if axis.size == 0:
            return "no time points"
        if abs(axis[-1] - self.stop) > _END_TOLERANCE * self.stop:
            return f"it ends at {axis[-1]:g} s instead of {self.stop:g} s"
        return ""


@dataclass(frozen=True)
class DCSweep:
    """Operating points for a row of values of one source.

    Attributes:
        source: name of the voltage source, current source or resistor that is swept.
        start: V, A or ohm, first value.
        stop: V, A or ohm, last value; below ``start`` the sweep falls.
        step: V, A or ohm, distance of the values, positive.
    """

    source: str
    start: float
    stop: float
    step: float

    plotname = "DC transfer characteristic"
    dimension = "sweep"

    def __post_init__(self) -> None:
        if not _SOURCE.fullmatch(self.source):
            raise UsageError(
                f"source={self.source!r} is not the name of a voltage source, a current source"
                " or a resistor, such as 'V1'"
            )
        _finite("start", self.start)
        _finite("stop", self.stop)
        _positive("step", self.step)
        if self.start == self.stop:
            raise UsageError(f"start and stop are both {self.start!r}; a sweep needs a distance")

    @property
    def unit(self) -> str:
        """Unit of the swept value."""
        return _SOURCE_UNIT[self.source[0].lower()]

    def command(self) -> str:
        """Give the ngspice command."""
        step = math.copysign(self.step, self.stop - self.start)
        return f"dc {self.source} {_text(self.start)} {_text(self.stop)} {_text(step)}"

    def shortfall(self, axis: NDArray[np.float64]) -> str:
        """Say what is missing from a result with this axis of values; empty when it is whole."""
        steps = abs(self.stop - self.start) / self.step
        # A step that does not divide the range ends early, and rounding may cost one point.
        if axis.size < math.floor(steps + 1e-6) + 1 - (steps > 1e6):
            return f"{axis.size} values instead of {math.floor(steps + 1e-6) + 1}"
        return ""


@dataclass(frozen=True)
class ACSweep:
    """Small-signal answer over a logarithmic row of frequencies; the vectors are complex.

    Attributes:
        points_per_decade: number of frequencies in a decade.
        start: Hz, first frequency.
        stop: Hz, last frequency.
    """

    points_per_decade: int
    start: float
    stop: float

    plotname = "AC Analysis"
    dimension = "frequency"
    unit = "Hz"

    def __post_init__(self) -> None:
        if not isinstance(self.points_per_decade, int) or self.points_per_decade < 1:
            raise UsageError(
                f"points_per_decade={self.points_per_decade!r} must be a whole number above 0"
            )
        _positive("start", self.start)
        _positive("stop", self.stop)
        if self.stop < self.start:
            raise UsageError(f"stop={self.stop!r} Hz lies below start={self.start!r} Hz")

    def command(self) -> str:
        """Give the ngspice command."""
        return f"ac dec {self.points_per_decade} {_text(self.start)} {_text(self.stop)}"

    def shortfall(self, axis: NDArray[np.float64]) -> str:
        """Say what is missing from a result with this frequency axis; empty when it is whole."""
        expected = math.floor(self.points_per_decade * math.log10(self.stop / self.start)) + 1
        return "" if axis.size >= expected else f"{axis.size} frequencies instead of {expected}"


Analysis = OperatingPoint | Transient | DCSweep | ACSweep


def _text(value: float) -> str:
    # A numpy number would print its type, and ngspice reads letters after a number as a unit.
    return repr(float(value))


def _finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise UsageError(f"{name}={value!r} must be a finite number")


def _positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"{name}={value!r} must be a finite number above 0")
