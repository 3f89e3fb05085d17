"""Bias schemes: which an array has, and what they give to lines and gates."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.crossbar.programming import program_pulses
from memcircuit.crossbar.selection import BIASES, bias_names, select
from memcircuit.errors import UsageError


def test_the_transistor_scheme_grounds_lines_and_opens_one_gate():
    chosen = select((1, 2), (3, 4), "transistor", gate=5.0)
    np.testing.assert_array_equal(chosen.row_share, [0, 1, 0])
    np.testing.assert_array_equal(chosen.column_share, np.zeros(4))
    np.testing.assert_array_equal(chosen.gate_voltage, [0, 0, 5, 0])
    across = select((1, 2), (3, 4), "transistor", gate=5.0, gate_lines="row")
    np.testing.assert_array_equal(across.gate_voltage, [0, 5, 0])


def test_the_transistor_scheme_needs_transistors():
    passive = mc.Crossbar(mc.device("lin2022_hfo2"), rows=2, columns=2)
    with pytest.raises(UsageError, match=r"bias = 'transistor', but the array's cells have no"):
        program_pulses(passive, 0.5, (0, 0), [mc.Pulse(1.8, 1e-6)], bias="transistor")
    with pytest.raises(UsageError, match=r"read_bias = 'transistor'.*choose grounded, v/2"):
        program_pulses(passive, 0.5, (0, 0), [mc.Pulse(1.8, 1e-6)], read_bias="transistor")


def test_cells_outside_are_named():
    with pytest.raises(UsageError, match=r"selected cell \(3, 0\) lies outside the array of 3 x 4"):
        select((3, 0), (3, 4))
    with pytest.raises(UsageError, match="expected at least one cell"):
        select([(0, 0), (0, 0)], (3, 4))


def test_the_names_that_an_array_has():
    assert bias_names(True, None) == ["transistor"]
    assert set(bias_names(False, None)) == set(BIASES) - {"transistor"}
    assert bias_names(True, ["v/2", "grounded"]) == ["v/2", "grounded"]
    for given in ("v/2", [], ["v/4"], 3):
        with pytest.raises(UsageError, match=r"biases = .*expected a list of grounded"):
            bias_names(False, given)
    with pytest.raises(UsageError, match="the array's cells have no transistor"):
        bias_names(False, ["transistor"])
