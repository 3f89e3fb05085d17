"""The transfer matrix against the branch equations, exact arithmetic, ngspice and badcrossbar."""

import re
import warnings
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from branch_equations import transfer_by_branches
from hypothesis import given, settings
from hypothesis import strategies as st

from memcircuit.crossbar.dissection import dissect
from memcircuit.crossbar.nodes import ConvergenceWarning, NodeSolver, end_currents
from memcircuit.crossbar.spice import read_in_ngspice
from memcircuit.crossbar.tiles import tile_size
from memcircuit.crossbar.transfer import transfer_matrix
from memcircuit.crossbar.wires import Ends, Wires
from memcircuit.errors import ConvergenceError, UsageError

DRIVES = ("left", "right", "both")
SENSES = ("bottom", "top", "both")


def any_wires(rng, rows, columns, drive="left", sense_at="bottom", far=np.inf):
    return Wires(
        row=rng.uniform(0.5, 3.0, (rows, columns + 1)),
        column=rng.uniform(0.5, 3.0, (rows + 1, columns)),
        source=rng.uniform(0.0, 50.0, rows), sense=rng.uniform(0.0, 20.0, columns),
        drive=drive, sense_at=sense_at, row_end=far, column_end=far,
    )  # fmt: skip


def any_cells(rng, shape, open_share=0.1, short_share=0.05):
    """Resistances of 1 to 40 kohm, some cells open, some shorted by 1 mohm."""
    g = 1 / rng.uniform(1e3, 40e3, shape)
    g[rng.random(shape) < open_share] = 0.0
    g[rng.random(shape) < short_share] = 1e3
    return g


def assert_close(transfer, expected, relative=1e-10):
    assert np.abs(transfer - expected).max() <= relative * np.abs(expected).max()


@pytest.mark.parametrize("drive", DRIVES)
@pytest.mark.parametrize("sense_at", SENSES)
@pytest.mark.parametrize("far", [np.inf, 70.0])
def test_every_way_to_drive_and_sense(drive, sense_at, far, rng):
    for shape in ((1, 1), (1, 9), (9, 1), (3, 4), (17, 8), (6, 21)):
        wires = any_wires(rng, *shape, drive, sense_at, far)
        g = any_cells(rng, shape)
        g[0, 0] = 1e-4
        assert_close(transfer_matrix(g, wires), transfer_by_branches(g, wires.lines(*shape)))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_reciprocity_and_batches(rows, columns, seed):
    rng = np.random.default_rng(seed)
    drive, sense_at = rng.choice(DRIVES), rng.choice(SENSES)
    lines = any_wires(rng, rows, columns, drive, sense_at, 200.0).lines(rows, columns)
    g = any_cells(rng, (2, rows, columns))
    transfer = dissect(g, lines)
    assert (transfer >= 0).all()
    # another elimination order altogether
    turned = dissect(g.swapaxes(1, 2), lines.transposed()).swapaxes(1, 2)
    np.testing.assert_allclose(transfer, turned, rtol=1e-10, atol=1e-18)
    np.testing.assert_allclose(transfer[1], dissect(g[1], lines), rtol=1e-13, atol=1e-18)


@pytest.mark.parametrize("case", ["row", "column", "both", "source", "sense", "first", "last"])
@pytest.mark.parametrize("drive", DRIVES)
@pytest.mark.parametrize("sense_at", SENSES)
def test_ideal_parts_are_exact(case, drive, sense_at, rng):
    for shape in ((1, 1), (4, 1), (1, 4), (5, 6)):
        wires = any_wires(rng, *shape, drive, sense_at, 300.0)
        row, column = np.array(wires.row), np.array(wires.column)
        if case in ("row", "both"):
            row[:] = 0
        if case in ("column", "both"):
            column[:] = 0
        if case == "first":
            row[:, [0, -1]] = 0
        if case == "last":
            column[[0, -1]] = 0
        wires = replace(
            wires, row=row, column=column,
            # two ideal ends of one ideal line would share its current in no defined way
            source=0.0 if case in ("both", "source", "first") and drive != "both" else 5.0,
            sense=0.0 if case in ("both", "sense", "last") and sense_at != "both" else 5.0,
        )  # fmt: skip
        g = 1 / rng.uniform(1e3, 40e3, shape)
        assert_close(transfer_matrix(g, wires), transfer_by_branches(g, wires.lines(*shape)))


