"""Pooling: the largest or the mean value of every window of an image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from memcircuit.errors import UsageError
from memcircuit.networks.convolution import Pair, pair, steps_of
from memcircuit.networks.layer import Array, Layer, Product, Shape


@dataclass(frozen=True)
class _Pool2d(Layer):
    size: Pair
    stride: Pair | None = None

    # what joins the values of a window, two at a time
    _joined: ClassVar[np.ufunc]

    def __post_init__(self) -> None:
        name = type(self).__name__
        size = pair(self.size, f"size of {name}", 1)
        stride = size if self.stride is None else pair(self.stride, f"stride of {name}", 1)
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "stride", stride)

    def output_shape(self, shape: Shape) -> Shape:
        """Return (channels, height, width) for such a shape; what is left over is not read."""
        name = type(self).__name__
        if len(shape) != 3:
            raise UsageError(f"{name} takes (channels, height, width); it is given {shape}")
        return (shape[0], *steps_of(shape[1:], *self._pairs(), name))

    def forward(self, x: Array, products: Mapping[str, Product]) -> Array:  # noqa: ARG002
        """Return one value for every window, (images, channels, height, width)."""
        # channels last in memory, as the convolution leaves and wants them
        return np.moveaxis(self._pool(list(self._places(np.moveaxis(x, 1, -1)))), -1, 1)

    def _places(self, pixels: Array) -> Iterator[Array]:
        """Give the pixels at each place of a window, for all windows at once."""
        size, stride = self._pairs()
        down, right = steps_of(pixels.shape[1:3], size, stride, type(self).__name__)
        for top in range(size[0]):
            for left in range(size[1]):
                yield pixels[
                    :,
                    top : top + (down - 1) * stride[0] + 1 : stride[0],
                    left : left + (right - 1) * stride[1] + 1 : stride[1],
                ]

    def _pairs(self) -> tuple[tuple[int, int], tuple[int, int]]:
        return self.size, self.stride  # type: ignore[return-value]  # made pairs above

    def _pool(self, places: list[Array]) -> Array:
        found = places[0].copy()
        for place in places[1:]:
            self._joined(found, place, out=found)
        return found


@dataclass(frozen=True)
class MaxPool2d(_Pool2d):
    """The largest value of every window.

    Attributes:
        size: pixels of a window, (height, width); one number stands for both.
        stride: pixels from window to window, (down, right); the size by default.
    """

    _joined = np.maximum


@dataclass(frozen=True)
class AveragePool2d(_Pool2d):
    """The mean of every window.

    Attributes:
        size: pixels of a window, (height, width); one number stands for both.
        stride: pixels from window to window, (down, right); the size by default.
    """

    _joined = np.add

    def _pool(self, places: list[Array]) -> Array:
        found = super()._pool(places)
        found /= len(places)
        return found
