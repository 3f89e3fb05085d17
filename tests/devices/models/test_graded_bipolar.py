"""The graded switch: linear in its state by default, cubic in the count of ZnO pulses."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.errors import ParameterError
from memcircuit.experiments.measures.three_state import pulsed_states

# G(n) of Zhang et al. 2021, S.
CUBIC = (1.23218e-4, 3.21443e-5, -1.19652e-6, 3.76505e-8)


@pytest.fixture(scope="module")
def zno():
    return mc.device("zhang2021_zno_pulses")


@pytest.mark.parametrize("form", ["osdi", "behavioural"])
def test_26_states_lie_on_the_polynomial(zno, form):
    stated = np.polynomial.polynomial.polyval(np.arange(1, 27), CUBIC)
    np.testing.assert_allclose(pulsed_states(zno, form), stated, rtol=0.01)


def test_conductance_is_the_polynomial_of_the_state(zno):
    pulses = np.linspace(0, 28, 57)
    stated = np.polynomial.polynomial.polyval(pulses, CUBIC)
    np.testing.assert_allclose(zno.conductance(pulses / 28, 1e-3), stated, rtol=1e-7)


def test_reads_leave_the_state(zno):
    """A thousand reads of the card move the state by less than a hundredth of a pulse."""
    rate = float(zno.numpy().rate(0.1, 0.5))
    assert 1000 * 0.05 * rate < 0.05 / 28


def test_without_shape_conductance_is_linear():
    device = mc.device("lin2022_hfo2")
    assert device.parameters["g_square"] == device.parameters["g_cube"] == 0
    states = np.linspace(0, 1, 11)
    stated = 1e-6 + (350e-6 - 1e-6) * states
    np.testing.assert_allclose(device.conductance(states, 1e-6), stated, rtol=1e-11)


def test_heat_speeds_both_directions_by_arrhenius():
    cold = mc.device("lin2022_hfo2", e_rate=0.5)
    hot = cold.with_parameters(temperature=400.0)
    expected = np.exp(0.5 / 8.617333262e-5 * (1 / 300 - 1 / 400))
    for volts in (1.5, -1.5):
        ratio = hot.numpy().rate(volts, 0.5) / cold.numpy().rate(volts, 0.5)
        assert float(ratio) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("shape", "named"),
    [({"g_square": 2.0}, "g_square"), ({"g_square": -2.0, "g_cube": 0.1}, "g_cube")],
)
def test_falling_conductance_is_refused(zno, shape, named):
    with pytest.raises(ParameterError, match=named):
        zno.with_parameters(**shape)
