"""Current against voltage: which scale shows it, and how its axes are labelled."""

from __future__ import annotations

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from memcircuit.plot.style import si_prefix

Array = NDArray[np.float64]
Scale = Literal["linear", "log"]

# On a linear scale, what is smaller than the largest by more than this factor lies on the axis.
_WIDEST = 1e3
# Share of the peak voltage below which a loop is not looked at: at 0 V every current is zero.
_NEAR_ZERO = 0.02


def conductance_scale(conductance: Array) -> Scale:
    """Return the scale for conductances, S, by how many decades they span."""
    positive = conductance[conductance > 0]
    if positive.size and positive.max() > _WIDEST * positive.min():
        return "log"
    return "linear"


def drawn_current(ax: Axes, voltage: Array, ampere: Array, scale: Scale | None = None) -> Array:
    """Label and scale axes for current against voltage, and return the current as it is drawn.

    Args:
        ax: the axes.
        voltage: V, of every point that will be drawn.
        ampere: A, of the same shape.
        scale: of the current; chosen by how many decades the conductance spans when None.

    Returns:
        the current in the unit of the axis; its magnitude on a log scale.
    """
    seen = np.abs(voltage) > _NEAR_ZERO * np.abs(voltage).max()
    if scale is None:
        scale = conductance_scale(ampere[seen] / voltage[seen])
    ax.set_xlabel("voltage (V)")
    ax.axvline(0, color="black", linewidth=0.5)
    if scale == "log":
        current = np.where(ampere == 0, np.nan, np.abs(ampere))
        ax.set_yscale("log")
        ax.set_ylim(float(np.nanmin(current[seen])) / 2, float(np.nanmax(current)) * 2)
        ax.set_ylabel("magnitude of the current (A)")
        return current
    factor, prefix = si_prefix(float(np.abs(ampere).max()))
    ax.axhline(0, color="black", linewidth=0.5)
    ax.set_ylabel(f"current ({prefix}A)")
    return ampere * factor
