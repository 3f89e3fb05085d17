"""Figure of what a network costs, part by part."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from memcircuit.checks import require_kind
from memcircuit.errors import UsageError
from memcircuit.networks.cost import UNITS, Cost, Entry, Quantity
from memcircuit.plot.style import BLUE, GREY, ORANGE, VERMILION, axes_or_new, si_prefix

_COLOURS = {
    "cells": BLUE, "SET pulses": BLUE, "RESET pulses": VERMILION, "read pulses": BLUE,
    "wires": GREY, "DAC": ORANGE, "ADC": VERMILION,
}  # fmt: skip


def cost(
    source: Cost, quantity: Quantity = "energy per inference", axes: Axes | None = None
) -> Axes:
    """Draw a bar for every matrix, its parts after one another; what is estimated is hatched.

    Args:
        source: the cost of a network.
        quantity: which of its quantities.
        axes: where to draw; a new figure when None.

    Raises:
        UsageError: a quantity that is unknown, or that this cost does not have.
    """
    require_kind(source, Cost, "source", "what network_cost returned")
    source.total(quantity)
    chosen = [entry for entry in source.entries if entry.quantity == quantity]
    if not chosen:
        raise UsageError(f"this cost has no {quantity}; it needs a ConductanceTable")
    matrices = list(dict.fromkeys(entry.matrix for entry in chosen))
    ends = dict.fromkeys(matrices, 0.0)
    ax = axes_or_new(axes, (6.0, 1.4 + 0.4 * len(matrices)))
    factor, unit = _unit(quantity, max(_sum(chosen, matrix) for matrix in matrices))
    for entry in chosen:
        ax.barh(
            matrices.index(entry.matrix), entry.value * factor, left=ends[entry.matrix] * factor,
            color=_COLOURS[entry.part], height=0.6, edgecolor="white", linewidth=0.5,
            hatch="///" if entry.kind == "estimate" else None,
        )  # fmt: skip
        ends[entry.matrix] += entry.value
    ax.set_yticks(range(len(matrices)), [f"layer {layer}: {name}" for layer, name in matrices])
    ax.invert_yaxis()
    ax.set_xlabel(f"{quantity} ({unit})")
    # one patch for each part in the order of the bars
    looks = {entry.part: entry.kind for entry in chosen}
    handles = [
        Patch(
            facecolor=_COLOURS[part], edgecolor="white", label=f"{part}, {kind}",
            hatch="///" if kind == "estimate" else None,
        )
        for part, kind in looks.items()
    ]  # fmt: skip
    ax.legend(
        handles=handles, frameon=False, fontsize="small", ncols=min(len(handles), 2),
        loc="lower center", bbox_to_anchor=(0.5, 1.0),
    )  # fmt: skip
    return ax


def _sum(entries: list[Entry], matrix: tuple[int, str]) -> float:
    return sum(entry.value for entry in entries if entry.matrix == matrix)


def _unit(quantity: Quantity, largest: float) -> tuple[float, str]:
    if quantity == "area":  # prefixes of squares go by the million
        return (1e6, "mm²") if largest >= 1e-8 else (1e12, "µm²")
    factor, prefix = si_prefix(largest)
    return factor, f"{prefix}{UNITS[quantity]}"
