"""The smallest tiles of a dissection: a few cells each, eliminated node by node.

Meshes have the tiles as their last axes here, so that one numpy call serves every tile.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from memcircuit.crossbar.wires import Array, Lines

#: Number of ports at the left, right, top and bottom of a tile; they stand in this order.
Ports = tuple[int, int, int, int]

# Side of a tile from which tiles are quicker merged by matrix products; sides up to four times as
# long are used where they cover an array with less excess.
_SMALLEST = 4
# Cells whose tiles are formed at a time, so that they stay in the cache.
_CELLS = 16_000


@dataclass(frozen=True)
class Joint:
    """How the ports of two neighbouring tiles become those of their union.

    Attributes:
        first: ports of the first tile that it shares with the second.
        second: the same ports in the second tile.
        places: per tile, where its other ports go: pairs of a range of its own ports and a range
            of the union's.
        ports: of the union.
    """

    first: slice
    second: slice
    places: tuple[list[tuple[slice, slice]], list[tuple[slice, slice]]]
    ports: Ports


def sections(ports: Ports) -> list[slice]:
    """Return the ranges of the ports at the left, right, top and bottom."""
    ends = [0, *accumulate(ports)]
    return [slice(a, b) for a, b in pairwise(ends)]


def joint(first: Ports, second: Ports, axis: int) -> Joint:
    """Return how two tiles join, side by side (axis 1) or the first above the second (axis 0)."""
    left, right, top, bottom = 0, 1, 2, 3
    mine, others = sections(first), sections(second)
    if axis == 1:
        ports = (
            first[left],
            second[right],
            first[top] + second[top],
            first[bottom] + second[bottom],
        )
        shared, alone, both = (right, left), ((left,), (right,)), (top, bottom)
    else:
        ports = (
            first[left] + second[left],
            first[right] + second[right],
            first[top],
            second[bottom],
        )
        shared, alone, both = (bottom, top), ((top,), (bottom,)), (left, right)
    union = sections(ports)
    return Joint(
        first=mine[shared[0]],
        second=others[shared[1]],
        places=(
            [(mine[s], union[s]) for s in alone[0]]
            + [(mine[s], slice(union[s].start, union[s].start + first[s])) for s in both],
            [(others[s], union[s]) for s in alone[1]]
            + [(others[s], slice(union[s].start + first[s], union[s].stop)) for s in both],
        ),
        ports=ports,
    )


def tile_size(cells: int) -> tuple[int, int]:
    """Return side and number of the tiles, a power of two, that cover a line with least excess."""
    if cells < 2 * _SMALLEST:
        return cells, 1
    covers = []
    for side in range(_SMALLEST, 4 * _SMALLEST):
        tiles = 1 << max(0, math.ceil(math.log2(cells / side)))
        covers.append((side * tiles, side, tiles))
    _, side, tiles = min(covers)
    return side, tiles


def smallest_tiles(g: Array, lines: Lines) -> tuple[Array, Ports]:
    """Return the meshes of the smallest tiles of arrays, and their numbers of ports.

    A tile's left and top ports are nodes of its own, its right and bottom ports those of its
    neighbours; at the right and the bottom edge of the array they are the ends of the lines, and
    so are the left and top ports at the left and the top edge.

    Args:
        g: (arrays, rows, columns), S.
        lines: resistances between the nodes, ohm, all above zero.

    Returns:
        (arrays, grid rows, grid columns, ports, ports), S, and the ports per side.
    """
    rows, columns = lines.shape
    height, grid_rows = tile_size(rows)
    width, grid_columns = tile_size(columns)
    cells, to_right, below, left, top = _padded(g, lines, height * grid_rows, width * grid_columns)
    ports = (height, height, width, width)
    mesh = np.empty((len(g), grid_rows, grid_columns, sum(ports), sum(ports)))
    bands = max(1, _CELLS // (height * width * grid_columns))
    arrays = max(1, _CELLS // (rows * columns))
    for array in range(0, len(g), arrays):
        for band in range(0, grid_rows, bands):
            piece = slice(band * height, (band + bands) * height)
            corner = _cell_meshes(
                cells[array : array + arrays, piece],
                to_right[piece], below[piece], left[piece], top if band == 0 else None,
            )  # fmt: skip
            tiles, _ = _tile(corner, (height, width), slice(0, height), slice(0, width))
            mesh[array : array + arrays, band : band + bands] = np.moveaxis(tiles, (0, 1), (3, 4))
    return mesh, ports


def _padded(
    g: Array, lines: Lines, rows: int, columns: int
) -> tuple[Array, Array, Array, Array, Array]:
    """Return an array with open cells added at its left and top, which change nothing.

    The resistance of a closed left or top end is divided among the added segments.

    Returns:
        cells (arrays, rows, columns), conductances of the segments to the right and below each
        cell (rows, columns), and of the left (rows,) and top ends (columns,), all S.
    """
    count, more_rows, more_columns = len(g), rows - g.shape[1], columns - g.shape[2]
    cells = np.zeros((count, rows, columns))
    cells[:, more_rows:, more_columns:] = g
    to_right = np.ones((rows, columns))
    left = np.zeros(rows)
    to_right[more_rows:, more_columns:-1] = 1 / lines.row
    to_right[more_rows:, -1] = 1 / lines.right
    left[more_rows:] = (more_columns + 1) / lines.left
    closed = more_rows + np.flatnonzero(np.isfinite(lines.left))
    to_right[closed, :more_columns] = left[closed, None]
    below = np.ones((rows, columns))
    top = np.zeros(columns)
    below[more_rows:-1, more_columns:] = 1 / lines.column
    below[-1, more_columns:] = 1 / lines.bottom
    top[more_columns:] = (more_rows + 1) / lines.top
    closed = more_columns + np.flatnonzero(np.isfinite(lines.top))
    below[:more_rows, closed] = top[closed]
    return cells, to_right, below, left, top


def _cell_meshes(g: Array, to_right: Array, below: Array, left: Array, top: Array | None) -> Array:
    """Return the mesh of every cell, (4, 4, arrays, rows, columns).

    The ports are the cell's node on its row line, the next node to the right, the cell's node on
    its column line and the next node below. In the first column the own node of the row line gives
    way to the left end, in the first row that of the column line to the top end.
    """
    mesh = np.zeros((4, 4, *g.shape))
    mesh[0, 1] = mesh[1, 0] = to_right
    mesh[0, 2] = mesh[2, 0] = g
    mesh[2, 3] = mesh[3, 2] = below
    _replace_node(mesh[..., 0], 0, left)
    if top is not None:
        _replace_node(mesh[..., 0, :], 2, top)
    return mesh


def _replace_node(mesh: Array, node: int, end: Array) -> None:
    """Eliminate a node in place; the end that ``end`` joins to it takes its index."""
    to_others = mesh[node].copy()
    total = to_others.sum(axis=0) + end
    share = to_others / np.where(total > 0, total, 1.0)
    mesh += to_others[:, None] * share[None]
    mesh[node] = mesh[:, node] = end * share
    for port in range(len(mesh)):
        mesh[port, port] = 0


def _tile(cells: Array, size: tuple[int, int], rows: slice, columns: slice) -> tuple[Array, Ports]:
    """Return the mesh of a part of every tile, (ports, ports, arrays, grid rows, grid columns)."""
    height, width = rows.stop - rows.start, columns.stop - columns.start
    if height == width == 1:
        own = cells[..., rows.start :: size[0], columns.start :: size[1]]
        return own, (1, 1, 1, 1)
    if width >= height:
        middle = columns.start + width // 2
        first = _tile(cells, size, rows, slice(columns.start, middle))
        second = _tile(cells, size, rows, slice(middle, columns.stop))
        return _merge(*first, *second, axis=1)
    middle = rows.start + height // 2
    first = _tile(cells, size, slice(rows.start, middle), columns)
    second = _tile(cells, size, slice(middle, rows.stop), columns)
    return _merge(*first, *second, axis=0)


def _merge(
    first: Array, first_ports: Ports, second: Array, second_ports: Ports, axis: int
) -> tuple[Array, Ports]:
    """Join two parts of every tile and eliminate the nodes they share, one after another."""
    way = joint(first_ports, second_ports, axis)
    shared = way.first.stop - way.first.start
    size = shared + sum(way.ports)
    mesh = np.zeros((size, size, *first.shape[2:]))
    for own, places, part in (
        (way.first, way.places[0], first),
        (way.second, way.places[1], second),
    ):
        mesh[:shared, :shared] += part[own, own]
        union = mesh[shared:, shared:]
        for source, target in places:
            mesh[:shared, shared:][:, target] = part[own, source]
            for other, onto in places:
                union[target, onto] = part[source, other]
    # Only what lies right of the diagonal is kept up to date.
    for node in range(shared):
        to_others = mesh[node, node + 1 :]
        total = to_others.sum(axis=0)
        share = to_others / np.where(total > 0, total, 1.0)
        for k in range(size - node - 2):
            mesh[node + 1 + k, node + 2 + k :] += to_others[k] * share[k + 1 :]
    mesh = mesh[shared:, shared:]
    for port in range(len(mesh)):
        mesh[port:, port] = mesh[port, port:]
        mesh[port, port] = 0
    return mesh, way.ports
