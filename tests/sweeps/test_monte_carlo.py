"""Monte Carlo and corners against the card's numbers, and against the draws of the device."""

import dataclasses
import math

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.devices.cards import Entry
from memcircuit.errors import UsageError
from memcircuit.sweeps.corner_points import corners, named
from memcircuit.sweeps.design import grid
from memcircuit.sweeps.device_draws import monte_carlo
from pyspice_netlists import OneTransistorOneMemristor, TwoMemristors, integrated_nmos

SEED = 7
PAIR = {("k_set", "k_reset"): 0.8}


@pytest.fixture
def device():
    """Spreads of g_max and g_min between devices, of k_set and k_reset of both kinds."""
    return mc.device("lin2022_hfo2")


def _rng():
    return np.random.default_rng(SEED)


def _logarithms(design, name):
    return np.log(design.columns[f"variation.m_{name}"].values)


def _deviation(relative):
    """Standard deviation of the logarithm of a log-normal law of that relative deviation."""
    return math.sqrt(math.log(1 + relative**2))


def test_draws_are_those_of_the_device(device):
    design = monte_carlo(device, _rng(), devices=5, cycles=4)
    drawn = device.draw_variation(_rng(), 5, 4)
    assert dict(design.sizes) == {"device": 5, "cycle": 4}
    assert set(design.columns) == {f"variation.{name}" for name in drawn}
    points = design.values(np.arange(design.size))
    for name, values in drawn.items():
        np.testing.assert_array_equal(points[f"variation.{name}"], values.ravel())


def test_one_cycle_is_no_dimension(device):
    design = monte_carlo(device, _rng(), devices=6)
    assert dict(design.sizes) == {"device": 6}
    for name, values in device.draw_variation(_rng(), 6, 1).items():
        np.testing.assert_array_equal(design.columns[f"variation.{name}"].values, values[:, 0])


def test_parameters_without_spread_from_cycle_to_cycle_stay_those_of_the_device(device):
    design = monte_carlo(device, _rng(), devices=3, cycles=2)
    assert design.columns["variation.m_g_max"].dims == ("device",)
    assert design.columns["variation.m_k_set"].dims == ("device", "cycle")


def test_moments_are_those_of_the_card(device):
    count = 20_000
    between = monte_carlo(device, _rng(), devices=count, cycle_to_cycle=False)
    within = monte_carlo(device, _rng(), devices=count, device_to_device=False)
    assert set(within.columns) == {"variation.m_k_set", "variation.m_k_reset"}
    for design, name, relative in (
        (between, "g_min", 0.30), (between, "k_set", 0.10), (within, "k_set", 0.03),
    ):  # fmt: skip
        logarithms, deviation = _logarithms(design, name), _deviation(relative)
        assert logarithms.shape == (count,)
        assert abs(logarithms.mean()) < 4 * deviation / math.sqrt(count)
        assert abs(logarithms.std() / deviation - 1) < 4 / math.sqrt(2 * count)
    multipliers = np.exp(_logarithms(between, "g_min"))
    assert multipliers.std() / multipliers.mean() == pytest.approx(0.30, rel=0.04)


def test_devices_and_cycles_are_drawn_independently(device):
    count, cycles = 4000, 4
    logarithms = _logarithms(monte_carlo(device, _rng(), devices=count, cycles=cycles), "k_set")
    between, within = _deviation(0.10), _deviation(0.03)
    # two cycles share the device's part only
    expected = between**2 / (between**2 + within**2)
    shared = np.corrcoef(logarithms, rowvar=False)[np.triu_indices(cycles, 1)]
    np.testing.assert_allclose(shared, expected, atol=4 * (1 - expected**2) / math.sqrt(count))
    # and what is left of each cycle tells nothing of the device
    left = logarithms - logarithms.mean(axis=1, keepdims=True)
    assert left.std(ddof=0) == pytest.approx(
        within * math.sqrt(1 - 1 / cycles), rel=4 / math.sqrt(2 * count * cycles)
    )
    assert abs(np.corrcoef(left[:, 0], logarithms.mean(axis=1))[0, 1]) < 4 / math.sqrt(count)


