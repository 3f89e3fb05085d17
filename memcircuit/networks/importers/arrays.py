"""Networks of dense layers from plain arrays."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import ArrayLike

from memcircuit.errors import UsageError
from memcircuit.networks.dense import Dense
from memcircuit.networks.importers.chain import Chain, named
from memcircuit.networks.layer import weight_array
from memcircuit.networks.network import Network


def from_arrays(
    weights: Sequence[ArrayLike],
    biases: Sequence[ArrayLike | None] | None = None,
    activations: str | Sequence[str] = "relu",
    *,
    input_shape: Sequence[int] | None = None,
) -> Network:
    """Return a network of dense layers.

    Args:
        weights: for each layer (inputs, outputs) dimensionless.
        biases: for each layer (outputs,) dimensionless or None; none by default.
        activations: one of `ACTIVATIONS` for each layer; one name stands for all but the last,
            whose outputs are then left as they are.
        input_shape: shape of one input; the rows of the first weights by default. Inputs with
            several axes are flattened, the last axis varying fastest.

    Raises:
        UsageError: not as many biases or activations as weights, shapes that do not chain, or
            values that are no numbers.
    """
    arrays = [weight_array(given, f"weights[{i}]", 2) for i, given in enumerate(weights)]
    if not arrays:
        raise UsageError("weights are empty; a network needs at least one layer")
    if isinstance(activations, str):
        activations = [activations] * (len(arrays) - 1) + ["identity"]
    if biases is None:
        biases = [None] * len(arrays)
    for name, given in (("biases", biases), ("activations", activations)):
        if len(given) != len(arrays):
            raise UsageError(f"{len(given)} {name} for {len(arrays)} weights; give one for each")
    chain = Chain((len(arrays[0]),) if input_shape is None else input_shape)
    chain.flatten()
    for index, (array, bias, function) in enumerate(zip(arrays, biases, activations, strict=True)):
        with named(f"layer {index}"):
            chain.add(Dense(array, bias, function))  # type: ignore[arg-type]
    return chain.network()
