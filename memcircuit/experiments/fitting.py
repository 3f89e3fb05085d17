"""Parameters of a device from a measured I-V loop or pulse response, with their uncertainty.

Least squares on the numpy form. Every trial integrates the parameter set and its neighbours, from
which the derivatives are taken, at once: as devices of one population.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.checks import whole_number
from memcircuit.devices.cards import card_names
from memcircuit.devices.device import Device, device_from_model
from memcircuit.devices.numpy_model import NumpyModel
from memcircuit.errors import ConvergenceError, ParameterError, UsageError
from memcircuit.experiments.fit_axis import INITIAL_STATE, STATE, Axis, axis_of, declared
from memcircuit.experiments.fit_target import Target, fit_target

if TYPE_CHECKING:
    import xarray as xr

    from pyspice_netlists import Pulse

Array = NDArray[np.float64]

# Half the distance of the neighbours that give a derivative, in the scaled parameter.
_DIFFERENCE = 1e-3
# Directions in which the data change less than this share of the steepest one change nothing.
_FLAT = 1e-6
# The search ends at this gradient or step on the scaled axes: what the integration resolves.
_ENOUGH = 1e-6
# A standard deviation over the median of the absolute deviations, of the normal distribution.
_SPREAD_OF_MEDIAN = 1.4826
# Fits in which points far off lose weight; each sees better than the last what is far.
_ROBUST_PASSES = 3
# A search that ends above this share of the data's root mean square starts again elsewhere...
_GOOD = 0.02
# ...at the best of so many places within a factor e of the start, if that is better.
_SCOUTS, _SCOUT_REACH = 128, 1.0


@dataclass(frozen=True)
class Fit:
    """A device whose parameters were fitted to data.

    Attributes:
        values: fitted, SI, by name.
        standard_errors: of the values; infinite where the data do not determine one.
        correlation: (free, free) of the fitted values, in the order of ``values``.
        residual_rms: root mean square of what is left, in ``residual_unit``.
        residual_unit: unit of the data.
        relative_residual: the same as a share of the data's root mean square.
        device: with the fitted values.
        undetermined: values that the data leave open: their uncertainty is infinite, or as large
            as the value itself (the whole range, for ``initial_state``).
        at_bounds: values that ended at a bound of their range; their errors mean little.
        converged: whether the search ended by itself.
        message: why it ended.
        evaluations: trial sets.
    """

    values: Mapping[str, float]
    standard_errors: Mapping[str, float]
    correlation: Array
    residual_rms: float
    residual_unit: str
    relative_residual: float
    device: Device
    undetermined: tuple[str, ...]
    at_bounds: tuple[str, ...]
    converged: bool
    message: str
    evaluations: int

    def summary(self) -> str:
        """Return the result as text: values, errors, residual and what to beware of."""
        lines = [f"{self.device.model.name} fitted to data, {self.evaluations} trials"]
        for name, value in self.values.items():
            unit = declared(self.device, name).unit
            error = self.standard_errors[name]
            notes = [" at its bound"] * (name in self.at_bounds)
            notes += [" NOT DETERMINED by the data"] * (name in self.undetermined)
            lines.append(f"  {name} = {value:.6g} +- {error:.2g} {unit}{','.join(notes)}")
        lines.append(
            f"  residual {self.residual_rms:.3g} {self.residual_unit} rms, "
            f"{self.relative_residual:.2%} of the data"
        )
        names = list(self.values)
        for i, j in zip(*np.nonzero(np.triu(np.abs(self.correlation) > 0.95, 1)), strict=True):
            lines.append(
                f"  {names[i]} and {names[j]} go together: correlation {self.correlation[i, j]:.4f}"
            )
        if not self.converged:
            lines.append(f"  NOT CONVERGED: {self.message}")
        return "\n".join(lines)


def fit(
    model: Device | str,
    data: xr.Dataset | tuple[ArrayLike, ...],
    free: Sequence[str],
    *,
    start: Mapping[str, float] | None = None,
    set: Pulse | None = None,  # noqa: A002
    reset: Pulse | None = None,
    read: Pulse | float | None = None,
    outliers: bool = False,
    most_trials: int = 100,
) -> Fit:
    """Fit parameters of a model to a measured I-V loop or pulse response.

    The sum of squares of the difference in current, or conductance, is made least; parameters
    whose range has one sign are searched by their logarithm. Ranges and constraints of the model
    are kept.

    Args:
        model: a device, whose values are the start and stay where they are not free; or the name
            of a model, for its defaults.
        data: a dataset of ``mc.iv_loop``, of which at most 1000 points are compared; of
            ``mc.pulse_train`` or ``mc.pulse_cycles``, whose
            curves are taken as measurements of one device that starts in one state; arrays
            (time, voltage, current), each (n,), in s, V, A, the voltage linear between the times;
            or arrays (conductance, direction), (pulses + 1,) in S, as those datasets hold them.
        free: names of the parameters to fit; ``initial_state`` may be one.
        start: values to start from instead, by name, SI.
        set: SET pulse of pulse data; the card's when None.
        reset: RESET pulse; the card's when None.
        read: read pulse, or its amplitude in V; the card's when None.
        outliers: give points far off little weight, Cauchy's loss at the spread of the others.
        most_trials: parameter sets tried before giving up.

    Raises:
        UsageError: a free name that the model does not have or that chooses between equations,
            none or one twice, data of another kind, with gaps, or fewer than the free values.
        ParameterError: start values outside their range or that do not go together.
    """
    from scipy.optimize import least_squares

    device = _started(model, {} if start is None else start)
    names = _free(device, free)
    target = fit_target(device, data, set=set, reset=reset, read=read)
    if target.observed.size <= len(names):
        raise UsageError(
            f"{target.observed.size} points do not determine {len(names)} values: {list(names)}"
        )
    if whole_number(most_trials, "most_trials") < 1:
        raise UsageError(f"most_trials = {most_trials!r}: at least 1")
    search = _Search(device, target, tuple(axis_of(device, name) for name in names))

    def run(x: Array, **loss: Any) -> Any:
        return least_squares(
            search.residuals, x, jac=search.slopes, bounds=search.bounds, method="trf",
            gtol=_ENOUGH, xtol=_ENOUGH, max_nfev=most_trials, **loss,
        )  # fmt: skip

    found = run(search.first())
    trials = found.nfev
    if np.sqrt(np.mean(found.fun**2)) > _GOOD:
        # switching makes narrow valleys, which a search from one place may miss
        place = search.scouted(better_than=np.mean(np.abs(found.fun)))
        if place is not None:
            other = run(place)
            trials += other.nfev
            found = other if other.cost < found.cost else found
    for _ in range(_ROBUST_PASSES if outliers else 0):
        spread = _SPREAD_OF_MEDIAN * float(np.median(np.abs(found.fun)))
        if spread > 0:
            found = run(found.x, loss="cauchy", f_scale=spread)
            trials += found.nfev
    return search.result(found, trials)


def _started(model: Device | str, start: Mapping[str, float]) -> Device:
    if isinstance(model, str):
        if model in card_names():
            raise UsageError(f"{model!r} is a card: pass mc.device({model!r})")
        model = device_from_model(model)
    if not isinstance(model, Device):
        raise UsageError(f"model = {model!r} is neither a device nor the name of a model")
    if not isinstance(start, Mapping):
        raise UsageError(f"start = {start!r} must map names of parameters to values")
    values = dict(start)
    state = STATE.check(values.pop(INITIAL_STATE, model.initial_state), f"device {model.name!r}")
    return replace(model.with_parameters(**values), initial_state=state)


def _free(device: Device, free: Sequence[str]) -> tuple[str, ...]:
    if not isinstance(free, str | Sequence) or not all(isinstance(name, str) for name in free):
        raise UsageError(f"free = {free!r} must be a list of parameter names")
    names = (free,) if isinstance(free, str) else tuple(free)
    if not names:
        raise UsageError("free is empty: name at least one parameter to fit")
    if len({*names}) < len(names):
        raise UsageError(f"free names a parameter twice: {list(names)}")
    for name in names:
        if declared(device, name).integer:
            raise UsageError(f"parameter {name!r} takes whole numbers only and cannot be fitted")
    return names


class _Search:
    """Residuals and their derivatives at places on the axes of the free values.

    Args:
        device: holds the values that are not free.
        target: what is compared.
        axes: of the free values.
    """

    def __init__(self, device: Device, target: Target, axes: tuple[Axis, ...]) -> None:
        self.device = device
        self.target = target
        self.axes = axes
        rms = float(np.sqrt(np.mean(target.observed**2)))
        self.scale = rms if rms > 0 else 1.0
        self._seen: tuple[bytes, Array] = (b"", np.empty((0, 0)))

    @property
    def bounds(self) -> tuple[list[float], list[float]]:
        """Least and most on every axis."""
        return [axis.low for axis in self.axes], [axis.high for axis in self.axes]

    def first(self) -> Array:
        """Return where the search starts."""
        return np.array([axis.to_axis() for axis in self.axes])

    def scouted(self, better_than: float) -> Array | None:
        """Return the best of places spread evenly around the start, (free,).

        None when its mean absolute residual is not below ``better_than``.
        """
        from scipy.stats import qmc

        low, high = (np.array(x) for x in self.bounds)
        first = self.first()
        reach = np.array([_SCOUT_REACH if a.logarithmic else max(abs(x), 1e-3)
                          for a, x in zip(self.axes, first, strict=True)])  # fmt: skip
        shares = qmc.Halton(len(self.axes), scramble=False).random(_SCOUTS)
        places = np.clip(first + reach * (2 * shares - 1), low, high)
        places = places[[self._goes_together(x) for x in places]]
        try:
            found = self._simulate(places)
        except (UsageError, ConvergenceError):
            return None
        cost = np.mean(np.abs(found - self.target.observed), axis=1) / self.scale
        best = int(np.argmin(cost))
        return np.asarray(places[best]) if cost[best] < better_than else None

    def _goes_together(self, x: Array) -> bool:
        try:
            self.values(x)
        except ParameterError:
            return False
        return True

    def residuals(self, x: Array) -> Array:
        """Return differences to the data as shares of their root mean square, (points,).

        Not finite where the model cannot be evaluated: the search then steps less far.
        """
        try:
            self.values(x)
            places = self._neighbours(x)
            found = self._simulate(np.vstack([x, *places]))
        except (UsageError, ConvergenceError):
            if np.array_equal(x, self.first()):
                raise
            return np.full(self.target.observed.size, np.nan)
        slopes = np.zeros((len(self.axes), found.shape[1]))
        for k, (below, above) in enumerate(places):
            distance = above[k] - below[k]
            if distance > 0:
                slopes[k] = (found[2 * k + 2] - found[2 * k + 1]) / distance
        self._seen = (x.tobytes(), slopes.T / self.scale)
        return np.asarray((found[0] - self.target.observed) / self.scale)

    def slopes(self, x: Array) -> Array:
        """Return the derivatives of the residuals, (points, free)."""
        if self._seen[0] != x.tobytes():
            self.residuals(x)
        return self._seen[1]

    def values(self, x: Array) -> dict[str, float]:
        """Return the free values at a place.

        Raises:
            ParameterError: they do not go together.
        """
        given = {a.parameter.name: float(a.to_value(p)) for a, p in zip(self.axes, x, strict=True)}
        own = {name: value for name, value in given.items() if name != INITIAL_STATE}
        self.device.model.values({**self.device.parameters, **own}, "trial")
        return given

    def _neighbours(self, x: Array) -> list[Array]:
        """Return for each axis the places below and above, or ``x`` where there is none."""
        places = []
        for k, (low, high) in enumerate(zip(*self.bounds, strict=True)):
            pair = np.vstack([x, x])
            for place, step in zip(pair, (-_DIFFERENCE, _DIFFERENCE), strict=True):
                place[k] = min(max(x[k] + step, low), high)
                if not self._goes_together(place):
                    place[k] = x[k]
            places.append(pair)
        return places

    def _simulate(self, places: Array) -> Array:
        given = {
            axis.parameter.name: axis.to_value(column)
            for axis, column in zip(self.axes, places.T, strict=True)
        }
        start = given.pop(INITIAL_STATE, np.full(len(places), self.device.initial_state))
        model = NumpyModel(self.device.model, {**self.device.parameters, **given})
        return self.target.simulated(model, start)

    def result(self, found: Any, trials: int) -> Fit:
        """Return the fit at what ``scipy.optimize.least_squares`` found."""
        values = self.values(found.x)
        names = tuple(values)
        degrees = found.fun.size - len(names)
        covariance, flat = _covariance(found.jac, 2 * found.cost / degrees)
        spread = np.sqrt(np.diag(covariance))
        with np.errstate(invalid="ignore"):
            correlation = covariance / np.outer(spread, spread)
        errors = np.array(
            [a.slope(values[name]) for a, name in zip(self.axes, names, strict=True)]
        ) * np.where(flat, np.inf, spread)  # fmt: skip
        rms = float(np.sqrt(np.mean(found.fun**2)))
        own = {name: value for name, value in values.items() if name != INITIAL_STATE}
        state = values.get(INITIAL_STATE, self.device.initial_state)
        low, high = (np.array(ends) for ends in self.bounds)
        near = np.minimum(found.x - low, high - found.x) < _DIFFERENCE * 1e-3
        return Fit(
            values=values,
            standard_errors=dict(zip(names, errors.tolist(), strict=True)),
            correlation=correlation,
            residual_rms=rms * self.scale,
            residual_unit=self.target.unit,
            relative_residual=rms,
            device=replace(self.device.with_parameters(**own), initial_state=state),
            undetermined=tuple(np.array(names)[flat | (spread > 1)].tolist()),
            at_bounds=tuple(np.array(names)[near].tolist()),
            converged=bool(found.status > 0),
            message=str(found.message),
            evaluations=trials,
        )


def _covariance(slopes: Array, variance: float) -> tuple[Array, NDArray[np.bool_]]:
    """Return the covariance of the determined part, and which values have an undetermined part."""
    _, strength, directions = np.linalg.svd(slopes, full_matrices=False)
    known = strength > _FLAT * strength[0] if strength[0] > 0 else np.zeros(strength.size, bool)
    scaled = directions[known] / strength[known, np.newaxis]
    flat = np.any(np.abs(directions[~known]) > 1e-3, axis=0)
    return variance * scaled.T @ scaled, flat
