"""The pulse train: SET pulses, then RESET pulses, with a read after each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.devices.device import Device, Form
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import (
    as_cell,
    gate_voltage,
    initial_states,
    memristor_of,
    netlist_form,
    programming_pulse,
    pulse_counts,
    pulse_gap,
    read_pulse,
    whole_number,
)
from memcircuit.experiments.driven_device import DrivenDevice
from memcircuit.experiments.state_record import StateRecord, state_record
from memcircuit.experiments.time_step import largest_step

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.simulate import Job, Options
    from pyspice_netlists import Bench, Cell, Pulse, PulseSequence

Array = NDArray[np.float64]

# Time points inside a pulse's plateau, at least.
_POINTS_PER_PLATEAU = 10


@dataclass(frozen=True)
class Train:
    """A pulse train made ready: what is simulated, and where to look in the result.

    Attributes:
        job: the simulation.
        bench: names of its vectors.
        states: where the states of its cells are.
        sequence: every pulse in order; reads at even, programming pulses at odd positions.
        direction: (pulses,) +1 SET, -1 RESET, of the programming pulses.
        initial_state: (cells,).
        read_amplitude: V.
        settings: what was asked for, by name.
    """

    job: Job
    bench: Bench
    states: StateRecord
    sequence: PulseSequence
    direction: NDArray[np.int64]
    initial_state: Array
    read_amplitude: float
    settings: dict[str, str | float]

    @property
    def read_instants(self) -> Array:
        """When the current of each read is taken, (pulses + 1,) s.

        That is the last instant of its plateau, where displacement currents have died away.
        """
        begin, end = self.sequence.plateau_start[::2], self.sequence.plateau_stop[::2]
        return np.asarray(end - 1e-3 * (end - begin))


def prepare_pulse_train(
    device: DrivenDevice | Cell,
    *,
    set: Pulse | None = None,  # noqa: A002
    reset: Pulse | None = None,
    read: Pulse | float | None = None,
    pulses: int = 50,
    reset_pulses: int | None = None,
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
    ups, downs = pulse_counts(pulses, reset_pulses)
    kinds = [("set", set)] * (ups > 0) + [("reset", reset)] * (downs > 0)
    given = {kind: programming_pulse(memristor, kind, pulse) for kind, pulse in kinds}
    shortest = min(pulse.width for pulse in given.values())
    reading = read_pulse(memristor, read, shortest)
    shortest = min(shortest, reading.width)
    gap = pulse_gap((*given.values(), reading))
    duration = (ups + downs + 1) * (reading.duration + gap) + sum(
        count * (given[kind].duration + gap)
        for kind, count in (("set", ups), ("reset", downs))
        if count
    )
    amplitudes = [pulse.amplitude for pulse in (*given.values(), reading)]
    limit = largest_step(memristor, amplitudes, shortest / _POINTS_PER_PLATEAU, duration, chosen)

    states, spread = _cells(memristor, initial_state, variation)
    order = [reading]
    for kind, count in (("set", ups), ("reset", downs)):
        for _ in range(count):
            order += [given[kind], reading]
    sequence = pulse_sequence(order, gap=gap)
    bench = cell_bench(
        cell,
        sequence.waveform.source(),
        form=chosen,
        initial_state=states,
        variation=spread,
        gate=gate_voltage(cell, gate),
    )
    record = state_record(cell, bench, states)
    job = Job(
        title=f"{ups} SET and {downs} RESET pulses on {states.size} x {cell.name}",
        circuit=bench.circuit,
        analysis=Transient(
            stop=float(sequence.waveform.time[-1]), step=limit.step, max_step=limit.step
        ),
        vectors=replace(bench, states=record.vectors).vectors,
        verilog_a=memristor.verilog_a(chosen),
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
    direction = np.repeat(np.array([1, -1]), [ups, downs])
    return Train(job, bench, record, sequence, direction, states, reading.amplitude, settings)


def pulse_train(
    device: DrivenDevice | Cell,
    *,
    set: Pulse | None = None,  # noqa: A002
    reset: Pulse | None = None,
    read: Pulse | float | None = None,
    pulses: int = 50,
    reset_pulses: int | None = None,
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
        pulses: number of SET pulses.
        reset_pulses: number of RESET pulses; as many as SET pulses when None.
        initial_state: one state for all cells or (cells,); the device's own when None.
        variation: multipliers by name, each a number or (cells,).
        gate: V, word-line voltage of a cell with a transistor; the card's when None.
        form: netlist form, "osdi" or "behavioural"; the best one at hand when None.
        waveforms: keep voltage, current and state over time as well.
        options: simulator options.
        time_limit: s, wall clock.
        keep: directory to keep netlist, log and raw result in.

    Returns:
        dataset over ``cell`` and ``pulse`` (0 is the read before the first pulse):
        ``conductance`` (S) at the end of each read, ``read_change``, by what share the current
        still changed in the read's second half, ``state`` then (of a device that shows one),
        ``energy`` (J) that the bit line delivered in each programming pulse, ``read_energy`` (J);
        ``direction`` (+1 SET, -1 RESET, 0 none) along ``pulse``. With ``waveforms`` also
        ``waveform_voltage``, ``waveform_current``, ``waveform_state`` over ``time``. The attribute
        ``step_limit`` says what the time steps follow.

    Raises:
        UsageError: values that make no pulse train.
        SimulationError: the simulator gave no trustworthy result.
    """
    train = prepare_pulse_train(
        device, set=set, reset=reset, read=read, pulses=pulses, reset_pulses=reset_pulses,
        initial_state=initial_state, variation=variation, gate=gate, form=form,
    )  # fmt: skip
    return run_train(train, waveforms=waveforms, options=options, time_limit=time_limit, keep=keep)


