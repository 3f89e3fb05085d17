"""Quantised filament: a contact of few atoms whose conductance comes in halves of a quantum."""

from __future__ import annotations

import math

import sympy as sp

from memcircuit.devices.definition import Model, Parameter, Quantity, S, V
from memcircuit.devices.expressions import ACTIVATION, THERMAL, limited_exp

_PARAMETERS = (
    Parameter("g_quantum", 77.5e-6, "S", "quantum of conductance 2 e^2/h", 1e-6, 1e-3),
    Parameter("g_on", 1 / 300, "S", "conductance of the whole filament, at s = 1", 0, 1, True),
    Parameter(
        "g_off", 1 / 35e3, "S", "conductance of the ruptured filament, at s = 0 and full "
        "transmission", 0, 1, True, varies=True,
    ),
    Parameter("levels", 32, "1", "half quanta that the first RESET level holds", 2, 200,
              integer=True),
    Parameter("v_onset", -0.50, "V", "RESET voltage at which the whole filament gives way",
              high=0, high_open=True),
    Parameter("v_reset", -0.60, "V", "RESET voltage that leaves the first level", high=0,
              high_open=True),
    Parameter("v_fine", 0.02, "V", "RESET voltage from level to level at first", 0, 1, True),
    Parameter("fine_steps", 12, "1", "levels below the first that are v_fine apart", 1, 200,
              integer=True),
    Parameter("v_coarse", 0.04, "V", "RESET voltage from level to level after these", 0, 1, True),
    Parameter("k_reset", 1e3, "1/s", "speed at which RESET nears its level", 0, varies=True),
    Parameter("v_set", 0.5, "V", "SET threshold", 0, low_open=True, varies=True),
    Parameter("k_set", 500.0, "1/s", "SET rate at twice the threshold", 0, varies=True),
    Parameter("sharpness", 0.95, "1", "of the steps: 0 a straight line, near 1 a staircase",
              0, 0.99),
    Parameter("transmission", 1.0, "1", "of the constriction: share of a half quantum that a step "
              "adds, and of g_off", 0, 10, True, varies=True, optional=True),
    Parameter("v_scale", 1.0, "1", "scale of all RESET voltages", 0, 10, True, varies=True,
              optional=True),
    *THERMAL,
)  # fmt: skip
_SYMBOL = {p.name: p.symbol for p in _PARAMETERS}
_LEVELS, _FINE, _COARSE = (_SYMBOL[n] for n in ("levels", "v_fine", "v_coarse"))
_V_RESET, _V_ONSET = _SYMBOL["v_reset"], _SYMBOL["v_onset"]

# Width of the strip before s = 1 in which SET slows down to rest.
_EDGE = 0.02

_WHOLE = Quantity(
    "whole", 2 * _SYMBOL["g_on"] / _SYMBOL["g_quantum"], "1", "half quanta of the whole filament"
)
_HALVES = Quantity("halves", _WHOLE.symbol * S, "1", "size of the filament, in half quanta")
_TURN = sp.Float(2 * math.pi) * _HALVES.symbol
# The sawtooth sum_n (-r)^n sin(n turn)/n in closed form, the argument of 1 + r exp(i turn),
# taken off a straight line: flat around every whole number, steep half way between.
_STAIRS = Quantity(
    "stairs",
    _HALVES.symbol
    - sp.atan(_SYMBOL["sharpness"] * sp.sin(_TURN) / (1 + _SYMBOL["sharpness"] * sp.cos(_TURN)))
    / sp.Float(math.pi),
    "1",
    "conducting half quanta: whole numbers but for smooth steps",
)
_CONDUCTANCE = Quantity(
    "conductance",
    # also of the gap: else a filament of poor transmission would conduct more once it is ruptured
    _SYMBOL["transmission"]
    * (
        _SYMBOL["g_quantum"] / 2 * _STAIRS.symbol + _SYMBOL["g_off"] * sp.Max(1 - _STAIRS.symbol, 0)
    ),
    "S",
    "conductance of the filament, and of the gap once less than half a quantum is left",
)
_DRIVE = Quantity(
    "drive", sp.Max(-V, 0) / _SYMBOL["v_scale"], "V", "RESET voltage as an amount, scaled"
)
_FINE_LINE = Quantity(
    "fine_line", _LEVELS - (_DRIVE.symbol + _V_RESET) / _FINE, "1", "levels v_fine apart"
)
_AT_ONSET = Quantity(
    "at_onset", _LEVELS - (_V_RESET - _V_ONSET) / _FINE, "1", "level reached at v_onset"
)
_LEFT = Quantity(
    "left",
    sp.Max(
        _AT_ONSET.symbol
        - (_WHOLE.symbol - _AT_ONSET.symbol) * (_DRIVE.symbol + _V_ONSET) / _FINE,
        _FINE_LINE.symbol,
        _LEVELS - _SYMBOL["fine_steps"]
        - (_DRIVE.symbol + _V_RESET - _SYMBOL["fine_steps"] * _FINE) / _COARSE,
        0,
    ),
    "1",
    "half quanta that a RESET of this voltage leaves: three straight lines",
)  # fmt: skip
_SET_DRIVE = Quantity(
    "set_drive",
    _SYMBOL["k_set"] * sp.Max(V / _SYMBOL["v_set"] - 1, 0),
    "1/s",
    "SET rate above its threshold",
)

