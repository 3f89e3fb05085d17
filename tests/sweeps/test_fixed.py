"""Results of a fixed shape, against loops whose areas and energies are known."""

import numpy as np
import pytest

from memcircuit.experiments.measured import Batch, Measured
from memcircuit.sweeps.fixed import even_loops

FREQUENCY, CYCLES, PEAK, CONDUCTANCE = 1e3, 2, 1.5, 1e-3


def loops(share):
    """Return loops i = G v (1 + share cos(phase)) under a sine: one lobe on either side."""
    time = np.linspace(0, CYCLES / FREQUENCY, 20_001)
    phase = 2 * np.pi * FREQUENCY * time
    volts = PEAK * np.sin(phase)[np.newaxis]
    current = CONDUCTANCE * volts * (1 + np.array(share)[:, np.newaxis] * np.cos(phase))
    variables = {
        "voltage": Measured(("time",), np.broadcast_to(volts, current.shape), {"units": "V"}),
        "current": Measured(("time",), current, {"units": "A"}),
    }
    attributes = {"frequency": FREQUENCY, "cycles": CYCLES}
    return even_loops(Batch(variables, {"time": Measured(("time",), time, {})}, attributes))


def test_area_is_that_of_both_lobes():
    """Of a lobe G V^2 share times the integral of sin cos^2 over half a period, 2/3."""
    share = np.array([0.0, 0.1, -0.4])
    area = loops(share).variables["area"].values
    assert area == pytest.approx(4 / 3 * CONDUCTANCE * PEAK**2 * np.abs(share), rel=1e-4, abs=1e-12)


def test_energy_is_that_of_all_periods():
    """The cosine gives back in one quarter what it took in another."""
    energy = loops([0.0, 0.3]).variables["energy"].values
    assert energy == pytest.approx(CONDUCTANCE * PEAK**2 / 2 * CYCLES / FREQUENCY, rel=1e-6)


def test_phases_are_even_and_end_with_the_last_period():
    found = loops([0.2])
    phase = found.coordinates["phase"].values
    assert phase[[0, -1]] == pytest.approx([0, CYCLES])
    assert np.ptp(np.diff(phase)) < 1e-12
    wanted = PEAK * np.sin(2 * np.pi * phase)
    assert found.variables["voltage"].values[0] == pytest.approx(wanted, abs=1e-6)
