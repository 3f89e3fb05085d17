"""Networks of dense layers from plain arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from numpy.typing import ArrayLike

from memcircuit.errors import UsageError
from memcircuit.networks.activations import activation
from memcircuit.networks.dense import Dense
from memcircuit.networks.importers.chain import Chain, named
from memcircuit.networks.layer import weight_array
from memcircuit.networks.network import Network

_DEFAULT = "relu"
_T = TypeVar("_T")


def from_arrays(
    weights: Sequence[ArrayLike],
    biases: Sequence[ArrayLike | None] | None = None,
    activations: str | Sequence[str] = _DEFAULT,
    *,
    input_shape: Sequence[int] | None = None,
) -> Network:
    """Return a network of dense layers.

    Args:
        weights: for each layer (inputs, outputs) dimensionless.
        biases: for each layer (outputs,) dimensionless or None; none by default.
        activations: one of `memcircuit.networks.activations.ACTIVATIONS` for each layer; one name
            stands for all but the last, whose outputs are then left as they are. A single layer
            is such a last one: give its function, if it has one, as a list of one name.
        input_shape: shape of one input; the rows of the first weights by default. Inputs with
            several axes are flattened, the last axis varying fastest.

    Raises:
        UsageError: not as many biases or activations as weights, one name other than the default
            for a single layer, shapes that do not chain, or values that are no numbers.
    """
    arrays = [
        weight_array(given, f"weights[{i}]", 2)
        for i, given in enumerate(_listed(weights, "weights"))
    ]
    if not arrays:
        raise UsageError("weights are empty; a network needs at least one layer")
    functions = (
        _hidden(activations, len(arrays))
        if isinstance(activations, str)
        else _listed(activations, "activations")
    )
    added = [None] * len(arrays) if biases is None else _listed(biases, "biases")
    for name, count in (("biases", len(added)), ("activations", len(functions))):
        if count != len(arrays):
            raise UsageError(f"{count} {name} for {len(arrays)} weights; give one for each")
    chain = Chain((len(arrays[0]),) if input_shape is None else input_shape)
    chain.flatten()
    for index, (array, bias, function) in enumerate(zip(arrays, added, functions, strict=True)):
        with named(f"layer {index}"):
            chain.add(Dense(array, bias, function))  # type: ignore[arg-type]
    return chain.network()


def _listed(given: Iterable[_T], name: str) -> list[_T]:
    try:
        return list(given)
    except TypeError:
        raise UsageError(
            f"{name} is a {type(given).__name__}; give a list with one entry for each layer"
        ) from None


def _hidden(name: str, layers: int) -> list[str]:
    """Return the activations of all layers where one name stands for all but the last."""
    activation(name)
    # the default must do for a single layer too
    if layers == 1 and name not in ("identity", _DEFAULT):
        raise UsageError(
            f"activations is {name!r}, which stands for all layers but the last; for a single "
            f"layer give [{name!r}]"
        )
    return [name] * (layers - 1) + ["identity"]
