"""The results that a sweep file keeps of every point."""

from __future__ import annotations

from typing import Any

from memcircuit.sweeps.reductions import WAYS, Reduction, Reductions
from memcircuit.sweeps.results import results_of
from memcircuit.sweeps.specification.node import TomlNode


def measures_of(node: TomlNode, experiment: str) -> Reductions:
    """Return what the section [measure] keeps.

    Args:
        node: by name, such as { written = { of = "conductance", at = { pulse = -1 } } } or
            { worst = { of = "conductance", min = "pulse" } }; ``of`` is that name when left out.
        experiment: whose results they are made of.

    Raises:
        UsageError: no such result or dimension, with the place.
    """
    with node.blamed():
        known = results_of(experiment)
        return Reductions(
            {name: _reduction(name, entry, known) for name, entry in node.entries().items()}
        )


def _reduction(name: str, node: TomlNode, known: dict[str, tuple[str, ...]]) -> Reduction:
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
