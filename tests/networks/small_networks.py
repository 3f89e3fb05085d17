"""Small random networks and images, for the tests of what hardware makes of them."""

from itertools import pairwise

import numpy as np

from memcircuit.networks.dense import Dense
from memcircuit.networks.network import Network


def perceptron(seed: int = 1, sizes: tuple[int, ...] = (12, 9, 5)) -> Network:
    """Dense layers with biases, tanh between them."""
    rng = np.random.default_rng(seed)
    last = len(sizes) - 2
    return Network(
        sizes[:1],
        tuple(
            Dense(rng.normal(size=(a, b)), rng.normal(size=b), "identity" if i == last else "tanh")
            for i, (a, b) in enumerate(pairwise(sizes))
        ),
    )


def one_layer(weights: np.ndarray, bias: np.ndarray | None = None) -> Network:
    """A single linear layer."""
    return Network((len(weights),), (Dense(weights, bias),))


def images(count: int = 40, size: int = 12, seed: int = 2) -> np.ndarray:
    """Uniform between -1 and 1."""
    return np.random.default_rng(seed).uniform(-1.0, 1.0, (count, size))
