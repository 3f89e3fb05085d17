"""The heart of the library: Verilog-A, behavioural sources and numpy are the same device."""

import dataclasses

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.devices.cards import card_names
from memcircuit.devices.numpy_model import NumpyModel
from memcircuit.experiments.agreement import BOUND, STIMULI, Agreement, Deviation, agreement
from memcircuit.experiments.agreement_table import page, row
from memcircuit.experiments.pulse_train import prepare_pulse_train, pulse_train

FORMS = ("osdi", "behavioural")
QUICK = ("kvatinsky2015_vteam", "lin2022_hfo2", "narayanan2015_miec", "yakopcic2011_oblea")
# The current jumps as these switch, so that an instant off by little shows: bounds of the current
# at equal time, and of the instant as a share of the period.
ABRUPT = {
    ("bengel2020_jart", "loop"): (1.0, 5e-6),
    ("bengel2020_jart", "fast loop"): (1.0, 1e-5),
    ("pickett2009_tio2", "loop"): (1.0, 5e-6),
    ("pickett2009_tio2", "fast loop"): (1.0, 5e-6),
    ("pickett2009_tio2", "set"): (3e-3, 0.0),  # runs away: errors grow with the state
    ("kvatinsky2015_pt_hf_ti", "loop"): (2e-2, 1e-6),
    ("kvatinsky2015_pt_hf_ti", "fast loop"): (2e-2, 1e-6),
    ("midya2017_ag_hfo2", "loop"): (2e-2, 2e-6),
    ("midya2017_ag_hfo2", "fast loop"): (2e-2, 2e-6),
}


# The other cards are followed by default through two periods of the fast loop only.
FAST_LOOP = (
    "chen2015_hfox", "chen2020_hfox_a", "midya2017_ag_hfo2", "strukov2008_tio2",
    "yang2008_tio2", "zhang2021_zno", "zhang2021_zno_pulses",
)  # fmt: skip
CASES = [
    pytest.param(card, stimulus, marks=() if card in QUICK or (
        card in FAST_LOOP and stimulus == "fast loop"
    ) else pytest.mark.slow)
    for card in card_names()
    for stimulus in STIMULI
]  # fmt: skip


@pytest.mark.parametrize(("card", "stimulus"), CASES)
def test_every_form_agrees_with_scipy(card, stimulus):
    """Within 0.2 %, over two periods of a loop or after each of 100 pulses."""
    found = agreement(mc.device(card), stimulus, FORMS)
    bound, shift = ABRUPT.get((card, stimulus), (BOUND, 0.0))
    assert set(found.forms) == {"numpy", *FORMS}
    for name, off in found.forms.items():
        assert off.value < bound, name
        assert off.shift <= shift, name


@pytest.mark.parametrize(
    "card", ["bengel2020_jart", "chen2020_hfox_b", "kvatinsky2013_team", "pickett2009_tio2"]
)
@pytest.mark.parametrize("stimulus", ["set", "reset"])
def test_trains_of_few_pulses_agree_with_scipy(card, stimulus):
    found = agreement(mc.device(card), stimulus, ("osdi",), pulses=2)
    assert max(off.value for off in found.forms.values()) < BOUND


def test_the_comparison_sees_a_wrong_netlist(monkeypatch):
    """Against a numpy model that is 1 % off, the deviation shows it, and no shift explains it."""
    device = mc.device("lin2022_hfo2")
    wrong = device.with_parameters(k_set=1.01 * device.parameters["k_set"])
    monkeypatch.setattr(type(device), "numpy", lambda _: NumpyModel(wrong.model, wrong.parameters))
    assert agreement(device, "set", ("behavioural",), 20).forms["behavioural"].value > BOUND
    wrong = device.with_parameters(g_max=1.01 * device.parameters["g_max"])
    loop = agreement(device, "loop", ("behavioural",)).forms["behavioural"]
    assert loop.value > BOUND
    assert loop.shift > 1e-3


def test_the_page_names_what_exceeds_the_bound():
    within, beyond = Deviation(1e-4, 0.0), Deviation(5e-3, 3e-7)
    found = Agreement("a_card", "a_model", "loop", {"numpy": within, "osdi": beyond}, None, 0.5)
    assert row(found)[4:] == ["1.0e-04", "**5.0e-03**", "-", "-"]
    text = page([found, dataclasses.replace(found, device="agreeing", forms={"numpy": within})])
    exceptions = text.split("## Exceptions")[1]
    assert "| a_card | loop | osdi | **5.0e-03** | 3.0e-07 |" in exceptions
    assert "agreeing" not in exceptions


def test_the_stimuli_move_the_state(card_device):
    """Loops open and trains cross the range, so that the comparison means something."""
    assert np.ptp(mc.iv_loop(card_device)["state"].to_numpy()) > 0.5
    train = pulse_train(card_device, pulses=100, initial_state=0.02)
    assert np.ptp(train["state"].to_numpy()) > 0.9


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
