"""What a network on arrays costs: energy, time and area, each figure with where it comes from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from numpy.typing import ArrayLike

from memcircuit.checks import require_kind, require_number
from memcircuit.errors import UsageError
from memcircuit.networks.cost_figures import CELL_AREAS, CitedFigure, Technology
from memcircuit.networks.cost_load import (
    ArrayLoad,
    erasing_energy,
    observed_loads,
    read_energy,
    writing_energy,
)
from memcircuit.networks.hardware import Hardware
from memcircuit.networks.layer import Key
from memcircuit.networks.programmed import ProgrammedNetwork
from memcircuit.tables import ConductanceTable

# s; a longer one is a slip of the unit.
_LONGEST_READ = 1.0
Quantity = Literal["energy per inference", "energy per programming", "latency", "area"]
Kind = Literal["simulated", "estimate"]

#: Every quantity, and its unit.
UNITS: dict[Quantity, str] = {
    "energy per inference": "J", "energy per programming": "J", "latency": "s", "area": "m2",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One part of a cost.

    Attributes:
        quantity: what it is a part of.
        part: what costs.
        matrix: layer and name of the matrix.
        value: in the quantity's unit.
        kind: ``simulated`` from the conductances and pulse energies of the cells, or an
            ``estimate`` from published figures.
        source: where it comes from.
    """

    quantity: Quantity
    part: str
    matrix: Key
    value: float
    kind: Kind
    source: str

    @property
    def unit(self) -> str:
        """SI unit of the value."""
        return UNITS[self.quantity]


@dataclass(frozen=True)
class Cost:
    """What one inference and one programming take, and the area.

    Not counted, as nothing here knows them: digital sums, activations and buffers, control, leaks,
    drivers' own losses, gate lines, verifying reads of programming, and the wiring around arrays.

    Attributes:
        entries: every part of every matrix.
    """

    entries: tuple[Entry, ...]

    def total(self, quantity: Quantity, kind: Kind | None = None) -> float:
        """Return the sum of a quantity's entries, in its unit.

        Args:
            quantity: which.
            kind: only entries of this kind; all when None.

        Raises:
            UsageError: no such quantity or kind.
        """
        if quantity not in UNITS:
            raise UsageError(f"quantity is {quantity!r}; choose from {', '.join(UNITS)}")
        if kind is not None and kind not in get_args(Kind):
            raise UsageError(f"kind is {kind!r}; choose 'simulated' or 'estimate'")
        return math.fsum(
            entry.value
            for entry in self.entries
            if entry.quantity == quantity and kind in (None, entry.kind)
        )

    def table(self) -> list[dict[str, Any]]:
        """Return a row for every part, matrices added, with its unit, kind and source."""
        rows: dict[tuple[str, ...], list[float]] = {}
        for one in self.entries:
            key = (one.quantity, one.part, one.unit, one.kind, one.source)
            rows.setdefault(key, []).append(one.value)
        return [
            {
                "quantity": quantity, "part": part, "value": math.fsum(values), "unit": unit,
                "kind": kind, "source": source,
            }
            for (quantity, part, unit, kind, source), values in rows.items()
        ]  # fmt: skip

    def summary(self) -> str:
        """Return the table as text, with a total for every quantity."""
        lines = []
        for quantity, unit in UNITS.items():
            rows = [row for row in self.table() if row["quantity"] == quantity]
            if not rows:
                continue
            simulated = self.total(quantity, "simulated")
            lines.append(
                f"{quantity}: {self.total(quantity):.4g} {unit}, "
                f"of which simulated {simulated:.4g} {unit}"
            )
            for row in rows:
                figure = f"{row['value']:>10.4g} {unit:<3}{row['kind']:<10}"
                lines.append(f"  {row['part']:<13}{figure}{row['source']}")
        return "\n".join(lines)


def network_cost(
    programmed: ProgrammedNetwork,
    images: ArrayLike,
    *,
    read_time: float,
    technology: Technology | None = None,
    table: ConductanceTable | None = None,
) -> Cost:
    """Return what a network on its cells costs.

    Energy of the cells: V^2 G t of every read, columns at 0 V, averaged over the images. Converters
    are counted where the hardware has them. The arrays of a matrix read at the same time, matrices
    and positions of a convolution one after another.

    Args:
        programmed: the network on its cells.
        images: (images, *input_shape) dimensionless; what inference is averaged over.
        read_time: s, length of the voltage pulse of a read.
        technology: what stands around the cells; the default's figures when None.
        table: the cells' table, for the energy of programming: the whole RESET train for every
            cell, then SET pulses up to its conductance. The hardware's table when None; without
            one that energy is left out.

    Raises:
        UsageError: images that do not fit, a read time that is not above 0, or no array at all.
    """
    require_kind(programmed, ProgrammedNetwork, "programmed", "a network that program() wrote")
    require_number(read_time, "read_time, s,", most=_LONGEST_READ, above=True)
    if technology is not None:
        require_kind(technology, Technology, "technology", "a Technology, such as Technology()")
    if table is not None:
        require_kind(
            table, ConductanceTable, "table", "a ConductanceTable: its pulses have energies"
        )
    if not programmed.products:
        raise UsageError("the network has no weights: no array, no cost")
    around = Technology() if technology is None else technology
    source = programmed.hardware.table if table is None else table
    entries: list[Entry] = []
    for key, load in observed_loads(programmed, images).items():
        bill = _Bill(key, load, programmed.hardware, around, float(read_time))
        entries += bill.entries(source if isinstance(source, ConductanceTable) else None)
    order = list(UNITS)
    return Cost(tuple(sorted(entries, key=lambda one: order.index(one.quantity))))


