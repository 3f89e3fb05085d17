"""ONNX graphs give what ONNX's own reference evaluator computes from them."""

from pathlib import Path

import numpy as np
import pytest
from onnx_graphs import array, gemm, model, node, onnx, recurrent

from memcircuit.errors import UsageError
from memcircuit.networks.importers import from_onnx

DATA = Path(__file__).parents[1] / "data"


def judged(found, images):
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(found).run(None, {"x": images.astype(np.float32)})[0]


def agree(found, images, expected=None, **given):
    network = from_onnx(found.SerializeToString(), **given)
    outputs = judged(found, images) if expected is None else expected
    np.testing.assert_allclose(network.outputs(images), outputs, rtol=2e-5, atol=2e-6)
    return network


def test_dense_layers_of_all_spellings():
    nodes = [
        node("Gemm", "x w1 b1", "a", transB=1, alpha=0.5, beta=2.0),
        node("Relu", "a", "b"),
        node("MatMul", "b w2", "c"),
        node("Add", "b2 c", "d"),
        node("LeakyRelu", "d", "e"),
        node("Dropout", "e", "f"),
        node("Gemm", "f w3", "g"),
        node("Sigmoid", "g", "h"),
        node("Identity", "h", "i"),
        node("MatMul", "i w4", "j"),
        node("Tanh", "j", "k"),
        node("Gemm", "k w4 b4", "l"),
        node("Softmax", "l", "y", axis=-1),
    ]
    held = {"w1": array(1, 4, 3), "b1": array(2, 1, 4), "w2": array(3, 4, 5), "b2": array(4, 5)}
    held |= {"w3": array(5, 5, 4), "w4": array(6, 4, 4), "b4": np.float32(0.3)}
    network = agree(model(nodes, held, ["n", 3]), array(7, 6, 3))
    assert [layer.activation for layer in network.layers] == [
        "relu",
        "leaky_relu",
        "sigmoid",
        "tanh",
        "softmax",
    ]


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"pads": [1, 0, 2, 3], "strides": [2, 1]},
        {"auto_pad": "SAME_UPPER", "strides": [2, 3]},
        {"auto_pad": "SAME_LOWER", "strides": [3, 2]},
        {"auto_pad": "VALID"},
    ],
)
def test_images_with_every_padding(attributes):
    nodes = [
        node("Conv", "x k b", "a", **attributes),
        node("BatchNormalization", "a s t m v", "c", epsilon=1e-3),
        node("Relu", "c", "d"),
        node("MaxPool", "d", "e", kernel_shape=[2, 2]),
        node("AveragePool", "e", "f", kernel_shape=[1, 2], strides=[1, 1]),
        node("Flatten", "f", "y"),
    ]
    held = {"k": array(1, 3, 2, 2, 3), "b": array(2, 3), "s": array(3, 3), "t": array(4, 3)}
    held |= {"m": array(5, 3), "v": np.abs(array(6, 3))}
    found = model(nodes, held, ["n", 2, 8, 9])
    network = agree(found, array(7, 4, 2, 8, 9))
    assert len(network.layers) == 4


@pytest.mark.parametrize("target", [[-1, 24], [0, -1], [1, -1]])
def test_reshape_of_images_to_rows(target):
    nodes = [
        node("Constant", "", "t", value=onnx.numpy_helper.from_array(np.array(target))),
        node("Conv", "x k", "a"),
        node("Add", "a b", "c"),
        node("Reshape", "c t", "d"),
        node("MatMul", "d w", "y"),
    ]
    held = {"k": array(1, 2, 1, 2, 2), "b": array(2, 2, 1, 1), "w": array(3, 24, 2)}
    agree(model(nodes, held, [1, 1, 4, 5]), array(4, 1, 1, 4, 5))


@pytest.mark.parametrize(("kind", "gates"), [("RNN", 1), ("LSTM", 4)])
def test_recurrent_layers_take_images_first(kind, gates):
    images = array(5, 2, 6, 3)
    steps_first = images.swapaxes(0, 1)
    # every step, then the last of them, as PyTorch writes it
    after = [
        node("Squeeze", "s one", "t"),
        node("Transpose", "t", "u", perm=[1, 0, 2]),
        node("Gather", "u last", "v", axis=1),
        node("Gemm", "v d", "y"),
    ]
    held = {"one": np.array([1]), "last": np.array(-1), "d": array(6, 4, 2)}
    found = recurrent(kind, after, held, [6, "n", 3], gates=gates)
    expected = judged(found, steps_first)
    assert agree(found, images, expected).input_shape == (6, 3)
    # the same with the axis of directions dropped by a shape
    after[:2] = [
        node("Transpose", "s", "r4", perm=[0, 2, 1, 3]),
        node("Reshape", "r4 three", "t", allowzero=1),
        node("Transpose", "t", "u", perm=[1, 0, 2]),
    ]
    held |= {"three": np.array([6, -1, 4])}
    found = recurrent(kind, after, held, [6, "n", 3], gates=gates)
    agree(found, images, judged(found, steps_first))
    # the last state as an output of its own
    found = recurrent(
        kind,
        [node("Squeeze", "h zero", "y")],
        {"zero": np.array([0])},
        ["steps", "n", 3],
        "s h",
        gates=gates,
    )
    agree(found, images, judged(found, steps_first), input_shape=(6, 3))
    # every step through a dense layer
    after = [node("Squeeze", "s one", "t"), node("MatMul", "t d", "y")]
    held = {"one": np.array([1]), "d": array(6, 4, 2)}
    found = recurrent(kind, after, held, [6, "n", 3], gates=gates)
    agree(found, images, judged(found, steps_first).swapaxes(0, 1))


