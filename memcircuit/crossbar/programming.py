"""Pulses for selected cells of an array with wires, at the cost of those cells."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from memcircuit.crossbar.array_run import (
    ArrayPlan,
    ArrayRun,
    Reduction,
    Simulator,
    reduce_plan,
    run_full,
    run_reduced,
)
from memcircuit.crossbar.cell_law import CellLaw, cell_law
from memcircuit.crossbar.frozen import safe_voltages
from memcircuit.crossbar.selection import Bias, Selection, select
from memcircuit.crossbar.wires import Array, Lines, numbers, refuse
from memcircuit.devices.device import Form
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import (
    device_of,
    gate_voltage,
    netlist_form,
    read_pulse,
)

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.crossbar.crossbar import Crossbar
    from memcircuit.simulate import Options
    from pyspice_netlists import Pulse

#: Largest movement of a frozen cell's state, of 0 ... 1, that the port network may leave out.
ALLOWED_MOVEMENT = 1e-3
#: Why the whole array is simulated when the caller wants it so.
ASKED = "asked for"


def program_pulses(
    array: Crossbar,
    states: ArrayLike,
    selected: Sequence[tuple[int, int]] | tuple[int, int],
    pulses: Sequence[Pulse | tuple[Pulse, int]],
    *,
    bias: Bias | str = "grounded",
    gate: float | None = None,
    read: float | None = None,
    read_bias: Bias | str = "grounded",
    variation: Mapping[str, ArrayLike] | None = None,
    reduced: bool = True,
    allowed_movement: float = ALLOWED_MOVEMENT,
    form: Form | None = None,
    waveforms: bool = False,
    options: Options | None = None,
    time_limit: float = 600.0,
    keep: str | Path | None = None,
) -> xr.Dataset:
    """Apply pulses to selected cells of an array, wires and sneak currents included.

    The cells that keep their state are reduced to the ports of the others (see
    :mod:`memcircuit.crossbar.frozen` for what is kept and at which point the rest is made
    linear), and ngspice simulates only those. Afterwards the voltage that each frozen cell saw
    bounds how far it would have moved. If that is more than ``allowed_movement`` for any, or if
    no network can stand for the array, the whole array is simulated instead; a warning and
    ``attrs["method"]`` say so.

    Args:
        array: the array, of a kind of cell.
        states: (rows, columns) at the start; one number for all.
        selected: row and column of the cell, or of each of several cells.
        pulses: of the driver; each a pulse, or a pulse and how often.
        bias: what the lines that are not selected are given during the pulses: "grounded",
            "v/2", "v/3", "floating" or a Bias.
        gate: V, on the gate lines of the selected cells, 0 V on the others; when None that of the
            array, which must then be one for all its lines, or else the card's.
        read: V; the card's when None.
        read_bias: what the lines that are not selected are given during a read.
        variation: multipliers by name, each a number or (rows, columns).
        reduced: use the port network; False simulates the whole array.
        allowed_movement: of a frozen cell's state; inf keeps the port network in any case.
        form: netlist form, "osdi" or "behavioural"; the best one at hand when None.
        waveforms: keep voltage, current and state of the selected cells over time as well.
        options: simulator options.
        time_limit: s, wall clock of each simulation.
        keep: directory to keep netlist, log and raw result in.

    Returns:
        dataset over ``cell`` (the selected ones), ``pulse`` (0 is the start), ``row`` and
        ``column``: ``conductance`` (S) of the cell's memristor alone at the read voltage, and
        ``read_conductance`` (S), the current out of its column, with wires, transistor and sneak
        currents, over the read voltage, both after each pulse; ``state``; ``energy`` (J) that the
        driver delivered in each pulse and the gap behind it; ``final_state``, ``simulated``,
        ``frozen_voltage`` (V, largest magnitude) and ``movement`` of every cell of the array:
        of a simulated cell its largest change of state, of a frozen one the bound. The attributes
        ``safe_negative`` and ``safe_positive`` (V) are the voltages up to which no cell, whatever
        its state, would move more than ``allowed_movement`` in this run. With
        ``waveforms`` also ``waveform_driver``, ``waveform_voltage``, ``waveform_current`` and
        ``waveform_state`` over ``time``; the current is that of the cell's law, without what
        charges the transistor.

    Raises:
        UsageError: values that make no experiment.
        SimulationError: the simulator gave no trustworthy result.
    """
    plan, reading = prepare(
        array, states, selected, pulses, bias=bias, gate=gate, read=read,
        read_bias=read_bias, variation=variation, form=form,
    )  # fmt: skip
    simulator = Simulator(options, time_limit, None if keep is None else Path(keep))
    reduction = reduce_plan(plan) if reduced else ASKED
    run, method = run_checked(plan, reduction, simulator, allowed=allowed_movement)
    result = _dataset(plan, run, reading)
    result.attrs |= {
        **run.attributes,
        **settings(plan, reading),
        "experiment": "program_pulses",
        "method": method,
        "allowed_movement": allowed_movement,
        **_safe(plan, run, allowed_movement),
    }
    return _with_waveforms(result, plan, run) if waveforms else result


@dataclass(frozen=True, eq=False)
class Reading:
    """How cells of an array are read.

    Attributes:
        law: the cells' current.
        lines: resistances of the lines.
        selection: the cells that are read and what the other lines are given.
        voltage: V, of the driver.
    """

    law: CellLaw
    lines: Lines
    selection: Selection
    voltage: float

    def conductance(self, states: Array) -> Array:
        """Return the current out of each selected cell's column over the read voltage, S.

        Args:
            states: (..., rows, columns) of the array.

        Returns:
            (..., selected).
        """
        from memcircuit.crossbar.nonlinear import solve_cells

        selection = self.selection
        point = solve_cells(
            self.law, states, selection.gates, selection.lines(self.lines),
            selection.ends(self.voltage),
        )  # fmt: skip
        return np.asarray(point.output[..., selection.columns] / self.voltage)


def prepare(
    array: Crossbar,
    states: ArrayLike,
    selected: Sequence[tuple[int, int]] | tuple[int, int],
    pulses: Sequence[Pulse | tuple[Pulse, int]],
    *,
    bias: Bias | str,
    gate: float | None,
    read: float | None,
    read_bias: Bias | str,
    variation: Mapping[str, ArrayLike] | None,
    form: Form | None,
) -> tuple[ArrayPlan, Reading]:
    """Return what ``program_pulses`` simulates and reads; the arguments are the same."""
    whole, given, lines = array.require_cell(), _pulses(pulses), array.lines
    shape = lines.shape
    volts = gate_voltage(whole, _one_gate(array) if gate is None else gate)
    selection = select(selected, shape, bias, gate=volts, gate_lines=array.gate_lines)
    shortest = min(pulse.width for pulse in given)
    spread = {name: _table(name, value, shape) for name, value in (variation or {}).items()}
    plan = ArrayPlan(
        cell=whole,
        law=cell_law(whole, spread),
        lines=lines,
        selection=selection,
        states=_states(states, shape),
        variation=spread,
        pulses=given,
        gap=shortest / 5,
        form=netlist_form(form),
    )
    chosen = select(selection.cells, shape, read_bias, gate=volts, gate_lines=array.gate_lines)
    voltage = read_pulse(device_of(whole), read, shortest).amplitude
    return plan, Reading(plan.law, lines, chosen, voltage)


def _one_gate(array: Crossbar) -> float | None:
    if array.gate is None or np.ndim(array.gate) == 0:
        return None if array.gate is None else float(np.asarray(array.gate))
    raise UsageError(
        f"the array's gate lines are at {np.shape(array.gate)[0]} voltages: pass gate=..., the one "
        "on those of the selected cells"
    )


def settings(plan: ArrayPlan, reading: Reading) -> dict[str, str | float]:
    """Return what was asked for, by name."""
    memristor = device_of(plan.cell)
    return {
        "device": memristor.name,
        "cell_name": plan.cell.name,
        "form": plan.form,
        "citation": memristor.citation,
        "read_voltage": reading.voltage,
    }


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

    Raises:
        UsageError: an allowed movement that is not above zero.
    """
    if not allowed > 0:
        raise UsageError(f"allowed_movement = {allowed!r} must be above 0")
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
    if reduction != ASKED:
        warnings.warn(f"the whole array is simulated: {reduction}", stacklevel=3)
    return run_full(plan, simulator), f"full netlist: {reduction}"


