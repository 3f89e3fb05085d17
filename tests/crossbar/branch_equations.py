"""An array's branch equations, dense and slow: the reference of the solvers.

Every branch says v(a) - v(b) - R i = 0, so a resistance of zero needs no special care. It shares
nothing with the solvers but the names of the lines' resistances.
"""

import itertools

import numpy as np

from memcircuit.crossbar.wires import Ends


def branch_equations(lines, ends, g):
    """Return matrix and right-hand side in all node voltages and all branch currents.

    Branches come in the order row, column segments, cells, left, right, top, bottom ends; the
    third value says where those of each end stand.
    """
    rows, columns = lines.shape
    row = np.arange(rows * columns).reshape(rows, columns)
    column = row + rows * columns
    branches = [
        *zip(row[:, :-1].flat, row[:, 1:].flat, lines.row.flat, itertools.repeat(0.0)),
        *zip(column[:-1].flat, column[1:].flat, lines.column.flat, itertools.repeat(0.0)),
        *(
            (a, b, 1 / s if s else np.inf, 0.0)
            for a, b, s in zip(row.flat, column.flat, g.flat, strict=True)
        ),
    ]
    places = {"left": row[:, 0], "right": row[:, -1], "top": column[0], "bottom": column[-1]}
    where = {}
    for end, nodes in places.items():
        where[end] = slice(len(branches), len(branches) + nodes.size)
        known = zip(nodes, getattr(lines, end), getattr(ends, end), strict=True)
        branches += [(a, None, ohm, volt) for a, ohm, volt in known]
    nodes = 2 * rows * columns
    matrix = np.zeros((nodes + len(branches),) * 2)
    known = np.zeros(len(matrix))
    for k, (a, b, ohm, volt) in enumerate(branches, start=nodes):
        known[k] = volt
        if np.isinf(ohm):
            matrix[k, k], known[k] = 1.0, 0.0
            continue
        matrix[k, k] = -ohm
        for node, sign in ((a, 1.0), (b, -1.0)):
            if node is not None:
                matrix[k, node] = matrix[node, k] = sign
    return matrix, known, where


def solved(lines, ends, g):
    """Return row voltages, column voltages, input and output currents."""
    matrix, known, where = branch_equations(lines, ends, g)
    answer = np.linalg.solve(matrix, known)
    volts = answer[: 2 * g.size].reshape(2, *g.shape)
    current = answer[2 * g.size :]
    driven = ("left", "right") if lines.driven == "both" else (lines.driven,)
    return (
        *volts,
        -sum(current[where[end]] for end in driven),
        sensed(current, where, lines),
    )


def sensed(current, where, lines):
    ends = ("top", "bottom") if lines.sensed == "both" else (lines.sensed,)
    return sum(current[where[end]] for end in ends)


def transfer_by_branches(g, lines):
    """Return the transfer matrix: one factorisation, a unit input on every row."""
    known = []
    for v in np.eye(lines.shape[0]):
        matrix, right, where = branch_equations(lines, Ends.reading(lines, v), g)
        known.append(right)
    answers = np.linalg.solve(matrix, np.stack(known, axis=1))
    return sensed(answers[2 * g.size :], where, lines)
