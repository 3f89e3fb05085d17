"""Whole arrays with their wires: every cell, every wire segment, a source at every closed end.

Nodes are named as in ``pyspice_netlists.lines``; s{i}_{j} is the state of cell (i, j).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from pyspice_netlists.cells import Cell
from pyspice_netlists.errors import NetlistError
from pyspice_netlists.expansion import expanded
from pyspice_netlists.interfaces import Form, LineResistances
from pyspice_netlists.lines import (
    SMALLEST,
    Array,
    Flags,
    Names,
    Values,
    capacitances,
    check_grounded,
    labels,
    line_set,
    per_line,
    refuse,
    source,
)

#: Pins of a cell that fits between a row line and a column line.
ARRAY_PINS = ("bit_line", "word_line", "source_line", "state")

# S; the resistance of anything less is no number.
_LEAST = 1e-300


@dataclass(frozen=True, eq=False)
class LineEnds:
    """Voltages at the ends of the lines, V or source texts; an open end takes no notice.

    Attributes:
        left: one for every row, or (rows,).
        right: one for every row, or (rows,).
        top: one for every column, or (columns,).
        bottom: one for every column, or (columns,).
    """

    left: Values = 0.0
    right: Values = 0.0
    top: Values = 0.0
    bottom: Values = 0.0


@dataclass(frozen=True, eq=False)
class ResistorArray:
    """Cells that are resistors.

    Attributes:
        conductances: (rows, columns) S; 0 is an open cell, 1e12 the best short.
    """

    conductances: Array

    def __post_init__(self) -> None:
        given = _table("conductances", self.conductances)
        bad = ~((given == 0) | ((given >= _LEAST) & (given <= 1 / SMALLEST)))
        expected = f"S: expected 0, or {_LEAST:g} to {1 / SMALLEST:g}"
        refuse("conductances", given, bad, expected)
        object.__setattr__(self, "conductances", given)

    @property
    def conducting(self) -> Flags:
        """Whether a cell joins its lines, (rows, columns)."""
        return self.conductances > 0

    def lines(self, rows: Names, columns: Names) -> list[str]:
        """Return the netlist lines of the cells between nodes ``rows`` and ``columns``."""
        there = self.conducting
        ohms = 1 / self.conductances[there]
        parts = (labels(there.shape)[there], rows[there], columns[there], ohms)
        cells = zip(*(part.tolist() for part in parts), strict=True)
        return [f"R{label} {row} {column} {ohm!r}" for label, row, column, ohm in cells]


@dataclass(frozen=True, eq=False)
class CellArray:
    """Cells with a memristor each.

    Attributes:
        cell: the kind of cell, of one memristor between bit line and source line (1M, 1T1R, 1S1R,
            1R + 1M1R); its bit line is the row line, its source line the column line.
        states: (rows, columns) state of each cell at the start.
        form: netlist form of the memristor.
        variation: multipliers by name, each (rows, columns).
        gate: of cells with a transistor, the voltage of the gate lines: V or a source text, one
            for every line or one per line.
        gate_lines: whether the cells of a row or those of a column share a gate line.
    """

    cell: Cell
    states: Array
    form: Form
    variation: Mapping[str, Array] = field(default_factory=dict)
    gate: Values | None = None
    gate_lines: Literal["row", "column"] = "column"

    def __post_init__(self) -> None:
        if self.cell.pins != ARRAY_PINS:
            raise NetlistError(
                f"cell {self.cell.name!r} has the pins {', '.join(self.cell.pins)}; an array takes "
                f"cells with {', '.join(ARRAY_PINS)}: 1M, 1T1R, 1S1R and 1R + 1M1R"
            )
        states = _table("states", self.states)
        refuse("states", states, ~((states >= 0) & (states <= 1)), "expected 0 ... 1")
        variation = {}
        for name, value in self.variation.items():
            given = _table(f"variation {name!r}", value, states.shape)
            bad = ~(np.isfinite(given) & (given > 0))
            refuse(f"variation {name!r}", given, bad, "expected a number above 0")
            variation[name] = given
        object.__setattr__(self, "states", states)
        object.__setattr__(self, "variation", variation)
        if self.gate_lines not in ("row", "column"):
            raise NetlistError(f"gate_lines = {self.gate_lines!r}; choose 'row' or 'column'")
        if self.cell.gated == (self.gate is None):
            what = "needs a gate voltage" if self.cell.gated else "has no gate: leave gate out"
            raise NetlistError(f"cell {self.cell.name!r} {what}")

    @property
    def conducting(self) -> Flags:
        """Whether a cell joins its lines, (rows, columns)."""
        return np.ones(self.states.shape, dtype=bool)

    def lines(self, rows: Names, columns: Names) -> list[str]:
        """Return the netlist lines of the cells between nodes ``rows`` and ``columns``."""
        shape = self.states.shape
        gates, drivers = self._gates()
        pins = [names.ravel().tolist() for names in (rows, gates, columns, labels(shape, "s"))]
        spread = {name: value.ravel() for name, value in self.variation.items()}
        own = labels(shape).ravel().tolist()
        once = self.cell.include_lines(self.form)
        form = expanded(once, self.cell.name, ["x0", *spread])
        if form is None:
            cells = self.cell.instances(own, pins, self.states.ravel(), spread)
        else:
            numbers = [value.tolist() for value in (self.states.ravel(), *spread.values())]
            cells = [form.format(*cell) for cell in zip(own, *pins, *numbers, strict=True)]
        return [*once, *drivers, *cells]

    def _gates(self) -> tuple[Names, list[str]]:
        """Return the gate's node of every cell, (rows, columns), and the sources at them."""
        shape = self.states.shape
        if self.gate is None:
            return np.full(shape, "0", dtype=object), []
        count = shape[0] if self.gate_lines == "row" else shape[1]
        names = np.array([f"gate{line}" for line in range(count)], dtype=object)
        values = per_line("gate", self.gate, count)
        drivers = [f"V{k} {k} 0 {source(k, v)}" for k, v in zip(names, values, strict=True)]
        along = names[:, np.newaxis] if self.gate_lines == "row" else names
        return np.broadcast_to(along, shape), drivers