def test_any_mixture_of_ideal_and_other_segments(rng):
    for _ in range(10):
        shape = tuple(rng.integers(2, 7, 2))
        wires = any_wires(rng, *shape)
        row, column = np.array(wires.row), np.array(wires.column)
        row[rng.random(row.shape) < 0.4] = 0
        column[rng.random(column.shape) < 0.4] = 0
        wires = replace(wires, row=row, column=column, source=5.0, sense=1.0)
        g = 1 / rng.uniform(1e3, 40e3, shape)
        expected = transfer_by_branches(g, wires.lines(*shape))
        assert_close(transfer_matrix(g, wires), expected)


def test_ideal_wires_are_the_matrix_product(rng):
    g = any_cells(rng, (30, 20), short_share=0)
    np.testing.assert_allclose(transfer_matrix(g, Wires()), g.T, rtol=1e-14)
    vanishing = transfer_matrix(g, Wires(row=1e-9, column=1e-9))
    np.testing.assert_allclose(vanishing, g.T, rtol=1e-8, atol=1e-20)


def exact_transfer(g, ohm):
    """Eliminate node after node in rational numbers; the ends are the last nodes."""
    rows, columns = len(g), len(g[0])
    wire = 1 / Fraction(ohm)
    names = [(kind, i, j) for kind in "rc" for i in range(rows) for j in range(columns)]
    names += [("source", i, 0) for i in range(rows)] + [("sense", 0, j) for j in range(columns)]
    place = {name: k for k, name in enumerate(names)}
    mesh = [[Fraction(0)] * len(names) for _ in names]

    def join(a, b, value):
        mesh[place[a]][place[b]] += value
        mesh[place[b]][place[a]] += value

    for i in range(rows):
        for j in range(columns):
            join(("r", i, j), ("c", i, j), Fraction(g[i][j]))
            join(("r", i, j), ("r", i, j - 1) if j else ("source", i, 0), wire)
            below = ("c", i + 1, j) if i + 1 < rows else ("sense", 0, j)
            join(("c", i, j), below, wire)
    for node in range(2 * rows * columns):
        others = mesh[node][node + 1 :]
        for a, x in enumerate(others):
            for b, y in enumerate(others):
                if a != b and x and y:
                    mesh[node + 1 + a][node + 1 + b] += x * y / sum(others)
    return np.array(
        [
            [float(mesh[place["sense", 0, j]][place["source", i, 0]]) for i in range(rows)]
            for j in range(columns)
        ]
    )


def test_shorts_and_open_cells_cost_no_digits():
    g = np.array(
        [[1e12, 1e-5, 0.0, 2e-4], [3e-4, 0.0, 1e9, 1e-6], [0.0, 1e12, 1e-3, 5e-5]]
    )  # fmt: skip
    exact = exact_transfer(g.tolist(), 2)
    np.testing.assert_allclose(transfer_matrix(g, Wires(row=2, column=2)), exact, rtol=1e-13)


def by_single_nodes(g, ohm):
    """Eliminate node after node in extended precision, by numbers that are never negative."""
    rows, columns = g.shape
    row = np.arange(rows * columns).reshape(rows, columns)
    column = row + g.size
    ends = 2 * g.size
    mesh = np.zeros((ends + rows + columns,) * 2, dtype=np.longdouble)
    wire = np.longdouble(1) / np.longdouble(ohm)
    for a, b, value in (
        (row, column, g),
        (row[:, :-1], row[:, 1:], wire),
        (column[:-1], column[1:], wire),
        (row[:, 0], ends + np.arange(rows), wire),
        (column[-1], ends + rows + np.arange(columns), wire),
    ):
        mesh[a, b] = mesh[b, a] = value
    for node in range(ends):
        to_others = mesh[node, node + 1 :]
        mesh[node + 1 :, node + 1 :] += np.outer(to_others, to_others / to_others.sum())
        np.fill_diagonal(mesh, 0)
    return mesh[ends + rows :, ends : ends + rows].astype(float)


