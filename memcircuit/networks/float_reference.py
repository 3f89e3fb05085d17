"""What the same network reaches with float64 weights: the yardstick of every device."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.networks.digits import Digits, split
from memcircuit.networks.perceptron import (
    INPUTS,
    OUTPUTS,
    accuracy,
    classify,
    confusion_matrix,
    inputs_of,
    loss,
    targets_of,
)


@dataclass(frozen=True)
class FloatResult:
    """The network with float64 weights.

    Attributes:
        accuracy: share of test images classified correctly, 0..1.
        weights: (65, 10) dimensionless; the last row belongs to the bias.
        predictions: (n,) class given to each test image.
        labels: (n,) class of each test image.
        iterations: steps of the minimiser, as chosen on the validation part.
    """

    accuracy: float
    weights: NDArray[np.float64]
    predictions: NDArray[np.int64]
    labels: NDArray[np.int64]
    iterations: int

    def confusion_matrix(self) -> NDArray[np.int64]:
        """Count the test images of each class (row) taken for each class (column), (10, 10)."""
        return confusion_matrix(self.predictions, self.labels)


def train_float(
    training: Digits,
    test: Digits,
    rng: np.random.Generator,
    *,
    validation_share: float = 0.25,
    max_iterations: int = 300,
) -> FloatResult:
    """Minimise the network's squared error with L-BFGS and exact gradient, from zero weights.

    The number of iterations is the one with the least error on a random validation part of the
    training set; the network is then trained again on all of it for so many iterations. The test
    set is only used to state the result.

    Args:
        training: the images to learn from.
        test: the images to state the accuracy on.
        rng: draws the validation part.
        validation_share: dimensionless, part of the training set used to stop, 0..1 exclusive.
        max_iterations: highest number of iterations.

    Raises:
        UsageError: ``max_iterations`` below 1, no test images, or an empty part after the split.
    """
    if max_iterations < 1:
        raise UsageError(f"max_iterations is {max_iterations}; it must be at least 1")
    if not len(test):
        raise UsageError("the test set is empty; it must hold at least one image")
    fitted, aside = split(training, validation_share, rng)
    inputs, targets = inputs_of(aside), targets_of(aside)
    errors = [loss(inputs, targets, weights)[0] for weights in _minimise(fitted, max_iterations)]
    iterations = int(np.argmin(errors)) + 1
    weights = _minimise(training, iterations)[-1]
    predictions = classify(inputs_of(test), weights)
    return FloatResult(
        accuracy=accuracy(predictions, test.labels),
        weights=weights,
        predictions=predictions,
        labels=test.labels,
        iterations=iterations,
    )


def _minimise(digits: Digits, iterations: int) -> list[NDArray[np.float64]]:
    """Return the weights after each iteration, each (65, 10)."""
    from scipy.optimize import minimize

    inputs, targets = inputs_of(digits), targets_of(digits)
    path: list[NDArray[np.float64]] = []

    def mean_loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        error, descent = loss(inputs, targets, flat.reshape(INPUTS, OUTPUTS))
        return error / len(digits), -descent.ravel() / len(digits)

    minimize(
        mean_loss,
        np.zeros(INPUTS * OUTPUTS),
        jac=True,
        method="L-BFGS-B",
        callback=lambda flat: path.append(flat.reshape(INPUTS, OUTPUTS).copy()),
        # The tolerances are loose limits only: the validation part decides when to stop.
        options={"maxiter": iterations, "maxfun": 20 * iterations, "ftol": 1e-12, "gtol": 1e-9},
    )
    return path
