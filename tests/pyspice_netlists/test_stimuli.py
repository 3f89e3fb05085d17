"""Pulses, lists of pulses and sweeps become the waveforms they describe."""

import numpy as np
import pytest
from scipy.optimize import brentq

from pyspice_netlists import NetlistError, Pulse, Waveform, pulse_sequence
from pyspice_netlists.pulse_lists import (
    amplitude_staircase,
    bipolar,
    check_edges,
    identical,
    pulse_list,
    width_staircase,
)
from pyspice_netlists.sweeps import sine, triangle

PULSE = Pulse(1.0, 1e-6)


def test_sequence_lies_where_it_says():
    sequence = pulse_sequence([Pulse(1.8, 1e-6), Pulse(-0.5, 2e-6, 20e-9, 30e-9)], gap=0.2e-6)
    np.testing.assert_allclose(sequence.start, [0.2e-6, 1.42e-6], rtol=1e-12)
    np.testing.assert_allclose(sequence.stop - sequence.start, [1.02e-6, 2.05e-6], rtol=1e-12)
    np.testing.assert_allclose(sequence.plateau_stop - sequence.plateau_start, [1e-6, 2e-6])
    assert sequence.waveform.time[-1] == pytest.approx(3.67e-6, rel=1e-12)


def test_waveform_is_the_trapezoid(rng):
    pulses = [Pulse(1.8, 1e-6, 100e-9, 50e-9), Pulse(-1.0, 0.5e-6)]
    sequence = pulse_sequence(pulses, gap=0.3e-6)
    for pulse, start in zip(pulses, sequence.start, strict=True):
        x = rng.uniform(0, pulse.duration, 200)
        edges = np.minimum(x / pulse.rise, (pulse.duration - x) / pulse.fall)
        expected = pulse.amplitude * np.clip(edges, 0, 1)
        np.testing.assert_allclose(sequence.waveform.at(start + x), expected, atol=1e-9)
    # its area is that of the trapezoids, whatever corners lie on the edges
    area = np.trapezoid(sequence.waveform.voltage, sequence.waveform.time)
    expected_area = sum(p.amplitude * (p.width + (p.rise + p.fall) / 2) for p in pulses)
    assert area == pytest.approx(expected_area, rel=1e-12)


@pytest.mark.parametrize("bad", [{"amplitude": 0.0}, {"width": 0.0}, {"rise": -1e-9},
                                 {"fall": float("nan")}, {"amplitude": float("inf")},
                                 {"amplitude": "1"}, {"width": None}])  # fmt: skip
def test_impossible_pulses(bad):
    with pytest.raises(NetlistError, match=f"pulse {next(iter(bad))}"):
        Pulse(**{"amplitude": 1.0, "width": 1e-6, **bad})


def test_impossible_waveforms():
    with pytest.raises(NetlistError, match="does not after point 1"):
        Waveform(np.array([0.0, 1.0, 1.0]), np.zeros(3))
    with pytest.raises(NetlistError, match="same length"):
        Waveform(np.zeros(2), np.zeros(3))
    with pytest.raises(NetlistError, match="at least one pulse"):
        pulse_sequence([], 1e-6)
    with pytest.raises(NetlistError, match="gap"):
        pulse_sequence([Pulse(1.0, 1e-6)], 0.0)


def test_width_at_half_maximum_is_the_time_above_half():
    pulse = Pulse.at_half_maximum(-1.6, 100e-9, rise=80e-9, fall=60e-9)
    sequence = pulse_sequence([pulse], gap=50e-9)
    top = (sequence.plateau_start[0] + sequence.plateau_stop[0]) / 2
    ends = [
        brentq(lambda t: float(sequence.waveform.at(t)) + 0.8, top, end, xtol=1e-18)
        for end in (sequence.start[0], sequence.stop[0])
    ]
    assert ends[1] - ends[0] == pytest.approx(100e-9, rel=1e-9)
    assert pulse.width == pytest.approx(30e-9)


@pytest.mark.parametrize("width", [70e-9, 69e-9, 1e-9])
def test_pulses_shorter_than_their_edges_never_reach_their_amplitude(width):
    with pytest.raises(NetlistError, match=r"shorter than its edges, rise 8e-08 s and fall 6e-08"):
        Pulse.at_half_maximum(1.6, width, rise=80e-9, fall=60e-9)


def test_identical_pulses():
    assert identical(PULSE, 3) == (PULSE, PULSE, PULSE)


