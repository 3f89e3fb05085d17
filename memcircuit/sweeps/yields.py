"""Yield: the share of points whose results lie inside limits, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_number
from memcircuit.errors import UsageError
from memcircuit.networks.intervals import require_confidence
from memcircuit.sweeps.swept_points import Points, over_points, points_of, result_variable

if TYPE_CHECKING:
    import xarray as xr

#: Lower and upper limit of a result, both still inside; None is open.
Limit = tuple[float | None, float | None]


@dataclass(frozen=True)
class Share:
    """Points inside, of how many.

    Attributes:
        inside: points inside.
        points: all points counted.
        low: lower end of the confidence interval of the share, 0..1.
        high: its upper end, 0..1.
    """

    inside: int
    points: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Share of the points inside, 0..1."""
        return self.inside / self.points


@dataclass(frozen=True)
class Yield:
    """How many points of a sweep lie inside limits.

    Attributes:
        total: inside all limits.
        by_limit: inside the limits of one result, by its name.
        failed: failed points of the dataset, whether they are counted or not.
        draws: independent draws among the points counted, such as devices.
        confidence: of the intervals, 0..1.
    """

    total: Share
    by_limit: Mapping[str, Share]
    failed: int
    draws: int
    confidence: float

    @property
    def share(self) -> float:
        """Share of the points inside all limits, 0..1."""
        return self.total.share

    @property
    def interval(self) -> tuple[float, float]:
        """Confidence interval of that share, 0..1."""
        return self.total.low, self.total.high


def yield_of(
    dataset: xr.Dataset,
    limits: Mapping[str, Limit],
    *,
    confidence: float = 0.95,
    failed: Literal["outside", "leave_out"] = "outside",
) -> Yield:
    """Return the share of points whose results lie inside limits.

    A result with dimensions besides those of the sweep, such as ``pulse``, is inside when every
    entry along them is; select one place first where only that counts. A point that is done but
    has no value of a result (NaN) is outside.

    The interval is Clopper and Pearson's, which holds at least its confidence at every yield
    (C. J. Clopper, E. S. Pearson, Biometrika 1934, doi:10.1093/biomet/26.4.404). Points of one
    draw, such as the cycles of a device, tell less than as many devices; the number of points is
    then replaced by the number of independent ones that would be as sure (E. L. Korn,
    B. I. Graubard, Survey Methodology 24, 1998, 193). Of a grid the interval is that of points
    drawn at random from the same range.

    Args:
        dataset: result of ``sweep``.
        limits: lower and upper limit by result, in its unit; None is open.
        confidence: of the intervals, 0..1.
        failed: whether failed points count as outside or are left out.

    Raises:
        UsageError: no limits, limits of no result or that enclose nothing, or no point left.
    """
    counting = counting_of(dataset, limits, confidence=confidence, failed=failed)
    return counting.yield_among(np.ones_like(counting.counted))


@dataclass(frozen=True)
class Counting:
    """Which points of a sweep lie inside limits, and which count.

    Attributes:
        points: the points.
        inside: (points,) by result, whether the point is inside its limits.
        counted: (points,) whether the point counts at all; some do.
        confidence: of the intervals, 0..1.
    """

    points: Points
    inside: Mapping[str, NDArray[np.bool_]]
    counted: NDArray[np.bool_]
    confidence: float

    def yield_among(self, among: NDArray[np.bool_]) -> Yield:
        """Return the yield of some points, (points,), at least one of which counts."""
        counted = among & self.counted
        draws = self.points.draws(counted)
        both = np.logical_and.reduce(list(self.inside.values()))
        return Yield(
            total=_share(both[counted], draws, self.confidence),
            by_limit={
                name: _share(own[counted], draws, self.confidence)
                for name, own in self.inside.items()
            },
            failed=int((among & ~self.points.done).sum()),
            draws=len(np.unique(draws)),
            confidence=self.confidence,
        )


