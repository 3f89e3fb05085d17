"""Converters: their levels, ranges, calibration, and what slices and columns make of them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_networks import images, one_layer, perceptron

import memcircuit as mc
from memcircuit.errors import UsageError
from memcircuit.networks.converters import Converter, Steps
from memcircuit.networks.dense import Dense
from memcircuit.networks.hardware import Hardware
from memcircuit.networks.mapping import Mapping
from memcircuit.networks.network import Network
from memcircuit.networks.programmed import program
from memcircuit.networks.spread import Spread


@pytest.mark.parametrize(("bits", "signed"), [(2, True), (4, True), (1, False), (5, False)])
def test_levels(bits, signed):
    """All of them occur, equally far apart, with one at zero, and none beyond the range."""
    steps = Steps.of(Converter(bits), 3.0, signed=signed)
    found = np.unique(steps.convert(np.linspace(-5.0, 5.0, 4001)))
    wanted = np.linspace(-3.0 if signed else 0.0, 3.0, 2**bits - (1 if signed else 0))
    np.testing.assert_allclose(found, wanted, atol=1e-12)


@given(
    x=st.floats(-2.0, 2.0),
    bits=st.integers(2, 16),
    reach=st.floats(1e-6, 1e6),
)
def test_a_converted_value_is_within_half_a_step(x, bits, reach):
    steps = Steps.of(Converter(bits), reach, signed=True)
    error = steps.convert(np.array([x * reach])) - np.clip(x, -1, 1) * reach
    assert np.abs(error)[0] <= 0.5 * reach / (2 ** (bits - 1) - 1) * (1 + 1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_midway_rise_however_they_were_rounded(dtype):
    """(k + 1/2) steps, and its neighbours in this number type, give level k + 1."""
    steps = Steps.of(Converter(6), 3.1, signed=True)
    level = np.arange(-31, 31)
    midway = ((level + 0.5) * steps.step).astype(dtype)
    for x in (midway, np.nextafter(midway, dtype(9)), np.nextafter(midway, dtype(-9))):
        found = steps.convert(x)
        assert found.dtype == dtype
        np.testing.assert_allclose(found, (level + 1) * steps.step, rtol=1e-6, atol=1e-6)


def test_a_converter_calibrated_on_zeros_gives_zeros():
    steps = Steps.of(Converter(4), 0.0, signed=False)
    assert np.array_equal(steps.convert(np.array([1.0, -1.0])), np.zeros(2))


def test_an_8_bit_dac_is_off_by_half_a_step_of_every_input():
    """The bound of a linear layer: sum over the rows of |w| half a step."""
    weights, x = images(12, 4, 8), images(50)
    network = one_layer(weights)
    programmed = program(network, Hardware(dac=Converter(8, range=1.0)))
    bound = np.abs(weights).sum(axis=0) * 0.5 / 127
    error = np.abs(programmed.outputs(x) - network.outputs(x))
    assert (error <= bound * (1 + 1e-6)).all()
    assert error.max() > 0.1 * bound.max()


def test_a_range_is_calibrated_on_the_given_images_only():
    network, train, test = perceptron(), images(30, seed=5) * 0.5, images(60, seed=6) * 4.0
    hardware = Hardware(dac=Converter(5), adc=Converter(6))
    programmed = program(network, hardware, calibration=train)
    first = programmed.products[0, "kernel"]
    assert first.dac.step == pytest.approx(np.abs(train).max() / 15, rel=1e-12)
    # the sums of the first layer, without its bias, of the training images
    sums = train @ network.layers[0].weights
    assert first.adc.step == pytest.approx(np.abs(sums).max() / 31, rel=1e-9)
    before = programmed.outputs(test[:1])
    programmed.outputs(test)
    assert np.array_equal(programmed.outputs(test[:1]), before)


def test_inputs_that_are_never_negative_use_every_level():
    network = Network(
        (6,), (Dense(images(6, 5), None, "relu"), Dense(images(5, 3, 4), None, "identity"))
    )
    programmed = program(
        network, Hardware(dac=Converter(3)), calibration=np.abs(images(20, 6, seed=9))
    )
    for product in programmed.products.values():
        assert (product.dac.lowest, product.dac.highest) == (0, 7)
    signed = program(network, Hardware(dac=Converter(3)), calibration=images(20, 6, seed=9))
    assert (signed.products[0, "kernel"].dac.lowest) == -3


def test_a_quantile_cuts_the_range():
    x = images(200, 6)
    programmed = program(
        one_layer(images(6, 3)), Hardware(dac=Converter(6, quantile=0.9)), calibration=x
    )
    reach = programmed.products[0, "kernel"].dac.step * 31
    assert reach == pytest.approx(np.quantile(np.abs(x), 0.9), rel=1e-12)


def test_every_array_converts_its_own_sums():
    """Against a loop over arrays, rows and columns, with rounding by Python."""
    weights, x = images(10, 6, 4), images(9, 10, 5)
    hardware = Hardware(adc=Converter(5, range=1.5), array=mc.Crossbar(rows=4, columns=4))
    found = program(one_layer(weights), hardware).outputs(x)
    edges, step = [0, 3, 7, 10], 1.5 / 15
    wanted = np.zeros((9, 6))
    for image in range(9):
        for column in range(6):
            for a, b in pairwise(edges):
                total = sum(x[image, k] * weights[k, column] for k in range(a, b))
                wanted[image, column] += step * max(-15, min(15, round(total / step)))
    np.testing.assert_allclose(found, wanted, atol=1e-9)


def test_every_slice_is_converted_as_if_it_were_the_whole_weight():
    """Converted digit by digit in integers: low digits lose no more of themselves than high."""
    weights = images(8, 5, 3)
    x = images(6, 8, 7)
    bits, slices, reach = 3, 2, 4.0
    hardware = Hardware(mapping=Mapping(bits=bits, slices=slices), adc=Converter(7, range=reach))
    found = program(one_layer(weights), hardware).outputs(x)
    largest, top = np.abs(weights).max(), 2 ** (bits * slices) - 1
    whole = np.rint(np.abs(weights) / largest * top).astype(int)
    step = reach / 63
    wanted = np.zeros((6, 5))
    for place in range(slices):
        digit = whole // 8**place % 8 * np.sign(weights)
        full_scale = x @ (digit / 7) * largest  # a digit of 7 counts as the largest weight
        converted = np.rint(full_scale / step) * step
        wanted += converted * 7 * 8**place / top
    np.testing.assert_allclose(found, wanted, atol=1e-9)


def test_columns_are_converted_before_they_are_scaled():
    """Two columns of proportional weights have the same currents, so the same levels."""
    column = images(8, 1, 3)
    weights = np.hstack([column, 1e-3 * column])
    hardware = Hardware(mapping=Mapping(scaling="column"), adc=Converter(6, range=3.0))
    found = program(one_layer(weights), hardware).outputs(images(20, 8))
    assert len(np.unique(found[:, 0])) > 5
    np.testing.assert_allclose(found[:, 1], 1e-3 * found[:, 0], rtol=1e-9, atol=1e-12)


def test_read_noise_reaches_converted_sums_at_its_size():
    """Wide converters change nothing of the noise, whatever the slices and the scales."""
    weights = images(8, 4, 3) * [1.0, 0.1, 1.0, 1.0]
    x = np.repeat(images(1, 8), 20_000, axis=0)
    entries = {
        "mapping": Mapping(bits=3, slices=2, scaling="column"),
        "read_noise": Spread.of_value(0.05),
    }
    deviations = [
        program(one_layer(weights), Hardware(adc=adc, **entries), np.random.default_rng(seed))
        .outputs(x)
        .std(axis=0)
        for seed, adc in enumerate((None, Converter(24, range=100.0)))
    ]
    np.testing.assert_allclose(deviations[0], deviations[1], rtol=4 / np.sqrt(20_000))


def test_the_bias_row_is_driven_with_exactly_one():
    weights, bias = images(5, 3), images(1, 3, 9)[0]
    hardware = Hardware(mapping=Mapping(bias="row"), dac=Converter(2, range=0.3))
    found = program(one_layer(weights, bias), hardware).outputs(np.zeros((1, 5)))
    np.testing.assert_allclose(found[0], bias, atol=1e-12)


@pytest.mark.parametrize(
    ("entries", "named"),
    [
        ({"bits": 0}, "bits is 0"),
        ({"bits": 33}, "bits is 33"),
        ({"bits": 8.0}, "bits is 8.0"),
        ({"bits": True}, "bits is True"),
        ({"bits": 8, "range": 0.0}, "range"),
        ({"bits": 8, "range": float("inf")}, "range"),
        ({"bits": 8, "range": "full"}, "'full'"),
        ({"bits": 8, "range": np.array([-1.0, 1.0])}, "range"),
        ({"bits": 8, "signed": "no"}, "signed is 'no'"),
        ({"bits": 8, "quantile": 0.0}, "quantile"),
        ({"bits": 8, "quantile": 1.5}, "quantile"),
        ({"bits": 8, "quantile": None}, "quantile"),
        ({"bits": 1, "range": 1.0}, "at least 2 bits"),
    ],
)
def test_converters_that_cannot_be_are_refused(entries, named):
    with pytest.raises(UsageError, match="converter: ") as caught:
        Converter(**entries)
    assert named in str(caught.value)


def test_a_converter_without_calibration_is_refused():
    network = perceptron()
    for name in ("dac", "adc"):
        with pytest.raises(UsageError, match=f"{name}.*calibration="):
            program(network, Hardware(**{name: Converter(8)}))
    with pytest.raises(UsageError, match="images have shape"):
        program(network, Hardware(dac=Converter(8)), calibration=images(3, 5))
    with pytest.raises(UsageError, match="1 bit holds no value below zero"):
        program(network, Hardware(dac=Converter(1)), calibration=images())
