"""Figures of devices show the numbers they were given."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

import memcircuit as mc
from memcircuit import plot
from memcircuit.errors import UsageError


@pytest.fixture
def loop():
    time = np.linspace(0, 2e-3, 401)
    voltage = np.sin(2 * np.pi * 1e3 * time)
    return xr.Dataset(
        {"voltage": ("time", voltage), "current": ("time", 2e-6 * voltage)},
        coords={"time": time},
        attrs={"frequency": 1e3, "cycles": 2},
    )


@pytest.fixture
def table():
    up, down = np.linspace(1e-6, 101e-6, 11), np.linspace(101e-6, 1e-6, 11)
    conductance = np.concatenate([up, down[1:]])[np.newaxis] * np.array([[1.0], [1.2]])
    train = xr.Dataset(
        {
            "conductance": (("cell", "pulse"), conductance),
            "energy": (("cell", "pulse"), np.zeros_like(conductance)),
        },
        coords={"direction": ("pulse", np.repeat([0, 1, -1], [1, 10, 10]))},
    )
    return mc.ConductanceTable.from_pulses(train)


def test_iv_loop_scales_the_current_and_sets_the_last_cycle_apart(loop):
    axes = plot.iv_loop(loop)
    assert axes.get_xlabel() == "voltage (V)"
    assert axes.get_ylabel() == "current (µA)"
    lines = {line.get_label(): line.get_xydata() for line in axes.get_lines()}
    assert len(lines["last cycle"]) == 201
    np.testing.assert_allclose(lines["last cycle"][:, 1], 2 * lines["last cycle"][:, 0], atol=1e-12)


def test_iv_loop_draws_where_it_is_told(loop):
    axes = Figure().subplots()
    assert plot.iv_loop(loop, axes) is axes


def test_iv_loop_over_decades_shows_the_magnitude_on_a_log_scale(loop):
    loop["current"] = 1e-12 * np.sinh(20 * loop["voltage"])
    axes = plot.iv_loop(loop)
    assert axes.get_yscale() == "log"
    assert axes.get_ylabel() == "magnitude of the current (A)"
    voltage, current = next(
        line.get_xydata().T for line in axes.get_lines() if line.get_label() == "last cycle"
    )
    seen = np.abs(voltage) > 0.1
    np.testing.assert_allclose(current[seen], 1e-12 * np.sinh(20 * np.abs(voltage[seen])))
    assert plot.iv_loop(loop, scale="linear").get_yscale() == "linear"


def test_a_device_that_carries_no_current_is_drawn(loop):
    loop["current"] = 0 * loop["voltage"]
    assert plot.iv_loop(loop).get_yscale() == "linear"


def test_pulse_response_of_a_train_needs_no_settled_reads():
    conductance = np.array([[1e-9, 1e-6, 1e-4, 1e-6, 1e-9, 1e-9]])
    train = xr.Dataset(
        {"conductance": (("cell", "pulse"), conductance)},
        coords={"direction": ("pulse", [0, 1, 1, -1, -1, -1])},
    )
    axes = plot.pulse_response(train)
    assert (axes.get_yscale(), axes.get_ylabel()) == ("log", "conductance (S)")
    up, down = (line.get_xydata() for line in axes.get_lines())
    np.testing.assert_allclose(up, np.array([[0, 1, 2], conductance[0, :3]]).T)
    np.testing.assert_allclose(down, np.array([[2, 3, 4, 5], conductance[0, 2:]]).T)


def test_pulse_response_joins_both_directions(table):
    axes = plot.pulse_response(table)
    means = {line.get_label(): line.get_xydata() for line in axes.get_lines()}
    up, down = means["SET (potentiation), mean"], means["RESET (depression), mean"]
    np.testing.assert_allclose(up[:, 1], np.linspace(1.1, 111.1, 11))
    np.testing.assert_allclose(up[-1], down[0])
    assert down[-1, 0] == 20


def test_histogram_counts_every_read(table):
    axes = plot.level_histogram(table)
    tops = [patch.get_y() + patch.get_height() for patch in axes.patches]
    assert sum(patch.get_height() for patch in axes.patches) == 2 * 2 * 11
    assert max(tops) <= 44


def test_runs_of_pulses_keep_their_colours():
    """Alternating pulses: as many pieces as pulses, and a weight may be negative."""
    pulses = mc.pulse_lists.bipolar(mc.Pulse(1.8, 1e-6), mc.Pulse(-1.8, 1e-6), 3)
    cell = mc.cells.TwoMemristors(mc.device("lin2022_hfo2"))
    train = mc.pulse_train(cell, stimulus=[*pulses, mc.Pulse(-1.8, 1e-6)], initial_state=0.3)
    axes = mc.plot.pulse_response(train)
    lines = axes.get_lines()
    assert [len(line.get_xdata()) for line in lines] == [2, 2, 2, 2, 2, 3]
    assert len({line.get_color() for line in lines}) == 2
    assert len(axes.get_legend().get_texts()) == 2
    assert axes.get_ylabel() == "weight (µS)"
    assert min(line.get_ydata().min() for line in lines) < 0
    assert axes.get_ylim()[0] < 0
    with pytest.raises(UsageError, match="holds no pulse train"):
        mc.plot.pulse_response(mc.iv_loop(cell.device))
