"""Figures of devices: I-V loop, pulse response, histogram of levels."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from memcircuit.plot.style import BLUE, GREY, VERMILION, axes_or_new, si_prefix
from memcircuit.tables import DIRECTIONS, ConductanceTable, Direction


def iv_loop(loop: xr.Dataset, axes: Axes | None = None) -> Axes:
    """Draw current against voltage, the last cycle on top of the earlier ones.

    Args:
        loop: result of ``iv_loop``.
        axes: where to draw; a new figure when None.
    """
    ax = axes_or_new(axes)
    period = 1 / float(loop.attrs["frequency"])
    last = loop["time"].to_numpy() >= (loop.attrs["cycles"] - 1) * period
    scale, prefix = si_prefix(float(np.abs(loop["current"]).max()))
    voltage, current = loop["voltage"].to_numpy(), loop["current"].to_numpy() * scale
    if not last.all():
        ax.plot(voltage[~last], current[~last], color=GREY, linewidth=0.9, label="first cycles")
    ax.plot(voltage[last], current[last], color=BLUE, linewidth=1.6, label="last cycle")
    ax.axhline(0, color="black", linewidth=0.5)
    ax.axvline(0, color="black", linewidth=0.5)
    ax.set_xlabel("voltage (V)")
    ax.set_ylabel(f"current ({prefix}A)")
    if not last.all():
        ax.legend(frameon=False)
    return ax


def pulse_response(table: ConductanceTable, axes: Axes | None = None) -> Axes:
    """Draw conductance against pulse number: potentiation, then depression, every device.

    Args:
        table: the table.
        axes: where to draw; a new figure when None.
    """
    ax = axes_or_new(axes, (6.0, 3.4))
    start = 0
    looks: dict[Direction, tuple[str, str]] = {
        "set": (BLUE, "SET (potentiation)"),
        "reset": (VERMILION, "RESET (depression)"),
    }
    for direction, (colour, label) in looks.items():
        curves = table.curves(direction) * 1e6
        pulses = start + np.arange(curves.shape[-1])
        flat = curves.reshape(-1, curves.shape[-1])
        ax.plot(pulses, flat.T, color=colour, linewidth=0.5, alpha=0.35)
        ax.plot(pulses, flat.mean(axis=0), color=colour, linewidth=2.0, label=f"{label}, mean")
        start = int(pulses[-1])
    ax.set_xlabel("pulse")
    ax.set_ylabel("conductance (µS)")
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False, loc="upper right")
    return ax


def level_histogram(table: ConductanceTable, axes: Axes | None = None) -> Axes:
    """Draw how often each conductance occurs along the SET and the RESET trains.

    Args:
        table: the table.
        axes: where to draw; a new figure when None.
    """
    ax = axes_or_new(axes)
    values = {d: table.curves(d).ravel() * 1e6 for d in DIRECTIONS}
    edges = np.linspace(0, max(v.max() for v in values.values()), 41)
    ax.hist(
        [values["set"], values["reset"]],
        bins=edges.tolist(), stacked=True, color=[BLUE, VERMILION], label=["SET", "RESET"],
    )  # fmt: skip
    ax.set_xlabel("conductance (µS)")
    ax.set_ylabel("reads per bin")
    ax.legend(frameon=False)
    return ax
