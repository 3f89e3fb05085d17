"""Yield of a sweep: shares that are counted by hand, intervals that hold what they promise."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binomtest
from synthetic_sweeps import grid_sweep, sampled_sweep, swept

from memcircuit.errors import UsageError
from memcircuit.sweeps.yields import clopper_pearson, effective_count, yield_of

TEN = np.arange(10.0)


def test_share_is_counted_with_both_limits_inside():
    found = yield_of(sampled_sweep({"gate": TEN}, lambda x: x), {"conductance": (2.0, 8.0)})
    assert (found.total.inside, found.total.points, found.share) == (7, 10, 0.7)
    exact = binomtest(7, 10).proportion_ci(0.95, method="exact")
    assert found.interval == pytest.approx((exact.low, exact.high))


@pytest.mark.parametrize(("limit", "inside"), [((5.0, None), 5), ((None, 5.0), 6), ((20, 30), 0)])
def test_limits_may_be_open(limit, inside):
    found = yield_of(sampled_sweep({"gate": TEN}, lambda x: x), {"conductance": limit})
    assert found.total.inside == inside


def test_every_limit_is_counted_alone_and_all_together():
    dataset = swept(
        {"point": 10}, {"gate": ("point", TEN)}, {"conductance": TEN, "energy": TEN[::-1]}
    )
    found = yield_of(dataset, {"conductance": (3, None), "energy": (5, None)})
    assert {name: one.inside for name, one in found.by_limit.items()} == {
        "conductance": 7,
        "energy": 5,
    }
    assert found.total.inside == 2


def test_failed_points_are_outside_unless_left_out():
    dataset = sampled_sweep({"gate": TEN}, lambda x: x, failed=[4, 5])
    found = yield_of(dataset, {"conductance": (0, None)})
    assert (found.total.inside, found.total.points, found.failed) == (8, 10, 2)
    rest = yield_of(dataset, {"conductance": (0, None)}, failed="leave_out")
    assert (rest.share, rest.total.points, rest.failed) == (1.0, 8, 2)


def test_a_point_without_a_value_is_outside_even_when_failures_are_left_out():
    values = np.where(TEN > 7, np.nan, TEN)
    found = yield_of(
        sampled_sweep({"gate": TEN}, lambda _: values), {"conductance": (0, None)},
        failed="leave_out",
    )  # fmt: skip
    assert (found.total.inside, found.total.points) == (8, 10)


def test_every_entry_along_further_dimensions_must_be_inside():
    values = TEN[:, np.newaxis] + np.array([0.0, 5.0])
    dataset = swept({"point": 10}, {"gate": ("point", TEN)}, {"conductance": (("pulse",), values)})
    limits = {"conductance": (0.0, 9.0)}
    assert yield_of(dataset, limits).total.inside == 5
    assert yield_of(dataset.isel(pulse=0), limits).total.inside == 10


@pytest.mark.parametrize("true_share", [0.5, 0.9, 0.99])
def test_interval_holds_the_true_share_as_often_as_it_says(true_share, rng):
    hits = rng.binomial(200, true_share, size=2000) / 200
    ends = np.array([clopper_pearson(share, 200, 0.9) for share in hits])
    held = np.mean((ends[:, 0] <= true_share) & (true_share <= ends[:, 1]))
    # three standard errors of a share of 2000 trials
    assert held > 0.9 - 3 * np.sqrt(0.9 * 0.1 / 2000)


def test_cycles_of_one_device_do_not_count_as_devices(rng):
    """Devices differ in how often they fail: intervals of points taken for devices are too short.

    The chance of a device is drawn from a beta distribution, whose mean is the yield.
    """
    held, too_short = 0, 0
    runs, devices, cycles = 400, 40, 25
    for _ in range(runs):
        chance = rng.beta(4.0, 1.0, size=(devices, 1))
        inside = rng.random((devices, cycles)) < chance
        draws = np.repeat(np.arange(devices), cycles)
        share = inside.mean()
        count = effective_count(inside.ravel(), draws, 0.95)
        for number, independent in enumerate((count, inside.size)):
            low, high = clopper_pearson(share, independent, 0.95)
            held += (number == 0) and low <= 0.8 <= high
            too_short += (number == 1) and low <= 0.8 <= high
    assert held / runs > 0.95 - 3 * np.sqrt(0.95 * 0.05 / runs)
    assert too_short / runs < 0.75


def test_effective_count_is_the_points_when_they_are_independent_and_the_draws_when_not(rng):
    inside = rng.random(4000) < 0.7
    assert effective_count(inside, np.arange(4000), 0.95) == 4000
    assert effective_count(inside, np.arange(4000) // 10, 0.95) == pytest.approx(4000, rel=0.2)
    copied = np.repeat(inside, 10)
    assert effective_count(copied, np.arange(40000) // 10, 0.95) == pytest.approx(4000, rel=0.01)


def test_devices_of_a_monte_carlo_are_the_draws(rng):
    good = np.repeat(rng.random((50, 1)) < 0.8, 4, axis=1).astype(float)
    multiplier = rng.random((50, 4))
    dataset = swept(
        {"device": 50, "cycle": 4},
        {"variation.m_k_set": (("device", "cycle"), multiplier)},
        {"conductance": good},
    )
    found = yield_of(dataset, {"conductance": (0.5, None)})
    assert (found.draws, found.total.points) == (50, 200)
    # all cycles of a device agree, so the interval is about that of 50 devices
    exact = binomtest(int(good[:, 0].sum()), 50).proportion_ci(0.95, method="exact")
    assert found.interval == pytest.approx((exact.low, exact.high), abs=0.01)
    one = yield_of(dataset.isel(device=[3]), {"conductance": (0.5, None)})
    assert one.draws == 4


def test_a_dataset_read_back_from_a_file_gives_the_same(tmp_path):
    dataset = grid_sweep(
        {"gate": [1.0, 2.0, 3.0], "set.amplitude": [1.0, 1.5]}, np.multiply, failed=[(0, 1)]
    )
    dataset.to_netcdf(tmp_path / "sweep.nc", engine="scipy")
    with xr.open_dataset(tmp_path / "sweep.nc", engine="scipy") as read:
        limits = {"conductance": (1.5, 4.0)}
        assert yield_of(read, limits) == yield_of(dataset, limits)


@pytest.mark.parametrize(
    ("limits", "further", "message"),
    [
        ({}, {}, "limits"),
        ({"conductance": (2.0, 1.0)}, {}, "above the upper"),
        ({"conductance": (None, None)}, {}, "both are open"),
        ({"conductance": 3.0}, {}, r"\(low, high\)"),
        ({"conductance": (float("nan"), 1.0)}, {}, "lower limit of conductance"),
        ({"weight": (0, 1)}, {}, "no result 'weight'; the dataset has conductance"),
        ({"error": (0, 1)}, {}, "no result 'error'"),
        ({"conductance": (0, 1)}, {"failed": "ignore"}, "leave_out"),
        ({"conductance": (0, 1)}, {"confidence": 95}, "confidence"),
    ],
)
def test_what_cannot_be_counted_is_refused(limits, further, message):
    with pytest.raises(UsageError, match=message):
        yield_of(sampled_sweep({"gate": TEN}, lambda x: x), limits, **further)


def test_no_yield_without_points():
    dataset = sampled_sweep({"gate": [1.0, 2.0]}, lambda x: x, failed=[0, 1])
    assert yield_of(dataset, {"conductance": (0, 1)}).share == 0
    with pytest.raises(UsageError, match="all 2 points failed"):
        yield_of(dataset, {"conductance": (0, 1)}, failed="leave_out")


def test_truth_values_are_results_too():
    dataset = sampled_sweep({"gate": TEN}, lambda x: x)
    dataset["reached"] = ("point", TEN > 3)
    assert yield_of(dataset, {"reached": (1, None)}).total.inside == 6
