"""The perceptron: gradients against finite differences, classes, and as a network."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import approx_fprime, check_grad

from memcircuit.errors import UsageError
from memcircuit.networks.digits import Digits, load_digits
from memcircuit.networks.network import confusion_counts
from memcircuit.networks.perceptron import Perceptron


@pytest.fixture(scope="module")
def sample():
    training, _ = load_digits()
    return Digits(training.images[:20], training.labels[:20])


def layers(flat, shapes):
    ends = np.cumsum([np.prod(shape) for shape in shapes])[:-1]
    return [part.reshape(shape) for part, shape in zip(np.split(flat, ends), shapes, strict=True)]


@pytest.mark.parametrize("sizes", [(64, 10), (64, 6, 10), (64, 5, 4, 10)])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_gradient_agrees_with_finite_differences(sample, sizes, activation):
    perceptron = Perceptron(sizes, activation)
    inputs, labels = perceptron.examples(sample, "test")
    targets = perceptron.targets(labels)
    count = sum(rows * columns for rows, columns in perceptron.shapes)
    point = np.random.default_rng(0).normal(scale=0.1, size=count)

    def error(flat):
        return perceptron.loss(layers(flat, perceptron.shapes), inputs, targets)[0]

    def gradient(flat):
        _, descents = perceptron.loss(layers(flat, perceptron.shapes), inputs, targets)
        return -np.concatenate([descent.ravel() for descent in descents])

    size = np.linalg.norm(approx_fprime(point, error))
    assert check_grad(error, gradient, point) < 1e-5 * size


def test_loss_of_one_image_by_hand():
    """Weights zero: y = 0, so E = 10/2 and -dE/dw = x z."""
    perceptron = Perceptron()
    digit = Digits(np.full((1, 64), 0.4), np.array([7]))
    inputs, labels = perceptron.examples(digit, "test")
    targets = perceptron.targets(labels)
    error, (descent,) = perceptron.loss([np.zeros((65, 10))], inputs, targets)
    assert error == pytest.approx(5.0)
    expected = np.outer(np.append(np.full(64, 0.4), 1.0), np.where(np.arange(10) == 7, 1.0, -1.0))
    np.testing.assert_allclose(descent, expected)


def test_seeds_are_computed_each_by_itself(sample):
    perceptron, draws = Perceptron((64, 20, 10)), np.random.default_rng(3)
    weights = [draws.normal(size=(4, *shape)) for shape in perceptron.shapes]
    inputs, labels = perceptron.examples(sample, "test")
    targets = perceptron.targets(labels)
    own = inputs[draws.integers(20, size=(4, 7))]
    _, together = perceptron.backward(weights, own, targets[:7])
    for seed in range(4):
        _, alone = perceptron.backward([w[seed] for w in weights], own[seed], targets[:7])
        for one, all_seeds in zip(alone, together, strict=True):
            np.testing.assert_array_equal(one, all_seeds[seed])


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_as_a_network_it_computes_the_same(sample, activation):
    perceptron, draws = Perceptron((64, 20, 10), activation), np.random.default_rng(4)
    weights = [draws.normal(size=shape) for shape in perceptron.shapes]
    network, (inputs, _) = perceptron.network(weights), perceptron.examples(sample, "test")
    expected = perceptron.forward(weights, inputs)[-1]
    np.testing.assert_allclose(network.outputs(sample.images), expected, rtol=1e-12)
    big = [20.0 * matrix for matrix in weights]  # outputs of exactly 1 must not decide by order
    sums = perceptron.forward(big, inputs)[-2] @ big[-1]
    np.testing.assert_array_equal(perceptron.classify(big, inputs), sums.argmax(axis=1))


def test_confusion_counts_true_rows_and_predicted_columns():
    matrix = confusion_counts(np.array([[1, 1, 9], [1, 2, 8]]), np.array([1, 2, 9]), 10)
    assert matrix.sum() == 6
    assert matrix[1, 1] == 2
    assert matrix[2, 1] == matrix[2, 2] == matrix[9, 9] == matrix[9, 8] == 1


@pytest.mark.parametrize(
    ("sizes", "activation", "what"),
    [
        ((64,), "tanh", "sizes are"),
        ((64, 0, 10), "tanh", "sizes are"),
        ((64, 2.5, 10), "tanh", "sizes are"),
        ((64, 1), "tanh", "two classes"),
        ("digits", "tanh", "sizes are"),
        ((64, 20, 10), "softmax", "activation of hidden layers is 'softmax'"),
        ((64, 20, 10), ["tanh"], r"activation of hidden layers is \['tanh'\]"),
    ],
)
def test_impossible_perceptrons_are_refused(sizes, activation, what):
    with pytest.raises(UsageError, match=what):
        Perceptron(sizes, activation)


def test_grey_values_of_8_bits_become_shares():
    grey = np.arange(0, 256, 85, dtype=np.uint8).reshape(1, 2, 2)
    data = SimpleNamespace(images=grey, labels=np.array([1]))
    inputs, _ = Perceptron((4, 2)).examples(data, "test")
    np.testing.assert_allclose(inputs, [[0, 1 / 3, 2 / 3, 1, 1]])


def test_images_that_do_not_fit_are_refused(sample):
    with pytest.raises(UsageError, match=r"images of the test set have 64 values.*take 30"):
        Perceptron((30, 10)).examples(sample, "test")
    for value in (255.0, np.nan):
        bad = SimpleNamespace(images=np.full((2, 64), value), labels=np.zeros(2, dtype=int))
        with pytest.raises(UsageError, match="images of the training set reach"):
            Perceptron().examples(bad, "training")
    flat = SimpleNamespace(images=np.zeros(64), labels=np.zeros(64, dtype=int))
    with pytest.raises(UsageError, match=r"images of the test set have shape \(64,\)"):
        Perceptron().examples(flat, "test")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (np.full(20, np.nan), "type float64; 20 images need"),
        (np.zeros(20) + 0.5, "type float64; 20 images need"),
        (np.eye(20, 10, dtype=int), r"shape \(20, 10\) .* 20 images need \(20,\)"),
        (np.zeros((20, 1), dtype=int), r"shape \(20, 1\)"),
        (np.zeros(10, dtype=int), r"shape \(10,\) .* 20 images need"),
        (np.arange(20), "reach from 0 to 19"),
        (["three"] * 20, "20 images need"),
    ],
)
def test_labels_that_are_no_classes_are_refused(sample, labels, said):
    data = SimpleNamespace(images=sample.images, labels=labels)
    with pytest.raises(UsageError, match=f"training set: labels .*{said}"):
        Perceptron().examples(data, "training")


def test_lists_are_images_and_labels_too(sample):
    data = SimpleNamespace(images=sample.images.tolist(), labels=sample.labels.tolist())
    inputs, labels = Perceptron().examples(data, "test")
    np.testing.assert_array_equal(inputs, Perceptron().examples(sample, "test")[0])
    np.testing.assert_array_equal(labels, sample.labels)


def test_what_holds_no_images_and_labels_is_refused(sample):
    for data in ((sample.images, sample.labels), sample.images, [sample], None, Digits):
        with pytest.raises(UsageError, match=r"the test set is .*give images with their labels"):
            Perceptron().examples(data, "test")


def test_weights_of_another_network_are_refused():
    perceptron = Perceptron((64, 20, 10))
    fitting = [np.zeros(shape) for shape in perceptron.shapes]
    assert perceptron.network(fitting).shapes == ((64,), (20,), (10,))
    turned = [matrix.T for matrix in fitting]
    for weights in ([np.zeros((65, 10))], fitting[:1], turned, [np.zeros((4, 65, 20)), fitting[1]]):
        with pytest.raises(UsageError, match=r"sizes \(64, 20, 10\) have .*\(65, 20\), \(21, 10\)"):
            perceptron.network(weights)
    with pytest.raises(UsageError, match="weights is a ndarray; give a list"):
        Perceptron().network(np.zeros((65, 10)))
