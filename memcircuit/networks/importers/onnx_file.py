"""Networks from ONNX files; needs the package onnx, the optional extra of that name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.networks.importers.onnx_graph import Node, Walk
from memcircuit.networks.importers.onnx_operators import OPERATORS
from memcircuit.networks.network import Network

# What is computed at once where it reads constants: shapes, states before the first step, weights.
FOLDED = {
    "Cast",
    "Concat",
    "Constant",
    "ConstantOfShape",
    "Expand",
    "Gather",
    "Identity",
    "Slice",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
}

# What the operators of ONNX itself belong to.
_DOMAINS = ("", "ai.onnx")
# Values that a node may make of a single one: more than any layer's state has.
_LARGEST_FILL = 2**24


def from_onnx(model: str | Path | bytes, *, input_shape: Sequence[int] | None = None) -> Network:
    """Return the network of an ONNX file, whose operators must form a chain.

    Batch normalisation is folded into the layer before it; ``LogSoftmax``, only as the last
    operator, becomes softmax, so that outputs are probabilities instead of their logarithms. The
    network takes and gives images first: a sequence that the file wants as (steps, images,
    values) goes in as (images, steps, values), and axes of length 1 that count the directions of
    a recurrent layer are dropped.

    Args:
        model: path of the file, or its content. Weights in files of their own are read from the
            folder of the file, and not from content alone.
        input_shape: shape of one input, where the file leaves it open.

    Raises:
        UsageError: neither path nor content, no such package or file, no valid ONNX, an operator or
            an option that is not supported, or shapes that do not fit.
    """
    if not isinstance(model, str | Path | bytes):
        raise UsageError(
            f"model is a {type(model).__name__}; give a path, or the content: "
            "model.SerializeToString()"
        )
    try:
        import onnx
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    except ImportError as error:
        raise UsageError(
            "reading ONNX files needs the package onnx; install memcircuit[onnx]"
        ) from error
    name = "the ONNX content" if isinstance(model, bytes) else f"ONNX file {model}"
    try:
        if isinstance(model, bytes):
            loaded = onnx.load_model_from_string(model)
        else:
            # the name says nothing about the content; weights outside of the file's folder are
            # refused by onnx
            loaded = onnx.load(str(model), format="protobuf")
        graph = loaded.graph
        _check_operators(graph)
        _check_content(graph)
        onnx.checker.check_model(loaded)
    except (OSError, DecodeError, ValueError, onnx.checker.ValidationError) as error:
        raise UsageError(f"{name} cannot be read: {error}") from error
    return _walked(graph, loaded.opset_import, input_shape)


def _walked(graph: Any, opsets: Any, input_shape: Sequence[int] | None) -> Network:
    """Return the network of a graph whose operators are all known."""
    constants = _held(graph)
    inputs = [value for value in graph.input if value.name not in constants]
    if len(inputs) != 1:
        raise UsageError(f"the ONNX graph has {len(inputs)} inputs; it must have one")
    name = inputs[0].name
    dimensions = [axis.dim_value or None for axis in inputs[0].type.tensor_type.shape.dim]
    opset = next((one.version for one in opsets if one.domain in _DOMAINS), 1)
    first = _steps_first(graph, name)
    walk = Walk(name, dimensions, input_shape, steps_first=first, opset=opset)
    wanted = {read for node in graph.node for read in node.input if read}
    wanted |= {output.name for output in graph.output}
    for node in graph.node:
        if node.op_type == "Shape" and node.input[0] in walk.lengths:
            constants[node.output[0]] = _shape(node, walk.lengths[node.input[0]])
        elif node.op_type in FOLDED and all(read in constants for read in node.input if read):
            constants |= _folded(node, constants, opsets)
        elif node.op_type in OPERATORS:
            walk.pass_through(_node(node, constants, wanted), OPERATORS[node.op_type])
        else:
            raise UsageError(
                f"operator {node.op_type} of node {node.name!r} is supported for shapes and "
                "weights only"
            )
    walk.end([output.name for output in graph.output])
    return walk.chain.network()


def _check_operators(graph: Any) -> None:
    known = {*OPERATORS, *FOLDED, "Shape"}
    for node in graph.node:
        if node.domain not in _DOMAINS or node.op_type not in known:
            raise UsageError(
                f"operator {node.op_type} of node {node.name!r} is not supported; "
                f"these are: {', '.join(sorted(known))}"
            )


def _check_content(graph: Any) -> None:
    import onnx

    inner = [one.t for node in graph.node for one in node.attribute if one.HasField("t")]
    for tensor in [*graph.initializer, *inner]:
        if onnx.external_data_helper.uses_external_data(tensor):
            raise UsageError(
                f"weights {tensor.name!r} lie in a file of their own; give the path, not content"
            )


def _held(graph: Any) -> dict[str, NDArray[Any]]:
    """Return the arrays that the file holds, by name."""
    import onnx

    found = {}
    for tensor in graph.initializer:
        try:
            found[tensor.name] = onnx.numpy_helper.to_array(tensor)
        except (LookupError, TypeError, ValueError) as error:
            raise UsageError(f"weights {tensor.name!r} are not an array ({error})") from error
    return found


def _steps_first(graph: Any, name: str) -> bool:
    """Tell whether the input goes as it is into a recurrent layer that reads steps first."""
    for node in graph.node:
        if name not in node.input or node.op_type == "Shape":
            continue
        if node.op_type not in {"Identity", "Dropout"}:
            layout = [one.i for one in node.attribute if one.name == "layout"]
            return node.op_type in {"RNN", "LSTM"} and layout != [1]
        name = node.output[0]
    return False


def _shape(node: Any, lengths: list[int]) -> NDArray[Any]:
    ends = {one.name: one.i for one in node.attribute}
    return np.array(lengths[ends.get("start", 0) : ends.get("end")], dtype=np.int64)


def _folded(node: Any, constants: Mapping[str, NDArray[Any]], opsets: Any) -> dict[str, Any]:
    """Return the outputs of a node that reads constants only, as ONNX's own evaluator has them."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    held = {read: constants[read] for read in node.input if read}
    if node.op_type in {"ConstantOfShape", "Expand"}:
        # the number of images is open, and a state before the first step is the same for each
        shape = held[node.input[-1]] = np.abs(held[node.input[-1]])
        if np.prod(shape, dtype=np.float64) > _LARGEST_FILL:
            raise UsageError(f"{node.op_type} of node {node.name!r} makes shape {shape.tolist()}")
    kind = onnx.helper.np_dtype_to_tensor_dtype
    graph = onnx.helper.make_graph(
        [node],
        "constants",
        [onnx.helper.make_tensor_value_info(k, kind(v.dtype), v.shape) for k, v in held.items()],
        [onnx.helper.make_empty_tensor_value_info(output) for output in node.output],
    )
    model = onnx.helper.make_model(graph, opset_imports=opsets)
    try:
        found = ReferenceEvaluator(model).run(None, held)
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise UsageError(
            f"{node.op_type} of node {node.name!r} cannot be computed: {error}"
        ) from error
    return dict(zip(node.output, found, strict=True))


def _node(node: Any, constants: Mapping[str, NDArray[Any]], wanted: set[str]) -> Node:
    import onnx

    return Node(
        operator=node.op_type,
        name=node.name,
        inputs=tuple(node.input),
        constants={
            place: constants[read] for place, read in enumerate(node.input) if read in constants
        },
        outputs=tuple(node.output),
        used=tuple(place for place, given in enumerate(node.output) if given in wanted),
        attributes={one.name: onnx.helper.get_attribute_value(one) for one in node.attribute},
    )
