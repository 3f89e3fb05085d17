"""Figures of devices: I-V loop, pulse response, histogram of levels."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from numpy.typing import NDArray

from memcircuit.plot.iv_axes import Scale, conductance_scale, drawn_current
from memcircuit.plot.style import BLUE, GREY, VERMILION, axes_or_new, si_prefix
from memcircuit.tables import DIRECTIONS, ConductanceTable, Direction


def iv_loop(loop: xr.Dataset, axes: Axes | None = None, scale: Scale | None = None) -> Axes:
    """Draw current against voltage, the last cycle on top of the earlier ones.

    Args:
        loop: result of ``iv_loop``.
        axes: where to draw; a new figure when None.
        scale: of the current; "log" draws its magnitude. Chosen by how many decades the
            conductance spans when None.
    """
    ax = axes_or_new(axes)
    period = 1 / float(loop.attrs["frequency"])
    last = loop["time"].to_numpy() >= (loop.attrs["cycles"] - 1) * period
    voltage = loop["voltage"].to_numpy()
    current = drawn_current(ax, voltage, loop["current"].to_numpy(), scale)
    if not last.all():
        ax.plot(voltage[~last], current[~last], color=GREY, linewidth=0.9, label="first cycles")
    ax.plot(voltage[last], current[last], color=BLUE, linewidth=1.6, label="last cycle")
    if not last.all():
        ax.legend(frameon=False)
    return ax


def pulse_response(
    source: ConductanceTable | xr.Dataset, axes: Axes | None = None, scale: Scale | None = None
) -> Axes:
    """Draw conductance against pulse number: potentiation, then depression, every device.

    Args:
        source: a table, or the result of ``pulse_train``.
        axes: where to draw; a new figure when None.
        scale: of the conductance; chosen by how many decades it spans when None.
    """
    ax = axes_or_new(axes, (6.0, 3.4))
    curves = _curves(source)
    every = np.concatenate([values.ravel() for values in curves.values()])
    scale = scale or conductance_scale(every)
    factor, prefix = (1.0, "") if scale == "log" else si_prefix(float(every.max()))
    start = 0
    looks: dict[Direction, tuple[str, str]] = {
        "set": (BLUE, "SET (potentiation)"),
        "reset": (VERMILION, "RESET (depression)"),
    }
    for direction, flat in curves.items():
        colour, label = looks[direction]
        pulses = start + np.arange(flat.shape[-1])
        if len(flat) > 1:
            label += ", mean"
            ax.plot(pulses, flat.T * factor, color=colour, linewidth=0.5, alpha=0.35)
        ax.plot(pulses, flat.mean(axis=0) * factor, color=colour, linewidth=2.0, label=label)
        start = int(pulses[-1])
    ax.set_xlabel("pulse")
    ax.set_ylabel(f"conductance ({prefix}S)")
    if scale == "log":
        ax.set_yscale("log")
    else:
        ax.set_ylim(0, 1.1 * factor * float(every.max()))
    ax.legend(frameon=False)
    return ax


def _curves(source: ConductanceTable | xr.Dataset) -> dict[Direction, NDArray[np.float64]]:
    """Return conductance in S along the pulses of each direction, (devices x cycles, pulses)."""
    if isinstance(source, ConductanceTable):
        both = {direction: source.curves(direction) for direction in DIRECTIONS}
        return {d: curve.reshape(-1, curve.shape[-1]) for d, curve in both.items()}
    conductance = source["conductance"].to_numpy()
    ups = int((source["direction"] > 0).sum())
    return {"set": conductance[:, : ups + 1], "reset": conductance[:, ups:]}


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