def test_amplitude_staircase_has_equal_steps_of_one_sign():
    """The 13 fine and 19 coarse RESET amplitudes of doi:10.3390/mi11040427, Fig. 2d."""
    first = Pulse(-0.60, 10e-3, 1e-4, 1e-4)
    fine = amplitude_staircase(first, -0.84, step=0.02)
    coarse = amplitude_staircase(Pulse(-0.88, 10e-3, 1e-4, 1e-4), -1.60, 19)
    assert [p.amplitude for p in fine] == [-0.6, -0.62, -0.64, -0.66, -0.68, -0.7, -0.72, -0.74,
                                           -0.76, -0.78, -0.8, -0.82, -0.84]  # fmt: skip
    np.testing.assert_allclose(np.diff([p.amplitude for p in coarse]), -0.04, rtol=1e-9)
    assert {(p.width, p.rise, p.fall) for p in fine + coarse} == {(10e-3, 1e-4, 1e-4)}
    assert fine == amplitude_staircase(first, -0.84, 13)
    assert amplitude_staircase(first, -0.84, step=-0.02) == fine


def test_width_staircases():
    linear = [p.width for p in width_staircase(PULSE, 9e-6, 5)]
    np.testing.assert_allclose(linear, [1e-6, 3e-6, 5e-6, 7e-6, 9e-6], rtol=1e-12)
    ratios = [p.width for p in width_staircase(PULSE, 16e-6, 5, spacing="geometric")]
    np.testing.assert_allclose(ratios, [1e-6, 2e-6, 4e-6, 8e-6, 16e-6], rtol=1e-12)
    falling = [p.width for p in width_staircase(PULSE, 0.5e-6, 3)]
    np.testing.assert_allclose(falling, [1e-6, 0.75e-6, 0.5e-6], rtol=1e-12)


def test_lists_of_any_amplitudes_and_widths(rng):
    amplitudes, widths = rng.uniform(0.5, 2, 20) * rng.choice([-1, 1], 20), rng.uniform(1, 9, 20)
    pulses = pulse_list(amplitudes, widths * 1e-6, rise=2e-8, fall=3e-8)
    np.testing.assert_array_equal([p.amplitude for p in pulses], amplitudes)
    np.testing.assert_array_equal([p.width for p in pulses], widths * 1e-6)
    assert {(p.rise, p.fall) for p in pulses} == {(2e-8, 3e-8)}
    assert pulse_list([1.0, -1.0], 1e-6) == (Pulse(1.0, 1e-6), Pulse(-1.0, 1e-6))
    assert pulse_list(1.0, [1e-6, 2e-6]) == (Pulse(1.0, 1e-6), Pulse(1.0, 2e-6))


def test_bipolar_takes_pulses_or_trains_in_turn():
    down = Pulse(-1.2, 2e-6)
    assert bipolar(PULSE, down, 2) == (PULSE, down, PULSE, down)
    assert bipolar([PULSE] * 2, down) == (PULSE, PULSE, down)
    assert bipolar(down, amplitude_staircase(PULSE, 2.0, 2)) == (down, PULSE, Pulse(2.0, 1e-6))


def test_triangle_has_one_slope_and_these_peaks(rng):
    stops = np.array([0.6, -0.8, -1.2, 1.5])
    sweep = triangle(stops, rate=20.0, cycles=3)
    np.testing.assert_allclose(np.abs(np.diff(sweep.voltage) / np.diff(sweep.time)), 20.0)
    np.testing.assert_array_equal(sweep.voltage[1::2], np.tile(stops, 3))
    # a distance instead of corners: each instant lies on the way from 0 V to a peak and back
    assert sweep.time[-1] == pytest.approx(3 * 2 * np.abs(stops).sum() / 20.0)
    instants = rng.uniform(0, sweep.time[-1], 500)
    travelled = np.mod(20.0 * instants, 2 * np.abs(stops).sum())
    ends = np.cumsum(2 * np.abs(stops))
    place = np.searchsorted(ends, travelled)
    offset = np.abs(travelled - (ends - np.abs(stops))[place])
    expected = np.sign(stops)[place] * (np.abs(stops)[place] - offset)
    np.testing.assert_allclose(sweep.at(instants), expected, atol=1e-12)


def test_one_peak_is_swept_both_ways_within_the_period():
    sweep = triangle(1.5, period=1e-3, cycles=2)
    quarter = 0.25e-3 * np.arange(9)
    expected = [0, 1.5, 0, -1.5, 0, 1.5, 0, -1.5, 0]
    np.testing.assert_allclose(sweep.at(quarter), expected, atol=1e-12)
    assert sweep.time[-1] == pytest.approx(2e-3)


