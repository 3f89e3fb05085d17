"""Figures of a trained network show its numbers."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from memcircuit.errors import UsageError
from memcircuit.networks.pulse_training import PulseRule, TrainingResult
from memcircuit.plot import network


@pytest.fixture
def result():
    draws = np.random.default_rng(0)
    labels = draws.integers(0, 10, 200)
    predictions = np.where(draws.random(200) < 0.9, labels, draws.integers(0, 10, 200))
    return TrainingResult(
        test_accuracy=np.array([0.6, 0.8, 0.9]),
        train_accuracy=np.array([0.65, 0.85, 0.95]),
        predictions=predictions,
        labels=labels,
        conductance=draws.uniform(1e-6, 350e-6, (65, 10, 2)),
        stuck=np.zeros((65, 10, 2), dtype=bool),
        set_pulses=np.array([3, 2, 1]),
        reset_pulses=np.array([3, 2, 1]),
        rule=PulseRule(epochs=3),
    )


def test_accuracy_draws_per_cent_against_epoch(result):
    axes = network.accuracy(result, reference=0.95)
    lines = {line.get_label(): line.get_xydata() for line in axes.get_lines()}
    np.testing.assert_allclose(lines["test images"], [[1, 60], [2, 80], [3, 90]])
    np.testing.assert_allclose(lines["training images"], [[1, 65], [2, 85], [3, 95]])
    np.testing.assert_allclose(lines["float weights, test: 95.00 %"][:, 1], 95)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "accuracy (%)")


def test_several_networks_are_a_mean_and_a_band(result):
    better = replace(result, test_accuracy=result.test_accuracy + 0.02)
    axes = network.accuracy([result, better])
    lines = {line.get_label(): line.get_xydata() for line in axes.get_lines()}
    np.testing.assert_allclose(lines["test images"][:, 1], [61, 81, 91])
    band = axes.collections[-1].get_paths()[0].get_extents()
    assert (band.ymin, band.ymax) == pytest.approx((60, 92))
    with pytest.raises(UsageError, match="as many epochs"):
        network.accuracy([result, replace(result, test_accuracy=np.array([0.5]))])
    with pytest.raises(UsageError, match="at least one"):
        network.accuracy([])


def test_confusion_matrix_writes_the_counts(result):
    axes = network.confusion_matrix(result)
    counts = result.confusion_matrix()
    written = {text.get_position(): int(text.get_text()) for text in axes.texts}
    assert sum(written.values()) == 200
    assert written[(4, 4)] == counts[4, 4]
    shares = axes.images[0].get_array()
    np.testing.assert_allclose(shares.sum(axis=1), 100)


def test_confusion_matrix_takes_counts_with_an_empty_class():
    axes = network.confusion_matrix(np.array([[5, 1], [0, 0]]))
    np.testing.assert_allclose(axes.images[0].get_array(), [[500 / 6, 100 / 6], [0, 0]])


def test_conductance_map_is_in_microsiemens_with_pairs_side_by_side(result):
    axes = network.conductance_map(result)
    shown = axes.images[0].get_array()
    assert shown.shape == (20, 65)
    assert shown[7, 12] == pytest.approx(1e6 * result.conductance[12, 3, 1])
    assert axes.get_yticklabels()[7].get_text() == "3 \N{MINUS SIGN}"


@pytest.mark.parametrize("draw", [network.accuracy, network.confusion_matrix])
def test_given_axes_are_used_and_figures_can_be_saved(result, draw, tmp_path):
    own = Figure().subplots()
    assert draw(result, axes=own) is own
    own.figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 1000


def test_wrong_shapes_are_refused():
    with pytest.raises(UsageError, match="must be square"):
        network.confusion_matrix(np.zeros((3, 2), dtype=int))
    with pytest.raises(UsageError, match="inputs, outputs, 2"):
        network.conductance_map(np.zeros((65, 10)))
