"""Grey images and what they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from memcircuit.checks import is_whole, require_count, require_kind
from memcircuit.errors import UsageError
from memcircuit.networks.layer import label_array

#: Largest grey value of a pixel.
WHITE = 255


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Images of one size, each with its class.

    Attributes:
        images: (n, height, width) uint8 grey value 0..255, the ink bright.
        labels: (n,) class 0..classes - 1.
        classes: number of classes.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: int

    def __post_init__(self) -> None:
        require_kind(self.images, np.ndarray, "images", "an array (n, height, width) of uint8")
        require_kind(self.labels, np.ndarray, "labels", "an array (n,) of whole numbers")
        require_count(self.classes, "classes")
        if self.images.ndim != 3 or self.images.dtype != np.uint8 or not self.images.size:
            raise UsageError(
                f"images have shape {self.images.shape} and type {self.images.dtype}; they must "
                "be (n, height, width) uint8, none 0"
            )
        label_array(self.labels, len(self.images), self.classes)

    def __len__(self) -> int:
        return len(self.labels)

    def grey(
        self, shape: tuple[int, ...] | None = None, dtype: DTypeLike = np.float32
    ) -> NDArray[np.floating]:
        """Return the images as a network takes them.

        Args:
            shape: of one image, such as ``(784,)`` for a perceptron or ``(1, 28, 28)`` for a
                convolution; ``(height, width)`` when None.
            dtype: float32 takes 4 bytes a pixel (188 MB for 60,000 images of 28 x 28), float64 8.

        Returns:
            (n, *shape) dimensionless 0..1, grey value / 255.

        Raises:
            UsageError: a shape of another number of pixels, or a type that holds no fractions.
        """
        pixels = self.images.shape[1:]
        chosen = pixels if shape is None else shape
        if not isinstance(chosen, tuple | list) or not all(map(is_whole, chosen)):
            raise UsageError(f"shape is {shape!r}; give whole numbers, such as (784,)")
        if math.prod(chosen) != math.prod(pixels) or min(chosen, default=0) < 1:
            raise UsageError(f"shape is {chosen}; images of {pixels} pixels do not fit")
        kind = np.dtype(dtype)
        if kind.kind != "f":
            raise UsageError(f"dtype is {kind}; grey values 0..1 need float32 or float64")
        values: NDArray[np.floating] = self.images.astype(kind)
        values /= WHITE
        return values.reshape(len(self), *chosen)
