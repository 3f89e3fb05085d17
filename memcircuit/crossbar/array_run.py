"""Pulses into an array in ngspice: its selected cells with a port network, or all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.crossbar.cell_law import CellLaw
from memcircuit.crossbar.charging import cell_capacitances, port_capacitances
from memcircuit.crossbar.frozen import (
    FrozenCells,
    cells_to_simulate,
    freeze,
    frozen_movement,
)
from memcircuit.crossbar.reduction import PortNetwork, reduce_array
from memcircuit.crossbar.selection import Selection
from memcircuit.crossbar.wires import Array, Lines
from memcircuit.devices.device import Form
from memcircuit.experiments.circuits import device_of
from memcircuit.experiments.time_step import largest_step

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.simulate import Job, Options
    from pyspice_netlists import Cell, Pulse, PulseSequence, Waveform

# One network serves pulses of several amplitudes while it errs by less than this share of the
# driver at each port: at an e-fold rate per 0.12 V and 1.8 V, by 0.015 % of a pulse.
_SAME_NETWORK = 1e-5
# Time points inside a pulse's plateau, at least.
_POINTS_PER_PLATEAU = 10
# What is below this share of what is at its nodes is rounding of the mesh's inversion.
_NEGLIGIBLE = 1e-12


@dataclass(frozen=True, eq=False)
class ArrayPlan:
    """Pulses for selected cells of an array.

    Attributes:
        cell: the kind of cell.
        law: its current.
        lines: resistances of the lines.
        selection: the selected cells and what the other lines are given.
        states: (rows, columns) at the start.
        variation: multipliers by name, each (rows, columns).
        pulses: of the driver, in order.
        gap: s, before each pulse and after the last.
        form: netlist form of the memristors.
    """

    cell: Cell
    law: CellLaw
    lines: Lines
    selection: Selection
    states: Array
    variation: Mapping[str, Array]
    pulses: tuple[Pulse, ...]
    gap: float
    form: Form


@dataclass(frozen=True)
class Simulator:
    """How ngspice is run: arguments of ``memcircuit.simulate.run``."""

    options: Options | None = None
    time_limit: float = 600.0
    keep: Path | None = None

    def run(self, job: Job, name: str = "") -> xr.Dataset:
        """Simulate; ``name`` tells apart the directories of several runs."""
        from memcircuit.simulate import run

        keep = self.keep / name if self.keep is not None else None
        return run(job, options=self.options, time_limit=self.time_limit, keep=keep)


@dataclass(frozen=True, eq=False)
class ArrayRun:
    """What the pulses did.

    Attributes:
        time: (n,) s.
        driver: (n,) V.
        row: (selected, n) V, where the selected cells meet their row lines.
        column: (selected, n) V, where they meet their column lines.
        state: (selected, n).
        energy: (pulses,) J, that the driver delivered until the next pulse starts.
        states: (pulses + 1, rows, columns) at the start and after each pulse.
        simulated: (rows, columns) whether the cell was simulated.
        voltage: (rows, columns) V, largest across each cell; nan for those simulated.
        movement: (rows, columns) largest of the changes of state seen after a pulse of those
            simulated; a bound for the others.
        attributes: of the simulations.
    """

    time: Array
    driver: Array
    row: Array
    column: Array
    state: Array
    energy: Array
    states: Array
    simulated: NDArray[np.bool_]
    voltage: Array
    movement: Array
    attributes: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Reduction:
    """An array made ready: which cells are simulated, and their port network for each amplitude.

    Attributes:
        cells: (k, 2) row and column of the simulated cells, the selected ones first.
        networks: the port networks.
        choice: by amplitude of the pulses (V), the number of its network.
    """

    cells: NDArray[np.int64]
    networks: tuple[PortNetwork, ...]
    choice: Mapping[float, int]


def reduce_plan(plan: ArrayPlan) -> Reduction | str:
    """Return the port networks for the pulses, or why none can stand for the array.

    There is one at the plateau of each amplitude that the earlier ones do not fit. None can stand
    for more cells behind closed transistors than one row and one column hold, nor for transistors
    on open lines, whose potential their capacitances decide.
    """
    selection, gated = plan.selection, plan.cell.gated
    if gated and None in (selection.bias.row, selection.bias.column):
        return "the capacitances of transistors decide the potential of open lines"
    levels = list(dict.fromkeys(float(pulse.amplitude) for pulse in plan.pulses))
    frozen = freeze(plan.law, plan.states, selection, plan.lines, levels)
    cells = cells_to_simulate(frozen, selection, gated=gated)
    if len(cells) > sum(selection.shape) + len(selection.cells):
        return f"{len(cells)} cells are selected or see the pulses behind closed transistors"
    found: list[tuple[FrozenCells, PortNetwork]] = []
    choice: dict[float, int] = {}
    for level, point in zip(levels, frozen, strict=True):
        errors = [known.misfit(point, network) for known, network in found]
        if not errors or min(errors) > _SAME_NETWORK:
            network = reduce_array(plan.lines, selection, cells, point.g, point.source)
            found.append((point, network))
            choice[level] = len(found) - 1
        else:
            choice[level] = int(np.argmin(errors))
    return Reduction(cells, tuple(network for _, network in found), choice)


def run_reduced(
    plan: ArrayPlan, reduction: Reduction, simulator: Simulator, *, allowed: float
) -> ArrayRun:
    """Simulate the cells of a reduction, one run for each stretch of pulses with one network.

    States are carried from a stretch to the next; charge that transistors still hold after the
    gap is not.

    Args:
        plan: the pulses.
        reduction: of a plan that differs in nothing but the number and width of the pulses and
            the states of the simulated cells.
        simulator: how ngspice is run.
        allowed: movement of a frozen cell up to which a rough bound will do.
    """
    at = tuple(reduction.cells.T)
    states, parts, moved = plan.states, [], np.zeros(plan.states.shape)
    begin = 0
    numbers = [reduction.choice[float(pulse.amplitude)] for pulse in plan.pulses]
    for number, group in groupby(numbers):
        stop = begin + len(list(group))
        part = _stretch(plan, states, reduction.networks[number], slice(begin, stop), simulator,
                        allowed=allowed)  # fmt: skip
        parts.append(part)
        moved += part.movement
        states, begin = part.states[-1], stop
    after = np.concatenate([parts[0].states[:1], *(part.states[1:] for part in parts)])
    moved[at] = np.abs(after - plan.states).max(axis=0)[at]
    ends = np.cumsum([part.time[-1] for part in parts])
    shifted = [part.time + end - part.time[-1] for part, end in zip(parts, ends, strict=True)]

    def joined(name: str) -> Array:
        return np.concatenate([getattr(part, name) for part in parts], axis=-1)

    return ArrayRun(
        time=np.concatenate(shifted),
        driver=joined("driver"),
        row=joined("row"),
        column=joined("column"),
        state=joined("state"),
        energy=joined("energy"),
        states=after,
        simulated=parts[0].simulated,
        voltage=np.maximum.reduce([part.voltage for part in parts]),
        movement=moved,
        attributes=_joined_attributes([part.attributes for part in parts]),
    )


def run_full(plan: ArrayPlan, simulator: Simulator) -> ArrayRun:
    """Simulate the whole array; the waveform of every state is held in memory."""
    from pyspice_netlists.crossbars import CellArray, LineEnds, crossbar_bench

    selection, shape = plan.selection, plan.states.shape
    sequence, step, state_step = _timing(plan, plan.pulses)
    row, column = (
        [_source(sequence.waveform, share) if share else 0.0 for share in shares]
        for shares in (selection.row_share, selection.column_share)
    )
    gated = plan.cell.gated
    array = CellArray(
        plan.cell, plan.states, plan.form, plan.variation,
        gate=selection.gate_voltage if gated else None, gate_lines=selection.gate_lines,
    )  # fmt: skip
    ends = LineEnds(left=row, right=row, top=column, bottom=column)
    bench = crossbar_bench(selection.lines(plan.lines), array, ends)
    sources = [
        (name, share)
        for names, shares in (
            (bench.left, selection.row_share), (bench.right, selection.row_share),
            (bench.top, selection.column_share), (bench.bottom, selection.column_share),
        )
        for name, share in zip(names, shares, strict=True)
        if name and share
    ]  # fmt: skip
    at = (selection.rows, selection.columns)
    names = (bench.row_voltage[at], bench.column_voltage[at], bench.states.ravel())
    vectors = dict.fromkeys([*np.concatenate(names), *(name for name, _ in sources)])
    raw = simulator.run(_job(plan, bench.circuit, sequence, step, tuple(vectors)))
    time = raw["time"].to_numpy()
    driver = sequence.waveform.at(time)
    wave = raw[list(bench.states.flat)].to_dataarray().to_numpy().reshape(*shape, -1)
    after = _after_pulses(plan.states, time, wave, sequence)
    delivered = sum(-share * raw[name].to_numpy() for name, share in sources)
    return ArrayRun(
        time=time,
        driver=driver,
        row=_vectors(raw, bench.row_voltage[at]),
        column=_vectors(raw, bench.column_voltage[at]),
        state=plan.states[at][:, np.newaxis] + wave[at],
        energy=_energies(time, driver * delivered, sequence),
        states=after,
        simulated=np.ones(shape, dtype=bool),
        voltage=np.full(shape, np.nan),
        movement=np.abs(after - plan.states).max(axis=0),
        attributes={**raw.attrs, "runs": 1, "state_step": state_step},
    )


def _stretch(
    plan: ArrayPlan, states: Array, network: PortNetwork, which: slice, simulator: Simulator,
    *, allowed: float,
) -> ArrayRun:  # fmt: skip
    from pyspice_netlists.port_networks import PortCells, port_bench

    sequence, step, state_step = _timing(plan, plan.pulses[which])
    cells, count = network.cells, len(plan.selection.cells)
    at = tuple(cells.T)
    ports = PortCells(
        plan.cell, [(int(i), int(j)) for i, j in cells], states[at], plan.form,
        {name: value[at] for name, value in plan.variation.items()}, plan.selection.gates[at],
    )  # fmt: skip
    charging = cell_capacitances(plan.cell, plan.selection)
    bench = port_bench(
        ports, network.conductances(), sequence.waveform.source(), negligible=_NEGLIGIBLE,
        capacitances=None if charging is None else port_capacitances(network, charging),
    )  # fmt: skip
    name = f"pulse{which.start}"
    raw = simulator.run(_job(plan, bench.circuit, sequence, step, bench.vectors), name)
    time, driver = raw["time"].to_numpy(), raw[bench.driver].to_numpy()
    row, column = _vectors(raw, bench.row_voltage), _vectors(raw, bench.column_voltage)
    wave = _vectors(raw, bench.states)
    into = network.port_currents(np.concatenate([row, column]).T, driver)
    delivered = np.column_stack([into, driver]) @ network.driver_current
    seen = frozen_movement(
        device_of(plan.cell), states, network, time, driver, into,
        allowed=allowed, variation=plan.variation,
    )  # fmt: skip
    simulated = np.zeros(states.shape, dtype=bool)
    simulated[at] = True
    after = np.broadcast_to(states, (len(plan.pulses[which]) + 1, *states.shape)).copy()
    after[:, *at] = _after_pulses(states[at], time, wave, sequence)
    return ArrayRun(
        time=time,
        driver=driver,
        row=row[:count],
        column=column[:count],
        state=(states[at][:, np.newaxis] + wave)[:count],
        energy=_energies(time, driver * delivered, sequence),
        states=after,
        simulated=simulated,
        voltage=np.where(simulated, np.nan, seen.voltage),
        movement=seen.state,
        attributes={**raw.attrs, "state_step": state_step},
    )


def _source(waveform: Waveform, share: float) -> str:
    return replace(waveform, voltage=share * waveform.voltage).source()


def _timing(plan: ArrayPlan, pulses: Sequence[Pulse]) -> tuple[PulseSequence, float, float]:
    from pyspice_netlists import pulse_sequence

    sequence = pulse_sequence(pulses, gap=plan.gap)
    coarse = min(pulse.width for pulse in pulses) / _POINTS_PER_PLATEAU
    duration = float(sequence.waveform.time[-1])
    amplitudes = [pulse.amplitude for pulse in pulses]
    limit = largest_step(device_of(plan.cell), amplitudes, coarse, duration)
    return sequence, limit.step, limit.state_step


def _job(
    plan: ArrayPlan, circuit: str, sequence: PulseSequence, step: float, vectors: tuple[str, ...]
) -> Job:
    from memcircuit.simulate import Job, Transient

    rows, columns = plan.selection.shape
    return Job(
        title=f"{len(sequence.start)} pulses in an array of {rows} x {columns} {plan.cell.name}",
        circuit=circuit,
        analysis=Transient(stop=float(sequence.waveform.time[-1]), step=step, max_step=step),
        vectors=vectors,
        verilog_a=device_of(plan.cell).verilog_a(plan.form),
    )


def _vectors(raw: xr.Dataset, names: Sequence[str] | NDArray[np.object_]) -> Array:
    return np.stack([raw[name].to_numpy() for name in names])


def _after_pulses(states: Array, time: Array, wave: Array, sequence: PulseSequence) -> Array:
    """Return the states (pulses + 1, ...) at the start and where each next pulse starts.

    Args:
        states: (...) at the start.
        time: (n,) s.
        wave: (..., n) deviation from it.
        sequence: the pulses.
    """
    instants = _ends(sequence)
    place = np.clip(np.searchsorted(time, instants), 1, time.size - 1)
    share = (instants - time[place - 1]) / (time[place] - time[place - 1])
    moved = wave[..., place - 1] * (1 - share) + wave[..., place] * share
    after = np.concatenate([states[..., np.newaxis], states[..., np.newaxis] + moved], axis=-1)
    return np.asarray(np.clip(np.moveaxis(after, -1, 0), 0.0, 1.0))


def _energies(time: Array, power: Array, sequence: PulseSequence) -> Array:
    steps = 0.5 * (power[1:] + power[:-1]) * np.diff(time)
    until = np.interp(_ends(sequence), time, np.append(0.0, np.cumsum(steps)))
    return np.asarray(np.diff(until, prepend=0.0))


def _ends(sequence: PulseSequence) -> Array:
    """Return where the gap behind each pulse ends, (pulses,) s."""
    return np.append(sequence.start[1:], sequence.waveform.time[-1])


def _joined_attributes(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    worst = {name: max(part[name] for part in parts) for name in ("attempts", "state_step")}
    total = {name: sum(part[name] for part in parts) for name in ("points", "wall_time")}
    return {**parts[-1], **worst, **total, "runs": len(parts)}