def pulse_cycles(
    device: DrivenDevice | Cell,
    rng: np.random.Generator,
    *,
    devices: int = 10,
    cycles: int = 3,
    on_cycle: Callable[[int, Train, xr.Dataset], None] | None = None,
    waveforms: bool = False,
    options: Options | None = None,
    time_limit: float = 600.0,
    keep: str | Path | None = None,
    **arguments: Any,
) -> xr.Dataset:
    """Take many devices, spread as their card says, through cycles of SET and RESET pulses.

    A cycle is a pulse train on all devices in one netlist; the next starts in the states where
    the last ended, with new cycle-to-cycle multipliers.

    Args:
        device: a memristor, or a cell around one; it must come from a card.
        rng: draws the devices and the cycles.
        devices: number of devices.
        cycles: number of cycles of each.
        on_cycle: called after each cycle with its number, from 0, what was simulated, and its
            dataset.
        waveforms: as in ``pulse_train``; seen by ``on_cycle``, not in the result.
        options: simulator options.
        time_limit: s, wall clock of each cycle.
        keep: directory to keep netlist, log and raw result of each cycle in.
        **arguments: further arguments of ``prepare_pulse_train`` but ``variation``.

    Returns:
        the dataset of ``pulse_train`` over ``device``, ``cycle`` and ``pulse``.

    Raises:
        UsageError: values that make no pulse train, or a device without card.
        SimulationError: the simulator gave no trustworthy result.
    """
    import xarray as xr

    if "variation" in arguments:
        raise UsageError("variation is drawn by pulse_cycles; pulse_train takes one that is given")
    cell = as_cell(device)
    memristor = memristor_of(cell)
    if not isinstance(memristor, Device):
        raise UsageError(
            f"device {memristor.name!r} comes from no card: it states no spread to draw from; "
            "mc.pulse_train takes a variation that is given"
        )
    drawn = memristor.draw_variation(
        rng, whole_number(devices, "devices"), whole_number(cycles, "cycles")
    )
    start = arguments.pop("initial_state", None)
    if start is not None and np.size(start) == 1:
        start = np.ravel(start)[0]
    states = initial_states(memristor, start, devices)
    parts = []
    for cycle in range(cycles):
        own = {name: values[:, cycle] for name, values in drawn.items()}
        train = prepare_pulse_train(cell, initial_state=states, variation=own, **arguments)
        part = run_train(
            train, waveforms=waveforms, options=options, time_limit=time_limit,
            keep=None if keep is None else Path(keep) / f"cycle{cycle}",
        )  # fmt: skip
        if on_cycle is not None:
            on_cycle(cycle, train, part)
        states = np.clip(part["state"].to_numpy()[:, -1], 0.0, 1.0)
        over_time = [name for name in part.variables if "time" in part[name].dims]
        parts.append(part.drop_vars(over_time))
    result = xr.concat(parts, dim="cycle", combine_attrs="override").rename(cell="device")
    result = result.assign_coords(cycle=np.arange(cycles))
    result.attrs["wall_time"] = sum(part.attrs["wall_time"] for part in parts)
    result.attrs["attempts"] = max(part.attrs["attempts"] for part in parts)
    return result.transpose("device", "cycle", "pulse")


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
    time = raw["time"].to_numpy()
    voltage = raw[train.bench.voltage].to_numpy()
    current = np.stack([raw[name].to_numpy() for name in train.bench.currents])

    reads, programs = slice(0, None, 2), slice(1, None, 2)
    begin, end = train.sequence.plateau_start[reads], train.sequence.plateau_stop[reads]
    instant = train.read_instants
    last, middle = _sample(time, current, instant), _sample(time, current, (begin + end) / 2)
    cells, pulses = len(current), train.direction.size
    energy = np.zeros((cells, pulses + 1))
    energy[:, 1:] = _energy(time, voltage, current, train.sequence, programs)
    read_energy = _energy(time, voltage, current, train.sequence, reads)
    change = np.abs(middle / np.where(last == 0, np.inf, last) - 1)
    values = {
        "conductance": (last / np.interp(instant, time, voltage), "S", "conductance"),
        "read_change": (change, "1", "change of the current in the second half of the read"),
    }
    if train.states.vectors:
        state = train.states.waves(raw)
        values["state"] = (_sample(time, state, instant), "1", "state")
    values |= {
        "energy": (energy, "J", "energy of the pulse"),
        "read_energy": (read_energy, "J", "energy of the read"),
    }
    result = xr.Dataset(
        {
            name: (("cell", "pulse"), array, {"units": unit, "long_name": text})
            for name, (array, unit, text) in values.items()
        },
        coords={
            "cell": np.arange(cells),
            "pulse": np.arange(pulses + 1),
            "direction": ("pulse", np.concatenate([[0], train.direction])),
        },
        attrs={**raw.attrs, **train.settings},
    )
    if waveforms:
        result = result.assign_coords(time=("time", time, {"units": "s"}))
        result["waveform_voltage"] = ("time", voltage, {"units": "V"})
        result["waveform_current"] = (("cell", "time"), current, {"units": "A"})
        if train.states.vectors:
            result["waveform_state"] = (("cell", "time"), state, {"units": "1"})
    return result


