"""Limits of results in a sweep file, which a yield is counted by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memcircuit.sweeps.reductions import Reductions
from memcircuit.sweeps.results import RESERVED, unreserved
from memcircuit.sweeps.specification.node import TomlNode
from memcircuit.sweeps.specification.quantities import quantity_with_unit

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class StatedLimit:
    """Limits of one result.

    Attributes:
        low: lowest value inside, SI; None when open.
        high: highest value inside, SI; None when open.
        units: that were written with them.
        at: place that is chosen along a dimension, from 0, negative from the end.
        node: where they stand.
    """

    low: float | None
    high: float | None
    units: tuple[str, ...]
    at: Mapping[str, int]
    node: TomlNode

    def selected(self, dataset: xr.Dataset, name: str) -> xr.Dataset:
        """Return the dataset with this result at the place that is chosen.

        Raises:
            UsageError: no such result or place, or a result in another unit, with the place in
                the file.
        """
        if name not in dataset.data_vars:
            known = ", ".join(map(str, dataset.data_vars))
            raise self.node.error(f"there is no such result; there is {known}")
        result = dataset[name]
        unit = str(result.attrs.get("units", "1"))
        for given in self.units:
            if given != unit:
                raise self.node.error(f"the limits have unit {given!r}; that of {name} is {unit!r}")
        for dim, place in self.at.items():
            length = result.sizes.get(dim)
            if length is None:
                own = ", ".join(map(str, result.dims))
                raise self.node.error(f"{name} has no dimension {dim!r}, but {own or 'none'}")
            if not -length <= place < length:
                raise self.node.error(f"at {dim} = {place}, but there are {length}, from 0")
        return dataset.assign({name: result.isel(self.at)})


def limits_of(
    node: TomlNode, known: Mapping[str, tuple[str, ...]], measure: Reductions | None
) -> dict[str, StatedLimit]:
    """Return the limits of a table, such as { conductance = { low = "20uS", at = { pulse = 1 } } }.

    Args:
        node: the table.
        known: dimensions of the experiment's results by name; empty when they are not known.
        measure: what is kept of them; all when None.

    Raises:
        UsageError: no limit, one that encloses nothing, or one of no result, with the place.
    """
    for name, entry in node.entries().items():
        if name in RESERVED:
            has = measure is None and name in known
            right = f"use {unreserved(name)}" if has else "choose another result"
            raise entry.error(f"{name} is what the sweep itself says of its points; {right}")
    of = {unreserved(name): dims for name, dims in known.items()}
    if measure is not None:
        node.only(tuple(measure.by_name))
        kept = measure.by_name.items()
        of = {name: one.left(known[one.of]) for name, one in kept if one.of in known}
    return {name: _limit(entry, of) for name, entry in node.entries().items()}


def _limit(node: TomlNode, known: Mapping[str, tuple[str, ...]]) -> StatedLimit:
    node.only(("low", "high", "at"))
    if known and node.key not in known:
        raise node.unknown(node.key, known, "no result")
    ends = {name: _end(node[name]) for name in ("low", "high") if name in node}
    if not ends:
        raise node.error("limits nothing; give low or high")
    low, high = (ends[name][0] if name in ends else None for name in ("low", "high"))
    if low is not None and high is not None and low > high:
        raise node.error(f"low = {low:g} is above high = {high:g}; expected low below high")
    units = tuple(unit for _, unit in ends.values() if unit)
    if len(set(units)) > 1:
        raise node.error(f"low has unit {units[0]!r} and high {units[1]!r}; expected one unit")
    at = node.get("at")
    places = {} if at is None else {dim: place.whole() for dim, place in at.entries().items()}
    for dim in places:
        if known and dim not in known[node.key]:
            own = ", ".join(known[node.key]) or "none"
            raise node.error(f"{node.key} has no dimension {dim!r}, but {own}")
    return StatedLimit(low, high, units, places, node)


def _end(node: TomlNode) -> tuple[float, str]:
    if not isinstance(node.value, str):
        return float(node.number("")), ""
    with node.blamed():
        value, unit = quantity_with_unit(node.value, node.key)
    if not math.isfinite(value):
        raise node.error(f"{node.shown} is not finite; expected a number")
    return value, unit
