"""Figures of what moves a result of a sweep: main effects, sensitivities."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from memcircuit.errors import UsageError
from memcircuit.plot.style import BLUE, GREY, ORANGE, VERMILION, axes_or_new, prefixed
from memcircuit.plot.sweep_axes import short_names

# Width of one parameter in units of the distance between two.
_WIDTH = 0.7
# Levels of a parameter up to which each is named.
_MOST_NAMED = 3


def main_effects(effects: xr.Dataset, axes: Axes | None = None) -> Axes:
    """Draw the mean of a result at each level of each parameter, side by side.

    Values that were drawn have bars of one standard error of the mean. The broken line is the
    mean of all points.

    Args:
        effects: result of ``sweeps.main_effects``.
        axes: where to draw; a new figure when None.

    Raises:
        UsageError: not what main_effects returned.
    """
    _require(effects, "mean", "main_effects")
    factor, unit = prefixed(effects["mean"].to_numpy(), str(effects["mean"].attrs["units"]))
    number = effects.sizes["parameter"]
    ax = axes_or_new(axes, (max(5.0, 1.25 * number), 3.4))
    ax.axhline(factor * float(effects["overall"]), color=GREY, ls="--", lw=1.0)
    drawn = effects.attrs["design"] == "samples"
    texts = []
    for place, called in enumerate(_called(effects)):
        one = effects.isel(parameter=place)
        kept = one["count"].to_numpy() > 0
        mean, count = one["mean"].to_numpy()[kept], one["count"].to_numpy()[kept]
        x = place + _WIDTH * (np.linspace(0, 1, len(mean)) - 0.5)
        error = factor * one["deviation"].to_numpy()[kept] / np.sqrt(count) if drawn else None
        ax.errorbar(
            x, factor * mean, error, fmt="o-", color=BLUE, ms=4, lw=1.5, capsize=2, elinewidth=1.0
        )
        texts.append(_levels_text(called, one, kept))
    ax.set_xticks(range(number), texts, fontsize="small")
    ax.set_xlim(-0.5, number - 0.5)
    name = str(effects.attrs["result"]).replace("_", " ")
    ax.set_ylabel(f"mean {name}" + (f" ({unit})" if unit else ""))
    ax.grid(visible=True, axis="y", color="0.88", lw=0.6)
    ax.set_axisbelow(True)
    return ax


def sensitivities(found: xr.Dataset, axes: Axes | None = None, *, most: int = 12) -> Axes:
    """Draw how much each parameter moves a result, the strongest on top.

    Of samples: standardised regression coefficients with bars of one standard error, and rank
    correlations as marks, which stand apart from the bars where the result is no straight line.
    Of a grid: local sensitivities, exponents of a power law.

    Args:
        found: result of ``sweeps.sensitivities``.
        axes: where to draw; a new figure when None.
        most: parameters drawn.

    Raises:
        UsageError: not what sensitivities returned, or nothing to draw.
    """
    sampled = "coefficient" in found
    name = "coefficient" if sampled else "local_sensitivity"
    _require(found, name, "sensitivities")
    kept = found.isel(parameter=np.isfinite(found[name].to_numpy()))
    strongest = np.argsort(-np.abs(kept[name].to_numpy()))[:most]
    kept = kept.isel(parameter=strongest)
    number = kept.sizes["parameter"]
    if not number:
        raise UsageError("no parameter has a finite sensitivity to draw")
    ax = axes_or_new(axes, (5.0, max(2.0, 0.9 + 0.32 * number)))
    places, values = np.arange(number), kept[name].to_numpy()
    error = kept["standard_error"].to_numpy() if sampled else None
    colours = [BLUE if value >= 0 else VERMILION for value in values]
    ax.barh(places, values, 0.65, color=colours, xerr=error, error_kw={"lw": 1.0, "capsize": 2})
    result = str(found.attrs["result"]).replace("_", " ")
    if sampled:
        ax.plot(
            kept["rank_correlation"], places, "D", color=ORANGE, ms=5, mec="black", mew=0.6,
            label="rank correlation",
        )  # fmt: skip
        share = float(found["variance_explained"])
        ax.set_xlabel(f"standardised coefficient of {result} (R² = {share:.3f})")
        ax.legend(fontsize="small", frameon=False, loc="best")
    else:
        ax.set_xlabel(f"d ln({result}) / d ln(parameter) at the centre")
    ax.axvline(0.0, color="black", lw=0.8)
    ax.set_yticks(places, _called(kept), fontsize="small")
    ax.invert_yaxis()
    ax.margins(x=0.1)
    return ax


def _require(found: xr.Dataset, variable: str, maker: str) -> None:
    if variable not in found or "parameter" not in found.dims:
        raise UsageError(
            f"the dataset has no {variable!r} by parameter: pass what sweeps.{maker} returned"
        )


def _called(found: xr.Dataset) -> list[str]:
    return short_names([str(path) for path in found["parameter"].to_numpy()])


def _levels_text(called: str, one: xr.Dataset, kept: np.ndarray) -> str:
    """Return the name of a parameter and, below it, its levels or the ends of its range."""
    labels = [str(label) for label in one["label"].to_numpy()[kept]]
    value = one["value"].to_numpy()[kept]
    factor, unit = prefixed(value, str(one["unit"].item()))
    if np.isfinite(value).all():
        labels = [f"{factor * number:.3g}" for number in value]
    listed = ", ".join(labels) if len(labels) <= _MOST_NAMED else f"{labels[0]} … {labels[-1]}"
    # long paths break at their first dot
    broken = called.replace(".", ".\n", 1)
    return f"{broken}\n{listed} {unit}".rstrip()
