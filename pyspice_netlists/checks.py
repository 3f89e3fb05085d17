"""Numbers given by the user, refused by name when they make no stimulus."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyspice_netlists.errors import NetlistError


def number(name: str, value: object, unit: str = "s") -> float:
    """Return a finite number.

    Raises:
        NetlistError: anything else.
    """
    real = isinstance(value, int | float | np.integer | np.floating)
    if real and not isinstance(value, bool):
        try:
            found = float(value)  # type: ignore[arg-type]
        except OverflowError:
            found = math.inf
        if math.isfinite(found):
            return found
    raise NetlistError(f"{name} = {value!r} {unit}: a finite number")


def positive(name: str, value: object, unit: str = "s") -> float:
    """Return a finite number above zero.

    Raises:
        NetlistError: anything else.
    """
    found = number(name, value, unit)
    if found <= 0:
        raise NetlistError(f"{name} = {value!r} {unit}: a number above zero")
    return found


def whole(name: str, value: object, least: int) -> int:
    """Return a whole number of at least ``least``.

    Raises:
        NetlistError: anything else.
    """
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= least:
        return int(value)
    raise NetlistError(f"{name} = {value!r}: a whole number of at least {least}")


def numbers(name: str, given: ArrayLike) -> NDArray[np.float64]:
    """Return one number or a list of them as an array, (n,).

    Raises:
        NetlistError: no numbers, none at all, or more than one dimension.
    """
    try:
        values = np.atleast_1d(np.asarray(given, dtype=float))
    except (TypeError, ValueError) as error:
        raise NetlistError(f"{name} = {given!r}: expected numbers") from error
    if values.ndim != 1 or values.size == 0:
        raise NetlistError(f"{name} of shape {values.shape}: a list of at least one number")
    return values
