"""Diffusive memristor: a filament that grows under voltage and dissolves by itself."""

from __future__ import annotations

import sympy as sp

from memcircuit.devices.definition import Model, Parameter, Quantity, S, V, choice
from memcircuit.devices.expressions import ACTIVATION, THERMAL, limited_exp

_PARAMETERS = (
    Parameter("g_off", 1e-13, "S", "conductance without filament", 0, 1, low_open=True,
              varies=True),
    Parameter("g_on", 1e-3, "S", "conductance with the whole filament", 0, 1, low_open=True,
              varies=True),
    choice("conduction", 1, "conductance against filament: through its width or across its gap",
           ("linear", "exponential")),
    Parameter("tau", 80e-9, "s", "time scale of dissolution of a whole filament", 0, 1e9,
              low_open=True, varies=True),
    Parameter("order", 2.0, "1", "order of dissolution: 1 exponential, larger slows as it goes",
              1, 10),
    Parameter("v_on", 0.3, "V", "voltage at which a filament starts with the rate 1/tau", 0, 10,
              low_open=True, varies=True),
    Parameter("v_hold", 0.05, "V", "voltage that just holds a whole filament", 0, 10,
              low_open=True, varies=True),
    Parameter("v_field", 0.02, "V", "e-fold of the growth in voltage", 1e-3, 1),
    Parameter("tau_grow", 1e-9, "s", "shortest time of growth, however high the voltage", 0, 1e9,
              low_open=True, varies=True),
    Parameter("d_edge", 5e-3, "1", "distance from s = 1 within which growth ceases", 0, 0.1,
              low_open=True, optional=True),
)  # fmt: skip
_SYMBOL = {p.name: p.symbol for p in _PARAMETERS}
_G_OFF, _G_ON, _TAU, _V_FIELD = (_SYMBOL[n] for n in ("g_off", "g_on", "tau", "v_field"))

_CONDUCTANCE = Quantity(
    "conductance",
    sp.Piecewise(
        (_G_OFF * sp.exp(sp.log(_G_ON / _G_OFF) * S), _SYMBOL["conduction"] > sp.Float(0.5)),
        (_G_OFF + (_G_ON - _G_OFF) * S, True),
    ),
    "S",
    "conductance at the present state",
)
_THRESHOLD = Quantity(
    "threshold",
    _SYMBOL["v_on"] - (_SYMBOL["v_on"] - _SYMBOL["v_hold"]) * S,
    "V",
    "voltage that makes the filament grow with the rate 1/tau",
)
# cosh(v/v_field) - 1 in units of exp(threshold/v_field)/2: even in v, none at v = 0
_DRIVE = Quantity(
    "drive",
    limited_exp((V - _THRESHOLD.symbol) / _V_FIELD)
    + limited_exp((-V - _THRESHOLD.symbol) / _V_FIELD)
    - 2 * limited_exp(-_THRESHOLD.symbol / _V_FIELD),
    "1",
    "growth by the field across what is left of the gap",
)
_GROWTH = Quantity(
    "growth",
    _DRIVE.symbol / (_TAU + _SYMBOL["tau_grow"] * _DRIVE.symbol)
    * (1 - sp.exp(-(1 - S) / _SYMBOL["d_edge"])),
    "1/s",
    "growth of the filament",
)  # fmt: skip
_DISSOLUTION = Quantity(
    "dissolution", S ** _SYMBOL["order"] / _TAU, "1/s", "dissolution at any voltage"
)

MODEL = Model(
    name="diffusive",
    title="Diffusive memristor: a filament that grows under voltage and dissolves by itself",
    equations=(
        "i = g v,  g = g_off + (g_on - g_off) s  or  g = g_off (g_on/g_off)^s",
        "ds/dt = growth - dissolution,  dissolution = s^order/tau",
        "growth = u/(tau + tau_grow u) {1 - exp[-(1 - s)/d_edge]}",
        "u = exp[(v - v_t)/v_field] + exp[(-v - v_t)/v_field] - 2 exp(-v_t/v_field)",
        "v_t = v_on - (v_on - v_hold) s",
        "alone: s = [s_0^(1-order) + (order-1) t/tau]^(1/(1-order))",
        "threshold v_on - v_field order [1 + ln((v_on - v_hold)/(order v_field))], hold v_hold",
    ),
    source=(
        "Behavioural form of our own, one state, for the devices and the mechanism (growth by "
        "field, dissolution by interfacial energy) of Z. Wang et al., Nature Materials 16:101 "
        "(2017), doi:10.1038/nmat4756, who model the motion of silver particles instead"
    ),
    parameters=(*_PARAMETERS, *THERMAL),
    constraints=(_G_OFF < _G_ON, _SYMBOL["v_hold"] < _SYMBOL["v_on"],
                 _SYMBOL["tau_grow"] < _TAU),
    quantities=(ACTIVATION, _CONDUCTANCE, _THRESHOLD, _DRIVE, _GROWTH, _DISSOLUTION),
    current=_CONDUCTANCE.symbol * V,
    rate=ACTIVATION.symbol * (_GROWTH.symbol - _DISSOLUTION.symbol),
    volatile=True,
    use=(
        "threshold switches of neurons and selectors, and synapses that forget: (v_on - v_hold) "
        "above order v_field switches and holds, below it learns gradually"
    ),
    numerics=(
        "growth runs away at the threshold and would reach any speed: tau_grow limits it; no "
        "noise, so that the delay before switching is the same every time"
    ),
)  # fmt: skip
