"""Which points a sweep has: its dimensions, and the value of every parameter at every point."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.sweeps.identity import identity

#: More points than this are taken for a slip.
MOST_POINTS = 10_000_000


def check_points(points: int) -> None:
    """Refuse more points than a sweep has, with UsageError; before they are drawn or listed."""
    if points > MOST_POINTS:
        raise UsageError(f"a sweep of {points} points: at most {MOST_POINTS}")


@dataclass(frozen=True, eq=False)
class Column:
    """The values of one parameter.

    Attributes:
        dims: dimensions of the design along which it changes, in the design's order.
        values: one value for each place along them; further axes belong to the value itself,
            such as one number for each memristor of a cell. Numbers, or objects of any kind.
    """

    dims: tuple[str, ...]
    values: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Design:
    """The points of a sweep.

    Designs are multiplied: ``grid({...}) * monte_carlo(...)`` draws the same devices at every
    point of the grid. Points are counted with the last dimension running fastest.

    Attributes:
        sizes: dimensions in order, with their lengths.
        columns: values by parameter, such as ``"device.k_set"`` (see ``mc.sweep``).
        settings: how the points were chosen, for the result's attributes.
        labels: names of the places along a dimension that no parameter counts, such as corners.
        drawn: dimensions whose places are random draws, independent of each other; within one
            design of draws, such as cycles of devices, the outer one first.
    """

    sizes: Mapping[str, int]
    columns: Mapping[str, Column]
    settings: Mapping[str, str | int | float] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    drawn: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.columns:
            raise UsageError("a sweep needs at least one parameter, such as 'device.k_set'")
        for path, column in self.columns.items():
            self._check_column(path, column)
        for name, labels in self.labels.items():
            self._check_labels(name, labels)
        if 0 in self.sizes.values():
            empty = next(name for name, size in self.sizes.items() if size == 0)
            raise UsageError(f"{empty}: no values at all; give at least one")
        check_points(self.size)

    def _check_column(self, path: str, column: Column) -> None:
        unknown = [name for name in column.dims if name not in self.sizes]
        if unknown:
            raise UsageError(f"{path}: the design has no dimension {unknown[0]!r}")
        if column.dims != tuple(name for name in self.sizes if name in column.dims):
            raise UsageError(
                f"{path}: dimensions {column.dims}; expected some of {tuple(self.sizes)}, in order"
            )
        wanted = tuple(self.sizes[name] for name in column.dims)
        if column.values.shape[: len(wanted)] != wanted:
            raise UsageError(
                f"{path}: values of shape {column.values.shape} over {column.dims}, which are "
                f"{wanted} long"
            )
        if path in self.sizes and column.dims != (path,):
            raise UsageError(
                f"{path!r} is a parameter and a dimension that it does not count: give the "
                "dimension another name"
            )

    def _check_labels(self, name: str, labels: tuple[str, ...]) -> None:
        if name not in self.sizes or name in self.columns:
            raise UsageError(f"labels of {name!r}: no dimension without values of its own")
        if len(labels) != self.sizes[name]:
            raise UsageError(f"{name}: {len(labels)} labels for {self.sizes[name]} places")
        if len(set(labels)) < len(labels):
            twice = next(label for label in labels if labels.count(label) > 1)
            raise UsageError(f"{name}: label {twice!r} is given twice")

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of every dimension."""
        return tuple(self.sizes.values())

    @property
    def size(self) -> int:
        """Number of points."""
        return math.prod(self.shape)

    def __mul__(self, other: Design) -> Design:
        """Return every point of this design with every point of the other.

        Raises:
            UsageError: a parameter or a dimension is in both.
        """
        if not isinstance(other, Design):
            return NotImplemented
        for kind, own, others in (
            ("parameter", self.columns, other.columns),
            ("dimension", self.sizes, other.sizes),
        ):
            if both := [name for name in own if name in others]:
                raise UsageError(f"{kind} {both[0]!r} is in both designs")
        return Design(
            {**self.sizes, **other.sizes},
            {**self.columns, **other.columns},
            {**self.settings, **other.settings},
            {**self.labels, **other.labels},
            (*self.drawn, *other.drawn),
        )

    def values(self, points: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
        """Return the values of every parameter at some points.

        Args:
            points: (n,) numbers of points, from 0.

        Returns:
            by parameter, (n, ...).
        """
        places = dict(zip(self.sizes, np.unravel_index(points, self.shape), strict=True))
        return {
            path: column.values[tuple(places[name] for name in column.dims)]
            for path, column in self.columns.items()
        }


def grid(parameters: Mapping[str, Iterable[Any]]) -> Design:
    """Return every combination of the values given; each parameter is a dimension.

    Args:
        parameters: values by parameter, each once.

    Raises:
        UsageError: a parameter without values or with one twice, or what is no list of values.
    """
    columns = {
        path: Column((path,), value_array(path, given)) for path, given in _items(parameters)
    }
    for path, column in columns.items():
        _refuse_repeated(path, column.values)
    return Design({path: len(column.values) for path, column in columns.items()}, columns)


def zipped(parameters: Mapping[str, Iterable[Any]], dim: str = "point") -> Design:
    """Return points that take the first value of every parameter, then the second, and so on.

    Args:
        parameters: values by parameter, all equally many.
        dim: name of the one dimension.

    Raises:
        UsageError: different numbers of values, or what is no list of values.
    """
    arrays = {path: value_array(path, given) for path, given in _items(parameters)}
    lengths = {path: len(values) for path, values in arrays.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{path}: {length}" for path, length in lengths.items())
        raise UsageError(f"zipped parameters need equally many values; there are {told}")
    columns = {path: Column((dim,), values) for path, values in arrays.items()}
    return Design({dim: next(iter(lengths.values()), 0)}, columns)


def _refuse_repeated(path: str, values: NDArray[Any]) -> None:
    """Refuse a value that is there twice: the levels of a grid are told apart by their values."""
    if values.dtype == object:
        pairs = itertools.combinations(values, 2)
        repeated = [one for one, other in pairs if one is other or _equal(one, other)]
    else:
        different, counts = np.unique(values, return_counts=True, axis=0)
        repeated = different[counts > 1].tolist()
    if repeated:
        raise UsageError(
            f"{path}: value {repeated[0]!r:.80} is given twice; the values of a grid must differ "
            "(those of zipped may repeat)"
        )


def _equal(one: object, other: object) -> bool:
    """Return whether two values of one type are equal; False where that is no yes or no."""
    if type(one) is not type(other):
        return False
    try:
        equal = one == other
    except ValueError:  # they hold arrays, as waveforms do
        return identity(one, "value") == identity(other, "value")
    return isinstance(equal, bool) and equal


def _items(parameters: object) -> list[tuple[str, Any]]:
    if not isinstance(parameters, Mapping):
        raise UsageError(
            f"parameters = {parameters!r:.80}: expected values by parameter, such as "
            "{'device.k_set': [0.01, 0.02]}"
        )
    for path in parameters:
        if not isinstance(path, str) or not path:
            raise UsageError(f"parameter {path!r}: expected a name, such as 'device.k_set'")
    return list(parameters.items())


def value_array(path: str, given: object) -> NDArray[Any]:
    """Return the values of one parameter as an array; what are no numbers as objects.

    Values that are themselves equally long lists of numbers, such as one number for each memristor
    of a cell, make an array with further axes.

    Raises:
        UsageError: not a list, an empty one, or numbers that are not finite or too large.
    """
    if hasattr(given, "__array__"):
        given = np.asarray(given)
    scalar = isinstance(given, np.ndarray) and given.ndim == 0
    if scalar or isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise UsageError(f"{path} = {given!r:.80}: expected a list of values")
    listed: Sequence[Any] = list(given)
    if not listed:
        raise UsageError(f"{path}: no values at all; give at least one")
    numbers = _numbers(path, listed)
    if numbers is None:
        values = np.empty(len(listed), dtype=object)
        for place, value in enumerate(listed):
            values[place] = value
        return values
    if not np.all(np.isfinite(numbers)):
        raise UsageError(f"{path}: every value must be finite")
    return numbers


def _numbers(path: str, listed: Sequence[Any]) -> NDArray[Any] | None:
    """Return the array that numbers, or equally long lists of them, make; None of other things."""
    known = (int, float, np.number, list, tuple, np.ndarray)
    if not all(isinstance(value, known) and not isinstance(value, bool) for value in listed):
        return None
    try:
        values = np.asarray(listed)
        if values.dtype == object:  # whole numbers past 64 bit, or other things
            values.astype(np.float64)
    except OverflowError:
        raise UsageError(f"{path}: a value is beyond the largest number, 1.8e308") from None
    except (TypeError, ValueError):  # lists of different lengths, or of other things
        return None
    return values if values.dtype.kind in "iuf" else None
