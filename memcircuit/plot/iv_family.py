"""Figures of I-V families: the curves, and the conductance that each of them leaves."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.plot.iv_axes import Scale, conductance_scale, drawn_current
from memcircuit.plot.style import BLUE, VERMILION, axes_or_new, prefixed, si_prefix

# More curves than this are told apart by the first and the last of them only.
_MOST_LABELS = 8
_NAMES = {"compliance": "compliance current", "stop": "RESET stop voltage", "gate": "gate voltage"}


def iv_family(family: xr.Dataset, axes: Axes | None = None, scale: Scale | None = None) -> Axes:
    """Draw the current of every curve against the voltage at the cell.

    Args:
        family: result of ``iv_family``.
        axes: where to draw; a new figure when None.
        scale: of the current; "log" draws its magnitude. Chosen by how many decades the
            conductance spans when None.
    """
    ax = axes_or_new(axes)
    shown = family.isel(time=np.flatnonzero(family["branch"].to_numpy() != "read"))
    voltage, ampere = shown["voltage"].to_numpy(), shown["current"].to_numpy()
    current = drawn_current(ax, voltage, ampere, scale)
    labels = _labels(family)
    colours = colormaps["viridis"](np.linspace(0, 0.9, len(labels)))
    # a line through the pause would join SET and RESET; both begin and end at 0 V
    set_branch = shown["branch"].to_numpy() == "set"
    for curve, (label, colour) in enumerate(zip(labels, colours, strict=True)):
        for branch, text in ((set_branch, label), (~set_branch, None)):
            ax.plot(
                voltage[curve, branch], current[curve, branch],
                color=colour, linewidth=1.1, label=text,
            )  # fmt: skip
    if any(labels):
        ax.legend(frameon=False, fontsize="small")
    return ax


def family_levels(family: xr.Dataset, axes: Axes | None = None, over: str | None = None) -> Axes:
    """Draw the conductance after SET and after RESET of every curve.

    Args:
        family: result of ``iv_family``.
        axes: where to draw; a new figure when None.
        over: what they are drawn against: "compliance", "stop" or "gate"; the first that differs
            between the curves when None.

    Raises:
        UsageError: a family that was not taken over that.
    """
    given = over or (*str(family.attrs["varied"]).split(), "")[0]
    if given not in _NAMES or given not in family.coords:
        raise UsageError(
            f"over = {given!r}: this family was taken over {family.attrs['varied'] or 'nothing'}"
        )
    ordered = family.sortby(given)
    x = ordered[given].to_numpy()
    finite = np.isfinite(x)
    across, x_unit = prefixed(x, str(family[given].attrs["units"]))
    both = np.stack([ordered[f"conductance_{name}"].to_numpy() for name in ("set", "reset")])
    scale = conductance_scale(both)
    up, y_prefix = (1.0, "") if scale == "log" else si_prefix(float(both.max()))
    ax = axes_or_new(axes)
    looks = ((BLUE, "o-", "after SET"), (VERMILION, "s-", "after RESET"))
    for conductance, (colour, style, label) in zip(both * up, looks, strict=True):
        drawn = conductance[finite]
        ax.plot(x[finite] * across, drawn, style, color=colour, ms=3.5, lw=1.0, label=label)
        for level in conductance[~finite]:
            ax.axhline(level, color=colour, ls=":", lw=1.0, label=f"{label}, no limit")
    ax.set_xlabel(f"{_NAMES[given]} ({x_unit})")
    ax.set_ylabel(f"conductance ({y_prefix}S)")
    ax.set_yscale(scale)
    if scale == "linear":
        ax.set_ylim(bottom=0)
    ax.legend(frameon=False)
    return ax


def _labels(family: xr.Dataset) -> list[str]:
    """Return what each curve is called: the values in which it differs from the others."""
    varied = str(family.attrs["varied"]).split()
    texts = ["" for _ in range(family.sizes["curve"])]
    for name in varied:
        values: NDArray[np.float64] = family[name].to_numpy()
        factor, unit = prefixed(values, str(family[name].attrs["units"]))
        for curve, value in enumerate(values):
            own = f"{value * factor:.4g} {unit}" if np.isfinite(value) else "no limit"
            texts[curve] = f"{texts[curve]}, {own}".removeprefix(", ")
    if len(texts) > _MOST_LABELS:
        texts[1:-1] = ["" for _ in texts[1:-1]]
    return texts
