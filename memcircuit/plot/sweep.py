"""Figures of a sweep: a result against its parameters, over two of them, and how it spreads."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.patches import Patch, Rectangle
from numpy.typing import ArrayLike, NDArray

from memcircuit.errors import UsageError
from memcircuit.plot.style import BLUE, GREY, ORANGE, VERMILION, axes_or_new
from memcircuit.plot.sweep_axes import Scale, legend_beside, scale_of, tones
from memcircuit.sweeps.swept_points import Array, Factor, Observed, observed
from memcircuit.sweeps.yields import Limit, yield_of

_MOST_BINS = 60
_MARKS = (("D", ORANGE), ("s", "white"), ("^", VERMILION), ("o", GREY))


def result_against(
    dataset: xr.Dataset,
    parameter: str,
    result: str,
    axes: Axes | None = None,
    *,
    colour: str | None = None,
) -> Axes:
    """Draw a result against a parameter: every point, and lines where the parameter has levels.

    A line is the mean at each level over the other parameters. Points without a result are marked
    at the lower edge. An axis is logarithmic when its values are spread that way.

    Args:
        dataset: result of ``sweep``, or a part selected from it.
        parameter: name of the parameter on the horizontal axis.
        result: variable with no dimensions but those of the sweep.
        axes: where to draw; a new figure when None.
        colour: a second parameter, told by colour.

    Raises:
        UsageError: no such parameter or result, or no point with a result.
    """
    seen = _with_results(dataset, result)
    across = scale_of(_factor(seen, parameter))
    up = scale_of(seen)
    ax = axes_or_new(axes)
    groups: list[tuple[NDArray[np.bool_], object, str | None]]
    groups = [(np.ones_like(seen.used), BLUE, None)]
    title = None
    if colour is not None:
        told = scale_of(_factor(seen, colour))
        title = told.name
        groups = [(told.values == level, tone, label) for level, tone, label in tones(ax, told)]
    for chosen, tone, label in groups:
        x, y = across.values[chosen & seen.used], up.values[chosen & seen.used]
        if not x.size:
            continue
        if across.levelled:
            levels, codes = np.unique(x, return_inverse=True)
            mean = np.bincount(codes, weights=y) / np.bincount(codes)
            ax.plot(levels, mean, "-", color=tone, lw=1.5, label=label)
        own = None if across.levelled else label
        ax.plot(x, y, "o", color=tone, ms=3, mew=0, alpha=0.7, label=own)
    missing = across.values[~seen.used]
    if missing.size:
        ax.plot(
            missing, np.full(missing.size, 0.02), "x", color=VERMILION, ms=5, clip_on=False,
            transform=ax.get_xaxis_transform(), label=f"{missing.size} without a result",
        )  # fmt: skip
    across.on_x(ax)
    up.on_y(ax)
    if len(groups) > 1 and groups[0][2] is not None:
        legend_beside(ax, title)
    elif missing.size:
        ax.legend(fontsize="small")
    return ax


def result_map(dataset: xr.Dataset, x: str, y: str, result: str, axes: Axes | None = None) -> Axes:
    """Draw a result over two parameters of a grid as colours; points without one are hatched.

    Args:
        dataset: result of ``sweep`` over these two, or that part of a larger one.
        x: parameter on the horizontal axis.
        y: parameter on the vertical axis.
        result: variable with no dimensions but these two.
        axes: where to draw; a new figure when None.

    Raises:
        UsageError: no such result, or a sweep over anything else than these two.
    """
    seen = _with_results(dataset, result)
    points = seen.points
    if x == y or set(points.sizes) != {x, y} or not points.is_grid:
        raise UsageError(
            f"a map over {x} and {y} needs a grid of these two; the dataset has the dimensions "
            f"{', '.join(points.sizes)}: select one place of any other first"
        )
    across, along, depth = scale_of(points.factors[x]), scale_of(points.factors[y]), scale_of(seen)
    turned = next(iter(points.sizes)) == x
    order_x, order_y = (np.argsort(points.levels(name)) for name in (x, y))
    places_x, places_y = (np.unique(scale.values) for scale in (across, along))
    table = np.where(seen.used, depth.values, np.nan).reshape(points.shape)
    shown = (table.T if turned else table)[np.ix_(order_y, order_x)]
    edges_x, edges_y = across.edges(places_x), along.edges(places_y)
    ax = axes_or_new(axes)
    norm = LogNorm if depth.logarithmic else Normalize
    mesh = ax.pcolormesh(
        edges_x, edges_y, shown, cmap="viridis",
        norm=norm(float(np.nanmin(shown)), float(np.nanmax(shown))),
    )  # fmt: skip
    missing = np.argwhere(np.isnan(shown))
    for row, column in missing:
        corner = (edges_x[column], edges_y[row])
        wide, high = np.diff(edges_x)[column], np.diff(edges_y)[row]
        ax.add_patch(
            Rectangle(corner, wide, high, facecolor="white", edgecolor=GREY, hatch="////", lw=0)
        )
    across.on_x(ax)
    along.on_y(ax)
    ax.figure.colorbar(mesh, ax=ax, label=depth.label)
    if missing.size:
        hatched = Patch(facecolor="white", edgecolor=GREY, hatch="////", label="no result")
        ax.legend(
            handles=[hatched], fontsize="small", loc="lower right", bbox_to_anchor=(1.0, 1.0),
            frameon=False, borderaxespad=0.2,
        )  # fmt: skip
    return ax


def distribution(
    dataset: xr.Dataset,
    result: str,
    axes: Axes | None = None,
    *,
    limits: Limit | None = None,
    cumulative: bool = False,
    marked: Mapping[str, ArrayLike] | None = None,
    confidence: float = 0.95,
) -> Axes:
    """Draw how a result spreads over the points of a sweep, with the yield inside limits.

    Args:
        dataset: result of ``sweep``, or a part selected from it.
        result: variable with no dimensions but those of the sweep.
        axes: where to draw; a new figure when None.
        limits: lower and upper limit in the unit of the result; None is open. Failed points are
            outside.
        cumulative: the share of points up to a value, not a histogram.
        marked: marks on the axis by what they are called: one value or several of the result in
            its unit, such as corners; NaN is none.
        confidence: of the interval of the yield, 0..1.

    Raises:
        UsageError: no such result, no point with one, or limits that enclose nothing.
    """
    found = None if limits is None else yield_of(dataset, {result: limits}, confidence=confidence)
    seen = _with_results(dataset, result)
    scale = scale_of(seen)
    values = scale.values[seen.used]
    ax = axes_or_new(axes)
    if cumulative:
        ax.ecdf(values, color=BLUE, lw=1.5)
        ax.set_ylabel("share of points with a result")
    else:
        ax.hist(values, list(_bin_edges(values, scale.logarithmic)), color=BLUE, ec="white", lw=0.5)
        ax.set_ylabel("points")
    if found is not None and limits is not None:
        low, high = (100 * end for end in found.interval)
        text = f"inside: {100 * found.share:.3g} % ({low:.3g} to {high:.3g} %)"
        for limit in limits:
            if limit is not None:
                ax.axvline(limit * scale.factor, color=VERMILION, ls="--", lw=1.3, label=text)
                text = ""
    _draw_marks(ax, scale, marked or {})
    if missing := int((~seen.used).sum()):
        ax.plot([], [], " ", label=f"{missing} of {seen.used.size} without a result")
    scale.on_x(ax)
    ax.margins(y=0.15)
    if ax.get_legend_handles_labels()[1]:
        ax.legend(fontsize="small")
    return ax


def _draw_marks(ax: Axes, scale: Scale, marked: Mapping[str, ArrayLike]) -> None:
    for number, (label, given) in enumerate(marked.items()):
        values = np.ravel(np.asarray(given, dtype=np.float64))
        marker, colour = _MARKS[number % len(_MARKS)]
        ax.plot(
            scale.factor * values, np.zeros(values.size), marker, color=colour, mec="black",
            clip_on=False, transform=ax.get_xaxis_transform(), label=label, zorder=3,
        )  # fmt: skip


def _bin_edges(values: Array, logarithmic: bool) -> Array:
    inner = np.log(values) if logarithmic else values
    edges = np.histogram_bin_edges(inner, "auto")
    if len(edges) > _MOST_BINS + 1:
        edges = np.linspace(edges[0], edges[-1], _MOST_BINS + 1)
    edges = np.exp(edges) if logarithmic else edges
    # rounding must not leave the extreme values outside
    edges[0], edges[-1] = values.min(), values.max()
    return edges


def _with_results(dataset: xr.Dataset, result: str) -> Observed:
    seen = observed(dataset, result)
    if not seen.used.any():
        raise UsageError(f"{result}: none of {seen.used.size} points has a result to draw")
    return seen


def _factor(seen: Observed, parameter: str) -> Factor:
    if parameter not in seen.points.factors:
        raise UsageError(
            f"no parameter {parameter!r}; the sweep has {', '.join(seen.points.factors)}"
        )
    return seen.points.factors[parameter]
