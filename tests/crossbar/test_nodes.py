"""Node voltages against a dense solution assembled here, and against the laws of networks."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memcircuit.crossbar.nodes import (
    ConvergenceWarning,
    NodeSolver,
    cell_currents,
    end_currents,
    power,
)
from memcircuit.crossbar.wires import Ends, Wires
from memcircuit.errors import UsageError

SIDES = ("left", "right", "top", "bottom")


def dense(g, lines, ends, row_current=None, column_current=None):
    """Solve one array by nodal analysis: potentials of both layers and a current for each end.

    Elements of 0 ohm join nodes; an end joined to a node gives the sum of what leaves it. Where
    two ends are one node the first has it all.
    """
    rows, columns = g.shape
    count = 2 * rows * columns
    row = np.arange(rows * columns).reshape(rows, columns)
    column = row + rows * columns
    outside = np.arange(count, count + 2 * (rows + columns))
    at = np.split(outside, np.cumsum([rows, rows, columns]))
    elements = [
        (row[:, :-1], row[:, 1:], lines.row),
        (column[:-1], column[1:], lines.column),
        (at[0], row[:, 0], lines.left),
        (at[1], row[:, -1], lines.right),
        (at[2], column[0], lines.top),
        (at[3], column[-1], lines.bottom),
    ]
    a, b, r = (np.concatenate([np.ravel(e[k]) for e in elements]) for k in range(3))
    name = np.arange(outside[-1] + 1)
    for one, other in zip(a[r == 0], b[r == 0], strict=True):
        # The larger number wins, so that an end names its node.
        pair = name[one], name[other]
        name[name == min(pair)] = max(pair)
    a, b = np.concatenate([a, row.ravel()]), np.concatenate([b, column.ravel()])
    with np.errstate(divide="ignore"):
        s = np.concatenate([np.where(r == 0, 0, 1 / r), g.ravel()])
    matrix = np.zeros((name.size, name.size))
    a, b = name[a], name[b]
    for i, j, sign in ((a, a, 1), (b, b, 1), (a, b, -1), (b, a, -1)):
        np.add.at(matrix, (i, j), sign * s)
    injected = np.zeros(name.size)
    for nodes, current in ((row, row_current), (column, column_current)):
        if current is not None:
            np.add.at(injected, name[nodes], current)
    v = np.zeros(name.size)
    v[outside] = np.concatenate([getattr(ends, side) for side in SIDES])
    free = np.unique(name[:count])
    free = free[free < count]
    held = np.unique(name[outside])
    right = injected[free] - matrix[np.ix_(free, held)] @ v[held]
    v[free] = np.linalg.solve(matrix[np.ix_(free, free)], right)
    into = matrix @ v - injected
    currents = [np.where(name[nodes] == nodes, into[nodes], 0.0) for nodes in at]
    v = v[name]
    return v[row], v[column], (currents[0], currents[1], -currents[2], -currents[3])


def random_lines(rng, rows, columns, *, drive="left", sense="bottom", end=np.inf, zeros=0.0):
    def some(*shape):
        return rng.uniform(0.5, 20, shape) * (rng.uniform(size=shape) >= zeros)

    return Wires(
        row=some(rows, columns + 1), column=some(rows + 1, columns),
        source=some(rows), sense=some(columns), drive=drive, sense_at=sense,
        row_end=end, column_end=end,
    ).lines(rows, columns)  # fmt: skip


def random_ends(rng, shape, *batch):
    rows, columns = shape
    return Ends(*(rng.uniform(-0.5, 1, (*batch, n)) for n in (rows, rows, columns, columns)))


def random_cells(rng, *shape):
    return 1 / rng.uniform(1e3, 4e4, shape)


def pick(ends, *index):
    return Ends(*(getattr(ends, side)[index] for side in SIDES))


def agree(g, lines, ends, into=None, out=None):
    """Compare with the dense solution: potentials and the currents at all ends."""
    nodes = NodeSolver(g, lines).solve(ends, into, out)
    row, column, currents = dense(g, lines, ends, into, out)
    np.testing.assert_allclose(nodes.row, row, rtol=0, atol=1e-9)
    np.testing.assert_allclose(nodes.column, column, rtol=0, atol=1e-9)
    found = end_currents(nodes, lines, ends, g=g, row_current=into, column_current=out)
    scale = max(np.abs(np.concatenate(currents)).max(), 1e-300)
    for side, ours, theirs in zip(SIDES, found, currents, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9 * scale, err_msg=side)


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (6, 1), (2, 2), (5, 9), (12, 7)])
@pytest.mark.parametrize("zeros", [0.0, 0.4])
@pytest.mark.parametrize("drive", ["left", "right", "both"])
@pytest.mark.parametrize("sense", ["bottom", "top", "both"])
@pytest.mark.parametrize("end", [np.inf, 3.0])
def test_potentials_and_end_currents_agree_with_nodal_analysis(
    rng, shape, zeros, drive, sense, end
):
    lines = random_lines(rng, *shape, drive=drive, sense=sense, end=end, zeros=zeros)
    # One line of 0 ohm from end to end can only have one potential: keep a rest there.
    lines = replace(lines, right=np.maximum(lines.right, 1.0), top=np.maximum(lines.top, 1.0))
    into, out = rng.normal(0, 1e-5, (2, *shape))
    agree(random_cells(rng, *shape), lines, random_ends(rng, shape), into, out)


def test_open_cells_shorts_open_lines_and_broken_wires(rng):
    shape = 7, 8
    lines = random_lines(rng, *shape, zeros=0.2)
    lines = replace(lines, row=lines.row.copy(), column=lines.column.copy())
    lines.row[2, 3] = lines.column[4, 5] = np.inf
    lines.left[[1, 5]] = np.inf
    lines.bottom[6] = np.inf
    g = random_cells(rng, *shape)
    g[rng.uniform(size=shape) < 0.2] = 0.0
    g[3, :2] = g[5, 5] = 1e3
    agree(g, lines, random_ends(rng, shape))


def test_a_line_that_hangs_on_one_poor_cell_takes_its_potential(rng):
    lines = replace(random_lines(rng, 3, 40), left=np.array([1.0, np.inf, 1.0]))
    g = random_cells(rng, 3, 40)
    g[1] = 0.0
    g[1, 17] = 1e-12
    nodes = NodeSolver(g, lines).solve(random_ends(rng, (3, 40)))
    # The rounding of a column's current, 1e-19 A, is 1e-7 V across 1e-12 S.
    np.testing.assert_allclose(nodes.row[1], nodes.column[1, 17], rtol=1e-5)


def test_the_coarse_grid_gives_the_same_answer_in_fewer_iterations(rng):
    g = random_cells(rng, 300, 200)
    lines = Wires(row=100.0, column=50.0, source=10.0, sense=10.0).lines(300, 200)
    ends, solver = random_ends(rng, (300, 200)), NodeSolver(g, lines)
    with_grid = solver.solve(ends)
    assert solver._coarse is not None
    solver._coarse = None
    without = solver.solve(ends)
    assert with_grid.iterations < 0.7 * without.iterations
    np.testing.assert_allclose(with_grid.row, without.row, rtol=0, atol=1e-8)


def test_arrays_with_a_coarse_grid_agree_with_nodal_analysis(rng):
    g = random_cells(rng, 20, 30)
    lines = Wires(row=8e3, column=3e3, source=10.0, sense=10.0).lines(20, 30)
    assert NodeSolver(g, lines)._coarse is not None
    agree(g, lines, random_ends(rng, (20, 30)))
    many = random_cells(rng, 3, 20, 30)
    ends = random_ends(rng, (20, 30), 3)
    nodes = NodeSolver(many, lines).solve(ends)
    for k in range(3):
        row = dense(many[k], lines, pick(ends, k))[0]
        np.testing.assert_allclose(nodes.row[k], row, rtol=0, atol=1e-9)


def test_batches_of_arrays_and_of_ends_broadcast(rng):
    g = random_cells(rng, 3, 1, 6, 70)
    lines = random_lines(rng, 6, 70, zeros=0.1)
    ends = random_ends(rng, (6, 70), 2)
    into = rng.normal(0, 1e-5, (3, 1, 6, 70))
    nodes = NodeSolver(g, lines).solve(ends, into)
    currents = end_currents(nodes, lines, ends, g=g, row_current=into)
    loss = power(g, lines, ends, nodes)
    assert nodes.imbalance.shape == loss.cells.shape == (3, 2)
    for i in range(3):
        for k in range(2):
            row, column, expected = dense(g[i, 0], lines, pick(ends, k), into[i, 0])
            np.testing.assert_allclose(nodes.row[i, k], row, rtol=0, atol=1e-9)
            np.testing.assert_allclose(nodes.column[i, k], column, rtol=0, atol=1e-9)
            np.testing.assert_allclose(currents.bottom[i, k], expected[3], rtol=1e-8, atol=1e-12)


def test_one_array_with_many_inputs_is_each_input_alone(rng):
    g, lines = random_cells(rng, 9, 5), random_lines(rng, 9, 5)
    v = rng.uniform(0, 0.2, (4, 9))
    v[2] = 0.0
    solver = NodeSolver(g, lines)
    nodes = solver.solve(Ends.reading(lines, v))
    for k in range(4):
        alone = solver.solve(Ends.reading(lines, v[k]))
        np.testing.assert_allclose(nodes.column[k], alone.column, rtol=1e-9, atol=0)
    assert not nodes.row[2].any()


@pytest.mark.parametrize("drive", ["left", "both"])
@pytest.mark.parametrize("sense", ["bottom", "both"])
def test_ideal_wires_multiply(rng, drive, sense):
    g, v = random_cells(rng, 8, 5), rng.uniform(-0.2, 0.2, (3, 8))
    lines = Wires(drive=drive, sense_at=sense).lines(8, 5)
    ends = Ends.reading(lines, v)
    nodes = NodeSolver(g, lines).solve(ends)
    found = end_currents(nodes, lines, ends, g=g)
    np.testing.assert_allclose(found.top + found.bottom, v @ g, rtol=1e-14)
    np.testing.assert_allclose(found.left + found.right, v * g.sum(axis=1), rtol=1e-14)
    assert nodes.iterations == 0
    loss = power(g, lines, ends, nodes)
    np.testing.assert_allclose(loss.cells, (v**2) @ g.sum(axis=1), rtol=1e-13)
    np.testing.assert_allclose(loss.sources, loss.cells, rtol=1e-13)
    assert not (loss.row_wires + loss.column_wires + loss.row_ends + loss.column_ends).any()


def test_zero_resistance_is_the_limit_of_small_ones(rng):
    g, shape = random_cells(rng, 6, 7), (6, 7)
    exact = random_lines(rng, *shape, zeros=0.5)
    names = ("row", "column", *SIDES)
    small = replace(exact, **{n: np.maximum(getattr(exact, n), 1e-4) for n in names})
    ends = random_ends(rng, shape)
    at_zero = NodeSolver(g, exact).solve(ends)
    near_zero = NodeSolver(g, small).solve(ends, tolerance=1e-6)
    np.testing.assert_allclose(near_zero.column, at_zero.column, rtol=0, atol=1e-6)
    np.testing.assert_allclose(near_zero.row, at_zero.row, rtol=0, atol=1e-6)


sizes = st.tuples(st.integers(1, 9), st.integers(1, 9))


@settings(max_examples=25, deadline=None)
@given(shape=sizes, seed=st.integers(0, 2**32 - 1), zeros=st.sampled_from([0.0, 0.3]))
def test_power_in_is_power_out(shape, seed, zeros):
    rng = np.random.default_rng(seed)
    g, lines = random_cells(rng, *shape), random_lines(rng, *shape, zeros=zeros, end=5.0)
    ends = random_ends(rng, shape)
    loss = power(g, lines, ends, NodeSolver(g, lines).solve(ends))
    lost = loss.cells + loss.row_wires + loss.column_wires + loss.row_ends + loss.column_ends
    assert lost == pytest.approx(loss.sources, rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(shape=sizes, seed=st.integers(0, 2**32 - 1))
def test_reciprocity(shape, seed):
    rng = np.random.default_rng(seed)
    g, lines = random_cells(rng, *shape), random_lines(rng, *shape, zeros=0.2, end=5.0)
    solver, (rows, columns) = NodeSolver(g, lines), shape
    i, j = rng.integers(rows), rng.integers(columns)
    at_row, at_column = np.zeros(rows), np.zeros(columns)
    at_row[i] = at_column[j] = 1.0
    zero = np.zeros(rows), np.zeros(columns)
    forth = Ends(at_row, zero[0], zero[1], zero[1])
    back = Ends(zero[0], zero[0], zero[1], at_column)
    nodes, others = solver.solve(forth), solver.solve(back)
    there = end_currents(nodes, lines, forth, g=g).bottom[j]
    here = -end_currents(others, lines, back, g=g).left[i]
    known = nodes.imbalance + others.imbalance
    assert there == pytest.approx(here, rel=1e-11, abs=known)
    assert known <= 1e-10


@settings(max_examples=25, deadline=None)
@given(shape=sizes, seed=st.integers(0, 2**32 - 1))
def test_superposition(shape, seed):
    rng = np.random.default_rng(seed)
    g, lines = random_cells(rng, *shape), random_lines(rng, *shape, zeros=0.2, end=5.0)
    solver = NodeSolver(g, lines)
    ends, other = random_ends(rng, shape), random_ends(rng, shape)
    into = rng.normal(0, 1e-5, shape)
    both = Ends(*(2 * getattr(ends, s) - getattr(other, s) for s in SIDES))
    first, second = solver.solve(ends), solver.solve(other, row_current=into)
    together = solver.solve(both, row_current=-into)
    np.testing.assert_allclose(together.row, 2 * first.row - second.row, rtol=0, atol=1e-6)
    np.testing.assert_allclose(together.column, 2 * first.column - second.column, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    shape=st.tuples(st.integers(2, 12), st.integers(2, 12)),
    seed=st.integers(0, 2**32 - 1),
    tolerance=st.sampled_from([1e-1, 1e-3, 1e-6]),
    zeros=st.sampled_from([0.0, 0.3]),
)
def test_the_imbalance_bounds_the_errors_of_the_end_currents(shape, seed, tolerance, zeros):
    rng = np.random.default_rng(seed)
    g = random_cells(rng, *shape) * 100
    lines = random_lines(rng, *shape, zeros=zeros)
    ends = random_ends(rng, shape)
    nodes = NodeSolver(g, lines).solve(ends, tolerance=tolerance)
    found = np.concatenate(end_currents(nodes, lines, ends, g=g))
    exact = np.concatenate(dense(g, lines, ends)[2])
    rounding = 1e-11 * np.abs(exact).sum()
    assert np.abs(found - exact).sum() <= nodes.imbalance + rounding
    assert nodes.imbalance <= tolerance * 0.5 * np.abs(found).sum() * (1 + 1e-12)


def test_an_array_at_one_potential_is_at_rest(rng):
    g, lines = random_cells(rng, 6, 5), random_lines(rng, 6, 5)
    ends = Ends(*(np.full(n, 0.3) for n in (6, 6, 5, 5)))
    nodes = NodeSolver(g, lines).solve(ends)
    assert nodes.imbalance == 0
    assert not cell_currents(g, nodes).any()


def test_a_missed_tolerance_is_said(rng):
    g, lines = random_cells(rng, 30, 30), random_lines(rng, 30, 30)
    ends, solver = random_ends(rng, (30, 30)), NodeSolver(g, lines)
    with pytest.warns(ConvergenceWarning, match="after 1 iterations.*given up"):
        solver.solve(ends, max_iterations=1)
    with pytest.warns(ConvergenceWarning, match="rounding allows no more"):
        nodes = solver.solve(ends, tolerance=1e-17)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        good = solver.solve(ends)
    np.testing.assert_allclose(nodes.column, good.column, rtol=0, atol=1e-10)


def test_what_floats_is_named(rng):
    lines = random_lines(rng, 4, 5)
    lines.left[3] = np.inf
    g = random_cells(rng, 4, 5)
    NodeSolver(g, lines)
    g[3] = 0.0
    with pytest.raises(UsageError, match=r"^row line 3 floats"):
        NodeSolver(g, lines)
    stack = np.stack([random_cells(rng, 4, 5), g])
    with pytest.raises(UsageError, match=r"^row line 3 of array 1 floats"):
        NodeSolver(stack, lines)
    lines.bottom[2] = np.inf
    g[3, 2], g[:3, 2] = 1e-4, 0.0
    with pytest.raises(UsageError, match=r"^row line 3 floats"):
        NodeSolver(g, lines)
    g[3, 2] = 0.0
    g[3, 0] = 1e-4
    with pytest.raises(UsageError, match=r"^column line 2 floats"):
        NodeSolver(g, lines)


def test_what_cannot_be_is_refused(rng):
    g = random_cells(rng, 2, 3)
    lines = Wires(row_end=0.0).lines(2, 3)
    ends = Ends(np.array([0.1, 0.2]), np.array([0.1, 0.0]), np.zeros(3), np.zeros(3))
    with pytest.raises(UsageError, match=r"row line 1 joins ends at 0\.2 V and 0\.0 V by 0 ohm"):
        NodeSolver(g, lines).solve(ends)
    with pytest.raises(UsageError, match=r"g has shape \(3, 2\)"):
        NodeSolver(g.T, lines)
    ends = Ends.reading(Wires().lines(2, 3), np.array([0.1, np.nan]))
    with pytest.raises(UsageError, match="row line 1: the potential of an end is not finite"):
        NodeSolver(g, Wires().lines(2, 3)).solve(ends)
    with pytest.raises(UsageError, match=r"row_current \(3, 2\)"):
        NodeSolver(g, Wires().lines(2, 3)).solve(row_current=np.zeros((3, 2)))
    nodes = NodeSolver(g, Wires().lines(2, 3)).solve()
    with pytest.raises(UsageError, match="end_currents needs g"):
        end_currents(nodes, Wires().lines(2, 3), ends=Ends.reading(lines, np.zeros(2)))
