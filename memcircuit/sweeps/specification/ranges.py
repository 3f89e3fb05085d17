"""Ranges of parameters in a sweep file: evenly spaced values, and laws that samples follow."""

from __future__ import annotations

import numpy as np

from memcircuit.sweeps.design import MOST_POINTS
from memcircuit.sweeps.distributions import LogNormal, LogUniform, Normal, Range, Uniform
from memcircuit.sweeps.specification.node import TomlNode

_SPACED = ("from", "to", "count", "spacing")
_SPACINGS = ("linear", "log")
# By the entries that they need.
_LAWS: dict[tuple[str, str], type[Uniform | Normal | LogNormal]] = {
    ("low", "high"): Uniform,
    ("mean", "deviation"): Normal,
    ("median", "relative"): LogNormal,
}
_WORDS = {*_SPACED, *(word for words in _LAWS for word in words)}


def is_range(node: TomlNode) -> bool:
    """Return whether a table says a range, and not parameters of one object."""
    return any(name in _WORDS and not isinstance(node.value[name], list) for name in node.table())


def spaced_values(node: TomlNode, unit: str) -> list[float | int]:
    """Return evenly spaced values, such as of { from = "1.2V", to = "2V", count = 20 }.

    Args:
        node: first and last value, how many, and "linear" or "log" spacing.
        unit: of the values.
    """
    node.only(_SPACED)
    first, last = node["from"].number(unit), node["to"].number(unit)
    count = node["count"].whole(2, MOST_POINTS)
    if _spacing(node) == "log":
        for name, value in (("from", first), ("to", last)):
            if value <= 0:
                raise node[name].error(f"{value}; logarithmic spacing needs values above 0")
        return list(np.geomspace(first, last, count).tolist())
    values = np.linspace(first, last, count)
    whole = isinstance(node["from"].value, int) and isinstance(node["to"].value, int)
    if whole and np.array_equal(values, np.rint(values)):
        return list(values.astype(np.int64).tolist())
    return list(values.tolist())


def law(node: TomlNode, unit: str) -> Range:
    """Return the law of a parameter that is drawn: a table, or [low, high].

    Args:
        node: { low, high }, with spacing = "log" if wanted; { mean, deviation }, normal; or
            { median, relative }, log-normal.
        unit: of the parameter.
    """
    if isinstance(node.value, list):
        if len(node.value) != 2:
            raise node.error(f"{node.shown}; expected [low, high]")
        low, high = (one.number(unit) for one in node.elements())
        with node.blamed():
            return Uniform(low, high)
    for words, made in _LAWS.items():
        if words[0] not in node and words[1] not in node:
            continue
        spaced = words[0] == "low"
        node.only((*words, "spacing") if spaced else words)
        units = (unit, "1" if words[1] == "relative" else unit)
        one, other = (node[name].number(own) for name, own in zip(words, units, strict=True))
        with node.blamed():
            logarithmic = spaced and _spacing(node) == "log"
            return LogUniform(one, other) if logarithmic else made(one, other)
    raise node.error(
        f"{node.shown} is no range; expected {{ low, high }}, {{ mean, deviation }} or "
        "{ median, relative }"
    )


def _spacing(node: TomlNode) -> str:
    chosen = node.get("spacing")
    return "linear" if chosen is None else chosen.text(_SPACINGS)
