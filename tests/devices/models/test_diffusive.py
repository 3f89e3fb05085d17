"""Diffusive memristor: threshold and hold voltage, forgetting, and learning faster again."""

import math

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.errors import ParameterError

TAU = 1e-6  # s, of the card


@pytest.fixture
def device():
    return mc.device("midya2017_ag_hfo2")


def _rests(device, voltage):
    """Return how often the rate changes its sign over the state: 1 or, bistable, 3."""
    rate = device.numpy().rate(voltage, np.linspace(0, 1, 20001))
    return np.count_nonzero(np.diff(np.sign(rate[rate != 0])))


def test_threshold_is_the_fold(device):
    """Two of three rests vanish at the threshold that the model's equations name."""
    threshold = 0.35 - 0.02 * 2 * (1 + math.log(0.25 / (2 * 0.02)))
    assert _rests(device, threshold - 0.004) == 3
    assert _rests(device, threshold + 0.004) == 1


def test_hold_voltage(device):
    """A whole filament stays above the hold voltage and goes below it."""
    model = device.numpy()
    states = [model.integrate(lambda _, v=v: v, [0.0, 100 * TAU], 0.98)[-1] for v in (0.09, 0.12)]
    assert states[0] < 0.1
    assert states[1] > 0.9


def test_gradual_below_the_fold(device):
    """Without room between hold voltage and threshold there is one rest at any voltage."""
    gradual = device.with_parameters(v_field=0.15)
    assert {_rests(gradual, v) for v in np.linspace(0.02, 0.5, 25)} == {1}


@pytest.mark.parametrize(("order", "start"), [(2.0, 1.0), (3.0, 0.6), (1.0, 0.8)])
def test_forgetting_follows_its_power_law(device, order, start):
    times = np.linspace(0, 20 * TAU, 11)
    forgetting = device.with_parameters(order=order).numpy()
    found = forgetting.integrate(lambda _: 0.0, times, start)
    expected = (
        start * np.exp(-times / TAU)
        if order == 1
        else (start ** (1 - order) + (order - 1) * times / TAU) ** (1 / (1 - order))
    )
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-12)


def test_loop_switches_on_and_off(device):
    """Ten decades at once above the threshold, back below the hold voltage, on both sides."""
    loop = mc.iv_loop(device, form="osdi")
    last = loop["time"].to_numpy() > 1.0 / loop.attrs["frequency"]
    v, state = loop["voltage"].to_numpy()[last], loop["state"].to_numpy()[last]
    for side in (1, -1):
        here = side * v > 0
        along, on = side * v[here], state[here] > 0.9
        switched_on, switched_off = along[np.argmax(on)], along[len(on) - 1 - np.argmax(on[::-1])]
        assert 0.24 < switched_on < 0.32
        assert switched_off < 0.11
        assert state[here][-1] < 0.6


def test_learning_forgetting_learning(device):
    """What is left of a forgotten filament makes the second learning faster."""
    pulse = mc.Pulse(0.29, 100e-9, rise=1e-9, fall=1e-9)
    first = mc.pulse_train(device, set=pulse, pulses=25, reset_pulses=40, form="osdi")
    state = first["state"].to_numpy()[0]
    again = mc.pulse_train(
        device, set=pulse, pulses=10, reset_pulses=0, initial_state=state[-1], form="osdi"
    )
    learnt, forgotten = state[:26], state[25:]
    assert np.all(np.diff(learnt[:17]) > 0)
    assert np.all(np.diff(forgotten) < 0)
    # forgetting slows as it goes: half of it in the first few waits, a remainder for long
    assert forgotten[8] < 0.5 * forgotten[0]
    assert forgotten[-1] > 0.1 * forgotten[0]
    needed = [np.argmax(course > 0.7) for course in (learnt, again["state"].to_numpy()[0])]
    assert needed[1] > 0
    assert needed[1] < needed[0] / 2


def test_hold_above_threshold_is_refused(device):
    with pytest.raises(ParameterError, match="v_hold"):
        device.with_parameters(v_hold=0.4)
