"""What every published device must do, whatever its model."""

import numpy as np
import pytest
from card_benches import scaled_pulse, simulated, states_over_time

import memcircuit as mc
from memcircuit.devices.evolution import evolve
from memcircuit.errors import ParameterError
from memcircuit.experiments.circuits import loop_sine
from memcircuit.simulate import Transient

CARDS = mc.card_names()
WITH_STATE = [card for card in CARDS if not mc.device(card).model.stateless]
NON_VOLATILE = [card for card in WITH_STATE if not mc.device(card).model.volatile]
VOLATILE = [card for card in WITH_STATE if mc.device(card).model.volatile]
STATES = np.linspace(0, 1, 21)
DAYS = 1e6


@pytest.mark.parametrize("card", CARDS)
def test_pinched_at_zero(card):
    np.testing.assert_array_equal(mc.device(card).numpy().current(0.0, STATES), 0.0)


@pytest.mark.parametrize("card", CARDS)
def test_passive_at_every_state(card):
    """Current has the sign of the voltage: no device delivers power."""
    device = mc.device(card)
    for kind in ("set", "reset", "read"):
        volts = scaled_pulse(device, kind).amplitude
        assert np.all(device.numpy().current(volts, STATES) * volts >= 0)


@pytest.mark.parametrize("card", NON_VOLATILE)
def test_nothing_moves_without_voltage(card):
    states = evolve(mc.device(card).numpy(), [0.0, DAYS], [0.0, 0.0], STATES)
    np.testing.assert_allclose(states[:, -1], STATES, atol=1e-8)


@pytest.mark.parametrize("card", VOLATILE)
def test_volatile_devices_forget(card):
    states = evolve(mc.device(card).numpy(), [0.0, DAYS], [0.0, 0.0], STATES)
    assert np.all(states[:, -1] < 1e-6)


def lobes(device, frequency):
    """The area of both lobes of the second loop, as a share of amplitude times largest current."""
    volts, _ = loop_sine(device, None, None)
    step = 1 / (400 * frequency)
    analysis = Transient(stop=2 / frequency, step=step, max_step=step)
    start = np.array([device.initial_state])
    result, bench = simulated(device, "osdi", analysis, f"SIN(0 {volts!r} {frequency!r})", start)
    time, voltage, current = (
        result[name].to_numpy() for name in ("time", bench.voltage, bench.currents[0])
    )
    area = 0.5 * (current[1:] + current[:-1]) * np.diff(voltage)
    cycle = time[1:] * frequency
    halves = [area[(cycle > low) & (cycle <= low + 0.5)].sum() for low in (1.0, 1.5)]
    return np.abs(halves).sum() / (volts * np.abs(current).max())


@pytest.mark.parametrize("card", NON_VOLATILE)
def test_lobes_shrink_with_frequency(card):
    """They fall from their largest on, to less than a fifth, towards a resistor's.

    Where switching is abrupt, a loop first widens as its thresholds rise with the frequency, and
    takes up to seven decades to close. A volatile device has no such law: it is a resistor at low
    frequencies too, when it follows.
    """
    device = mc.device(card)
    _, frequency = loop_sine(device, None, None)
    areas = [lobes(device, frequency * 10.0**k) for k in range(3)]
    while areas[-1] > 0.2 * max(areas) and len(areas) < 9:
        areas.append(lobes(device, frequency * 10.0 ** len(areas)))
    falling = areas[int(np.argmax(areas)) :]
    assert np.all(np.diff(falling) < 0)
    assert areas[-1] < 0.2 * max(areas)


@pytest.mark.parametrize("card", WITH_STATE)
@pytest.mark.parametrize(("towards", "back"), [("set", "reset"), ("reset", "set")])
def test_no_end_locks_the_state(card, towards, back):
    """Driven into an end twice overdriven, 100 pulses of the card bring it away by a tenth."""
    device = mc.device(card)
    end = 1.0 if towards == "set" else 0.0
    into = [scaled_pulse(device, towards, 2.0)] * 3
    states, _ = states_over_time(
        device, "osdi", into + [scaled_pulse(device, back)] * 100, np.array([end])
    )
    assert abs(states[-1, 0] - end) > 0.1


#: Parameter sets that cannot work, by card, and what the message must name.
IMPOSSIBLE = [
    ("strukov2008_tio2", {"r_on": 1e5}, "r_on < r_off"),
    ("strukov2008_tio2", {"window": "hann"}, "choose 0 none, 1 strukov"),
    ("yang2008_tio2", {"window": 7}, "choose 0 none, 1 strukov"),
    ("kvatinsky2013_team", {"r_on": 2000.0}, "r_on < r_off"),
    ("kvatinsky2013_team", {"i_on": 1e-6}, "i_on = 1e-06 A is outside"),
    ("kvatinsky2015_vteam", {"v_on": 0.2}, "v_on = 0.2 V is outside"),
    ("kvatinsky2015_vteam", {"v_off": -0.1}, "v_off = -0.1 V is outside"),
    ("kvatinsky2015_pt_hf_ti", {"w_on": 1e-6}, "w_on < w_off"),
    ("lin2022_hfo2", {"g_min": 1e-3}, "g_min < g_max"),
    ("lin2022_hfo2", {"v_set": -0.1}, "v_set = -0.1 V is outside"),
    ("bengel2020_jart", {"n_min": 1e28}, "n_min < n_max"),
    ("bengel2020_jart", {"l_disc": 1e-8}, "l_disc < l_cell"),
    ("chen2015_hfox", {"gap_min": 1e-8}, "gap_min < gap_max"),
    ("chen2015_hfox", {"temperature": 5000.0}, "temperature"),
    ("chen2020_hfox_a", {"v_reset": -0.1}, "v_reset < v_onset"),
    ("chen2020_hfox_a", {"v_set": -1.0}, "v_set = -1 V is outside"),
    ("midya2017_ag_hfo2", {"g_off": 1.0}, "g_off < g_on"),
    ("midya2017_ag_hfo2", {"v_hold": 1.0}, "v_hold < v_on"),
    ("narayanan2015_miec", {"i_0": -1.0}, "i_0 = -1 A is outside"),
    ("pickett2009_tio2", {"w_on": 2e-9}, "w_on < w_off"),
    ("pickett2009_tio2", {"r_s": 0.0}, "r_s = 0 ohm is outside"),
    ("yakopcic2011_oblea", {"eta": 0.0}, "eta"),
    ("yakopcic2011_oblea", {"v_p": -0.1}, "v_p = -0.1 V is outside"),
    ("zhang2021_zno", {"r_on": 1e6}, "r_on < r_mid"),
    ("zhang2021_zno", {"v_set_mid": 2.0}, "v_set_mid < v_set_on"),
]


@pytest.mark.parametrize(("card", "changed", "reason"), IMPOSSIBLE)
def test_sets_that_cannot_work_are_refused(card, changed, reason):
    with pytest.raises(ParameterError) as caught:
        mc.device(card, **changed)
    message = str(caught.value)
    assert reason in message
    assert card in message


def test_every_model_refuses_something():
    refused = {mc.device(card).model.name for card, _, _ in IMPOSSIBLE}
    assert refused == {mc.device(card).model.name for card in CARDS}
