"""Every analysis runs on every card, in both forms, without a word from the simulator."""

import numpy as np
import pytest
from card_benches import FORMS, STARTS, columns, noteless, scaled_pulse, simulated, states_over_time

import memcircuit as mc
from memcircuit.simulate import ACSweep, DCSweep, OperatingPoint, Options

CARDS = mc.card_names()
#: Behavioural sources of these take seconds to minutes: implicit, and abrupt in SET.
HEAVY = ("bengel2020_jart", "pickett2009_tio2")

pytestmark = pytest.mark.parametrize("form", FORMS)


def pulsed(cards):
    """Cards, with those that take long marked slow."""
    return [pytest.param(x, marks=pytest.mark.slow) if x in HEAVY else x for x in cards]


def amplitudes(device):
    return [scaled_pulse(device, kind).amplitude for kind in ("set", "reset")]


@pytest.mark.parametrize("card", CARDS)
def test_operating_points_are_those_of_the_equations(card, form):
    device = mc.device(card)
    for volts in amplitudes(device):
        result, bench = simulated(device, form, OperatingPoint(), f"DC {volts!r}")
        assert noteless(result)
        expected = device.numpy().current(volts, STARTS)
        np.testing.assert_allclose(columns(result, bench.currents), expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("card", CARDS)
def test_no_current_without_voltage(card, form):
    """Pinched at zero, whatever the state; voltages may also die away below what a double holds."""
    device = mc.device(card)
    for volts in (0.0, 1e-310, -1e-310):
        result, bench = simulated(device, form, OperatingPoint(), f"DC {volts!r}")
        assert noteless(result)
        np.testing.assert_allclose(columns(result, bench.currents), 0.0, atol=1e-18)
        np.testing.assert_allclose(columns(result, bench.states), 0.0, atol=1e-12)


@pytest.mark.parametrize("card", CARDS)
def test_state_is_frozen_in_a_dc_sweep(card, form):
    """From the RESET to the SET amplitude: currents of the equations at the state given."""
    device = mc.device(card)
    low, high = sorted(amplitudes(device))
    sweep, bench = simulated(device, form, DCSweep("vdriver", low, high, (high - low) / 40), "0")
    assert noteless(sweep)
    volts = sweep[bench.voltage].to_numpy()[:, np.newaxis]
    expected = device.numpy().current(volts, STARTS)
    np.testing.assert_allclose(columns(sweep, bench.currents), expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("card", CARDS)
def test_small_signals_see_the_slope_at_the_frozen_state(card, form):
    device = mc.device(card)
    volts = scaled_pulse(device, "read").amplitude
    small, bench = simulated(device, form, ACSweep(2, 1e3, 1e6), f"DC {volts!r} AC 1")
    assert noteless(small)
    slope = device.numpy().jacobian(volts, STARTS)[0, 0]
    found = columns(small, bench.currents)
    np.testing.assert_allclose(found.real, np.broadcast_to(slope, found.shape), rtol=1e-6)
    assert np.all(np.abs(found.imag) <= 1e-9 * slope)


@pytest.mark.parametrize("card", pulsed(CARDS))
@pytest.mark.parametrize("gain", [1.0, 2.0], ids=["as stated", "overdriven"])
def test_state_stays_inside_under_pulses(card, form, gain):
    """SET, RESET, SET, RESET from both ends: no state leaves 0 ... 1 by more than 1e-6.

    An overshoot is the error of the step that lands on the end, as large as the tolerance: at the
    default of 1e-6 it reaches 3e-6 where the state arrives abruptly.
    """
    device = mc.device(card)
    pulses = [scaled_pulse(device, kind, gain) for kind in ("set", "reset")] * 2
    states, result = states_over_time(device, form, pulses, options=Options(reltol=1e-7))
    assert noteless(result)
    assert states.min() > -1e-6
    assert states.max() < 1 + 1e-6


@pytest.mark.parametrize("card", pulsed(CARDS))
def test_pulses_run_at_default_tolerances(card, form):
    device = mc.device(card)
    pulses = [scaled_pulse(device, kind) for kind in ("set", "reset")]
    states, result = states_over_time(device, form, pulses)
    assert noteless(result)
    assert states.min() > -5e-6
    assert states.max() < 1 + 5e-6
