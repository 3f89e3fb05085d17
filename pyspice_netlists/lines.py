"""The lines of an array as netlist text: sources at the ends, segments between the nodes.

Node r{i}_{j} is where cell (i, j) meets row line i, c{i}_{j} where it meets column line j. ngspice
takes no resistor of zero ohm, so nodes that a zero resistance joins are one node, named by the
first of them, or by the end (left{i}, bottom{j}, ...) if that is one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pyspice_netlists.elements import text
from pyspice_netlists.errors import NetlistError
from pyspice_netlists.interfaces import LineResistances

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
#: Names of nodes, elements or vectors.
Names = NDArray[np.object_]
#: Of a voltage source: V, or a text such as ``PULSE(0 1 0 1n 1n 1u)``.
Value = float | str
#: One value for every line, or one per line.
Values = Value | Sequence[Value] | Array

#: ohm; ngspice takes smaller resistances for this one.
SMALLEST = 1e-12

# A new line would start another element; a continuation, as in a long PWL, does not.
_NEW_LINE = re.compile(r"[\r\n](?!\+)")


@dataclass(frozen=True, eq=False)
class LineSet:
    """The row lines, or the column lines, each from its first end to its last.

    Attributes:
        ends: what the two ends are called.
        names: (lines, cells + 2) of the ends and, between them, of the cells' nodes.
        nodes: the same, nodes that coincide under one name.
        ohms: (lines, cells + 1) resistances between them.
    """

    ends: tuple[str, str]
    names: Names
    nodes: Names
    ohms: Array

    @property
    def cells(self) -> Names:
        """Nodes of the cells, (lines, cells)."""
        return self.nodes[:, 1:-1]

    def sources(self, first: Values, last: Values) -> list[str]:
        """Return the voltage sources at the closed ends."""
        lines = []
        for place, name, given in ((0, self.ends[0], first), (-1, self.ends[1], last)):
            values = per_line(name, given, len(self.names))
            closed = zip(
                self.names[:, place], np.isfinite(self.ohms[:, place]), values, strict=True
            )
            lines += [f"V{end} {end} 0 {source(end, v)}" for end, there, v in closed if there]
        return lines

    def segments(self) -> list[str]:
        """Return the resistors of the lines, each called by its end or the cell before it."""
        own = np.delete(self.names, -2, axis=1)
        there = (self.ohms > 0) & np.isfinite(self.ohms)
        parts = (own, self.nodes[:, :-1], self.nodes[:, 1:], self.ohms)
        segments = zip(*(part[there].tolist() for part in parts), strict=True)
        return [f"R{name} {a} {b} {ohm!r}" for name, a, b, ohm in segments]

    def capacitors(self, farads: Array) -> list[str]:
        """Return one capacitor to ground for every node with capacitance, called by the node.

        Args:
            farads: (lines, cells) at the cells' nodes.
        """
        there = farads > 0
        total: dict[str, float] = {}
        for node, farad in zip(self.cells[there], farads[there].tolist(), strict=True):
            total[node] = total.get(node, 0.0) + farad
        return [f"C{node} {node} 0 {farad!r}" for node, farad in total.items()]

    def currents(self, place: int) -> tuple[str, ...]:
        """Return the vectors of the currents into the ends at ``place``."""
        closed = np.isfinite(self.ohms[:, place])
        ends = zip(self.names[:, place], closed, strict=True)
        return tuple(f"i(v{end})" if there else "" for end, there in ends)


def line_set(lines: LineResistances, kind: Literal["row", "column"], size: Any) -> LineSet:
    """Return the row lines or the column lines of an array of that size (rows, columns).

    Raises:
        NetlistError: shapes that do not match, a resistance that is negative, undefined or too
            small for ngspice, or a line without resistance between two sources.
    """
    rows, columns = size
    if kind == "row":
        ends, names = ("left", "right"), labels(size, "r")
        along = _ohms("row", lines.row, (rows, columns - 1))
    else:
        ends, names = ("top", "bottom"), labels(size, "c").T
        along = _ohms("column", lines.column, (rows - 1, columns)).T
    count = len(names)
    first, last = (_ohms(end, getattr(lines, end), (count,)) for end in ends)
    ohms = np.column_stack([first, along, last])
    outer = [np.array([f"{end}{k}" for k in range(count)], dtype=object) for end in ends]
    names = np.column_stack([outer[0], names, outer[1]])
    return LineSet(ends, names, _joined(names, ohms), ohms)


def _joined(names: Names, ohms: Array) -> Names:
    """Return the names with those of nodes that coincide replaced by one of them."""
    place = np.zeros(names.shape, dtype=int)
    place[:, 1:] = np.maximum.accumulate(
        np.where(ohms > 0, np.arange(1, names.shape[1]), 0), axis=1
    )
    loops = place[:, -1] == 0
    if loops.any():
        first, *_, last = names[np.argmax(loops)]
        raise NetlistError(
            f"no resistance between {first} and {last}: two voltage sources on one node make a "
            "loop; give one end a resistance, or leave it open (inf)"
        )
    # The last node's group bears the name of the last end.
    place = np.where(place == place[:, -1:], names.shape[1] - 1, place)
    return np.take_along_axis(names, place, axis=1)


def check_grounded(across: LineSet, down: LineSet, conducting: Flags) -> None:
    """Refuse a node from which no way along wires and cells leads to a closed end.

    Args:
        across: row lines.
        down: column lines.
        conducting: whether a cell joins its lines, (rows, columns).

    Raises:
        NetlistError: naming the first such node.
    """
    row_pieces, column_pieces = _pieces(across.ohms), _pieces(down.ohms).T
    row_reached, column_reached = _closed(across.ohms), _closed(down.ohms).T
    before, now = -1, 0
    while before < now:
        before = now
        row_reached = _spread(row_pieces, row_reached | (conducting & column_reached))
        column_reached = _spread(column_pieces, column_reached | (conducting & row_reached))
        now = int(row_reached.sum() + column_reached.sum())
    for nodes, reached in (
        (across.names[:, 1:-1], row_reached),
        (down.names[:, 1:-1].T, column_reached),
    ):
        if not reached.all():
            raise NetlistError(
                f"node {nodes[~reached][0]} has no path to ground: every end that it could reach "
                "is open (inf), so its voltage is not defined"
            )


def _pieces(ohms: Array) -> NDArray[np.int_]:
    """Number the unbroken pieces of all lines; return that of each cell, (lines, cells)."""
    breaks = np.isinf(ohms[:, :-1])
    breaks[:, 0] = True
    return np.cumsum(breaks).reshape(breaks.shape) - 1


def _closed(ohms: Array) -> Flags:
    """Return which cells sit at a closed end, (lines, cells)."""
    closed = np.zeros((len(ohms), ohms.shape[1] - 1), dtype=bool)
    closed[:, 0] = np.isfinite(ohms[:, 0])
    closed[:, -1] |= np.isfinite(ohms[:, -1])
    return closed


def _spread(pieces: NDArray[np.int_], reached: Flags) -> Flags:
    """Return which cells lie on a piece of line that is reached somewhere."""
    hit = np.zeros(int(pieces.max()) + 1, dtype=bool)
    hit[pieces[reached]] = True
    return hit[pieces]


def labels(size: tuple[int, ...], letter: str = "") -> Names:
    """Return names by place, such as s0_1, (rows, columns)."""
    rows, columns = size
    names = [f"{letter}{i}_{j}" for i in range(rows) for j in range(columns)]
    return np.array(names, dtype=object).reshape(rows, columns)


def per_line(name: str, given: Values, count: int) -> list[Value]:
    """Return the value of every line.

    Raises:
        NetlistError: not one value, and not one per line.
    """
    if isinstance(given, str | int | float | np.number):
        return [given] * count
    if np.shape(given) != (count,):
        raise NetlistError(
            f"{name} has shape {np.shape(given)}; expected one value or one for each of "
            f"{count} lines"
        )
    return list(given)


def source(name: str, value: Value) -> str:
    """Return what stands behind the nodes of the voltage source ``name``.

    Raises:
        NetlistError: not finite, or a text with more than one element in it.
    """
    if isinstance(value, str):
        if not value.strip() or _NEW_LINE.search(value):
            raise NetlistError(f"{name} = {value!r} is not the value of a voltage source")
        return value
    if not isinstance(value, int | float | np.number) or not math.isfinite(value):
        raise NetlistError(f"{name} = {value!r} V: expected a finite number or a source text")
    return text(value)


def _ohms(name: str, value: Any, shape: tuple[int, ...]) -> Array:
    given = _shaped(name, value, shape)
    bad = ~((given == 0) | (given >= SMALLEST))
    refuse(f"lines.{name}", given, bad, f"ohm: expected 0, {SMALLEST:g} or more, or inf (open)")
    return given


def capacitances(name: str, value: Any, shape: tuple[int, ...]) -> Array:
    """Return the capacitances ``name`` of the lines of an array of that shape, F.

    Raises:
        NetlistError: a shape that does not match, or a value that is negative or not finite.
    """
    given = _shaped(name, value, shape)
    bad = ~(np.isfinite(given) & (given >= 0))
    refuse(f"lines.{name}", given, bad, "F: expected 0 or more, and finite")
    return given


def _shaped(name: str, value: Any, shape: tuple[int, ...]) -> Array:
    given = np.asarray(value, dtype=float)
    if given.shape != shape:
        raise NetlistError(f"lines.{name} has shape {given.shape}; expected {shape}")
    return given


def refuse(name: str, given: Array, bad: Flags, expected: str) -> None:
    """Raise an error about the first value that is bad."""
    if bad.any():
        where = tuple(int(k) for k in np.argwhere(bad)[0])
        raise NetlistError(f"{name}{list(where)} = {given[where]:g} {expected}")
