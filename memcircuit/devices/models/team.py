"""TEAM: current-threshold adaptive memristor."""

from __future__ import annotations

import sympy as sp

from memcircuit.devices.definition import Model, Parameter, Quantity, S, V, choice
from memcircuit.devices.expressions import ACTIVATION, THERMAL, limited_exp
from memcircuit.devices.threshold_drift import (
    CONSTRAINTS,
    POSITION,
    POSITIONS,
    RESISTANCE,
    RESISTANCES,
    excesses,
    motion,
    speeds,
)
from memcircuit.devices.windows import SHAPE, WINDOWS, P, stop, windows

_I_ON = Parameter("i_on", -8.9e-6, "A", "SET threshold", high=0, high_open=True, varies=True)
_I_OFF = Parameter("i_off", 115e-6, "A", "RESET threshold", 0, low_open=True, varies=True)
_WINDOW = choice(
    "window", 3, "window that stops the state at the end ahead", (*WINDOWS, "kvatinsky")
)
# Of the window that follows the tunnel barrier; the defaults are the fit of Pickett et al. 2009.
_A_ON = Parameter("a_on", 1.8e-9, "m", "where the kvatinsky window closes for SET", optional=True)
_A_OFF = Parameter(
    "a_off", 1.2e-9, "m", "where the kvatinsky window closes for RESET", optional=True
)
_W_C = Parameter(
    "w_c", 107e-12, "m", "width of the kvatinsky window's edge", 0, low_open=True, optional=True
)


def _closing(excess: sp.Expr) -> sp.Expr:
    return limited_exp(-limited_exp(excess / _W_C.symbol))


_CURRENT = Quantity("through", V / RESISTANCE.symbol, "A", "current through the device")
_SPEEDS = speeds(-8e-13, 8e-13, 3.0, 3.0)
_OVER = excesses(_CURRENT.symbol, _I_ON, _I_OFF)
# The double exponential is small but not zero at the end: stopped there as without window.
_WINDOWS = windows(
    _WINDOW,
    (
        (
            _closing(_A_ON.symbol - POSITION) * stop(1 - S),
            _closing(POSITION - _A_OFF.symbol) * stop(S),
        ),
    ),
)

MODEL = Model(
    name="team",
    title="TEAM memristor: current thresholds, power-law speed, window to choose",
    equations=(
        "w = w_off - s (w_off - w_on)   (x in the paper)",
        "dw/dt = k_off (i/i_off - 1)^alpha_off f_off(w)   for i > i_off > 0",
        "dw/dt = k_on  (i/i_on  - 1)^alpha_on  f_on(w)    for i < i_on < 0, else 0",
        "i = v / R,  R = r_on + (r_off - r_on)(1 - s)  or  R = r_on (r_off/r_on)^(1 - s)",
        "f_off = f_on = 1 (none), s (1 - s) (strukov), 1 - (2s - 1)^(2p) (joglekar),",
        "    j (1 - ((s - 1/2)^2 + 3/4)^p) (prodromakis);",
        "f_off = 1 - (1 - s)^(2p),  f_on = 1 - s^(2p) (biolek);",
        "f_off = exp(-exp((w - a_off)/w_c)),  f_on = exp(-exp((a_on - w)/w_c)) (kvatinsky)",
    ),
    source=(
        "S. Kvatinsky, E. G. Friedman, A. Kolodny, U. C. Weiser, IEEE TCAS-I 60:211 (2013), "
        "doi:10.1109/TCSI.2012.2215714, equations (14)-(19); direction-dependent window after "
        "Z. Biolek, D. Biolek, V. Biolkova, Radioengineering 18:210 (2009)"
    ),
    parameters=(
        *RESISTANCES, *POSITIONS, *_SPEEDS, _I_ON, _I_OFF,
        _WINDOW, P, *SHAPE, _A_ON, _A_OFF, _W_C, *THERMAL,
    ),
    constraints=CONSTRAINTS,
    quantities=(RESISTANCE, _CURRENT, *_OVER, *_WINDOWS, ACTIVATION),
    current=_CURRENT.symbol,
    rate=motion(_OVER, _SPEEDS, _WINDOWS),
    initial_state=0.1,
    use="when current, not voltage, switches the device, and a threshold must protect reads",
    numerics=(
        "the power of the excess spans ten decades and SET runs away as the current grows: start "
        "from moderate amplitudes; the kvatinsky window never reaches zero and is stopped at the "
        "end, and with a_off < a_on, as fitted, it closes long before: most of the range is then "
        "out of reach"
    ),
)  # fmt: skip
