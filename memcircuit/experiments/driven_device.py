"""What experiments need of a device: less than a ``Device``, which also has its equations."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable

from memcircuit.devices.cards import Card
from memcircuit.devices.device import Form
from pyspice_netlists.interfaces import Memristor


@runtime_checkable
class DrivenDevice(Memristor, Protocol):
    """A memristor that says where it comes from, how it is driven and what must be compiled."""

    @property
    def card(self) -> Card | None:
        """Where its pulses, loop and gate voltage are stated, if anywhere."""

    @property
    def citation(self) -> str:
        """Where it comes from."""

    def verilog_a(self, form: Form) -> tuple[Path, ...]:
        """Return the Verilog-A files that a deck of that form needs compiled and loaded."""


@runtime_checkable
class OwnState(Protocol):
    """A device whose state pin does not carry the deviation from the initial state."""

    @property
    def takes_initial_state(self) -> bool:
        """Whether a circuit can say where the state starts."""

    @property
    def state_range(self) -> tuple[float, float]:
        """What its vector says at state 0 and at state 1."""

    @property
    def bounds_step(self) -> bool:
        """Whether it limits the simulator's time step by itself."""

    def state_vector(self, place: str, node: str) -> str:
        """Return the vector that holds the state of the instance at ``place``; empty for none.

        Args:
            place: the instance in the circuit, such as ``x0.xmemristor``.
            node: what its state pin is connected to.
        """
