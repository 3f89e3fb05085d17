"""The convolution of images, as one product with every patch of them (im2col)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import is_whole
from memcircuit.errors import UsageError
from memcircuit.networks.activations import activation
from memcircuit.networks.layer import Array, Layer, Matrix, Product, Shape, bias_array, weight_array

#: A whole number for both axes of an image, or one for the height and one for the width.
Pair = int | tuple[int, int]
#: Pixels of zero: for all sides, for (height, width), or ((top, bottom), (left, right)).
Padding = int | tuple[int, int] | tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, eq=False)
class Conv2d(Layer):
    """Convolution as networks have it: the correlation of an image with kernels, then f.

    Attributes:
        kernels: (outputs, inputs, height, width) dimensionless, as in PyTorch and ONNX.
        bias: (outputs,) dimensionless, or None.
        stride: pixels from patch to patch, (down, right); one number stands for both.
        padding: pixels of zero around the image, ((top, bottom), (left, right)); one number
            stands for all, two for (height, width), and ``"same"`` for as many as keep the size
            of the image at stride 1, the odd one at the bottom and at the right.
        activation: name of f, one of `memcircuit.networks.activations.ACTIVATIONS`; softmax goes
            over the outputs of a pixel.
    """

    kernels: NDArray[np.float64]
    bias: NDArray[np.float64] | None = None
    stride: Pair = 1
    padding: Padding | str = 0
    activation: str = "identity"

    def __post_init__(self) -> None:
        kernels = weight_array(self.kernels, "kernels of Conv2d", 4)
        object.__setattr__(self, "kernels", kernels)
        object.__setattr__(self, "bias", bias_array(self.bias, "bias of Conv2d", len(kernels)))
        object.__setattr__(self, "stride", pair(self.stride, "stride of Conv2d", 1))
        object.__setattr__(self, "padding", self._sides())
        activation(self.activation)

    @property
    def matrices(self) -> Mapping[str, Matrix]:
        """``kernel``: a column per output, a row per (height, width, input) of the kernels."""
        # the inputs vary fastest, so that patches are copied in long runs of memory
        weights = self.kernels.transpose(2, 3, 1, 0).reshape(-1, len(self.kernels))
        return {"kernel": Matrix(weights, self.bias)}

    def output_shape(self, shape: Shape) -> Shape:
        """Return (outputs, height, width) for (inputs, height, width)."""
        outputs, inputs, *size = self.kernels.shape
        if len(shape) != 3 or shape[0] != inputs:
            raise UsageError(f"Conv2d takes ({inputs}, height, width); it is given {shape}")
        padded = tuple(
            length + sum(sides) for length, sides in zip(shape[1:], self._padded(), strict=True)
        )
        return (outputs, *steps_of(padded, (size[0], size[1]), self._stride(), "Conv2d"))

    def forward(self, x: Array, products: Mapping[str, Product]) -> Array:
        """Return f of the correlation, (images, outputs, height, width).

        In memory the channels come last, here and in pooling: what looks like (images, channels,
        height, width) is a view, and nothing is moved from layer to layer.
        """
        pixels = np.moveaxis(x, 1, -1)
        sides = self._padded()
        if sides != ((0, 0), (0, 0)):
            pixels = np.pad(pixels, ((0, 0), *sides, (0, 0)))
        _, inputs, height, width = self.kernels.shape
        down, right = self._stride()
        windows = np.lib.stride_tricks.sliding_window_view(pixels, (height, width), axis=(1, 2))
        windows = windows[:, ::down, ::right].transpose(0, 1, 2, 4, 5, 3)
        images, rows, columns = windows.shape[:3]
        patches = np.ascontiguousarray(windows).reshape(
            images, rows * columns, height * width * inputs
        )
        found = activation(self.activation)(products["kernel"](patches))
        return np.moveaxis(found.reshape(images, rows, columns, -1), -1, 1)

    def _stride(self) -> tuple[int, int]:
        return self.stride  # type: ignore[return-value]  # made a pair above

    def _padded(self) -> tuple[tuple[int, int], tuple[int, int]]:
        return self.padding  # type: ignore[return-value]  # made four sides above

    def _sides(self) -> tuple[tuple[int, int], tuple[int, int]]:
        if isinstance(self.padding, str):
            if self.padding != "same" or self.stride != (1, 1):
                raise UsageError(
                    f"padding of Conv2d is {self.padding!r} at stride {self.stride}; give numbers, "
                    'or "same" at stride 1'
                )
            down, right = ((size - 1) // 2 for size in self.kernels.shape[2:])
            height, width = self.kernels.shape[2:]
            return (down, height - 1 - down), (right, width - 1 - right)
        try:
            given = np.asarray(self.padding)
        except ValueError:
            given = np.empty(0)
        if given.shape == (2,):
            given = given[:, np.newaxis]
        if given.dtype.kind not in "iu" or given.shape not in {(), (2, 1), (2, 2)}:
            raise UsageError(
                f"padding of Conv2d is {self.padding!r}; give a whole number, (height, width), "
                '((top, bottom), (left, right)), or "same"'
            )
        if given.min() < 0:
            raise UsageError(f"padding of Conv2d is {self.padding!r}; it must be at least 0")
        (top, bottom), (left, right) = np.broadcast_to(given, (2, 2)).tolist()
        return (top, bottom), (left, right)


def pair(given: Pair, name: str, least: int) -> tuple[int, int]:
    """Return (height, width) from one whole number for both, or from two.

    Raises:
        UsageError: neither, or a number below the least.
    """
    values = (given, given) if isinstance(given, int | np.integer) else given
    whole = isinstance(values, tuple | list) and all(is_whole(value) for value in values)
    if not whole or len(values) != 2 or min(values) < least:
        raise UsageError(
            f"{name} is {given!r}; give a whole number, or (height, width), at least {least}"
        )
    return int(values[0]), int(values[1])


def steps_of(
    shape: tuple[int, ...], size: tuple[int, int], stride: tuple[int, int], name: str
) -> tuple[int, int]:
    """Return how many windows of a size fit into (height, width), down and to the right.

    Pixels left over at the bottom and at the right are not read, as in PyTorch.

    Raises:
        UsageError: not one fits.
    """
    if any(window > length for window, length in zip(size, shape, strict=True)):
        raise UsageError(f"{name} reads windows of {size} pixels; it is given only {shape}")
    down, right = (
        (length - window) // step + 1
        for length, window, step in zip(shape, size, stride, strict=True)
    )
    return down, right
