"""Roots of rising functions, for whole arrays at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pyspice_netlists.errors import NetlistError

Array = NDArray[np.float64]

_ROOT_STEPS = 100
_SMALL_STEP = 1e-8


def rising_root(
    function: Callable[[Array], tuple[Array, ...]],
    low: Array,
    high: Array,
    start: Array,
) -> tuple[Array, tuple[Array, ...]]:
    """Return where rising functions are zero, element by element, to about 1e-16 of the bracket.

    Newton's method inside a bracket that shrinks at every step; a step that leaves the bracket,
    or that comes after one which gained little, is replaced by halving.

    Args:
        function: takes (...) points, returns values, slopes and anything else of the same shape;
            the values are not above zero at ``low`` and not below at ``high``.
        low: (...) lower ends.
        high: (...) upper ends.
        start: (...) first points.

    Returns:
        the roots, and what the function last returned, within 1e-8 of the bracket from them.

    Raises:
        NetlistError: no end after 100 steps, as with values that are not numbers.
    """
    point = np.clip(start, low, high)
    last = high - low
    # A step of Newton's squares the error: behind one this small none is left to be seen.
    small, halved = _SMALL_STEP * last, 4 * np.finfo(float).eps * last
    for _ in range(_ROOT_STEPS):
        values = function(point)
        value, slope = values[:2]
        low = np.where(value <= 0, point, low)
        high = np.where(value >= 0, point, high)
        step = value / np.where(slope > 0, slope, np.nan)
        new = point - step
        newton = (new >= low) & (new <= high) & (np.abs(step) <= 0.5 * last)
        new = np.where(newton, new, 0.5 * (low + high))
        last = np.abs(new - point)
        if (np.isfinite(value) & (last <= np.where(newton, small, halved))).all():
            return new, values
        point = new
    raise NetlistError(
        f"no current found after {_ROOT_STEPS} steps: element {int(np.argmax(np.abs(value)))} "
        f"still misses by {np.abs(value).max():.3g}"
    )
