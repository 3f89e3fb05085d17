"""ONNX models of a few nodes, from an input x to an output y."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

OPSET = 17


def array(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def model(nodes, constants, input_dims, output_dims=("n", None), opset=OPSET):
    """Return a model of these nodes, from "x" to "y"."""
    helper = onnx.helper
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", kind, input_dims)],
        [helper.make_tensor_value_info("y", kind, output_dims)],
        [onnx.numpy_helper.from_array(np.asarray(held), k) for k, held in constants.items()],
    )
    found = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    onnx.checker.check_model(found)
    return found


def node(kind, inputs, output, **attributes):
    return onnx.helper.make_node(kind, inputs.split(), output.split(), kind.lower(), **attributes)


def gemm(*after, **held):
    nodes = [node("Gemm", "x w", "a"), *after]
    return model(nodes, {"w": array(1, 3, 4), **held}, ["n", 3])


def recurrent(kind, after, held, dims, outputs="s", gates=1, rank=("a", "b"), **attributes):
    nodes = [node(kind, "i w r b", outputs, **{"hidden_size": 4, **attributes}), *after]
    nodes = [node("Identity", "x", "i"), *nodes]
    state = {"w": array(1, 1, 4 * gates, 3), "r": array(2, 1, 4 * gates, 4)}
    state |= {"b": array(3, 1, 8 * gates)}
    return model(nodes, {**state, **held}, dims, rank)


def images(kind, inputs, **attributes):
    held = {"k": array(1, 2, 1, 2, 2)} if "k" in inputs else {}
    return model([node(kind, inputs, "y", **attributes)], held, ["n", 1, 4, 4])


def normalised(variance, **attributes):
    nodes = [node("Gemm", "x w", "a"), node("BatchNormalization", "a s t m v", "y", **attributes)]
    held = {"w": array(1, 3, 3), "v": np.array(variance, np.float32)}
    held |= {name: np.ones(3, np.float32) for name in "stm"}
    return model(nodes, held, ["n", 3])
