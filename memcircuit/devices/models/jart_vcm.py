"""Valence change memory: oxygen vacancies that move under field and heat (JART VCM v1b)."""

from __future__ import annotations

import math

import sympy as sp

from memcircuit.devices.definition import V_INNER, Inner, Model, Parameter, Quantity, S, V
from memcircuit.devices.expressions import BOLTZMANN_VOLTAGE, TEMPERATURE, limited_exp

# SI of 2019 (exact) and CODATA 2018
_E, _H, _K = 1.602176634e-19, 6.62607015e-34, 1.380649e-23
_M, _EPS0 = 9.1093837015e-31, 8.8541878128e-12
_RICHARDSON = 4 * math.pi * _E * _M * _K**2 / _H**3  # A/(m^2 K^2), of a free electron
_VALENCE = 2  # charges of an oxygen vacancy

_PARAMETERS = (
    TEMPERATURE,
    Parameter("n_min", 8e23, "m^-3", "vacancies in the disc at s = 0", 1e22, varies=True),
    Parameter("n_max", 2e27, "m^-3", "vacancies in the disc at s = 1", 1e22, varies=True),
    Parameter("n_plug", 2e27, "m^-3", "vacancies in the plug", 1e20),
    Parameter("radius", 45e-9, "m", "radius of the filament", 1e-9, varies=True),
    Parameter("l_cell", 3e-9, "m", "length of disc and plug", 1e-10),
    Parameter("l_disc", 0.4e-9, "m", "length of the disc", 1e-10, varies=True),
    Parameter("mobility", 4e-6, "m^2/(V*s)", "mobility of electrons", 0, low_open=True),
    Parameter("eps_r", 17.0, "1", "static relative permittivity of the oxide", 1),
    Parameter("eps_b", 5.5, "1", "relative permittivity for the lowering of the barrier", 1),
    Parameter("phi_b", 0.18, "V", "height of the barrier at the active electrode", 0.01, 3),
    Parameter("phi_n", 0.1, "V", "Fermi level below the conduction band", 0, 1),
    Parameter("richardson", 6.01e5, "A/(m^2*K^2)", "effective Richardson constant", 1e3),
    Parameter("r_oxide", 650.0, "ohm", "resistance of the rest of the oxide", 0, low_open=True),
    Parameter("r_line", 719.2437, "ohm", "resistance of the lines when cold", 0, low_open=True),
    Parameter("r_th_line", 90471.47, "K/W", "thermal resistance of the lines", 0, low_open=True),
    Parameter("alpha_line", 3.92e-3, "1/K", "temperature coefficient of the lines", 1e-9),
    Parameter("r_th", 15.72e6, "K/W", "thermal resistance of the filament in SET", 0, varies=True),
    Parameter("r_th_share", 0.27, "1", "share of it that holds in RESET", 0, 1),
    Parameter("hop", 0.25e-9, "m", "hopping distance of a vacancy", 1e-11),
    Parameter("nu_0", 2e13, "1/s", "attempt frequency", 0),
    Parameter("e_hop", 1.35, "V", "activation energy of hopping over e", 0.1, 5, varies=True),
    Parameter("t_limit", 3000.0, "K", "temperature that heating never reaches", 1100, 1e4),
    Parameter("k_max", 1e11, "1/s", "rate at which the motion saturates", 1),
)
_P = {p.name: p.symbol for p in _PARAMETERS}
_N = Quantity(
    "n_disc", _P["n_min"] * sp.exp(S * sp.log(_P["n_max"] / _P["n_min"])), "m^-3",
    "vacancies in the disc",
)  # fmt: skip
_AREA = Quantity("area", sp.pi.evalf() * _P["radius"] ** 2, "m^2", "cross-section of the filament")
_CHARGE = Quantity(
    "filament", sp.Float(_VALENCE * _E) * _P["mobility"] * _AREA.symbol, "A*m^4/V",
    "conductance of the filament times length over vacancies",
)  # fmt: skip
_R_FILAMENT = Quantity(
    "r_filament",
    # no small denominator: ngspice adds 1e-32 to the square of one that it derives
    _P["l_disc"] / (_N.symbol * _CHARGE.symbol)
    + (_P["l_cell"] - _P["l_disc"]) / (_P["n_plug"] * _CHARGE.symbol),
    "ohm", "resistance of disc and plug",
)  # fmt: skip
_R_COLD = Quantity(
    "r_cold", _R_FILAMENT.symbol + _P["r_oxide"] + _P["r_line"], "ohm",
    "resistance in series with the barrier before the lines heat",
)  # fmt: skip
# v_inner = i r_cold + cubic i^3, by the root of the cubic that is real
_CUBIC = Quantity(
    "cubic", _P["r_line"] ** 2 * _P["alpha_line"] * _P["r_th_line"], "V/A^3",
    "rise of the lines' resistance with the square of the current",
)  # fmt: skip
_I = Quantity(
    "i_series",
    2 * sp.sqrt(_R_COLD.symbol / (3 * _CUBIC.symbol))
    * sp.sinh(
        sp.asinh(
            1.5 * V_INNER / _R_COLD.symbol * sp.sqrt(3 * _CUBIC.symbol / _R_COLD.symbol)
        ) / 3
    ),
    "A", "current through disc, plug, oxide and lines", typical=1e-4,
)  # fmt: skip
# what oxide and lines leave, without the cube of a current that has died away: compiled models
# derive a power by dividing by its base, which overflows below 1e-308
_V_HEAT = Quantity(
    "v_heat", V - V_INNER + _I.symbol * _R_FILAMENT.symbol, "V",
    "voltage over barrier, disc and plug",
)  # fmt: skip
_HEATING = Quantity(
    "heating",
    sp.Max(_I.symbol * _V_HEAT.symbol, 0) * _P["r_th"]
    * sp.Piecewise((_P["r_th_share"], V >= 0), (1, True)),
    "K", "rise of the filament's temperature, unlimited",
)  # fmt: skip
_T = Quantity(
    "t_filament",
    _P["temperature"]
    + _HEATING.symbol
    / sp.sqrt(sp.sqrt(1 + (_HEATING.symbol / (_P["t_limit"] - _P["temperature"])) ** 4)),
    "K", "temperature of the filament",
)  # fmt: skip
_KT = Quantity("v_thermal", sp.Float(BOLTZMANN_VOLTAGE) * _T.symbol, "V", "k T/e")