def _dataset(plan: ArrayPlan, run: ArrayRun, reading: Reading) -> xr.Dataset:
    import xarray as xr

    selection, read = plan.selection, reading.voltage
    at = (selection.rows, selection.columns)
    state = run.states[:, *at].T
    own = {name: value[at][:, np.newaxis] for name, value in plan.variation.items()}
    values = {
        "conductance": (("cell", "pulse"), device_of(plan.cell).conductance(state, read, **own),
                        "S", "conductance"),
        "read_conductance": (("cell", "pulse"), reading.conductance(run.states).T, "S",
                             "current out of the column over the read voltage"),
        "state": (("cell", "pulse"), state, "1", "state"),
        "energy": ("pulse", np.append(0.0, run.energy), "J", "energy of the driver"),
        "final_state": (("row", "column"), run.states[-1], "1", "state at the end"),
        "simulated": (("row", "column"), run.simulated.astype(np.int8), "1", "simulated or frozen"),
        "frozen_voltage": (("row", "column"), run.voltage, "V", "largest voltage of a frozen cell"),
        "movement": (("row", "column"), run.movement, "1",
                     "change of the state; of a frozen cell a bound"),
    }  # fmt: skip
    amplitudes = [pulse.amplitude for pulse in plan.pulses]
    widths = [pulse.width for pulse in plan.pulses]
    return xr.Dataset(
        {
            name: (dims, array, {"units": unit, "long_name": text})
            for name, (dims, array, unit, text) in values.items()
        },
        coords={
            "pulse": np.arange(len(amplitudes) + 1),
            "amplitude": ("pulse", [0.0, *amplitudes], {"units": "V"}),
            "width": ("pulse", [0.0, *widths], {"units": "s"}),
            "cell_row": ("cell", selection.rows),
            "cell_column": ("cell", selection.columns),
        },
    )


