"""The device, cell or array that a sweep file describes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memcircuit.sweeps.specification.node import TomlNode
from memcircuit.sweeps.specification.objects import numbers, wires

if TYPE_CHECKING:
    from memcircuit.crossbar import Crossbar
    from memcircuit.devices.device import Device
    from pyspice_netlists import Cell, Transistor

_CELL_UNITS = {"parallel": "ohm", "series": "ohm"}
_AMPLIFIER_UNITS = {"tail_current": "A", "overdrive": "V", "supply": "V"}


def device_of(node: TomlNode) -> Device:
    """Return the device of a table: a card, its parameters changed, where its state starts.

    Raises:
        UsageError: no such card or parameter, or a value that cannot be, with the place.
    """
    from memcircuit.devices.device import device

    card = node["card"]
    with card.blamed():
        found = device(card_place(card))
    changed: dict[str, Any] = {}
    names = ("card", "initial_state", *found.model.by_name)
    node.only(names)
    for name, entry in node.entries().items():
        if name not in ("card", "initial_state"):
            changed[name] = parameter_value(found, name, entry)
            with entry.blamed():  # each alone, to name the one at fault; then all together
                found.model.by_name[name].check(changed[name], f"device {found.name!r}")
    with node.blamed():
        found = found.with_parameters(**changed)
    if (start := node.get("initial_state")) is not None:
        with start.blamed():
            found = dataclasses.replace(found, initial_state=start.number("1"))
    return found


def card_place(node: TomlNode) -> str | Path:
    """Return the name of a card, or the path of a card file, which is beside the sweep file."""
    from memcircuit.devices.cards import card_names

    name = node.text()
    return Path(node.file).parent / name if name.endswith(".toml") else node.text(card_names())


def parameter_value(device: Device, name: str, node: TomlNode) -> float | str:
    """Return the value of a parameter of a device's model, SI; of a choice its name."""
    parameter = device.model.by_name[name]
    if parameter.choices and isinstance(node.value, str):
        return node.text(parameter.choices)
    return node.number(parameter.unit)


def cell_kinds() -> dict[str, type[Cell]]:
    """Return the kinds of cells by their short names, such as "1t1r"."""
    from pyspice_netlists import cells

    kinds = [getattr(cells, name) for name in cells.__all__]
    found = [kind for kind in kinds if hasattr(kind, "prefix")]
    return {kind.prefix.removeprefix("cell_"): kind for kind in found}


def cell_of(node: TomlNode, device: Device) -> Cell:
    """Return the cell of a table, around a device.

    Raises:
        UsageError: no such kind, or entries that make none, with the place.
    """
    kinds = cell_kinds()
    kind = kinds[node["kind"].text(tuple(kinds))]
    known = [one.name for one in dataclasses.fields(kind) if one.init and one.name != "device"]
    node.only(("kind", *known))
    given: dict[str, Any] = {}
    for name, entry in node.entries().items():
        if name == "transistor":
            given[name] = transistor_of(entry)
        elif name == "selector":
            given[name] = device_of(_as_table(entry))
        elif name == "amplifier":
            given[name] = _amplifier(entry)
        elif name == "count":
            given[name] = entry.whole(1)
        elif name != "kind":
            given[name] = entry.number(_CELL_UNITS.get(name, "1"))
    with node.blamed():
        return kind(device, **given)


def _as_table(node: TomlNode) -> TomlNode:
    """Return the table of a device of which only the card is named."""
    if isinstance(node.value, str):
        return dataclasses.replace(node, value={"card": node.value})
    return node


def transistor_of(node: TomlNode) -> Transistor | str:
    """Return a transistor: its name, or an integrated one of a width and length."""
    from pyspice_netlists import TRANSISTORS, integrated_nmos

    if isinstance(node.value, str):
        return node.text(tuple(TRANSISTORS))
    node.only(("w", "l"))
    sizes = {name: entry.number("m") for name, entry in node.entries().items()}
    with node.blamed():
        return integrated_nmos(**sizes)


def _amplifier(node: TomlNode) -> Any:
    from pyspice_netlists import DifferentialAmplifier

    node.only(_AMPLIFIER_UNITS)
    given = {key: entry.number(_AMPLIFIER_UNITS[key]) for key, entry in node.entries().items()}
    with node.blamed():
        return DifferentialAmplifier(**given)


def array_of(node: TomlNode, cell: Cell | Device | None) -> Crossbar:
    """Return the array of a table.

    Raises:
        UsageError: entries that make none, with the place.
    """
    from memcircuit.crossbar import Crossbar

    node.only(("rows", "columns", "wires", "gate", "gate_lines"))
    given: dict[str, Any] = {name: node[name].whole(1) for name in ("rows", "columns")}
    if (entry := node.get("wires")) is not None:
        given["wires"] = wires(entry)
    if (entry := node.get("gate")) is not None:
        given["gate"] = numbers("V", entry)
    if (entry := node.get("gate_lines")) is not None:
        given["gate_lines"] = entry.text(("row", "column"))
    with node.blamed():
        return Crossbar(cell, **given)
