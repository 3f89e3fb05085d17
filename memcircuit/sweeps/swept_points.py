"""The points of a swept dataset, as its analyses and figures read them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_kind
from memcircuit.errors import UsageError

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Factor:
    """One parameter, or one memristor's part of one, at every point.

    Attributes:
        name: path, with the place in square brackets where it has several values at a point.
        units: of the values; empty when the dataset names none.
        values: (points,) numbers, or texts where the parameter is no number.
        levelled: it is a dimension of a grid, and its values are levels that somebody chose.
    """

    name: str
    units: str
    values: NDArray[Any]
    levelled: bool

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers."""
        return bool(self.values.dtype.kind in "fiu")

    def varies(self, used: NDArray[np.bool_]) -> bool:
        """Return whether it takes more than one value over some of the points."""
        some = self.values[used]
        return some.size > 0 and bool(np.any(some != some[0]))

    def levels(self, bins: int) -> NDArray[np.intp]:
        """Return the level of every point, (points,) from 0, rising with the value.

        Values that were chosen one by one are levels; of drawn ones more than ``bins`` different
        become that many bins with equally many points, where equal values stay together.
        """
        different, codes = np.unique(self.values, return_inverse=True)
        if self.levelled or not self.is_number or len(different) <= bins:
            return codes
        edges = np.quantile(self.values, np.arange(1, bins) / bins)
        return np.unique(np.searchsorted(edges, self.values, side="left"), return_inverse=True)[1]