def _cells(
    memristor: DrivenDevice,
    initial_state: ArrayLike | None,
    variation: Mapping[str, ArrayLike] | None,
) -> tuple[Array, dict[str, Array]]:
    """Return states and multipliers of every cell, each (cells,)."""
    spread = {}
    for name, given in (variation or {}).items():
        if name not in memristor.multipliers:
            raise UsageError(
                f"device {memristor.name!r} has no multiplier {name!r}; it has "
                f"{', '.join(memristor.multipliers)}"
            )
        try:
            spread[name] = np.atleast_1d(np.asarray(given, dtype=float))
        except (TypeError, ValueError) as error:
            raise UsageError(f"variation {name!r} = {given!r} is no number") from error
        if not np.all((spread[name] > 0) & (spread[name] < np.inf)):
            raise UsageError(f"variation {name!r}: every multiplier must be above 0 and finite")
        if spread[name].ndim != 1:
            raise UsageError(
                f"variation {name!r} has shape {spread[name].shape}; expected one number per cell"
                " (mc.pulse_cycles takes devices through cycles)"
            )
    sizes = {1 if initial_state is None else np.size(initial_state)}
    sizes |= {values.size for values in spread.values()}
    cells = max(sizes)
    if 0 in sizes:
        raise UsageError("initial_state and variation are for no cell at all")
    if sizes - {1, cells}:
        raise UsageError(
            f"initial_state and variation are for different numbers of cells: {sorted(sizes)}"
        )
    if initial_state is not None and np.size(initial_state) == 1:
        initial_state = np.ravel(initial_state)[0]
    states = initial_states(memristor, initial_state, cells)
    return states, {name: np.broadcast_to(values, (cells,)) for name, values in spread.items()}


def _sample(time: Array, values: Array, instants: Array) -> Array:
    return np.stack([np.interp(instants, time, row) for row in values])


def _energy(
    time: Array, voltage: Array, current: Array, sequence: PulseSequence, which: slice
) -> Array:
    power = voltage * current
    step = 0.5 * (power[:, 1:] + power[:, :-1]) * np.diff(time)
    total = np.concatenate([np.zeros((len(current), 1)), np.cumsum(step, axis=1)], axis=1)
    return _sample(time, total, sequence.stop[which]) - _sample(time, total, sequence.start[which])
