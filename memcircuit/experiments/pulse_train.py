"""The pulse train: SET pulses, then RESET pulses, with a read after each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.checks import require_flag
from memcircuit.devices.device import Form
from memcircuit.devices.free_parameters import check_variation
from memcircuit.experiments.cell_record import (
    CellRecord,
    add_states,
    terminal_sources,
    verilog_a,
)
from memcircuit.experiments.circuits import cell_values, gate_voltage, memristor_of
from memcircuit.experiments.driven_device import DrivenDevice
from memcircuit.experiments.state_record import StateRecord, state_record
from memcircuit.experiments.time_step import TimeStep
from memcircuit.experiments.train_measures import train_coordinates, train_measures
from memcircuit.experiments.train_plan import TrainPlan, train_plan

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.simulate import Job, Options
    from pyspice_netlists import Bench, Cell, Pulse, PulseSequence

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Train:
    """A pulse train made ready: what is simulated, and where to look in the result.

    Attributes:
        job: the simulation.
        record: what its vectors say of the cells.
        states: where the states of its cells are.
        sequence: every pulse in order; reads at even, programming pulses at odd positions.
        pulses: the programming pulses in order.
        direction: (pulses,) +1 SET, -1 RESET, of the programming pulses.
        initial_state: (cells,) or (cells, memristors).
        read_amplitude: V.
        settings: what was asked for, by name.
    """

    job: Job
    record: CellRecord
    states: StateRecord
    sequence: PulseSequence
    pulses: tuple[Pulse, ...]
    direction: NDArray[np.int64]
    initial_state: Array
    read_amplitude: float
    settings: dict[str, str | float]

    @property
    def read_instants(self) -> Array:
        """When the current of each read is taken, (pulses + 1,) s."""
        return self.sequence.read_instants[::2]


def prepare_pulse_train(
    device: DrivenDevice | Cell,
    *,
    set: Pulse | None = None,  # noqa: A002
    reset: Pulse | None = None,
    read: Pulse | float | None = None,
    pulses: int | None = None,
    reset_pulses: int | None = None,
    stimulus: Sequence[Pulse] | None = None,
    initial_state: ArrayLike | None = None,
    variation: Mapping[str, ArrayLike] | None = None,
    gate: float | None = None,
    form: Form | None = None,
) -> Train:
    """Return the simulation behind ``pulse_train``; the arguments are the same."""
    from pyspice_netlists import cell_bench

    plan = train_plan(
        device, set=set, reset=reset, read=read, pulses=pulses, reset_pulses=reset_pulses,
        stimulus=stimulus, form=form,
    )  # fmt: skip
    limit = plan.time_step(sorted({pulse.amplitude for pulse in plan.kinds}))
    cell, sequence = plan.cell, plan.sequence()
    states, spread = cell_values(cell, initial_state, variation)
    bench = cell_bench(
        cell,
        terminal_sources(cell, sequence, np.arange(sequence.start.size) % 2 == 0),
        form=plan.form,
        initial_state=states,
        variation=spread,
        gate=gate_voltage(cell, gate),
    )
    return train_of(plan, sequence, bench, states, limit)


def train_of(
    plan: TrainPlan, sequence: PulseSequence, bench: Bench, states: Array, limit: TimeStep
) -> Train:
    """Return the train of a bench whose cells are driven by a plan's pulses.

    Args:
        plan: the pulses.
        sequence: of the plan.
        bench: of ``pyspice_netlists.cell_bench``.
        states: (cells,) or (cells, memristors) at the start.
        limit: of the time step.
    """
    from memcircuit.simulate import Job, Transient

    cell, direction = plan.cell, plan.direction
    record = state_record(cell, bench, states)
    ups, downs = int(np.sum(direction > 0)), int(np.sum(direction < 0))
    job = Job(
        title=f"{ups} SET and {downs} RESET pulses on {len(states)} x {cell.name}",
        circuit=bench.circuit,
        analysis=Transient(
            stop=float(sequence.waveform.time[-1]), step=limit.step, max_step=limit.step
        ),
        vectors=replace(bench, states=record.vectors).vectors,
        verilog_a=verilog_a(cell, plan.form),
    )
    return Train(
        job, CellRecord(cell, bench), record, sequence, plan.pulses, direction, states,
        plan.reading.amplitude, plan.settings(limit),
    )  # fmt: skip


def pulse_train(
    device: DrivenDevice | Cell,
    *,
    set: Pulse | None = None,  # noqa: A002
    reset: Pulse | None = None,
    read: Pulse | float | None = None,
    pulses: int | None = None,
    reset_pulses: int | None = None,
    stimulus: Sequence[Pulse] | None = None,
    initial_state: ArrayLike | None = None,
    variation: Mapping[str, ArrayLike] | None = None,
    gate: float | None = None,
    form: Form | None = None,
    waveforms: bool = False,
    options: Options | None = None,
    time_limit: float = 600.0,
    keep: str | Path | None = None,
) -> xr.Dataset:
    """Apply SET pulses and then RESET pulses, reading before the first and after each.

    All cells sit in one netlist under one driver, so that many devices cost one simulation.

    Args:
        device: a memristor, or a cell around one.
        set: SET pulse; the card's when None.
        reset: RESET pulse; the card's when None.
        read: read pulse, or its amplitude in V; the card's when None.
        pulses: number of SET pulses; 50 when None.
        reset_pulses: number of RESET pulses; as many as SET pulses when None.
        stimulus: or else every programming pulse in order, such as the staircases of
            ``pyspice_netlists.pulse_lists``.
        initial_state: one state for all cells, (cells,), or (cells, memristors) of cells with
            several, such as [[0.1, 0.5]] for one cell of two; the device's own when None.
        variation: multipliers by name, each a number, (cells,) or (cells, memristors).
        gate: V, word-line voltage of a cell with a transistor; the card's when None.
        form: netlist form, "osdi" or "behavioural"; the best one at hand when None.
        waveforms: keep voltage, current and state over time as well.
        options: simulator options.
        time_limit: s, wall clock.
        keep: directory to keep netlist, log and raw result in.

    Returns:
        dataset over ``cell`` and ``pulse`` (0 is the read before the first pulse):
        ``conductance`` (S) at the end of each read, or ``weight`` (S or 1) of a cell whose weight
        is a difference or a ratio; ``read_change``, by what share it still changed in the read's
        second half; ``state`` then (of a device that shows one), also over ``memristor`` where a
        cell has several; ``energy`` (J) that its drivers but the gate's delivered to the cell in
        each programming pulse, ``read_energy`` (J); along ``pulse`` ``direction`` (+1 SET, -1
        RESET, 0 none), ``amplitude`` (V) and ``width`` (s). With ``waveforms`` also
        ``waveform_voltage``, ``waveform_current`` (of the first driven terminal),
        ``waveform_state`` over ``time``. The attribute ``step_limit`` says what the time steps
        follow.

    Raises:
        UsageError: values that make no pulse train.
        SimulationError: the simulator gave no trustworthy result.
    """
    train = prepare_pulse_train(
        device, set=set, reset=reset, read=read, pulses=pulses, reset_pulses=reset_pulses,
        stimulus=stimulus, initial_state=initial_state, variation=variation, gate=gate, form=form,
    )  # fmt: skip
    # what pulse_cycles draws is the card's own statement
    check_variation(memristor_of(train.record.cell), variation or {})
    return run_train(train, waveforms=waveforms, options=options, time_limit=time_limit, keep=keep)


def run_train(
    train: Train,
    *,
    waveforms: bool = False,
    options: Options | None = None,
    time_limit: float = 600.0,
    keep: str | Path | None = None,
) -> xr.Dataset:
    """Simulate a train made ready; arguments and result are those of ``pulse_train``."""
    import xarray as xr

    from memcircuit.simulate.ngspice import run_waves

    require_flag(waveforms, "waveforms")
    raw = run_waves(train.job, options=options, time_limit=time_limit, keep=keep)
    cell, bench = train.record.cell, train.record.bench
    measures = train_measures(train, raw, train.read_amplitude)
    cells = len(train.initial_state)
    result = xr.Dataset(
        {name: (("cell", *own.dims), own.values, own.attrs) for name, own in measures.items()},
        coords={
            "cell": np.arange(cells),
            **{n: (c.dims, c.values, c.attrs) for n, c in train_coordinates(train).items()},
        },
        attrs={**raw.attributes, **train.settings},
    )
    if waveforms:
        result = result.assign_coords(time=("time", raw.axis, {"units": "s"}))
        result["waveform_voltage"] = ("time", raw[bench.voltage], {"units": "V"})
        result["waveform_current"] = (("cell", "time"), raw.of(bench.currents), {"units": "A"})
        if train.states.vectors:
            states = train.states.waves(raw)
            result = add_states(result, cell, "waveform_state", ("cell", "time"), states)
    return result
