"""The state over time by scipy at tight tolerance: what netlists are compared with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.devices.definition import Model
from memcircuit.devices.derivatives import functions
from memcircuit.errors import UsageError

Array = NDArray[np.float64]

# Newton's steps for the inner voltage end at this share of the port voltage.
_INNER_TOLERANCE = 1e-14
_NEWTON_STEPS = 12


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
        self._balance = (
            functions(model, ("balance", "d_balance_v_inner"), scalar=True) if inner else None
        )
        self._found = 0.0
        self.name = model.name

    def _inner(self, v: float, s: float) -> tuple[float, ...]:
        """Return the inner voltage, V, as one argument; none in a model without.

        Newton's method goes on from the last voltage found, for the waveform moves little in a
        step; where it fails, the voltage is bracketed between 0 and ``v``.
        """
        from scipy.optimize import brentq

        if self._balance is None:
            return ()
        if v == 0:
            return (0.0,)
        balance, values = self._balance, self._values
        low, high, inner = min(v, 0.0), max(v, 0.0), self._found
        for _ in range(_NEWTON_STEPS):
            off, slope = balance(v, s, inner, *values)
            step = off / slope if slope > 0 else math.inf
            inner -= step
            if not low <= inner <= high:
                break
            if abs(step) <= _INNER_TOLERANCE * abs(v):
                self._found = inner
                return (inner,)
        self._found = float(
            brentq(lambda y: balance(v, s, y, *values)[0], low, high, xtol=1e-15 * abs(v))
        )
        return (self._found,)

    def rate(self, v: float, s: float) -> float:
        """Return ds/dt, 1/s.

        Beyond an end, where an integrator may stray, the rate goes on straight with the slope of
        the end if that leads back: a rate that stayed the same would not match its derivative,
        and implicit steps would not converge.
        """
        held = min(max(s, 0.0), 1.0)
        rate = float(self._rate(v, held, *self._inner(v, held), *self._values)[0])
        return rate if s == held else rate + self.slope(v, s) * (s - held)

    def slope(self, v: float, s: float) -> float:
        """Return the derivative of ds/dt after the state, 1/s."""
        held = min(max(s, 0.0), 1.0)
        direct, *others = self._slopes(v, held, *self._inner(v, held), *self._values)
        if others:
            through, balance_s, balance_inner = others
            direct -= through * balance_s / balance_inner
        return float(direct) if s == held else min(float(direct), 0.0)


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
        first, last = np.searchsorted(times, (start, stop), side="right")
        solution = solve_ivp(
            lambda t, y: [motion.rate(voltage(t), y[0])], (start, stop), [state], method=method,
            t_eval=np.unique(np.append(times[first:last], stop)),
            rtol=relative_tolerance, atol=1e-13,
            **(stiff if method in ("LSODA", "Radau", "BDF") else {}),
        )  # fmt: skip
        if not solution.success:
            raise UsageError(f"{motion.name}: {solution.message} at t = {start:g} s")
        states[first:last] = solution.y[0][: last - first]
        state = float(solution.y[0, -1])
    return states
