"""The float network: its accuracy, and no look at the test set."""

from types import SimpleNamespace

import numpy as np
import pytest

from memcircuit.errors import UsageError
from memcircuit.networks.datasets import LabelledImages
from memcircuit.networks.digits import Digits, load_digits
from memcircuit.networks.float_reference import train_float
from memcircuit.networks.perceptron import Perceptron


@pytest.fixture(scope="module")
def digits():
    return load_digits()


@pytest.mark.parametrize(
    ("sizes", "low", "high"), [((64, 10), 0.935, 0.955), ((64, 20, 10), 0.95, 0.97)]
)
def test_accuracy_is_that_of_the_network(digits, sizes, low, high):
    """A linear classifier on these files reaches about 94 to 95 %, 20 hidden neurons 96 %."""
    training, test = digits
    result = train_float(training, test, np.random.default_rng(0), perceptron=Perceptron(sizes))
    assert low < result.accuracy < high
    assert [matrix.shape for matrix in result.weights] == list(Perceptron(sizes).shapes)
    assert 1 <= result.epochs <= 60
    np.testing.assert_array_equal(result.predictions, result.network().classify(test.images))
    assert np.trace(result.confusion_matrix()) == round(result.accuracy * 1797)


def test_images_of_any_data_set_are_learned():
    """Two classes, told apart by which half of the image is bright."""
    draws = np.random.default_rng(1)
    labels = draws.integers(0, 2, 200)
    images = draws.integers(0, 50, (200, 4, 4), dtype=np.uint8)
    images[labels == 1, :2] += 200
    data = LabelledImages(images, labels, classes=2)
    result = train_float(data, data, draws, perceptron=Perceptron((16, 2)))
    assert result.accuracy > 0.95


def test_test_set_has_no_part_in_training(digits):
    training, test = digits
    other = Digits(test.images[:5], (test.labels[:5] + 1) % 10)
    first, second = (
        train_float(training, part, np.random.default_rng(2), max_epochs=3)
        for part in (test, other)
    )
    np.testing.assert_array_equal(first.weights[0], second.weights[0])


def test_unusable_settings_are_refused(digits):
    training, test = digits
    empty = Digits(np.zeros((0, 64)), np.zeros(0, dtype=np.int64))
    with pytest.raises(UsageError, match="max_epochs is 0"):
        train_float(training, test, np.random.default_rng(0), max_epochs=0)
    with pytest.raises(UsageError, match="test set is empty"):
        train_float(training, empty, np.random.default_rng(0))
    with pytest.raises(UsageError, match="share"):
        train_float(training, test, np.random.default_rng(0), validation_share=1.0)


@pytest.mark.parametrize("part", ["training", "test"])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda labels: labels * np.nan, "labels have shape"),
        (lambda labels: labels + 0.5, "labels have shape"),
        (lambda labels: np.eye(10, dtype=int)[labels], "labels have shape"),
        (lambda labels: labels[:, np.newaxis], "labels have shape"),
        (lambda labels: labels[:10], r"labels have shape \(10,\)"),
    ],
)
def test_labels_that_are_no_classes_are_refused(digits, part, change, said):
    data = dict(zip(("training", "test"), digits, strict=True))
    known = data[part]
    data[part] = SimpleNamespace(images=known.images, labels=change(known.labels))
    with pytest.raises(UsageError, match=f"{part} set: {said}"):
        train_float(**data, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"training": (np.zeros((8, 64)), np.zeros(8, int))}, "the training set is a tuple"),
        ({"test": np.zeros((8, 64))}, "the test set is a ndarray"),
        ({"perceptron": (64, 20, 10)}, r"perceptron is a tuple; give Perceptron\("),
        ({"rng": 1}, "rng is 1"),
        ({"rng": None}, "rng is None"),
        ({"rng": np.random}, "rng is a module"),
        ({"validation_share": "a quarter"}, "share is 'a quarter'"),
    ],
)
def test_arguments_of_another_kind_are_refused(digits, wrong, said):
    training, test = digits
    right = {"training": training, "test": test, "rng": np.random.default_rng(0)}
    with pytest.raises(UsageError, match=said):
        train_float(**{**right, **wrong})
