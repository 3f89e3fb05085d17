"""The cells of an array that are not simulated: as conductances, and how far they would move.

What this leaves out, measured against the whole array in ngspice, is the curvature of passive
cells on the edges of a pulse: with i ~ sinh(v / 0.5 V) the conductance is 0.002 % off while edges
are 1 % of the width, 0.3 % once they are as long as it; the energy of that is added afterwards.
Cells more curved than that, i ~ sinh(v / 0.3 V), leave 0.2 % after 15
strong pulses, because the tangents are those of the start. Capacitances of frozen transistors are
carried to the ports, see :mod:`memcircuit.crossbar.charging`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from memcircuit.crossbar.cell_law import CellLaw, memristor_voltage
from memcircuit.crossbar.reduction import PortNetwork
from memcircuit.crossbar.selection import Selection
from memcircuit.crossbar.wires import Array, Lines
from memcircuit.experiments.cell_record import integral_until, sample
from memcircuit.experiments.circuits import device_of

if TYPE_CHECKING:
    from memcircuit.devices.device import Device
    from pyspice_netlists import Cell, Pulse, PulseSequence

# A closed transistor that sees less than this share of the pulse stays frozen: what its
# capacitance draws is as small beside the currents of the selected lines.
_CLOSED_SHARE = 0.05
# Imbalance of the operating points: the tangents' place, not their network, depends on it.
_OPERATING_POINT = 1e-5
# Share of the allowed movement from which a cell is followed through a run.
_FOLLOWED = 0.01
# Numbers held at once while voltages are followed over time.
_CHUNK = 4_000_000
# Points on each edge and on the plateau at which the energy of curved cells is taken.
_GAUSS_POINTS = 8
# Steps in which the voltage and the state are searched for what moves.
_VOLTAGES, _STATES = 1000, 21


@dataclass(frozen=True, eq=False)
class FrozenCells:
    """The cells of an array as conductances with sources beside them, at one driver voltage.

    Conductance and source are those of the tangent at the operating point of a pulse's plateau;
    the source follows the driver, so that there is no current at 0 V. For an ohmic cell the
    tangent is the cell itself, at any voltage; for another the network is exact on the plateau
    and to the first order around it, where the selected cells move, and on the edges of a pulse
    only as far as the cells are ohmic.

    Attributes:
        driver: V, on the plateau.
        voltage: (rows, columns) V, across each cell there.
        current: (rows, columns) A, through each cell there, from row to column line.
        g: (rows, columns) S.
        source: (rows, columns) A per volt of the driver, from row to column line.
    """

    driver: float
    voltage: Array
    current: Array
    g: Array
    source: Array

    def misfit(self, other: FrozenCells, network: PortNetwork) -> tuple[float, float]:
        """Return how far a network of these cells errs at another operating point.

        The currents that these conductances and sources lack there, carried to the ports, change
        the voltages at them, to the first order, and the current of the driver; a port's or the
        driver's response to a cell's current is, by reciprocity, that of the cell to them.

        Args:
            other: the cells at the other operating point.
            network: these cells, reduced.

        Returns:
            largest error of a port's voltage as a share of the driver's, and the error of the
            driver's current as a share of it, ports open.
        """
        lacking = other.current - self.g * other.voltage - self.source * other.driver
        lacking[tuple(network.cells.T)] = 0.0
        across = (network.row - network.column).reshape(-1, lacking.size)
        carried = np.abs(across @ lacking.ravel() / other.driver)
        whole = abs(float(network.driver_current[-1]))
        return float(carried[:-1].max()), float(carried[-1] / whole) if whole > 0 else 0.0


def freeze(
    law: CellLaw, states: Array, selection: Selection, lines: Lines, volts: Sequence[float]
) -> list[FrozenCells]:
    """Return the cells of an array on the plateau of each of several pulses.

    Args:
        law: the cells.
        states: (rows, columns).
        selection: what lines and gates are given.
        lines: resistances of the lines.
        volts: V, of the driver.
    """
    from memcircuit.crossbar.nonlinear import solve_cells

    driver = np.asarray(volts, dtype=float)
    point = solve_cells(
        law, states, selection.gates, selection.lines(lines), selection.ends(driver),
        tolerance=_OPERATING_POINT,
    )  # fmt: skip
    after_row, after_column = point.slopes
    voltage, g = point.row - point.column, (after_row - after_column) / 2
    source = (point.current - g * voltage) / driver[:, np.newaxis, np.newaxis]
    parts = zip(volts, voltage, point.current, g, source, strict=True)
    return [FrozenCells(*part) for part in parts]


def cells_to_simulate(
    frozen: Sequence[FrozenCells], selection: Selection, closed: NDArray[np.bool_] | None
) -> NDArray[np.int64]:
    """Return row and column of the cells that are simulated, the selected ones first, (k, 2).

    These are the selected cells, and those behind a closed transistor that see a share of a
    pulse: while the transistor's capacitance charges through the memristor, the memristor sees
    most of the voltage, and the line carries the current. No conductance stands for that.

    Args:
        frozen: the cells on the plateau of each amplitude; lines that are not selected at 0 V.
        selection: the selected cells.
        closed: (rows, columns) which cells have a closed transistor; None for cells without.
    """
    chosen = np.array(selection.cells)
    if closed is None:
        return chosen
    seen = [np.abs(point.voltage) > _CLOSED_SHARE * abs(point.driver) for point in frozen]
    others = np.logical_or.reduce(seen) & closed
    others[tuple(chosen.T)] = False
    return np.concatenate([chosen, np.argwhere(others)])


def safe_voltages(
    device: Device, duration: float, allowed: float, highest: float
) -> tuple[float, float]:
    """Return up to which negative and positive voltage no state moves more than ``allowed``.

    A device with thresholds has them there; another has a voltage that depends on the duration.
    The cell is taken to see the voltage all the time, in the state in which it moves fastest.

    Args:
        device: the memristor.
        duration: s.
        allowed: state range.
        highest: V, largest magnitude that is tried, in a thousand steps.

    Returns:
        V, -inf and inf for a polarity in which ``highest`` does not move it.
    """
    volts = np.linspace(0, highest, _VOLTAGES + 1)[1:]
    states = np.linspace(0, 1, _STATES)[:, np.newaxis]
    bounds = []
    for sign in (-1, 1):
        fastest = np.abs(device.numpy().rate(sign * volts, states)).max(axis=0)
        moving = fastest * duration > allowed
        below = np.append(0.0, volts)[int(np.argmax(moving))] if moving.any() else np.inf
        bounds.append(sign * float(below))
    return bounds[0], bounds[1]


def curvature_energy(
    law: CellLaw,
    states: Array,
    frozen: FrozenCells,
    network: PortNetwork,
    pulses: Sequence[Pulse],
    sequence: PulseSequence,
    time: Array,
    drive: Array,
) -> Array:
    """Return what frozen cells without transistors take in each pulse beyond their tangents, J.

    A current more through a cell costs the drivers that current times the voltage that the cell
    had before, by reciprocity, to the first order. Pulses that are alike cost alike.

    Args:
        law: the cells.
        states: (rows, columns).
        frozen: their tangents.
        network: the rest of the array.
        pulses: those of the sequence.
        sequence: where they lie.
        time: (n,) s.
        drive: (n, 2k + 1), currents into the ports, A, and voltage of the driver, V.

    Returns:
        (pulses,) J.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_GAUSS_POINTS)
    there = np.ones(states.shape, dtype=bool)
    there[tuple(network.cells.T)] = False
    seen: dict[Pulse, float] = {}
    for number, pulse in enumerate(pulses):
        if pulse in seen:
            continue
        corners = [sequence.start, sequence.plateau_start, sequence.plateau_stop, sequence.stop]
        parts = [float(corner[number]) for corner in corners]
        seen[pulse] = 0.0
        for begin, end in pairwise(parts):
            instants = 0.5 * ((end - begin) * nodes + begin + end)
            now = sample(time, drive.T, instants).T
            row, column = (np.tensordot(now, u, axes=1) for u in (network.row, network.column))
            current = law.current(row, column, states, np.zeros(()))[0]
            tangent = frozen.g * (row - column) + frozen.source * now[:, -1, None, None]
            power = ((row - column) * (current - tangent))[:, there].sum(axis=-1)
            seen[pulse] += 0.5 * (end - begin) * float(weights @ power)
    return np.array([seen[pulse] for pulse in pulses])


