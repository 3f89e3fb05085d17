"""Figures of arrays: maps of node voltages, cell currents and read errors.

Every map is drawn as the array stands: row 0 at the top, column 0 at the left. Values of one sign
are drawn in one sequence of colours, values of both signs in two colours that part at zero.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from memcircuit.crossbar import Crossbar
from memcircuit.errors import UsageError
from memcircuit.plot.style import axes_or_new, si_prefix

Array = NDArray[np.float64]

_SIZE = (4.4, 3.6)
# A second sign gets its own colour from this part of the largest value on: less is not seen.
_VISIBLE = 0.01
# Per cent. A poor conductor among good ones can read as many times itself, and would hide the rest.
_LARGEST_ERROR = 100.0
# A longer array than this many times its width is drawn with cells that are not square.
_LONGEST_SQUARE = 4

_SIDES = {
    "left": "on the left",
    "right": "on the right",
    "top": "at the top",
    "bottom": "at the bottom",
    "both": "at both ends",
}


def node_voltages(
    solution: xr.Dataset, line: Literal["row", "column"] = "row", axes: Axes | None = None
) -> Axes:
    """Draw the voltage at every cell, of its row line or of its column line.

    Args:
        solution: result of ``Crossbar.solve`` for one input, or of another solution of an array
            with ``row_voltage`` and ``column_voltage`` (row, column), V.
        line: which of the two lines.
        axes: where to draw; a new figure when None.

    Raises:
        UsageError: another line, or a solution for more than one input.
    """
    if line not in ("row", "column"):
        raise UsageError(f"line = {line!r}; choose 'row' or 'column'")
    return _si_map(solution, f"{line}_voltage", f"voltage of the {line} line", "V", axes)


def cell_currents(solution: xr.Dataset, axes: Axes | None = None) -> Axes:
    """Draw the current through every cell, from its row line to its column line.

    Args:
        solution: result of ``Crossbar.solve`` for one input.
        axes: where to draw; a new figure when None.

    Raises:
        UsageError: a solution for more than one input.
    """
    return _si_map(solution, "cell_current", "current of the cell", "A", axes)


def read_error(array: Crossbar, g: ArrayLike, axes: Axes | None = None) -> Axes:
    """Draw by how many per cent each cell is read wrong because of the wires.

    What cell (i, j) is worth in the array is the current of column j per volt on row i alone,
    its entry of the transfer matrix; with ideal wires that is its conductance. Errors above
    +100 %, those of cells beside much better conductors, are drawn as +100 %. Open cells are grey.

    Args:
        array: the array.
        g: (rows, columns), S.
        axes: where to draw; a new figure when None.

    Raises:
        UsageError: more than one array, no cell that conducts, or what ``Crossbar`` refuses.
    """
    cells = np.asarray(g, dtype=float)
    transfer = array.transfer_matrix(cells)
    if transfer.ndim != 2:
        raise UsageError(
            f"g has shape {cells.shape}; a map shows one array, ({array.rows}, {array.columns})"
        )
    conducts = cells > 0
    if not conducts.any():
        raise UsageError("g is 0 S everywhere: no cell has a read error")
    error = np.full(cells.shape, np.nan)
    np.divide(transfer.T, cells, out=error, where=conducts)
    error = 100 * (error - 1)
    least, most = np.nanmin(error), np.nanmax(error)
    ax = axes_or_new(axes, _SIZE)
    if most >= -_VISIBLE * least:
        largest = max(-least, min(most, _LARGEST_ERROR))
        image = _map(error, ax, "RdBu_r", (-largest, largest))
    else:
        image = _map(error, ax, "Blues_r", (least, 0.0))
    _name_sides(ax, array.lines.driven, array.lines.sensed)
    bar = ax.figure.colorbar(image, ax=ax, extend="max" if most > _LARGEST_ERROR else "neither")
    open_cells = "" if conducts.all() else "\n(grey: open cell)"
    bar.set_label(f"read error against ideal wires (%){open_cells}")
    return ax


def _si_map(solution: xr.Dataset, name: str, label: str, unit: str, axes: Axes | None) -> Axes:
    if name not in solution:
        raise UsageError(
            f"the solution has no {name}; it has {', '.join(map(str, solution.data_vars))}"
        )
    values = solution[name]
    if values.dims != ("row", "column"):
        raise UsageError(
            f"{name} has the dimensions {values.dims}; a map shows one input: "
            "choose it with solution.isel(input=...)"
        )
    scale, prefix = si_prefix(float(np.abs(values).max()))
    numbers = scale * values.to_numpy()
    least, most = numbers.min(), numbers.max()
    largest = max(-least, most)
    ax = axes_or_new(axes, _SIZE)
    if min(-least, most) > _VISIBLE * largest:
        image = _map(numbers, ax, "RdBu_r", (-largest, largest))
    else:
        image = _map(numbers, ax, "cividis", (least, most))
    _name_sides(ax, solution.attrs.get("drive"), solution.attrs.get("sense_at"))
    ax.figure.colorbar(image, ax=ax, label=f"{label} ({prefix}{unit})")
    return ax


def _map(values: Array, axes: Axes, colours: str, limits: tuple[float, float]) -> AxesImage:
    """Draw (rows, columns) values between limits; undefined ones are grey."""
    rows, columns = values.shape
    square = max(rows, columns) <= _LONGEST_SQUARE * min(rows, columns)
    image = axes.imshow(
        np.ma.masked_invalid(values),
        cmap=colormaps[colours].with_extremes(bad="0.6"),
        vmin=limits[0],
        vmax=limits[1],
        aspect="equal" if square else "auto",
        interpolation="nearest",
    )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=5, integer=True, min_n_ticks=1))
    return image


def _name_sides(axes: Axes, drive: str | None, sense: str | None) -> None:
    """Label the axes, with the sides at which the lines are driven and sensed if known."""
    axes.set_ylabel("row" if drive is None else f"row, driven {_SIDES[drive]}")
    axes.set_xlabel("column" if sense is None else f"column, sensed {_SIDES[sense]}")
