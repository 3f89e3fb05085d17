"""Tiles of single cells on wires: their weights in effect, training behind them, the trend."""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from memcircuit.networks.datasets import load_mnist
from memcircuit.studies import tile_size_mnist
from memcircuit.studies.tile_size_mnist import PUBLISHED, PUBLISHED_UNAWARE, tiling
from memcircuit.studies.tiled_perceptron import Tiling, _gradients, train

needs_mnist = pytest.mark.skipif(
    not (Path(os.environ.get("MEMCIRCUIT_DATA", "not-given")) / "mnist").is_dir(),
    reason="MEMCIRCUIT_DATA holds no mnist",
)


def nodal_transfer(g, wire):
    """Column currents per volt on each row, (rows, columns), from Kirchhoff's law node by node."""
    rows, columns = g.shape
    size, line = rows * columns, 1 / wire
    matrix, sources = np.zeros((2 * size, 2 * size)), np.zeros((2 * size, rows))
    for i in range(rows):
        for j in range(columns):
            row, column = i * columns + j, size + i * columns + j
            for a, b, value in (
                (row, column, g[i, j]),
                (row, row + 1 if j + 1 < columns else None, line),
                (column, column + columns if i + 1 < rows else "ground", line),
            ):
                if b is None:
                    continue
                matrix[a, a] += value
                if b != "ground":
                    matrix[b, b] += value
                    matrix[a, b] -= value
                    matrix[b, a] -= value
            if j == 0:
                matrix[row, row] += line
                sources[row, i] += line
    voltages = np.linalg.solve(matrix, sources)
    return (voltages[size + (rows - 1) * columns :] * line).T


def test_without_wires_weights_are_what_they_are(rng):
    weights = rng.normal(size=(50, 20))
    found, share = tiling(16, 0.0).effective(weights)
    assert np.allclose(found, weights, rtol=0, atol=1e-12)
    assert (share == 1).all()


def test_weights_in_effect_follow_from_the_nodes(rng):
    weights = rng.normal(size=(5, 3))
    tiles = Tiling(size=4, wire=50.0, lowest=25e-6, highest=1e-3)
    found, share = tiles.effective(weights)
    for rows in (slice(0, 4), slice(4, 5)):
        w = weights[rows]
        slope = (1e-3 - 25e-6) / (w.max() - w.min())
        g = 25e-6 + (w - w.min()) * slope
        transfer = nodal_transfer(g, 50.0)
        expected = (transfer - 25e-6) / slope + w.min()
        assert np.allclose(found[rows], expected, rtol=1e-9)
        assert np.allclose(share[rows], transfer / g, rtol=1e-9)


def test_larger_tiles_lose_more(rng):
    weights = rng.random((256, 64))
    losses = [1 - tiling(size).effective(weights)[1].mean() for size in (32, 64, 256)]
    assert losses == sorted(losses)
    assert losses[0] > 0.05


def test_gradient_against_finite_differences(rng):
    x, labels = rng.normal(size=(6, 5)), rng.integers(0, 3, 6)
    shapes = [(5, 4), (4, 3), (4,), (3,)]
    sizes = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes)])

    def parts(flat):
        return [flat[a:b].reshape(s) for a, b, s in zip(sizes, sizes[1:], shapes, strict=False)]

    def loss(flat):
        first, second, bias, out_bias = parts(flat)
        outputs = np.maximum(x @ first + bias, 0) @ second + out_bias
        logarithm = outputs - np.log(np.exp(outputs).sum(axis=1, keepdims=True))
        return -np.mean(logarithm[np.arange(6), labels])

    point = rng.normal(size=sizes[-1])
    found = np.concatenate([one.ravel() for one in _gradients(x, labels, parts(point))])
    assert np.allclose(found, approx_fprime(point, loss, 1e-7), atol=1e-5)


def clouds(rng):
    """Three clouds of points, and which cloud each is of."""
    labels = rng.integers(0, 3, 600)
    return rng.normal(size=(600, 40)) + 1.5 * rng.normal(size=(3, 40))[labels], labels


def test_training_with_wires_in_the_loop_makes_up_for_them(rng):
    points, labels = clouds(rng)
    tiles = tiling(40, 60.0)
    settings = {"hidden": 16, "epochs": 40, "batch": 50, "rate": 5e-3}
    plain = train(points, labels, np.random.default_rng(1), **settings)
    aware = train(points, labels, np.random.default_rng(1), tiling=tiles, **settings)
    assert plain.accuracy(points, labels, None) > 0.99
    assert plain.accuracy(points, labels, tiles) < 0.9
    gained = aware.accuracy(points, labels, tiles) - plain.accuracy(points, labels, tiles)
    assert gained > 0.1


def test_positive_weights_stay_positive(rng):
    points, labels = clouds(rng)
    found = train(points, labels, rng, hidden=8, epochs=2, batch=50, positive=True)
    assert all((one >= 0).all() for one in found.weights)


@pytest.fixture(scope="module", params=[False, True], ids=["signed", "positive"])
def trend(request):
    training, test = load_mnist()
    rng = np.random.default_rng(1)
    return tile_size_mnist.run(training, test, rng, positive=request.param)


@pytest.mark.slow
@needs_mnist
def test_accuracy_falls_with_the_size_of_the_tiles(trend):
    sizes = sorted(PUBLISHED)
    for found in (trend.pairs, {size: trend.unaware[2.0, size] for size in sizes}):
        values = [found[size] for size in sizes]
        assert all(a > b - 0.01 for a, b in pairwise(values))
    assert trend.aware[784] < trend.aware[32] - 0.2
    # of either sign the small tiles come near the published networks
    assert trend.aware[32] == pytest.approx(PUBLISHED[32], abs=0.05)
    assert trend.aware[64] == pytest.approx(PUBLISHED[64], abs=0.08)
    for size in (32, 64, 128):
        assert trend.pairs[size] == pytest.approx(PUBLISHED[size], abs=0.09)


@pytest.mark.slow
@needs_mnist
def test_networks_trained_without_wires_collapse(trend):
    if trend.positive:
        assert trend.unaware[1.0, 784] == pytest.approx(PUBLISHED_UNAWARE[1.0], abs=0.06)
    else:
        assert trend.ideal == pytest.approx(tile_size_mnist.PUBLISHED_IDEAL, abs=0.004)
        for wire, published in PUBLISHED_UNAWARE.items():
            assert trend.unaware[wire, 128] == pytest.approx(published, abs=0.08)
