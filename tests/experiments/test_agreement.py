"""The heart of the library: Verilog-A, behavioural sources and numpy are the same device."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.experiments.circuits import card_pulse
from memcircuit.experiments.iv_loop import iv_loop
from memcircuit.experiments.pulse_train import prepare_pulse_train, pulse_train

FORMS = ("osdi", "behavioural")

#: Amplitude (V) and frequency (Hz) of a loop that opens, for each device.
LOOPS = {"lin2022_hfo2": (1.8, 4e3), "kvatinsky2015_vteam": (0.3, 5e7)}


def _reference_states(device, voltage, times, start, corners=()):
    return device.numpy().integrate(voltage, times, start, corners=corners)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("direction", ["set", "reset"])
def test_hundred_pulses(card_device, form, direction):
    """Final conductance after 100 pulses within 0.1 % of scipy at tight tolerance."""
    ups, downs, start = (100, 0, 0.02) if direction == "set" else (0, 100, 0.95)
    counts = {"pulses": ups, "reset_pulses": downs, "initial_state": start, "form": form}
    result = pulse_train(card_device, **counts)
    waveform = prepare_pulse_train(card_device, **counts).sequence.waveform
    states = _reference_states(
        card_device, lambda t: float(waveform.at(t)), waveform.time, start, waveform.time
    )
    read = card_pulse(card_device, "read").amplitude
    expected = float(card_device.conductance(states[-1], read))
    final = float(result["conductance"][0, -1])
    assert final == pytest.approx(expected, rel=1e-3)
    assert result.attrs["attempts"] == 1


@pytest.mark.parametrize("form", FORMS)
def test_loop_current(card_device, form):
    """I-V loop current within 0.1 % of its maximum."""
    amplitude, frequency = LOOPS[card_device.name]
    loop = iv_loop(card_device, amplitude=amplitude, frequency=frequency, form=form)
    times, current = loop["time"].to_numpy(), loop["current"].to_numpy()

    def voltage(t):
        return amplitude * np.sin(2 * np.pi * frequency * t)

    start = card_device.initial_state
    states = _reference_states(card_device, voltage, times, start)
    assert np.ptp(states) > 0.5  # the loop opens, so that the comparison means something
    expected = card_device.numpy().current(voltage(times), states)
    error = np.abs(current - expected).max() / np.abs(expected).max()
    assert error < 1e-3


def test_both_netlist_forms_take_the_same_path(card_device):
    trains = [pulse_train(card_device, pulses=20, form=form) for form in FORMS]
    np.testing.assert_allclose(trains[0]["conductance"], trains[1]["conductance"], rtol=2e-4)
    np.testing.assert_allclose(trains[0]["energy"], trains[1]["energy"], rtol=2e-4, atol=1e-24)


def test_multipliers_mean_the_same_in_every_form():
    device = mc.device("lin2022_hfo2")
    variation = {"m_g_max": 1.3, "m_k_set": 0.8, "m_v_set": 1.05, "m_g_min": 2.0}
    expected = None
    for form in FORMS:
        train = pulse_train(device, pulses=10, reset_pulses=0, variation=variation, form=form)
        waveform = prepare_pulse_train(device, pulses=10, reset_pulses=0).sequence.waveform
        state = device.numpy().integrate(
            lambda t, w=waveform: float(w.at(t)), waveform.time, 0.0, corners=waveform.time,
            **variation,
        )[-1]  # fmt: skip
        expected = float(device.conductance(state, 0.2, **variation))
        assert float(train["conductance"][0, -1]) == pytest.approx(expected, rel=1e-3)
