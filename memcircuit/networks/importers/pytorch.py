"""Networks of PyTorch, read from modules or from state dicts; torch itself is not needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.networks.importers.chain import Chain
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

    A layer without a name reads tensors without a prefix, as a lone ``nn.Linear`` has them.
    Arguments that its tensors say too (``in_features``, ``out_channels``, ``hidden_size``,
    ``bias``, ...) may be given, and must agree with them; those that change nothing in a trained
    network (``p``, ``inplace``, ``momentum``, ``batch_first``, ...) may be given, and are not read.

    Dropout does nothing, batch normalisation is folded into the layer before it with its running
    statistics, ``LogSoftmax``, only at the end, becomes softmax. Recurrent layers take (images,
    steps, values), whatever ``batch_first`` says, and hand on the output of their last step, or of
    every step where a description says ``"return_sequences": True``.

    Args:
        model: a module of modules that `memcircuit.networks.importers.pytorch_modules.MODULES`
            names, nested in ``nn.Sequential`` or alone; with ``layers`` any module, or a mapping
            of names to tensors or arrays.
        input_shape: shape of one input: (values,), (channels, height, width) or (steps, values).
        layers: description of the layers.

    Raises:
        UsageError: a module or an option that is not supported, a missing or a left over tensor,
            or shapes that do not fit.
    """
    chain = Chain(input_shape)
    if layers is None:
        # every part is looked at before any weight is
        for part in list(_module_parts(model, "")):
            part.append_to(chain)
    else:
        _append_described(chain, _state(model), layers)
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
        what = f"module {name!r}" if name else "the model"
        raise UsageError(
            f"{what} is a {type(module).__name__}, which is not supported; these are, in "
            f"nn.Sequential: {', '.join(MODULES)}. Other models: give layers"
        )
    options = {
        key: _plain(getattr(module, key, default)) for key, default in MODULES[kind].options.items()
    }
    yield Part(
        kind, name, options, lambda key: _array(getattr(module, key, None), _place(name, key))
    )


def _kind(module: Any) -> str:
    """Return the name of the class in torch.nn whose computing a module does, or nothing."""
    for base in type(module).__mro__:
        if base.__module__.startswith("torch.nn.modules."):
            # who overrides forward computes something else
            same = getattr(type(module), "forward", None) is getattr(base, "forward", None)
            return base.__name__ if same else ""
    return ""


def _state(model: Any) -> dict[str, Any]:
    state = model
    if not isinstance(model, Mapping):
        # a class has the method too, but no tensors
        state = {} if isinstance(model, type) else getattr(model, "state_dict", dict)()
    if not state or not isinstance(state, Mapping):
        raise UsageError(
            f"model is a {type(model).__name__}; give a module, or a state dict with tensors"
        )
    for key in state:
        if not isinstance(key, str):
            raise UsageError(
                f"the state dict of model has the key {key!r}; its keys must be names of tensors"
            )
    return dict(state)


def _append_described(
    chain: Chain, state: Mapping[str, Any], layers: Sequence[str | Mapping[str, object]]
) -> None:
    if isinstance(layers, str | bytes) or not isinstance(layers, Sequence):
        raise UsageError(
            f"layers is {layers!r:.60}; give a list, one entry for each layer in order"
        )
    read: set[str] = set()
    # every description is looked at before any weight is
    for part in [_described(state, index, given, read) for index, given in enumerate(layers)]:
        part.append_to(chain)
    for key in state:
        if key not in read and key.rpartition(".")[2] != _COUNTER:
            raise UsageError(f"tensor {key!r} of the state dict is read by none of the layers")


def _described(
    state: Mapping[str, Any], index: int, given: str | Mapping[str, object], read: set[str]
) -> Part:
    """Return a layer that adds the names of the tensors it takes to ``read``."""
    words = {"type": given} if isinstance(given, str) else given
    if not isinstance(words, Mapping) or "type" not in words:
        raise UsageError(
            f"layers[{index}] is {given!r:.60}; give the name of a class in torch.nn, or a mapping "
            'with "type"'
        )
    words = dict(words)
    kind, name = str(words.pop("type", "")), str(words.pop("name", ""))
    if kind not in MODULES:
        raise UsageError(
            f"layers[{index}] is of type {kind!r}, which is not supported; "
            f"these are: {', '.join(MODULES)}"
        )
    module = MODULES[kind]
    known = (*module.options, *module.repeated, *module.unread)
    for key in words:
        if key not in known:
            raise UsageError(
                f"layers[{index}], a {kind}, has no option {key!r}; "
                f"options: {', '.join(known) or 'none'}"
            )

    def array(key: str) -> NDArray[np.float64] | None:
        place = _place(name, key)
        read.add(place)
        return _array(state.get(place), place)

    given_options = {key: _plain(value) for key, value in words.items()}
    return Part(kind, name, {**module.options, **given_options}, array)


def _place(name: str, key: str) -> str:
    """Return the name that a tensor of a module has in the state dict."""
    return f"{name}.{key}" if name else key


def _plain(option: Any) -> Any:
    """Return an option with tuples in place of lists and arrays, as PyTorch has them."""
    if hasattr(option, "tolist"):
        option = option.tolist()
    return tuple(map(_plain, option)) if isinstance(option, list | tuple) else option


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
