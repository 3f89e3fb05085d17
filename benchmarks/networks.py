"""Networks on cells beside the same networks in plain numpy, float32, one BLAS thread on each side.

Weights are random: they change no speed. Every line is the time of all images of a run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

import memcircuit as mc
from benchmarks.measure import median_seconds, report
from benchmarks.networks_peers import PEERS
from benchmarks.networks_training import pulse_training_vs_loop
from memcircuit.networks.converters import Converter
from memcircuit.networks.convolution import Conv2d
from memcircuit.networks.dense import Dense, Flatten
from memcircuit.networks.hardware import Hardware
from memcircuit.networks.network import Network
from memcircuit.networks.pooling import MaxPool2d
from memcircuit.networks.programmed import program
from memcircuit.networks.spread import Spread
from memcircuit.tables import LevelTable

Array = NDArray[np.float32]

#: Images of a run, and how many of them plain numpy computes fastest at a time.
MLP_IMAGES, CNN_IMAGES = 10_000, 1_000
MLP_BATCH, CNN_BATCH = 1_000, 20
RUNS = 7
#: 32 levels from 1 to 350 uS; 5 % of the range as programming error, 1 % as noise of every read.
CELLS = Hardware(
    table=LevelTable.uniform(1e-6, 350e-6, 32),
    quantise=True,
    programming_error=Spread.of_range(0.05),
)
NOISE = Spread.of_range(0.01)
#: Hard for wires: 64 rows and columns of 1 to 40 kohm on segments of 2 ohm.
TILES = mc.Crossbar(rows=64, columns=64, wires=2.0)
HARD = Hardware(
    table=LevelTable.uniform(1 / 40e3, 1e-3, 32),
    quantise=True,
    programming_error=Spread.of_range(0.05),
    array=TILES,
)


def mlp() -> Network:
    """784-256-10 with ReLU."""
    rng = np.random.default_rng(1)
    first, second = rng.normal(0, 0.05, (784, 256)), rng.normal(0, 0.1, (256, 10))
    return Network((784,), (Dense(first, np.zeros(256), "relu"), Dense(second, np.zeros(10))))


def cnn() -> Network:
    """32 kernels of 5 x 5, pooling, 64 of 3 x 3, pooling, 26 outputs: Zhang et al. 2021's."""
    rng = np.random.default_rng(2)
    layers = (
        Conv2d(rng.normal(0, 0.2, (32, 1, 5, 5)), np.zeros(32), activation="relu"),
        MaxPool2d(2),
        Conv2d(rng.normal(0, 0.1, (64, 32, 3, 3)), np.zeros(64), activation="relu"),
        MaxPool2d(2),
        Flatten(),
        Dense(rng.normal(0, 0.05, (1600, 26)), np.zeros(26)),
    )
    return Network((1, 28, 28), layers)


def numpy_mlp(network: Network) -> Callable[[Array], Array]:
    """The network's float weights in plain numpy."""
    (w1, b1), (w2, b2) = _matrices(network)

    def outputs(images: Array) -> Array:
        found = np.empty((len(images), w2.shape[1]), np.float32)
        for start in range(0, len(images), MLP_BATCH):
            piece = slice(start, start + MLP_BATCH)
            hidden = images[piece] @ w1
            hidden += b1
            np.maximum(hidden, 0, out=hidden)
            np.matmul(hidden, w2, out=found[piece])
        found += b2
        return found

    return outputs


