"""Subcircuit calls written out, as ngspice would expand them.

ngspice takes longer to expand an array of 64 x 64 compiled cells than to solve it. Names are those
of its own expansion: element E of instance X1 is e.x1.e, its node n is x1.n.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

# Elements of which every word before the first k=v is a node, a value, a model or a subcircuit;
# and how many nodes those with a value have.
_NODES = {"r": 2, "c": 2, "v": 2}
_WITH_MODEL = "nm"
_PARAMETER = re.compile(r"\{(\w+)\}\Z", re.ASCII)
_LITERAL = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?[a-z]*\Z", re.ASCII)
_NAME = re.compile(r"[\w.]+\Z", re.ASCII)
_GROUND = ("0", "gnd")


class _NotPlainError(Exception):
    """A subcircuit that this module cannot write out."""


@dataclass(frozen=True)
class _Subcircuit:
    """Pins, defaults of the parameters, element lines."""

    pins: tuple[str, ...]
    defaults: Mapping[str, str]
    body: tuple[str, ...]


def expanded(definitions: Sequence[str], name: str, given: Sequence[str]) -> str | None:
    """Return the elements of a call of a subcircuit as a text for ``str.format``.

    Args:
        definitions: lines with every subcircuit and model that it needs.
        name: of the subcircuit.
        given: names of the parameters that the call gives.

    Returns:
        lines in which ``{0}`` is the label of the instance behind the X, ``{1}`` and so on the
        nodes at the pins, and then the given parameters as numbers; None for a subcircuit with
        anything but parts of fixed values, transistors, compiled devices and calls, or with
        expressions: ngspice must then expand it.
    """
    try:
        models, subcircuits = _read(definitions)
        top = subcircuits[name.lower()]
        nodes = {pin: f"{{{number}}}" for number, pin in enumerate(top.pins, start=1)}
        first = len(top.pins) + 1
        # as ngspice's expansion prints numbers: its reader rounds other spellings differently
        values = {key.lower(): f"{{{first + k}:.15e}}" for k, key in enumerate(given)}
        if not values.keys() <= top.defaults.keys():
            return None
        whole = _elements(top, "x{0}", nodes, {**top.defaults, **values}, subcircuits, models)
        return "\n".join(whole)
    except (_NotPlainError, KeyError):
        return None


def _elements(
    subcircuit: _Subcircuit,
    path: str,
    nodes: Mapping[str, str],
    values: Mapping[str, str],
    subcircuits: Mapping[str, _Subcircuit],
    models: set[str],
) -> Iterator[str]:
    def at(node: str) -> str:
        if not _NAME.match(node):
            raise _NotPlainError
        return node if node in _GROUND else nodes.get(node, f"{path}.{node}")

    for line in subcircuit.body:
        name, *words = line.split()
        if not _NAME.match(name):
            raise _NotPlainError
        places = [word for word in words if "=" not in word]
        own = dict(word.split("=", 1) for word in words if "=" in word)
        own = {key: _value(text, values) for key, text in own.items()}
        if name[0] == "x":
            inner = subcircuits[places.pop()]
            if len(places) != len(inner.pins) or not own.keys() <= inner.defaults.keys():
                raise _NotPlainError
            yield from _elements(
                inner, f"{path}.{name}", dict(zip(inner.pins, map(at, places), strict=True)),
                {**inner.defaults, **own}, subcircuits, models,
            )  # fmt: skip
            continue
        if name[0] in _WITH_MODEL and places[-1] in models:
            kind, count = places[-1], len(places) - 1
        elif len(places) == _NODES.get(name[0], -1) + 1:
            kind, count = _value(places[-1], values), len(places) - 1
        else:
            raise _NotPlainError
        ends = " ".join(at(node) for node in places[:count])
        tail = "".join(f" {key}={value}" for key, value in own.items())
        yield f"{name[0]}.{path}.{name} {ends} {kind}{tail}"


def _value(text: str, values: Mapping[str, str]) -> str:
    if parameter := _PARAMETER.match(text):
        return values[parameter[1]]
    if not _LITERAL.match(text):
        raise _NotPlainError
    return text


def _read(definitions: Sequence[str]) -> tuple[set[str], dict[str, _Subcircuit]]:
    models: set[str] = set()
    subcircuits: dict[str, _Subcircuit] = {}
    open_name, header = "", _Subcircuit((), {}, ())
    body: list[str] = []
    for line in _joined(definitions):
        kind, *words = line.split()
        if kind == ".subckt" and not open_name:
            open_name, body = words[0], []
            pins = tuple(word for word in words[1:] if "=" not in word and word != "params:")
            defaults = dict(word.split("=", 1) for word in words[1:] if "=" in word)
            header = _Subcircuit(pins, {k: _value(v, {}) for k, v in defaults.items()}, ())
        elif kind == ".ends" and open_name:
            subcircuits[open_name] = _Subcircuit(header.pins, header.defaults, tuple(body))
            open_name = ""
        elif kind == ".model" and not open_name:
            models.add(words[0])
        elif open_name and kind[0] != ".":
            body.append(line)
        else:
            raise _NotPlainError
    return models, subcircuits


def _joined(definitions: Sequence[str]) -> list[str]:
    """Return the lines in lower case without comments, continuations joined."""
    lines: list[str] = []
    for line in "\n".join(definitions).lower().split("\n"):
        stripped = line.strip()
        if stripped.startswith("+") and lines:
            lines[-1] += " " + stripped[1:]
        elif stripped and stripped[0] not in "*$;":
            lines.append(re.sub(r"\s*=\s*", "=", stripped))
    return lines
