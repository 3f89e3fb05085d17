"""What is drawn of networks on hardware."""

import numpy as np
import pytest

from memcircuit.errors import UsageError
from memcircuit.networks import Dense, Faults, Hardware, Mapping, Network, Spread, evaluate, program
from memcircuit.plot.evaluation import accuracy_against, layer_errors, stored_weights


@pytest.fixture
def network(rng):
    weights = rng.normal(size=(12, 8)), rng.normal(size=(8, 4))
    return Network((12,), (Dense(weights[0], activation="tanh"), Dense(weights[1])))


@pytest.fixture
def evaluations(network, rng):
    images = rng.uniform(size=(60, 12))
    labels = network.classify(images)
    return [
        evaluate(
            network,
            images,
            labels,
            programming_error=Spread.of_range(size),
            seeds=4,
            rng=np.random.default_rng(5),
        )
        for size in (0.02, 0.2)
    ]


def test_accuracy_is_drawn_in_per_cent_with_its_interval(evaluations):
    ax = accuracy_against([0.02, 0.2], evaluations, quantity="error (1)", label="pairs")
    curve = next(line for line in ax.get_lines() if line.get_label() == "pairs")
    assert curve.get_ydata() == pytest.approx([100 * one.mean for one in evaluations])
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    bounds = 100 * np.array([one.interval() for one in evaluations])
    assert band.min() == pytest.approx(bounds.min())
    assert band.max() == pytest.approx(bounds.max())
    assert ax.get_xlabel() == "error (1)"


def test_a_second_curve_shares_the_line_of_the_float_network(evaluations):
    ax = accuracy_against([0.02, 0.2], evaluations, quantity="error (1)")
    accuracy_against([0.02, 0.2], evaluations[::-1], ax, quantity="error (1)", colour="#E69F00")
    named = [line for line in ax.get_lines() if line.get_label() == "float weights"]
    assert len(named) == 1


def test_bars_are_the_mean_errors_of_the_layers(evaluations):
    ax = layer_errors(evaluations[0])
    found = evaluations[0].layer_errors()
    heights = [bar.get_height() for bar in ax.patches]
    expected = [100 * one.own for one in found] + [100 * one.total for one in found]
    assert heights == pytest.approx(expected)


def test_stored_weights_lie_on_the_line_but_those_with_stuck_cells(network):
    faults = Faults(stuck_on=0.1, stuck_on_conductance=1e-3)
    hardware = Hardware(faults=faults, mapping=Mapping(cells=2))
    programmed = program(network, hardware, np.random.default_rng(1))
    ax = stored_weights(programmed)
    points = {line.get_label(): line for line in ax.get_lines()}
    assert points["weights"].get_ydata() == pytest.approx(points["weights"].get_xdata())
    stuck = points["with a stuck cell"]
    cells = programmed.cells[0, "kernel"]
    several = (cells.stuck != 0).any(axis=0)[:, cells.encoded.places].any(axis=(-1, -2))
    assert len(stuck.get_xdata()) == several.sum() > 0
    assert len(points["weights"].get_xdata()) + several.sum() == 96


def test_what_cannot_be_drawn_is_refused(network, evaluations):
    with pytest.raises(UsageError, match="one for each"):
        accuracy_against([1.0], evaluations, quantity="x")
    for wrong in (evaluations[0], [one.mean for one in evaluations]):
        with pytest.raises(UsageError, match=r"evaluations is|one of the evaluations is"):
            accuracy_against([0.02, 0.2], wrong, quantity="x")
    with pytest.raises(UsageError, match="one of the errors"):
        layer_errors(evaluations)
    with pytest.raises(UsageError, match="program"):
        stored_weights(network)
    with pytest.raises(UsageError, match="no layer"):
        layer_errors([])
    with pytest.raises(UsageError, match="network has 2: "):
        stored_weights(program(network, Hardware()), matrix=2)


def test_unsorted_values_are_drawn_in_order(evaluations):
    ax = accuracy_against([0.2, 0.02], evaluations[::-1], quantity="error (1)", label="pairs")
    curve = next(line for line in ax.get_lines() if line.get_label() == "pairs")
    assert list(curve.get_xdata()) == [0.02, 0.2]
    assert curve.get_ydata() == pytest.approx([100 * one.mean for one in evaluations])


def test_a_matrix_is_known_by_its_key_too(network):
    programmed = program(network, Hardware())
    ax = stored_weights(programmed, matrix=(1, "kernel"))
    points = next(line for line in ax.get_lines() if line.get_label() == "weights")
    assert len(points.get_xdata()) == 32
