"""Pulse widths that make a response straight: how much straighter, by what, and when not at all."""

import itertools

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.errors import UsageError
from memcircuit.experiments.linearise import linearise
from memcircuit.experiments.response_shape import (
    asymmetry,
    exponential_factor,
    knots,
    nonlinearity,
)


@pytest.fixture(scope="module")
def cell():
    return mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))


@pytest.fixture(scope="module")
def result(cell):
    return linearise(cell, passes=2)


def curve(factor, pulses=50):
    share = np.linspace(0, 1, pulses + 1)
    return 1e-6 + 3e-4 * np.expm1(-factor * share) / np.expm1(-factor)


def test_the_response_becomes_straight_in_both_directions(result):
    """Eight segments: from 23 % (SET) and 33 % (RESET) to below 1 %, at least fifty times less."""
    before, after, again = result["nonlinearity"].to_numpy()
    assert np.all(before > [0.2, 0.3])
    assert np.all(before / after > 50)
    assert np.all(after < 0.007)
    assert np.all(again < 0.6 * after)
    assert result["asymmetry"][0] > 0.5
    assert result["asymmetry"][1] < 0.01
    assert np.all(np.abs(result["exponential_factor"][1]) < 0.05)


def test_the_train_leads_over_the_same_range_in_the_same_time(result):
    ends = result["weight"].isel(pulse=[0, -1]).to_numpy()
    np.testing.assert_allclose(ends[1:], np.broadcast_to(ends[:1], ends[1:].shape), rtol=2e-4)
    total = result["width"].sum("pulse").to_numpy()
    np.testing.assert_allclose(total, 50e-6, rtol=1e-9)
    np.testing.assert_array_equal(result["width"][:, :, 0], 0)
    np.testing.assert_allclose(result["width"][0, :, 1:], 1e-6)


def test_widths_are_inversely_proportional_to_the_slopes(result):
    """Of pulses that lie wholly within a segment; in both directions one constant for all."""
    for k in range(2):
        first = result.isel(correction=0, direction=k)
        widths = result["width"].isel(correction=1, direction=k).to_numpy()[1:]
        weight = first["weight"].to_numpy()
        line = np.linspace(weight[0], weight[-1], 51)
        at = first["knot_weight"].to_numpy()
        rise = np.sign(line[-1] - line[0])
        constant = (line[-1] - line[0]) / 50 * 1e-6
        for segment, slope in enumerate(first["slope"].to_numpy()):
            within = (rise * line[:-1] >= rise * at[segment]) & (
                rise * line[1:] <= rise * at[segment + 1]
            )
            np.testing.assert_allclose(widths[within] * slope, constant, rtol=1e-6)
            assert float(first["segment_width"][segment]) * slope == pytest.approx(constant)


def test_what_is_left_is_how_far_the_segments_are_from_the_response(result):
    """The new response runs through each segment as the old one did, knot to knot."""
    for k in range(2):
        first = result.isel(correction=0, direction=k)
        chords = np.interp(first["pulse"], first["knot_pulse"], first["knot_weight"])
        weight = first["weight"].to_numpy()
        off = np.abs(weight - chords).max() / np.ptp(weight)
        left = float(result["nonlinearity"][1, k])
        assert left == pytest.approx(off, abs=1.5e-3)


def test_more_segments_leave_less(cell):
    """A chord is off by the square of its length: twice as many, about a quarter."""
    left = np.array([linearise(cell, segments=n)["nonlinearity"][1] for n in (1, 2, 4, 8)])
    assert np.all(left[1:] < 0.4 * left[:-1])
    # one segment: identical pulses
    np.testing.assert_allclose(left[0], linearise(cell, segments=1)["nonlinearity"][0], rtol=1e-3)


def test_a_straight_response_is_left_alone():
    """Windows that close at the very ends: dG/dt depends on the voltage alone."""
    device = mc.device("lin2022_hfo2", p_set=500.0, p_reset=500.0, k_reset=0.0204)
    result = linearise(device, pulses=15, segments=4, initial_state=0.3)
    assert result["nonlinearity"].max() < 1e-3
    np.testing.assert_allclose(result["width"][1, :, 1:], 1e-6, rtol=1e-3)


def test_cells_whose_weight_is_a_difference():
    pair = mc.cells.TwoMemristors(mc.device("lin2022_hfo2"))
    result = linearise(pair, initial_state=np.array([[0.05, 0.6]]), pulses=30)
    assert result["weight"].attrs["units"] == "S"
    before, after = result["nonlinearity"].to_numpy()
    assert np.all(after < 0.1 * before)
    assert np.all(result["weight"][:, 0, 0] < 0)


@pytest.mark.parametrize("factor", [-4.0, -0.5, 0.7, 2.5, 8.0])
def test_factor_of_an_exponential_response(factor):
    """Also of a falling one; it is furthest from the line where it is parallel to it."""
    assert exponential_factor(curve(factor)) == pytest.approx(factor, rel=1e-4)
    assert exponential_factor(4e-4 - curve(factor)) == pytest.approx(factor, rel=1e-4)
    share = np.log(-factor / np.expm1(-factor)) / factor
    distance = abs(np.expm1(-factor * share) / np.expm1(-factor) - share)
    assert nonlinearity(curve(factor, 5000)) == pytest.approx(distance, rel=1e-4)


def test_asymmetry_is_zero_on_the_way_back():
    rising = curve(3.0)
    assert asymmetry(rising, rising[::-1]) == pytest.approx(0, abs=1e-12)
    # two saturating curves: apart by what they are off the line in the middle, twice
    falling = rising[0] + rising[-1] - rising
    assert asymmetry(rising, falling) == pytest.approx(2 * (1 / (1 + np.exp(-1.5)) - 0.5))


def test_knots_are_the_best_of_all_choices():
    rng = np.random.default_rng(4)
    response = np.cumsum(rng.uniform(0.1, 1, 13))
    numbers = np.arange(13)

    def off(at):
        return np.abs(response - np.interp(numbers, at, response[list(at)])).max()

    for segments in (1, 2, 4):
        choices = [(0, *inner, 12) for inner in itertools.combinations(range(1, 12), segments - 1)]
        found = knots(response, segments)
        assert found.size == segments + 1
        assert off(found) == pytest.approx(min(map(off, choices)))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"segments": 0}, "segments = 0"),
        ({"segments": 51}, "segments = 51: from 1 to the number of pulses, 50"),
        ({"segments": 2.0}, "whole number"),
        ({"pulses": 1}, "pulses = 1: at least 2"),
        ({"passes": 0}, "passes = 0"),
        ({"set": mc.Pulse(-1.8, 1e-6)}, "expected opposite polarities"),
        ({"reset": 1.8}, "is not a pulse"),
        ({"initial_state": [0.1, 0.2]}, "for 2 cells, expected one"),
        ({"initial_state": -0.1}, "initial_state"),
        ({"variation": {"m_g_min": 1e6}}, "g_min"),
    ],
)
def test_refused_before_the_simulator_starts(cell, wrong, message, monkeypatch):
    monkeypatch.setenv("MEMCIRCUIT_NGSPICE", "nowhere")
    with pytest.raises(UsageError, match=message):
        linearise(cell, form="osdi", **wrong)


def test_a_response_that_goes_the_wrong_way_is_refused(cell):
    strong = {"set": mc.Pulse(-1.8, 1e-6), "reset": mc.Pulse(1.8, 1e-6)}
    with pytest.raises(UsageError, match="SET moves the weight from"):
        linearise(cell, initial_state=0.5, pulses=4, segments=2, **strong)
