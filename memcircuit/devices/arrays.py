"""What callers give, as arrays of numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.errors import UsageError


def numbers(given: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return what was given as an array; ``name`` stands in the message.

    Raises:
        UsageError: no array of numbers.
    """
    try:
        values = np.asarray(given)
    except (TypeError, ValueError):
        values = np.empty(0, dtype=object)  # ragged
    if values.dtype.kind not in "iuf":
        raise UsageError(f"{name} = {given!r} is no array of numbers")
    return values.astype(float, copy=False)
