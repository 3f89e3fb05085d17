"""Figure of retention: weights that change while cells are left alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from memcircuit.errors import UsageError
from memcircuit.plot.style import BLUE, GREY, ORANGE, VERMILION, axes_or_new

_COLOURS = (BLUE, VERMILION, ORANGE, GREY)
_LINES = ("-", "--", ":")
# Quantiles between which two thirds of a normal distribution lie.
_BAND = (0.16, 0.84)
# Weights that span more than this factor are drawn on a log scale.
_WIDEST = 1e3


def retention(source: xr.Dataset | Sequence[xr.Dataset], axes: Axes | None = None) -> Axes:
    """Draw weights over their initial values against the time since programming.

    A line is the median of the cells of a dataset, the band around it holds two thirds of them.
    A cell whose initial weight is zero is left out, as is time 0 on the logarithmic axis.

    Args:
        source: result of ``retention``, or several to compare, each labelled with its cell.
        axes: where to draw; a new figure when None.

    Raises:
        UsageError: nothing to draw.
    """
    several = [source] if isinstance(source, xr.Dataset) else list(source)
    if not several:
        raise UsageError("source is empty: pass at least one result of retention")
    ax = axes_or_new(axes)
    least, most = np.inf, 0.0
    for number, result in enumerate(several):
        later = result.isel(time=result["time"].to_numpy() > 0)
        start = later["initial_weight"]
        share = (later["weight"] / start.where(start != 0)).dropna("cell", how="all")
        if share.size == 0:
            raise UsageError(
                f"source[{number}], {result.attrs['title']}: no cell with a weight at the start, "
                "or no time after 0"
            )
        time, lines = share["time"].to_numpy(), share.transpose("cell", "time").to_numpy()
        middle = np.median(lines, axis=0)
        colour = _COLOURS[number % len(_COLOURS)]
        style = _LINES[number // len(_COLOURS) % len(_LINES)]
        ax.plot(time, middle, style, color=colour, linewidth=1.8, label=result.attrs["title"])
        if len(lines) > 1:
            low, high = np.quantile(lines, _BAND, axis=0)
            ax.fill_between(time, low, high, color=colour, alpha=0.2, linewidth=0)
        least, most = min(least, lines.min()), max(most, lines.max())
    ax.set_xscale("log")
    if 0 < least < most / _WIDEST:
        ax.set_yscale("log")
    ax.set_xlabel("time since programming (s)")
    ax.set_ylabel("weight / initial weight")
    ax.legend(frameon=False)
    return ax
