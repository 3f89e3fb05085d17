"""Arrays of cells that are not resistors: Newton's method around the linear line solver."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.checks import require_tolerance
from memcircuit.crossbar.cell_law import CellLaw
from memcircuit.crossbar.line_solve import LineWires, turned
from memcircuit.crossbar.nodes import ConvergenceWarning, NodeSolver
from memcircuit.crossbar.wires import Array, Ends, Lines, numbers, refuse
from memcircuit.errors import ConvergenceError, UsageError

# The linear solve of the first step; a cell is rarely closer to a resistor.
_FIRST_INNER = 1e-3
# A step below the rounding is worth another while it gains as much.
_GAIN = 0.5
_SHORTEST_STEP = 2.0**-20
_MOST_DIRECTIONS = 40
# Below this, sums of currents are their roundings.
_SMALLEST_SHARE = 1e-9


class Potentials(Protocol):
    """Potentials of an array's nodes, such as an earlier solution, V."""

    @property
    def row(self) -> Array:
        """(..., rows, columns) of the row lines at the cells."""

    @property
    def column(self) -> Array:
        """(..., rows, columns) of the column lines at the cells."""


@dataclass(frozen=True, eq=False)
class NonlinearSolution:
    """The operating point of an array.

    Attributes:
        row: (..., rows, columns) V, potential of the row lines at the cells.
        column: (..., rows, columns) V, of the column lines.
        current: (..., rows, columns) A, through the cells from row to column line.
        slopes: two of (..., rows, columns) S, its derivatives after both potentials.
        output: (..., columns) A, out of the column lines at their sensed ends.
        imbalance: (...) sum of the absolute currents that are missing at the nodes, over the
            sum of the absolute currents at the ends; 0 where nothing flows.
        newton_steps: steps that were taken.
    """

    row: Array
    column: Array
    current: Array
    slopes: tuple[Array, Array]
    output: Array
    imbalance: Array
    newton_steps: int


def solve_cells(
    law: CellLaw,
    state: ArrayLike,
    gate: ArrayLike,
    lines: Lines,
    ends: Ends,
    *,
    tolerance: float = 1e-9,
    start: Potentials | None = None,
    max_steps: int = 50,
) -> NonlinearSolution:
    """Return the operating point of arrays of non-linear cells.

    Each step linearises the cells and solves the array for the currents missing at the nodes, no
    more exactly than the step deserves. A step that does not lower their sum is halved until it
    does.

    Args:
        law: the cells.
        state: (..., rows, columns) of the memristors, 0 to 1.
        gate: V, potential of the word lines at the cells, of a shape that broadcasts to
            (..., rows, columns).
        lines: resistances of the lines.
        ends: potentials of their ends; leading dimensions broadcast with those of ``state``.
        tolerance: bound of the solution's ``imbalance``.
        start: potentials to start from; 0 V when None.
        max_steps: most steps.

    Raises:
        UsageError: shapes that do not match, or a tolerance or number of steps not above zero.
        ConvergenceError: no operating point within ``max_steps``.

    Warns:
        ConvergenceWarning: the currents in the wires are so much larger than those of the cells
            that their rounding exceeds the tolerance; ``imbalance`` tells what was reached.
    """
    require_tolerance(tolerance)
    if max_steps < 1:
        raise UsageError(f"max_steps = {max_steps}: expected at least 1")
    array = _Array(law, numbers("state", state), numbers("gate", gate), lines, ends)
    point = array.first(start)
    inner, steps = _FIRST_INNER, 0
    while True:
        wanted = tolerance * point.through
        moving = ~(point.missing <= wanted)
        if not moving.any():
            return array.solution(point, steps)
        if steps == max_steps:
            break
        if steps:
            # Newton's steps square the error: there is no sense in solving further than that.
            worst = float(point.imbalance.max())
            inner = min(_FIRST_INNER, max(0.1 * worst, 0.1 * tolerance / worst))
        new = array.next(point, inner, moving)
        gained = (new.missing < _GAIN * point.missing) | (
            (new.missing < point.missing) & (point.missing > array.rounding)
        )
        if not gained[moving].any():
            break
        point, steps = new, steps + 1
    if (point.missing <= np.maximum(wanted, array.rounding)).all():
        warnings.warn(
            f"operating point after {steps} Newton steps: the imbalance is "
            f"{point.imbalance.max():.1e} of the current at the ends, above the tolerance "
            f"{tolerance:g}; rounding of the currents in the wires allows no more",
            ConvergenceWarning,
            stacklevel=2,
        )
        return array.solution(point, steps)
    most = int(np.argmax(point.missing - wanted))
    raise ConvergenceError(
        f"no operating point after {steps} Newton steps: array {most} of {point.missing.size} "
        f"lacks {point.missing.ravel()[most]:.3g} A at its nodes, with "
        f"{point.through.ravel()[most]:.3g} A at its ends (imbalance "
        f"{point.imbalance.ravel()[most]:.3g}, tolerance {tolerance:.3g}); start from a solution "
        "at a smaller voltage, or allow more steps"
    )


