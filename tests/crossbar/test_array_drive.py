"""A whole array as one netlist under waveforms: what moves, what flows, where the energy goes."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.crossbar.array_drive import drive_array
from memcircuit.crossbar.programming import program_pulses
from memcircuit.devices.evolution import evolve_pulses
from memcircuit.errors import UsageError
from memcircuit.simulate import Options
from pyspice_netlists import Pulse, Waveform, pulse_sequence

ROWS, COLUMNS, MOST = 12, 10, 2
GATE, READ = 5.0, 0.2
# Edges that charge the drain of a closed 2N7002 without moving its memristor.
SET = Pulse(1.8, 1e-6, 0.3e-6, 0.3e-6)
PARTS = ("cells", "row_wires", "column_wires", "row_ends", "column_ends", "stored")


def gate_waveform(times, volts):
    return Waveform(np.array(times), np.array(volts, dtype=float))


@pytest.fixture(scope="module")
def device():
    return mc.device("lin2022_hfo2")


@pytest.fixture(scope="module")
def board(device):
    """Lin 2022: 12 x 10 cells, programmed column by column, then read row by row, in one run."""
    rng = np.random.default_rng(1)
    counts = rng.integers(0, MOST + 1, (ROWS, COLUMNS))
    start = rng.uniform(0.3, 0.7, (ROWS, COLUMNS))
    gap, edge = 0.2e-6, 20e-9
    sequence = pulse_sequence([SET] * (COLUMNS * MOST) + [Pulse(READ, 1e-6)] * ROWS, gap)
    shares = np.zeros((ROWS, sequence.start.size))
    for column in range(COLUMNS):
        shares[:, column * MOST : (column + 1) * MOST] = np.arange(MOST) < counts[:, [column]]
    shares[:, COLUMNS * MOST :] = np.eye(ROWS)
    reading, end = sequence.start[COLUMNS * MOST] - gap / 2, sequence.waveform.time[-1]
    gates = []
    for column in range(COLUMNS):
        on = sequence.start[column * MOST] - gap / 2
        off = sequence.stop[(column + 1) * MOST - 1] + gap / 2 - edge
        times, volts = [0, on, on + edge], [0, 0, GATE]
        if column < COLUMNS - 1:  # the last one stays open for the reads
            times += [off, off + edge, reading, reading + edge]
            volts += [GATE, 0, 0, GATE]
        gates.append(gate_waveform([*times, end, end + edge], [*volts, GATE, 0]))
    middle = 0.5 * (sequence.plateau_start + sequence.plateau_stop)[COLUMNS * MOST :]
    cell = mc.cells.OneTransistorOneMemristor(device)
    array = mc.Crossbar(cell, rows=ROWS, columns=COLUMNS, wires=0.1)
    driven = drive_array(
        array, start, rows=[sequence.scaled(share) for share in shares], gates=gates,
        sample=[0, reading, *middle, end], stop=end + 5e-6,
        options=Options(reltol=1e-5, extra=("xmu=0.49",)),
    )  # fmt: skip
    return array, start, counts, driven


def test_the_board_is_programmed_as_its_cells_alone(board, device):
    """Within 1 % of the range, by the device's equations in numpy; wires of 0.1 ohm."""
    _, start, counts, driven = board
    alone = start.copy()
    for count in range(1, MOST + 1):
        these = counts == count
        alone[these] = evolve_pulses(
            device.numpy(), [SET.amplitude] * count, SET.width, start[these],
            rise=SET.rise, fall=SET.fall,
        )[:, -1]  # fmt: skip
    state = driven["state"].to_numpy()
    np.testing.assert_allclose(state[0], start, atol=1e-9)
    np.testing.assert_allclose(state[1], alone, atol=3e-3)
    assert np.abs(alone - start).max() > 0.04
    np.testing.assert_allclose(driven["conductance"][1], device.conductance(state[1], READ))


def test_the_board_reads_as_newton_says(board):
    array, _, _, driven = board
    for row in range(ROWS):
        found = driven.isel(sample=2 + row)
        point = array.read_cells(np.where(np.arange(ROWS) == row, READ, 0), found["state"])
        np.testing.assert_allclose(found["output"], point["output"], rtol=1e-4)
        # what enters the row leaves through the columns
        current = float(found["input_current"][row])
        assert current == pytest.approx(float(found["output"].sum()), rel=0.01)


def test_the_energy_of_the_board_is_in_its_elements(board):
    _, _, _, driven = board
    sources = sum(float(driven[f"{kind}_energy"].sum()) for kind in ("row", "column", "gate"))
    assert sources == pytest.approx(float(driven["sources"]), rel=1e-12)
    assert sources == pytest.approx(sum(float(driven[part]) for part in PARTS), rel=1e-3)
    assert driven.attrs["energy_imbalance"] < 5e-4
    assert float(driven["gate_energy"].min()) > 0
    assert (driven["cell_energy"] > 0).all()
    assert driven["cell_energy"].sum() == pytest.approx(float(driven["cells"]))