@dataclass(frozen=True, eq=False)
class Movement:
    """What the cells of a reduced array saw.

    Attributes:
        voltage: (rows, columns) V, largest magnitude across each cell.
        bound: (rows, columns) of how far the state would have moved.
        change: (instants, rows, columns) by how much it did, to the first order, for cells whose
            bound is not negligible.
    """

    voltage: Array
    bound: Array
    change: Array


def frozen_movement(
    cell: Cell,
    states: Array,
    network: PortNetwork,
    time: Array,
    driver: Array,
    port_current: Array,
    *,
    instants: Array,
    allowed: float,
    variation: Mapping[str, Array],
) -> Movement:
    """Bound and estimate how far the states of frozen cells would have moved in a run.

    The whole voltage of a cell is counted as the memristor's behind a transistor: behind an open
    one it is, and behind a closed one it is until the drain has charged. First every cell
    is taken to see its highest and its lowest voltage all the time; for cells that would then
    move more than a hundredth of ``allowed``, the rate at their own state is summed over the run.

    Args:
        cell: the kind of cell.
        states: (rows, columns).
        network: the rest of the array.
        time: (n,) s.
        driver: (n,) V.
        port_current: (n, 2k) A, into the ports.
        instants: (m,) s, when the change of states is wanted.
        allowed: state range.
        variation: multipliers by name, each (rows, columns).
    """
    drive = np.column_stack([port_current, driver])
    across = (network.row - network.column).reshape(len(network.row), -1)
    low, high = np.empty(states.size), np.empty(states.size)
    chunk = max(1, _CHUNK // len(drive))
    for start in range(0, states.size, chunk):
        part = slice(start, start + chunk)
        volts = drive @ across[:, part]
        low[part], high[part] = volts.min(axis=0), volts.max(axis=0)
    model, flat = device_of(cell).numpy(), states.ravel()
    own = {name: np.broadcast_to(v, states.shape).ravel() for name, v in variation.items()}
    extremes = memristor_voltage(cell, np.stack([low, high]), flat, own)
    rates = np.abs(model.rate(extremes, flat, **own))
    moved = rates.max(axis=0) * (time[-1] - time[0])
    moved[network.cells[:, 0] * states.shape[1] + network.cells[:, 1]] = 0.0
    change = np.zeros((len(instants), states.size))
    for number in np.flatnonzero(moved > _FOLLOWED * min(allowed, 1.0)):
        alone = {name: value[number] for name, value in own.items()}
        volts = memristor_voltage(cell, drive @ across[:, number], flat[number], alone)
        rate = model.rate(volts, flat[number], **alone)
        moved[number] = np.trapezoid(np.abs(rate), time)
        change[:, number] = integral_until(time, rate, instants)
    largest = np.maximum(np.abs(low), np.abs(high))
    return Movement(
        largest.reshape(states.shape), moved.reshape(states.shape),
        change.reshape(-1, *states.shape),
    )  # fmt: skip
