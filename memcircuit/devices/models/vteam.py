"""VTEAM: voltage-threshold adaptive memristor."""

from __future__ import annotations

from memcircuit.devices.definition import Model, Parameter, V
from memcircuit.devices.expressions import ACTIVATION, THERMAL
from memcircuit.devices.threshold_drift import (
    CONSTRAINTS,
    POSITIONS,
    RESISTANCE,
    RESISTANCES,
    excesses,
    motion,
    speeds,
)
from memcircuit.devices.windows import SHAPE, WINDOW, P, windows

_V_ON = Parameter("v_on", -0.2, "V", "SET threshold", high=0, high_open=True, varies=True)
_V_OFF = Parameter("v_off", 0.02, "V", "RESET threshold", 0, low_open=True, varies=True)
_SPEEDS = speeds(-10.0, 5e-4, 3.0, 1.0)
_OVER = excesses(V, _V_ON, _V_OFF)
_WINDOWS = windows()

MODEL = Model(
    name="vteam",
    title="VTEAM memristor: voltage thresholds, power-law speed, window to choose",
    equations=(
        "w = w_off - s (w_off - w_on)",
        "dw/dt = k_off (v/v_off - 1)^alpha_off f_off(s)   for v > v_off > 0",
        "dw/dt = k_on  (v/v_on  - 1)^alpha_on  f_on(s)    for v < v_on < 0, else 0",
        "i = v / R,  R = r_on + (r_off - r_on)(1 - s)  or  R = r_on (r_off/r_on)^(1 - s)",
        "f_off = f_on = 1 (none), s (1 - s) (strukov), 1 - (2s - 1)^(2p) (joglekar),",
        "    j (1 - ((s - 1/2)^2 + 3/4)^p) (prodromakis);",
        "f_off = 1 - (1 - s)^(2p),  f_on = 1 - s^(2p) (biolek)",
    ),
    source=(
        "S. Kvatinsky, M. Ramadan, E. G. Friedman, A. Kolodny, IEEE TCAS-II 62:786 (2015), "
        "doi:10.1109/TCSII.2015.2433536; direction-dependent window after Z. Biolek, D. Biolek, "
        "V. Biolkova, Radioengineering 18:210 (2009)"
    ),
    parameters=(
        *RESISTANCES, *POSITIONS, *_SPEEDS, _V_ON, _V_OFF,
        WINDOW, P, *SHAPE, *THERMAL,
    ),
    constraints=CONSTRAINTS,
    quantities=(*_OVER, *_WINDOWS, RESISTANCE, ACTIVATION),
    current=V / RESISTANCE.symbol,
    rate=motion(_OVER, _SPEEDS, _WINDOWS),
    initial_state=0.1,
    use="for logic and memory circuits: a read below the thresholds leaves the state untouched",
    numerics=(
        "SET and RESET speeds differ by decades, and without excess the power would be that of a "
        "negative number: the excess is held at zero; symmetric windows are released from the end "
        "behind"
    ),
)  # fmt: skip
