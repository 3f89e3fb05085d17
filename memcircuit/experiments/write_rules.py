"""Closed-loop writing: which pulses a cell is given next, by how it answered the last ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from memcircuit.checks import whole_number
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import programming_pulses
from memcircuit.experiments.driven_device import DrivenDevice

if TYPE_CHECKING:
    from pyspice_netlists import Pulse

#: +1 raises the weight of a cell, -1 lowers it.
Direction = Literal[1, -1]

# A pulse near the target may be shorter than the given one, down to this share.
_SHORTEST = 1 / 50
# Of what would reach the target at the last rate, this share is given while a cell is far from it,
# and when it has been on both sides: its answer is not straight then.
_HALF = 0.5
# A dose is at most this many times the last one of its direction: a rate seen under a short pulse
# says little about many long ones.
_GROWTH = 4.0


@dataclass(frozen=True)
class Dose:
    """Equal pulses given one after another, without a read between them.

    Attributes:
        pulse: the pulse.
        count: how often.
        direction: +1 SET, -1 RESET.
    """

    pulse: Pulse
    count: int
    direction: Direction

    @property
    def time(self) -> float:
        """Time at the amplitude, s."""
        return self.count * self.pulse.width


@dataclass(frozen=True)
class Progress:
    """How a cell answered the last dose of each direction.

    Attributes:
        rates: weight per second of pulse towards the direction; none where nothing ever moved.
        times: s, of the last dose.
    """

    rates: Mapping[Direction, float] = field(default_factory=dict)
    times: Mapping[Direction, float] = field(default_factory=dict)

    @property
    def both_sides(self) -> bool:
        """Whether it was given pulses of both directions."""
        return len(self.times) > 1

    def rate(self, direction: Direction) -> float:
        """Return the rate last seen; that of the other direction if none; nan if neither."""
        other: Direction = -1 if direction > 0 else 1
        return self.rates.get(direction, self.rates.get(other, math.nan))

    def after(self, dose: Dose, change: float) -> Progress:
        """Return what is known when a dose has changed the weight by ``change``.

        A cell that did not move as it should answers more weakly than was thought.
        """
        way = dose.direction
        moved = way * change
        rate = moved / dose.time if moved > 0 else self.rate(way) / _GROWTH
        rates = self.rates if math.isnan(rate) else {**self.rates, way: rate}
        return Progress(rates, {**self.times, way: dose.time})


@dataclass(frozen=True)
class WriteRules:
    """Which pulses come next.

    The first dose of a direction is one pulse at most. While the target is far by the rate seen
    last, half of the pulses that would reach it are given before the next read; within two pulses
    of it, one is given, made shorter so as to end on it, or half-way there once the cell has
    been on both sides of its target. No pulse is shorter than a fiftieth of the given one, so a
    cell which that carries past its target goes to and fro until its pulses are used up.

    Attributes:
        set: pulse that raises the weight.
        reset: pulse that lowers it.
        max_pulses: most pulses for each cell.
        burst: most pulses without a read.
    """

    set: Pulse
    reset: Pulse
    max_pulses: int
    burst: int

    def __post_init__(self) -> None:
        if self.max_pulses < 1 or self.burst < 1:
            raise UsageError(
                f"max_pulses = {self.max_pulses}, burst = {self.burst}: both must be at least 1"
            )

    def next(self, progress: Progress, missing: float, given: int) -> Dose:
        """Return the dose to give next.

        Args:
            progress: how the cell answered so far.
            missing: target less weight; not 0.
            given: pulses given so far, fewer than ``max_pulses``.
        """
        way: Direction = 1 if missing > 0 else -1
        pulse = self.set if way > 0 else self.reset
        rate = progress.rate(way)
        wanted = abs(missing) / (rate * pulse.width) if rate > 0 else math.inf
        if wanted >= 1 / _HALF or progress.both_sides:
            wanted *= _HALF
        last = progress.times.get(way, pulse.width / _GROWTH)
        number = min(wanted, _GROWTH * last / pulse.width, self.burst, self.max_pulses - given)
        if number >= 2:
            return Dose(pulse, int(number), way)
        share = min(max(number, _SHORTEST), 1.0)
        return Dose(replace(pulse, width=pulse.width * share), 1, way)


def write_rules(
    device: DrivenDevice, set_pulse: Pulse | None, reset: Pulse | None, max_pulses: int, burst: int
) -> WriteRules:
    """Return the rules for a device, with its card's pulses where none are given.

    Raises:
        UsageError: pulses of the same polarity, or numbers of them below 1.
    """
    return WriteRules(
        *programming_pulses(device, set_pulse, reset),
        whole_number(max_pulses, "max_pulses"),
        whole_number(burst, "burst"),
    )
