"""Which cells of an array are programmed, and what the other lines are given meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.checks import is_number, require_choice
from memcircuit.crossbar.wires import Array, Ends, Lines
from memcircuit.errors import UsageError

GateLines = Literal["row", "column"]


@dataclass(frozen=True)
class Bias:
    """What the lines that are not selected are given.

    A selected row follows the driver's whole waveform, a selected column stays at 0 V.

    Attributes:
        row: share of the waveform, 0 to 1, at the ends of the other rows; None leaves them open.
        column: the same of the other columns.
    """

    row: float | None
    column: float | None

    def __post_init__(self) -> None:
        for name in ("row", "column"):
            share = getattr(self, name)
            if share is not None and not (is_number(share) and 0 <= share <= 1):
                raise UsageError(f"bias {name} = {share!r}: a share is 0 to 1, or None for open")


BIASES = {
    "grounded": Bias(0.0, 0.0),
    "v/2": Bias(1 / 2, 1 / 2),
    "v/3": Bias(1 / 3, 2 / 3),
    "floating": Bias(None, None),
    # The other lines are grounded too: what selects is the gate line, so there must be one to open.
    "transistor": Bias(0.0, 0.0),
}


@dataclass(frozen=True)
class Selection:
    """The selected cells of an array under a bias scheme.

    Attributes:
        shape: rows and columns of the array.
        cells: row and column of each selected cell.
        bias: what the other lines are given.
        gate: V, on the gate lines of the selected cells; the others are at 0 V. Cells without
            transistor take no notice.
        gate_lines: whether the cells of a row or those of a column share a gate line.
    """

    shape: tuple[int, int]
    cells: tuple[tuple[int, int], ...]
    bias: Bias = BIASES["grounded"]
    gate: float = 0.0
    gate_lines: GateLines = "column"

    def __post_init__(self) -> None:
        rows, columns = self.shape
        for row, column in self.cells:
            if not (0 <= row < rows and 0 <= column < columns):
                raise UsageError(
                    f"selected cell ({row}, {column}) lies outside the array of {rows} x {columns}"
                )
        if not self.cells or len(set(self.cells)) < len(self.cells):
            raise UsageError(f"selected = {self.cells}: expected at least one cell, each once")
        require_choice(self.gate_lines, ("row", "column"), "gate_lines")

    @property
    def rows(self) -> NDArray[np.int64]:
        """Row of each selected cell."""
        return np.array([row for row, _ in self.cells])

    @property
    def columns(self) -> NDArray[np.int64]:
        """Column of each selected cell."""
        return np.array([column for _, column in self.cells])

    @property
    def row_share(self) -> Array:
        """Share of the waveform at the ends of each row, (rows,); 0 where they are open."""
        return _shares(self.shape[0], self.rows, 1.0, self.bias.row)

    @property
    def column_share(self) -> Array:
        """Share of the waveform at the ends of each column, (columns,); 0 where they are open."""
        return _shares(self.shape[1], self.columns, 0.0, self.bias.column)

    @property
    def gate_voltage(self) -> Array:
        """V, of each gate line, (rows,) or (columns,)."""
        across = self.gate_lines == "row"
        chosen = self.rows if across else self.columns
        return _shares(self.shape[0 if across else 1], chosen, self.gate, 0.0)

    @property
    def gates(self) -> Array:
        """V, at the gate of each cell, (rows, columns)."""
        return at_cells(self.gate_voltage, self.gate_lines, self.shape)

    def lines(self, lines: Lines) -> Lines:
        """Return the lines with the ends open that the bias leaves open."""
        rows, columns = (
            ~np.isin(np.arange(count), chosen) & (share is None)
            for count, chosen, share in zip(
                self.shape,
                (self.rows, self.columns),
                (self.bias.row, self.bias.column),
                strict=True,
            )
        )
        return lines.opened(rows, columns)

    def ends(self, volts: ArrayLike) -> Ends:
        """Return the potentials at the ends of the lines for driver voltages (...), V."""
        driver = np.asarray(volts, dtype=float)[..., np.newaxis]
        row, column = driver * self.row_share, driver * self.column_share
        return Ends(left=row, right=row, top=column, bottom=column)


def select(
    cells: Sequence[tuple[int, int]] | tuple[int, int],
    shape: tuple[int, int],
    bias: Bias | str = "grounded",
    *,
    gate: float = 0.0,
    gate_lines: GateLines = "column",
    called: str = "bias",
) -> Selection:
    """Return the selection of one cell or several.

    Args:
        cells: row and column of one cell, or of each of several.
        shape: rows and columns of the array.
        bias: a bias, or the name of one: "grounded", "v/2", "v/3", "floating", or "transistor",
            which grounds the other lines of an array whose gate lines select.
        gate: V, on the gate lines of the selected cells; 0 in an array without transistors.
        gate_lines: whether the cells of a row or those of a column share a gate line.
        called: what the caller calls the bias.

    Raises:
        UsageError: no such bias, one that the array does not have, or cells that are no cells of
            the array.
    """
    if not isinstance(bias, Bias) and (not isinstance(bias, str) or bias not in BIASES):
        raise UsageError(f"{called} = {bias!r}; choose {', '.join(BIASES)}, or pass a Bias")
    if bias == "transistor" and gate == 0:
        others = ", ".join(name for name in BIASES if name != bias)
        raise UsageError(
            f"{called} = {bias!r}, but the array's cells have no transistor, or gate = 0 V opens "
            f"none; choose {others}"
        )
    try:
        given = np.asarray(cells)
    except ValueError:  # ragged
        given = np.empty(0)
    if given.dtype.kind not in "iu" or given.ndim not in (1, 2) or given.shape[-1:] != (2,):
        raise UsageError(f"selected = {cells!r}: expected (row, column), or a list of such pairs")
    pairs = tuple((int(row), int(column)) for row, column in given.reshape(-1, 2))
    chosen = BIASES[bias] if isinstance(bias, str) else bias
    return Selection(shape, pairs, chosen, gate, gate_lines)


def bias_names(gated: bool, given: Sequence[str] | None, called: str = "biases") -> list[str]:
    """Return the names of bias schemes to compare.

    Args:
        gated: whether the array's cells have a transistor.
        given: the names; when None "transistor" for cells with one, all others for cells without.
        called: what the caller calls them.

    Raises:
        UsageError: no list of names, or a scheme that the array does not have.
    """
    if given is None:
        return [name for name in BIASES if (name == "transistor") == gated]
    names = [] if isinstance(given, str) or not isinstance(given, Sequence) else list(given)
    if not names or not all(isinstance(name, str) and name in BIASES for name in names):
        raise UsageError(f"{called} = {given!r}: expected a list of {', '.join(BIASES)}")
    if "transistor" in names and not gated:
        raise UsageError(f"{called}: 'transistor', but the array's cells have no transistor")
    return names


def at_cells(volts: Array, gate_lines: GateLines, shape: tuple[int, int]) -> Array:
    """Return what every cell (rows, columns) has of a value for all gate lines or one for each."""
    along = volts[:, np.newaxis] if volts.ndim and gate_lines == "row" else volts
    return np.broadcast_to(along, shape)


def _shares(count: int, chosen: NDArray[np.int64], own: float, others: float | None) -> Array:
    shares = np.full(count, 0.0 if others is None else others)
    shares[chosen] = own
    return shares
