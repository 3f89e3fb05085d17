"""The pulse train: SET pulses, then RESET pulses, with a read after each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.devices.device import Device, Form
from memcircuit.errors import UsageError
from memcircuit.experiments.cell_record import (
    CellRecord,
    add_states,
    measures_conductance,
    sample,
    terminal_sources,
    verilog_a,
)
from memcircuit.experiments.circuits import (
    HIGHEST_VOLTAGE,
    as_cell,
    card_pulse,
    cell_values,
    gate_voltage,
    memristor_of,
    netlist_form,
    programming_pulse,
    pulse_counts,
    pulse_gap,
    read_pulse,
    refuse_one_polarity,
)
from memcircuit.experiments.driven_device import DrivenDevice
from memcircuit.experiments.state_record import StateRecord, state_record
from memcircuit.experiments.time_step import largest_step
from memcircuit.experiments.write_rules import Direction, Dose

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.simulate import Job, Options
    from pyspice_netlists import Cell, Pulse, PulseSequence

Array = NDArray[np.float64]

# Time points inside a pulse's plateau, at least.
_POINTS_PER_PLATEAU = 10


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
    from memcircuit.simulate import Job, Transient
    from pyspice_netlists import cell_bench, pulse_sequence

    cell = as_cell(device)
    memristor = memristor_of(cell)
    chosen = netlist_form(form)
    if stimulus is None:
        ups, downs = pulse_counts(50 if pulses is None else pulses, reset_pulses)
        given = _set_and_reset(memristor, (set, ups), (reset, downs))
    else:
        _refuse_both(set=set, reset=reset, pulses=pulses, reset_pulses=reset_pulses)
        given = [Dose(p, 1, _direction(memristor, p)) for p in stimulus_pulses(stimulus)]
    kinds = tuple(dict.fromkeys(dose.pulse for dose in given))
    shortest = min(pulse.width for pulse in kinds)
    reading = read_pulse(memristor, read, shortest)
    shortest = min(shortest, reading.width)
    gap = pulse_gap((*kinds, reading))
    # by counts: a list of too many pulses is refused before it is made
    duration = (sum(dose.count for dose in given) + 1) * (reading.duration + gap)
    duration += sum(dose.count * (dose.pulse.duration + gap) for dose in given)
    amplitudes = sorted({pulse.amplitude for pulse in (*kinds, reading)})
    limit = largest_step(memristor, amplitudes, shortest / _POINTS_PER_PLATEAU, duration, chosen)

    states, spread = cell_values(cell, initial_state, variation)
    train = tuple(dose.pulse for dose in given for _ in range(dose.count))
    direction = np.repeat([dose.direction for dose in given], [dose.count for dose in given])
    ups, downs = int(np.sum(direction > 0)), int(np.sum(direction < 0))
    order = [reading, *(part for pulse in train for part in (pulse, reading))]
    sequence = pulse_sequence(order, gap=gap)
    bench = cell_bench(
        cell,
        terminal_sources(cell, sequence, np.arange(len(order)) % 2 == 0),
        form=chosen,
        initial_state=states,
        variation=spread,
        gate=gate_voltage(cell, gate),
    )
    record = state_record(cell, bench, states)
    job = Job(
        title=f"{ups} SET and {downs} RESET pulses on {len(states)} x {cell.name}",
        circuit=bench.circuit,
        analysis=Transient(
            stop=float(sequence.waveform.time[-1]), step=limit.step, max_step=limit.step
        ),
        vectors=replace(bench, states=record.vectors).vectors,
        verilog_a=verilog_a(cell, chosen),
    )
    settings: dict[str, str | float] = {
        "experiment": "pulse_train",
        "device": memristor.name,
        "cell_name": cell.name,
        "form": chosen,
        "citation": memristor.citation,
        "state_step": limit.state_step,
        "step_limit": limit.reason,
        "read_voltage": reading.amplitude,
    }
    own = CellRecord(cell, bench)
    return Train(job, own, record, sequence, train, direction, states, reading.amplitude, settings)


def stimulus_pulses(given: Sequence[Pulse]) -> tuple[Pulse, ...]:
    """Return the pulses of a stimulus.

    Raises:
        UsageError: no pulse, what is no pulse, or a voltage beyond reason.
        NetlistError: a pulse shorter than its edges.
    """
    from pyspice_netlists import Pulse
    from pyspice_netlists.pulse_lists import check_edges

    if isinstance(given, Pulse) or not isinstance(given, Iterable):
        raise UsageError(f"stimulus = {given!r}: expected a list of Pulse")
    pulses = tuple(given)
    for number, pulse in enumerate(pulses):
        if not isinstance(pulse, Pulse):
            raise UsageError(f"stimulus[{number}] = {pulse!r} is no Pulse")
        if not abs(pulse.amplitude) < HIGHEST_VOLTAGE:
            raise UsageError(
                f"stimulus[{number}] = {pulse!r}: expected less than {HIGHEST_VOLTAGE:g} V"
            )
    if not pulses:
        raise UsageError("stimulus is empty: give at least one pulse")
    return check_edges(pulses)


def _set_and_reset(
    memristor: DrivenDevice, sets: tuple[Pulse | None, int], resets: tuple[Pulse | None, int]
) -> list[Dose]:
    ways: tuple[tuple[str, tuple[Pulse | None, int], Direction], ...] = (
        ("set", sets, 1), ("reset", resets, -1),
    )  # fmt: skip
    doses = [
        Dose(programming_pulse(memristor, kind, given), count, direction)
        for kind, (given, count), direction in ways
        if count
    ]
    if len(doses) > 1:
        refuse_one_polarity(doses[0].pulse, doses[1].pulse)
    return doses


def _refuse_both(**others: object) -> None:
    for name, value in others.items():
        if value is not None:
            raise UsageError(f"{name} = {value!r} beside a stimulus, which says all pulses itself")


def _direction(memristor: DrivenDevice, pulse: Pulse) -> Direction:
    """Return +1 for a pulse of the polarity of SET, -1 for RESET; for one that does nothing, +1."""
    sign = 1.0
    if memristor.card is not None and "set" in memristor.card.pulses:
        sign = card_pulse(memristor, "set").amplitude
    elif isinstance(memristor, Device):
        sign = pulse.amplitude * float(memristor.numpy().rate(pulse.amplitude, 0.5))
    return -1 if pulse.amplitude * sign < 0 else 1


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

    from memcircuit.simulate import run

    raw = run(train.job, options=options, time_limit=time_limit, keep=keep)
    record, sequence = train.record, train.sequence
    cell, bench = record.cell, record.bench
    reads, programs = slice(0, None, 2), slice(1, None, 2)
    begin, end = sequence.plateau_start[reads], sequence.plateau_stop[reads]
    last = record.weight(raw, train.read_instants, train.read_amplitude)
    middle = record.weight(raw, (begin + end) / 2, train.read_amplitude)
    cells, pulses = len(last), train.direction.size
    energy = np.zeros((cells, pulses + 1))
    energy[:, 1:] = record.energy(raw, sequence.start[programs], sequence.stop[programs])
    read_energy = record.energy(raw, sequence.start[reads], sequence.stop[reads])
    plain = measures_conductance(cell)
    # a difference may pass through zero: beside the largest that the cell had
    size = np.abs(last) if plain else np.abs(last).max(axis=1, keepdims=True)
    change = np.abs(middle - last) / np.where(size == 0, np.inf, size)
    unit = cell.wiring.unit
    name = "conductance" if plain else "weight"
    values: dict[str, tuple[tuple[str, ...], Array, str, str]] = {
        name: (("cell", "pulse"), last, unit, name),
        "read_change": (
            ("cell", "pulse"), change, "1", "change of the sensed value in the read's second half",
        ),
    }  # fmt: skip
    values |= {
        "energy": (("cell", "pulse"), energy, "J", "energy of the pulse"),
        "read_energy": (("cell", "pulse"), read_energy, "J", "energy of the read"),
    }
    result = xr.Dataset(
        {
            name: (dims, array, {"units": unit, "long_name": text})
            for name, (dims, array, unit, text) in values.items()
        },
        coords={
            "cell": np.arange(cells),
            "pulse": np.arange(pulses + 1),
            "direction": ("pulse", np.concatenate([[0], train.direction])),
            "amplitude": ("pulse", [0.0, *(p.amplitude for p in train.pulses)], {"units": "V"}),
            "width": ("pulse", [0.0, *(p.width for p in train.pulses)], {"units": "s"}),
        },
        attrs={**raw.attrs, **train.settings},
    )
    if train.states.vectors:
        states = train.states.waves(raw)
        found = sample(raw["time"].to_numpy(), states, train.read_instants)
        result = add_states(result, cell, "state", ("cell", "pulse"), found)
    if waveforms:
        result = result.assign_coords(time=("time", raw["time"].to_numpy(), {"units": "s"}))
        current = np.stack([raw[name].to_numpy() for name in bench.currents])
        result["waveform_voltage"] = ("time", raw[bench.voltage].to_numpy(), {"units": "V"})
        result["waveform_current"] = (("cell", "time"), current, {"units": "A"})
        if train.states.vectors:
            result = add_states(result, cell, "waveform_state", ("cell", "time"), states)
    return result
