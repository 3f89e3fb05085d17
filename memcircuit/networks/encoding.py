"""Weights written as conductances on the columns of arrays, and read back from them.

All cells of a matrix lie in one array of numbers over (slice, row, physical column); blocks of
rows and of physical columns say which of them share an array of cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from memcircuit.networks.layer import Matrix
from memcircuit.networks.mapping import Mapping

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Encoded:
    """Where the weights of a matrix lie, and what each cell is sent to.

    Attributes:
        mapping: the rules.
        conductance: (slices, rows, physical columns) S, what the cells are sent to.
        row_blocks: rows of the matrix that share an array.
        column_blocks: physical columns that share an array.
        places: (columns, parts, cells) the physical columns of every column's cells: parts are
            plus and minus, or the four of a bridge.
        scale: (columns,) dimensionless, the weight of v = 1.
        range: lowest and highest conductance the weights are spread over, S.
        middle: S, where the cells of an offset column are.
        clipped: share of the weights that were cut.
    """

    mapping: Mapping
    conductance: Array
    row_blocks: tuple[slice, ...]
    column_blocks: tuple[slice, ...]
    places: Index
    scale: Array
    range: tuple[float, float]
    middle: float
    clipped: float

    def weights(self, conductance: Array) -> Array:
        """Return the weights these conductances stand for.

        Args:
            conductance: (slices, rows, physical columns) S, or S in effect behind wires.

        Returns:
            (slices, rows, columns) dimensionless; slices are to be added.
        """
        if self.mapping.encoding == "bridge":
            upper, lower, upper_2, lower_2 = (conductance[..., p] for p in self._bridge_places())
            share = _divided(upper, lower) - _divided(upper_2, lower_2)
            return np.asarray(share * self._factor())
        total = self._summed(conductance, 0) - self._summed(conductance, 1)
        return np.asarray(total * self._factor())

    def variance(self, conductance: Array, deviation: Array) -> Array:
        """Return the variance of every weight whose cells deviate independently.

        That of an offset column is left out: the weights of its array share it, and
        `offset_variance` is it.

        Args:
            conductance: (slices, rows, physical columns) S.
            deviation: the same, standard deviation, S.

        Returns:
            (slices, rows, columns) dimensionless; of bridges to the first order.
        """
        square = deviation**2
        if self.mapping.encoding == "offset":
            return np.asarray(self._summed(square, 0) * self._factor() ** 2)
        if self.mapping.encoding != "bridge":
            total = self._summed(square, 0) + self._summed(square, 1)
            return np.asarray(total * self._factor() ** 2)
        total = np.zeros(())
        upper, lower, upper_2, lower_2 = self._bridge_places()
        for one, other in ((upper, lower), (upper_2, lower_2)):
            g, h = conductance[..., one], conductance[..., other]
            whole = np.where(g + h > 0.0, g + h, np.inf)
            total = total + (h**2 * square[..., one] + g**2 * square[..., other]) / whole**4
        return np.asarray(total * self._factor() ** 2)

    def offset_variance(self, deviation: Array) -> Array:
        """Return the variance of the offset columns, as a part of the largest weight's.

        Args:
            deviation: (slices, rows, physical columns) standard deviation, S.

        Returns:
            (slices, rows, offset columns) dimensionless; no columns with other encodings.
        """
        if self.mapping.encoding != "offset":
            return np.zeros((*deviation.shape[:2], 0))
        first = np.unique(self.offset_of, return_index=True)[1]
        return np.asarray(
            self._summed(deviation**2, 1)[..., first] * (self._factor() / self.scale)[..., :1] ** 2
        )

    @property
    def offset_of(self) -> Index:
        """Which offset column, from 0, each column's sum is less, (columns,)."""
        return np.asarray(np.unique(self.places[:, 1, 0], return_inverse=True)[1])

    @property
    def weight_count(self) -> int:
        """Number of weights, those of a bias row included."""
        return int(self.conductance.shape[1]) * len(self.scale)

    @property
    def gain(self) -> Array:
        """What a sum is multiplied by after its conversion, (slices, columns), at most 1.

        The digit's value, and with a scale for each column that column's part of the largest.
        """
        return np.asarray(
            _digit_values(self.mapping)[:, np.newaxis] * self.scale / self.scale.max()
        )

    def _bridge_places(self) -> tuple[Index, Index, Index, Index]:
        return tuple(self.places[:, part, 0] for part in range(4))  # type: ignore[return-value]

    def _summed(self, values: Array, part: int) -> Array:
        """Return the sum over the cells of one part, (slices, rows, columns)."""
        total = values[..., self.places[:, part, 0]]
        for cell in range(1, self.mapping.cells):
            total = total + values[..., self.places[:, part, cell]]
        return np.asarray(total)

    def _factor(self) -> Array:
        """Return weight per S, or per ratio of a bridge, (slices, 1, columns)."""
        low, high = self.range
        if self.mapping.encoding == "bridge":
            factor = self.scale * (high + low) / (high - low)
        else:
            offset = self.mapping.encoding == "offset"
            width = _reach(self.range, self.middle) if offset else high - low
            factor = self.scale / (self.mapping.cells * width)
        return np.asarray(_digit_values(self.mapping)[:, np.newaxis, np.newaxis] * factor)


