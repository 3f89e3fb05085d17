"""What every layer of a network offers: its weight matrices, its shapes, and how it computes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from memcircuit.errors import UsageError

Array = NDArray[np.floating]
Shape = tuple[int, ...]
#: Index of a layer and name of its matrix.
Key = tuple[int, str]


@dataclass(frozen=True, eq=False)
class Matrix:
    """Weights that one set of arrays holds.

    Attributes:
        weights: (rows, columns) dimensionless; rows are driven, columns are sensed.
        bias: (columns,) dimensionless, or None.
    """

    weights: NDArray[np.float64]
    bias: NDArray[np.float64] | None = None


class Product(Protocol):
    """The product of inputs with a matrix, its bias added: one read of the arrays that hold it."""

    def __call__(self, x: Array, step: int = 0, steps: int = 1) -> Array:
        """Return x W + b.

        Args:
            x: (images, ..., rows) dimensionless.
            step: which of the reads, that follow one another, of these images this is.
            steps: how many there will be.

        Returns:
            (images, ..., columns) dimensionless.
        """
        ...


class Layer(ABC):
    """One layer; layers without weights have no matrices."""

    @property
    def matrices(self) -> Mapping[str, Matrix]:
        """The weight matrices by name."""
        return {}

    @abstractmethod
    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of the output for one input of this shape, images not counted.

        Raises:
            UsageError: inputs of this shape do not fit.
        """

    @abstractmethod
    def forward(self, x: Array, products: Mapping[str, Product]) -> Array:
        """Return the layer's output.

        Args:
            x: (images, *shape) dimensionless.
            products: for every matrix, its product with inputs.

        Returns:
            (images, *output_shape(shape)) dimensionless.
        """


def number_array(given: ArrayLike, name: str, dtype: DTypeLike) -> NDArray[Any]:
    """Return what was given as an array of this number type.

    Args:
        given: whole or real numbers, or bools.
        name: what they are, for the message.
        dtype: float32 or float64.

    Raises:
        UsageError: no array of numbers.
    """
    try:
        values = np.asarray(given)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name}: not an array of numbers ({error})") from error
    if values.dtype.kind not in "biuf":
        raise UsageError(f"{name}: not an array of numbers, but of type {values.dtype}")
    return values.astype(dtype, copy=False)


def weight_array(given: ArrayLike, name: str, dimensions: int) -> NDArray[np.float64]:
    """Return weights as a read-only array of float64.

    Args:
        given: the weights.
        name: what they are, for the message.
        dimensions: how many axes they must have.

    Raises:
        UsageError: another number of axes, an empty array, no numbers, NaN or infinity.
    """
    values: NDArray[np.float64] = number_array(given, name, np.float64).copy()
    if values.ndim != dimensions or not values.size:
        raise UsageError(f"{name} has shape {values.shape}; it must have {dimensions} axes, none 0")
    bad = np.argwhere(~np.isfinite(values))
    if bad.size:
        place = tuple(int(i) for i in bad[0])
        raise UsageError(f"{name}{list(place)} is {values[place]}; every weight must be a number")
    values.flags.writeable = False
    return values


def bias_array(given: ArrayLike | None, name: str, length: int) -> NDArray[np.float64] | None:
    """Return a bias as a read-only array of float64, or None.

    Raises:
        UsageError: as `weight_array`, or another length.
    """
    if given is None:
        return None
    values = weight_array(given, name, 1)
    if len(values) != length:
        raise UsageError(f"{name} has {len(values)} values; {length} outputs need as many")
    return values


def label_array(labels: ArrayLike, count: int, classes: int) -> NDArray[np.int64]:
    """Return the classes of ``count`` images as whole numbers.

    Raises:
        UsageError: not one label per image, or one that is no class.
    """
    try:
        given = np.asarray(labels)
    except ValueError as error:
        raise UsageError(f"labels: not an array ({error})") from error
    if given.shape != (count,) or given.dtype.kind not in "iu":
        raise UsageError(
            f"labels have shape {given.shape} and type {given.dtype}; {count} images need "
            f"({count},) whole numbers"
        )
    if given.size and (given.min() < 0 or given.max() >= classes):
        raise UsageError(
            f"labels reach from {given.min()} to {given.max()}; {classes} classes are 0 to "
            f"{classes - 1}"
        )
    return given.astype(np.int64)
