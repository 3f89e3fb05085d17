"""The lines of an array: wire segments, drivers, sense amplifiers, and what ends a line.

An array has ``rows`` row lines and ``columns`` column lines; cell (i, j) joins row line i to
column line j. In a passive array the row lines are the word lines and the column lines the bit
lines; in a 1T1R array a row line carries the memristor's side of the cell, a column line the
transistor's source. A read drives the rows and senses the columns at 0 V.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.checks import is_whole, require_size
from memcircuit.errors import UsageError

Array = NDArray[np.float64]
Drive = Literal["left", "right", "both"]
Sense = Literal["bottom", "top", "both"]


#: ohm; the least resistance that is not 0, which is also ngspice's, and the largest not open.
SMALLEST, LARGEST = 1e-12, 1e15
#: S; the least conductance of a cell that is not open.
LEAST = 1e-30


@dataclass(frozen=True, eq=False)
class Lines:
    """Resistances between the nodes of an array, ohm, as every solver takes them.

    Capacitances count where ngspice simulates waveforms; an operating point does not know them.

    Attributes:
        row: (rows, columns - 1), between neighbouring cells of a row line.
        column: (rows - 1, columns), between neighbouring cells of a column line.
        left: (rows,), from the first cell of a row line to its left end's potential; inf if open.
        right: (rows,), the same at the right end.
        top: (columns,), from the first cell of a column line to its top end's potential.
        bottom: (columns,), the same at the bottom end.
        driven: which ends of the row lines a read drives; the others are grounded or open.
        sensed: which ends of the column lines a read senses.
        row_capacitance: (rows, columns) F to ground, of the row line's piece at each cell; one
            number is of every piece.
        column_capacitance: the same of the column lines.
    """

    row: Array
    column: Array
    left: Array
    right: Array
    top: Array
    bottom: Array
    driven: Drive = "left"
    sensed: Sense = "bottom"
    row_capacitance: Array = field(default_factory=lambda: np.zeros(()))
    column_capacitance: Array = field(default_factory=lambda: np.zeros(()))

    def __post_init__(self) -> None:
        for name in ("row_capacitance", "column_capacitance"):
            given = np.asarray(getattr(self, name), dtype=float)
            if given.ndim == 0:
                given = np.broadcast_to(given, self.shape)
            object.__setattr__(self, name, given)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the array."""
        return self.left.size, self.top.size

    @property
    def ideal(self) -> bool:
        """Whether any resistance is zero: nodes then coincide."""
        parts = (self.row, self.column, self.left, self.right, self.top, self.bottom)
        return any(bool((part == 0).any()) for part in parts)

    def opened(self, rows: NDArray[np.bool_], columns: NDArray[np.bool_]) -> Lines:
        """Return the lines with both ends open of these rows, (rows,), and columns, (columns,)."""
        return replace(
            self,
            left=np.where(rows, np.inf, self.left),
            right=np.where(rows, np.inf, self.right),
            top=np.where(columns, np.inf, self.top),
            bottom=np.where(columns, np.inf, self.bottom),
        )

    def transposed(self) -> Lines:
        """Return the lines of the transposed array: driven columns, sensed rows.

        By reciprocity its transfer matrix is the transpose of this one's.
        """
        driven: dict[str, Drive] = {"top": "left", "bottom": "right", "both": "both"}
        sensed: dict[str, Sense] = {"left": "top", "right": "bottom", "both": "both"}
        return Lines(
            row=self.column.T, column=self.row.T, left=self.top, right=self.bottom,
            top=self.left, bottom=self.right,
            driven=driven[self.sensed], sensed=sensed[self.driven],
            row_capacitance=self.column_capacitance.T,
            column_capacitance=self.row_capacitance.T,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Wires:
    """What the lines of an array are made of, ohm and F. The default is ideal.

    Capacitances count where ngspice simulates waveforms; an operating point does not know them.

    Attributes:
        row: resistance of the row lines' segments: one number, or (rows, columns + 1), where
            segment [i, 0] joins the left end to cell [i, 0], segment [i, j] cell [i, j - 1] to
            cell [i, j], and segment [i, columns] the last cell to the right end.
        column: the same of the column lines: one number, or (rows + 1, columns), from the top end
            to the bottom end.
        source: driver resistance, one number or (rows,), at each driven end; inf is a line that
            is not driven, and which must then hang on the rest by a cell.
        sense: input resistance of the sense amplifiers, one number or (columns,), at each sensed
            end; inf is a line that is not sensed.
        drive: the ends at which the row lines are driven.
        sense_at: the ends at which the column lines are sensed.
        row_end: resistance to ground, one number or (rows,), at the end that is not driven; inf,
            the default, leaves it open.
        column_end: the same, one number or (columns,), at the end that is not sensed.
        row_capacitance: F, to ground, of the piece of a row line that belongs to each cell: one
            number, or (rows, columns).
        column_capacitance: the same of the column lines.
    """

    row: ArrayLike = 0.0
    column: ArrayLike = 0.0
    source: ArrayLike = 0.0
    sense: ArrayLike = 0.0
    drive: Drive = "left"
    sense_at: Sense = "bottom"
    row_end: ArrayLike = np.inf
    column_end: ArrayLike = np.inf
    row_capacitance: ArrayLike = 0.0
    column_capacitance: ArrayLike = 0.0

    def lines(self, rows: int, columns: int) -> Lines:
        """Return the resistances between the nodes of an array of that size.

        Raises:
            UsageError: a shape that does not match, a negative or undefined resistance or
                capacitance, an unknown end, an array in which nothing is driven or nothing
                sensed, or one of more cells than can be followed.
        """
        for name, count in (("rows", rows), ("columns", columns)):
            if not is_whole(count) or count < 1:
                raise UsageError(f"{name} = {count!r}: expected a whole number of at least one")
        require_size({"rows": rows, "columns": columns})
        if not isinstance(self.drive, str) or self.drive not in ("left", "right", "both"):
            raise UsageError(f"drive = {self.drive!r}; choose 'left', 'right' or 'both'")
        if not isinstance(self.sense_at, str) or self.sense_at not in ("bottom", "top", "both"):
            raise UsageError(f"sense_at = {self.sense_at!r}; choose 'bottom', 'top' or 'both'")
        row = _resistances("row", self.row, (rows, columns + 1))
        column = _resistances("column", self.column, (rows + 1, columns))
        source = _resistances("source", self.source, (rows,), open_allowed=True)
        sense = _resistances("sense", self.sense, (columns,), open_allowed=True)
        row_end = _resistances("row_end", self.row_end, (rows,), open_allowed=True)
        column_end = _resistances("column_end", self.column_end, (columns,), open_allowed=True)
        cells = rows, columns
        if np.isinf(source).all():
            raise UsageError("source is inf for every row: the array is driven nowhere")
        if np.isinf(sense).all():
            raise UsageError("sense is inf for every column: the array is sensed nowhere")
        return Lines(
            row=row[:, 1:-1],
            column=column[1:-1],
            left=row[:, 0] + (row_end if self.drive == "right" else source),
            right=row[:, -1] + (row_end if self.drive == "left" else source),
            top=column[0] + (column_end if self.sense_at == "bottom" else sense),
            bottom=column[-1] + (column_end if self.sense_at == "top" else sense),
            driven=self.drive,
            sensed=self.sense_at,
            row_capacitance=_capacitances("row_capacitance", self.row_capacitance, cells),
            column_capacitance=_capacitances("column_capacitance", self.column_capacitance, cells),
        )


@dataclass(frozen=True, eq=False)
class Ends:
    """Potentials at the ends of the lines, V; an open end takes no notice of its own.

    Attributes:
        left: (..., rows).
        right: (..., rows).
        top: (..., columns).
        bottom: (..., columns).
    """

    left: Array
    right: Array
    top: Array
    bottom: Array

    @classmethod
    def reading(cls, lines: Lines, v: Array) -> Ends:
        """Return the potentials of a read: ``v`` (..., rows) where driven, 0 V elsewhere."""
        rest = np.zeros_like(v)
        sense = np.zeros((*v.shape[:-1], lines.shape[1]))
        return cls(
            left=v if lines.driven != "right" else rest,
            right=v if lines.driven != "left" else rest,
            top=sense,
            bottom=sense,
        )


def as_wires(given: Wires | float) -> Wires:
    """Return wires; a number is the resistance of every segment, ohm."""
    if isinstance(given, Wires):
        return given
    resistance = numbers("wires", given)
    if resistance.ndim:
        raise UsageError(f"wires has shape {resistance.shape}; expected one number or Wires(...)")
    return Wires(row=float(resistance), column=float(resistance))


def conductances(g: ArrayLike, shape: tuple[int, int] | None = None) -> Array:
    """Return the conductances of one or many arrays, S, as (..., rows, columns) numbers.

    Raises:
        UsageError: a shape that does not match, or the position of the first value that is no
            conductance: 0, or 1e-30 to 1e12 S.
    """
    values = numbers("g", g)
    if values.ndim < 2 or values.size == 0:
        raise UsageError(
            f"g has shape {values.shape}; expected (..., rows, columns), none of them 0"
        )
    if shape is not None and values.shape[-2:] != shape:
        raise UsageError(f"g has shape {values.shape}; expected (..., {shape[0]}, {shape[1]})")
    good = (values == 0) | ((values >= LEAST) & (values <= 1 / SMALLEST))
    refuse("g", values, good, f"0, or {LEAST:g} to {1 / SMALLEST:g} S")
    return values


def numbers(name: str, given: ArrayLike) -> Array:
    """Return numbers as an array.

    Raises:
        UsageError: what is no number, a bool, complex, or masked.
    """
    try:
        values = np.asarray(given)
    except (TypeError, ValueError):
        values = np.empty(0, dtype=object)  # ragged
    if values.dtype.kind not in "iuf" or isinstance(given, np.ma.MaskedArray):
        kind = type(given).__name__
        raise UsageError(
            f"{name}: expected real numbers, no bools and none masked, not this {kind}"
        )
    return values.astype(float, copy=False)


def refuse(name: str, values: Array, good: NDArray[np.bool_], expected: str) -> None:
    """Raise UsageError about the first value that is not good, with its position."""
    if not good.all():
        where = tuple(int(k) for k in np.argwhere(~good)[0])
        place = str(list(where)) if where else ""
        raise UsageError(f"{name}{place} = {values[where]:g}: expected {expected}")


def _resistances(
    name: str, value: ArrayLike, shape: tuple[int, ...], *, open_allowed: bool = False
) -> Array:
    values = _one_or(name, value, shape)
    good = (values == 0) | ((values >= SMALLEST) & (values <= LARGEST))
    ways = f"0, or {SMALLEST:g} to {LARGEST:g} ohm"
    if open_allowed:
        good |= values == np.inf
        ways += ", or inf for an open end"
    refuse(name, values, good, ways)
    # a copy: what the caller does with the array afterwards is not the array's business
    return np.broadcast_to(values, shape).copy()


def _capacitances(name: str, value: ArrayLike, shape: tuple[int, int]) -> Array:
    values = _one_or(name, value, shape)
    refuse(name, values, np.isfinite(values) & (values >= 0), "0 F or more, and finite")
    return np.broadcast_to(values, shape).copy()


def _one_or(name: str, value: ArrayLike, shape: tuple[int, ...]) -> Array:
    values = numbers(name, value)
    if values.ndim and values.shape != shape:
        raise UsageError(f"{name} has shape {values.shape}; expected one number or {shape}")
    return values
