"""All lines of one direction of an array at once: their wires, and their exact solution.

Arrays here are line-major: (..., lines, length), the cells of a line side by side. The rows of an
array are so as they stand; its columns are after ``turned``.
"""

from __future__ import annotations

import numpy as np

from memcircuit.crossbar.wires import Array, Lines
from memcircuit.errors import UsageError


def turned(x: Array) -> Array:
    """Return the transpose of the last two axes, in memory order of its own.

    It goes by tiles that fit the cache: a plain copy of a large transpose is three times slower.
    """
    *batch, rows, columns = x.shape
    out = np.empty((*batch, columns, rows))
    tile = 64
    for i in range(0, rows, tile):
        for j in range(0, columns, tile):
            part = x[..., i : i + tile, j : j + tile]
            out[..., j : j + tile, i : i + tile] = part.swapaxes(-1, -2)
    return out


class LineWires:
    """The wires of all lines of one direction.

    Cells joined by a wire of 0 ohm are one node, and a node joined to an end by 0 ohm is held at
    that end's potential.

    Attributes:
        between: (lines, length - 1) ohm.
        ends: (2, lines) ohm, from the first and the last cell to the ends; inf if open.
        link: (lines, length - 1) S, 0 where the two cells are one node.
        end_link: (2, lines) S, 0 where the end is open or holds its cell.
        held: (lines, length), the cells held by an end.
    """

    def __init__(self, kind: str, between: Array, first: Array, last: Array) -> None:
        self._kind = kind
        self.between = np.ascontiguousarray(between)
        self.ends = np.stack([first, last])
        self.link = _conductance(self.between)
        self.end_link = _conductance(self.ends)
        lines, length = first.size, between.shape[1] + 1
        begins = np.ones((lines, length), dtype=bool)
        begins[:, 1:] = self.between != 0
        # Positions along the chain of all lines at which a new node begins; None: all do.
        self._starts = None if begins.all() else np.flatnonzero(begins)
        self._node = (np.cumsum(begins) - 1).reshape(lines, length)
        self._end_nodes = self._node[:, [0, -1]].T
        self._holds = self.ends == 0
        held = np.zeros(self._node[-1, -1] + 1, dtype=bool)
        held[self._end_nodes[self._holds]] = True
        self._held_nodes = held
        self.held = held[self._node]
        # Where both ends hold one node, nothing says how they share its current.
        twice = self._holds.all(axis=0) & (self._end_nodes[0] == self._end_nodes[1])
        self._share = np.where(self._holds, np.where(twice, 0.5, 1.0), 0.0)
        self._twice = twice

    @classmethod
    def of_rows(cls, lines: Lines) -> LineWires:
        """Return the wires of the row lines."""
        return cls("row", lines.row, lines.left, lines.right)

    @classmethod
    def of_columns(cls, lines: Lines) -> LineWires:
        """Return the wires of the column lines."""
        return cls("column", lines.column.T, lines.top, lines.bottom)

    @property
    def pieces(self) -> tuple[Array, Array]:
        """The connected piece (lines, length) of each cell, and whether each piece has an end."""
        begins = np.ones(self.held.shape, dtype=bool)
        begins[:, 1:] = np.isinf(self.between)
        piece = (np.cumsum(begins) - 1).reshape(begins.shape)
        tied = np.zeros(piece[-1, -1] + 1, dtype=bool)
        tied[piece[:, [0, -1]].T[np.isfinite(self.ends)]] = True
        return piece, tied

    def end_potentials(self, first: Array, last: Array) -> Array:
        """Return the potentials (..., 2, lines) V of the ends, 0 where open.

        Raises:
            UsageError: ends at different potentials joined by 0 ohm.
        """
        ends = np.stack(np.broadcast_arrays(first, last), axis=-2)
        ends = np.where(np.isinf(self.ends), 0.0, ends)
        if not np.isfinite(ends).all():
            where = int(np.argwhere(~np.isfinite(ends))[0][-1])
            raise UsageError(f"{self._kind} line {where}: the potential of an end is not finite")
        short = self._twice & (ends[..., 0, :] != ends[..., 1, :])
        if short.any():
            at = tuple(np.argwhere(short)[0])
            low, high = ends[(*at[:-1], 0, at[-1])], ends[(*at[:-1], 1, at[-1])]
            raise UsageError(
                f"{self._kind} line {at[-1]} joins ends at {low} V and {high} V by 0 ohm; "
                "give it a resistance or open one end"
            )
        return ends

    def hold(self, v: Array, ends: Array) -> None:
        """Make ``v`` one number per node, and the held nodes their ends' potentials, in place."""
        if self._starts is not None:
            flat = v.reshape(*v.shape[:-2], -1)
            v[...] = flat[..., self._starts][..., self._node]
        if self._held_nodes.any():
            potential = np.zeros((*v.shape[:-2], self._held_nodes.size))
            for end in (0, 1):
                holds = self._holds[end]
                potential[..., self._end_nodes[end][holds]] = ends[..., end, holds]
            np.copyto(v, potential[..., self._node], where=self.held)

    def inflow(self, v: Array, ends: Array) -> Array:
        """Return the current (..., lines, length) A that the wires bring to each cell."""
        current = np.zeros_like(v)
        flow = v[..., :-1] - v[..., 1:]
        flow *= self.link
        current[..., :-1] -= flow
        current[..., 1:] += flow
        outer = self.end_link * (ends - v[..., [0, -1]].swapaxes(-1, -2))
        current[..., 0] += outer[..., 0, :]
        current[..., -1] += outer[..., 1, :]
        return current

    def imbalance(self, current: Array) -> Array:
        """Return the sum (...,) A of the absolute currents left over at the free nodes."""
        nodes = self._per_node(current)
        size = np.abs(nodes)
        if self._held_nodes.any():
            size[..., self._held_nodes] = 0.0
        total: Array = size.sum(axis=-1)
        return total

    def end_currents(self, v: Array, ends: Array, left_over: Array) -> Array:
        """Return the current (..., 2, lines) A from each end into its line.

        A holding end gives what its node lacks.

        Args:
            v: (..., lines, length) V.
            ends: (..., 2, lines) V.
            left_over: (..., lines, length) A, the sum at each cell without the holding ends.
        """
        current: Array = self.end_link * (ends - v[..., [0, -1]].swapaxes(-1, -2))
        if self._holds.any():
            current = current - self._share * self._per_node(left_over)[..., self._end_nodes]
        return current

    def _per_node(self, current: Array) -> Array:
        flat = current.reshape(*current.shape[:-2], -1)
        if self._starts is None:
            return flat
        total: Array = np.add.reduceat(flat, self._starts, axis=-1)
        return total


