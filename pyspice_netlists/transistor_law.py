"""What every transistor's law has: its current from channel and body diode, its capacitances."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyspice_netlists.roots import rising_root

Array = NDArray[np.float64]

#: V; as ngspice has it: k/q at its default temperature of 27 degrees Celsius.
THERMAL_VOLTAGE = 1.38064852e-23 / 1.6021766208e-19 * 300.15

# ngspice's fc: share of a junction's potential from where its capacitance is continued straight.
_TANGENT_FROM = 0.5


@dataclass(frozen=True, eq=False)
class Capacitances:
    """Small-signal capacitances between the pins of a transistor, F, arrays of one shape.

    Attributes:
        gate_source: with what is between gate and bulk, which is at the source.
        gate_drain: of the channel and its overlap.
        drain_source: of the body diode.
    """

    gate_source: Array
    gate_drain: Array
    drain_source: Array


def depletion(volts: Array, at_zero: float, potential: float, grading: float) -> Array:
    """Return the depletion capacitance of a junction, F, as ngspice has it.

    That is c (1 - v / p)^-m up to half the junction's potential p, and its tangent beyond.

    Args:
        volts: (...) V across the junction, forward above 0.
        at_zero: F, at 0 V.
        potential: V.
        grading: 1.
    """
    room = 1 - np.minimum(volts / potential, _TANGENT_FROM)
    beyond = np.maximum(volts / potential - _TANGENT_FROM, 0.0)
    return np.asarray(at_zero * room**-grading * (1 + grading * beyond / room))


class TransistorLaw(ABC):
    """An n-channel transistor whose bulk is at its source: its current without a simulator.

    Its channel lies behind resistances at drain and source, its body diode beside all three.
    """

    @property
    def drain_resistance(self) -> float:
        """Ohm, in series with the channel at the drain."""
        return 0.0

    @property
    def source_resistance(self) -> float:
        """Ohm, in series with the channel at the source."""
        return 0.0

    @property
    def gate_resistance(self) -> float:
        """Ohm, in series with the gate."""
        return 0.0

    @property
    @abstractmethod
    def conducting_above(self) -> float:
        """V, gate to source, above which the channel conducts for certain."""

    @abstractmethod
    def lines(self, name: str) -> tuple[str, ...]:
        """Return model card and subcircuit of that name, what a deck needs once."""

    @abstractmethod
    def channel(self, vds: Array, vgs: Array) -> tuple[Array, Array, Array]:
        """Return the channel's current, A, and its derivatives after both voltages, S.

        Args:
            vds: (...) V, inner drain to inner source, of either sign.
            vgs: (...) V, gate to inner source.
        """

    @abstractmethod
    def body(self, vds: Array, gmin: float = 1e-12) -> tuple[Array, Array]:
        """Return the current past the channel from drain to source, A, and its slope, S.

        Args:
            vds: (...) V, drain to source, of either sign.
            gmin: S, the simulator's conductance across junctions.
        """

    @abstractmethod
    def capacitances(self, vgs: Array) -> Capacitances:
        """Return the capacitances between the pins at 0 V from drain to source.

        Args:
            vgs: (...) V, gate to source.
        """

    @property
    def diode_resistance(self) -> float:
        """Ohm, in series with the body diode, between it and the source."""
        return 0.0

    @abstractmethod
    def diode(self, volts: Array, gmin: float = 1e-12) -> tuple[Array, Array]:
        """Return the current of the body diode's junction, A, and its slope, S.

        Args:
            volts: (...) V from drain to the junction's other side, of either sign.
            gmin: S, the simulator's conductance across junctions.
        """

    @abstractmethod
    def junction(self, volts: Array) -> Array:
        """Return the capacitance of the body diode's junction, F.

        Args:
            volts: (...) V from drain to the junction's other side, of either sign.
        """

    def current(
        self, vds: ArrayLike, vgs: ArrayLike, gmin: float = 1e-12
    ) -> tuple[Array, Array, Array]:
        """Return the drain current, A, and its derivatives after both voltages, S.

        Args:
            vds: (...) V, drain to source, of either sign.
            vgs: (...) V, gate to source.
            gmin: S, the simulator's conductance across junctions.
        """
        vds, vgs = np.broadcast_arrays(np.asarray(vds, float), np.asarray(vgs, float))
        at_source = self.source_resistance
        series = self.drain_resistance + at_source

        def surplus(i: Array) -> tuple[Array, ...]:
            flowing, gds, gm = self.channel(vds - i * series, vgs - i * at_source)
            return i - flowing, 1 + gds * series + gm * at_source, gds, gm

        if series:
            end = vds / series
            bracket = np.minimum(end, 0.0), np.maximum(end, 0.0)
            through, (_, whole, gds, gm) = rising_root(surplus, *bracket, np.zeros_like(end))
        else:
            through, gds, gm = self.channel(vds, vgs)
            whole = np.ones_like(through)
        past, leak = self.body(vds, gmin)
        return through + past, gds / whole + leak, gm / whole

    def on_conductance(self, vgs: Array) -> Array:
        """Return the slope of the drain current at 0 V, S, without that of the body diode.

        Args:
            vgs: (...) V, gate to source.
        """
        _, inner, _ = self.channel(np.zeros_like(vgs), vgs)
        series = self.drain_resistance + self.source_resistance
        return np.asarray(inner / (1 + inner * series))
