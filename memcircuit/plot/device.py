"""Figures of devices: I-V loop, pulse response, histogram of levels."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from numpy.typing import NDArray

from memcircuit.errors import UsageError
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
    """Draw conductance or weight against pulse number, every device; SET and RESET in two colours.

    Args:
        source: a table, or the result of ``pulse_train``, ``pulse_cycles`` or ``pulse_statistics``.
        axes: where to draw; a new figure when None.
        scale: of the conductance; chosen by how many decades it spans when None.

    Raises:
        UsageError: a dataset of another experiment.
    """
    ax = axes_or_new(axes, (6.0, 3.4))
    name, unit, curves = _curves(source)
    every = np.concatenate([values.ravel() for _, values in curves])
    if scale is None:
        scale = conductance_scale(every) if every.min() > 0 else "linear"
    linear = scale == "linear" and unit == "S"
    factor, prefix = si_prefix(float(np.abs(every).max())) if linear else (1.0, "")
    start = 0
    looks: dict[Direction, tuple[str, str]] = {
        "set": (BLUE, "SET (potentiation)"),
        "reset": (VERMILION, "RESET (depression)"),
    }
    for direction, flat in curves:
        colour, label = looks[direction]
        pulses = start + np.arange(flat.shape[-1])
        if len(flat) > 1:
            label += ", mean"
            ax.plot(pulses, flat.T * factor, color=colour, linewidth=0.5, alpha=0.35)
        drawn = label if label not in ax.get_legend_handles_labels()[1] else None
        ax.plot(pulses, flat.mean(axis=0) * factor, color=colour, linewidth=2.0, label=drawn)
        start = int(pulses[-1])
    ax.set_xlabel("pulse")
    ax.set_ylabel(f"{name} ({prefix}S)" if unit == "S" else name)
    if scale == "log":
        ax.set_yscale("log")
    elif every.min() >= 0:
        ax.set_ylim(0, 1.1 * factor * float(every.max()))
    ax.legend(frameon=False)
    return ax


def _curves(
    source: ConductanceTable | xr.Dataset,
) -> tuple[str, str, list[tuple[Direction, NDArray[np.float64]]]]:
    """Return what is drawn, its unit, and its values along each run of pulses of one direction.

    Values are (devices x cycles, pulses + 1), the first those before the first pulse.
    """
    if isinstance(source, ConductanceTable):
        both = [(direction, source.curves(direction)) for direction in DIRECTIONS]
        return "conductance", "S", [(d, curve.reshape(-1, curve.shape[-1])) for d, curve in both]
    name = "weight" if "weight" in source else "conductance"
    if name not in source or "direction" not in source.coords:
        kind = source.attrs.get("experiment", "no experiment")
        raise UsageError(f"the dataset of {kind} holds no pulse train: no {name} by pulse")
    values = source[name].transpose(..., "pulse").to_numpy().reshape(-1, source.sizes["pulse"])
    direction = source["direction"].to_numpy()[1:]
    edges = [0, *(np.flatnonzero(np.diff(direction)) + 1), direction.size]
    runs: list[tuple[Direction, NDArray[np.float64]]] = []
    for begin, end in pairwise(edges):
        way: Direction = "set" if direction[begin] > 0 else "reset"
        runs.append((way, values[:, begin : end + 1]))
    return name, str(source[name].attrs.get("units", "S")), runs


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
