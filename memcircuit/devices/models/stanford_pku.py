"""Stanford-PKU RRAM: a tunnelling gap moved by field and Joule heat."""

from __future__ import annotations

import sympy as sp

from memcircuit.devices.definition import Model, Parameter, Quantity, S, V
from memcircuit.devices.expressions import (
    BOLTZMANN_VOLTAGE,
    TEMPERATURE,
    limited_exp,
    limited_sinh,
)

_PARAMETERS = (
    Parameter("i_0", 6.14e-5, "A", "current scale at no gap", 0, 1, low_open=True, varies=True),
    Parameter("v_0", 0.43, "V", "voltage scale of the current", 0.01, 10),
    Parameter("g_0", 2.7505e-10, "m", "decay length of the current in the gap", 0, 1e-6,
              low_open=True),
    Parameter("gap_min", 0.1e-9, "m", "gap at s = 1", 0, 1e-6, varies=True),
    Parameter("gap_max", 1.7e-9, "m", "gap at s = 0", 0, 1e-6, low_open=True, varies=True),
    Parameter("velocity", 150.0, "m/s", "speed prefactor of the gap", 0, varies=True),
    Parameter("e_generation", 1.501, "V", "activation energy of vacancy generation over e", 0, 5),
    Parameter("e_recombination", 1.5, "V", "activation energy of recombination over e", 0, 5),
    Parameter("gamma_0", 16.5, "1", "local enhancement of the field at no gap", 0, 1000,
              low_open=True),
    Parameter("beta", 1.25, "1", "loss of enhancement at a gap of g_1", 0, 1000),
    Parameter("g_1", 1e-9, "m", "gap to which beta belongs", 0, 1e-6, low_open=True),
    Parameter("a_0", 0.25e-9, "m", "hopping distance", 0, 1e-8, low_open=True),
    Parameter("thickness", 5e-9, "m", "oxide thickness", 0, 1e-6, low_open=True),
    Parameter("r_th", 7.227e5, "K/W", "thermal resistance of the filament", 0, 1e9, varies=True),
    Parameter("t_max", 1500.0, "K", "highest local temperature", 200, 5000, optional=True),
    Parameter("d_edge", 0.01, "1", "distance from an edge within which motion ceases", 0, 0.1,
              low_open=True, optional=True),
    TEMPERATURE,
)  # fmt: skip
_SYMBOL = {p.name: p.symbol for p in _PARAMETERS}

_GAP = Quantity(
    "gap", _SYMBOL["gap_max"] - (_SYMBOL["gap_max"] - _SYMBOL["gap_min"]) * S, "m", "gap"
)
_TUNNEL = Quantity(
    "tunnel",
    _SYMBOL["i_0"] * limited_exp(-_GAP.symbol / _SYMBOL["g_0"]) * limited_sinh(V / _SYMBOL["v_0"]),
    "A",
    "current through the gap",
)
_LOCAL = Quantity(
    "local",
    sp.Min(_SYMBOL["temperature"] + _SYMBOL["r_th"] * V * _TUNNEL.symbol, _SYMBOL["t_max"]),
    "K",
    "temperature of the filament's tip",
    typical=300.0,
)
_LOWERED = Quantity(
    "lowered",
    (_SYMBOL["gamma_0"] - _SYMBOL["beta"] * (_GAP.symbol / _SYMBOL["g_1"]) ** 3)
    * (_SYMBOL["a_0"] / _SYMBOL["thickness"])
    * V,
    "V",
    "by how much the field lowers the barrier of generation",
)
_THERMAL_VOLTAGE = sp.Float(BOLTZMANN_VOLTAGE) * _LOCAL.symbol
_GENERATION = Quantity(
    "generation",
    limited_exp(sp.Min(_LOWERED.symbol - _SYMBOL["e_generation"], 0) / _THERMAL_VOLTAGE),
    "1",
    "vacancies made: the gap closes",
)
_RECOMBINATION = Quantity(
    "recombination",
    limited_exp(sp.Min(-_LOWERED.symbol - _SYMBOL["e_recombination"], 0) / _THERMAL_VOLTAGE),
    "1",
    "vacancies filled: the gap opens",
)
_EDGE_SET = Quantity(
    "edge_set", 1 - sp.exp(-(1 - S) / _SYMBOL["d_edge"]), "1", "ends the closing at s = 1"
)
_EDGE_RESET = Quantity(
    "edge_reset", 1 - sp.exp(-S / _SYMBOL["d_edge"]), "1", "ends the opening at s = 0"
)

MODEL = Model(
    name="stanford_pku",
    title="Stanford-PKU RRAM: a tunnelling gap moved by field and Joule heat",
    equations=(
        "gap = gap_max - (gap_max - gap_min) s",
        "i = i_0 exp(-gap/g_0) sinh(v/v_0)",
        "T = temperature + r_th v i,  at most t_max",
        "gamma = gamma_0 - beta (gap/g_1)^3,  w = gamma a_0/thickness v",
        "dgap/dt = -velocity {exp[(w - e_generation)/(kT/e)] - exp[(-w - e_recombination)/(kT/e)]}",
        "the first term times 1 - exp[-(1 - s)/d_edge], the second times 1 - exp(-s/d_edge);",
        "a barrier that the field has lowered below zero counts as zero",
    ),
    source=(
        "P.-Y. Chen, S. Yu, IEEE TED 62:4022 (2015), doi:10.1109/TED.2015.2492421; Z. Jiang et "
        "al., IEEE TED 63:1884 (2016), doi:10.1109/TED.2016.2545412; after X. Guan, S. Yu, "
        "H.-S. P. Wong, IEEE EDL 33:1405 (2012), doi:10.1109/LED.2012.2210856"
    ),
    parameters=_PARAMETERS,
    constraints=(
        _SYMBOL["gap_min"] < _SYMBOL["gap_max"],
        _SYMBOL["beta"] * (_SYMBOL["gap_max"] / _SYMBOL["g_1"]) ** 3 < _SYMBOL["gamma_0"],
        _SYMBOL["temperature"] < _SYMBOL["t_max"],
    ),
    quantities=(_GAP, _TUNNEL, _LOCAL, _LOWERED, _GENERATION, _RECOMBINATION, _EDGE_SET,
                _EDGE_RESET),
    current=_TUNNEL.symbol,
    rate=_SYMBOL["velocity"]
    / (_SYMBOL["gap_max"] - _SYMBOL["gap_min"])
    * (
        _GENERATION.symbol * _EDGE_SET.symbol - _RECOMBINATION.symbol * _EDGE_RESET.symbol
    ),
    use=(
        "oxide RRAM whose SET runs away and whose RESET is gradual, with heating by its own "
        "current and ambient temperature; retention follows from the same equations"
    ),
    numerics=(
        "positive feedback through heat: the temperature has a ceiling, and an exponent above zero "
        "counts as zero, so that no speed exceeds the prefactor; the authors' file clips the gap "
        "after integrating it, here motion ceases at the edge; the temperature settles at once, "
        "for its time constant is 0.23 ns: after a 10 ns pulse the state is off by less than 1e-3 "
        "up to 1.2 V and by 1e-2 in a RESET at -1.5 V"
    ),
)  # fmt: skip