def numpy_cnn(network: Network) -> Callable[[Array], Array]:
    """The network's float weights in plain numpy: patches copied into rows, one product each."""
    (k1, b1), (k2, b2), (w, b) = _matrices(network)
    # the network's own last matrix takes channels first
    w = np.ascontiguousarray(w.reshape(64, 25, 26).transpose(1, 0, 2).reshape(1600, 26))

    def convolved(x: Array, kernel: Array, bias: Array, size: int) -> Array:
        """(images, height, width, channels) to the same, ReLU and pooling of 2 x 2 included."""
        patches = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
        patches = patches.transpose(0, 1, 2, 4, 5, 3)
        images, height, width = patches.shape[:3]
        sums = patches.reshape(-1, len(kernel)) @ kernel
        sums = sums.reshape(images, height // 2, 2, width // 2, 2, -1)
        rows = np.maximum(sums[:, :, 0], sums[:, :, 1])
        pooled = np.maximum(rows[:, :, :, 0], rows[:, :, :, 1])
        # bias and ReLU after pooling give the same and are a quarter of the work
        pooled += bias
        np.maximum(pooled, 0, out=pooled)
        return np.asarray(pooled)

    def outputs(images: Array) -> Array:
        found = np.empty((len(images), 26), np.float32)
        for start in range(0, len(images), CNN_BATCH):
            piece = slice(start, start + CNN_BATCH)
            x = convolved(images[piece, 0, :, :, np.newaxis], k1, b1, 5)
            x = convolved(x, k2, b2, 3)
            found[piece] = x.reshape(len(x), -1) @ w
        found += b
        return found

    return outputs


def mlp_vs_numpy() -> None:
    """784-256-10 with quantised noisy weights; beside it fresh noise, converters, programming."""
    network, images = mlp(), _images(MLP_IMAGES, (784,))
    with threadpool_limits(1):
        _lines("networks.mlp_vs_numpy", network, CELLS, images, numpy_mlp(network))


def cnn_vs_numpy() -> None:
    """The same of the small CNN."""
    network, images = cnn(), _images(CNN_IMAGES, (1, 28, 28))
    with threadpool_limits(1):
        _lines("networks.cnn_vs_numpy", network, CELLS, images, numpy_cnn(network))


def mlp_wires_vs_numpy() -> None:
    """784-256-10 in tiles of 64 rows on wires, exact, in an array that is hard for them."""
    network, images = mlp(), _images(MLP_IMAGES, (784,))
    with threadpool_limits(1):
        _lines("networks.mlp_wires_vs_numpy", network, HARD, images, numpy_mlp(network))


def mlp_vs_peer() -> None:
    """Peers on 784-256-10 beside ours, those that are installed."""
    network, images = mlp(), _images(1_000, (784,))
    written = program(network, CELLS, np.random.default_rng(3), dtype=np.float32)
    with threadpool_limits(1):
        ours = median_seconds(lambda: written.outputs(images), RUNS)
        for name, (peer, known) in PEERS.items():
            work = peer(images, network)
            theirs = None if work is None else median_seconds(work, 3)
            what = f"{name}(1_thread)" if theirs else f"{name}_is_missing;{known}"
            report(f"networks.mlp_vs_{name}", ours, theirs, what)


def _lines(
    name: str,
    network: Network,
    hardware: Hardware,
    images: Array,
    plain: Callable[[Array], Array],
) -> None:
    """Print the network on cells, the same with noise and with converters, and its programming."""
    calibration = images[:MLP_BATCH]
    _agree(network, images, plain)
    numpy_seconds = median_seconds(lambda: plain(images), RUNS)
    kinds: dict[str, dict[str, Spread | Converter]] = {
        "": {},
        "[read_noise]": {"read_noise": NOISE},
        "[converters]": {"dac": Converter(8), "adc": Converter(8)},
    }
    for kind, entries in kinds.items():
        chosen = replace(hardware, **entries)  # type: ignore[arg-type]
        written = program(
            network, chosen, np.random.default_rng(4), calibration=calibration, dtype=np.float32
        )
        ours = median_seconds(partial(written.outputs, images), RUNS)
        what = f"plain_numpy(1_thread,float32,{len(images) / ours:.0f}_against_"
        report(
            name + kind, ours, numpy_seconds, f"{what}{len(images) / numpy_seconds:.0f}_images/s)"
        )
    once = median_seconds(
        lambda: program(network, hardware, np.random.default_rng(4), dtype=np.float32), 3
    )
    report(f"{name}[programming]", once, numpy_seconds, f"plain_numpy_on_{len(images)}_images")


def _agree(network: Network, images: Array, plain: Callable[[Array], Array]) -> None:
    """Both sides must compute the same network."""
    few = images[:100]
    wanted = network.outputs(few)
    if not np.allclose(plain(few), wanted, rtol=1e-3, atol=1e-3 * float(np.abs(wanted).max())):
        raise AssertionError("the numpy reference computes another network")


def _images(count: int, shape: tuple[int, ...]) -> Array:
    """Pixels as MNIST has them: four in five are 0."""
    rng = np.random.default_rng(5)
    drawn = rng.random((count, *shape), dtype=np.float32)
    return np.where(rng.random((count, *shape)) < 0.2, drawn, np.float32(0.0))


def _matrices(network: Network) -> list[tuple[Array, Array]]:
    return [
        (matrix.weights.astype(np.float32), np.asarray(matrix.bias, dtype=np.float32))
        for _, matrix in network.matrices()
    ]


ALL = (mlp_vs_numpy, cnn_vs_numpy, mlp_wires_vs_numpy, mlp_vs_peer, pulse_training_vs_loop)
