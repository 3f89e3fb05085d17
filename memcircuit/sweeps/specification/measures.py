"""The results that a sweep file keeps of every point."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from memcircuit.sweeps.reductions import WAYS, Reduction, Reductions, check_name
from memcircuit.sweeps.specification.node import TomlNode


def measures_of(
    node: TomlNode, known: Mapping[str, tuple[str, ...]], swept: Collection[str]
) -> Reductions:
    """Return what the section [measure] keeps.

    Args:
        node: by name, such as { written = { of = "conductance", at = { pulse = -1 } } } or
            { worst = { of = "conductance", min = "pulse" } }; ``of`` is that name when left out.
        known: dimensions of the experiment's results by name; empty when they are not known.
        swept: names of the sweep's parameters and dimensions.

    Raises:
        UsageError: no such result or dimension, or a name that is taken, with the place.
    """
    made = {}
    for name, entry in node.entries().items():
        with entry.blamed():
            check_name(name, swept)
        made[name] = _reduction(name, entry, known)
    with node.blamed():
        found = Reductions(made)
        if known:
            found.check(known)
        return found


def _reduction(name: str, node: TomlNode, known: Mapping[str, tuple[str, ...]]) -> Reduction:
    node.only(("of", "at", *WAYS))
    of, at = node.get("of"), node.get("at")
    result = name if of is None else of.text()
    places = {} if at is None else {dim: place.whole() for dim, place in at.entries().items()}
    over: list[Any] = [(way, _dims(entry)) for way, entry in node.entries().items() if way in WAYS]
    if known and result not in known:
        raise (of or node).unknown(result, known, "no result")
    with node.blamed():
        found = Reduction(result, places, tuple(over))
        if known:
            found.check(known)
        return found


def _dims(node: TomlNode) -> tuple[str, ...]:
    """Return the dimensions of a text, or of a list of texts."""
    if isinstance(node.value, list):
        return tuple(one.text() for one in node.elements())
    return (node.text(),)
