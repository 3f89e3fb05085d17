"""One dataset from the records of all units, in whatever order they come."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.experiments.measured import Measured
from memcircuit.sweeps.design import Design
from memcircuit.sweeps.record import DONE, FAILED, Record, missing_values, same
from memcircuit.sweeps.results import RESERVED, unreserved
from memcircuit.sweeps.target import Target

if TYPE_CHECKING:
    import xarray as xr

_LONGEST_LABEL = 60


@dataclass
class _Variable:
    """A quantity of all points; ``filled`` says at which points it was given."""

    dims: tuple[str, ...]
    attrs: dict[str, Any]
    values: NDArray[Any]
    filled: NDArray[np.bool_]


@dataclass
class Assembly:
    """The results of a sweep as they come in.

    Arrays are made once, for all points, when the first record shows what there is; what later
    records have more (another variable, a longer dimension) makes them grow, and what points lack
    is nan.
    """

    design: Design
    status: NDArray[np.int8] = field(init=False)
    errors: dict[int, str] = field(init=False, default_factory=dict)
    remarks: dict[int, str] = field(init=False, default_factory=dict)
    _variables: dict[str, _Variable] = field(init=False, default_factory=dict)
    _coordinates: dict[str, Measured] = field(init=False, default_factory=dict)
    _attrs: dict[str, Any] | None = field(init=False, default=None)
    _done: NDArray[np.bool_] = field(init=False)
    _seen: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.status = np.full(self.design.size, FAILED, np.int8)
        self._done = np.zeros(self.design.size, np.bool_)
        self._seen = np.zeros(self.design.size, np.bool_)

    @property
    def known(self) -> int:
        """How many points there are results of, failed ones too."""
        return int(np.sum(self._seen))

    @property
    def known_failed(self) -> int:
        """How many of these failed."""
        return int(np.sum(self.status[self._seen] == FAILED))

    def add(self, points: NDArray[np.intp], record: Record) -> None:
        """Put the result of some points in its place.

        Args:
            points: (n,) their numbers.
            record: of n points.
        """
        self.status[points] = record.status
        self._seen[points] = True
        for kept, told in ((self.errors, record.errors), (self.remarks, record.remarks)):
            kept |= {int(p): text for p, text in zip(points, told, strict=True) if text}
        good = record.status == DONE
        if not good.any():
            return
        if self._attrs is None:
            self._attrs = dict(record.attrs)
        else:
            self._attrs = {k: v for k, v in self._attrs.items() if record.attrs.get(k) == v}
        places, variables = self._aligned(record)
        for name, own in variables.items():
            self._put(name, own, points[good], good, places)
        self._done[points[good]] = True

    def _aligned(
        self, record: Record
    ) -> tuple[dict[str, NDArray[np.intp] | None], dict[str, Measured]]:
        """Fit a record's coordinates to those there are.

        Returns:
            by dimension, where its entries lie along the dimension of all; None where they are
            the same. And the record's variables, with coordinates that differ among them.
        """
        places: dict[str, NDArray[np.intp] | None] = {}
        variables = dict(record.variables)
        for name, own in record.coordinates.items():
            known = self._coordinates.get(name)
            if name in self._variables:
                variables[name] = _repeated(own, record.points)
            elif known is None and not self._done.any():
                self._coordinates[name] = own
            elif known is not None and same(known, own):
                continue
            elif own.dims == (name,):
                places[name] = self._widen(name, own)
            else:
                self._demote(name)
                variables[name] = _repeated(own, record.points)
        for name, known in list(self._coordinates.items()):
            # a coordinate that some points lack; the places along a dimension stay what they are
            if name not in record.coordinates and (name in variables or known.dims != (name,)):
                self._demote(name)
        return places, variables

    def _widen(self, name: str, own: Measured) -> NDArray[np.intp] | None:
        """Make a dimension hold further values of its coordinate; return where they lie."""
        known = self._coordinates.get(name)
        if known is None:
            self._coordinates[name] = own
            return None
        union = np.unique(np.concatenate([known.values, own.values]))
        for one in (known, own):
            if np.unique(one.values).size < one.values.size:
                raise UsageError(
                    f"{name} differs from point to point and holds a value twice, so that its "
                    "places cannot be matched; measure=... can bring results to one form"
                )
        if union.size == known.values.size and np.array_equal(union, known.values):
            return np.searchsorted(union, own.values)
        for other, one in list(self._coordinates.items()):
            if other != name and name in one.dims:
                self._demote(other)  # while it is as long as its values are
        moved = np.searchsorted(union, known.values)
        self._coordinates[name] = Measured(own.dims, union, own.attrs)
        for variable in self._variables.values():
            if name in variable.dims:
                axis = 1 + variable.dims.index(name)
                shape = list(variable.values.shape)
                shape[axis] = union.size
                grown = missing_values(tuple(shape), variable.values.dtype)
                grown[(slice(None),) * axis + (moved,)] = variable.values
                variable.values = grown
        return np.searchsorted(union, own.values)

    def _demote(self, name: str) -> None:
        """Make a coordinate that is not the same at all points a variable."""
        known = self._coordinates.pop(name, None)
        if known is None:
            return
        values = missing_values((self.design.size, *known.values.shape), known.values.dtype)
        values[self._done] = known.values
        self._variables[name] = _Variable(known.dims, dict(known.attrs), values, self._done.copy())

    def _put(
        self,
        name: str,
        own: Measured,
        points: NDArray[np.intp],
        good: NDArray[np.bool_],
        places: dict[str, NDArray[np.intp] | None],
    ) -> None:
        target = self._variables.get(name)
        if target is None:
            shape = tuple(
                self._coordinates[dim].values.size if dim in self._coordinates else size
                for dim, size in zip(own.dims, own.values.shape[1:], strict=True)
            )
            target = self._variables[name] = _Variable(
                own.dims, dict(own.attrs),
                _empty((self.design.size, *shape), own.values.dtype),
                np.zeros(self.design.size, np.bool_),
            )  # fmt: skip
        if target.dims != own.dims:
            raise UsageError(
                f"{name} is over {own.dims} at some points and over {target.dims} at others; "
                "measure=... can bring results to one form"
            )
        values = own.values[good]
        target.values = _room_for(name, target.values, values)
        self._grow(target, values.shape[1:], places)
        where: list[Any] = [points]
        for axis, dim in enumerate(own.dims):
            place = places.get(dim)
            where.append(np.arange(values.shape[1 + axis]) if place is None else place)
        target.values[np.ix_(*where)] = values
        target.filled[points] = True

    def _grow(
        self,
        target: _Variable,
        shape: tuple[int, ...],
        places: dict[str, NDArray[np.intp] | None],
    ) -> None:
        """Lengthen dimensions that have no coordinate, counted from 0."""
        present = target.values.shape[1:]
        wanted = tuple(
            old if places.get(dim) is not None else max(old, new)
            for dim, old, new in zip(target.dims, present, shape, strict=True)
        )
        if wanted != present:
            grown = missing_values((self.design.size, *wanted), target.values.dtype)
            grown[(slice(None), *map(slice, present))] = target.values
            target.values = grown

    def dataset(self, target: Target, attrs: dict[str, Any], logs: dict[int, str]) -> xr.Dataset:
        """Return the whole.

        Args:
            target: experiment and arguments, for units.
            attrs: of the sweep.
            logs: where the log of each failed point lies.
        """
        import xarray as xr

        design = self.design
        dims, shape = tuple(design.sizes), design.shape
        inner = {dim for one in self._variables.values() for dim in one.dims}
        taken = {*self._variables, *self._coordinates, *inner, *RESERVED}
        names = {dim: _free(dim, taken) for dim in design.sizes}
        outer = tuple(names[dim] for dim in dims)
        variables: dict[str, Any] = {}
        for name, one in sorted(self._variables.items()):
            values = _finished(one, self._done)
            whole = values.reshape(*shape, *values.shape[1:])
            variables[unreserved(name)] = ((*outer, *one.dims), whole, one.attrs)
        told = {"flag_values": [DONE, FAILED], "flag_meanings": "done failed"}
        variables["status"] = (outer, self.status.reshape(shape), told)
        variables["error"] = (outer, _texts(self.errors, design.size).reshape(shape))
        variables["log"] = (outer, _texts(logs, design.size).reshape(shape))
        if self.remarks:
            variables["remark"] = (outer, _texts(self.remarks, design.size).reshape(shape))
        coordinates: dict[str, Any] = {
            name: (one.dims, one.values, dict(one.attrs)) for name, one in self._coordinates.items()
        }
        for path, column in design.columns.items():
            values = _shown(column.values)
            unit = target.unit(path)
            extra = tuple(f"{path}_{k}" for k in range(values.ndim - len(column.dims)))
            over = (*(names[dim] for dim in column.dims), *extra)
            coordinates[names.get(path, _free(path, taken))] = (
                over, values, {"units": unit} if unit else {},
            )  # fmt: skip
        for dim, own_labels in design.labels.items():
            coordinates[names[dim]] = (names[dim], np.array(own_labels, dtype=str))
        for dim, size in design.sizes.items():
            coordinates.setdefault(names[dim], (names[dim], np.arange(size)))
        own = {
            **design.settings, **attrs,
            "sweep_dims": ",".join(outer),
            "sweep_parameters": ",".join(names.get(p, _free(p, taken)) for p in design.columns),
        }  # fmt: skip
        if design.drawn:
            own["sweep_drawn"] = ",".join(names[dim] for dim in design.drawn)
        return xr.Dataset(variables, coordinates, {**(self._attrs or {}), **own})


def _free(name: str, taken: set[str]) -> str:
    """Return the name of a parameter, made another where a result has it."""
    return f"swept_{name}" if name in taken else name


def _repeated(own: Measured, points: int) -> Measured:
    values = np.broadcast_to(own.values, (points, *own.values.shape))
    return Measured(own.dims, values, own.attrs)


def _empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return an array to fill; whole numbers stay so unless a point fails."""
    return np.zeros(shape, dtype) if dtype.kind in "iub" else missing_values(shape, dtype)


