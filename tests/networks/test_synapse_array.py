"""What pulses do to an array of differential pairs."""

from dataclasses import replace

import numpy as np
import pytest
from synthetic_devices import HIGHEST, LOWEST, linear, saturating

from memcircuit.errors import TableError, UsageError
from memcircuit.networks.faults import Faults
from memcircuit.networks.synapse_array import SynapseArray, preset_conductance


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def one(seed: int = 1) -> list[np.random.Generator]:
    return [rng(seed)]


def test_pulses_move_the_right_device_by_the_step():
    array = SynapseArray(linear(2e-6), (1, 3), one(), initial_conductance=100e-6)
    array.pulse_pairs(np.array([[[1, -1, 0]]], dtype=np.int8))
    expected = [[[[102e-6, 98e-6], [98e-6, 102e-6], [100e-6, 100e-6]]]]
    np.testing.assert_allclose(array.conductance, expected, rtol=1e-12)
    np.testing.assert_allclose(array.weights(1e-6), [[[4.0, -4.0, 0.0]]], atol=1e-9)
    assert array.pair_step == pytest.approx(4e-6)
    assert (array.set_pulses.tolist(), array.reset_pulses.tolist()) == ([2], [2])


def test_numbers_of_pulses_are_given_one_by_one_and_counted_by_seed():
    """Steps of G/10 compound: n SETs multiply by 1.1^n, whatever the other devices receive."""
    grid = np.linspace(LOWEST, HIGHEST, 5)
    response = replace(
        linear(0.0, points=5), set_step=0.1 * grid[np.newaxis], reset_step=-0.1 * grid[np.newaxis]
    )
    array = SynapseArray(response, (2, 1), [rng(1), rng(2)], initial_conductance=50e-6)
    pulses = np.array([[[[3, 0]], [[-2, 1]]], [[[0, 0]], [[5, -1]]]])
    array.pulse_devices(pulses)
    expected = 50e-6 * np.where(pulses > 0, 1.1**pulses, 0.9 ** -pulses.astype(float))
    np.testing.assert_allclose(array.conductance, expected, rtol=1e-12)
    assert array.set_pulses.tolist() == [4, 5]
    assert array.reset_pulses.tolist() == [2, 1]
    array.pulse_pairs(np.array([[[2], [0]], [[0], [-3]]]))
    assert array.set_pulses.tolist() == [6, 8]
    assert array.reset_pulses.tolist() == [4, 4]


def test_no_pulse_changes_nothing():
    array = SynapseArray(saturating(), (3, 2), one(), initial_conductance=50e-6)
    array.pulse_pairs(np.zeros((1, 3, 2), dtype=np.int8))
    assert (array.conductance == 50e-6).all()
    assert array.set_pulses.tolist() == [0]


def test_a_seed_does_not_depend_on_the_seeds_beside_it():
    """Thousands of turns, so that every seed's block of draws is filled many times."""
    shape, draws = (40, 20), rng(9)
    pulses = draws.integers(-2, 3, size=(30, 3, *shape))
    together = SynapseArray(saturating(), shape, [rng(seed) for seed in range(3)])
    for step in pulses:
        together.pulse_pairs(step)
    for seed in range(3):
        alone = SynapseArray(saturating(), shape, one(seed))
        for step in pulses:
            alone.pulse_pairs(step[seed : seed + 1])
        np.testing.assert_array_equal(alone.conductance[0], together.conductance[seed])
        assert alone.set_pulses[0] == together.set_pulses[seed]
    assert (together.conductance[0] != together.conductance[1]).mean() > 0.9


def test_step_is_interpolated_between_grid_points():
    """On a step linear in G, linear interpolation is exact between the points too."""
    grid = np.linspace(LOWEST, HIGHEST, 5)
    up = (0.1 * (HIGHEST - grid))[np.newaxis]
    response = replace(
        linear(0.0, points=5), set_step=up, reset_step=-(0.2 * (grid - LOWEST))[np.newaxis]
    )
    start = np.linspace(LOWEST, HIGHEST, 64).reshape(1, 8, 4, 2)
    array = SynapseArray(response, (8, 4), one(), initial_conductance=start)
    array.pulse_pairs(np.ones((1, 8, 4), dtype=np.int8))
    plus, minus = start[..., 0], start[..., 1]
    np.testing.assert_allclose(array.conductance[..., 0], plus + 0.1 * (HIGHEST - plus))
    np.testing.assert_allclose(array.conductance[..., 1], minus - 0.2 * (minus - LOWEST))


