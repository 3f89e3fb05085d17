"""The definition layer refuses what makes no model, and says why."""

import pytest
import sympy as sp

from memcircuit.devices.definition import Model, Parameter, Quantity, S, V
from memcircuit.devices.numpy_model import NumpyModel
from memcircuit.errors import ParameterError


def _model(**changed):
    g = Parameter("g", 1e-6, "S", "conductance", 0, low_open=True)
    return Model(
        **{
            "name": "plain", "title": "plain", "equations": (), "source": "none",
            "parameters": (g,), "current": g.symbol * V * S, "rate": sp.Integer(0), **changed,
        }
    )  # fmt: skip


def test_undeclared_symbol_is_named():
    with pytest.raises(ParameterError, match="rate uses undeclared k_set"):
        _model(rate=sp.Symbol("k_set", real=True))


def test_quantities_may_use_earlier_ones_only():
    early = Quantity("early", V * 2, "V", "twice")
    late = Quantity("late", early.symbol + S, "1", "sum")
    model = _model(quantities=(early, late), rate=late.symbol)
    assert float(NumpyModel(model, {"g": 1.0}).rate(3.0, 0.5)) == 2 * 3.0 + 0.5
    with pytest.raises(ParameterError, match="late uses undeclared early"):
        _model(quantities=(late, early))


@pytest.mark.parametrize("name", ["G", "v", "m_g", "2g", "g h", "plus", "release", "lambda"])
def test_names_that_a_netlist_cannot_carry(name):
    bad = Parameter(name, 1.0, "1", "bad")
    with pytest.raises(ParameterError, match="cannot be used as a name"):
        _model(parameters=(bad,), current=V)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0.0, r"outside its range \(0, inf\)"),
        (-1.0, "outside its range"),
        (float("nan"), "outside its range"),
        (float("inf"), "outside its range"),
        ("1e-6", "is not a number"),
        (True, "is not a number"),
    ],
)
def test_values_outside_the_range(value, message):
    parameter = Parameter("g", 1e-6, "S", "conductance", 0, low_open=True)
    with pytest.raises(ParameterError, match=message):
        parameter.check(value, "card x")


def test_whole_numbers_only():
    parameter = Parameter("n", 1, "1", "order", 1, 5, integer=True)
    assert parameter.check(3, "here") == 3.0
    with pytest.raises(ParameterError, match="whole number"):
        parameter.check(2.5, "here")
