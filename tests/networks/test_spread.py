"""How far drawn conductances stray, by every way of saying it."""

import numpy as np
import pytest
import xarray as xr

import memcircuit as mc
from memcircuit.errors import UsageError
from memcircuit.networks.spread import Spread
from memcircuit.tables.levels import LevelTable

SPAN = (1e-6, 101e-6)
COUNT = 40_000
# four standard errors of a deviation estimated from so many draws, and of a mean in deviations
OF_DEVIATION, OF_MEAN = 4 / np.sqrt(2 * COUNT), 4 / np.sqrt(COUNT)


def draws(spread: Spread, conductance: float, seed: int = 3) -> np.ndarray:
    return spread.draw(np.full(COUNT, conductance), SPAN, np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("spread", "deviation"),
    [
        (Spread.of_siemens(2e-6), 2e-6),
        (Spread.of_range(0.02), 0.02 * 100e-6),
        (Spread.of_highest(0.02), 0.02 * 101e-6),
        (Spread.of_value(0.1), 0.1 * 50e-6),
        (Spread.of_curve([40e-6, 60e-6], [1e-6, 3e-6]), 2e-6),
        (Spread.of_curve([10e-6, 20e-6], [1e-6, 3e-6]), 3e-6),
    ],
)
def test_deviation_is_the_stated_one(spread, deviation):
    found = draws(spread, 50e-6)
    assert found.std() == pytest.approx(deviation, rel=OF_DEVIATION)
    assert found.mean() == pytest.approx(50e-6, abs=OF_MEAN * deviation)
    stated = spread.deviation(np.array([50e-6]), SPAN)
    np.testing.assert_allclose(stated, deviation, rtol=1e-12)


def test_lognormal_has_the_median_and_the_deviation_of_its_logarithm():
    found = np.log(draws(Spread.of_value(0.6, lognormal=True), 50e-6) / 50e-6)
    assert found.std() == pytest.approx(0.6, rel=OF_DEVIATION)
    assert found.mean() == pytest.approx(0.0, abs=OF_MEAN * 0.6)


def test_conductances_below_zero_become_zero_or_are_kept():
    kept = draws(Spread.of_siemens(1e-6, negative="keep"), 0.5e-6)
    cut = draws(Spread.of_siemens(1e-6), 0.5e-6)
    np.testing.assert_array_equal(cut, np.maximum(kept, 0.0))
    # Phi(-0.5) of them
    share = 0.30854
    assert (cut == 0.0).mean() == pytest.approx(share, abs=4 * np.sqrt(share / COUNT))


def test_a_curve_also_shifts():
    spread = Spread.of_curve([20e-6, 80e-6], 1e-6, shift=[-3e-6, 3e-6])
    assert draws(spread, 65e-6).mean() == pytest.approx(66.5e-6, abs=OF_MEAN * 1e-6)
    assert not spread.none
    assert not Spread.of_curve([20e-6, 80e-6], 0.0, shift=1e-6).none
    assert Spread.of_curve([20e-6, 80e-6], 0.0).none


def test_levels_of_a_table():
    levels = LevelTable.of([1e-6, 50e-6], device_to_device=[1e-7, 4e-6], read_noise=2e-6)
    assert draws(Spread.of_levels(levels, "device_to_device"), 50e-6).std() == pytest.approx(
        4e-6, rel=OF_DEVIATION
    )
    assert draws(Spread.of_levels(levels, "read_noise"), 1.0e-5).std() == pytest.approx(
        2e-6, rel=OF_DEVIATION
    )
    assert Spread.of_levels(levels, "cycle_to_cycle").none


def test_error_of_write_verify_by_target():
    """A synthetic result whose error is known: it grows with the target, and is off on average."""
    rng = np.random.default_rng(5)
    target = rng.uniform(10e-6, 90e-6, 16_000)
    measured = target + 0.5e-6 + 0.04 * target * rng.standard_normal(target.size)
    written = xr.Dataset(
        {"target": ("cell", target, {"units": "S"}), "measured": ("cell", measured)}
    )
    spread = Spread.of_verify(written, bins=8)
    for conductance in (20e-6, 50e-6, 80e-6):
        found = draws(spread, conductance)
        # 2000 cells in a group; the mean of a group's target is known to the mean's place
        wanted = 0.04 * conductance
        assert found.std() == pytest.approx(wanted, rel=4 / np.sqrt(2 * 2000) + OF_DEVIATION)
        assert found.mean() - conductance == pytest.approx(
            0.5e-6, abs=(4 / np.sqrt(2000) + OF_MEAN) * wanted
        )


