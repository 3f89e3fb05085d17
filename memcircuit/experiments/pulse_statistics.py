"""Thousands of devices under pulses, in numpy, with noise drawn anew for every pulse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.checks import require_size, whole_number
from memcircuit.devices.device import Device
from memcircuit.devices.evolution import evolve_pulses
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import (
    initial_states,
    programming_pulse,
    pulse_counts,
    read_pulse,
)

if TYPE_CHECKING:
    import xarray as xr

    from pyspice_netlists import Pulse

Array = NDArray[np.float64]

# Heights of an edge, of its 0 ... 1, at which its power is taken, and the share of each.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)
_HEIGHTS, _SHARES = (_NODES + 1) / 2, _WEIGHTS / 2


@dataclass(frozen=True)
class Statistics:
    """Pulses on many devices made ready, but for the draws.

    Attributes:
        devices: number of devices.
        cycles: number of cycles.
        ups: SET pulses in a cycle.
        downs: RESET pulses in a cycle.
        train: pulses of a cycle, and how many of each.
        reading: read pulse.
        initial_state: (devices,).
    """

    devices: int
    cycles: int
    ups: int
    downs: int
    train: list[tuple[Pulse, int]]
    reading: Pulse
    initial_state: Array


def prepare_pulse_statistics(
    device: Device,
    *,
    devices: int = 1000,
    cycles: int = 1,
    set: Pulse | None = None,  # noqa: A002
    reset: Pulse | None = None,
    read: Pulse | float | None = None,
    pulses: int = 50,
    reset_pulses: int | None = None,
    initial_state: ArrayLike | None = None,
) -> Statistics:
    """Return what ``pulse_statistics`` computes, before anything is drawn; the same arguments.

    Raises:
        UsageError: values that make no pulse train, or a device without equations.
    """
    if not isinstance(device, Device):
        raise UsageError(
            f"a {type(device).__name__} is no device with equations; mc.device(CARD) makes one"
        )
    count, rounds = whole_number(devices, "devices"), whole_number(cycles, "cycles")
    if count < 1 or rounds < 1:
        raise UsageError(f"devices = {count}, cycles = {rounds}: at least one of each")
    ups, downs = pulse_counts(pulses, reset_pulses)
    require_size({"devices": count, "cycles": rounds, "reads": ups + downs + 1})
    kinds = [("set", set, ups)] * (ups > 0) + [("reset", reset, downs)] * (downs > 0)
    train = [(programming_pulse(device, kind, given), number) for kind, given, number in kinds]
    reading = read_pulse(device, read, min(pulse.width for pulse, _ in train))
    start = initial_states(device, initial_state, count)
    return Statistics(count, rounds, ups, downs, train, reading, start)


def pulse_statistics(
    device: Device,
    rng: np.random.Generator,
    *,
    devices: int = 1000,
    cycles: int = 1,
    set: Pulse | None = None,  # noqa: A002
    reset: Pulse | None = None,
    read: Pulse | float | None = None,
    pulses: int = 50,
    reset_pulses: int | None = None,
    initial_state: ArrayLike | None = None,
) -> xr.Dataset:
    """Take many bare devices through cycles of SET and RESET pulses, by their numpy form.

    Devices differ as their card says; what differs from cycle to cycle is drawn anew at every
    pulse, and every read has the card's noise. Reads are taken to move no state. ``pulse_cycles``
    does the same in ngspice, in any cell, with one draw per cycle.

    Args:
        device: it must come from a card.
        rng: draws devices, pulses and reads.
        devices: number of devices.
        cycles: number of cycles of each.
        set: SET pulse; the card's when None.
        reset: RESET pulse; the card's when None.
        read: read pulse, or its amplitude in V; the card's when None.
        pulses: SET pulses in a cycle.
        reset_pulses: RESET pulses in a cycle; as many when None.
        initial_state: one state for all or (devices,); the device's own when None.

    Returns:
        dataset over ``device``, ``cycle`` and ``pulse`` (0 is the read before the first):
        ``conductance`` (S), ``state``, ``energy`` (J) of each pulse, from the currents at its
        beginning and end and on its edges; along ``pulse`` ``direction`` (+1 SET, -1 RESET, 0
        none).

    Raises:
        UsageError: values that make no pulse train, or a device without card.
        ConvergenceError: a rate that no step can follow.
    """
    import xarray as xr

    ready = prepare_pulse_statistics(
        device, devices=devices, cycles=cycles, set=set, reset=reset, read=read, pulses=pulses,
        reset_pulses=reset_pulses, initial_state=initial_state,
    )  # fmt: skip
    count, rounds, ups, downs = ready.devices, ready.cycles, ready.ups, ready.downs
    train, reading, present = ready.train, ready.reading, ready.initial_state
    drawn = device.draw_variation(rng, count, rounds * (ups + downs))
    parts = []
    for cycle in range(rounds):
        here = slice(cycle * (ups + downs), (cycle + 1) * (ups + downs))
        spread = {name: values[:, here] for name, values in drawn.items()}
        states, energy = _cycle(device, train, reading.duration, present, spread)
        present = states[:, -1]
        # before its first pulse a cycle is read with what holds at that pulse
        at_reads = {name: np.insert(x, 0, x[:, 0], axis=1) for name, x in spread.items()}
        conductance = device.conductance(states, reading.amplitude, **at_reads)
        if device.card is not None and "read" in device.card.noise:
            conductance = device.read_noise(conductance, rng)
        parts.append((conductance, states, energy))
    values = [np.stack(x, axis=1) for x in zip(*parts, strict=True)]
    direction = np.repeat([1, -1], [ups, downs])
    return xr.Dataset(
        {
            name: (("device", "cycle", "pulse"), array, {"units": unit})
            for name, unit, array in zip(
                ("conductance", "state", "energy"), ("S", "1", "J"), values, strict=True
            )
        },
        coords={
            "device": np.arange(count),
            "cycle": np.arange(rounds),
            "pulse": np.arange(ups + downs + 1),
            "direction": ("pulse", np.concatenate([[0], direction])),
        },
        attrs={
            "experiment": "pulse_statistics", "device": device.name, "form": "numpy",
            "citation": device.citation, "read_voltage": reading.amplitude,
        },
    )  # fmt: skip


def _cycle(
    device: Device,
    train: list[tuple[Pulse, int]],
    pause: float,
    start: Array,
    spread: dict[str, Array],
) -> tuple[Array, Array]:
    """Return states before and after every pulse, and energies, each (devices, pulses + 1).

    Args:
        device: the device.
        train: pulses, and how many of each.
        pause: s, between pulses.
        start: (devices,) states.
        spread: multipliers, (devices, pulses).
    """
    model = device.numpy()
    states, energy, first = [start[:, np.newaxis]], [np.zeros((start.size, 1))], 0
    for pulse, number in train:
        own: dict[str, Any] = {
            name: values[:, first : first + number] for name, values in spread.items()
        }
        rise, fall = pulse.rise, pulse.fall
        after = evolve_pulses(
            model, np.full(number, pulse.amplitude), pulse.width, states[-1][:, -1],
            rise=rise, fall=fall, gap=pause, **own,
        )  # fmt: skip
        before = np.concatenate([states[-1][:, -1:], after[:, :-1]], axis=1)
        spent = np.zeros_like(after)
        for s, edge in ((before, rise), (after, fall)):
            spent += 0.5 * pulse.width * pulse.amplitude * model.current(pulse.amplitude, s, **own)
            for volts, share in zip(pulse.amplitude * _HEIGHTS, _SHARES, strict=True):
                spent += edge * share * volts * model.current(volts, s, **own)
        energy.append(spent)
        states.append(after)
        first += number
    return np.concatenate(states, axis=1), np.concatenate(energy, axis=1)
