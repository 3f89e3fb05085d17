"""Pulse trains of many points in one netlist: cells that differ, each driven as its point says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.experiments.cell_record import terminal_sources
from memcircuit.experiments.cell_variants import cell_variants, differs_by_cell
from memcircuit.experiments.circuits import HIGHEST_VOLTAGE, as_cell
from memcircuit.experiments.measured import Batch, Measured, point_count
from memcircuit.experiments.pulse_train import train_of
from memcircuit.experiments.train_measures import train_coordinates, train_measures
from memcircuit.experiments.train_plan import TrainPlan, train_plan

if TYPE_CHECKING:
    from pyspice_netlists import PulseSequence
    from pyspice_netlists.benches import Source

Array = NDArray[np.float64]

_PLANNED = ("device", "set", "reset", "read", "pulses", "reset_pulses", "stimulus", "form")
_CELLS = ("initial_state", "variation", "gate")
_RUN = ("options", "time_limit")
_KINDS = {"set.amplitude": 1, "reset.amplitude": -1, "read.amplitude": 0}
_BOTH = "pulse.amplitude"
# Time points times memristors: each is some hundred bytes on the way to the result.
_MOST_VALUES = 1_000_000


def batchable(arguments: Mapping[str, Any], path: str) -> bool:
    """Return whether points may differ by a parameter within one netlist.

    They may by what each cell has for itself, not by what changes the timing of the pulses.

    Args:
        arguments: of ``pulse_train`` by name, ``device`` among them; of one cell.
        path: of the parameter, as in ``pulse_train_batch``.
    """
    if set(arguments) - {*_PLANNED, *_CELLS, *_RUN}:
        return False
    if path in (*_KINDS, _BOTH):
        return path == "read.amplitude" or arguments.get("stimulus") is None
    return differs_by_cell(as_cell(arguments["device"]), path)


def batch_size(arguments: Mapping[str, Any], most: int) -> int:
    """Return how many points one netlist should hold.

    More cells share the simulator's start; beyond some hundreds nothing is gained. Fewer are
    taken where a train has so many time points that their waves would fill the memory.

    Args:
        arguments: of ``pulse_train`` by name, ``device`` among them.
        most: cells.
    """
    plan = _plan(arguments)
    limit = plan.time_step([pulse.amplitude for pulse in plan.kinds])
    points = plan.duration / limit.step * len(plan.cell.memristors)
    return int(np.clip(_MOST_VALUES / points, 1, most))


def pulse_train_batch(arguments: Mapping[str, Any], columns: Mapping[str, NDArray[Any]]) -> Batch:
    """Return what ``pulse_train`` returns for each of many points, simulated together.

    Points share their time steps, as the cells of ``pulse_train`` do: what one of them needs, all
    take. Against runs of their own conductances differ by a few parts in 1e5 of their change.

    Args:
        arguments: of ``pulse_train`` by name, ``device`` among them; of one cell.
        columns: values by path, each (points,): ``device.NAME`` (parameter of the card),
            ``device.initial_state`` or ``initial_state``, ``variation.m_NAME``, ``gate`` (V),
            ``set.amplitude``, ``reset.amplitude``, ``read.amplitude`` (V), ``pulse.amplitude``
            (V, magnitude of SET and RESET), ``cell.transistor.w``, ``cell.transistor.l`` (m).
            Those of memristors may be (points, memristors).

    Raises:
        UsageError: values that make no pulse train, or points that cannot share a netlist.
        ParameterError: a value outside the range of its parameter; named with its point.
        SimulationError: the simulator gave no trustworthy result for the points together.
    """
    from memcircuit.simulate.ngspice import run_waves
    from pyspice_netlists import cell_bench

    for path in columns:
        if not batchable(arguments, path):
            raise UsageError(f"points that differ by {path!r} cannot share a netlist")
    plan = _plan(arguments)
    own = {name: arguments.get(name) for name in _CELLS}
    amplitude_columns = {p: v for p, v in columns.items() if p in (*_KINDS, _BOTH)}
    others = {p: v for p, v in columns.items() if p not in amplitude_columns}
    variants = cell_variants(plan.cell, others, point_count(columns), **own)
    amplitudes = _Amplitudes.of(plan, amplitude_columns, variants.cells)
    plan = replace(amplitudes.first(plan), cell=variants.cell)
    limit = plan.time_step(amplitudes.different(), variants.parameters())
    sequence = plan.sequence()
    bench = cell_bench(
        plan.cell, amplitudes.sources(plan, sequence), form=plan.form,
        initial_state=variants.states, variation=variants.instance_values, gate=variants.gate,
    )  # fmt: skip
    train = train_of(plan, sequence, bench, variants.states, limit)
    raw = run_waves(train.job, **{name: arguments[name] for name in _RUN if name in arguments})
    coordinates, attributes = train_coordinates(train), {**raw.attributes, **train.settings}
    read = amplitudes.values[:, 0]
    if np.ptp(read):
        del attributes["read_voltage"]
    variables = train_measures(train, raw, read[:, np.newaxis])
    if np.any(np.ptp(amplitudes.values[:, 1:], axis=0)):
        attrs = coordinates.pop("amplitude").attrs
        volts = np.repeat(amplitudes.values[:, 1:], [dose.count for dose in plan.doses], axis=1)
        variables["amplitude"] = Measured(("pulse",), np.pad(volts, ((0, 0), (1, 0))), attrs)
    return Batch(variables, coordinates, attributes)


def _plan(arguments: Mapping[str, Any]) -> TrainPlan:
    return train_plan(**{name: arguments[name] for name in _PLANNED if name in arguments})


@dataclass(frozen=True, eq=False)
class _Amplitudes:
    """The amplitudes of every point.

    Attributes:
        values: (points, 1 + doses) V, of the read and of each dose.
    """

    values: Array

    @classmethod
    def of(cls, plan: TrainPlan, columns: Mapping[str, NDArray[Any]], points: int) -> _Amplitudes:
        """Return a plan's amplitudes with those of some columns instead.

        Raises:
            UsageError: an amplitude of 0 V or beyond reason, SET and RESET of one polarity, or
                columns that say the same pulse twice.
        """
        if _BOTH in columns and len({"set.amplitude", "reset.amplitude"} & set(columns)):
            raise UsageError(f"{_BOTH} is that of SET and RESET: give it or theirs, not both")
        pulses = [plan.reading, *(dose.pulse for dose in plan.doses)]
        ways = [0, *(dose.direction for dose in plan.doses)]
        values = np.tile([pulse.amplitude for pulse in pulses], (points, 1))
        for path, column in columns.items():
            given = np.asarray(column, dtype=float)
            bad = ~((given != 0) & (np.abs(given) < HIGHEST_VOLTAGE))
            if given.ndim != 1 or bad.any() or (path == _BOTH and np.any(given < 0)):
                raise UsageError(
                    f"{path}: expected one voltage for each point, below {HIGHEST_VOLTAGE:g} V and "
                    f"not 0{', a magnitude' if path == _BOTH else ''}; given is {given!r:.80}"
                )
            for kind, way in enumerate(ways):
                if path == _BOTH and way:
                    values[:, kind] = np.copysign(given, values[:, kind])
                elif path != _BOTH and way == _KINDS[path]:
                    values[:, kind] = given
        alike = values[:, 1] * values[:, -1] > 0
        if ways[1:] == [1, -1] and alike.any():
            point = int(np.argmax(alike))
            raise UsageError(
                f"point {point}: SET of {values[point, 1]:g} V and RESET of {values[point, 2]:g} V:"
                " expected opposite polarities"
            )
        return cls(values)

    def first(self, plan: TrainPlan) -> TrainPlan:
        """Return the plan of the first point."""
        volts = self.values[0].tolist()
        doses = [
            replace(dose, pulse=replace(dose.pulse, amplitude=own))
            for dose, own in zip(plan.doses, volts[1:], strict=True)
        ]
        reading = replace(plan.reading, amplitude=volts[0])
        return replace(plan, reading=reading, doses=tuple(doses))

    def different(self) -> Array:
        """Return what drives the cells, V: (n,) when it is the same for all, else (points, n)."""
        if np.any(np.ptp(self.values, axis=0)):
            return self.values
        return np.unique(self.values[0])

    def sources(self, plan: TrainPlan, sequence: PulseSequence) -> dict[str, Source]:
        """Return the sources of every terminal.

        Each pulse has the shape that it has at the first point; pulses that grow alike from
        point to point share a source.
        """
        from pyspice_netlists.benches import SharedShapes

        factors = (self.values / self.values[0]).T
        groups = list(dict.fromkeys(factor.tobytes() for factor in factors))
        group = np.array([groups.index(factor.tobytes()) for factor in factors])
        grown = np.array([np.frombuffer(own) for own in groups]).T
        counts = [dose.count for dose in plan.doses]
        of_pulse = np.full(sequence.start.size, group[0])
        of_pulse[1::2] = np.repeat(group[1:], counts)
        is_read = np.arange(of_pulse.size) % 2 == 0
        constant = np.all(grown == 1, axis=0)
        common = terminal_sources(plan.cell, sequence, is_read, constant[of_pulse])
        parts = {
            int(kind): terminal_sources(plan.cell, sequence, is_read, of_pulse == kind)
            for kind in np.flatnonzero(~constant)
        }
        sources: dict[str, Source] = {}
        for terminal, value in common.items():
            held = terminal in plan.cell.wiring.constant
            moved = [] if held else [k for k, own in parts.items() if own[terminal] != "0"]
            shapes = tuple(parts[kind][terminal] for kind in moved)
            sources[terminal] = SharedShapes(value, shapes, grown[:, moved]) if moved else value
        return sources
