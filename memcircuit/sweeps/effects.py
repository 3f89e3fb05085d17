"""Main effects: the mean of a result at each level of each parameter, and what pairs add."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_count
from memcircuit.sweeps.swept_points import Array, Factor, observed

if TYPE_CHECKING:
    import xarray as xr


def main_effects(dataset: xr.Dataset, result: str, *, bins: int = 5) -> xr.Dataset:
    """Return the mean of a result at each level of each parameter, over all the others.

    By parameter (dimension ``parameter``, and ``level``, filled up with NaN):

    * ``mean`` (parameter, level): mean at that level, in the result's unit.
    * ``deviation`` (parameter, level): standard deviation of the points there; NaN of a single one.
    * ``count`` (parameter, level): how many points have a result there.
    * ``size`` (parameter): largest less smallest mean.
    * ``interaction`` (parameter, other): of two parameters, largest less smallest difference
      between the mean at a pair of levels and what the two add up to, by least squares over the
      pairs that have points; 0 where their effects add up.
    * ``overall`` (no dimension): mean of all points.

    With two levels each, size and interaction are the effects of a factorial design. More than
    ``bins`` different values that were drawn or listed, not chosen as levels of a grid, are put
    into bins with equally many points, for interactions into a lower and an upper half. Of these
    size and interaction hold some scatter, also of a parameter without effect; compare
    ``deviation / sqrt(count)``. Points without a result are counted in the attribute ``left_out``.
    They are left out of samples; in the means and interactions of a grid a fit to the other
    points stands for them, additive or multiplicative, whichever comes closer: without it levels
    that lost some would see other values of the rest.

    Args:
        dataset: result of ``sweep``, or a part selected from it.
        result: variable with no dimensions but those of the sweep.
        bins: of a parameter whose values were drawn.

    Raises:
        UsageError: no such result, or no parameter that changes.
    """
    import xarray as xr

    require_count(bins, "bins")
    seen = observed(dataset, result)
    factors = seen.changing()
    y, kept = seen.values, seen.used
    if seen.points.is_grid:
        whole = [factor.levels(bins) for factor in seen.points.factors.values()]
        y, kept = _filled(whole, y, kept)
    levels = [_codes(factor.levels(bins), kept) for factor in factors.values()]
    few = [_codes(_few(factor, bins), kept) for factor in factors.values()]
    y, real = y[kept], seen.used[kept]
    most = max(int(codes.max()) for codes in levels) + 1
    mean = np.array([_at_levels(codes, y, most)[0] for codes in levels])
    found = np.array([_at_levels(codes[real], y[real], most) for codes in levels])
    interaction = np.full((len(factors), len(factors)), np.nan)
    for i, j in combinations(range(len(factors)), 2):
        interaction[i, j] = interaction[j, i] = _interaction(few[i], few[j], y)
    own = {"units": seen.units}
    names = list(factors)
    values, labels = zip(
        *(
            _level_values(factor, codes, kept, most)
            for factor, codes in zip(factors.values(), levels, strict=True)
        ),
        strict=True,
    )
    return xr.Dataset(
        {
            "mean": (("parameter", "level"), mean, own),
            "deviation": (("parameter", "level"), found[:, 1], own),
            "count": (("parameter", "level"), found[:, 2].astype(np.int64)),
            "size": ("parameter", np.nanmax(mean, axis=1) - np.nanmin(mean, axis=1), own),
            "interaction": (("parameter", "other"), interaction, own),
            "overall": ((), float(y.mean()), own),
        },
        coords={
            "parameter": names,
            "other": names,
            "unit": ("parameter", [factor.units for factor in factors.values()]),
            "value": (("parameter", "level"), np.array(values)),
            "label": (("parameter", "level"), np.array(labels)),
        },
        attrs=seen.attributes,
    )


def _filled(
    codes: list[NDArray[np.intp]], y: Array, used: NDArray[np.bool_]
) -> tuple[Array, NDArray[np.bool_]]:
    """Return a result with its missing points filled in, and which points have one then.

    A missing point gets what the parameters add up to by least squares over the others, so that
    every level still sees the same values of the other parameters (F. Yates, Empire Journal of
    Experimental Agriculture 1, 1933, 129); where all values are positive and their logarithms,
    added up, come closer to the others, it gets that. Points at a level without any result stay
    missing.

    Args:
        codes: level of each parameter at each point, (points,) from 0.
        y: (points,) result.
        used: (points,) which points have one.
    """
    has = [np.bincount(one, weights=used)[one] > 0 for one in codes]
    kept = np.logical_and.reduce(has)
    own = [_codes(one, kept) for one in codes]
    fits = [_fitted(own, y[kept], used[kept])]
    if np.all(y[used] > 0):
        fits.append(np.exp(_fitted(own, np.log(np.where(used, y, 1.0))[kept], used[kept])))
    whole = y.copy()
    whole[kept] = min(fits, key=lambda fit: float(np.sum((fit - y[kept])[used[kept]] ** 2)))
    return np.where(used, y, whole), kept


def _fitted(codes: list[NDArray[np.intp]], y: Array, used: NDArray[np.bool_]) -> Array:
    """Return at every point what the parameters add up to by least squares over the used ones."""
    parts = _additive([one[used] for one in codes], y[used])
    return np.asarray(np.sum([part[one] for part, one in zip(parts, codes, strict=True)], axis=0))


def _additive(codes: list[NDArray[np.intp]], y: Array) -> list[Array]:
    """Return what each level of each parameter adds, by least squares.

    Their free constants are left to the solution of least norm of the normal equations.
    """
    sizes = [int(one.max()) + 1 for one in codes]
    pairs = [
        [
            np.bincount(one * wide + other, minlength=high * wide).reshape(high, wide)
            for other, wide in zip(codes, sizes, strict=True)
        ]
        for one, high in zip(codes, sizes, strict=True)
    ]
    sides = np.concatenate([np.bincount(one, weights=y) for one in codes])
    parts = np.linalg.lstsq(np.block(pairs).astype(np.float64), sides, rcond=None)[0]
    return list(np.split(parts, np.cumsum(sizes)[:-1]))


def _codes(levels: NDArray[np.intp], kept: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the level of every kept point; levels that lost all points are not counted."""
    return np.unique(levels[kept], return_inverse=True)[1]


