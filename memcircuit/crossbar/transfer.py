"""The effective transfer matrix of an array with wires: one way for each kind of lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.crossbar.dissection import dissect
from memcircuit.crossbar.ladder import ideal_rows
from memcircuit.crossbar.line_solve import LineWires, refuse_floating
from memcircuit.crossbar.nodes import NodeSolver, end_currents
from memcircuit.crossbar.wires import Ends, Lines, Wires, conductances

Array = NDArray[np.float64]


def transfer_matrix(g: ArrayLike, wires: Wires) -> Array:
    """Return the currents sensed at the columns per volt on the rows, wires included.

    The cells are linear, so ``transfer_matrix(g, wires) @ v`` are the column currents of every
    input v. Exact to rounding. Arrays whose resistances are all above zero are dissected
    (``dissection.py``); where resistances are zero, nodes coincide and closed forms take over
    (``ladder.py``), and only a mixture of zero and other resistances within the rows and within
    the columns is solved input by input (``nodes.py``).

    Args:
        g: (..., rows, columns), conductances of one or of many arrays on the same wires, S.
        wires: what the lines are made of.

    Returns:
        (..., columns, rows), S.

    Raises:
        UsageError: a shape that does not match, the first conductance that is negative, infinite
            or undefined, wires without a driven or a sensed end, or a line that floats.
    """
    cells = conductances(g)
    return transfer_of_lines(cells, wires.lines(*cells.shape[-2:]))


def transfer_of_lines(g: Array, lines: Lines) -> Array:
    """Return the same for conductances and lines that were checked before."""
    refuse_floating(g, LineWires.of_rows(lines), LineWires.of_columns(lines))
    if not lines.ideal:
        return dissect(g, lines)
    each = [_with_ideal_parts(one, lines) for one in g.reshape(-1, *lines.shape)]
    return np.stack(each).reshape(*g.shape[:-2], *lines.shape[::-1])


def _with_ideal_parts(g: Array, lines: Lines) -> Array:
    """Return the transfer matrix of one array in which some resistances are zero."""
    if not lines.ideal:
        return dissect(g, lines)
    if not lines.row.any():
        return ideal_rows(g, lines)
    if not (lines.left.any() and lines.right.any()):
        return _first_cells_at_their_ends(g, lines)
    if not lines.column.any() or not (lines.top.any() and lines.bottom.any()):
        return _with_ideal_parts(g.T, lines.transposed()).T
    return _input_by_input(g, lines)


def _first_cells_at_their_ends(g: Array, lines: Lines) -> Array:
    """Take off the column whose nodes are the left or the right ends of the row lines."""
    at_left = not lines.left.any()
    taken, rest = (slice(0, 1), slice(1, None)) if at_left else (slice(-1, None), slice(0, -1))
    remaining = Lines(
        row=lines.row[:, rest],
        column=lines.column[:, rest],
        left=lines.row[:, 0] if at_left else lines.left,
        right=lines.right if at_left else lines.row[:, -1],
        top=lines.top[rest],
        bottom=lines.bottom[rest],
        driven=lines.driven,
        sensed=lines.sensed,
    )
    alone = Lines(
        row=np.empty((len(g), 0)),
        column=lines.column[:, taken],
        left=lines.left if at_left else np.full(len(g), np.inf),
        right=np.full(len(g), np.inf) if at_left else lines.right,
        top=lines.top[taken],
        bottom=lines.bottom[taken],
        driven=lines.driven,
        sensed=lines.sensed,
    )
    parts = [ideal_rows(g[:, taken], alone), _with_ideal_parts(g[:, rest], remaining)]
    return np.concatenate(parts if at_left else parts[::-1])


def _input_by_input(g: Array, lines: Lines) -> Array:
    rows, columns = lines.shape
    if rows > columns:
        return _input_by_input(g.T, lines.transposed()).T
    ends = Ends.reading(lines, np.eye(rows))
    nodes = NodeSolver(g, lines).solve(ends, tolerance=1e-10)
    return end_currents(nodes, lines, ends, g=g).sensed(lines).T