def encode(
    matrix: Matrix,
    mapping: Mapping,
    span: tuple[float, float],
    tile: tuple[int, int] | None = None,
    *,
    middle: float | None = None,
) -> Encoded:
    """Return what every cell of a matrix is sent to.

    Args:
        matrix: the weights.
        mapping: the rules.
        span: lowest and highest conductance of the cells, S.
        tile: most rows and physical columns of an array, enough for a weight; None for one array
            of any size.
        middle: S, where offset columns are: a level near the middle of the span, or they would
            stray from where they belong; the middle itself when None.
    """
    weights = matrix.weights
    centre = 0.5 * sum(span) if middle is None else middle
    if mapping.bias == "row" and matrix.bias is not None:
        weights = np.vstack([weights, matrix.bias])
    scale = _scale(weights, mapping)
    relative = weights / scale
    clipped = float(np.mean(np.abs(relative) > 1.0))
    relative = np.clip(relative, -1.0, 1.0)
    if mapping.steps is not None:
        relative = np.rint(relative * mapping.steps) / mapping.steps
    rows, columns = weights.shape
    places, blocks = _places(mapping, columns, None if tile is None else tile[1])
    conductance = np.empty((mapping.slices, rows, int(places.max()) + 1))
    for part, target in enumerate(_targets(relative, mapping, span, centre)):
        for cell in range(mapping.cells):
            conductance[..., places[:, part, cell]] = target
    return Encoded(
        mapping=mapping,
        conductance=conductance,
        row_blocks=tuple(_blocks(rows, rows if tile is None else tile[0])),
        column_blocks=tuple(blocks),
        places=places,
        scale=scale,
        range=span,
        middle=centre,
        clipped=clipped,
    )


def _divided(upper: Array, lower: Array) -> Array:
    """Return the share of a voltage divider; a half where both cells are open."""
    total = upper + lower
    return np.divide(upper, total, out=np.full_like(total, 0.5), where=total > 0.0)


def _scale(weights: Array, mapping: Mapping) -> Array:
    axis = 0 if mapping.scaling == "column" else None
    size = np.abs(weights)
    largest = size.max(axis=axis) if mapping.clip == 1.0 else np.quantile(size, mapping.clip, axis)
    # where the quantile is zero, the largest weight; where a column is zero, that of the matrix,
    # so that noise counts there as elsewhere; where all weights are zero, any scale will do
    for other in (size.max(axis=axis), size.max(), 1.0):
        largest = np.where(largest > 0.0, largest, other)
    return np.broadcast_to(largest, weights.shape[1:]).astype(np.float64)


def _reach(span: tuple[float, float], middle: float) -> float:
    """Return how far conductances can go from the middle to either side, S."""
    return min(span[1] - middle, middle - span[0])


def _targets(
    relative: Array, mapping: Mapping, span: tuple[float, float], middle: float
) -> list[Array]:
    """Return the conductances of every part of the weights, each (slices, rows, columns)."""
    low, high = span
    width = high - low
    if mapping.encoding == "offset":
        offset = np.full_like(relative, middle)
        return [(offset + relative * _reach(span, middle))[np.newaxis], offset[np.newaxis]]
    if mapping.encoding == "bridge":
        left, right = low + 0.5 * (1 + relative) * width, low + 0.5 * (1 - relative) * width
        return [part[np.newaxis] for part in (left, low + high - left, right, low + high - right)]
    if mapping.balanced:
        centre, away = 0.5 * (low + high), 0.5 * relative * width
        return [part[np.newaxis] for part in (centre + away, centre - away)]
    digits = _digits(np.abs(relative), mapping)
    raised = low + digits * width
    positive = relative > 0
    return [np.where(positive, raised, low), np.where(relative < 0, raised, low)]


def _digits(size: Array, mapping: Mapping) -> Array:
    """Return the digits of sizes 0..1, each 0..1, (slices, ...)."""
    if mapping.bits is None or mapping.steps is None:
        return size[np.newaxis]
    whole = np.rint(size * mapping.steps).astype(np.int64)
    base, shifts = _shifts(mapping, mapping.bits)
    digits = whole // shifts.reshape(-1, *(1,) * whole.ndim) % base
    return np.asarray(digits / (base - 1))


def _digit_values(mapping: Mapping) -> Array:
    """Return what a digit of 1 counts in every slice, as a part of the largest weight."""
    if mapping.bits is None or mapping.slices == 1:
        return np.ones(1)
    base, shifts = _shifts(mapping, mapping.bits)
    return np.asarray(shifts * (base - 1) / (base**mapping.slices - 1))


def _shifts(mapping: Mapping, bits: int) -> tuple[int, NDArray[np.int64]]:
    """Return the base of the digits, and what a unit of each slice counts, (slices,)."""
    base: int = 2**bits
    return base, base ** np.arange(mapping.slices - 1, -1, -1)


def _places(mapping: Mapping, columns: int, most: int | None) -> tuple[Index, list[slice]]:
    """Return the physical columns of every part, (columns, parts, cells), and the arrays."""
    n = mapping.cells
    own, beside = mapping.width
    fitting = columns if most is None else (most - beside) // own
    parts = 4 if mapping.encoding == "bridge" else 2
    places = np.empty((columns, parts, n), dtype=np.intp)
    blocks: list[slice] = []
    start = 0
    for block in _blocks(columns, fitting):
        count = block.stop - block.start
        first = start + own * np.arange(count)[:, np.newaxis] + np.arange(n)
        places[block, 0] = first
        stop = start + own * count
        if mapping.encoding == "offset":
            places[block, 1] = stop + np.arange(n)
            stop += n
        elif mapping.layout == "separate":
            blocks.append(slice(start, stop))
            places[block, 1] = first + own * count
            start, stop = stop, stop + own * count
        else:
            for part in range(1, parts):
                places[block, part] = first + part * n
        blocks.append(slice(start, stop))
        start = stop
    return places, blocks


def _blocks(count: int, most: int) -> Sequence[slice]:
    """Divide ``count`` lines among as few arrays of ``most`` as hold them, as evenly as can be."""
    arrays = -(-count // most)
    edges = np.linspace(0, count, arrays + 1).round().astype(int)
    return [slice(int(a), int(b)) for a, b in pairwise(edges)]
