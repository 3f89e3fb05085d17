"""Activation functions by name, each elementwise but softmax."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError

Array = NDArray[np.floating]

#: Slope of leaky_relu below zero: the default of PyTorch and of ONNX.
LEAK = 0.01


def _sigmoid(x: Array) -> Array:
    # tanh does not overflow where exp(-x) would
    return np.asarray(0.5 * (np.tanh(0.5 * x) + 1.0))


def _softmax(x: Array) -> Array:
    """Over the last axis."""
    shifted = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def _relu(x: Array) -> Array:
    return np.asarray(np.maximum(x, 0))


def _leaky_relu(x: Array) -> Array:
    return np.asarray(np.maximum(x, LEAK * x))


def _identity(x: Array) -> Array:
    return x


#: Every activation function that a layer takes, by its name.
ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "identity": _identity,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "sigmoid": _sigmoid,
    "softmax": _softmax,
    "tanh": np.tanh,
}


def activation(name: str) -> Callable[[Array], Array]:
    """Return the function of this name, which keeps the number type of its argument.

    Raises:
        UsageError: no such activation.
    """
    try:
        return ACTIVATIONS[name]
    except (KeyError, TypeError):
        raise UsageError(f"activation {name!r}; choose one of {', '.join(ACTIVATIONS)}") from None