MODEL = Model(
    name="quantised_filament",
    title="Quantised filament: half-integer conductance levels left by RESET voltages",
    equations=(
        "i = g v,  x = s 2 g_on/g_quantum,  n = x - atan(r sin 2 pi x/(1 + r cos 2 pi x))/pi,",
        "     r = sharpness,  g = transmission (n g_quantum/2 + g_off max(1 - n, 0))",
        "ds/dt = k_set (v/v_set - 1) (1 - exp(-(1-s)/0.02))     for v > v_set",
        "ds/dt = -k_reset max(s - m(-v/v_scale) g_quantum/(2 g_on), 0)   for v < 0",
        "m(u), never below 0, is the largest of three straight lines: through (-v_reset, levels)",
        "     falling by 1 in v_fine; through (-v_reset + fine_steps v_fine, levels - fine_steps)",
        "     falling by 1 in v_coarse; and from the whole filament at -v_onset - v_fine down to",
        "     the first line at -v_onset",
    ),
    source=(
        "Behavioural model of the levels and RESET voltages that Q. Chen, T. Han, M. Tang, "
        "Z. Zhang, X. Zheng, G. Liu, Micromachines 11:427 (2020), doi:10.3390/mi11040427, state; "
        "the equations are ours"
    ),
    parameters=_PARAMETERS,
    constraints=(
        _FINE <= _COARSE,
        _V_RESET < _V_ONSET,
        _V_ONSET + _FINE < 0,
        2 * _SYMBOL["g_on"] / _SYMBOL["g_quantum"] > _LEVELS - (_V_RESET - _V_ONSET) / _FINE,
        2 * _SYMBOL["g_off"] < _SYMBOL["g_quantum"],
        _SYMBOL["fine_steps"] < _LEVELS,
    ),
    quantities=(
        ACTIVATION, _WHOLE, _HALVES, _STAIRS, _CONDUCTANCE, _DRIVE, _FINE_LINE, _AT_ONSET,
        _LEFT, _SET_DRIVE,
    ),
    current=_CONDUCTANCE.symbol * V,
    rate=ACTIVATION.symbol
    * (
        _SET_DRIVE.symbol * (1 - limited_exp((S - 1) / sp.Float(_EDGE)))
        - _SYMBOL["k_reset"] * sp.Max(S - _LEFT.symbol / _WHOLE.symbol, 0)
    ),
    initial_state=1.0,
    use=(
        "levels that are programmed by the amplitude of one RESET pulse or the stop voltage of "
        "one sweep, and read as multiples of half a conductance quantum"
    ),
    numerics=(
        "a staircase has no slope and jumps: a smooth one takes its place; RESET pulses must "
        "last ten times 1/k_reset; a SET that a current limit ends may stop on a step, for the "
        "limit sets v = v_set and not a whole number of half quanta"
    ),
)  # fmt: skip
