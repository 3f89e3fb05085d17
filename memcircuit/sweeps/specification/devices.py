"""The device that a sweep file describes: that of a card, or of a Verilog-A file."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memcircuit.errors import UsageError
from memcircuit.sweeps.specification.node import TomlNode
from memcircuit.sweeps.subject import parameter_unit

if TYPE_CHECKING:
    from memcircuit.devices.device import Device
    from memcircuit.simulate.verilog_a_file import VerilogAFile

#: Experiments that no device of a Verilog-A file will do for.
EQUATIONS = frozenset(
    {
        "drive_array", "half_select_disturb", "program_pulses", "pulse_cycles", "pulse_statistics",
        "read_disturb", "read_margin", "retention", "settle_read", "write_verify",
    }
)  # fmt: skip
# Of a device of a file: texts, and the order in which entries can be at fault.
_TEXTS = ("module", "name", "initial_state_parameter", "state", "transistor", "citation")
_ORDER = (
    "name", "state", "transistor", "citation", "state_range", "initial_state_parameter",
    "initial_state", "varies",
)  # fmt: skip


def device_of(node: TomlNode) -> Device | VerilogAFile:
    """Return the device of a table, of a card or of a Verilog-A file.

    Raises:
        UsageError: no such device, with the place.
    """
    if "verilog_a" not in node:
        return card_device_of(node)
    if "card" in node:
        raise node["verilog_a"].error("a device is that of a card or of a file; leave one out")
    return _file_device_of(node)


def card_device_of(node: TomlNode) -> Device:
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


def _file_device_of(node: TomlNode) -> VerilogAFile:
    """Return the device of a Verilog-A file, which is beside the sweep file.

    Raises:
        UsageError: no such file, module or parameter, or a value that the module refuses, with
            the place.
        CompileError: the compiler refused the file.
        ToolMissingError: there is no compiler.
    """
    from memcircuit.simulate.verilog_a_file import VerilogAFile

    node.only(("verilog_a", *_TEXTS, "parameters", "state_range", "initial_state", "varies"))
    path = Path(node.file).parent / node["verilog_a"].text()
    given = _file_arguments(node)
    with (node.get("module") or node["verilog_a"]).blamed():
        bare = VerilogAFile(path, module=given.get("module"), state="")
    if (parameters := node.get("parameters")) is not None:
        parameters.only(parameter_names(bare))
        given["parameters"] = {
            name: parameter_value(bare, name, entry) for name, entry in parameters.entries().items()
        }
    try:
        return VerilogAFile(path, **given)
    except UsageError:
        _blame(node, lambda **some: VerilogAFile(path, **some), given)
        with node.blamed():
            raise


def _file_arguments(node: TomlNode) -> dict[str, Any]:
    """Return what a table says of a device of a file, but for its parameters."""
    given: dict[str, Any] = {name: node[name].text() for name in _TEXTS if name in node}
    if (start := node.get("initial_state")) is not None:
        given["initial_state"] = start.number("1")
    if (ends := node.get("state_range")) is not None:
        if len(ends.elements()) != 2:
            raise ends.error(f"{ends.shown}; expected the module's values at state 0 and at 1")
        given["state_range"] = tuple(one.number("") for one in ends.elements())
    if (varies := node.get("varies")) is not None:
        given["varies"] = [one.text() for one in varies.elements()]
    return given


def _blame(node: TomlNode, make: Callable[..., object], given: Mapping[str, Any]) -> None:
    """Raise for the first entry without which there was a device."""
    so_far: dict[str, Any] = {"state": ""}
    for name in ("module", "parameters", *_ORDER):
        if name == "parameters":
            for inner, value in given.get(name, {}).items():
                so_far[name] = {**so_far.get(name, {}), inner: value}
                with node[name][inner].blamed():
                    make(**so_far)
        elif name in given:
            so_far[name] = given[name]
            with node[name].blamed():
                make(**so_far)


def card_place(node: TomlNode) -> str | Path:
    """Return the name of a card, or the path of a card file, which is beside the sweep file."""
    from memcircuit.devices.cards import card_names

    name = node.text()
    return Path(node.file).parent / name if name.endswith(".toml") else node.text(card_names())


def parameter_names(device: Device | VerilogAFile) -> tuple[str, ...]:
    """Return the names of a device's parameters."""
    from memcircuit.devices.device import Device

    if isinstance(device, Device):
        return tuple(device.model.by_name)
    return tuple(one.name for one in device.compiled.parameters)


def parameter_value(device: Device | VerilogAFile, name: str, node: TomlNode) -> float | str:
    """Return the value of a parameter of a device, SI, or in its module's unit; or a choice."""
    model = getattr(device, "model", None)
    if model is not None and model.by_name[name].choices and isinstance(node.value, str):
        return node.text(model.by_name[name].choices)
    return node.number(parameter_unit(device, name).replace("Ohm", "ohm"))
