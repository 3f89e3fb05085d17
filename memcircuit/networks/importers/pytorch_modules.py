"""What each module of PyTorch that can be read becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_count, require_number
from memcircuit.errors import UsageError
from memcircuit.networks.activations import LEAK
from memcircuit.networks.convolution import Conv2d
from memcircuit.networks.dense import Dense
from memcircuit.networks.importers.chain import Chain, named
from memcircuit.networks.layer import bias_array
from memcircuit.networks.pooling import AveragePool2d, MaxPool2d
from memcircuit.networks.recurrent import LSTM, Elman

# What only says where tensors are made and in which numbers.
_FACTORY = ("device", "dtype")


@dataclass(frozen=True)
class Part:
    """One module with its tensors.

    Attributes:
        kind: its class in torch.nn.
        name: where it is in the model.
        options: what the class was called with.
        array: gives a tensor by its name in the module, or None where the module has none.
    """

    kind: str
    name: str
    options: Mapping[str, Any]
    array: Callable[[str], NDArray[np.float64] | None]

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r}" if self.name else self.kind

    def append_to(self, chain: Chain) -> None:
        """Append what the module computes."""
        with named(str(self)):
            MODULES[self.kind].build(chain, self)

    def weights(self, key: str, axes: int) -> NDArray[np.float64]:
        """Return a tensor that must be there and have so many axes."""
        found = self.array(key)
        if found is None:
            raise UsageError(f"it has no tensor {key!r}")
        if found.ndim != axes:
            raise UsageError(f"{key} has shape {found.shape}; it must have {axes} axes")
        return found

    def vector(self, key: str, length: int) -> NDArray[np.float64] | None:
        """Return a tensor of one axis of this length if the module has it."""
        return bias_array(self.array(key), key, length)

    def demand(self, **wanted: tuple[object, ...]) -> None:
        """Refuse options that change the computing in a way no layer here can follow."""
        for key, values in wanted.items():
            if self.options[key] not in values:
                raise UsageError(
                    f"{key} is {self.options[key]!r}, which is not supported; "
                    f"it must be {values[0]!r}"
                )

    def agree(self, **found: tuple[object, ...]) -> None:
        """Refuse options that say something else than the tensors do."""
        for key, values in found.items():
            given = self.options.get(key, values[0])
            if given not in values:
                raise UsageError(f"{key} is {given!r}; its tensors say {values[0]!r}")


@dataclass(frozen=True)
class Module:
    """How a class of torch.nn is read.

    Attributes:
        build: appends what it computes.
        options: arguments of the class that matter, with PyTorch's defaults.
        repeated: arguments that say what the tensors say, too.
        unread: arguments that change nothing in a trained network.
    """

    build: Callable[[Chain, Part], None]
    options: Mapping[str, Any] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def _linear(chain: Chain, part: Part) -> None:
    weights, bias = part.weights("weight", 2), part.array("bias")
    outputs, inputs = weights.shape
    part.agree(in_features=(inputs,), out_features=(outputs,), bias=(bias is not None,))
    chain.add(Dense(weights.T, bias))


def _conv2d(chain: Chain, part: Part) -> None:
    part.demand(dilation=((1, 1), 1), groups=(1,), padding_mode=("zeros",))
    stride, padding = part.options["stride"], part.options["padding"]
    if padding == "valid":
        padding = 0
    kernels, bias = part.weights("weight", 4), part.array("bias")
    outputs, inputs, height, width = kernels.shape
    sizes = ((height, width), height) if height == width else ((height, width),)
    part.agree(in_channels=(inputs,), out_channels=(outputs,), kernel_size=sizes)
    part.agree(bias=(bias is not None,))
    chain.add(Conv2d(kernels, bias, stride, padding))


def _pool(layer: type[MaxPool2d | AveragePool2d]) -> Callable[[Chain, Part], None]:
    def build(chain: Chain, part: Part) -> None:
        part.demand(padding=(0, (0, 0)), ceil_mode=(False,))
        if layer is MaxPool2d:
            part.demand(dilation=(1, (1, 1)), return_indices=(False,))
        else:
            part.demand(divisor_override=(None,))
        if part.options["kernel_size"] is None:
            raise UsageError("it needs kernel_size")
        chain.add(layer(part.options["kernel_size"], part.options["stride"]))

    return build


def _flatten(chain: Chain, part: Part) -> None:
    part.demand(start_dim=(1,), end_dim=(-1, len(chain.shape)))
    chain.flatten()


def _function(name: str, *unread: str) -> Module:
    return Module(lambda chain, _: chain.activate(name), unread=unread)


def _leaky_relu(chain: Chain, part: Part) -> None:
    part.demand(negative_slope=(LEAK,))
    chain.activate("leaky_relu")


def _softmax(chain: Chain, part: Part) -> None:
    last = len(chain.shape)
    # without dim, PyTorch takes the last of two axes
    part.demand(dim=(-1, last, None) if last == 1 else (-1, last))
    chain.activate("softmax")


def _log_softmax(chain: Chain, part: Part) -> None:
    _softmax(chain, part)
    chain.finish(str(part))


def _nothing(chain: Chain, part: Part) -> None:
    pass


def _batch_norm(axes: int) -> Module:
    """Normalise by running statistics."""

    def build(chain: Chain, part: Part) -> None:
        if len(chain.shape) != axes:
            raise UsageError(f"it is given {chain.shape}; {axes} axes are supported")
        mean, variance = part.weights("running_mean", 1), part.weights("running_var", 1)
        outputs, eps = chain.outputs, part.options["eps"]
        require_number(eps, "eps")
        scale, shift = part.vector("weight", outputs), part.vector("bias", outputs)
        part.agree(num_features=(outputs,), affine=(scale is not None,))
        part.agree(track_running_stats=(True,))
        if scale is not None:
            # without a scale there is no shift, whatever the argument bias says
            part.agree(bias=(shift is not None,))
        chain.normalise(
            mean,
            variance,
            np.ones(outputs) if scale is None else scale,
            np.zeros(outputs) if shift is None else shift,
            eps,
        )

    return Module(
        build,
        {"eps": 1e-5},
        ("num_features", "affine", "bias", "track_running_stats"),
        ("momentum", *_FACTORY),
    )


def _recurrent(chain: Chain, part: Part) -> None:
    part.demand(bidirectional=(False,))
    if part.kind == "LSTM":
        part.demand(proj_size=(0,))
    deep = require_count(part.options["num_layers"], "num_layers")
    for index in range(deep):
        read, back = (part.weights(f"weight_{way}_l{index}", 2).T for way in ("ih", "hh"))
        found = [part.vector(f"bias_{way}_l{index}", read.shape[1]) for way in ("ih", "hh")]
        biases = [bias for bias in found if bias is not None]
        bias = np.sum(biases, axis=0) if biases else None
        part.agree(hidden_size=(len(back),), bias=(bool(biases),))
        if index == 0:
            part.agree(input_size=(len(read),))
        # a layer on top of this one reads every step
        every = index < deep - 1 or part.options["return_sequences"]
        if part.kind == "LSTM":
            chain.add(LSTM(read, back, bias, every))
        else:
            function = part.options["nonlinearity"]
            chain.add(Elman(read, back, bias, function, every))


_RECURRENT = {"num_layers": 1, "bidirectional": False, "return_sequences": False}
_RECURRENT_REPEATED = ("input_size", "hidden_size", "bias")
_RECURRENT_UNREAD = ("batch_first", "dropout", *_FACTORY)
_POOL = {"kernel_size": None, "stride": None, "padding": 0, "ceil_mode": False}

MODULES: dict[str, Module] = {
    "AvgPool2d": Module(
        _pool(AveragePool2d), {**_POOL, "divisor_override": None}, unread=("count_include_pad",)
    ),
    "BatchNorm1d": _batch_norm(1),
    "BatchNorm2d": _batch_norm(3),
    "Conv2d": Module(
        _conv2d,
        {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "padding_mode": "zeros"},
        ("in_channels", "out_channels", "kernel_size", "bias"),
        _FACTORY,
    ),
    "Dropout": Module(_nothing, unread=("p", "inplace")),
    "Dropout2d": Module(_nothing, unread=("p", "inplace")),
    "Flatten": Module(_flatten, {"start_dim": 1, "end_dim": -1}),
    "Identity": Module(_nothing),
    "LSTM": Module(
        _recurrent, {**_RECURRENT, "proj_size": 0}, _RECURRENT_REPEATED, _RECURRENT_UNREAD
    ),
    "LeakyReLU": Module(_leaky_relu, {"negative_slope": LEAK}, unread=("inplace",)),
    "Linear": Module(_linear, {}, ("in_features", "out_features", "bias"), _FACTORY),
    "LogSoftmax": Module(_log_softmax, {"dim": None}),
    "MaxPool2d": Module(_pool(MaxPool2d), {**_POOL, "dilation": 1, "return_indices": False}),
    "RNN": Module(
        _recurrent, {**_RECURRENT, "nonlinearity": "tanh"}, _RECURRENT_REPEATED, _RECURRENT_UNREAD
    ),
    "ReLU": _function("relu", "inplace"),
    "Sigmoid": _function("sigmoid"),
    "Softmax": Module(_softmax, {"dim": None}),
    "Tanh": _function("tanh"),
}