def _room_for(name: str, present: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    """Return an array whose numbers or texts can hold the new ones too."""
    if (present.dtype.kind in "US") != (values.dtype.kind in "US"):
        raise UsageError(f"{name} is text at some points and a number at others")
    wanted = np.promote_types(present.dtype, values.dtype)
    return present if wanted == present.dtype else present.astype(wanted)


def _finished(one: _Variable, done: NDArray[np.bool_]) -> NDArray[Any]:
    """Return values with nan where a point has none."""
    absent = ~(one.filled & done)
    values = one.values
    if absent.any() and values.dtype.kind in "iub":
        values = values.astype(np.float64)
    if absent.any():
        values[absent] = missing_values((), values.dtype)
    return values


def _texts(texts: dict[int, str], size: int) -> NDArray[Any]:
    longest = max(map(len, texts.values()), default=1)
    array = np.full(size, "", dtype=f"<U{longest}")
    for place, text in texts.items():
        array[place] = text
    return array


def _shown(values: NDArray[Any]) -> NDArray[Any]:
    """Return the values of a parameter as a coordinate: what are no numbers by their name."""
    if values.dtype != object:
        return values
    return np.array([label(value) for value in values.ravel()]).reshape(values.shape)


def label(value: object) -> str:
    """Return what stands for a value on an axis: its name if it has one."""
    text = value if isinstance(value, str) else getattr(value, "name", None)
    if not isinstance(text, str):
        text = re.sub(r"\s+", " ", repr(value))
    return text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 3]}..."
