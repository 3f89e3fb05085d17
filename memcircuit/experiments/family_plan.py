"""The sweeps of an I-V family: which curves there are, and what drives each of them when."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.devices.arrays import numbers
from memcircuit.errors import UsageError
from memcircuit.experiments.cell_record import measures_conductance
from memcircuit.experiments.circuits import (
    HIGHEST_VOLTAGE,
    card_pulse,
    gate_voltage,
    initial_states,
    memristor_of,
    pulse_gap,
    read_pulse,
)
from memcircuit.experiments.driven_device import DrivenDevice, OwnState

if TYPE_CHECKING:
    from pyspice_netlists import Cell, Pulse, Waveform

Array = NDArray[np.float64]

# A; ngspice's conductance across the limiter's diode, 1e-12 S, passes a thousandth of the least.
_LEAST_COMPLIANCE, _LARGEST = 1e-9, 1e3
# Width of a read in SET sweeps, where only its amplitude is known.
_READ_SHARE = 0.02
# Edges and pauses shorter than this share of the run would drown in the rounding of its instants.
_SHORTEST_SHARE = 1e-11


@dataclass(frozen=True)
class FamilyPlan:
    """What a family sweeps: SET, read, RESET, read, at the same instants in every curve.

    Attributes:
        set_stop: V, stop voltage of every SET sweep.
        stops: (curves,) V, stop voltage of each RESET sweep.
        compliances: (curves,) A, of the SET sweeps; infinite for none.
        gates: (curves,) V, word-line voltages of the SET sweeps; 0 for cells without transistor.
        open_gate: V, word-line voltage of reads and of RESET.
        varied: names of what was given as a list: ``compliance``, ``stop``, ``gate``.
        rate: V/s.
        read: the read pulse.
        initial_state: state at the start.
    """

    set_stop: float
    stops: Array
    compliances: Array
    gates: Array
    open_gate: float
    varied: tuple[str, ...]
    rate: float
    read: Pulse
    initial_state: float

    @property
    def polarity(self) -> Literal[1, -1]:
        """Sign of the SET voltage."""
        return 1 if self.set_stop > 0 else -1

    @property
    def pause(self) -> float:
        """Time at 0 V before and after each read, s."""
        return pulse_gap([self.read])

    @property
    def set_end(self) -> float:
        """End of the SET sweep, s."""
        return 2 * abs(self.set_stop) / self.rate

    @property
    def reset_start(self) -> float:
        """Start of the RESET sweep, s."""
        return self.set_end + 2 * self.pause + self.read.duration

    @property
    def reset_end(self) -> float:
        """End of the longest RESET sweep, s."""
        return self.reset_start + 2 * float(np.abs(self.stops).max()) / self.rate

    @property
    def longest(self) -> float:
        """Duration of the longest sweep, s."""
        return max(self.set_end, self.reset_end - self.reset_start)

    @property
    def duration(self) -> float:
        """Time from the first sweep to the pause after the last read, s."""
        return self.reset_end + 2 * self.pause + self.read.duration

    @property
    def read_instants(self) -> Array:
        """When the two conductances are taken, (2,) s: at the end of each read's plateau.

        Displacement currents have died away there.
        """
        begin = np.array([self.set_end, self.reset_end]) + self.pause + self.read.rise
        return np.asarray(begin + (1 - 1e-3) * self.read.width)

    def waveform(self, curve: int) -> Waveform:
        """Return the voltage of the driver of one curve."""
        from pyspice_netlists import Waveform

        stop, read = float(self.stops[curve]), self.read
        up = abs(stop) / self.rate
        corners = [
            (0.0, 0.0),
            (self.set_end / 2, self.set_stop),
            (self.set_end, 0.0),
            *_trapezoid(self.set_end + self.pause, read),
            (self.reset_start, 0.0),
            (self.reset_start + up, stop),
            (self.reset_start + 2 * up, 0.0),
            *_trapezoid(self.reset_end + self.pause, read),
            (self.duration, 0.0),
        ]
        time, voltage = np.array(corners).T
        return Waveform(time, voltage)

    def gate(self, curve: int) -> Waveform:
        """Return the word-line voltage of one curve; it changes in the pause after SET."""
        from pyspice_netlists import Waveform

        own = float(self.gates[curve])
        change = [self.set_end, self.set_end + self.pause / 2]
        return Waveform(
            np.array([0.0, *change, self.duration]),
            np.array([own, own, self.open_gate, self.open_gate]),
        )

    def grid(self, points: int) -> Array:
        """Return the instants of the dataset: ``points`` in the longest sweep, and all corners."""
        number = math.ceil(points * self.duration / self.longest)
        corners = [self.waveform(curve).time for curve in range(self.stops.size)]
        even = np.linspace(0, self.duration, number + 1)
        return np.unique(np.concatenate([even, *corners]))

    def branch(self, time: Array) -> NDArray[np.str_]:
        """Return to which part of the protocol each instant belongs: set, reset or read."""
        names = np.full(time.shape, "read", dtype="<U5")
        names[time <= self.set_end] = "set"
        names[(time >= self.reset_start) & (time <= self.reset_end)] = "reset"
        return names


def _trapezoid(start: float, pulse: Pulse) -> list[tuple[float, float]]:
    top = start + pulse.rise
    return [
        (start, 0.0),
        (top, pulse.amplitude),
        (top + pulse.width, pulse.amplitude),
        (start + pulse.duration, 0.0),
    ]


def family_plan(
    cell: Cell,
    *,
    stops: ArrayLike | None,
    compliances: ArrayLike | None,
    gates: ArrayLike | None,
    set_stop: float | None,
    rate: float | None,
    read: Pulse | float | None,
    initial_state: float | None,
) -> FamilyPlan:
    """Return the plan for the arguments of ``iv_family``.

    Raises:
        UsageError: values that make no family.
    """
    memristor = memristor_of(cell)
    if not measures_conductance(cell) or len(cell.wiring.driven) > 1:
        raise UsageError(
            f"cell {cell.name!r} is driven at {', '.join(cell.wiring.driven)}: a family sweeps one "
            "terminal of a cell and reads the conductance there"
        )
    up = _set_stop(memristor, set_stop)
    speed = _rate(memristor, rate)
    if stops is None:
        stops = _card_stop(memristor, "reset", "stops")
    limiting, open_gate = _gates(cell, gates)
    given = {
        "stops": _numbers("stops", stops),
        "compliances": _numbers("compliances", math.inf if compliances is None else compliances),
        "gates": limiting,
    }
    sizes = {name: values.size for name, values in given.items() if values.size > 1}
    if len(set(sizes.values())) > 1:
        raise UsageError(
            " and ".join(f"{size} {name}" for name, size in sizes.items())
            + ": lists must be of one length, or one number for all curves"
        )
    curves = max(sizes.values(), default=1)
    volts, limits, gate = (np.broadcast_to(values, (curves,)) for values in given.values())
    if not np.all((volts * up < 0) & (np.abs(volts) < HIGHEST_VOLTAGE)):
        side = "negative" if up > 0 else "positive"
        raise UsageError(f"stops = {stops!r} V: must be {side}, as SET is at {up:g} V")
    if not np.all((limits >= _LEAST_COMPLIANCE) & ((limits <= _LARGEST) | np.isinf(limits))):
        raise UsageError(
            f"compliances = {compliances!r} A: from {_LEAST_COMPLIANCE:g} to {_LARGEST:g} A, inf "
            "for no limit"
        )
    reading = read_pulse(memristor, read, _READ_SHARE * 2 * abs(up) / speed)
    varied = tuple(name.removesuffix("s") for name in sizes)
    start = _start(memristor, initial_state)
    plan = FamilyPlan(up, volts, limits, gate, open_gate, varied, speed, reading, start)
    if min(reading.rise, reading.fall, plan.pause) < _SHORTEST_SHARE * plan.duration:
        raise UsageError(
            f"rate = {speed:g} V/s makes sweeps of {plan.duration:g} s, too slow beside a read of "
            f"{reading.width:g} s: a higher rate, or a longer read pulse"
        )
    return plan


def _loop(memristor: DrivenDevice, entry: str, argument: str) -> float:
    stated = {} if memristor.card is None else memristor.card.loop
    if entry not in stated:
        raise UsageError(f"device {memristor.name!r} states no loop: pass {argument}=...")
    return float(stated[entry].value)


def _card_stop(memristor: DrivenDevice, kind: str, argument: str) -> float:
    """Return the larger of the amplitudes of the card's loop and of its pulse, V.

    Some cards have a loop that stays below SET or RESET; their pulses switch.
    """
    loop = _loop(memristor, "amplitude", argument)
    pulse = card_pulse(memristor, kind).amplitude
    return math.copysign(max(loop, abs(pulse)), pulse)


def _set_stop(memristor: DrivenDevice, given: float | None) -> float:
    if given is None:
        return _card_stop(memristor, "set", "set_stop")
    (value,) = _numbers("set_stop", given, most=1)
    if not 0 < abs(value) < HIGHEST_VOLTAGE:
        raise UsageError(f"set_stop = {given!r} V: not zero, within +-{HIGHEST_VOLTAGE:g} V")
    return float(value)


def _rate(memristor: DrivenDevice, given: float | None) -> float:
    """Return as given, or the rate of a triangle as high and as quick as the card's loop."""
    if given is None:
        highest = _loop(memristor, "amplitude", "rate")
        return 4 * highest * _loop(memristor, "frequency", "rate")
    (value,) = _numbers("rate", given, most=1)
    if not 0 < value < math.inf:
        raise UsageError(f"rate = {given!r} V/s must be finite and above zero")
    return float(value)


