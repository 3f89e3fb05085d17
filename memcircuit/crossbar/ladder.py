"""Column lines as ladders: what they take from ideal row lines, and what they deliver.

With every row line at a given potential the columns are independent of each other: a chain of
segment resistances with a cell at every node. All formulas are ratios of sums of non-negative
numbers in which a resistance may be zero or infinite.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from memcircuit.crossbar.wires import Array, Lines
from memcircuit.errors import UsageError

# Columns whose matrices are formed at a time.
_COLUMNS = 16


@dataclass(frozen=True, eq=False)
class Ladders:
    """The column lines of an array.

    Attributes:
        g: (rows, columns), cell conductances, S.
        segments: (rows - 1, columns), ohm.
        up: (rows, columns), conductance to ground seen from a node upwards, S; may be inf.
        down: (rows, columns), the same downwards.
    """

    g: Array
    segments: Array
    up: Array
    down: Array

    @classmethod
    def of(cls, g: Array, lines: Lines) -> Ladders:
        """Return the ladders of cells g (rows, columns) between the lines' top and bottom ends."""
        down = _looking(g[::-1], lines.column[::-1], lines.bottom)[::-1]
        return cls(g, lines.column, _looking(g, lines.column, lines.top), down)

    def delivered(self, to_top: bool, to_bottom: bool) -> Array:
        """Return the current at the named ends per volt on each row line, (columns, rows), S."""
        current = np.zeros_like(self.g)
        if to_bottom:
            current += self._passed_down(self.g, self.up, self.down)
        if to_top:
            current += self._passed_down(self.g[::-1], self.down[::-1], self.up[::-1])[::-1]
        return current.T

    @staticmethod
    def _passed_down(g: Array, up: Array, down: Array) -> Array:
        """Return what of each cell's current reaches the bottom end: shares of current dividers."""
        onwards = _ratio(down, down + g)
        beyond = np.ones_like(g)
        beyond[:-1] = np.cumprod(onwards[:0:-1], axis=0)[::-1]
        # with both ends ideal at one node each takes half
        share = np.where(np.isinf(up) & np.isinf(down), 0.5, _ratio(down, down + up + g))
        return g * share * beyond

    def admittance(self) -> Array:
        """Return the current into all columns from each row line per volt on each, (rows, rows), S.

        The entry off the diagonal is -g_i Z_ik g_k, with Z the transfer impedance between the
        nodes of a column, summed over the columns.
        """
        rows, columns = self.g.shape
        total = np.zeros((rows, rows))
        around = self.up + self.down
        share = np.where(np.isinf(around), 1.0, _ratio(around, around + self.g))
        own = (self.g * share).sum(axis=1)
        impedance = _ratio(np.ones_like(around), around + self.g)
        node = _ratio(np.ones_like(around), self.up + self.g, empty=np.inf)[:-1]
        follows = np.where(np.isinf(node), 1.0, _ratio(node, node + self.segments, empty=1.0))
        for first in range(0, columns, _COLUMNS):
            some = slice(first, first + _COLUMNS)
            g = self.g[:, some]
            # row i of `transfer`: voltage at node i per ampere into the nodes k >= i
            transfer = impedance[:, some] * g
            for i in range(rows - 1, -1, -1):
                if i < rows - 1:
                    transfer[i + 1 :] *= follows[i, some]
                total[i, i + 1 :] -= transfer[i + 1 :] @ g[i]
        total += total.T
        total[np.diag_indices(rows)] = own
        return total


def ideal_rows(g: Array, lines: Lines) -> Array:
    """Return the transfer matrix of an array whose row lines have no resistance between cells.

    Args:
        g: (rows, columns), S.
        lines: resistances between the nodes, ohm; ``lines.row`` is zero.

    Returns:
        (columns, rows), S.

    Raises:
        UsageError: a row line that joins its source to ground without any resistance, or a
            column line its sensed end.
    """
    from scipy.linalg import solve

    left_driven, right_driven = lines.driven != "right", lines.driven != "left"
    known = (lines.left == 0) | (lines.right == 0)
    shorted = (lines.left == 0) & (lines.right == 0) & (left_driven != right_driven)
    if shorted.any():
        raise UsageError(
            f"row line {int(np.flatnonzero(shorted)[0])} joins its source to ground without "
            "resistance: give the row, the source or the far end some"
        )
    ladders = Ladders.of(g, lines)
    twice = np.isinf(ladders.up) & np.isinf(ladders.down)
    if twice.any() and lines.sensed != "both":
        raise UsageError(
            f"column line {int(np.argwhere(twice)[0][1])} joins its sensed end to ground without "
            "resistance: give the column, the sense amplifier or the far end some"
        )
    delivered = ladders.delivered(lines.sensed != "bottom", lines.sensed != "top")
    driven_end = ((lines.left == 0) & left_driven) | ((lines.right == 0) & right_driven)
    voltage = np.diag(driven_end.astype(float))
    free = np.flatnonzero(~known)
    if free.size:
        left, right = 1 / lines.left[free], 1 / lines.right[free]
        taken = ladders.admittance()[free]
        supplied = -taken @ voltage
        supplied[np.arange(free.size), free] += left * left_driven + right * right_driven
        taken = taken[:, free] + np.diag(left + right)
        voltage[free] = solve(taken, supplied, assume_a="pos")
    return np.asarray(delivered @ voltage)


def _looking(g: Array, segments: Array, end: Array) -> Array:
    """Return the conductance seen from each node towards the end before the first, S."""
    seen = np.empty_like(g)
    seen[0] = _ratio(np.ones_like(end), end, empty=np.inf)
    for k in range(1, len(g)):
        beyond = _ratio(np.ones_like(end), seen[k - 1] + g[k - 1], empty=np.inf)
        seen[k] = _ratio(np.ones_like(end), segments[k - 1] + beyond, empty=np.inf)
    return seen


def _ratio(part: Array, whole: Array, empty: float = 0.0) -> Array:
    """Return part / whole in 0 ... inf: inf / inf is 1, and ``empty`` stands for a whole of 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(np.isinf(part) & np.isinf(whole), 1.0, part / whole)
    return np.where(whole == 0, empty, ratio)
