"""Weights on conductances: exact where nothing goes wrong, whatever the mapping and the arrays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_networks import images, one_layer, perceptron

import memcircuit as mc
from memcircuit.errors import TableError, UsageError
from memcircuit.networks.encoding import encode
from memcircuit.networks.hardware import HIGHEST, LOWEST, Hardware
from memcircuit.networks.layer import Matrix
from memcircuit.networks.mapping import Mapping
from memcircuit.networks.programmed import program
from memcircuit.tables.levels import LevelTable

MAPPINGS = {
    "pair": Mapping(),
    "balanced": Mapping(balanced=True),
    "offset": Mapping("offset"),
    "bridge": Mapping("bridge"),
    "three cells": Mapping(cells=3),
    "offset of two cells": Mapping("offset", cells=2),
    "separate": Mapping(layout="separate"),
    "separate, two cells": Mapping(layout="separate", cells=2),
    "balanced, separate": Mapping(layout="separate", balanced=True),
    "bias row": Mapping(bias="row"),
    "by column": Mapping(scaling="column"),
    "bridge by column, bias row": Mapping("bridge", scaling="column", bias="row"),
    "offset by column, bias row": Mapping("offset", scaling="column", bias="row"),
}
CELLS = {
    "default": {},
    "table": {"table": LevelTable.of([2e-6, 3e-6, 1e-5, 8e-5])},
    "ratio": {"on_off": 3.0},
    "from 0 S": {"on_off": np.inf},
    "table from 0 S": {"table": LevelTable.uniform(1e-6, 2e-6, 4), "on_off": np.inf},
}


@pytest.mark.parametrize("cells", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=MAPPINGS)
def test_ideal_hardware_equals_the_float_network(mapping, cells):
    network, x = perceptron(), images()
    ideal = network.outputs(x)
    for tile in (None, (12, 40), (5, 6), (1, 6), (100, 100)):
        array = None if tile is None else mc.Crossbar(rows=tile[0], columns=tile[1])
        programmed = program(network, Hardware(mapping=mapping, array=array, **cells))
        np.testing.assert_allclose(programmed.outputs(x), ideal, rtol=0, atol=1e-12)
        single = programmed.outputs(x, dtype=np.float32)
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, ideal, rtol=0, atol=1e-6 * np.abs(ideal).max())


@pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=MAPPINGS)
@pytest.mark.parametrize(
    "weights",
    [
        np.zeros((3, 2)),
        np.array([[0.0, 1e-9], [0.0, -3e4]]),
        np.array([[-2.0]]),
        np.array([[1.0], [0.0], [-5.0]]),
        np.array([[1.0, -1.0, 0.0, 1e-300]]),
    ],
)
def test_zeros_and_single_columns(mapping, weights):
    network = one_layer(weights, np.arange(1.0, weights.shape[1] + 1))
    x = images(7, len(weights))
    for array in (None, mc.Crossbar(rows=2, columns=6)):
        found = program(network, Hardware(mapping=mapping, array=array, on_off=np.inf)).outputs(x)
        size = np.abs(weights).max() + weights.shape[1]
        np.testing.assert_allclose(found, network.outputs(x), rtol=0, atol=1e-12 * size)


@settings(max_examples=60, deadline=None)
@given(
    bits=st.integers(1, 8),
    slices=st.integers(1, 3),
    rows=st.integers(1, 6),
    columns=st.integers(1, 4),
    seed=st.integers(0, 2**32 - 1),
    tile=st.sampled_from([None, (2, 2), (3, 8)]),
)
def test_slices_hold_the_rounded_weights_exactly(bits, slices, rows, columns, seed, tile):
    """Digits by Python's divmod: sum of digit * base^place is the rounded weight, in integers."""
    weights = np.random.default_rng(seed).normal(size=(rows, columns))
    mapping = Mapping(bits=bits, slices=slices)
    low, high = 1e-6, 1e-4
    encoded = encode(Matrix(weights), mapping, (low, high), tile)
    largest, top = np.abs(weights).max(), 2 ** (bits * slices) - 1
    for i in range(rows):
        for j in range(columns):
            left = abs(round(weights[i, j] / largest * top))
            for place in range(slices - 1, -1, -1):
                left, digit = divmod(left, 2**bits)
                pair = encoded.conductance[place, i, encoded.places[j, :, 0]]
                raised = (pair - low) / (high - low) * (2**bits - 1)
                wanted = (digit, 0) if weights[i, j] > 0 else (0, digit)
                np.testing.assert_allclose(raised, wanted, rtol=0, atol=1e-9)
            assert left == 0
    decoded = encoded.weights(encoded.conductance).sum(axis=0) / largest * top
    np.testing.assert_allclose(decoded, np.rint(weights / largest * top), rtol=0, atol=1e-8 * top)


@pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=MAPPINGS)
def test_cells_stay_within_the_range(mapping):
    matrix = Matrix(images(9, 7), images(1, 7)[0])
    encoded = encode(matrix, mapping, (LOWEST, HIGHEST), (4, 7))
    assert encoded.conductance.min() >= LOWEST * (1 - 1e-12)
    assert encoded.conductance.max() <= HIGHEST * (1 + 1e-12)


@pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=MAPPINGS)
def test_every_physical_column_belongs_to_one_array_that_is_not_too_wide(mapping):
    encoded = encode(Matrix(images(9, 7)), mapping, (LOWEST, HIGHEST), (4, 9))
    for blocks, most, count in (
        (encoded.row_blocks, 4, encoded.conductance.shape[1]),
        (encoded.column_blocks, 9, encoded.conductance.shape[2]),
    ):
        covered = np.concatenate([np.arange(b.start, b.stop) for b in blocks])
        assert covered.tolist() == list(range(count))
        assert max(b.stop - b.start for b in blocks) <= most
    if mapping.encoding != "offset":  # whose reference columns serve several weights
        assert np.sort(encoded.places.ravel()).tolist() == list(range(encoded.places.size))
    block_of = np.concatenate(
        [np.full(b.stop - b.start, i) for i, b in enumerate(encoded.column_blocks)]
    )
    arrays = block_of[encoded.places]
    together = (arrays == arrays[:, :1, :1]).all()
    assert together == (mapping.layout == "interleaved")


def test_every_array_has_its_own_offset_column():
    encoded = encode(Matrix(images(3, 7)), Mapping("offset"), (LOWEST, HIGHEST), (3, 4))
    assert len(encoded.column_blocks) == 3
    middle = encoded.conductance[..., np.unique(encoded.places[:, 1])]
    assert middle.shape[-1] == 3
    np.testing.assert_allclose(middle, 0.5 * (LOWEST + HIGHEST), rtol=1e-12)


def test_pairs_raise_one_cell_and_balanced_pairs_move_both():
    matrix = Matrix(np.array([[0.5, -1.0]]))
    span = HIGHEST - LOWEST
    pair = encode(matrix, Mapping(), (LOWEST, HIGHEST)).conductance[0, 0]
    raised = (pair - LOWEST) / span
    np.testing.assert_allclose(raised, [0.5, 0.0, 0.0, 1.0], atol=1e-12)
    balanced = encode(matrix, Mapping(balanced=True), (LOWEST, HIGHEST)).conductance[0, 0]
    raised = (balanced - LOWEST) / span
    np.testing.assert_allclose(raised, [0.75, 0.25, 0.0, 1.0], atol=1e-12)


def test_weights_beyond_the_quantile_are_cut():
    weights = np.linspace(-1.0, 1.0, 21)[:, np.newaxis]
    encoded = encode(Matrix(weights), Mapping(clip=0.5), (LOWEST, HIGHEST))
    limit = np.quantile(np.abs(weights), 0.5)
    decoded = encoded.weights(encoded.conductance)[0]
    np.testing.assert_allclose(decoded, np.clip(weights, -limit, limit), atol=1e-12)
    assert encoded.clipped == np.mean(np.abs(weights) > limit) > 0.4


def test_a_quantile_of_zero_falls_back_to_the_largest_weight():
    weights = np.zeros((20, 1))
    weights[0] = 3.0
    encoded = encode(Matrix(weights), Mapping(clip=0.5), (LOWEST, HIGHEST))
    np.testing.assert_allclose(encoded.weights(encoded.conductance)[0], weights, atol=1e-12)


def test_a_column_of_zeros_has_the_scale_of_the_matrix():
    """Its cells are as noisy as the others, and must not count a thousand times as much."""
    encoded = encode(
        Matrix(np.array([[1e-3, 0.0], [2e-3, 0.0]])), Mapping(scaling="column"), (LOWEST, HIGHEST)
    )
    assert encoded.scale.tolist() == [2e-3, 2e-3]
    deviation = np.full(encoded.conductance.shape, 1e-6)
    variance = encoded.variance(encoded.conductance, deviation)[0]
    np.testing.assert_allclose(variance, 2 * (1e-6 * 2e-3 / (HIGHEST - LOWEST)) ** 2)


@pytest.mark.parametrize("mapping", [Mapping(), Mapping(balanced=True), Mapping("offset")])
def test_quantised_cells_take_the_nearest_of_uneven_levels(mapping):
    """Against a search through all levels, cell by cell."""
    levels = np.array([1e-6, 1.5e-6, 4e-6, 2e-5, 2.1e-5, 9e-5, 1e-4])
    network = one_layer(images(8, 6))
    hardware = Hardware(table=LevelTable.of(levels), quantise=True, mapping=mapping)
    programmed = program(network, hardware)
    (cells,) = programmed.cells.values()
    wanted = [
        min(levels, key=lambda level: abs(level - target))
        for target in cells.encoded.conductance.ravel()
    ]
    assert cells.conductance.ravel().tolist() == wanted


