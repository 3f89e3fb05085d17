"""What is asked of single numbers."""

from __future__ import annotations

import numpy as np

from memcircuit.errors import UsageError


def require_number(
    value: object, name: str, *, least: float = 0.0, most: float = np.inf, above: bool = False
) -> None:
    """Refuse what is no finite real number within bounds.

    Args:
        value: what was given; a bool is no number.
        name: what it is, with its unit, for the message.
        least: smallest value allowed.
        most: largest value allowed.
        above: whether ``least`` itself is refused.

    Raises:
        UsageError: no number, NaN or infinity, or out of bounds.
    """
    number = float("nan")
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        number = float(value)
    # a comparison with NaN is never true
    if np.isfinite(number) and least <= number <= most and not (above and number == least):
        return
    bounds = f"{'above' if above else 'at least'} {least:g}"
    bounds += f" and at most {most:g}" if np.isfinite(most) else " and finite"
    raise UsageError(f"{name} is {value!r}; it must be a number {bounds}")


def require_count(value: object, name: str) -> int:
    """Return a whole number of at least 1.

    Raises:
        UsageError: anything else; a bool is no number.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise UsageError(f"{name} is {value!r}; it must be a whole number of at least 1")
    return int(value)
