"""Cells between a bit line and a source line, whose weight is a conductance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from PySpice.Spice.Netlist import SubCircuit

from pyspice_netlists.cells.cell import Array, Cell
from pyspice_netlists.checks import positive, whole
from pyspice_netlists.errors import NetlistError
from pyspice_netlists.interfaces import Form, Memristor
from pyspice_netlists.transistors import Transistor, transistor


@dataclass(frozen=True)
class OneMemristor(Cell):
    """A memristor alone, its plus terminal at the bit line, its minus at the source line (1M)."""

    prefix: ClassVar[str] = "cell_1m"
    title: ClassVar[str] = "1M"

    def build(self, circuit: SubCircuit) -> None:
        """Add the memristor."""
        self.memristor(circuit, "bit_line", "source_line")


@dataclass(frozen=True)
class OneTransistorOneMemristor(Cell):
    """A memristor in series with an NMOS that selects it (1T1R).

    The memristor's minus terminal is the drain, the source line the source, the word line the
    gate, as on the boards of doi:10.3390/nano12071075.

    Attributes:
        transistor: the access transistor, or its name; that of the device when None, and the
            2N7002 when the device states none.
    """

    transistor: Transistor | str | None = None

    prefix: ClassVar[str] = "cell_1t1r"
    title: ClassVar[str] = "1T1R"
    gated: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.access_transistor()

    def access_transistor(self) -> Transistor:
        """Return the transistor itself; raises NetlistError when its name is unknown."""
        return transistor(self.transistor or self.device.transistor or "2n7002")

    @property
    def own_parameters(self) -> Mapping[str, float]:
        """Free parameters of the transistor."""
        return self.access_transistor().cell_parameters

    def build(self, circuit: SubCircuit) -> None:
        """Add memristor and transistor."""
        self.memristor(circuit, "bit_line", "drain")
        self.access_transistor().add_to(circuit, "drain", "word_line", "source_line")

    def include_lines(self, form: Form) -> list[str]:
        """Return what a deck needs once: device, transistor, cell."""
        return [*self.access_transistor().lines, *super().include_lines(form)]


@dataclass(frozen=True)
class OneSelectorOneMemristor(Cell):
    """A memristor in series with a two-terminal selector at its bit line (1S1R).

    Attributes:
        selector: any device; one with a state starts in its own initial state.
    """

    selector: Memristor

    prefix: ClassVar[str] = "cell_1s1r"
    title: ClassVar[str] = "1S1R"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.selector.name == self.device.name:
            raise NetlistError(f"selector and memristor are both called {self.device.name!r}")

    @property
    def devices(self) -> tuple[Memristor, ...]:
        """The memristor and the selector."""
        return (self.device, self.selector)

    def build(self, circuit: SubCircuit) -> None:
        """Add selector and memristor."""
        circuit.X("selector", self.selector.name, "bit_line", "between", "selector_state")
        self.memristor(circuit, "between", "source_line")

    def include_lines(self, form: Form) -> list[str]:
        """Return what a deck needs once: both devices, the cell."""
        return [*self.selector.include_lines(form), *super().include_lines(form)]


@dataclass(frozen=True)
class HybridMemristor(Cell):
    """A resistor beside a memristor with a resistor in series (1R + 1M1R).

    The series resistor takes voltage from a memristor that conducts well, so that its steps become
    more alike; the parallel one sets the lowest conductance. Named by doi:10.3389/fnano.2021.645995
    (Table 4); the circuit is our reading of that name.

    Attributes:
        parallel: ohm, from bit line to source line.
        series: ohm, between the memristor and the source line.
    """

    parallel: float
    series: float

    prefix: ClassVar[str] = "cell_hybrid"
    title: ClassVar[str] = "1R + 1M1R"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("parallel", "series"):
            positive(name, getattr(self, name), "ohm")

    def build(self, circuit: SubCircuit) -> None:
        """Add memristor and resistors."""
        self.memristor(circuit, "bit_line", "between")
        circuit.R("series", "between", "source_line", float(self.series))
        circuit.R("parallel", "bit_line", "source_line", float(self.parallel))

    def weight(self, conductance: ArrayLike) -> Array:
        """Return 1 / parallel + G / (1 + series G), S; see :meth:`Cell.weight`."""
        (alone,) = self._conductances(conductance)
        return np.asarray(1 / self.parallel + alone / (1 + self.series * alone))


@dataclass(frozen=True)
class ParallelMemristors(Cell):
    """Several memristors between one bit line and one source line; their conductances add.

    Attributes:
        count: number of memristors.
    """

    count: int = 2

    prefix: ClassVar[str] = "cell_parallel"
    title: ClassVar[str] = "nM"
    terminals: ClassVar[tuple[str, ...]] = ("bit_line", "source_line")

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("count", self.count, 2)

    @property
    def memristors(self) -> tuple[str, ...]:
        """Names of the memristors in the subcircuit."""
        return tuple(f"m{number + 1}" for number in range(self.count))

    def build(self, circuit: SubCircuit) -> None:
        """Add the memristors."""
        for name in self.memristors:
            self.memristor(circuit, "bit_line", "source_line", name)

    def weight(self, conductance: ArrayLike) -> Array:
        """Return the sum of the conductances, S; see :meth:`Cell.weight`."""
        return np.asarray(self._conductances(conductance).sum(axis=0))
