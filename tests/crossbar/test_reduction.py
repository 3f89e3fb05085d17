"""Reduction to ports: against a dense Schur complement, and its limits."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.crossbar.charging import ArrayCapacitances, array_capacitances, port_capacitances
from memcircuit.crossbar.reduction import reduce_array
from memcircuit.crossbar.selection import BIASES, select
from memcircuit.crossbar.wires import Wires
from memcircuit.errors import UsageError

ROWS, COLUMNS = 5, 4
CELLS = [(2, 1), (2, 3), (4, 1)]


def dense(lines, g, row_share, column_share):
    """Return the nodal matrix and the currents per volt of the driver, node by node."""
    rows, columns = g.shape
    size = rows * columns
    matrix, current = np.zeros((2 * size, 2 * size)), np.zeros(2 * size)

    def join(a, b, siemens):
        matrix[a, a] += siemens
        matrix[b, b] += siemens
        matrix[a, b] -= siemens
        matrix[b, a] -= siemens

    def end(a, ohm, share):
        matrix[a, a] += 1 / ohm
        current[a] += share / ohm

    for i in range(rows):
        for j in range(columns):
            row, column = i * columns + j, size + i * columns + j
            join(row, column, g[i, j])
            if j + 1 < columns:
                join(row, row + 1, 1 / lines.row[i, j])
            if i + 1 < rows:
                join(column, column + columns, 1 / lines.column[i, j])
        end(i * columns, lines.left[i], row_share[i])
        end(i * columns + columns - 1, lines.right[i], row_share[i])
    for j in range(columns):
        end(size + j, lines.top[j], column_share[j])
        end(2 * size - columns + j, lines.bottom[j], column_share[j])
    return matrix, current


def ports_of(cells, shape):
    rows = np.array([i * shape[1] + j for i, j in cells])
    return np.concatenate([rows, shape[0] * shape[1] + rows])


@pytest.fixture
def array(rng):
    """Unequal segments, drivers of 5 ohm, far ends to ground, cells of 1 to 40 kohm."""
    wires = Wires(
        row=rng.uniform(0.5, 3, (ROWS, COLUMNS + 1)),
        column=rng.uniform(0.5, 3, (ROWS + 1, COLUMNS)),
        source=5.0, sense=2.0, row_end=1e3,
    )  # fmt: skip
    return wires.lines(ROWS, COLUMNS), 1 / rng.uniform(1e3, 40e3, (ROWS, COLUMNS))


@pytest.mark.parametrize("bias", list(BIASES))
def test_against_the_dense_schur_complement(array, bias, rng):
    lines, g = array
    selection = select(CELLS, g.shape, bias, gate=5.0)
    network = reduce_array(lines, selection, np.array(CELLS), g, np.zeros(g.shape))

    rest = g.copy()
    rest[tuple(np.array(CELLS).T)] = 0.0
    matrix, current = dense(
        selection.lines(lines), rest, selection.row_share, selection.column_share
    )
    ports = ports_of(CELLS, g.shape)
    inner = np.setdiff1d(np.arange(len(matrix)), ports)
    carry = matrix[np.ix_(ports, inner)] @ np.linalg.inv(matrix[np.ix_(inner, inner)])
    schur = matrix[np.ix_(ports, ports)] - carry @ matrix[np.ix_(inner, ports)]
    driven = current[ports] - carry @ current[inner]

    # relative to the geometric mean of the conductances at both ports
    scale = np.sqrt(np.outer(np.diag(schur), np.diag(schur)))
    assert np.abs((network.admittance() - schur) / scale).max() < 1e-9
    mesh = network.conductances()
    np.testing.assert_allclose(mesh[:, -2], driven, rtol=1e-9, atol=1e-12 * scale.max())
    total = mesh.sum(axis=1)
    np.testing.assert_allclose(total, np.diag(schur), rtol=1e-9)
    assert mesh.min() > -1e-12 * scale.max()

    # every node, from the same solutions
    into, volts = rng.normal(0, 1e-3, 6), 1.3
    given = current * volts
    given[ports] += into
    exact = np.linalg.solve(matrix, given).reshape(2, *g.shape)
    drive = np.append(into, volts)
    np.testing.assert_allclose(np.tensordot(drive, network.row, 1), exact[0], atol=1e-9)
    np.testing.assert_allclose(np.tensordot(drive, network.column, 1), exact[1], atol=1e-9)
    at_ports = exact.ravel()[ports]
    found = network.port_currents(at_ports, np.array(volts))
    np.testing.assert_allclose(found, into, atol=1e-9)


def test_sources_beside_the_cells(array, rng):
    """They change the open voltages and nothing else."""
    lines, g = array
    source = rng.normal(0, 1e-4, g.shape)
    source[tuple(np.array(CELLS).T)] = 0.0
    selection = select(CELLS, g.shape, "v/2")
    network = reduce_array(lines, selection, np.array(CELLS), g, source)
    plain = reduce_array(lines, selection, np.array(CELLS), g, np.zeros(g.shape))
    np.testing.assert_allclose(network.impedance, plain.impedance, rtol=1e-9)

    rest = g.copy()
    rest[tuple(np.array(CELLS).T)] = 0.0
    matrix, current = dense(lines, rest, selection.row_share, selection.column_share)
    current -= np.concatenate([source.ravel(), -source.ravel()])
    expected = np.linalg.solve(matrix, current)[ports_of(CELLS, g.shape)]
    np.testing.assert_allclose(network.open_voltage, expected, rtol=1e-9)


def test_the_driver_pays_for_all_that_is_lost(array, rng):
    """Power into ports and from the driver equals that in cells, wires and ends."""
    lines, g = array
    selection = select(CELLS, g.shape, "v/3")
    network = reduce_array(lines, selection, np.array(CELLS), g, np.zeros(g.shape))
    into, volts = rng.normal(0, 1e-3, 6), 0.8
    drive = np.append(into, volts)
    row, column = np.tensordot(drive, network.row, 1), np.tensordot(drive, network.column, 1)
    at = tuple(np.array(CELLS).T)
    rest = g.copy()
    rest[at] = 0.0
    ends = selection.ends(volts)
    lost = (
        (rest * (row - column) ** 2).sum()
        + (np.diff(row, axis=1) ** 2 / lines.row).sum()
        + (np.diff(column, axis=0) ** 2 / lines.column).sum()
        + ((row[:, 0] - ends.left) ** 2 / lines.left).sum()
        + ((row[:, -1]) ** 2 / lines.right).sum()
        + ((column[0] - ends.top) ** 2 / lines.top).sum()
        + ((column[-1] - ends.bottom) ** 2 / lines.bottom).sum()
    )
    # the far ends of the rows follow the driver too
    lost += ((row[:, -1] - ends.right) ** 2 / lines.right - row[:, -1] ** 2 / lines.right).sum()
    ports = np.concatenate([row[at], column[at]]) @ into
    assert volts * (network.driver_current @ drive) + ports == pytest.approx(lost, rel=1e-9)


def test_one_cell_alone():
    lines = Wires(row=1.0, column=2.0, source=50.0, sense=10.0).lines(1, 1)
    network = reduce_array(
        lines, select((0, 0), (1, 1)), np.array([[0, 0]]), np.ones((1, 1)), np.zeros((1, 1))
    )
    np.testing.assert_allclose(network.open_voltage, [1.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(network.impedance, np.diag([51.0, 12.0]), atol=1e-9)


@pytest.mark.parametrize("ohm", [1e-3, 1e-6, 0.0])
def test_ideal_wires_bring_the_drivers_voltage_to_the_port(ohm, rng):
    g = rng.uniform(1e-6, 350e-6, (6, 7))
    network = reduce_array(
        Wires(row=ohm, column=ohm).lines(6, 7), select((2, 3), (6, 7), "v/2"), np.array([[2, 3]]),
        g, np.zeros(g.shape),
    )  # fmt: skip
    # no more than the whole array's current through a whole line
    bound = max(7 * ohm * g.sum(), 1e-9)
    np.testing.assert_allclose(network.open_voltage, [1.0, 0.0], atol=bound)
    assert network.impedance.max() < max(8 * ohm, 2e-6)


def test_ports_that_are_one_node():
    """Behind 10 ohm two cells of a row of ideal wires share a node; the third is elsewhere."""
    g = np.full((3, 4), 1e-4)
    cells = np.array([[1, 0], [1, 2], [2, 0]])
    lines = Wires(source=10.0, sense=5.0).lines(3, 4)
    network = reduce_array(lines, select((1, 0), (3, 4)), cells, g, np.zeros((3, 4)))
    np.testing.assert_array_equal(network.node, [0, 0, 2, 3, 4, 3])
    mesh = network.conductances()
    assert mesh[0, 1] == mesh[1, 0] == pytest.approx(1e6)
    # mesh as a nodal matrix: 1 A into either port raises both
    laplacian = np.diag(mesh.sum(axis=1)) - mesh[:, :6]
    raised = np.linalg.solve(laplacian, np.eye(6)[1])
    np.testing.assert_allclose(raised[0], network.impedance[0, 0], rtol=1e-6)
    np.testing.assert_allclose(raised[2], network.impedance[0, 2], rtol=1e-6)


def test_capacitances_are_the_admittance_to_the_first_order_in_frequency(array, rng):
    """Schur complement of G + j omega C far below the first pole, driver held or driven."""
    lines, g = array
    selection = select(CELLS, g.shape, "v/2")
    network = reduce_array(lines, selection, np.array(CELLS), g, np.zeros(g.shape))
    cells = ArrayCapacitances(*rng.uniform(5e-12, 50e-12, (5, *g.shape)))
    mesh = port_capacitances(network, cells)

    rest, farads = g.copy(), [np.array(part) for part in (cells.row, cells.column, cells.across)]
    for part in (rest, *farads):
        part[tuple(np.array(CELLS).T)] = 0.0
    matrix, current = dense(lines, rest, selection.row_share, selection.column_share)
    row, column, across = (part.ravel() for part in farads)
    wires = np.concatenate([cells.row_wire.ravel(), cells.column_wire.ravel()])
    charge = np.diag(np.concatenate([row + across, column + across]) + wires)
    corner = np.arange(g.size)
    charge[corner, g.size + corner] = charge[g.size + corner, corner] = -across
    omega = 1e3
    ports = ports_of(CELLS, g.shape)
    inner = np.setdiff1d(np.arange(len(matrix)), ports)
    whole = matrix + 1j * omega * charge
    carry = whole[np.ix_(ports, inner)] @ np.linalg.inv(whole[np.ix_(inner, inner)])
    schur = whole[np.ix_(ports, ports)] - carry @ whole[np.ix_(inner, ports)]
    driven = current[ports] - carry @ current[inner]

    laplacian = np.diag(mesh.sum(axis=1)) - mesh[:, :-2]
    expected = schur.imag / omega
    np.testing.assert_allclose(laplacian, expected, atol=2e-3 * np.abs(expected).max())
    np.testing.assert_allclose(mesh[:, -2], driven.imag / omega, atol=2e-3 * expected.max())
    assert np.abs(driven.imag).max() > 0


def test_capacitances_of_a_transistor():
    """2N7002 by its card: Ciss of an open one at its source; a closed one's drain on the row."""
    lines = Wires(row=1.0, column=1.0).lines(3, 4)
    selection = select((1, 2), (3, 4), gate=5.0)
    cell = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))
    found = array_capacitances(cell, selection, lines)
    assert found.row[0, 2] == found.across[0, 2] == 0
    assert 16e-12 + 13.2e-12 < found.column[0, 2] < 16e-12 + 23.52e-12
    np.testing.assert_allclose(found.column[:, 0], 16e-12)
    np.testing.assert_allclose(found.across[:, 0], 29.58e-12)
    # at 0 V, where ngspice's tanh meets its arc tangent (test_vdmos.py shows it by a ramp)
    gate_drain = 23.52e-12 - (23.52e-12 - 2.939e-12) / (1 + np.pi / 2)
    np.testing.assert_allclose(found.row[:, 0], gate_drain)
    assert not np.any([found.row_wire, found.column_wire])


