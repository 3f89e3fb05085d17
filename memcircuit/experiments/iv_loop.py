"""The I-V loop: current against a sinusoidal voltage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.checks import whole_number
from memcircuit.devices.device import Form
from memcircuit.errors import UsageError
from memcircuit.experiments.cell_record import measured_states, memristor_coordinate, verilog_a
from memcircuit.experiments.circuits import (
    as_cell,
    gate_voltage,
    initial_states,
    loop_sine,
    memristor_of,
    netlist_form,
)
from memcircuit.experiments.driven_device import DrivenDevice
from memcircuit.experiments.measured import Measured
from memcircuit.experiments.state_record import StateRecord, state_record
from memcircuit.experiments.time_step import TimeStep, largest_step

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.simulate import Job, Options
    from memcircuit.simulate.waves import Waves
    from pyspice_netlists import Bench, Cell, Waveform
    from pyspice_netlists.benches import Source

Array = NDArray[np.float64]


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
class Drive:
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
) -> Drive:
    from pyspice_netlists import Waveform

    if sweep is None:
        periods = 2 if cycles is None else whole_number(cycles, "cycles")
        if periods < 1:
            raise UsageError(f"cycles = {periods}: at least 1")
        volts, hertz = loop_sine(memristor, amplitude, frequency)
        return Drive(volts, -volts, hertz, periods)
    if not isinstance(sweep, Waveform):
        raise UsageError(f"sweep = {sweep!r}: expected a Waveform, such as triangle(...)")
    for name, given in (("amplitude", amplitude), ("frequency", frequency), ("cycles", cycles)):
        if given is not None:
            # without the value: in a sweep over it that is refused at every point in the same words
            raise UsageError(f"{name} beside a sweep, which says all of it itself: leave it out")
    if sweep.time[0] != 0:
        raise UsageError(f"sweep starts at {sweep.time[0]:g} s: must start at 0 s")
    high, low = float(sweep.voltage.max()), float(sweep.voltage.min())
    return Drive(high, low, 1 / float(sweep.time[-1]), 1, sweep)


@dataclass(frozen=True)
class LoopPlan:
    """An I-V loop without its cells.

    Attributes:
        cell: the kind of cell.
        form: netlist form.
        drive: what drives it.
        points_per_cycle: least number of time points.
    """

    cell: Cell
    form: Form
    drive: Drive
    points_per_cycle: int

    def held(self) -> dict[str, Source]:
        """Return the sources of the terminals that are not driven, and of the others 0 V."""
        wiring = self.cell.wiring
        return {name: repr(float(wiring.constant.get(name, 0.0))) for name in wiring.driven}

    def time_step(
        self, amplitudes: ArrayLike, values: Mapping[str, Array] | None = None
    ) -> TimeStep:
        """Return the largest time step; see ``largest_step``.

        Args:
            amplitudes: (n,) or (cells, n) V, highest and lowest of what drives the cells.
            values: parameters that differ from cell to cell.
        """
        return largest_step(
            memristor_of(self.cell), amplitudes,
            1 / (self.drive.frequency * self.points_per_cycle), self.drive.duration, self.form,
            values,
        )  # fmt: skip


def loop_plan(
    device: DrivenDevice | Cell,
    *,
    amplitude: float | None = None,
    frequency: float | None = None,
    cycles: int | None = None,
    sweep: Waveform | None = None,
    points_per_cycle: int = 1000,
    form: Form | None = None,
) -> LoopPlan:
    """Return how a loop is driven; the arguments are those of ``iv_loop``.

    Raises:
        UsageError: values that make no loop.
    """
    if whole_number(points_per_cycle, "points_per_cycle") < 100:
        raise UsageError(f"points_per_cycle = {points_per_cycle}: at least 100")
    cell = as_cell(device)
    drive = _drive(memristor_of(cell), amplitude, frequency, cycles, sweep)
    return LoopPlan(cell, netlist_form(form), drive, points_per_cycle)


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
    from pyspice_netlists import cell_bench

    plan = loop_plan(
        device, amplitude=amplitude, frequency=frequency, cycles=cycles, sweep=sweep,
        points_per_cycle=points_per_cycle, form=form,
    )  # fmt: skip
    cell = plan.cell
    start = initial_states(memristor_of(cell), initial_state, 1, len(cell.memristors))
    driven = {name: plan.drive.source(share) for name, share in cell.wiring.program.items()}
    bench = cell_bench(
        cell, plan.held() | driven, form=plan.form, initial_state=start,
        gate=gate_voltage(cell, gate),
    )  # fmt: skip
    limit = plan.time_step((plan.drive.highest, plan.drive.lowest))
    return loop_of(plan, bench, start, limit)


def loop_of(plan: LoopPlan, bench: Bench, start: Array, limit: TimeStep) -> Loop:
    """Return the loop of a bench whose cells are driven as a plan says.

    Args:
        plan: the drive.
        bench: of ``pyspice_netlists.cell_bench``.
        start: (cells,) or (cells, memristors) states.
        limit: of the time step.
    """
    from memcircuit.simulate import Job, Transient

    cell, drive, memristor = plan.cell, plan.drive, memristor_of(plan.cell)
    states = state_record(cell, bench, start)
    job = Job(
        title=f"I-V loop of {cell.name}, {drive.highest:g} V, {drive.frequency:g} Hz",
        circuit=bench.circuit,
        analysis=Transient(stop=drive.duration, step=limit.step, max_step=limit.step),
        vectors=replace(bench, states=states.vectors).vectors,
        verilog_a=verilog_a(cell, plan.form),
    )
    settings: dict[str, str | float] = {
        "experiment": "iv_loop",
        "device": memristor.name,
        "cell_name": cell.name,
        "form": plan.form,
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
    import xarray as xr

    from memcircuit.simulate.ngspice import run_waves

    raw = run_waves(ready.job, options=options, time_limit=time_limit, keep=keep)
    measures = loop_measures(ready, raw)
    return xr.Dataset(
        {name: (own.dims, own.values[0], own.attrs) for name, own in measures.items()},
        coords={n: (c.dims, c.values, c.attrs) for n, c in loop_coordinates(ready, raw).items()},
        attrs={**raw.attributes, **ready.settings},
    )


def loop_measures(ready: Loop, raw: Waves) -> dict[str, Measured]:
    """Return the variables of ``iv_loop`` by name, with a leading axis of cells."""
    port = ready.bench.ports[0]
    volts, current = raw.of(port.voltages), raw.of(port.currents)
    if port.factors is not None:
        volts = port.factors @ volts
    volts = np.broadcast_to(volts, current.shape)
    # as the memristors see it, whose terminal has a share of the drive
    share = next(iter(ready.cell.wiring.program.values()))
    found = {
        "voltage": Measured(("time",), volts / share, {"units": "V", "long_name": "voltage"}),
        "current": Measured(("time",), current / share, {"units": "A", "long_name": "current"}),
    }
    if ready.states.vectors:
        found["state"] = measured_states(ready.cell, ready.states.waves(raw), "time")
    return found


def loop_coordinates(ready: Loop, raw: Waves) -> dict[str, Measured]:
    """Return the coordinates of ``iv_loop`` by name."""
    found = {"time": Measured(("time",), raw.axis, {"units": "s"})}
    return found | (memristor_coordinate(ready.cell) if ready.states.vectors else {})
