"""The array as a user meets it: reads three ways, what it keeps, what it refuses."""

import subprocess

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.errors import UsageError
from memcircuit.simulate import find_ngspice


@pytest.fixture
def array():
    return mc.Crossbar(rows=6, columns=4, wires=2.0)


@pytest.fixture
def g(rng):
    return 1 / rng.uniform(1e3, 40e3, (6, 4))


def test_read_is_the_same_three_ways(array, g, rng):
    v = rng.uniform(0, 0.3, 6)
    exact = array.read(v, g)
    inside = array.solve(v, g)
    np.testing.assert_allclose(array.read(v, g, simulator="ngspice"), exact, rtol=1e-9)
    np.testing.assert_allclose(inside["output"], exact, rtol=1e-9)
    # half of what an ideal array would deliver is lost in none of them
    assert (exact < v @ g).all()


def test_many_inputs_and_tiles_are_products(rng):
    g = 1 / rng.uniform(1e3, 40e3, (3, 6, 4))
    v = rng.uniform(0, 0.3, (3, 10, 6))
    array = mc.Crossbar(rows=6, columns=4, wires=2.0)
    tiles = array.read(v, g)
    assert tiles.shape == (3, 10, 4)
    for k in range(3):
        np.testing.assert_allclose(tiles[k], array.read(v[k], g[k]), rtol=1e-12)


def test_solve_balances_at_every_node_and_in_power(array, g, rng):
    v = rng.uniform(0, 0.3, (5, 6))
    inside = array.solve(v, g)
    assert inside["row_voltage"].dims == ("input", "row", "column")
    through = inside["cell_current"]
    np.testing.assert_allclose(through.sum("column"), inside["input_current"], rtol=1e-9)
    np.testing.assert_allclose(through.sum("row"), inside["output"], rtol=1e-9)
    parts = ("cells", "row_wires", "column_wires", "row_ends", "column_ends")
    lost = sum(inside[part] for part in parts)
    np.testing.assert_allclose(lost, inside["sources"], rtol=1e-9)
    np.testing.assert_allclose(
        inside["sources"], (v * inside["input_current"].to_numpy()).sum(axis=1), rtol=1e-9
    )


def test_wire_currents_follow_from_the_voltages(g, rng):
    v = rng.uniform(0, 0.3, 6)
    array = mc.Crossbar(rows=6, columns=4, wires=mc.Wires(row=2.0, column=3.0, drive="both"))
    inside = array.solve(v, g)
    left, right = v[:, None], v[:, None]
    along = np.concatenate([left, inside["row_voltage"].to_numpy(), right], axis=1)
    np.testing.assert_allclose(inside["row_wire_current"], -np.diff(along, axis=1) / 2, atol=1e-14)
    down = np.concatenate([inside["column_voltage"].to_numpy(), np.zeros((1, 4))])
    currents = inside["column_wire_current"].to_numpy()
    np.testing.assert_allclose(currents[0], 0, atol=1e-18)  # open top
    np.testing.assert_allclose(currents[1:], -np.diff(down, axis=0) / 3, atol=1e-14)


def test_error_bound_holds_and_is_small(array, g, rng):
    v = rng.uniform(0, 0.3, (3, 6))
    bound = array.error_bound(v, g)
    assert bound.shape == (3,)
    assert (bound < 1e-11 * array.read(v, g).sum(axis=1)).all()


def test_error_bound_sees_a_wrong_matrix(array, g, rng):
    v = rng.uniform(0.1, 0.3, 6)
    kept = array.transfer_matrix(g)
    kept.flags.writeable = True
    kept[0, 0] *= 1.001
    assert array.error_bound(v, g) > 5e-4 * kept[0, 0] * v[0]


def test_matrix_is_kept_by_content(array, g):
    first = array.transfer_matrix(g)
    assert array.transfer_matrix(g.copy()) is first
    g[2, 1] *= 2
    changed = array.transfer_matrix(g)
    assert changed is not first
    g[2, 1] /= 2
    assert array.transfer_matrix(g) is first
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 1


def test_cells_read_by_newton_and_by_ngspice(rng):
    cell = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))
    array = mc.Crossbar(cell, rows=5, columns=3, wires=2.0, gate=[5, 5, 0, 5, 4], gate_lines="row")
    states, v = rng.uniform(0, 1, (5, 3)), rng.uniform(0.1, 0.3, 5)
    ours, judge = array.read_cells(v, states), array.read_cells(v, states, simulator="ngspice")
    for name in ("output", "row_voltage", "column_voltage"):
        np.testing.assert_allclose(ours[name], judge[name], rtol=1e-6)
    closed = ours["cell_current"].to_numpy()[2]
    assert (np.abs(closed) < 1e-7 * np.abs(ours["output"].to_numpy()).max()).all()


def test_cells_take_many_inputs(rng):
    array = mc.Crossbar(mc.device("kvatinsky2015_vteam"), rows=4, columns=3, wires=1.0)
    states, v = rng.uniform(0, 1, (4, 3)), rng.uniform(0.1, 0.3, (6, 4))
    together = array.read_cells(v, states)
    assert together["output"].dims == ("input", "column")
    np.testing.assert_allclose(
        together["output"][2], array.read_cells(v[2], states)["output"], rtol=1e-8
    )


def test_netlist_runs_on_plain_ngspice(array, g, tmp_path, rng):
    deck = tmp_path / "array.cir"
    deck.write_text(array.netlist(rng.uniform(0, 0.3, 6), g))
    done = subprocess.run(
        [find_ngspice(), "-b", deck.name], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0
    assert (tmp_path / "result.raw").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": 0}, "rows = 0"),
        ({"columns": 2.5}, "columns = 2.5"),
        ({"wires": -1.0}, "row"),
        ({"gate_lines": "diagonal"}, "gate_lines = 'diagonal'"),
    ],
)
def test_refuses_what_is_no_array(arguments, message):
    with pytest.raises(UsageError, match=message):
        mc.Crossbar(**{"rows": 3, "columns": 3, **arguments})


def test_refuses_inputs_that_do_not_fit(array, g):
    with pytest.raises(UsageError, match=r"v has shape \(5,\); expected \(..., 6\)"):
        array.read(np.zeros(5), g)
    with pytest.raises(UsageError, match=r"v\[2\] = nan"):
        array.read([0, 0, np.nan, 0, 0, 0], g)
    with pytest.raises(UsageError, match=r"g has shape \(4, 6\)"):
        array.read(np.zeros(6), g.T)
    bad = g.copy()
    bad[3, 0] = -1
    with pytest.raises(UsageError, match=r"g\[3, 0\] = -1"):
        array.read(np.zeros(6), bad)
    with pytest.raises(UsageError, match="inputs, 6"):
        array.read(np.zeros(6), np.stack([g, g]))
    with pytest.raises(UsageError, match="one array"):
        array.solve(np.zeros(6), np.stack([g, g]))
    with pytest.raises(UsageError, match="simulator = 'hspice'"):
        array.read(np.zeros(6), g, simulator="hspice")


def test_refuses_states_of_an_array_without_cells(array):
    with pytest.raises(UsageError, match="conductances only"):
        array.read_cells(np.zeros(6), np.zeros((6, 4)))
    with pytest.raises(UsageError, match="either g or states"):
        array.netlist(np.zeros(6))


def test_refuses_gates_that_do_not_fit():
    cell = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))
    array = mc.Crossbar(cell, rows=2, columns=3, wires=1.0, gate=[5, 5])
    with pytest.raises(UsageError, match=r"gate has shape \(2,\); expected one number"):
        array.read_cells([0.1, 0.1], np.full((2, 3), 0.5))
