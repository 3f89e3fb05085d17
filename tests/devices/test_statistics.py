"""Drift and noise of a card: power law, spread, seeds."""

import tomllib

import numpy as np
import pytest
import sympy as sp

import memcircuit as mc
from memcircuit.devices.cards import card_names, cards_directory
from memcircuit.errors import CardError, ParameterError, UsageError


def _device(tmp_path, text):
    card = (cards_directory() / "kvatinsky2015_vteam.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(card + text, encoding="utf-8")
    return mc.device(path)


RETENTION = """
[retention]
exponent = { value = 0.05, unit = "1", source = "x" }
reference = { value = 1.0, unit = "s", source = "x" }
spread = { value = 0.2, unit = "1", source = "x" }
[noise]
read = { value = 0.01, unit = "1", source = "x" }
"""


def test_drift_is_a_power_law_of_time(tmp_path):
    device = _device(tmp_path, RETENTION.replace("spread = { value = 0.2", "spread = { value = 0"))
    times = np.array([0.0, 1.0, 10.0, 1e4])
    rng = np.random.default_rng(1)
    left = device.drifted(np.full(4, 1e-4), times, rng)
    np.testing.assert_allclose(left, 1e-4 * np.array([1, 1, 10**-0.05, 10**-0.2]), rtol=1e-12)


def test_exponents_spread_over_devices(tmp_path):
    device = _device(tmp_path, RETENTION)
    left = device.drifted(np.full(20_000, 1e-4), 1e3, np.random.default_rng(2))
    exponents = -np.log(left / 1e-4) / np.log(1e3)
    assert exponents.min() > 0
    np.testing.assert_allclose(np.median(exponents), 0.05, rtol=0.02)
    np.testing.assert_allclose(exponents.std() / exponents.mean(), 0.2, rtol=0.03)
    with pytest.raises(UsageError, match="pass rng"):
        device.drifted(1e-4, 10.0)


def test_read_noise_is_fresh_and_relative(tmp_path):
    device = _device(tmp_path, RETENTION)
    rng = np.random.default_rng(3)
    one, two = (device.read_noise(np.full(20_000, 2e-6), rng) for _ in range(2))
    np.testing.assert_allclose(one.std() / one.mean(), 0.01, rtol=0.03)
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.03


def test_a_conductance_gives_its_state_back():
    device = mc.device("lin2022_hfo2")
    states = np.linspace(0, 1, 7)
    found = device.state_at(device.conductance(states, 0.2), 0.2)
    np.testing.assert_allclose(found, states, atol=1e-14)
    assert device.state_at(1.0, 0.2) == pytest.approx(1.0)


def test_what_a_card_does_not_state(tmp_path):
    device = mc.device("kvatinsky2015_vteam")
    rng = np.random.default_rng(0)
    with pytest.raises(UsageError, match="states no retention"):
        device.drifted(1e-4, 1.0)
    with pytest.raises(UsageError, match="states no noise"):
        device.read_noise(1e-6, rng)
    with pytest.raises(CardError, match="retention needs exponent and reference"):
        _device(tmp_path, '[retention]\nexponent = { value = 0.1, unit = "1", source = "x" }\n')
    with pytest.raises(ParameterError, match=r"noise\.read = -1 must be above zero"):
        _device(tmp_path, '[noise]\nread = { value = -1, unit = "1", source = "x" }\n')
    with pytest.raises(CardError, match="unknown 'write'"):
        _device(tmp_path, '[noise]\nwrite = { value = 1, unit = "1", source = "x" }\n')
    assert "noise" not in tomllib.loads(device.card.path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", card_names())
def test_what_a_card_draws_is_a_device(name, rng):
    """Else Monte Carlo of the card loses those points, and is not what the card states."""
    device = mc.device(name)
    drawn = device.draw_variation(rng, 100_000)
    values = {**device.parameters}
    for one in device.model.varying:
        values[one.name] = values[one.name] * drawn.get(one.multiplier, np.ones(1)).ravel()
    for constraint in device.model.constraints:
        names = sorted(map(str, constraint.free_symbols))
        holds = sp.lambdify([device.model.by_name[n].symbol for n in names], constraint, "numpy")
        assert np.mean(holds(*(values[n] for n in names))) > 0.9999, constraint
