"""States of many devices at once, against closed forms and against scipy at tight tolerance."""

from itertools import pairwise

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import solve_ivp

import memcircuit as mc
from memcircuit.devices import numpy_model
from memcircuit.devices.definition import Model, Parameter, S, V
from memcircuit.devices.derivatives import functions
from memcircuit.devices.evolution import evolve, evolve_pulses
from memcircuit.devices.numpy_model import NumpyModel
from memcircuit.errors import ConvergenceError, UsageError

_SPEED = Parameter("speed", 1.0, "1/s", "speed", varies=True)
K = _SPEED.symbol


def model_of(rate, **values):
    """A model with the given rate, of V, S and K."""
    definition = Model(
        name="under_test", title="of the test", equations=(), source="none", parameters=(_SPEED,),
        current=V * (1 + S), rate=rate,
    )  # fmt: skip
    return NumpyModel(definition, {"speed": 1.0, **values})


def scipy_states(model, times, volts, start):
    """State at ``times``, piece by piece so that no corner lies inside a step."""
    states = [start]
    for (t0, t1), (v0, v1) in zip(pairwise(times), pairwise(volts), strict=True):
        solution = solve_ivp(
            lambda x, y: [(t1 - t0) * float(model.rate(v0 + (v1 - v0) * x, y[0]))],  # noqa: B023
            (0, 1), states[-1:], method="LSODA", rtol=1e-11, atol=1e-13, max_step=0.2,
        )  # fmt: skip
        assert solution.success
        states.append(float(np.clip(solution.y[0, -1], 0, 1)))
    return np.array(states)


DRIVES = {"lin2022_hfo2": (1.8, 4.0, 2.5e-4), "kvatinsky2015_vteam": (0.3, 3.0, 20e-9)}
WAVES = {
    "sine": (np.linspace(0, 1, 25), np.sin(2 * np.pi * np.linspace(0, 1, 25))),
    "triangle": (np.array([0, 0.25, 0.75, 1.0]), np.array([0, 1, -1, 0.0])),
    "pulses": (
        np.array([0, 0.01, 0.1, 0.11, 0.2, 0.21, 0.3, 0.31, 0.5, 0.51, 0.6, 0.61]),
        np.array([0, 1, 1, 0, 0, 1, 1, 0, 0, -1, -1, 0.0]),
    ),
}


@pytest.mark.parametrize("wave", WAVES)
@pytest.mark.parametrize("overdriven", [False, True])
def test_cards_against_scipy(card_device, wave, overdriven):
    """From both ends, driven as usual and far beyond."""
    amplitude = DRIVES[card_device.name][overdriven]
    times = WAVES[wave][0] * DRIVES[card_device.name][2]
    volts = WAVES[wave][1] * amplitude
    model, starts = card_device.numpy(), np.array([0.0, 1.0])
    found = evolve(model, times, volts, starts)
    exact = np.stack([scipy_states(model, times, volts, s) for s in starts])
    np.testing.assert_allclose(found, exact, atol=2e-6)
    tight = evolve(
        model, times, volts, starts, relative_tolerance=1e-10, absolute_tolerance=1e-13
    )  # fmt: skip
    np.testing.assert_allclose(tight, exact, atol=1e-8)


def test_agrees_with_the_reference_integrator(card_device):
    amplitude, _, period = DRIVES[card_device.name]
    times = np.linspace(0, period, 31)
    volts = amplitude * np.sin(2 * np.pi * times / period)
    model = card_device.numpy()
    exact = model.integrate(lambda t: np.interp(t, times, volts), times, 0.3, corners=times)
    np.testing.assert_allclose(evolve(model, times, volts, 0.3)[0], exact, atol=1e-6)


def test_reset_over_ramps_against_the_closed_form():
    # p_reset = 1: s falls as exp(-integral of k sinh(v/v0)), over a ramp k T v0/V (cosh(V/v0)-1)
    device = mc.device("lin2022_hfo2")
    rise, width, v, v0 = 2e-6, 1e-6, 1.8, 0.12
    ramps = 2 * rise * v0 / v * (np.cosh(v / v0) - 1)
    exponent = 0.0360 * (ramps + width * np.sinh(v / v0))
    found = evolve_pulses(device.numpy(), -v, np.full(5, width), 0.9, rise=rise, fall=rise)
    np.testing.assert_allclose(found[0], 0.9 * np.exp(-exponent * np.arange(1, 6)), rtol=2e-6)


