"""Exact reduction of a linear array to the ports of a few of its cells.

The cells of interest are taken out; what remains is a linear network. Its ports are the nodes
where those cells met their lines: first the row nodes of all of them, then the column nodes. All
line ends follow one driver, so that the network is known by its port voltages at 1 V of the
driver with open ports and by those at 1 A into each port: one solution each.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from memcircuit.crossbar.selection import Selection
from memcircuit.crossbar.wires import Array, Lines

if TYPE_CHECKING:
    from memcircuit.crossbar.nodes import EndCurrents

# ohm, in place of none, where a port would be no node of its own: 10 mA drop 10 nV there.
_JOINT = 1e-6
# Largest error of a port's voltage, V, at 1 V of the driver; of an impedance, relative.
_ACCURACY = 1e-8


@dataclass(frozen=True, eq=False)
class PortNetwork:
    """What the rest of an array is to k cells.

    Every map counts its last axis but one over 2k ports and, last, the driver: the response to
    1 A into a port, and to 1 V of the driver.

    Attributes:
        cells: (k, 2) row and column of each cell.
        impedance: (2k, 2k) ohm, voltage of a port per ampere into another; symmetric. A port on
            a line without resistance to an end has 1 uohm of its own.
        node: (2k,) the first port that is the same node, itself if it is the only one.
        open_voltage: (2k,) V per volt of the driver, ports open.
        row: (2k + 1, rows, columns) potentials of the row nodes.
        column: (2k + 1, rows, columns) potentials of the column nodes.
        driver_current: (2k + 1,) what the driver delivers, A: the currents at the ends, each
            times the share of the waveform there.
    """

    cells: NDArray[np.int64]
    impedance: Array
    node: NDArray[np.int64]
    open_voltage: Array
    row: Array
    column: Array
    driver_current: Array

    def admittance(self) -> Array:
        """Return the currents into the ports per volt at another, (2k, 2k), S.

        Where ports are one node, the first of them stands for all. Ports differ by orders of
        magnitude; scaled to a unit diagonal, the impedance is as well conditioned as the network
        itself.
        """
        own = np.flatnonzero(self.node == np.arange(self.node.size))
        block = np.ix_(own, own)
        scale = 1 / np.sqrt(np.diag(self.impedance)[own])
        both = np.outer(scale, scale)
        inverse = np.linalg.inv(self.impedance[block] * both) * both
        whole = np.zeros_like(self.impedance)
        whole[block] = (inverse + inverse.T) / 2
        return whole

    def conductances(self) -> Array:
        """Return the network as a mesh, (2k, 2k + 2), S.

        Entry (p, q) joins ports p and q, the last two columns join a port to the driver and to
        ground; ports that are one node are joined by 1 uohm. None is negative while the frozen
        cells are plain conductances; where sources stand beside them, those to driver and ground
        may be.
        """
        inverse = self.admittance()
        between = -inverse
        np.fill_diagonal(between, 0.0)
        driver = inverse @ self.open_voltage
        ground = inverse.sum(axis=1) - driver
        same = np.flatnonzero(self.node != np.arange(self.node.size))
        between[same, self.node[same]] = between[self.node[same], same] = 1 / _JOINT
        return np.column_stack([between, driver, ground])

    def port_currents(self, voltage: Array, driver: Array) -> Array:
        """Return the currents into the ports, A, from the voltages at them.

        The current into a node of several ports is counted at the first of them.

        Args:
            voltage: (..., 2k) V.
            driver: (...) V.
        """
        return np.asarray((voltage - driver[..., np.newaxis] * self.open_voltage)
                          @ self.admittance())  # fmt: skip


def reduce_array(
    lines: Lines, selection: Selection, cells: NDArray[np.int64], g: Array, source: Array
) -> PortNetwork:
    """Take cells out of an array and reduce the rest to their ports.

    Args:
        lines: resistances of the lines.
        selection: what the ends of the lines are given.
        cells: (k, 2) row and column of the cells taken out.
        g: (rows, columns) S, conductances of the cells; those taken out are passed over.
        source: (rows, columns) A per volt of the driver, beside each conductance, from row to
            column line.

    Raises:
        UsageError: a line that floats without the cells taken out.

    Warns:
        ConvergenceWarning: rounding allows no port voltages as accurate as 10 nV per volt.
    """
    from memcircuit.crossbar.nodes import ConvergenceWarning, NodeSolver, end_currents

    closed = selection.lines(lines)
    at, count = tuple(cells.T), len(cells)
    left = g.copy()
    left[at] = 0.0
    beside = source.copy()
    beside[at] = 0.0
    each = np.arange(count)
    into_rows = np.zeros((2 * count + 1, *g.shape))
    into_columns = np.zeros_like(into_rows)
    into_rows[each, at[0], at[1]] = 1.0
    into_columns[count + each, at[0], at[1]] = 1.0
    into_rows[-1], into_columns[-1] = -beside, beside
    drive = np.zeros(2 * count + 1)
    drive[-1] = 1.0
    ends = selection.ends(drive)
    with warnings.catch_warnings():
        # it measures by the driver's current, of which little may be left without those cells
        warnings.simplefilter("ignore", ConvergenceWarning)
        nodes = NodeSolver(left, closed).solve(ends, into_rows, into_columns)

    ports = np.concatenate([nodes.row[:, *at], nodes.column[:, *at]], axis=1)
    impedance = (ports[:-1] + ports[:-1].T) / 2
    np.fill_diagonal(impedance, np.maximum(np.diag(impedance), _JOINT))
    error = max(nodes.imbalance[:-1].max(), nodes.imbalance[-1] * np.diag(impedance).max())
    if error > _ACCURACY:
        warnings.warn(
            f"the port network is known to {error:.1e} V per volt of the driver and of its largest "
            f"impedance, above {_ACCURACY:g}",
            ConvergenceWarning,
            stacklevel=2,
        )
    currents = end_currents(
        nodes, closed, ends, g=left, row_current=into_rows, column_current=into_columns
    )
    return PortNetwork(
        cells=cells,
        impedance=impedance,
        node=_nodes(closed, cells),
        open_voltage=ports[-1],
        row=nodes.row,
        column=nodes.column,
        driver_current=_delivered(currents, selection),
    )


def _delivered(ends: EndCurrents, selection: Selection) -> Array:
    into = (ends.left + ends.right) @ selection.row_share
    return np.asarray(into - (ends.top + ends.bottom) @ selection.column_share)


def _nodes(lines: Lines, cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first port on the same piece of line without resistance, (2k,)."""
    row, column = cells.T
    # pieces are counted along each line
    across = np.pad(np.cumsum(lines.row > 0, axis=1), ((0, 0), (1, 0)))[row, column]
    down = np.pad(np.cumsum(lines.column > 0, axis=0), ((1, 0), (0, 0)))[row, column]
    kind = np.repeat([0, 1], len(cells))
    piece = np.stack([kind, np.append(row, column), np.append(across, down)], axis=1)
    _, first, which = np.unique(piece, axis=0, return_index=True, return_inverse=True)
    return np.asarray(first[which.ravel()])
