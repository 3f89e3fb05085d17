"""What each module of PyTorch that can be read becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.networks.convolution import Conv2d
from memcircuit.networks.dense import Dense
from memcircuit.networks.importers.chain import Chain
from memcircuit.networks.pooling import AveragePool2d, MaxPool2d
from memcircuit.networks.recurrent import LSTM, Elman

# The one slope that leaky_relu has here.
_LEAK = 0.01


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

    def weights(self, key: str, axes: int) -> NDArray[np.float64]:
        """Return a tensor that must be there and have so many axes."""
        found = self.array(key)
        if found is None:
            raise UsageError(f"it has no tensor {key!r}")
        if found.ndim != axes:
            raise UsageError(f"{key} has shape {found.shape}; it must have {axes} axes")
        return found

    def demand(self, **wanted: tuple[object, ...]) -> None:
        """Refuse options that change the computing in a way no layer here can follow."""
        for key, values in wanted.items():
            if self.options[key] not in values:
                raise UsageError(
                    f"{key} is {self.options[key]!r}, which is not supported; "
                    f"it must be {values[0]!r}"
                )


@dataclass(frozen=True)
class Module:
    """How a class of torch.nn is read.

    Attributes:
        build: appends what it computes.
        options: arguments of the class that matter, with PyTorch's defaults.
    """

    build: Callable[[Chain, Part], None]
    options: Mapping[str, Any]


def _linear(chain: Chain, part: Part) -> None:
    chain.add(Dense(part.weights("weight", 2).T, part.array("bias")))


def _conv2d(chain: Chain, part: Part) -> None:
    part.demand(dilation=((1, 1), 1), groups=(1,), padding_mode=("zeros",))
    stride, padding = part.options["stride"], part.options["padding"]
    if padding == "valid":
        padding = 0
    chain.add(Conv2d(part.weights("weight", 4), part.array("bias"), stride, padding))


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


def _function(name: str) -> Module:
    return Module(lambda chain, _: chain.activate(name), {})


def _leaky_relu(chain: Chain, part: Part) -> None:
    part.demand(negative_slope=(_LEAK,))
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
    """Normalise by running statistics, eq. (1) to (4) of S. Ioffe 2015, arXiv:1502.03167."""

    def build(chain: Chain, part: Part) -> None:
        if len(chain.shape) != axes:
            raise UsageError(f"it is given {chain.shape}; {axes} axes are supported")
        mean, variance = part.weights("running_mean", 1), part.weights("running_var", 1)
        scale, shift = part.array("weight"), part.array("bias")
        factor = 1.0 / np.sqrt(variance + part.options["eps"])
        if scale is not None:
            factor = factor * scale
        chain.scale(factor, (0.0 if shift is None else shift) - mean * factor)

    return Module(build, {"eps": 1e-5})


def _recurrent(chain: Chain, part: Part) -> None:
    part.demand(bidirectional=(False,))
    if part.kind == "LSTM":
        part.demand(proj_size=(0,))
    deep = part.options["num_layers"]
    for index in range(deep):
        read, back = (part.weights(f"weight_{way}_l{index}", 2).T for way in ("ih", "hh"))
        found = [part.array(f"bias_{way}_l{index}") for way in ("ih", "hh")]
        biases = [bias for bias in found if bias is not None]
        bias = np.sum(biases, axis=0) if biases else None
        # a layer on top of this one reads every step
        every = index < deep - 1 or part.options["return_sequences"]
        if part.kind == "LSTM":
            chain.add(LSTM(read, back, bias, every))
        else:
            function = part.options["nonlinearity"]
            chain.add(Elman(read, back, bias, function, every))


_RECURRENT = {"num_layers": 1, "bidirectional": False, "return_sequences": False}
_POOL = {"kernel_size": None, "stride": None, "padding": 0, "ceil_mode": False}

MODULES: dict[str, Module] = {
    "AvgPool2d": Module(_pool(AveragePool2d), {**_POOL, "divisor_override": None}),
    "BatchNorm1d": _batch_norm(1),
    "BatchNorm2d": _batch_norm(3),
    "Conv2d": Module(
        _conv2d, {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "padding_mode": "zeros"}
    ),
    "Dropout": Module(_nothing, {}),
    "Dropout2d": Module(_nothing, {}),
    "Flatten": Module(_flatten, {"start_dim": 1, "end_dim": -1}),
    "Identity": Module(_nothing, {}),
    "LSTM": Module(_recurrent, {**_RECURRENT, "proj_size": 0}),
    "LeakyReLU": Module(_leaky_relu, {"negative_slope": _LEAK}),
    "Linear": Module(_linear, {}),
    "LogSoftmax": Module(_log_softmax, {"dim": None}),
    "MaxPool2d": Module(_pool(MaxPool2d), {**_POOL, "dilation": 1, "return_indices": False}),
    "RNN": Module(_recurrent, {**_RECURRENT, "nonlinearity": "tanh"}),
    "ReLU": _function("relu"),
    "Sigmoid": _function("sigmoid"),
    "Softmax": Module(_softmax, {"dim": None}),
    "Tanh": _function("tanh"),
}
