"""A network that was saved is the same network; a file that is not one is refused."""

import io
import json
import zipfile

import numpy as np
import pytest

from memcircuit.errors import UsageError
from memcircuit.networks.convolution import Conv2d
from memcircuit.networks.dense import Activation, Dense, Flatten
from memcircuit.networks.hardware import Hardware
from memcircuit.networks.importers import from_arrays
from memcircuit.networks.layer import Layer
from memcircuit.networks.network import Network
from memcircuit.networks.network_file import LAYERS, load_network, save_network
from memcircuit.networks.pooling import AveragePool2d, MaxPool2d
from memcircuit.networks.programmed import program
from memcircuit.networks.recurrent import LSTM, Elman
from memcircuit.tables.levels import LevelTable


def image_network():
    rng = np.random.default_rng(1)
    return Network(
        (2, 9, 9),
        (
            Conv2d(rng.standard_normal((3, 2, 2, 3)), rng.standard_normal(3), (1, 2), (0, 1)),
            MaxPool2d((2, 1), stride=(1, 1)),
            Activation("relu"),
            Conv2d(rng.standard_normal((2, 3, 3, 3)), padding="same", activation="tanh"),
            AveragePool2d(2),
            Flatten(),
            Dense(rng.standard_normal((12, 4)), rng.standard_normal(4), "softmax"),
        ),
    )


def sequence_network():
    rng = np.random.default_rng(2)
    return Network(
        (6, 3),
        (
            LSTM(
                rng.standard_normal((3, 16)),
                rng.standard_normal((4, 16)),
                rng.standard_normal(16),
                return_sequences=True,
            ),
            Elman(rng.standard_normal((4, 2)), rng.standard_normal((2, 2)), activation="relu"),
        ),
    )


@pytest.mark.parametrize("network", [image_network(), sequence_network()])
def test_round_trip_is_exact(network, tmp_path):
    path = tmp_path / "network.npz"
    assert save_network(network, path) == path
    back = load_network(path)
    assert back.shapes == network.shapes
    assert [type(layer) for layer in back.layers] == [type(layer) for layer in network.layers]
    for (key, one), (other_key, other) in zip(back.matrices(), network.matrices(), strict=True):
        assert key == other_key
        assert one.weights.tobytes() == other.weights.tobytes()
        assert (one.bias is None) == (other.bias is None)
    images = np.random.default_rng(3).random((4, *network.input_shape))
    assert back.outputs(images).tobytes() == network.outputs(images).tobytes()
    again = tmp_path / "again.npz"
    save_network(back, again)
    assert again.read_bytes() == path.read_bytes()


def test_every_layer_of_a_file_is_in_the_round_trip():
    tried = {type(layer) for net in (image_network(), sequence_network()) for layer in net.layers}
    assert tried == set(LAYERS.values())


def test_a_layer_of_ones_own_and_a_missing_folder_are_refused(tmp_path):
    class Half(Layer):
        def output_shape(self, shape):
            return shape

        def forward(self, x, products):  # noqa: ARG002
            return x / 2

    with pytest.raises(UsageError, match="layer 0 is a Half, which files cannot hold"):
        save_network(Network((3,), (Half(),)), tmp_path / "half.npz")
    with pytest.raises(UsageError, match="cannot write"):
        save_network(image_network(), tmp_path / "nowhere" / "network.npz")
    assert not list(tmp_path.iterdir())


def test_what_is_no_network_or_no_path_is_refused(tmp_path):
    network, path = from_arrays([np.ones((2, 3))]), tmp_path / "network.npz"
    programmed = program(
        network, Hardware(LevelTable.uniform(1e-6, 1e-4, 16)), np.random.default_rng(1)
    )
    for given, words in (
        (np.ones((2, 3)), r"network is a ndarray; give a Network first .*, then the path"),
        (str(path), r"network is a str; give a Network first .*, then the path"),
        (programmed, r"network is a ProgrammedNetwork; .* its \.network"),
    ):
        with pytest.raises(UsageError, match=words):
            save_network(given, path)
    for given in (None, 5, b"network.npz", "a\0b"):
        with pytest.raises(UsageError, match=r"path is .*; give the path of a file"):
            load_network(given)
        with pytest.raises(UsageError, match=r"path is .*; give the path of a file"):
            save_network(network, given)
    assert not list(tmp_path.iterdir())


