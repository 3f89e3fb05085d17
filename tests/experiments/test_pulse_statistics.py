"""Thousands of devices in numpy: the trains of ngspice, with noise of every pulse."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.errors import UsageError


@pytest.fixture
def device():
    return mc.device("lin2022_hfo2")


def _without_spread(device):
    from dataclasses import replace

    return replace(
        device, card=replace(device.card, device_to_device={}, cycle_to_cycle={}, noise={})
    )


def test_without_spread_it_is_the_train_of_ngspice(device, rng):
    numpy_form = mc.pulse_statistics(_without_spread(device), rng, devices=1, pulses=20)
    train = mc.pulse_train(device, pulses=20)
    np.testing.assert_allclose(numpy_form["conductance"][0, 0], train["conductance"][0], rtol=1e-3)
    np.testing.assert_allclose(numpy_form["energy"][0, 0], train["energy"][0], rtol=1e-3)
    assert list(numpy_form["direction"]) == list(train["direction"])


def test_energy_of_slow_edges(device, rng):
    """Edges of a twentieth of the width, on which the current is curved."""
    both = {
        name: mc.Pulse(volts, 1e-6, 50e-9, 50e-9) for name, volts in (("set", 1.8), ("reset", -1.8))
    }
    numpy_form = mc.pulse_statistics(_without_spread(device), rng, devices=1, pulses=20, **both)
    train = mc.pulse_train(device, pulses=20, **both)
    np.testing.assert_allclose(numpy_form["energy"][0, 0], train["energy"][0], rtol=1e-3)


def test_same_seed_same_result_and_cycles_go_on(device):
    one, two = (
        mc.pulse_statistics(device, np.random.default_rng(5), devices=7, cycles=2, pulses=6)
        for _ in range(2)
    )
    assert one.identical(two)
    np.testing.assert_array_equal(one["state"][:, 1, 0], one["state"][:, 0, -1])


def test_noise_is_drawn_for_every_pulse(device, rng):
    """Rates 3 % apart from pulse to pulse, and nothing apart from device to device."""
    from dataclasses import replace

    card = replace(device.card, device_to_device={})
    train = mc.pulse_statistics(
        replace(device, card=card), rng, devices=4000, pulses=2, reset_pulses=0
    )
    steps = np.diff(train["state"].to_numpy()[:, 0], axis=1)
    spread = steps.std(axis=0) / steps.mean(axis=0)
    np.testing.assert_allclose(spread, 0.03, rtol=0.06)  # the card's cycle-to-cycle deviation
    assert abs(np.corrcoef(steps.T)[0, 1]) < 0.05


def test_a_table_takes_it(device, rng):
    train = mc.pulse_statistics(device, rng, devices=20, cycles=2, pulses=40)
    table = mc.ConductanceTable.from_pulses(train)
    assert table.devices == 20
    low, high = table.conductance_range
    assert low < 20e-6
    assert high > 250e-6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"devices": 0}, "devices = 0"),
        ({"pulses": 0}, "at least one pulse"),
        ({"devices": 2.5}, "whole number"),
        ({"initial_state": 2.0}, "0 ... 1"),
    ],
)
def test_what_makes_no_train(device, rng, arguments, message):
    with pytest.raises(UsageError, match=message):
        mc.pulse_statistics(device, rng, **arguments)