def refuse_floating(g: Array, rows: LineWires, columns: LineWires) -> None:
    """Raise UsageError for the first line with no path to an end that is not open."""
    (row_piece, row_tied), (column_piece, column_tied) = rows.pieces, columns.pieces
    if row_tied.all() and column_tied.all():
        return
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    # One vertex per piece of line and array, and one for all ends that are not open.
    tied = np.concatenate([row_tied, column_tied])
    cells = g.reshape(-1, *g.shape[-2:]) > 0
    array, i, j = np.nonzero(cells)
    grounded = np.flatnonzero(np.tile(tied, len(cells)))
    ground = len(cells) * tied.size
    start = np.concatenate([array * tied.size + row_piece[i, j], grounded])
    stop = np.concatenate(
        [array * tied.size + row_tied.size + column_piece[j, i], np.full(grounded.size, ground)]
    )
    edges = coo_array((np.ones(start.size, dtype=bool), (start, stop)), shape=(ground + 1,) * 2)
    label = connected_components(edges, directed=False)[1]
    floating = np.flatnonzero(label[:-1] != label[-1])
    if floating.size == 0:
        return
    where, piece = divmod(int(floating[0]), tied.size)
    kind, pieces = "row", row_piece
    if piece >= row_tied.size:
        kind, pieces, piece = "column", column_piece, piece - row_tied.size
    line = int(np.argwhere(pieces == piece)[0][0])
    which = f" of array {where}" if len(cells) > 1 else ""
    raise UsageError(
        f"{kind} line {line}{which} floats: no path leads from it to an end that is not open; "
        "close an end or give a cell on the way a conductance above 0 S"
    )