def test_a_rate_without_window_stops_at_the_ends_and_comes_back():
    # ds/dt = k v: the state is an integrator that saturates, also within a piece that turns
    model = model_of(K * V)
    for speed in (1.0, 1e3, 1e12):
        times = np.array([0, 1, 1.5, 3.5, 4.5, 5.5])
        volts = np.array([1.0, 1, 1, -1, -1, 1]) / speed
        found = evolve(model, times, volts, [0.0, 0.5, 1.0], m_speed=speed)
        # down the ramp v = 1 - (t - 1.5): up 0.5 more, down 0.5; then -1; up and down again
        exact = [[0, 1, 1, 0.5, 0, 0.25], [0.5, 1, 1, 0.5, 0, 0.25], [1, 1, 1, 0.5, 0, 0.25]]
        np.testing.assert_allclose(found, exact, atol=2e-6)


def test_an_end_does_not_hold_a_device_that_is_driven_back(card_device):
    _, overdriven, period = DRIVES[card_device.name]
    times = period * np.array([0, 0.01, 1, 1.01, 1.02, 2])
    volts = overdriven * np.array([0, 1, 1, 0, -1, -1])
    towards = 1 if card_device.numpy().rate(overdriven, 0.5) > 0 else 0
    for end, sign in ((towards, 1), (1 - towards, -1)):
        states = evolve(card_device.numpy(), times, sign * volts, float(end))[0]
        np.testing.assert_array_equal(states[:4], end)
        assert abs(states[-1] - end) > 0.4


def test_growth_from_almost_nothing_is_not_damped():
    # the logistic equation, from a state far below the absolute tolerance
    model, start, times = model_of(K * V * S * (1 - S)), 1e-12, np.arange(0, 50, 10.0)
    exact = start * np.exp(times) / (1 - start + start * np.exp(times))
    np.testing.assert_allclose(evolve(model, times, np.ones(5), start)[0], exact, rtol=0.01)
    tight = evolve(model, times, np.ones(5), start, absolute_tolerance=1e-20)[0]
    np.testing.assert_allclose(tight, exact, rtol=1e-4)


def test_a_device_that_forgets_does_so_in_the_gaps():
    # charged at 1 V towards 1, relaxing with the time constant 1 s
    model = model_of(K * (sp.Max(V, 0) * (1 - S) - S))
    found = evolve_pulses(model, 1.0, 1.0, [0.0], rise=0.0, fall=0.0, gap=[0.5, 2.0])
    first = 0.5 * (1 - np.exp(-2)) * np.exp(-0.5)
    second = (0.5 + (first - 0.5) * np.exp(-2)) * np.exp(-2)
    np.testing.assert_allclose(found[0], [first, second], rtol=1e-6)


def test_kinks_and_jumps_of_the_rate_are_passed():
    # a threshold with a corner, and one with a jump, both at 0.5 V on a ramp to 1 V
    corner = evolve(model_of(sp.Max(V - 0.5, 0)), [0, 1], [0, 1.0], 0.0)[0, -1]
    assert corner == pytest.approx(0.125, abs=2e-6)
    jump = evolve(model_of(sp.Piecewise((K, V > 0.5), (0, True))), [0, 1], [0, 1.0], 0.1)[0, -1]
    assert jump == pytest.approx(0.6, abs=2e-6)


@pytest.mark.parametrize("speed", [1e-30, 1e-9, 1.0, 1e12])
def test_rates_of_every_magnitude(speed):
    model = model_of(-K * sp.Abs(V) * S)
    found = evolve(model, [0, 1.0, 2.0], [1.0, 1.0, 1.0], 0.7, m_speed=speed)[0]
    np.testing.assert_allclose(found, 0.7 * np.exp(-speed * np.array([0, 1.0, 2])), rtol=2e-6,
                               atol=1e-9)  # fmt: skip


def test_each_device_goes_its_own_way(rng):
    """Own voltages, states, multipliers and parameter values: as if it were alone."""
    device = mc.device("lin2022_hfo2")
    times = np.array([0, 1e-6, 3e-6, 4e-6, 6e-6])
    volts = rng.uniform(-2.2, 2.2, (20, 5))
    start, speed = rng.random(20), rng.uniform(0.5, 2, 20)
    window = rng.uniform(1, 4, 20)
    model = NumpyModel(device.model, {**device.parameters, "p_set": window})
    together = evolve(model, times, volts, start, m_k_set=speed)
    for k in range(20):
        one = device.with_parameters(p_set=float(window[k])).numpy()
        alone = evolve(one, times, volts[k], start[k], m_k_set=speed[k])
        np.testing.assert_allclose(together[k], alone[0], rtol=1e-12, atol=1e-15)


