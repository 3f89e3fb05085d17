"""The multilayer perceptron that pulses train: tanh outputs, targets of -1 and +1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_kind
from memcircuit.errors import UsageError
from memcircuit.networks.activations import activation
from memcircuit.networks.datasets.images import WHITE
from memcircuit.networks.dense import Dense
from memcircuit.networks.digits import CLASSES, PIXELS
from memcircuit.networks.layer import label_array, number_array
from memcircuit.networks.network import Network

Array = NDArray[np.float64]

# Slope of each function where it has the value y.
_SLOPES: dict[str, Callable[[Array], Array]] = {
    "tanh": lambda y: 1.0 - y * y,
    "sigmoid": lambda y: y * (1.0 - y),
    "relu": lambda y: (y > 0.0).astype(np.float64),
}


@runtime_checkable
class LabelledData(Protocol):
    """Images and the class of each, such as `Digits` and the data sets' images."""

    @property
    def images(self) -> NDArray[np.floating] | NDArray[np.uint8]:
        """(n, ...) dimensionless, or uint8 of 0..255; see `Perceptron.examples`."""
        ...

    @property
    def labels(self) -> NDArray[np.int64]:
        """(n,) the class, from 0."""
        ...


@dataclass(frozen=True)
class Perceptron:
    """Fully connected layers, each with one more input that is always 1 (bias).

    Weights are one array per layer, (..., inputs + 1, outputs), the bias in the last row; leading
    axes (seeds) are computed at once, each by itself.

    Attributes:
        sizes: values of an image, hidden neurons of every layer, classes.
        activation: of the hidden layers: "tanh", "sigmoid" or "relu". The outputs are tanh, whose
            limits are the targets.
    """

    sizes: tuple[int, ...] = (PIXELS, CLASSES)
    activation: str = "tanh"

    def __post_init__(self) -> None:
        try:
            sizes = tuple(int(size) for size in self.sizes)
        except (TypeError, ValueError):
            sizes = ()
        if len(sizes) < 2 or sizes != tuple(self.sizes) or min(sizes) < 1 or sizes[-1] < 2:
            raise UsageError(
                f"sizes are {self.sizes!r}; give inputs, hidden neurons if any, and at least two "
                "classes as whole numbers, such as (64, 20, 10)"
            )
        object.__setattr__(self, "sizes", sizes)
        if not isinstance(self.activation, str) or self.activation not in _SLOPES:
            raise UsageError(
                f"activation of hidden layers is {self.activation!r}; choose one of "
                f"{', '.join(_SLOPES)}"
            )

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Rows and columns of every layer's weights, the bias row counted."""
        return tuple(
            (rows + 1, columns)
            for rows, columns in zip(self.sizes[:-1], self.sizes[1:], strict=True)
        )

    def examples(self, data: LabelledData, name: str) -> tuple[Array, NDArray[np.int64]]:
        """Return what is learned from a set: its inputs and their classes.

        All axes of an image are taken as one, the last fastest; grey values in uint8 are divided
        by the one of white, 255.

        Args:
            data: images and labels.
            name: of the set, for messages.

        Returns:
            inputs with the bias, (n, values + 1), in units of the highest one, and classes, (n,).

        Raises:
            UsageError: no image, images of another size, no numbers, inputs beyond -1..1, or not
                one class per image.
        """
        wanted = "images with their labels, such as load_digits() or LabelledImages(...)"
        require_kind(data, LabelledData, f"the {name} set", wanted)
        images = number_array(data.images, f"images of the {name} set", np.float64)
        if not images.size:
            raise UsageError(f"the {name} set is empty; it must hold at least one image")
        if images.ndim < 2:
            raise UsageError(
                f"images of the {name} set have shape {images.shape}; give (images, values)"
            )
        flat = images.reshape(len(images), -1)
        if getattr(data.images, "dtype", None) == np.uint8:
            flat /= WHITE
        if flat.shape[1] != self.sizes[0]:
            raise UsageError(
                f"images of the {name} set have {flat.shape[1]} values; sizes {self.sizes} take "
                f"{self.sizes[0]}"
            )
        if not (np.isfinite(flat).all() and np.abs(flat).max() <= 1.0):
            raise UsageError(
                f"images of the {name} set reach from {flat.min()} to {flat.max()}; inputs are "
                "shares of the highest one, -1 to 1"
            )
        try:
            labels = label_array(data.labels, len(images), self.sizes[-1])
        except UsageError as error:
            raise UsageError(f"{name} set: {error}") from error
        return _with_bias(flat), labels

    def targets(self, labels: NDArray[np.int64]) -> Array:
        """Return the expected outputs, dimensionless (n, classes): +1 for the class, else -1.

        Both lie at the limits of tanh; targets of 0 and 1 would leave half of its range unused.
        """
        return np.where(np.arange(self.sizes[-1]) == labels[:, np.newaxis], 1.0, -1.0)

    def forward(self, weights: Sequence[Array], inputs: Array) -> list[Array]:
        """Return what enters every layer, bias included, and the outputs as last entry.

        Args:
            weights: one (..., rows, columns) per layer.
            inputs: (n, rows) or (..., n, rows) of the first layer.

        Returns:
            Arrays (..., n, rows) and, last, (..., n, classes), dimensionless.
        """
        entering = self._entering(weights, inputs)
        return [*entering, np.tanh(entering[-1] @ weights[-1])]

    def _entering(self, weights: Sequence[Array], inputs: Array) -> list[Array]:
        entering = [inputs]
        function = activation(self.activation)
        for matrix in weights[:-1]:
            entering.append(_with_bias(np.asarray(function(entering[-1] @ matrix))))
        return entering

    def backward(
        self, weights: Sequence[Array], inputs: Array, targets: Array
    ) -> tuple[list[Array], list[Array]]:
        """Return what `forward` does, and the error signals of every layer.

        E = 1/2 sum (z - y)^2 over the outputs y; the error signal is -dE/ds of the sums
        s = x w, so that -dE/dw = x^T delta: Lin et al. 2022 (doi:10.3390/nano12071075),
        equations (1) to (5) without the learning rate.

        Args:
            weights: one (..., rows, columns) per layer.
            inputs: (..., n, rows) of the first layer.
            targets: (..., n, classes).

        Returns:
            x, (..., n, rows), of every layer and the outputs; delta, (..., n, columns), of every
            layer.
        """
        passed = self.forward(weights, inputs)
        outputs = passed[-1]
        slope = _SLOPES[self.activation]
        signals = [(targets - outputs) * _SLOPES["tanh"](outputs)]
        for layer in range(len(weights) - 1, 0, -1):
            back = signals[0] @ weights[layer][..., :-1, :].swapaxes(-1, -2)
            signals.insert(0, back * slope(passed[layer][..., :-1]))
        return passed, signals

    def loss(
        self, weights: Sequence[Array], inputs: Array, targets: Array
    ) -> tuple[float, list[Array]]:
        """Return E, summed over images and outputs, and -dE/dw of every layer; see `backward`."""
        (*entering, outputs), signals = self.backward(weights, inputs, targets)
        errors = targets - outputs
        descents = [x.swapaxes(-1, -2) @ d for x, d in zip(entering, signals, strict=True)]
        return 0.5 * float(np.vdot(errors, errors)), descents

    def classify(self, weights: Sequence[Array], inputs: Array) -> NDArray[np.int64]:
        """Return the class of the largest output for each image, (..., n)."""
        # tanh rises everywhere but rounds to 1 where outputs are large: the sums decide
        sums = self._entering(weights, inputs)[-1] @ weights[-1]
        classes: NDArray[np.int64] = np.argmax(sums, axis=-1)
        return classes

    def network(self, weights: Sequence[Array]) -> Network:
        """Return weights of one seed as a network of dense layers.

        Its outputs round to 1 from sums of about 10 in float32 and 19 in float64 on, and the first
        of several such classes wins: divide the last layer's weights where sums are as large.

        Args:
            weights: one (rows, columns) per layer, see `shapes`.

        Raises:
            UsageError: weights of other shapes.
        """
        require_kind(weights, Sequence, "weights", "a list with one array per layer")
        shapes = tuple(np.shape(matrix) for matrix in weights)
        if shapes != self.shapes:
            raise UsageError(
                f"weights have shapes {shapes}; sizes {self.sizes} have "
                f"{', '.join(map(str, self.shapes))}"
            )
        functions = [self.activation] * (len(weights) - 1) + ["tanh"]
        layers = tuple(
            Dense(matrix[:-1], bias=matrix[-1], activation=function)
            for matrix, function in zip(weights, functions, strict=True)
        )
        return Network((self.sizes[0],), layers)


def chosen_perceptron(perceptron: Perceptron | None) -> Perceptron:
    """Return the perceptron, by default a single layer for the digits.

    Raises:
        UsageError: another kind.
    """
    if perceptron is None:
        return Perceptron()
    require_kind(perceptron, Perceptron, "perceptron", "Perceptron((64, 20, 10)) or None")
    return perceptron


def _with_bias(x: Array) -> Array:
    whole = np.empty((*x.shape[:-1], x.shape[-1] + 1))
    whole[..., :-1] = x
    whole[..., -1] = 1.0
    return whole
