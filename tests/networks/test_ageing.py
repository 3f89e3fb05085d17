"""Drift with its exponents, and reads at another temperature."""

import numpy as np
import pytest
from small_networks import images, perceptron

import memcircuit as mc
from memcircuit.errors import MemcircuitError, UsageError
from memcircuit.networks.ageing import Drift, at_temperature
from memcircuit.networks.hardware import Hardware
from memcircuit.networks.mapping import Mapping
from memcircuit.networks.programmed import program


def test_power_law():
    given = np.array([1e-6, 1e-4])
    found = Drift(1e4, 0.05, reference=10.0).apply(given)
    np.testing.assert_allclose(found, given * 1000.0**-0.05, rtol=1e-14)


@pytest.mark.parametrize(
    "drift", [Drift(1e6, 0.0), Drift(0.0, 0.1), Drift(1.0, 0.1, spread=0.5), Drift(9.0, 0.1, 10.0)]
)
def test_nothing_drifts_without_exponent_or_before_the_reference(drift):
    given = np.random.default_rng(1).uniform(1e-6, 1e-4, 100)
    assert drift.none
    assert np.array_equal(drift.apply(given, np.random.default_rng(2)), given)


def test_exponents_have_the_stated_median_and_spread():
    """Recovered cell by cell from what each has lost."""
    count = 40_000
    drift = Drift(1e6, 0.05, spread=0.4)
    left = drift.apply(np.full(count, 1e-4), np.random.default_rng(3)) / 1e-4
    exponent = -np.log(left) / np.log(1e6)
    # of a log-normal: deviation over mean is what was asked for
    logarithm = np.log(exponent)
    sigma = np.sqrt(np.log(1 + 0.4**2))
    assert logarithm.std() == pytest.approx(sigma, rel=4 / np.sqrt(2 * count))
    assert logarithm.mean() == pytest.approx(np.log(0.05), abs=4 * sigma / np.sqrt(count))
    assert exponent.std() / exponent.mean() == pytest.approx(0.4, rel=0.03)


def test_what_drifts_alike_leaves_bridges_alone_and_scales_pairs():
    network, x = perceptron(), images()
    drift = Drift(1e5, 0.03)
    bridges = program(network, Hardware(drift=drift, mapping=Mapping("bridge")))
    np.testing.assert_allclose(bridges.outputs(x), network.outputs(x), atol=1e-12)
    pairs = program(network, Hardware(drift=drift))
    for key, matrix in network.matrices():
        lost = pairs.cells[key].weights / matrix.weights
        np.testing.assert_allclose(lost, 1e5**-0.03, rtol=1e-9)


def test_drift_of_a_card():
    device = mc.device("lin2022_hfo2")
    retention = {name: entry.value for name, entry in device.card.retention.items()}
    drift = Drift.of_card(device, 1e4)
    assert drift.exponent == retention["exponent"]
    assert drift.reference == retention["reference"]
    with pytest.raises(UsageError, match="states no retention"):
        Drift.of_card(mc.device("yakopcic2011_oblea"), 1e4)


@pytest.mark.parametrize(
    "entries",
    [
        {"time": -1.0, "exponent": 0.1},
        {"time": float("nan"), "exponent": 0.1},
        {"time": "day", "exponent": 0.1},
        {"time": 1.0, "exponent": -0.1},
        {"time": 1.0, "exponent": 0.1, "reference": 0.0},
        {"time": 1.0, "exponent": 0.1, "spread": float("inf")},
    ],
)
def test_drift_that_cannot_be_is_refused(entries):
    with pytest.raises(UsageError, match="drift: "):
        Drift(**entries)


def test_spread_exponents_need_a_generator():
    with pytest.raises(UsageError, match=r"pass rng"):
        Drift(10.0, 0.1, spread=0.1).apply(np.ones(3))


def test_temperature_changes_what_the_same_states_conduct():
    """JART: read the states of known conductances with a device made at the other temperature."""
    device = mc.device("bengel2020_jart")
    states = np.linspace(0.05, 0.95, 40)
    cold = np.asarray(device.conductance(states, 0.2))
    hot = np.asarray(device.with_parameters(temperature=350.0).conductance(states, 0.2))
    assert np.abs(hot / cold - 1).max() > 0.005
    found = at_temperature(cold, device, 350.0, 0.2)
    np.testing.assert_allclose(found, hot, rtol=1e-4)


def test_a_network_at_the_device_temperature_is_the_same_bit_for_bit():
    network, x = perceptron(), images()
    device = mc.device("bengel2020_jart")
    entries = {"table": mc.tables.LevelTable.uniform(7e-5, 5e-4, 9), "device": device}
    ideal = program(network, Hardware(**entries)).outputs(x)
    own = Hardware(temperature=device.parameters["temperature"], **entries)
    assert np.array_equal(program(network, own).outputs(x), ideal)
    warm = Hardware(temperature=360.0, **entries)
    assert not np.allclose(program(network, warm).outputs(x), ideal, rtol=1e-3)


def test_temperature_is_refused_where_it_is_unknown():
    network = perceptron()
    with pytest.raises(UsageError, match="temperature needs the device"):
        Hardware(temperature=350.0)
    for name in ("lin2022_hfo2", "narayanan2015_miec"):
        hardware = Hardware(temperature=350.0, device=mc.device(name))
        with pytest.raises(UsageError, match=f"temperature.*{name}"):
            program(network, hardware)
    for value in (-3.0, float("nan"), "warm"):
        with pytest.raises(MemcircuitError, match="temperature"):
            Hardware(temperature=value, device=mc.device("bengel2020_jart"))
