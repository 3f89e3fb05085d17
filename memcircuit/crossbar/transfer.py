"""The effective transfer matrix of an array with wires: one way for each kind of lines."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from memcircuit.crossbar.contraction import contract
from memcircuit.crossbar.dissection import dissect
from memcircuit.crossbar.ladder import ideal_rows
from memcircuit.crossbar.line_solve import LineWires, refuse_floating
from memcircuit.crossbar.wires import Array, Lines, Wires, as_wires, conductances


def transfer_matrix(g: ArrayLike, wires: Wires | float) -> Array:
    """Return the currents sensed at the columns per volt on the rows, wires included.

    The cells are linear, so ``transfer_matrix(g, wires) @ v`` are the column currents of every
    input v. Exact to rounding. Arrays whose resistances are all above zero are dissected
    (``dissection.py``); where all of a kind are zero, nodes coincide and closed forms take over
    (``ladder.py``), and a mixture within the rows and within the columns is contracted and
    factorised as a sparse matrix (``contraction.py``), which takes longer.

    Args:
        g: (..., rows, columns), conductances of one or of many arrays on the same wires, S.
        wires: what the lines are made of; a number is the resistance of every segment, ohm.

    Returns:
        (..., columns, rows), S.

    Raises:
        UsageError: a shape that does not match, the first value that is no conductance, wires
            without a driven or a sensed end, a line that floats, or one without resistance
            between two potentials.
        ConvergenceError: rounding leaves nothing of an array that hardly hangs on its ends.

    Warns:
        ConvergenceWarning: rounding leaves less than nine digits of such an array.
    """
    cells = conductances(g)
    return transfer_of_lines(cells, as_wires(wires).lines(*cells.shape[-2:]))


def divided_transfer(
    g: Array, arrays: Iterable[tuple[slice, slice]], wires: Wires | float
) -> Array:
    """Return the current of every column per volt on every row, where arrays share the cells.

    Args:
        g: (..., rows, columns), conductances, S.
        arrays: rows and columns of each array; together they cover all cells.
        wires: of every array, as in `transfer_matrix`, whose errors apply.

    Returns:
        (..., rows, columns), S.
    """
    by_shape: dict[tuple[int, ...], list[tuple[slice, slice]]] = {}
    for one in arrays:
        by_shape.setdefault(g[..., *one].shape[-2:], []).append(one)
    found = np.empty_like(g)
    for same in by_shape.values():
        # arrays of one size are solved together
        solved = transfer_matrix(np.stack([g[..., *one] for one in same]), wires)
        for one, transfer in zip(same, solved.swapaxes(-1, -2), strict=True):
            found[..., *one] = transfer
    return found


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
    return contract(g, lines)


def _first_cells_at_their_ends(g: Array, lines: Lines) -> Array:
    """Take off the columns whose row nodes are the left or the right ends of the row lines."""
    at_left = not lines.left.any()
    apart = np.count_nonzero(lines.row, axis=0) > 0  # some is: the row lines have resistance
    taken = int(np.argmax(apart if at_left else apart[::-1])) + 1
    if at_left:
        first, rest, joint = slice(0, taken), slice(taken, None), taken - 1
    else:
        first, rest, joint = slice(-taken, None), slice(0, -taken), lines.row.shape[1] - taken
    nothing = np.full(len(g), np.inf)
    alone = Lines(
        row=np.zeros((len(g), taken - 1)),
        column=lines.column[:, first],
        left=lines.left if at_left else nothing,
        right=nothing if at_left else lines.right,
        top=lines.top[first],
        bottom=lines.bottom[first],
        driven=lines.driven,
        sensed=lines.sensed,
    )
    remaining = Lines(
        row=lines.row[:, taken:] if at_left else lines.row[:, :joint],
        column=lines.column[:, rest],
        left=lines.row[:, joint] if at_left else lines.left,
        right=lines.right if at_left else lines.row[:, joint],
        top=lines.top[rest],
        bottom=lines.bottom[rest],
        driven=lines.driven,
        sensed=lines.sensed,
    )
    parts = [ideal_rows(g[:, first], alone), _with_ideal_parts(g[:, rest], remaining)]
    return np.concatenate(parts if at_left else parts[::-1])
