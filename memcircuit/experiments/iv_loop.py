"""The I-V loop: current against a sinusoidal voltage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from memcircuit.devices.device import Form
from memcircuit.errors import UsageError
from memcircuit.experiments.cell_record import add_states, verilog_a
from memcircuit.experiments.circuits import (
    as_cell,
    gate_voltage,
    initial_states,
    loop_sine,
    memristor_of,
    netlist_form,
    whole_number,
)
from memcircuit.experiments.driven_device import DrivenDevice
from memcircuit.experiments.state_record import StateRecord, state_record
from memcircuit.experiments.time_step import largest_step

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.simulate import Job, Options
    from pyspice_netlists import Bench, Cell, Waveform


@dataclass(frozen=True)
class Loop:
    """An I-V loop made ready.

    Attributes:
        job: the simulation.
        cell: what is driven.
        bench: names of its vectors.
        states: where its state is.
        settings: what was asked for, by name.
    """

    job: Job
    cell: Cell
    bench: Bench
    states: StateRecord
    settings: dict[str, str | float]


@dataclass(frozen=True)
class _Drive:
    """A sine, or a sweep of one cycle.

    Attributes:
        highest: V.
        lowest: V.
        frequency: Hz.
        cycles: number of periods.
        sweep: None for a sine.
    """

    highest: float
    lowest: float
    frequency: float
    cycles: int
    sweep: Waveform | None = None

    @property
    def duration(self) -> float:
        """Of all periods, s."""
        return self.cycles / self.frequency

    def source(self, share: float) -> str:
        """Return the value of a source with this share of the voltage."""
        if self.sweep is None:
            return f"SIN(0 {share * self.highest!r} {self.frequency!r})"
        return replace(self.sweep, voltage=share * self.sweep.voltage).source()


def _drive(
    memristor: DrivenDevice,
    amplitude: float | None,
    frequency: float | None,
    cycles: int | None,
    sweep: Waveform | None,
) -> _Drive:
    from pyspice_netlists import Waveform

    if sweep is None:
        periods = 2 if cycles is None else whole_number(cycles, "cycles")
        if periods < 1:
            raise UsageError(f"cycles = {periods}: at least 1")
        volts, hertz = loop_sine(memristor, amplitude, frequency)
        return _Drive(volts, -volts, hertz, periods)
    if not isinstance(sweep, Waveform):
        raise UsageError(f"sweep = {sweep!r}: expected a Waveform, such as triangle(...)")
    for name, given in (("amplitude", amplitude), ("frequency", frequency), ("cycles", cycles)):
        if given is not None:
            raise UsageError(f"{name} = {given!r} beside a sweep, which says all of it itself")
    if sweep.time[0] != 0:
        raise UsageError(f"sweep starts at {sweep.time[0]:g} s: must start at 0 s")
    high, low = float(sweep.voltage.max()), float(sweep.voltage.min())
    return _Drive(high, low, 1 / float(sweep.time[-1]), 1, sweep)


def prepare_iv_loop(
    device: DrivenDevice | Cell,
    *,
    amplitude: float | None = None,
    frequency: float | None = None,
    cycles: int | None = None,
    sweep: Waveform | None = None,
    points_per_cycle: int = 1000,
    initial_state: ArrayLike | None = None,
    gate: float | None = None,
    form: Form | None = None,
) -> Loop:
    """Return the simulation behind ``iv_loop``; the arguments are the same."""
    from memcircuit.simulate import Job, Transient
    from pyspice_netlists import cell_bench

    if whole_number(points_per_cycle, "points_per_cycle") < 100:
        raise UsageError(f"points_per_cycle = {points_per_cycle}: at least 100")
    cell = as_cell(device)
    memristor = memristor_of(cell)
    drive = _drive(memristor, amplitude, frequency, cycles, sweep)
    chosen = netlist_form(form)
    start = initial_states(memristor, initial_state, 1, len(cell.memristors))
    wiring = cell.wiring
    driven = {name: drive.source(share) for name, share in wiring.program.items()}
    rest = {name: repr(float(wiring.constant.get(name, 0.0))) for name in wiring.driven}
    bench = cell_bench(
        cell,
        rest | driven,
        form=chosen,
        initial_state=start,
        gate=gate_voltage(cell, gate),
    )
    states = state_record(cell, bench, start)
    limit = largest_step(
        memristor, (drive.highest, drive.lowest), 1 / (drive.frequency * points_per_cycle),
        drive.duration, chosen,
    )  # fmt: skip
    job = Job(
        title=f"I-V loop of {cell.name}, {drive.highest:g} V, {drive.frequency:g} Hz",
        circuit=bench.circuit,
        analysis=Transient(stop=drive.duration, step=limit.step, max_step=limit.step),
        vectors=replace(bench, states=states.vectors).vectors,
        verilog_a=verilog_a(cell, chosen),
    )
    settings: dict[str, str | float] = {
        "experiment": "iv_loop",
        "device": memristor.name,
        "cell_name": cell.name,
        "form": chosen,
        "citation": memristor.citation,
        "state_step": limit.state_step,
        "step_limit": limit.reason,
        "amplitude": max(drive.highest, -drive.lowest),
        "frequency": drive.frequency,
        "cycles": drive.cycles,
    }
    return Loop(job, cell, bench, states, settings)


def iv_loop(
    device: DrivenDevice | Cell,
    *,
    amplitude: float | None = None,
    frequency: float | None = None,
    cycles: int | None = None,
    sweep: Waveform | None = None,
    points_per_cycle: int = 1000,
    initial_state: ArrayLike | None = None,
    gate: float | None = None,
    form: Form | None = None,
    options: Options | None = None,
    time_limit: float = 600.0,
    keep: str | Path | None = None,
) -> xr.Dataset:
    """Drive a device or a cell with a sine and return voltage, current and state over time.

    Args:
        device: a memristor, or a cell around one.
        amplitude: V; the card's when None.
        frequency: Hz; the card's when None.
        cycles: number of periods; 2 when None.
        sweep: or else the voltage over time, such as a ``pyspice_netlists.triangle``.
        points_per_cycle: least number of time points per period, or of the sweep.
        initial_state: state at the start, or (memristors,); the device's own when None.
        gate: V, word-line voltage of a cell with a transistor; the card's when None.
        form: netlist form, "osdi" or "behavioural"; the best one at hand when None.
        options: simulator options.
        time_limit: s, wall clock.
        keep: directory to keep netlist, log and raw result in.

    Returns:
        dataset over ``time`` (s): ``voltage`` (V), ``current`` (A) into plus, and ``state`` of a
        device that shows one, also over ``memristor`` where a cell has several; the attribute
        ``step_limit`` says what the time steps follow. Of a cell that is programmed at several
        terminals, voltage and current are those of the first.

    Raises:
        UsageError: values that make no loop.
        SimulationError: the simulator gave no trustworthy result.
    """
    ready = prepare_iv_loop(
        device, amplitude=amplitude, frequency=frequency, cycles=cycles,
        sweep=sweep, points_per_cycle=points_per_cycle, initial_state=initial_state, gate=gate,
        form=form,
    )  # fmt: skip
    return run_loop(ready, options=options, time_limit=time_limit, keep=keep)


def run_loop(
    ready: Loop,
    *,
    options: Options | None = None,
    time_limit: float = 600.0,
    keep: str | Path | None = None,
) -> xr.Dataset:
    """Simulate a loop made ready; arguments and result are those of ``iv_loop``."""
    from memcircuit.simulate import run

    raw = run(ready.job, options=options, time_limit=time_limit, keep=keep)
    bench = ready.bench
    names = {bench.voltage: "voltage", bench.currents[0]: "current"}
    loop = raw[list(names)].rename(names)
    share = next(iter(ready.cell.wiring.program.values()))
    loop = loop / share  # as the memristors see it, whose terminal has a share of the drive
    if ready.states.vectors:
        states = ready.states.waves(raw)
        loop = add_states(loop, ready.cell, "state", ("cell", "time"), states).squeeze("cell")
    for name, unit in (("voltage", "V"), ("current", "A"), ("state", "1")):
        if name not in loop:
            continue
        loop[name].attrs = {"units": unit, "long_name": name}
    loop.attrs.update(ready.settings)
    return loop
