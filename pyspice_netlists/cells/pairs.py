"""Cells of two memristors: a difference of conductances, and a ratio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from PySpice.Spice.Netlist import SubCircuit

from pyspice_netlists.cells.cell import Array, Cell, Wiring
from pyspice_netlists.interfaces import Form
from pyspice_netlists.transistors import Transistor, transistor


@dataclass(frozen=True)
class TwoMemristors(Cell):
    """Two memristors on one bit line, whose currents are subtracted (2M).

    A read drives the bit line. Programming holds it at 0 V and drives the two other lines with
    opposite signs, so that a SET pulse raises one conductance and lowers the other.
    """

    prefix: ClassVar[str] = "cell_2m"
    title: ClassVar[str] = "2M"
    terminals: ClassVar[tuple[str, ...]] = ("bit_line", "plus_line", "minus_line")
    wiring: ClassVar[Wiring] = Wiring(
        program={"plus_line": -1.0, "minus_line": 1.0},
        read={"bit_line": 1.0},
        sensed={"plus_line": -1.0, "minus_line": 1.0},
    )

    @property
    def memristors(self) -> tuple[str, ...]:
        """Names of the memristors in the subcircuit."""
        return ("plus", "minus")

    def build(self, circuit: SubCircuit) -> None:
        """Add the memristors."""
        for name in self.memristors:
            self.memristor(circuit, "bit_line", f"{name}_line", name)

    def weight(self, conductance: ArrayLike) -> Array:
        """Return G+ - G-, S; see :meth:`Cell.weight`."""
        plus, minus = self._conductances(conductance)
        return np.asarray(plus - minus)


@dataclass(frozen=True)
class RatioCell(Cell):
    """Two memristors in series, and a transistor whose gate is at the node between them.

    The weight is the share of the read voltage at that node, so what multiplies both conductances
    alike, such as drift and temperature, cancels. The memristors point in opposite directions: a
    SET pulse from bit line to source line raises ``upper`` and lowers ``lower``. No programming
    current flows through the transistor, which may be of the smallest size; its drain is the sense
    line. After M. A. Lastras-Montano and K.-T. Cheng, doi:10.1038/s41928-018-0115-z, as described
    in doi:10.3389/fnano.2021.645995; where the transistor is, is our reading.

    Attributes:
        transistor: the sense transistor, or its name.
    """

    transistor: Transistor | str = "nmos_350n"

    prefix: ClassVar[str] = "cell_ratio"
    title: ClassVar[str] = "ratio-coded 2M + 1T"
    terminals: ClassVar[tuple[str, ...]] = ("bit_line", "source_line", "sense_line", "middle")
    wiring: ClassVar[Wiring] = Wiring(
        program={"bit_line": 1.0},
        read={"bit_line": 1.0, "sense_line": 1.0},
        sensed={"middle": 1.0},
        quantity="voltage",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.sense_transistor()

    @property
    def memristors(self) -> tuple[str, ...]:
        """Names of the memristors in the subcircuit."""
        return ("upper", "lower")

    def sense_transistor(self) -> Transistor:
        """Return the transistor itself; raises NetlistError when its name is unknown."""
        return transistor(self.transistor)

    @property
    def own_parameters(self) -> Mapping[str, float]:
        """Free parameters of the transistor."""
        return self.sense_transistor().cell_parameters

    def build(self, circuit: SubCircuit) -> None:
        """Add memristors and transistor."""
        self.memristor(circuit, "bit_line", "middle", "upper")
        self.memristor(circuit, "source_line", "middle", "lower")
        self.sense_transistor().add_to(circuit, "sense_line", "middle", "source_line")

    def weight(self, conductance: ArrayLike) -> Array:
        """Return G_upper / (G_upper + G_lower); see :meth:`Cell.weight`."""
        upper, lower = self._conductances(conductance)
        return np.asarray(upper / (upper + lower))

    def include_lines(self, form: Form) -> list[str]:
        """Return what a deck needs once: device, transistor, cell."""
        return [*self.sense_transistor().lines, *super().include_lines(form)]