def test_one_cell_is_driven_as_it_is_programmed(device):
    """The same pulses by ``program_pulses``, half-selected cells and wires included."""
    array = mc.Crossbar(device, rows=3, columns=3, wires=5.0)
    states = np.random.default_rng(2).uniform(0.2, 0.6, (3, 3))
    pulses = [mc.Pulse(1.8, 1e-6)] * 3
    done = program_pulses(array, states, (1, 2), pulses, bias="v/2", reduced=False)
    waveform = pulse_sequence(pulses, 0.2e-6).waveform
    half = Waveform(waveform.time, waveform.voltage / 2)
    driven = drive_array(
        array, states, rows=[half, waveform, half], columns=[half, half, 0.0], waveforms=True
    )
    final = driven["state"].to_numpy()[-1]
    np.testing.assert_allclose(final, done["final_state"], atol=2e-5)
    assert final[1, 2] - states[1, 2] > 0.05
    assert float(driven["sources"]) == pytest.approx(float(done["energy"].sum()), rel=1e-3)
    assert driven.attrs["energy_imbalance"] < 1e-5
    assert driven["waveform_state"].dims == ("time", "row", "column")
    assert driven["time"][-1] == pytest.approx(waveform.time[-1])


@pytest.mark.parametrize("gate_lines", ["row", "column"])
def test_gates_along_rows_or_columns_and_lines_driven_from_both_sides(device, gate_lines):
    """Wires with capacitance, one gate line that opens during the run: the end is Newton's."""
    wires = mc.Wires(
        row=2.0, column=3.0, source=50.0, sense=10.0, row_capacitance=2e-15, drive="both",
        sense_at="top", column_end=1e3,
    )  # fmt: skip
    cell = mc.cells.OneTransistorOneMemristor(device, "nmos_350n")
    array = mc.Crossbar(cell, rows=3, columns=4, wires=wires, gate_lines=gate_lines)
    volts = np.array([0.2, 0.1, -0.1])
    ramp = np.array([0.0, 0.5e-6, 3e-6])
    late = gate_waveform([0, 1e-6, 1.1e-6, 3e-6], [0, 0, 3.0, 3.0])
    driven = drive_array(
        array, 0.5, rows=[Waveform(ramp, np.array([0, volt, volt])) for volt in volts],
        gates=[late, *[3.0] * (2 if gate_lines == "row" else 3)], sample=[0.9e-6, 3e-6],
    )  # fmt: skip
    opened = mc.Crossbar(
        cell, rows=3, columns=4, wires=wires, gate_lines=gate_lines, gate=3.0
    ).read_cells(volts, driven["state"][-1])
    np.testing.assert_allclose(driven["output"][-1], opened["output"], rtol=1e-4)
    shut = driven["input_current"][0, 0] if gate_lines == "row" else driven["output"][0, 0]
    assert abs(float(shut)) < 1e-3 * abs(float(driven["input_current"][-1, 0]))
    assert driven.attrs["energy_imbalance"] < 1e-3


def test_open_lines_carry_nothing_and_take_their_voltage_from_the_cells(device):
    """One volt over two equal cells in series, through a column that nothing senses."""
    array = mc.Crossbar(device, rows=2, columns=2)
    ramp = Waveform(np.array([0.0, 1e-6, 2e-6]), np.array([0.0, READ, READ]))
    driven = drive_array(array, 0.5, rows=[ramp, None], columns=[0.0, None])
    output, into = (driven[name].to_numpy()[-1] for name in ("output", "input_current"))
    assert output[1] == 0
    assert into[1] == 0
    g = device.conductance(0.5, READ)
    # beside the cell itself three in series
    assert output[0] == pytest.approx(READ * g * (1 + 1 / 3), rel=5e-3)
    assert driven.attrs["energy_imbalance"] < 1e-5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": [0.1, 0.2, 0.3]}, r"rows: \(3,\) drives for 2 lines"),
        ({"rows": "PULSE"}, r"rows\[0\] = 'PULSE': expected a Waveform"),
        ({"rows": 1e5}, r"rows\[0\] = 100000 V: expected less than 1000 V"),
        ({"rows": 0.1, "columns": [0.0, np.nan]}, r"columns\[1\] = nan V"),
        ({"rows": 0.1}, "stop is needed where every line has a constant voltage"),
        ({"rows": 0.1, "stop": -1.0}, "stop = -1.0 s: expected a number above 0"),
        (
            {"rows": 0.1, "stop": 1e-6, "sample": [2e-6]},
            r"sample\[0\] = 2e-06: expected 0 to",
        ),
        ({"rows": 0.1, "stop": 1e-6, "step": 0}, "step = 0 s: expected a number above 0"),
        ({"rows": 0.1, "stop": 1e-6, "read": 5e3}, "read = 5000.0 V: less than"),
        ({"rows": 0.1, "stop": 1e-6, "gates": 5.0}, "has no transistor; leave gates out"),
        ({"rows": 0.1, "stop": 1e-6, "states": [0.5]}, r"states has shape \(1,\); expected"),
    ],
)
def test_bad_input_is_refused(device, arguments, message, monkeypatch):
    monkeypatch.setenv("MEMCIRCUIT_NGSPICE", "nowhere")
    array = mc.Crossbar(device, rows=2, columns=2)
    with pytest.raises(UsageError, match=message):
        drive_array(array, arguments.pop("states", 0.5), form="osdi", **arguments)


def test_a_gate_line_is_not_left_open(device):
    array = mc.Crossbar(mc.cells.OneTransistorOneMemristor(device), rows=2, columns=2)
    with pytest.raises(UsageError, match=r"gates\[1\] is None"):
        drive_array(array, 0.5, rows=0.1, gates=[5.0, None], stop=1e-6)