def test_sine_lies_within_the_stated_distance(rng):
    wave = sine(-1.5, 2e3, cycles=3, points_per_cycle=100)
    instants = rng.uniform(0, 1.5e-3, 1000)
    off = np.abs(wave.at(instants) + 1.5 * np.sin(2 * np.pi * 2e3 * instants))
    assert 0 < off.max() <= 1.5 * np.pi**2 / (2 * 100**2) * (1 + 1e-9)
    assert (wave.time[-1], wave.voltage[-1]) == (pytest.approx(1.5e-3), 0.0)


@pytest.mark.parametrize(
    ("made", "named"),
    [
        (lambda: identical(PULSE, 0), "count = 0"),
        (lambda: identical(PULSE, 2.0), "count = 2.0"),
        (lambda: identical(1.0, 2), "pulse = 1.0 is not a pulse"),
        (lambda: amplitude_staircase(PULSE, 2.0), "count = None, step = None"),
        (lambda: amplitude_staircase(PULSE, 2.0, 3, step=0.5), "count = 3, step = 0.5"),
        (lambda: amplitude_staircase(PULSE, 2.0, step=0.3), "step = 0.3 V does not lead"),
        (lambda: amplitude_staircase(PULSE, 1.0, step=0.1), "step = 0.1 V does not lead"),
        (lambda: amplitude_staircase(PULSE, 2.0, step=0.0), "step = 0.0 V"),
        (lambda: amplitude_staircase(PULSE, 2.0, step="1"), "step = '1' V"),
        (lambda: amplitude_staircase(PULSE, -1.0, 3), "stop = -1.0 V: of the sign"),
        (lambda: amplitude_staircase(PULSE, float("inf"), 3), "stop = inf"),
        (lambda: width_staircase(PULSE, 0.0, 3), "stop = 0.0 s"),
        (lambda: width_staircase(PULSE, 2e-6, 1), "count = 1"),
        (lambda: width_staircase(PULSE, 2e-6, 3, spacing="log"), "spacing = 'log'"),
        (lambda: width_staircase(PULSE, 5e-9, 3), "pulse 2: width 5e-09 s .* its rise, 1e-08 s"),
        (lambda: pulse_list([1.0, 2.0], [1e-6] * 3), "2 amplitudes and 3 widths"),
        (lambda: pulse_list([], 1e-6), "amplitudes of shape"),
        (lambda: pulse_list([1.0, 0.0], 1e-6), "pulse 1: pulse amplitude 0.0"),
        (lambda: pulse_list("high", 1e-6), "amplitudes = 'high'"),
        (lambda: pulse_list(1.0, [1e-6, 1e-6], fall=2e-6), "pulse 0: width .* its fall, 2e-06 s"),
        (lambda: check_edges([PULSE, Pulse(1.0, 1e-9)]), "pulse 1: width 1e-09 s"),
        (lambda: bipolar(PULSE, PULSE), "opposite polarities"),
        (lambda: bipolar(PULSE, []), "reset has no pulse"),
        (lambda: bipolar(1.0, PULSE), "set"),
        (lambda: bipolar([1.0], PULSE), "set = 1.0 is not a pulse"),
        (lambda: triangle(0.0, rate=1.0), "stops = 0.0"),
        (lambda: triangle([], rate=1.0), "stops of shape"),
        (lambda: triangle([1.0, float("nan")], rate=1.0), "stops"),
        (lambda: triangle(1.0), "rate = None, period = None"),
        (lambda: triangle(1.0, rate=1.0, period=1.0), "rate = 1.0, period = 1.0"),
        (lambda: triangle(1.0, rate=-1.0), "rate = -1.0 V/s"),
        (lambda: triangle(1.0, period=0.0), "period = 0.0 s"),
        (lambda: triangle(1.0, rate=1.0, cycles=0), "cycles = 0"),
        (lambda: sine(0.0, 1.0), "amplitude"),
        (lambda: sine("1", 1.0), "amplitude = '1' V"),
        (lambda: sine(1.0, 0.0), "frequency = 0.0 Hz"),
        (lambda: sine(1.0, 1.0, points_per_cycle=7), "points_per_cycle = 7"),
    ],
)
def test_impossible_lists_and_sweeps(made, named):
    with pytest.raises(NetlistError, match=named):
        made()
