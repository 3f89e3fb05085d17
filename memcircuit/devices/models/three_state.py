"""Three-state switch: abrupt between three resistances, gradual towards the highest."""

from __future__ import annotations

import sympy as sp

from memcircuit.devices.definition import Model, Parameter, Quantity, S, V
from memcircuit.devices.expressions import ACTIVATION, THERMAL, limited_exp

_PARAMETERS = (
    Parameter("r_on", 77.0, "ohm", "resistance of the low state (LRS), at s = 1", 0,
              low_open=True, varies=True),
    Parameter("r_mid", 171.0, "ohm", "resistance of the middle state (MRS), at s = 0.5", 0,
              low_open=True, varies=True),
    Parameter("r_off", 2564.0, "ohm", "highest resistance (HRS), at s = 0", 0, low_open=True),
    Parameter("v_set_mid", 0.85, "V", "SET threshold, HRS to MRS", 0, low_open=True, varies=True),
    Parameter("v_set_on", 1.15, "V", "SET threshold, MRS to LRS", 0, low_open=True, varies=True),
    Parameter("v_reset_mid", -0.68, "V", "RESET threshold, LRS to MRS", high=0, high_open=True,
              varies=True),
    Parameter("v_hold", -0.75, "V", "RESET voltage up to which MRS holds", high=0,
              high_open=True),
    Parameter("v_fit", -0.80, "V", "RESET voltage where the straight line begins", high=0,
              high_open=True),
    Parameter("r_at_zero", -745.17164, "ohm", "straight line of resistance, at 0 V"),
    Parameter("r_per_volt", 1743.63131, "ohm/V",
              "slope of the line against the amount of the RESET voltage", 0, low_open=True),
    Parameter("reset_scale", 1.0, "1", "scale of the resistance that RESET leaves", 0, 10, True,
              varies=True, optional=True),
    Parameter("k_set", 1e3, "1/s", "SET rate at twice the threshold", 0, varies=True),
    Parameter("k_reset", 2e3, "1/s", "RESET rate to MRS at twice the threshold", 0, varies=True),
    Parameter("k_gradual", 2e3, "1/s", "speed at which RESET nears its resistance", 0,
              varies=True),
    *THERMAL,
)  # fmt: skip
_SYMBOL = {p.name: p.symbol for p in _PARAMETERS}
_R_ON, _R_MID, _R_OFF = (_SYMBOL[n] for n in ("r_on", "r_mid", "r_off"))
_V_HOLD, _V_FIT = _SYMBOL["v_hold"], _SYMBOL["v_fit"]

# MRS is the strip between _LOW and _HIGH, in its middle _MID; LRS the one beyond _TOP.
_LOW, _MID, _HIGH, _TOP = (sp.Float(x) for x in ("0.45", "0.5", "0.55", "0.95"))
# Width of the strip before MRS and LRS in which an abrupt motion slows down to rest.
_EDGE = sp.Float("0.02")


def _closing(distance: sp.Expr) -> sp.Expr:
    """Return a factor that is 1 far from an edge and falls to 0 at it."""
    return 1 - limited_exp(-sp.Max(distance, 0) / _EDGE)


def _state(resistance: sp.Expr) -> sp.Expr:
    """Return the state between HRS and MRS that has this resistance."""
    return _LOW * (_R_OFF - resistance) / (_R_OFF - _R_MID)


