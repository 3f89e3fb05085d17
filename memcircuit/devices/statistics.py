"""What a card says of spread, drift and noise, drawn or computed for many devices at once."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.devices.arrays import numbers
from memcircuit.devices.cards import Card
from memcircuit.errors import UsageError

Array = NDArray[np.float64]


def draw_variation(
    card: Card, rng: np.random.Generator, devices: int, cycles: int
) -> dict[str, Array]:
    """Return multipliers by name, each (devices, cycles): log-normal, median 1.

    The card states the standard deviation relative to the mean, v; the logarithm then has the
    standard deviation sqrt(ln(1 + v^2)).
    """
    _check(rng)
    for name, number in (("devices", devices), ("cycles", cycles)):
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
            raise UsageError(f"{name} = {number!r} must be a whole number, at least 1")
    drawn = {}
    for parameter in card.model.varying:
        between = card.device_to_device.get(parameter.name)
        within = card.cycle_to_cycle.get(parameter.name)
        if between is None and within is None:
            continue
        logarithm = np.zeros((devices, cycles))
        if between is not None:
            logarithm += _logarithmic(between.value) * rng.standard_normal((devices, 1))
        if within is not None:
            logarithm += _logarithmic(within.value) * rng.standard_normal((devices, cycles))
        drawn[parameter.multiplier] = np.exp(logarithm)
    return drawn


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
        _check(rng)
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
    return np.asarray(median * np.exp(_logarithmic(spread) * rng.standard_normal(shape)))


def read_noise(card: Card, current: ArrayLike, rng: np.random.Generator) -> Array:
    """Return currents, A, each with its own relative noise, normal."""
    if "read" not in card.noise:
        raise UsageError(f"card {card.name} states no noise of a read")
    _check(rng)
    exact = _numbers(current, "current", signed=True)
    return np.asarray(exact * (1 + card.noise["read"].value * rng.standard_normal(exact.shape)))


def _numbers(given: ArrayLike, name: str, *, signed: bool = False) -> Array:
    values = numbers(given, name)
    if not np.all(np.isfinite(values)) or not (signed or np.all(values >= 0)):
        raise UsageError(f"{name} must be finite{'' if signed else ' and not negative'}")
    return values


def _check(rng: np.random.Generator) -> None:
    if not isinstance(rng, np.random.Generator):
        raise UsageError(f"rng is {rng!r}; pass numpy.random.default_rng(seed)")


def _logarithmic(relative: float) -> float:
    return math.sqrt(math.log1p(relative**2))
