"""Simmons tunnel barrier in series with a resistance (Pickett et al. 2009)."""

from __future__ import annotations

import math

import sympy as sp

from memcircuit.devices.definition import V_INNER, Inner, Model, Parameter, Quantity, S, V
from memcircuit.devices.expressions import ACTIVATION, THERMAL, limited_exp

# SI of 2019 (exact) and CODATA 2018
_E, _H = 1.602176634e-19, 6.62607015e-34
_M, _EPS0 = 9.1093837015e-31, 8.8541878128e-12
_J0 = _E**2 / (2 * math.pi * _H)  # A per V, times area over width squared
_B = 4 * math.pi * math.sqrt(2 * _M * _E) / _H  # 1/(m V^0.5)
_IMAGE = _E * math.log(2) / (8 * math.pi * _EPS0)  # V m, over relative permittivity and width
# inverse of the distance to the edge ahead over which the motion stops
_EDGE = 500

_PARAMETERS = (
    Parameter("phi_0", 0.95, "V", "height of the barrier", 0.2, 5),
    Parameter("area", 1e-14, "m^2", "area of the barrier", 0, low_open=True, varies=True),
    Parameter("kappa", 5.0, "1", "relative permittivity of the barrier", 1, 100),
    Parameter("r_s", 215.0, "ohm", "resistance in series", 0, low_open=True, varies=True),
    Parameter("w_on", 1.1e-9, "m", "width of the barrier at s = 1", 0.6e-9),
    Parameter("w_off", 1.9e-9, "m", "width of the barrier at s = 0", 0.6e-9),
    Parameter("f_off", 3.5e-6, "m/s", "RESET speed", 0, varies=True),
    Parameter("f_on", 40e-6, "m/s", "SET speed", 0, varies=True),
    Parameter("i_off", 115e-6, "A", "RESET current scale", 1e-9, varies=True),
    Parameter("i_on", 8.9e-6, "A", "SET current scale", 1e-9, varies=True),
    Parameter("a_off", 1.20e-9, "m", "width beyond which RESET slows down", 0),
    Parameter("a_on", 1.80e-9, "m", "width below which SET slows down", 0),
    Parameter("b", 500e-6, "A", "current that shifts these widths by w_c", 1e-9),
    Parameter("w_c", 107e-12, "m", "width scale of the motion", 1e-12),
    Parameter(
        "v_limit", 1.1, "V", "barrier voltage beyond which the current is straight", 0.1, 1.2
    ),
    Parameter("e_limit", 0.75e9, "V/m", "mean field beyond which it is straight too", 1e7, 1e9),
    Parameter("k_max", 1e9, "1/s", "rate at which the motion saturates", 1),
    *THERMAL,
)
_P = {p.name: p.symbol for p in _PARAMETERS}
_WIDE = sp.Symbol("width", real=True)

_WIDTH = Quantity(
    "width",
    _P["w_off"] - (_P["w_off"] - _P["w_on"]) * S,
    "m",
    "width w",
    typical=1.5e-9,
    least=1e-10,
)
_OVER = Quantity(
    "v_over", sp.Piecewise((V_INNER, V_INNER >= 0), (-V_INNER, True)), "V", "|v_inner|"
)
_HELD = Quantity(
    "v_held",
    sp.Min(_OVER.symbol, _P["v_limit"], _P["e_limit"] * _WIDTH.symbol),
    "V",
    "the same, held at its limits",
)
_IMAGE_WIDTH = Quantity(
    "image_width", sp.Float(_IMAGE) / _P["kappa"], "V*m", "image potential lambda times w"
)
_W1 = Quantity("w_1", 1.2 * _IMAGE_WIDTH.symbol / _P["phi_0"], "m", "where the barrier begins")
_TAIL = Quantity(
    "tail",
    9.2 * _IMAGE_WIDTH.symbol
    / (3 * _P["phi_0"] + 4 * _IMAGE_WIDTH.symbol / _WIDTH.symbol - 2 * _HELD.symbol),
    "m",
    "by what the effective width falls short of w",
)  # fmt: skip
_DW = Quantity("d_w", _WIDTH.symbol - _TAIL.symbol, "m", "effective width w_2 - w_1")
# of the order of one: ngspice adds 1e-32 to the square of a denominator that it derives
_THIN = Quantity("d_w_relative", _DW.symbol * 1e9, "1", "effective width over 1 nm")
_PHI = Quantity(
    "phi",
    sp.Max(
        _P["phi_0"]
        - _HELD.symbol * (_W1.symbol + _DW.symbol / 2) / _WIDTH.symbol
        - 1.15 * _IMAGE_WIDTH.symbol / _DW.symbol
        * (
            sp.log((_W1.symbol + _DW.symbol) / _W1.symbol)
            + sp.log((_WIDTH.symbol - _W1.symbol) / (_TAIL.symbol - _W1.symbol))
        ),
        sp.Float(1e-3),
    ),
    "V",
    "mean height of the barrier",
)  # fmt: skip


def _emitted(height: sp.Expr) -> sp.Expr:
    return height * limited_exp(-sp.Float(_B * 1e-9) * _THIN.symbol * sp.sqrt(height))


