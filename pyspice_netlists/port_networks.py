"""A few cells of an array with a mesh of resistors, and of capacitors, for all the rest.

Nodes are named as in the netlist of the whole array: r{i}_{j} and c{i}_{j} where cell (i, j)
meets its lines, s{i}_{j} its state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pyspice_netlists.cells import Cell
from pyspice_netlists.elements import text
from pyspice_netlists.errors import NetlistError
from pyspice_netlists.interfaces import Form

Array = NDArray[np.float64]

# Share of what is at both of its nodes below which an element is left out: as much is rounding of
# the inversion that a mesh comes from.
_NEGLIGIBLE = 1e-12


@dataclass(frozen=True, eq=False)
class PortCells:
    """The cells that are simulated one by one.

    Attributes:
        cell: the kind of cell; its bit line is the row line, its source line the column line.
        places: row and column of each cell in the array.
        states: (cells,) state of each at the start.
        form: netlist form of the memristor.
        variation: multipliers by name, each (cells,).
        gates: (cells,) V, constant voltage at the gate of each cell with a transistor.
    """

    cell: Cell
    places: Sequence[tuple[int, int]]
    states: Array
    form: Form
    variation: Mapping[str, Array] = field(default_factory=dict)
    gates: Array | None = None

    def __post_init__(self) -> None:
        for name, values in (("states", self.states), *self.variation.items()):
            if np.shape(values) != (len(self.places),):
                raise NetlistError(
                    f"{name} has shape {np.shape(values)}; expected ({len(self.places)},)"
                )
        if self.cell.gated and (self.gates is None or self.gates.shape != (len(self.places),)):
            raise NetlistError(f"cell {self.cell.name!r} needs one gate voltage for each cell")

    def nodes(self, letter: str) -> list[str]:
        """Return the name of each cell's node: ``r`` row, ``c`` column, ``s`` state."""
        return [f"{letter}{row}_{column}" for row, column in self.places]

    def lines(self) -> list[str]:
        """Return the netlist lines of the cells and of their gates' drivers."""
        gates, drivers = self._gates()
        lines = [*self.cell.include_lines(self.form), *drivers]
        pins = zip(self.nodes("r"), gates, self.nodes("c"), self.nodes("s"), strict=True)
        for index, nodes in enumerate(pins):
            row, column = self.places[index]
            own = {name: float(values[index]) for name, values in self.variation.items()}
            state = float(self.states[index])
            lines.append(self.cell.instance(f"{row}_{column}", nodes, state, own))
        return lines

    def _gates(self) -> tuple[list[str], list[str]]:
        if self.gates is None or not self.cell.gated:
            return ["0"] * len(self.places), []
        levels = [float(level) for level in np.unique(self.gates) if level != 0]
        names = {0.0: "0", **{level: f"gate{k}" for k, level in enumerate(levels)}}
        drivers = [f"V{names[level]} {names[level]} 0 {text(level)}" for level in levels]
        return [names[float(gate)] for gate in self.gates], drivers


@dataclass(frozen=True, eq=False)
class PortBench:
    """Netlist text of cells with a port network, and the names of what to look at.

    Attributes:
        circuit: elements and subcircuits, without title, options and analysis.
        driver: vector of the driver's voltage.
        row_voltage: per cell, vector of the voltage where it meets its row line.
        column_voltage: per cell, where it meets its column line.
        states: per cell, vector of the state's deviation from its initial value.
    """

    circuit: str
    driver: str
    row_voltage: tuple[str, ...]
    column_voltage: tuple[str, ...]
    states: tuple[str, ...]

    @property
    def vectors(self) -> tuple[str, ...]:
        """Every vector of the bench."""
        return (self.driver, *self.row_voltage, *self.column_voltage, *self.states)


def port_bench(
    cells: PortCells,
    conductances: Array,
    driver: str,
    *,
    capacitances: Array | None = None,
) -> PortBench:
    """Return cells and the mesh that stands for the rest of their array.

    Args:
        cells: k cells.
        conductances: (2k, 2k + 2) S, between the row nodes of all cells, then their column
            nodes, then the driver and ground; a negative one is written as a negative resistor.
        driver: value of the driver's voltage source, such as ``PWL(0 0 1n 1)``.
        capacitances: F, a second mesh of the same shape.

    Raises:
        NetlistError: a mesh of another size, or one that is not finite.
    """
    names = [*cells.nodes("r"), *cells.nodes("c"), "driver", "0"]
    body = [
        *cells.lines(),
        f"Vdriver driver 0 {driver}",
        *_mesh("R", conductances, names),
    ]
    if capacitances is not None:
        body += _mesh("C", capacitances, names)
    voltage = {letter: tuple(f"v({node})" for node in cells.nodes(letter)) for letter in "rcs"}
    return PortBench(
        circuit="\n".join(body) + "\n",
        driver="v(driver)",
        row_voltage=voltage["r"],
        column_voltage=voltage["c"],
        states=voltage["s"],
    )


def _mesh(letter: str, values: Array, names: Sequence[str]) -> list[str]:
    size = len(names) - 2
    if values.shape != (size, size + 2) or not np.isfinite(values).all():
        raise NetlistError(
            f"the mesh of {size // 2} cells must be ({size}, {size + 2}) finite numbers, not "
            f"{values.shape}"
        )
    total = np.abs(values).sum(axis=1)
    # driver and ground take any current
    other = np.concatenate([total, np.full(2, np.inf)])
    least = _NEGLIGIBLE * np.minimum(total[:, np.newaxis], other)
    upper = np.arange(size + 2) > np.arange(size)[:, np.newaxis]
    first, second = np.nonzero(upper & (np.abs(values) > least))
    found = values[first, second]
    given = 1 / found if letter == "R" else found
    joined = enumerate(zip(first.tolist(), second.tolist(), given.tolist(), strict=True))
    return [f"{letter}mesh{k} {names[a]} {names[b]} {text(value)}" for k, (a, b, value) in joined]
