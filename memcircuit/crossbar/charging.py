"""What frozen cells with transistors charge: capacitances on the lines, carried to the ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from memcircuit.crossbar.reduction import PortNetwork
from memcircuit.crossbar.selection import Selection
from memcircuit.crossbar.wires import Array

if TYPE_CHECKING:
    from pyspice_netlists import Cell
    from pyspice_netlists.vdmos import Vdmos

# A correction's correction: a capacitor below this share of all at both of its nodes.
_SMALL_SHARE = 1e-3


@dataclass(frozen=True, eq=False)
class CellCapacitances:
    """Capacitances of cells, F, each (rows, columns).

    Attributes:
        row: from row line to ground.
        column: from column line to ground.
        across: from row line to column line.
    """

    row: Array
    column: Array
    across: Array


def cell_capacitances(cell: Cell, selection: Selection) -> CellCapacitances | None:
    """Return the capacitances of cells whose column lines are near 0 V; None without transistor.

    Gates are held, so that what is between gate and another pin is to ground. The drain of an
    open transistor is at its source, that of a closed one follows the row line through the
    memristor.
    """
    from pyspice_netlists import OneTransistorOneMemristor

    if not isinstance(cell, OneTransistorOneMemristor):
        return None
    fet = cell.access_transistor().law
    if fet is None:
        return None
    gates, is_open = selection.gates, open_transistors(cell, selection)
    drain = _gate_drain(fet, gates)
    return CellCapacitances(
        row=np.where(is_open, 0.0, drain),
        column=fet.cgs + np.where(is_open, drain, 0.0),
        across=np.where(is_open, 0.0, fet.cjo),
    )


def open_transistors(cell: Cell, selection: Selection) -> NDArray[np.bool_]:
    """Return which cells have a transistor that is open for certain, (rows, columns).

    Near 0 V on the column lines; one within five slopes of its threshold counts as closed.
    """
    from pyspice_netlists import OneTransistorOneMemristor

    law = cell.access_transistor().law if isinstance(cell, OneTransistorOneMemristor) else None
    least = 0.0 if law is None else law.vto + 5 * law.ksubthres
    return np.asarray(selection.gates > least)


def port_capacitances(network: PortNetwork, cells: CellCapacitances) -> Array:
    """Return the frozen cells' capacitances as a mesh between ports, driver and ground.

    With U the voltages of the nodes per volt at each port and at the driver, the mesh holds the
    charge U^T C U: the admittance of the network is then exact to the first order in frequency,
    right for lines that charge faster than the pulses last. What is below a thousandth of all
    that is at both of its nodes is left out.

    Returns:
        (2k, 2k + 2) F, as :meth:`~memcircuit.crossbar.reduction.PortNetwork.conductances`; some
        may be negative, the mesh as a whole stores positive energy.
    """
    at = tuple(network.cells.T)
    row, column = (_per_volt(network, potential) for potential in (network.row, network.column))
    charge = np.zeros((len(row), len(row)))
    parts = ((row, cells.row), (column, cells.column), (row - column, cells.across))
    for voltage, farads in parts:
        own = np.array(farads)
        own[at] = 0.0
        charge += (voltage * own.ravel()) @ voltage.T
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


def _gate_drain(fet: Vdmos, volts: Array) -> Array:
    """Return ngspice's gate-drain capacitance of a VDMOS at gate-drain voltages above 0 V, F."""
    mean, half = (fet.cgdmax + fet.cgdmin) / 2, (fet.cgdmax - fet.cgdmin) / 2
    return np.asarray(mean + half * np.tanh(fet.a * volts))
