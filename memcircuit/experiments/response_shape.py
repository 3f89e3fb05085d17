"""The shape of a pulse response: its straight segments, how far from linear it is, how symmetric.

A response is the weights before the first pulse and after each, (pulses + 1,) S or 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def knots(response: Array, segments: int) -> NDArray[np.int64]:
    """Return where to divide a response so that straight lines are nearest to it.

    The largest distance between the response and the lines that join its points at the knots is
    the least possible, found by dynamic programming.

    Args:
        response: (pulses + 1,).
        segments: from 1 to the number of pulses.

    Returns:
        (segments + 1,) pulse numbers, rising, from 0 to the last.
    """
    last = response.size - 1
    apart = _chord_distances(response)
    # worst[j]: with the segments so far ending at point j
    worst, origins = apart[0], []
    for _ in range(segments - 1):
        either = np.maximum(worst[:, np.newaxis], apart)
        origins.append(np.argmin(either, axis=0))
        worst = either.min(axis=0)
    found = [last]
    for origin in reversed(origins):
        found.append(int(origin[found[-1]]))
    return np.array([0, *reversed(found)])


def _chord_distances(response: Array) -> Array:
    """Return the largest distance of the response from its chord between any two points.

    Infinite where there is no chord, so that every segment holds at least one pulse.
    """
    count = response.size
    apart = np.full((count, count), np.inf)
    for begin in range(count - 1):
        ahead = np.arange(1, count - begin)
        rise = response[begin + 1 :] - response[begin]
        slopes = rise / ahead
        # off[k, m]: point k ahead from the chord to point m ahead; zero beyond its end
        off = np.abs(rise[:, np.newaxis] - slopes * ahead[:, np.newaxis])
        apart[begin, begin + 1 :] = np.triu(off).max(axis=0)
    return apart


def nonlinearity(response: Array) -> float:
    """Return the largest distance from the line between first and last weight.

    As a share of their difference; 0 for a straight response.
    """
    return float(np.abs(progress(response) - np.linspace(0, 1, response.size)).max())


def asymmetry(rising: Array, falling: Array) -> float:
    """Return how far a response is from going back the way that another came.

    Both are taken from 0 to 1 of their own range; where a SET and a RESET pulse move the weight
    by the same wherever it is, the answer is 0.

    Args:
        rising: response to SET pulses.
        falling: response to as many RESET pulses.
    """
    return float(np.abs(progress(rising) - (1 - progress(falling))[::-1]).max())


def exponential_factor(response: Array) -> float:
    """Return the factor a of the exponential response nearest to one, by least squares.

    The response is (1 - exp(-a x)) / (1 - exp(-a)) of its range, with x the share of the pulses:
    pulses over a is the constant A of P.-Y. Chen, X. Peng, S. Yu, doi:10.1109/TCAD.2018.2789723.
    Near 0 for a straight response, above where the first pulses do most, below where the last do.
    """
    from scipy.optimize import minimize_scalar

    found, share = progress(response), np.linspace(0, 1, response.size)

    def misfit(a: float) -> float:
        curve = np.expm1(-a * share) / np.expm1(-a) if abs(a) > 1e-9 else share
        return float(np.sum((curve - found) ** 2))

    return float(minimize_scalar(misfit, bounds=(-50, 50), method="bounded").x)


def progress(response: Array) -> Array:
    """Return a response as the share of the way from its first to its last weight."""
    return np.asarray((response - response[0]) / (response[-1] - response[0]))
