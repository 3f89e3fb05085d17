"""Test benches: many cells side by side under one driver, each with its own ammeter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySpice.Spice.Netlist import Circuit

from pyspice_netlists.cells import Cell
from pyspice_netlists.elements import text
from pyspice_netlists.errors import NetlistError
from pyspice_netlists.interfaces import Form

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Bench:
    """Netlist text of a bench, and the names of what to look at.

    Attributes:
        circuit: elements and subcircuits, without title, options and analysis.
        voltage: vector of the driver's voltage.
        currents: per cell, vector of the current into its bit line.
        states: per cell, vector of the state's deviation from its initial value.
        gate: vectors of the gate driver's voltage and current; empty without transistors.
    """

    circuit: str
    voltage: str
    currents: tuple[str, ...]
    states: tuple[str, ...]
    gate: tuple[str, ...]

    @property
    def vectors(self) -> tuple[str, ...]:
        """Every vector of the bench."""
        return (self.voltage, *self.currents, *self.states, *self.gate)


def cell_bench(
    cell: Cell,
    source: str,
    *,
    form: Form,
    initial_state: Array,
    variation: Mapping[str, Array] | None = None,
    gate: float = 0.0,
) -> Bench:
    """Return cells in parallel under one driver; their source lines are grounded.

    Args:
        cell: the kind of cell.
        source: value of the driver's voltage source, such as ``SIN(0 1.5 1000)``.
        form: netlist form of the memristor.
        initial_state: (cells,) state of each cell at the start.
        variation: multipliers by name, each (cells,).
        gate: V, constant word-line voltage of cells with a transistor.

    Raises:
        NetlistError: arrays of different lengths, states outside 0 ... 1.
    """
    states = np.atleast_1d(np.asarray(initial_state, dtype=float))
    cells = states.size
    spread = {name: np.asarray(value, dtype=float) for name, value in (variation or {}).items()}
    for name, value in spread.items():
        if value.shape != (cells,) or not np.all(value > 0):
            raise NetlistError(
                f"variation {name!r} has shape {value.shape}; expected ({cells},) above zero"
            )
    if states.ndim != 1 or not np.all((states >= 0) & (states <= 1)):
        raise NetlistError("initial_state must be one number in 0 ... 1 per cell")
    circuit = Circuit("bench")
    circuit.raw_spice = "\n".join(cell.include_lines(form)) + "\n"
    circuit.V("driver", "bit_line", circuit.gnd, source)
    if cell.gated:
        circuit.V("gate", "word_line", circuit.gnd, text(gate))
    lines = []
    for index in range(cells):
        circuit.V(f"cell{index}", "bit_line", f"bit_line{index}", 0)
        nodes = (f"bit_line{index}", "word_line" if cell.gated else "0", "0", f"state{index}")
        own = {name: float(value[index]) for name, value in spread.items()}
        lines.append(cell.instance(str(index), nodes, float(states[index]), own))
    body = str(circuit).split("\n", 1)[1]  # PySpice writes the title first
    return Bench(
        circuit=body.rstrip("\n") + "\n" + "\n".join(lines) + "\n",
        voltage="v(bit_line)",
        currents=tuple(f"i(vcell{index})" for index in range(cells)),
        states=tuple(f"v(state{index})" for index in range(cells)),
        gate=("v(word_line)", "i(vgate)") if cell.gated else (),
    )
