"""What every synapse cell has: its pins, how it is driven, what it reads, its netlist lines."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySpice.Spice.Netlist import SubCircuit

from pyspice_netlists.cells.parameters import device_parameters
from pyspice_netlists.errors import NetlistError
from pyspice_netlists.interfaces import Form, Memristor

Array = NDArray[np.float64]

_NAMES = re.compile(r"[A-Za-z0-9_]+(?: [A-Za-z0-9_]+)*\Z", re.ASCII)


@dataclass(frozen=True)
class Wiring:
    """What the terminals of a cell are given while it is programmed and while it is read.

    Terminals that are named nowhere are at 0 V.

    Attributes:
        program: share of the programming waveform at each terminal.
        read: share of the read waveform at each terminal.
        sensed: factor of each terminal whose current into the cell, or voltage, makes the weight.
        quantity: what is sensed; terminals whose voltage is sensed are left open.
        constant: V, of terminals held at a voltage, such as a supply.
    """

    program: Mapping[str, float]
    read: Mapping[str, float]
    sensed: Mapping[str, float]
    quantity: Literal["current", "voltage"] = "current"
    constant: Mapping[str, float] = field(default_factory=dict)

    @property
    def driven(self) -> tuple[str, ...]:
        """Terminals that a bench drives or whose current it senses, the driver's first."""
        sensed = self.sensed if self.quantity == "current" else {}
        return tuple(dict.fromkeys((*self.program, *self.read, *sensed, *self.constant)))

    @property
    def unit(self) -> str:
        """Unit of the weight: S where currents are sensed, 1 where voltages are."""
        return "S" if self.quantity == "current" else "1"

    @property
    def open(self) -> tuple[str, ...]:
        """Terminals whose voltage is sensed."""
        return tuple(self.sensed) if self.quantity == "voltage" else ()


_ONE_DRIVER = Wiring(program={"bit_line": 1.0}, read={"bit_line": 1.0}, sensed={"bit_line": 1.0})


