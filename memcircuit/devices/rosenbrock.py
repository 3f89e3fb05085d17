"""One step of many scalar differential equations at once, by a linearly implicit scheme."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, 2nd ed., Springer 1996,
# doi:10.1007/978-3-642-05221-7, section IV.7 and program RODAS, its first set of coefficients.
# Stage i: (1 - GAMMA h J) u_i = GAMMA (h f(t + NODES_i h, y + sum_j A_ij u_j)
#                                        + sum_j C_ij u_j + TILTS_i h^2 df/dt)
# The last two stages end at y + u of all before them: their own u is the error of what they add.
_GAMMA = 0.25
_NODES = (0.0, 0.386, 0.21, 0.63, 1.0, 1.0)
_TILTS = (0.25, -0.1043, 0.1035, -0.0362, 0.0, 0.0)
_A = (
    (),
    (1.544,),
    (0.9466785280815826, 0.2557011698983284),
    (3.314825187068521, 2.896124015972201, 0.9986419139977817),
    (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950),
    (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950, 1.0),
)
_C = (
    (),
    (-5.6688,),
    (-2.430093356833875, -0.2063599157091915),
    (-0.1073529058151375, -9.594562251023355, -20.47028614809616),
    (7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160),
    (
        8.083246795921522,
        -7.981132988064893,
        -31.52159432874371,
        16.31930543123136,
        -6.058818238834054,
    ),
)
#: The error of a step goes with this power of its size.
ERROR_ORDER = 4


def rosenbrock_step(
    rate: Callable[[float, Array], Array],
    state: Array,
    slopes: tuple[Array, Array, Array],
    size: Array,
) -> tuple[Array, Array]:
    """Return the states after a step, and by how much the lower order differs.

    The pair has the orders 4 and 3; both are L-stable.

    Args:
        rate: ds/dt, 1/s, at a share of the step and (equations,) states.
        state: (equations,) at the start.
        slopes: rate at the start, and its derivatives after state and time.
        size: (equations,) s, each with its own step.
    """
    first, by_state, by_time = slopes
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        gain = _GAMMA / (1 - _GAMMA * size * by_state)
        tilt = size * size * by_time
        known: list[Array] = []
        for share, tilted, ahead, coupled in zip(_NODES, _TILTS, _A, _C, strict=True):
            reached = state + sum(a * u for a, u in zip(ahead, known, strict=True))
            here = rate(share, reached) if known else first
            moved = size * here + sum(c * u for c, u in zip(coupled, known, strict=True))
            if tilted:
                moved = moved + tilted * tilt
            known.append(gain * moved)
        return reached + known[-1], known[-1]
