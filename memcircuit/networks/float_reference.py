"""What the same network reaches with float64 weights: the yardstick of every device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_count, require_generator
from memcircuit.networks.adam import Adam
from memcircuit.networks.labelled import split_indices
from memcircuit.networks.network import Network, confusion_counts
from memcircuit.networks.perceptron import LabelledData, Perceptron, chosen_perceptron

Array = NDArray[np.float64]
Weights = tuple[Array, ...]

# Images per step, and Adam's step size on inputs 0..1 and mean gradients.
_BATCH, _STEP = 32, 3e-3


@dataclass(frozen=True, eq=False)
class FloatResult:
    """The network with float64 weights.

    Attributes:
        accuracy: share of test images classified correctly, 0..1.
        weights: for each layer (inputs + 1, outputs) dimensionless; the last row is the bias's.
        predictions: (n,) class given to each test image.
        labels: (n,) class of each test image.
        epochs: passes through the training images, as chosen on the validation part.
        perceptron: what was trained.
    """

    accuracy: float
    weights: Weights
    predictions: NDArray[np.int64]
    labels: NDArray[np.int64]
    epochs: int
    perceptron: Perceptron

    def confusion_matrix(self) -> NDArray[np.int64]:
        """Count the test images of each class (row) taken for each class (column)."""
        return confusion_counts(self.predictions, self.labels, self.perceptron.sizes[-1])

    def network(self) -> Network:
        """Return the weights as a network of dense layers; see `TrainingResult.network`."""
        return self.perceptron.network(self.weights)


def train_float(
    training: LabelledData,
    test: LabelledData,
    rng: np.random.Generator,
    *,
    perceptron: Perceptron | None = None,
    validation_share: float = 0.25,
    max_epochs: int = 60,
) -> FloatResult:
    """Minimise the network's squared error by Adam (Kingma and Ba 2015, arXiv:1412.6980).

    Weights start normal with variance 1/inputs. The number of epochs is the one with the least
    error on a random validation part of the training set; the network is then trained again on
    all of it for so many epochs. The test set is only used to state the result.

    Args:
        training: the images to learn from.
        test: the images to state the accuracy on.
        rng: draws the validation part, the weights to start from and the order of the images.
        perceptron: sizes and activation; by default a single layer for the digits.
        validation_share: dimensionless, part of the training set used to stop, 0..1 exclusive.
        max_epochs: highest number of epochs.

    Raises:
        UsageError: arguments of another kind, ``max_epochs`` below 1, images or labels that cannot
            be used, or an empty part after the split; nothing was computed.
    """
    require_count(max_epochs, "max_epochs")
    require_generator(rng)
    perceptron = chosen_perceptron(perceptron)
    test_inputs, test_labels = perceptron.examples(test, "test")
    inputs, labels = perceptron.examples(training, "training")
    targets = perceptron.targets(labels)
    fitted, aside = split_indices(len(inputs), validation_share, rng)
    known, judges = (inputs[fitted], targets[fitted]), (inputs[aside], targets[aside])
    errors = [
        perceptron.loss(weights, *judges)[0]
        for weights in _minimise(perceptron, *known, rng, max_epochs)
    ]
    epochs = int(np.argmin(errors)) + 1
    *_, weights = _minimise(perceptron, inputs, targets, rng, epochs)
    predictions = perceptron.classify(weights, test_inputs)
    return FloatResult(
        accuracy=float(np.mean(predictions == test_labels)),
        weights=weights,
        predictions=predictions,
        labels=test_labels,
        epochs=epochs,
        perceptron=perceptron,
    )


def _minimise(
    perceptron: Perceptron, inputs: Array, targets: Array, rng: np.random.Generator, epochs: int
) -> Iterator[Weights]:
    """Give the weights after each epoch."""
    weights = [rng.standard_normal(shape) / np.sqrt(shape[0]) for shape in perceptron.shapes]
    adam = Adam(weights, _STEP)
    for _ in range(epochs):
        order = rng.permutation(len(inputs))
        for start in range(0, len(order), _BATCH):
            shown = order[start : start + _BATCH]
            _, descents = perceptron.loss(weights, inputs[shown], targets[shown])
            weights = adam.moved(weights, [-descent / len(shown) for descent in descents])
        yield tuple(weights)