class LineSolver:
    """Every line of one direction with its cells' far sides grounded, factorised.

    The matrix of a line is T + D, T of its wires and ends, D of its cells. Its factors L P L^T
    are found by following the conductance to ground seen along the line, a recurrence of sums
    and quotients of positive numbers: with s the conductance to ground of all that lies before a
    wire of r ohm, the next cell sees s / (1 + r s) through it, L has -1 / (1 + r s) and P has
    s + 1 / r. Nothing is subtracted, so that no digits are lost, and the limits r = 0 (one node:
    P = inf), r = inf and s = inf (held) are plain numbers that need no case of their own when
    solving.
    """

    def __init__(self, g: Array, wires: LineWires) -> None:
        """Take ``g`` (..., lines, length) S."""
        self.wires = wires
        ground = g.copy()
        with np.errstate(divide="ignore"):
            ground[..., 0] += 1 / wires.ends[0]
            ground[..., -1] += 1 / wires.ends[1]
        self._diagonal = g.copy()
        self._diagonal[..., 0] += wires.end_link[0]
        self._diagonal[..., -1] += wires.end_link[1]
        self._diagonal[..., :-1] += wires.link
        self._diagonal[..., 1:] += wires.link
        self._factor(ground)

    def _factor(self, ground: Array) -> None:
        # Positions come first here, so that each step runs over contiguous numbers.
        pivot = turned(ground)
        lower = np.zeros_like(pivot)
        between = self.wires.between.T.copy()
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            link = 1 / between
            for k in range(len(between)):
                s, r = pivot[..., k, :], between[k]
                through = 1 / (1 + r * s)
                through = np.where(r == 0, 1.0, np.where(np.isinf(r), 0.0, through))
                pivot[..., k + 1, :] += np.where(np.isinf(s), link[k], s * through)
                lower[..., k, :] = -through
                pivot[..., k, :] += link[k]
        self._pivot, self._lower = turned(pivot), turned(lower)

    def solve(self, current: Array) -> Array:
        """Return the potentials (..., lines, length) V for a current into each cell.

        ``current`` is used up: contiguous numbers are overwritten.
        """
        from scipy.linalg.lapack import dpttrs

        shape = current.shape
        if self._pivot.ndim == 2:
            pivot, lower = self._pivot.reshape(-1), self._lower.reshape(-1)
            right = current.reshape(-1, pivot.size).T
        else:
            pivot = np.broadcast_to(self._pivot, shape).reshape(-1)
            lower = np.broadcast_to(self._lower, shape).reshape(-1)
            right = current.reshape(-1, 1)
        # One chain for all: the factor between the last cell of a line and the next line is 0.
        solution = dpttrs(pivot, lower[: max(1, pivot.size - 1)], right, overwrite_b=1)[0]
        result: Array = solution.T.reshape(shape)
        return result

    def apply(self, v: Array) -> Array:
        """Return (T + D) v, A, for potentials that are 0 V at held nodes."""
        current = self._diagonal * v
        part = np.empty_like(v[..., 1:])
        current[..., :-1] -= np.multiply(self.wires.link, v[..., 1:], out=part)
        current[..., 1:] -= np.multiply(self.wires.link, v[..., :-1], out=part)
        return current


