"""Nonlinear ion drift: tunnelling and diode-like current, a rate that is a power of voltage."""

from __future__ import annotations

import sympy as sp

from memcircuit.devices.definition import Model, Parameter, Quantity, S, V
from memcircuit.devices.expressions import ACTIVATION, THERMAL, limited_exp, limited_sinh
from memcircuit.devices.windows import SHAPE, WINDOW, P, windows

_PARAMETERS = (
    Parameter(
        "beta", 0.9e-6, "A", "scale of the current of the ON state", 0, low_open=True, varies=True
    ),
    Parameter("alpha", 2.0, "1/V", "slope of the current of the ON state", 0, low_open=True),
    Parameter(
        "chi", 1e-10, "A", "scale of the current of the OFF state", 0, low_open=True, varies=True
    ),
    Parameter("gamma", 4.0, "1/V", "slope of the current of the OFF state", 0, low_open=True),
    Parameter("n", 2.0, "1", "exponent of the state in the current", 1, 20),
    Parameter("a", 1.0, "1/s", "rate at 1 V without window", 0, varies=True),
    Parameter("m", 5.0, "1", "exponent of the voltage in the rate", 1, 20),
    WINDOW,
    P,
    *SHAPE,
    *THERMAL,
)
_SYMBOL = {p.name: p.symbol for p in _PARAMETERS}

_TUNNELLING = Quantity(
    "tunnelling",
    S ** _SYMBOL["n"] * _SYMBOL["beta"] * limited_sinh(_SYMBOL["alpha"] * V),
    "A",
    "current of the ON state",
)
_DIODE = Quantity(
    "diode",
    _SYMBOL["chi"] * (limited_exp(_SYMBOL["gamma"] * V) - 1),
    "A",
    "current of the OFF state",
)
_WINDOWS = windows()
_UP, _DOWN = (q.symbol for q in _WINDOWS[-2:])

MODEL = Model(
    name="nonlinear_ion_drift",
    title="Nonlinear ion drift memristor: sinh and diode current, rate a power of the voltage",
    equations=(
        "i = s^n beta sinh(alpha v) + chi (exp(gamma v) - 1)",
        "ds/dt = a f(s) sgn(v) (|v|/1 V)^m",
        "f = 1 (none), s (1 - s) (strukov), 1 - (2s - 1)^(2p) (joglekar),",
        "    1 - s^(2p) for v > 0, 1 - (1 - s)^(2p) for v < 0 (biolek),",
        "    j (1 - ((s - 1/2)^2 + 3/4)^p) (prodromakis)",
    ),
    source=(
        "E. Lehtonen, M. Laiho, CNN using memristors for neighborhood connections, 12th Int. "
        "Workshop on Cellular Nanoscale Networks and their Applications (2010); current after "
        "J. J. Yang et al., Nature Nanotech. 3:429 (2008), doi:10.1038/nnano.2008.160"
    ),
    parameters=_PARAMETERS,
    quantities=(_TUNNELLING, _DIODE, *_WINDOWS, ACTIVATION),
    current=_TUNNELLING.symbol + _DIODE.symbol,
    rate=(
        _SYMBOL["a"]
        * ACTIVATION.symbol
        * (sp.Max(V, 0) ** _SYMBOL["m"] * _UP - sp.Max(-V, 0) ** _SYMBOL["m"] * _DOWN)
    ),
    initial_state=0.15,
    use="when the current is rectifying and strongly curved and pulses of higher voltage must win",
    numerics=(
        "v^m needs a whole odd m: written with magnitude and sign, so that any m goes; no "
        "threshold, so that every read moves the state a little; symmetric windows are released "
        "from the end behind"
    ),
)
