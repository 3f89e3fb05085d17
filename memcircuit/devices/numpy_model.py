"""A model as vectorised numpy functions, with exact derivatives and a reference integrator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from memcircuit.devices.definition import Model, S, V
from memcircuit.errors import UsageError

Array = NDArray[np.float64]


@cache
def _functions(expressions: tuple[sp.Expr, ...], names: tuple[str, ...]) -> Any:
    arguments = [V, S, *(sp.Symbol(name, real=True) for name in names)]
    return sp.lambdify(arguments, expressions, modules="numpy", cse=True)


@cache
def _derivative(expression: sp.Expr, variable: sp.Symbol) -> sp.Expr:
    # sympy writes (u^a)' as a u^a u'/u, which is 0/0 at u = 0; powsimp makes it a u^(a-1) u'
    return sp.powsimp(sp.diff(expression, variable), deep=True, combine="exp")


class NumpyModel:
    """Port current and state rate of a model with given parameters.

    Args:
        model: the definition.
        parameters: value of every parameter, SI.

    Voltages, states and multipliers broadcast against each other; multipliers are given by the
    names of the instance parameters, such as ``m_k_set``.
    """

    def __init__(self, model: Model, parameters: Mapping[str, float]) -> None:
        self.model = model
        self.parameters = dict(parameters)
        self._names = tuple(p.name for p in model.parameters)
        self._current = model.expand(model.current)
        self._rate = model.expand(model.rate)

    def _evaluate(
        self,
        expressions: tuple[sp.Expr, ...],
        v: ArrayLike,
        s: ArrayLike,
        variation: Mapping[str, ArrayLike],
    ) -> list[Array]:
        known = {p.multiplier for p in self.model.varying}
        for name in variation:
            if name not in known:
                raise UsageError(
                    f"model {self.model.name!r} has no multiplier {name!r}; it has "
                    f"{', '.join(sorted(known))}"
                )
        values = [
            self.parameters[name] * np.asarray(variation.get(f"m_{name}", 1.0), dtype=float)
            for name in self._names
        ]
        voltage = np.asarray(v, dtype=float)
        state = np.clip(np.asarray(s, dtype=float), 0.0, 1.0)
        shape = np.broadcast_shapes(voltage.shape, state.shape, *(x.shape for x in values))
        results = _functions(expressions, self._names)(voltage, state, *values)
        return [np.broadcast_to(np.asarray(r, dtype=float), shape).copy() for r in results]

    def current(self, v: ArrayLike, s: ArrayLike, **variation: ArrayLike) -> Array:
        """Return the port current, A, at voltage ``v`` (V) and state ``s``."""
        return self._evaluate((self._current,), v, s, variation)[0]

    def rate(self, v: ArrayLike, s: ArrayLike, **variation: ArrayLike) -> Array:
        """Return ds/dt, 1/s, at voltage ``v`` (V) and state ``s``."""
        return self._evaluate((self._rate,), v, s, variation)[0]

    def port(self, v: ArrayLike, s: ArrayLike, **variation: ArrayLike) -> tuple[Array, Array]:
        """Return the port current, A, and its derivative after the voltage, S."""
        current, slope = self._evaluate(
            (self._current, _derivative(self._current, V)), v, s, variation
        )
        return current, slope

    def jacobian(self, v: ArrayLike, s: ArrayLike, **variation: ArrayLike) -> Array:
        """Return the exact derivatives of current and rate.

        Returns:
            (2, 2, ...): first axis current (A) and rate (1/s), second axis their derivatives
            after voltage (per V) and after state.
        """
        expressions = tuple(_derivative(f, x) for f in (self._current, self._rate) for x in (V, S))
        values = self._evaluate(expressions, v, s, variation)
        return np.stack(values).reshape(2, 2, *values[0].shape)

    def integrate(
        self,
        voltage: Callable[[float], float],
        times: ArrayLike,
        initial_state: float,
        *,
        corners: ArrayLike = (),
        relative_tolerance: float = 1e-10,
        **variation: float,
    ) -> Array:
        """Return the state over time under an ideal voltage source, by scipy at tight tolerance.

        Args:
            voltage: port voltage in V at a time in s.
            times: (n,) s, rising; the first is where ``initial_state`` holds.
            initial_state: state at the first time.
            corners: (k,) s, times at which the waveform has kinks; integration restarts there.
            relative_tolerance: of the integrator.
            **variation: multipliers of this device.

        Returns:
            (n,) state at ``times``.

        Raises:
            UsageError: times that do not rise, or an integration that fails.
        """
        from scipy.integrate import solve_ivp

        times = np.asarray(times, dtype=float)
        if times.ndim != 1 or times.size < 2 or np.any(np.diff(times) <= 0):
            raise UsageError("times must be a rising array of at least two instants")
        inner = np.asarray(corners, dtype=float)
        inner = inner[(inner > times[0]) & (inner < times[-1])]
        edges = np.unique(np.concatenate([[times[0]], inner, [times[-1]]]))
        values = [self.parameters[n] * float(variation.get(f"m_{n}", 1.0)) for n in self._names]
        function = _functions((self._rate,), self._names)

        def rate(t: float, y: Array) -> list[float]:
            return [float(function(voltage(t), min(max(y[0], 0.0), 1.0), *values)[0])]

        states = np.empty_like(times)
        states[0] = state = float(initial_state)
        for start, stop in pairwise(edges):
            wanted = (times > start) & (times <= stop)
            solution = solve_ivp(
                rate, (start, stop), [state], method="DOP853",
                t_eval=np.unique(np.append(times[wanted], stop)),
                rtol=relative_tolerance, atol=1e-13,
            )  # fmt: skip
            if not solution.success:
                raise UsageError(f"{self.model.name}: {solution.message} at t = {start:g} s")
            states[wanted] = solution.y[0][: np.count_nonzero(wanted)]
            state = float(solution.y[0, -1])
        return states
