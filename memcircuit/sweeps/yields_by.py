"""Yield by setting: how the share of points inside limits depends on what was chosen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.sweeps.swept_points import Points
from memcircuit.sweeps.yields import Counting, Limit, counting_of

if TYPE_CHECKING:
    import xarray as xr

_COUNTS = ("share", "low", "high", "points", "draws", "failed")


def yield_by(
    dataset: xr.Dataset,
    limits: Mapping[str, Limit],
    by: str | Iterable[str],
    *,
    confidence: float = 0.95,
    failed: Literal["outside", "leave_out"] = "outside",
) -> xr.Dataset:
    """Return the yield at every value of a parameter, or at every combination of several.

    At each of them the points that have it are counted as ``yield_of`` counts them.

    Args:
        dataset: result of ``sweep``.
        limits: lower and upper limit by result, in its unit; None is open.
        by: parameters, or dimensions of the sweep such as ``corner``; each is a dimension of what
            is returned. Numbers rise along it.
        confidence: of the intervals, 0..1.
        failed: whether failed points count as outside or are left out.

    Returns:
        over ``by``: ``share`` of the points inside all limits with ``low`` and ``high``, the ends
        of its confidence interval, all 0..1 and NaN where no point counts; ``points`` counted,
        independent ``draws`` among them, and ``failed`` points.

    Raises:
        UsageError: what ``yield_of`` refuses; no parameter or dimension of that name; more
            combinations than points.
    """
    import xarray as xr

    counting = counting_of(dataset, limits, confidence=confidence, failed=failed)
    names = [by] if isinstance(by, str) else list(by)
    if not names or len(set(names)) < len(names):
        raise UsageError(f"by = {by!r}: name one parameter or more, each once")
    levels = {name: _levels(dataset, counting.points, name) for name in names}
    shape = tuple(len(one.values) for one in levels.values())
    if math.prod(shape) > counting.counted.size:
        raise UsageError(
            f"{', '.join(names)} have {math.prod(shape)} combinations of values, more than the "
            f"{counting.counted.size} points; name parameters with a few values each"
        )
    cells = np.ravel_multi_index(tuple(one.codes for one in levels.values()), shape)
    found = np.array([_counts(counting, cells == cell) for cell in range(math.prod(shape))])
    columns = dict(zip(_COUNTS, found.T.reshape(-1, *shape), strict=True))
    whole = ("points", "draws", "failed")
    return xr.Dataset(
        {
            name: (names, values.astype(np.int64) if name in whole else values, {"units": "1"})
            for name, values in columns.items()
        },
        coords={name: (name, one.values, one.attrs) for name, one in levels.items()}
        | _further(dataset, counting.points, names),
        attrs={
            "limits": "; ".join(_told(dataset, *item) for item in limits.items()),
            "confidence": confidence,
            "failed_points": failed,
        },
    )


@dataclass(frozen=True)
class _Levels:
    """Different values, in order, with attributes, and which of them each point has."""

    values: NDArray[Any]
    attrs: dict[str, Any]
    codes: NDArray[np.intp]


def _levels(dataset: xr.Dataset, points: Points, name: str) -> _Levels:
    if name in points.factors:
        factor = points.factors[name]
        values, first, codes = np.unique(factor.values, return_index=True, return_inverse=True)
        attrs = {"units": factor.units} if factor.units else {}
        if factor.is_number:
            return _Levels(values, attrs, codes)
        # texts in the order in which they were given
        order = np.argsort(first)
        return _Levels(values[order], attrs, np.argsort(order)[codes])
    if name in points.sizes:
        own = dataset[name]
        return _Levels(own.to_numpy(), dict(own.attrs), points.places(name))
    known = dict.fromkeys((*points.factors, *points.sizes))
    raise UsageError(f"by = {name!r}: no parameter or dimension; the sweep has {', '.join(known)}")


def _counts(counting: Counting, among: NDArray[np.bool_]) -> tuple[float, ...]:
    """Return share, low, high, points, draws and failed points among some."""
    if not (among & counting.counted).any():
        return np.nan, np.nan, np.nan, 0, 0, int((among & ~counting.points.done).sum())
    found = counting.yield_among(among)
    return found.share, *found.interval, found.total.points, found.draws, found.failed


def _further(dataset: xr.Dataset, points: Points, names: list[str]) -> dict[str, xr.Variable]:
    """Return the coordinates that go along dimensions kept, such as values zipped along one."""
    kept = {name for name in names if name not in points.factors}
    return {
        str(name): own.variable
        for name, own in dataset.coords.items()
        if own.ndim and name not in names and kept.issuperset(own.dims)
    }


def _told(dataset: xr.Dataset, name: str, limit: Limit) -> str:
    ends = [
        f"{side} {end:g}"
        for side, end in zip(("from", "to"), limit, strict=True)
        if end is not None
    ]
    unit = str(dataset[name].attrs.get("units", "1"))
    return " ".join([name, *ends, *([] if unit == "1" else [unit])])
