"""Nonlinear ion drift against its formulas and its limit at small voltage."""

import numpy as np
import pytest

import memcircuit as mc

BETA, ALPHA, CHI, GAMMA = 0.9e-6, 2.0, 1e-10, 4.0


@pytest.fixture(scope="module")
def model():
    return mc.device("yang2008_tio2").numpy()


def test_current_in_both_states(model):
    volts = np.linspace(-1.5, 1.5, 31)
    diode = CHI * (np.exp(GAMMA * volts) - 1)
    np.testing.assert_allclose(model.current(volts, 0.0), diode, atol=1e-25)
    tunnelling = BETA * np.sinh(ALPHA * volts)
    np.testing.assert_allclose(model.current(volts, 1.0), tunnelling + diode, atol=1e-20)
    # n = 2: a quarter of the tunnelling current at half the state
    np.testing.assert_allclose(model.current(volts, 0.5), tunnelling / 4 + diode, atol=1e-20)


def test_off_state_rectifies(model):
    """Forward beyond reverse current by exp(gamma v)."""
    forward, reverse = model.current(1.0, 0.0), model.current(-1.0, 0.0)
    assert forward / -reverse == pytest.approx(np.exp(GAMMA))


def test_rate_is_the_fifth_power_of_the_voltage(model):
    assert model.rate(1.0, 0.5) == pytest.approx(1.0)  # a = 1 /s, the window is 1 in the middle
    np.testing.assert_allclose(model.rate([-2.0, 0.5, 2.0], 0.5), [-32.0, 0.5**5, 32.0])


def test_state_under_constant_voltage_is_logistic(model):
    """ds/dt = a v^5 4 s (1 - s) with the window of Joglekar, p = 1."""
    times = np.linspace(0.0, 0.5, 26)
    state = model.integrate(lambda _: 1.2, times, 0.15)
    expected = 1 / (1 + (1 / 0.15 - 1) * np.exp(-4 * 1.2**5 * times))
    np.testing.assert_allclose(state, expected, rtol=1e-7)


def test_an_even_exponent_keeps_the_sign():
    model = mc.device("yang2008_tio2", m=4).numpy()
    assert model.rate(-1.0, 0.5) == pytest.approx(-1.0)
