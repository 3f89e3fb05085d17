"""Pulses become the waveform they describe."""

import numpy as np
import pytest

from pyspice_netlists import NetlistError, Pulse, Waveform, pulse_sequence


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
