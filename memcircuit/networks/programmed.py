"""A network whose weights were written to cells: what the cells are, and how they compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from memcircuit.checks import require_kind
from memcircuit.errors import UsageError
from memcircuit.networks.array_product import ArrayProduct, Reach
from memcircuit.networks.cells import Cells, plan_cells, write_cells
from memcircuit.networks.encoding import Encoded
from memcircuit.networks.hardware import Hardware
from memcircuit.networks.layer import Array, Key
from memcircuit.networks.network import (
    Network,
    classes,
    forward,
    ideal_products,
    input_array,
    layer_outputs,
    number_type,
)


@dataclass(frozen=True)
class LayerError:
    """How far the outputs of one layer are from those of the float network.

    Attributes:
        layer: its index.
        kind: name of its class.
        own: root mean square error over that of the ideal outputs, fed with ideal inputs.
        total: the same with the inputs it really gets.
    """

    layer: int
    kind: str
    own: float
    total: float


@dataclass(frozen=True, eq=False)
class ProgrammedNetwork:
    """A network on cells; made by `program`.

    Attributes:
        network: with float weights.
        hardware: what it was put on.
        cells: the cells of every matrix, known by layer and name.
        products: how they compute; every read draws fresh noise, where there is any.
    """

    network: Network = field(repr=False)
    hardware: Hardware
    cells: Mapping[Key, Cells] = field(repr=False)
    products: Mapping[Key, ArrayProduct] = field(repr=False)

    def outputs(
        self, images: ArrayLike, *, batch: int | None = None, dtype: DTypeLike | None = None
    ) -> Array:
        """Return the outputs.

        Noise is drawn in the order of the images, so that the batch changes no draw.

        Args:
            images: (images, *input_shape) dimensionless.
            batch: images computed at a time; the network's `usual_batch` when None.
            dtype: of the arithmetic; the one it was programmed with when None.

        Raises:
            UsageError: images that do not fit.
        """
        products = self.products
        own = next(iter(products.values())).dtype if products else np.dtype(np.float64)
        wanted = own if dtype is None else number_type(dtype)
        if wanted != own:
            products = {key: product.astype(wanted) for key, product in products.items()}
        return forward(self.network, images, products, batch=batch, dtype=wanted)

    def classify(self, images: ArrayLike, *, batch: int | None = None) -> NDArray[np.int64]:
        """Return the class of the largest output for each image, (images,)."""
        return classes(self.outputs(images, batch=batch))

    def layer_errors(self, images: ArrayLike) -> list[LayerError]:
        """Return the error of every layer against the float network, for images of one batch."""
        dtype = np.float64
        ideal = ideal_products(self.network, dtype)
        x = input_array(self.network, images, dtype)
        wanted = layer_outputs(self.network, x, ideal)
        # a copy: these reads must not advance the noise of the others
        actual = {key: product.astype(dtype).apart() for key, product in self.products.items()}
        total = layer_outputs(self.network, x, actual)
        found = []
        for index, layer in enumerate(self.network.layers):
            given = x if index == 0 else wanted[index - 1]
            own = layer.forward(given, {name: actual[index, name] for name in layer.matrices})
            found.append(
                LayerError(
                    layer=index,
                    kind=type(layer).__name__,
                    own=_relative(own, wanted[index]),
                    total=_relative(total[index], wanted[index]),
                )
            )
        return found


def program(
    network: Network,
    hardware: Hardware,
    rng: np.random.Generator | None = None,
    *,
    calibration: ArrayLike | None = None,
    dtype: DTypeLike = np.float64,
) -> ProgrammedNetwork:
    """Write a network's weights to cells.

    Args:
        network: with float weights.
        hardware: the cells, converters and arrays.
        rng: every random draw; not needed where nothing is drawn.
        calibration: (images, *input_shape), training images that set the ranges of converters.
        dtype: of the reads' arithmetic.

    Raises:
        UsageError: something is drawn and there is no ``rng``, a range has to be calibrated and
            there are no images, an array narrower than a weight, or a fault map that fits none.
    """
    require_kind(network, Network, "network", "a Network; a result of training has one: .network()")
    require_kind(hardware, Hardware, "hardware", "Hardware(...)")
    plans = plan_layers(network, hardware, calibration)
    return write_layers(network, hardware, plans, rng, calibration=calibration, dtype=dtype)


def write_layers(
    network: Network,
    hardware: Hardware,
    plans: Mapping[Key, Encoded],
    rng: np.random.Generator | None = None,
    *,
    calibration: ArrayLike | None = None,
    dtype: DTypeLike = np.float64,
) -> ProgrammedNetwork:
    """Write a network's weights to cells that are planned; the other arguments of ``program``.

    Args:
        network: with float weights.
        hardware: the cells, converters and arrays.
        plans: of ``plan_layers``; nothing in them is drawn, so they do for any number of draws.
        rng: every random draw; not needed where nothing is drawn.
        calibration: (images, *input_shape), training images that set the ranges of converters.
        dtype: of the reads' arithmetic.

    Raises:
        UsageError: something is drawn and there is no ``rng``.
    """
    kind = number_type(dtype)
    streams = hardware.streams(rng, len(plans))
    cells = {
        key: write_cells(matrix, plans[key], hardware, stream, key)
        for (key, matrix), stream in zip(network.matrices(), streams, strict=True)
    }
    products = {key: ArrayProduct.of(written, hardware, kind) for key, written in cells.items()}
    if calibration is not None and (hardware.dac or hardware.adc):
        reaches = _reaches(network, products, calibration, hardware)
        products = {key: product.calibrated(reaches[key]) for key, product in products.items()}
    return ProgrammedNetwork(network, hardware, cells, products)


def plan_layers(
    network: Network, hardware: Hardware, calibration: ArrayLike | None
) -> dict[Key, Encoded]:
    """Return the cells of every layer, before anything is drawn; the arguments of ``program``.

    Raises:
        UsageError: as ``program`` does, but for what is drawn.
    """
    if hardware.faults is not None:
        hardware.faults.check_keys([key for key, _ in network.matrices()])
    _check_calibration(network, hardware, calibration)
    return {key: plan_cells(matrix, hardware, key) for key, matrix in network.matrices()}


def _reaches(
    network: Network,
    products: Mapping[Key, ArrayProduct],
    calibration: ArrayLike,
    hardware: Hardware,
) -> dict[Key, Reach]:
    """Return how far inputs and sums reach for the calibration images, without converters."""
    reaches = {key: Reach(hardware.dac, hardware.adc) for key in products}
    watched = {
        key: replace(product, dac=None, adc=None, noise=None, reach=reaches[key])
        for key, product in products.items()
    }
    images = input_array(network, calibration, np.float64)
    for start in range(0, len(images), network.usual_batch):
        layer_outputs(network, images[start : start + network.usual_batch], watched)
    return reaches


def _check_calibration(network: Network, hardware: Hardware, calibration: ArrayLike | None) -> None:
    if calibration is not None:
        try:
            input_array(network, calibration, np.float64)
        except UsageError as error:
            raise UsageError(f"calibration: {error}") from error
        return
    for name in ("dac", "adc"):
        converter = getattr(hardware, name)
        if converter is not None and converter.range == "calibrated":
            raise UsageError(
                f"{name}: its range is to be calibrated; pass calibration=training images, or "
                "give Converter(bits, range=...)"
            )


def _relative(found: Array, wanted: Array) -> float:
    size = float(np.sqrt(np.mean(np.square(wanted))))
    error = float(np.sqrt(np.mean(np.square(found - wanted))))
    return error / size if size > 0.0 else (0.0 if error == 0.0 else float("inf"))