@dataclass(frozen=True, eq=False)
class _Point:
    """Potentials, and what follows from them.

    Potentials and currents of nodes are (2, ..., rows, columns): of the row lines, of the columns.

    Attributes:
        volts: V.
        current: (..., rows, columns) A, of the cells.
        slopes: two of (..., rows, columns) S, its derivatives after both potentials.
        left: A, what wires and cells bring to the nodes and do not take away.
        missing: (...) A, its absolute sum.
        through: (...) A, absolute sum of the currents at the ends.
    """

    volts: Array
    current: Array
    slopes: tuple[Array, Array]
    left: Array
    missing: Array
    through: Array

    @property
    def imbalance(self) -> Array:
        """(...) what is missing as a share of what flows."""
        flowing = np.maximum(self.through, self.missing)
        share: Array = self.missing / np.where(flowing > 0, flowing, 1.0)
        return share


class _Array:
    """An array with its cells: evaluates potentials and takes Newton's steps."""

    def __init__(self, law: CellLaw, state: Array, gate: Array, lines: Lines, ends: Ends) -> None:
        if state.ndim < 2 or state.shape[-2:] != lines.shape:
            rows, columns = lines.shape
            raise UsageError(f"state has shape {state.shape}; expected (..., {rows}, {columns})")
        refuse("state", state, (state >= 0) & (state <= 1), "a number in 0 ... 1")
        refuse("gate", gate, np.isfinite(gate), "a finite potential, V")
        self.law, self.lines = law, lines
        self.rows, self.columns = LineWires.of_rows(lines), LineWires.of_columns(lines)
        self.row_ends = self.rows.end_potentials(ends.left, ends.right)
        self.column_ends = self.columns.end_potentials(ends.top, ends.bottom)
        leading = state.shape[:-2], self.row_ends.shape[:-2], self.column_ends.shape[:-2]
        try:
            self.shape = (*np.broadcast_shapes(*leading), *lines.shape)
            self.state = np.broadcast_to(state, self.shape)
            self.gate = np.broadcast_to(gate, self.shape)
        except ValueError:
            raise UsageError(
                f"the shapes of state {state.shape} and gate {gate.shape} and the leading "
                f"dimensions of ends {leading[1:]} do not match"
            ) from None
        highest = max(np.abs(self.row_ends).max(), np.abs(self.column_ends).max())
        wires = (self.rows.link, self.rows.end_link, self.columns.link, self.columns.end_link)
        self.last: tuple[Array, NodeSolver] | None = None
        # What the roundings of the currents in the wires may add up to, A.
        self.rounding = np.finfo(float).eps * highest * sum(float(w.sum()) for w in wires)

    def solver(self, g: Array) -> NodeSolver:
        """Return the linear array of these conductances; the last one where nothing changed."""
        if self.last is None or not np.array_equal(self.last[0], g):
            self.last = g, NodeSolver(g, self.lines)
        return self.last[1]

    def first(self, start: Potentials | None) -> _Point:
        """Return the point to start from."""
        volts = np.zeros((2, *self.shape))
        if start is not None:
            volts[0], volts[1] = start.row, start.column
        self.rows.hold(volts[0], self.row_ends)
        column = turned(volts[1])
        self.columns.hold(column, self.column_ends)
        volts[1] = turned(column)
        return self.at(volts)

    def at(self, volts: Array) -> _Point:
        """Return the point at these potentials."""
        current, after_row, after_column = self.law.current(
            volts[0], volts[1], self.state, self.gate
        )
        row, column = volts[0], turned(volts[1])
        left = np.stack([-current, current]) + self.brought(volts, self.row_ends, self.column_ends)
        at_rows = self.rows.end_currents(row, self.row_ends, left[0])
        at_columns = self.columns.end_currents(column, self.column_ends, turned(left[1]))
        return _Point(
            volts, current, (after_row, after_column), left, self.sum_of(left),
            np.abs(at_rows).sum(axis=(-2, -1)) + np.abs(at_columns).sum(axis=(-2, -1)),
        )  # fmt: skip

    def brought(self, volts: Array, row_ends: Array, column_ends: Array) -> Array:
        """Return the currents that the wires bring to the nodes, A."""
        to_columns = self.columns.inflow(turned(volts[1]), column_ends)
        return np.stack([self.rows.inflow(volts[0], row_ends), turned(to_columns)])

    def sum_of(self, currents: Array) -> Array:
        """Return the sum (...) of the absolute currents into all free nodes, A."""
        return self.rows.imbalance(currents[0]) + self.columns.imbalance(turned(currents[1]))

    def net_share(self, currents: Array) -> float:
        """Return the smallest share of currents into cells that is left in the sums of nodes.

        The linear solver counts what is injected cell by cell. Where wires of 0 ohm join cells
        to one node, most of it may cancel, and a tolerance that leaves this out means little.
        """
        if not self.lines.ideal:
            return 1.0
        whole = np.abs(currents).sum(axis=(0, -2, -1))
        net = self.sum_of(currents)
        share = net[net > 0] / whole[net > 0]
        return max(float(share.min(initial=1.0)), _SMALLEST_SHARE)

    def next(self, point: _Point, inner: float, moving: NDArray[np.bool_]) -> _Point:
        """Return the point after one step; arrays not ``moving`` stay where they are."""
        change = self.change(point, inner, moving)
        share = np.where(moving, 1.0, 0.0)[..., None, None]
        while True:
            new = self.at(point.volts + share * change)
            worse = moving & ~(new.missing < point.missing)
            if not worse.any() or share[worse].max() < _SHORTEST_STEP:
                return new
            share[worse] *= 0.5

    def change(self, point: _Point, inner: float, moving: NDArray[np.bool_]) -> Array:
        """Return the change of potentials, V, that the slopes at a point ask for.

        A gate makes the slopes of a cell unsymmetric, and the linear solver takes conductances.
        So it is the preconditioner of a generalised conjugate residual method (S. C. Eisenstat,
        H. C. Elman, M. H. Schultz, SIAM J. Numer. Anal. 20:345, 1983), which finds nothing to do
        where a transistor is fully on.
        """
        after_row, after_column = point.slopes
        solver = self.solver(0.5 * (after_row - after_column))

        def solved(currents: Array) -> Array:
            found = solver.solve(
                row_current=currents[0],
                column_current=currents[1],
                tolerance=inner * self.net_share(currents),
            )
            return np.stack([found.row, found.column])

        def taken(volts: Array) -> Array:
            current = after_row * volts[0] + after_column * volts[1]
            nothing = np.zeros_like(self.row_ends), np.zeros_like(self.column_ends)
            return np.stack([current, -current]) - self.brought(volts, *nothing)

        lacking = np.where(moving[..., None, None], point.left, 0.0)
        change = solved(lacking)
        if np.array_equal(after_row, -after_column):
            return change
        left = lacking - taken(change)
        enough = np.where(moving, 2 * inner * point.missing, np.inf)
        if (self.sum_of(left) <= enough).all():
            return change
        residual = solved(left)
        directions: list[tuple[Array, Array, Array]] = []
        for _ in range(_MOST_DIRECTIONS):
            direction, drawn = residual, taken(residual)
            image = solved(drawn)
            for earlier, its_drawn, its_image in directions:
                share = _product(image, its_image)
                direction = direction - share * earlier
                drawn = drawn - share * its_drawn
                image = image - share * its_image
            size = np.sqrt(_product(image, image))
            size = np.where(size > 0, size, 1.0)
            direction, drawn, image = direction / size, drawn / size, image / size
            directions.append((direction, drawn, image))
            share = _product(residual, image)
            change += share * direction
            left -= share * drawn
            residual = residual - share * image
            if (self.sum_of(left) <= enough).all():
                break
        return change

    def solution(self, point: _Point, steps: int) -> NonlinearSolution:
        """Return what the caller sees of a point."""
        row, column = point.volts
        out = -self.columns.end_currents(turned(column), self.column_ends, turned(point.left[1]))
        first, last = out[..., 0, :], out[..., 1, :]
        sensed = {"top": first, "bottom": last, "both": first + last}[self.lines.sensed]
        return NonlinearSolution(
            row, column, point.current, point.slopes, sensed, point.imbalance, steps
        )


def _product(a: Array, b: Array) -> Array:
    """Return the products (..., 1, 1) of node vectors (2, ..., rows, columns)."""
    return np.asarray((a * b).sum(axis=(0, -2, -1))[..., None, None])
