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

    Where ``classes_`` are not 0, 1, 2, ..., labels are its places:
    ``np.searchsorted(model.classes_, labels)`` gives them.

    Args:
        model: a fitted model, its class one of these or derived from them; scikit-learn itself is
            not needed. Of a ``Pipeline`` give the last step, ``pipe[-1]``, and let
            ``pipe[:-1].transform`` make its inputs; of a search, ``best_estimator_``.

    Raises:
        UsageError: another model, one that is not fitted or has several labels at once, or an
            activation that is not supported.
    """
    kind = _kind(model)
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
    if kind == "MLPClassifier" and activations[-1] == "sigmoid":
        if len(biases[-1]) > 1:
            raise UsageError(
                f"this {kind} gives {len(biases[-1])} labels at once, each with a probability of "
                "its own; the classes of a network exclude each other: fit one model for each label"
            )
        halves = np.array([-0.5, 0.5])
        weights[-1], biases[-1] = weights[-1] * halves, biases[-1] * halves
        activations[-1] = "softmax"
    return from_arrays(weights, biases, activations)


def _kind(model: Any) -> str:
    """Return which of the two models that can be read this one is, or is derived from."""
    if isinstance(model, type):
        raise UsageError(
            f"model is the class {model.__name__}; give a fitted instance of it, "
            f"{model.__name__}().fit(x, y)"
        )
    bases = [base.__name__ for base in type(model).__mro__]
    for kind in ("MLPClassifier", "MLPRegressor"):
        if kind in bases:
            return kind
    if "Pipeline" in bases:
        way = "its last step, pipe[-1], and feed images through pipe[:-1].transform"
    elif "BaseSearchCV" in bases:
        way = "what it found, search.best_estimator_"
    else:
        way = "an MLPClassifier or MLPRegressor"
    raise UsageError(f"model is a {bases[0]}; give {way}")