DENSE = {
    "type": "Dense",
    "weights": {"array": "0.weights", "shape": [2, 3]},
    "bias": None,
    "activation": "identity",
}
WEIGHTS = np.ones((2, 3))


def written(path, arrays, layers=(DENSE,), compress=zipfile.ZIP_STORED, **changed):
    """Write a file of one dense layer, with something changed."""
    description = {"format": "memcircuit network", "version": 1, "input_shape": [2]}
    description |= {"layers": layers, **changed}
    text = np.frombuffer(json.dumps(description).encode(), dtype=np.uint8)
    with zipfile.ZipFile(path, "w", compress) as archive:
        for name, array in {**arrays, "network": text}.items():
            if isinstance(array, bytes):
                archive.writestr(f"{name}.npy", array)
            else:
                held = io.BytesIO()
                np.save(held, array)
                archive.writestr(f"{name}.npy", held.getvalue())
    return path


def header(shape):
    held = io.BytesIO()
    words = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(held, words)
    return held.getvalue() + bytes(48)


def test_the_file_that_the_next_test_breaks_is_whole(tmp_path):
    network = load_network(written(tmp_path / "a.npz", {"0.weights": WEIGHTS}))
    np.testing.assert_array_equal(network.outputs([[1.0, 2.0]]), [[3.0, 3.0, 3.0]])


@pytest.mark.parametrize(
    ("arrays", "changed", "words"),
    [
        ({}, {}, "'0.weights' is missing"),
        ({"0.weights": WEIGHTS.T}, {}, r"has shape \(3, 2\); its description says \[2, 3\]"),
        ({"0.weights": WEIGHTS.astype(np.float32)}, {}, "of float32"),
        ({"0.weights": np.array([["a"]])}, {}, "of <U1"),
        ({"0.weights": np.full((2, 3), np.nan)}, {}, "layer 0: .* is nan"),
        ({"0.weights": b"no array"}, {}, "is not a numpy array"),
        ({"0.weights": header((10**9, 10**9))}, {}, "has 48 bytes"),
        ({"0.weights": header((-1, -6))}, {}, "has 48 bytes"),
        ({"0.weights": WEIGHTS, "spare": WEIGHTS}, {}, "'spare' belongs to none"),
        ({"0.weights": WEIGHTS}, {"version": 2}, "version 2; this memcircuit reads 1"),
        ({"0.weights": WEIGHTS}, {"format": "other"}, "not that of a network"),
        ({"0.weights": WEIGHTS}, {"layers": [{"type": "GRU"}]}, "layer 0 is a 'GRU'"),
        ({"0.weights": WEIGHTS}, {"layers": [3]}, "layer 0 is a None"),
        ({"0.weights": WEIGHTS}, {"layers": 3}, "no lists layers"),
        ({"0.weights": WEIGHTS}, {"layers": [{**DENSE, "stride": 1}]}, "is described by"),
        ({"0.weights": WEIGHTS}, {"layers": [{**DENSE, "activation": []}]}, "layer 0: activation"),
        ({"0.weights": WEIGHTS}, {"input_shape": [5]}, "takes 2 inputs"),
        ({"0.weights": WEIGHTS}, {"input_shape": ["a"]}, "input_shape is"),
        ({"0.weights": WEIGHTS}, {"compress": zipfile.ZIP_DEFLATED}, "is compressed"),
    ],
)
def test_broken_files_are_refused_and_say_why(arrays, changed, words, tmp_path):
    path = written(tmp_path / "broken.npz", arrays, **changed)
    with pytest.raises(UsageError, match=words) as error:
        load_network(path)
    assert "broken.npz" in str(error.value)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "other.npz"
    with pytest.raises(UsageError, match="cannot be read"):
        load_network(path)
    path.write_text("not a zip")
    with pytest.raises(UsageError, match="cannot be read"):
        load_network(path)
    np.savez(path, weights=WEIGHTS)
    with pytest.raises(UsageError, match=r"it has no network\.npy"):
        load_network(path)
    save_network(image_network(), path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UsageError, match="cannot be read"):
        load_network(path)
    # an object array would run code when it is unpacked
    held = io.BytesIO()
    np.save(held, np.array([{}], dtype=object), allow_pickle=True)
    written(path, {"0.weights": held.getvalue()})
    with pytest.raises(UsageError, match="of object"):
        load_network(path)
