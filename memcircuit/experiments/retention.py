"""Retention: what becomes of the weight of programmed cells that are left alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.checks import require_choice, require_generator, require_size, whole_number
from memcircuit.devices.arrays import numbers
from memcircuit.devices.device import Device, Form
from memcircuit.errors import UsageError
from memcircuit.experiments.cell_record import CellRecord, verilog_a
from memcircuit.experiments.circuits import (
    as_cell,
    device_of,
    gate_voltage,
    netlist_form,
    read_pulse,
)
from memcircuit.experiments.driven_device import DrivenDevice
from memcircuit.experiments.state_record import state_record
from memcircuit.experiments.time_step import largest_step
from memcircuit.simulate.run_directory import kept_in

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.simulate import Job, Options
    from memcircuit.simulate.waves import Waves
    from pyspice_netlists import Cell

Array = NDArray[np.float64]
Mechanism = Literal["card", "model"]
Simulator = Literal["ngspice", "formula"]

# A drifted conductance that no state has is off by more than this share from what was found.
_FOUND = 1e-6
# Cells read in one netlist: its time grows with their square, that of starting ngspice does not.
_TOGETHER = 256
# s; by their $bound_step compiled models take no time step above 0.02 s: what takes longer is left
# to behavioural sources. Of these ngspice takes no step above sqrt(trtol) s, about 2.6 s: its
# estimate of the error has the floor abstol, in A/s^2.
_LONGEST_COMPILED, _LONGEST = 100.0, 1e6
# Least number of time points of a device that forgets by itself.
_POINTS = 1000


@dataclass(frozen=True)
class _Run:
    """How the simulator is started; its fields are arguments of ``retention``."""

    form: Form
    options: Options | None
    time_limit: float
    keep: Path | None


@dataclass(frozen=True)
class Resting:
    """Cells that are to be left alone.

    Attributes:
        cell: their kind.
        mechanism: by which they forget.
        times: (times,) s, at which they are read.
        states: (cells, memristors) programmed.
        read_voltage: V.
        gate: V, of the word line.
        form: netlist form.
    """

    cell: Cell
    mechanism: Mechanism
    times: Array
    states: Array
    read_voltage: float
    gate: float
    form: Form


def prepare_retention(
    device: DrivenDevice | Cell,
    times: ArrayLike,
    *,
    states: ArrayLike | None = None,
    devices: int | None = None,
    mechanism: Mechanism | None = None,
    simulator: Simulator = "ngspice",
    read: float | None = None,
    gate: float | None = None,
    form: Form | None = None,
) -> Resting:
    """Return what ``retention`` reads, and when; the arguments are the same.

    Raises:
        UsageError: states or times that cannot be, or a device without equations in Python.
    """
    cell = as_cell(device)
    memristor = device_of(cell)
    require_choice(simulator, ("ngspice", "formula"), "simulator")
    chosen = _mechanism(memristor, mechanism)
    instants = _times(times)
    start = _states(cell, states, devices, instants.size)
    volts = read_pulse(memristor, read, 1.0).amplitude
    gates = gate_voltage(cell, gate)
    slow = form is None and chosen == "model" and instants[-1] > _LONGEST_COMPILED
    own = "behavioural" if slow else netlist_form(form)
    if chosen == "model" and simulator == "ngspice" and instants[-1] > _LONGEST:
        raise UsageError(
            f"times reach {instants[-1]:g} s, more than the {_LONGEST:g} s that ngspice can follow "
            "a model's own motion; simulator='formula' can"
        )
    return Resting(cell, chosen, instants, start, volts, gates, own)


def retention(
    device: DrivenDevice | Cell,
    times: ArrayLike,
    *,
    states: ArrayLike | None = None,
    devices: int | None = None,
    rng: np.random.Generator | None = None,
    mechanism: Mechanism | None = None,
    simulator: Simulator = "ngspice",
    read: float | None = None,
    gate: float | None = None,
    form: Form | None = None,
    options: Options | None = None,
    time_limit: float = 600.0,
    keep: str | Path | None = None,
) -> xr.Dataset:
    """Leave cells in given states alone and read their weights after given times.

    By the card, the conductance of every memristor drifts as G (t/reference)^-nu with a nu of its
    own (:meth:`Device.drifted`); the state that has the drifted conductance at the read voltage is
    put into the netlist. By the model, as volatile devices do, the state moves by its own equation
    at 0 V. Either way the whole cell is then read at an operating point, so that its transistor,
    selector and loading are in the weight, and the read disturbs nothing.

    Args:
        device: a memristor, or a cell.
        times: (times,) s since programming, rising; by the card nothing changes before its
            reference time.
        states: programmed states: one for all memristors, one per memristor of a cell (of a cell
            with one memristor: one per cell), or (cells, memristors); the device's own when
            None. :meth:`Device.state_at` gives the states of conductances.
        devices: number of cells that are all given these states; one when None.
        rng: draws the exponent of each memristor when the card states a spread.
        mechanism: "card" for its drift, "model" for the model's own motion; when None, "model"
            for volatile models and "card" for all others.
        simulator: "ngspice", or "formula" for the numpy form of the device and the weight that
            ideal wires, transistors and selectors would give.
        read: V; amplitude of the card's read pulse when None.
        gate: V, word-line voltage of a cell with a transistor; the card's when None.
        form: netlist form, "osdi" or "behavioural"; when None the best one at hand, and
            "behavioural" for the motion of a model over more than 100 s.
        options: simulator options.
        time_limit: s, wall clock, of each run.
        keep: directory to keep netlists, logs and raw results in.

    Returns:
        dataset over ``cell``, ``memristor`` and ``time`` (s): ``weight`` (cell, time) and
        ``initial_weight`` (cell), S or 1; ``change`` (cell, time) of the weight, relative to the
        initial one's magnitude, nan where that is zero; ``conductance`` (cell, memristor, time) S
        and ``state`` as read; ``clipped`` (cell, memristor, time) where the drifted conductance
        lies beyond those of the states 0 and 1, so that the nearer of these was read.

    Raises:
        UsageError: states or times that cannot be, no drift on the card, a spread without
            ``rng``, a device without equations in Python.
        SimulationError: the simulator gave no trustworthy result.
    """
    ready = prepare_retention(
        device, times, states=states, devices=devices, mechanism=mechanism, simulator=simulator,
        read=read, gate=gate, form=form,
    )  # fmt: skip
    cell, chosen, instants, start = ready.cell, ready.mechanism, ready.times, ready.states
    memristor, volts, gates = device_of(cell), ready.read_voltage, ready.gate
    run = _Run(ready.form, options, time_limit, kept_in(keep))
    if rng is not None:
        require_generator(rng)
    if chosen == "card":
        found, clipped = _drifted(memristor, start, instants, volts, rng)
    else:
        if simulator == "ngspice":
            found = _alone_in_ngspice(cell, start, instants, gates, run)
        else:
            found = _alone_in_numpy(cell, start, instants)
        clipped = np.zeros(found.shape, dtype=bool)
    every = np.concatenate([start[np.newaxis], found])
    conductance = memristor.conductance(every, volts)
    if simulator == "ngspice":
        weights = _read(cell, every, volts, gates, run)
    else:
        weights = cell.weight(np.moveaxis(conductance, -1, 0))
    result = _dataset(cell, instants, weights, conductance[1:], found, clipped)
    result.attrs.update({
        "device": memristor.name, "citation": memristor.citation, "mechanism": chosen,
        "simulator": simulator, "read_voltage": volts,
        "form": run.form if simulator == "ngspice" else "numpy",
    })  # fmt: skip
    return result


def _mechanism(memristor: Device, given: Mechanism | None) -> Mechanism:
    if given is None:
        return "model" if memristor.model.volatile else "card"
    require_choice(given, ("card", "model"), "mechanism")
    return given


def _times(given: ArrayLike) -> Array:
    times = np.atleast_1d(numbers(given, "times"))
    rising = times.ndim == 1 and times.size > 0 and bool(np.all(np.diff(times) > 0))
    if not rising or not np.all(np.isfinite(times)) or times[0] < 0 or times[-1] == 0:
        raise UsageError(f"times = {given!r}: expected rising times in s, none below 0")
    return times


def _states(cell: Cell, given: ArrayLike | None, devices: int | None, times: int) -> Array:
    """Return the programmed states, (cells, memristors), which are read so many times."""
    several = len(cell.memristors)
    states = numbers(cell.device.initial_state if given is None else given, "states")
    if states.ndim == 1 and several == 1:
        states = states[:, np.newaxis]
    elif states.ndim < 2 and states.size in (1, several):
        states = np.broadcast_to(states, (1, several))
    if states.ndim != 2 or states.shape[1] != several or states.size == 0:
        raise UsageError(
            f"states of shape {states.shape}: expected one number, ({several},) or (cells, "
            f"{several}), the memristors being {', '.join(cell.memristors)}"
        )
    if not np.all((states >= 0) & (states <= 1)):
        raise UsageError(f"states = {given!r}: expected numbers in 0 ... 1")
    cells = len(states) if devices is None else whole_number(devices, "devices")
    if cells < 1 or len(states) not in (1, cells):
        raise UsageError(f"devices = {devices!r}, but there are the states of {len(states)} cells")
    require_size({"devices": cells, "memristors": several, "reads": times + 1})
    return np.array(np.broadcast_to(states, (cells, several)))


def _drifted(
    memristor: Device, start: Array, times: Array, volts: float, rng: np.random.Generator | None
) -> tuple[Array, NDArray[np.bool_]]:
    """Return states after the drift of the card, and where none has the drifted conductance.

    Both are (times, cells, memristors).
    """
    before = memristor.conductance(start, volts)
    wanted = memristor.drifted(before, times[:, np.newaxis, np.newaxis], rng)
    states = memristor.state_at(wanted, volts)
    # what has not drifted keeps the very state it was given
    states = np.where(wanted == before, start, states)
    return states, np.abs(memristor.conductance(states, volts) / wanted - 1) > _FOUND


def _alone_in_numpy(cell: Cell, start: Array, times: Array) -> Array:
    """Return states of the model at 0 V by its numpy form, (times, cells, memristors)."""
    from memcircuit.devices.evolution import evolve

    instants = times if times[0] == 0 else np.concatenate([[0.0], times])
    model = device_of(cell).numpy()
    states = evolve(model, instants, np.zeros_like(instants), start.ravel())
    return np.moveaxis(states[:, -times.size :].reshape(*start.shape, -1), -1, 0)


def _alone_in_ngspice(cell: Cell, start: Array, times: Array, gate: float, run: _Run) -> Array:
    """Return states of cells with 0 V at every line, (times, cells, memristors)."""
    from memcircuit import simulate
    from pyspice_netlists import cell_bench

    stop = float(times[-1])
    limit = largest_step(device_of(cell), (0.0,), stop / _POINTS, stop, run.form)
    sources = dict.fromkeys(cell.wiring.driven, "0")
    bench = cell_bench(cell, sources, form=run.form, initial_state=start, gate=gate)
    record = state_record(cell, bench, start)
    job = simulate.Job(
        title=f"{cell.name} left alone for {stop:g} s",
        circuit=bench.circuit,
        analysis=simulate.Transient(stop=stop, step=limit.step, max_step=limit.step),
        vectors=replace(bench, states=record.vectors).vectors,
        verilog_a=verilog_a(cell, run.form),
    )
    raw = _result(job, run, "alone")
    found = np.array([np.interp(times, raw.axis, wave) for wave in record.waves(raw)])
    return np.moveaxis(np.clip(found, 0, 1).reshape(*start.shape, -1), -1, 0)


def _read(cell: Cell, states: Array, volts: float, gate: float, run: _Run) -> Array:
    """Return the weights that ngspice reads, (times, cells), of states (times, cells, memristors).

    Every cell at every time is a cell of its own in a netlist.
    """
    flat = states.reshape(-1, states.shape[-1])
    parts = [
        _read_together(cell, flat[first : first + _TOGETHER], volts, gate, run, f"read_{first}")
        for first in range(0, len(flat), _TOGETHER)
    ]
    return np.concatenate(parts).reshape(states.shape[:2])


def _read_together(
    cell: Cell, states: Array, volts: float, gate: float, run: _Run, name: str
) -> Array:
    """Return the weights of the cells of one netlist, (cells,), of states (cells, memristors)."""
    from memcircuit import simulate
    from pyspice_netlists import cell_bench

    sources = {
        terminal: repr(float(cell.wiring.read.get(terminal, 0.0) * volts))
        for terminal in cell.wiring.driven
        if terminal not in cell.wiring.constant
    }
    bench = cell_bench(cell, sources, form=run.form, initial_state=states, gate=gate)
    job = simulate.Job(
        title=f"read of {len(states)} x {cell.name}",
        circuit=bench.circuit,
        analysis=simulate.OperatingPoint(),
        vectors=bench.vectors,
        verilog_a=verilog_a(cell, run.form),
    )
    return CellRecord(cell, bench).sensed(_result(job, run, name))[:, 0] / volts


def _result(job: Job, run: _Run, name: str) -> Waves:
    from memcircuit.simulate.ngspice import run_waves

    keep = None if run.keep is None else run.keep / name
    return run_waves(job, options=run.options, time_limit=run.time_limit, keep=keep)


def _dataset(
    cell: Cell,
    times: Array,
    weights: Array,
    conductance: Array,
    states: Array,
    clipped: NDArray[np.bool_],
) -> xr.Dataset:
    """Return the result of (1 + times, cells) weights and (times, cells, memristors) values."""
    import xarray as xr

    unit = cell.wiring.unit
    before, after = weights[0], weights[1:]
    size = np.where(before == 0, np.nan, np.abs(before))
    each = ("time", "cell", "memristor")
    result = xr.Dataset(
        {
            "weight": (("time", "cell"), after, {"units": unit, "long_name": "weight"}),
            "initial_weight": ("cell", before, {"units": unit, "long_name": "initial weight"}),
            "change": (
                ("time", "cell"),
                (after - before) / size,
                {"units": "1", "long_name": "relative change of the weight"},
            ),
            "conductance": (each, conductance, {"units": "S", "long_name": "conductance"}),
            "state": (each, states, {"units": "1", "long_name": "state"}),
            "clipped": (each, clipped, {"units": "1", "long_name": "beyond the states"}),
        },
        coords={
            "time": ("time", times, {"units": "s", "long_name": "time since programming"}),
            "memristor": list(cell.memristors),
        },
        attrs={"experiment": "retention", "cell_name": cell.name, "title": cell.title},
    )
    return result.transpose("cell", "memristor", "time")
