"""Layers on arrays with wires: as the array solver, as ngspice, and the noise of reads there."""

import numpy as np
import pytest
from small_networks import images, one_layer

import memcircuit as mc
from memcircuit.crossbar.transfer import transfer_matrix
from memcircuit.errors import UsageError
from memcircuit.networks.ageing import Drift
from memcircuit.networks.converters import Converter
from memcircuit.networks.faults import Faults
from memcircuit.networks.hardware import Hardware
from memcircuit.networks.mapping import Mapping
from memcircuit.networks.programmed import program
from memcircuit.networks.spread import Spread

WIRES = mc.Wires(row=2.0, column=3.0, source=50.0, sense=20.0)


def rng() -> np.random.Generator:
    return np.random.default_rng(21)


@pytest.mark.parametrize(
    "wires",
    [
        1.5,
        WIRES,
        mc.Wires(column=4.0),
        mc.Wires(row=1.0, sense=10.0, drive="both", sense_at="top"),
        mc.Wires(source=100.0),
    ],
    ids=["number", "all", "column", "both ends", "source"],
)
@pytest.mark.parametrize(
    ("mapping", "tile"),
    [
        (Mapping(), (7, 6)),
        (Mapping("offset"), (20, 4)),
        (Mapping(layout="separate", cells=2), (9, 5)),
        (Mapping(bits=2, slices=2), (6, 30)),
        (Mapping(bias="row"), (11, 8)),
    ],
    ids=str,
)
def test_every_array_is_read_as_a_crossbar(mapping, tile, wires):
    network = one_layer(images(20, 7), images(1, 7, 4)[0])
    array = mc.Crossbar(rows=tile[0], columns=tile[1], wires=wires)
    hardware = Hardware(mapping=mapping, array=array, programming_error=Spread.of_range(0.02))
    cells = program(network, hardware, rng()).cells[0, "kernel"]
    encoded, seen = cells.encoded, 0
    for r in encoded.row_blocks:
        for c in encoded.column_blocks:
            for g, effective in zip(cells.conductance, cells.effective, strict=True):
                rows, columns = r.stop - r.start, c.stop - c.start
                own = mc.Crossbar(rows=rows, columns=columns, wires=wires)
                read = own.read(np.eye(rows), g[r, c])
                np.testing.assert_allclose(effective[r, c], read, rtol=1e-9, atol=1e-9 * read.max())
                solved = transfer_matrix(g[r, c], wires).T
                np.testing.assert_allclose(effective[r, c], solved, rtol=1e-9)
                seen += g[r, c].size
    assert seen == cells.conductance.size
    assert (np.abs(cells.effective - cells.conductance) > 1e-6 * cells.conductance).any()


@pytest.mark.parametrize("tile", [(5, 4), (10, 6), (3, 100)])
def test_outputs_are_the_decoded_currents_of_all_arrays(tile):
    """Currents of `Crossbar.read` for every array and image; a pair's difference, over H - L."""
    weights, bias, x = images(10, 5), images(1, 5, 4)[0], images(8, 10)
    array = mc.Crossbar(rows=tile[0], columns=tile[1], wires=WIRES)
    programmed = program(one_layer(weights, bias), Hardware(array=array))
    cells = programmed.cells[0, "kernel"]
    low, high = programmed.hardware.span
    current = np.zeros((8, 10))
    for r in cells.encoded.row_blocks:
        for c in cells.encoded.column_blocks:
            own = mc.Crossbar(rows=r.stop - r.start, columns=c.stop - c.start, wires=WIRES)
            current[:, c] += own.read(x[:, r], cells.conductance[0, r, c])
    wanted = (current[:, 0::2] - current[:, 1::2]) * np.abs(weights).max() / (high - low) + bias
    np.testing.assert_allclose(programmed.outputs(x), wanted, rtol=0, atol=1e-9)
    assert np.abs(wanted - one_layer(weights, bias).outputs(x)).max() > 1e-3


def test_a_layer_of_64_x_20_equals_ngspice():
    """The whole differential array as one netlist: 64 rows, 40 columns, drivers and amplifiers."""
    weights = np.random.default_rng(3).normal(size=(64, 20))
    array = mc.Crossbar(rows=64, columns=40, wires=WIRES)
    hardware = Hardware(array=array, programming_error=Spread.of_range(0.05))
    programmed = program(one_layer(weights), hardware, rng())
    cells = programmed.cells[0, "kernel"]
    assert len(cells.encoded.row_blocks) == len(cells.encoded.column_blocks) == 1
    x = np.random.default_rng(4).uniform(-1, 1, 64)
    read = array.read(x, cells.conductance[0], simulator="ngspice")
    currents = x @ cells.effective[0]
    np.testing.assert_allclose(currents, read, rtol=1e-6, atol=1e-6 * np.abs(read).max())
    low, high = hardware.span
    decoded = (read[0::2] - read[1::2]) * np.abs(weights).max() / (high - low)
    found = programmed.outputs(x[np.newaxis])[0]
    np.testing.assert_allclose(found, decoded, rtol=0, atol=1e-6 * np.abs(decoded).max())
    assert np.abs(found - x @ weights).max() > 0.01 * np.abs(found).max()


