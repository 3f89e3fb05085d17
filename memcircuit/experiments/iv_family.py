"""The I-V family: sweeps under compliance currents and to stop voltages, and their levels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.checks import whole_number
from memcircuit.devices.device import Form
from memcircuit.errors import UsageError
from memcircuit.experiments.cell_record import add_states, sample, verilog_a
from memcircuit.experiments.circuits import as_cell, memristor_of, netlist_form
from memcircuit.experiments.driven_device import DrivenDevice
from memcircuit.experiments.family_plan import FamilyPlan, family_plan
from memcircuit.experiments.state_record import StateRecord, state_record
from memcircuit.experiments.time_step import TimeStep, largest_step
from memcircuit.simulate.run_directory import kept_in

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.simulate import Job, Options
    from memcircuit.simulate.waves import Waves
    from pyspice_netlists import Bench, Cell, Pulse

_TEXT = {
    "sweep": ("V", "voltage of the driver"),
    "voltage": ("V", "voltage"),
    "current": ("A", "current"),
    "state": ("1", "state"),
    "conductance_set": ("S", "conductance after SET"),
    "conductance_reset": ("S", "conductance after RESET"),
    "largest_current": ("A", "largest current of the SET sweep"),
    "compliance": ("A", "compliance current"),
    "stop": ("V", "stop voltage of RESET"),
    "gate": ("V", "gate voltage of SET"),
    "time": ("s", "time"),
}


@dataclass(frozen=True)
class Family:
    """An I-V family made ready.

    Attributes:
        cell: what is driven.
        plan: how.
        form: netlist form.
        limit: of the time step.
    """

    cell: Cell
    plan: FamilyPlan
    form: Form
    limit: TimeStep


def prepare_iv_family(
    device: DrivenDevice | Cell,
    *,
    stops: ArrayLike | None = None,
    compliances: ArrayLike | None = None,
    gates: ArrayLike | None = None,
    set_stop: float | None = None,
    rate: float | None = None,
    points: int = 1000,
    initial_state: float | None = None,
    read: Pulse | float | None = None,
    form: Form | None = None,
) -> Family:
    """Return what ``iv_family`` simulates; the arguments are the same.

    Raises:
        UsageError: values that make no family.
    """
    cell = as_cell(device)
    if whole_number(points, "points") < 100:
        raise UsageError(f"points = {points}: at least 100")
    plan = family_plan(
        cell, stops=stops, compliances=compliances, gates=gates, set_stop=set_stop, rate=rate,
        read=read, initial_state=initial_state,
    )  # fmt: skip
    chosen = netlist_form(form)
    return Family(cell, plan, chosen, _step(memristor_of(cell), plan, points, chosen))


def iv_family(
    device: DrivenDevice | Cell,
    *,
    stops: ArrayLike | None = None,
    compliances: ArrayLike | None = None,
    gates: ArrayLike | None = None,
    set_stop: float | None = None,
    rate: float | None = None,
    points: int = 1000,
    initial_state: float | None = None,
    read: Pulse | float | None = None,
    form: Form | None = None,
    options: Options | None = None,
    time_limit: float = 600.0,
    keep: str | Path | None = None,
) -> xr.Dataset:
    """Sweep a device or a cell to SET and to RESET, once for each compliance or stop voltage.

    Every curve starts anew: 0 V, the stop voltage of SET, 0 V, a read, 0 V, the stop voltage of
    RESET, 0 V, a read. Sweeps are triangles of one rate. The driver gives at most the compliance
    current in the polarity of SET; RESET is not limited.

    Args:
        device: a memristor, or a cell around one that is driven at one terminal.
        stops: (curves,) V, stop voltages of RESET, of the sign opposite to SET; when None the
            larger of the amplitudes of the card's RESET pulse and loop.
        compliances: (curves,) A, for the SET sweeps; no limit when None.
        gates: (curves,) V, word-line voltages of the SET sweeps of a cell with a transistor, the
            other way to limit the current; the card's when None. Reads and RESET are under the
            card's, or the largest of these where it states none.
        set_stop: V, stop voltage of SET; when None as for RESET.
        rate: V/s; that of a triangle as high and as quick as the card's loop when None.
        points: least number of time points of the longest sweep, from 0 V to 0 V.
        initial_state: where every curve starts; when None the device's own, or 0 should that be
            the state of high conductance.
        read: read pulse or its amplitude in V; the card's when None.
        form: netlist form, "osdi" or "behavioural"; the best one at hand when None.
        options: simulator options.
        time_limit: s, wall clock of each simulation: one, or one per gate voltage.
        keep: directory to keep netlists, logs and raw results in.

        ``stops``, ``compliances`` and ``gates`` that are lists go together, curve by curve; one
        number is for all curves.

    Returns:
        dataset over ``curve`` and ``time`` (s): ``sweep`` (V) of the driver, ``voltage`` (V) and
        ``current`` (A) of the cell, ``state``; over ``curve``: ``conductance_set`` and
        ``conductance_reset`` (S) at the two reads and ``largest_current`` (A), the largest
        magnitude in the SET sweep; coordinates ``compliance`` (A), ``stop`` (V) and, of a cell
        with a transistor, ``gate`` (V); ``branch`` over time: set, reset or read. The attribute
        ``varied`` names what differs between the curves.

    Raises:
        UsageError: values that make no family.
        SimulationError: the simulator gave no trustworthy result.
    """
    import xarray as xr

    from memcircuit.simulate.ngspice import run_waves

    named = kept_in(keep)
    ready = prepare_iv_family(
        device, stops=stops, compliances=compliances, gates=gates, set_stop=set_stop, rate=rate,
        points=points, initial_state=initial_state, read=read, form=form,
    )  # fmt: skip
    cell, plan, limit = ready.cell, ready.plan, ready.limit
    parts = []
    for gate in np.unique(plan.gates):
        curves = np.flatnonzero(plan.gates == gate)
        place = None if named is None else named / (f"gate_{gate:g}" if cell.gated else "")
        bench = _bench(ready, curves)
        raw = run_waves(bench.job, options=options, time_limit=time_limit, keep=place)
        parts.append(_dataset(cell, plan, curves, bench, raw, points))
    family = parts[0] if len(parts) == 1 else xr.concat(parts, "curve", combine_attrs="override")
    family = family.sortby("curve")
    for name, (unit, text) in _TEXT.items():
        if name in family.variables:
            family[name].attrs = {"units": unit, "long_name": text}
    family.attrs |= {
        "wall_time": sum(part.attrs["wall_time"] for part in parts),
        "attempts": max(part.attrs["attempts"] for part in parts),
        "experiment": "iv_family",
        "device": memristor_of(cell).name,
        "cell_name": cell.name,
        "form": ready.form,
        "citation": memristor_of(cell).citation,
        "state_step": limit.state_step,
        "step_limit": limit.reason,
        "varied": " ".join(plan.varied),
        "set_stop": plan.set_stop,
        "rate": plan.rate,
        "read_voltage": plan.read.amplitude,
        "initial_state": plan.initial_state,
    }
    return family


def _step(memristor: DrivenDevice, plan: FamilyPlan, points: int, form: Form) -> TimeStep:
    volts = (plan.set_stop, *np.unique(plan.stops).tolist(), plan.read.amplitude)
    return largest_step(memristor, volts, plan.longest / points, plan.duration, form)


@dataclass(frozen=True)
class _Bench:
    """Curves of one gate voltage side by side, made ready.

    Attributes:
        job: the simulation.
        bench: names of its vectors.
        sweeps: (curves,) vectors of the drivers' voltages.
        states: where the states are.
    """

    job: Job
    bench: Bench
    sweeps: tuple[str, ...]
    states: StateRecord


def _bench(ready: Family, curves: NDArray[np.int64]) -> _Bench:
    from memcircuit.simulate import Job, Transient
    from pyspice_netlists import cell_bench
    from pyspice_netlists.compliance import limit_drivers

    cell, plan, limit = ready.cell, ready.plan, ready.limit
    start = np.full(curves.size, plan.initial_state)
    bench = cell_bench(
        cell, [plan.waveform(int(curve)).source() for curve in curves],
        form=ready.form, initial_state=start, gate=plan.gate(int(curves[0])).source(),
    )  # fmt: skip
    bench, sweeps = limit_drivers(bench, plan.compliances[curves].tolist(), plan.polarity)
    states = state_record(cell, bench, start)
    wanted = (*sweeps, *replace(bench, states=states.vectors).vectors)
    job = Job(
        title=f"I-V family of {cell.name}, {curves.size} curves",
        circuit=bench.circuit,
        analysis=Transient(stop=plan.duration, step=limit.step, max_step=limit.step),
        # of a driver that is not limited, its voltage is that of the cell
        vectors=tuple(dict.fromkeys(wanted)),
        verilog_a=verilog_a(cell, ready.form),
    )
    return _Bench(job, bench, sweeps, states)


def _dataset(
    cell: Cell, plan: FamilyPlan, curves: NDArray[np.int64], ready: _Bench, raw: Waves,
    points: int,
) -> xr.Dataset:  # fmt: skip
    import xarray as xr

    moments, time = raw.axis, plan.grid(points)
    vectors = {
        "sweep": ready.sweeps,
        "voltage": ready.bench.ports[0].voltages,
        "current": ready.bench.currents,
    }
    waves = {name: raw.of(named) for name, named in vectors.items()}
    current, voltage = (
        sample(moments, waves[name], plan.read_instants) for name in ("current", "voltage")
    )
    in_set = np.abs(waves["current"][:, moments <= plan.set_end])
    family = xr.Dataset(
        {name: (("curve", "time"), sample(moments, wave, time)) for name, wave in waves.items()},
        coords={
            "curve": curves,
            "time": time,
            "branch": ("time", plan.branch(time)),
            "compliance": ("curve", plan.compliances[curves]),
            "stop": ("curve", plan.stops[curves]),
        },
        attrs=raw.attributes,
    )
    family["conductance_set"] = ("curve", current[:, 0] / voltage[:, 0])
    family["conductance_reset"] = ("curve", current[:, 1] / voltage[:, 1])
    family["largest_current"] = ("curve", in_set.max(axis=1))
    if cell.gated:
        family = family.assign_coords(gate=("curve", plan.gates[curves]))
    if ready.states.vectors:
        states = sample(moments, ready.states.waves(raw), time)
        family = add_states(family, cell, "state", ("curve", "time"), states)
    return family
