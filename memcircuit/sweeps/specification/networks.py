"""Networks and the images that they classify, by name or from a file."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.sweeps.specification.node import TomlNode

if TYPE_CHECKING:
    from memcircuit.networks.network import Network

#: Published images, by name.
DATA = ("digits", "mnist", "fashion_mnist")
# Training images that the ranges of converters are set by.
_CALIBRATION = 500


def network_and_images(file: Path | None, data: str, rng: np.random.Generator) -> dict[str, Any]:
    """Return the arguments of ``mc.evaluate`` that are no hardware.

    Args:
        file: of ``save_network``; when None a perceptron is trained on the digits.
        data: name of the images.
        rng: draws where training starts.

    Raises:
        UsageError: unknown images, or a network that does not take them.
    """
    from memcircuit.networks import load_digits, load_network, train_float
    from memcircuit.networks.datasets import load_fashion_mnist, load_mnist

    loaders: dict[str, Callable[[], tuple[Any, Any]]] = dict(
        zip(DATA, (load_digits, load_mnist, load_fashion_mnist), strict=True)
    )
    if data not in loaders:
        raise UsageError(f"data {data!r}: choose one of {', '.join(DATA)}")
    if file is None and data != "digits":
        raise UsageError(f"data {data!r}: give a network of save_network for it")
    training, test = loaders[data]()
    network = train_float(training, test, rng).network() if file is None else load_network(file)
    return {
        "network": network,
        "images": _inputs(test, network),
        "labels": test.labels,
        "calibration": _inputs(training, network)[:_CALIBRATION],
    }


def network_of(node: TomlNode | None, seed: int) -> dict[str, Any]:
    """Return the same from a table of a sweep file; without one the digits and their perceptron."""
    if node is None:
        return network_and_images(None, "digits", np.random.default_rng(seed))
    node.only(("file", "data"))
    file, data = node.get("file"), node.get("data")
    path = None if file is None else Path(node.file).parent / file.text()
    chosen = "digits" if data is None else data.text(DATA)
    with (file or node).blamed():
        return network_and_images(path, chosen, np.random.default_rng(seed))


def _inputs(data: Any, network: Network) -> NDArray[np.float64]:
    """Return images as a network takes them, white as 1."""
    from memcircuit.networks.datasets.images import WHITE

    values = data.images.reshape(len(data.images), -1)
    if values.shape[1] != math.prod(network.input_shape):
        raise UsageError(
            f"the network takes inputs of shape {network.input_shape}; the images have "
            f"{values.shape[1]} values: choose other images"
        )
    scaled: NDArray[np.float64] = values / WHITE if values.dtype.kind == "u" else values
    return scaled.reshape(-1, *network.input_shape)