def test_shorts_across_the_borders_of_tiles_cost_no_digits(rng):
    """17 x 19 cells are several tiles; a third of the cells are shorts, a third open."""
    g = rng.choice([0.0, 1e-5, 1e9], (17, 19))
    expected = by_single_nodes(g, 2.0)
    np.testing.assert_allclose(transfer_matrix(g, 2.0), expected, rtol=1e-12)


def test_small_cells_beside_ideal_segments_are_exact(rng):
    """The current through the far ends is a thousand million times that of the cells."""
    g = rng.uniform(0.5e-12, 2e-12, (6, 6))
    wires = any_wires(rng, 6, 6, far=1.0)
    row, column = np.array(wires.row), np.array(wires.column)
    row[2, 3] = column[4, 1] = 0
    wires = replace(wires, row=row, column=column, source=5.0, sense=1.0)
    tiny = replace(wires, row=np.maximum(row, 1e-11), column=np.maximum(column, 1e-11))
    np.testing.assert_allclose(transfer_matrix(g, wires), transfer_matrix(g, tiny), rtol=1e-9)


def test_many_ideal_segments_at_an_end(rng):
    row = np.ones((3, 401))
    row[:, :300] = 0
    g = 1 / rng.uniform(1e3, 40e3, (3, 400))
    transfer = transfer_matrix(g, Wires(row=row, column=1.0, source=0.0))
    tiny = transfer_matrix(g, Wires(row=np.where(row == 0, 1e-12, row), column=1.0, source=0.0))
    np.testing.assert_allclose(transfer, tiny, rtol=1e-6)


@pytest.mark.parametrize("loose", [1e6, 1e9])
def test_an_array_that_hardly_hangs_on_its_ends_says_so(loose):
    """One node in all, g / (2 n end): what rounding takes of it is said about right."""
    size = 8
    wires = Wires(row=1e-6, column=1e-6, source=loose, sense=loose)
    with pytest.warns(ConvergenceWarning, match="known to about") as said:
        transfer = transfer_matrix(np.full((size, size), 1e9), wires)
    told = float(re.search(r"about (\S+) only", str(said[0].message))[1])
    missed = abs(transfer[0, 0] * 2 * size * loose - 1)
    assert missed / 10 < told < 10 * missed


def test_an_array_of_which_rounding_leaves_nothing_is_refused():
    wires = Wires(row=1e-6, column=1e-6, source=1e12, sense=1e12)
    with pytest.raises(ConvergenceError, match="rounding leaves nothing"):
        transfer_matrix(np.full((64, 64), 1e9), wires)


@pytest.mark.parametrize(
    ("wires", "message"),
    [
        (Wires(column_end=0.0), "column line 0 joins its sensed end to ground"),
        (Wires(row_end=0.0), "row line 0 joins its source to ground"),
        (
            Wires(row=[[0, 1, 0, 0], [0, 0, 0, 0]], column=[[0, 1, 0], [1, 0, 0], [0, 0, 0]],
                  row_end=[1.0, 0.0], source=[5.0, 0.0], sense=1.0),
            "the source of row line 1 and ground are joined without resistance",
        ),
    ],
)  # fmt: skip
def test_refuses_lines_without_resistance_between_two_potentials(wires, message):
    with pytest.raises(UsageError, match=message):
        transfer_matrix(np.full((2, 3), 1e-5), wires)


@pytest.mark.parametrize("size", [8, 32, 64])
@pytest.mark.parametrize(("low", "high", "ohm"), [(10e3, 100e3, 1.0), (1e3, 40e3, 2.0)])
def test_against_ngspice(size, low, high, ohm, rng):
    g = 1 / rng.uniform(low, high, (size, size))
    wires = Wires(row=ohm, column=ohm)
    v = rng.uniform(0, 0.3, size)
    lines = wires.lines(size, size)
    judge = read_in_ngspice(lines, Ends.reading(lines, v), conductances=g)
    np.testing.assert_allclose(transfer_matrix(g, wires) @ v, judge["output"], rtol=1e-9)