@pytest.mark.parametrize("rho", [0.8, -0.6])
def test_correlation_of_devices_is_that_of_the_logarithms(device, rho):
    count, pairs = 20_000, {("k_set", "g_min"): rho}
    design = monte_carlo(
        device, _rng(), devices=count, cycle_to_cycle=False, device_correlation=pairs
    )
    bound = 4 * (1 - rho**2) / math.sqrt(count)
    one, two, other = (_logarithms(design, name) for name in ("k_set", "g_min", "g_max"))
    assert abs(np.corrcoef(one, two)[0, 1] - rho) < bound
    assert abs(np.corrcoef(one, other)[0, 1]) < 4 / math.sqrt(count)
    assert abs(two.std() / _deviation(0.30) - 1) < 4 / math.sqrt(2 * count)
    # closed form of the multipliers' own correlation
    expected = math.expm1(rho * _deviation(0.10) * _deviation(0.30)) / (0.10 * 0.30)
    assert abs(np.corrcoef(np.exp(one), np.exp(two))[0, 1] - expected) < 1.5 * bound


def test_cycles_correlate_by_themselves(device):
    count, cycles = 200, 100
    design = monte_carlo(device, _rng(), devices=count, cycles=cycles, cycle_correlation=PAIR)
    one, two = (_logarithms(design, name) for name in ("k_set", "k_reset"))
    within = [values - values.mean(axis=1, keepdims=True) for values in (one, two)]
    rho = np.corrcoef(within[0].ravel(), within[1].ravel())[0, 1]
    assert abs(rho - 0.8) < 4 * (1 - 0.8**2) / math.sqrt(count * (cycles - 1))
    assert abs(np.corrcoef(one.mean(axis=1), two.mean(axis=1))[0, 1]) < 4 / math.sqrt(count)


def test_what_does_not_correlate_is_drawn_as_without(device):
    free = monte_carlo(device, _rng(), devices=20, cycles=3)
    tied = monte_carlo(device, _rng(), devices=20, cycles=3, device_correlation=PAIR)
    differ = {
        name.removeprefix("variation.m_")
        for name in free.columns
        if not np.array_equal(free.columns[name].values, tied.columns[name].values)
    }
    assert len(differ) == 1
    assert differ < {"k_set", "k_reset"}


def test_each_memristor_of_a_cell_draws_its_own(device):
    cell = TwoMemristors(device)
    design = monte_carlo(cell, _rng(), devices=4, cycles=3)
    assert design.columns["variation.m_k_set"].values.shape == (4, 3, 2)
    assert design.columns["variation.m_g_max"].values.shape == (4, 2)
    drawn = device.draw_variation(_rng(), 8, 3)["m_k_set"]
    for place, memristor in np.ndindex(4, 2):
        np.testing.assert_array_equal(
            design.columns["variation.m_k_set"].values[place, :, memristor],
            drawn[2 * place + memristor],
        )
    bare = monte_carlo(device, _rng(), devices=4, cycles=3, memristors=2)
    np.testing.assert_array_equal(
        bare.columns["variation.m_k_set"].values, design.columns["variation.m_k_set"].values
    )


def test_a_cell_of_one_memristor_draws_as_the_device(device):
    cell = OneTransistorOneMemristor(device, integrated_nmos())
    in_cell, bare = (monte_carlo(of, _rng(), devices=4) for of in (cell, device))
    for name, column in bare.columns.items():
        np.testing.assert_array_equal(in_cell.columns[name].values, column.values)


def test_a_grid_meets_the_same_devices_at_every_point(device):
    design = grid({"gate": [3.0, 5.0]}) * monte_carlo(device, _rng(), devices=4)
    values = design.values(np.arange(8))["variation.m_k_set"].reshape(2, 4)
    np.testing.assert_array_equal(values[0], values[1])
    assert len(set(values[0])) == 4


def test_settings_say_what_was_drawn(device):
    design = monte_carlo(device, _rng(), devices=2, cycle_to_cycle=False, device_correlation=PAIR)
    assert design.settings == {
        "monte_carlo": "device_to_device of card lin2022_hfo2",
        "device_correlation": "k_set/k_reset 0.8",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"devices": 0}, "devices = 0 must be at least 1"),
        ({"devices": 2 * 10**9}, "a sweep of 2000000000 points: at most"),
        ({"devices": 10**4, "cycles": 10**4}, "a sweep of 100000000 points: at most"),
        ({"devices": 10**5, "memristors": 10**5}, "memristors of each = 100000: at most"),
        ({"devices": 2.0}, "devices = 2.0 must be a whole number"),
        ({"cycles": 0}, "cycles = 0 must be a whole number, at least 1"),
        ({"memristors": 0}, "memristors = 0: must be at least 1"),
        ({"cycles": 3, "cycle_to_cycle": False}, "all cycles of a device would be the same"),
        ({"device_to_device": False, "cycle_to_cycle": False}, "it states none"),
        ({"cycle_correlation": {("k_set", "g_max"): 0.5}}, "'g_max': drawn are only k_set, k_r"),
        ({"device_to_device": False, "device_correlation": PAIR}, "no device_to_device spread"),
        ({"rng": 42}, "rng is 42"),
    ],
)
def test_monte_carlo_that_cannot_be(device, arguments, message):
    with pytest.raises(UsageError, match=message):
        monte_carlo(device, **{"rng": _rng(), **arguments})