@dataclass(frozen=True)
class Cell(ABC):
    """A synapse cell around one memristor or several of a kind.

    Attributes:
        device: the memristor.
    """

    device: Memristor

    prefix: ClassVar[str]
    title: ClassVar[str]
    gated: ClassVar[bool] = False

    @property
    def terminals(self) -> tuple[str, ...]:
        """Pins that are no states."""
        return ("bit_line", "word_line", "source_line")

    @property
    def wiring(self) -> Wiring:
        """What the terminals are given while the cell is programmed and read."""
        return _ONE_DRIVER

    def __post_init__(self) -> None:
        for device in self.devices:
            if not isinstance(device, Memristor):
                raise NetlistError(
                    f"{type(self).__name__}: {device!r} is no device; mc.device(CARD) makes one"
                )

    @property
    def devices(self) -> tuple[Memristor, ...]:
        """Every kind of device in the cell, the memristor first."""
        return (self.device,)

    @property
    def memristors(self) -> tuple[str, ...]:
        """Names of the memristors in the subcircuit."""
        return ("memristor",)

    @property
    def own_parameters(self) -> Mapping[str, float]:
        """Instance parameters that belong to no memristor, with their defaults."""
        return {}

    @property
    def pins(self) -> tuple[str, ...]:
        """Terminals, then the state of each memristor."""
        states = ("state",) if len(self.memristors) == 1 else self._each("state")
        return (*self.terminals, *states)

    @property
    def name(self) -> str:
        """Name of the subcircuit."""
        return f"{self.prefix}_{self.device.name}"

    @abstractmethod
    def build(self, circuit: SubCircuit) -> None:
        """Add the elements of the cell; ``memristor`` adds one of its memristors."""

    def weight(self, conductance: ArrayLike) -> Array:
        """Return the weight that ideal wires, transistors and selectors would give.

        Args:
            conductance: (memristors, ...) S, of each at the voltage that it sees. Where memristors
                share the read voltage and are not ohmic, those at the whole of it are off: the
                weight of ``lin2022_hfo2`` in a bridge read at 0.2 V by up to 1e-3.

        Returns:
            (...), S of a cell that senses currents, 1 of one that senses voltages.
        """
        (alone,) = self._conductances(conductance)
        return np.asarray(alone)

    def memristor(self, circuit: SubCircuit, plus: str, minus: str, name: str = "") -> None:
        """Add the memristor ``name`` with its state pin and its parameters to the subcircuit."""
        end = f"_{name}" if name else ""
        parameters = {p: f"{{{p}{end}}}" for p in ("x0", *device_parameters(self.device))}
        circuit.X(name or "memristor", self.device.name, plus, minus, f"state{end}", **parameters)

    def subcircuit(self) -> SubCircuit:
        """Return the cell as a PySpice subcircuit."""
        several = len(self.memristors) > 1
        defaults = dict(self.own_parameters)
        every = {"x0": self.device.initial_state, **device_parameters(self.device)}
        for parameter, value in every.items():
            names = self._each(parameter) if several else (parameter,)
            defaults |= dict.fromkeys(names, value)
        circuit = SubCircuit(self.name, *self.pins, **defaults)
        self.build(circuit)
        return circuit

    def include_lines(self, form: Form) -> list[str]:
        """Return what a deck needs once: the device, other models, the cell."""
        return [*self.device.include_lines(form), *str(self.subcircuit()).splitlines()]

    def instance(
        self,
        label: str,
        nodes: Sequence[str],
        initial_state: ArrayLike | None = None,
        variation: Mapping[str, ArrayLike] | None = None,
    ) -> str:
        """Return the netlist line of one cell.

        Args:
            label: instance name behind the X.
            nodes: one node per pin.
            initial_state: where the states start, one for all memristors or (memristors,); the
                device's own when None.
            variation: multipliers by name, such as ``m_k_set``, and free parameters, each one for
                all or (memristors,); of the cell's own parameters one.

        Raises:
            NetlistError: as ``instances``.
        """
        state = self.device.initial_state if initial_state is None else initial_state
        spread = {name: np.asarray(value)[np.newaxis] for name, value in (variation or {}).items()}
        place = [[node] for node in nodes]
        return self.instances([label], place, np.asarray(state)[np.newaxis], spread)[0]

    def instances(
        self,
        labels: Sequence[str],
        nodes: Sequence[Sequence[str]],
        states: ArrayLike,
        variation: Mapping[str, ArrayLike] | None = None,
    ) -> list[str]:
        """Return the netlist lines of many cells.

        Args:
            labels: (cells,) instance names behind the X.
            nodes: for each pin (cells,) nodes.
            states: (cells,) or (cells, memristors) where the states start.
            variation: multipliers and free parameters by name, each (cells,) or
                (cells, memristors); the cell's own parameters, each (cells,).

        Raises:
            NetlistError: wrong numbers of anything, a bad name, or an unknown parameter.
        """
        count = len(labels)
        first = labels[0] if count else ""
        if len(nodes) != len(self.pins):
            raise NetlistError(f"cell {first}: {len(nodes)} nodes; expected {self.pins}")
        for names in (labels, *nodes):
            _check_names(names, count, first)
        own_parameters = self.own_parameters
        known = (*device_parameters(self.device), *own_parameters)
        for name in variation or {}:
            if name not in known:
                raise NetlistError(
                    f"cell {first}: no multiplier {name!r} nor a free parameter; there are {known}"
                )
        several = len(self.memristors) > 1
        columns: list[list[float]] = []
        keys: list[str] = []
        for name, given in {"x0": states, **(variation or {})}.items():
            shared = name in own_parameters
            values = self._per_memristor(name, given, count, 1 if shared else len(self.memristors))
            keys += self._each(name) if several and not shared else [name]
            columns += values.T.tolist()
        own = " ".join(f"{key}=%r" for key in keys)
        places = [" ".join(place) for place in zip(*nodes, strict=True)]
        form = f"X%s %s {self.name} {own}"
        return [form % line for line in zip(labels, places, *columns, strict=True)]

    def _each(self, name: str) -> tuple[str, ...]:
        return tuple(f"{name}_{memristor}" for memristor in self.memristors)

    def _per_memristor(self, name: str, given: ArrayLike, cells: int, count: int) -> Array:
        """Return numbers as (cells, count), where there are that many memristors."""
        values = np.asarray(given, dtype=float)
        if values.shape not in ((cells,), (cells, count)):
            raise NetlistError(
                f"{name} has shape {values.shape}; expected ({cells},) or ({cells}, {count})"
            )
        return np.broadcast_to(values.reshape(cells, -1), (cells, count))

    def _conductances(self, given: ArrayLike) -> Array:
        try:
            values = np.asarray(given, dtype=float)
        except (TypeError, ValueError) as error:
            raise NetlistError(f"conductance = {given!r}: expected numbers") from error
        if values.ndim == 0 or len(values) != len(self.memristors):
            raise NetlistError(
                f"conductance has shape {values.shape}; expected ({len(self.memristors)}, ...), "
                f"one for each of {self.memristors}"
            )
        return values


def _check_names(names: Sequence[str], count: int, first: str) -> None:
    if len(names) != count:
        raise NetlistError(f"cell {first}: {len(names)} nodes of a pin for {count} cells")
    together = " ".join(names)
    if count and (not _NAMES.match(together) or together.count(" ") != count - 1):
        bad = next(name for name in names if not _NAMES.match(name) or " " in name)
        raise NetlistError(f"cell {first}: {bad!r} cannot be a name in a netlist")
