"""Noise of reads: as large as that of every cell drawn anew, and fresh at every read."""

import numpy as np
import pytest
from small_networks import images, one_layer

from memcircuit.crossbar import Crossbar
from memcircuit.networks.converters import Converter
from memcircuit.networks.dense import Dense
from memcircuit.networks.hardware import Hardware
from memcircuit.networks.mapping import Mapping
from memcircuit.networks.network import Network
from memcircuit.networks.programmed import program
from memcircuit.networks.recurrent import Elman
from memcircuit.networks.spread import Spread


def rng(seed: int = 11) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    "mapping",
    [
        Mapping(),
        Mapping(balanced=True),
        Mapping("offset", cells=2),
        Mapping("offset", scaling="column", bias="row"),
        Mapping(cells=3, bias="row"),
        Mapping("bridge"),
        Mapping(bits=3, slices=2),
        Mapping(scaling="column", layout="separate"),
    ],
    ids=str,
)
def test_noise_of_reads_is_that_of_every_cell_drawn_anew(mapping):
    """Brute force: cells drawn one by one, decoded, multiplied; compare deviations of outputs."""
    network = one_layer(images(10, 4), images(1, 4, 8)[0])
    x = images(3, 10)
    hardware = Hardware(mapping=mapping, read_noise=Spread.of_value(0.03))
    programmed = program(network, hardware, rng())
    cells, count = programmed.cells[0, "kernel"], 6000
    reads = np.stack([programmed.outputs(x) for _ in range(count)])
    draws = rng(5)
    driven = np.hstack([x, np.ones((3, 1))]) if mapping.bias == "row" else x
    wanted = np.empty_like(reads)
    for k in range(count):
        noise = draws.standard_normal(cells.conductance.shape)
        redrawn = cells.conductance * (1 + 0.03 * noise)
        wanted[k] = driven @ cells.encoded.weights(redrawn).sum(axis=0)
    np.testing.assert_allclose(reads.std(axis=0), wanted.std(axis=0), rtol=4 / np.sqrt(count))
    # columns share the noise of their offset column, and no other
    for image in range(3):
        found, expected = (np.corrcoef(some[:, image].T) for some in (reads, wanted))
        np.testing.assert_allclose(found, expected, atol=5 / np.sqrt(count))
    quiet = program(network, Hardware(mapping=mapping)).outputs(x)
    error = reads.std(axis=0) * 4 / np.sqrt(count)
    assert (np.abs(reads.mean(axis=0) - quiet) < error).all()


def test_noise_is_fresh_for_every_image_step_and_read():
    """No two of them are correlated: 4 sigma, and one more for how many pairs there are."""
    layer = Dense(images(6, 3))
    network = Network((4, 6), (layer,))
    x = np.broadcast_to(images(1, 6), (4000, 4, 6))
    programmed = program(network, Hardware(read_noise=Spread.of_value(0.05)), rng())
    first, second = programmed.outputs(x), programmed.outputs(x)
    numbers = np.concatenate([first, second], axis=2).reshape(4000, -1)
    correlation = np.corrcoef(numbers.T) - np.eye(numbers.shape[1])
    assert np.abs(correlation).max() < 5 / np.sqrt(4000)
    assert np.abs(np.corrcoef(first[:-1, 0, 0], first[1:, 0, 0])[0, 1]) < 4 / np.sqrt(4000)


def test_noise_of_a_state_fed_back_is_fresh_at_every_step():
    network = Network((5, 3), (Elman(np.zeros((3, 2)), np.eye(2), np.ones(2), "identity", True),))
    x = np.zeros((4000, 5, 3))
    programmed = program(network, Hardware(read_noise=Spread.of_value(0.02)), rng())
    steps = np.diff(programmed.outputs(x), axis=1)[..., 0] - 1.0
    correlation = np.corrcoef(steps.T) - np.eye(4)
    assert np.abs(correlation).max() < 4.5 / np.sqrt(4000)
    # deviation of a read of h by one cell of the highest conductance, 0.02 of h, and little more
    np.testing.assert_allclose(steps.std(axis=0), 0.02 * np.arange(1, 5), rtol=0.07)


def test_weights_of_one_array_share_the_noise_of_its_offset_column_before_the_converter():
    network = one_layer(images(8, 5))
    x = np.repeat(images(1, 8), 6000, axis=0)
    hardware = Hardware(
        mapping=Mapping("offset", scaling="column"),
        read_noise=Spread.of_siemens(2e-6),
        array=Crossbar(rows=4, columns=3),  # two weights and their offset column
        adc=Converter(26, range=100.0),  # too fine to be seen
    )
    programmed = program(network, hardware, rng())
    found = programmed.outputs(x)
    encoded = programmed.cells[0, "kernel"].encoded
    # by hand: a column's own cells and those of the offset column, alike, so a correlation of 1/2
    factor = 2.0 * encoded.scale / (encoded.range[1] - encoded.range[0])
    deviation = 2e-6 * np.sqrt(2.0 * np.square(x[0]).sum()) * factor
    np.testing.assert_allclose(found.std(axis=0), deviation, rtol=4 / np.sqrt(len(x)))
    same = np.arange(5)[:, np.newaxis] // 2 == np.arange(5) // 2
    blocks = np.add.outer(encoded.offset_of, -encoded.offset_of) == 0
    expected = np.where(np.eye(5, dtype=bool), 1.0, np.where(blocks, 0.5, 0.0))
    assert blocks.sum() == same.sum()
    np.testing.assert_allclose(np.corrcoef(found.T), expected, atol=5 / np.sqrt(len(x)))


@pytest.mark.parametrize("adc", [None, Converter(26, range=100.0)])
def test_noise_of_the_same_size_for_every_cell_has_a_closed_form(adc):
    """Two cells for each weight: deviation of a sum is that of one cell times sqrt(2 sum x^2)."""
    network = one_layer(images(8, 5))
    x = np.repeat(images(2, 8), 5000, axis=0)
    hardware = Hardware(read_noise=Spread.of_range(0.02), adc=adc)
    found = program(network, hardware, rng()).outputs(x).reshape(2, 5000, 5)
    largest = np.abs(network.layers[0].weights).max()
    expected = 0.02 * largest * np.sqrt(2 * np.square(x[::5000]).sum(axis=1, keepdims=True))
    deviation = found.std(axis=1)
    np.testing.assert_allclose(deviation, np.broadcast_to(expected, (2, 5)), rtol=4 / np.sqrt(5000))
    for image in found:
        correlation = np.corrcoef(image.T) - np.eye(5)
        assert np.abs(correlation).max() < 5 / np.sqrt(5000)
