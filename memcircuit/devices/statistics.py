"""What a card says of spread, drift and noise, drawn or computed for many devices at once."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.checks import is_whole, require_generator
from memcircuit.devices.arrays import numbers
from memcircuit.devices.cards import Card
from memcircuit.errors import UsageError

Array = NDArray[np.float64]


def draw_variation(
    card: Card, rng: np.random.Generator, devices: int, cycles: int
) -> dict[str, Array]:
    """Return multipliers by name, each (devices, cycles): log-normal, median 1."""
    between, within = variation_scores(card, rng, devices, cycles)
    return {
        name: np.broadcast_to(values, (devices, cycles)).copy()
        for name, values in multipliers(card, between, within).items()
    }


def variation_scores(
    card: Card, rng: np.random.Generator, devices: int, cycles: int
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return what spreads the logarithms of parameters, in standard deviations.

    Returns:
        by parameter that the card states a spread of, standard normal numbers: from device to
        device, (devices, 1) each, and from cycle to cycle, (devices, cycles) each.

    Raises:
        UsageError: no generator, or numbers of devices or cycles that cannot be.
    """
    require_generator(rng)
    for name, number in (("devices", devices), ("cycles", cycles)):
        if not is_whole(number) or number < 1:
            raise UsageError(f"{name} = {number!r} must be a whole number, at least 1")
    between, within = {}, {}
    for parameter in card.model.varying:
        if parameter.name in card.device_to_device:
            between[parameter.name] = rng.standard_normal((devices, 1))
        if parameter.name in card.cycle_to_cycle:
            within[parameter.name] = rng.standard_normal((devices, cycles))
    return between, within


def multipliers(
    card: Card, between: Mapping[str, Array], within: Mapping[str, Array]
) -> dict[str, Array]:
    """Return multipliers by name that lie so many standard deviations from the median.

    The card states the standard deviation relative to the mean, v; the logarithm then has the
    standard deviation sqrt(ln(1 + v^2)).

    Args:
        card: states the spreads.
        between: by parameter, standard deviations from device to device.
        within: the same from cycle to cycle, of shapes that broadcast with them.

    Returns:
        by multiplier, of the shape of what is given for its parameter: exp(0) = 1 at the median.
    """
    found = {}
    for parameter in card.model.varying:
        parts = [
            logarithmic_deviation(spread[parameter.name].value) * scores[parameter.name]
            for spread, scores in ((card.device_to_device, between), (card.cycle_to_cycle, within))
            if parameter.name in scores
        ]
        if parts:
            found[parameter.multiplier] = np.asarray(np.exp(sum(parts)))
    return found


def drifted(
    card: Card, conductance: ArrayLike, time: ArrayLike, rng: np.random.Generator | None
) -> Array:
    """Return G (t/reference)^-nu, S; before the reference time G itself.

    The power law of structural relaxation and of charge loss, as in D. Ielmini, S. Lavizzari,
    D. Sharma, A. L. Lacaita, IEDM 2007, doi:10.1109/IEDM.2007.4419107.
    """
    if not card.retention:
        raise UsageError(f"card {card.name} states no retention")
    start, times = _numbers(conductance, "conductance"), _numbers(time, "time")
    try:
        np.broadcast_shapes(start.shape, times.shape)
    except ValueError as error:
        raise UsageError(
            f"conductance {start.shape} and time {times.shape} do not go together; for devices at "
            "several times give times of shape (times, 1)"
        ) from error
    stated = {name: entry.value for name, entry in card.retention.items()}
    if "spread" in stated:
        if rng is None:
            raise UsageError(f"card {card.name} states a spread of the drift: pass rng=...")
        require_generator(rng)
    exponents = drift_exponents(stated["exponent"], stated.get("spread"), start.shape, rng)
    return np.asarray(start * np.maximum(times / stated["reference"], 1) ** -exponents)


def drift_exponents(
    median: float, spread: float | None, shape: tuple[int, ...], rng: np.random.Generator | None
) -> Array:
    """Return the exponents of the power law, log-normal about their median.

    Args:
        median: dimensionless.
        spread: standard deviation relative to the mean; None draws nothing.
        shape: of the devices, one exponent each.
        rng: draws them.
    """
    if spread is None or rng is None:
        return np.asarray(median)
    return np.asarray(median * np.exp(logarithmic_deviation(spread) * rng.standard_normal(shape)))


def read_noise(card: Card, current: ArrayLike, rng: np.random.Generator) -> Array:
    """Return currents, A, each with its own relative noise, normal."""
    if "read" not in card.noise:
        raise UsageError(f"card {card.name} states no noise of a read")
    require_generator(rng)
    exact = _numbers(current, "current", signed=True)
    return np.asarray(exact * (1 + card.noise["read"].value * rng.standard_normal(exact.shape)))


def _numbers(given: ArrayLike, name: str, *, signed: bool = False) -> Array:
    values = numbers(given, name)
    if not np.all(np.isfinite(values)) or not (signed or np.all(values >= 0)):
        raise UsageError(f"{name} must be finite{'' if signed else ' and not negative'}")
    return values


def logarithmic_deviation(relative: float) -> float:
    """Return the standard deviation of the logarithm of what is log-normal.

    Args:
        relative: standard deviation relative to the mean.
    """
    return math.sqrt(math.log1p(relative**2))
