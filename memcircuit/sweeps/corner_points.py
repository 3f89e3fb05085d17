"""Corners: devices at the ends of their spread, and named sets of values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from memcircuit.checks import is_number
from memcircuit.devices.cards import Card
from memcircuit.devices.device import Device
from memcircuit.devices.statistics import multipliers
from memcircuit.errors import UsageError
from memcircuit.sweeps.design import Column, Design, value_array
from memcircuit.sweeps.device_draws import card_of

if TYPE_CHECKING:
    from pyspice_netlists import Cell

#: Twice as many corners with each parameter more: 256 of these.
MOST_PARAMETERS = 8


def corners(
    device: Device | Cell, sigma: float = 3.0, *, parameters: Iterable[str] | None = None
) -> Design:
    """Return the nominal device, and every combination of both ends of its spreads.

    An end is ``sigma`` standard deviations of the logarithm from the median. Of k independent
    parameters all at their ends together are sqrt(k) times as far from it: a circuit that works in
    every corner is safe, one that fails in some need not have a poor yield (``monte_carlo``).

    Args:
        device: a device of a card, or a cell around one; all memristors of a cell are alike.
        sigma: standard deviations from the median, dimensionless.
        parameters: of the card's device-to-device spreads those that go to their ends; all whose
            spread is above zero when None.

    Returns:
        the design over ``corner``; parameters ``variation.m_NAME``, labels such as
        ``"k_set+ k_reset-"``, the nominal device first.

    Raises:
        UsageError: a card without such spreads, unknown parameters, or more than 8 of them.
    """
    card = card_of(device)
    if not is_number(sigma):
        raise UsageError(f"sigma = {sigma!r} must be a number")
    if not 0 < sigma < math.inf:
        raise UsageError(f"sigma = {sigma:g} must be above zero and finite")
    names = _parameters(card, parameters)
    signs = np.array([(0.0,) * len(names), *itertools.product((-1.0, 1.0), repeat=len(names))])
    ends = {name: sigma * signs[:, place] for place, name in enumerate(names)}
    columns = {
        f"variation.{name}": Column(("corner",), values)
        for name, values in multipliers(card, ends, {}).items()
    }
    labels = ("nominal", *(_label(names, row) for row in signs[1:]))
    settings = {"corners": f"{sigma:g} sigma of device_to_device of card {card.name}"}
    return Design({"corner": len(signs)}, columns, settings, {"corner": labels})


def named(corners: Mapping[str, Mapping[str, Any]]) -> Design:
    """Return corners that are given by name, each with a value for the same parameters.

    Args:
        corners: values by parameter, by name of the corner, such as
            ``{"slow": {"device.k_set": 0.01, "gate": 4.0}, "fast": {...}}``.

    Returns:
        the design over ``corner``, with the names as labels.

    Raises:
        UsageError: no corners, or one that lacks a value that another has.
    """
    if not isinstance(corners, Mapping) or not corners:
        raise UsageError(f"corners = {corners!r:.80}: expected values by parameter, by name")
    for label, values in corners.items():
        if not isinstance(label, str) or not label or not isinstance(values, Mapping):
            raise UsageError(f"corner {label!r}: expected a name and values by parameter")
    paths = list(dict.fromkeys(path for values in corners.values() for path in values))
    for label, values in corners.items():
        if missing := [path for path in paths if path not in values]:
            raise UsageError(f"corner {label!r} has no value of {missing[0]!r}; others have one")
    columns = {
        path: Column(("corner",), value_array(path, [values[path] for values in corners.values()]))
        for path in paths
    }
    return Design({"corner": len(corners)}, columns, labels={"corner": tuple(corners)})


def _parameters(card: Card, given: Iterable[str] | None) -> list[str]:
    spread = [name for name, entry in card.device_to_device.items() if entry.value > 0]
    if not spread:
        raise UsageError(f"card {card.name} states no spread from device to device")
    names = spread if given is None else [given] if isinstance(given, str) else list(given)
    for name in names:
        if name not in spread:
            raise UsageError(
                f"{name!r} has no spread from device to device in card {card.name}; "
                f"{', '.join(spread)} have"
            )
    if not names or len(set(names)) < len(names):
        raise UsageError(f"parameters = {names!r}: name one or more, each once")
    if len(names) > MOST_PARAMETERS:
        raise UsageError(
            f"{len(names)} parameters make {2 ** len(names)} corners: name at most "
            f"{MOST_PARAMETERS} of {', '.join(names)}"
        )
    return names


def _label(names: list[str], signs: Iterable[float]) -> str:
    return " ".join(
        f"{name}{'+' if sign > 0 else '-'}" for name, sign in zip(names, signs, strict=True)
    )
