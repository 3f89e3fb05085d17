"""Any mixture of zero and other resistances: nodes that coincide become one, the rest is sparse."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from memcircuit.crossbar.wires import Array, Lines
from memcircuit.errors import UsageError

Indices = NDArray[np.int64]


def contract(g: Array, lines: Lines) -> Array:
    """Return the transfer matrix of one array by a sparse factorisation.

    Slower than the ways for arrays of one kind of resistances, and for any kind.

    Args:
        g: (rows, columns), S.
        lines: resistances between the nodes, ohm.

    Returns:
        (columns, rows), S.

    Raises:
        UsageError: lines without resistance that join two ends which are not at one potential.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.sparse.linalg import splu

    rows, columns = lines.shape
    sources, senses, ground = np.arange(rows), rows + np.arange(columns), rows + columns
    ends = ground + 1
    start, stop, ohm = _branches(g, lines, sources, senses, ground)
    nodes = ends + 2 * g.size

    same = ohm == 0
    joined = coo_array((same[same], (start[same], stop[same])), shape=(nodes, nodes))
    count, label = connected_components(joined, directed=False)
    first = np.full(count, -1)
    for end in range(ends):
        if first[label[end]] >= 0:
            one, other = (_name(k, rows, columns) for k in (first[label[end]], end))
            raise UsageError(
                f"{one} and {other} are joined without resistance: give the lines between them some"
            )
        first[label[end]] = end

    there = np.isfinite(ohm) & ~same & (label[start] != label[stop])
    a, b, siemens = label[start[there]], label[stop[there]], 1 / ohm[there]
    whole = coo_array(
        (
            np.concatenate([siemens, siemens, -siemens, -siemens]),
            (np.concatenate([a, b, a, b]), np.concatenate([a, b, b, a])),
        ),
        shape=(count, count),
    ).tocsc()
    inner = np.flatnonzero(first < 0)
    driven, sensed = label[sources], label[senses]
    transfer: Array = -whole[sensed][:, driven].toarray()
    if inner.size:
        # of the two sides that of fewer ends is solved for
        across, down = whole[inner][:, driven].toarray(), whole[inner][:, sensed].toarray()
        factors = splu(whole[inner][:, inner], permc_spec="MMD_AT_PLUS_A",
                       options={"SymmetricMode": True}, diag_pivot_thresh=0.0)  # fmt: skip
        if rows <= columns:
            transfer += down.T @ factors.solve(across)
        else:
            transfer += factors.solve(down).T @ across
    return transfer


def _branches(
    g: Array, lines: Lines, sources: Indices, senses: Indices, ground: int
) -> tuple[Indices, Indices, Array]:
    """Return the two nodes and the resistance, ohm, of every branch."""
    rows, columns = g.shape
    row = ground + 1 + np.arange(g.size).reshape(rows, columns)
    column = row + g.size
    grounds = np.full(max(rows, columns), ground)
    with np.errstate(divide="ignore"):
        cells = 1 / g
    branches = [
        (row, column, cells),
        (row[:, :-1], row[:, 1:], lines.row),
        (column[:-1], column[1:], lines.column),
        (row[:, 0], sources if lines.driven != "right" else grounds[:rows], lines.left),
        (row[:, -1], sources if lines.driven != "left" else grounds[:rows], lines.right),
        (column[0], senses if lines.sensed != "bottom" else grounds[:columns], lines.top),
        (column[-1], senses if lines.sensed != "top" else grounds[:columns], lines.bottom),
    ]
    start, stop, ohm = (np.concatenate([np.ravel(branch[k]) for branch in branches])
                        for k in range(3))  # fmt: skip
    return start, stop, ohm


def _name(end: int, rows: int, columns: int) -> str:
    if end < rows:
        return f"the source of row line {end}"
    return f"the sensed end of column line {end - rows}" if end < rows + columns else "ground"
