"""Pulses for selected cells of an array with wires, at the cost of those cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from memcircuit.checks import require_flag
from memcircuit.crossbar.array_run import (
    ASKED,
    ArrayRun,
    Simulator,
    check_allowed,
    run_checked,
    warn_of_full_netlist,
)
from memcircuit.crossbar.cell_law import cell_law
from memcircuit.crossbar.frozen import safe_voltages
from memcircuit.crossbar.plan import ArrayPlan, Reading, prepare, settings
from memcircuit.crossbar.reduced_plan import reduce_plan
from memcircuit.crossbar.selection import Bias
from memcircuit.devices.device import Form
from memcircuit.experiments.circuits import device_of
from memcircuit.simulate.run_directory import kept_in

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.crossbar.crossbar import Crossbar
    from memcircuit.simulate import Options
    from pyspice_netlists import Pulse

#: Largest movement of a frozen cell's state, of 0 ... 1, that the port network may leave out.
ALLOWED_MOVEMENT = 1e-3


def prepare_program_pulses(
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
    allowed_movement: float = ALLOWED_MOVEMENT,
    reduced: bool = True,
    form: Form | None = None,
) -> tuple[ArrayPlan, Reading]:
    """Return what ``program_pulses`` simulates and how it reads; the arguments are the same.

    Raises:
        UsageError: values that make no experiment.
    """
    check_allowed(allowed_movement)
    require_flag(reduced, "reduced")
    return prepare(
        array, states, selected, pulses, bias=bias, gate=gate, read=read,
        read_bias=read_bias, variation=variation, form=form,
    )  # fmt: skip


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
    no network can stand for the array, as with transistors on lines that are neither selected nor
    at 0 V, the whole array is simulated instead; a warning and ``attrs["method"]`` say so.

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
        ``frozen_voltage`` (V, largest magnitude between the lines of a cell) and ``movement`` of
        every cell of the array: of a simulated cell its largest change of state, of a frozen one
        the bound; ``final_state`` holds what frozen memristors move to the first order. The
        attributes ``safe_negative`` and ``safe_positive`` (V) are the voltages up to which no
        memristor without variation, whatever its state, would move more than
        ``allowed_movement`` in this run. With
        ``waveforms`` also ``waveform_driver``, ``waveform_voltage``, ``waveform_current`` and
        ``waveform_state`` over ``time``; the current is that of the cell's law, without what
        charges the transistor.

    Raises:
        UsageError: values that make no experiment.
        SimulationError: the simulator gave no trustworthy result.
    """
    plan, reading = prepare_program_pulses(
        array, states, selected, pulses, bias=bias, gate=gate, read=read, read_bias=read_bias,
        variation=variation, allowed_movement=allowed_movement, reduced=reduced, form=form,
    )  # fmt: skip
    require_flag(waveforms, "waveforms")
    simulator = Simulator(options, time_limit, kept_in(keep))
    reduction = reduce_plan(plan) if reduced else ASKED
    run, method = run_checked(plan, reduction, simulator, allowed=allowed_movement)
    warn_of_full_netlist(method)
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
