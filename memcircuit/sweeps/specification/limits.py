"""Limits of results in a sweep file, which a yield is counted by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memcircuit.errors import UsageError
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
    """

    low: float | None
    high: float | None
    units: tuple[str, ...]
    at: Mapping[str, int]

    def selected(self, dataset: xr.Dataset, name: str) -> xr.Dataset:
        """Return the dataset with this result at the place that is chosen.

        Raises:
            UsageError: no such result or place, or a result in another unit.
        """
        if name not in dataset.data_vars:
            known = ", ".join(map(str, dataset.data_vars))
            raise UsageError(f"limits of {name!r}: there is no such result; there is {known}")
        result = dataset[name]
        unit = str(result.attrs.get("units", "1"))
        for given in self.units:
            if given != unit:
                raise UsageError(f"limits of {name} have unit {given!r}; its unit is {unit!r}")
        for dim, place in self.at.items():
            length = result.sizes.get(dim)
            if length is None:
                own = ", ".join(map(str, result.dims))
                raise UsageError(f"limits of {name}: it has no dimension {dim!r}, but {own}")
            if not -length <= place < length:
                raise UsageError(f"limits of {name}: {dim} = {place}; there are {length}")
        return dataset.assign({name: result.isel(self.at)})


def limits_of(node: TomlNode) -> dict[str, StatedLimit]:
    """Return the limits of a table, such as { conductance = { low = "20uS", at = { pulse = 1 } } }.

    Raises:
        UsageError: no limit, or one that encloses nothing, with the place.
    """
    return {name: _limit(entry) for name, entry in node.entries().items()}


def _limit(node: TomlNode) -> StatedLimit:
    node.only(("low", "high", "at"))
    ends = {name: _end(node[name]) for name in ("low", "high") if name in node}
    if not ends:
        raise node.error("limits nothing; give low or high")
    low, high = (ends[name][0] if name in ends else None for name in ("low", "high"))
    if low is not None and high is not None and low > high:
        raise node.error(f"low = {low:g} is above high = {high:g}; expected low below high")
    at = node.get("at")
    places = {} if at is None else {dim: place.whole() for dim, place in at.entries().items()}
    return StatedLimit(low, high, tuple(unit for _, unit in ends.values() if unit), places)


def _end(node: TomlNode) -> tuple[float, str]:
    if not isinstance(node.value, str):
        return float(node.number("")), ""
    with node.blamed():
        return quantity_with_unit(node.value, node.key)
