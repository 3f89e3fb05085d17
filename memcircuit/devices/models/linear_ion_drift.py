"""Linear ion drift: the moving boundary of the HP memristor of 2008."""

from __future__ import annotations

import sympy as sp

from memcircuit.devices.definition import Model, Parameter, Quantity, S, V
from memcircuit.devices.expressions import ACTIVATION, THERMAL
from memcircuit.devices.windows import SHAPE, WINDOW, P, windows

_PARAMETERS = (
    Parameter("r_on", 100.0, "ohm", "low resistance, at s = 1", 0, low_open=True, varies=True),
    Parameter("r_off", 16e3, "ohm", "high resistance, at s = 0", 0, low_open=True, varies=True),
    Parameter("thickness", 10e-9, "m", "thickness of the film", 0, low_open=True),
    Parameter(
        "mobility", 1e-14, "m^2/(V*s)", "average mobility of the dopants", 0, varies=True
    ),
    WINDOW,
    P,
    *SHAPE,
    *THERMAL,
)  # fmt: skip
_SYMBOL = {p.name: p.symbol for p in _PARAMETERS}
_R_ON, _R_OFF = _SYMBOL["r_on"], _SYMBOL["r_off"]

_RESISTANCE = Quantity(
    "resistance", _R_ON * S + _R_OFF * (1 - S), "ohm", "doped and undoped region in series"
)
_WINDOWS = windows()
_UP, _DOWN = (q.symbol for q in _WINDOWS[-2:])

MODEL = Model(
    name="linear_ion_drift",
    title="Linear ion drift memristor: a boundary between doped and undoped film, with windows",
    equations=(
        "v = (r_on s + r_off (1 - s)) i,  s = w/D,  D = thickness",
        "ds/dt = mobility r_on/D^2 i f(s)",
        "f = 1 (none), s (1 - s) (strukov), 1 - (2s - 1)^(2p) (joglekar),",
        "    1 - s^(2p) for v > 0, 1 - (1 - s)^(2p) for v < 0 (biolek),",
        "    j (1 - ((s - 1/2)^2 + 3/4)^p) (prodromakis)",
    ),
    source=(
        "D. B. Strukov, G. S. Snider, D. R. Stewart, R. S. Williams, Nature 453:80 (2008), "
        "doi:10.1038/nature06932; windows after Y. N. Joglekar, S. J. Wolf, Eur. J. Phys. 30:661 "
        "(2009), doi:10.1088/0143-0807/30/4/001, Z. Biolek, D. Biolek, V. Biolkova, "
        "Radioengineering 18:210 (2009), and T. Prodromakis et al., IEEE TED 58:3099 (2011), "
        "doi:10.1109/TED.2011.2158004"
    ),
    parameters=_PARAMETERS,
    constraints=(_R_ON < _R_OFF,),
    quantities=(_RESISTANCE, *_WINDOWS, ACTIVATION),
    current=V / _RESISTANCE.symbol,
    rate=(
        _SYMBOL["mobility"]
        * _R_ON
        / _SYMBOL["thickness"] ** 2
        * ACTIVATION.symbol
        * (sp.Max(V, 0) * _UP + sp.Min(V, 0) * _DOWN)
        / _RESISTANCE.symbol
    ),
    initial_state=0.1,
    use="for teaching and for closed forms: charge alone moves it, every read disturbs it",
    numerics=(
        "windows that are zero at both ends hold the state for ever: they are released from the "
        "end behind; without window the state stops over the last hundredth before an end"
    ),
)
