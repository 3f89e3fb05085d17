"""Recurrent layers against their formulas, written out for one value at a time."""

import math

import numpy as np
import pytest

from memcircuit.errors import UsageError
from memcircuit.networks.layer import Matrix
from memcircuit.networks.network import Network
from memcircuit.networks.recurrent import LSTM, Elman

IMAGES, STEPS, VALUES, HIDDEN = 3, 5, 2, 4


def drawn(gates):
    rng = np.random.default_rng(gates)
    columns = gates * HIDDEN
    return (
        rng.standard_normal((VALUES, columns)),
        rng.standard_normal((HIDDEN, columns)),
        rng.standard_normal(columns),
        rng.standard_normal((IMAGES, STEPS, VALUES)),
    )


def sums(x, h, read, back, bias):
    return [
        bias[j]
        + sum(x[i] * read[i, j] for i in range(len(x)))
        + sum(h[i] * back[i, j] for i in range(len(h)))
        for j in range(len(bias))
    ]


def sigmoid(x):
    return 1.0 / (1.0 + math.exp(-x))


def test_elman_follows_its_formula():
    read, back, bias, x = drawn(1)
    expected = np.empty((IMAGES, STEPS, HIDDEN))
    for image in range(IMAGES):
        h = [0.0] * HIDDEN
        for step in range(STEPS):
            h = [math.tanh(total) for total in sums(x[image, step], h, read, back, bias)]
            expected[image, step] = h
    every = Network((STEPS, VALUES), (Elman(read, back, bias, return_sequences=True),))
    last = Network((STEPS, VALUES), (Elman(read, back, bias),))
    assert every.shapes[-1] == (STEPS, HIDDEN)
    assert last.shapes[-1] == (HIDDEN,)
    np.testing.assert_allclose(every.outputs(x), expected, rtol=1e-12)
    np.testing.assert_allclose(last.outputs(x), expected[:, -1], rtol=1e-12)


def test_lstm_follows_its_formula():
    read, back, bias, x = drawn(4)
    expected = np.empty((IMAGES, STEPS, HIDDEN))
    for image in range(IMAGES):
        h, c = [0.0] * HIDDEN, [0.0] * HIDDEN
        for step in range(STEPS):
            total = sums(x[image, step], h, read, back, bias)
            for j in range(HIDDEN):
                i, f, g, o = total[j::HIDDEN]
                c[j] = sigmoid(f) * c[j] + sigmoid(i) * math.tanh(g)
                h[j] = sigmoid(o) * math.tanh(c[j])
            expected[image, step] = h
    every = Network((STEPS, VALUES), (LSTM(read, back, bias, return_sequences=True),))
    np.testing.assert_allclose(every.outputs(x), expected, rtol=1e-12)
    last = Network((STEPS, VALUES), (LSTM(read, back, bias),))
    np.testing.assert_allclose(last.outputs(x), expected[:, -1], rtol=1e-12)
    for batch in (1, 2):
        np.testing.assert_allclose(last.outputs(x, batch=batch), last.outputs(x), rtol=1e-13)


@pytest.mark.parametrize(("layer", "gates"), [(Elman, 1), (LSTM, 4)])
def test_the_arrays_are_read_once_for_all_inputs_and_once_a_step_for_the_state(layer, gates):
    read, back, bias, x = drawn(gates)
    built = layer(read, back, bias)
    calls = []

    def product(name: str, matrix: Matrix):
        def read_arrays(x, step=0, steps=1):
            calls.append((name, x.shape, step, steps))
            found = x @ matrix.weights.astype(x.dtype)
            return found if matrix.bias is None else found + matrix.bias.astype(x.dtype)

        return read_arrays

    products = {name: product(name, matrix) for name, matrix in built.matrices.items()}
    assert built.forward(x.astype(np.float32), products).dtype == np.float32
    assert calls == [
        ("input", (IMAGES, STEPS, VALUES), 0, 1),
        *[("hidden", (IMAGES, HIDDEN), step, STEPS) for step in range(STEPS)],
    ]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Elman(np.ones((2, 3)), np.ones((3, 4))), "3 hidden values need 3 columns"),
        (lambda: LSTM(np.ones((2, 3)), np.ones((3, 3))), "3 hidden values need 12 columns"),
        (lambda: Elman(np.ones((2, 4)), np.ones((3, 3))), r"input_weights \(2, 4\)"),
        (lambda: Elman(np.ones((2, 3)), np.ones((3, 3)), np.ones(4)), "bias of Elman has 4"),
        (lambda: Elman(np.ones((2, 3)), np.full((3, 3), np.inf)), "hidden_weights of Elman"),
        (lambda: Elman(np.ones((2, 3)), np.ones((3, 3)), activation="gru"), "'gru'"),
        (
            lambda: LSTM(np.ones((2, 4)), np.ones((1, 4)), return_sequences="no"),
            "return_sequences of LSTM is 'no'",
        ),
        (
            lambda: Network((5, 3), (LSTM(np.ones((2, 4)), np.ones((1, 4))),)),
            r"takes \(steps, 2\); it is given \(5, 3\)",
        ),
    ],
)
def test_impossible_layers_are_refused(make, words):
    with pytest.raises(UsageError, match=words):
        make()
