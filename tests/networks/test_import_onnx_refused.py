"""What cannot be read of an ONNX file is refused by name, before anything is computed."""

import numpy as np
import pytest
from onnx_graphs import array, gemm, images, model, node, normalised, recurrent

from memcircuit.errors import UsageError
from memcircuit.networks.importers import from_onnx


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gemm(node("Erf", "a", "y")), "operator Erf of node 'erf' is not supported"),
        (lambda: gemm(node("LeakyRelu", "a", "y", alpha=0.2)), "LeakyRelu 'leakyrelu': alpha is"),
        (lambda: gemm(node("Softmax", "a", "y", axis=0)), "goes over axis 0"),
        (lambda: gemm(node("Add", "a a", "y")), "Add 'add' reads .* must form a chain"),
        (lambda: gemm(node("Add", "a b", "y"), b=array(2, 3)), r"of shape \(3,\)"),
        (
            lambda: gemm(node("Relu", "a", "b"), node("Add", "b c", "y"), c=array(2, 4)),
            "Add 'add': it can only be folded",
        ),
        (
            lambda: gemm(node("LogSoftmax", "a", "b"), node("Relu", "b", "y")),
            "LogSoftmax 'logsoftmax', which can only be the end",
        ),
        (lambda: gemm(node("Gemm", "a v", "y"), v=array(2, 5, 2)), "takes 5 inputs"),
        (
            lambda: gemm(node("Gemm", "a v", "y"), v=np.full((4, 2), np.nan, "f")),
            "Gemm 'gemm': .*nan",
        ),
        (lambda: gemm(node("Reshape", "a s", "y"), s=np.array([-1, 2])), r"makes shape \[-1, 2\]"),
        (
            lambda: gemm(node("Concat", "a a", "y", axis=1)),
            "Concat of node 'concat' is supported for shapes and weights only",
        ),
        (
            lambda: gemm(
                node("ConstantOfShape", "s", "z"), node("Add", "a z", "y"), s=np.array([10**6] * 2)
            ),
            r"makes shape \[1000000, 1000000\]",
        ),
        (
            lambda: gemm(
                node("Slice", "s i i", "z"), node("Add", "a z", "y"), s=np.eye(2), i=np.eye(2)
            ),
            "Slice of node 'slice' cannot be computed",
        ),
        (
            lambda: recurrent(
                "RNN", [node("Reshape", "s t", "y")], {"t": np.array([-1, 24])}, [6, "n", 3]
            ),
            "may only drop the axis of directions",
        ),
        (lambda: gemm(node("Transpose", "a", "y", perm=[1, 5])), "attributes do not fit"),
        (lambda: gemm(node("Transpose", "a", "y", perm=[1, 0])), "ends with a Transpose"),
        (
            lambda: model(
                [node("Conv", "x k", "y", group=2)], {"k": array(1, 2, 1, 2, 2)}, ["n", 2, 4, 4]
            ),
            "Conv 'conv': group is 2",
        ),
        (
            lambda: model(
                [node("MaxPool", "x", "y", kernel_shape=[2, 2], pads=[1] * 4)], {}, ["n", 2, 4, 4]
            ),
            "MaxPool 'maxpool': it pads",
        ),
        (
            lambda: model([node("Transpose", "x", "y", perm=[0, 3, 1, 2])], {}, ["n", 4, 4, 2]),
            "Transpose 'transpose': it moves the axes of images",
        ),
        (
            lambda: recurrent("RNN", [], {}, [6, "n", 3], "y", direction="reverse"),
            "RNN 'rnn': direction is",
        ),
        (lambda: recurrent("LSTM", [], {}, [6, "n", 3], "y", gates=4, clip=1.0), "it clips"),
        (
            lambda: model([node("Gemm", "x w", "y")], {"w": array(1, 3, 4)}, ["n", "m"]),
            "give input",
        ),
        (lambda: images("Conv", "x k", auto_pad="FOO"), "Conv 'conv': auto_pad is 'FOO'"),
        (
            lambda: images("MaxPool", "x", kernel_shape=[2, 2], auto_pad="FOO"),
            "MaxPool 'maxpool': auto_pad is 'FOO'",
        ),
        (lambda: images("Conv", "x k", kernel_shape=[3, 3]), r"kernel_shape is \[3, 3\]"),
        (lambda: gemm(node("Softmax", "a", "y", axis=7)), "axis is 7; .* 2 axes"),
        (lambda: gemm(node("Softmax", "a", "y", axis=-3)), "axis is -3; .* 2 axes"),
        (
            lambda: recurrent(
                "RNN", [node("Gather", "s zero", "y", axis=5)], {"zero": np.array(0)}, [6, "n", 3]
            ),
            "Gather 'gather': axis is 5; .* 4 axes",
        ),
        (
            lambda: recurrent(
                "RNN", [node("Squeeze", "s five", "y")], {"five": np.array([5])}, [6, "n", 3]
            ),
            "Squeeze 'squeeze': axis is 5; .* 4 axes",
        ),
        (lambda: recurrent("RNN", [], {}, [6, "n", 3], "y", hidden_size=5), "hidden_size is 5"),
        (lambda: recurrent("LSTM", [], {}, [6, "n", 3], "y", gates=4, hidden_size=5), "is 5"),
        (
            lambda: recurrent("RNN", [], {"r": array(2, 2, 4, 4)}, [6, "n", 3], "y"),
            r"R of shape \(2, 4, 4\)",
        ),
        (lambda: normalised([1.0, -0.5, 1.0]), r"'batch.*': variance\[1\] is -0\.5"),
        (lambda: normalised([1.0, np.nan, 1.0]), r"variance\[1\] is nan"),
        (lambda: normalised([1.0, 0.0, 1.0], epsilon=0.0), r"variance\[1\] is 0"),
        (lambda: normalised([1.0, 1.0]), r"variance has 2 values"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(make, words):
    content = make().SerializeToString()
    with pytest.raises(UsageError, match=words):
        from_onnx(content)


def test_weights_of_another_size_than_stated_are_refused():
    found = gemm(node("Relu", "a", "y"))
    found.graph.initializer[0].dims[0] = 5
    with pytest.raises(UsageError, match=r"weights 'w' are not an array|cannot be read"):
        from_onnx(found.SerializeToString())


def test_an_input_shape_against_the_file_is_refused():
    with pytest.raises(UsageError, match=r"input_shape is \(4,\); the ONNX file says \(3,\)"):
        from_onnx(gemm(node("Relu", "a", "y")).SerializeToString(), input_shape=(4,))
    with pytest.raises(UsageError, match="input_shape is 3; give whole numbers"):
        from_onnx(gemm(node("Relu", "a", "y")).SerializeToString(), input_shape=3)


def test_what_is_neither_path_nor_content_is_refused_in_short():
    loaded = gemm(node("Relu", "a", "y"))
    for given in (loaded, None, 5, [1]):
        words = rf"^model is a {type(given).__name__}; give a path, or the content: model\.Serial"
        with pytest.raises(UsageError, match=words) as error:
            from_onnx(given)
        assert len(str(error.value)) < 200


def test_other_files_are_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        from_onnx(tmp_path / "absent.onnx")
    with pytest.raises(UsageError, match="cannot be read"):
        from_onnx("a\0b")
    path = tmp_path / "text.onnx"
    path.write_text("not a model")
    other = tmp_path / "text.json"
    other.write_text("not a model")
    for given in (path, other, b"not a model", b""):
        with pytest.raises(UsageError, match=r"cannot be read|inputs \[\]"):
            from_onnx(given)
