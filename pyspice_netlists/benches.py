"""Test benches: many cells side by side under common drivers, each with its own ammeters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyspice_netlists.cells import Cell
from pyspice_netlists.elements import text
from pyspice_netlists.errors import NetlistError
from pyspice_netlists.interfaces import Form

Array = NDArray[np.float64]
#: Value of a voltage source for all cells, or one for each.
Source = str | Sequence[str]


@dataclass(frozen=True)
class Port:
    """A terminal that is driven.

    Attributes:
        terminal: its name.
        voltages: vector of the voltage there: one for all cells, or one per cell.
        currents: per cell, vector of the current into the cell.
    """

    terminal: str
    voltages: tuple[str, ...]
    currents: tuple[str, ...]


@dataclass(frozen=True)
class Bench:
    """Netlist text of a bench, and the names of what to look at.

    Attributes:
        circuit: elements and subcircuits, without title, options and analysis.
        ports: the driven terminals, the first that of the programming driver.
        opened: by open terminal, per cell, vector of its voltage.
        states: per cell and, within a cell, per memristor: vectors of the state's deviation from
            its initial value.
        gate: vectors of the gate driver's voltage and current; empty without transistors.
    """

    circuit: str
    ports: tuple[Port, ...]
    opened: Mapping[str, tuple[str, ...]]
    states: tuple[str, ...]
    gate: tuple[str, ...]

    @property
    def voltage(self) -> str:
        """Vector of the driver's voltage, of the first cell when each has a driver."""
        return self.ports[0].voltages[0]

    @property
    def currents(self) -> tuple[str, ...]:
        """Per cell, vector of the current from the driver."""
        return self.ports[0].currents

    @property
    def vectors(self) -> tuple[str, ...]:
        """Every vector of the bench."""
        driven = [name for port in self.ports for name in (*port.voltages, *port.currents)]
        sensed = [name for names in self.opened.values() for name in names]
        return (*driven, *sensed, *self.states, *self.gate)


def cell_bench(
    cell: Cell,
    source: Source | Mapping[str, Source],
    *,
    form: Form,
    initial_state: Array,
    variation: Mapping[str, Array] | None = None,
    gate: float | str = 0.0,
) -> Bench:
    """Return cells in parallel, each terminal under one driver or one per cell.

    Terminals that the cell's wiring names nowhere are grounded; those that it senses are open.

    Args:
        cell: the kind of cell.
        source: value of the driver's voltage source, such as ``SIN(0 1.5 1000)``, for a cell that
            has one driver; or values by terminal. Each is one for all cells or one per cell.
        form: netlist form of the memristor.
        initial_state: (cells,) or (cells, memristors) state at the start.
        variation: multipliers by name, each (cells,) or (cells, memristors).
        gate: V, of the word line of cells with a transistor, or the value of its source.

    Raises:
        NetlistError: a terminal without source, arrays of different lengths, states outside
            0 ... 1.
    """
    states, spread = _checked(cell, initial_state, variation)
    cells = len(states)
    sources = dict(source) if isinstance(source, Mapping) else {cell.wiring.driven[0]: source}
    for name, volts in cell.wiring.constant.items():
        sources.setdefault(name, text(volts))
    wanted = set(cell.wiring.driven)
    if set(sources) != wanted:
        raise NetlistError(
            f"cell {cell.name!r} has the driven terminals {', '.join(sorted(wanted))}; sources "
            f"were given for {', '.join(sorted(sources))}"
        )
    lines = list(cell.include_lines(form))
    nodes: dict[str, list[str]] = {}
    ports = []
    for number, terminal in enumerate(cell.wiring.driven):
        meter = "cell" if number == 0 else terminal
        nodes[terminal], drivers, port = _port(terminal, meter, sources[terminal], cells)
        lines += drivers
        ports.append(port)
    opened = {
        terminal: [f"{terminal}{index}" for index in range(cells)] for terminal in cell.wiring.open
    }
    if cell.gated:
        lines.append(f"Vgate word_line 0 {text(gate)}")
        nodes["word_line"] = ["word_line"] * cells
    state_names = [pin for pin in cell.pins if pin not in cell.terminals]
    state_nodes = [[f"{pin}{'' if pin == 'state' else '_'}{k}" for k in range(cells)]
                   for pin in state_names]  # fmt: skip
    places = [(nodes | opened).get(name, ["0"] * cells) for name in cell.terminals]
    labels = [str(index) for index in range(cells)]
    lines += cell.instances(labels, [*places, *state_nodes], states, spread)
    return Bench(
        circuit="\n".join(lines) + "\n",
        ports=tuple(ports),
        opened={name: tuple(f"v({node})" for node in found) for name, found in opened.items()},
        states=tuple(f"v({node})" for own in zip(*state_nodes, strict=True) for node in own),
        gate=("v(word_line)", "i(vgate)") if cell.gated else (),
    )


def _port(
    terminal: str, meter: str, source: Source, cells: int
) -> tuple[list[str], list[str], Port]:
    """Return each cell's node at a terminal, the sources and ammeters there, and their vectors."""
    if isinstance(source, str):
        name = "driver" if meter == "cell" else f"driver_{meter}"
        drivers = [f"V{name} {terminal} 0 {source}"]
        drive = [terminal] * cells
        voltages: tuple[str, ...] = (f"v({terminal})",)
    else:
        if len(source) != cells:
            raise NetlistError(f"{terminal}: {len(source)} sources for {cells} cells")
        drive = [f"{terminal}_driver{index}" for index in range(cells)]
        drivers = [
            f"Vdriver_{meter}{k} {node} 0 {value}"
            for k, (node, value) in enumerate(zip(drive, source, strict=True))
        ]
        voltages = tuple(f"v({node})" for node in drive)
    own = [f"{terminal}{index}" for index in range(cells)]
    drivers += [f"V{meter}{k} {a} {b} 0" for k, (a, b) in enumerate(zip(drive, own, strict=True))]
    return own, drivers, Port(terminal, voltages, tuple(f"i(v{meter}{k})" for k in range(cells)))


def _checked(
    cell: Cell, initial_state: Array, variation: Mapping[str, Array] | None
) -> tuple[Array, dict[str, Array]]:
    states = np.atleast_1d(np.asarray(initial_state, dtype=float))
    cells, several = len(states), len(cell.memristors)
    shapes = ((cells,), (cells, several))
    if states.shape not in shapes or not np.all((states >= 0) & (states <= 1)):
        raise NetlistError(
            f"initial_state of shape {states.shape}: expected one number in 0 ... 1 per cell, or "
            f"(cells, {several})"
        )
    spread = {name: np.asarray(value, dtype=float) for name, value in (variation or {}).items()}
    for name, value in spread.items():
        if value.shape not in shapes or not np.all(value > 0):
            raise NetlistError(
                f"variation {name!r} has shape {value.shape}; expected {shapes[0]} or {shapes[1]},"
                " above zero"
            )
    return states, spread
