"""The direct current of a synapse cell between its lines, for whole arrays at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike

from memcircuit.crossbar.wires import Array
from memcircuit.errors import UsageError

if TYPE_CHECKING:
    from pyspice_netlists.cells import Cell
    from pyspice_netlists.vdmos import Vdmos

Port = Callable[[Array, Array], tuple[Array, Array]]


class CellLaw(Protocol):
    """What an array needs to know of its cells; states are held, as in an operating point."""

    def current(
        self, row: Array, column: Array, state: Array, gate: Array
    ) -> tuple[Array, Array, Array]:
        """Return the current of cells and its derivatives.

        The derivatives are the small-signal conductances of cells held at these potentials.

        Args:
            row: (...) V, potential of the row line at the cell.
            column: (...) V, of the column line.
            state: (...) state of the memristor, 0 to 1.
            gate: (...) V, of the word line; a cell without transistor takes no notice.

        Returns:
            current from row to column line, A; its derivatives after ``row`` and after
            ``column``, S. The latter is the negative of the former in a cell without gate, and
            below zero in any other but for a saturated transistor driven backwards.
        """


@dataclass(frozen=True)
class MemristorLaw:
    """A memristor between the lines, its plus terminal at the row line.

    Attributes:
        port: takes voltages (V) and states of one shape, returns currents (A) and slopes (S).
    """

    port: Port

    def current(
        self,
        row: Array,
        column: Array,
        state: Array,
        gate: Array,  # noqa: ARG002 - part of the protocol
    ) -> tuple[Array, Array, Array]:
        """Return the current and its derivatives; see :class:`CellLaw`."""
        i, slope = self.port(row - column, state)
        return i, slope, -slope


@dataclass(frozen=True)
class TransistorMemristorLaw:
    """A memristor from the row line to the drain of a transistor, its source at the column line.

    The one unknown of a cell is the drain's voltage above the source, V. From it follow the
    memristor's current and, less that of the body diode, the current I in the channel, with it
    the voltages behind rd and rs, and what the channel would let pass there. That less I rises
    with V, and between V = 0 and the voltage of the whole cell it goes through zero.

    Attributes:
        port: the memristor, as in :class:`MemristorLaw`.
        transistor: the transistor's card.
        gmin: S, the simulator's conductance across junctions.
    """

    port: Port
    transistor: Vdmos
    gmin: float = 1e-12

    def current(
        self, row: Array, column: Array, state: Array, gate: Array
    ) -> tuple[Array, Array, Array]:
        """Return the current and its derivatives; see :class:`CellLaw`."""
        from pyspice_netlists.vdmos import rising_root

        whole, overdrive, state = np.broadcast_arrays(row - column, gate - column, state)
        fet = self.transistor
        series = fet.rd + fet.rs

        def surplus(drain: Array) -> tuple[Array, ...]:
            i, slope = self.port(whole - drain, state)
            past, leak = fet.body(drain, self.gmin)
            inner = i - past
            flowing, gds, gm = fet.channel(drain - inner * series, overdrive - inner * fet.rs)
            load = 1 + gds * series + gm * fet.rs
            rise = gds + (slope + leak) * load
            return flowing - inner, rise, drain, i, slope, gds + leak * load, gm

        # Start: transistor and memristor as conductances that share the voltage.
        _, slope = self.port(whole, state)
        start = whole * slope / (slope + fet.on_conductance(overdrive))
        bracket = np.minimum(whole, 0.0), np.maximum(whole, 0.0)
        root, (_, rise, drain, i, slope, after_drain, gm) = rising_root(surplus, *bracket, start)
        share = slope / rise
        after_row = share * after_drain
        return i + slope * (drain - root), after_row, -after_row - share * gm


def cell_law(
    cell: Cell, variation: Mapping[str, ArrayLike] | None = None, *, gmin: float = 1e-12
) -> CellLaw:
    """Return the law of a cell around a memcircuit device.

    Args:
        cell: :class:`~pyspice_netlists.cells.OneMemristor` or
            :class:`~pyspice_netlists.cells.OneTransistorOneMemristor`; the row line is its
            bit line, the column line its source line.
        variation: multipliers by name, such as ``m_g_max``, each (rows, columns).
        gmin: S, the simulator's conductance across junctions.

    Raises:
        UsageError: another kind of cell, a device without equations, a transistor of which
            only netlist lines are known, or an unknown multiplier.
    """
    from memcircuit.devices.device import Device
    from pyspice_netlists.cells import OneMemristor, OneTransistorOneMemristor

    if not isinstance(cell.device, Device):
        raise UsageError(f"device {cell.device.name!r} has no equations to take a current from")
    model, spread = cell.device.numpy(), dict(variation or {})

    def port(v: Array, s: Array) -> tuple[Array, Array]:
        return model.port(v, s, **spread)

    port(np.zeros(()), np.zeros(()))  # an unknown multiplier is refused here, not mid-way
    if isinstance(cell, OneMemristor):
        return MemristorLaw(port)
    if not isinstance(cell, OneTransistorOneMemristor):
        raise UsageError(
            f"cell {type(cell).__name__} has no current law; there are OneMemristor and "
            "OneTransistorOneMemristor"
        )
    transistor = cell.access_transistor()
    if transistor.law is None:
        raise UsageError(
            f"transistor {transistor.name!r} has netlist lines only: give it a law, such as Vdmos"
        )
    return TransistorMemristorLaw(port, transistor.law, gmin)
