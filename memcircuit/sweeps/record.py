"""What some points gave: arrays with the points as leading axis, and the bytes to keep them in."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import MemcircuitError, UsageError
from memcircuit.experiments.measured import Measured

if TYPE_CHECKING:
    import xarray as xr

DONE, FAILED = 0, 1

# What differs from run to run and says nothing of the result.
_PASSING_ATTRIBUTES = frozenset(
    {"wall_time", "notes", "title", "points", "state_step", "attempt", "attempts"}
)


@dataclass(frozen=True)
class Record:
    """The result of some points.

    Attributes:
        status: (points,) 0 done, 1 failed.
        variables: by name, nan where a point failed.
        coordinates: by name.
        attrs: the same for all these points.
        errors: (points,) what went wrong, empty where nothing did.
        logs: (points,) the simulator's log and netlist of failed points.
        remarks: (points,) warnings that were given, and options other than those asked for.
    """

    status: NDArray[np.int8]
    variables: Mapping[str, Measured]
    coordinates: Mapping[str, Measured]
    attrs: Mapping[str, Any]
    errors: tuple[str, ...]
    logs: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def points(self) -> int:
        """How many there are."""
        return len(self.status)

    @property
    def failed(self) -> int:
        """How many failed."""
        return int(np.sum(self.status == FAILED))


def measured_record(
    variables: Mapping[str, Measured],
    coordinates: Mapping[str, Measured],
    attrs: Mapping[str, Any],
) -> Record:
    """Return the record of points that all went well."""
    points = len(next(iter(variables.values())).values)
    none, remarks = ("",) * points, (ladder_remark(attrs),) * points
    return Record(
        np.zeros(points, np.int8), variables, coordinates, kept_attributes(attrs), none, none,
        remarks,
    )  # fmt: skip


def failed_record(error: str, log: str = "") -> Record:
    """Return the record of one point that failed."""
    return Record(np.full(1, FAILED, np.int8), {}, {}, {}, (error,), (log,), ("",))


def dataset_record(dataset: xr.Dataset, remark: str = "") -> Record:
    """Return the record of one point from its dataset.

    Args:
        dataset: what the experiment or the measure gave.
        remark: warnings that were given meanwhile.

    Raises:
        UsageError: no variable, or one that is neither numbers nor text.
    """
    variables = {
        str(name): Measured(
            tuple(map(str, array.dims)),
            _plain(name, array.to_numpy())[np.newaxis],
            dict(array.attrs),
        )
        for name, array in dataset.data_vars.items()
    }
    coordinates = {
        str(name): Measured(
            tuple(map(str, array.dims)), _plain(name, array.to_numpy()), dict(array.attrs)
        )
        for name, array in dataset.coords.items()
    }
    if not variables:
        raise UsageError("the experiment returned no variable")
    attrs = kept_attributes(dataset.attrs)
    remark = "; ".join(filter(None, (remark, ladder_remark(dataset.attrs))))
    return Record(np.zeros(1, np.int8), variables, coordinates, attrs, ("",), ("",), (remark,))


def ladder_remark(attrs: Mapping[Any, Any]) -> str:
    """Say which options a result was obtained with when those asked for did not suffice."""
    if attrs.get("attempts", 1) == 1:
        return ""
    return f"attempt {attrs['attempts']}, {attrs.get('attempt')}: {attrs.get('options')}"


def kept_attributes(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the attributes that can be kept and say something of the result."""
    plain = (str, int, float, np.integer, np.floating)
    return {
        str(name): value.item() if isinstance(value, np.generic) else value
        for name, value in attrs.items()
        if name not in _PASSING_ATTRIBUTES and isinstance(value, plain)
    }


def as_dataset(found: object, name: str) -> xr.Dataset:
    """Return what an experiment or a measure returned as a dataset.

    Args:
        found: a dataset, an object with a dataset, a DataArray, a number, or numbers or arrays by
            name.
        name: of the experiment, for messages.

    Raises:
        UsageError: anything else.
    """
    import xarray as xr

    if isinstance(found, xr.Dataset):
        return found
    if isinstance(found, xr.DataArray):
        return found.to_dataset(name=found.name or "result")
    own = getattr(found, "dataset", None)
    if callable(own):
        own = own()
    if isinstance(own, xr.Dataset):
        return own
    if isinstance(found, int | float | np.number) and not isinstance(found, bool):
        return xr.Dataset({"result": ((), found)})
    if isinstance(found, Mapping) and all(isinstance(key, str) for key in found):
        return xr.Dataset({key: _variable(key, value) for key, value in found.items()})
    raise UsageError(
        f"{name} returned {found!r:.80}: expected an xarray dataset, a number, or numbers or "
        "arrays by name"
    )


def _variable(name: str, value: object) -> Any:
    if hasattr(value, "dims"):
        return value
    array = np.asarray(value)
    if array.dtype == object:
        raise UsageError(f"{name} = {value!r:.80}: expected numbers or text")
    return (tuple(f"{name}_{axis}" for axis in range(array.ndim)), array)


def _plain(name: object, values: NDArray[Any]) -> NDArray[Any]:
    """Return an array that can be kept: objects as text."""
    if values.dtype.kind not in "biufcOUS":
        raise UsageError(f"{name} is of type {values.dtype}: expected numbers or text")
    return values.astype(str) if values.dtype == object else np.asarray(values, order="C")


