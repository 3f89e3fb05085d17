"""Synapse cells: a memristor with what selects it, as a PySpice subcircuit.

Every cell has the pins bit_line, word_line, source_line and state, and the parameters of its
memristor's instance; a cell without a transistor leaves its word line open.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from PySpice.Spice.Netlist import SubCircuit

from pyspice_netlists.elements import text
from pyspice_netlists.errors import NetlistError
from pyspice_netlists.interfaces import Form, Memristor
from pyspice_netlists.transistors import Transistor, transistor

_NODE = re.compile(r"[A-Za-z0-9_]+\Z")


@dataclass(frozen=True)
class Cell(ABC):
    """A synapse cell around one memristor.

    Attributes:
        device: the memristor; its plus terminal is the bit line.
    """

    device: Memristor

    pins: ClassVar[tuple[str, ...]] = ("bit_line", "word_line", "source_line", "state")
    prefix: ClassVar[str]
    gated: ClassVar[bool]

    @property
    def name(self) -> str:
        """Name of the subcircuit."""
        return f"{self.prefix}_{self.device.name}"

    @abstractmethod
    def build(self, circuit: SubCircuit, **parameters: str) -> None:
        """Add the elements of the cell; ``parameters`` go to the memristor."""

    def subcircuit(self) -> SubCircuit:
        """Return the cell as a PySpice subcircuit."""
        defaults = dict.fromkeys(self.device.multipliers, 1)
        circuit = SubCircuit(self.name, *self.pins, x0=self.device.initial_state, **defaults)
        self.build(circuit, **{name: f"{{{name}}}" for name in ("x0", *self.device.multipliers)})
        return circuit

    def include_lines(self, form: Form) -> list[str]:
        """Return what a deck needs once: the device, other models, the cell."""
        return [*self.device.include_lines(form), *str(self.subcircuit()).splitlines()]

    def instance(
        self,
        label: str,
        nodes: Sequence[str],
        initial_state: float | None = None,
        variation: Mapping[str, float] | None = None,
    ) -> str:
        """Return the netlist line of one cell.

        Args:
            label: instance name behind the X.
            nodes: one node per pin.
            initial_state: where the state starts; the device's own when None.
            variation: multipliers by name, such as ``m_k_set``.

        Raises:
            NetlistError: wrong number of nodes, a bad name, or an unknown multiplier.
        """
        if len(nodes) != len(self.pins):
            raise NetlistError(f"cell {label}: {len(nodes)} nodes; expected {self.pins}")
        for name in (label, *nodes):
            if not _NODE.match(name):
                raise NetlistError(f"cell {label}: {name!r} cannot be a name in a netlist")
        for name in variation or {}:
            if name not in self.device.multipliers:
                raise NetlistError(
                    f"cell {label}: no multiplier {name!r}; there are {self.device.multipliers}"
                )
        state = self.device.initial_state if initial_state is None else initial_state
        given = {"x0": state, **(variation or {})}
        parameters = " ".join(f"{key}={text(value)}" for key, value in given.items())
        return f"X{label} {' '.join(nodes)} {self.name} {parameters}"


@dataclass(frozen=True)
class OneMemristor(Cell):
    """A memristor alone between bit line and source line (1M)."""

    prefix: ClassVar[str] = "cell_1m"
    gated: ClassVar[bool] = False

    def build(self, circuit: SubCircuit, **parameters: str) -> None:
        """Add the memristor."""
        circuit.X("memristor", self.device.name, "bit_line", "source_line", "state", **parameters)


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
    gated: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self.access_transistor()

    def access_transistor(self) -> Transistor:
        """Return the transistor itself; raises NetlistError when its name is unknown."""
        if isinstance(self.transistor, Transistor):
            return self.transistor
        return transistor(self.transistor or self.device.transistor or "2n7002")

    def build(self, circuit: SubCircuit, **parameters: str) -> None:
        """Add memristor and transistor."""
        circuit.X("memristor", self.device.name, "bit_line", "drain", "state", **parameters)
        circuit.X("transistor", self.access_transistor().name, "drain", "word_line", "source_line")

    def include_lines(self, form: Form) -> list[str]:
        """Return what a deck needs once: device, transistor, cell."""
        return [*self.access_transistor().lines, *super().include_lines(form)]
