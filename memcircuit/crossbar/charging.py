"""What wires and frozen transistors charge: capacitances on the lines, carried to the ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from memcircuit.crossbar.reduction import PortNetwork
from memcircuit.crossbar.selection import Selection
from memcircuit.crossbar.wires import Array, Lines

if TYPE_CHECKING:
    from pyspice_netlists import Cell
    from pyspice_netlists.transistor_law import TransistorLaw

# A correction's correction: a capacitor below this share of all at both of its nodes.
_SMALL_SHARE = 1e-3
# Of the currents that charge lines: their lag is wanted to no more than its size.
_LAG_ACCURACY = 1e-6


@dataclass(frozen=True, eq=False)
class ArrayCapacitances:
    """Capacitances of an array's cells and wires, F, each (rows, columns).

    Attributes:
        row: of each cell from row line to ground.
        column: of each cell from column line to ground.
        across: of each cell from row line to column line.
        row_wire: of the row line's node to ground, whatever the cell there.
        column_wire: the same of the column line's.
    """

    row: Array
    column: Array
    across: Array
    row_wire: Array
    column_wire: Array


def array_capacitances(cell: Cell, selection: Selection, lines: Lines) -> ArrayCapacitances | None:
    """Return the capacitances of an array whose column lines are near 0 V; None without any.

    Gates are held, so that what is between gate and another pin is to ground. The drain of an
    open transistor is at its source, that of a closed one follows the row line through the
    memristor.
    """
    law, none = transistor_law(cell), np.zeros(lines.shape)
    wires = lines.row_capacitance, lines.column_capacitance
    if law is None:
        return ArrayCapacitances(none, none, none, *wires) if np.any(wires) else None
    is_open, own = open_transistors(cell, selection), law.capacitances(selection.gates)
    return ArrayCapacitances(
        row=np.where(is_open, 0.0, own.gate_drain),
        column=own.gate_source + np.where(is_open, own.gate_drain, 0.0),
        across=np.where(is_open, 0.0, own.drain_source),
        row_wire=wires[0],
        column_wire=wires[1],
    )


def open_transistors(cell: Cell, selection: Selection) -> NDArray[np.bool_]:
    """Return which cells have a transistor that is open for certain, (rows, columns).

    Near 0 V on the column lines; one near its threshold counts as closed.
    """
    law = transistor_law(cell)
    return np.asarray(selection.gates > (0.0 if law is None else law.conducting_above))


def transistor_law(cell: Cell) -> TransistorLaw | None:
    """Return the law of a cell's transistor; None without one."""
    from pyspice_netlists import OneTransistorOneMemristor

    if not isinstance(cell, OneTransistorOneMemristor):
        return None
    return cell.access_transistor().law


def port_capacitances(network: PortNetwork, array: ArrayCapacitances) -> Array:
    """Return capacitances of frozen cells and wires as a mesh between ports, driver and ground.

    With U the voltages of the nodes per volt at each port and at the driver, the mesh holds the
    charge U^T C U: the admittance of the network is then exact to the first order in frequency,
    right for lines that charge faster than the pulses last. What is below a thousandth of all
    that is at both of its nodes is left out.

    Returns:
        (2k, 2k + 2) F, as :meth:`~memcircuit.crossbar.reduction.PortNetwork.conductances`; some
        may be negative, the mesh as a whole stores positive energy.
    """
    row, column = (_per_volt(network, potential) for potential in (network.row, network.column))
    at_rows, at_columns = _charges(network, array, row, column)
    charge = row @ at_rows.T + column @ at_columns.T
    total = charge.sum(axis=1)
    np.fill_diagonal(charge, 0.0)
    mesh = np.column_stack([-charge[:-1], total[:-1]])
    whole = np.append(np.abs(mesh).sum(axis=1), [np.inf, np.inf])
    least = _SMALL_SHARE * np.minimum(whole[:-2, np.newaxis], whole)
    return np.where(np.abs(mesh) > least, mesh, 0.0)


def _per_volt(network: PortNetwork, potential: Array) -> Array:
    """Return (2k + 1, nodes): what 1 V at a port or at the driver makes of the potentials."""
    flat = potential.reshape(len(potential), -1)
    ports = network.admittance() @ flat[:-1]
    return np.vstack([ports, flat[-1] - network.open_voltage @ ports])


def _charges(
    network: PortNetwork, array: ArrayCapacitances, row: Array, column: Array
) -> tuple[Array, Array]:
    """Return the charge on row and column nodes at their potentials (..., nodes), C.

    The cells of the network, which are simulated, count for nothing.
    """
    frozen = np.ones(array.row.shape)
    frozen[tuple(network.cells.T)] = 0.0
    across = (row - column) * (array.across * frozen).ravel()
    at_rows = row * (array.row * frozen + array.row_wire).ravel()
    at_columns = column * (array.column * frozen + array.column_wire).ravel()
    return at_rows + across, at_columns - across


@dataclass(frozen=True)
class Lag:
    """What the mesh of a port network leaves out of the charging of its lines, to the next order.

    Attributes:
        square: s^2, voltage that a port lacks, per change of the driver's slope in V/s^2.
        loss: F s, power that charging takes on a ramp and that neither the mesh of resistances
            nor that of capacitances between ports and ground draws, per square of its slope.
    """

    square: float
    loss: float


def charging_lag(
    network: PortNetwork, g: Array, lines: Lines, selection: Selection, array: ArrayCapacitances
) -> Lag:
    """Return what the mesh of capacitances lacks: nodes between the ports lag behind them.

    On a ramp of 1 V/s the currents that charge the capacitances pull the nodes back by what they
    drop on the way; what is left of that with the ports held is not in the mesh. The charge that
    these nodes then lack acts on the ports through their impedance.

    Args:
        network: the array, reduced.
        g: (rows, columns) S, its cells.
        lines: the lines.
        selection: what their ends are given.
        array: the capacitances.
    """
    from memcircuit.crossbar.nodes import NodeSolver

    at = tuple(network.cells.T)
    currents = _charges(network, array, network.row[-1].ravel(), network.column[-1].ravel())
    left = g.copy()
    left[at] = 0.0
    pulled = NodeSolver(left, selection.lines(lines)).solve(
        row_current=currents[0].reshape(g.shape),
        column_current=currents[1].reshape(g.shape),
        tolerance=_LAG_ACCURACY,
    )
    at_ports = np.append(pulled.row[at], pulled.column[at])
    row, column = (_per_volt(network, potential) for potential in (network.row, network.column))
    row_lag = pulled.row.ravel() - at_ports @ row[:-1]
    column_lag = pulled.column.ravel() - at_ports @ column[:-1]
    lacking, by_driver = (
        row[:-1] @ at_rows + column[:-1] @ at_columns
        for at_rows, at_columns in (
            _charges(network, array, row_lag, column_lag),
            _charges(network, array, row[-1], column[-1]),
        )
    )
    return Lag(
        square=float(np.abs(network.impedance @ lacking).max()),
        loss=float(row_lag @ currents[0] + column_lag @ currents[1] + at_ports @ by_driver),
    )
