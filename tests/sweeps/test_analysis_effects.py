"""Main effects and interactions of tables that are written down, and of drawn values."""

import numpy as np
import pytest
from scipy.stats import qmc
from synthetic_sweeps import grid_sweep, sampled_sweep, swept

from memcircuit.errors import UsageError
from memcircuit.sweeps.effects import main_effects

ROWS, COLUMNS = np.array([0.0, 1.0, 5.0]), np.array([0.0, -2.0, 4.0, 6.0])
GRID = {"gate": [1.0, 2.0, 3.0], "set.amplitude": [1.0, 1.2, 1.4, 1.6]}


def additive(*_):
    return 10.0 + ROWS[:, np.newaxis] + COLUMNS


def test_levels_of_an_additive_table_are_its_parts():
    found = main_effects(grid_sweep(GRID, additive), "conductance")
    np.testing.assert_allclose(found["mean"][0, :3], 12.0 + ROWS)
    np.testing.assert_allclose(found["mean"][1], 12.0 + COLUMNS)
    np.testing.assert_allclose(found["size"], [5.0, 8.0])
    np.testing.assert_allclose(found["count"], [[4, 4, 4, 0], [3, 3, 3, 3]])
    np.testing.assert_allclose(found["value"][0, :3], [1, 2, 3])
    assert np.isnan(found["mean"][0, 3])
    assert np.isnan(found["value"][0, 3])
    assert list(found["label"][0].to_numpy()) == ["1", "2", "3", ""]
    np.testing.assert_allclose(found["deviation"][0, 0], np.std(COLUMNS, ddof=1))
    np.testing.assert_allclose(found["interaction"][0, 1], 0.0, atol=1e-12)
    assert float(found["overall"]) == pytest.approx(14.0)
    assert found["size"].attrs["units"] == "S"


def test_points_that_failed_change_nothing_of_an_additive_table():
    """Plain means over what is left would: the lowest value is missing from one level only."""
    found = main_effects(grid_sweep(GRID, additive, failed=[(0, 0), (2, 1)]), "conductance")
    np.testing.assert_allclose(found["mean"][0, :3], 12.0 + ROWS)
    np.testing.assert_allclose(found["mean"][1], 12.0 + COLUMNS)
    np.testing.assert_allclose(found["interaction"][0, 1], 0.0, atol=1e-12)
    np.testing.assert_allclose(found["count"], [[3, 4, 3, 0], [2, 2, 3, 3]])
    assert (found.attrs["points"], found.attrs["left_out"]) == (10, 2)


def test_points_that_failed_change_nothing_of_a_product():
    whole = grid_sweep(GRID, lambda g, v: 1e-6 * g**3 * v**-2)
    part = grid_sweep(GRID, lambda g, v: 1e-6 * g**3 * v**-2, failed=[(0, 3), (1, 3), (2, 0)])
    wanted, found = (main_effects(one, "conductance") for one in (whole, part))
    for name in ("mean", "size", "interaction", "overall"):
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-9)


def test_a_level_without_any_result_is_not_drawn_up():
    lost = [(1, column) for column in range(4)]
    found = main_effects(grid_sweep(GRID, additive, failed=lost), "conductance")
    np.testing.assert_allclose(found["value"][0, :2], [1, 3])
    np.testing.assert_allclose(found["mean"][0], [12, 17, np.nan, np.nan])
    np.testing.assert_allclose(found["mean"][1], 12.5 + COLUMNS)
    assert found.attrs["left_out"] == 4


def test_two_levels_give_the_effects_of_a_factorial_design():
    """Of y = 10 + 3 a - 2 b + 1.5 a b + 0 c over a, b, c = -1, 1 the effects are twice these."""
    levels = [-1.0, 1.0]
    dataset = grid_sweep(
        {"a": levels, "b": levels, "c": levels}, lambda a, b, _: 10 + 3 * a - 2 * b + 1.5 * a * b
    )
    found = main_effects(dataset, "conductance")
    np.testing.assert_allclose(found["size"], [6.0, 4.0, 0.0], atol=1e-12)
    wanted = [[np.nan, 3.0, 0.0], [3.0, np.nan, 0.0], [0.0, 0.0, np.nan]]
    np.testing.assert_allclose(found["interaction"], wanted, atol=1e-12)


def test_corners_with_a_nominal_point_are_levels():
    signs = np.array([[0, 0], [-1, -1], [-1, 1], [1, -1], [1, 1]], dtype=float)
    dataset = swept(
        {"corner": 5},
        {"device.k_set": ("corner", signs[:, 0]), "device.k_reset": ("corner", signs[:, 1])},
        {"conductance": 1 + 2 * signs[:, 0] + 0.5 * signs[:, 1]},
    )
    found = main_effects(dataset, "conductance")
    np.testing.assert_allclose(found["mean"], [[-1, 1, 3], [0.5, 1, 1.5]])
    np.testing.assert_allclose(found["count"], [[2, 1, 2], [2, 1, 2]])
    np.testing.assert_allclose(found["interaction"][0, 1], 0.0, atol=1e-12)


def test_drawn_values_are_put_into_bins_with_equally_many_points():
    x, y = qmc.Sobol(2, rng=3).random(2**12).T
    dataset = sampled_sweep({"a": x, "b": y}, lambda a, b: a + 4 * (a > 0.5) * (b > 0.5))
    found = main_effects(dataset, "conductance", bins=4)
    assert set(found["count"].to_numpy().ravel()) == {1024}
    np.testing.assert_allclose(found["value"][0], [0.125, 0.375, 0.625, 0.875], atol=1e-3)
    np.testing.assert_allclose(found["mean"][0], [0.125, 0.375, 2.625, 2.875], atol=0.01)
    # of halves the product is a factorial design whose interaction effect is 4 / 2
    assert float(found["interaction"][0, 1]) == pytest.approx(2.0, abs=0.01)


def test_what_is_no_number_has_levels_by_name():
    dataset = grid_sweep(
        {"form": ["osdi", "behavioural"], "gate": [1.0, 2.0]}, lambda form, g: g + (form == "osdi")
    )
    found = main_effects(dataset, "conductance")
    assert list(found["label"][0].to_numpy()) == ["behavioural", "osdi"]
    np.testing.assert_allclose(found["mean"][0], [1.5, 2.5])
    assert np.isnan(found["value"][0]).all()


def test_what_has_no_effects_is_refused():
    dataset = grid_sweep({"gate": [1.0]}, np.sqrt)
    with pytest.raises(UsageError, match="no parameter takes more than one value"):
        main_effects(dataset, "conductance")
    with pytest.raises(UsageError, match="bins is 0"):
        main_effects(dataset, "conductance", bins=0)


@pytest.mark.parametrize("given", [3, None, "x"])
def test_what_is_no_dataset_is_refused(given):
    with pytest.raises(
        UsageError, match=r"^dataset is .*; give the dataset that mc.sweep returned"
    ):
        main_effects(given, "conductance")
