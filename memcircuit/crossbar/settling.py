"""Reads as they happen: drivers step, wires charge, the currents of the columns settle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from memcircuit.checks import require_time, require_tolerance
from memcircuit.crossbar.array_energy import array_energy
from memcircuit.crossbar.array_run import Simulator
from memcircuit.crossbar.array_transient import DrivenArray, driven_cells, driven_resistors
from memcircuit.crossbar.cell_elements import secants
from memcircuit.crossbar.charging import transistor_law
from memcircuit.crossbar.line_drive import LineDrives, gate_drives, line_drives
from memcircuit.crossbar.nodes import NodeSolver, end_currents
from memcircuit.crossbar.plan import crossbar_of, state_table
from memcircuit.crossbar.selection import at_cells
from memcircuit.crossbar.wires import Array, Ends, Lines, conductances, numbers
from memcircuit.devices.device import Form
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import device_of, netlist_form
from memcircuit.simulate.run_directory import kept_in

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.crossbar.crossbar import Crossbar
    from memcircuit.simulate import Options

# Run for as many of the slowest column's Elmore delays, and of rise times: more than a single time
# constant needs to come within 1e-6.
_DELAYS, _RISES = 16, 4
# Columns whose currents cancel to below this share of those in their cells carry none: it is what
# operating points of cells are good for.
_SMALLEST_SHARE = 1e-9
# Time points, at least.
_POINTS = 500


@dataclass(frozen=True, eq=False)
class Settling:
    """A read made ready, and what it settles to.

    Attributes:
        driven: the array under its drives.
        volts: (rows,) V.
        rise: s, of the drivers' edge.
        duration: s.
        operating_point: (columns,) A.
        gross: (columns,) A, sums of the magnitudes of the cells' currents.
        delay: (columns,) s, Elmore's.
    """

    driven: DrivenArray
    volts: Array
    rise: float
    duration: float
    operating_point: Array
    gross: Array
    delay: Array


def prepare_settle_read(
    array: Crossbar,
    v: ArrayLike,
    *,
    g: ArrayLike | None = None,
    states: ArrayLike | None = None,
    rise: float = 1e-9,
    duration: float | None = None,
    tolerance: float = 1e-3,
    form: Form | None = None,
) -> Settling:
    """Return what ``settle_read`` simulates, and its operating point; the arguments are the same.

    Raises:
        UsageError: values that make no experiment, or a gate line that leaves its transistors
            closed.
    """
    array = crossbar_of(array)
    require_tolerance(tolerance)
    chosen = netlist_form(form)
    volts = numbers("v", v)
    if volts.shape != (array.rows,):
        raise UsageError(f"v has shape {volts.shape}; expected ({array.rows},)")
    if not volts.any():
        raise UsageError("v is 0 V on every row: there is nothing to settle")
    edge = require_time(rise, "rise")
    stop = None if duration is None else require_time(duration, "duration")
    if stop is not None and stop <= edge:
        raise UsageError(f"duration = {stop:g} s: expected more than rise = {edge:g} s")
    if g is None:
        _refuse_closed_gates(array)
    secant, wanted, gross, start = _operating_point(array, volts, g, states)
    charged, gates = _charged_lines(array, start)
    delay = elmore_delays(secant, charged, volts)
    if stop is None:
        slowest = elmore_delays(secant, charged, np.abs(volts)).max()
        stop = _RISES * edge + _DELAYS * max(float(slowest), gates)
    driven = _driven(array, secant, start, _steps(volts, edge, stop), chosen)
    return Settling(driven, volts, edge, stop, wanted, gross, delay)


def settle_read(
    array: Crossbar,
    v: ArrayLike,
    *,
    g: ArrayLike | None = None,
    states: ArrayLike | None = None,
    rise: float = 1e-9,
    duration: float | None = None,
    tolerance: float = 1e-3,
    form: Form | None = None,
    options: Options | None = None,
    time_limit: float = 600.0,
    keep: str | Path | None = None,
) -> xr.Dataset:
    """Read an array by a transient: how long until its currents are those of ``.op``.

    At time 0 all drivers leave 0 V for their voltages; gates are open all along. What has to charge
    are the capacitances of the wires, ``Wires(row_capacitance=..., column_capacitance=...)``, and
    those of transistors.

    Args:
        array: the array.
        v: (rows,) V.
        g: (rows, columns) S, of an array of resistors.
        states: or else (rows, columns) of the array's kind of cell; the device's initial state when
            neither is given.
        rise: s, of the drivers' edge.
        duration: s; when None four rise times and sixteen times the largest time constant of a
            transistor's gate or Elmore delay, of a read with all voltages of one sign.
        tolerance: a current has settled when it stays within this share of its operating point; of
            a column whose currents cancel, of the sum of their magnitudes.
        form: netlist form, "osdi" or "behavioural"; the best one at hand when None.
        options: simulator options.
        time_limit: s, wall clock.
        keep: directory to keep netlist, log and raw result in.

    Returns:
        dataset over ``time``, ``row`` and ``column``: ``output`` and ``input_current`` (A) over
        time; ``operating_point`` (A) of each column, by the solvers without ngspice;
        ``settling_time`` (s) from the start of the edge, nan for a column that has not settled
        when the run ends; ``elmore_delay`` (s), by which each output would lag a step: the first
        moment of its response (W. C. Elmore, J. Appl. Phys. 19:55, 1948, doi:10.1063/1.1697872),
        with cells as resistors of their operating point; and the
        energies of :func:`~memcircuit.crossbar.array_drive.drive_array` over the run, where gates
        give back what the rising potential of the channels drives out of them. The
        attribute ``largest_deviation`` is that of the last currents from the operating point, as
        a share of the largest; where all cancel, of the largest sum of magnitudes in a column.

    Raises:
        UsageError: values that make no experiment, or a gate line that leaves its transistors
            closed, so that there is no path to settle.
        SimulationError: the simulator gave no trustworthy result.
    """
    ready = prepare_settle_read(
        array, v, g=g, states=states, rise=rise, duration=duration, tolerance=tolerance, form=form
    )
    edge, stop, wanted, gross = ready.rise, ready.duration, ready.operating_point, ready.gross
    simulator = Simulator(options, time_limit, kept_in(keep))
    waves, attributes = ready.driven.simulate(stop, stop / _POINTS, simulator)
    energy = array_energy(waves, ready.driven.lines, ready.driven.elements)
    output = waves.at_ends.sensed(array.lines)
    second, ampere = {"units": "s"}, {"units": "A"}
    result = energy.dataset().assign_coords(time=("time", waves.time, second))
    own = np.where(np.abs(wanted) > _SMALLEST_SHARE * gross, np.abs(wanted), 0.0)
    scale = float(own.max() or gross.max()) or 1.0
    level = np.where(own > 0, own, np.where(gross > 0, gross, scale))
    settled = settling_times(waves.time, output - wanted, tolerance * level)
    result["output"] = (("time", "column"), output, ampere)
    result["input_current"] = (("time", "row"), waves.at_ends.driven(array.lines), ampere)
    result["operating_point"] = ("column", wanted, ampere)
    result["settling_time"] = ("column", settled, second)
    result["elmore_delay"] = ("column", ready.delay, second)
    result["voltage"] = ("row", ready.volts, {"units": "V"})
    result.attrs = {
        **attributes,
        "experiment": "settle_read",
        "rise": edge,
        "tolerance": tolerance,
        "largest_deviation": float(np.abs(output[-1] - wanted).max()) / scale,
        "energy_imbalance": energy.imbalance,
    }
    return result


def elmore_delays(g: Array, lines: Lines, volts: Array) -> Array:
    """Return by how much each output lags a step of the drivers in an array of resistors.

    What a column has not yet delivered when it has settled, over its current, is the first moment
    of its response. In G u + C du/dt = J that charge is what leaves the column when the charges
    C u of the settled network are put into its nodes: one more solution of the same network.

    Args:
        g: (rows, columns) S.
        lines: resistances and capacitances.
        volts: (rows,) V.

    Returns:
        (columns,) s; 0 where nothing flows, or all but nothing because the currents cancel.
    """
    solver = NodeSolver(g, lines)
    ends = Ends.reading(lines, volts)
    settled = solver.solve(ends)
    row, column = (
        lines.row_capacitance * settled.row,
        lines.column_capacitance * settled.column,
    )
    rest = Ends.reading(lines, np.zeros_like(volts))
    lacking = solver.solve(rest, row_current=row, column_current=column)
    whole = end_currents(settled, lines, ends, g=g).sensed(lines)
    missing = end_currents(
        lacking, lines, rest, g=g, row_current=row, column_current=column
    ).sensed(lines)
    flows = np.abs(whole) > _SMALLEST_SHARE * _gross(g * (settled.row - settled.column))
    return np.asarray(np.divide(missing, whole, out=np.zeros_like(whole), where=flows))


def _gross(current: Array) -> Array:
    """Return the sum of the magnitudes of the cells' currents in each column, (columns,) A."""
    return np.asarray(np.abs(current).sum(axis=-2))


