"""A perceptron on tiles of single cells with wires, and its training with or without them.

One cell per weight: each tile spreads its own lowest to highest weight over the cells' range, and
what the lowest weight conducts is subtracted digitally. So do alambertini01/
Crossbar_Models_Comparison, NN_Crossbar/{Crossbar_net,mapping}.py, whose figures
`tile_size_mnist.py` checks. Pairs and offset columns are `memcircuit.networks`' own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memcircuit.networks.adam import Adam

Array = NDArray[np.float64]
Float = NDArray[np.floating]

# Steps between two solutions of the wires during training: the share of the current that wires
# leave changes slowly, and more often brings nothing.
_REFRESH = 100


@dataclass(frozen=True)
class Tiling:
    """Tiles of cells on wires.

    Attributes:
        size: most rows and columns of a tile.
        wire: ohm, of every segment of every line.
        lowest: S, conductance of a tile's lowest weight.
        highest: S, of its highest.
    """

    size: int
    wire: float
    lowest: float
    highest: float

    def effective(self, weights: Array, share: Array | None = None) -> tuple[Array, Array]:
        """Return the weights that inputs meet, and the share of each cell's current that is left.

        Args:
            weights: (rows, columns) dimensionless.
            share: (rows, columns) dimensionless, of similar weights; solved anew when None.

        Returns:
            both (rows, columns), dimensionless.
        """
        slope, lowest = np.empty_like(weights), np.empty_like(weights)
        for tile in self._tiles(weights.shape):
            least, most = weights[tile].min(), weights[tile].max()
            slope[tile] = (self.highest - self.lowest) / max(most - least, np.finfo(float).tiny)
            lowest[tile] = least
        conductance = self.lowest + (weights - lowest) * slope
        if share is None:
            share = self._share(conductance)
        return (share * conductance - self.lowest) / slope + lowest, share

    def _share(self, conductance: Array) -> Array:
        from memcircuit.crossbar.transfer import divided_transfer

        if self.wire == 0.0:
            return np.ones_like(conductance)
        tiles = self._tiles(conductance.shape)
        return divided_transfer(conductance, tiles, self.wire) / conductance

    def _tiles(self, shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
        for row in range(0, shape[0], self.size):
            for column in range(0, shape[1], self.size):
                yield slice(row, row + self.size), slice(column, column + self.size)


@dataclass(frozen=True, eq=False)
class HiddenLayer:
    """A perceptron of one hidden layer with ReLU.

    Attributes:
        weights: (inputs, hidden) and (hidden, outputs), dimensionless.
        biases: (hidden,) and (outputs,), dimensionless, added digitally.
    """

    weights: tuple[Array, Array]
    biases: tuple[Array, Array]

    def accuracy(self, images: Float, labels: NDArray[np.int64], tiling: Tiling | None) -> float:
        """Return the share of images classified correctly, 0..1; without cells if no tiling.

        Args:
            images: (images, inputs) dimensionless.
            labels: (images,) class of each.
            tiling: the cells.
        """
        first, second = (
            (w if tiling is None else tiling.effective(w)[0]).astype(images.dtype)
            for w in self.weights
        )
        hidden = np.maximum(images @ first + self.biases[0].astype(images.dtype), 0)
        outputs = hidden @ second + self.biases[1].astype(images.dtype)
        return float(np.mean(outputs.argmax(axis=1) == labels))


def train(
    images: Float,
    labels: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    hidden: int = 128,
    epochs: int = 10,
    batch: int = 128,
    rate: float = 2e-3,
    tiling: Tiling | None = None,
    positive: bool = False,
) -> HiddenLayer:
    """Minimise the cross entropy with Adam, behind the wires of a tiling or without cells.

    The gradient takes the share of its current that the wires leave to each cell for constant.

    Args:
        images: (images, inputs) dimensionless.
        labels: (images,) class of each, from 0.
        rng: first weights (Glorot and Bengio 2010, uniform) and order of the images.
        hidden: number of hidden units.
        epochs: how often every image is seen.
        batch: images of a step.
        rate: learning rate.
        tiling: the cells the network is to run on; none if None.
        positive: whether no weight may fall below zero.
    """
    outputs = int(labels.max()) + 1
    shapes = ((images.shape[1], hidden), (hidden, outputs))
    weights = [rng.uniform(-1, 1, shape) * np.sqrt(6 / sum(shape)) for shape in shapes]
    if positive:
        weights = [np.maximum(one, 0.0) for one in weights]
    parameters = [*weights, np.zeros(hidden), np.zeros(outputs)]
    adam = Adam(parameters, rate)
    shares: list[Array | None] = [None, None]
    for _ in range(epochs):
        order = rng.permutation(len(images))
        for start in range(0, len(images), batch):
            taken = order[start : start + batch]
            acting = parameters[:2]
            if tiling is not None:
                if adam.steps % _REFRESH == 0:
                    shares = [None, None]
                behind = [tiling.effective(*one) for one in zip(acting, shares, strict=True)]
                acting, shares = [w for w, _ in behind], [share for _, share in behind]
            found = _gradients(images[taken], labels[taken], [*acting, *parameters[2:]])
            for layer, share in enumerate(shares):
                if share is not None:
                    found[layer] = found[layer] * share
            parameters = adam.moved(parameters, found)
            if positive:
                parameters[:2] = [np.maximum(one, 0.0) for one in parameters[:2]]
    return HiddenLayer((parameters[0], parameters[1]), (parameters[2], parameters[3]))


def _gradients(x: Float, labels: NDArray[np.int64], parameters: list[Array]) -> list[Float]:
    """Return the gradient of the mean cross entropy by both weights and both biases."""
    first, second, bias, out_bias = (one.astype(x.dtype) for one in parameters)
    sums = x @ first + bias
    hidden = np.maximum(sums, 0)
    outputs = hidden @ second + out_bias
    outputs = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    delta = outputs / outputs.sum(axis=1, keepdims=True)
    delta[np.arange(len(x)), labels] -= 1
    delta /= len(x)
    back = (delta @ second.T) * (sums > 0)
    return [x.T @ back, hidden.T @ delta, back.sum(axis=0), delta.sum(axis=0)]
