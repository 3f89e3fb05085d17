"""What all importers build: layers one behind the other, their shapes checked on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.errors import UsageError
from memcircuit.networks.convolution import Conv2d
from memcircuit.networks.dense import Activation, Dense, Flatten
from memcircuit.networks.layer import Layer, Shape, bias_array
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
            UsageError: no dense layer or convolution stands right before.
        """
        last = self._open_layer()
        if last is None:
            raise UsageError(
                "it can only be folded into a dense layer or a convolution right before it"
            )
        bias = np.zeros(self.outputs) if last.bias is None else last.bias
        bias = bias * factor + shift
        if isinstance(last, Dense):
            self.layers[-1] = replace(last, weights=last.weights * factor, bias=bias)
        else:
            kernels = last.kernels * factor[:, np.newaxis, np.newaxis, np.newaxis]
            self.layers[-1] = replace(last, kernels=kernels, bias=bias)

    def normalise(
        self,
        mean: ArrayLike,
        variance: ArrayLike,
        scale: ArrayLike,
        shift: ArrayLike,
        epsilon: float,
    ) -> None:
        """Normalise every output by its statistics, in the weights of the last layer.

        Eq. (1) to (4) of S. Ioffe 2015, arXiv:1502.03167.

        Args:
            mean: (outputs,) dimensionless.
            variance: (outputs,) dimensionless.
            scale: (outputs,) dimensionless, of the normalised output.
            shift: (outputs,) dimensionless, added to it.
            epsilon: what is added to the variance, dimensionless.

        Raises:
            UsageError: as `scale`, another number of values than outputs, or a variance that has
                no root.
        """
        given = {"mean": mean, "variance": variance, "scale": scale, "shift": shift}
        middle, spread, slope, added = (
            # None, for which nothing is returned, is not among them
            cast("NDArray[np.float64]", bias_array(array, name, self.outputs))
            for name, array in given.items()
        )
        bad = np.flatnonzero((spread < 0) | (spread + epsilon <= 0))
        if bad.size:
            raise UsageError(
                f"variance[{bad[0]}] is {spread[bad[0]]:g}, to which {epsilon:g} is added; it must "
                "be at least 0, and the sum above 0"
            )
        slope = slope / np.sqrt(spread + epsilon)
        self.scale(slope, added - middle * slope)

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