def settling_times(time: Array, deviation: Array, allowed: Array) -> Array:
    """Return from when on deviations stay within what is allowed, by straight lines between points.

    Args:
        time: (n,) s.
        deviation: (n, columns).
        allowed: (columns,).

    Returns:
        (columns,) s; nan where the last point is outside.
    """
    outside = np.abs(deviation) > allowed
    last = time.size - 1 - np.argmax(outside[::-1], axis=0)
    times = np.zeros(deviation.shape[1])
    for column in np.flatnonzero(outside.any(axis=0)):
        point = int(last[column])
        if point == time.size - 1:
            times[column] = np.nan
            continue
        before, after = np.abs(deviation[point : point + 2, column])
        share = (before - allowed[column]) / (before - after)
        times[column] = time[point] + share * (time[point + 1] - time[point])
    return times


def _operating_point(
    array: Crossbar, volts: Array, g: ArrayLike | None, states: ArrayLike | None
) -> tuple[Array, Array, Array, Array | None]:
    """Return cells as conductances, outputs, :func:`_gross`, and states if the array has any."""
    if g is not None:
        if states is not None:
            raise UsageError("settle_read takes either g or states")
        given = conductances(g, (array.rows, array.columns))
        if given.ndim > 2:
            raise UsageError(f"g has shape {given.shape}; expected ({array.rows}, {array.columns})")
        nodes = NodeSolver(given, array.lines).solve(Ends.reading(array.lines, volts))
        gross = _gross(given * (nodes.row - nodes.column))
        return given, array.read(volts, given), gross, None
    cell = array.require_cell()
    start = state_table(
        device_of(cell).initial_state if states is None else states, array.lines.shape
    )
    point = array.read_cells(volts, start)
    current = point["cell_current"].to_numpy()
    across = (point["row_voltage"] - point["column_voltage"]).to_numpy()
    conducting = np.maximum(secants(current, across), 0.0)
    return conducting, point["output"].to_numpy(), _gross(current), start


