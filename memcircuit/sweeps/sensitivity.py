"""How much each parameter of a sweep moves a result."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.sweeps.swept_points import Array, Factor, Observed, observed

if TYPE_CHECKING:
    import xarray as xr

# Parameters whose correlation matrix has an eigenvalue below this change together.
_DEPENDENT = 1e-9
# Bins of a Sobol index are the points to this power: with fewer, changes within a bin are lost,
# with more, the correction for scatter between bins grows.
_BINS_EXPONENT = 0.4


def sensitivities(dataset: xr.Dataset, result: str) -> xr.Dataset:
    """Return how much each parameter moves a result.

    Of samples, a Monte Carlo, corners or zipped points, alone or at every point of a grid, by
    parameter (dimension ``parameter``):

    * ``coefficient``: standardised regression coefficient: by how many standard deviations the
      result moves when the parameter moves by one of its own and the others stay.
    * ``standard_error`` of it, from the influence of every draw on the coefficient; holds for
      results that are no straight line or scatter unevenly, and for points that depend on each
      other within a draw, such as the cycles of a device (J. A. Jones, N. G. Waller,
      Psychometrika 2015, doi:10.1007/s11336-013-9380-y). For random draws; of a Latin hypercube
      or a Sobol sequence it is too large.
    * ``rank_correlation``: Spearman's, of the parameter with the result.
    * ``first_order``: first-order Sobol index, the share of variance of the result that vanishes
      when the parameter is known (I. M. Sobol, Mathematics and Computers in Simulation 2001,
      doi:10.1016/S0378-4754(00)00270-6), from bins with equally many points, less what such bins
      show of a parameter without effect among random draws; can come out a little below zero, and
      of a Sobol sequence, which fills bins more evenly, up to points^-0.6 too low. The indices
      add up to 1 at most when the parameters are drawn independently.
    * ``variance_explained`` (no dimension): R², the share of variance that the regression has.

    Of a grid alone, by parameter:

    * ``local_sensitivity``: d ln(result) / d ln(parameter) at the centre of the grid, the middle
      level of every parameter, the upper one of two: the exponent of a power law, from the levels
      on both sides. Where values change sign, logarithms are replaced by changes relative to the
      centre, which have the same slope there. NaN at a parameter or a result of 0, and where no
      other level along a parameter has a result. Coordinate ``centre`` tells where.

    Parameters that are no numbers or keep one value are left out; so are failed points, counted
    in the attribute ``left_out``.

    Args:
        dataset: result of ``sweep``, or a part selected from it.
        result: variable with no dimensions but those of the sweep.

    Raises:
        UsageError: no such result; one that does not change; too few points; parameters that
            change only together; a grid whose centre failed.
    """
    seen = observed(dataset, result)
    factors = {name: one for name, one in seen.changing().items() if one.is_number}
    if not factors:
        raise UsageError(f"{result}: no parameter with numbers changes, so there is no sensitivity")
    return _local(seen, factors) if seen.points.is_grid else _global(seen, factors)


def _local(seen: Observed, factors: dict[str, Factor]) -> xr.Dataset:
    import xarray as xr

    axes = {name: np.asarray(seen.points.levels(name)) for name in seen.points.sizes}
    centre = tuple(_middle(levels) for levels in axes.values())
    cube = np.where(seen.used, seen.values, np.nan).reshape(seen.points.shape)
    if np.isnan(cube[centre]):
        raise UsageError(
            f"{seen.name}: the point at the centre of the grid has no result; select a part of "
            "the grid whose centre has one"
        )
    slopes, places = [], []
    for axis, (name, place) in enumerate(zip(axes, centre, strict=True)):
        if name in factors:
            x = axes[name].astype(np.float64)
            line = np.moveaxis(cube, axis, -1)[(*centre[:axis], *centre[axis + 1 :])]
            slopes.append(_elasticity(x, line, place))
            places.append(x[place])
    return xr.Dataset(
        {"local_sensitivity": ("parameter", slopes, {"units": "1"})},
        coords={
            "parameter": list(factors),
            "unit": ("parameter", [one.units for one in factors.values()]),
            "centre": ("parameter", places),
        },
        attrs=seen.attributes,
    )


def _middle(levels: NDArray[Any]) -> int:
    """Return the place of the middle level by size, the upper one of two."""
    return int(np.argsort(levels)[len(levels) // 2])


def _elasticity(x: Array, y: Array, centre: int) -> float:
    """Return d ln y / d ln x at one place of a line of points, some of them perhaps NaN."""
    kept = np.isfinite(y)
    if kept.sum() < 2 or x[centre] == 0 or y[centre] == 0:
        return math.nan
    order = np.flatnonzero(kept)[np.argsort(x[kept])]
    place = int(np.flatnonzero(order == centre)[0])
    near = order[max(place - 1, 0) : place + 2]
    across, up = (_relative(values[near], values[centre]) for values in (x, y))
    return float(np.gradient(up, across)[int(np.flatnonzero(near == centre)[0])])


def _relative(values: Array, centre: float) -> Array:
    ratio = values / centre
    return np.log(ratio) if np.all(ratio > 0) else ratio - 1.0


def _global(seen: Observed, factors: dict[str, Factor]) -> xr.Dataset:
    import xarray as xr
    from scipy.stats import rankdata

    y = seen.values[seen.used]
    count, number = len(y), len(factors)
    if count < number + 2:
        raise UsageError(
            f"{seen.name}: {count} points with a result for {number} parameters; a regression "
            f"needs {number + 2}"
        )
    if not np.ptp(y) > 0:
        raise UsageError(f"{seen.name} is {y[0]:g} at all {count} points: nothing moves it")
    x = np.stack([one.values[seen.used].astype(np.float64) for one in factors.values()], axis=1)
    z, target = _standardised(x), _standardised(y)
    gram = z.T @ z / count
    _refuse_dependent(gram, list(factors))
    coefficients = np.linalg.solve(gram, z.T @ target / count)
    left = target - z @ coefficients
    influence = left[:, np.newaxis] * np.linalg.solve(gram, z.T).T
    # how much each point moves the standard deviations that the coefficient is made of
    influence += 0.5 * coefficients * (z**2 - target[:, np.newaxis] ** 2)
    ranks = _standardised(rankdata(x, axis=0)).T @ _standardised(rankdata(y)) / count
    bins = max(2, round(count**_BINS_EXPONENT))
    first = [_first_order(one.levels(bins)[seen.used], target) for one in factors.values()]
    share = {"units": "1"}
    errors = _standard_errors(influence, seen.points.draws(seen.used), number)
    return xr.Dataset(
        {
            "coefficient": ("parameter", coefficients, share),
            "standard_error": ("parameter", errors, share),
            "rank_correlation": ("parameter", ranks, share),
            "first_order": ("parameter", first, share),
            "variance_explained": ((), 1.0 - float(np.mean(left**2)), share),
        },
        coords={
            "parameter": list(factors),
            "unit": ("parameter", [one.units for one in factors.values()]),
        },
        attrs=seen.attributes,
    )


def _standardised(values: Array) -> Array:
    return np.asarray((values - values.mean(axis=0)) / values.std(axis=0))


def _refuse_dependent(gram: Array, names: list[str]) -> None:
    sizes, directions = np.linalg.eigh(gram)
    if sizes[0] < _DEPENDENT:
        together = [
            name
            for name, part in zip(names, directions[:, 0], strict=True)
            if abs(part) > math.sqrt(_DEPENDENT)
        ]
        raise UsageError(
            f"{', '.join(together)} change only together; no regression can tell what each does"
        )


def _standard_errors(influence: Array, draws: NDArray[np.intp], number: int) -> Array:
    """Return the standard error of every coefficient from the influence of each point on it.

    Args:
        influence: (points, parameters).
        draws: (points,) draw of each point; points of different draws are independent.
        number: coefficients estimated.
    """
    count = len(influence)
    _, groups = np.unique(draws, return_inverse=True)
    several = int(groups.max()) + 1
    if several < 2:
        return np.full(number, np.nan)
    sums = np.stack([np.bincount(groups, weights=column) for column in influence.T], axis=1)
    correction = several / (several - 1) * (count - 1) / (count - number - 1)
    return np.asarray(np.sqrt(correction * np.sum(sums**2, axis=0)) / count)


def _first_order(levels: NDArray[np.intp], target: Array) -> float:
    """Return the share of variance between levels, unbiased where the parameter does nothing.

    The measure is epsilon squared of T. L. Kelley, PNAS 1935, doi:10.1073/pnas.21.9.554.

    Args:
        levels: (points,) level of the parameter at each point.
        target: (points,) result with mean 0 and variance 1.
    """
    _, codes, members = np.unique(levels, return_inverse=True, return_counts=True)
    between = float(np.sum(np.bincount(codes, weights=target) ** 2 / members))
    count, spare = len(target), len(target) - len(members)
    if spare < 1:
        return math.nan
    within = (count - between) / spare
    return (between - (len(members) - 1) * within) / count
