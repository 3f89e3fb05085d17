"""The heart of the library: Verilog-A, behavioural sources and numpy are the same device."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.devices.numpy_model import NumpyModel
from memcircuit.experiments.agreement import loop_deviation, pulse_deviation
from memcircuit.experiments.pulse_train import prepare_pulse_train, pulse_train

FORMS = ("osdi", "behavioural")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("direction", ["set", "reset"])
def test_hundred_pulses(card_device, form, direction):
    """Conductance after each of 100 pulses within 0.1 % of scipy at tight tolerance."""
    assert pulse_deviation(card_device, form, direction, 100) < 1e-3


@pytest.mark.parametrize("form", FORMS)
def test_loop_current(card_device, form):
    """I-V loop current within 0.1 % of its maximum."""
    assert loop_deviation(card_device, form) < 1e-3


def test_the_stimuli_move_the_state(card_device):
    """Loops open and trains cross the range, so that the comparison means something."""
    assert np.ptp(mc.iv_loop(card_device)["state"].to_numpy()) > 0.5
    train = pulse_train(card_device, pulses=100, initial_state=0.02)
    assert np.ptp(train["state"].to_numpy()) > 0.9


def test_the_comparison_sees_a_wrong_netlist(monkeypatch):
    """Against a numpy model that is 1 % off, the deviation shows it."""
    device = mc.device("lin2022_hfo2")
    wrong = device.with_parameters(k_set=1.01 * device.parameters["k_set"])
    monkeypatch.setattr(type(device), "numpy", lambda _: NumpyModel(wrong.model, wrong.parameters))
    assert pulse_deviation(device, "behavioural", "set", 20) > 2e-3


def test_both_netlist_forms_take_the_same_path(card_device):
    trains = [pulse_train(card_device, pulses=20, form=form) for form in FORMS]
    np.testing.assert_allclose(trains[0]["conductance"], trains[1]["conductance"], rtol=2e-4)
    np.testing.assert_allclose(trains[0]["energy"], trains[1]["energy"], rtol=2e-4, atol=1e-24)


def test_multipliers_mean_the_same_in_every_form():
    device = mc.device("lin2022_hfo2")
    variation = {"m_g_max": 1.3, "m_k_set": 0.8, "m_v_set": 1.05, "m_g_min": 2.0}
    for form in FORMS:
        train = pulse_train(device, pulses=10, reset_pulses=0, variation=variation, form=form)
        waveform = prepare_pulse_train(device, pulses=10, reset_pulses=0).sequence.waveform
        state = device.numpy().integrate(
            lambda t, w=waveform: float(w.at(t)), waveform.time, 0.0, corners=waveform.time,
            **variation,
        )[-1]  # fmt: skip
        expected = float(device.conductance(state, 0.2, **variation))
        assert float(train["conductance"][0, -1]) == pytest.approx(expected, rel=1e-3)
