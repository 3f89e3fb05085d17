"""What is asked of single arguments."""

from __future__ import annotations

import numpy as np

from memcircuit.errors import UsageError


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
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
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
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < 1 or (most is not None and value > most):  # type: ignore[operator]
        bounds = "at least 1" if most is None else f"1 to {most}"
        raise UsageError(f"{name} is {value!r}; it must be a whole number of {bounds}")
    return int(value)  # type: ignore[call-overload,no-any-return]


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
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not -count <= value < count:  # type: ignore[operator]
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


def require_device(device: object) -> None:
    """Refuse what is no device.

    Raises:
        UsageError: another kind, such as the name of a card.
    """
    from memcircuit.devices.device import Device

    require_kind(device, Device, "device", "a Device, as of mc.device(NAME)")


def _short(value: object) -> str:
    """Return what a value is, in a few words."""
    simple = value is None or isinstance(value, str | int | float)
    return repr(value) if simple else f"a {type(value).__name__}"
