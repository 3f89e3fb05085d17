"""The numpy model against the papers' equations written out, and its derivatives."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.errors import UsageError


def test_vteam_equations_written_out():
    device = mc.device("kvatinsky2015_vteam")
    w_off, s = 3e-9, 0.3
    assert device.numpy().current(0.5, s) == pytest.approx(0.5 / (50 + 950 * 0.7), rel=1e-14)
    # beyond v_off the boundary moves towards w_off: s falls
    reset = -5e-4 * (0.5 / 0.02 - 1) * (1 - 0.7**4) / w_off
    assert device.numpy().rate(0.5, s) == pytest.approx(reset, rel=1e-12)
    set_ = 10.0 * (0.5 / 0.2 - 1) ** 3 * (1 - 0.3**4) / w_off
    assert device.numpy().rate(-0.5, s) == pytest.approx(set_, rel=1e-12)
    np.testing.assert_array_equal(device.numpy().rate([-0.2, 0.0, 0.02], s), 0.0)


def test_vteam_exponential_resistance():
    device = mc.device("kvatinsky2015_vteam", exponential=1)
    expected = 1 / (50 * 20 ** np.array([1.0, 0.5, 0.0]))
    np.testing.assert_allclose(device.conductance([0, 0.5, 1], 0.01), expected, rtol=1e-13)


def test_graded_equations_written_out():
    device = mc.device("lin2022_hfo2")
    conductance = 1e-6 + 349e-6 * 0.25
    current = conductance * np.sinh(0.7)
    assert device.numpy().current(0.7, 0.25) == pytest.approx(current, rel=1e-13)
    up = 0.0204 * np.sinh(15) * (1 - 0.25**2)
    down = -0.0360 * np.sinh(15) * 0.25
    np.testing.assert_allclose(device.numpy().rate([1.8, -1.8], 0.25), [up, down], rtol=1e-12)


def test_derivatives_against_differences(card_device, rng):
    model = card_device.numpy()
    v, s = rng.uniform(-1.5, 1.5, 40), rng.uniform(0.05, 0.95, 40)
    exact = model.jacobian(v, s)
    h = 1e-6
    for row, function in enumerate((model.current, model.rate)):
        for column, (dv, ds) in enumerate(((h, 0), (0, h))):
            difference = (function(v + dv, s + ds) - function(v - dv, s - ds)) / (2 * h)
            scale = np.abs(exact[row, column]).max()
            np.testing.assert_allclose(exact[row, column], difference, atol=1e-5 * scale)


def test_derivatives_are_finite_at_the_edges_and_thresholds(card_device):
    v, s = np.meshgrid([-0.2, 0.0, 0.02, 1.0], [0.0, 1.0])
    assert np.all(np.isfinite(card_device.numpy().jacobian(v, s)))


def test_state_stays_inside_and_edges_hold(card_device):
    rate = card_device.numpy().rate
    volts = np.linspace(-2, 2, 81)
    assert np.all(rate(volts, 0.0) >= 0)
    assert np.all(rate(volts, 1.0) <= 0)


def test_no_overflow_at_wild_voltages(card_device):
    values = card_device.numpy().rate([-1e3, 1e3], 0.5)
    assert np.all(np.isfinite(values))


def test_shapes_broadcast_and_multipliers_scale():
    device = mc.device("lin2022_hfo2")
    base = device.numpy().current(np.full((3, 1), 0.1), np.zeros((1, 4)))
    assert base.shape == (3, 4)
    twice = device.numpy().current(0.1, 0.0, m_g_min=[1.0, 2.0])
    assert twice[1] == pytest.approx(2 * twice[0], rel=1e-14)
    with pytest.raises(UsageError, match="no multiplier 'm_v_ohmic'"):
        device.numpy().current(0.1, 0.0, m_v_ohmic=2.0)


def test_integration_against_the_closed_form():
    # RESET of the graded model with p_reset = 1 is ds/dt = -k s: an exponential
    device = mc.device("lin2022_hfo2")
    rate = 0.0360 * np.sinh(1.2 / 0.12)
    times = np.linspace(0, 3 / rate, 7)
    states = device.numpy().integrate(lambda _: -1.2, times, 0.8)
    np.testing.assert_allclose(states, 0.8 * np.exp(-rate * times), rtol=1e-8)


def test_integration_restarts_at_corners():
    device = mc.device("lin2022_hfo2")
    whole = device.numpy().integrate(lambda t: 1.5 if t > 1e-5 else 0.0, [0, 3e-5], 0.1,
                                     corners=[1e-5])  # fmt: skip
    step = device.numpy().integrate(lambda _: 1.5, [0, 2e-5], 0.1)
    assert whole[-1] == pytest.approx(step[-1], rel=1e-8)


def test_times_must_rise():
    with pytest.raises(UsageError, match="rising"):
        mc.device("lin2022_hfo2").numpy().integrate(lambda _: 0.0, [0.0, 0.0], 0.1)
