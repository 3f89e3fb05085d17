"""Which pulses a train has, made of the arguments of ``pulse_train``: no cells, no netlist yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.devices.device import Device, Form
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import (
    HIGHEST_VOLTAGE,
    as_cell,
    card_pulse,
    memristor_of,
    netlist_form,
    programming_pulse,
    pulse_counts,
    pulse_gap,
    read_pulse,
    refuse_one_polarity,
)
from memcircuit.experiments.driven_device import DrivenDevice
from memcircuit.experiments.time_step import TimeStep, largest_step
from memcircuit.experiments.write_rules import Direction, Dose

if TYPE_CHECKING:
    from pyspice_netlists import Cell, Pulse, PulseSequence

# Time points inside a pulse's plateau, at least.
_POINTS_PER_PLATEAU = 10


@dataclass(frozen=True)
class TrainPlan:
    """A pulse train without its cells.

    Attributes:
        cell: the kind of cell.
        form: netlist form.
        reading: the read pulse.
        doses: the programming pulses in order.
    """

    cell: Cell
    form: Form
    reading: Pulse
    doses: tuple[Dose, ...]

    @property
    def kinds(self) -> tuple[Pulse, ...]:
        """The different pulses, the read last."""
        return tuple(dict.fromkeys((*(dose.pulse for dose in self.doses), self.reading)))

    @property
    def gap(self) -> float:
        """Pause between pulses, s."""
        return pulse_gap(self.kinds)

    @property
    def duration(self) -> float:
        """Of all pulses, reads and gaps, s; by counts, without a list of the pulses."""
        gap, read = self.gap, self.reading.duration
        reads = (sum(dose.count for dose in self.doses) + 1) * (read + gap)
        return reads + sum(dose.count * (dose.pulse.duration + gap) for dose in self.doses)

    @property
    def pulses(self) -> tuple[Pulse, ...]:
        """The programming pulses in order."""
        return tuple(dose.pulse for dose in self.doses for _ in range(dose.count))

    @property
    def direction(self) -> NDArray[np.int64]:
        """(pulses,) +1 SET, -1 RESET."""
        counts = [dose.count for dose in self.doses]
        return np.repeat([dose.direction for dose in self.doses], counts)

    def sequence(self) -> PulseSequence:
        """Return every pulse in order; reads at even, programming pulses at odd positions."""
        from pyspice_netlists import pulse_sequence

        order = [self.reading, *(part for own in self.pulses for part in (own, self.reading))]
        return pulse_sequence(order, gap=self.gap)

    def time_step(
        self, amplitudes: ArrayLike, values: Mapping[str, NDArray[np.float64]] | None = None
    ) -> TimeStep:
        """Return the largest time step; see ``largest_step``.

        Args:
            amplitudes: (n,) or (cells, n) V, of everything that drives the cells.
            values: parameters that differ from cell to cell.

        Raises:
            UsageError: a voltage beyond reason, or too many pulses, before their list is made.
        """
        coarse = min(pulse.width for pulse in self.kinds) / _POINTS_PER_PLATEAU
        memristor = memristor_of(self.cell)
        return largest_step(memristor, amplitudes, coarse, self.duration, self.form, values)

    def settings(self, limit: TimeStep) -> dict[str, str | float]:
        """Return what was asked for, by name."""
        memristor = memristor_of(self.cell)
        return {
            "experiment": "pulse_train",
            "device": memristor.name,
            "cell_name": self.cell.name,
            "form": self.form,
            "citation": memristor.citation,
            "state_step": limit.state_step,
            "step_limit": limit.reason,
            "read_voltage": self.reading.amplitude,
        }


def train_plan(
    device: DrivenDevice | Cell,
    *,
    set: Pulse | None = None,  # noqa: A002
    reset: Pulse | None = None,
    read: Pulse | float | None = None,
    pulses: int | None = None,
    reset_pulses: int | None = None,
    stimulus: Sequence[Pulse] | None = None,
    form: Form | None = None,
) -> TrainPlan:
    """Return which pulses a train has; the arguments are those of ``pulse_train``.

    Raises:
        UsageError: values that make no pulse train.
    """
    cell = as_cell(device)
    memristor = memristor_of(cell)
    chosen = netlist_form(form)
    if stimulus is None:
        ups, downs = pulse_counts(50 if pulses is None else pulses, reset_pulses)
        given = _set_and_reset(memristor, (set, ups), (reset, downs))
    else:
        _refuse_both(set=set, reset=reset, pulses=pulses, reset_pulses=reset_pulses)
        given = [Dose(p, 1, _direction(memristor, p)) for p in stimulus_pulses(stimulus)]
    shortest = min(dose.pulse.width for dose in given)
    return TrainPlan(cell, chosen, read_pulse(memristor, read, shortest), tuple(given))


def stimulus_pulses(given: Sequence[Pulse]) -> tuple[Pulse, ...]:
    """Return the pulses of a stimulus.

    Raises:
        UsageError: no pulse, what is no pulse, or a voltage beyond reason.
        NetlistError: a pulse shorter than its edges.
    """
    from pyspice_netlists import Pulse
    from pyspice_netlists.pulse_lists import check_edges

    if isinstance(given, Pulse) or not isinstance(given, Iterable):
        raise UsageError(f"stimulus = {given!r}: expected a list of Pulse")
    pulses = tuple(given)
    for number, pulse in enumerate(pulses):
        if not isinstance(pulse, Pulse):
            raise UsageError(f"stimulus[{number}] = {pulse!r} is no Pulse")
        if not abs(pulse.amplitude) < HIGHEST_VOLTAGE:
            raise UsageError(
                f"stimulus[{number}] = {pulse!r}: expected less than {HIGHEST_VOLTAGE:g} V"
            )
    if not pulses:
        raise UsageError("stimulus is empty: give at least one pulse")
    return check_edges(pulses)


def _set_and_reset(
    memristor: DrivenDevice, sets: tuple[Pulse | None, int], resets: tuple[Pulse | None, int]
) -> list[Dose]:
    ways: tuple[tuple[str, tuple[Pulse | None, int], Direction], ...] = (
        ("set", sets, 1), ("reset", resets, -1),
    )  # fmt: skip
    doses = [
        Dose(programming_pulse(memristor, kind, given), count, direction)
        for kind, (given, count), direction in ways
        if count
    ]
    if len(doses) > 1:
        refuse_one_polarity(doses[0].pulse, doses[1].pulse)
    return doses


def _refuse_both(**others: object) -> None:
    for name, value in others.items():
        if value is not None:
            raise UsageError(f"{name} = {value!r} beside a stimulus, which says all pulses itself")


def _direction(memristor: DrivenDevice, pulse: Pulse) -> Direction:
    """Return +1 for a pulse of the polarity of SET, -1 for RESET; for one that does nothing, +1."""
    sign = 1.0
    if memristor.card is not None and "set" in memristor.card.pulses:
        sign = card_pulse(memristor, "set").amplitude
    elif isinstance(memristor, Device):
        sign = pulse.amplitude * float(memristor.numpy().rate(pulse.amplitude, 0.5))
    return -1 if pulse.amplitude * sign < 0 else 1
