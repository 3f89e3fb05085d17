"""The pulse train: SET pulses, then RESET pulses, with a read after each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.devices.device import Device, Form
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import (
    as_cell,
    card_pulse,
    device_of,
    gate_voltage,
    initial_states,
    netlist_form,
    read_pulse,
)

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
        sequence: every pulse in order; reads at even, programming pulses at odd positions.
        direction: (pulses,) +1 SET, -1 RESET, of the programming pulses.
        initial_state: (cells,).
        read_amplitude: V.
        form: netlist form.
    """

    job: Job
    sequence: PulseSequence
    direction: NDArray[np.int64]
    initial_state: Array
    read_amplitude: float
    form: Form


def prepare_pulse_train(
    device: Device | Cell,
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
    from pyspice_netlists import pulse_sequence
    from pyspice_netlists.benches import cell_bench

    cell = as_cell(device)
    memristor = device_of(cell)
    chosen = netlist_form(form)
    down = pulses if reset_pulses is None else reset_pulses
    if pulses < 0 or down < 0 or pulses + down == 0:
        raise UsageError(f"pulses = {pulses}, reset_pulses = {down}: at least one pulse in all")
    programming = []
    if pulses:
        programming += [set or card_pulse(memristor, "set")] * pulses
    if down:
        programming += [reset or card_pulse(memristor, "reset")] * down
    reading = read_pulse(memristor, read, min(pulse.width for pulse in programming))
    direction = np.repeat(np.array([1, -1]), [pulses, down])
    spread = {key: np.atleast_1d(np.asarray(v, float)) for key, v in (variation or {}).items()}
    for key in spread:
        if key not in memristor.multipliers:
            raise UsageError(
                f"device {memristor.name!r} has no multiplier {key!r}; it has "
                f"{', '.join(memristor.multipliers)}"
            )
    sizes = {np.size(initial_state) if initial_state is not None else 1}
    sizes |= {v.size for v in spread.values()}
    cells = max(sizes)
    if sizes - {1, cells}:
        raise UsageError(f"initial_state and variation are for different numbers of cells: {sizes}")
    states = initial_states(memristor, initial_state, cells)
    order = [reading]
    for pulse in programming:
        order += [pulse, reading]
    shortest = min(pulse.width for pulse in order)
    sequence = pulse_sequence(order, gap=shortest / 5)
    bench = cell_bench(
        cell,
        sequence.waveform.source(),
        form=chosen,
        initial_state=states,
        variation={key: np.broadcast_to(v, (cells,)) for key, v in spread.items()},
        gate=gate_voltage(cell, gate),
    )
    step = shortest / _POINTS_PER_PLATEAU
    job = Job(
        title=f"{pulses} SET and {down} RESET pulses on {cells} x {cell.name}",
        circuit=bench.circuit,
        analysis=Transient(stop=float(sequence.waveform.time[-1]), step=step, max_step=step),
        vectors=bench.vectors,
        verilog_a=memristor.verilog_a(chosen),
    )
    return Train(job, sequence, direction, states, reading.amplitude, chosen)


def pulse_train(
    device: Device | Cell,
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
    keep: Path | None = None,
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
        keep: directory to keep netlist, log and raw result in.

    Returns:
        dataset over ``cell`` and ``pulse`` (0 is the read before the first pulse):
        ``conductance`` (S) read after each pulse, ``state`` then, ``energy`` (J) that the bit
        line delivered in each programming pulse, ``read_energy`` (J); ``direction`` (+1 SET,
        -1 RESET, 0 none) along ``pulse``. With ``waveforms`` also ``waveform_voltage``,
        ``waveform_current``, ``waveform_state`` over ``time``.

    Raises:
        UsageError: values that make no pulse train.
        SimulationError: the simulator gave no trustworthy result.
    """
    import xarray as xr

    from memcircuit.simulate import run

    cell = as_cell(device)
    train = prepare_pulse_train(
        cell, set=set, reset=reset, read=read, pulses=pulses, reset_pulses=reset_pulses,
        initial_state=initial_state, variation=variation, gate=gate, form=form,
    )  # fmt: skip
    raw = run(train.job, options=options, keep=keep)
    time = raw["time"].to_numpy()
    voltage = raw["v(bit_line)"].to_numpy()
    cells = train.initial_state.size
    current = np.stack([raw[f"i(vcell{k})"].to_numpy() for k in range(cells)])
    state = np.stack([raw[f"v(state{k})"].to_numpy() for k in range(cells)])
    state += train.initial_state[:, np.newaxis]

    reads, programs = slice(0, None, 2), slice(1, None, 2)
    sequence = train.sequence
    # the last instant of a read's plateau, where displacement currents have died away
    instant = sequence.plateau_stop[reads] - 1e-3 * (
        sequence.plateau_stop[reads] - sequence.plateau_start[reads]
    )
    energy = np.zeros((cells, train.direction.size + 1))
    energy[:, 1:] = _energy(time, voltage, current, sequence, programs)
    result = xr.Dataset(
        {
            "conductance": (
                ("cell", "pulse"),
                _sample(time, current, instant) / np.interp(instant, time, voltage),
                {"units": "S", "long_name": "conductance"},
            ),
            "state": (("cell", "pulse"), _sample(time, state, instant), {"units": "1"}),
            "energy": (
                ("cell", "pulse"), energy, {"units": "J", "long_name": "energy of the pulse"},
            ),
            "read_energy": (
                ("cell", "pulse"),
                _energy(time, voltage, current, sequence, reads),
                {"units": "J", "long_name": "energy of the read"},
            ),
        },
        coords={
            "cell": np.arange(cells),
            "pulse": np.arange(train.direction.size + 1),
            "direction": ("pulse", np.concatenate([[0], train.direction])),
        },
        attrs={
            **raw.attrs,
            "experiment": "pulse_train",
            "device": device_of(cell).name,
            "cell_name": cell.name,
            "form": train.form,
            "citation": device_of(cell).citation,
            "read_voltage": train.read_amplitude,
        },
    )  # fmt: skip
    if waveforms:
        result = result.assign_coords(time=("time", time, {"units": "s"}))
        result["waveform_voltage"] = ("time", voltage, {"units": "V"})
        result["waveform_current"] = (("cell", "time"), current, {"units": "A"})
        result["waveform_state"] = (("cell", "time"), state, {"units": "1"})
    return result


def _sample(time: Array, values: Array, instants: Array) -> Array:
    return np.stack([np.interp(instants, time, row) for row in values])


def _energy(
    time: Array, voltage: Array, current: Array, sequence: PulseSequence, which: slice
) -> Array:
    power = voltage * current
    step = 0.5 * (power[:, 1:] + power[:, :-1]) * np.diff(time)
    total = np.concatenate([np.zeros((len(current), 1)), np.cumsum(step, axis=1)], axis=1)
    return _sample(time, total, sequence.stop[which]) - _sample(time, total, sequence.start[which])
