"""The three states of Zhang et al. 2021, their transitions, and the straight line of RESET."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.errors import ParameterError
from memcircuit.experiments.measures.programmed import conductances_after, sweep
from memcircuit.experiments.measures.three_state import resistances_after

FORMS = ["osdi", "behavioural"]
LRS, MRS, HRS = (71, 83), (119, 223), (970, 2564)


@pytest.fixture(scope="module")
def device():
    return mc.device("zhang2021_zno")


def within(resistance, limits):
    return limits[0] <= resistance <= limits[1]


@pytest.mark.parametrize("form", FORMS)
def test_the_four_scans(device, form):
    """Scans 1 to 4 of Fig. 1b in one go: HRS, MRS, LRS, MRS, HRS."""
    found = resistances_after(device, form, [0.8, 0.9, 1.1, 1.2, -0.6, -0.7, -1.5], 0.2)
    limits = [HRS, MRS, MRS, LRS, LRS, MRS, HRS]
    for resistance, limit in zip(found, limits, strict=True):
        assert within(resistance, limit), (found, limits)


@pytest.mark.parametrize("form", FORMS)
def test_resistance_follows_the_stated_line(device, form):
    stops = -np.arange(0.8, 1.51, 0.1)
    found = resistances_after(device, form, [-0.7, *stops.tolist()], 1.0)[1:]
    np.testing.assert_allclose(found, -745.17164 - 1743.63131 * stops, rtol=0.005)


def test_a_pulse_leaves_what_a_sweep_leaves(device):
    pulse = mc.Pulse(-1.1, 5e-3, rise=5e-5, fall=5e-5)
    ends = [
        conductances_after(device, "behavioural", [p], initial_state=0.5, max_step=1e-3)[0, 0]
        for p in (pulse, sweep(-1.1, 1.0))
    ]
    assert ends[0] == pytest.approx(ends[1], rel=2e-3)


def test_middle_state_is_flat(device):
    states = np.linspace(0.46, 0.54, 9)
    np.testing.assert_allclose(1 / device.conductance(states, 0.1), 171.0)
    assert np.all(np.diff(device.conductance(np.linspace(0, 1, 501), 0.1)) >= -1e-18)


def test_nothing_moves_between_the_thresholds(device):
    volts = np.linspace(-0.67, 0.84, 16)[:, np.newaxis]
    assert np.all(device.numpy().rate(volts, np.linspace(0, 1, 21)) == 0)


def test_spread_covers_the_stated_ranges(device, rng):
    """The stated ranges hold 95 % of drawn devices."""
    drawn = {name: values[:, 0] for name, values in device.draw_variation(rng, 10_000).items()}
    for state, limits in ((1.0, LRS), (0.5, MRS)):
        resistance = 1 / device.conductance(state, 0.1, **drawn)
        inside = np.mean((resistance > limits[0]) & (resistance < limits[1]))
        assert inside == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("changed", [{"r_on": 200.0}, {"v_set_on": 0.5}, {"v_fit": -0.7}])
def test_sets_that_cannot_work_are_refused(device, changed):
    with pytest.raises(ParameterError, match=next(iter(changed))):
        device.with_parameters(**changed)
