"""What each ONNX operator that can be read becomes, node after node along the graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.networks.activations import LEAK
from memcircuit.networks.convolution import Conv2d
from memcircuit.networks.dense import Dense
from memcircuit.networks.importers.onnx_graph import Node, Walk
from memcircuit.networks.pooling import AveragePool2d, MaxPool2d
from memcircuit.networks.recurrent import LSTM, Elman

_PADDINGS = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")


def _gemm(walk: Walk, node: Node) -> None:
    node.demand(transA=0)
    walk.natural()
    weights = node.constant(1, "weights")
    if node.attributes.get("transB", 0):
        weights = weights.T
    weights = weights * node.attributes.get("alpha", 1.0)
    walk.chain.add(Dense(weights))
    bias = node.optional(2, "bias")
    if bias is not None:
        _shift(walk, bias * node.attributes.get("beta", 1.0))


def _matmul(walk: Walk, node: Node) -> None:
    weights = node.constant(1, "weights")
    if walk.layout[-1] != len(walk.chain.shape):
        walk.natural()
    walk.chain.add(Dense(weights))


def _add(walk: Walk, node: Node) -> None:
    _shift(walk, next(iter(node.constants.values())))


def _shift(walk: Walk, bias: NDArray[Any]) -> None:
    """Add a bias to the layer just added."""
    outputs, axes = walk.chain.outputs, len(walk.chain.shape)
    target = (1, outputs, 1, 1) if axes == 3 else (*[1] * axes, outputs)
    try:
        row = np.broadcast_to(np.asarray(bias, dtype=np.float64), target).reshape(-1)
    except ValueError:
        raise UsageError(
            f"it adds an array of shape {bias.shape}; it must have one value per output, {outputs}"
        ) from None
    walk.chain.scale(np.ones(outputs), row)


def _conv(walk: Walk, node: Node) -> None:
    kernels = node.constant(1, "kernels")
    walk.natural()
    if kernels.ndim != 4:
        raise UsageError(f"it has kernels {kernels.shape}; two axes of an image are supported")
    node.demand(group=1, dilations=[1, 1], kernel_shape=list(kernels.shape[2:]))
    stride = tuple(node.attributes.get("strides", (1, 1)))
    padding = _padding(walk, node, kernels.shape[2:], stride)
    bias = node.optional(2, "bias")
    walk.chain.add(Conv2d(kernels, bias, stride, padding))  # type: ignore[arg-type]


def _padding(
    walk: Walk, node: Node, size: Sequence[int], stride: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """Return ((top, bottom), (left, right)), which a file says by number or by rule."""
    rule = node.attributes.get("auto_pad", b"NOTSET").decode()
    if rule not in _PADDINGS:
        raise UsageError(f"auto_pad is {rule!r}; it must be one of {', '.join(_PADDINGS)}")
    if not rule.startswith("SAME"):
        pads = node.attributes.get("pads", [0] * 4) if rule == "NOTSET" else [0] * 4
        return tuple(zip(pads[:2], pads[2:], strict=True))
    sides = []
    for length, window, step in zip(walk.chain.shape[1:], size, stride, strict=True):
        total = max((-(-length // step) - 1) * step + window - length, 0)
        less, more = total // 2, total - total // 2
        sides.append((less, more) if rule == "SAME_UPPER" else (more, less))
    return tuple(sides)


def _pool(layer: type[MaxPool2d | AveragePool2d]) -> Callable[[Walk, Node], None]:
    def build(walk: Walk, node: Node) -> None:
        walk.natural()
        if node.used[0]:
            raise UsageError("it gives the places of the largest, which is not supported")
        size = tuple(node.attributes["kernel_shape"])
        stride = tuple(node.attributes.get("strides", [1] * len(size)))
        node.demand(ceil_mode=0, dilations=[1] * len(size))
        if len(size) == 2 and np.any(_padding(walk, node, size, stride)):
            raise UsageError("it pads the image, which is not supported in pooling")
        walk.chain.add(layer(size, stride))

    return build


def _function(name: str) -> Callable[[Walk, Node], None]:
    return lambda walk, _: walk.chain.activate(name)


def _leaky_relu(walk: Walk, node: Node) -> None:
    slope = node.attributes.get("alpha", LEAK)
    # files hold it in float32
    if not np.isclose(slope, LEAK, rtol=1e-6):
        raise UsageError(f"alpha is {slope}, which is not supported; it must be {LEAK}")
    walk.chain.activate("leaky_relu")


def _softmax(walk: Walk, node: Node) -> None:
    # before version 13, all axes from this one on were one
    merged = walk.opset < 13
    axis = walk.axis(node.attributes.get("axis", 1 if merged else -1))
    alone = not merged or axis == len(walk.layout) - 1
    if not alone or walk.layout[axis] != len(walk.chain.shape):
        raise UsageError(f"it goes over axis {axis}; only the last axis is supported")
    walk.chain.activate("softmax")


def _log_softmax(walk: Walk, node: Node) -> None:
    _softmax(walk, node)
    walk.chain.finish(str(node))


def _flatten(walk: Walk, node: Node) -> None:
    walk.natural()
    if node.attributes.get("axis", 1) not in (1, -len(walk.chain.shape)):
        node.demand(axis=1)
    walk.chain.flatten()
    walk.layout = (0, 1)


def _reshape(walk: Walk, node: Node) -> None:
    target = node.constant(1, "shape").tolist()
    if 0 in target:
        # then 0 is a length, and does not stand for that of the input
        node.demand(allowzero=0)
    if None in walk.layout:
        _drop_directions(walk, target)
        return
    walk.natural()
    count = int(np.prod(walk.chain.shape))
    if len(target) != 2 or target[0] not in {0, -1, walk.batch} or target[1] not in (-1, count):
        raise UsageError(f"it makes shape {target}; only (images, {count}) is supported")
    walk.chain.flatten()
    walk.layout = (0, 1)


def _drop_directions(walk: Walk, target: list[int]) -> None:
    """Drop the axis of length 1 behind a recurrent layer, where a shape says no more than that."""
    places = [place for place, axis in enumerate(walk.layout) if axis is not None]
    lengths = [walk.batch, *walk.chain.shape]
    same = len(target) == len(places) and all(
        # 0 stands for the length at the same place of the input, -1 for what is left
        (given == 0 and place == index) or given in (-1, lengths[walk.layout[place] or 0])
        for index, (given, place) in enumerate(zip(target, places, strict=True))
    )
    if not same:
        raise UsageError(f"it makes shape {target}; it may only drop the axis of directions here")
    walk.layout = tuple(walk.layout[place] for place in places)


def _transpose(walk: Walk, node: Node) -> None:
    order = node.attributes.get("perm", range(len(walk.layout))[::-1])
    if len(walk.layout) == 4 and None not in walk.layout:
        raise UsageError("it moves the axes of images, which is not supported")
    walk.layout = tuple(walk.layout[axis] for axis in order)


def _squeeze(walk: Walk, node: Node) -> None:
    found = node.attributes.get("axes", node.optional(1, "axes"))
    axes = {walk.axis(int(axis)) for axis in np.atleast_1d([] if found is None else found)}
    if not axes or any(walk.layout[axis] is not None for axis in axes):
        raise UsageError("it may only drop the axis of directions behind RNN or LSTM")
    walk.layout = tuple(kept for axis, kept in enumerate(walk.layout) if axis not in axes)


def _gather(walk: Walk, node: Node) -> None:
    axis = walk.axis(node.attributes.get("axis", 0))
    index = node.constant(1, "indices")
    last = walk.chain.layers[-1] if walk.chain.layers else None
    ends = (-1, walk.chain.shape[0] - 1)
    if (
        not isinstance(last, Elman | LSTM)
        or walk.layout[axis] != 1
        or len(walk.chain.shape) != 2
        or index.shape != ()
        or int(index) not in ends
    ):
        raise UsageError("it may only pick the last step right behind RNN or LSTM")
    walk.chain.layers[-1] = replace(last, return_sequences=False)
    walk.chain.shape = walk.chain.shape[1:]
    kept = [one for place, one in enumerate(walk.layout) if place != axis]
    walk.layout = tuple(1 if one == 2 else one for one in kept)


def _batch_norm(walk: Walk, node: Node) -> None:
    node.demand(training_mode=0)
    walk.natural()
    if len(walk.chain.shape) not in (1, 3):
        raise UsageError(f"it is given {walk.chain.shape}; 1 or 3 axes are supported")
    scale, shift, mean, variance = (node.constant(place, "statistics") for place in range(1, 5))
    walk.chain.normalise(mean, variance, scale, shift, node.attributes.get("epsilon", 1e-5))


def _recurrent(walk: Walk, node: Node) -> None:
    batch_first = bool(node.attributes.get("layout", 0))
    if walk.layout != ((0, 1, 2) if batch_first else (1, 0, 2)):
        raise UsageError("it reads axes in another order than (steps, images, values)")
    node.demand(direction=b"forward", input_forget=0)
    if "clip" in node.attributes or node.used[0] == 2:
        raise UsageError("it clips, or gives the state of its cells: not supported")
    for place, what in ((4, "lengths of sequences"), (7, "peepholes")):
        if place < len(node.inputs) and node.inputs[place]:
            raise UsageError(f"it has {what}, which are not supported")
    for place in (5, 6):
        state = node.optional(place, "initial state")
        if state is not None and np.any(state):
            raise UsageError("it starts with another state than 0, which is not supported")
    read, back = (_direction(node.constant(place, "weights"), place) for place in (1, 2))
    node.demand(hidden_size=back.shape[-1])
    bias = node.optional(3, "bias")
    if bias is not None:
        bias = np.asarray(bias, np.float64)[0].reshape(2, -1).sum(axis=0)
    sequences = node.used[0] == 0
    if node.operator == "LSTM":
        node.demand(activations=[b"Sigmoid", b"Tanh", b"Tanh"])
        order = _gates(back.shape[-1])
        read, back = read[order], back[order]
        bias = None if bias is None else bias[order]
        walk.chain.add(LSTM(read.T, back.T, bias, sequences))
    else:
        function = node.attributes.get("activations", [b"Tanh"])[0].decode().lower()
        walk.chain.add(Elman(read.T, back.T, bias, function, sequences))
    if sequences:
        walk.layout = (0, 1, None, 2) if batch_first else (1, None, 0, 2)
    else:
        walk.layout = (0, None, 1) if batch_first else (None, 0, 1)


def _direction(weights: NDArray[Any], place: int) -> NDArray[np.float64]:
    """Return W or R of the one direction."""
    if weights.ndim != 3 or len(weights) != 1:
        raise UsageError(
            f"it has {'WR'[place - 1]} of shape {weights.shape}; one direction has (1, gates, "
            "values)"
        )
    return np.asarray(weights[0], np.float64)


def _gates(hidden: int) -> NDArray[np.intp]:
    """Return where i, f, g and o stand in ONNX, whose order is i, o, f, g."""
    return np.arange(4 * hidden).reshape(4, hidden)[[0, 2, 3, 1]].reshape(-1)


def _nothing(_: Walk, node: Node) -> None:
    if node.used[0]:
        raise UsageError("it gives its mask, which is not supported")


OPERATORS: dict[str, Callable[[Walk, Node], None]] = {
    "Add": _add,
    "AveragePool": _pool(AveragePool2d),
    "BatchNormalization": _batch_norm,
    "Conv": _conv,
    "Dropout": _nothing,
    "Flatten": _flatten,
    "Gather": _gather,
    "Gemm": _gemm,
    "Identity": _nothing,
    "LSTM": _recurrent,
    "LeakyRelu": _leaky_relu,
    "LogSoftmax": _log_softmax,
    "MatMul": _matmul,
    "MaxPool": _pool(MaxPool2d),
    "RNN": _recurrent,
    "Relu": _function("relu"),
    "Reshape": _reshape,
    "Sigmoid": _function("sigmoid"),
    "Softmax": _softmax,
    "Squeeze": _squeeze,
    "Tanh": _function("tanh"),
    "Transpose": _transpose,
}