def test_set_pulses_follow_the_closed_form_of_saturation():
    """Steps of (Gmax - G)/N give G(n) = Gmax - (Gmax - Gmin)(1 - 1/N)^n."""
    grid = np.linspace(LOWEST, HIGHEST, 16)
    response = replace(linear(0.0, points=16), set_step=((HIGHEST - grid) / 30)[np.newaxis])
    array = SynapseArray(response, (1, 1), one())
    for _ in range(80):
        array.pulse_pairs(np.ones((1, 1, 1), dtype=np.int8))
    expected = HIGHEST - (HIGHEST - LOWEST) * (1 - 1 / 30) ** 80
    assert array.conductance[0, 0, 0, 0] == pytest.approx(expected, rel=1e-9)


def test_conductance_never_leaves_the_range():
    response = replace(linear(40e-6), set_spread=np.full((1, 33), 50e-6))
    array, draws = SynapseArray(response, (20, 10), one()), rng(2)
    for _ in range(200):
        array.pulse_pairs(draws.integers(-1, 2, size=(1, 20, 10)))
        assert array.conductance.min() >= LOWEST
        assert array.conductance.max() <= HIGHEST


def test_spread_has_the_stated_deviation():
    response = replace(linear(5e-6), set_spread=np.full((1, 33), 1e-6))
    array = SynapseArray(response, (200, 100), one(), initial_conductance=100e-6)
    array.pulse_pairs(np.ones((1, 200, 100), dtype=np.int8))
    step = array.conductance[..., 0] - 100e-6
    # Five standard errors of 20,000 draws.
    assert step.mean() == pytest.approx(5e-6, abs=5 * 1e-6 / np.sqrt(20_000))
    assert step.std() == pytest.approx(1e-6, abs=5 * 1e-6 / np.sqrt(40_000))


def test_deviation_lasts_as_long_as_the_direction():
    """Ten SETs of one cycle deviate together: 10 sigma, not sqrt(10) sigma; a turn draws anew."""
    response = replace(
        linear(5e-6),
        set_spread=np.full((1, 33), 1e-6),
        reset_spread=np.full((1, 33), 1e-6),
    )
    array = SynapseArray(response, (200, 100), one(), initial_conductance=100e-6)
    up = np.ones((1, 200, 100), dtype=np.int8)
    for _ in range(10):
        array.pulse_pairs(up)
    first = array.conductance[..., 0] - 150e-6
    assert first.std() == pytest.approx(10e-6, rel=0.03)
    before = array.conductance[..., 0].copy()
    array.pulse_pairs(-up)
    second = array.conductance[..., 0] - before + 5e-6
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.03


def test_devices_are_assigned_evenly_and_kept():
    steps = 1e-6 * np.arange(1, 5)[:, np.newaxis] * np.ones(33)
    response = replace(
        linear(0.0, devices=4), set_step=steps, reset_step=-steps, set_spread=0 * steps
    )
    array = SynapseArray(response, (100, 100), one(), initial_conductance=100e-6)
    array.pulse_pairs(np.ones((1, 100, 100), dtype=np.int8))
    first = np.abs(array.conductance - 100e-6)
    counts = np.bincount(np.rint(first.ravel() / 1e-6).astype(int), minlength=5)[1:]
    # Four standard deviations of a binomial of 20,000 draws at 1/4.
    assert np.abs(counts - 5000).max() < 4 * np.sqrt(20_000 * 0.25 * 0.75)
    array.pulse_pairs(np.ones((1, 100, 100), dtype=np.int8))
    np.testing.assert_allclose(np.abs(array.conductance - 100e-6), 2 * first, rtol=1e-9)


@pytest.mark.parametrize(("off", "on"), [(0.0, 0.0), (0.0615, 0.0), (0.05, 0.1), (0.4, 0.6)])
@pytest.mark.parametrize("low", [None, 0.0])
def test_stuck_devices_stay_and_are_as_many_as_asked(off, on, low):
    faults = Faults(
        stuck_off=off, stuck_on=on, stuck_off_conductance=low, stuck_on_conductance=1e-3
    )
    array = SynapseArray(
        saturating(), (65, 10), [rng(1), rng(2)], faults=faults, initial_conductance=5e-6
    )
    short, open_ = array.conductance == 1e-3, array.conductance == (LOWEST if low is None else low)
    for stuck, share in ((short, on), (open_, off)):
        assert stuck.sum(axis=(1, 2, 3)).tolist() == 2 * [round(share * 1300)]
    np.testing.assert_array_equal(array.stuck, short | open_)
    before = array.conductance.copy()
    for direction in (1, -1, 1):
        array.pulse_pairs(np.full((2, 65, 10), direction, dtype=np.int8))
    moved = array.conductance != before
    assert not moved[array.stuck].any()
    assert moved[~array.stuck].all()
    assert array.set_pulses.tolist() == [1950, 1950]


