"""What a circuit needs to know of a memristor and of an array's lines, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Form = Literal["osdi", "behavioural"]


@runtime_checkable
class Memristor(Protocol):
    """A two-terminal memristor that can be written into a netlist as a subcircuit call."""

    @property
    def name(self) -> str:
        """Name of the subcircuit."""

    @property
    def pins(self) -> tuple[str, str, str]:
        """Plus, minus, and the state's deviation from its initial value."""

    @property
    def initial_state(self) -> float:
        """State of an instance that is given none."""

    @property
    def multipliers(self) -> tuple[str, ...]:
        """Instance parameters that scale a parameter of the model card, 1 by default."""

    @property
    def transistor(self) -> str:
        """Name of the access transistor it was measured with; empty for none."""

    def include_lines(self, form: Form) -> list[str]:
        """Return the lines that a deck needs once."""

    def instance(
        self,
        label: str,
        nodes: Sequence[str],
        initial_state: float | None = None,
        variation: Mapping[str, float] | None = None,
    ) -> str:
        """Return the line of one instance."""


class LineResistances(Protocol):
    """Resistances between the nodes of an array, ohm; 0 joins two nodes, inf leaves them apart.

    And the lines' capacitances to ground, F, which only waveforms take notice of.
    """

    @property
    def row(self) -> NDArray[np.float64]:
        """(rows, columns - 1), between neighbouring cells of a row line."""

    @property
    def column(self) -> NDArray[np.float64]:
        """(rows - 1, columns), between neighbouring cells of a column line."""

    @property
    def left(self) -> NDArray[np.float64]:
        """(rows,), from the first cell of a row line to the source at its left end."""

    @property
    def right(self) -> NDArray[np.float64]:
        """(rows,), the same at the right end."""

    @property
    def top(self) -> NDArray[np.float64]:
        """(columns,), from the first cell of a column line to the source at its top end."""

    @property
    def bottom(self) -> NDArray[np.float64]:
        """(columns,), the same at the bottom end."""

    @property
    def row_capacitance(self) -> NDArray[np.float64]:
        """(rows, columns) F, of the row line's piece at each cell."""

    @property
    def column_capacitance(self) -> NDArray[np.float64]:
        """(rows, columns) F, of the column line's piece at each cell."""