def _safe(plan: ArrayPlan, run: ArrayRun, allowed: float) -> dict[str, float]:
    highest = max(abs(pulse.amplitude) for pulse in plan.pulses)
    bounds = safe_voltages(device_of(plan.cell), float(run.time[-1]), allowed, highest)
    return dict(zip(("safe_negative", "safe_positive"), bounds, strict=True))


def _with_waveforms(result: xr.Dataset, plan: ArrayPlan, run: ArrayRun) -> xr.Dataset:
    at = (plan.selection.rows, plan.selection.columns)
    own = {name: value[at][:, np.newaxis] for name, value in plan.variation.items()}
    gates = np.broadcast_to(plan.selection.gates[at][:, np.newaxis], run.row.shape)
    current = cell_law(plan.cell, own).current(run.row, run.column, run.state, gates)[0]
    result = result.assign_coords(time=("time", run.time, {"units": "s"}))
    result["waveform_driver"] = ("time", run.driver, {"units": "V"})
    result["waveform_voltage"] = (("cell", "time"), run.row - run.column, {"units": "V"})
    result["waveform_current"] = (("cell", "time"), current, {"units": "A"})
    result["waveform_state"] = (("cell", "time"), run.state, {"units": "1"})
    return result


def _pulses(given: Sequence[Pulse | tuple[Pulse, int]]) -> tuple[Pulse, ...]:
    from pyspice_netlists import Pulse

    whole: list[Pulse] = []
    for entry in given:
        pulse, count = entry if isinstance(entry, tuple) and len(entry) == 2 else (entry, 1)
        counted = isinstance(count, int | np.integer) and not isinstance(count, bool) and count > 0
        if not isinstance(pulse, Pulse) or not counted:
            raise UsageError(f"pulses: {entry!r} is neither a Pulse nor (Pulse, how often)")
        whole += [pulse] * int(count)
    if not whole:
        raise UsageError("pulses is empty: give at least one")
    return tuple(whole)


def _states(given: ArrayLike, shape: tuple[int, int]) -> Array:
    states = _table("states", given, shape)
    refuse("states", states, (states >= 0) & (states <= 1), "a state in 0 ... 1")
    return states


def _table(name: str, given: ArrayLike, shape: tuple[int, int]) -> Array:
    values = numbers(name, given)
    if values.ndim and values.shape != shape:
        raise UsageError(f"{name} has shape {values.shape}; expected {shape}")
    return np.broadcast_to(values, shape)