class CoarseGrid:
    """The part of a solution that is smooth over many cells, on a grid of a few hundred points.

    Solving line by line leaves what varies slowly along both directions, over more cells than
    1 / sqrt(g r) (cells of g siemens, wires of r ohm): there a row line and the column lines
    under it move together, and no line alone notices. This is the Galerkin reduction of both
    layers of the array to bilinear functions, the column layer eliminated.
    """

    most = 32

    def __init__(self, g: Array, rows: LineWires, columns: LineWires) -> None:
        """Take ``g`` (..., rows, columns) S."""
        down, along = _hats(columns, g), _hats(rows, g)
        n, m = down.shape[1], along.shape[1]
        cells = _weighed(down, g, along)
        upper = cells + _wires(down, rows, along)
        of_columns = _wires(along, columns, down).reshape(m, n, m, n)
        lower = cells + of_columns.transpose(1, 0, 3, 2).reshape(n * m, n * m)
        self._down, self._along = down, along
        self._inverse = np.linalg.inv(upper - cells @ np.linalg.solve(lower, cells))

    @classmethod
    def where_useful(cls, g: Array, rows: LineWires, columns: LineWires) -> CoarseGrid | None:
        """Return the grid, or None where line solves alone take no more iterations than with it.

        With wires of 0 ohm the functions would have to follow the joined cells; there is none.
        """
        joined = not (rows.between.all() and columns.between.all())
        if joined or rows.held.any() or columns.held.any():
            return None
        return cls(g, rows, columns) if min(_spans(rows, g), _spans(columns, g)) > 6 else None

    def solve(self, current: Array) -> Array:
        """Return the smooth part (..., rows, columns) V of the answer to a row-layer current."""
        small = self._down.T @ (current @ self._along)
        answer = self._inverse @ small.reshape(*small.shape[:-2], -1, 1)
        result: Array = self._down @ answer.reshape(small.shape) @ self._along.T
        return result


def _spans(wires: LineWires, g: Array) -> int:
    """Return how often 1 / sqrt(g r) goes into the length of a line."""
    resistance = wires.between[np.isfinite(wires.between)]
    if resistance.size == 0:
        return 0
    return int(np.rint(wires.held.shape[1] * np.sqrt(g.mean() * resistance.mean())))


def _hats(wires: LineWires, g: Array) -> Array:
    """Return piecewise linear functions (length, points) along lines, one at each point."""
    length, spans = wires.held.shape[1], min(CoarseGrid.most, _spans(wires, g))
    if min(spans, length - 1) < 1:
        return np.ones((length, 1))
    points = min(spans + 1, length)
    at = np.linspace(0, points - 1, length)[:, None]
    hats: Array = np.maximum(0.0, 1 - np.abs(at - np.arange(points)))
    return hats


def _weighed(down: Array, weight: Array, along: Array) -> Array:
    """Return sum_ij down_ia along_jc weight_ij down_ib along_jd as matrices (..., ac, bd)."""
    n, m = down.shape[1], along.shape[1]
    a, b = np.nonzero(np.abs(np.subtract.outer(np.arange(n), np.arange(n))) <= 1)
    c, d = np.nonzero(np.abs(np.subtract.outer(np.arange(m), np.arange(m))) <= 1)
    full = np.zeros((*weight.shape[:-2], n, m, n, m))
    full[..., a[:, None], c, b[:, None], d] = (
        (down[:, a] * down[:, b]).T @ weight @ (along[:, c] * along[:, d])
    )  # fmt: skip
    return full.reshape(*weight.shape[:-2], n * m, n * m)


def _wires(across: Array, wires: LineWires, along: Array) -> Array:
    """Return the wires of one direction on the grid, as a matrix (ac, bd)."""
    first, last = wires.end_link[:, :, None]
    return (
        _weighed(across, wires.link, np.diff(along, axis=0))
        + _weighed(across, first, along[:1])
        + _weighed(across, last, along[-1:])
    )


def _conductance(resistance: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.where(resistance == 0, 0.0, 1 / resistance)
