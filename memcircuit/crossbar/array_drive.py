"""Any waveform on any line of a whole array: one netlist, one transient in ngspice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from memcircuit.checks import require_flag, require_time
from memcircuit.crossbar.array_energy import array_energy
from memcircuit.crossbar.array_run import Simulator
from memcircuit.crossbar.array_transient import DrivenArray, damped_options, driven_cells
from memcircuit.crossbar.array_waves import ArrayWaves
from memcircuit.crossbar.line_drive import Drives, LineDrives, gate_drives, line_drives
from memcircuit.crossbar.plan import (
    cell_of,
    refuse_open_lines,
    state_table,
    variation_tables,
)
from memcircuit.crossbar.wires import Array, numbers, refuse
from memcircuit.devices.device import Form
from memcircuit.errors import UsageError
from memcircuit.experiments.cell_record import sample as at_instants
from memcircuit.experiments.circuits import device_of, netlist_form, read_pulse
from memcircuit.experiments.time_step import TimeStep, largest_step
from memcircuit.simulate.run_directory import kept_in

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.crossbar.crossbar import Crossbar
    from memcircuit.simulate import Options
    from pyspice_netlists import Cell, Waveform

# Time points on the shortest plateau, on the shortest edge, and in the whole run, at least...
_POINTS_PER_PLATEAU, _POINTS_PER_EDGE, _POINTS = 10, 5, 200
# ...of which no edge takes more than this in the whole run: an edge starts at a short step anyway.
_MOST_FOR_EDGES = 1000


@dataclass(frozen=True, eq=False)
class Driving:
    """A driven array made ready.

    Attributes:
        driven: the array under its drives.
        stop: s.
        limit: of the time step.
        sample: (samples,) s.
        read_voltage: V.
        variation: multipliers by name, (rows, columns).
        moving_gates: whether a gate line has a waveform.
        form: netlist form.
    """

    driven: DrivenArray
    stop: float
    limit: TimeStep
    sample: Array
    read_voltage: float
    variation: dict[str, Array]
    moving_gates: bool
    form: Form


def prepare_drive_array(
    array: Crossbar,
    states: ArrayLike,
    *,
    rows: Drives,
    columns: Drives = 0.0,
    gates: Drives = None,
    stop: float | None = None,
    sample: ArrayLike | None = None,
    read: float | None = None,
    variation: Mapping[str, ArrayLike] | None = None,
    step: float | None = None,
    form: Form | None = None,
) -> Driving:
    """Return what ``drive_array`` simulates; the arguments are the same.

    Raises:
        UsageError: values that make no experiment.
    """
    cell = cell_of(array)
    shape = array.lines.shape
    voltage = read_pulse(device_of(cell), read).amplitude
    start, spread = state_table(states, shape), variation_tables(variation, shape, cell)
    row = line_drives("rows", rows, shape[0])
    column = line_drives("columns", columns, shape[1])
    refuse_open_lines(array.lines, row.driving, column.driving, "that has a drive")
    gate = gate_drives(array, cell, gates)
    end = _stop(stop, [*row.waveforms, *column.waveforms, *gate.waveforms])
    instants = _instants(sample, end)
    netlist = netlist_form(form)
    driven = driven_cells(
        cell, start, array.lines, row, column, gate,
        gate_lines=array.gate_lines, variation=spread, form=netlist,
    )  # fmt: skip
    limit = _step(cell, row, column, end, step, netlist)
    return Driving(driven, end, limit, instants, voltage, spread, bool(gate.waveforms), netlist)


def drive_array(
    array: Crossbar,
    states: ArrayLike,
    *,
    rows: Drives,
    columns: Drives = 0.0,
    gates: Drives = None,
    stop: float | None = None,
    sample: ArrayLike | None = None,
    read: float | None = None,
    variation: Mapping[str, ArrayLike] | None = None,
    step: float | None = None,
    form: Form | None = None,
    waveforms: bool = False,
    options: Options | None = None,
    time_limit: float = 600.0,
    keep: str | Path | None = None,
) -> xr.Dataset:
    """Simulate a whole array under a waveform on each of its lines.

    A drive is a :class:`~pyspice_netlists.stimuli.Waveform`, a voltage in V, or None, which leaves
    the line open; one for all lines or a list of one for each. It acts at the driven ends of a
    row and at the sensed ends of a column; what else ends a line is at 0 V.

    Args:
        array: the array, of a kind of cell.
        states: (rows, columns) at the start; one number for all.
        rows: drives of the row lines.
        columns: drives of the column lines.
        gates: drives of the gate lines, none open; when None those of the array, or else the
            card's gate voltage.
        stop: s; where the longest waveform ends when None.
        sample: (samples,) s, when states and currents are kept; start and end when None.
        read: V, at which conductances are given; the card's when None.
        variation: multipliers by name, each a number or (rows, columns).
        step: s, largest time step; by the shortest plateau and the fastest motion of a state when
            None.
        form: netlist form, "osdi" or "behavioural"; the best one at hand when None.
        waveforms: keep the currents of all lines and all states over the whole time as well.
        options: simulator options; when None the default ones, or those of ``damped_options`` if a
            gate line has a waveform.
        time_limit: s, wall clock.
        keep: directory to keep netlist, log and raw result in.

    Returns:
        dataset over ``sample``, ``row``, ``column`` and, with transistors, ``gate_line``:
        ``state``, ``conductance`` (S) of the memristors alone, ``input_current`` (A) into the
        rows and ``output`` (A) out of the columns at each sample; over the whole run
        ``row_energy``, ``column_energy`` and ``gate_energy`` (J) that the drivers of each line
        delivered, ``cell_energy`` (J) lost in each cell, and the sums ``sources``, ``cells``,
        ``row_wires``, ``column_wires``, ``row_ends``, ``column_ends`` and ``stored`` (J, gained by
        the capacitances of wires and transistors). ``attrs["energy_imbalance"]`` is what the
        sources delivered and no element took, as a share: a check of circuit, laws and time steps
        (``step``), coarse where drivers take back nearly all that they delivered. With
        ``waveforms`` also ``waveform_state``, ``waveform_input_current`` and ``waveform_output``
        over ``time``.

    Raises:
        UsageError: values that make no experiment.
        SimulationError: the simulator gave no trustworthy result.
    """
    ready = prepare_drive_array(
        array, states, rows=rows, columns=columns, gates=gates, stop=stop, sample=sample, read=read,
        variation=variation, step=step, form=form,
    )  # fmt: skip
    require_flag(waveforms, "waveforms")
    driven, limit, instants, voltage = ready.driven, ready.limit, ready.sample, ready.read_voltage
    cell = cell_of(array)
    device = device_of(cell)
    if options is None and ready.moving_gates:
        options = damped_options()
    simulator = Simulator(options, time_limit, kept_in(keep))
    waves, attributes = driven.simulate(ready.stop, limit.step, simulator)
    energy = array_energy(waves, driven.lines, driven.elements)
    result = energy.dataset()
    for name, (dims, wave, unit) in _line_waves(array, waves).items():
        values = np.moveaxis(at_instants(waves.time, np.moveaxis(wave, 0, -1), instants), -1, 0)
        result[name] = (("sample", *dims), values, {"units": unit})
        if waveforms:
            result[f"waveform_{name}"] = (("time", *dims), wave, {"units": unit})
    state = result["state"].to_numpy()
    g = device.conductance(state, voltage, **ready.variation)
    result["conductance"] = (("sample", "row", "column"), g, {"units": "S"})
    result = result.assign_coords(sample_time=("sample", instants, {"units": "s"}))
    if waveforms:
        result = result.assign_coords(time=("time", waves.time, {"units": "s"}))
    result.attrs = {
        **attributes,
        "experiment": "drive_array",
        "device": device.name,
        "cell_name": cell.name,
        "form": ready.form,
        "citation": device.citation,
        "read_voltage": voltage,
        "state_step": limit.state_step,
        "energy_imbalance": energy.imbalance,
    }
    return result


def _line_waves(
    array: Crossbar, waves: ArrayWaves
) -> dict[str, tuple[tuple[str, ...], Array, str]]:
    """Return what is kept of the waveforms: dimensions behind time, values, unit."""
    return {
        "state": (("row", "column"), waves.state, "1"),
        "input_current": (("row",), waves.at_ends.driven(array.lines), "A"),
        "output": (("column",), waves.at_ends.sensed(array.lines), "A"),
    }


def _stop(given: float | None, waveforms: Sequence[Waveform]) -> float:
    if given is None:
        if not waveforms:
            raise UsageError("stop is needed where every line has a constant voltage")
        return max(float(waveform.time[-1]) for waveform in waveforms)
    return require_time(given, "stop")


def _instants(given: ArrayLike | None, stop: float) -> Array:
    asked = [0.0, stop] if given is None else given
    instants = np.atleast_1d(numbers("sample", asked))
    if instants.ndim != 1 or instants.size == 0:
        raise UsageError(f"sample has shape {instants.shape}; expected (samples,) instants in s")
    refuse("sample", instants, (instants >= 0) & (instants <= stop), f"0 to {stop:g} s")
    return instants


def _step(
    cell: Cell, rows: LineDrives, columns: LineDrives, stop: float, given: float | None, form: Form
) -> TimeStep:
    """Return the limit of the time step for what rows and columns do to a cell between them."""
    coarse = stop / _POINTS
    for waveform in (*rows.waveforms, *columns.waveforms):
        lasting, rising = np.diff(waveform.time), np.diff(waveform.voltage) != 0
        plateaus = lasting[~rising & (waveform.voltage[1:] != 0)]
        edge = lasting[rising].min(initial=np.inf) / _POINTS_PER_EDGE
        plateau = plateaus.min(initial=np.inf) / _POINTS_PER_PLATEAU
        coarse = min(coarse, float(plateau), max(float(edge), stop / _MOST_FOR_EDGES))
    (low, high), (least, most) = rows.range, columns.range
    coarse = coarse if given is None else min(stop, require_time(given, "step"))
    limit = largest_step(device_of(cell), [low - most, high - least], coarse, stop, form)
    return (
        limit
        if given is None
        else TimeStep(coarse, limit.state_step * coarse / limit.step, "given")
    )
