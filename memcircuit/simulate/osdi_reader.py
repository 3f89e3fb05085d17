"""Prints as JSON what the compiled modules of an OSDI library say of themselves.

A program of its own, run in a child process: loading a library runs native code that somebody
else wrote. It needs nothing but Python's own library.

    python osdi_reader.py LIBRARY [MODULE VALUES]

MODULE is set up with VALUES, a JSON object of numbers by parameter name; the other modules, and
all without it, with their defaults. The structures are those of OSDI 0.4, of which later minor
versions only add to the end (osdi.h of the OpenVAF and ngspice projects).
"""

from __future__ import annotations

import ctypes as c
import json
import sys
from collections.abc import Mapping
from typing import Any

_U32 = c.c_uint32
_TYPE_MASK, _TYPES = 3, ("real", "integer", "string")
_KIND_SHIFT, _KINDS = 30, ("model", "instance")
_SET, _INSTANCE = 1, 4
_NOWHERE = 2**32 - 1  # the offset of what is not there
_OUT_OF_BOUNDS = 1
_ROOM_TEMPERATURE = 300.15  # K, ngspice's own
# $simparam values that a module may ask for while it is set up; ngspice's defaults
_SIMULATOR = {"gmin": 1e-12, "tnom": 27.0, "scale": 1.0, "shrink": 0.0, "minr": 1e-3}


class _NodePair(c.Structure):
    _fields_ = (("first", _U32), ("second", _U32))


class _JacobianEntry(c.Structure):
    _fields_ = (("nodes", _NodePair), ("reactive_offset", _U32), ("flags", _U32))


class _Node(c.Structure):
    _fields_ = (
        ("name", c.c_char_p),
        ("units", c.c_char_p),
        ("residual_units", c.c_char_p),
        ("offsets", _U32 * 4),
        ("is_flow", c.c_bool),
    )


class _Variable(c.Structure):
    """A parameter or an output variable; the first name is its own, the others are aliases."""

    _fields_ = (
        ("names", c.POINTER(c.c_char_p)),
        ("aliases", _U32),
        ("description", c.c_char_p),
        ("units", c.c_char_p),
        ("flags", _U32),
        ("length", _U32),
    )


class _SimulatorValues(c.Structure):
    _fields_ = (
        ("names", c.POINTER(c.c_char_p)),
        ("values", c.POINTER(c.c_double)),
        ("string_names", c.POINTER(c.c_char_p)),
        ("string_values", c.POINTER(c.c_char_p)),
    )


class _SetupError(c.Structure):
    _fields_ = (("code", _U32), ("parameter", _U32))


class _SetupResult(c.Structure):
    _fields_ = (("flags", _U32), ("count", _U32), ("errors", c.POINTER(_SetupError)))


_ACCESS = c.CFUNCTYPE(c.c_void_p, c.c_void_p, c.c_void_p, _U32, _U32)
_SETUP_MODEL = c.CFUNCTYPE(
    None, c.c_void_p, c.c_void_p, c.POINTER(_SimulatorValues), c.POINTER(_SetupResult)
)
_SETUP_INSTANCE = c.CFUNCTYPE(
    None, c.c_void_p, c.c_void_p, c.c_void_p, c.c_double, _U32,
    c.POINTER(_SimulatorValues), c.POINTER(_SetupResult),
)  # fmt: skip
_LOG = c.CFUNCTYPE(None, c.c_void_p, c.c_char_p, _U32)


class _Descriptor(c.Structure):
    """The head of a module's descriptor, as far as it is needed here."""

    _fields_ = (
        ("name", c.c_char_p),
        ("nodes_count", _U32),
        ("terminals_count", _U32),
        ("nodes", c.POINTER(_Node)),
        ("entries_count", _U32),
        ("entries", c.POINTER(_JacobianEntry)),
        ("collapsible_count", _U32),
        ("collapsible", c.POINTER(_NodePair)),
        ("collapsed_offset", _U32),
        ("noise_sources", c.c_void_p),
        ("noise_sources_count", _U32),
        ("parameters_count", _U32),
        ("instance_parameters_count", _U32),
        ("outputs_count", _U32),
        ("variables", c.POINTER(_Variable)),
        ("node_mapping_offset", _U32),
        ("jacobian_offset", _U32),
        ("states_count", _U32),
        ("states_offset", _U32),
        ("bound_step_offset", _U32),
        ("instance_size", _U32),
        ("model_size", _U32),
        ("access", _ACCESS),
        ("setup_model", _SETUP_MODEL),
        ("setup_instance", _SETUP_INSTANCE),
    )


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", errors="replace")


def _silent(_handle: int | None, _message: bytes | None, _level: int) -> None:
    """Drop what a module prints while it is set up."""


_DROPPED = _LOG(_silent)


def _simulator_values() -> _SimulatorValues:
    names = (c.c_char_p * (len(_SIMULATOR) + 1))(*(name.encode() for name in _SIMULATOR), None)
    values = (c.c_double * len(_SIMULATOR))(*_SIMULATOR.values())
    return _SimulatorValues(names, values, (c.c_char_p * 1)(None), (c.c_char_p * 1)(None))


