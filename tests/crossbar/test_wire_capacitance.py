"""Capacitances of the lines: how they charge, what charges them, what takes no notice."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import expm

import memcircuit as mc
from memcircuit.crossbar.spice import read_in_ngspice
from memcircuit.crossbar.wires import Ends, Lines, Wires
from memcircuit.errors import NetlistError, UsageError
from memcircuit.simulate import Job, Transient, run
from pyspice_netlists import LineEnds, ResistorArray, crossbar_bench

RISE = 2e-10


def waveforms(lines, g, stop, points=2000):
    """Return the bench, and what ngspice finds after row 0 has gone from 0 V to 1 V."""
    step = f"PWL(0 0 {RISE} 1)"
    left = [step, *[0.0] * (len(g) - 1)]
    bench = crossbar_bench(lines, ResistorArray(g), LineEnds(left=left))
    job = Job("charging", bench.circuit, Transient(stop, max_step=stop / points), bench.vectors)
    return bench, run(job)


def charging_network(lines, g):
    """Return the rates A and b of dv/dt = A v + b u: row nodes, then column nodes, u on row 0."""
    rows, columns = g.shape
    row = np.arange(g.size).reshape(g.shape)
    column = row + g.size
    conductance, source = np.zeros((2 * g.size, 2 * g.size)), np.zeros(2 * g.size)

    def join(a, b, siemens):
        conductance[[a, b], [a, b]] += siemens
        conductance[[a, b], [b, a]] -= siemens

    for i in range(rows):
        conductance[row[i, 0], row[i, 0]] += 1 / lines.left[i]
        for j in range(columns - 1):
            join(row[i, j], row[i, j + 1], 1 / lines.row[i, j])
    for j in range(columns):
        conductance[column[-1, j], column[-1, j]] += 1 / lines.bottom[j]
        for i in range(rows - 1):
            join(column[i, j], column[i + 1, j], 1 / lines.column[i, j])
    for a, b, siemens in zip(row.flat, column.flat, g.flat, strict=True):
        join(a, b, siemens)
    source[row[0, 0]] = 1 / lines.left[0]
    farads = np.concatenate([lines.row_capacitance.ravel(), lines.column_capacitance.ravel()])
    return -conductance / farads[:, np.newaxis], source / farads


def after_the_step(rates, drive, time):
    """Return the voltages at ``time``: the ramp, then 1 V, each by a matrix exponential."""
    size = len(drive)
    # the drive and its slope are states as well
    whole = np.zeros((size + 2, size + 2))
    whole[:size, :size], whole[:size, size], whole[size, size + 1] = rates, drive, 1.0
    start = np.zeros(size + 2)
    start[-1] = 1 / RISE
    top = expm(whole * min(time, RISE)) @ start
    top[-1] = 0.0
    return (expm(whole * max(time - RISE, 0.0)) @ top)[:size]


def test_step_response_is_that_of_the_matrix_exponential(rng):
    shape = 3, 5
    g = 1 / rng.uniform(1e3, 1e4, shape)
    lines = Wires(
        row=rng.uniform(50, 150, (3, 6)), column=rng.uniform(50, 150, (4, 5)), source=200.0,
        sense=100.0, row_capacitance=rng.uniform(0.5e-12, 2e-12, shape),
        column_capacitance=rng.uniform(0.5e-12, 2e-12, shape),
    ).lines(*shape)  # fmt: skip
    bench, found = waveforms(lines, g, 1e-8)
    network = charging_network(lines, g)
    time = found["time"].to_numpy()
    names = [*bench.row_voltage.flat, *bench.column_voltage.flat]
    for instant in (1e-10, 3e-10, 1e-9, 3e-9, 9e-9):
        expected = after_the_step(*network, instant)
        simulated = [np.interp(instant, time, found[name].to_numpy()) for name in names]
        np.testing.assert_allclose(simulated, expected, atol=1e-3 * expected.max())
    # far from the driver the line is still charging when its beginning no longer is
    early = after_the_step(*network, 1e-9)
    late = after_the_step(*network, 1e-7)
    assert early[4] / late[4] < 0.7 * early[0] / late[0]


@pytest.mark.parametrize("segment", [0.0, 100.0])
def test_the_driver_delivers_the_charge_that_the_line_holds(segment, rng):
    """Cells that are open leave all of it on the row; ideal wires leave the driver to bring it."""
    farads = rng.uniform(0.5e-12, 2e-12, (2, 4))
    lines = Wires(row=segment, column=1.0, row_capacitance=farads, column_capacitance=1e-12)
    bench, found = waveforms(lines.lines(2, 4), np.zeros((2, 4)), 2e-8)
    time = found["time"].to_numpy()
    delivered = np.trapezoid(-found[bench.left[0]].to_numpy(), time)
    volts = [float(found[name][-1]) for name in bench.row_voltage[0]]
    np.testing.assert_allclose(volts, 1.0, rtol=1e-6)
    assert delivered == pytest.approx(farads[0] @ volts, rel=1e-4)
    assert np.abs(found[bench.left[1]].to_numpy()).max() < 1e-12


def test_half_of_the_drivers_energy_is_on_the_line(rng):
    """What a step delivers beyond C V^2 / 2 is lost in the wires, whatever their resistance."""
    farads = rng.uniform(0.5e-12, 2e-12, (1, 4))
    lines = Wires(row=300.0, column=1.0, source=1e4, row_capacitance=farads).lines(1, 4)
    bench, found = waveforms(lines, np.zeros((1, 4)), 1e-6, points=5000)
    current, time = -found[bench.left[0]].to_numpy(), found["time"].to_numpy()
    driver = np.clip(time / RISE, 0, 1)
    delivered = np.trapezoid(driver * current, time)
    nodes = np.column_stack([driver, *(found[name] for name in bench.row_voltage[0])])
    ohms = np.array([lines.left[0], *lines.row[0]])
    lost = np.trapezoid((np.diff(nodes, axis=1) ** 2 / ohms).sum(axis=1), time)
    assert delivered == pytest.approx(lost + farads.sum() / 2, rel=1e-3)
    assert lost == pytest.approx(farads.sum() / 2, rel=5e-2)


def test_operating_points_take_no_notice(rng):
    g, v = 1 / rng.uniform(1e3, 1e5, (4, 3)), rng.uniform(0, 0.3, 4)
    plain = Wires(row=1.0, column=2.0, source=10.0)
    loaded = replace(plain, row_capacitance=1e-12, column_capacitance=np.full((4, 3), 2e-12))
    arrays = [mc.Crossbar(rows=4, columns=3, wires=wires) for wires in (plain, loaded)]
    np.testing.assert_array_equal(arrays[0].read(v, g), arrays[1].read(v, g))
    reads = [
        read_in_ngspice(array.lines, Ends.reading(array.lines, v), conductances=g)
        for array in arrays
    ]
    for name in ("output", "row_voltage", "column_voltage"):
        np.testing.assert_allclose(reads[1][name], reads[0][name], rtol=1e-12)


def test_nodes_that_are_one_share_one_capacitor():
    farads = np.array([[1.0, 2.0, 4.0], [8.0, 16.0, 0.0]]) * 1e-12
    lines = Wires(
        row=np.array([[1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 1.0]]), column=1.0,
        row_capacitance=farads,
    ).lines(2, 3)  # fmt: skip
    circuit = crossbar_bench(lines, ResistorArray(np.ones((2, 3)))).circuit.splitlines()
    found = {line.split()[1]: float(line.split()[3]) for line in circuit if line[0] == "C"}
    expected = {"r0_0": 3e-12, "r0_2": 4e-12, "left1": 8e-12, "r1_1": 16e-12}
    assert found == pytest.approx(expected)


def test_transposed_lines_exchange_them(rng):
    row, column = rng.random((2, 3, 2))
    lines = Wires(row_capacitance=row, column_capacitance=column).lines(3, 2).transposed()
    np.testing.assert_array_equal(lines.row_capacitance, column.T)
    np.testing.assert_array_equal(lines.column_capacitance, row.T)
    other = replace(lines, left=np.ones(2))
    np.testing.assert_array_equal(other.row_capacitance, column.T)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (-1e-15, r"row_capacitance = -1e-15: expected 0 F or more, and finite"),
        ([[0.0, 1e-15], [np.nan, 0.0]], r"row_capacitance\[1, 0\] = nan: expected"),
        (np.inf, "row_capacitance = inf"),
        ([1e-15, 1e-15], r"row_capacitance has shape \(2,\); expected one number or \(2, 2\)"),
        ("1p", "row_capacitance: expected real numbers"),
    ],
)
def test_refuses(given, message):
    for kind in ("row", "column"):
        with pytest.raises(UsageError, match=message.replace("row", kind)):
            Wires(**{f"{kind}_capacitance": given}).lines(2, 2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.full((2, 2), -1e-15), r"lines\.column_capacitance\[0, 0\] = -1e-15 F"),
        (np.zeros((2, 3)), r"lines\.column_capacitance has shape \(2, 3\); expected \(2, 2\)"),
    ],
)
def test_netlists_refuse_what_no_wires_made(given, message):
    one = np.ones(2)
    lines = Lines(
        row=np.ones((2, 1)), column=np.ones((1, 2)), left=one, right=one, top=one, bottom=one,
        column_capacitance=given,
    )  # fmt: skip
    with pytest.raises(NetlistError, match=message):
        crossbar_bench(lines, ResistorArray(np.ones((2, 2))))
