"""A transient of a whole array in ngspice, with everything that an energy balance asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from memcircuit.crossbar.array_run import Simulator
from memcircuit.crossbar.array_waves import ArrayWaves, array_waves
from memcircuit.crossbar.cell_elements import CellElements, Resistors, elements_of_cells
from memcircuit.crossbar.line_drive import (
    LineDrives,
    line_potentials,
    line_sources,
)
from memcircuit.crossbar.selection import GateLines
from memcircuit.crossbar.wires import Array, Lines
from memcircuit.devices.device import Form
from memcircuit.experiments.cell_record import verilog_a

if TYPE_CHECKING:
    from memcircuit.simulate import Options
    from pyspice_netlists import Cell, CellArray, ResistorArray


def damped_options() -> Options:
    """Return options with which the currents of gates at held lines do not ring.

    The trapezoidal rule lets a current that should have died out long ago alternate from step to
    step: 0.3 % of an output after the edge of an integrated transistor's gate. A hundredth away
    from that rule it dies out, and states are as before. The price is energy: on an edge a
    capacitance takes a little more than it holds. That is up to some 1e-3 of what is delivered
    where the gates charge more than flows through the cells, and more where drivers take nearly
    all of it back; without damping some 1e-5. So it is for runs in which a gate moves.
    """
    from memcircuit.simulate import Options

    return Options(extra=("xmu=0.49",))


@dataclass(frozen=True, eq=False)
class DrivenArray:
    """An array with a drive on every line.

    Attributes:
        lines: resistances and capacitances of the lines; inf at both ends of an open one.
        cells: as netlist lines.
        elements: what is in the cells, for the energy.
        rows: drives of the row lines.
        columns: drives of the column lines.
        gates: drives of the gate lines; of no line without transistors.
        files: Verilog-A files of the devices.
        title: what it is.
    """

    lines: Lines
    cells: CellArray | ResistorArray
    elements: CellElements
    rows: LineDrives
    columns: LineDrives
    gates: LineDrives
    files: tuple[Path, ...]
    title: str

    @property
    def states(self) -> Array:
        """States at the start, (rows, columns); (0, 0) of resistors."""
        return np.asarray(getattr(self.cells, "states", np.zeros((0, 0))))

    def simulate(
        self, stop: float, step: float, simulator: Simulator
    ) -> tuple[ArrayWaves, Mapping[str, Any]]:
        """Return the waveforms up to ``stop`` (s) in steps of at most ``step`` (s).

        Some 60 bytes for every cell and time point are held in memory.

        Returns:
            the waveforms, and how they were obtained.
        """
        from memcircuit.simulate import Job, Transient
        from pyspice_netlists import crossbar_bench

        sources = line_sources(self.lines, self.rows, self.columns)
        bench = crossbar_bench(self.lines, self.cells, sources)
        inner = self.elements.inner
        asked = [str(name) for names in inner.values() for name in names.flat]
        gates = [f"i(vgate{line})" for line in range(len(self.gates.each))]
        job = Job(
            title=self.title,
            circuit=bench.circuit,
            analysis=Transient(stop=stop, step=step, max_step=step),
            vectors=(*bench.vectors, *gates, *asked),
            verilog_a=self.files,
        )
        raw = simulator.run(job)
        time = raw.axis
        waves = array_waves(
            raw,
            bench,
            ends=line_potentials(self.lines, self.rows, self.columns, time),
            gate=self.gates.at(time),
            states=self.states,
            inner=inner,
        )
        return waves, raw.attributes


def driven_resistors(
    conductances: Array, lines: Lines, rows: LineDrives, columns: LineDrives
) -> DrivenArray:
    """Return an array of resistors of these conductances, (rows, columns) S."""
    from pyspice_netlists import ResistorArray

    count, across = lines.shape
    return DrivenArray(
        lines=lines.opened(rows.open, columns.open),
        cells=ResistorArray(conductances),
        elements=Resistors(conductances),
        rows=rows,
        columns=columns,
        gates=LineDrives("gates", ()),
        files=(),
        title=f"drives on an array of {count} x {across} resistors",
    )


def driven_cells(
    cell: Cell,
    states: Array,
    lines: Lines,
    rows: LineDrives,
    columns: LineDrives,
    gates: LineDrives,
    *,
    gate_lines: GateLines,
    variation: Mapping[str, Array],
    form: Form,
) -> DrivenArray:
    """Return an array of cells in these states, (rows, columns)."""
    from pyspice_netlists import CellArray

    cells = CellArray(
        cell, states, form, variation,
        gate=gates.sources() if cell.gated else None, gate_lines=gate_lines,
    )  # fmt: skip
    count, across = lines.shape
    return DrivenArray(
        lines=lines.opened(rows.open, columns.open),
        cells=cells,
        elements=elements_of_cells(cell, lines.shape, variation, gate_lines),
        rows=rows,
        columns=columns,
        gates=gates,
        files=verilog_a(cell, form),
        title=f"drives on an array of {count} x {across} {cell.name}",
    )
