"""Yakopcic's generalised memristor: thresholds, exponential speed, state-dependent motion."""

from __future__ import annotations

import sympy as sp

from memcircuit.devices.definition import Model, Parameter, Quantity, S, V
from memcircuit.devices.expressions import ACTIVATION, THERMAL, limited_exp, limited_sinh

_PARAMETERS = (
    Parameter("a1", 0.17, "A", "current scale at v > 0", 0, low_open=True, varies=True),
    Parameter("a2", 0.17, "A", "current scale at v < 0", 0, low_open=True, varies=True),
    Parameter("b", 0.05, "1/V", "steepness of the current", 0, 50, low_open=True),
    Parameter("v_p", 0.16, "V", "threshold at v > 0", 0, 10, low_open=True, varies=True),
    Parameter("v_n", 0.15, "V", "threshold at v < 0, as a magnitude", 0, 10, low_open=True,
              varies=True),
    Parameter("a_p", 4e3, "1/s", "speed at v > v_p", 0, varies=True),
    Parameter("a_n", 4e3, "1/s", "speed at v < -v_n", 0, varies=True),
    Parameter("x_p", 0.3, "1", "state above which rising slows", 0, 1, high_open=True),
    Parameter("x_n", 0.5, "1", "1 - x_n is the state below which falling slows", 0, 1,
              high_open=True),
    Parameter("alpha_p", 1.0, "1", "how sharply rising slows above x_p", 0, 100),
    Parameter("alpha_n", 5.0, "1", "how sharply falling slows below 1 - x_n", 0, 100),
    Parameter("eta", 1, "1", "1: positive voltage raises the state; -1: it lowers it", -1, 1,
              integer=True, optional=True),
    Parameter("g_leak", 0.0, "S", "conductance in parallel, which the paper has not", 0, 1,
              optional=True),
)  # fmt: skip
_SYMBOL = {p.name: p.symbol for p in _PARAMETERS}
_X_P, _ETA = _SYMBOL["x_p"], _SYMBOL["eta"]
_TURN = 1 - _SYMBOL["x_n"]

_SCALE = Quantity(
    "scale", sp.Piecewise((_SYMBOL["a1"], V >= 0), (_SYMBOL["a2"], True)), "A", "current scale"
)
_DRIVE_P = Quantity(
    "drive_p",
    _SYMBOL["a_p"] * sp.Max(limited_exp(V) - limited_exp(_SYMBOL["v_p"]), 0),
    "1/s",
    "speed beyond the positive threshold, (v in volt)",
)
_DRIVE_N = Quantity(
    "drive_n",
    _SYMBOL["a_n"] * sp.Max(limited_exp(-V) - limited_exp(_SYMBOL["v_n"]), 0),
    "1/s",
    "speed beyond the negative threshold",
)
_RISE = Quantity(
    "rise",
    sp.Piecewise((_DRIVE_P.symbol, _ETA > 0), (_DRIVE_N.symbol, True)),
    "1/s",
    "speed towards s = 1",
)
_FALL = Quantity(
    "fall",
    sp.Piecewise((_DRIVE_N.symbol, _ETA > 0), (_DRIVE_P.symbol, True)),
    "1/s",
    "speed towards s = 0",
)
# above x_p: exp(-alpha_p (s - x_p)) (1 - s)/(1 - x_p), where the paper writes the last factor as
# (x_p - s)/(1 - x_p) + 1; both are 1 at x_p, so that clipping the state there is the same
_WINDOW_RISE = Quantity(
    "window_rise",
    sp.exp(-_SYMBOL["alpha_p"] * (sp.Max(S, _X_P) - _X_P)) * (1 - sp.Max(S, _X_P)) / (1 - _X_P),
    "1",
    "slows rising above x_p, closes at s = 1",
)
_WINDOW_FALL = Quantity(
    "window_fall",
    sp.exp(_SYMBOL["alpha_n"] * (sp.Min(S, _TURN) - _TURN)) * sp.Min(S, _TURN) / _TURN,
    "1",
    "slows falling below 1 - x_n, closes at s = 0",
)

MODEL = Model(
    name="yakopcic",
    title="Yakopcic's generalised memristor: thresholds, exponential speed, motion by state",
    equations=(
        "i = a1 s sinh(b v) + g_leak v   for v >= 0,  a2 in place of a1 for v < 0",
        "ds/dt = eta g(v) f(s)",
        "g =  a_p (e^v - e^v_p)    for v > v_p",
        "g = -a_n (e^-v - e^v_n)   for v < -v_n, else 0",
        "rising:  f = exp(-alpha_p (s - x_p)) (1 - s)/(1 - x_p)        for s > x_p, else 1",
        "falling: f = exp(alpha_n (s + x_n - 1)) s/(1 - x_n)           for s < 1 - x_n, else 1",
    ),
    source=(
        "C. Yakopcic, T. M. Taha, G. Subramanyam, R. E. Pino, S. Rogers, A Memristor Device "
        "Model, IEEE Electron Device Letters 32:1436 (2011), doi:10.1109/LED.2011.2163292"
    ),
    parameters=(*_PARAMETERS, *THERMAL),
    constraints=(sp.Ne(_ETA, 0),),
    quantities=(
        ACTIVATION, _SCALE, _DRIVE_P, _DRIVE_N, _RISE, _FALL, _WINDOW_RISE, _WINDOW_FALL,
    ),
    current=(
        _SCALE.symbol * S * limited_sinh(_SYMBOL["b"] * V) + _SYMBOL["g_leak"] * V
    ),
    rate=ACTIVATION.symbol
    * (_RISE.symbol * _WINDOW_RISE.symbol - _FALL.symbol * _WINDOW_FALL.symbol),
    initial_state=0.11,
    use=(
        "a measured I-V loop with thresholds is to be fitted, whatever the material: every "
        "branch of the loop has parameters of its own"
    ),
    numerics=(
        "no current at all at s = 0, so that a whole array in that state is singular: g_leak; "
        "the one-sided f never locks the state at an edge"
    ),
)  # fmt: skip