# The barrier; u is its voltage, SET at u < 0
_U = Quantity("v_barrier", V - V_INNER, "V", "voltage over the barrier")
_U_OVER = Quantity(
    "v_over", sp.Max(sp.Piecewise((_U.symbol, V >= 0), (-_U.symbol, True)), 0), "V", "|u|"
)
_PHI = Quantity(
    "phi",
    sp.Max(
        _P["phi_b"]
        - sp.sqrt(sp.sqrt(
            sp.Float(_VALENCE * _E**3 / (8 * math.pi**2 * _EPS0**3)) * _N.symbol / _P["eps_b"] ** 3
            * (sp.Max(_P["phi_b"] - _P["phi_n"], 0) - sp.Min(_U.symbol, 0))
        )),
        0,
    ),
    "V", "barrier after its lowering by the field", typical=0.1, least=0.0,
)  # fmt: skip
_W00 = Quantity(
    "w_00",
    sp.Float(_H / (4 * math.pi) * math.sqrt(_VALENCE * _RICHARDSON / (_M * _EPS0)))
    * sp.sqrt(_N.symbol / (_P["richardson"] * _P["eps_r"])),
    "V", "characteristic voltage of tunnelling", typical=0.1, least=1e-4,
)  # fmt: skip
_X = Quantity("w_ratio", _W00.symbol / _KT.symbol, "1", "the same over k T/e")
_FIELD = Quantity(
    "field_emission",
    _P["richardson"] * _AREA.symbol * _T.symbol / sp.Float(BOLTZMANN_VOLTAGE)
    * sp.sqrt(
        sp.pi.evalf() * _W00.symbol
        * (_U_OVER.symbol + _PHI.symbol / sp.cosh(_X.symbol) ** 2 + sp.Float(1e-6))
    )
    * sp.exp(-_PHI.symbol * sp.tanh(_X.symbol) / _W00.symbol)
    * (limited_exp(_U_OVER.symbol * (_X.symbol - sp.tanh(_X.symbol)) / _W00.symbol) - 1),
    "A", "thermionic field emission, u < 0",
)  # fmt: skip
_THERMIONIC = Quantity(
    "thermionic",
    _P["richardson"] * _AREA.symbol * _T.symbol**2 * sp.exp(-_PHI.symbol / _KT.symbol)
    * (limited_exp(_U_OVER.symbol / _KT.symbol) - 1),
    "A", "thermionic emission, u > 0",
)  # fmt: skip

