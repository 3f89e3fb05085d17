"""What is asked of single arguments."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any, TypeGuard

import numpy as np

from memcircuit.errors import UsageError

# More than any array has of anything.
_MOST = 2**31
# Numbers in one array: 0.8 GB.
_MOST_NUMBERS = 10**8


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a real number that a float can hold; a bool is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) <= sys.float_info.max
    return isinstance(value, float | np.integer | np.floating)


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether a value is of a type of whole numbers; a bool is none, and neither is 2.0."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def whole_number(value: object, name: str) -> int:
    """Return a whole number as it is.

    Raises:
        UsageError: anything else.
    """
    if not is_whole(value):
        raise UsageError(f"{name} = {value!r} must be a whole number")
    if abs(value) >= _MOST:
        raise UsageError(f"{name} = {value!r:.40}: more than can be simulated")
    return int(value)


def require_size(counts: Mapping[str, int]) -> None:
    """Refuse counts whose product is more numbers than one array should have.

    Args:
        counts: along each dimension of the array, by name.

    Raises:
        UsageError: naming the counts.
    """
    if math.prod(counts.values()) > _MOST_NUMBERS:
        told = ", ".join(f"{name} = {count!s:.40}" for name, count in counts.items())
        raise UsageError(f"{told}: at most {_MOST_NUMBERS:.0e} in all")


def require_time(value: object, name: str) -> float:
    """Return a time in s; raises UsageError for what is none, or not above zero."""
    if not is_number(value) or not 0 < value < np.inf:
        raise UsageError(f"{name} = {value!r} s: expected a number above 0")
    return float(value)


def require_tolerance(value: object) -> None:
    """Refuse what is no relative tolerance, with UsageError."""
    if not is_number(value) or not 0 < value < 1:
        raise UsageError(f"tolerance = {value!r}: expected a number above 0 and below 1")


def require_number(
    value: object,
    name: str,
    *,
    least: float = 0.0,
    most: float = np.inf,
    above: bool = False,
    below: bool = False,
) -> None:
    """Refuse what is no finite real number within bounds.

    Args:
        value: what was given; a bool is no number.
        name: what it is, with its unit, for the message.
        least: smallest value allowed.
        most: largest value allowed.
        above: whether ``least`` itself is refused.
        below: whether ``most`` itself is refused.

    Raises:
        UsageError: no number, NaN or infinity, or out of bounds.
    """
    number = float("nan")
    if is_number(value):
        number = float(value)
    outside = (above and number == least) or (below and number == most)
    # a comparison with NaN is never true
    if np.isfinite(number) and least <= number <= most and not outside:
        return
    bounds = f"{'above' if above else 'at least'} {least:g}"
    upper = f" and {'below' if below else 'at most'} {most:g}"
    bounds += upper if np.isfinite(most) else " and finite"
    raise UsageError(f"{name} is {value!r}; it must be a number {bounds}")


def require_count(value: object, name: str, *, most: int | None = None) -> int:
    """Return a whole number of at least 1.

    Args:
        value: what was given; a bool is no number.
        name: what it is, for the message.
        most: largest number allowed; any when None.

    Raises:
        UsageError: no whole number, or out of bounds.
    """
    if not is_whole(value) or value < 1 or (most is not None and value > most):
        bounds = "at least 1" if most is None else f"1 to {most}"
        raise UsageError(f"{name} is {value!r}; it must be a whole number of {bounds}")
    return int(value)


def require_flag(value: object, name: str) -> bool:
    """Return True or False.

    Raises:
        UsageError: anything else.
    """
    if not isinstance(value, bool | np.bool_):
        raise UsageError(f"{name} is {value!r}; give True or False")
    return bool(value)


def require_kind(value: object, kind: type | tuple[type, ...], name: str, wanted: str) -> None:
    """Refuse what is of another kind.

    Args:
        value: what was given.
        kind: what it must be an instance of.
        name: what it is, for the message.
        wanted: what would be right, for the message.

    Raises:
        UsageError: another kind.
    """
    if not isinstance(value, kind):
        given = f"the class {value.__name__}" if isinstance(value, type) else _short(value)
        raise UsageError(f"{name} is {given}; give {wanted}")


def require_choice(value: object, choices: tuple[str, ...], name: str) -> None:
    """Refuse what is none of some words.

    Raises:
        UsageError: anything else.
    """
    if not isinstance(value, str) or value not in choices:
        raise UsageError(f"{name} = {value!r}; choose {' or '.join(map(repr, choices))}")


def named_values(
    given: object, name: str, wanted: str = "multipliers by name"
) -> Mapping[str, Any]:
    """Return what is given by name; nothing for None.

    Raises:
        UsageError: no mapping, or a name that is no text.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise UsageError(f"{name} = {given!r:.80}: expected {wanted}")
    return given


def require_callback(function: object, name: str) -> None:
    """Refuse what can neither be called nor is None.

    Raises:
        UsageError: another kind.
    """
    if function is not None and not callable(function):
        raise UsageError(f"{name} is {function!r}; give a function or None")


def require_index(value: object, count: int, name: str) -> None:
    """Refuse what is no index of ``count`` things; negative ones count from the end.

    Raises:
        UsageError: no whole number, or out of bounds.
    """
    if not is_whole(value) or not -count <= value < count:
        known = f"0 to {count - 1}" if count > 1 else "only 0"
        raise UsageError(f"{name} is {value!r}; this result has {known}")


def require_generator(rng: object) -> np.random.Generator:
    """Return what draws at random.

    Raises:
        UsageError: no generator.
    """
    if not isinstance(rng, np.random.Generator):
        raise UsageError(f"rng is {_short(rng)}; pass numpy.random.default_rng(seed)")
    return rng


def _short(value: object) -> str:
    """Return what a value is, in a few words."""
    simple = value is None or isinstance(value, str | int | float)
    return repr(value) if simple else f"a {type(value).__name__}"
