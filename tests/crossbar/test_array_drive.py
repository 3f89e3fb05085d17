"""A whole array as one netlist under waveforms: what moves, what flows, where the energy goes."""

import numpy as np
import pytest
from scipy.integrate import quad

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


def charged_array(device, transistor):
    wires = mc.Wires(
        row=20.0, column=30.0, source=100.0, sense=50.0, row_capacitance=1e-14,
        column_capacitance=2e-14,
    )  # fmt: skip
    cell = mc.cells.OneTransistorOneMemristor(device, transistor)
    return mc.Crossbar(cell, rows=3, columns=2, wires=wires)


STATES = np.random.default_rng(1).uniform(0.1, 0.9, (3, 2))
STEP = np.array([0.0, 1e-8])


@pytest.mark.parametrize("volts", [-1.5, 1.5, 3.0])
@pytest.mark.parametrize("transistor", ["2n7002", "nmos_350n"])
def test_the_energy_of_runs_that_end_with_charged_drains(device, transistor, volts):
    """Rows step and stay, all transistors closed; below 0 V the body diodes conduct."""
    array = charged_array(device, transistor)
    driven = drive_array(
        array, STATES, rows=Waveform(STEP, volts * STEP / STEP[1]), gates=0.0, stop=2e-6
    )
    assert driven.attrs["energy_imbalance"] < 1e-3
    share = float(driven["stored"] / driven["sources"])
    assert share > 0.3 if volts > 0 else 0 < share < 0.1


def test_a_charged_drain_holds_the_integral_of_its_capacitance(device):
    """C0 (1 + v / p)^-m v over v by scipy, and the gate's to the drain."""
    array = mc.Crossbar(mc.cells.OneTransistorOneMemristor(device, "nmos_350n"), rows=1, columns=1)
    law = array.require_cell().access_transistor().law
    volts = 2.0
    ramp = Waveform(np.array([0.0, 1e-6]), np.array([0.0, volts]))
    driven = drive_array(array, 0.5, rows=ramp, gates=0.0, stop=3e-6)
    junction = quad(lambda v: law.cbd * (1 + v / law.pb) ** -law.mj * v, 0, volts)[0]
    gate_drain = quad(lambda v: float(law.capacitances(np.array(-v)).gate_drain) * v, 0, volts)[0]
    assert float(driven["stored"]) == pytest.approx(junction + gate_drain, rel=1e-3)
    # the memristor takes next to nothing from a slow ramp
    assert float(driven["sources"]) == pytest.approx(float(driven["stored"]), rel=5e-3)


@pytest.mark.parametrize("volts", [0.2, 1.6])
def test_the_energy_of_a_gate_pulse(device, volts):
    """What a drain sends through its body diode's resistance while a gate moves is counted."""
    array = mc.Crossbar(mc.cells.OneTransistorOneMemristor(device), rows=1, columns=1)
    gate = gate_waveform([0, 1e-7, 1.1e-7, 5e-7, 5.1e-7, 1e-6], [0, 0, 5, 5, 0, 0])
    row = Waveform(np.array([0, 5e-8, 1e-6]), np.array([0, volts, volts]))
    for options, bound in ((None, 1e-3), (Options(), 1e-4)):
        driven = drive_array(array, 0.5, rows=row, gates=gate, options=options)
        assert driven.attrs["energy_imbalance"] < bound


def test_the_energy_that_closed_transistors_give_back(device):
    """No gate moves, so that nothing is damped; a sixtieth of what was delivered is left."""
    pulse = gate_waveform([0, 1e-8, 1e-7, 1.1e-7, 3e-7], [0, 1.8, 1.8, 0, 0])
    array = charged_array(device, "nmos_350n")
    driven = drive_array(array, STATES, rows=[pulse, 0.0, 0.0], gates=0.0)
    assert driven.attrs["energy_imbalance"] < 3e-3
    assert abs(float(driven["stored"])) < 1e-3 * float(driven["sources"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": [0.0, 0.1]}, r"row line 1 that has a drive is not driven \(inf\)"),
        (
            {"rows": [0.1, None], "columns": [Waveform(STEP, 1e8 * STEP), 0.0]},
            r"column line 0 that has a drive is not sensed \(inf\)",
        ),
    ],
)
def test_a_drive_on_a_line_with_open_ends_is_refused(device, arguments, message):
    wires = mc.Wires(row=1.0, column=1.0, source=[0.0, np.inf], sense=[np.inf, 0.0])
    array = mc.Crossbar(device, rows=2, columns=2, wires=wires)
    with pytest.raises(UsageError, match=message):
        drive_array(array, 0.5, stop=1e-7, **arguments)
    driven = drive_array(array, 0.5, rows=[0.1, 0.0], columns=[None, 0.0], stop=1e-7)
    assert float(driven["input_current"][-1, 1]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": [0.1, 0.2, 0.3]}, r"rows: \(3,\) drives for 2 lines"),
        ({"rows": np.ones((2, 2))}, r"rows: \(2, 2\) drives for 2 lines"),
        ({"rows": [[1, 2], 3]}, r"rows\[0\] = \[1, 2\]: expected a Waveform"),
        ({"rows": 0.1, "stop": 1e-6, "keep": 3}, "keep = 3: expected a directory"),
        ({"rows": 0.1, "stop": 1e-6, "sample": [True]}, r"sample: expected real numbers"),
        ({"rows": 0.1, "stop": 1e-6, "states": True}, "states: expected real numbers"),
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
        (
            {"rows": 0.1, "stop": 1e-6, "variation": {"m_g_min": [[1, 1], [1e7, 1]]}},
            r"cell \(1, 0\): parameter g_min = 10 S is outside",
        ),
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