# The motion of vacancies
_FIELD_OVER = Quantity(
    "gamma",
    sp.Min(
        sp.Float(_VALENCE / math.pi) * _P["hop"] / _P["e_hop"]
        * sp.Piecewise(
            (_V_HEAT.symbol / _P["l_cell"], V >= 0),
            (-_I.symbol / (_N.symbol * _CHARGE.symbol), True),
        ),
        sp.Float(0.99),
    ),
    "1", "field over the one that takes the hopping barrier away", typical=0.1, least=0.0,
)  # fmt: skip
_SPREAD = Quantity(
    "hop_mean",
    sp.sqrt(1 - _FIELD_OVER.symbol**2) + _FIELD_OVER.symbol * sp.asin(_FIELD_OVER.symbol),
    "1", "mean of the hopping barriers with and against the field, over e_hop",
)  # fmt: skip
_HOPS = Quantity(
    "hops",
    _P["nu_0"] * _P["hop"] / _P["l_disc"] * (_P["n_plug"] + _N.symbol) / (2 * _N.symbol)
    / sp.log(_P["n_max"] / _P["n_min"])
    * 2 * sp.exp(-_P["e_hop"] / _KT.symbol * _SPREAD.symbol)
    * sp.sinh(_P["e_hop"] / _KT.symbol * _FIELD_OVER.symbol * sp.pi.evalf() / 2),
    "1/s", "rate of the state before it stops at an edge",
)  # fmt: skip


def _stop(edge: sp.Expr) -> sp.Expr:
    return 1 - sp.exp(-10 * sp.log(_P["n_max"] / _P["n_min"]) * edge)


_MOTION = _HOPS.symbol / (1 + _HOPS.symbol / _P["k_max"])

MODEL = Model(
    name="jart_vcm",
    title="Valence change memory: oxygen vacancies that drift under field and heat",
    equations=(
        "N = n_min (n_max/n_min)^s,  A = pi radius^2,  v = u + v_inner",
        "v_inner = i (r_disc + r_plug + r_oxide + r_line (1 + r_line alpha_line r_th_line i^2))",
        "r_disc = l_disc/(2 e N mobility A),  r_plug = (l_cell - l_disc)/(2 e n_plug mobility A)",
        "T = temperature + r_th i (u + v_disc + v_plug),  r_th times r_th_share in RESET",
        "u > 0:  i = A A* T^2 exp(-e phi/kT) (exp(e u/kT) - 1)",
        "u < 0: -i = A A* T (e/k) (pi w_00 (|u| + phi/cosh^2(e w_00/kT)))^0.5",
        "           exp(-phi/w_0) (exp(|u|/e') - 1)",
        "w_00 = (h/4 pi) (2 N/(m* eps_r eps_0))^0.5,  w_0 = w_00/tanh(e w_00/kT)",
        "e' = w_00/(e w_00/kT - tanh(e w_00/kT)),  m* from the Richardson constant A*",
        "phi = phi_b - [2 e^3 N (phi_b - phi_n - u)/(8 pi^2 (eps_b eps_0)^3)]^(1/4) >= 0",
        "dN/dt = +-(nu_0 hop/l_disc) (n_plug + N)/2 (exp(-w_min e/kT) - exp(-w_max e/kT)) f",
        "w_min, w_max = e_hop ((1 - g^2)^0.5 -+ g pi/2 + g asin g),  g = 2 hop E/(pi e_hop)",
        "E = v_disc/l_disc in SET (v < 0), (u + v_disc + v_plug)/l_cell in RESET",
        "f = 1 - (N/n_max)^10 in SET, 1 - (n_min/N)^10 in RESET",
    ),
    source=(
        "C. Bengel et al., IEEE TCAS-I 67:4618 (2020), doi:10.1109/TCSI.2020.3018502; "
        "F. Cueppers et al., APL Materials 7:091105 (2019), doi:10.1063/1.5108654"
    ),
    parameters=_PARAMETERS,
    constraints=(_P["n_min"] < _P["n_max"], _P["l_disc"] < _P["l_cell"]),
    quantities=(
        _N, _AREA, _CHARGE, _R_FILAMENT, _R_COLD, _CUBIC, _I, _V_HEAT, _HEATING, _T, _KT, _U,
        _U_OVER, _PHI, _W00, _X, _FIELD, _THERMIONIC, _FIELD_OVER, _SPREAD, _HOPS,
    ),
    current=_I.symbol,
    rate=sp.Piecewise((-_MOTION * _stop(S), V >= 0), (_MOTION * _stop(1 - S), True)),
    inner=Inner(
        "the node between the barrier, at plus, and disc, plug and lines, at minus",
        _I.symbol - sp.Piecewise((_THERMIONIC.symbol, V >= 0), (-_FIELD.symbol, True)),
        starts_at_plus=True,
    ),
    use="physics of a filamentary valence change cell: SET and RESET kinetics with self-heating",
    numerics=(
        "implicit in the voltage, solved at an inner node; the line's heating is the closed root "
        "of its cubic; the lowering of the barrier is held at u = 0 when the barrier conducts "
        "forward, where the published one gives up to three currents for one voltage; its root "
        "is held off zero by 1e-6 V, so that below some millivolts reads depend on that and on the "
        "sign; temperature follows at once, below t_limit; the rate saturates at k_max"
    ),
)  # fmt: skip
