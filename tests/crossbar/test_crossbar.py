"""The array as a user meets it: reads three ways, what it keeps, what it refuses."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import threadpoolctl

import memcircuit as mc
from memcircuit.errors import UsageError
from memcircuit.simulate import find_ngspice, read_raw


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
    assert (exact < v @ g).all()  # the wires take their part


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
    inside = array.solve(v, g, tolerance=1e-11)
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


def test_closed_gates_leak_the_same_by_newton_and_by_ngspice(rng):
    cell = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))
    array = mc.Crossbar(cell, rows=4, columns=3, gate=[0.0, 1.5, 0.0])
    states, v = rng.uniform(0, 1, (4, 3)), np.full(4, 0.2)
    judge = array.read_cells(v, states, simulator="ngspice")["output"]
    np.testing.assert_allclose(array.read_cells(v, states)["output"], judge, rtol=1e-3)


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
    v = rng.uniform(0, 0.3, 6)
    deck.write_text(array.netlist(v, g))
    np.testing.assert_allclose(by_plain_ngspice(deck, 4), array.read(v, g), rtol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_netlist_of_cells_runs_on_plain_ngspice(seed, tmp_path):
    rng = np.random.default_rng(seed)
    cell = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))
    array = mc.Crossbar(cell, rows=3, columns=2, wires=1.0)
    states, v = rng.random((3, 2)), rng.uniform(0.1, 0.3, 3)
    deck = tmp_path / "array.cir"
    deck.write_text(array.netlist(v, states=states))
    ours = array.read_cells(v, states)["output"]
    np.testing.assert_allclose(by_plain_ngspice(deck, 2), ours, rtol=1e-8)


def by_plain_ngspice(deck, columns):
    """Run a netlist without us; return the currents at the bottom ends."""
    done = subprocess.run(
        [find_ngspice(), "-b", deck.name], cwd=deck.parent, capture_output=True, check=False
    )
    assert done.returncode == 0
    (values,) = read_raw(deck.parent / "result.raw")
    return [values.data[0, values.names.index(f"i(vbottom{j})")] for j in range(columns)]


def test_changes_of_the_callers_arrays_change_nothing(g):
    row = np.ones((6, 5))
    array = mc.Crossbar(rows=6, columns=4, wires=mc.Wires(row=row, column=1.0))
    v = np.full(6, 0.2)
    before = array.read(v, g)
    row *= 100
    np.testing.assert_array_equal(array.read(v, g), before)
    np.testing.assert_allclose(array.solve(v, g)["output"], before, rtol=1e-8)


def test_threads_share_arrays_and_leave_blas_as_it_was(rng):
    def threads():
        return [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]

    before = threads()
    g = 1 / rng.uniform(1e3, 40e3, (30, 12, 12))
    array = mc.Crossbar(rows=12, columns=12, wires=2.0)
    alone = [array.transfer_matrix(one) for one in g]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(array.transfer_matrix, g))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)
    assert threads() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": 0}, "rows = 0"),
        ({"columns": 2.5}, "columns = 2.5"),
        ({"rows": True}, "rows = True"),
        ({"wires": -1.0}, r"row = -1: expected 0, or 1e-12 to 1e"),
        ({"wires": "thin"}, "wires: expected real numbers"),
        ({"wires": [1.0, 2.0]}, "expected one number or Wires"),
        ({"gate": 5.0}, "an array of conductances has none"),
        ({"cell": 3}, "neither a device nor a cell"),
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
    for wrong in ("0.1", [1j] * 6, [[1, 2], [3]], np.ma.masked_less(np.zeros(6), 1), None):
        with pytest.raises(UsageError, match="v: expected real numbers"):
            array.read(wrong, g)
    with pytest.raises(UsageError, match="g: expected real numbers"):
        array.read(np.zeros(6), np.full((6, 4), "high"))
    for method in (array.read, array.solve, array.error_bound):
        with pytest.raises(UsageError, match=r"v has shape \(0, 6\)"):
            method(np.zeros((0, 6)), g)
    with pytest.raises(UsageError, match=r"v has shape \(2, 6\); expected \(6,\): one input"):
        array.read(np.zeros((2, 6)), g, simulator="ngspice")
    with pytest.raises(UsageError, match=r"g has shape \(4, 6\)"):
        array.netlist(np.zeros(6), g.T)
    for tolerance in (np.nan, 0.0, 2.0, "a", None):
        with pytest.raises(UsageError, match="tolerance = "):
            array.solve(np.zeros(6), g, tolerance=tolerance)
    with pytest.raises(UsageError, match=r"g has shape \(4, 6\)"):
        array.read(np.zeros(6), g.T)
    bad = g.copy()
    bad[3, 0] = -1
    with pytest.raises(UsageError, match=r"g\[3, 0\] = -1"):
        array.read(np.zeros(6), bad)
    with pytest.raises(UsageError, match="inputs, 6"):
        array.read(np.zeros(6), np.stack([g, g]))
    with pytest.raises(UsageError, match="expected one array"):
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
    with pytest.raises(UsageError, match=r"gate has shape \(2,\); expected one number"):
        mc.Crossbar(cell, rows=2, columns=3, wires=1.0, gate=[5, 5])
    with pytest.raises(UsageError, match=r"gate\[1\] = nan"):
        mc.Crossbar(cell, rows=2, columns=3, wires=1.0, gate=[5, np.nan, 5])
    with pytest.raises(UsageError, match="has no transistor"):
        mc.Crossbar(mc.device("lin2022_hfo2"), rows=2, columns=3, gate=5.0)


def test_refuses_states_that_do_not_fit():
    array = mc.Crossbar(mc.device("kvatinsky2015_vteam"), rows=2, columns=3, wires=1.0)
    for wrong, message in (
        (np.full((3, 2), 0.5), r"states has shape \(3, 2\); expected \(2, 3\)"),
        (np.full((1, 2, 3), 0.5), r"states has shape \(1, 2, 3\)"),
        ([[0, 0, 0], [0, 0, 1.5]], r"states\[1, 2\] = 1.5: expected a state"),
        ("high", "states: expected real numbers"),
    ):
        with pytest.raises(UsageError, match=message):
            array.read_cells([0.1, 0.1], wrong)
    with pytest.raises(UsageError, match=r"v has shape \(1, 1, 2\)"):
        array.read_cells(np.zeros((1, 1, 2)), np.full((2, 3), 0.5))
    with pytest.raises(UsageError, match="tolerance = inf"):
        array.read_cells([0.1, 0.1], np.full((2, 3), 0.5), tolerance=np.inf)
