"""What is kept of a result: variables, at places along dimensions or reduced along them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np

from memcircuit.checks import named_values, require_kind, whole_number
from memcircuit.errors import UsageError
from memcircuit.experiments.measured import Measured
from memcircuit.sweeps.record import Record
from memcircuit.sweeps.results import RESERVED

How = Literal["mean", "median", "std", "min", "max", "sum"]
#: Ways to make one number of those along dimensions; "std" divides by their number, not one less.
WAYS: tuple[str, ...] = get_args(How)
_FUNCTIONS: dict[str, Callable[..., Any]] = {way: getattr(np, way) for way in WAYS}


@dataclass(frozen=True)
class Reduction:
    """A number or an array that is made of one variable of a result.

    Attributes:
        of: name of the variable.
        at: place that is taken along a dimension, from 0, negative from the end.
        over: ways and the dimensions that each of them takes together, in order, such as
            ``(("mean", ("pulse",)), ("max", ("cell",)))``. A nan among numbers makes nan.
    """

    of: str
    at: Mapping[str, int] = field(default_factory=dict)
    over: tuple[tuple[How, tuple[str, ...]], ...] = ()

    def __post_init__(self) -> None:
        for dim, place in named_values(self.at, f"{self.of} at", "places by dimension").items():
            whole_number(place, f"{self.of} at {dim}")
        left = set(self.at)
        if not isinstance(self.over, tuple) or not all(
            isinstance(one, tuple) and len(one) == 2 for one in self.over
        ):
            raise UsageError(f"{self.of} over {self.over!r:.80}: expected ((way, dimensions), ...)")
        for way, dims in self.over:
            if way not in WAYS:
                raise UsageError(f"{way!r} of {self.of}: choose one of {', '.join(WAYS)}")
            if not isinstance(dims, tuple) or not dims:
                raise UsageError(f"{way} of {self.of}: expected names of dimensions, not {dims!r}")
            for dim in dims:
                if dim in left:
                    raise UsageError(f"{self.of}: dimension {dim!r} is taken twice")
                left.add(dim)

    def check(self, variables: Mapping[str, tuple[str, ...]]) -> None:
        """Refuse what no result has.

        Args:
            variables: dimensions by name of the variable.

        Raises:
            UsageError: naming those there are.
        """
        if self.of not in variables:
            raise UsageError(
                f"there is no result {self.of!r}; there is {', '.join(map(str, variables))}"
            )
        dims = variables[self.of]
        for dim in sorted(self.taken):
            if dim not in dims:
                own = ", ".join(dims) or "none"
                raise UsageError(f"{self.of} has no dimension {dim!r}, but {own}")

    @property
    def taken(self) -> frozenset[str]:
        """The dimensions that are gone afterwards."""
        return frozenset(self.at).union(*(dims for _, dims in self.over))

    def left(self, dims: tuple[str, ...]) -> tuple[str, ...]:
        """Return which of a variable's dimensions are left."""
        return tuple(dim for dim in dims if dim not in self.taken)

    def reduced(self, given: Measured) -> Measured:
        """Return what is kept of a variable of some points, the leading axis of its values.

        Raises:
            UsageError: a place beyond the end, or text to be reduced.
        """
        dims, values = list(given.dims), given.values
        for dim, place in self.at.items():
            axis = dims.index(dim)
            length = values.shape[1 + axis]
            if not -length <= place < length:
                raise UsageError(f"{self.of} at {dim} = {place}: there are {length}, from 0")
            values = values.take(place, axis=1 + axis)
            del dims[axis]
        # the order in which numbers are added up is part of the last bits of their sum
        values = np.ascontiguousarray(values)
        for way, taken in self.over:
            if values.dtype.kind not in "biufc":
                raise UsageError(f"{way} of {self.of}: it is text")
            axes = tuple(1 + dims.index(dim) for dim in taken)
            if not all(values.shape[axis] for axis in axes):
                raise UsageError(f"{way} of {self.of} over {', '.join(taken)}: there is none")
            values = _FUNCTIONS[way](values, axis=axes)
            dims = [dim for dim in dims if dim not in taken]
        return Measured(tuple(dims), values, given.attrs)


def check_name(name: str, swept: Collection[str] = ()) -> None:
    """Refuse to keep a result by a name that has another meaning in the dataset of a sweep.

    Args:
        name: that it would get.
        swept: names of the sweep's parameters and dimensions.

    Raises:
        UsageError: the name is taken.
    """
    if name in RESERVED:
        raise UsageError(f"{_of(name)}the sweep has its own {name}; choose another name")
    if name in swept:
        raise UsageError(f"{_of(name)}the sweep changes {name} itself; choose another name")


def _of(name: str) -> str:
    """Return how a message about what is kept by this name begins."""
    return f"measure {name}: "


@dataclass(frozen=True)
class Reductions:
    """The results that are kept of every point, as ``measure`` of ``mc.sweep``.

    They are made of what would be kept without them: a loop at equal distances in time, a single
    cell without the dimension ``cell``. So points share netlists as they do without.

    Attributes:
        by_name: what is kept, by the name it gets.
    """

    by_name: Mapping[str, Reduction]

    def __post_init__(self) -> None:
        for name, one in named_values(self.by_name, "measure", "reductions by name").items():
            require_kind(one, Reduction, f"measure {name}", "a Reduction")
            check_name(name)
        if not self.by_name:
            raise UsageError("measure: nothing is kept; name one result or more")

    def check(self, variables: Mapping[str, tuple[str, ...]]) -> None:
        """Refuse what no result has.

        Args:
            variables: dimensions by name of the variable.

        Raises:
            UsageError: no such result or dimension, or a dimension that is left and has the name
                of what is kept.
        """
        for name, one in self.by_name.items():
            try:
                one.check(variables)
            except UsageError as error:
                raise UsageError(f"{_of(name)}{error}") from error
        left = {dim for one in self.by_name.values() for dim in one.left(variables[one.of])}
        if both := left & set(self.by_name):
            raise UsageError(f"{_of(min(both))}a dimension has this name; choose another")

    def __call__(self, record: Record) -> Record:
        """Return the record of some points with nothing but these results.

        Raises:
            UsageError: no such result, dimension or place.
        """
        self.check({name: one.dims for name, one in record.variables.items()})
        variables: dict[str, Measured] = {}
        for name, one in self.by_name.items():
            try:
                variables[name] = one.reduced(record.variables[one.of])
            except UsageError as error:
                raise UsageError(f"{_of(name)}{error}") from error
        left = {dim for one in variables.values() for dim in one.dims}
        coordinates = {
            name: one
            for name, one in record.coordinates.items()
            if name not in variables and left.issuperset(one.dims)
        }
        return replace(record, variables=variables, coordinates=coordinates)

    def missed(self, record: Record, among: Collection[str]) -> str:
        """Return why what is kept could not be made of a record's points; empty where it could.

        Args:
            record: of points whose results were put through these reductions.
            among: names of what is kept that count.
        """
        begins = tuple(_of(name) for name in among)
        return next((error for error in record.errors if begins and error.startswith(begins)), "")
