"""Figure of a yield against what was chosen."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from memcircuit.errors import UsageError
from memcircuit.plot.style import BLUE, GREY, axes_or_new
from memcircuit.plot.sweep_axes import Scale, legend_beside, scale_of, tones
from memcircuit.sweeps.swept_points import Factor

_FAINT = 0.25


def yield_against(found: xr.Dataset, axes: Axes | None = None) -> Axes:
    """Draw the share of points inside limits against a parameter, with its confidence interval.

    The interval is a band, or a bar where values are texts or stand alone. A second parameter is
    told by colour.

    Args:
        found: result of ``sweeps.yield_by`` for one parameter or two; the first is on the
            horizontal axis.
        axes: where to draw; a new figure when None.

    Raises:
        UsageError: not what yield_by returned, or of more than two parameters.
    """
    if not {"share", "low", "high", "failed"} <= set(found.data_vars):
        raise UsageError("the dataset has no yield: pass what sweeps.yield_by returned")
    dims = [str(name) for name in found["share"].dims]
    if not 1 <= len(dims) <= 2:
        raise UsageError(
            f"a yield by {', '.join(dims) or 'nothing'}: one or two parameters are drawn; select "
            "one place along the others first"
        )
    across = _scale(found, dims[0])
    ax = axes_or_new(axes)
    lines: list[tuple[xr.Dataset, object, str | None]] = [(found, BLUE, None)]
    title = None
    if len(dims) == 2:
        told = _scale(found, dims[1])
        title = told.name
        lines = [
            (found.isel({dims[1]: int(np.flatnonzero(told.values == level)[0])}), tone, label)
            for level, tone, label in tones(ax, told)
        ]
    for line, tone, label in lines:
        _draw(ax, across, line, tone, label)
    confidence = 100 * float(found.attrs["confidence"])
    ax.plot([], [], color=GREY, alpha=_FAINT, lw=6, label=f"{confidence:.3g} % interval")
    across.on_x(ax)
    ax.set_ylabel("points inside the limits (%)")
    if len(lines) > 1 and lines[0][2] is not None:
        legend_beside(ax, title)
    else:
        ax.legend(fontsize="small")
    return ax


def _scale(found: xr.Dataset, dim: str) -> Scale:
    own = found[dim]
    return scale_of(Factor(dim, str(own.attrs.get("units", "")), own.to_numpy(), levelled=True))


def _draw(ax: Axes, across: Scale, line: xr.Dataset, tone: object, label: str | None) -> None:
    """Draw one line, without the values at which no point counts."""
    share, low, high = (100 * line[name].to_numpy() for name in ("share", "low", "high"))
    kept = np.flatnonzero(np.isfinite(share))
    kept = kept[np.argsort(across.values[kept])]
    x, share, low, high = across.values[kept], share[kept], low[kept], high[kept]
    joined = not across.texts and x.size > 1
    ax.plot(x, share, "o-" if joined else "o", color=tone, ms=4, lw=1.5, label=label)
    if joined:
        ax.fill_between(x, low, high, color=tone, alpha=_FAINT, lw=0)
    else:
        ax.vlines(x, low, high, color=tone, alpha=2 * _FAINT, lw=3)
