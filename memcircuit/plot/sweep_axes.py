"""How a parameter or a result of a sweep is put on an axis: unit, prefix, logarithm, names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from memcircuit.plot.style import si_prefix
from memcircuit.sweeps.analysis import Array, Factor, Observed

# Units that take a prefix; others, such as 1 or m/s, are written as they are.
_PREFIXED = frozenset("ACFHJKSVWms")
# Values within a factor of this are drawn on a linear axis.
_LEAST_SPAN = 10.0


@dataclass(frozen=True)
class Scale:
    """One quantity on an axis.

    Attributes:
        label: name and unit with its prefix.
        unit: that unit; empty without one.
        factor: from SI to that unit.
        values: (points,) in that unit, or places from 0 for texts.
        texts: what stands at each place; empty for numbers.
        logarithmic: whether the axis is.
        levelled: whether the values are levels to join with lines.
    """

    label: str
    unit: str
    factor: float
    values: Array
    texts: tuple[str, ...]
    logarithmic: bool
    levelled: bool

    def on_x(self, ax: Axes) -> None:
        """Set label, scale and ticks of the horizontal axis."""
        ax.set_xlabel(self.label)
        if self.texts:
            ax.set_xticks(range(len(self.texts)), self.texts)
        elif self.logarithmic:
            ax.set_xscale("log")

    def on_y(self, ax: Axes) -> None:
        """Set label, scale and ticks of the vertical axis."""
        ax.set_ylabel(self.label)
        if self.texts:
            ax.set_yticks(range(len(self.texts)), self.texts)
        elif self.logarithmic:
            ax.set_yscale("log")

    def text(self, value: float) -> str:
        """Return a value with its unit."""
        if self.texts:
            return self.texts[round(value)]
        return f"{value:.4g} {self.unit}".strip()

    def edges(self, places: Array) -> Array:
        """Return the edges of fields around rising places, (places + 1,)."""
        inner = np.log(places) if self.logarithmic else places
        if len(inner) == 1:  # a width to be seen at all
            edges = inner + 0.5 * np.array([-1.0, 1.0]) * (abs(inner[0]) or 1.0)
        else:
            middle = 0.5 * (inner[1:] + inner[:-1])
            edges = np.concatenate(
                [[2 * inner[0] - middle[0]], middle, [2 * inner[-1] - middle[-1]]]
            )
        return np.exp(edges) if self.logarithmic else edges


def scale_of(quantity: Factor | Observed) -> Scale:
    """Return how a parameter or a result is put on an axis."""
    name = quantity.name
    levelled = isinstance(quantity, Factor) and (quantity.levelled or not quantity.is_number)
    if isinstance(quantity, Observed):
        name = name.replace("_", " ")
    elif not quantity.is_number:
        texts, places = np.unique(quantity.values, return_inverse=True)
        return Scale(name, "", 1.0, places.astype(np.float64), tuple(texts), False, levelled)
    values = quantity.values.astype(np.float64)
    factor, unit = prefixed(values, quantity.units)
    label = f"{name} ({unit})" if unit else name
    return Scale(label, unit, factor, values * factor, (), is_logarithmic(values), levelled)


def prefixed(values: Array, unit: str) -> tuple[float, str]:
    """Return factor and unit with which values, some of them perhaps NaN, are best written."""
    if unit not in _PREFIXED:
        return 1.0, "" if unit == "1" else unit
    largest = np.nanmax(np.abs(values), initial=0.0)
    # tenths of a volt are volts
    whole = 10.0 * float(largest) if unit == "V" else float(largest)
    factor, prefix = si_prefix(whole) if whole > 0 else (1.0, "")
    return factor, f"{prefix}{unit}"


def is_logarithmic(values: NDArray[np.float64]) -> bool:
    """Return whether positive values are spread more evenly by their logarithm."""
    finite = np.unique(values[np.isfinite(values)])
    if len(finite) < 3 or finite[0] <= 0 or finite[-1] < _LEAST_SPAN * finite[0]:
        return False
    low, middle, high = finite[0], float(np.median(finite)), finite[-1]
    linear = (middle - low) / (high - low)
    logarithmic = np.log(middle / low) / np.log(high / low)
    return bool(abs(logarithmic - 0.5) < abs(linear - 0.5))