def test_devices_that_state_no_spread(device):
    card = dataclasses.replace(device.card, device_to_device={}, cycle_to_cycle={})
    for none, message in (
        (dataclasses.replace(device, card=card), "card lin2022_hfo2: .* it states none"),
        (mc.device_from_model("vteam"), "'vteam_device' comes from no card"),
        ("lin2022_hfo2", "is neither a device nor a cell"),
    ):
        with pytest.raises(UsageError, match=message):
            monte_carlo(none, _rng())
    with pytest.raises(UsageError, match="card lin2022_hfo2 states no spread from device"):
        corners(dataclasses.replace(device, card=card))
    with pytest.raises(UsageError, match="memristors = 3: the cell has 2"):
        monte_carlo(TwoMemristors(mc.device("lin2022_hfo2")), _rng(), memristors=3)


def test_corners_are_all_combinations_of_both_ends(device):
    design = corners(device, 2.0, parameters=("k_set", "g_min"))
    assert dict(design.sizes) == {"corner": 5}
    values = {name: design.columns[f"variation.m_{name}"].values for name in ("k_set", "g_min")}
    found = dict(zip(design.labels["corner"], zip(*values.values(), strict=True), strict=True))
    assert found.pop("nominal") == (1.0, 1.0)
    high = {name: math.exp(2 * _deviation(v)) for name, v in (("k_set", 0.10), ("g_min", 0.30))}
    assert len(found) == 4
    for label, multipliers in found.items():
        for part, multiplier in zip(label.split(), multipliers, strict=True):
            wanted = high[part[:-1]] if part[-1] == "+" else 1 / high[part[:-1]]
            assert multiplier == pytest.approx(wanted, rel=1e-12)


def test_corners_lie_at_the_quantiles_of_what_monte_carlo_draws(device):
    """One sigma is the quantile 84.1 % of the draws, whatever the parameter."""
    drawn = monte_carlo(device, _rng(), devices=20_000, cycle_to_cycle=False)
    ends = corners(device, 1.0)
    assert ends.size == 1 + 2**4
    for name, column in drawn.columns.items():
        below = np.mean(column.values < ends.columns[name].values.max())
        share = 0.8413447460685429
        assert abs(below - share) < 4 * math.sqrt(share * (1 - share) / 20_000)


def test_named_corners_are_as_given():
    design = named({"slow": {"device.k_set": 0.01, "gate": 4.0},
                    "fast": {"gate": 5.0, "device.k_set": 0.02}})  # fmt: skip
    assert design.labels == {"corner": ("slow", "fast")}
    np.testing.assert_array_equal(design.columns["device.k_set"].values, [0.01, 0.02])
    np.testing.assert_array_equal(design.columns["gate"].values, [4.0, 5.0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sigma": 0.0}, "sigma = 0 must be above zero"),
        ({"sigma": "3"}, "sigma = '3' must be a number"),
        ({"parameters": ["v_ohmic"]}, "'v_ohmic' has no spread .*; .*k_set.* have"),
        ({"parameters": []}, "name one or more, each once"),
        ({"parameters": ["k_set", "k_set"]}, "name one or more, each once"),
    ],
)
def test_corners_that_cannot_be(device, arguments, message):
    with pytest.raises(UsageError, match=message):
        corners(device, **arguments)


def test_too_many_corners_ask_for_names(device):
    spread = Entry(0.1, "1", "made up")
    names = [f"p{place}" for place in range(9)]
    card = dataclasses.replace(device.card, device_to_device=dict.fromkeys(names, spread))
    with pytest.raises(UsageError, match="9 parameters make 512 corners: name at most 8 of p0"):
        corners(dataclasses.replace(device, card=card))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "expected values by parameter, by name"),
        ({"slow": 3.0}, "corner 'slow': expected a name and values"),
        ({"slow": {"gate": 3.0}, "fast": {}}, "corner 'fast' has no value of 'gate'"),
        ({"slow": {}}, "at least one parameter"),
    ],
)
def test_named_corners_that_cannot_be(given, message):
    with pytest.raises(UsageError, match=message):
        named(given)
