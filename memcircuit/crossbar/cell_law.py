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
    from pyspice_netlists.cells import Cell, HybridMemristor, OneSelectorOneMemristor
    from pyspice_netlists.interfaces import Memristor
    from pyspice_netlists.transistor_law import TransistorLaw

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
class TwoTerminalLaw:
    """A memristor between the lines, its plus terminal at the row line, or what holds one.

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
    the voltages behind its resistances, and what the channel would let pass there. That less I
    rises with V, and between V = 0 and the voltage of the whole cell it goes through zero.

    Attributes:
        port: the memristor, as in :class:`TwoTerminalLaw`.
        transistor: the transistor.
        gmin: S, the simulator's conductance across junctions.
    """

    port: Port
    transistor: TransistorLaw
    gmin: float = 1e-12

    def current(
        self, row: Array, column: Array, state: Array, gate: Array
    ) -> tuple[Array, Array, Array]:
        """Return the current and its derivatives; see :class:`CellLaw`."""
        from pyspice_netlists.roots import rising_root

        whole, overdrive, state = np.broadcast_arrays(row - column, gate - column, state)
        fet = self.transistor
        at_source = fet.source_resistance
        series = fet.drain_resistance + at_source

        def surplus(drain: Array) -> tuple[Array, ...]:
            i, slope = self.port(whole - drain, state)
            past, leak = fet.body(drain, self.gmin)
            inner = i - past
            flowing, gds, gm = fet.channel(drain - inner * series, overdrive - inner * at_source)
            load = 1 + gds * series + gm * at_source
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


@dataclass(frozen=True)
class Series:
    """Two elements that carry one current, as one.

    The unknown is the voltage across the second. The current is taken from both, each weighted by
    the slope of the other: an error of the voltage cancels, and the element that holds nearly all
    of the voltage gives the current, however small, to its own accuracy.

    Attributes:
        first: takes voltages (V) and states of one shape, returns currents (A) and slopes (S),
            above 0.
        second: the same.
    """

    first: Port
    second: Port

    def port(self, volts: Array, state: Array) -> tuple[Array, Array]:
        """Return the current and the slope of both together."""
        _, (_, total, i1, g1, i2, g2) = self._solved(volts, state)
        return (i1 * g2 + i2 * g1) / total, g1 * g2 / total

    def across_second(self, volts: Array, state: Array) -> Array:
        """Return the voltage across the second element, V."""
        return self._solved(volts, state)[0]

    def _solved(self, volts: Array, state: Array) -> tuple[Array, tuple[Array, ...]]:
        from pyspice_netlists.roots import rising_root

        whole, state = np.broadcast_arrays(volts, state)

        def surplus(u: Array) -> tuple[Array, ...]:
            (i1, g1), (i2, g2) = self.first(whole - u, state), self.second(u, state)
            return i2 - i1, g1 + g2, i1, g1, i2, g2

        _, total, _, g1, _, _ = surplus(np.zeros_like(whole))
        bracket = np.minimum(whole, 0.0), np.maximum(whole, 0.0)
        return rising_root(surplus, *bracket, whole * g1 / total)


def _resistor(ohm: float) -> Port:
    return lambda volts, _: (volts / ohm, np.full_like(volts, 1 / ohm))


def _beside(first: Port, second: Port) -> Port:
    def port(volts: Array, state: Array) -> tuple[Array, Array]:
        (i1, g1), (i2, g2) = first(volts, state), second(volts, state)
        return i1 + i2, g1 + g2

    return port


def cell_law(
    cell: Cell, variation: Mapping[str, ArrayLike] | None = None, *, gmin: float = 1e-12
) -> CellLaw:
    """Return the law of a cell around a memcircuit device.

    Args:
        cell: :class:`~pyspice_netlists.cells.OneMemristor`,
            :class:`~pyspice_netlists.cells.OneTransistorOneMemristor`,
            :class:`~pyspice_netlists.cells.OneSelectorOneMemristor`, whose selector stays in its
            initial state, or :class:`~pyspice_netlists.cells.HybridMemristor`; the row line is
            its bit line, the column line its source line.
        variation: multipliers by name, such as ``m_g_max``, each (rows, columns).
        gmin: S, the simulator's conductance across junctions.

    Raises:
        UsageError: another kind of cell, a device without equations, a transistor of which
            only netlist lines are known, or an unknown multiplier.
    """
    from pyspice_netlists import cells

    port = _port(cell.device, **(variation or {}))
    match cell:
        case cells.OneMemristor():
            return TwoTerminalLaw(port)
        case cells.OneSelectorOneMemristor():
            return TwoTerminalLaw(_series(cell, port).port)
        case cells.HybridMemristor():
            return TwoTerminalLaw(_beside(_resistor(cell.parallel), _series(cell, port).port))
        case cells.OneTransistorOneMemristor():
            transistor = cell.access_transistor()
            if transistor.law is None:
                raise UsageError(
                    f"transistor {transistor.name!r} has netlist lines only: give it a law, such "
                    "as Vdmos or Mosfet"
                )
            return TransistorMemristorLaw(port, transistor.law, gmin)
    raise UsageError(
        f"cell {type(cell).__name__} has no current law; there are OneMemristor, "
        "OneTransistorOneMemristor, OneSelectorOneMemristor and HybridMemristor"
    )


def memristor_voltage(
    cell: Cell, volts: Array, state: Array, variation: Mapping[str, ArrayLike] | None = None
) -> Array:
    """Return what of a cell's voltage its memristor sees at most, V.

    That is the whole of it beside a transistor, whose drain may be anywhere while it charges.

    Args:
        cell: as of :func:`cell_law`.
        volts: (...) V, from row to column line.
        state: (...) state of the memristor.
        variation: multipliers by name, of a shape that broadcasts with both.
    """
    from pyspice_netlists.cells import HybridMemristor, OneSelectorOneMemristor

    if not isinstance(cell, OneSelectorOneMemristor | HybridMemristor):
        return volts
    return _series(cell, _port(cell.device, **(variation or {}))).across_second(volts, state)


def _series(cell: OneSelectorOneMemristor | HybridMemristor, port: Port) -> Series:
    """Return the memristor with what is in series with it."""
    from pyspice_netlists.cells import HybridMemristor

    if isinstance(cell, HybridMemristor):
        return Series(_resistor(cell.series), port)
    alone, held = _port(cell.selector), np.array(cell.selector.initial_state)
    return Series(lambda volts, _: alone(volts, held), port)


def _port(device: Memristor, **variation: ArrayLike) -> Port:
    """Return a device's current and slope; an unknown multiplier is refused here, not mid-way."""
    from memcircuit.devices.device import Device

    if not isinstance(device, Device):
        raise UsageError(f"device {device.name!r} has no equations to take a current from")
    model = device.numpy()

    def port(volts: Array, state: Array) -> tuple[Array, Array]:
        return model.port(volts, state, **variation)

    port(np.zeros(()), np.zeros(()))
    return port
