"""Convolution and pooling against scipy and against loops over windows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memcircuit.errors import UsageError
from memcircuit.networks.convolution import Conv2d
from memcircuit.networks.dense import Dense, Flatten
from memcircuit.networks.network import Network
from memcircuit.networks.pooling import AveragePool2d, MaxPool2d

SMALL = st.integers(1, 3)


def correlated(images, kernels, bias, stride, padding):
    """Return what Conv2d must: sums of scipy's correlations of the padded image."""
    from scipy.signal import correlate2d

    padded = np.pad(images, ((0, 0), (0, 0), *padding))
    return np.array(
        [
            [
                sum(
                    correlate2d(channel, kernel, mode="valid")[:: stride[0], :: stride[1]]
                    for channel, kernel in zip(image, row, strict=True)
                )
                + offset
                for row, offset in zip(kernels, bias, strict=True)
            ]
            for image in padded
        ]
    )


@settings(max_examples=60, deadline=None)
@given(
    channels=st.tuples(SMALL, SMALL),
    size=st.tuples(SMALL, SMALL),
    stride=st.tuples(SMALL, SMALL),
    padding=st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * 2),
    more=st.tuples(st.integers(0, 5), st.integers(0, 5)),
    seed=st.integers(0, 2**32 - 1),
)
def test_convolution_is_the_sum_of_correlations(channels, size, stride, padding, more, seed):
    rng = np.random.default_rng(seed)
    inputs, outputs = channels
    images = rng.standard_normal((3, inputs, size[0] + more[0], size[1] + more[1]))
    kernels = rng.standard_normal((outputs, inputs, *size))
    bias = rng.standard_normal(outputs)
    network = Network(images.shape[1:], (Conv2d(kernels, bias, stride, padding),))
    found = network.outputs(images)
    expected = correlated(images, kernels, bias, stride, padding)
    assert network.shapes[-1] == expected.shape[1:]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [(1, 1), (3, 3), (2, 5), (4, 2)])
def test_same_padding_keeps_the_size_and_the_place(size):
    # a kernel of one 1, at the place that (size - 1) // 2 pixels of padding put over each pixel
    kernels = np.zeros((1, 1, *size))
    kernels[0, 0, (size[0] - 1) // 2, (size[1] - 1) // 2] = 1.0
    image = np.arange(42.0).reshape(1, 1, 6, 7)
    found = Network((1, 6, 7), (Conv2d(kernels, padding="same"),)).outputs(image)
    np.testing.assert_array_equal(found, image)


def test_rows_of_the_matrix_are_height_width_input():
    kernels = np.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    matrix = Conv2d(kernels).matrices["kernel"]
    assert matrix.weights.shape == (60, 2)
    np.testing.assert_array_equal(matrix.weights.reshape(4, 5, 3, 2), kernels.transpose(2, 3, 1, 0))


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(SMALL, SMALL),
    stride=st.none() | st.tuples(SMALL, SMALL),
    more=st.tuples(st.integers(0, 5), st.integers(0, 5)),
    seed=st.integers(0, 2**32 - 1),
)
def test_pooling_reads_every_whole_window(size, stride, more, seed):
    images = np.random.default_rng(seed).standard_normal(
        (2, 3, size[0] + more[0], size[1] + more[1])
    )
    down, right = size if stride is None else stride
    windows = [
        [
            images[:, :, top : top + size[0], left : left + size[1]]
            for left in range(0, images.shape[3] - size[1] + 1, right)
        ]
        for top in range(0, images.shape[2] - size[0] + 1, down)
    ]
    for layer, rule in ((MaxPool2d(size, stride), np.max), (AveragePool2d(size, stride), np.mean)):
        expected = np.array([[rule(window, axis=(2, 3)) for window in row] for row in windows])
        found = Network(images.shape[1:], (layer,)).outputs(images)
        np.testing.assert_allclose(found, expected.transpose(2, 3, 0, 1), rtol=1e-12, atol=1e-14)


