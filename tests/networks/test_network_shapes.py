"""Networks of layers that fit, computed with float weights, and what does not fit."""

import numpy as np
import pytest
from scipy import special

from memcircuit.errors import UsageError
from memcircuit.networks.activations import ACTIVATIONS, activation
from memcircuit.networks.dense import Activation, Dense, Flatten
from memcircuit.networks.network import Network

W = np.arange(12.0).reshape(4, 3) - 5
IMAGES = np.random.default_rng(1).normal(size=(6, 4))


def test_outputs_are_products_and_activations():
    network = Network((4,), (Dense(W, [1.0, 2.0, 3.0], "relu"), Dense(np.eye(3)[:, :2])))
    wanted = np.maximum(IMAGES @ W + [1, 2, 3], 0)[:, :2]
    np.testing.assert_allclose(network.outputs(IMAGES), wanted, rtol=1e-14)
    assert network.classify(IMAGES).tolist() == wanted.argmax(axis=1).tolist()
    assert network.shapes == ((4,), (3,), (2,))
    assert network.weight_count == 18
    assert [key for key, _ in network.matrices()] == [(0, "kernel"), (1, "kernel")]


def test_every_step_of_a_sequence_is_a_dense_layer_of_its_own():
    network = Network((5, 4), (Dense(W), Flatten()))
    x = np.random.default_rng(2).normal(size=(3, 5, 4))
    wanted = np.stack([np.concatenate([step @ W for step in image]) for image in x])
    np.testing.assert_allclose(network.outputs(x), wanted, rtol=1e-12)
    assert network.shapes == ((5, 4), (5, 3), (15,))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, "float32"])
def test_number_type_is_kept_and_the_batch_changes_nothing(dtype):
    network = Network((4,), (Dense(W, activation="tanh"), Activation("softmax")))
    whole = network.outputs(IMAGES, dtype=dtype)
    assert whole.dtype == np.dtype(dtype)
    np.testing.assert_allclose(network.outputs(IMAGES, batch=1, dtype=dtype), whole, rtol=1e-6)
    np.testing.assert_allclose(whole.sum(axis=1), 1.0, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_against_scipy_and_without_overflow(name, dtype):
    x = np.array([[-1e4, -3.0, -0.5, 0.0, 0.5, 3.0, 1e4]], dtype=dtype)
    wanted = {
        "identity": x,
        "relu": np.where(x > 0, x, 0),
        "leaky_relu": np.where(x > 0, x, 0.01 * x),
        "sigmoid": special.expit(x),
        "softmax": special.softmax(x, axis=1),
        "tanh": (special.expit(2 * x.astype(float)) - 0.5) * 2,
    }[name]
    found = activation(name)(x)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_weights_are_copies_that_cannot_be_written_to():
    given = W.copy()
    layer = Dense(given)
    given[0, 0] = 99.0
    assert layer.weights[0, 0] == -5.0
    with pytest.raises(ValueError, match="read-only"):
        layer.weights[0, 0] = 1.0
    assert given.flags.writeable


@pytest.mark.parametrize(
    ("shape", "layers", "named"),
    [
        ((5,), (Dense(W),), "layer 0 does not fit its input: Dense takes 4 inputs"),
        ((4,), (Dense(W), Dense(W)), "layer 1 does not fit"),
        ((2, 3), (Flatten(), Dense(W)), "it is given (6,)"),
        ((4,), (), "at least one"),
        ((4,), Dense(W), "layers is Dense"),
        ((4,), (W,), "layer 0 is a ndarray"),
        ((), (Dense(W),), "input_shape"),
        ((0,), (Dense(W),), "input_shape"),
        ((4.5,), (Dense(W),), "input_shape"),
        ("4", (Dense(W),), "input_shape"),
        (4, (Dense(W),), "input_shape is 4"),
    ],
)
def test_layers_that_do_not_chain_are_refused(shape, layers, named):
    with pytest.raises(UsageError) as caught:
        Network(shape, layers)
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("weights", "bias", "named"),
    [
        (np.where(W == 2.0, np.nan, W), None, "weights of Dense[2, 1] is nan"),
        (np.where(W == 2.0, np.inf, W), None, "weights of Dense[2, 1] is inf"),
        (W[0], None, "must have 2 axes"),
        (W[:0], None, "must have 2 axes"),
        (W.astype(str), None, "not an array of numbers"),
        (W + 1j, None, "not an array of numbers"),
        ([[1.0], [1.0, 2.0]], None, "not an array of numbers"),
        (None, None, "not an array of numbers"),
        (W, [1.0, 2.0], "bias of Dense has 2 values; 3 outputs"),
        (W, [1.0, 2.0, np.nan], "bias of Dense[2] is nan"),
        (W, 1.0, "must have 1 axes"),
    ],
)
def test_weights_that_are_none_are_refused(weights, bias, named):
    with pytest.raises(UsageError) as caught:
        Dense(weights, bias)
    assert named in str(caught.value)


@pytest.mark.parametrize("name", ["swish", None, 3, ["relu"]])
def test_unknown_activations_are_refused(name):
    for made in (lambda: Dense(W, activation=name), lambda: Activation(name)):
        with pytest.raises(UsageError, match=r"activation .*choose one of"):
            made()


@pytest.mark.parametrize("batch", [0, -1, 2.0, "10", True])
def test_batches_that_are_none_are_refused(batch):
    with pytest.raises(UsageError, match="batch is"):
        Network((4,), (Dense(W),)).outputs(IMAGES, batch=batch)
