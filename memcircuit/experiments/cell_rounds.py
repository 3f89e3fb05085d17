"""Rounds of closed-loop writing: cells side by side, each with its own pulses and then a read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from memcircuit.devices.device import Form
from memcircuit.experiments.cell_record import CellRecord, sample, terminal_sources, verilog_a
from memcircuit.experiments.circuits import (
    gate_voltage,
    memristor_of,
    netlist_form,
    pulse_gap,
    read_pulse,
)
from memcircuit.experiments.state_record import state_record
from memcircuit.experiments.time_step import largest_step

if TYPE_CHECKING:
    from memcircuit.simulate import Options
    from pyspice_netlists import Cell, Pulse, PulseSequence

Array = NDArray[np.float64]
Train = Sequence["Pulse"]

# Time points inside a pulse's plateau, at least.
_POINTS_PER_PLATEAU = 10


@dataclass(frozen=True)
class Round:
    """What a round did to its cells.

    Attributes:
        weight: (cells,) S or 1, at the end of the read.
        states: (cells, memristors) after the read.
        energy: (cells,) J, that the drivers but the gate's delivered in the pulses.
        read_energy: (cells,) J, and in the read.
    """

    weight: Array
    states: Array
    energy: Array
    read_energy: Array

    def part(self, first: int, stop: int) -> Round:
        """Return the same of some of the cells."""
        which = slice(first, stop)
        return Round(
            self.weight[which], self.states[which], self.energy[which], self.read_energy[which]
        )


@dataclass(frozen=True)
class CellRounds:
    """How every round is simulated.

    Attributes:
        cell: the kind of cell.
        reading: the read pulse.
        gap: s, between pulses, whatever their widths.
        gate: V, of the word line.
        form: netlist form.
        options: simulator options.
        time_limit: s, wall clock of each round.
    """

    cell: Cell
    reading: Pulse
    gap: float
    gate: float
    form: Form
    options: Options | None
    time_limit: float

    def run(self, states: Array, variation: Mapping[str, Array], trains: Sequence[Train]) -> Round:
        """Give each cell its pulses, then a read.

        Args:
            states: (cells, memristors) at the start.
            variation: multipliers by name, (cells,) or (cells, memristors).
            trains: of each cell, programming pulses in order; may be none.

        Raises:
            UsageError: a voltage or a number of pulses beyond reason.
            SimulationError: the simulator gave no trustworthy result.
        """
        from memcircuit.simulate import Job, Transient
        from memcircuit.simulate.ngspice import run_waves
        from pyspice_netlists import cell_bench, pulse_sequence

        cell = self.cell
        sequences = [pulse_sequence([*train, self.reading], self.gap) for train in trains]
        pulses = {self.reading, *(pulse for train in trains for pulse in train)}
        stop = max(float(sequence.waveform.time[-1]) for sequence in sequences)
        limit = largest_step(
            memristor_of(cell), sorted({pulse.amplitude for pulse in pulses}),
            min(pulse.width for pulse in pulses) / _POINTS_PER_PLATEAU, stop, self.form,
        )  # fmt: skip
        bench = cell_bench(
            cell, self._sources(sequences), form=self.form, initial_state=states,
            variation=variation, gate=self.gate,
        )  # fmt: skip
        record, power = state_record(cell, bench, states), CellRecord(cell, bench)
        raw = run_waves(
            Job(
                title=f"pulses and a read of {len(states)} x {cell.name}",
                circuit=bench.circuit,
                analysis=Transient(stop=stop, step=limit.step, max_step=limit.step),
                vectors=replace(bench, states=record.vectors).vectors,
                verilog_a=verilog_a(cell, self.form),
            ),
            options=self.options,
            time_limit=self.time_limit,
        )
        # Every cell has its own instants: what is not its own is dropped.
        begin, read, end = (
            np.array([instants[k] for instants in found])
            for found, k in (
                ([s.start for s in sequences], 0),
                ([s.start for s in sequences], -1),
                ([s.waveform.time for s in sequences], -1),
            )
        )
        top = np.array([s.read_instants[-1] for s in sequences])
        found = sample(raw.axis, record.waves(raw), end)
        after = found.reshape(len(states), -1, len(states))
        return Round(
            _own(power.weight(raw, top, self.reading.amplitude)),
            np.clip(np.einsum("kmk->km", after), 0.0, 1.0),
            _own(power.energy(raw, begin, read)),
            _own(power.energy(raw, read, end)),
        )

    def _sources(self, sequences: Sequence[PulseSequence]) -> dict[str, list[str]]:
        """Return the sources of every terminal, one per cell."""
        each = [
            terminal_sources(self.cell, s, np.arange(s.start.size) == s.start.size - 1)
            for s in sequences
        ]
        return {terminal: [own[terminal] for own in each] for terminal in each[0]}


def cell_rounds(
    cell: Cell,
    pulses: Sequence[Pulse],
    *,
    read: Pulse | float | None,
    gate: float | None,
    form: Form | None,
    options: Options | None,
    time_limit: float,
) -> CellRounds:
    """Return how rounds of a cell are simulated; see ``write_verify_cells``.

    Args:
        cell: the kind of cell.
        pulses: the longest that it is programmed with.
        read: read pulse, or its amplitude in V; the card's when None.
        gate: V.
        form: netlist form.
        options: simulator options.
        time_limit: s.
    """
    reading = read_pulse(memristor_of(cell), read, min(pulse.width for pulse in pulses))
    gap = pulse_gap((*pulses, reading))
    return CellRounds(
        cell, reading, gap, gate_voltage(cell, gate), netlist_form(form), options, time_limit
    )


def read_ends(
    rounds: CellRounds, states: Array, variation: Mapping[str, Array]
) -> tuple[Round, Array, tuple[float, float]]:
    """Read cells as they are, and with every memristor at the end of its range.

    Args:
        rounds: how they are read.
        states: (cells, memristors).
        variation: multipliers by name, (cells,) or (cells, memristors).

    Returns:
        the read of the cells as they are; lowest and highest weight of each, (cells, 2); lowest
        and highest weight of a cell without variation.
    """
    cells, raises = len(states), _raises(rounds.cell)
    low, high = np.where(raises, 0.0, 1.0), np.where(raises, 1.0, 0.0)
    shape = (cells, raises.size)
    ends = [np.broadcast_to(end, shape) for end in (low, high)]
    every = [states, *ends, np.stack([low, high])]
    spread = {
        name: np.concatenate([values, values, values, np.ones((2, *values.shape[1:]))])
        for name, values in variation.items()
    }
    read = rounds.run(np.concatenate(every), spread, [()] * (3 * cells + 2))
    own = np.sort(read.weight[cells : 3 * cells].reshape(2, cells).T, axis=1)
    lowest, highest = sorted(float(weight) for weight in read.weight[3 * cells :])
    return read.part(0, cells), own, (lowest, highest)


def _raises(cell: Cell) -> NDArray[np.bool_]:
    """Return of which memristors a higher conductance raises the cell's weight."""
    ones = np.ones(len(cell.memristors))
    alone = float(cell.weight(ones))
    return np.array([float(cell.weight(ones + own)) > alone for own in np.eye(ones.size)])


def _own(values: Array) -> Array:
    """Return of (cells, instants) each cell's own instant."""
    return np.diagonal(values).copy()
