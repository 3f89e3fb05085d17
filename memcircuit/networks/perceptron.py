"""The single-layer network: 64 pixels and a bias, ten tanh outputs, targets of -1 and +1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from memcircuit.networks.digits import CLASSES, PIXELS, Digits

INPUTS = PIXELS + 1
OUTPUTS = CLASSES


def inputs_of(digits: Digits) -> NDArray[np.float64]:
    """Return the input voltages in units of the highest one, (n, 65); the last is the bias, 1."""
    return np.hstack([digits.images, np.ones((len(digits), 1))])


def targets_of(digits: Digits) -> NDArray[np.float64]:
    """Return the expected outputs, dimensionless (n, 10): +1 for the digit's class, -1 elsewhere.

    Both lie at the limits of tanh; targets of 0 and 1 would leave half of its range unused.
    """
    return np.where(np.arange(OUTPUTS) == digits.labels[:, np.newaxis], 1.0, -1.0)


def loss(
    inputs: NDArray[np.float64], targets: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Squared error of the images and the weight change that lowers it fastest.

    E = 1/2 sum (z - y)^2 with y = tanh(x w), and -dE/dw = x^T (z - y)(1 - y^2): Lin et al. 2022
    (doi:10.3390/nano12071075), equations (1) and (2) without the learning rate.

    Args:
        inputs: (n, 65) dimensionless.
        targets: (n, 10) dimensionless.
        weights: (65, 10) dimensionless.

    Returns:
        The error summed over images and outputs, and -dE/dw of shape (65, 10).
    """
    outputs = np.tanh(inputs @ weights)
    errors = targets - outputs
    return 0.5 * float(np.vdot(errors, errors)), inputs.T @ (errors * (1.0 - outputs**2))


def classify(inputs: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the class of the largest output for each image, (n,)."""
    # tanh rises everywhere, so the sums decide.
    classes: NDArray[np.int64] = np.argmax(inputs @ weights, axis=1)
    return classes


def accuracy(predictions: NDArray[np.int64], labels: NDArray[np.int64]) -> float:
    """Return the share of correct predictions, 0..1."""
    return float(np.mean(predictions == labels))


def confusion_matrix(
    predictions: NDArray[np.int64], labels: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Count the images of each class (row) that were taken for each class (column), (10, 10)."""
    counts = np.bincount(labels * OUTPUTS + predictions, minlength=OUTPUTS * OUTPUTS)
    return counts.reshape(OUTPUTS, OUTPUTS)