def test_capacitances_of_an_integrated_transistor():
    """By its card: 0.016 pF of oxide, that of an open channel; overlaps of 2 fF and a junction."""
    lines = Wires(row=1.0, column=1.0).lines(3, 4)
    cell = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"), "nmos_350n")
    found = array_capacitances(cell, select((1, 2), (3, 4), gate=3.3), lines)
    oxide = 3.9 * 8.8542e-12 / 7.6e-9 * 10e-6 * 0.35e-6
    np.testing.assert_allclose(found.column[:, 2], oxide + 4e-15 + 0.035e-15, rtol=1e-5)
    np.testing.assert_allclose(found.row[:, 0], 2e-15)
    np.testing.assert_allclose(found.across[:, 0], cell.access_transistor().law.cbd)


def test_capacitances_of_wires():
    """A passive array has none but these, at every node; without them there are none at all."""
    cell = mc.cells.OneMemristor(mc.device("lin2022_hfo2"))
    selection = select((1, 2), (3, 4))
    assert array_capacitances(cell, selection, Wires(row=1.0).lines(3, 4)) is None
    lines = Wires(row=1.0, column=1.0, row_capacitance=1e-15, column_capacitance=2e-15).lines(3, 4)
    found = array_capacitances(cell, selection, lines)
    np.testing.assert_array_equal(found.row_wire, np.full((3, 4), 1e-15))
    np.testing.assert_array_equal(found.column_wire, np.full((3, 4), 2e-15))
    assert not np.any([found.row, found.column, found.across])


def test_a_line_that_floats_is_refused():
    g = np.zeros((3, 3))
    with pytest.raises(UsageError, match="row line 0 floats"):
        reduce_array(
            Wires(row=1.0).lines(3, 3), select((1, 1), (3, 3), "floating"), np.array([[1, 1]]),
            g, np.zeros((3, 3)),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((3, 0), (3, 3)), r"\(3, 0\) lies outside"),
        (((0, -1), (3, 3)), r"\(0, -1\) lies outside"),
        (([(0, 0), (0, 0)], (3, 3)), "each once"),
        (([], (3, 3)), "expected"),
        ((1, (3, 3)), "list of such pairs"),
        (((0.5, 1), (3, 3)), "list of such pairs"),
        (((0, 0), (3, 3), "v/4"), "bias = 'v/4'; choose grounded"),
    ],
)
def test_wrong_selections_are_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        select(*arguments)
