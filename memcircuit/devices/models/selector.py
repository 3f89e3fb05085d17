"""Bidirectional selector: an exponential resistor without memory, with series resistance."""

from __future__ import annotations

import sympy as sp

from memcircuit.devices.definition import Model, Parameter, Quantity, V

_PARAMETERS = (
    Parameter("i_0", 1e-17, "A", "current scale", 0, 1, low_open=True, varies=True),
    Parameter("v_0", 0.04, "V", "voltage scale: e-fold of the current", 1e-3, 10, varies=True),
    Parameter("r_series", 1e3, "ohm", "series resistance, which limits the current", 0,
              low_open=True, varies=True),
)  # fmt: skip
_SYMBOL = {p.name: p.symbol for p in _PARAMETERS}
_V_0, _R = _SYMBOL["v_0"], _SYMBOL["r_series"]
# exp of this is nothing beside any current; keeps the logarithms below finite
_LOWEST_EXPONENT = -300


def _exponent(name: str, voltage: sp.Expr) -> Quantity:
    """Return ln z, z being the current of one direction without r_series, in v_0/r_series."""
    scale = sp.log(_R * _SYMBOL["i_0"] / (2 * _V_0))
    return Quantity(
        name, sp.Max(scale + voltage / _V_0, _LOWEST_EXPONENT), "1", "current without r_series, log"
    )


def _guess(name: str, exponent: Quantity) -> Quantity:
    """Return ln W(z) within 2 %: S. Winitzki, LNCS 2667:780 (2003), doi:10.1007/3-540-44839-X_82.

    W is near L (1 - ln(1 + L)/(2 + L)) with L = ln(1 + z). For z below e^-9 that is z (1 - z)
    within 1e-8, which keeps its precision however small z is.
    """
    q = exponent.symbol
    lead = sp.Max(q, 0) + sp.log(1 + sp.exp(-sp.Abs(q)))
    guess = sp.Piecewise(
        (q - sp.exp(sp.Min(q, 0)), q < -9),
        (sp.log(lead * (1 - sp.log(1 + lead) / (2 + lead))), True),
    )
    return Quantity(name, guess, "1", "logarithm of W(z), first guess", typical=1.0)


def _refined(name: str, exponent: Quantity, guess: Quantity) -> Quantity:
    """Return W(z) after a step of Newton's method on W + ln W = ln z."""
    w = sp.exp(guess.symbol)
    return Quantity(name, w / (1 + w) * (1 + exponent.symbol - guess.symbol), "1", "W(z)")


_Q_P, _Q_N = _exponent("q_p", V), _exponent("q_n", -V)
_G_P, _G_N = _guess("guess_p", _Q_P), _guess("guess_n", _Q_N)
_W_P, _W_N = _refined("w_p", _Q_P, _G_P), _refined("w_n", _Q_N, _G_N)

MODEL = Model(
    name="selector",
    title="Bidirectional selector: exponential current without memory, with series resistance",
    equations=(
        "v = v_0 asinh(i/i_0) + r_series i,  solved for the current:",
        "i = (v_0/r_series) [W(z_p) - W(z_n)],  W Lambert's function, W e^W = z",
        "z_p = r_series i_0/(2 v_0) exp(v/v_0),  z_n = r_series i_0/(2 v_0) exp(-v/v_0)",
        "ds/dt = 0",
    ),
    source=(
        "Exponential access device as in P. Narayanan et al., IEEE J. Electron Devices Society "
        "3:423 (2015); solution of an exponential element in series with a resistance after "
        "T. C. Banwell, A. Jayakumar, Electronics Letters 36:291 (2000)"
    ),
    parameters=_PARAMETERS,
    constraints=(_R * _SYMBOL["i_0"] < sp.Float(1e-3) * _V_0,),
    quantities=(_Q_P, _Q_N, _G_P, _G_N, _W_P, _W_N),
    current=_V_0 / _R * (_W_P.symbol - _W_N.symbol),
    rate=sp.Integer(0),
    use=(
        "in series with a memristor of a passive array, to keep the current of half-selected "
        "cells small; no state, so that pulses leave it as it was"
    ),
    numerics=(
        "a sinh into a series resistance is implicit and overflows: Lambert's function makes it "
        "explicit, exact while r_series i_0 is small beside v_0, its two terms computed in the "
        "logarithm"
    ),
)
