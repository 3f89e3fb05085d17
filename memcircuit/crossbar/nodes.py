"""The voltages of all nodes of a resistive array for given potentials at the ends of its lines.

The column layer is eliminated exactly, line by line; conjugate gradients, preconditioned by exact
solutions of the row lines, solve what remains for the row layer:

    S v = b,  S = (T_r + D) - D (T_c + D)^-1 D

with T_r and T_c the wires of rows and columns and D the cells. Where cells conduct so well that
the array is many times longer than 1 / sqrt(g r), a coarse grid joins the preconditioner. Memory
and the work of an iteration are proportional to the number of cells.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from memcircuit.checks import require_tolerance
from memcircuit.crossbar.line_solve import (
    CoarseGrid,
    LineSolver,
    LineWires,
    refuse_floating,
    turned,
)
from memcircuit.crossbar.wires import Array, Ends, Lines
from memcircuit.errors import UsageError


class ConvergenceWarning(UserWarning):
    """The node voltages miss the tolerance that was asked for."""


@dataclass(frozen=True, eq=False)
class NodeVoltages:
    """Potentials of all nodes of one or many arrays.

    Attributes:
        row: (..., rows, columns) V on the row line at each cell.
        column: (..., rows, columns) V on the column line at each cell.
        imbalance: (...,) A, sum of the absolute Kirchhoff sums of all nodes. No sum of the errors
            of all end currents is larger: the errors are the currents that would flow if the
            imbalance were injected, and what is injected leaves through the ends.
        iterations: number of iterations.
    """

    row: Array
    column: Array
    imbalance: Array
    iterations: int


class EndCurrents(NamedTuple):
    """Currents at the ends of the lines, A, 0 at open ends.

    Attributes:
        left: (..., rows), into the array.
        right: (..., rows), into the array.
        top: (..., columns), out of the array.
        bottom: (..., columns), out of the array.
    """

    left: Array
    right: Array
    top: Array
    bottom: Array

    def driven(self, lines: Lines) -> Array:
        """Return the current into each row from the ends that a read drives, (..., rows)."""
        return self.left * (lines.driven != "right") + self.right * (lines.driven != "left")

    def sensed(self, lines: Lines) -> Array:
        """Return the current out of each column at the ends that are sensed, (..., columns)."""
        return self.top * (lines.sensed != "bottom") + self.bottom * (lines.sensed != "top")


@dataclass(frozen=True, eq=False)
class Power:
    """Power of one or many arrays, W, each (...,).

    Attributes:
        cells: lost in the cells.
        row_wires: lost in the row lines between cells.
        column_wires: lost in the column lines between cells.
        row_ends: lost between the row lines' ends and their first cells: drivers and wires.
        column_ends: lost between the column lines' ends and their first cells: sense amplifiers
            and wires.
        sources: delivered by the potentials at all ends: the sum of the others.
    """

    cells: Array
    row_wires: Array
    column_wires: Array
    row_ends: Array
    column_ends: Array
    sources: Array


class NodeSolver:
    """The network of ``g`` (..., rows, columns) S and lines, made ready for many right-hand sides.

    Raises:
        UsageError: the first line that floats: no path leads from it to an end that is not open.
    """

    def __init__(self, g: Array, lines: Lines) -> None:
        if g.shape[-2:] != lines.shape:
            raise UsageError(f"g has shape {g.shape}; the lines are those of {lines.shape} cells")
        self._wires = LineWires.of_rows(lines), LineWires.of_columns(lines)
        refuse_floating(g, *self._wires)
        self._g = np.ascontiguousarray(g, dtype=float)
        self._turned_g = turned(self._g)
        self._rows = LineSolver(self._g, self._wires[0])
        self._columns = LineSolver(self._turned_g, self._wires[1])
        self._coarse = CoarseGrid.where_useful(self._g, *self._wires)

    def solve(
        self,
        ends: Ends | None = None,
        row_current: Array | None = None,
        column_current: Array | None = None,
        *,
        tolerance: float = 1e-10,
        max_iterations: int = 5000,
    ) -> NodeVoltages:
        """Return the potentials of all nodes.

        The measure of accuracy is the current that flows through the array: half the sum of the
        absolute currents at all ends and of those injected, since each enters and leaves. The
        solution is accepted when the imbalance is at most ``tolerance`` times that. So the sum of
        the errors of all end currents is at most ``tolerance`` times the current through the
        array, and an end that carries a hundredth of it is known to 100 ``tolerance``. A node
        that hangs on the rest by g siemens has its potential to the imbalance divided by g.

        Potentials are rounded to 1e-16 of themselves, which alone makes an imbalance where wires
        conduct far better than cells: about 1e-12 of the current in small arrays of 1 ohm
        segments, 1e-10 in the largest. It falls on all nodes at random, so that the currents are
        much better than it says.

        Args:
            ends: potentials of the ends, V; None is 0 V everywhere.
            row_current: (..., rows, columns) A, injected into the nodes of the row lines.
            column_current: (..., rows, columns) A, injected into the nodes of the column lines.
            tolerance: largest imbalance as a part of the current through the array.
            max_iterations: where to give up.

        Raises:
            UsageError: ends at different potentials joined by 0 ohm, or shapes that do not match.

        Warns:
            ConvergenceWarning: the tolerance was not reached; ``imbalance`` says what was.
        """
        require_tolerance(tolerance)
        if ends is None:
            rows, columns = self._g.shape[-2:]
            ends = Ends(*(np.zeros(n) for n in (rows, rows, columns, columns)))
        injected = row_current, column_current
        state = _State(self._g, self._wires, ends, injected)
        iterations, before = 0, np.full(state.row.shape[:-2], np.inf)
        while True:
            into_rows, into_columns, imbalance, through = state.balance()
            open_ = ~(imbalance <= tolerance * through)
            stalled = ~(imbalance <= 0.5 * before)
            if not open_.any() or (stalled | ~open_).all() or iterations >= max_iterations:
                break
            before = imbalance
            change = self._columns.solve(into_columns)
            state.column += change
            change *= self._turned_g
            into_rows += turned(change)
            enough = np.minimum(0.5 * tolerance * through, 0.1 * imbalance)
            step, taken = self._descend(into_rows, enough, max_iterations - iterations)
            iterations += taken
            state.row += step
            step *= self._g
            state.column += self._columns.solve(turned(step))
        if open_.any():
            worst = np.max(imbalance[open_] / np.maximum(through[open_], imbalance[open_]))
            reason = "rounding allows no more" if iterations < max_iterations else "given up"
            warnings.warn(
                f"node voltages after {iterations} iterations: the imbalance is {worst:.1e} of the "
                f"current through the array, above the tolerance {tolerance:g}; {reason}",
                ConvergenceWarning,
                stacklevel=2,
            )
        return NodeVoltages(state.row, turned(state.column), imbalance, iterations)

    def _descend(self, residual: Array, enough: Array, most: int) -> tuple[Array, int]:
        """Solve S v = residual until what is left sums up to ``enough`` (...,) A.

        ``residual`` is used up. Conjugate gradients, each problem with its own steps: M. R.
        Hestenes, E. Stiefel, J. Res. Natl. Bur. Stand. 49:409, 1952.
        """
        solution, direction = np.zeros_like(residual), np.zeros_like(residual)
        before = np.zeros((*residual.shape[:-2], 1, 1))
        left = self._wires[0].imbalance(residual)
        enough = np.maximum(enough, np.finfo(float).eps * left)
        for taken in range(most):
            moving = np.asarray(left > enough)
            if not moving.any():
                return solution, taken
            better = self._rows.solve(residual.copy())
            if self._coarse is not None:
                better += self._coarse.solve(residual)
            drop = _dot(residual, better)
            direction *= _ratio(drop, before)
            direction += better
            image = self._schur(direction)
            length = _ratio(drop, _dot(direction, image)) * moving[..., None, None]
            np.multiply(length, direction, out=better)
            solution += better
            image *= length
            residual -= image
            before, left = drop, self._wires[0].imbalance(residual)
        return solution, most

    def _schur(self, row: Array) -> Array:
        """Return S v: the current that row potentials draw with the column layer free to follow."""
        column = self._columns.solve(turned(self._g * row))
        column *= self._turned_g
        current = self._rows.apply(row)
        current -= turned(column)
        return current


class _State:
    """Potentials of all nodes on their way to balance.

    Attributes:
        row: (..., rows, columns) V.
        column: (..., columns, rows) V.
    """

    def __init__(
        self,
        g: Array,
        wires: tuple[LineWires, LineWires],
        ends: Ends,
        injected: tuple[Array | None, Array | None],
    ) -> None:
        self._g, self._wires = g, wires
        self._ends = _potentials(wires, ends)
        nothing = np.zeros(g.shape[-2:])
        at_rows, at_columns = (nothing if part is None else part for part in injected)
        self._injected = at_rows, turned(at_columns)
        leading = [
            *(part.shape[:-2] for part in (g, at_rows, at_columns, *self._ends)),
        ]
        try:
            shape = (*np.broadcast_shapes(*leading), *g.shape[-2:])
            np.broadcast_shapes(shape, at_rows.shape, at_columns.shape)
        except ValueError:
            raise UsageError(
                f"the shapes of g {g.shape}, row_current {at_rows.shape}, column_current "
                f"{at_columns.shape} and the leading dimensions of g, both currents, row ends, "
                f"column ends {leading} do not match"
            ) from None
        self.row = np.broadcast_to(self._mean_potential(), shape).copy()
        self.column = turned(self.row)
        wires[0].hold(self.row, self._ends[0])
        wires[1].hold(self.column, self._ends[1])

    def _mean_potential(self) -> Array:
        total = self._ends[0].sum(axis=(-2, -1)) + self._ends[1].sum(axis=(-2, -1))
        closed = sum(int(np.isfinite(wires.ends).sum()) for wires in self._wires)
        return np.asarray(total / closed)[..., None, None]

    def balance(self) -> tuple[Array, Array, Array, Array]:
        """Return what is left over at the nodes of both layers, its sum, and what flows through.

        All are sums of differences of potentials, so that nothing is lost where all is at rest.
        """
        rows, columns = self._wires
        cells = self._g * (self.row - turned(self.column))
        into_rows = rows.inflow(self.row, self._ends[0]) - cells
        into_rows += self._injected[0]
        into_columns = columns.inflow(self.column, self._ends[1]) + turned(cells)
        into_columns += self._injected[1]
        through = (
            np.abs(rows.end_currents(self.row, self._ends[0], into_rows)).sum(axis=(-2, -1))
            + np.abs(columns.end_currents(self.column, self._ends[1], into_columns)).sum((-2, -1))
            + np.abs(self._injected[0]).sum(axis=(-2, -1))
            + np.abs(self._injected[1]).sum(axis=(-2, -1))
        )
        imbalance = rows.imbalance(into_rows) + columns.imbalance(into_columns)
        return into_rows, into_columns, np.asarray(imbalance), np.asarray(0.5 * through)


def cell_currents(g: Array, nodes: NodeVoltages) -> Array:
    """Return the currents (..., rows, columns) A from row line to column line."""
    return np.asarray(g * (nodes.row - nodes.column))


def end_currents(
    nodes: NodeVoltages,
    lines: Lines,
    ends: Ends,
    *,
    g: Array | None = None,
    row_current: Array | None = None,
    column_current: Array | None = None,
) -> EndCurrents:
    """Return the currents at the ends of all lines.

    An end joined to its line by 0 ohm gives what the Kirchhoff sum of that node lacks. Where both
    ends hold one node, a line of 0 ohm in all, nothing says how they share the current, and each
    is given half.

    Args:
        nodes: the solution.
        lines: resistances of the lines.
        ends: potentials of the ends, V.
        g: (..., rows, columns) S, the cells; wanted only where an end is joined by 0 ohm.
        row_current: what was injected, A.
        column_current: what was injected, A.

    Raises:
        UsageError: an end is joined by 0 ohm and ``g`` is not given.
    """
    wires = LineWires.of_rows(lines), LineWires.of_columns(lines)
    row_ends, column_ends = _potentials(wires, ends)
    row, column = nodes.row, turned(nodes.column)
    if g is None:
        if any((part.ends == 0).any() for part in wires):
            raise UsageError("end_currents needs g: an end is joined to its line by 0 ohm")
        cells = np.zeros(lines.shape)
    else:
        cells = cell_currents(g, nodes)
    into_rows = wires[0].inflow(row, row_ends) - cells
    into_columns = wires[1].inflow(column, column_ends) + turned(cells)
    if row_current is not None:
        into_rows = into_rows + row_current
    if column_current is not None:
        into_columns = into_columns + turned(column_current)
    at_rows = wires[0].end_currents(row, row_ends, into_rows)
    at_columns = -wires[1].end_currents(column, column_ends, into_columns)
    return EndCurrents(
        at_rows[..., 0, :], at_rows[..., 1, :], at_columns[..., 0, :], at_columns[..., 1, :]
    )


def power(g: Array, lines: Lines, ends: Ends, nodes: NodeVoltages) -> Power:
    """Return where the power goes that the potentials at the ends deliver.

    What has 0 ohm takes none. Injected currents are not counted among the sources.
    """
    wires = LineWires.of_rows(lines), LineWires.of_columns(lines)
    potentials = _potentials(wires, ends)
    layers = nodes.row, turned(nodes.column)
    left, right, top, bottom = end_currents(nodes, lines, ends, g=g)
    delivered = (np.stack([left, right], axis=-2), -np.stack([top, bottom], axis=-2))
    in_wires = [
        (part.link * np.diff(v, axis=-1) ** 2).sum(axis=(-2, -1))
        for part, v in zip(wires, layers, strict=True)
    ]
    in_ends = [
        (part.end_link * (end - v[..., [0, -1]].swapaxes(-1, -2)) ** 2).sum(axis=(-2, -1))
        for part, end, v in zip(wires, potentials, layers, strict=True)
    ]
    return Power(
        cells=np.asarray((cell_currents(g, nodes) * (nodes.row - nodes.column)).sum((-2, -1))),
        row_wires=in_wires[0],
        column_wires=in_wires[1],
        row_ends=in_ends[0],
        column_ends=in_ends[1],
        sources=np.asarray(
            (potentials[0] * delivered[0]).sum((-2, -1))
            + (potentials[1] * delivered[1]).sum((-2, -1))
        ),
    )


def _potentials(wires: tuple[LineWires, LineWires], ends: Ends) -> tuple[Array, Array]:
    rows = wires[0].end_potentials(ends.left, ends.right)
    return rows, wires[1].end_potentials(ends.top, ends.bottom)


def _dot(a: Array, b: Array) -> Array:
    flat = (*a.shape[:-2], -1)
    return np.asarray(np.vecdot(a.reshape(flat), b.reshape(flat)))[..., None, None]


def _ratio(a: Array, b: Array) -> Array:
    return np.asarray(np.divide(a, b, out=np.zeros_like(a), where=b > 0))
