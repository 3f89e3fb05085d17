"""Figures of experiments on arrays show their numbers, in the units that the axes name."""

import numpy as np
import pytest
import xarray as xr

import memcircuit as mc
from memcircuit.crossbar.disturb import read_disturb as reads_of
from memcircuit.crossbar.read_margin import read_margin as margin_of
from memcircuit.errors import UsageError
from memcircuit.plot import array_experiments as figures


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def line(axes, label):
    (found,) = (one for one in axes.lines if one.get_label() == label)
    return found.get_xydata()


@pytest.fixture
def settled():
    """Two columns that settle as 1 - exp(-t/tau), and one without current."""
    time = np.linspace(0, 20e-9, 401)
    taus = np.array([1e-9, 2e-9])
    output = 1e-6 * np.column_stack([1 - np.exp(-time[:, None] / taus), np.zeros(time.size)])
    return xr.Dataset(
        {
            "output": (("time", "column"), output),
            "operating_point": ("column", [1e-6, 1e-6, 0.0]),
            "settling_time": ("column", [*taus * np.log(100), 0.0]),
        },
        coords={"time": time},
        attrs={"tolerance": 0.01},
    )


def test_settling_marks_the_first_and_the_last_column(settled):
    axes = figures.settling(settled)
    assert labels(axes) == ["column 0, first to settle", "column 1, last to settle"]
    assert axes.get_xlabel() == "time (ns)"
    marks = [one.get_xydata()[0] for one in axes.lines if one.get_marker() == "o"]
    np.testing.assert_allclose(marks, [[np.log(100), 0.99], [2 * np.log(100), 0.99]], rtol=1e-3)
    curve = line(axes, "column 1, last to settle")
    np.testing.assert_allclose(curve[:, 1], 1 - np.exp(-curve[:, 0] / 2), atol=1e-12)


def test_a_column_that_has_not_settled_has_no_mark(settled):
    settled["settling_time"][0] = np.nan
    axes = figures.settling(settled)
    assert labels(axes) == ["column 1, first to settle", "column 0, last to settle"]
    assert sum(one.get_marker() == "o" for one in axes.lines) == 1
    with pytest.raises(UsageError, match="no column carries current"):
        figures.settling(settled.isel(column=[2]))


def test_settling_within_picoseconds_is_in_picoseconds(settled):
    axes = figures.settling(settled.assign_coords(time=settled["time"] / 1e3))
    assert axes.get_xlabel() == "time (ps)"
    assert line(axes, "column 0, first to settle")[-1, 0] == pytest.approx(20)


def test_margins_of_several_cells_go_into_one_axes():
    device = mc.device("kvatinsky2015_vteam")
    margins = margin_of(device, [2, (4, 16)], ["v/2", "grounded"], read=0.1)
    axes = figures.read_margin(margins)
    assert figures.read_margin(margins, axes, label="again", style="--") is axes
    assert labels(axes) == ["1M, v/2", "1M, grounded", "again, v/2", "again, grounded"]
    drawn = line(axes, "1M, v/2")
    np.testing.assert_allclose(drawn[:, 0], [2, 8])
    np.testing.assert_allclose(drawn[:, 1], margins["margin"].sel(bias="v/2"))
    assert axes.lines[0].get_linestyle() == "-"
    assert axes.lines[2].get_linestyle() == "--"
    assert axes.lines[0].get_color() == axes.lines[2].get_color()


def test_what_does_not_move_is_not_drawn():
    movement = np.zeros((2, 3, 4))
    movement[:, :, 0] = [0, 0.1, 0.2]
    movement[0, :, 1] = [0, -1e-3, -2e-3]
    movement[1, :, 3] = [0, 1e-5, 3e-5]
    disturbs = xr.Dataset(
        {"movement": (("bias", "pulse", "cells"), movement)},
        coords={
            "bias": ["v/2", "v/3"],
            "pulse": [0, 1, 2],
            "cells": ["selected", "row", "column", "other"],
        },
        attrs={"amplitude": -1.8},
    )
    axes = figures.half_select_disturb(disturbs)
    assert labels(axes) == ["selected", "v/2, row", "v/3, other"]
    np.testing.assert_allclose(line(axes, "v/2, row"), [[1, 1e-3], [2, 2e-3]])
    assert axes.get_xlabel() == "pulses of -1.8 V on the selected cell"
    assert axes.get_yscale() == "log"


def test_read_disturb_is_in_per_cent():
    found = reads_of(mc.device("lin2022_hfo2"), [10, 1000], voltages=[0.2, 0.4])
    axes = figures.read_disturb(found)
    assert labels(axes) == ["0.2 V", "0.4 V"]
    assert axes.get_ylabel() == "change of conductance (%)"
    drawn = line(axes, "0.4 V")
    np.testing.assert_allclose(drawn[:, 0], [10, 1000])
    change = found["change"].sel(voltage=0.4).to_numpy()[0, 1:]
    np.testing.assert_allclose(drawn[:, 1], 100 * change)