def _few(factor: Factor, bins: int) -> NDArray[np.intp]:
    """Return the levels for interactions: halves of values in bins, which scatter less."""
    return factor.levels(bins if len(np.unique(factor.values)) <= bins else 2)


def _at_levels(codes: NDArray[np.intp], y: Array, most: int) -> Array:
    """Return mean, standard deviation and number of points at each level, (3, most)."""
    count = np.bincount(codes, minlength=most).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(codes, weights=y, minlength=most) / count
        squares = np.bincount(codes, weights=(y - mean[codes]) ** 2, minlength=most)
        deviation = np.sqrt(squares / np.where(count > 1, count - 1, np.nan))
    return np.stack([mean, deviation, count])


def _level_values(
    factor: Factor, codes: NDArray[np.intp], used: NDArray[np.bool_], most: int
) -> tuple[Array, list[str]]:
    """Return the mean value and a text for each level; NaN and empty past the last."""
    here: NDArray[Any] = factor.values[used]
    if factor.is_number:
        value = _at_levels(codes, here.astype(np.float64), most)[0]
        return value, [f"{one:.4g}" if np.isfinite(one) else "" for one in value]
    _, first = np.unique(codes, return_index=True)
    texts = [str(here[k]) for k in first]
    return np.full(most, np.nan), texts + [""] * (most - len(texts))


def _interaction(rows: NDArray[np.intp], columns: NDArray[np.intp], y: Array) -> float:
    """Return how far the means at pairs of levels are from what the two parameters add up to.

    Args:
        rows: (points,) level of one parameter, from 0 and none left out.
        columns: (points,) level of the other.
        y: (points,) result.
    """
    wide = int(columns.max()) + 1
    pairs, codes = np.unique(rows * wide + columns, return_inverse=True)
    table = np.bincount(codes, weights=y) / np.bincount(codes)
    own, other = np.divmod(pairs, wide)
    row_parts, column_parts = _additive([own, other], table)
    return float(np.ptp(table - row_parts[own] - column_parts[other]))