def _refuse_closed_gates(array: Crossbar) -> None:
    cell = array.require_cell()
    law = transistor_law(cell)
    if law is None:
        return
    for line, volts in enumerate(gate_drives(array, cell, None).at(np.zeros(1))[0]):
        if volts <= law.conducting_above:
            raise UsageError(
                f"gate line {line} is at {volts:g} V and leaves its transistors closed, so that "
                f"there is no path to settle: expected more than {law.conducting_above:.3g} V"
            )


def _charged_lines(array: Crossbar, start: Array | None) -> tuple[Lines, float]:
    """Return the lines with what open transistors charge, and the time constant of a gate, s.

    The drain of an open transistor is at its source, so that all is on the column lines.
    """
    cell = None if start is None else array.require_cell()
    law = None if cell is None else transistor_law(cell)
    if cell is None or law is None:
        return array.lines, 0.0
    gates = gate_drives(array, cell, None).at(np.zeros(1))[0]
    own = law.capacitances(at_cells(gates, array.gate_lines, array.lines.shape))
    at_gate = own.gate_source + own.gate_drain
    column = array.lines.column_capacitance + at_gate
    resistance = law.gate_resistance
    return replace(array.lines, column_capacitance=column), resistance * float(at_gate.max())


def _steps(volts: Array, rise: float, stop: float) -> LineDrives:
    from pyspice_netlists import Waveform

    time = np.array([0.0, rise, max(stop, 2 * rise)])
    return line_drives(
        "rows", [Waveform(time, np.array([0.0, volt, volt])) for volt in volts], volts.size
    )


def _driven(
    array: Crossbar, secant: Array, start: Array | None, rows: LineDrives, form: Form
) -> DrivenArray:
    columns = line_drives("columns", 0.0, array.columns)
    if start is None:
        return driven_resistors(secant, array.lines, rows, columns)
    cell = array.require_cell()
    return driven_cells(
        cell, start, array.lines, rows, columns, gate_drives(array, cell, None),
        gate_lines=array.gate_lines, variation={}, form=form,
    )  # fmt: skip
