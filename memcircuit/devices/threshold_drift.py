"""What TEAM and VTEAM share: a boundary that a power of the excess over a threshold moves.

S. Kvatinsky, E. G. Friedman, A. Kolodny, U. C. Weiser, IEEE TCAS-I 60:211 (2013),
doi:10.1109/TCSI.2012.2215714, equations (14)-(17), where the boundary is called x, and
S. Kvatinsky, M. Ramadan, E. G. Friedman, A. Kolodny, IEEE TCAS-II 62:786 (2015),
doi:10.1109/TCSII.2015.2433536, where it is called w.
"""

from __future__ import annotations

import sympy as sp

from memcircuit.devices.definition import Parameter, Quantity, S, choice
from memcircuit.devices.expressions import ACTIVATION

#: Resistance and motion; the thresholds are the model's own.
RESISTANCES = (
    Parameter("r_on", 50.0, "ohm", "low resistance, at s = 1", 0, low_open=True, varies=True),
    Parameter("r_off", 1e3, "ohm", "high resistance, at s = 0", 0, low_open=True, varies=True),
    choice("exponential", 0, "resistance against position", ("linear", "exponential")),
)  # fmt: skip
POSITIONS = (
    Parameter("w_on", 0.0, "m", "position of the low-resistance boundary", 0),
    Parameter("w_off", 3e-9, "m", "position of the high-resistance boundary", 0, low_open=True),
)
_R_ON, _R_OFF = (p.symbol for p in RESISTANCES[:2])
_W_ON, _W_OFF = (p.symbol for p in POSITIONS)

#: Sets that cannot work are refused.
CONSTRAINTS = (_R_ON < _R_OFF, _W_ON < _W_OFF)

#: Position of the boundary, m.
POSITION = _W_OFF - S * (_W_OFF - _W_ON)

RESISTANCE = Quantity(
    "resistance",
    sp.Piecewise(
        (
            _R_ON * sp.exp(sp.log(_R_OFF / _R_ON) * (1 - S)),
            RESISTANCES[2].symbol > sp.Float(0.5),
        ),
        (_R_ON + (_R_OFF - _R_ON) * (1 - S), True),
    ),
    "ohm",
    "resistance at the present state",
)


def speeds(
    k_on: float, k_off: float, alpha_on: float, alpha_off: float
) -> tuple[Parameter, Parameter, Parameter, Parameter]:
    """Return the parameters of the motion with these defaults: speeds in m/s, exponents."""
    return (
        Parameter("k_on", k_on, "m/s", "SET speed (negative)", high=0, varies=True),
        Parameter("k_off", k_off, "m/s", "RESET speed", 0, varies=True),
        Parameter("alpha_on", alpha_on, "1", "SET exponent", 1, 20),
        Parameter("alpha_off", alpha_off, "1", "RESET exponent", 1, 20),
    )


def excesses(drive: sp.Expr, on: Parameter, off: Parameter) -> tuple[Quantity, Quantity]:
    """Return by how much the drive exceeds its thresholds, relative to them.

    Args:
        drive: voltage or current.
        on: SET threshold, below zero.
        off: RESET threshold, above zero.

    Returns:
        excess over the SET and over the RESET threshold, zero below.
    """
    return (
        Quantity("over_on", sp.Max(drive / on.symbol - 1, 0), "1", "excess over the SET threshold"),
        Quantity(
            "over_off", sp.Max(drive / off.symbol - 1, 0), "1", "excess over the RESET threshold"
        ),
    )


def motion(
    over: tuple[Quantity, Quantity],
    speed: tuple[Parameter, Parameter, Parameter, Parameter],
    windows: tuple[Quantity, ...],
) -> sp.Expr:
    """Return ds/dt in 1/s.

    Args:
        over: excess over the SET and over the RESET threshold.
        speed: what ``speeds`` returned.
        windows: the last two are those on the way to s = 1 and to s = 0.
    """
    over_on, over_off = (q.symbol for q in over)
    k_on, k_off, alpha_on, alpha_off = (p.symbol for p in speed)
    up, down = (q.symbol for q in windows[-2:])
    moved = k_off * over_off**alpha_off * down + k_on * over_on**alpha_on * up
    return -ACTIVATION.symbol * moved / (_W_OFF - _W_ON)