def test_multipliers_of_every_pulse(rng):
    """A train is the waveform of its pulses; a multiplier of a pulse holds during that pulse."""
    device = mc.device("lin2022_hfo2")
    model, start = device.numpy(), np.array([0.1, 0.5])
    spread = rng.uniform(0.5, 2, (2, 3))
    height, width = np.array([1.8, -1.7, 2.0]), np.array([1e-6, 2e-6, 5e-7])
    found = evolve_pulses(model, height, width, start, m_k_set=spread, m_k_reset=1 / spread,
                          m_g_max=[1.0, 2.0])  # fmt: skip
    state = start
    for k in range(3):
        times = np.cumsum([0, 10e-9, width[k], 10e-9])
        wave = height[k] * np.array([0, 1, 1, 0])
        state = evolve(model, times, wave, state, m_k_set=spread[:, k],
                       m_k_reset=1 / spread[:, k])[:, -1]  # fmt: skip
        np.testing.assert_allclose(found[:, k], state, rtol=1e-12)


def test_pulses_of_a_spread_population_against_scipy(rng):
    """As in the benchmark: cycle-to-cycle noise of every pulse, within 1e-4 of scipy."""
    device = mc.device("lin2022_hfo2")
    spread = device.draw_variation(rng, 4, 60)
    found = evolve_pulses(device.numpy(), 1.8, 1e-6, np.zeros(4), **spread)
    times, volts = np.array([0, 10e-9, 1.01e-6, 1.02e-6]), np.array([0, 1.8, 1.8, 0])
    for k in range(2):
        state = 0.0
        for pulse in range(60):
            own = {name: x[k, pulse] for name, x in spread.items()}
            one = device.with_parameters(
                **{n[2:]: device.parameters[n[2:]] * float(x) for n, x in own.items()}
            )
            state = scipy_states(one.numpy(), times, volts, state)[-1]
            assert found[k, pulse] == pytest.approx(state, abs=1e-5)


def test_a_flat_stretch_at_zero_rate_costs_next_to_nothing(card_device, monkeypatch):
    """A hundred thousand devices at rest for a year: no steps are taken."""
    evaluated = []

    def counted(*asked):
        function = functions(*asked)

        def values(*arguments):
            evaluated.append(np.broadcast(*arguments).size)
            return function(*arguments)

        return values

    monkeypatch.setattr(numpy_model, "functions", counted)
    start = np.linspace(0, 1, 100_000)
    states = evolve(card_device.numpy(), [0, 1e-9, 3e7], [0.0, 0.0, 0.0], start)
    # twice for each device in each stretch, to see that it rests; a step would be a third
    assert 0 < sum(evaluated) < 2 * 3 * start.size
    np.testing.assert_array_equal(states, np.broadcast_to(start[:, np.newaxis], (100_000, 3)))


def test_a_rate_that_jumps_against_itself_is_refused():
    model = model_of(sp.Piecewise((K, S < 0.5), (-K, True)))
    with pytest.raises(ConvergenceError, match=r"stays at 0\.5"):
        evolve(model, [0, 1.0], [1.0, 1.0], 0.2, m_speed=1e9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"times": [0.0, 0.0]}, "rising"),
        ({"times": [0.0, np.nan]}, "times must be finite"),
        ({"voltages": [0.0, 1.0, 2.0]}, "voltages"),
        ({"voltages": "high"}, "no array of numbers"),
        ({"initial_state": 1.5}, "outside 0 ... 1"),
        ({"initial_state": [0.1, 0.2], "m_k_set": [1.0, 1.0, 1.0]}, "different numbers of"),
        ({"m_speed": 1.0}, "no multiplier 'm_speed'"),
        ({"relative_tolerance": 0.0}, "relative_tolerance"),
    ],
)
def test_bad_input_is_refused(change, message):
    good = {"times": [0.0, 1e-6], "voltages": [1.0, 1.0], "initial_state": 0.1}
    with pytest.raises(UsageError, match=message):
        evolve(mc.device("lin2022_hfo2").numpy(), **{**good, **change})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": -1e-6}, "width = -1e-06 s is negative"),
        ({"amplitude": [1.0, 2.0], "width": [1e-6] * 3}, "given are"),
        ({"m_k_set": np.ones((2, 4)), "amplitude": [1.0, 2.0]}, "given are"),
        ({"gap": np.inf}, "gap must be finite"),
    ],
)
def test_bad_pulses_are_refused(change, message):
    good = {"amplitude": 1.8, "width": 1e-6, "initial_state": 0.1}
    with pytest.raises(UsageError, match=message):
        evolve_pulses(mc.device("lin2022_hfo2").numpy(), **{**good, **change})
