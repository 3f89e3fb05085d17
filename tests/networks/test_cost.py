"""Costs against closed forms, and how they grow with bits, rows, voltage and time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.errors import TableError, UsageError
from memcircuit.networks.converters import Converter
from memcircuit.networks.convolution import Conv2d
from memcircuit.networks.cost import UNITS, Cost, Entry, network_cost
from memcircuit.networks.cost_figures import (
    ADC_AREA,
    ADC_ENERGY,
    ADC_TIME,
    DAC_ENERGY,
    CitedFigure,
    Technology,
)
from memcircuit.networks.cost_load import (
    erasing_energy,
    observed_loads,
    read_energy,
    writing_energy,
)
from memcircuit.networks.dense import Activation, Dense, Flatten
from memcircuit.networks.hardware import Hardware
from memcircuit.networks.mapping import Mapping
from memcircuit.networks.network import Network
from memcircuit.networks.programmed import program
from memcircuit.networks.recurrent import LSTM, Elman
from memcircuit.tables import ConductanceTable, LevelTable

READ_TIME = 100e-9
INFERENCE = "energy per inference"
FULL = Hardware(dac=Converter(8, range=1.0), adc=Converter(8, range=4.0))


def dense(weights, **hardware):
    weights = np.asarray(weights, dtype=float)
    return program(Network((len(weights),), (Dense(weights),)), Hardware(**hardware))


def part(cost, quantity, name):
    return [one.value for one in cost.entries if (one.quantity, one.part) == (quantity, name)]


def random_weights(rows, columns, seed=3):
    return np.random.default_rng(seed).uniform(-1, 1, (rows, columns))


def table_of(set_levels, reset_levels, set_energy, reset_energy):
    """A table of one device and cycle: levels in S, and the energy of every pulse in J."""
    import xarray as xr

    conductance = np.array([[[set_levels, reset_levels]]], dtype=float)
    energy = np.array([[[[0.0, *set_energy], [0.0, *reset_energy]]]])
    dims = ("device", "cycle", "direction", "step")
    return ConductanceTable(
        xr.Dataset(
            {"conductance": (dims, conductance), "energy": (dims, energy)},
            coords={"direction": ["set", "reset"]},
        )
    )


TABLE = table_of([1e-6, 100e-6, 300e-6], [300e-6, 50e-6, 1e-6], [1e-12, 3e-12], [2e-12, 6e-12])


def test_one_cell_takes_v_squared_g_t():
    assert read_energy([20e-6], [0.2**2], 1, 1e-6) == pytest.approx(0.2**2 * 20e-6 * 1e-6)


def test_a_pair_read_by_hand():
    """One weight: its cells at both ends of the range, full scale on the row, then half."""
    cells = dense([[1.0]], read_voltage=0.3)
    cost = network_cost(cells, [[1.0], [0.5]], read_time=READ_TIME)
    conductance = 350e-6 + 1e-6
    mean_square = 0.3**2 * (1 + 0.25) / 2
    assert cost.total(INFERENCE, "simulated") == pytest.approx(
        conductance * mean_square * READ_TIME
    )


def test_energy_equals_the_sum_over_single_cells_and_images():
    weights, images = random_weights(5, 3), random_weights(7, 5, seed=4)
    cells = dense(weights, mapping=Mapping(bits=3, slices=2))
    volts = 0.2 * images / np.abs(images).max()
    expected = 0.0
    for conductance in cells.cells[0, "kernel"].conductance:
        for image in volts:
            expected += sum(
                image[row] ** 2 * g * READ_TIME / len(volts)
                for row in range(5)
                for g in conductance[row]
            )
    found = network_cost(cells, images, read_time=READ_TIME).total(INFERENCE, "simulated")
    assert found == pytest.approx(expected, rel=1e-12)


def test_a_bridge_conducts_in_series():
    """A weight of 0: four equal cells, two arms of half the conductance of one."""
    cells = dense([[1.0, 0.0]], mapping=Mapping(encoding="bridge"))
    low, high = 1e-6, 350e-6
    middle = 0.5 * (low + high)
    arms = 2 * low * high / (low + high) + 2 * middle / 2
    found = network_cost(cells, [[1.0]], read_time=READ_TIME)
    assert found.total(INFERENCE, "simulated") == pytest.approx(0.2**2 * arms * READ_TIME)


def test_the_dac_sets_the_full_scale_and_rounds():
    weights = [[1.0, -0.5]]
    exact = dense(weights)
    rounded = dense(weights, dac=Converter(2, range=2.0))
    # levels at -2, 0 and 2: 0.9 is read as 0, 1.1 as full scale
    energies = [
        network_cost(rounded, [[x]], read_time=READ_TIME).total(INFERENCE, "simulated")
        for x in (0.9, 1.1)
    ]
    full = network_cost(exact, [[1.0]], read_time=READ_TIME).total(INFERENCE, "simulated")
    assert energies == pytest.approx([0.0, full])


def test_a_bias_row_is_driven_at_every_read():
    network = Network((2,), (Dense(np.zeros((2, 1)), bias=np.array([1.0])),))
    cells = program(network, Hardware(mapping=Mapping(bias="row")))
    found = network_cost(cells, np.zeros((3, 2)), read_time=READ_TIME)
    assert found.total(INFERENCE, "simulated") == pytest.approx(0.2**2 * 351e-6 * READ_TIME)


def test_no_voltage_no_energy_but_of_the_converters():
    cells = program(Network((4,), (Dense(random_weights(4, 3)),)), FULL)
    cost = network_cost(cells, np.zeros((2, 4)), read_time=READ_TIME)
    assert part(cost, INFERENCE, "cells") == part(cost, INFERENCE, "wires") == [0.0]
    assert part(cost, INFERENCE, "ADC") == pytest.approx([3 * 2**8 * ADC_ENERGY.value])
    assert part(cost, INFERENCE, "DAC") == pytest.approx([4 * 2**8 * DAC_ENERGY.value])


def test_without_converters_none_is_counted():
    cost = network_cost(dense(random_weights(4, 3)), np.ones((1, 4)), read_time=READ_TIME)
    assert {one.part for one in cost.entries} == {"cells", "wires", "read pulses"}


@pytest.mark.parametrize("bits", [4, 7])
def test_one_bit_more_doubles_energy_and_area_and_adds_one_comparison(bits):
    network = Network((6,), (Dense(random_weights(6, 16)),))
    costs = [
        network_cost(
            program(network, Hardware(dac=Converter(b, range=1.0), adc=Converter(b, range=9.0))),
            np.ones((1, 6)), read_time=READ_TIME,
        )
        for b in (bits, bits + 1)
    ]  # fmt: skip
    for quantity in (INFERENCE, "area"):
        for name in ("DAC", "ADC"):
            less, more = (part(one, quantity, name)[0] for one in costs)
            assert more == pytest.approx(2 * less)
    less, more = (part(one, "latency", "ADC")[0] for one in costs)
    assert more - less == pytest.approx(8 * ADC_TIME.value)


def test_twice_the_rows_twice_the_cells_but_as_many_sums():
    weights, image = random_weights(6, 4), random_weights(1, 6, seed=5)
    once = program(Network((6,), (Dense(weights),)), FULL)
    twice = program(Network((12,), (Dense(np.vstack([weights, weights])),)), FULL)
    cost = network_cost(once, image, read_time=READ_TIME)
    more = network_cost(twice, np.hstack([image, image]), read_time=READ_TIME)
    for quantity, name, factor in (
        (INFERENCE, "cells", 2), (INFERENCE, "wires", 2), (INFERENCE, "DAC", 2),
        (INFERENCE, "ADC", 1), ("area", "cells", 2), ("area", "DAC", 2), ("area", "ADC", 1),
        ("latency", "ADC", 1), ("latency", "read pulses", 1),
    ):  # fmt: skip
        assert part(more, quantity, name) == pytest.approx(
            [factor * value for value in part(cost, quantity, name)]
        )


def test_energy_goes_with_time_and_the_square_of_the_voltage():
    weights, image = random_weights(6, 4), np.ones((1, 6))
    plain = network_cost(dense(weights), image, read_time=READ_TIME)
    high = network_cost(dense(weights, read_voltage=0.4), image, read_time=READ_TIME)
    slow = network_cost(dense(weights), image, read_time=3 * READ_TIME)
    assert high.total(INFERENCE) == pytest.approx(4 * plain.total(INFERENCE))
    assert part(slow, INFERENCE, "cells")[0] == pytest.approx(
        3 * part(plain, INFERENCE, "cells")[0]
    )
    assert part(slow, INFERENCE, "wires") == part(plain, INFERENCE, "wires")
    assert slow.total("latency") == pytest.approx(3 * plain.total("latency"))


def test_tiles_need_converters_of_their_own():
    """7 x 5 pairs in arrays of 4 x 4: 2 arrays down, 3 across of at most 2 pairs."""
    network = Network((7,), (Dense(random_weights(7, 5)),))
    tiled = replace(FULL, array=mc.Crossbar(rows=4, columns=4))
    load = observed_loads(program(network, tiled), np.ones((1, 7)))[0, "kernel"]
    assert (load.row_arrays, load.column_arrays) == (2, 3)
    assert load.drivers == 7 * 3
    assert load.conversions == 2 * 5
    cost = network_cost(program(network, tiled), np.ones((1, 7)), read_time=READ_TIME)
    assert part(cost, INFERENCE, "ADC") == pytest.approx([10 * 2**8 * ADC_ENERGY.value])
    assert part(cost, "area", "ADC") == pytest.approx([2 * 2**8 * ADC_AREA.value])


def test_a_convolution_reads_once_at_every_position():
    kernel = np.random.default_rng(6).uniform(-1, 1, (3, 1, 2, 2))
    network = Network((1, 5, 4), (Conv2d(kernel), Activation("relu"), Flatten()))
    cost = network_cost(program(network, FULL), np.ones((2, 1, 5, 4)), read_time=READ_TIME)
    positions = 4 * 3
    assert part(cost, "latency", "read pulses") == pytest.approx([positions * READ_TIME])
    assert part(cost, "latency", "ADC") == pytest.approx([positions * 3 * 8 * ADC_TIME.value])
    assert part(cost, INFERENCE, "ADC") == pytest.approx([positions * 3 * 2**8 * ADC_ENERGY.value])


@pytest.mark.parametrize(("layer", "gates"), [(Elman, 1), (LSTM, 4)])
def test_a_recurrent_layer_reads_both_matrices_at_every_step(layer, gates):
    network = Network((6, 2), (layer(random_weights(2, 3 * gates), random_weights(3, 3 * gates)),))
    loads = observed_loads(program(network, Hardware()), np.ones((2, 6, 2)))
    assert [load.reads for load in loads.values()] == [6, 6]


@pytest.mark.parametrize(
    ("mapping", "cell", "area"),
    [
        (Mapping(), "1M", 8.0),
        (Mapping(), "1T1R", 48.0),
        (Mapping(encoding="bridge"), "1M", 16.0),
        (Mapping(cells=3), "1M", 24.0),
    ],
)
def test_area_of_a_weight_is_that_of_the_review(mapping, cell, area):
    """xu2021, Table 2: 2M 8 F^2, 4M 16 F^2, 1M-1T 24 F^2 each."""
    around = Technology(feature=50e-9, cell=cell)
    cost = network_cost(
        dense([[1.0]], mapping=mapping), [[1.0]], read_time=READ_TIME, technology=around
    )
    assert cost.total("area") == pytest.approx(area * 50e-9**2)


def test_wires_take_c_v_squared():
    """3 pairs: 6 cells of 2F beside each other on a row at full scale."""
    around = Technology(feature=50e-9, wire_capacitance=CitedFigure(1e-10, "F/m", "this test"))
    cells = dense([[1.0, 0.5, -1.0]])
    cost = network_cost(cells, [[1.0]], read_time=READ_TIME, technology=around)
    assert part(cost, INFERENCE, "wires") == pytest.approx([6 * 100e-9 * 1e-10 * 0.2**2])
    array = mc.Crossbar(rows=4, columns=6, wires=mc.Wires(row_capacitance=1e-15))
    cost = network_cost(dense([[1.0, 0.5, -1.0]], array=array), [[1.0]], read_time=READ_TIME)
    assert part(cost, INFERENCE, "wires") == pytest.approx([6 * 1e-15 * 0.2**2])


def test_writing_takes_the_pulses_that_lead_to_the_level():
    found = writing_energy([[0.0, 1e-6, 40e-6], [60e-6, 199e-6, 1e-3]], TABLE)
    np.testing.assert_allclose(found, [[0, 0, 0], [1e-12, 1e-12, 4e-12]], rtol=1e-12)
    assert erasing_energy(5, TABLE) == pytest.approx(5 * 8e-12)


def test_pulses_that_bring_nothing_lead_nowhere_but_cost():
    table = table_of([1e-6, 1e-6, 0.5e-6, 9e-6], [9e-6, 1e-6, 1e-6, 1e-6], [1, 2, 4], [0, 0, 0])
    np.testing.assert_allclose(writing_energy([1e-6, 9e-6], table), [0, 7])
    flat = table_of([1e-6, 1e-6], [2e-6, 1e-6], [1], [1])
    with pytest.raises(TableError, match="raise no conductance"):
        writing_energy([1e-6], flat)


def test_programming_a_network_from_its_table():
    """Weights of 1 and 0 on three levels: one cell at the top, three at the bottom."""
    cells = dense([[1.0, 0.0]], table=TABLE, quantise=True)
    cost = network_cost(cells, [[1.0]], read_time=READ_TIME)
    assert part(cost, "energy per programming", "SET pulses") == pytest.approx([4e-12])
    assert part(cost, "energy per programming", "RESET pulses") == pytest.approx([4 * 8e-12])
    assert cost.total("energy per programming", "estimate") == 0.0


def test_totals_are_the_sums_of_entries_table_and_kinds():
    network = Network((5,), (Dense(random_weights(5, 4)), Dense(random_weights(4, 2))))
    cost = network_cost(program(network, FULL), np.ones((3, 5)), read_time=READ_TIME, table=TABLE)
    assert {one.matrix for one in cost.entries} == {(0, "kernel"), (1, "kernel")}
    for quantity, unit in UNITS.items():
        entries = [one for one in cost.entries if one.quantity == quantity]
        assert {one.unit for one in entries} == {unit}
        assert all(one.source for one in entries)
        total = cost.total(quantity)
        assert total == pytest.approx(sum(one.value for one in entries), rel=1e-12)
        kinds = cost.total(quantity, "simulated") + cost.total(quantity, "estimate")
        assert total == pytest.approx(kinds, rel=1e-12)
        rows = [row for row in cost.table() if row["quantity"] == quantity]
        assert total == pytest.approx(sum(row["value"] for row in rows), rel=1e-12)
        assert f"{quantity}: {total:.4g} {unit}" in cost.summary()


def test_published_figures():
    """Harpe et al. 2011: 26.3 uW at 10.24 MS/s; 12 fJ for each of 2^7.77 effective levels."""
    conversion = ADC_ENERGY.value * 2**8
    assert conversion == pytest.approx(2.57e-12, rel=1e-3)
    assert conversion / 2**7.77 == pytest.approx(12e-15, rel=0.03)
    assert 8 * ADC_TIME.value == pytest.approx(97.7e-9, rel=1e-3)


def test_noise_of_the_network_does_not_go_on():
    network = Network((5,), (Dense(random_weights(5, 4)),))
    noisy = Hardware(read_noise=mc.Spread.of_range(0.05))
    apart, along = (program(network, noisy, np.random.default_rng(1)) for _ in range(2))
    network_cost(apart, np.ones((3, 5)), read_time=READ_TIME)
    images = random_weights(4, 5)
    np.testing.assert_array_equal(apart.outputs(images), along.outputs(images))


def test_bad_input_is_refused():
    cells = dense([[1.0]])
    for wrong in (0.0, -1e-9, np.inf, np.nan, "fast"):
        with pytest.raises(UsageError, match="read_time"):
            network_cost(cells, [[1.0]], read_time=wrong)
    empty = program(Network((2,), (Activation("relu"),)), Hardware())
    with pytest.raises(UsageError, match="no weights"):
        network_cost(empty, [[1.0, 1.0]], read_time=READ_TIME)
    for wrong, said in (
        ({"read_time": 100}, "read_time"),  # in nanosecond, it seems
        ({"technology": "22nm"}, "technology"),
        ({"table": LevelTable.uniform(1e-6, 1e-4, 4)}, "table is a LevelTable"),
    ):
        with pytest.raises(UsageError, match=said):
            network_cost(cells, [[1.0]], **{"read_time": READ_TIME, **wrong})
    with pytest.raises(UsageError, match="programmed is a Network"):
        network_cost(Network((2,), (Activation("relu"),)), [[1.0]], read_time=READ_TIME)
    cost = Cost((Entry("area", "cells", (0, "kernel"), 1.0, "estimate", "here"),))
    with pytest.raises(UsageError, match="quantity is 'power'"):
        cost.total("power")
    with pytest.raises(UsageError, match="kind is 'guess'"):
        cost.total("area", "guess")


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"feature": 0.0}, "feature, m, is 0.0"),
        ({"feature": 90.0}, "at most 0.001"),
        ({"feature": "small"}, "feature, m, is 'small'"),
        ({"cell": "2M"}, "choose 1M or 1T1R"),
        ({"cell": ["1M"]}, "choose 1M or 1T1R"),
        ({"columns_per_adc": 0}, "columns_per_adc is 0"),
        ({"columns_per_adc": 2.0}, "columns_per_adc is 2.0"),
        ({"adc_energy": 1e-15}, "adc_energy is 1e-15; give CitedFigure"),
        ({"adc_energy": CitedFigure(1e-15, "m2", "here")}, "give CitedFigure.*'J'"),
    ],
)
def test_technology_refuses(entries, said):
    with pytest.raises(UsageError, match=said):
        Technology(**entries)


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf, "1"])
def test_a_figure_is_a_number_with_a_source(value):
    with pytest.raises(UsageError, match="figure: value, J, is"):
        CitedFigure(value, "J", "here")
    with pytest.raises(UsageError, match="needs a unit and a source"):
        CitedFigure(1.0, "J", "")


def test_a_bias_row_above_the_converters_range_is_the_full_scale():
    """Its input of 1 is the highest voltage there is: 0.2 V, and the others' 0.05 a part of it."""
    layer = Dense(np.array([[1.0, -1.0]]), bias=np.array([1.0, 1.0]))
    network = Network((1,), (layer,))
    mapping = Mapping(bias="row")
    with_dac, without = (
        program(network, Hardware(mapping=mapping, dac=dac), calibration=[[0.05]])
        for dac in (Converter(4), None)
    )
    energies = [
        network_cost(cells, [[0.05]], read_time=READ_TIME).total(
            "energy per inference", "simulated"
        )
        for cells in (with_dac, without)
    ]
    g = without.cells[0, "kernel"].conductance[0].sum(axis=1)
    expected = READ_TIME * 0.2**2 * (g[0] * 0.05**2 + g[1])
    assert energies == pytest.approx([expected, expected], rel=1e-9)
