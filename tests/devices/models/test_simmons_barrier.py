"""The tunnel barrier against the published formula in nanometres, solved by scipy."""

import numpy as np
import pytest
from scipy.optimize import brentq

import memcircuit as mc
from memcircuit.errors import ParameterError


@pytest.fixture(scope="module")
def model():
    return mc.device("pickett2009_tio2").numpy()


def _published(v_gap, w):
    """Return the current, A: Abdalla and Pickett 2011, with their rounded constants, w in nm."""
    image, w_1 = 0.0998 / w, 0.1261
    w_2 = w_1 + w - 0.9183 / (2.85 + 4 * image - 2 * v_gap)
    thick = w_2 - w_1
    b = 10.246 * thick
    phi = (
        0.95
        - v_gap * (w_1 + w_2) / (2 * w)
        - 1.15 * image * w / thick * np.log(w_2 * (w - w_1) / (w_1 * (w - w_2)))
    )
    over = phi + v_gap
    return 0.0617 / thick**2 * (phi * np.exp(-b * phi**0.5) - over * np.exp(-b * over**0.5))


@pytest.mark.parametrize("width", [1.1, 1.4, 1.9])
@pytest.mark.parametrize("voltage", [0.05, 0.4, 0.7])
def test_current_is_the_published_one(model, width, voltage):
    gap = brentq(lambda u: _published(u, width) - (voltage - u) / 215.0, 0.0, voltage)
    # the constants are rounded to four digits
    expected = (voltage - gap) / 215.0
    state = (1.9 - width) / 0.8
    np.testing.assert_allclose(model.current(voltage, state), expected, rtol=5e-3)


def test_current_is_odd_and_rises_beyond_the_formula(model):
    volts = np.linspace(0.01, 3.0, 300)[:, np.newaxis]
    states = np.linspace(0, 1, 11)
    current, slope = model.port(volts, states)
    np.testing.assert_allclose(model.current(-volts, states), -current, rtol=1e-12)
    assert np.all(slope > 0)
    narrower = np.diff(current[volts[:, 0] <= 1.5], axis=1)
    assert np.all(narrower > 0)  # a narrower barrier lets more through


def test_speeds_are_the_published_ones(model):
    """At 1 mA, RESET at 1.3 nm: f_off sinh(i/i_off) exp(-exp((w-a)/w_c - i/b) - w/w_c)."""
    state = (1.9 - 1.3) / 0.8
    voltage = brentq(lambda v: float(model.current(v, state)) - 3e-4, 0.1, 3)
    i, w, w_c = 3e-4, 1.3e-9, 107e-12
    speed = 3.5e-6 * np.sinh(i / 115e-6)
    speed *= np.exp(-np.exp((w - 1.2e-9) / w_c - i / 500e-6) - w / w_c)
    np.testing.assert_allclose(model.rate(voltage, state), -speed / 0.8e-9, rtol=1e-4)


def test_derivatives_follow_the_inner_node(model):
    step = 1e-6
    rate, by_state, by_voltage = model.motion(0.9, 0.8)
    across = (model.rate(0.9 + step, 0.8) - model.rate(0.9 - step, 0.8)) / (2 * step)
    along = (model.rate(0.9, 0.8 + step) - model.rate(0.9, 0.8 - step)) / (2 * step)
    assert rate < 0
    np.testing.assert_allclose([by_voltage, by_state], [across, along], rtol=1e-5)


def test_widths_that_cannot_be():
    with pytest.raises(ParameterError, match="must be w_on < w_off"):
        mc.device("pickett2009_tio2", w_on=2e-9)
    with pytest.raises(ParameterError, match=r"w_on = 1e-10 m is outside"):
        mc.device("pickett2009_tio2", w_on=1e-10)
