"""The fully connected layer, and those that only change shape or apply a function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.networks.activations import activation
from memcircuit.networks.layer import Array, Layer, Matrix, Product, Shape, bias_array, weight_array


@dataclass(frozen=True, eq=False)
class Dense(Layer):
    """Fully connected: f(x W + b), also for every step of a sequence.

    Attributes:
        weights: (inputs, outputs) dimensionless.
        bias: (outputs,) dimensionless, or None.
        activation: name of f, one of `memcircuit.networks.activations.ACTIVATIONS`.
    """

    weights: NDArray[np.float64]
    bias: NDArray[np.float64] | None = None
    activation: str = "identity"

    def __post_init__(self) -> None:
        weights = weight_array(self.weights, "weights of Dense", 2)
        object.__setattr__(self, "weights", weights)
        bias = bias_array(self.bias, "bias of Dense", weights.shape[1])
        object.__setattr__(self, "bias", bias)
        activation(self.activation)

    @property
    def matrices(self) -> Mapping[str, Matrix]:
        """``kernel``: the weights."""
        return {"kernel": Matrix(self.weights, self.bias)}

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape with its last axis replaced by the outputs."""
        if not shape or shape[-1] != len(self.weights):
            raise UsageError(
                f"Dense takes {len(self.weights)} inputs in the last axis; it is given {shape}"
            )
        return (*shape[:-1], self.weights.shape[1])

    def forward(self, x: Array, products: Mapping[str, Product]) -> Array:
        """Return f(x W + b)."""
        return activation(self.activation)(products["kernel"](x))


@dataclass(frozen=True)
class Flatten(Layer):
    """All axes of an image in one, the last axis varying fastest."""

    def output_shape(self, shape: Shape) -> Shape:
        """Return the number of values."""
        return (int(np.prod(shape)),)

    def forward(self, x: Array, products: Mapping[str, Product]) -> Array:  # noqa: ARG002
        """Return x with one axis beside the images."""
        return x.reshape(len(x), -1)


@dataclass(frozen=True)
class Activation(Layer):
    """A function alone, as after a pooling layer.

    Attributes:
        name: one of `memcircuit.networks.activations.ACTIVATIONS`.
    """

    name: str

    def __post_init__(self) -> None:
        activation(self.name)

    def output_shape(self, shape: Shape) -> Shape:
        """Return the same shape."""
        return shape

    def forward(self, x: Array, products: Mapping[str, Product]) -> Array:  # noqa: ARG002
        """Return f(x)."""
        return activation(self.name)(x)
