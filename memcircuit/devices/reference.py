"""The state over time by scipy at tight tolerance: what netlists are compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.devices.definition import Model
from memcircuit.devices.derivatives import functions
from memcircuit.errors import UsageError

Array = NDArray[np.float64]


class Motion:
    """ds/dt of one device, in plain numbers: far quicker than arrays of one element.

    Args:
        model: the definition.
        values: of every parameter of this device, in order.
    """

    def __init__(self, model: Model, values: Sequence[float]) -> None:
        inner = model.inner is not None
        self._values = tuple(values)
        self._rate = functions(model, ("rate",), scalar=True)
        slopes = ("d_rate_v_inner", "d_balance_s", "d_balance_v_inner") if inner else ()
        self._slopes = functions(model, ("d_rate_s", *slopes), scalar=True)
        self._balance = functions(model, ("balance",), scalar=True) if inner else None
        self.name = model.name

    def _inner(self, v: float, s: float) -> tuple[float, ...]:
        """Return the inner voltage, V, as one argument; none in a model without."""
        from scipy.optimize import brentq

        if self._balance is None:
            return ()
        if v == 0:
            return (0.0,)
        balance, values = self._balance, self._values
        low, high = min(v, 0.0), max(v, 0.0)
        return (
            float(brentq(lambda y: balance(v, s, y, *values)[0], low, high, xtol=1e-15 * abs(v))),
        )

    def rate(self, v: float, s: float) -> float:
        """Return ds/dt, 1/s."""
        held = min(max(s, 0.0), 1.0)
        return float(self._rate(v, held, *self._inner(v, held), *self._values)[0])

    def slope(self, v: float, s: float) -> float:
        """Return the derivative of ds/dt after the state, 1/s."""
        held = min(max(s, 0.0), 1.0)
        direct, *others = self._slopes(v, held, *self._inner(v, held), *self._values)
        if not others:
            return float(direct)
        through, balance_s, balance_inner = others
        return float(direct - through * balance_s / balance_inner)


def integrate(
    motion: Motion,
    voltage: Callable[[float], float],
    times: ArrayLike,
    initial_state: float,
    *,
    corners: ArrayLike = (),
    relative_tolerance: float = 1e-10,
    method: str = "LSODA",
) -> Array:
    """Return the state at ``times``; see :meth:`NumpyModel.integrate`."""
    from scipy.integrate import solve_ivp

    times = np.asarray(times, dtype=float)
    if times.ndim != 1 or times.size < 2 or np.any(np.diff(times) <= 0):
        raise UsageError("times must be a rising array of at least two instants")
    inside = np.asarray(corners, dtype=float)
    inside = inside[(inside > times[0]) & (inside < times[-1])]
    edges = np.unique(np.concatenate([[times[0]], inside, [times[-1]]]))
    stiff = {"jac": lambda t, y: [[motion.slope(voltage(t), y[0])]]}
    states = np.empty_like(times)
    states[0] = state = float(initial_state)
    for start, stop in pairwise(edges):
        wanted = (times > start) & (times <= stop)
        solution = solve_ivp(
            lambda t, y: [motion.rate(voltage(t), y[0])], (start, stop), [state], method=method,
            t_eval=np.unique(np.append(times[wanted], stop)), rtol=relative_tolerance, atol=1e-13,
            **(stiff if method in ("LSODA", "Radau", "BDF") else {}),
        )  # fmt: skip
        if not solution.success:
            raise UsageError(f"{motion.name}: {solution.message} at t = {start:g} s")
        states[wanted] = solution.y[0][: np.count_nonzero(wanted)]
        state = float(solution.y[0, -1])
    return states