@dataclass(frozen=True)
class _Bill:
    """Draws up the entries of one matrix."""

    key: Key
    load: ArrayLoad
    hardware: Hardware
    around: Technology
    read_time: float

    def entries(self, table: ConductanceTable | None) -> Iterable[Entry]:
        yield from self._inference()
        if table is not None:
            yield from self._programming(table)
        yield from self._latency()
        yield from self._area()

    def _entry(self, quantity: Quantity, part: str, value: float, kind: Kind, source: str) -> Entry:
        return Entry(quantity, part, self.key, value, kind, source)

    def _inference(self) -> Iterator[Entry]:
        load, around = self.load, self.around
        quantity: Quantity = "energy per inference"
        cells = read_energy(
            load.row_conductance, load.mean_square_voltage, load.reads, self.read_time
        )
        reading = f"V^2 G t, {self.hardware.read_voltage:g} V full scale, {self.read_time:g} s"
        yield self._entry(quantity, "cells", cells, "simulated", reading)
        farads, source = self._row_capacitance()
        squares = float(load.mean_square_voltage.sum())
        wires = farads * squares * load.slices * load.reads
        yield self._entry(quantity, "wires", wires, "estimate", source)
        for part, bits, each, count in (
            ("DAC", _bits(self.hardware, "dac"), around.dac_energy, load.drivers),
            ("ADC", _bits(self.hardware, "adc"), around.adc_energy, load.conversions),
        ):
            if bits is not None:
                value = load.reads * count * _levels(each, bits)
                yield self._entry(quantity, part, value, "estimate", each.source)

    def _row_capacitance(self) -> tuple[float, str]:
        """Return the capacitance of a row's lines through all arrays, F, and its source."""
        columns = self.load.conductance.shape[-1]
        array = self.hardware.array
        if array is not None and array.lines.row_capacitance.any():
            return columns * float(
                array.lines.row_capacitance.mean()
            ), "C V^2, C of the array given"
        figure = self.around.wire_capacitance
        return columns * self.around.pitch * figure.value, f"C V^2, {figure.source}"

    def _programming(self, table: ConductanceTable) -> Iterator[Entry]:
        g = self.load.conductance
        quantity: Quantity = "energy per programming"
        erased = erasing_energy(g.size, table)
        yield self._entry(
            quantity, "RESET pulses", erased, "simulated", "the table's whole RESET train"
        )
        written = float(writing_energy(g, table).sum())
        yield self._entry(
            quantity, "SET pulses", written, "simulated", "the table's SET pulses to each level"
        )

    def _latency(self) -> Iterator[Entry]:
        load = self.load
        yield self._entry(
            "latency", "read pulses", load.reads * self.read_time, "estimate",
            f"reads one after another, {self.read_time:g} s each as given",
        )  # fmt: skip
        bits = _bits(self.hardware, "adc")
        if bits is not None:
            each = self.around.adc_time
            shared = min(self.around.columns_per_adc, load.columns)
            value = load.reads * shared * each.value * bits
            yield self._entry("latency", "ADC", value, "estimate", each.source)

    def _area(self) -> Iterator[Entry]:
        load, around = self.load, self.around
        cells = load.conductance.size * around.cell_area
        figure = CELL_AREAS[around.cell]
        source = f"{figure.value:g} F^2, F = {around.feature:g} m: {figure.source}"
        yield self._entry("area", "cells", cells, "estimate", source)
        adcs = load.slices * load.row_arrays * -(-load.columns // around.columns_per_adc)
        for part, bits, each, count in (
            ("DAC", _bits(self.hardware, "dac"), around.dac_area, load.drivers),
            ("ADC", _bits(self.hardware, "adc"), around.adc_area, adcs),
        ):
            if bits is not None:
                yield self._entry(
                    "area", part, count * _levels(each, bits), "estimate", each.source
                )


def _bits(hardware: Hardware, name: Literal["dac", "adc"]) -> int | None:
    converter = hardware.dac if name == "dac" else hardware.adc
    return None if converter is None else converter.bits


def _levels(each: CitedFigure, bits: int) -> float:
    return each.value * 2.0**bits
