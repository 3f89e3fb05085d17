"""The elements in the cells of an array: their currents by their laws at the nodes' voltages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from memcircuit.crossbar.cell_law import CellLaw, cell_law
from memcircuit.crossbar.selection import GateLines
from memcircuit.crossbar.wires import Array

if TYPE_CHECKING:
    from memcircuit.crossbar.array_waves import ArrayWaves
    from pyspice_netlists import Cell
    from pyspice_netlists.lines import Names
    from pyspice_netlists.transistor_law import TransistorLaw

# Points of the quadrature over a capacitance that depends on its voltage.
_NODES = 12


class CellElements(Protocol):
    """What an energy balance needs to know of the cells of an array."""

    @property
    def inner(self) -> Mapping[str, Names]:
        """Vectors that ``elements`` needs beside those of the lines, each (rows, columns)."""

    def elements(self, waves: ArrayWaves, part: slice) -> Iterator[tuple[Array, Array]]:
        """Yield current (A) and voltage (V) of each element in the cells over a part of the time.

        Both are (n, rows, columns), their product the power that the element turns into heat.
        """

    def stored(self, waves: ArrayWaves) -> Array:
        """Return what capacitances in the cells gain from start to end, (rows, columns) J."""


@dataclass(frozen=True, eq=False)
class Resistors:
    """Cells that are resistors.

    Attributes:
        conductances: (rows, columns) S.
    """

    conductances: Array

    @property
    def inner(self) -> Mapping[str, Names]:
        """Nothing."""
        return {}

    def elements(self, waves: ArrayWaves, part: slice) -> Iterator[tuple[Array, Array]]:
        """Yield the resistor; see :class:`CellElements`."""
        across = waves.row[part] - waves.column[part]
        yield self.conductances * across, across

    def stored(self, waves: ArrayWaves) -> Array:
        """Return nothing; see :class:`CellElements`."""
        return np.zeros(waves.row.shape[1:])


@dataclass(frozen=True, eq=False)
class WholeCells:
    """Cells without transistor, whose current law holds at any moment.

    Attributes:
        law: of the cells.
    """

    law: CellLaw

    @property
    def inner(self) -> Mapping[str, Names]:
        """Nothing."""
        return {}

    def elements(self, waves: ArrayWaves, part: slice) -> Iterator[tuple[Array, Array]]:
        """Yield the cell as one; see :class:`CellElements`."""
        row, column = waves.row[part], waves.column[part]
        yield self.law.current(row, column, waves.state[part], np.zeros(()))[0], row - column

    def stored(self, waves: ArrayWaves) -> Array:
        """Return nothing; see :class:`CellElements`."""
        return np.zeros(waves.row.shape[1:])


@dataclass(frozen=True, eq=False)
class TransistorCells:
    """Cells of a memristor and a transistor: each of their elements by its own law.

    While the drain charges, the memristor's current is not that of the channel, and what charges
    gate and body diode heats their resistances, so the voltages of the inner nodes are asked for.

    Attributes:
        memristor: its law, between row line and drain.
        transistor: law of the transistor.
        gate_lines: whether the cells of a row or those of a column share a gate line.
        series: ohm, resistances between pins and inner nodes, by inner node: "drain", "gate",
            "source", and "diode", behind which the body diode joins the source; those above 0.
        inner: vectors of the drains' pins ("pin") and of the inner nodes behind ``series``.
    """

    memristor: CellLaw
    transistor: TransistorLaw
    gate_lines: GateLines
    series: Mapping[str, float]
    inner: Mapping[str, Names]

    def elements(self, waves: ArrayWaves, part: slice) -> Iterator[tuple[Array, Array]]:
        """Yield memristor, resistances, channel and body diode; see :class:`CellElements`."""
        row, outer = waves.row[part], self._pins(waves, part)
        inside = self._inside(waves, part)
        none = np.zeros(())
        memristor = self.memristor.current(row, outer["pin"], waves.state[part], none)[0]
        yield memristor, row - outer["pin"]
        for node, ohm in self.series.items():
            across = outer[node] - inside[node]
            yield across / ohm, across
        channel = inside["drain"] - inside["source"]
        gate_source = inside["gate"] - inside["source"]
        yield self.transistor.channel(channel, gate_source)[0], channel
        junction = inside["pin"] - inside["diode"]
        yield self.transistor.diode(junction)[0], junction

    def stored(self, waves: ArrayWaves) -> Array:
        """Return what the transistors' capacitances gain; see :class:`CellElements`.

        Each is taken to depend on its own voltage alone, those of the gate as they are at 0 V from
        drain to source.
        """
        at = [self._inside(waves, slice(point, point + 1)) for point in (0, waves.time.size - 1)]
        capacitances = self.transistor.capacitances
        pairs: tuple[tuple[str, str, Callable[[Array], Array]], ...] = (
            ("gate", "source", lambda volts: capacitances(volts).gate_source),
            ("gate", "drain", lambda volts: capacitances(volts).gate_drain),
            ("pin", "diode", self.transistor.junction),
        )
        gained = np.zeros(waves.row.shape[1:])
        for one, other, farads in pairs:
            before, after = (nodes[one][0] - nodes[other][0] for nodes in at)
            gained += _charging(farads, before, after)
        return gained

    def _pins(self, waves: ArrayWaves, part: slice) -> dict[str, Array]:
        """Return the potentials of the pins at which each inner node of every transistor hangs."""
        drain, source = waves.inner["pin"][part], waves.column[part]
        line = waves.gate[part]
        gate = line[:, :, np.newaxis] if self.gate_lines == "row" else line[:, np.newaxis, :]
        return {
            "pin": drain,
            "drain": drain,
            "gate": np.broadcast_to(gate, drain.shape),
            "source": source,
            "diode": source,
        }

    def _inside(self, waves: ArrayWaves, part: slice) -> dict[str, Array]:
        """Return the same behind the series resistances."""
        return self._pins(waves, part) | {node: waves.inner[node][part] for node in self.series}


def _charging(farads: Callable[[Array], Array], before: Array, after: Array) -> Array:
    """Return the integral of C(v) v from one voltage to another, J."""
    places, weights = np.polynomial.legendre.leggauss(_NODES)
    middle, half = (after + before) / 2, (after - before) / 2
    parts = ((middle + half * x, w) for x, w in zip(places, weights, strict=True))
    return np.asarray(half * sum(w * farads(volts) * volts for volts, w in parts))


def secants(current: Array, across: Array) -> Array:
    """Return currents (...) A over voltages (...) V, S; 0 where there is no voltage."""
    return np.asarray(np.divide(current, across, out=np.zeros_like(current), where=across != 0))


def elements_of_cells(
    cell: Cell, shape: tuple[int, int], variation: Mapping[str, Array], gate_lines: GateLines
) -> CellElements:
    """Return the elements in the cells of an array.

    Args:
        cell: the kind of cell.
        shape: rows and columns.
        variation: multipliers by name, each (rows, columns).
        gate_lines: whether the cells of a row or those of a column share a gate line.

    Raises:
        UsageError: a cell without current law.
    """
    from pyspice_netlists import OneMemristor, OneTransistorOneMemristor
    from pyspice_netlists.lines import labels

    law = cell_law(cell, variation)
    if not isinstance(cell, OneTransistorOneMemristor):
        return WholeCells(law)
    fet = cell.access_transistor().law
    assert fet is not None  # noqa: S101 - the law of the whole cell stands on it
    inside = {
        "drain": (fet.drain_resistance, "drain"),
        "gate": (fet.gate_resistance, "gate"),
        "source": (fet.source_resistance, "source"),
        "diode": (fet.diode_resistance, "body_diode"),
    }
    series = {node: ohm for node, (ohm, _) in inside.items() if ohm}
    places = labels(shape)
    inner = {"pin": _named("v(x{}.drain)", places)}
    inner |= {
        node: _named(f"m.x{{}}.xtransistor.mfet#{inside[node][1]}", places) for node in series
    }
    alone = cell_law(OneMemristor(cell.device), variation)
    return TransistorCells(alone, fet, gate_lines, series, inner)


def _named(pattern: str, places: Names) -> Names:
    names = np.array([pattern.format(place) for place in places.flat], dtype=object)
    return names.reshape(places.shape)
