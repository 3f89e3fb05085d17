"""Nested dissection: the whole transfer matrix of an array by merging tiles in pairs.

The array is cut into tiles; a tile is known by the conductances between its ports alone, the
nodes on its rim. Two neighbouring tiles become one by eliminating the nodes they share, until one
tile is left whose ports are the ends of the lines: the conductances between sensed and driven ends
are the transfer matrix. That takes of the order of N^3 operations for N x N cells, nearly all in
matrix products, and no right-hand side is ever solved for.

A tile is stored as its mesh: ``c[a, b] >= 0`` is the conductance between ports a and b, the
diagonal is zero. Eliminating nodes (star-mesh transformation) adds non-negative numbers only, so
shorts and open cells cost no digits; what does is an array that hardly hangs on its ends, and that
is measured on the way and said. Nested dissection: A. George, SIAM J. Numer. Anal. 10
(1973), doi:10.1137/0710032; elimination without subtraction: W. Grassmann et al., Oper. Res. 33
(1985), doi:10.1287/opre.33.5.1107.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import product
from threading import RLock
from typing import TYPE_CHECKING

import numpy as np

from memcircuit.crossbar.nodes import ConvergenceWarning
from memcircuit.crossbar.tiles import Joint, Ports, joint, sections, smallest_tiles
from memcircuit.crossbar.wires import Array, Lines
from memcircuit.errors import ConvergenceError

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

_LEFT, _RIGHT, _TOP, _BOTTOM = range(4)
# Nodes eliminated at once from which a matrix is worth BLAS calls of its own.
_LARGE = 48
# Width of the panels in which a symmetric product is formed.
_PANEL = 128
# From here on the loss of digits is said.
_WORST_DOUBT = 1e-9
_LIMITING = RLock()
# Numbers in the merged meshes of a batch: its working set stays in the cache.
_BATCH = 120_000


def dissect(g: Array, lines: Lines) -> Array:
    """Return the transfer matrix of arrays whose resistances are all above zero.

    Args:
        g: (..., rows, columns), S.
        lines: resistances between the nodes, ohm.

    Returns:
        (..., columns, rows), S: current sensed at each column per volt on each row.

    Raises:
        ConvergenceError: rounding leaves nothing of the array.

    Warns:
        ConvergenceWarning: rounding leaves less than nine digits.
    """
    rows, columns = lines.shape
    mirrored, cells = _driven_right_sensed_bottom(lines, g.reshape(-1, rows, columns))
    with _one_blas_thread():
        transfer, doubt = _merged_down(cells, mirrored)
    if not doubt <= _WORST_DOUBT:
        warnings.warn(
            f"the transfer matrix is known to about {doubt:.0e} only: the array hangs on its ends "
            "by so little, beside what its wires and cells conduct, that rounding takes the rest",
            ConvergenceWarning,
            stacklevel=3,
        )
    transfer = transfer[:, -columns:, -rows:]
    if lines.driven == "left":
        transfer = transfer[:, ::-1]
    if lines.sensed == "top":
        transfer = transfer[:, :, ::-1]
    return np.ascontiguousarray(transfer).reshape(*g.shape[:-2], columns, rows)


def _merged_down(g: Array, lines: Lines) -> tuple[Array, float]:
    """Return the transfer matrices of padded arrays, and how far they can be trusted.

    The arrays are driven at the right and sensed at the bottom.
    """
    doubt = 0.0
    mesh, ports = smallest_tiles(g, lines)
    driven = (_LEFT, _RIGHT) if lines.driven == "both" else (_RIGHT,)
    sensed = (_TOP, _BOTTOM) if lines.sensed == "both" else (_BOTTOM,)
    open_sides = [
        side for side, end in ((_LEFT, lines.left), (_TOP, lines.top)) if np.isinf(end).all()
    ]
    while mesh.shape[1] * mesh.shape[2] > 1:
        mesh, ports = _without(mesh, ports, open_sides)
        grid_rows, grid_columns = mesh.shape[1:3]
        side_by_side = grid_columns > 1 and (grid_rows == 1 or ports[_BOTTOM] <= ports[_RIGHT])
        way = joint(ports, ports, axis=1 if side_by_side else 0)
        pair = (
            (mesh[:, :, 0::2], mesh[:, :, 1::2]) if side_by_side else (mesh[:, 0::2], mesh[:, 1::2])
        )
        if grid_rows * grid_columns == 2:
            first, second = (tiles[:, 0, 0] for tiles in pair)
            transfer, more = _last_merge(first, second, way, driven, sensed)
            return transfer, max(doubt, more)
        mesh, more = _merge(*pair, way)
        ports, doubt = way.ports, max(doubt, more)
    ends = sections(ports)
    parts = [mesh[:, 0, 0, ends[s], ends[d]] for s in sensed for d in driven]
    return np.sum(parts, axis=0), doubt


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    # On matrices as small as most of these, further threads cost more than they do. The number is
    # the process's own: of two Python threads the later would restore the earlier one's 1.
    with _LIMITING, _blas_libraries().limit(limits=1):
        yield


@cache
def _blas_libraries() -> ThreadpoolController:
    import scipy.linalg  # loads the library that is then found  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _driven_right_sensed_bottom(lines: Lines, g: Array) -> tuple[Lines, Array]:
    """Mirror arrays so that the one driven end is the right and the one sensed the bottom."""
    across = -1 if lines.driven == "left" else 1
    down = -1 if lines.sensed == "top" else 1
    left, right = (lines.right, lines.left) if across < 0 else (lines.left, lines.right)
    top, bottom = (lines.bottom, lines.top) if down < 0 else (lines.top, lines.bottom)
    mirrored = Lines(
        row=lines.row[::down, ::across],
        column=lines.column[::down, ::across],
        left=left[::down],
        right=right[::down],
        top=top[::across],
        bottom=bottom[::across],
        driven="both" if lines.driven == "both" else "right",
        sensed=lines.sensed if lines.sensed == "both" else "bottom",
    )
    return mirrored, g[:, ::down, ::across]


def _without(mesh: Array, ports: Ports, open_sides: list[int]) -> tuple[Array, Ports]:
    """Drop the ports at open ends, which are coupled to nothing, once every tile has them."""
    for side, tiles in ((_LEFT, mesh.shape[2]), (_TOP, mesh.shape[1])):
        if side in open_sides and tiles == 1 and ports[side]:
            gone = sections(ports)[side]
            kept = np.r_[0 : gone.start, gone.stop : sum(ports)]
            mesh = mesh[..., kept[:, None], kept]
            left, right, top, bottom = ports
            ports = (0, right, top, bottom) if side == _LEFT else (left, right, 0, bottom)
    return mesh, ports


def _merge(first: Array, second: Array, way: Joint) -> tuple[Array, float]:
    """Join every pair of tiles, (arrays, grid rows, grid columns, ports, ports)."""
    doubt = 0.0
    size = sum(way.ports)
    merged = np.empty((*first.shape[:3], size, size))
    diagonal = np.arange(size)
    for one, two, out in _batches(first, second, merged):
        half, more = _eliminated(one, two, way, size)
        doubt = max(doubt, more)
        _square(half, out)
        for mesh, places in zip((one, two), way.places, strict=True):
            for (source, target), (other, onto) in product(places, places):
                out[:, target, onto] += mesh[:, source, other]
        out[:, diagonal, diagonal] = 0
    return merged, doubt


def _square(half: Array, out: Array) -> None:
    """Form half^T half, panel by panel of what lies right of the diagonal."""
    size = out.shape[-1]
    turned = half.transpose(0, 2, 1)
    for start in range(0, size, _PANEL):
        panel = slice(start, start + _PANEL)
        np.matmul(turned[:, panel], half[:, :, start:], out=out[:, panel, start:])
        out[:, start + _PANEL :, panel] = out[:, panel, start + _PANEL :].transpose(0, 2, 1)


def _batches(first: Array, second: Array, merged: Array) -> Iterator[tuple[Array, Array, Array]]:
    """Yield pairs of tiles and the place of their unions, as many as the cache holds."""
    size = merged.shape[-1]
    count = max(1, _BATCH // size**2)
    flat = merged.reshape(-1, size, size)
    grid = merged.shape[:3]
    for start in range(0, len(flat), count):
        out = flat[start : start + count]
        if len(out) == 1:
            one = np.unravel_index(start, grid)
            yield first[one][None], second[one][None], out
        else:
            some = np.unravel_index(np.arange(start, start + len(out)), grid)
            yield first[some], second[some], out


def _last_merge(
    one: Array, two: Array, way: Joint, driven: tuple[int, ...], sensed: tuple[int, ...]
) -> tuple[Array, float]:
    """Join the last two tiles, but form only what lies between sensed and driven ends."""
    ends = sections(way.ports)
    size = sum(way.ports)
    half, doubt = _eliminated(one, two, way, size)
    from_driven = np.sum([half[:, :, ends[d]] for d in driven], axis=0)
    to_sensed = np.sum([half[:, :, ends[s]] for s in sensed], axis=0)
    transfer: Array = to_sensed.transpose(0, 2, 1) @ from_driven
    for row_side, column_side in product(sensed, driven):
        for mesh, places in zip((one, two), way.places, strict=True):
            for (source, target), (other, onto) in product(places, places):
                down = _within(target, ends[row_side])
                across = _within(onto, ends[column_side])
                if down and across:
                    transfer[:, down, across] += mesh[:, source, other]
    return transfer, doubt


def _within(part: slice, whole: slice) -> slice | None:
    """Return a range relative to the start of another, None where it lies outside."""
    if whole.start <= part.start < whole.stop:
        return slice(part.start - whole.start, part.stop - whole.start)
    return None


def _eliminated(one: Array, two: Array, way: Joint, size: int) -> tuple[Array, float]:
    """Return W with W^T W the conductances that the elimination of the shared nodes adds.

    With S the matrix of the shared nodes and R their conductances to the other ports,
    W = L^-1 R, where S = L L^T.

    Args:
        one: (pairs, ports, ports), meshes of the first tiles.
        two: (pairs, ports, ports), of the second.
        way: how they join.
        size: number of ports of the union.

    Returns:
        (pairs, shared nodes, size), and by how much S^-1 R 1, which is 1, misses that: S loses
        digits where its nodes are joined to each other far better than to the other ports.

    Raises:
        ConvergenceError: rounding leaves nothing of S.
    """
    from_one, from_two = one[:, way.first], two[:, way.second]
    shared = from_one.shape[1]
    to_others = np.empty((len(one), shared, size))
    for rows, places in zip((from_one, from_two), way.places, strict=True):
        for source, target in places:
            to_others[:, :, target] = rows[:, :, source]
    matrix = -(from_one[:, :, way.first] + from_two[:, :, way.second])
    diagonal = np.arange(shared)
    matrix[:, diagonal, diagonal] = from_one.sum(axis=2) + from_two.sum(axis=2)
    if shared < _LARGE:
        try:
            inverse = np.linalg.inv(np.linalg.cholesky(matrix))
        except np.linalg.LinAlgError:
            raise _nothing_left() from None
        half = inverse @ to_others
        unit = inverse.transpose(0, 2, 1) @ half.sum(axis=2, keepdims=True)
        return half, float(np.abs(unit - 1).max())
    from scipy.linalg import blas, lapack

    doubt = 0.0
    for own, right in zip(matrix, to_others, strict=True):
        # C-ordered arrays are LAPACK's transposed ones: no copies
        factor, failed = lapack.dpotrf(own.T, lower=0, clean=0, overwrite_a=1)
        if failed:
            raise _nothing_left()
        blas.dtrsm(1.0, factor, right.T, side=1, lower=0, overwrite_b=1)
        unit = blas.dtrsv(factor, right.sum(axis=1), lower=0)
        doubt = max(doubt, float(np.abs(unit - 1).max()))
    return to_others, doubt


def _nothing_left() -> ConvergenceError:
    return ConvergenceError(
        "no transfer matrix: the array hangs on its ends by so little, beside what its wires and "
        "cells conduct, that rounding leaves nothing of it; lower the resistances at the ends"
    )
