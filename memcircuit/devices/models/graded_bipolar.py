"""Graded bipolar switch: conductance that pulses move gradually, as in Al-doped HfO2."""

from __future__ import annotations

import sympy as sp

from memcircuit.devices.definition import Model, Parameter, Quantity, S, V
from memcircuit.devices.expressions import ACTIVATION, THERMAL, limited_sinh

_PARAMETERS = (
    Parameter("g_min", 1e-6, "S", "lowest conductance, at s = 0", 0, 1, low_open=True, varies=True),
    Parameter(
        "g_max", 350e-6, "S", "highest conductance, at s = 1", 0, 1, low_open=True, varies=True
    ),
    Parameter("v_ohmic", 1.0, "V", "scale of the current's non-linearity; large is ohmic", 0.05),
    Parameter("k_set", 0.02, "1/s", "SET rate prefactor", 0, varies=True),
    Parameter("k_reset", 0.03, "1/s", "RESET rate prefactor", 0, varies=True),
    Parameter("v_set", 0.12, "V", "SET voltage scale: e-fold per v_set", 0.01, varies=True),
    Parameter("v_reset", 0.12, "V", "RESET voltage scale: e-fold per v_reset", 0.01, varies=True),
    Parameter("p_set", 2.0, "1", "SET window exponent: 1 saturating, large linear", 1, 500),
    Parameter("p_reset", 1.0, "1", "RESET window exponent: 1 saturating, large linear", 1, 500),
    Parameter(
        "g_square", 0.0, "1", "share of s^2 - s in the conductance; 0 linear in s", -10, 10,
        optional=True,
    ),
    Parameter(
        "g_cube", 0.0, "1", "share of s^3 - s in the conductance; 0 linear in s", -10, 10,
        optional=True,
    ),
    *THERMAL,
)  # fmt: skip
_SYMBOL = {p.name: p.symbol for p in _PARAMETERS}
_G_MIN, _G_MAX, _V_OHMIC = (_SYMBOL[n] for n in ("g_min", "g_max", "v_ohmic"))
_G_SQUARE, _G_CUBE = _SYMBOL["g_square"], _SYMBOL["g_cube"]

_CONDUCTANCE = Quantity(
    "conductance",
    _G_MIN + (_G_MAX - _G_MIN) * (S + _G_SQUARE * (S * S - S) + _G_CUBE * (S * S * S - S)),
    "S",
    "small-signal conductance",
)
_SET_DRIVE = Quantity(
    "set_drive",
    _SYMBOL["k_set"] * limited_sinh(sp.Max(V, 0) / _SYMBOL["v_set"]),
    "1/s",
    "field-accelerated SET rate",
)
_RESET_DRIVE = Quantity(
    "reset_drive",
    _SYMBOL["k_reset"] * limited_sinh(sp.Max(-V, 0) / _SYMBOL["v_reset"]),
    "1/s",
    "field-accelerated RESET rate",
)
_WINDOW_SET = Quantity("window_set", 1 - S ** _SYMBOL["p_set"], "1", "closes at s = 1")
_WINDOW_RESET = Quantity("window_reset", 1 - (1 - S) ** _SYMBOL["p_reset"], "1", "closes at s = 0")

MODEL = Model(
    name="graded_bipolar",
    title="Graded bipolar memristor: field-accelerated SET and RESET between two conductances",
    equations=(
        "i = g v_ohmic sinh(v/v_ohmic),  g = g_min + (g_max - g_min)",
        "     (s + g_square (s^2 - s) + g_cube (s^3 - s))",
        "ds/dt =  k_set   sinh( v/v_set)   (1 - s^p_set)         for v > 0",
        "ds/dt = -k_reset sinh(-v/v_reset) (1 - (1-s)^p_reset)   for v < 0",
    ),
    source=(
        "Behavioural model of the graded pulse response of J. Lin et al., Nanomaterials 12:1075 "
        "(2022), doi:10.3390/nano12071075; sinh field acceleration as in J. J. Yang et al., "
        "Nature Nanotech. 3:429 (2008), doi:10.1038/nnano.2008.160, and one-sided windows after "
        "Z. Biolek, D. Biolek, V. Biolkova, Radioengineering 18:210 (2009)"
    ),
    parameters=_PARAMETERS,
    constraints=(
        _G_MIN < _G_MAX,
        _G_SQUARE + _G_CUBE < 1,
        _G_SQUARE + 2 * _G_CUBE > -1,
        # nor does it fall in between
        sp.Max(-_G_SQUARE, 0) ** 2 * sp.Max(_G_CUBE, 0)
        <= 3 * sp.Max(_G_CUBE, 0) ** 2 * (1 - _G_SQUARE - _G_CUBE),
    ),
    quantities=(ACTIVATION, _CONDUCTANCE, _SET_DRIVE, _RESET_DRIVE, _WINDOW_SET, _WINDOW_RESET),
    current=_CONDUCTANCE.symbol * _V_OHMIC * limited_sinh(V / _V_OHMIC),
    rate=ACTIVATION.symbol
    * (_SET_DRIVE.symbol * _WINDOW_SET.symbol - _RESET_DRIVE.symbol * _WINDOW_RESET.symbol),
    use="gradual weights under identical pulses, from saturating to linear or cubic in their count",
    numerics=(
        "one-sided windows close only at the edge ahead, so that no edge holds the state; sinh "
        "is held constant beyond an argument of 80"
    ),
)