def test_zero_weights_stay_zero_on_levels_without_a_middle():
    hardware = {"table": LevelTable.uniform(1e-6, 1e-4, 4), "quantise": True}
    for mapping in (Mapping(), Mapping(balanced=True), Mapping("offset"), Mapping("bridge")):
        programmed = program(one_layer(np.diag([1.0, 0.0])), Hardware(mapping=mapping, **hardware))
        (cells,) = programmed.cells.values()
        assert cells.weights[1, 1] == 0.0


def test_quantised_cells_within_a_ratio_reach_the_largest_weight():
    """What remains of the range begins at a level: the largest weight stays what it was."""
    table = LevelTable.of([1e-6, 3e-5, 5e-5, 1e-4])
    hardware = Hardware(table=table, quantise=True, on_off=4.0)
    assert hardware.span == (3e-5, 1e-4)
    (cells,) = program(one_layer(np.array([[2.0, -2.0]])), hardware).cells.values()
    np.testing.assert_allclose(cells.weights, [[2.0, -2.0]], rtol=1e-12)


@pytest.mark.parametrize(
    ("entries", "error", "named"),
    [
        ({"quantise": True}, UsageError, "give table="),
        (
            {"quantise": True, "table": 7, "mapping": Mapping(bits=3)},
            TableError,
            "7 of them near equal distances; mapping with 3 bits needs 8",
        ),
        (
            {"quantise": True, "table": 14, "mapping": Mapping("offset", bits=3)},
            TableError,
            "needs 15",
        ),
        (
            {
                "quantise": True,
                "mapping": Mapping(bits=3),
                # eight levels, of which seven lie close together
                "table": LevelTable.of([*np.linspace(1e-6, 1.07e-6, 7), 1e-4]),
            },
            TableError,
            "needs 8",
        ),
        (
            {"quantise": True, "table": 2, "mapping": Mapping("offset")},
            TableError,
            "no level between",
        ),
        ({"quantise": True, "table": 9, "on_off": 1e3}, TableError, "on_off is 1000.0"),
        ({"quantise": True, "table": 9, "on_off": np.inf}, TableError, "on_off is inf"),
        ({"table": 9, "on_off": 1.01}, TableError, "less than 2 levels"),
        ({"on_off": 1.0}, UsageError, "on_off"),
        ({"on_off": float("nan")}, UsageError, "on_off"),
        ({"on_off": "10"}, UsageError, "on_off"),
    ],
)
def test_tables_without_the_levels_of_a_mapping_are_refused(entries, error, named):
    if isinstance(entries.get("table"), int):
        entries = {**entries, "table": LevelTable.uniform(1e-6, 1e-4, entries["table"])}
    with pytest.raises(error) as caught:
        Hardware(**entries)
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("mapping", "columns", "needed"),
    [
        (Mapping(), 1, 2),
        (Mapping(cells=4), 7, 8),
        (Mapping("offset"), 1, 2),
        (Mapping("bridge"), 3, 4),
        (Mapping(layout="separate", cells=2), 1, 2),
    ],
)
def test_an_array_too_narrow_for_a_weight_is_refused(mapping, columns, needed):
    with pytest.raises(UsageError, match=rf"array of {columns} columns .* needs {needed}"):
        Hardware(mapping=mapping, array=mc.Crossbar(rows=4, columns=columns))
    assert Hardware(mapping=mapping, array=mc.Crossbar(rows=4, columns=needed))


def test_an_open_arm_of_a_bridge_reads_a_half():
    """Both cells of an arm stuck at 0 S: nothing drives its output, and nothing is NaN."""
    encoded = encode(Matrix(np.array([[1.0]])), Mapping("bridge"), (0.0, 1e-4))
    np.testing.assert_allclose(encoded.weights(np.zeros((1, 1, 4))), 0.0)
    assert np.isfinite(encoded.variance(np.zeros((1, 1, 4)), np.full((1, 1, 4), 1e-6))).all()


@pytest.mark.parametrize("levels", [8, 16, 17])
def test_quantised_offset_columns_shift_no_weight(levels):
    """Weights spread evenly about zero keep a mean of zero: the offset column is at a level."""
    weights = np.linspace(-1, 1, 401).reshape(-1, 1)
    table = LevelTable.uniform(1e-6, 1e-4, levels)
    hardware = Hardware(table=table, quantise=True, mapping=Mapping("offset"))
    (cells,) = program(one_layer(weights), hardware).cells.values()
    step = 2 / (levels - 1)
    assert np.isin(cells.conductance, table.conductance).all()
    assert np.abs(cells.weights - weights).max() < 0.75 * step
    assert abs((cells.weights - weights).mean()) < 0.03 * step