_TUNNEL = Quantity(
    "tunnel",
    sp.Float(_J0 * 1e18) * _P["area"] / _THIN.symbol**2
    * (_emitted(_PHI.symbol) - _emitted(_PHI.symbol + _HELD.symbol))
    # beyond its limits as steep as the formula is there: Newton's method passes through
    * (1 + 5 * (_OVER.symbol - _HELD.symbol) / sp.Max(_HELD.symbol, sp.Float(0.1))),
    "A",
    "magnitude of the tunnel current; straight beyond the limits",
)  # fmt: skip
_CURRENT = (V - V_INNER) / _P["r_s"]
_MAGNITUDE = Quantity(
    "i_over", sp.Piecewise((V - V_INNER, V >= 0), (V_INNER - V, True)) / _P["r_s"], "A", "|i|"
)


def _motion(direction: str, scale: str, past: sp.Expr, edge: sp.Expr, text: str) -> Quantity:
    """Return f sinh(|i|/i_0) exp(-exp(past - |i|/b) - w/w_c), its exponents added up first."""
    held_back = limited_exp(past / _P["w_c"] - _MAGNITUDE.symbol / _P["b"])
    held_back += _WIDTH.symbol / _P["w_c"]
    push = _MAGNITUDE.symbol / _P[scale]
    sinh = limited_exp(push - held_back) - limited_exp(-push - held_back)
    free = _P[direction] / (_P["w_off"] - _P["w_on"]) * sinh / 2
    stop = 1 - sp.exp(-_EDGE * edge)
    return Quantity(f"r{direction[1:]}", free / (1 + free / _P["k_max"]) * stop, "1/s", text)


_OFF = _motion("f_off", "i_off", _WIDTH.symbol - _P["a_off"], S, "rate of RESET, v > 0")
_ON = _motion("f_on", "i_on", _P["a_on"] - _WIDTH.symbol, 1 - S, "rate of SET, v < 0")

MODEL = Model(
    name="simmons_barrier",
    title="Simmons tunnel barrier whose width moves, in series with a resistance",
    equations=(
        "v = v_inner + r_s i,  w = w_off - (w_off - w_on) s,  u = |v_inner|",
        "|i| = j (area/dw^2) [phi exp(-B dw phi^0.5) - (phi+u) exp(-B dw (phi+u)^0.5)]",
        "j = e^2/(2 pi h),  B = 4 pi (2 m e)^0.5/h,  lambda = e ln(2)/(8 pi kappa eps_0 w)",
        "dw = w_2 - w_1",
        "w_1 = 1.2 lambda w/phi_0,  w_2 = w_1 + w [1 - 9.2 lambda/(3 phi_0 + 4 lambda - 2 u)]",
        "phi = phi_0 - u (w_1+w_2)/(2 w) - 1.15 (lambda w/dw) ln[w_2 (w-w_1)/(w_1 (w-w_2))]",
        "dw/dt =  f_off sinh(|i|/i_off) exp(-exp((w-a_off)/w_c - |i|/b) - w/w_c)   for i > 0",
        "dw/dt = -f_on  sinh(|i|/i_on)  exp(-exp((a_on-w)/w_c - |i|/b) - w/w_c)    for i < 0",
    ),
    source=(
        "M. D. Pickett et al., J. Appl. Phys. 106:074508 (2009), doi:10.1063/1.3236506; circuit "
        "form with w_1 + w_2 over 2 w after H. Abdalla, M. D. Pickett, ISCAS 2011, "
        "doi:10.1109/ISCAS.2011.5937942; barrier after J. G. Simmons, J. Appl. Phys. 34:1793 "
        "(1963), doi:10.1063/1.1702682"
    ),
    parameters=_PARAMETERS,
    constraints=(
        _P["w_on"] < _P["w_off"],
        # the barrier keeps some height at its narrowest, up to where it is held
        _P["kappa"] * _P["phi_0"] * _P["w_on"] > sp.Float(9 * _IMAGE),
        _P["e_limit"] * _P["w_on"] < 0.9 * _P["phi_0"],
        _P["v_limit"] < 1.2 * _P["phi_0"],
    ),
    quantities=(
        _WIDTH, _OVER, _HELD, _IMAGE_WIDTH, _W1, _TAIL, _DW, _THIN, _PHI, _TUNNEL,
        _MAGNITUDE, _OFF, _ON, ACTIVATION,
    ),
    current=_CURRENT,
    rate=ACTIVATION.symbol * sp.Piecewise((-_OFF.symbol, V >= 0), (_ON.symbol, True)),
    inner=Inner(
        "the node between the series resistance, at plus, and the barrier, at minus",
        _TUNNEL.symbol * sp.Piecewise((1, V_INNER >= 0), (-1, True)) - _CURRENT,
    ),
    initial_state=0.2,
    use="physics of a TiO2 switch: currents and switching times over many decades, from a barrier",
    numerics=(
        "implicit in the voltage, solved at an inner node; exponents are added before one "
        "exponential; the barrier is straight beyond v_limit and e_limit, where the published "
        "formula turns over; the rate saturates at k_max and stops within 0.002 of an edge"
    ),
)  # fmt: skip
