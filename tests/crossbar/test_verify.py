"""Closed-loop programming: both directions, budgets, what the others suffer."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.crossbar.verify import write_verify
from memcircuit.errors import UsageError


@pytest.fixture(scope="module")
def cell():
    return mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))


@pytest.fixture(scope="module")
def array(cell):
    return mc.Crossbar(cell, rows=5, columns=5, wires=2.0)


@pytest.fixture(scope="module")
def written(array):
    states = np.random.default_rng(5).uniform(0.2, 0.6, (5, 5))
    targets = {(1, 1): 250e-6, (3, 2): 40e-6}
    return states, write_verify(array, states, targets, tolerance=0.005)


def test_targets_are_reached_in_both_directions(cell, written):
    states, result = written
    assert result["reached"].to_numpy().all()
    assert np.abs(result["error"]).max() <= 0.005
    np.testing.assert_allclose(result["measured"], [250e-6, 40e-6], rtol=0.005)
    state = result["final_state"].to_numpy()
    assert state[1, 1] > states[1, 1]
    assert state[3, 2] < states[3, 2]
    # what is read passes wires, and part of it leaves through the other cells of the column
    alone = cell.device.conductance(state[[1, 3], [1, 2]], 0.2)
    np.testing.assert_allclose(result["conductance"], alone)
    assert np.all(result["conductance"] > result["measured"])
    # bursts: fewer reads than pulses
    assert np.all(result["reads"] < result["pulses"])
    assert np.all(result["energy"] > 0)


def test_the_others_keep_their_state_but_for_the_selected_rows(written):
    states, result = written
    moved = np.abs(result["final_state"].to_numpy() - states)
    assert moved[[0, 2, 4]].max() == 0
    assert moved[1, 0] > 1e-4  # behind a closed transistor, see program_pulses
    np.testing.assert_array_equal(moved, result["movement"])


def test_the_memristor_alone_can_be_verified(array):
    result = write_verify(array, 0.4, {(2, 2): 180e-6}, tolerance=0.003, verify="cell")
    assert float(result["conductance"][0]) == pytest.approx(180e-6, rel=0.003)
    assert float(result["measured"][0]) == float(result["conductance"][0])


def test_overshoot_is_met_by_the_other_polarity(cell, array):
    """One strong pulse passes a target 4 % away; a weaker RESET leads back."""
    strong = mc.Pulse(2.3, 1e-6)
    start = float(cell.device.conductance(0.3, 0.2))
    result = write_verify(array, 0.3, {(2, 2): 1.04 * start}, set=strong, verify="cell",
                          tolerance=0.005)  # fmt: skip
    assert bool(result["reached"][0])
    assert int(result["pulses"][0]) > 1


def test_a_budget_that_is_too_small_says_so(array):
    result = write_verify(array, 0.1, {(0, 0): 300e-6}, max_pulses=4)
    assert not bool(result["reached"][0])
    assert int(result["pulses"][0]) == 4


def test_nothing_to_do(cell, array):
    own = float(cell.device.conductance(0.5, 0.2))
    result = write_verify(array, 0.5, {(0, 0): own}, verify="cell")
    assert int(result["pulses"][0]) == 0
    assert int(result["reads"][0]) == 1


def test_the_whole_array_gives_the_same(cell):
    array = mc.Crossbar(cell, rows=2, columns=2, wires=2.0)
    reduced, full = (
        write_verify(array, 0.4, {(1, 0): 160e-6}, reduced=way) for way in (True, False)
    )
    assert full.attrs["method"] == "full netlist: asked for"
    assert int(reduced["pulses"][0]) == int(full["pulses"][0])
    np.testing.assert_allclose(reduced["measured"], full["measured"], rtol=1e-3)


def test_cells_that_later_ones_move_off_target_are_told(cell):
    """Cell (1, 0) stands behind a closed transistor while its row is programmed."""
    array = mc.Crossbar(cell, rows=4, columns=4, wires=2.0)
    targets = {(1, 0): 4e-5, (1, 2): 2e-4, (1, 3): 3e-4}
    with pytest.warns(UserWarning, match=r"moved \(1, 0\) off target"):
        result = write_verify(array, 0.1, targets)
    assert result["reached"].to_numpy().tolist() == [0, 1, 1]
    assert float(result["measured_when_written"][0]) == pytest.approx(4e-5, rel=0.01)
    assert float(result["measured"][0]) > 1.01 * 4e-5


def test_disturbance_adds_up_over_many_decisions():
    """Half-selected cells of a passive array move a little in each; the whole netlist agrees."""
    array = mc.Crossbar(mc.device("lin2022_hfo2"), rows=5, columns=1, wires=1.0)
    targets = {(0, 0): 2e-4, **{(i, 0): 3e-4 for i in range(1, 5)}}
    arguments = {"bias": mc.Bias(0.7, 0.5), "read_bias": "v/2", "verify": "cell", "burst": 2,
                 "set": mc.Pulse(1.9, 2e-7), "tolerance": 0.02}  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that (0, 0) leaves its target
        reduced, full = (
            write_verify(array, 0.1, targets, reduced=way, **arguments) for way in (True, False)
        )
    disturbed = full["conductance"][0] / full["measured_when_written"][0]
    assert disturbed > 1.02
    np.testing.assert_allclose(reduced["conductance"][0], full["conductance"][0], rtol=2e-3)


def test_refuses_what_is_no_array_of_cells(cell):
    with pytest.raises(UsageError, match="expected a Crossbar"):
        write_verify(cell, 0.5, {(0, 0): 1e-4})
    with pytest.raises(UsageError, match="conductances only"):
        write_verify(mc.Crossbar(rows=2, columns=2), 0.5, {(0, 0): 1e-4})


def test_the_name_stays_a_function():
    code = (
        "import memcircuit as mc\n"
        "for _ in range(2): assert callable(mc.write_verify) and callable(mc.program_pulses)\n"
        "from memcircuit.crossbar import write_verify; assert callable(write_verify)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"targets": {}}, "targets is empty"),
        ({"targets": {(0, 0): -1e-6}}, r"targets\[\(0, 0\)\] = -1e-06"),
        ({"targets": {(9, 0): 1e-4}}, "lies outside"),
        ({"tolerance": 0.0}, "tolerance = 0.0"),
        ({"burst": 0}, "burst = 0"),
        ({"verify": "row"}, "verify = 'row'"),
        ({"max_pulses": 1.5}, "whole number"),
        ({"targets": [(1, 1)]}, "expected conductances by"),
        ({"targets": {((0, 0), (1, 1)): 1e-4}}, "is not"),
        ({"targets": {(0, 0): 1e-4, (7, 7): 1e-4}}, "lies outside"),
        ({"allowed_movement": np.nan}, "allowed_movement = nan"),
        ({"set": mc.Pulse(-1.8, 1e-6)}, "expected opposite polarities"),
    ],
)
def test_refused_before_the_simulator_starts(array, wrong, message):
    arguments = {"targets": {(0, 0): 1e-4}} | wrong
    with pytest.raises(UsageError, match=message):
        write_verify(array, 0.5, **arguments)
