"""The figure of retention shows the weights that it was given."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

import memcircuit as mc
from memcircuit.plot.retention import retention

TIME = np.array([0.0, 1.0, 10.0, 100.0])


def result(start, shares, title="1M"):
    start = np.asarray(start, dtype=float)
    return xr.Dataset(
        {
            "weight": (("cell", "time"), start[:, np.newaxis] * shares),
            "initial_weight": ("cell", start),
        },
        coords={"time": TIME},
        attrs={"title": title},
    )


def test_weights_are_drawn_over_their_start_on_log_time():
    axes = retention(result([2e-4], [[1, 1, 0.9, 0.8]]))
    (line,) = axes.get_lines()
    np.testing.assert_allclose(line.get_xdata(), [1, 10, 100])
    np.testing.assert_allclose(line.get_ydata(), [1, 0.9, 0.8])
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
    assert axes.get_xlabel() == "time since programming (s)"
    assert axes.get_ylabel() == "weight / initial weight"


def test_many_cells_are_a_median_and_a_band():
    last = np.linspace(0.5, 1.5, 101)
    shares = np.stack([np.ones(101), np.ones(101), np.ones(101), last], axis=1)
    axes = retention(result(np.linspace(-1, 1, 101) + 5, shares))
    assert axes.get_lines()[0].get_ydata()[-1] == pytest.approx(1.0)
    (band,) = axes.collections
    edges = band.get_paths()[0].vertices
    assert edges[edges[:, 0] == 100, 1].min() == pytest.approx(0.66)
    assert edges[edges[:, 0] == 100, 1].max() == pytest.approx(1.34)


def test_several_cells_share_the_axes_told_apart():
    axes = Figure().subplots()
    several = [result([1], [[1, 1, 1, 1 - k / 10]], f"kind {k}") for k in range(6)]
    assert retention(several, axes) is axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        f"kind {k}" for k in range(6)
    ]
    looks = {(line.get_color(), line.get_linestyle()) for line in axes.get_lines()}
    assert len(looks) == 6


def test_decades_are_drawn_on_a_log_scale():
    assert retention(result([1], [[1, 1, 1e-2, 1e-9]])).get_yscale() == "log"


def test_negative_weights_and_cells_at_zero():
    axes = retention(result([-3.0, 0.0], [[1, 1, 1, 0.5], [1, 1, 1, 1]]))
    assert axes.get_lines()[0].get_ydata()[-1] == pytest.approx(0.5)
    with pytest.raises(mc.MemcircuitError, match=r"source\[0\], 1M: no cell with a weight"):
        retention(result([0.0], [[1, 1, 1, 1]]))
    with pytest.raises(mc.MemcircuitError, match="source is empty"):
        retention([])
