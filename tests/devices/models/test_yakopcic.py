"""Yakopcic's model against the paper's equations and closed forms of their parts."""

import math

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.errors import ParameterError


def _published(v, s, eta=1):
    """Equations (2) to (6) of the paper with the set of Oblea's device, written out."""
    speed, v_p, v_n, x_p, x_n, alpha_p, alpha_n = 4000, 0.16, 0.15, 0.3, 0.5, 1, 5
    g = 0.0
    if v > v_p:
        g = speed * (math.exp(v) - math.exp(v_p))
    elif v < -v_n:
        g = -speed * (math.exp(-v) - math.exp(v_n))
    if eta * v > 0:
        w = (x_p - s) / (1 - x_p) + 1
        f = math.exp(-alpha_p * (s - x_p)) * w if s >= x_p else 1.0
    else:
        w = s / (1 - x_n)
        f = math.exp(alpha_n * (s + x_n - 1)) * w if s <= 1 - x_n else 1.0
    return eta * g * f


@pytest.mark.parametrize("eta", [1, -1])
def test_rate_is_the_published(eta):
    model = mc.device("yakopcic2011_oblea").with_parameters(eta=eta).numpy()
    for v in np.linspace(-0.6, 0.6, 25):
        for s in np.linspace(0, 1, 21):
            assert model.rate(v, s) == pytest.approx(_published(v, s, eta), rel=1e-12, abs=1e-12)


def test_current_is_the_published():
    device = mc.device("yakopcic2011_oblea").with_parameters(g_leak=0.0, a2=0.1)
    assert device.numpy().current(0.4, 0.11) == pytest.approx(0.17 * 0.11 * math.sinh(0.02))
    assert device.numpy().current(-0.4, 0.11) == pytest.approx(-0.1 * 0.11 * math.sinh(0.02))


@pytest.mark.parametrize("form", ["osdi", "behavioural"])
def test_falling_without_alpha_is_exponential(form):
    """With alpha_n = 0 the fall below 1 - x_n is ds/dt = -g s/(1 - x_n)."""
    device = mc.device("yakopcic2011_oblea").with_parameters(alpha_n=0.0)
    reset = mc.Pulse(-0.3, 200e-6, rise=1e-8, fall=1e-8)
    read = mc.Pulse(0.1, 20e-6, rise=1e-8, fall=1e-8)
    train = mc.pulse_train(
        device, reset=reset, read=read, pulses=0, reset_pulses=8, initial_state=0.5, form=form
    )
    decay = 4000 * (math.exp(0.3) - math.exp(0.15)) / 0.5
    expected = 0.5 * np.exp(-decay * 200e-6 * np.arange(9))
    np.testing.assert_allclose(train["state"].to_numpy()[0], expected, rtol=5e-4)


def test_no_direction_is_refused():
    with pytest.raises(ParameterError, match="eta = 0"):
        mc.device("yakopcic2011_oblea").with_parameters(eta=0)
