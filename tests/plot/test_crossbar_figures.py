"""Maps of arrays show what Ohm's law says, each cell in its place."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from memcircuit import plot
from memcircuit.crossbar import Crossbar, Wires
from memcircuit.errors import UsageError


def colour_bar(axes):
    return axes.images[0].colorbar


@pytest.fixture
def lone_cell():
    """One conducting cell of 4 ohm, three row segments and one column segment from the ends."""
    g = np.zeros((2, 3))
    g[1, 2] = 1 / 4
    return Crossbar(rows=2, columns=3, wires=1.0), g


def test_node_voltages_fall_along_the_only_path(lone_cell):
    array, g = lone_cell
    solution = array.solve([0.0, 8.0], g)
    rows = plot.node_voltages(solution)
    np.testing.assert_allclose(
        rows.images[0].get_array(), [[0, 0, 0], [7, 6, 5]], rtol=1e-9, atol=1e-9
    )
    assert colour_bar(rows).ax.get_ylabel() == "voltage of the row line (V)"
    columns = plot.node_voltages(solution, "column")
    np.testing.assert_allclose(
        columns.images[0].get_array(), [[0, 0, 1], [0, 0, 1]], rtol=1e-9, atol=1e-9
    )


def test_row_0_is_at_the_top(lone_cell):
    array, g = lone_cell
    axes = plot.node_voltages(array.solve([0.0, 8.0], g))
    assert axes.images[0].origin == "upper"
    assert axes.yaxis_inverted()


def test_cell_currents_are_in_the_prefix_of_the_largest(lone_cell):
    array, g = lone_cell
    axes = plot.cell_currents(array.solve([0.0, 8e-3], g))
    np.testing.assert_allclose(
        axes.images[0].get_array(), [[0, 0, 0], [0, 0, 1]], rtol=1e-9, atol=1e-9
    )
    assert colour_bar(axes).ax.get_ylabel() == "current of the cell (mA)"


def test_currents_of_both_signs_part_at_zero():
    array = Crossbar(rows=2, columns=2, wires=1.0)
    axes = plot.cell_currents(array.solve([1.0, -0.5], np.full((2, 2), 1e-3)))
    low, high = axes.images[0].get_clim()
    assert low == -high
    assert high == pytest.approx(axes.images[0].get_array().max())


def test_read_error_is_what_the_wires_take(lone_cell):
    axes = plot.read_error(*lone_cell)
    shown = axes.images[0].get_array()
    assert shown[1, 2] == pytest.approx(-50)
    assert shown.mask.sum() == 5
    assert "open cell" in colour_bar(axes).ax.get_ylabel()


def test_ideal_wires_have_no_read_error():
    g = np.random.default_rng(0).uniform(1e-6, 1e-4, (3, 4))
    axes = plot.read_error(Crossbar(rows=3, columns=4), g)
    np.testing.assert_allclose(axes.images[0].get_array(), 0, atol=1e-12)
    assert "open cell" not in colour_bar(axes).ax.get_ylabel()


def test_a_poor_conductor_among_good_ones_does_not_hide_the_others():
    g = np.full((2, 2), 1e-2)
    g[0, 1] = 1e-9
    axes = plot.read_error(Crossbar(rows=2, columns=2, wires=10.0), g)
    assert axes.images[0].get_array()[0, 1] > 100
    assert axes.images[0].get_clim() == (-100, 100)
    assert colour_bar(axes).extend == "max"


@pytest.mark.parametrize(
    ("wires", "row", "column"),
    [
        (Wires(1.0, 1.0), "row, driven on the left", "column, sensed at the bottom"),
        (
            Wires(1.0, 1.0, drive="right", sense_at="top"),
            "row, driven on the right",
            "column, sensed at the top",
        ),
        (
            Wires(1.0, 1.0, drive="both", sense_at="both"),
            "row, driven at both ends",
            "column, sensed at both ends",
        ),
    ],
)
def test_axes_name_the_driven_and_the_sensed_side(wires, row, column):
    array = Crossbar(rows=2, columns=2, wires=wires)
    g = np.full((2, 2), 1e-3)
    for axes in (plot.read_error(array, g), plot.node_voltages(array.solve([1.0, 1.0], g))):
        assert (axes.get_ylabel(), axes.get_xlabel()) == (row, column)


def test_maps_are_drawn_where_they_are_told(lone_cell, tmp_path):
    array, g = lone_cell
    solution = array.solve([0.0, 8.0], g)
    one, two, three = Figure().subplots(1, 3)
    assert plot.node_voltages(solution, "row", one) is one
    assert plot.cell_currents(solution, two) is two
    assert plot.read_error(array, g, three) is three
    one.figure.savefig(tmp_path / "maps.png")


def test_what_is_no_map_is_refused(lone_cell):
    array, g = lone_cell
    with pytest.raises(UsageError, match="line = 'diagonal'"):
        plot.node_voltages(array.solve([0.0, 8.0], g), "diagonal")
    with pytest.raises(UsageError, match="one input"):
        plot.cell_currents(array.solve(np.eye(2), g))
    with pytest.raises(UsageError, match="one array"):
        plot.read_error(array, np.stack([g, g]))
    with pytest.raises(UsageError, match="the solution has no cell_current"):
        plot.cell_currents(array.solve([0.0, 8.0], g).drop_vars("cell_current"))
    with pytest.raises(UsageError, match="0 S everywhere"):
        plot.read_error(array, np.zeros((2, 3)))
