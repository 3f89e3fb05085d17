"""What all importers build: layers one behind the other, their shapes checked on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.networks.convolution import Conv2d
from memcircuit.networks.dense import Activation, Dense, Flatten
from memcircuit.networks.layer import Layer, Shape
from memcircuit.networks.network import Network


@contextmanager
def named(name: str) -> Iterator[None]:
    """Let errors begin with the name of the module or node that they come from."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from error


class Chain:
    """Layers so far, and the shape that goes into the next.

    Attributes:
        input_shape: shape of one input of the network.
        layers: so far.
        shape: of the output of the last of them.
    """

    def __init__(self, input_shape: Sequence[int]) -> None:
        # a network of one layer that fits everything checks the shape
        self.input_shape = Network(input_shape, (Activation("identity"),)).input_shape  # type: ignore[arg-type]
        self.layers: list[Layer] = []
        self.shape: Shape = self.input_shape
        self._end = ""

    def add(self, layer: Layer) -> None:
        """Append a layer.

        Raises:
            UsageError: it does not fit what is there, or nothing may follow.
        """
        if self._end:
            raise UsageError(f"it follows {self._end}, which can only be the end of a network")
        self.shape = layer.output_shape(self.shape)
        self.layers.append(layer)

    def activate(self, function: str) -> None:
        """Apply a function to the output, inside the last layer where it can."""
        if function == "softmax" and len(self.shape) == 3:
            raise UsageError("a softmax over one axis of images is not supported")
        last = self._open_layer()
        if last is None:
            self.add(Activation(function))
        else:
            self.layers[-1] = replace(last, activation=function)

    def scale(self, factor: NDArray[np.float64], shift: NDArray[np.float64]) -> None:
        """Multiply every output by a factor and add a shift, in the weights of the last layer.

        Args:
            factor: (outputs,) dimensionless.
            shift: (outputs,) dimensionless.

        Raises:
            UsageError: no dense layer or convolution stands right before, or the numbers differ.
        """
        last = self._open_layer()
        if last is None:
            raise UsageError(
                "it can only be folded into a dense layer or a convolution right before it"
            )
        bias = np.zeros(self.outputs) if last.bias is None else last.bias
        if factor.shape != bias.shape or shift.shape != bias.shape:
            raise UsageError(
                f"it has factors {factor.shape} and shifts {shift.shape}; the layer before it has "
                f"{len(bias)} outputs"
            )
        bias = bias * factor + shift
        if isinstance(last, Dense):
            self.layers[-1] = replace(last, weights=last.weights * factor, bias=bias)
        else:
            kernels = last.kernels * factor[:, np.newaxis, np.newaxis, np.newaxis]
            self.layers[-1] = replace(last, kernels=kernels, bias=bias)

    def flatten(self) -> None:
        """Put all axes into one, where there are several."""
        if len(self.shape) > 1:
            self.add(Flatten())

    def finish(self, name: str) -> None:
        """Let nothing follow what was added last."""
        self._end = name

    @property
    def outputs(self) -> int:
        """Number of channels of images, of values otherwise."""
        return self.shape[0] if len(self.shape) == 3 else self.shape[-1]

    def network(self) -> Network:
        """Return the network of these layers."""
        return Network(self.input_shape, tuple(self.layers))

    def _open_layer(self) -> Dense | Conv2d | None:
        """Return the last layer if its weights can take up what follows it."""
        last = self.layers[-1] if self.layers else None
        if isinstance(last, Dense | Conv2d) and last.activation == "identity":
            return last
        return None
