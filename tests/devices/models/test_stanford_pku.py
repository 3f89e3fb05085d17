"""Stanford-PKU model against the authors' equations, and against heat that takes time."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.constants import e, k
from scipy.integrate import solve_ivp

import memcircuit as mc
from memcircuit.errors import ParameterError

THERMAL_TIME = 2.3e-10  # s, Tau_th of the authors' file
CAPACITY = 3.1825e-16  # J/K, Cth of the authors' file


@pytest.fixture
def device():
    return mc.device("chen2015_hfox")


def _current(v, gap):
    return 6.14e-5 * math.exp(-gap / 2.7505e-10) * math.sinh(v / 0.43)


def _speed(v, gap, temperature):
    """Return dgap/dt, m/s, as the authors' file has it."""
    field = (16.5 - 1.25 * (gap / 1e-9) ** 3) * 0.25e-9 / 5e-9 * e * v
    heat = k * temperature
    return -150 * (
        math.exp((field - 1.501 * e) / heat) - math.exp((-field - 1.5 * e) / heat)
    )  # fmt: skip


@pytest.mark.parametrize("v", [-1.3, -0.7, 0.0, 0.2, 1.0, 1.5])
@pytest.mark.parametrize("s", [0.1, 0.4, 0.8])
def test_current_and_rate_are_the_authors(device, v, s):
    gap = 1.7e-9 - 1.6e-9 * s
    current = _current(v, gap)
    temperature = 298 + THERMAL_TIME / CAPACITY * v * current
    assert device.numpy().current(v, s) == pytest.approx(current, rel=1e-12)
    # r_th is rounded to four digits in the card
    expected = -_speed(v, gap, temperature) / 1.6e-9
    assert device.numpy().rate(v, s) == pytest.approx(expected, rel=3e-3)


def test_heat_that_takes_time_changes_little(device):
    """10 ns pulses with dT/dt = |v i|/Cth - (T - T0)/Tau_th instead of the settled temperature."""
    corners = np.array([0.0, 1e-9, 11e-9, 12e-9])
    found = {}
    for amplitude, start in [(-1.1, 1.0), (-1.2, 1.0), (1.2, 0.8), (-1.4, 1.0)]:

        def voltage(t, amplitude=amplitude):
            return float(np.interp(t, corners, [0.0, amplitude, amplitude, 0.0]))

        def motion(t, y, voltage=voltage):
            v, gap = voltage(t), 1.7e-9 - 1.6e-9 * min(max(y[0], 0.0), 1.0)
            heating = v * _current(v, gap) / CAPACITY
            # at these voltages the gap only opens, or is away from its end: no edge factor
            speed = _speed(v, gap, y[1])
            return [-speed / 1.6e-9, heating - (y[1] - 298) / THERMAL_TIME]

        y = np.array([start, 298.0])
        for begin, end in pairwise(corners):
            y = solve_ivp(motion, (begin, end), y, method="LSODA", rtol=1e-9, atol=1e-12).y[:, -1]
        settled = device.numpy().integrate(voltage, corners, start, corners=corners)[-1]
        found[amplitude] = abs(settled - y[0])
    assert max(found[v] for v in (-1.1, -1.2, 1.2)) < 1e-3
    assert found[-1.4] < 1e-2  # the first part of the RESET is as quick as the heat


def test_retention_follows_arrhenius(device):
    """At zero bias the state falls, with the activation energy of recombination."""
    rates = [device.with_parameters(temperature=t).numpy().rate(0.0, 0.5) for t in (400.0, 410.0)]
    assert rates[1] < rates[0] < 0
    slope = math.log(rates[1] / rates[0]) / (1 / 400 - 1 / 410) * k / e
    # difference of two nearly equal exponentials: 1.5 eV less about kT
    assert slope == pytest.approx(1.5, abs=0.05)


def test_no_speed_above_the_prefactor(device):
    v, s = np.meshgrid(np.linspace(-20, 20, 81), np.linspace(0, 1, 41))
    assert np.abs(device.numpy().rate(v, s)).max() <= 150 / 1.6e-9 * (1 + 1e-12)


def test_field_that_changes_sign_with_the_gap_is_refused(device):
    with pytest.raises(ParameterError, match="beta"):
        device.with_parameters(beta=4.0)
