"""A model as vectorised numpy functions, with exact derivatives and a reference integrator."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.devices.arrays import numbers
from memcircuit.devices.definition import Model
from memcircuit.devices.derivatives import functions
from memcircuit.errors import UsageError

Array = NDArray[np.float64]

# Newton's method for the inner voltage ends when its step is this share of the port voltage: the
# next one would be rounding, since steps become as small as the square of the last.
_INNER_TOLERANCE = 1e-11
_INNER_STEPS = 200
# V; a root of which the balance is further off than this, or this share of more than 1 V, is none.
_UNBALANCED = 1e-9


class NumpyModel:
    """Port current and state rate of a model with given parameters.

    Args:
        model: the definition.
        parameters: value of every parameter, SI; arrays broadcast.

    Voltages, states and multipliers broadcast against each other; multipliers are given by the
    names of the instance parameters, such as ``m_k_set``.
    """

    def __init__(self, model: Model, parameters: Mapping[str, ArrayLike]) -> None:
        self.model = model
        self.parameters = dict(parameters)
        self._names = tuple(p.name for p in model.parameters)

    def _known(self, variation: Mapping[str, ArrayLike]) -> None:
        known = {p.multiplier for p in self.model.varying}
        for name, values in variation.items():
            if name not in known:
                raise UsageError(
                    f"model {self.model.name!r} has no multiplier {name!r}; it has "
                    f"{', '.join(sorted(known))}"
                )
            if not np.all(numbers(values, name) > 0):
                raise UsageError(f"multiplier {name} must be above zero everywhere")

    def _arguments(
        self, v: ArrayLike, s: ArrayLike, variation: Mapping[str, ArrayLike]
    ) -> list[Array]:
        """Return what the functions take, broadcast: voltage, state, inner voltage, parameters."""
        self._known(variation)
        values = [
            np.asarray(self.parameters[name], dtype=float)
            * np.asarray(variation.get(f"m_{name}", 1.0), dtype=float)
            for name in self._names
        ]
        voltage = numbers(v, "voltage")
        state = np.clip(numbers(s, "state"), 0.0, 1.0)
        if self.model.inner is None:
            return [voltage, state, *values]
        return [voltage, state, self._inner(voltage, state, values), *values]

    def _evaluate(self, outputs: tuple[str, ...], arguments: list[Array]) -> list[Array]:
        try:
            shape = np.broadcast_shapes(*(x.shape for x in arguments))
        except ValueError as error:
            shapes = sorted({x.shape for x in arguments})
            raise UsageError(f"arrays of shapes {shapes} do not go together") from error
        with np.errstate(all="ignore"):  # branches that are not taken are evaluated too
            results = functions(self.model, outputs)(*arguments)
        return [np.broadcast_to(np.asarray(r, dtype=float), shape).copy() for r in results]

    def _inner(self, v: Array, s: Array, values: list[Array]) -> Array:
        """Return the inner voltage, V: Newton's method, held in a bracket that shrinks."""
        shape = np.broadcast_shapes(v.shape, s.shape, *(x.shape for x in values))
        voltage = np.broadcast_to(v, shape)
        low, high = np.minimum(voltage, 0.0), np.maximum(voltage, 0.0)
        at_plus = self.model.inner is not None and self.model.inner.starts_at_plus
        inner = voltage * (1 - 1e-3 if at_plus else 0.5)
        step = high - low
        for _ in range(_INNER_STEPS):
            balance, slope = self._evaluate(
                ("balance", "d_balance_v_inner"), [voltage, s, inner, *values]
            )
            low, high = np.where(balance < 0, inner, low), np.where(balance > 0, inner, high)
            with np.errstate(all="ignore"):
                trial = inner - balance / slope
            # Newton's step is taken when it stays inside and at least halves the last one
            good = (trial >= low) & (trial <= high) & (np.abs(trial - inner) <= step / 2)
            trial = np.where(balance == 0, inner, np.where(good, trial, (low + high) / 2))
            step, inner = np.abs(trial - inner), trial
            if np.all(step <= _INNER_TOLERANCE * np.abs(voltage)):
                if np.any(np.abs(balance) > _UNBALANCED * slope * np.maximum(np.abs(voltage), 1)):
                    break
                return inner
        raise UsageError(f"model {self.model.name!r}: no inner voltage balances the currents")

    def current(self, v: ArrayLike, s: ArrayLike, **variation: ArrayLike) -> Array:
        """Return the port current, A, at voltage ``v`` (V) and state ``s``."""
        return self._evaluate(("current",), self._arguments(v, s, variation))[0]

    def rate(self, v: ArrayLike, s: ArrayLike, **variation: ArrayLike) -> Array:
        """Return ds/dt, 1/s, at voltage ``v`` (V) and state ``s``."""
        return self._evaluate(("rate",), self._arguments(v, s, variation))[0]

    def port(self, v: ArrayLike, s: ArrayLike, **variation: ArrayLike) -> tuple[Array, Array]:
        """Return the port current, A, and its derivative after the voltage, S."""
        matrix = self._total(("current",), ("v",), v, s, variation)
        return matrix[0], matrix[1]

    def motion(
        self, v: ArrayLike, s: ArrayLike, **variation: ArrayLike
    ) -> tuple[Array, Array, Array]:
        """Return ds/dt, 1/s, and its derivatives after state (1/s) and voltage (1/(V s))."""
        rate, by_state, by_voltage = self._total(("rate",), ("s", "v"), v, s, variation)
        return rate, by_state, by_voltage

    def jacobian(self, v: ArrayLike, s: ArrayLike, **variation: ArrayLike) -> Array:
        """Return the exact derivatives of current and rate.

        Returns:
            (2, 2, ...): first axis current (A) and rate (1/s), second axis their derivatives
            after voltage (per V) and after state.
        """
        values = self._total(("current", "rate"), ("v", "s"), v, s, variation)[2:]
        return np.stack(values).reshape(2, 2, *values[0].shape)

    def _total(
        self,
        outputs: tuple[str, ...],
        variables: tuple[str, ...],
        v: ArrayLike,
        s: ArrayLike,
        variation: Mapping[str, ArrayLike],
    ) -> list[Array]:
        """Return outputs, then the derivatives of each after each variable.

        The inner voltage moves with the variable so that the balance stays zero.
        """
        pairs = [(f, x) for f in outputs for x in variables]
        names = [*outputs, *(f"d_{f}_{x}" for f, x in pairs)]
        inner = self.model.inner is not None
        if inner:
            names += [f"d_{f}_v_inner" for f in (*outputs, "balance")]
            names += [f"d_balance_{x}" for x in variables]
        found = dict(
            zip(names, self._evaluate(tuple(names), self._arguments(v, s, variation)), strict=True)
        )
        totals = [found[f] for f in outputs]
        for f, x in pairs:
            slope = found[f"d_{f}_{x}"]
            if inner:
                moved = -found[f"d_balance_{x}"] / found["d_balance_v_inner"]
                slope = slope + found[f"d_{f}_v_inner"] * moved
            totals.append(slope)
        return totals

    def integrate(
        self,
        voltage: Callable[[float], float],
        times: ArrayLike,
        initial_state: float,
        *,
        corners: ArrayLike = (),
        relative_tolerance: float = 1e-10,
        method: str = "LSODA",
        **variation: float,
    ) -> Array:
        """Return the state over time under an ideal voltage source, by scipy at tight tolerance.

        Args:
            voltage: port voltage in V at a time in s.
            times: (n,) s, rising; the first is where ``initial_state`` holds.
            initial_state: state at the first time.
            corners: (k,) s, times at which the waveform has kinks; integration restarts there.
            relative_tolerance: of the integrator.
            method: of ``scipy.integrate.solve_ivp``: LSODA or Radau where the state settles much
                quicker than the waveform moves, DOP853 where it does not.
            **variation: multipliers of this device.

        Returns:
            (n,) state at ``times``.

        Raises:
            UsageError: times that do not rise, or an integration that fails.
        """
        from memcircuit.devices.reference import Motion, integrate

        self._known(variation)
        values = [
            float(np.asarray(self.parameters[n])) * float(variation.get(f"m_{n}", 1.0))
            for n in self._names
        ]
        return integrate(
            Motion(self.model, values), voltage, times, initial_state,
            corners=corners, relative_tolerance=relative_tolerance, method=method,
        )  # fmt: skip