@dataclass(frozen=True, eq=False)
class CrossbarBench:
    """Netlist text of an array, and the names of what to look at.

    Currents count from the line into its end; "" where the end is open.

    Attributes:
        circuit: elements and subcircuits, without title, options and analysis.
        row_voltage: (rows, columns) vectors of the voltage where a cell meets its row line.
        column_voltage: (rows, columns) vectors of the voltage where it meets its column line.
        states: (rows, columns) vectors of the state's deviation from its initial value; (0, 0)
            for resistors.
        left: (rows,) vectors of the current out of the left end.
        right: (rows,) the same at the right end.
        top: (columns,) the same at the top end.
        bottom: (columns,) the same at the bottom end.
    """

    circuit: str
    row_voltage: Names
    column_voltage: Names
    states: Names
    left: tuple[str, ...]
    right: tuple[str, ...]
    top: tuple[str, ...]
    bottom: tuple[str, ...]

    @property
    def outside(self) -> tuple[str, ...]:
        """Vectors of the lines, each once: voltages at the cells and currents at the ends."""
        voltages = (*self.row_voltage.flat, *self.column_voltage.flat)
        currents = (*self.left, *self.right, *self.top, *self.bottom)
        return tuple(dict.fromkeys(filter(None, (*voltages, *currents))))

    @property
    def vectors(self) -> tuple[str, ...]:
        """Every vector of the bench, once."""
        return (*self.outside, *self.states.flat)


def crossbar_bench(
    lines: LineResistances, array: ResistorArray | CellArray, ends: LineEnds | None = None
) -> CrossbarBench:
    """Return an array with its wires, and a voltage source to ground at every closed end.

    The capacitance of a line's piece lies between the cell's node and ground; where zero
    resistances make one node of several, it is their sum, and where they join the cell to an end,
    it lies across the source there. It changes no voltage then, but the source does charge it, as
    it would through any resistance, and the currents at the ends and the energies hold that.

    Args:
        lines: resistances of the lines, 0 joins two nodes, inf leaves them apart; and their
            capacitances.
        array: the cells.
        ends: voltages at the ends; 0 V everywhere when None.

    Raises:
        NetlistError: shapes that do not match, a negative or undefined resistance or
            capacitance, a line without resistance between two sources, or a node without a path
            to ground.
    """
    conducting = array.conducting
    size, volts = conducting.shape, ends or LineEnds()
    across = line_set(lines, "row", size)
    down = line_set(lines, "column", size)
    check_grounded(across, down, conducting)
    rows, columns = across.cells, down.cells.T
    body = [
        *array.lines(rows, columns),
        *across.segments(),
        *down.segments(),
        *across.capacitors(capacitances("row_capacitance", lines.row_capacitance, size)),
        *down.capacitors(capacitances("column_capacitance", lines.column_capacitance, size).T),
        *across.sources(volts.left, volts.right),
        *down.sources(volts.top, volts.bottom),
    ]
    resistors = isinstance(array, ResistorArray)
    return CrossbarBench(
        circuit="\n".join(body) + "\n",
        row_voltage=_voltage(rows),
        column_voltage=_voltage(columns),
        states=_voltage(labels((0, 0) if resistors else size, "s")),
        left=across.currents(0),
        right=across.currents(-1),
        top=down.currents(0),
        bottom=down.currents(-1),
    )


def _voltage(nodes: Names) -> Names:
    names = np.array([f"v({node})" for node in nodes.flat], dtype=object)
    return names.reshape(nodes.shape)


def _table(name: str, value: Any, shape: tuple[int, ...] | None = None) -> Array:
    given = np.asarray(value, dtype=float)
    expected = "(rows, columns)" if shape is None else shape
    if given.ndim != 2 or given.size == 0 or given.shape != (shape or given.shape):
        raise NetlistError(f"{name} has shape {given.shape}; expected {expected}")
    return given
