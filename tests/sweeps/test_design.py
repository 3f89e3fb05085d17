"""Grids, zipped points, products of designs, and what makes none."""

import itertools

import numpy as np
import pytest
import xarray as xr

from memcircuit.errors import UsageError
from memcircuit.sweeps.corner_points import named
from memcircuit.sweeps.design import Column, Design, grid, value_array, zipped


def test_a_grid_is_every_combination_with_the_last_parameter_fastest():
    design = grid({"gate": [3.0, 4.0], "device.k_set": [0.01, 0.02, 0.03]})
    assert (design.shape, design.size) == ((2, 3), 6)
    values = design.values(np.arange(6))
    pairs = list(zip(values["gate"], values["device.k_set"], strict=True))
    assert pairs == list(itertools.product([3.0, 4.0], [0.01, 0.02, 0.03]))


def test_zipped_points_take_values_in_step():
    design = zipped({"set.amplitude": [1, 2, 3], "set.width": [3e-6, 2e-6, 1e-6]})
    values = design.values(np.array([2, 0]))
    np.testing.assert_array_equal(values["set.amplitude"], [3, 1])
    np.testing.assert_array_equal(values["set.width"], [1e-6, 3e-6])


def test_a_product_has_every_point_of_both():
    design = grid({"gate": [3.0, 4.0]}) * zipped({"a": [1, 2, 3], "b": [4, 5, 6]})
    assert dict(design.sizes) == {"gate": 2, "point": 3}
    values = design.values(np.arange(design.size))
    found = set(zip(*(values[name] for name in ("gate", "a", "b")), strict=True))
    assert found == {(g, a, a + 3) for g in (3.0, 4.0) for a in (1, 2, 3)}


def test_a_product_keeps_settings_and_labels():
    one = Design({"x": 1}, {"x": Column(("x",), np.ones(1))}, {"how": "by hand"})
    both = one * named({"slow": {"gate": 3.0}, "fast": {"gate": 5.0}})
    assert both.settings == {"how": "by hand"}
    assert both.labels == {"corner": ("slow", "fast")}


@pytest.mark.parametrize("other", [{"gate": [1.0]}, {"point": [1.0]}])
def test_what_is_in_both_designs_is_refused(other):
    with pytest.raises(UsageError, match=r"'(gate|point)' is in both designs"):
        zipped({"gate": [3.0], "b": [1.0]}) * grid(other)


def test_a_design_is_multiplied_by_designs_alone():
    design = grid({"x": [1.0, 2.0]})
    with pytest.raises(TypeError, match="unsupported operand"):
        design * 3
    with pytest.raises(TypeError, match="unsupported operand"):
        3 * design


def test_values_may_be_lists_of_numbers_one_for_each_memristor():
    values = value_array("initial_state", [[0.1, 0.9], [0.2, 0.8], (0.3, 0.7)])
    np.testing.assert_array_equal(values, [[0.1, 0.9], [0.2, 0.8], [0.3, 0.7]])
    design = grid({"initial_state": values})
    assert design.size == 3
    np.testing.assert_array_equal(design.values(np.array([1]))["initial_state"], [[0.2, 0.8]])


@pytest.mark.parametrize("given", [[[1, 2], [3]], ["osdi", "behavioural"], [True, False], [10**40]])
def test_what_are_no_equally_long_numbers_stay_objects(given):
    values = value_array("form", given)
    assert values.dtype == object
    assert list(values) == given


def test_arrays_with_labels_are_their_numbers():
    values = value_array("gate", xr.DataArray([3.0, 4.0], dims="gate"))
    assert values.dtype == float
    np.testing.assert_array_equal(values, [3.0, 4.0])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (3.0, "gate = 3.0: expected a list of values"),
        (np.array(3.0), r"gate = array\(3.\): expected a list"),
        ("osdi", "gate = 'osdi': expected a list"),
        ({"low": 3.0}, "expected a list"),
        ([], "gate: no values at all"),
        ([1.0, np.nan], "gate: every value must be finite"),
        ([[1.0, np.inf]], "gate: every value must be finite"),
        ([1, 10**400], "gate: a value is beyond the largest number"),
        ([[1, 2], [3, -(10**400)]], "gate: a value is beyond the largest number"),
        ([3.0, 4.0, 3], r"gate: value 3\.0 is given twice"),
        ([[0.1, 0.9], [0.2, 0.9], [0.1, 0.9]], r"gate: value \[0\.1, 0\.9\] is given twice"),
        (["a", "b", "b"], "gate: value 'b' is given twice"),
        ([10**40, 10**40], "is given twice"),
    ],
)
def test_what_is_no_list_of_values(given, message):
    with pytest.raises(UsageError, match=message):
        grid({"gate": given})


def test_zipped_points_may_repeat_a_value():
    assert zipped({"gate": [3.0, 3.0], "form": ["a", "a"]}).size == 2


def test_arrays_of_different_lengths_are_different_values_of_a_grid():
    assert grid({"gate": [np.ones(2), np.ones(1)], "flag": [True, 1, "1"]}).size == 6


@pytest.mark.parametrize(
    ("make", "given", "message"),
    [
        (grid, {}, "at least one parameter"),
        (grid, [("gate", [1.0])], "expected values by parameter"),
        (zipped, {"": [1.0]}, "parameter '': expected a name"),
        (zipped, {"a": [1, 2], "b": [1]}, "equally many values; there are a: 2, b: 1"),
        (grid, {"a": range(4000), "b": range(4000)}, "a sweep of 16000000 points"),
    ],
)
def test_what_makes_no_design(make, given, message):
    with pytest.raises(UsageError, match=message):
        make(given)


@pytest.mark.parametrize(
    ("sizes", "columns", "labels", "message"),
    [
        ({"x": 2}, {"a": Column(("y",), np.ones(2))}, {}, "a: the design has no dimension 'y'"),
        ({"x": 2}, {"a": Column(("x",), np.ones(3))}, {}, r"a: values of shape \(3,\)"),
        ({"x": 1, "y": 1}, {"a": Column(("y", "x"), np.ones((1, 1)))}, {}, "in order"),
        ({"x": 1, "y": 1}, {"x": Column(("y",), np.ones(1))}, {}, "'x' is a parameter and a dim"),
        ({"x": 0}, {"a": Column(("x",), np.ones(0))}, {}, "x: no values at all"),
        ({"x": 2}, {"a": Column(("x",), np.ones(2))}, {"y": ("1", "2")}, "labels of 'y'"),
        ({"x": 2}, {"x": Column(("x",), np.ones(2))}, {"x": ("1", "2")}, "labels of 'x'"),
        ({"x": 2}, {"a": Column(("x",), np.ones(2))}, {"x": ("1",)}, "1 labels for 2 places"),
        ({"x": 2}, {"a": Column(("x",), np.ones(2))}, {"x": ("1", "1")}, "'1' is given twice"),
    ],
)
def test_designs_that_contradict_themselves(sizes, columns, labels, message):
    with pytest.raises(UsageError, match=message):
        Design(sizes, columns, labels=labels)