def _gates(cell: Cell, given: ArrayLike | None) -> tuple[Array, float]:
    """Return the word-line voltages of SET, and that of everything else: the card's, if stated."""
    if given is None:
        stated = gate_voltage(cell, None)
        return np.array([stated]), stated
    if not cell.gated:
        raise UsageError(f"gates = {given!r}, but cell {cell.name!r} has no transistor")
    values = _numbers("gates", given)
    if not np.all(np.abs(values) < HIGHEST_VOLTAGE):
        raise UsageError(f"gates = {given!r} V must be within +-{HIGHEST_VOLTAGE:g} V")
    card = memristor_of(cell).card
    stated = float(values.max()) if card is None or card.gate is None else card.gate.value
    return values, stated


def _start(memristor: DrivenDevice, given: float | None) -> float:
    """Return as given, or the device's own state when that is a low one, else 0.

    A state of exactly 0 is one that some windows never leave; those cards start above it.
    """
    own = memristor.initial_state
    if given is not None:
        return float(initial_states(memristor, given, 1)[0])
    fixed = isinstance(memristor, OwnState) and not memristor.takes_initial_state
    return own if fixed or own < 0.5 else 0.0


def _numbers(name: str, given: ArrayLike, most: float = math.inf) -> Array:
    values = np.atleast_1d(numbers(given, name))
    if values.ndim != 1 or not 1 <= values.size <= most:
        raise UsageError(
            f"{name} = {given!r}: expected one number{'' if most == 1 else ', or a list of them'}"
        )
    return values
