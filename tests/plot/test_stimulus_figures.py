"""Figures of stimuli and of I-V families show the numbers they were given."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from memcircuit.errors import UsageError
from memcircuit.plot.iv_family import family_levels, iv_family
from memcircuit.plot.stimulus import stimulus
from pyspice_netlists import Pulse, pulse_sequence
from pyspice_netlists.pulse_lists import amplitude_staircase
from pyspice_netlists.sweeps import sine, triangle

TRAIN = (Pulse(1.0, 1e-6), Pulse(0.2, 1e-6), Pulse(-1.5, 2e-6), Pulse(0.2, 1e-6))


def lines_of(axes):
    return {line.get_label(): line.get_xydata() for line in axes.get_lines()}


def test_sweeps_are_drawn_over_a_fitting_unit_of_time():
    axes = stimulus(triangle([0.5, -1.0], period=3e-3))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("time (ms)", "voltage (V)")
    expected = [[0, 0], [0.5, 0.5], [1, 0], [2, -1], [3, 0]]
    np.testing.assert_allclose(lines_of(axes)["voltage"], expected, atol=1e-12)
    assert stimulus(sine(1.0, 0.5)).get_xlabel() == "time (s)"
    assert stimulus(Pulse(1.0, 50e-9)).get_xlabel() == "time (ns)"


def test_lists_of_pulses_are_drawn_with_the_gap_of_a_train():
    pulses = amplitude_staircase(Pulse(1.0, 1e-6), 1.4, 3)
    drawn = lines_of(stimulus(pulses))["voltage"]
    inside = 0.2 + 0.51 + np.arange(3) * 1.22  # us: gap, half a pulse, pulses and gaps
    np.testing.assert_allclose(np.interp(inside, *drawn.T), [1.0, 1.2, 1.4], rtol=1e-9)
    assert drawn[-1] == pytest.approx([3 * 1.22 + 0.2, 0.0])


def test_reads_are_marked():
    sequence = pulse_sequence(TRAIN, 0.2e-6)
    axes = Figure().subplots()
    assert stimulus(sequence, axes, is_read=[False, True, False, True]) is axes
    lines = lines_of(axes)
    assert {"programming", "read"} <= set(lines)
    seen = lines["read"][~np.isnan(lines["read"][:, 1])]
    assert seen[:, 1].max() == pytest.approx(0.2)
    assert seen[:, 1].min() == 0.0
    for start, stop, read in zip(sequence.start, sequence.stop, [0, 1, 0, 1], strict=True):
        inside = (seen[:, 0] > start * 1e6) & (seen[:, 0] < stop * 1e6)
        assert inside.any() == bool(read)


@pytest.mark.parametrize(
    ("value", "is_read", "named"),
    [((), None, "at least one pulse"), ("pulses", None, "'pulses'"),
     (TRAIN, [True], r"shape \(1,\)"), (TRAIN, [0, 1, 0, 1], "True or False"),
     (triangle(1.0, rate=1.0), [True], "a waveform has none")],
)  # fmt: skip
def test_what_cannot_be_drawn(value, is_read, named):
    with pytest.raises(UsageError, match=named):
        stimulus(value, is_read=is_read)


@pytest.fixture
def family():
    """Ohmic curves of 10, 20, 40 uS in SET; the last knows no limit."""
    time = np.linspace(0, 6.0, 601)
    sweep = np.interp(time, [0, 1, 2, 3, 4, 5, 6], [0, 1.0, 0, 0.1, 0, -1.5, 0])
    conductance = np.array([40e-6, 10e-6, 20e-6])
    branch = np.where(time <= 2, "set", np.where(time < 4, "read", "reset"))
    current = np.where(branch == "reset", 0.5, 1.0) * conductance[:, np.newaxis] * sweep
    family = xr.Dataset(
        {
            "voltage": (("curve", "time"), np.broadcast_to(sweep, (3, 601))),
            "current": (("curve", "time"), current),
            "conductance_set": ("curve", conductance),
            "conductance_reset": ("curve", conductance / 2),
        },
        coords={
            "time": time,
            "branch": ("time", branch),
            "compliance": ("curve", [np.inf, 10e-6, 20e-6], {"units": "A"}),
            "stop": ("curve", [-1.5] * 3, {"units": "V"}),
        },
        attrs={"varied": "compliance"},
    )
    return family.assign_coords(curve=np.arange(3))


def test_family_draws_each_curve_without_its_reads(family):
    axes = iv_family(family)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("voltage (V)", "current (µA)")
    lines = lines_of(axes)
    assert {"no limit", "10 µA", "20 µA"} <= set(lines)
    for label, conductance in (("no limit", 40.0), ("10 µA", 10.0), ("20 µA", 20.0)):
        assert len(lines[label]) == 201
        np.testing.assert_allclose(lines[label][:, 1], conductance * lines[label][:, 0], atol=1e-9)
    resets = [line.get_xydata() for line in axes.get_lines() if len(line.get_xydata()) == 201]
    assert min(points[:, 0].min() for points in resets) == -1.5


def test_family_on_a_log_scale_shows_all_magnitudes(family):
    axes = iv_family(family, scale="log")
    assert (axes.get_yscale(), axes.get_ylabel()) == ("log", "magnitude of the current (A)")
    low, high = axes.get_ylim()
    assert low < 10e-6 * 0.05
    assert 40e-6 < high < 400e-6


def test_levels_are_drawn_in_order_and_those_without_limit_as_lines(family):
    axes = family_levels(family)
    assert axes.get_xlabel() == "compliance current (µA)"
    assert axes.get_ylabel() == "conductance (µS)"
    lines = lines_of(axes)
    np.testing.assert_allclose(lines["after SET"], [[10, 10], [20, 20]])
    np.testing.assert_allclose(lines["after RESET"], [[10, 5], [20, 10]])
    np.testing.assert_allclose(lines["after SET, no limit"][:, 1], 40)


def test_levels_over_what_was_not_varied(family):
    assert family_levels(family, over="stop").get_xlabel() == "RESET stop voltage (V)"
    with pytest.raises(UsageError, match="over = 'gate': this family was taken over compliance"):
        family_levels(family, over="gate")
