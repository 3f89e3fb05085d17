"""Linear ion drift against its closed forms in charge and flux."""

import numpy as np
import pytest

import memcircuit as mc

# Card strukov2008_tio2: R_ON and R_OFF, ohm; ds/dq of the bare drift, 1/C.
ON, OFF = 100.0, 16e3
PER_CHARGE = 1e-14 * ON / (10e-9) ** 2
START, VOLTS, HERTZ = 0.1, 1.0, 0.5
WINDOWS = {"none": 0, "strukov": 1, "joglekar": 2}


def _flux_at(times):
    """Return the flux of the sine, V s."""
    return VOLTS * (1 - np.cos(2 * np.pi * HERTZ * times)) / (2 * np.pi * HERTZ)


def _logarithms(s):
    """Return the integral of R(s)/(s (1 - s)) ds, ohm."""
    return OFF * np.log(s) - ON * np.log1p(-s)


def _flux_of(window, s):
    """Return the flux, V s, that brings the state from its start to ``s``: ds R(s)/(K f(s))."""
    if window == "none":
        bare = OFF * s - (OFF - ON) * s**2 / 2
        start = OFF * START - (OFF - ON) * START**2 / 2
        return (bare - start) / PER_CHARGE
    strength = {"strukov": 1.0, "joglekar": 4.0}[window]  # f = strength s (1 - s), p = 1
    return (_logarithms(s) - _logarithms(START)) / (strength * PER_CHARGE)


def _device(window):
    return mc.device("strukov2008_tio2", window=WINDOWS[window], p=1)


@pytest.mark.parametrize("window", WINDOWS)
def test_numpy_form_follows_the_closed_form(window):
    times = np.linspace(0.0, 4.0, 401)
    state = (
        _device(window)
        .numpy()
        .integrate(lambda t: VOLTS * np.sin(2 * np.pi * HERTZ * t), times, START)
    )
    assert np.ptp(state) > 0.02
    np.testing.assert_allclose(_flux_of(window, state), _flux_at(times), atol=1e-7)


@pytest.mark.parametrize("form", ["osdi", "behavioural"])
@pytest.mark.parametrize("window", WINDOWS)
def test_ngspice_follows_the_closed_form(window, form):
    loop = mc.iv_loop(_device(window), initial_state=START, form=form)
    found = _flux_of(window, loop["state"].to_numpy())
    np.testing.assert_allclose(found, _flux_at(loop["time"].to_numpy()), atol=2e-5)


@pytest.mark.parametrize("form", ["osdi", "behavioural"])
def test_joglekar_state_is_logistic_in_the_charge(form):
    """ds/dq = 4 K s (1 - s), whatever the voltage did to bring the charge."""
    loop = mc.iv_loop(_device("joglekar"), initial_state=START, form=form)
    time, current = loop["time"].to_numpy(), loop["current"].to_numpy()
    steps = (current[1:] + current[:-1]) / 2 * np.diff(time)
    charge = np.concatenate([[0.0], np.cumsum(steps)])
    logistic = 1 / (1 + (1 / START - 1) * np.exp(-4 * PER_CHARGE * charge))
    assert np.ptp(logistic) > 0.3
    np.testing.assert_allclose(loop["state"], logistic, atol=2e-5)
