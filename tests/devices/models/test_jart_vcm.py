"""The valence change cell: its parts add up, one current per voltage, heat as published."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq

import memcircuit as mc
from memcircuit.errors import ParameterError

E, H, K = 1.602176634e-19, 6.62607015e-34, 1.380649e-23
M, EPS = 9.1093837015e-31, 8.8541878128e-12


@pytest.fixture(scope="module")
def device():
    return mc.device("bengel2020_jart")


def _parts(current, n):
    """Return voltages over disc, plug and the rest, V: the parameter set of the authors."""
    area = math.pi * (45e-9) ** 2
    disc = 0.4e-9 / (n * 2 * E * 4e-6 * area)
    plug = 2.6e-9 / (2e27 * 2 * E * 4e-6 * area)
    line = 719.2437 * (1 + 719.2437 * 3.92e-3 * current**2 * 90471.47)
    return current * disc, current * plug, current * (650 + line)


def _field_emission(u, n, kelvin):
    """Return the current at u < 0, A, in joules throughout as Bengel et al. write it."""
    area, kt = math.pi * (45e-9) ** 2, K * kelvin
    mass = 6.01e5 * H**3 / (4 * math.pi * E * K**2)
    w_00 = E * H / (4 * math.pi) * math.sqrt(2 * n / (mass * 17 * EPS))
    w_0 = w_00 / math.tanh(w_00 / kt)
    slope = w_00 / (w_00 / kt - math.tanh(w_00 / kt))
    lower = (E**3 * 2 * n * (0.08 - u) / (8 * math.pi**2 * (5.5 * EPS) ** 3)) ** 0.25
    phi = max(0.18 - lower, 0)
    root = math.sqrt(math.pi * w_00 * E * (abs(u) + phi / math.cosh(w_00 / kt) ** 2))
    grown = math.exp(E * abs(u) / slope) - 1
    return -area * 6.01e5 * kelvin / K * root * math.exp(-E * phi / w_0) * grown


@pytest.mark.parametrize("state", [0.0, 0.3, 0.6, 1.0])
@pytest.mark.parametrize("voltage", [-0.2, -0.5, -0.8])
def test_parts_add_up_in_set(device, state, voltage):
    n = 8e23 * 2500**state

    def missing(i):
        disc, plug, rest = _parts(i, n)
        u = voltage - disc - plug - rest
        kelvin = 293 + 15.72e6 * i * (u + disc + plug)
        return _field_emission(min(u, -1e-15), n, kelvin) - i

    found = float(device.numpy().current(voltage, state))
    expected = brentq(missing, voltage / 1300, 0.0, xtol=1e-18)
    # what keeps the temperature below t_limit and the root regular stays below this
    np.testing.assert_allclose(found, expected, rtol=5e-3)


def test_one_current_per_voltage(device):
    volts = np.concatenate([np.linspace(-2.5, -0.02, 60), np.linspace(0.02, 2.5, 60)])
    states = np.linspace(0, 1, 21)
    current, slope = device.numpy().port(volts[:, np.newaxis], states)
    assert np.all(slope > 0)
    assert np.all(np.sign(current) == np.sign(volts)[:, np.newaxis])
    assert np.all(np.diff(np.abs(current), axis=1) > 0)


def test_set_needs_heat(device):
    """A filament that cannot heat sets slower by decades at the same field."""
    cold = mc.device("bengel2020_jart", r_th=1e3)
    ratio = device.numpy().rate(-0.8, 0.4) / cold.numpy().rate(-0.8, 0.4)
    assert ratio > 1e6


def test_directions(device):
    model, states = device.numpy(), np.linspace(0.05, 0.95, 10)
    assert np.all(model.rate(-0.8, states) > 0)
    assert np.all(model.rate(0.8, states) < 0)
    np.testing.assert_array_equal(model.rate([0.8, -0.8], [0.0, 1.0]), 0.0)


def test_sets_that_cannot_be():
    with pytest.raises(ParameterError, match="must be n_min < n_max"):
        mc.device("bengel2020_jart", n_min=3e27)
    with pytest.raises(ParameterError, match="must be l_disc < l_cell"):
        mc.device("bengel2020_jart", l_disc=4e-9)
