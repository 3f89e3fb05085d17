"""Gradient descent with adaptive step sizes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# The paper's constants.
_MEAN_DECAY, _SQUARE_DECAY, _SMALL = 0.9, 0.999, 1e-8


class Adam:
    """Kingma and Ba 2015, arXiv:1412.6980, algorithm 1.

    Attributes:
        rate: step size, in units of the parameters.
        steps: made so far.
    """

    def __init__(self, parameters: Sequence[Array], rate: float) -> None:
        """Begin with no step made; parameters are of any shapes."""
        self.rate = rate
        self.steps = 0
        self._means = [np.zeros_like(one) for one in parameters]
        self._squares = [np.zeros_like(one) for one in parameters]

    def moved(
        self, parameters: Sequence[Array], gradients: Sequence[NDArray[np.floating]]
    ) -> list[Array]:
        """Return the parameters one step further, against their gradients."""
        self.steps += 1
        found = []
        for index, (one, gradient) in enumerate(zip(parameters, gradients, strict=True)):
            mean, square = self._means[index], self._squares[index]
            mean += (1.0 - _MEAN_DECAY) * (gradient - mean)
            square += (1.0 - _SQUARE_DECAY) * (gradient**2 - square)
            size = np.sqrt(square / (1.0 - _SQUARE_DECAY**self.steps))
            step = self.rate * (mean / (1.0 - _MEAN_DECAY**self.steps)) / (size + _SMALL)
            found.append(one - step)
        return found
