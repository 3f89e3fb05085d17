"""Figures of writing show the numbers they were given."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from memcircuit.plot.verify import linearised, write_approach, write_verify


@pytest.fixture
def written():
    """Three cells; the last missed."""
    weight = np.array([[1.0, 20, np.nan], [1, 30, 51], [1, 60, 70]]) * 1e-6
    units = {"units": "S"}
    return xr.Dataset(
        {
            "target": ("cell", np.array([20e-6, 50e-6, 90e-6]), units),
            "measured": ("cell", np.array([20e-6, 51e-6, 70e-6]), units),
            "reached": ("cell", [1, 1, 0]),
            "reads": ("cell", [2, 3, 3]),
            "weight": (("cell", "round"), weight, units),
        },
        coords={"round": np.arange(3)},
        attrs={"tolerance": 0.02, "relative_to": "range", "range_low": 0.0, "range_high": 1e-4},
    )


@pytest.fixture
def straightened():
    share = np.linspace(0, 1, 11)
    bent = np.expm1(-2 * share) / np.expm1(-2)
    rising, straight = 1e-4 * np.stack([bent, share])
    both = ("correction", "direction")
    at = np.broadcast_to([0, 3, 10], (2, 2, 3))
    weight = np.stack([np.stack([w, 1e-4 - w]) for w in (rising, straight)])
    return xr.Dataset(
        {
            "weight": ((*both, "pulse"), weight, {"units": "S", "long_name": "conductance"}),
            "knot_pulse": ((*both, "knot"), at),
            "knot_weight": ((*both, "knot"), np.take_along_axis(weight, at, axis=2)),
            "nonlinearity": (both, [[0.124, 0.2], [0.0, 0.01]]),
        },
        coords={"direction": ["set", "reset"], "correction": [0, 1], "pulse": np.arange(11)},
    )


def lines(axes):
    return {line.get_label(): line.get_xydata() for line in axes.get_lines()}


def test_write_verify_tells_reached_from_missed(written):
    axes = write_verify(written)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("target (µS)", "written (µS)")
    drawn = lines(axes)
    np.testing.assert_allclose(drawn["reached: 2"], [[20, 20], [50, 51]])
    np.testing.assert_allclose(drawn["missed: 1"], [[90, 70]])
    # the band of the tolerance: 2 % of the range, 100 uS, on both sides
    (band,) = axes.collections
    corners = band.get_paths()[0].vertices
    assert np.abs(corners[:, 1] - corners[:, 0]).max() == pytest.approx(2)


def test_write_verify_band_of_a_share_of_the_target(written):
    del written.attrs["relative_to"]  # as the result of an array
    (band,) = write_verify(written).collections
    corners = band.get_paths()[0].vertices
    assert np.abs(corners[:, 1] - corners[:, 0]).max() == pytest.approx(0.02 * 90)


def test_write_approach_ends_at_the_targets(written):
    axes = write_approach(written)
    assert axes.get_ylabel() == "weight (µS)"
    drawn = [line.get_xydata() for line in axes.get_lines()]
    ways, goals = drawn[::2], drawn[1::2]
    np.testing.assert_allclose(ways[1], [[0, 1], [1, 30], [2, 51]])
    np.testing.assert_allclose(np.concatenate(goals), [[1, 20], [2, 50], [2, 90]])
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["reached", "missed"]


def test_weights_without_unit(written):
    written["target"].attrs["units"] = "1"
    assert write_verify(written).get_xlabel() == "target (1)"


def test_linearised_draws_before_and_after(straightened):
    axes = linearised(straightened)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("pulse", "conductance (µS)")
    drawn = lines(axes)
    after = drawn["SET corrected, 0 %"]
    np.testing.assert_allclose(after[:, 1], np.linspace(0, 100, 11))
    knots = drawn["SET in segments, 12 % from straight"]
    np.testing.assert_array_equal(knots[:, 0], [0, 3, 10])
    falling = drawn["RESET corrected, 1 %"]
    np.testing.assert_allclose(falling[[0, -1]], [[10, 100], [20, 0]], atol=1e-9)


def test_figures_draw_where_they_are_told(written, straightened):
    for draw, value in (
        (write_verify, written), (write_approach, written), (linearised, straightened),
    ):  # fmt: skip
        axes = Figure().subplots()
        assert draw(value, axes) is axes
