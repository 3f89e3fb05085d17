"""Digital-to-analogue and analogue-to-digital converters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_count, require_flag, require_number
from memcircuit.errors import UsageError

Array = NDArray[np.floating]
_MOST_BITS = 32
# What rounding makes of a sum, in units of the number type's last digit at the highest level, and
# the most that is allowed for it, in steps.
_ROUNDED, _MOST_BELOW = 64.0, 0.01


@dataclass(frozen=True)
class Converter:
    """A converter with equal steps and a level at zero, ideal but for its steps and range.

    Attributes:
        bits: its resolution. Ranges on both sides of zero have 2^bits - 1 levels, those from zero
            on 2^bits.
        range: dimensionless, in units of the layer's inputs (of a DAC) or sums (of an ADC): the
            highest absolute value it takes, or ``calibrated``: found for every matrix from
            calibration images. The sums of a slice, or of a column with a scale of its own, count
            as if its largest digit or weight were the largest of the matrix.
        signed: whether a given range is on both sides of zero; a calibrated one is where values
            below zero were seen.
        quantile: share of the absolute values that a calibrated range holds in every array and
            every batch of calibration images; what lies beyond is cut.
    """

    bits: int
    range: float | Literal["calibrated"] = "calibrated"
    signed: bool = True
    quantile: float = 1.0

    def __post_init__(self) -> None:
        require_count(self.bits, "converter: bits", most=_MOST_BITS)
        if not isinstance(self.range, str) or self.range != "calibrated":
            require_number(self.range, "converter: range, if not 'calibrated',", above=True)
        require_flag(self.signed, "converter: signed")
        require_number(self.quantile, "converter: quantile", most=1.0, above=True)
        if self.range != "calibrated" and self.signed:
            _top(self.bits, signed=True)


@dataclass(frozen=True)
class Steps:
    """The levels of one converter in its place.

    Attributes:
        step: dimensionless, distance of its levels.
        lowest: number of its lowest level, 0 or negative.
        highest: number of its highest level.
    """

    step: float
    lowest: int
    highest: int

    @classmethod
    def of(cls, converter: Converter, reach: float, *, signed: bool) -> Steps:
        """Return the levels for values up to ``reach``, on both sides of zero if ``signed``."""
        count = _top(converter.bits, signed=signed)
        return cls(reach / count, -count if signed else 0, count)

    def convert(self, x: Array) -> Array:
        """Return the level nearest to every value, the higher of two equally near ones.

        Sums of inputs and weights that are multiples of steps often lie midway, and are rounded
        differently in batches of different sizes; so midway begins a little below.
        """
        if self.step == 0.0:  # calibrated on zeros only
            return np.zeros_like(x)
        scaled = x / x.dtype.type(self.step)
        rounding = _ROUNDED * float(np.finfo(x.dtype).eps) * self.highest
        scaled += x.dtype.type(min(rounding, _MOST_BELOW))
        np.rint(scaled, out=scaled)
        np.clip(scaled, self.lowest, self.highest, out=scaled)
        scaled *= x.dtype.type(self.step)
        return scaled


def _top(bits: int, *, signed: bool) -> int:
    """Return the number of the highest level."""
    count = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    if count == 0:
        raise UsageError("converter: 1 bit holds no value below zero; give at least 2 bits")
    return int(count)
