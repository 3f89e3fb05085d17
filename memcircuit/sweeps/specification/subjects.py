"""The cell or array that a sweep file describes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from memcircuit.sweeps.specification.devices import device_of
from memcircuit.sweeps.specification.node import TomlNode
from memcircuit.sweeps.specification.objects import numbers, wires

if TYPE_CHECKING:
    from memcircuit.crossbar import Crossbar
    from memcircuit.devices.device import Device
    from memcircuit.simulate.verilog_a_file import VerilogAFile
    from pyspice_netlists import Cell, Transistor

_CELL_UNITS = {"parallel": "ohm", "series": "ohm"}
_AMPLIFIER_UNITS = {"tail_current": "A", "overdrive": "V", "supply": "V"}


def cell_kinds() -> dict[str, type[Cell]]:
    """Return the kinds of cells by their short names, such as "1t1r"."""
    from pyspice_netlists import cells

    kinds = [getattr(cells, name) for name in cells.__all__]
    found = [kind for kind in kinds if hasattr(kind, "prefix")]
    return {kind.prefix.removeprefix("cell_"): kind for kind in found}


def cell_of(node: TomlNode, device: Device | VerilogAFile) -> Cell:
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


def array_of(node: TomlNode, cell: Cell | Device | VerilogAFile | None) -> Crossbar:
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