@pytest.mark.parametrize("name", ["convolutional", "lstm"])
def test_exports_of_pytorch_give_its_outputs(name):
    """See data/make_torch_networks.py: the state dicts and outputs of the same networks."""
    with np.load(DATA / "torch_networks.npz") as file:
        images, outputs = file[f"{name}/input"], file[f"{name}/output"]
    found = from_onnx(DATA / f"torch_{name}.onnx").outputs(images)
    np.testing.assert_allclose(found, outputs, rtol=1e-12, atol=1e-14)


def test_the_shape_of_a_value_may_be_computed():
    # view(x.size(0), -1), and weights that are turned in the graph
    nodes = [
        node("Conv", "x k", "a"),
        node("Shape", "a", "b"),
        node("Gather", "b zero", "c", axis=0),
        node("Unsqueeze", "c axes", "d"),
        node("Concat", "d rest", "e", axis=0),
        node("Reshape", "a e", "f"),
        node("Transpose", "w", "v"),
        node("MatMul", "f v", "y"),
    ]
    held = {"k": array(1, 2, 1, 2, 2), "w": array(3, 2, 24), "zero": np.array(0)}
    held |= {"axes": np.array([0]), "rest": np.array([-1])}
    agree(model(nodes, held, ["n", 1, 4, 5]), array(4, 3, 1, 4, 5))


def test_log_softmax_at_the_end_becomes_softmax():
    nodes = [node("Gemm", "x w", "a"), node("LogSoftmax", "a", "y")]
    found = model(nodes, {"w": array(1, 3, 4)}, ["n", 3])
    images = array(2, 5, 3)
    agree(found, images, np.exp(judged(found, images)))


def every_step(opset, **attributes):
    nodes = [node("MatMul", "x w", "a"), node("Softmax", "a", "y", **attributes)]
    return model(nodes, {"w": array(1, 3, 4)}, ["n", 5, 3], opset=opset)


def test_softmax_goes_over_the_axis_that_its_version_says():
    steps = array(2, 6, 5, 3)
    for opset, attributes in ((11, {"axis": 2}), (11, {"axis": -1}), (13, {}), (13, {"axis": 2})):
        raised = np.exp(steps @ array(1, 3, 4))
        expected = raised / raised.sum(axis=2, keepdims=True)
        agree(every_step(opset, **attributes), steps, expected)
    # until version 13 the rule was axis 1, and all behind it
    with pytest.raises(UsageError, match="goes over axis 1"):
        from_onnx(every_step(11).SerializeToString())


def outside(path, place):
    """Write a model whose weights lie at a place of their own."""
    found = gemm(node("Relu", "a", "y"))
    onnx.external_data_helper.convert_model_to_external_data(
        found, location="weights.bin", size_threshold=0
    )
    onnx.save(found, path)
    changed = onnx.load(path, load_external_data=False)
    for entry in changed.graph.initializer[0].external_data:
        if entry.key == "location":
            entry.value = place
    path.write_bytes(changed.SerializeToString())
    return path


def test_weights_in_a_file_of_their_own_are_read_from_the_folder_only(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    path = outside(folder / "net.onnx", "weights.bin")
    expected = judged(gemm(node("Relu", "a", "y")), array(2, 5, 3))
    np.testing.assert_allclose(from_onnx(path).outputs(array(2, 5, 3)), expected, rtol=2e-5)
    with pytest.raises(UsageError, match="weights 'w' lie in a file of their own"):
        from_onnx(path.read_bytes())
    secret = tmp_path / "secret.bin"
    secret.write_bytes((folder / "weights.bin").read_bytes())
    for place in ("../secret.bin", str(secret), "absent.bin"):
        with pytest.raises(UsageError, match="cannot be read"):
            from_onnx(outside(folder / "net.onnx", place))
    (folder / "link.bin").symlink_to(secret)
    with pytest.raises(UsageError, match="cannot be read"):
        from_onnx(outside(folder / "net.onnx", "link.bin"))