@pytest.mark.parametrize("drive", DRIVES)
@pytest.mark.parametrize("sense_at", SENSES)
def test_all_terminals_against_ngspice(drive, sense_at, rng):
    wires = any_wires(rng, 12, 9, drive, sense_at, 80.0)
    g = 1 / rng.uniform(1e3, 40e3, (12, 9))
    v = rng.uniform(0, 0.3, 12)
    lines = wires.lines(12, 9)
    judge = read_in_ngspice(lines, Ends.reading(lines, v), conductances=g)
    np.testing.assert_allclose(transfer_matrix(g, wires) @ v, judge["output"], rtol=1e-9)


@pytest.mark.parametrize("size", [32, 64, 128])
def test_against_badcrossbar(size, rng):
    with warnings.catch_warnings(record=True):  # that it cannot draw
        badcrossbar = pytest.importorskip("badcrossbar")
    resistances = rng.uniform(1e3, 40e3, (size, size))
    v = rng.uniform(0, 0.3, (size, 1))
    judge = badcrossbar.compute(v, resistances, r_i=2.0)
    ours = transfer_matrix(1 / resistances, Wires(row=2, column=2)) @ v[:, 0]
    np.testing.assert_allclose(ours, judge.currents.output[0], rtol=1e-9)


def test_hard_array_of_256(rng):
    g = 1 / rng.uniform(1e3, 40e3, (256, 256))
    wires = Wires(row=2, column=2)
    v = rng.uniform(0, 0.3, 256)
    current = transfer_matrix(g, wires) @ v
    lines = wires.lines(256, 256)
    ends = Ends.reading(lines, v)
    nodes = NodeSolver(g, lines).solve(ends, tolerance=1e-10)
    np.testing.assert_allclose(current, end_currents(nodes, lines, ends).sensed(lines), rtol=1e-8)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5000))
def test_tiles_cover_a_line_with_little_excess(cells):
    side, tiles = tile_size(cells)
    assert cells <= side * tiles < cells + max(1, cells / 8)


@pytest.mark.parametrize("value", [np.nan, -1e-6, np.inf])
def test_names_the_first_cell_that_is_no_conductance(value):
    g = np.full((2, 3, 4), 1e-5)
    g[1, 2, 1] = value
    with pytest.raises(UsageError, match=r"g\[1, 2, 1\] = "):
        transfer_matrix(g, Wires(row=1, column=1))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"row": np.ones((4, 4))}, r"row has shape \(4, 4\); expected one number or \(4, 5\)"),
        ({"column": -1.0}, r"column = -1: expected 0, or"),
        ({"row": np.inf}, r"row = inf: expected 0, or"),
        ({"row": 1e-300}, r"row = 1e-300"),
        ({"row": None}, "row: expected real numbers"),
        ({"source": np.inf}, "driven nowhere"),
        ({"sense": [np.inf] * 4}, "sensed nowhere"),
        ({"source": [1, 2, np.nan, 3]}, r"source\[2\] = nan"),
        ({"drive": "top"}, "drive = 'top'"),
        ({"sense_at": "left"}, "sense_at = 'left'"),
    ],
)
def test_refuses_wires_that_make_no_array(changed, message):
    with pytest.raises(UsageError, match=message):
        transfer_matrix(np.full((4, 4), 1e-5), replace(Wires(row=1, column=1), **changed))


def test_refuses_a_line_that_hangs_on_nothing():
    g = np.full((4, 4), 1e-5)
    g[2] = 0
    wires = Wires(row=1, column=1, source=[0, 0, np.inf, 0])
    with pytest.raises(UsageError, match="row line 2 floats"):
        transfer_matrix(g, wires)


def test_refuses_conductances_of_another_shape():
    with pytest.raises(UsageError, match="rows, columns"):
        transfer_matrix([1e-5, 2e-5], Wires())
