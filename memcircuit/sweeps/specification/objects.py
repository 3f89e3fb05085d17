"""Objects from tables and lists of a TOML file: numbers, wires, options, places in arrays."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from memcircuit.sweeps.specification.node import TomlNode

if TYPE_CHECKING:
    from memcircuit.crossbar import Bias, Wires
    from memcircuit.simulate import Options

_WIRES = {
    "row": "ohm", "column": "ohm", "source": "ohm", "sense": "ohm", "row_end": "ohm",
    "column_end": "ohm", "row_capacitance": "F", "column_capacitance": "F",
}  # fmt: skip
_OPTIONS = {"reltol": "1", "abstol": "A", "vntol": "V", "gmin": "S"}


def numbers(unit: str, node: TomlNode) -> Any:
    """Return a number, SI, or the nested lists of numbers that the value is."""
    if isinstance(node.value, list):
        return [numbers(unit, element) for element in node.elements()]
    return node.number(unit)


def numbers_by_name(unit: str, node: TomlNode) -> dict[str, Any]:
    """Return numbers, or lists of them, by the keys of a table."""
    return {key: numbers(unit, entry) for key, entry in node.entries().items()}


def wires(node: TomlNode) -> Wires | float:
    """Return what the lines of an array are made of: ohm per segment, or a table."""
    from memcircuit.crossbar import Wires

    if not isinstance(node.value, dict):
        return node.number("ohm")
    sides = ("drive", "sense_at")
    node.only((*_WIRES, *sides))
    given: dict[str, Any] = {
        key: entry.text() if key in sides else numbers(_WIRES[key], entry)
        for key, entry in node.entries().items()
    }
    with node.blamed():
        return Wires(**given)


def options(node: TomlNode) -> Options:
    """Return options of the simulator."""
    from memcircuit.simulate import Options

    node.only([one.name for one in fields(Options)])
    given: dict[str, Any] = {}
    for key, entry in node.entries().items():
        if key in _OPTIONS:
            given[key] = entry.number(_OPTIONS[key])
        elif key == "extra":
            given[key] = tuple(element.text() for element in entry.elements())
        elif key in ("gmin_steps", "source_steps"):
            given[key] = entry.whole(0)
        else:
            given[key] = entry.flag() if key == "klu" else entry.text()
    with node.blamed():
        return Options(**given)


def bias(node: TomlNode) -> Bias:
    """Return what lines that are not selected are given; a line that is left out is open."""
    from memcircuit.crossbar import Bias

    node.only(("row", "column"))
    shares = {key: entry.number("1") for key, entry in node.entries().items()}
    with node.blamed():
        return Bias(shares.get("row"), shares.get("column"))


def cell_places(node: TomlNode) -> Any:
    """Return [row, column] as a pair, or a list of pairs."""
    if node.value and all(isinstance(value, list) for value in node.value):
        return [cell_places(element) for element in node.elements()]
    if len(node.elements()) != 2:
        raise node.error(f"{node.shown}; expected [row, column]")
    return tuple(element.whole(0) for element in node.elements())


def sizes(node: TomlNode) -> list[Any]:
    """Return sizes of arrays, each a number of lines or a pair."""
    return [
        cell_places(one) if isinstance(one.value, list) else one.whole(1) for one in node.elements()
    ]


def cell_targets(node: TomlNode) -> dict[tuple[int, int], float]:
    """Return conductances, S, by row and column of the cell."""
    found: dict[tuple[int, int], float] = {}
    for element in node.elements():
        element.only(("row", "column", "target"))
        place = element["row"].whole(0), element["column"].whole(0)
        if place in found:
            raise element.error(f"cell {place} is named twice")
        found[place] = element["target"].number("S")
    return found