def counting_of(
    dataset: xr.Dataset,
    limits: Mapping[str, Limit],
    *,
    confidence: float,
    failed: Literal["outside", "leave_out"],
) -> Counting:
    """Return which points lie inside limits; arguments and errors as of ``yield_of``."""
    require_confidence(confidence)
    if failed not in ("outside", "leave_out"):
        raise UsageError(f"failed = {failed!r}: expected 'outside' or 'leave_out'")
    if not isinstance(limits, Mapping) or not limits:
        raise UsageError(f"limits = {limits!r}: expected {{'conductance': (1e-5, None)}} or alike")
    points = points_of(dataset)
    inside = {
        name: _inside(dataset, name, _checked(name, limit), points)
        for name, limit in limits.items()
    }
    counted = points.done if failed == "leave_out" else np.ones_like(points.done)
    if not counted.any():
        raise UsageError(f"all {counted.size} points failed: no yield without them")
    return Counting(points, inside, counted, confidence)


def _checked(name: str, limit: object) -> tuple[float, float]:
    if not isinstance(limit, tuple | list) or len(limit) != 2:
        raise UsageError(f"limits of {name} = {limit!r}: expected (low, high), None where open")
    if limit[0] is None and limit[1] is None:
        raise UsageError(f"limits of {name} = {limit!r}: both are open; give at least one")
    for value, side in zip(limit, ("lower", "upper"), strict=True):
        if value is not None:
            require_number(value, f"{side} limit of {name}", least=-np.inf)
    low = -np.inf if limit[0] is None else float(limit[0])
    high = np.inf if limit[1] is None else float(limit[1])
    if low > high:
        raise UsageError(f"limits of {name} = {limit!r}: the lower one is above the upper one")
    return low, high


def _inside(
    dataset: xr.Dataset, name: str, limit: tuple[float, float], points: Points
) -> NDArray[np.bool_]:
    values = over_points(result_variable(dataset, name), points.sizes)
    # a comparison with NaN is never true
    within = (values >= limit[0]) & (values <= limit[1])
    return np.asarray(within.all(axis=1) & points.done)


def _share(inside: NDArray[np.bool_], draws: NDArray[np.intp], confidence: float) -> Share:
    found = int(inside.sum())
    low, high = clopper_pearson(
        found / inside.size, effective_count(inside, draws, confidence), confidence
    )
    return Share(found, inside.size, low, high)


def clopper_pearson(share: float, count: float, confidence: float) -> tuple[float, float]:
    """Return Clopper and Pearson's interval of a share found in ``count`` independent trials.

    Args:
        share: found, 0..1.
        count: trials; any positive number, so that an effective count can be used.
        confidence: of the interval, 0..1.
    """
    from scipy.stats import beta

    tail = 0.5 - 0.5 * confidence
    hits, misses = share * count, (1.0 - share) * count
    low = float(beta.ppf(tail, hits, misses + 1.0)) if hits > 0 else 0.0
    high = float(beta.ppf(1.0 - tail, hits + 1.0, misses)) if misses > 0 else 1.0
    return low, high


def effective_count(inside: NDArray[np.bool_], draws: NDArray[np.intp], confidence: float) -> float:
    """Return how many independent trials would be as sure as these points.

    The count times the variance of a share of independent points over that of the share of points
    in draws, and corrected for how few draws the latter is estimated from (Korn, Graubard 1998,
    equation for the degrees-of-freedom adjusted effective sample size).

    Args:
        inside: (points,).
        draws: (points,) draw of each point, whole numbers.
        confidence: of the interval it is for, 0..1.
    """
    from scipy.stats import t

    _, groups = np.unique(draws, return_inverse=True)
    count, number = inside.size, int(groups.max()) + 1
    if number == count:
        return float(count)
    if number == 1:
        return 1.0
    share = inside.mean()
    excess = np.bincount(groups, weights=inside - share)
    variance = number / (number - 1) * np.sum(excess**2) / count**2
    # all points agree: nothing tells how much the points of a draw depend on each other
    independent = min(count, share * (1 - share) / variance) if variance > 0 else number
    quantile = 0.5 + 0.5 * confidence
    few = t.ppf(quantile, count - 1) / t.ppf(quantile, number - 1)
    return float(independent * few**2)
