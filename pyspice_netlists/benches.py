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


@dataclass(frozen=True, eq=False)
class SharedShapes:
    """The sources of cells whose waveforms differ in size only, each written once.

    A cell's voltage is the common one, plus every shape times a factor of the cell.

    Attributes:
        common: value of the voltage source of all cells.
        shapes: values of the sources of the shapes.
        factors: (cells, shapes).
    """

    common: str
    shapes: tuple[str, ...]
    factors: Array


#: Value of a voltage source for all cells, one for each, or shapes that differ in size.
Source = str | Sequence[str] | SharedShapes


@dataclass(frozen=True)
class Port:
    """A terminal that is driven.

    Attributes:
        terminal: its name.
        voltages: vectors of the voltage there: one for all cells, or one per cell.
        currents: per cell, vector of the current into the cell.
        factors: (cells, voltages) when a cell's voltage is the sum of these times ``voltages``.
    """

    terminal: str
    voltages: tuple[str, ...]
    currents: tuple[str, ...]
    factors: Array | None = None


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
    gate: float | str | Array = 0.0,
) -> Bench:
    """Return cells in parallel, each terminal under one driver or one per cell.

    Terminals that the cell's wiring names nowhere are grounded; those that it senses are open.

    Args:
        cell: the kind of cell.
        source: value of the driver's voltage source, such as ``SIN(0 1.5 1000)``, for a cell that
            has one driver; or values by terminal. Each is one for all cells, one per cell, or
            ``SharedShapes``.
        form: netlist form of the memristor.
        initial_state: (cells,) or (cells, memristors) state at the start.
        variation: multipliers and free parameters by name, each (cells,) or (cells, memristors).
        gate: V, of the word line of cells with a transistor, or the value of its source; (cells,)
            gives each a word line of its own.

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
    own_gates = isinstance(gate, np.ndarray)
    if cell.gated:
        nodes["word_line"], gates = _gates(gate, cells)
        lines += gates
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
        gate=("v(word_line)", "i(vgate)") if cell.gated and not own_gates else (),
    )


def _gates(gate: float | str | Array, cells: int) -> tuple[list[str], list[str]]:
    """Return each cell's node at the word line, and the sources there."""
    if not isinstance(gate, np.ndarray):
        return ["word_line"] * cells, [f"Vgate word_line 0 {text(gate)}"]
    if gate.shape != (cells,):
        raise NetlistError(f"gate of shape {gate.shape}: expected ({cells},), one per cell")
    own = [f"word_line{index}" for index in range(cells)]
    volts = gate.tolist()
    return own, [f"Vgate{k} word_line{k} 0 {value!r}" for k, value in enumerate(volts)]


def _port(
    terminal: str, meter: str, source: Source, cells: int
) -> tuple[list[str], list[str], Port]:
    """Return each cell's node at a terminal, the sources and ammeters there, and their vectors."""
    if isinstance(source, SharedShapes):
        return _shaped_port(terminal, meter, source, cells)
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


def _shaped_port(
    terminal: str, meter: str, source: SharedShapes, cells: int
) -> tuple[list[str], list[str], Port]:
    """Return the same for shapes: controlled sources in series with the common driver.

    The first of a cell is its ammeter.
    """
    count = len(source.shapes)
    if source.factors.shape != (cells, count) or not count:
        raise NetlistError(
            f"{terminal}: factors of shape {source.factors.shape}; expected ({cells}, {count}), "
            "of at least one shape"
        )
    own = [f"{terminal}{index}" for index in range(cells)]
    drivers = [f"Vdriver_{meter} {terminal} 0 {source.common}"]
    begin = [terminal] * cells
    for shape, value in enumerate(source.shapes):
        drivers.append(f"Vshape{shape}_{meter} {terminal}_shape{shape} 0 {value}")
        last = shape == count - 1
        end = own if last else [f"{node}_behind{shape}" for node in own]
        label = f"E{meter}" if shape == 0 else f"Eshape{shape}_{meter}"
        falls = (-source.factors[:, shape]).tolist()
        drivers += [
            f"{label}{k} {a} {b} {terminal}_shape{shape} 0 {fall!r}"
            for k, (a, b, fall) in enumerate(zip(begin, end, falls, strict=True))
        ]
        begin = end
    voltages = (f"v({terminal})", *(f"v({terminal}_shape{k})" for k in range(count)))
    factors = np.column_stack([np.ones(cells), source.factors])
    currents = tuple(f"i(e{meter}{k})" for k in range(cells))
    return own, drivers, Port(terminal, voltages, currents, factors)


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
        scales = name in cell.device.multipliers
        allowed = value > 0 if scales else np.isfinite(value)
        if value.shape not in shapes or not np.all(allowed):
            raise NetlistError(
                f"variation {name!r} has shape {value.shape}; expected {shapes[0]} or {shapes[1]},"
                f" {'above zero' if scales else 'finite'}"
            )
    return states, spread
