"""How a parameter or a result of a sweep is put on an axis: unit, prefix, logarithm, names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, LogNorm, Normalize
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from numpy.typing import NDArray

from memcircuit.plot.style import prefixed
from memcircuit.sweeps.swept_points import Array, Factor, Observed

# Without the yellow end, which is hard to see on white.
_COLOURS = ListedColormap(colormaps["viridis"](np.linspace(0.0, 0.88, 256)))
# More values of a parameter told by colour get a colour bar in place of a legend.
_MOST_LABELS = 6
_MULTIPLIER = "variation.m_"
# Values within a factor of this are drawn on a linear axis.
_LEAST_SPAN = 10.0
# Of a range below this ratio, powers of ten alone are too few labels.
_FEW_DECADES = 300.0


@dataclass(frozen=True)
class Scale:
    """One quantity on an axis.

    Attributes:
        name: of the quantity.
        unit: that unit; empty without one.
        factor: from SI to that unit.
        values: (points,) in that unit, or places from 0 for texts.
        texts: what stands at each place; empty for numbers.
        logarithmic: whether the axis is.
        levelled: whether the values are levels to join with lines.
    """

    name: str
    unit: str
    factor: float
    values: Array
    texts: tuple[str, ...]
    logarithmic: bool
    levelled: bool

    @property
    def label(self) -> str:
        """Name and unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    def on_x(self, ax: Axes) -> None:
        """Set label, scale and ticks of the horizontal axis."""
        ax.set_xlabel(self.label)
        if self.texts:
            ax.set_xticks(range(len(self.texts)), self.texts)
        elif self.logarithmic:
            ax.set_xscale("log")
            self._tick(ax.xaxis)

    def on_y(self, ax: Axes) -> None:
        """Set label, scale and ticks of the vertical axis."""
        ax.set_ylabel(self.label)
        if self.texts:
            ax.set_yticks(range(len(self.texts)), self.texts)
        elif self.logarithmic:
            ax.set_yscale("log")
            self._tick(ax.yaxis)

    def _tick(self, axis: Axis) -> None:
        """Label powers of ten, of few decades also their 2 and 5 fold, and nothing between."""
        axis.set_minor_formatter(NullFormatter())
        used = self.values[np.isfinite(self.values)]
        if used.max() < _FEW_DECADES * used.min():
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axis.set_major_formatter(StrMethodFormatter("{x:g}"))

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
    name = name.replace("_", " ") if isinstance(quantity, Observed) else axis_name(name)
    if isinstance(quantity, Factor) and not quantity.is_number:
        texts, places = np.unique(quantity.values, return_inverse=True)
        return Scale(name, "", 1.0, places.astype(np.float64), tuple(texts), False, levelled)
    values = quantity.values.astype(np.float64)
    factor, unit = prefixed(values, quantity.units)
    return Scale(name, unit, factor, values * factor, (), is_logarithmic(values), levelled)


def axis_name(path: str) -> str:
    """Return what a parameter is called where its values stand: multipliers by what they multiply.

    What they multiply is a parameter of the card, whose own path is ``device.NAME``.
    """
    if path.startswith(_MULTIPLIER):
        return f"{path.removeprefix(_MULTIPLIER)} multiplier"
    return path


def short_names(paths: Sequence[str]) -> list[str]:
    """Return what each of several parameters is called in a list of them.

    ``variation.m_k_set`` is ``k_set``, unless another path ends like that, such as
    ``device.k_set``; others keep their path.
    """
    ends = [path.removeprefix(_MULTIPLIER).rpartition(".")[2] for path in paths]
    count = Counter(ends)
    return [
        end if path.startswith(_MULTIPLIER) and count[end] == 1 else path
        for path, end in zip(paths, ends, strict=True)
    ]


def tones(ax: Axes, scale: Scale) -> list[tuple[float, object, str | None]]:
    """Return every different value, with its colour and label; draws the colour bar of many."""
    levels = np.unique(scale.values)
    few = len(levels) <= _MOST_LABELS
    places = np.linspace(0.0, 1.0, len(levels))
    if not few:
        norm = (LogNorm if scale.logarithmic else Normalize)(float(levels[0]), float(levels[-1]))
        places = np.asarray(norm(levels))
        ax.figure.colorbar(ScalarMappable(norm, _COLOURS), ax=ax, label=scale.label)
    return [
        (float(level), _COLOURS(place), scale.text(float(level)) if few else None)
        for level, place in zip(levels, places, strict=True)
    ]


def legend_beside(ax: Axes, title: str | None) -> None:
    """Name what fills the axes beside them."""
    ax.legend(fontsize="small", title=title, loc="upper left", bbox_to_anchor=(1.01, 1.0))


def is_logarithmic(values: NDArray[np.float64]) -> bool:
    """Return whether positive values are spread more evenly by their logarithm."""
    finite = np.unique(values[np.isfinite(values)])
    if len(finite) < 3 or finite[0] <= 0 or finite[-1] < _LEAST_SPAN * finite[0]:
        return False
    low, middle, high = finite[0], float(np.median(finite)), finite[-1]
    linear = (middle - low) / (high - low)
    logarithmic = np.log(middle / low) / np.log(high / low)
    return bool(abs(logarithmic - 0.5) < abs(linear - 0.5))
