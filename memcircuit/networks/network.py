"""A network: layers of weights that fit each other, computed with ideal products."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from memcircuit.checks import require_count
from memcircuit.errors import UsageError
from memcircuit.networks.layer import Array, Key, Layer, Matrix, Product, Shape, number_array

# Images computed at a time: so many, and so many values of the largest layer.
_MOST_IMAGES, _VALUES = 1000, 1_000_000


@dataclass(frozen=True, eq=False)
class Network:
    """Layers of float weights; what they reach on devices is `memcircuit.evaluate`'s question.

    Attributes:
        input_shape: shape of one input: (values,), (channels, height, width), or (steps, values)
            of a sequence.
        layers: from the input to the output.
        shapes: shape of the input of every layer, and of the output of the last.
    """

    input_shape: Shape
    layers: tuple[Layer, ...]
    shapes: tuple[Shape, ...] = field(init=False)

    def __post_init__(self) -> None:
        try:
            shape = tuple(int(size) for size in self.input_shape)
        except (TypeError, ValueError):
            shape = ()
        if not shape or min(shape) < 1 or shape != tuple(self.input_shape):
            raise UsageError(
                f"input_shape is {self.input_shape!r}; give whole numbers above 0, such as (64,)"
            )
        if not isinstance(self.layers, Sequence) or not self.layers:
            raise UsageError(f"layers is {self.layers!r}; give at least one, as (Dense(...),)")
        layers = tuple(self.layers)
        shapes = [shape]
        for index, layer in enumerate(layers):
            if not isinstance(layer, Layer):
                raise UsageError(f"layer {index} is a {type(layer).__name__}; give a Layer")
            try:
                shapes.append(layer.output_shape(shapes[-1]))
            except UsageError as error:
                raise UsageError(f"layer {index} does not fit its input: {error}") from error
        object.__setattr__(self, "input_shape", shape)
        object.__setattr__(self, "layers", layers)
        object.__setattr__(self, "shapes", tuple(shapes))

    def matrices(self) -> Iterator[tuple[Key, Matrix]]:
        """Give every weight matrix, known by the index of its layer and its name there."""
        for index, layer in enumerate(self.layers):
            for name, matrix in layer.matrices.items():
                yield (index, name), matrix

    @property
    def usual_batch(self) -> int:
        """Images computed at a time where the caller does not say: what caches hold."""
        largest = max(int(np.prod(shape)) for shape in self.shapes)
        return max(1, min(_MOST_IMAGES, _VALUES // largest))

    @property
    def weight_count(self) -> int:
        """Number of weights, biases not counted."""
        return sum(matrix.weights.size for _, matrix in self.matrices())

    def outputs(
        self, images: ArrayLike, *, batch: int | None = None, dtype: DTypeLike = np.float64
    ) -> Array:
        """Return the outputs with float weights.

        Args:
            images: (images, *input_shape) dimensionless.
            batch: images computed at a time; `usual_batch` when None.
            dtype: float32 or float64.

        Returns:
            (images, *shapes[-1]) dimensionless.

        Raises:
            UsageError: images of another shape, or without a number.
        """
        return forward(self, images, ideal_products(self, dtype), batch=batch, dtype=dtype)

    def classify(self, images: ArrayLike, *, batch: int | None = None) -> NDArray[np.int64]:
        """Return the class of the largest output for each image, (images,)."""
        return classes(self.outputs(images, batch=batch))


def ideal_products(network: Network, dtype: DTypeLike) -> dict[Key, Product]:
    """Return the products of all matrices without any hardware."""
    kind = number_type(dtype)
    return {key: _ideal(matrix, kind) for key, matrix in network.matrices()}


def _ideal(matrix: Matrix, dtype: DTypeLike) -> Product:
    weights = matrix.weights.astype(dtype)
    bias = None if matrix.bias is None else matrix.bias.astype(dtype)

    def product(x: Array, step: int = 0, steps: int = 1) -> Array:  # noqa: ARG001
        # one product of two matrices: numpy would take a stack of inputs one after another
        found: Array = x.reshape(-1, x.shape[-1]) @ weights
        if bias is not None:
            found += bias
        return found.reshape(*x.shape[:-1], -1)

    return product


def classes(outputs: Array) -> NDArray[np.int64]:
    """Return the index of the largest output of every image, (images,)."""
    return np.asarray(outputs.reshape(len(outputs), -1).argmax(axis=1), dtype=np.int64)


def confusion_counts(
    predictions: NDArray[np.int64], labels: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """Count the images of each class (row) that were taken for each class (column).

    Args:
        predictions: (..., n) classes given.
        labels: (n,) true classes.
        classes: how many there are.

    Returns:
        (classes, classes), summed over leading axes of the predictions.
    """
    places = (labels * classes + predictions).ravel()
    return np.bincount(places, minlength=classes * classes).reshape(classes, classes)


def forward(
    network: Network,
    images: ArrayLike,
    products: Mapping[Key, Product],
    *,
    batch: int | None,
    dtype: DTypeLike,
) -> Array:
    """Return the network's outputs with these products, batch after batch."""
    whole = input_array(network, images, dtype)
    step = network.usual_batch if batch is None else require_count(batch, "batch")
    result = np.empty((len(whole), *network.shapes[-1]), whole.dtype)
    for start in range(0, len(whole), step):
        x = whole[start : start + step]
        # no output but the last one's is kept: caches hold little
        for index, layer in enumerate(network.layers):
            x = layer.forward(x, _products_of(index, layer, products))
        result[start : start + step] = x
    return result


def _products_of(index: int, layer: Layer, products: Mapping[Key, Product]) -> dict[str, Product]:
    return {name: products[index, name] for name in layer.matrices}


def layer_outputs(network: Network, x: Array, products: Mapping[Key, Product]) -> list[Array]:
    """Return the output of every layer for images of one batch."""
    found: list[Array] = []
    for index, layer in enumerate(network.layers):
        x = layer.forward(x, _products_of(index, layer, products))
        found.append(x)
    return found


def number_type(dtype: DTypeLike) -> np.dtype[np.floating]:
    """Return the number type of a calculation.

    Raises:
        UsageError: neither float32 nor float64.
    """
    if isinstance(dtype, str | type | np.dtype):
        for kind in (np.float32, np.float64):
            known: np.dtype[np.floating] = np.dtype(kind)
            if dtype in (known, known.name, kind):
                return known
    raise UsageError(f"dtype is {dtype!r}; choose float32 or float64")


def input_array(network: Network, images: ArrayLike, dtype: DTypeLike) -> Array:
    """Return images as an array that fits the network's input.

    Raises:
        UsageError: no images, another shape, no numbers, NaN or infinity, or another number type.
    """
    if getattr(images, "dtype", None) == np.uint8:
        raise UsageError(
            "images are grey values from 0 to 255 (uint8); give shares of the highest, as "
            "LabelledImages.grey does"
        )
    whole: Array = number_array(images, "images", number_type(dtype))
    if whole.shape[1:] != network.input_shape or not len(whole):
        raise UsageError(
            f"images have shape {whole.shape}; the network takes (images, "
            f"{', '.join(map(str, network.input_shape))}), at least one image"
        )
    if not np.isfinite(whole).all():
        raise UsageError("images contain NaN or infinity; every value must be a number")
    return whole
