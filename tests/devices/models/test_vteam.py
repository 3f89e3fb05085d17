"""VTEAM: thresholds, and the fit to a Pt-Hf-Ti device: gradual RESET, abrupt SET."""

import numpy as np
import pytest

import memcircuit as mc


@pytest.fixture(scope="module")
def fit():
    return mc.device("kvatinsky2015_pt_hf_ti").numpy()


def test_no_motion_between_the_thresholds(fit):
    volts = np.linspace(-0.53, 0.5, 21)
    np.testing.assert_array_equal(fit.rate(volts[:, np.newaxis], np.linspace(0, 1, 11)), 0.0)


def test_reset_takes_a_quarter_second_at_twice_the_threshold(fit):
    """Alpha_off = 1: the whole 10 nm at k_off = 40.3 nm/s, at any state."""
    times = np.linspace(0.0, 0.2, 21)
    state = fit.integrate(lambda _: 1.0, times, 1.0)
    np.testing.assert_allclose(state, 1 - 4.03 * times, atol=1e-8)


def test_set_speed_is_the_cube_of_the_excess(fit):
    """Beyond the threshold by 1 % and 2 %: eight times as fast, at k_on 1e-6 / 10 nm."""
    rate = fit.rate(-0.53 * np.array([1.01, 1.02]), 0.5)
    np.testing.assert_allclose(rate, 80.0 / 10e-9 * np.array([1e-6, 8e-6]))


def test_activation_speeds_up_a_hot_device():
    """With 0.5 eV, 330 K beside 300 K: exp(0.5 V/k (1/300 - 1/330)), and nothing else moves."""
    cold = mc.device("kvatinsky2015_vteam", e_rate=0.5)
    hot = cold.with_parameters(temperature=330)
    ratio = hot.numpy().rate([-0.5, 0.5], 0.5) / cold.numpy().rate([-0.5, 0.5], 0.5)
    np.testing.assert_allclose(ratio, np.exp(0.5 / 8.617333e-5 * (1 / 300 - 1 / 330)), rtol=1e-6)
    assert hot.conductance(0.5, 0.1) == cold.conductance(0.5, 0.1)
