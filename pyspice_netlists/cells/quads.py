"""The bridge of four memristors, and the differential amplifier that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from PySpice.Spice.Netlist import SubCircuit

from pyspice_netlists.amplifier import DifferentialAmplifier
from pyspice_netlists.cells.cell import Array, Cell, Wiring
from pyspice_netlists.errors import NetlistError
from pyspice_netlists.interfaces import Form


@dataclass(frozen=True)
class FourMemristorBridge(Cell):
    """Two voltage dividers of two memristors each; the weight is the difference of their outputs.

    With M the resistances the weight is M2 / (M1 + M2) - M4 / (M3 + M4), from -1 to 1. M1 and M2
    point away from each other, as do M3 and M4 the other way round: a SET pulse from bit line to
    source line raises the conductances of M1 and M4, lowers those of M2 and M3, and so raises the
    weight; a RESET pulse lowers it. The memristor whose conductance falls takes a growing share of
    the pulse: where more voltage moves it faster, steps grow with the weight, up to a run to the
    end.

    H. Kim, M. P. Sah, C. Yang, T. Roska, L. O. Chua, doi:10.1109/JPROC.2011.2166749, where a
    differential amplifier makes a current of the weight, so that synapses can share a line.

    Attributes:
        amplifier: reads the bridge if there is one: two more terminals, ``output``, which is held
            and takes its current, and ``supply``.
    """

    amplifier: DifferentialAmplifier | None = None

    prefix: ClassVar[str] = "cell_4m"
    title: ClassVar[str] = "4M bridge"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.amplifier is not None and not isinstance(self.amplifier, DifferentialAmplifier):
            raise NetlistError(f"amplifier = {self.amplifier!r}: a DifferentialAmplifier, or None")

    @property
    def terminals(self) -> tuple[str, ...]:
        """Ends of the dividers, their outputs, and the amplifier's output and supply."""
        own = ("bit_line", "source_line", "out_plus", "out_minus")
        return own if self.amplifier is None else (*own, "output", "supply")

    @property
    def wiring(self) -> Wiring:
        """The bit line is driven, the outputs are open; the amplifier's terminals are held."""
        amplifier = self.amplifier
        return Wiring(
            program={"bit_line": 1.0},
            read={"bit_line": 1.0},
            sensed={"out_plus": 1.0, "out_minus": -1.0},
            quantity="voltage",
            constant={}
            if amplifier is None
            else {"output": amplifier.output_voltage, "supply": amplifier.supply},
        )

    @property
    def memristors(self) -> tuple[str, ...]:
        """Names of the memristors in the subcircuit."""
        return ("m1", "m2", "m3", "m4")

    def build(self, circuit: SubCircuit) -> None:
        """Add the memristors, and the amplifier."""
        self.memristor(circuit, "bit_line", "out_plus", "m1")
        self.memristor(circuit, "source_line", "out_plus", "m2")
        self.memristor(circuit, "out_minus", "bit_line", "m3")
        self.memristor(circuit, "out_minus", "source_line", "m4")
        if self.amplifier is not None:
            circuit.X("amplifier", self.amplifier.name, "out_plus", "out_minus", "output", "supply")

    def weight(self, conductance: ArrayLike) -> Array:
        """Return G1 / (G1 + G2) - G3 / (G3 + G4); see :meth:`Cell.weight`."""
        g1, g2, g3, g4 = self._conductances(conductance)
        return np.asarray(g1 / (g1 + g2) - g3 / (g3 + g4))

    def include_lines(self, form: Form) -> list[str]:
        """Return what a deck needs once: amplifier, device, cell."""
        amplifier = [] if self.amplifier is None else self.amplifier.lines
        return [*amplifier, *super().include_lines(form)]
