"""Figures of writing: targets met and missed, the way there, a response made straight."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from numpy.typing import NDArray

from memcircuit.plot.style import BLUE, GREY, VERMILION, axes_or_new, prefixed

Array = NDArray[np.float64]


def write_verify(result: xr.Dataset, axes: Axes | None = None) -> Axes:
    """Draw what was reached against the target, with the tolerance; misses stand out.

    Args:
        result: of ``write_verify_cells`` or ``write_verify``.
        axes: where to draw; a new figure when None.
    """
    ax = axes_or_new(axes, (4.2, 3.8))
    target, measured = (result[name].to_numpy() for name in ("target", "measured"))
    reached = result["reached"].to_numpy() == 1
    factor, label = _scale(result["target"], np.concatenate([target, measured]))
    span = np.array([target.min(), target.max()])
    off = float(result.attrs["tolerance"]) * _reference(result, span)
    ax.fill_between(
        span * factor, (span - off) * factor, (span + off) * factor,
        color=GREY, alpha=0.4, linewidth=0, label="tolerance",
    )  # fmt: skip
    ax.plot(span * factor, span * factor, color=GREY, linewidth=0.8)
    for which, colour, marker, name in (
        (reached, BLUE, "o", "reached"), (~reached, VERMILION, "X", "missed"),
    ):  # fmt: skip
        if which.any():
            ax.plot(
                target[which] * factor, measured[which] * factor, marker,
                color=colour, markersize=4, label=f"{name}: {which.sum()}",
            )  # fmt: skip
    ax.set_xlabel(f"target {label}")
    ax.set_ylabel(f"written {label}")
    ax.legend(frameon=False)
    return ax


def write_approach(result: xr.Dataset, axes: Axes | None = None) -> Axes:
    """Draw the weight of every cell over the rounds; its target where it ends.

    Args:
        result: of ``write_verify_cells``.
        axes: where to draw; a new figure when None.
    """
    ax = axes_or_new(axes, (5.0, 3.8))
    weight, target = result["weight"].to_numpy(), result["target"].to_numpy()
    reached = result["reached"].to_numpy() == 1
    factor, label = _scale(result["target"], np.concatenate([weight[:, 0], target]))
    rounds = result["round"].to_numpy()
    last = result["reads"].to_numpy() - 1
    named: set[str] = set()
    for own, goal, good, end in zip(weight, target, reached, last, strict=True):
        colour, name = (BLUE, "reached") if good else (VERMILION, "missed")
        label_once = f"_{name}" if name in named else name
        named.add(name)
        ax.plot(rounds, own * factor, color=colour, linewidth=0.8, alpha=0.7, label=label_once)
        ax.plot(end, goal * factor, "." if good else "x", color=colour, markersize=5)
    ax.set_xlabel("round (pulses, then a read)")
    ax.set_ylabel(f"weight {label}")
    ax.legend(frameon=False, title="dots, crosses: targets")
    return ax


def linearised(result: xr.Dataset, axes: Axes | None = None) -> Axes:
    """Draw the responses to SET and then RESET before and after the correction of the widths.

    Args:
        result: of ``linearise``.
        axes: where to draw; a new figure when None.
    """
    ax = axes_or_new(axes, (6.0, 3.6))
    weight = result["weight"]
    factor, label = _scale(weight, weight.to_numpy())
    pulses = result["pulse"].to_numpy()
    first, last = result.isel(correction=0), result.isel(correction=-1)
    looks = (("set", BLUE, "SET"), ("reset", VERMILION, "RESET"))
    for number, (direction, colour, name) in enumerate(looks):
        at = pulses + number * pulses[-1]
        before, after = (one.sel(direction=direction) for one in (first, last))
        knots = before["knot_pulse"].to_numpy() + number * pulses[-1]
        left = [100 * float(one["nonlinearity"]) for one in (before, after)]
        ax.plot(at, before["weight"] * factor, color=GREY, linewidth=1.0)
        ax.plot(
            knots, before["knot_weight"] * factor, "o--", color=colour, markersize=3.5,
            linewidth=0.7, label=f"{name} in segments, {left[0]:.2g} % from straight",
        )  # fmt: skip
        ax.plot(
            at, after["weight"] * factor, color=colour, linewidth=2.0,
            label=f"{name} corrected, {left[1]:.2g} %",
        )  # fmt: skip
    ax.set_xlabel("pulse")
    ax.set_ylabel(f"{weight.attrs['long_name']} {label}")
    ax.legend(frameon=False, fontsize="small")
    return ax


def _reference(result: xr.Dataset, targets: Array) -> Array:
    """Return what the tolerance is a share of, at some targets."""
    if result.attrs.get("relative_to") == "range":
        whole = float(result.attrs["range_high"]) - float(result.attrs["range_low"])
        return np.full(targets.shape, whole)
    return np.abs(targets)


def _scale(quantity: xr.DataArray, values: Array) -> tuple[float, str]:
    """Return the factor to draw a quantity with, and its unit in brackets."""
    factor, unit = prefixed(values, str(quantity.attrs["units"]))
    return factor, f"({unit or 1})"
