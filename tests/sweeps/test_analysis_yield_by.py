"""Yield by setting: each place of the table is the yield of the points that have its values."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binomtest
from synthetic_sweeps import grid_sweep, sampled_sweep, swept

from memcircuit.errors import UsageError
from memcircuit.sweeps.yields import yield_of
from memcircuit.sweeps.yields_by import yield_by

LIMITS = {"conductance": (2.0, 8.0)}


@pytest.fixture
def monte_carlo(rng):
    """Return 40 devices with 3 cycles at settings that pair a width with an amplitude."""
    sizes = {"setting": 4, "device": 40, "cycle": 3}
    columns = {
        "cell.transistor.w": ("setting", [1e-6, 1e-6, 2e-6, 2e-6]),
        "set.amplitude": ("setting", [1.5, 1.4, 1.4, 1.3]),
        "variation.m_k_set": (("device", "cycle"), rng.random((40, 3))),
    }
    own = rng.normal(5.0, 2.0, size=(4, 40, 1)) + rng.normal(0.0, 1.0, size=(4, 40, 3))
    return swept(sizes, columns, {"conductance": own}, failed=[(0, 3, 1), (2, 5, 0), (2, 6, 0)])


@pytest.mark.parametrize("failed", ["outside", "leave_out"])
def test_each_setting_has_the_yield_of_its_part(monte_carlo, failed):
    found = yield_by(monte_carlo, LIMITS, "setting", failed=failed, confidence=0.9)
    for place in range(4):
        part = monte_carlo.isel(setting=place)
        alone = yield_of(part, LIMITS, failed=failed, confidence=0.9)
        one = found.isel(setting=place)
        assert (float(one["low"]), float(one["high"])) == alone.interval
        counts = [int(one[name]) for name in ("points", "draws", "failed")]
        assert counts == [alone.total.points, 40, alone.failed]
        assert float(one["share"]) == alone.share
    assert found["failed"].values.tolist() == [1, 0, 2, 0]
    # what was zipped along the setting goes on saying what it was
    np.testing.assert_array_equal(found["set.amplitude"], monte_carlo["set.amplitude"])
    assert found["cell.transistor.w"].attrs["units"] == "m"
    assert "variation.m_k_set" not in found.coords


def test_zipped_parameters_make_a_table_with_gaps_where_no_point_is(monte_carlo):
    found = yield_by(monte_carlo, LIMITS, ["set.amplitude", "cell.transistor.w"])
    assert found["share"].dims == ("set.amplitude", "cell.transistor.w")
    np.testing.assert_array_equal(found["set.amplitude"], [1.3, 1.4, 1.5])
    by_setting = yield_by(monte_carlo, LIMITS, "setting")
    nan = np.nan
    places = np.array([[nan, 3], [1, 2], [0, nan]])
    for name in ("share", "low", "high", "points"):
        wanted = [nan if np.isnan(k) else by_setting[name][int(k)] for k in places.ravel()]
        if name == "points":
            wanted = np.nan_to_num(wanted)
        np.testing.assert_array_equal(found[name].values.ravel(), wanted)


def test_devices_are_the_draws_where_several_settings_share_them():
    """Copies of the same 50 devices at both settings are no 100 devices."""
    good = np.tile(np.arange(50) < 40, (2, 1)).astype(float)
    for sizes, values in (
        ({"setting": 2, "device": 50}, good), ({"device": 50, "setting": 2}, good.T),
    ):  # fmt: skip
        columns = {
            "gate": ("setting", [3.0, 3.0]), "set.amplitude": ("setting", [1.0, 1.1]),
            "variation.m_d": ("device", np.linspace(0.5, 2.0, 50)),
        }  # fmt: skip
        dataset = swept(sizes, columns, {"conductance": values})
        found = yield_by(dataset, {"conductance": (0.5, None)}, "gate")
        assert (found["points"].item(), found["draws"].item()) == (100, 50)
        exact = binomtest(40, 50).proportion_ci(0.95, method="exact")
        ends = (found["low"].item(), found["high"].item())
        assert ends == pytest.approx((exact.low, exact.high), abs=0.005)
        whole = yield_of(dataset, {"conductance": (0.5, None)})
        assert (whole.draws, whole.interval) == (50, ends)


def test_numbers_rise_and_names_keep_their_order():
    dataset = grid_sweep(
        {"gate": [3.0, 1.0, 2.0], "form": ["slow", "fast"]},
        lambda gate, form: gate + 5 * (form == "slow"),
    )
    found = yield_by(dataset, {"conductance": (2.0, 7.0)}, ["gate", "form"])
    assert found["gate"].values.tolist() == [1.0, 2.0, 3.0]
    assert found["form"].values.tolist() == ["slow", "fast"]
    np.testing.assert_array_equal(found["share"], [[1, 0], [1, 1], [0, 1]])
    assert found["gate"].attrs["units"] == "V"
    assert {found[name].attrs["units"] for name in found.data_vars} == {"1"}
    mean = yield_by(dataset, {"conductance": (2.0, 7.0)}, "form")
    np.testing.assert_allclose(mean["share"], [2 / 3, 2 / 3])


def test_labels_of_corners_are_kept():
    dataset = swept({"corner": 2}, {"gate": ("corner", [3.0, 4.0])}, {"conductance": [3.0, 9.0]})
    dataset = dataset.assign_coords(corner=["nominal", "k_set+"])
    found = yield_by(dataset, LIMITS, "corner")
    assert found.sel(corner="k_set+")["share"] == 0
    np.testing.assert_array_equal(found["gate"], [3.0, 4.0])


def test_a_place_whose_points_all_failed_has_no_yield_when_they_are_left_out():
    dataset = grid_sweep(
        {"gate": [1.0, 2.0], "set.amplitude": [3.0, 4.0]}, np.add, failed=[(0, 0), (0, 1)]
    )
    assert yield_by(dataset, LIMITS, "gate")["share"].values.tolist() == [0.0, 1.0]
    found = yield_by(dataset, LIMITS, "gate", failed="leave_out")
    np.testing.assert_array_equal(found["share"], [np.nan, 1.0])
    np.testing.assert_array_equal(found["low"].isnull(), [True, False])
    assert found["points"].values.tolist() == [0, 2]
    assert found["failed"].values.tolist() == [2, 0]


def test_it_says_which_limits_and_is_kept_in_a_file(monte_carlo, tmp_path):
    dataset = monte_carlo.assign(energy=monte_carlo["conductance"].assign_attrs(units="1"))
    limits = {"conductance": (2.0, 8.0), "energy": (None, 1e3)}
    found = yield_by(dataset, limits, ["setting", "cell.transistor.w"], confidence=0.9)
    assert found.attrs == {
        "limits": "conductance from 2 to 8 S; energy to 1000",
        "confidence": 0.9,
        "failed_points": "outside",
    }
    found.to_netcdf(tmp_path / "yield.nc", engine="scipy")
    with xr.open_dataset(tmp_path / "yield.nc", engine="scipy") as read:
        xr.testing.assert_equal(read, found)


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("width", "by = 'width': no parameter or dimension; the sweep has gate, form, point"),
        ([], "one parameter or more"),
        (["gate", "gate"], "each once"),
        (["gate", "form"], "have 9 combinations of values, more than the 3 points"),
    ],
)
def test_settings_that_there_are_not(by, message):
    dataset = sampled_sweep({"gate": [1.0, 2.0, 3.0], "form": ["a", "b", "c"]}, lambda g, _: g)
    with pytest.raises(UsageError, match=message):
        yield_by(dataset, LIMITS, by)