def _memory(size: int) -> c.Array[c.c_double]:
    return (c.c_double * (size // 8 + 1))()  # zeroed, and aligned for doubles


class _Instance:
    """One instance of a module and its model card, set up with some values."""

    def __init__(self, descriptor: _Descriptor, given: Mapping[str, float]) -> None:
        self.descriptor = descriptor
        self.model = _memory(descriptor.model_size)
        self.instance = _memory(descriptor.instance_size)
        for number in range(descriptor.parameters_count):
            name = _text(descriptor.variables[number].names[0])
            if name in given:
                self._place(number, _SET).contents.value = given[name]
        self.out_of_range = self._set_up()

    def value(self, number: int) -> float | int | str:
        """Return the value of a parameter."""
        found = self._place(number, 0).contents.value
        return _text(found) if isinstance(found, bytes | None) else found

    def _place(self, number: int, flags: int) -> Any:
        kind = self.descriptor.variables[number].flags & _TYPE_MASK
        pointer = c.POINTER((c.c_double, c.c_int32, c.c_char_p)[kind])
        own = number < self.descriptor.instance_parameters_count
        place = self.descriptor.access(
            c.addressof(self.instance) if own else None,
            c.addressof(self.model),
            number,
            flags | (_INSTANCE if own else 0),
        )
        return c.cast(place, pointer)

    def _set_up(self) -> list[str]:
        known = _simulator_values()
        handle = (c.c_uint64 * 8)()  # unknown to the module, which hands it to the log
        of_model, of_instance = _SetupResult(), _SetupResult()
        self.descriptor.setup_model(
            c.addressof(handle), c.addressof(self.model), c.byref(known), c.byref(of_model)
        )
        self.descriptor.setup_instance(
            c.addressof(handle), c.addressof(self.instance), c.addressof(self.model),
            _ROOM_TEMPERATURE, self.descriptor.terminals_count,
            c.byref(known), c.byref(of_instance),
        )  # fmt: skip
        errors = [r.errors[k] for r in (of_model, of_instance) for k in range(r.count)]
        numbers = {e.parameter for e in errors if e.code == _OUT_OF_BOUNDS}
        return [_text(self.descriptor.variables[n].names[0]) for n in sorted(numbers)]


def _variable(descriptor: _Descriptor, number: int) -> dict[str, Any]:
    variable = descriptor.variables[number]
    return {
        "name": _text(variable.names[0]),
        "type": _TYPES[variable.flags & _TYPE_MASK],
        "unit": _text(variable.units),
        "description": _text(variable.description),
    }


def _module(descriptor: _Descriptor, given: Mapping[str, float]) -> dict[str, Any]:
    instance = _Instance(descriptor, given)
    count = descriptor.parameters_count
    entries = [descriptor.entries[n] for n in range(descriptor.entries_count)]
    # unknowns whose rate of change stands in some equation
    reactive = {entry.nodes.second for entry in entries if entry.reactive_offset != _NOWHERE}
    nodes = [descriptor.nodes[n] for n in range(descriptor.nodes_count)]
    parameters = [
        {
            **_variable(descriptor, number),
            "kind": _KINDS[descriptor.variables[number].flags >> _KIND_SHIFT & 1],
            "value": instance.value(number),
        }
        for number in range(count)
    ]
    return {
        "name": _text(descriptor.name),
        "terminals": [_text(node.name) for node in nodes[: descriptor.terminals_count]],
        "unknowns": [
            {"name": _text(node.name), "flow": node.is_flow, "reactive": number in reactive}
            for number, node in enumerate(nodes)
            if number >= descriptor.terminals_count
        ],
        "parameters": parameters,
        "outputs": [
            _variable(descriptor, n) for n in range(count, count + descriptor.outputs_count)
        ],
        "bounds_step": descriptor.bound_step_offset != _NOWHERE,
        "out_of_range": instance.out_of_range,
    }


def _read(path: str, module: str, given: Mapping[str, float]) -> list[dict[str, Any]]:
    library = c.CDLL(path)

    def constant(name: str) -> int:
        return _U32.in_dll(library, name).value

    version = constant("OSDI_VERSION_MAJOR"), constant("OSDI_VERSION_MINOR")
    if version[0] != 0 or version[1] < 4:
        raise SystemExit(f"OSDI {version[0]}.{version[1]}; expected 0.4 or a later 0.x")
    if hasattr(library, "osdi_log"):
        c.c_void_p.in_dll(library, "osdi_log").value = c.cast(_DROPPED, c.c_void_p).value
    first = c.addressof(c.c_byte.in_dll(library, "OSDI_DESCRIPTORS"))
    size, found = constant("OSDI_DESCRIPTOR_SIZE"), []
    for number in range(constant("OSDI_NUM_DESCRIPTORS")):
        descriptor = _Descriptor.from_address(first + number * size)
        found.append(_module(descriptor, given if _text(descriptor.name) == module else {}))
    return found


if __name__ == "__main__":
    _path, _name, _values = (*sys.argv[1:], "", "{}")[:3]
    json.dump(_read(_path, _name, json.loads(_values)), sys.stdout)
