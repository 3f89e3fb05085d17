"""VTEAM: threshold-type voltage-controlled memristor (Kvatinsky et al. 2015)."""

from __future__ import annotations

import sympy as sp

from memcircuit.devices.definition import Model, Parameter, Quantity, S, V

_PARAMETERS = (
    Parameter("r_on", 50.0, "ohm", "low resistance, at s = 1", 0, low_open=True, varies=True),
    Parameter("r_off", 1e3, "ohm", "high resistance, at s = 0", 0, low_open=True, varies=True),
    Parameter("w_on", 0.0, "m", "position of the low-resistance boundary", 0),
    Parameter("w_off", 3e-9, "m", "position of the high-resistance boundary", 0, low_open=True),
    Parameter("k_on", -10.0, "m/s", "SET speed (negative)", high=0, varies=True),
    Parameter("k_off", 5e-4, "m/s", "RESET speed", 0, varies=True),
    Parameter("v_on", -0.2, "V", "SET threshold", high=0, high_open=True, varies=True),
    Parameter("v_off", 0.02, "V", "RESET threshold", 0, low_open=True, varies=True),
    Parameter("alpha_on", 3.0, "1", "SET exponent", 1, 20),
    Parameter("alpha_off", 1.0, "1", "RESET exponent", 1, 20),
    Parameter("p", 2.0, "1", "window exponent, 2p in the window of Biolek", 0.5, 20),
    Parameter(
        "exponential",
        0,
        "1",
        "resistance against position: 0 linear, 1 exponential",
        0,
        1,
        integer=True,
    ),
)
_SYMBOL = {p.name: p.symbol for p in _PARAMETERS}
_R_ON, _R_OFF, _W_ON, _W_OFF = (_SYMBOL[n] for n in ("r_on", "r_off", "w_on", "w_off"))
_P = _SYMBOL["p"]

_OVER_OFF = Quantity(
    "over_off", sp.Max(V / _SYMBOL["v_off"] - 1, 0), "1", "excess over the RESET threshold"
)
_OVER_ON = Quantity(
    "over_on", sp.Max(V / _SYMBOL["v_on"] - 1, 0), "1", "excess over the SET threshold"
)
_WINDOW_OFF = Quantity(
    "window_off", 1 - (1 - S) ** (2 * _P), "1", "window on the way to s = 0, where it closes"
)
_WINDOW_ON = Quantity("window_on", 1 - S ** (2 * _P), "1", "window on the way to s = 1")
_RESISTANCE = Quantity(
    "resistance",
    sp.Piecewise(
        (_R_ON * sp.exp(sp.log(_R_OFF / _R_ON) * (1 - S)), _SYMBOL["exponential"] > sp.Float(0.5)),
        (_R_ON + (_R_OFF - _R_ON) * (1 - S), True),
    ),
    "ohm",
    "resistance at the present state",
)

MODEL = Model(
    name="vteam",
    title="VTEAM memristor: voltage thresholds, power-law speed, Biolek-type window",
    equations=(
        "w = w_off - s (w_off - w_on)",
        "dw/dt = k_off (v/v_off - 1)^alpha_off f_off(w)   for v > v_off > 0",
        "dw/dt = k_on  (v/v_on  - 1)^alpha_on  f_on(w)    for v < v_on < 0, else 0",
        "i = v / R,  R = r_on + (r_off - r_on)(1 - s)  or  R = r_on (r_off/r_on)^(1 - s)",
        "f_off = 1 - (1 - s)^(2p),  f_on = 1 - s^(2p)",
    ),
    source=(
        "S. Kvatinsky, M. Ramadan, E. G. Friedman, A. Kolodny, IEEE TCAS-II 62:786 (2015), "
        "doi:10.1109/TCSII.2015.2433536; direction-dependent window after Z. Biolek, D. Biolek, "
        "V. Biolkova, Radioengineering 18:210 (2009)"
    ),
    parameters=_PARAMETERS,
    constraints=(_R_ON < _R_OFF, _W_ON < _W_OFF),
    quantities=(_OVER_OFF, _OVER_ON, _WINDOW_OFF, _WINDOW_ON, _RESISTANCE),
    current=V / _RESISTANCE.symbol,
    rate=-(
        _SYMBOL["k_off"] * _OVER_OFF.symbol ** _SYMBOL["alpha_off"] * _WINDOW_OFF.symbol
        + _SYMBOL["k_on"] * _OVER_ON.symbol ** _SYMBOL["alpha_on"] * _WINDOW_ON.symbol
    )
    / (_W_OFF - _W_ON),
    initial_state=0.1,
)