_RESISTANCE = Quantity(
    "resistance",
    _R_MID
    + (_R_OFF - _R_MID) * sp.Max(_LOW - S, 0) / _LOW
    - (_R_MID - _R_ON) * sp.Min(sp.Max((S - _HIGH) / (_TOP - _HIGH), 0), 1),
    "ohm",
    "resistance: straight from HRS to MRS and on to LRS, flat at MRS and LRS",
)
_AMOUNT = Quantity("amount", sp.Max(-V, 0), "V", "RESET voltage as an amount")
_AFTER_FIT = Quantity(
    "after_fit",
    _state(
        _SYMBOL["reset_scale"] * (_SYMBOL["r_at_zero"] + _SYMBOL["r_per_volt"] * _AMOUNT.symbol)
    ),
    "1",
    "state that RESET leaves by the straight line",
)
_AT_FIT = Quantity(
    "at_fit",
    _state(_SYMBOL["reset_scale"] * (_SYMBOL["r_at_zero"] - _SYMBOL["r_per_volt"] * _V_FIT)),
    "1",
    "the same where the line begins",
)
_LEFT = Quantity(
    "left",
    sp.Max(
        _MID + (_AT_FIT.symbol - _MID) * (_AMOUNT.symbol + _V_HOLD) / (_V_HOLD - _V_FIT),
        _AFTER_FIT.symbol,
        0,
    ),
    "1",
    "state that RESET leaves: MRS up to v_hold, the straight line from v_fit",
)
_UP = Quantity(
    "up",
    _SYMBOL["k_set"]
    * (
        sp.Max(V / _SYMBOL["v_set_mid"] - 1, 0) * _closing(_MID - S)
        + sp.Max(V / _SYMBOL["v_set_on"] - 1, 0) * _closing(1 - S)
    ),
    "1/s",
    "SET rate: to MRS, and above the second threshold on to LRS",
)
_DOWN = Quantity(
    "down",
    _SYMBOL["k_reset"] * sp.Max(V / _SYMBOL["v_reset_mid"] - 1, 0) * _closing(S - _MID)
    + _SYMBOL["k_gradual"] * sp.Max(sp.Min(S, _MID) - _LEFT.symbol, 0),
    "1/s",
    "RESET rate: to MRS, and from there towards what this voltage leaves",
)

MODEL = Model(
    name="three_state",
    title="Three-state memristor: abrupt SETs and first RESET, gradual second RESET",
    equations=(
        "i = v/R(s): straight from r_off at s = 0 to r_mid at 0.45, flat to 0.55, straight to",
        "     r_on at 0.95, flat to 1",
        "ds/dt = k_set (v/v_set_mid - 1) c(0.5 - s)           for v > v_set_mid",
        "      + k_set (v/v_set_on - 1) c(1 - s)              for v > v_set_on",
        "      - k_reset (v/v_reset_mid - 1) c(s - 0.5)       for v < v_reset_mid",
        "      - k_gradual max(min(s, 0.5) - s_left(v), 0)    for v < v_hold",
        "c(d) = 1 - exp(-max(d, 0)/0.02)",
        "R(s_left) = reset_scale (r_at_zero - r_per_volt v) for v < v_fit; from v_hold, where",
        "     s_left = 0.5, straight to there",
    ),
    source=(
        "Behavioural model of the resistances and voltages that Y. Zhang, Z. Wu, S. Liu, Z. Guo, "
        "Q. Chen, P. Gao, P. Wang, G. Liu, Front. Neurosci. 15:717222 (2021), "
        "doi:10.3389/fnins.2021.717222, state; the equations are ours"
    ),
    parameters=_PARAMETERS,
    constraints=(
        _R_ON < _R_MID,
        _R_MID < _R_OFF,
        _SYMBOL["v_set_mid"] < _SYMBOL["v_set_on"],
        _V_FIT < _V_HOLD,
        # some leave LRS only where MRS no longer holds: from LRS to MRS is "not stable" there
        _SYMBOL["v_reset_mid"] > _V_FIT,
        _SYMBOL["reset_scale"] * (_SYMBOL["r_at_zero"] - _SYMBOL["r_per_volt"] * _V_FIT) > _R_MID,
    ),
    quantities=(ACTIVATION, _RESISTANCE, _AMOUNT, _AFTER_FIT, _AT_FIT, _LEFT, _UP, _DOWN),
    current=V / _RESISTANCE.symbol,
    rate=ACTIVATION.symbol * (_UP.symbol - _DOWN.symbol),
    use="a switch with a stable middle state, and resistances set by the RESET stop voltage",
    numerics=(
        "corners where resistance goes flat and at thresholds; abrupt switching takes about a "
        "millisecond, so that sweeps of volts per second and pulses of 5 ms end alike"
    ),
)