@dataclass(frozen=True)
class Points:
    """The points of a sweep, counted with the last dimension running fastest.

    Attributes:
        sizes: dimensions of the sweep that the dataset still has, with their lengths.
        factors: parameters by name.
        done: (points,) whether the point has a result.
        drawn: of the dimensions, those of random draws.
    """

    sizes: Mapping[str, int]
    factors: Mapping[str, Factor]
    done: NDArray[np.bool_]
    drawn: tuple[str, ...] = ()

    @property
    def is_grid(self) -> bool:
        """Whether every dimension is a parameter, and nothing else changes."""
        everywhere = np.ones_like(self.done)
        changing = {name for name, one in self.factors.items() if one.varies(everywhere)}
        levelled = {name for name, one in self.factors.items() if one.levelled}
        return levelled == set(self.sizes) and changing <= levelled

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of every dimension."""
        return tuple(self.sizes.values())

    def levels(self, dim: str) -> NDArray[Any]:
        """Return the values of a parameter along its own dimension, in the dataset's order."""
        line = tuple(slice(None) if name == dim else 0 for name in self.sizes)
        return np.asarray(self.factors[dim].values.reshape(self.shape)[line])

    def places(self, dim: str) -> NDArray[np.intp]:
        """Return the place of every point along a dimension, (points,) from 0."""
        return np.unravel_index(np.arange(self.done.size), self.shape)[list(self.sizes).index(dim)]

    def draws(self, among: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Return the independent draw that each of some points belongs to.

        Of a Monte Carlo it is the device, of one device its cycle, of samples the point; where
        two such designs were multiplied, whichever has fewer. Where nothing was drawn every point
        counts as one.

        Args:
            among: (points,) which points, at least one.

        Returns:
            (points among,) numbers of draws.
        """
        found = {dim: self.places(dim)[among] for dim in self.drawn}
        found = {dim: places for dim, places in found.items() if np.ptp(places) > 0}
        if "device" in found:  # the cycles of one device tell less than so many devices
            found.pop("cycle", None)
        if not found:
            return np.flatnonzero(among)
        return min(found.values(), key=lambda places: np.unique(places).size)


@dataclass(frozen=True)
class Observed:
    """One result at every point of a sweep.

    Attributes:
        points: the points.
        name: of the result.
        units: of the result; empty when the dataset names none.
        values: (points,); NaN where a point failed.
        used: (points,) whether the point is done and its value finite.
    """

    points: Points
    name: str
    units: str
    values: Array
    used: NDArray[np.bool_]

    @property
    def attributes(self) -> dict[str, str | int]:
        """What an analysis says of the points it rests on."""
        return {
            "result": self.name,
            "design": "grid" if self.points.is_grid else "samples",
            "points": int(self.used.sum()),
            "left_out": int((~self.used).sum()),
        }

    def changing(self) -> dict[str, Factor]:
        """Return the parameters that take more than one value.

        Raises:
            UsageError: there is none.
        """
        found = {
            name: factor for name, factor in self.points.factors.items() if factor.varies(self.used)
        }
        if not found:
            raise UsageError(
                f"{self.name}: no parameter takes more than one value over the {self.used.sum()} "
                f"points with a result, of {self.used.size}"
            )
        return found


def points_of(dataset: xr.Dataset) -> Points:
    """Return the points of a swept dataset, or of a part selected from one.

    Args:
        dataset: result of ``sweep``.

    Raises:
        UsageError: not the dataset of a sweep, or no dimension of the sweep left.
    """
    import xarray as xr

    require_kind(dataset, xr.Dataset, "dataset", "the dataset that mc.sweep returned")
    for name in ("sweep_dims", "sweep_parameters"):
        if name not in dataset.attrs:
            raise UsageError(f"no dataset of a sweep: it has no attribute {name!r}")
    if "status" not in dataset.data_vars:
        raise UsageError("no dataset of a sweep: it has no variable 'status'")
    given = str(dataset.attrs["sweep_dims"]).split(",")
    dims = tuple(name for name in given if name in dataset.dims)
    if not dims:
        raise UsageError(f"no dimension of the sweep is left of {', '.join(given)}")
    sizes = {name: dataset.sizes[name] for name in dims}
    paths = str(dataset.attrs["sweep_parameters"]).split(",")
    factors: dict[str, Factor] = {}
    for path in paths:
        if path not in dataset.coords:
            raise UsageError(f"the dataset has no coordinate {path!r}, a parameter of its sweep")
        factors |= _factors(dataset.coords[path], path, sizes)
    done = over_points(dataset["status"], sizes)[:, 0] == 0
    drawn = str(dataset.attrs.get("sweep_drawn", "")).split(",")
    return Points(sizes, factors, done, tuple(name for name in drawn if name in sizes))


def observed(dataset: xr.Dataset, result: str) -> Observed:
    """Return one result at every point of a sweep.

    Args:
        dataset: result of ``sweep``, or a part selected from it.
        result: name of a variable with no dimensions but those of the sweep.

    Raises:
        UsageError: no such variable, or one with further dimensions.
    """
    points = points_of(dataset)
    variable = result_variable(dataset, result)
    if further := [str(name) for name in variable.dims if name not in points.sizes]:
        raise UsageError(
            f"{result} has the dimension {further[0]!r} besides those of the sweep; select one "
            f"place first, such as dataset.isel({{{further[0]!r}: -1}})"
        )
    values = over_points(variable, points.sizes)[:, 0].astype(np.float64)
    used = points.done & np.isfinite(values)
    return Observed(points, result, str(variable.attrs.get("units", "")), values, used)


def result_variable(dataset: xr.Dataset, result: str) -> xr.DataArray:
    """Return a variable of numbers by name.

    Raises:
        UsageError: no such variable, or one that is no number.
    """
    found = [str(name) for name in dataset.data_vars if dataset[name].dtype.kind in "fiub"]
    if result not in found:
        raise UsageError(f"no result {result!r}; the dataset has {', '.join(sorted(found))}")
    return dataset[result]


def over_points(variable: xr.DataArray, sizes: Mapping[str, int]) -> NDArray[Any]:
    """Return a variable at every point, (points, entries along its further dimensions)."""
    own = [name for name in sizes if name in variable.dims]
    further = [name for name in variable.dims if name not in sizes]
    values = variable.transpose(*own, *further).to_numpy()
    tail = values.shape[len(own) :]
    open_shape = tuple(size if name in own else 1 for name, size in sizes.items())
    spread = np.broadcast_to(values.reshape(open_shape + tail), (*sizes.values(), *tail))
    return spread.reshape(math.prod(sizes.values()), -1)


def _factors(coordinate: xr.DataArray, path: str, sizes: Mapping[str, int]) -> dict[str, Factor]:
    """Return the factors of one parameter: one, or one for each of its values at a point."""
    entries = over_points(coordinate, sizes)
    if entries.dtype.kind not in "fiu":
        entries = entries.astype(str)
    further = tuple(size for name, size in coordinate.sizes.items() if name not in sizes)
    names = [path]
    if further:
        names = [f"{path}[{','.join(map(str, place))}]" for place in np.ndindex(*further)]
    units = str(coordinate.attrs.get("units", ""))
    levelled = coordinate.dims == (path,)
    return {name: Factor(name, units, entries[:, k], levelled) for k, name in enumerate(names)}