def test_a_small_network_does_not_depend_on_the_batch_and_keeps_float32():
    rng = np.random.default_rng(3)
    network = Network(
        (2, 10, 9),
        (
            Conv2d(rng.standard_normal((4, 2, 3, 3)), rng.standard_normal(4), activation="relu"),
            MaxPool2d(2),
            Conv2d(rng.standard_normal((3, 4, 2, 2)), padding=1, activation="tanh"),
            AveragePool2d(2, stride=1),
            Flatten(),
            Dense(rng.standard_normal((36, 5)), activation="softmax"),
        ),
    )
    images = rng.random((7, 2, 10, 9))
    whole = network.outputs(images)
    for batch in (1, 2, 5):
        np.testing.assert_allclose(network.outputs(images, batch=batch), whole, rtol=1e-13)
    single = network.outputs(images, dtype=np.float32)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, whole, rtol=1e-4)
    kernel = network.layers[0].matrices["kernel"].weights.astype(np.float32)
    products = {"kernel": lambda patches: patches @ kernel}
    pixels = network.layers[0].forward(images.astype(np.float32), products)
    assert pixels.dtype == np.float32
    assert network.layers[1].forward(pixels, {}).dtype == np.float32
    assert network.layers[3].forward(pixels, {}).dtype == np.float32


def test_dense_behind_flatten_takes_channels_first_weights():
    image = np.random.default_rng(4).random((1, 3, 4, 5))
    kernels = np.eye(3).reshape(3, 3, 1, 1)  # leaves the image as it is
    network = Network((3, 4, 5), (Conv2d(kernels), Flatten()))
    np.testing.assert_array_equal(network.outputs(image)[0], image.ravel())


KERNELS = np.ones((2, 3, 3, 3))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Conv2d(np.ones((3, 3))), r"kernels of Conv2d has shape \(3, 3\)"),
        (lambda: Conv2d(np.full((1, 1, 1, 1), np.nan)), "is nan"),
        (lambda: Conv2d(KERNELS, np.ones(3)), "bias of Conv2d has 3 values"),
        (lambda: Conv2d(KERNELS, stride=0), "stride of Conv2d is 0"),
        (lambda: Conv2d(KERNELS, stride=(1, 2, 3)), "stride of Conv2d is"),
        (lambda: Conv2d(KERNELS, stride=1.5), "stride of Conv2d is 1.5"),
        (lambda: Conv2d(KERNELS, stride=True), "stride of Conv2d is True"),
        (lambda: Conv2d(KERNELS, padding=-1), "at least 0"),
        (lambda: Conv2d(KERNELS, padding=0.5), "padding of Conv2d is 0.5"),
        (lambda: Conv2d(KERNELS, padding=(1, (2, 3))), "padding of Conv2d is"),
        (lambda: Conv2d(KERNELS, padding="full"), "padding of Conv2d is 'full'"),
        (lambda: Conv2d(KERNELS, padding="same", stride=2), "at stride"),
        (lambda: Conv2d(KERNELS, activation="step"), "activation 'step'"),
        (lambda: MaxPool2d(0), "size of MaxPool2d is 0"),
        (lambda: AveragePool2d(2, stride=0), "stride of AveragePool2d is 0"),
        (lambda: Network((2, 5, 5), (Conv2d(KERNELS),)), r"takes \(3, height, width\)"),
        (lambda: Network((75,), (Conv2d(KERNELS),)), r"takes \(3, height, width\)"),
        (lambda: Network((3, 2, 5), (Conv2d(KERNELS),)), r"windows of \(3, 3\) pixels"),
        (lambda: Network((3, 2, 5), (MaxPool2d(3),)), r"MaxPool2d reads windows of \(3, 3\)"),
        (lambda: Network((9,), (AveragePool2d(3),)), r"takes \(channels, height, width\)"),
    ],
)
def test_impossible_layers_are_refused(make, words):
    with pytest.raises(UsageError, match=words):
        make()
