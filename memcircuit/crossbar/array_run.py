"""Pulses into an array in ngspice: its selected cells with a port network, or all of it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import is_number
from memcircuit.crossbar.charging import array_capacitances, port_capacitances
from memcircuit.crossbar.frozen import FrozenCells, curvature_energy, frozen_movement
from memcircuit.crossbar.plan import ArrayPlan
from memcircuit.crossbar.reduced_plan import Reduction
from memcircuit.crossbar.reduction import PortNetwork
from memcircuit.crossbar.wires import Array
from memcircuit.errors import UsageError
from memcircuit.experiments.cell_record import sample, verilog_a, work_until
from memcircuit.experiments.circuits import device_of
from memcircuit.experiments.time_step import largest_step

if TYPE_CHECKING:
    from memcircuit.simulate import Job, Options
    from memcircuit.simulate.waves import Waves
    from pyspice_netlists import Pulse, PulseSequence, Waveform

#: Why the whole array is simulated when the caller wants it so.
ASKED = "asked for"

# Time points inside a pulse's plateau, at least.
_POINTS_PER_PLATEAU = 10


@dataclass(frozen=True)
class Simulator:
    """How ngspice is run: arguments of ``memcircuit.simulate.ngspice.run_waves``."""

    options: Options | None = None
    time_limit: float = 600.0
    keep: Path | None = None

    def run(self, job: Job, name: str = "") -> Waves:
        """Simulate; ``name`` tells apart the directories of several runs."""
        from memcircuit.simulate.ngspice import run_waves

        keep = self.keep / name if self.keep is not None else None
        return run_waves(job, options=self.options, time_limit=self.time_limit, keep=keep)


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
        network = reduction.networks[number], reduction.frozen[number]
        part = _stretch(plan, states, network, slice(begin, stop), simulator, allowed=allowed)
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


def check_allowed(movement: float) -> None:
    """Refuse what is no allowed movement of a state, with UsageError."""
    if not is_number(movement) or not movement > 0:
        raise UsageError(f"allowed_movement = {movement!r}: expected a number above 0")


def run_checked(
    plan: ArrayPlan, reduction: Reduction | str, simulator: Simulator, *, allowed: float
) -> tuple[ArrayRun, str]:
    """Simulate through a port network if its frozen cells bear it, else the whole array.

    Args:
        plan: the pulses.
        reduction: of the array, or why there is none.
        simulator: how ngspice is run.
        allowed: movement of a frozen cell's state, of 0 ... 1.

    Returns:
        the run, and by which method it was obtained.
    """
    if isinstance(reduction, Reduction):
        reduction = reduction.too_slow(plan.pulses) or reduction
    if isinstance(reduction, Reduction):
        run = run_reduced(plan, reduction, simulator, allowed=allowed)
        bound = np.where(run.simulated, 0.0, run.movement)
        row, column = (int(k) for k in np.unravel_index(bound.argmax(), bound.shape))
        if bound[row, column] <= allowed:
            cells, networks = len(reduction.cells), len(reduction.networks)
            return run, f"port network: {cells} cells simulated, networks: {networks}"
        reduction = (
            f"cell ({row}, {column}) would have moved by {bound[row, column]:.2g} of its range, "
            f"more than {allowed:g}"
        )
    return run_full(plan, simulator), f"full netlist: {reduction}"


def warn_of_full_netlist(*methods: str) -> None:
    """Say, once, that the whole array was simulated though it was not asked for."""
    for method in methods:
        reason = method.removeprefix("full netlist: ")
        if reason not in (method, ASKED):
            warnings.warn(f"the whole array is simulated: {reason}", stacklevel=3)
            return


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
    time = raw.axis
    driver = sequence.waveform.at(time)
    wave = raw.of(bench.states.ravel()).reshape(*shape, -1)
    after = _after_pulses(plan.states, time, wave, sequence)
    delivered = sum(-share * raw[name] for name, share in sources)
    return ArrayRun(
        time=time,
        driver=driver,
        row=raw.of(bench.row_voltage[at]),
        column=raw.of(bench.column_voltage[at]),
        state=plan.states[at][:, np.newaxis] + wave[at],
        energy=_energies(time, driver, np.asarray(delivered), sequence),
        states=after,
        simulated=np.ones(shape, dtype=bool),
        voltage=np.full(shape, np.nan),
        movement=np.abs(after - plan.states).max(axis=0),
        attributes={**raw.attributes, "runs": 1, "state_step": state_step},
    )


def _stretch(
    plan: ArrayPlan, states: Array, made: tuple[PortNetwork, FrozenCells], which: slice,
    simulator: Simulator, *, allowed: float,
) -> ArrayRun:  # fmt: skip
    from pyspice_netlists.port_networks import PortCells, port_bench

    network, frozen = made
    sequence, step, state_step = _timing(plan, plan.pulses[which])
    cells, count = network.cells, len(plan.selection.cells)
    at = tuple(cells.T)
    ports = PortCells(
        plan.cell, [(int(i), int(j)) for i, j in cells], states[at], plan.form,
        {name: value[at] for name, value in plan.variation.items()}, plan.selection.gates[at],
    )  # fmt: skip
    charging = array_capacitances(plan.cell, plan.selection, plan.lines)
    bench = port_bench(
        ports, network.conductances(), sequence.waveform.source(),
        capacitances=None if charging is None else port_capacitances(network, charging),
    )  # fmt: skip
    name = f"pulse{which.start}"
    raw = simulator.run(_job(plan, bench.circuit, sequence, step, bench.vectors), name)
    time, driver = raw.axis, raw[bench.driver]
    row, column = raw.of(bench.row_voltage), raw.of(bench.column_voltage)
    wave = raw.of(bench.states)
    into = network.port_currents(np.concatenate([row, column]).T, driver)
    drive = np.column_stack([into, driver])
    energy = _energies(time, driver, drive @ network.driver_current, sequence)
    if not plan.cell.gated:  # behind closed transistors there is next to no current
        energy += curvature_energy(
            plan.law, states, frozen, network, plan.pulses[which], sequence, time, drive
        )
    seen = frozen_movement(
        plan.cell, states, network, time, driver, into,
        instants=_ends(sequence), allowed=allowed, variation=plan.variation,
    )  # fmt: skip
    simulated = np.zeros(states.shape, dtype=bool)
    simulated[at] = True
    after = np.broadcast_to(states, (len(plan.pulses[which]) + 1, *states.shape)).copy()
    if not plan.cell.gated:  # behind a transistor the memristor sees less than the whole
        after[1:] = np.clip(after[1:] + seen.change, 0.0, 1.0)
    after[:, *at] = _after_pulses(states[at], time, wave, sequence)
    return ArrayRun(
        time=time,
        driver=driver,
        row=row[:count],
        column=column[:count],
        state=(states[at][:, np.newaxis] + wave)[:count],
        energy=energy,
        states=after,
        simulated=simulated,
        voltage=np.where(simulated, np.nan, seen.voltage),
        movement=seen.bound,
        attributes={**raw.attributes, "state_step": state_step},
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
        verilog_a=verilog_a(plan.cell, plan.form),
    )


def _after_pulses(states: Array, time: Array, wave: Array, sequence: PulseSequence) -> Array:
    """Return the states (pulses + 1, ...) at the start and where each next pulse starts.

    Args:
        states: (...) at the start.
        time: (n,) s.
        wave: (..., n) deviation from it.
        sequence: the pulses.
    """
    moved = sample(time, wave, _ends(sequence))
    after = np.concatenate([states[..., np.newaxis], states[..., np.newaxis] + moved], axis=-1)
    return np.asarray(np.clip(np.moveaxis(after, -1, 0), 0.0, 1.0))


def _energies(time: Array, volts: Array, current: Array, sequence: PulseSequence) -> Array:
    return np.asarray(np.diff(work_until(time, volts, current, _ends(sequence)), prepend=0.0))


def _ends(sequence: PulseSequence) -> Array:
    """Return where the gap behind each pulse ends, (pulses,) s."""
    return np.append(sequence.start[1:], sequence.waveform.time[-1])


def _joined_attributes(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    worst = {name: max(part[name] for part in parts) for name in ("attempts", "state_step")}
    total = {name: sum(part[name] for part in parts) for name in ("points", "wall_time")}
    return {**parts[-1], **worst, **total, "runs": len(parts)}
