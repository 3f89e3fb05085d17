"""Networks of PyTorch, read from modules or from state dicts; torch itself is not needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.networks.importers.chain import Chain, named
from memcircuit.networks.importers.pytorch_modules import MODULES, Part
from memcircuit.networks.network import Network

# batch normalisation counts its training in it, beside the statistics
_COUNTER = "num_batches_tracked"


def from_torch(
    model: Any,
    input_shape: Sequence[int],
    *,
    layers: Sequence[str | Mapping[str, object]] | None = None,
) -> Network:
    """Return the network of an ``nn.Sequential``, or of a state dict and a list of its layers.

    The order in which any other module calls its parts is code, which is not run here. Such a
    model, or its state dict, comes with ``layers``: for each layer in order its class in
    ``torch.nn``, by name alone where that is all, or as a mapping with ``type``, the ``name`` that
    its tensors have in the state dict, and the arguments of the class where they are not
    PyTorch's defaults::

        from_torch(torch.load("net.pt", weights_only=True), (1, 28, 28), layers=[
            {"type": "Conv2d", "name": "conv1", "padding": 2}, "ReLU",
            {"type": "MaxPool2d", "kernel_size": 2}, "Flatten",
            {"type": "Linear", "name": "fc"},
        ])

    Dropout does nothing, batch normalisation is folded into the layer before it with its running
    statistics, ``LogSoftmax``, only at the end, becomes softmax. Recurrent layers take (images,
    steps, values), whatever ``batch_first`` says, and hand on the output of their last step, or of
    every step where a description says ``"return_sequences": True``.

    Args:
        model: a module of modules that `MODULES` names, nested in ``nn.Sequential`` or alone; with
            ``layers`` any module, or a mapping of names to tensors or arrays.
        input_shape: shape of one input: (values,), (channels, height, width) or (steps, values).
        layers: description of the layers.

    Raises:
        UsageError: a module or an option that is not supported, a missing or a left over tensor,
            or shapes that do not fit.
    """
    chain = Chain(input_shape)
    # every part is looked at before any weight is
    parts = (
        list(_module_parts(model, ""))
        if layers is None
        else _described_parts(_state(model), layers)
    )
    for part in parts:
        with named(str(part)):
            MODULES[part.kind].build(chain, part)
    return chain.network()


def _module_parts(module: Any, name: str) -> Iterator[Part]:
    """Give the modules inside nested sequences, in order."""
    kind = _kind(module)
    if kind == "Sequential":
        for inner, child in module.named_children():
            yield from _module_parts(child, f"{name}.{inner}" if name else inner)
        return
    if isinstance(module, Mapping):
        raise UsageError("a state dict does not say which layers follow each other; give layers")
    if kind not in MODULES:
        raise UsageError(
            f"module {name!r} is a {type(module).__name__}, which is not supported; these are, in "
            f"nn.Sequential: {', '.join(MODULES)}. Other models: give layers"
        )
    options = {key: getattr(module, key, default) for key, default in MODULES[kind].options.items()}
    yield Part(kind, name, options, lambda key: _array(getattr(module, key, None), f"{name}.{key}"))


def _kind(module: Any) -> str:
    """Return the name of the class in torch.nn whose computing a module does, or nothing."""
    for base in type(module).__mro__:
        if base.__module__.startswith("torch.nn.modules."):
            # who overrides forward computes something else
            same = getattr(type(module), "forward", None) is getattr(base, "forward", None)
            return base.__name__ if same else ""
    return ""


def _state(model: Any) -> dict[str, Any]:
    state = model if isinstance(model, Mapping) else getattr(model, "state_dict", dict)()
    if not state or not isinstance(state, Mapping):
        raise UsageError(
            f"model is a {type(model).__name__}; give a module, or a state dict with tensors"
        )
    return dict(state)


def _described_parts(
    state: Mapping[str, Any], layers: Sequence[str | Mapping[str, object]]
) -> list[Part]:
    parts = [_described(state, index, given) for index, given in enumerate(layers)]
    names = {part.name for part in parts if part.name}
    for key in state:
        owner, _, last = key.rpartition(".")
        if owner not in names and last != _COUNTER:
            raise UsageError(f"tensor {key!r} of the state dict belongs to none of the layers")
    return parts


def _described(state: Mapping[str, Any], index: int, given: str | Mapping[str, object]) -> Part:
    words = {"type": given} if isinstance(given, str) else dict(given)
    kind, name = str(words.pop("type", "")), str(words.pop("name", ""))
    if kind not in MODULES:
        raise UsageError(
            f"layers[{index}] is of type {kind!r}, which is not supported; "
            f"these are: {', '.join(MODULES)}"
        )
    known = MODULES[kind].options
    strange = set(words) - set(known)
    if strange:
        raise UsageError(
            f"layers[{index}], a {kind}, has no option {min(strange)!r}; "
            f"options: {', '.join(known) or 'none'}"
        )
    return Part(
        kind,
        name,
        {**known, **words},
        lambda key: _array(state.get(f"{name}.{key}"), f"{name}.{key}"),
    )


def _array(tensor: Any, name: str) -> NDArray[np.float64] | None:
    """Return a tensor or array of any number type as float64."""
    if tensor is None:
        return None
    try:
        if hasattr(tensor, "detach"):
            tensor = tensor.detach().cpu().double().numpy()
        return np.asarray(tensor, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UsageError(f"tensor {name!r} is no array of numbers ({error})") from error