def test_a_map_of_stuck_devices_is_the_same_for_every_seed():
    given = np.zeros((3, 2, 2), dtype=np.int8)
    given[1, 0] = [1, -1]
    faults = Faults(maps={(1, "kernel"): given}, stuck_on_conductance=2e-3)
    array = SynapseArray(saturating(), (3, 2), [rng(1), rng(2)], faults=faults, key=(1, "kernel"))
    np.testing.assert_array_equal(array.stuck, np.stack([given != 0] * 2))
    assert (array.conductance[:, 1, 0] == [2e-3, LOWEST]).all()


def test_a_map_without_stuck_devices_must_fit_too():
    faults = Faults(maps={(0, "kernel"): np.zeros((4, 2, 2), dtype=np.int8)})
    with pytest.raises(UsageError, match=r"map of \(0, 'kernel'\) has shape \(4, 2, 2\)"):
        SynapseArray(saturating(), (3, 2), one(), faults=faults, key=(0, "kernel"))


def test_preset_has_the_stated_mean_and_limit():
    """Lin et al. 2022: below 5 uS, mean 1.89 uS."""
    drawn = preset_conductance((65, 10, 200), rng(), lowest=1e-6, mean=1.89e-6, highest=5e-6)
    assert drawn.shape == (65, 10, 200)
    assert drawn.min() >= 1e-6
    assert drawn.max() <= 5e-6
    assert drawn.mean() == pytest.approx(1.89e-6, rel=5e-3)


@pytest.mark.parametrize(
    "limits", [(2e-6, 1e-6, 5e-6), (1e-6, 4e-6, 5e-6), (1e-6, 2e-6, float("nan")), (-1.0, 1e-6, 1)]
)
def test_preset_refuses_impossible_limits(limits):
    lowest, mean, highest = limits
    with pytest.raises(UsageError, match="preset conductance"):
        preset_conductance((1,), rng(), lowest=lowest, mean=mean, highest=highest)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"rng": 1}, "rng is 1"),
        ({"rng": np.random}, "rng is a module"),
        ({"mean": "low"}, "preset conductance: mean, S, is 'low'"),
        ({"lowest": None}, "preset conductance: lowest, S, is None"),
        ({"highest": 5}, "preset conductance: highest, S, is 5"),
    ],
)
def test_preset_refuses_other_kinds(wrong, said):
    right = {"rng": rng(), "lowest": 1e-6, "mean": 1.89e-6, "highest": 5e-6}
    with pytest.raises(UsageError, match=said):
        preset_conductance((3,), **{**right, **wrong})


def _changed(**changes):
    return replace(saturating(), **changes)


@pytest.mark.parametrize(
    ("response", "what"),
    [
        (_changed(conductance=np.full(64, np.nan)), "grid contains NaN"),
        (_changed(conductance=np.array([])), "grid has shape"),
        (_changed(conductance=np.linspace(HIGHEST, LOWEST, 64)), "uniformly"),
        (_changed(conductance=np.geomspace(LOWEST, HIGHEST, 64)), "uniformly"),
        (_changed(set_step=np.full((10, 64), np.nan)), "set_step contains NaN"),
        (_changed(reset_step=np.zeros((10, 63))), "reset_step has shape"),
        (_changed(reset_step=np.zeros((9, 64))), "reset_step has shape"),
        (_changed(set_step=np.zeros((0, 64))), "set_step has shape"),
        (_changed(set_spread=np.full((10, 64), -1e-9)), "set_spread falls to"),
        (_changed(reset_spread=np.full((10, 64), np.inf)), "reset_spread contains"),
    ],
)
def test_unusable_response_is_refused(response, what):
    with pytest.raises(TableError, match=what):
        SynapseArray(response, (65, 10), one())


@pytest.mark.parametrize(
    ("conductance", "what"),
    [
        (0.5e-6, "inside the table's range"),
        (351e-6, "inside the table's range"),
        (float("nan"), "NaN"),
        ("low", "initial_conductance: not an array of numbers"),
        (np.full((65, 10), 2e-6), "shape"),
        (np.full((65, 10, 2), 2e-6), "shape"),
    ],
)
def test_unusable_initial_conductance_is_refused(conductance, what):
    with pytest.raises(UsageError, match=what):
        SynapseArray(saturating(), (65, 10), one(), initial_conductance=conductance)
