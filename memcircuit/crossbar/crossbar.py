"""An array of cells on lines with wires: read it, look inside, write it as a netlist."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from memcircuit.checks import require_choice
from memcircuit.crossbar.selection import GateLines, at_cells
from memcircuit.crossbar.wires import (
    Array,
    Ends,
    Lines,
    Wires,
    as_wires,
    conductances,
    numbers,
    refuse,
)
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import HIGHEST_VOLTAGE

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.experiments.driven_device import DrivenDevice
    from pyspice_netlists import Cell

# Transfer matrices that an array keeps, each with the conductances it belongs to.
_KEPT = 4


@dataclass(frozen=True, eq=False)
class Crossbar:
    """An array of cells between row lines, which are driven, and column lines, which are sensed.

    Reads of linear cells take conductances and are exact, wires included: the transfer matrix is
    formed once for each set of conductances and kept. Reads of non-linear cells take states.

    Attributes:
        cell: kind of cell, for reads of states; None for an array of conductances only.
        rows: number of row lines.
        columns: number of column lines.
        wires: the lines; a number is the resistance of every segment, ohm.
        gate: V, of the gate lines of cells with a transistor, one number or one per line; the
            card's when None.
        gate_lines: whether the cells of a row or those of a column share a gate line.
    """

    cell: Cell | DrivenDevice | None = None
    rows: int = field(kw_only=True)
    columns: int = field(kw_only=True)
    wires: Wires | float = field(default=Wires(), kw_only=True)
    gate: ArrayLike | None = field(default=None, kw_only=True)
    gate_lines: GateLines = field(default="column", kw_only=True)
    lines: Lines = field(init=False, repr=False)
    _kept: tuple[tuple[Array, Array], ...] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        require_choice(self.gate_lines, ("row", "column"), "gate_lines")
        wires = as_wires(self.wires)
        object.__setattr__(self, "wires", wires)
        object.__setattr__(self, "lines", wires.lines(self.rows, self.columns))
        if self.cell is None and self.gate is not None:
            raise UsageError("gate: an array of conductances has none; give a cell as well")
        if self.cell is not None:
            cell = self.require_cell()
            if not cell.gated and self.gate is not None:
                raise UsageError(f"gate: cell {cell.name!r} has no transistor; leave gate out")
            if self.gate is not None:
                self._gates(cell)

    def transfer_matrix(self, g: ArrayLike) -> Array:
        """Return the column currents per volt on each row for cells of conductance ``g``.

        The last four are kept, so that asking again for the same conductances costs a comparison;
        ``transfer_matrix`` of :mod:`memcircuit.crossbar.transfer` keeps none.

        Args:
            g: (..., rows, columns), S; leading dimensions are further arrays on the same wires.

        Returns:
            (..., columns, rows), S; not to be written to.

        Raises:
            UsageError: conductances that are none, a wrong shape, or a line that floats.
        """
        from memcircuit.crossbar.transfer import transfer_of_lines

        cells = numbers("g", g)
        kept = self._kept
        found = next((pair for pair in kept if np.array_equal(pair[0], cells)), None)
        if found is None:
            cells = conductances(cells, (self.rows, self.columns))
            transfer = transfer_of_lines(cells, self.lines)
            transfer.flags.writeable = False
            found = cells.copy(), transfer
        if not kept or found is not kept[0]:
            others = (pair for pair in kept if pair is not found)
            # one assignment: threads that share the array see the old or the new
            object.__setattr__(self, "_kept", (found, *others)[:_KEPT])
        return found[1]

    def read(
        self, v: ArrayLike, g: ArrayLike, *, simulator: Literal["exact", "ngspice"] = "exact"
    ) -> Array:
        """Return the currents sensed at the columns: one matrix product, wires included.

        Args:
            v: (..., rows), V on the rows.
            g: (rows, columns), S, of one array; or (tiles, rows, columns) of several, with ``v``
                of shape (tiles, inputs, rows).
            simulator: "ngspice" has the netlist simulated instead, of one array under one input.

        Returns:
            (..., columns), A.

        Raises:
            UsageError: shapes that do not match, or values that are no number.
            SimulationError: ngspice gave no trustworthy result.
        """
        voltage = self._voltages(v)
        if simulator == "ngspice":
            from memcircuit.crossbar.spice import read_in_ngspice

            cells, voltage = self._one_array(voltage, g, one_input=True)
            ends = Ends.reading(self.lines, voltage)
            return read_in_ngspice(self.lines, ends, conductances=cells)["output"].to_numpy()
        if simulator != "exact":
            raise UsageError(f"simulator = {simulator!r}; choose 'exact' or 'ngspice'")
        transfer = self.transfer_matrix(g)
        tiles = transfer.shape[:-2]
        if tiles and voltage.shape[:-2] != tiles:
            expected = ", ".join(map(str, (*tiles, "inputs", self.rows)))
            raise UsageError(
                f"v has shape {voltage.shape}; with g of shape {np.shape(g)} expected ({expected})"
            )
        return np.asarray(voltage @ transfer.swapaxes(-1, -2))

    def solve(self, v: ArrayLike, g: ArrayLike, *, tolerance: float = 1e-9) -> xr.Dataset:
        """Return all voltages, currents and powers of a read, found by iteration.

        It takes memory for some ten copies of ``g`` for each input, so it is also the way to read
        an array too large for its transfer matrix.

        Args:
            v: (rows,) or (inputs, rows), V.
            g: (rows, columns), S.
            tolerance: largest sum of the errors of all outputs, as a part of the current that
                flows through the array.

        Returns:
            dataset over ``row``, ``column`` and, if ``v`` has it, ``input``:
            ``row_voltage`` and ``column_voltage`` (V) at the cells, ``cell_current`` (A),
            ``row_wire_current`` (row, row_segment) rightwards and ``column_wire_current``
            (column_segment, column) downwards in every segment of the lines (A),
            ``input_current`` into the rows and ``output`` out of the columns (A), ``imbalance``
            (A), the sum of the absolute Kirchhoff sums of all nodes, which no sum of the errors
            of all outputs exceeds, and the power (W) lost in ``cells``, ``row_wires``,
            ``column_wires``, ``row_ends`` and ``column_ends`` and delivered by the ``sources``.

        Raises:
            UsageError: as ``read``, or more than one array.

        Warns:
            ConvergenceWarning: the tolerance was not reached, as where wires conduct so much
                better than cells that the rounding of their currents is larger; ``imbalance`` says
                what was.
        """
        import xarray as xr

        from memcircuit.crossbar import nodes

        cells, voltage = self._one_array(v, g)
        ends = Ends.reading(self.lines, voltage)
        found = nodes.NodeSolver(cells, self.lines).solve(ends, tolerance=tolerance)
        at_ends = nodes.end_currents(found, self.lines, ends, g=cells)
        power = nodes.power(cells, self.lines, ends, found)
        through = nodes.cell_currents(cells, found)
        # what enters a line at its first end, and what its cells take and bring on the way
        along_rows = -np.cumsum(np.concatenate([-at_ends.left[..., None], through], -1), -1)
        along_columns = np.cumsum(
            np.concatenate([-at_ends.top[..., None, :], through], axis=-2), axis=-2
        )
        inputs = ("input",) * (voltage.ndim - 1)
        node = (*inputs, "row", "column")
        volt, ampere, watt = ({"units": unit} for unit in ("V", "A", "W"))
        return xr.Dataset(
            {
                "voltage": ((*inputs, "row"), voltage, volt),
                "conductance": (("row", "column"), cells, {"units": "S"}),
                "row_voltage": (node, found.row, volt),
                "column_voltage": (node, found.column, volt),
                "cell_current": (node, through, ampere),
                "row_wire_current": ((*inputs, "row", "row_segment"), along_rows, ampere),
                "column_wire_current": (
                    (*inputs, "column_segment", "column"),
                    along_columns,
                    ampere,
                ),
                "input_current": ((*inputs, "row"), at_ends.driven(self.lines), ampere),
                "output": ((*inputs, "column"), at_ends.sensed(self.lines), ampere),
                "imbalance": (inputs, found.imbalance, ampere),
                **{part: (inputs, value, watt) for part, value in vars(power).items()},
            },
            attrs={"iterations": found.iterations, "tolerance": tolerance, **self._sides()},
        )

    def error_bound(self, v: ArrayLike, g: ArrayLike) -> Array:
        """Return how far ``read`` can be from the truth, by Kirchhoff's law alone, A.

        The node voltages are solved for by iteration, another way than that of the transfer
        matrix. The sum of the errors of all outputs is at most their difference from those of
        ``read`` plus the imbalance left at the nodes.

        Args:
            v: (rows,) or (inputs, rows), V.
            g: (rows, columns), S.

        Returns:
            (inputs,) or a single number, A.

        Raises:
            UsageError: as ``solve``.
        """
        from memcircuit.crossbar.nodes import ConvergenceWarning

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the imbalance is in the bound
            found = self.solve(v, g, tolerance=1e-13)
        difference = np.abs(self.read(v, g) - found["output"].to_numpy()).sum(axis=-1)
        return np.asarray(difference + found["imbalance"].to_numpy())

    def read_cells(
        self,
        v: ArrayLike,
        states: ArrayLike | None = None,
        *,
        simulator: Literal["newton", "ngspice"] = "newton",
        tolerance: float = 1e-9,
    ) -> xr.Dataset:
        """Return the operating point of the array's own, non-linear cells.

        Args:
            v: (rows,) or (inputs, rows), V on the rows; ngspice takes one input.
            states: (rows, columns) of the memristors, or one number for all; the device's initial
                state when None.
            simulator: "newton" solves the cells' current laws, "ngspice" simulates the netlist.
            tolerance: of Newton's method: the sum of the absolute Kirchhoff sums of all nodes, as
                a part of the current at the ends.

        Returns:
            dataset over ``row``, ``column`` and, if ``v`` has it, ``input``: ``row_voltage`` and
            ``column_voltage`` (V) at the cells, ``output`` (A) out of the columns; by Newton also
            ``cell_current`` (A) and ``relative_imbalance``, what the tolerance bounds.

        Raises:
            UsageError: an array without a kind of cell, or shapes that do not match.
            ConvergenceError: Newton's method found no operating point.
            SimulationError: ngspice gave no trustworthy result.
        """
        import xarray as xr

        from memcircuit.crossbar.cell_law import cell_law
        from memcircuit.crossbar.nonlinear import solve_cells
        from memcircuit.crossbar.plan import state_table
        from memcircuit.crossbar.spice import read_in_ngspice, tight_options

        cell, voltage = self.require_cell(), self._voltages(v)
        given = None if states is None else state_table(states, self.lines.shape)
        ends = Ends.reading(self.lines, voltage)
        if simulator == "ngspice":
            self._refuse_inputs(voltage, most=0)
            return read_in_ngspice(
                self.lines, ends, cell=cell, states=given, gate=self.gate,
                gate_lines=self.gate_lines,
            ).assign_attrs(self._sides())  # fmt: skip
        if simulator != "newton":
            raise UsageError(f"simulator = {simulator!r}; choose 'newton' or 'ngspice'")
        self._refuse_inputs(voltage, most=1)
        law = cell_law(cell, gmin=tight_options().gmin)
        if given is None:
            given = np.full((self.rows, self.columns), cell.device.initial_state)
        found = solve_cells(law, given, self._gates(cell), self.lines, ends, tolerance=tolerance)
        inputs = ("input",) * (voltage.ndim - 1)
        node = (*inputs, "row", "column")
        volt, ampere = {"units": "V"}, {"units": "A"}
        return xr.Dataset(
            {
                "voltage": ((*inputs, "row"), voltage, volt),
                "row_voltage": (node, found.row, volt),
                "column_voltage": (node, found.column, volt),
                "cell_current": (node, found.current, ampere),
                "output": ((*inputs, "column"), found.output, ampere),
                "relative_imbalance": (inputs, found.imbalance, {"units": "1"}),
            },
            attrs={"newton_steps": found.newton_steps, "tolerance": tolerance, **self._sides()},
        )

    def netlist(
        self,
        v: ArrayLike,
        g: ArrayLike | None = None,
        *,
        states: ArrayLike | None = None,
    ) -> str:
        """Return the netlist of a read, which ngspice runs as it is.

        ``ngspice -b FILE`` writes every node voltage and the currents at the ends (of column j
        ``i(vbottom{j})``) into the binary file ``result.raw``, which
        ``memcircuit.simulate.read_raw`` and ngspice's ``load`` read.

        Args:
            v: (rows,), V on the rows.
            g: (rows, columns), S, of an array of conductances.
            states: or else (rows, columns) states of the array's kind of cell, which are written
                in the behavioural form.

        Raises:
            UsageError: neither or both of ``g`` and ``states``, or shapes that do not match.
        """
        from memcircuit.crossbar.plan import state_table
        from memcircuit.crossbar.spice import array_job, tight_options

        voltage = self._voltages(v)
        self._refuse_inputs(voltage, most=0)
        ends = Ends.reading(self.lines, voltage)
        if g is not None and states is None:
            cells, _ = self._one_array(voltage, g, one_input=True)
            return array_job(self.lines, ends, conductances=cells).deck(tight_options(), ())
        if states is None or g is not None:
            raise UsageError("netlist takes either g or states")
        job = array_job(
            self.lines, ends, cell=self.require_cell(),
            states=state_table(states, self.lines.shape), gate=self.gate,
            gate_lines=self.gate_lines, form="behavioural",
        )  # fmt: skip
        return job.deck(tight_options("behavioural"), ())

    def require_cell(self) -> Cell:
        """Return the kind of cell; raises UsageError where the array has conductances only."""
        from memcircuit.experiments.circuits import as_cell

        if self.cell is None:
            raise UsageError(
                "this array has conductances only; Crossbar(cell, rows=..., columns=...) makes one "
                "of cells"
            )
        return as_cell(self.cell)

    def _sides(self) -> dict[str, str]:
        return {"drive": self.lines.driven, "sense_at": self.lines.sensed}

    def _voltages(self, v: ArrayLike) -> Array:
        voltage = numbers("v", v)
        if voltage.ndim == 0 or voltage.shape[-1] != self.rows or voltage.size == 0:
            raise UsageError(f"v has shape {voltage.shape}; expected (..., {self.rows})")
        good = np.abs(voltage) < HIGHEST_VOLTAGE
        refuse("v", voltage, good, f"less than {HIGHEST_VOLTAGE:g} V in magnitude")
        return voltage

    def _refuse_inputs(self, voltage: Array, *, most: int) -> None:
        if voltage.ndim > 1 + most:
            expected = f"({self.rows},)" + (f" or (inputs, {self.rows})" if most else ": one input")
            raise UsageError(f"v has shape {voltage.shape}; expected {expected}")

    def _one_array(
        self, v: ArrayLike, g: ArrayLike, *, one_input: bool = False
    ) -> tuple[Array, Array]:
        cells, voltage = conductances(g, (self.rows, self.columns)), self._voltages(v)
        if cells.ndim > 2:
            raise UsageError(
                f"g has shape {cells.shape}; expected one array, ({self.rows}, {self.columns})"
            )
        self._refuse_inputs(voltage, most=0 if one_input else 1)
        return cells, voltage

    def _gates(self, cell: Cell) -> Array:
        """Return the potential of every cell's gate line, (rows, columns), V."""
        from memcircuit.experiments.circuits import gate_voltage

        if not cell.gated or self.gate is None:
            return np.full((self.rows, self.columns), gate_voltage(cell, None))
        volts = numbers("gate", self.gate)
        refuse("gate", volts, np.abs(volts) < HIGHEST_VOLTAGE, f"within {HIGHEST_VOLTAGE:g} V")
        lines = self.rows if self.gate_lines == "row" else self.columns
        if volts.ndim and volts.shape != (lines,):
            raise UsageError(
                f"gate has shape {volts.shape}; expected one number or one per {self.gate_lines}, "
                f"({lines},)"
            )
        return at_cells(volts, self.gate_lines, (self.rows, self.columns))
