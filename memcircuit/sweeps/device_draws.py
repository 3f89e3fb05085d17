"""Devices and cycles drawn from the spreads that a card states."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_flag, require_size, whole_number
from memcircuit.devices.cards import Card
from memcircuit.devices.device import Device
from memcircuit.devices.statistics import multipliers, variation_scores
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import as_cell
from memcircuit.sweeps.correlation import Correlation, correlated, correlation_matrix, described
from memcircuit.sweeps.design import Column, Design, check_points

if TYPE_CHECKING:
    from memcircuit.crossbar import Crossbar
    from pyspice_netlists import Cell

Array = NDArray[np.float64]


def monte_carlo(
    device: Device | Cell | Crossbar,
    rng: np.random.Generator,
    *,
    devices: int = 100,
    cycles: int = 1,
    device_to_device: bool = True,
    cycle_to_cycle: bool = True,
    device_correlation: Correlation | None = None,
    cycle_correlation: Correlation | None = None,
    memristors: int | None = None,
) -> Design:
    """Return multipliers drawn from the card's spreads: log-normal, median 1.

    Without correlation they are the numbers that ``Device.draw_variation`` draws from the same
    generator.

    Every cycle is a point of its own that starts from the same initial state; ``mc.pulse_cycles``
    goes on from where the last cycle ended.

    Args:
        device: a device of a card, a cell around one, or an array of such cells.
        rng: source of randomness.
        devices: number of devices, of cells, or of arrays.
        cycles: number of cycles of each. One cycle is no dimension; its draw is part of each
            device's own.
        device_to_device: whether devices differ by the card's spread from device to device.
        cycle_to_cycle: whether cycles differ by the card's spread from cycle to cycle.
        device_correlation: by pair of the card's parameters, such as ``("k_set", "k_reset")``,
            correlation rho of the logarithms of what differs from device to device. The multipliers
            themselves then have (exp(rho a b) - 1)/sqrt((exp(a^2) - 1)(exp(b^2) - 1)), with a and b
            the standard deviations of both logarithms.
        cycle_correlation: the same from cycle to cycle.
        memristors: number of memristors in a cell; the cell's own when None. Each draws its own,
            and so does each cell of an array.

    Returns:
        the design over ``device``, and over ``cycle`` where there are several; parameters
        ``variation.m_NAME``, with ``cycle`` only where cycles differ in it, and with a last axis
        of the memristors where a cell has several, of an array (rows, columns).

    Raises:
        UsageError: a device without card, a card without spreads, cycles that would all be the
            same, or numbers and correlations that cannot be.
    """
    cell, each = _inside(device, memristors)
    card = card_of(cell)
    count, rounds = whole_number(devices, "devices"), whole_number(cycles, "cycles")
    device_to_device = require_flag(device_to_device, "device_to_device")
    cycle_to_cycle = require_flag(cycle_to_cycle, "cycle_to_cycle")
    drawn = replace(
        card,
        device_to_device=card.device_to_device if device_to_device else {},
        cycle_to_cycle=card.cycle_to_cycle if cycle_to_cycle else {},
    )
    _check_spreads(drawn, rounds)
    if count < 1:
        raise UsageError(f"devices = {count} must be at least 1")
    check_points(count * rounds)
    require_size({"devices": count, "cycles": rounds, "memristors of each": math.prod(each)})
    between, within = variation_scores(drawn, rng, count * math.prod(each), rounds)
    between = _tied(between, device_correlation, "device_to_device")
    within = _tied(within, cycle_correlation, "cycle_to_cycle")
    columns = {
        f"variation.{name}": _column(values, count, each, rounds)
        for name, values in multipliers(drawn, between, within).items()
    }
    sizes = {"device": count, "cycle": rounds} if rounds > 1 else {"device": count}
    settings = _settings(drawn, device_correlation, cycle_correlation)
    return Design(sizes, columns, settings, drawn=tuple(sizes))


def card_of(device: Device | Cell) -> Card:
    """Return the card that states the spreads of a device, or of a cell's memristor.

    Raises:
        UsageError: neither device nor cell, or one that comes from no card.
    """
    memristor = as_cell(device).device
    if not isinstance(memristor, Device) or memristor.card is None:
        raise UsageError(
            f"device {memristor.name!r} comes from no card: it states no spread to draw from"
        )
    return memristor.card


def _inside(
    device: Device | Cell | Crossbar, memristors: int | None
) -> tuple[Device | Cell, tuple[int, ...]]:
    """Return the cell, and the shape of what draws of its own: (memristors,) or (rows, columns).

    Of a cell of one memristor the shape is ().
    """
    from memcircuit.crossbar import Crossbar

    if not isinstance(device, Crossbar):
        several = _memristors(device, memristors)
        return device, (several,) if several > 1 else ()
    if device.cell is None:
        raise UsageError("the array has no kind of cell whose spreads could be drawn")
    cell = as_cell(device.cell)
    if (several := _memristors(cell, memristors)) > 1:
        raise UsageError(f"the cells of an array have one memristor, not {several}")
    return cell, (device.rows, device.columns)


def _memristors(device: Device | Cell, given: int | None) -> int:
    own = len(as_cell(device).memristors)
    if given is None:
        return own
    several = whole_number(given, "memristors")
    if several < 1 or (own > 1 and several != own):
        raise UsageError(
            f"memristors = {several}: "
            + ("must be at least 1" if several < 1 else f"the cell has {own}")
        )
    return several


def _check_spreads(card: Card, rounds: int) -> None:
    if not card.device_to_device and not card.cycle_to_cycle:
        raise UsageError(f"card {card.name}: of the spreads that are drawn it states none")
    if rounds > 1 and not card.cycle_to_cycle:
        raise UsageError(
            f"cycles = {rounds}: no spread from cycle to cycle of card {card.name} is drawn, so "
            "that all cycles of a device would be the same; take cycles=1"
        )


def _tied(scores: dict[str, Array], pairs: Correlation | None, spread: str) -> dict[str, Array]:
    """Return standard normal numbers by parameter, all of one shape, made to correlate."""
    if pairs is None:
        return scores
    if not scores:
        raise UsageError(f"correlation {described(pairs)}: no {spread} spread is drawn")
    names = list(scores)
    tied = correlated(np.stack(list(scores.values()), axis=-1), correlation_matrix(names, pairs))
    return {name: tied[..., place] for place, name in enumerate(names)}


def _column(values: Array, devices: int, each: tuple[int, ...], cycles: int) -> Column:
    """Return what was drawn for what is in each device in turn, (devices, 1 or cycles, *each)."""
    shaped = np.moveaxis(values.reshape(devices, *each, -1), -1, 1)
    if cycles > 1 and values.shape[1] == cycles:
        return Column(("device", "cycle"), shaped)
    return Column(("device",), shaped[:, 0])


def _settings(card: Card, device: Correlation | None, cycle: Correlation | None) -> dict[str, str]:
    spreads = [name for name in ("device_to_device", "cycle_to_cycle") if getattr(card, name)]
    settings = {"monte_carlo": f"{' and '.join(spreads)} of card {card.name}"}
    for name, pairs in (("device_correlation", device), ("cycle_correlation", cycle)):
        if pairs:
            settings[name] = described(pairs)
    return settings