def test_arrays_behind_wires_are_converted_one_by_one():
    weights, x = images(9, 4), images(6, 9)
    array = mc.Crossbar(rows=4, columns=4, wires=WIRES)
    hardware = Hardware(array=array, adc=Converter(6, range=2.0))
    programmed = program(one_layer(weights), hardware)
    cells = programmed.cells[0, "kernel"]
    low, high = hardware.span
    step, wanted = 2.0 / 31, np.zeros((6, 4))
    for r in cells.encoded.row_blocks:
        sums = np.zeros((6, 4))
        for c in cells.encoded.column_blocks:
            own = mc.Crossbar(rows=r.stop - r.start, columns=c.stop - c.start, wires=WIRES)
            current = own.read(x[:, r], cells.conductance[0, r, c])
            sums[:, c.start // 2 : c.stop // 2] = current[:, 0::2] - current[:, 1::2]
        sums *= np.abs(weights).max() / (high - low)
        wanted += np.clip(np.rint(sums / step), -31, 31) * step
    np.testing.assert_allclose(programmed.outputs(x), wanted, atol=1e-9)


def test_smaller_arrays_lose_less():
    weights, x = images(48, 10), np.abs(images(30, 48))
    network = one_layer(weights)
    errors = [
        program(network, Hardware(array=mc.Crossbar(rows=n, columns=20, wires=4.0)))
        .layer_errors(x)[0]
        .own
        for n in (6, 12, 24, 48)
    ]
    assert (np.diff(errors) > 0).all()


@pytest.mark.parametrize(
    ("resistance", "segment", "within"), [((10e3, 100e3), 1.0, 0.06), ((1e3, 40e3), 2.0, 0.30)]
)
def test_noise_behind_wires_against_redrawn_cells(resistance, segment, within):
    """Cells drawn anew and solved exactly; the bounds are those the docstring of cells states."""
    low, high = 1 / resistance[1], 1 / resistance[0]
    weights = np.random.default_rng(5).uniform(-1, 1, (48, 8))
    array = mc.Crossbar(rows=48, columns=16, wires=segment)
    hardware = Hardware(
        table=mc.tables.LevelTable.uniform(low, high, 2),
        mapping=Mapping(balanced=True),
        array=array,
        read_noise=Spread.of_value(0.05),
    )
    programmed = program(one_layer(weights), hardware, rng())
    cells = programmed.cells[0, "kernel"]
    x, count = np.random.default_rng(6).uniform(0, 1, (2, 48)), 800
    noise = np.random.default_rng(7).standard_normal((count, 48, 16))
    solved = transfer_matrix(cells.conductance[0] * (1 + 0.05 * noise), segment)
    weight = cells.encoded.weights(solved.swapaxes(-1, -2)[:, np.newaxis]).sum(axis=1)
    wanted = np.einsum("ir,nrc->nic", x, weight).std(axis=0)
    found = np.stack([programmed.outputs(x) for _ in range(count)]).std(axis=0)
    # the mean over 16 sums: their deviations are known to 4 / sqrt(2 * 800 * 16) for 4 sigma
    assert np.mean(found / wanted) == pytest.approx(1.0, abs=within + 0.04)


def test_cells_that_drifted_to_nothing_are_open():
    """At 1e-36 S the solver would refuse them; they conduct nothing, as at 0 S."""
    network = one_layer(images(6, 3))
    found = [
        program(network, Hardware(array=mc.Crossbar(rows=6, columns=6, wires=2.0), **given))
        for given in (
            {"drift": Drift(1e30, 1.0)},
            {"faults": Faults(maps={(0, "kernel"): -np.ones((1, 6, 6))}, stuck_off_conductance=0)},
        )
    ]
    assert 0 < found[0].cells[0, "kernel"].conductance.max() < 1e-30
    for programmed in found:
        assert np.array_equal(programmed.outputs(images(4, 6)), np.zeros((4, 3)))


def test_lines_that_fit_only_another_array_are_refused_before_computing():
    wires = mc.Wires(row=1.0, column=1.0, source=np.linspace(1, 2, 8), sense=1.0)
    array = mc.Crossbar(rows=8, columns=8, wires=wires)
    program(one_layer(images(16, 4)), Hardware(array=array))
    with pytest.raises(UsageError, match="source"):
        program(one_layer(images(15, 4)), Hardware(array=array))
