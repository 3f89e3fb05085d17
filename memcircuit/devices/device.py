"""A memristor with parameter values: what circuits, simulators and numpy code work with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.checks import require_kind
from memcircuit.devices.cards import Card, load_card
from memcircuit.devices.definition import Model, Parameter
from memcircuit.devices.library import model, model_names, models_directory
from memcircuit.devices.numpy_model import NumpyModel
from memcircuit.devices.printing import number
from memcircuit.devices.statistics import draw_variation, drifted, read_noise
from memcircuit.errors import UsageError

Form = Literal["osdi", "behavioural"]
Array = NDArray[np.float64]

# Halvings of 0 ... 1 until a state is found as exactly as a double holds it.
_STATE_BITS = 54
_STATE = Parameter("initial_state", 0.0, "1", "state before the first pulse", 0, 1)
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


@dataclass(frozen=True)
class Device:
    """A memristor: a model with the values of its parameters.

    In a circuit it is always a subcircuit ``name`` with the pins plus, minus and state,
    whichever netlist form stands behind it.

    Attributes:
        name: subcircuit name.
        model: the definition.
        parameters: value of every parameter, SI.
        initial_state: state before the first pulse.
        card: where the values come from, if from a card.
    """

    name: str
    model: Model
    parameters: Mapping[str, float]
    initial_state: float
    card: Card | None = None
    pins: tuple[str, str, str] = ("plus", "minus", "state")

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise UsageError(f"device name {self.name!r} must match [a-z][a-z0-9_]*")
        if self.name in model_names():
            raise UsageError(
                f"device name {self.name!r} is that of a model: give the card another file name"
            )
        values = self.model.values(self.parameters, f"device {self.name!r}")
        object.__setattr__(self, "parameters", values)
        _STATE.check(self.initial_state, f"device {self.name!r}")

    @property
    def multipliers(self) -> tuple[str, ...]:
        """Instance parameters that scale a parameter of the model card, 1 by default."""
        return tuple(p.multiplier for p in self.model.varying)

    @property
    def transistor(self) -> str:
        """Name of the access transistor that the card states; empty for none."""
        return "" if self.card is None else self.card.transistor

    @property
    def citation(self) -> str:
        """Sources of the model and, if it comes from a card, of its parameters."""
        own = "" if self.card is None else f"; {self.card.citation}"
        return self.model.source + own

    def with_parameters(self, **changed: float | str) -> Device:
        """Return the same device with some parameters changed (SI)."""
        values: dict[str, Any] = {**self.parameters, **changed}  # choices go by name too
        return replace(self, parameters=values)

    def numpy(self) -> NumpyModel:
        """Return the device as vectorised numpy functions."""
        return NumpyModel(self.model, self.parameters)

    def conductance(self, state: ArrayLike, voltage: float, **variation: ArrayLike) -> Array:
        """Return i/v in S at ``voltage`` (V) for states of any shape."""
        return self.numpy().current(voltage, state, **variation) / voltage

    def state_at(self, conductance: ArrayLike, voltage: float, **variation: ArrayLike) -> Array:
        """Return the states whose i/v at ``voltage`` (V) are these conductances (S).

        Conductances beyond those of s = 0 and s = 1 give these.

        Raises:
            UsageError: a voltage of 0 V, a device without state, or conductances that are not
                finite.
        """
        if voltage == 0 or not np.isfinite(voltage):
            raise UsageError(f"voltage = {voltage:g} V: a state is known by its current elsewhere")
        if self.model.stateless:
            raise UsageError(f"device {self.name!r} has no state")
        wanted = np.asarray(conductance, dtype=float)
        if not np.all(np.isfinite(wanted)):
            raise UsageError("conductance must be finite")
        low, high = np.zeros_like(wanted), np.ones_like(wanted)
        for _ in range(_STATE_BITS):
            middle = (low + high) / 2
            above = self.conductance(middle, voltage, **variation) > wanted
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        return np.asarray((low + high) / 2)

    def verilog_a(self, form: Form) -> tuple[Path, ...]:
        """Return the Verilog-A files that a deck of that form needs compiled and loaded."""
        if form == "behavioural":
            return ()
        return (models_directory() / "verilog_a" / f"{self.model.name}.va",)

    def include_lines(self, form: Form) -> list[str]:
        """Return what a deck needs once: model card and subcircuit, in the given form.

        Raises:
            UsageError: no such form.
        """
        head = f".subckt {self.name} plus minus state x0={number(self.initial_state)}"
        head += "".join(f" {m}=1" for m in self.multipliers)
        passed = "x0={x0} " + " ".join(f"{m}={{{m}}}" for m in self.multipliers)
        values = [
            f"{p.name}={int(v) if p.integer else number(v)}"
            for p, v in ((p, self.parameters[p.name]) for p in self.model.parameters)
        ]
        if form == "osdi":
            return [
                f".model {self.name}_card {self.model.name} {' '.join(values)}",
                head,
                f"Nmodel plus minus state {self.name}_card {passed}",
                ".ends",
            ]
        if form == "behavioural":
            file = models_directory() / "ngspice" / f"{self.model.name}.lib"
            return [
                *file.read_text(encoding="utf-8").splitlines(),
                head,
                f"Xmodel plus minus state {self.model.name} {passed}",
                *(f"+ {value}" for value in values),
                ".ends",
            ]
        raise UsageError(f"netlist form {form!r}; choose 'osdi' or 'behavioural'")

    def instance(
        self,
        label: str,
        nodes: Sequence[str],
        initial_state: float | None = None,
        variation: Mapping[str, float] | None = None,
    ) -> str:
        """Return the netlist line of one instance.

        Args:
            label: instance name behind the X.
            nodes: plus, minus and state node.
            initial_state: where the state starts; the device's own when None.
            variation: multipliers by name, such as ``m_k_set``.

        Raises:
            UsageError: wrong number of nodes, or an unknown multiplier.
        """
        if len(nodes) != len(self.pins):
            raise UsageError(f"instance {label}: {len(nodes)} nodes; expected {self.pins}")
        unknown = [name for name in variation or {} if name not in self.multipliers]
        if unknown:
            raise UsageError(
                f"instance {label}: device {self.name!r} has no multiplier {unknown[0]!r}; "
                f"it has {', '.join(self.multipliers)}"
            )
        state = self.initial_state if initial_state is None else initial_state
        given = "".join(f" {k}={number(v)}" for k, v in (variation or {}).items())
        return f"X{label} {' '.join(nodes)} {self.name} x0={number(state)}{given}"

    def draw_variation(
        self,
        rng: np.random.Generator,
        devices: int,
        cycles: int = 1,
    ) -> dict[str, Array]:
        """Return multipliers drawn from the card's spreads: log-normal, median 1.

        Args:
            rng: source of randomness.
            devices: number of devices, each with its own draw.
            cycles: number of cycles, or pulses, of each device, each with a further draw.

        Returns:
            by multiplier name, each (devices, cycles).

        Raises:
            UsageError: the device comes from no card.
        """
        return draw_variation(self._card("no spread"), rng, devices, cycles)

    def drifted(
        self, conductance: ArrayLike, time: ArrayLike, rng: np.random.Generator | None = None
    ) -> Array:
        """Return conductances (S) a time (s) after programming, by the card's retention.

        Args:
            conductance: (devices,) S, at the card's reference time.
            time: s, broadcast against it.
            rng: draws the exponent of each device when the card states its spread.

        Raises:
            UsageError: the card states no retention, or a spread and no ``rng`` is given.
        """
        return drifted(self._card("no retention"), conductance, time, rng)

    def read_noise(self, current: ArrayLike, rng: np.random.Generator) -> Array:
        """Return currents (A) with the noise of a read of each, by the card.

        Raises:
            UsageError: the card states no noise.
        """
        return read_noise(self._card("no noise"), current, rng)

    def _card(self, missing: str) -> Card:
        if self.card is None:
            raise UsageError(f"device {self.name!r} comes from no card: it states {missing}")
        return self.card


def device(
    card: str | Path, *, initial_state: float | None = None, **changed: float | str
) -> Device:
    """Return the device of a card, with some parameters changed.

    Args:
        card: name of a card that comes with the package, or path of a TOML file.
        initial_state: state before the first pulse, 0 to 1; the card's when None.
        **changed: parameter values in SI that replace those of the card.

    Raises:
        CardError: unknown or unreadable card.
        ParameterError: unknown parameter, wrong unit, or a value outside its range.
    """
    loaded = load_card(card)
    values = {name: entry.value for name, entry in loaded.parameters.items()}
    start = loaded.initial_state if initial_state is None else initial_state
    built = Device(loaded.name, loaded.model, values, start, loaded)
    return built.with_parameters(**changed) if changed else built


def device_from_model(name: str, **parameters: float) -> Device:
    """Return a device with a model's default parameters, some of them changed (SI)."""
    definition = model(name)
    return Device(name=f"{name}_device", model=definition, parameters=parameters,
                  initial_state=definition.initial_state)  # fmt: skip


def require_device(given: object) -> None:
    """Refuse what is no device.

    Raises:
        UsageError: another kind, such as the name of a card.
    """
    require_kind(given, Device, "device", "a Device, as of mc.device(NAME)")
