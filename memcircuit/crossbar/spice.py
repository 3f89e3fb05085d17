"""The same array in ngspice: the judge of the exact solvers.

Resistors of 1 to 100 kohm with segments of 1 ohm come out within 1e-12 of the exact solution at
64 x 64. What is left is rounding, which grows with the ratio of the segments' conductance to the
cells': 1e-10 with segments of 1 mohm.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from memcircuit.crossbar.nodes import EndCurrents
from memcircuit.crossbar.selection import GateLines
from memcircuit.crossbar.wires import Array, Ends, Lines
from memcircuit.devices.device import Form
from memcircuit.errors import UsageError
from memcircuit.experiments.cell_record import verilog_a
from memcircuit.experiments.circuits import (
    as_cell,
    gate_voltage,
    netlist_form,
    refuse_initial_states,
)
from memcircuit.experiments.driven_device import DrivenDevice

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.simulate import Job, Options
    from pyspice_netlists import Cell, CellArray, CrossbarBench, ResistorArray


def read_in_ngspice(
    lines: Lines,
    ends: Ends,
    *,
    conductances: ArrayLike | None = None,
    cell: DrivenDevice | Cell | None = None,
    states: ArrayLike | None = None,
    gate: ArrayLike | None = None,
    gate_lines: GateLines = "column",
    form: Form | None = None,
    options: Options | None = None,
    time_limit: float = 600.0,
) -> xr.Dataset:
    """Return the operating point of an array, simulated by ngspice.

    Args:
        lines: resistances of the lines.
        ends: one set of potentials, (rows,) and (columns,).
        conductances: (rows, columns) S, of cells that are resistors.
        cell: or else the kind of cell.
        states: (rows, columns) of the cells; the device's initial state when None.
        gate: V, of the gate lines of cells with a transistor: one number or one per line; the
            card's when None.
        gate_lines: whether the cells of a row or those of a column share a gate line.
        form: netlist form, "osdi" or "behavioural"; the best one at hand when None.
        options: simulator options; those of ``tight_options`` when None.
        time_limit: s, wall clock.

    Returns:
        dataset over ``row`` and ``column``: ``row_voltage`` and ``column_voltage`` (V) at the
        cells, ``input_current`` (row,) A into each row from its driven ends, ``output`` (column,)
        A out of each column into its sensed ends.

    Raises:
        UsageError: neither conductances nor a cell, or both.
        NetlistError: shapes or values that make no circuit.
        SimulationError: the simulator gave no trustworthy result.
    """
    import xarray as xr

    from memcircuit.simulate.ngspice import run_point

    bench, job = _prepared(lines, ends, conductances, cell, states, gate, gate_lines, form)
    behavioural = cell is not None and not job.verilog_a
    chosen = options or tight_options("behavioural" if behavioural else "osdi")
    found, attributes = run_point(job, options=chosen, time_limit=time_limit)
    found[""] = 0.0  # an open end carries nothing

    def values(names: ArrayLike) -> Array:
        places = np.asarray(names, dtype=object)
        return np.array([found[name] for name in places.flat]).reshape(places.shape)

    # ngspice counts from the line into its end
    at_ends = EndCurrents(
        -values(bench.left), -values(bench.right), values(bench.top), values(bench.bottom)
    )
    volts, amperes = {"units": "V"}, {"units": "A"}
    places = ("row", "column")
    return xr.Dataset(
        {
            "row_voltage": (places, values(bench.row_voltage), volts),
            "column_voltage": (places, values(bench.column_voltage), volts),
            "input_current": ("row", at_ends.driven(lines), amperes),
            "output": ("column", at_ends.sensed(lines), amperes),
        },
        attrs=attributes,
    )


def array_job(
    lines: Lines,
    ends: Ends,
    *,
    conductances: ArrayLike | None = None,
    cell: DrivenDevice | Cell | None = None,
    states: ArrayLike | None = None,
    gate: ArrayLike | None = None,
    gate_lines: GateLines = "column",
    form: Form | None = None,
) -> Job:
    """Return the simulation behind ``read_in_ngspice``; the arguments are the same.

    ``memcircuit.simulate.export`` writes it as a netlist that any ngspice runs.
    """
    return _prepared(lines, ends, conductances, cell, states, gate, gate_lines, form)[1]


def tight_options(form: Form = "osdi") -> Options:
    """Return options with which an operating point is that of the cells, to 1e-10.

    ngspice puts ``gmin`` across every junction: at its usual 1e-12 S an access transistor below
    threshold is 1e-8 off. Arrays of resistors are linear and take no notice of any of these.

    Behavioural sources beside transistors need ngspice's own solver: with KLU (ngspice 46) their
    operating points are up to 2e-4 off, or not found at all with tolerances as tight as these.
    Transients do not suffer.
    """
    from memcircuit.simulate import Options

    return Options(reltol=1e-9, abstol=1e-14, vntol=1e-11, gmin=1e-15, klu=form == "osdi")


def _prepared(
    lines: Lines,
    ends: Ends,
    conductances: ArrayLike | None,
    cell: DrivenDevice | Cell | None,
    states: ArrayLike | None,
    gate: ArrayLike | None,
    gate_lines: GateLines,
    form: Form | None,
) -> tuple[CrossbarBench, Job]:
    from memcircuit.simulate import Job, OperatingPoint
    from pyspice_netlists import LineEnds, ResistorArray, crossbar_bench

    array: ResistorArray | CellArray
    files: tuple[Path, ...] = ()
    if (conductances is None) == (cell is None):
        raise UsageError("give either the conductances of the cells, or the kind of cell")
    if cell is None:
        kind, array = "resistors", ResistorArray(np.asarray(conductances, dtype=float))
    else:
        array = _cells(lines, as_cell(cell), states, gate, gate_lines, netlist_form(form))
        kind, files = array.cell.name, verilog_a(array.cell, array.form)
    potentials = LineEnds(ends.left, ends.right, ends.top, ends.bottom)
    bench = crossbar_bench(lines, array, potentials)
    rows, columns = lines.shape
    title = f"array of {rows} x {columns} {kind}"
    job = Job(title, bench.circuit, OperatingPoint(), bench.outside, files)
    return bench, job


def _cells(
    lines: Lines,
    cell: Cell,
    states: ArrayLike | None,
    gate: ArrayLike | None,
    gate_lines: GateLines,
    form: Form,
) -> CellArray:
    from pyspice_netlists import CellArray

    if states is not None:
        refuse_initial_states(cell.device, states)
    start = np.full(lines.shape, cell.device.initial_state) if states is None else states
    volts = gate_voltage(cell, None) if gate is None and cell.gated else gate
    return CellArray(
        cell,
        np.asarray(start, dtype=float),
        form,
        gate=None if volts is None else np.asarray(volts, dtype=float).tolist(),
        gate_lines=gate_lines,
    )
