"""Stuck cells: exact shares, given maps, conductances of their own."""

import numpy as np
import pytest
from small_networks import images, one_layer, perceptron

from memcircuit.errors import UsageError
from memcircuit.networks.faults import Faults
from memcircuit.networks.hardware import LOWEST, Hardware
from memcircuit.networks.programmed import program


@pytest.mark.parametrize(("off", "on"), [(0.1, 0.0), (0.0, 0.07), (0.3, 0.123), (0.5, 0.5), (1, 0)])
def test_shares_are_exact_but_for_a_fraction_of_a_cell(off, on):
    faults = Faults(stuck_off=off, stuck_on=on, stuck_on_conductance=1e-3)
    stuck = faults.draw((1, 13, 14), np.random.default_rng(1))
    assert abs((stuck == -1).sum() - off * 182) < 1
    assert abs((stuck == 1).sum() - on * 182) < 1


def test_a_small_share_of_a_small_matrix_is_right_on_average():
    """0.32 of 32 cells: a cell is stuck in as many of 4000 draws as a binomial gives, 4 sigma."""
    rng = np.random.default_rng(3)
    counts = [(Faults(stuck_off=0.01).draw((32,), rng) != 0).sum() for _ in range(4000)]
    assert set(counts) == {0, 1}
    assert abs(np.sum(counts) - 1280) < 4 * np.sqrt(4000 * 0.32 * 0.68)


def test_cells_are_chosen_evenly():
    """Each of 50 cells is stuck in a share of draws that a binomial of 0.2 gives, 4 sigma."""
    faults, rng = Faults(stuck_off=0.2), np.random.default_rng(2)
    counts = np.sum([faults.draw((50,), rng) for _ in range(2000)], axis=0)
    assert np.abs(-counts - 400).max() < 4 * np.sqrt(2000 * 0.2 * 0.8)


def test_stuck_cells_have_their_own_conductance():
    network = one_layer(images(10, 8))
    for given, off in ((None, LOWEST), (2e-9, 2e-9)):
        faults = Faults(
            stuck_off=0.2, stuck_on=0.1, stuck_off_conductance=given, stuck_on_conductance=3e-3
        )
        programmed = program(network, Hardware(faults=faults), np.random.default_rng(1))
        (cells,) = programmed.cells.values()
        healthy = cells.stuck == 0
        assert (cells.conductance[cells.stuck < 0] == off).all()
        assert (cells.conductance[cells.stuck > 0] == 3e-3).all()
        assert (cells.stuck < 0).sum() == 32
        assert (cells.stuck > 0).sum() == 16
        wanted = cells.encoded.conductance
        assert np.array_equal(cells.conductance[healthy], wanted[healthy])


def test_a_map_says_which():
    """One stuck cell changes one weight by what its conductance is worth."""
    weights = np.array([[1.0, 0.5], [-0.25, 0.0]])
    stuck = np.zeros((1, 2, 4), dtype=int)
    stuck[0, 1, 2] = 1  # plus cell of the weight 0.0
    stuck[0, 0, 0] = -1  # plus cell of the weight 1.0
    faults = Faults(stuck_on_conductance=100e-6, maps={(0, "kernel"): stuck})
    programmed = program(one_layer(weights), Hardware(faults=faults))
    (low, high) = programmed.hardware.span
    (cells,) = programmed.cells.values()
    short = (100e-6 - low) / (high - low)
    np.testing.assert_allclose(cells.weights, [[0.0, 0.5], [-0.25, short]], atol=1e-12)


def test_a_map_stands_instead_of_shares_for_its_matrix_only():
    network = perceptron(sizes=(10, 10, 5))
    faults = Faults(stuck_off=0.5, maps={(0, "kernel"): np.zeros((1, 10, 20))})
    programmed = program(network, Hardware(faults=faults), np.random.default_rng(1))
    assert not programmed.cells[0, "kernel"].stuck.any()
    assert (programmed.cells[1, "kernel"].stuck == -1).sum() == 50


def test_a_short_is_read_far_above_the_working_range():
    faults = Faults(
        stuck_on_conductance=3.5e-3, maps={(0, "kernel"): np.array([[[1, 0]]], dtype=np.int8)}
    )
    programmed = program(one_layer(np.array([[1.0]])), Hardware(faults=faults))
    low, high = programmed.hardware.span
    np.testing.assert_allclose(programmed.outputs([[1.0]]), (3.5e-3 - low) / (high - low))


@pytest.mark.parametrize(
    ("entries", "named"),
    [
        ({"stuck_off": 1.01}, "stuck_off"),
        ({"stuck_on": -0.1, "stuck_on_conductance": 1e-3}, "stuck_on"),
        ({"stuck_off": float("nan")}, "nan"),
        ({"stuck_off": "half"}, "'half'"),
        ({"stuck_off": True}, "True"),
        ({"stuck_off": 0.6, "stuck_on": 0.5, "stuck_on_conductance": 1e-3}, "0.6 stuck off"),
        ({"stuck_on": 0.1}, "needs stuck_on_conductance"),
        ({"maps": {(0, "kernel"): np.ones((1, 2, 2))}}, "needs stuck_on_conductance"),
        ({"stuck_on_conductance": -1e-3}, "stuck_on_conductance"),
        ({"stuck_off_conductance": float("inf")}, "stuck_off_conductance"),
        ({"stuck_off_conductance": "low"}, "stuck_off_conductance"),
        ({"maps": {(0, "kernel"): np.full((1, 2, 2), 2)}}, "(0, 'kernel')"),
        ({"maps": {(0, "kernel"): [["a"]]}}, "(0, 'kernel')"),
        ({"maps": np.zeros((2, 2))}, "maps"),
    ],
)
def test_faults_that_cannot_be_are_refused(entries, named):
    with pytest.raises(UsageError, match="faults: ") as caught:
        Faults(**entries)
    assert named in str(caught.value)


def test_maps_that_fit_no_matrix_are_refused():
    network = perceptron(sizes=(4, 3, 2))
    for maps, named in (
        ({(7, "kernel"): np.zeros((1, 4, 6))}, r"map for \(7, 'kernel'\)"),
        ({"kernel": np.zeros((1, 4, 6))}, "map for 'kernel'"),
        ({(1, "kernel"): np.zeros((4, 6))}, r"\(1, 'kernel'\) has shape \(4, 6\).*\(1, 3, 4\)"),
    ):
        with pytest.raises(UsageError, match=named):
            program(network, Hardware(faults=Faults(maps=maps)))


def test_shares_without_a_generator_are_refused():
    with pytest.raises(UsageError, match=r"pass rng"):
        Faults(stuck_off=0.1).draw((4,), None)