def test_write_verify_of_few_cells_and_few_targets():
    for target in ([1e-5, 1e-5, 1e-5, 1e-5, 1e-5], [1e-5, 2e-5], [1e-5] * 9 + [3e-5]):
        written = xr.Dataset(
            {
                "target": ("cell", np.array(target), {"units": "S"}),
                "measured": ("cell", np.array(target) + 1e-7 * np.arange(len(target))),
            }
        )
        spread = Spread.of_verify(written)
        assert np.isfinite(draws(spread, 2e-5)).all()
        assert not spread.none


def test_read_noise_of_a_card():
    device = mc.device("lin2022_hfo2")
    stated = device.card.noise["read"].value
    found = draws(Spread.of_card(device), 50e-6)
    assert found.std() == pytest.approx(stated * 50e-6, rel=OF_DEVIATION)
    with pytest.raises(UsageError, match="states no noise"):
        Spread.of_card(mc.device("yakopcic2011_oblea"))


@pytest.mark.parametrize("lognormal", [False, True])
def test_no_spread_changes_nothing_bit_for_bit(lognormal):
    given = np.random.default_rng(1).uniform(*SPAN, 1000)
    for spread in (Spread.of_value(0.0, lognormal=lognormal), Spread.of_range(0.0)):
        assert spread.none
        assert np.array_equal(spread.draw(given, SPAN, np.random.default_rng(2)), given)


def test_seeds_differ():
    spread = Spread.of_value(0.1)
    assert np.array_equal(draws(spread, 1e-5, 1), draws(spread, 1e-5, 1))
    assert not np.isin(draws(spread, 1e-5, 1), draws(spread, 1e-5, 2)).any()


@pytest.mark.parametrize(
    "made",
    [
        lambda: Spread.of_value(-0.1),
        lambda: Spread.of_value(float("nan")),
        lambda: Spread.of_range(float("inf")),
        lambda: Spread.of_siemens("much"),
        lambda: Spread.of_siemens([1e-6, 2e-6]),
        lambda: Spread.of_range(0.1, negative="mirror"),
        lambda: Spread.of_curve([2e-6, 1e-6], 1e-7),
        lambda: Spread.of_curve([1e-6, 1e-6], 1e-7),
        lambda: Spread.of_curve([], 1e-7),
        lambda: Spread.of_curve([1e-6, 2e-6], [1e-7, 1e-7, 1e-7]),
        lambda: Spread.of_curve([1e-6, 2e-6], -1e-7),
        lambda: Spread.of_curve([1e-6, 2e-6], 1e-7, shift=float("nan")),
        lambda: Spread.of_curve("rising", 1e-7),
        lambda: Spread("steps", np.asarray(0.1)),
        lambda: Spread("curve", np.asarray([0.1])),
        lambda: Spread.of_levels(LevelTable.uniform(0, 1e-4, 3), "drift"),
        lambda: Spread.of_verify(xr.Dataset()),
        lambda: Spread.of_verify(
            xr.Dataset(
                {"target": ("cell", [0.1, 0.2], {"units": "1"}), "measured": ("cell", [0, 0])}
            )
        ),
        lambda: Spread.of_verify(
            xr.Dataset({"target": ("cell", [1e-6], {"units": "S"}), "measured": ("cell", [1e-6])})
        ),
    ],
)
def test_spreads_that_are_none_are_refused(made):
    with pytest.raises(UsageError, match=r"^spread: "):
        made()


def test_write_verify_to_a_few_levels_uses_every_cell_of_each():
    """Three levels with shifts of their own: no group straddles two, and none is thrown away."""
    rng = np.random.default_rng(8)
    levels, shifts = np.array([1e-5, 5e-5, 2e-4]), np.array([0.0, 1e-6, -1e-5])
    target = np.tile(levels, 400)
    measured = target + np.tile(shifts, 400) + 1e-7 * rng.standard_normal(target.size)
    found = Spread.of_verify(
        xr.Dataset(
            {
                "target": ("cell", target, {"units": "S"}),
                "measured": ("cell", measured, {"units": "S"}),
            }
        )
    )
    np.testing.assert_allclose(found.at, levels)
    np.testing.assert_allclose(found.size, 1e-7, rtol=4 / np.sqrt(800))
    np.testing.assert_allclose(found.shift, shifts, atol=4 * 1e-7 / np.sqrt(400))
