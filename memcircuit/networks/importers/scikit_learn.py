"""Multilayer perceptrons of scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np

from memcircuit.errors import UsageError
from memcircuit.networks.importers.arrays import from_arrays
from memcircuit.networks.network import Network

# what scikit-learn calls an activation, and what it is here
_NAMES = {
    "identity": "identity",
    "logistic": "sigmoid",
    "relu": "relu",
    "softmax": "softmax",
    "tanh": "tanh",
}


def from_sklearn(model: Any) -> Network:
    """Return the network of a fitted ``MLPClassifier`` or ``MLPRegressor``.

    Output k of a classifier is the probability of ``model.classes_[k]``, as in ``predict_proba``.
    For two classes scikit-learn has one output z with the probability sigmoid(z) of the second
    class; here it becomes two outputs, the softmax of (-z/2, z/2), which are the same
    probabilities, so that the largest output names the class.

    Args:
        model: a fitted model; scikit-learn itself is not needed.

    Raises:
        UsageError: another model, one that is not fitted, or an activation that is not supported.
    """
    kind = type(model).__name__
    if kind not in {"MLPClassifier", "MLPRegressor"}:
        raise UsageError(f"model is a {kind}; give an MLPClassifier or MLPRegressor")
    if not hasattr(model, "coefs_"):
        raise UsageError(f"this {kind} has no weights yet; fit it first")
    weights, biases = list(model.coefs_), list(model.intercepts_)
    functions = [model.activation] * (len(weights) - 1) + [model.out_activation_]
    for name in functions:
        if name not in _NAMES:
            raise UsageError(
                f"activation {name!r} of {kind} is not supported; these are: {', '.join(_NAMES)}"
            )
    activations = [_NAMES[name] for name in functions]
    # several labels at once have a sigmoid each, and classes_ then has more than two entries
    if kind == "MLPClassifier" and activations[-1] == "sigmoid" and len(biases[-1]) == 1:
        halves = np.array([-0.5, 0.5])
        weights[-1], biases[-1] = weights[-1] * halves, biases[-1] * halves
        activations[-1] = "softmax"
    return from_arrays(weights, biases, activations)