def joined(records: Sequence[Record]) -> Record:
    """Return records of single points as one; what is no coordinate of all becomes a variable.

    Raises:
        UsageError: variables of different dimensions, which have no common array.
    """
    whole = [one for one in records if one.variables]
    first = whole[0] if whole else records[0]
    coordinates = {
        name: own
        for name, own in first.coordinates.items()
        if all(name in one.coordinates and same(own, one.coordinates[name]) for one in whole)
    }
    variables = {}
    for name, own in {**first.variables, **first.coordinates}.items():
        if name in coordinates:
            continue
        point = own.values[:1] if name in first.variables else own.values[np.newaxis]
        parts = []
        for one in records:
            found = one.variables.get(name)
            if found is not None:
                parts.append(found.values)
            elif name in one.coordinates:
                parts.append(one.coordinates[name].values[np.newaxis])
            else:
                parts.append(missing_values(point.shape, point.dtype))
        if any(part.shape[1:] != point.shape[1:] for part in parts):
            raise UsageError(f"{name} has another shape at some points")
        variables[name] = Measured(own.dims, np.concatenate(parts), own.attrs)
    return Record(
        np.concatenate([one.status for one in records]),
        variables,
        coordinates,
        {k: v for k, v in first.attrs.items() if all(one.attrs.get(k) == v for one in whole)},
        tuple(error for one in records for error in one.errors),
        tuple(log for one in records for log in one.logs),
        tuple(remark for one in records for remark in one.remarks),
    )


def same(one: Measured, other: Measured) -> bool:
    """Return whether two coordinates are equal; nan is equal to nan."""
    return (
        one.dims == other.dims
        and one.values.dtype.kind == other.values.dtype.kind
        and one.values.shape == other.values.shape
        and np.array_equal(one.values, other.values, equal_nan=one.values.dtype.kind in "fc")
    )


def missing_values(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return an array of nan, or of empty text; whole numbers and truths become floats."""
    if dtype.kind in "US":
        return np.full(shape, "", dtype)
    if dtype.kind == "c":
        return np.full(shape, complex(np.nan, np.nan), dtype)
    return np.full(shape, np.nan, dtype if dtype.kind == "f" else np.float64)


def to_bytes(record: Record) -> bytes:
    """Return a record as the bytes of an ``.npz`` file; they hold no code."""
    arrays: dict[str, NDArray[Any]] = {"status": record.status}
    said: dict[str, Any] = {
        "attrs": dict(record.attrs),
        "errors": record.errors,
        "logs": record.logs,
        "remarks": record.remarks,
    }
    for kind, entries in (("variables", record.variables), ("coordinates", record.coordinates)):
        said[kind] = []
        for number, (name, one) in enumerate(entries.items()):
            key = f"{kind}{number}"
            arrays[key] = one.values
            said[kind].append([name, key, one.dims, kept_attributes(one.attrs)])
    text = json.dumps(said, ensure_ascii=False, allow_nan=True)
    arrays["said"] = np.frombuffer(text.encode(), np.uint8)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


class RecordError(MemcircuitError):
    """Bytes that are no record."""


def from_bytes(payload: bytes) -> Record:
    """Return the record that ``to_bytes`` wrote.

    Args:
        payload: bytes of whatever origin: none of them is run, and no more memory is taken than
            they take themselves.

    Raises:
        RecordError: the bytes are no such record.
    """
    try:
        _check_size(payload)
        with np.load(io.BytesIO(payload), allow_pickle=False) as file:
            said = json.loads(file["said"].tobytes().decode())
            entries = {
                kind: {
                    str(name): Measured(tuple(map(str, dims)), file[key], dict(attrs))
                    for name, key, dims, attrs in said[kind]
                }
                for kind in ("variables", "coordinates")
            }
            texts = [tuple(map(str, said[kind])) for kind in ("errors", "logs", "remarks")]
            found = Record(
                file["status"], entries["variables"], entries["coordinates"], dict(said["attrs"]),
                *texts,
            )  # fmt: skip
    except RecordError:
        raise
    except Exception as error:  # crafted bytes may raise anything
        raise RecordError(f"no record of a sweep: {type(error).__name__}: {error}") from error
    _check(found)
    return found


def _check_size(payload: bytes) -> None:
    """Refuse what would grow when it is read, with RecordError."""
    with zipfile.ZipFile(io.BytesIO(payload)) as archive:
        members = archive.infolist()
    packed = any(one.compress_type != zipfile.ZIP_STORED or one.flag_bits & 1 for one in members)
    if packed or sum(one.file_size for one in members) > len(payload):
        raise RecordError("no record of a sweep: it says to hold more than there is")


def _check(record: Record) -> None:
    """Refuse a record whose parts do not belong together, with RecordError."""
    status = record.status
    if status.ndim != 1 or status.dtype != np.int8 or not np.isin(status, (DONE, FAILED)).all():
        raise RecordError("no record of a sweep: it has no status of every point")
    texts = (record.errors, record.logs, record.remarks)
    if any(len(own) != record.points for own in texts):
        raise RecordError("no record of a sweep: not as many texts as points")
    for name, one in record.variables.items():
        if one.values.ndim != 1 + len(one.dims) or len(one.values) != record.points:
            raise RecordError(f"no record of a sweep: {name} is not of its points")
    for name, one in record.coordinates.items():
        if one.values.ndim != len(one.dims):
            raise RecordError(f"no record of a sweep: {name} has other dimensions than it says")
    if record.failed < record.points and not record.variables:
        raise RecordError("no record of a sweep: points are done, and there is nothing of them")
