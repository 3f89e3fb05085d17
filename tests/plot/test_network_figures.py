"""Figures of a trained network show its numbers."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from memcircuit.errors import UsageError
from memcircuit.networks.perceptron import Perceptron
from memcircuit.networks.pulse_rules import SignPulses
from memcircuit.networks.training_result import TrainingResult
from memcircuit.plot import network


@pytest.fixture
def result():
    draws = np.random.default_rng(0)
    labels = draws.integers(0, 10, 200)
    predictions = np.where(draws.random(200) < 0.9, labels, draws.integers(0, 10, 200))
    shapes = ((1, 65, 20, 2), (1, 21, 10, 2))
    return TrainingResult(
        test_accuracy=np.array([[0.6], [0.8], [0.9]]),
        train_accuracy=np.array([[0.65], [0.85], [0.95]]),
        predictions=predictions[np.newaxis],
        labels=labels,
        conductance=tuple(draws.uniform(1e-6, 350e-6, shape) for shape in shapes),
        stuck=tuple(np.zeros(shape, dtype=bool) for shape in shapes),
        set_pulses=np.array([[3], [2], [1]]),
        reset_pulses=np.array([[3], [2], [1]]),
        perceptron=Perceptron((64, 20, 10)),
        rule=SignPulses(epochs=3),
    )


def test_accuracy_draws_per_cent_against_epoch(result):
    axes = network.accuracy(result, reference=0.95)
    lines = {line.get_label(): line.get_xydata() for line in axes.get_lines()}
    np.testing.assert_allclose(lines["test images"], [[1, 60], [2, 80], [3, 90]])
    np.testing.assert_allclose(lines["training images"], [[1, 65], [2, 85], [3, 95]])
    np.testing.assert_allclose(lines["float weights, test: 95.00 %"][:, 1], 95)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "accuracy (%)")


def test_several_seeds_are_a_mean_with_its_interval_and_range(result):
    """Of two values d apart, the 90 % interval of the mean reaches 6.314 d / 2 to either side."""
    two = replace(
        result,
        test_accuracy=np.array([[0.6, 0.602], [0.7, 0.702]]),
        train_accuracy=np.array([[0.6, 0.602], [0.7, 0.702]]),
        predictions=np.repeat(result.predictions, 2, axis=0),
    )
    axes = network.accuracy(two, confidence=0.9)
    lines = {line.get_label(): line.get_xydata() for line in axes.get_lines()}
    np.testing.assert_allclose(lines["test images"][:, 1], [60.1, 70.1])
    lowest, interval = (band.get_paths()[0].get_extents() for band in axes.collections[-2:])
    assert (lowest.ymin, lowest.ymax) == pytest.approx((60, 70.2))
    assert interval.ymin == pytest.approx(60.1 - 6.314 * 0.1, abs=1e-3)
    assert interval.ymax == pytest.approx(70.1 + 6.314 * 0.1, abs=1e-3)
    assert not network.accuracy(result).collections


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
    assert shown.shape == (40, 65)
    assert shown[7, 12] == pytest.approx(1e6 * result.conductance[0][0, 12, 3, 1])
    assert axes.get_yticklabels()[7].get_text() == "3 \N{MINUS SIGN}"
    second = network.conductance_map(result, layer=1).images[0].get_array()
    assert second[19, 20] == pytest.approx(1e6 * result.conductance[1][0, 20, 9, 1])


@pytest.mark.parametrize("draw", [network.accuracy, network.confusion_matrix])
def test_given_axes_are_used_and_figures_can_be_saved(result, draw, tmp_path):
    own = Figure().subplots()
    assert draw(result, axes=own) is own
    own.figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 1000


def test_wrong_shapes_are_refused(result):
    with pytest.raises(UsageError, match="must be square"):
        network.confusion_matrix(np.zeros((3, 2), dtype=int))
    with pytest.raises(UsageError, match="must be square"):
        network.confusion_matrix(np.zeros((0, 0), dtype=int))
    for counts in (np.eye(3), -np.eye(3, dtype=int)):
        with pytest.raises(UsageError, match="counts are whole numbers"):
            network.confusion_matrix(counts)
    for layer in (2, -3, "a", True):
        with pytest.raises(UsageError, match=f"layer is {layer!r}; .* 0 to 1"):
            network.conductance_map(result, layer=layer)
    with pytest.raises(UsageError, match=r"seed is 1; .* only 0"):
        network.conductance_map(result, seed=1)
    with pytest.raises(UsageError, match="inputs, outputs, 2"):
        network.conductance_map(np.zeros((65, 10)))


def test_other_objects_are_refused(result):
    programmed = SimpleNamespace(confusion_matrix=result.confusion_matrix)
    for wrong in (programmed, None, np.zeros((3, 1))):
        with pytest.raises(UsageError, match=r"result is .*; give the result of train"):
            network.accuracy(wrong)
    for wrong in ([[1, 2], [3, 4]], None, result.conductance):
        with pytest.raises(UsageError, match=r"result is .*; give a result with a conf"):
            network.confusion_matrix(wrong)
    for wrong in (programmed, result.conductance, None):
        with pytest.raises(UsageError, match=r"result is .*; give the result of train"):
            network.conductance_map(wrong)
    for reference in (93, -0.1, "float"):
        with pytest.raises(UsageError, match=r"reference, an accuracy 0\.\.1, is"):
            network.accuracy(result, reference=reference)
    with pytest.raises(UsageError, match="confidence is 95"):
        network.accuracy(result, confidence=95)


@pytest.mark.parametrize("best", [0.9, 1.0])
def test_a_single_epoch_is_one_whole_tick_and_marker(result, best):
    single = replace(
        result, test_accuracy=np.array([[best]]), train_accuracy=np.array([[0.5]]),
        set_pulses=np.array([[3]]), reset_pulses=np.array([[3]]), rule=SignPulses(epochs=1),
    )  # fmt: skip
    axes = network.accuracy(single)
    axes.figure.canvas.draw()
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [1]
    bottom, top = axes.get_ylim()
    assert low < 1 < high
    assert bottom < 50
    assert top == 100
    assert not any(line.get_clip_on() for line in axes.get_lines())


def _overlaps(axes):
    """Return whether any two texts of the matrix or of an axis touch, as drawn."""
    canvas = FigureCanvasAgg(axes.figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    found = False
    for texts in (axes.texts, axes.get_xticklabels(), axes.get_yticklabels()):
        boxes = [text.get_window_extent(renderer) for text in texts]
        found |= any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    return found


@pytest.mark.parametrize(
    ("classes", "most"), [(2, 10**6), (10, 178), (26, 800), (26, 8000), (47, 400)]
)
def test_a_confusion_matrix_of_many_classes_stays_legible(classes, most):
    counts = np.full((classes, classes), most // 10) + np.diag([most - most // 10] * classes)
    axes = network.confusion_matrix(counts)
    assert axes.figure.get_size_inches()[1] == pytest.approx(max(3.6, 0.3 * classes))
    assert len(axes.texts) == classes**2
    assert min(text.get_fontsize() for text in axes.texts) >= 5
    assert min(label.get_fontsize() for label in axes.get_xticklabels()) >= 5
    assert not _overlaps(axes)


def test_numbers_that_do_not_fit_are_left_out():
    counts = np.full((26, 26), 80)
    axes = network.confusion_matrix(counts, Figure(figsize=(3, 3), layout="constrained").subplots())
    assert not axes.texts
    assert not _overlaps(axes)
    assert not network.confusion_matrix(np.full((26, 26), 10**7)).texts
