"""Numbers with units, as people write them."""

from __future__ import annotations

from memcircuit.errors import ParameterError

# How people write the unit ohm.
_OHM = ("Ohm", "\N{OHM SIGN}", "\N{GREEK CAPITAL LETTER OMEGA}")


def quantity(text: str, unit: str, name: str) -> float:
    """Return ``text`` such as ``1.8V`` or ``10kHz`` in SI.

    The unit is read first, then the prefix: of a length ``5m`` are five metres, of a voltage five
    millivolt.

    Args:
        text: number, with SI prefix and unit if wanted.
        unit: the unit expected, "1" of a number that has none.
        name: of what it is for, for the message.

    Raises:
        ParameterError: not a number, or another unit.
    """
    bare = _written(text, name)
    shown, wanted = f"{name} = {text!r}", "no unit" if unit == "1" else unit
    value, rest = _parsed(bare if unit == "1" else bare.removesuffix(unit), shown, wanted)
    if rest:
        # of '2 ohm' for a length, 'oh' is left
        _, found = _parsed(bare, shown, wanted)
        expected = "none" if unit == "1" else repr(unit)
        raise ParameterError(f"{shown} has unit {found!r}; expected {expected}")
    return value


def quantity_with_unit(text: str, name: str) -> tuple[float, str]:
    """Return ``text`` in SI, and its unit; empty when it has none.

    Raises:
        ParameterError: not a number.
    """
    return _parsed(_written(text, name), f"{name} = {text!r}", "some unit")


def _written(text: str, name: str) -> str:
    if "," in text:  # a thousands separator to some, a decimal point to others
        raise ParameterError(f"{name} = {text!r}: write a point, not a comma")
    bare = text.strip()
    for letters in _OHM:
        bare = bare.replace(letters, "ohm")
    return bare


def _parsed(bare: str, shown: str, unit: str) -> tuple[float, str]:
    from quantiphy import InvalidNumber, Quantity

    try:
        value = Quantity(bare)
    except InvalidNumber as error:
        wanted = unit if unit.endswith("unit") else f"a unit of {unit}"
        raise ParameterError(f"{shown} is not a number with {wanted}") from error
    return float(value), str(value.units)
