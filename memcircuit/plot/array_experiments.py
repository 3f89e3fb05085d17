"""Figures of experiments on whole arrays: settling reads, read margins, disturbs."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, ScalarFormatter

from memcircuit.errors import UsageError
from memcircuit.plot.style import BLUE, GREY, ORANGE, VERMILION, axes_or_new, si_prefix

_SIZE = (5.6, 3.6)
# A settled read is shown up to this many settling times.
_SHOWN = 2.5
# One look for each bias scheme, in every figure.
_LOOKS = {
    "grounded": (VERMILION, "s"),
    "v/2": (BLUE, "o"),
    "v/3": (ORANGE, "^"),
    "floating": (GREY, "D"),
    "transistor": ("black", "v"),
}


def settling(read: xr.Dataset, axes: Axes | None = None) -> Axes:
    """Draw the current of every column over time, as a share of its operating point.

    The columns that settle first and last are drawn in colour, with a mark where they settle; a
    band shows the tolerance.

    Args:
        read: result of ``settle_read``.
        axes: where to draw; a new figure when None.

    Raises:
        UsageError: no column carries current.
    """
    ax = axes_or_new(axes, _SIZE)
    wanted = read["operating_point"].to_numpy()
    carrying = np.flatnonzero(wanted)
    if not carrying.size:
        raise UsageError("read: no column carries current at its operating point")
    time = read["time"].to_numpy()
    factor, prefix = si_prefix(float(time[-1]))
    share = read["output"].to_numpy()[:, carrying] / wanted[carrying]
    times = read["settling_time"].to_numpy()[carrying]
    ax.plot(time * factor, share, color=GREY, linewidth=0.6, alpha=0.5)
    order = np.argsort(times)  # those that have not settled come last
    for place, colour, name in ((order[0], BLUE, "first"), (order[-1], VERMILION, "last")):
        label = f"column {carrying[place]}, {name} to settle"
        ax.plot(time * factor, share[:, place], color=colour, linewidth=1.6, label=label)
        if np.isfinite(times[place]):
            at = float(np.interp(times[place], time, share[:, place]))
            ax.plot([times[place] * factor], [at], "o", color=colour)
    if np.isfinite(times).all():
        ax.set_xlim(0, factor * min(float(time[-1]), _SHOWN * float(times.max())))
    tolerance = float(read.attrs["tolerance"])
    ax.axhspan(1 - tolerance, 1 + tolerance, color=ORANGE, alpha=0.4, linewidth=0)
    ax.set_xlabel(f"time ({prefix}s)")
    ax.set_ylabel("current over its operating point")
    ax.legend(frameon=False)
    return ax


def read_margin(
    margins: xr.Dataset, axes: Axes | None = None, label: str | None = None, style: str = "-"
) -> Axes:
    """Draw the read margin against the size of the array, one line for each bias scheme.

    Several kinds of cell go into one axes, each with a line style of its own.

    Args:
        margins: result of ``read_margin``.
        axes: where to draw; a new figure when None.
        label: what the cell is called; its short title when None.
        style: of the lines, as matplotlib has it.
    """
    ax = axes_or_new(axes, _SIZE)
    name = margins.attrs["cell_title"] if label is None else label
    sizes = np.sqrt(margins["rows"].to_numpy() * margins["columns"].to_numpy())
    for bias in margins["bias"].to_numpy():
        colour, marker = _LOOKS[str(bias)]
        ax.plot(
            sizes, margins["margin"].sel(bias=bias), style,
            color=colour, marker=marker, markersize=4, label=f"{name}, {bias}",
        )  # fmt: skip
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_formatter(ScalarFormatter())
    ax.set_ylim(0, 1.05)
    ax.set_xlabel("rows and columns (geometric mean)")
    ax.set_ylabel("read margin $(I_{high} - I_{low}) / I_{high}$")
    ax.legend(frameon=False, fontsize="small")
    return ax


def half_select_disturb(disturbs: xr.Dataset, axes: Axes | None = None) -> Axes:
    """Draw how far cells have moved after each pulse on the selected one, on a logarithmic scale.

    A colour for each bias scheme; full lines for the row of the selected cell, broken ones for its
    column, dotted ones for all others, and a grey band for the selected cell itself. What has not
    moved is not drawn.

    Args:
        disturbs: result of ``half_select_disturb``.
        axes: where to draw; a new figure when None.
    """
    ax = axes_or_new(axes, _SIZE)
    pulses = disturbs["pulse"].to_numpy()[1:]
    movement = abs(disturbs["movement"].isel(pulse=slice(1, None)))
    selected = movement.sel(cells="selected").isel(bias=0).to_numpy()
    # below a neighbour that follows the selected cell, both are seen
    ax.plot(pulses, selected, color="black", linewidth=4, alpha=0.4, label="selected")
    least = 1e-9 * float(selected.max())
    for bias in movement["bias"].to_numpy():
        for cells, style in (("row", "-"), ("column", "--"), ("other", ":")):
            moved = movement.sel(bias=bias, cells=cells).to_numpy()
            if moved.max() > least:
                label = f"{bias}, {cells}"
                ax.plot(pulses, moved, style, color=_LOOKS[str(bias)][0], label=label)
    ax.set_yscale("log")
    amplitude = float(disturbs.attrs["amplitude"])
    ax.set_xlabel(f"pulses of {amplitude:g} V on the selected cell")
    ax.set_ylabel("largest change of state")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax


def read_disturb(reads: xr.Dataset, axes: Axes | None = None) -> Axes:
    """Draw by how many per cent reads have changed the conductance, for each read voltage.

    Both scales are logarithmic and a change is drawn as its magnitude; of several initial states
    the first is drawn.

    Args:
        reads: result of ``read_disturb``.
        axes: where to draw; a new figure when None.
    """
    ax = axes_or_new(axes, _SIZE)
    change = 100 * abs(reads["change"].isel(initial_state=0, read=slice(1, None)))
    count = reads["read"].to_numpy()[1:]
    colours = colormaps["viridis"](np.linspace(0, 0.85, change.sizes["voltage"]))
    for volts, colour, moved in zip(
        reads["voltage"].to_numpy(), colours, change.to_numpy(), strict=True
    ):
        if moved.max() > 0:
            ax.plot(count, moved, color=colour, label=f"{volts:g} V")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("reads")
    ax.set_ylabel("change of conductance (%)")
    ax.legend(frameon=False, title="read voltage")
    return ax
