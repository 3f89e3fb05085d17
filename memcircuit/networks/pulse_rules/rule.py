"""What every rule of training by pulses has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_count, require_number
from memcircuit.networks.synapse_array import SynapseArray

Array = NDArray[np.float64]


class Update(Protocol):
    """Gives one array the pulses that a batch of images calls for."""

    def __call__(self, x: Array, delta: Array) -> None:
        """Pulse the array.

        Args:
            x: (seeds, images, inputs) dimensionless, what entered the layer, bias included.
            delta: (seeds, images, outputs) dimensionless, error signals: x^T delta is -dE/dw.
        """
        ...


@dataclass(frozen=True)
class PulseRule(ABC):
    """When devices receive pulses, and how conductance becomes weight.

    A rule is a frozen dataclass with an `update`; what it must remember between batches lives in
    the object that `update` returns, one for every array.

    Attributes:
        epochs: passes through the training images.
        batch: images shown before pulses are given.
        scale: S, the conductance difference that makes a weight of one.
    """

    epochs: int = 20
    batch: int = 100
    scale: float = 300e-6

    def __post_init__(self) -> None:
        require_count(self.epochs, "epochs")
        require_count(self.batch, "batch")
        require_number(self.scale, "scale, S,", most=1.0, above=True)

    @abstractmethod
    def update(self, array: SynapseArray, streams: Sequence[np.random.Generator]) -> Update:
        """Return what pulses this array after every batch.

        Args:
            array: before the first pulse.
            streams: the generator of every seed, for rules that draw.
        """


def mean_descent(x: Array, delta: Array) -> Array:
    """Return -dE/dw, the mean over the images, (seeds, inputs, outputs)."""
    mean: Array = (x.swapaxes(-1, -2) @ delta) / x.shape[-2]
    return mean
