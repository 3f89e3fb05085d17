"""Arrays of non-linear cells against ngspice, sparse direct solutions and Kirchhoff's law."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.linalg import spsolve

import memcircuit as mc
from memcircuit.crossbar.cell_law import cell_law
from memcircuit.crossbar.nonlinear import ConvergenceError, solve_cells
from memcircuit.crossbar.spice import read_in_ngspice, tight_options
from memcircuit.crossbar.wires import Ends, Wires
from memcircuit.errors import UsageError

VTEAM = mc.cells.OneMemristor(mc.device("kvatinsky2015_vteam"))
HFO2 = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))
GMIN = tight_options().gmin
SEGMENTS = Wires(row=2.0, column=2.0, source=100.0, sense=10.0)


@dataclass(frozen=True)
class Steep:
    """Cells with a sinh law, ten times as steep as any card's: 1 uS, an e-fold per 50 mV."""

    scale: float = 0.05

    def current(self, row, column, state, gate):  # noqa: ARG002 - part of the protocol
        """Return current and slopes; state and gate play no part."""
        v = np.clip((row - column) / self.scale, -300, 300)
        slope = 1e-6 * np.cosh(v)
        return 1e-6 * self.scale * np.sinh(v), slope, -slope


def prepared(wires, rows, columns, rng, low=0.1, high=0.3):
    """Return lines, ends of a read and states."""
    lines = wires.lines(rows, columns)
    ends = Ends.reading(lines, rng.uniform(low, high, rows))
    return lines, ends, rng.uniform(0, 1, (rows, columns))


def by_sparse_solution(g, wires, rows, columns, v):
    """Return the output currents (A) of a linear array driven left and sensed at the bottom."""
    count = rows * columns
    upper = np.arange(count).reshape(rows, columns)
    lower = upper + count
    pairs = [(upper, lower, g)]
    pairs.append((upper[:, :-1], upper[:, 1:], np.full((rows, columns - 1), 1 / wires.row)))
    pairs.append((lower[:-1], lower[1:], np.full((rows - 1, columns), 1 / wires.column)))
    first, last = 1 / (wires.source + wires.row), 1 / (wires.sense + wires.column)
    matrix = sparse.lil_matrix((2 * count, 2 * count))
    for one, other, conductance in pairs:
        for a, b, c in zip(one.flat, other.flat, conductance.flat, strict=True):
            matrix[a, a] += c
            matrix[b, b] += c
            matrix[a, b] -= c
            matrix[b, a] -= c
    right = np.zeros(2 * count)
    for node, potential in zip(upper[:, 0], v, strict=True):
        matrix[node, node] += first
        right[node] = first * potential
    for node in lower[-1]:
        matrix[node, node] += last
    return last * spsolve(matrix.tocsc(), right)[lower[-1]]


@pytest.mark.parametrize("cell", [VTEAM, HFO2], ids=["VTEAM", "HfO2 1T1R"])
@pytest.mark.parametrize(("low", "high"), [(0.1, 0.3), (1.2, 1.2), (-1.2, -0.8)])
def test_reads_are_those_of_ngspice(cell, low, high, rng):
    lines, ends, state = prepared(SEGMENTS, 16, 16, rng, low, high)
    found = solve_cells(cell_law(cell, gmin=GMIN), state, 5.0, lines, ends)
    gate = 5.0 if cell.gated else None
    expected = read_in_ngspice(lines, ends, cell=cell, states=state, gate=gate)
    np.testing.assert_allclose(found.output, expected["output"], rtol=1e-8)
    np.testing.assert_allclose(found.row, expected["row_voltage"], rtol=1e-8)
    np.testing.assert_allclose(found.column, expected["column_voltage"], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("gate", [3.0, 2.3])
def test_transistors_that_limit_the_current(gate, rng):
    """Where the gate decides, the cells' slopes are far from symmetric."""
    cell = mc.cells.OneTransistorOneMemristor(mc.device("kvatinsky2015_vteam"))
    lines, ends, state = prepared(SEGMENTS, 16, 16, rng, 1.0, 1.2)
    found = solve_cells(cell_law(cell, gmin=GMIN), state, gate, lines, ends)
    expected = read_in_ngspice(lines, ends, cell=cell, states=state, gate=gate)
    np.testing.assert_allclose(found.output, expected["output"], rtol=1e-7)
    assert found.newton_steps < 10


def test_one_gate_line_on(rng):
    """Programming: one row of transistors is on, the others leak."""
    lines, ends, state = prepared(SEGMENTS, 8, 8, rng, 1.8, 1.8)
    gates = np.where(np.arange(8) == 3, 5.0, 0.0)
    found = solve_cells(cell_law(HFO2, gmin=GMIN), state, gates[:, None], lines, ends)
    expected = read_in_ngspice(lines, ends, cell=HFO2, states=state, gate=gates, gate_lines="row")
    np.testing.assert_allclose(found.output, expected["output"], rtol=1e-8)
    leak = np.delete(found.current, 3, axis=0)
    np.testing.assert_allclose(leak, 1e-12, rtol=1e-2)  # the diode's saturation current


@pytest.mark.slow
@pytest.mark.parametrize("cell", [VTEAM, HFO2], ids=["VTEAM", "HfO2 1T1R"])
@pytest.mark.parametrize("volts", [0.3, 1.2])
def test_larger_reads_are_those_of_ngspice(cell, volts, rng):
    lines, ends, state = prepared(SEGMENTS, 32, 32, rng, volts / 3, volts)
    found = solve_cells(cell_law(cell, gmin=GMIN), state, 5.0, lines, ends)
    gate = 5.0 if cell.gated else None
    expected = read_in_ngspice(lines, ends, cell=cell, states=state, gate=gate)
    np.testing.assert_allclose(found.output, expected["output"], rtol=1e-8)


def test_linear_cells_are_the_linear_array(rng):
    lines, ends, state = prepared(SEGMENTS, 7, 11, rng)
    expected = by_sparse_solution(VTEAM.device.conductance(state, 0.1), SEGMENTS, 7, 11, ends.left)
    found = solve_cells(cell_law(VTEAM), state, 0.0, lines, ends)
    np.testing.assert_allclose(found.output, expected, rtol=1e-8)


def test_ideal_wires_leave_the_law_alone(rng):
    lines, ends, state = prepared(Wires(), 5, 9, rng)
    law = cell_law(HFO2)
    found = solve_cells(law, state, 5.0, lines, ends)
    row = np.broadcast_to(ends.left[:, None], (5, 9))
    current = law.current(row, np.zeros((5, 9)), state, np.array(5.0))[0]
    np.testing.assert_allclose(found.output, current.sum(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(found.row, row)


def test_ideal_lines_behind_a_driver(rng):
    """One node per line: the sum of its cells goes through the driver."""
    lines, ends, state = prepared(Wires(source=1e3, sense=50.0), 4, 6, rng)
    found = solve_cells(cell_law(HFO2), state, 5.0, lines, ends)
    into = (ends.left - found.row[:, 0]) / 1e3
    np.testing.assert_allclose(found.current.sum(axis=1), into, rtol=1e-7)
    np.testing.assert_allclose(found.current.sum(axis=0), found.column[0] / 50.0, rtol=1e-7)
    np.testing.assert_allclose(found.output, found.column[0] / 50.0, rtol=1e-12)


@pytest.mark.parametrize("sense_at", ["top", "bottom", "both"])
@pytest.mark.parametrize("drive", ["left", "right", "both"])
def test_all_that_goes_in_comes_out(drive, sense_at, rng):
    wires = Wires(row=1.0, column=3.0, source=20.0, sense=5.0, drive=drive, sense_at=sense_at)
    lines, ends, state = prepared(wires, 6, 5, rng)
    found = solve_cells(cell_law(HFO2), state, 5.0, lines, ends)
    assert found.imbalance <= 1e-9
    assert found.output.sum() == pytest.approx(found.current.sum(), rel=1e-8)


def test_a_batch_is_its_members(rng):
    lines, _, _ = prepared(SEGMENTS, 6, 5, rng)
    v, state = rng.uniform(-1, 1, (3, 1, 6)), rng.uniform(0, 1, (2, 6, 5))
    law = cell_law(HFO2)
    found = solve_cells(law, state, 5.0, lines, Ends.reading(lines, v))
    assert found.output.shape == (3, 2, 5)
    assert found.row.shape == found.column.shape == found.current.shape == (3, 2, 6, 5)
    for k in range(3):
        for m in range(2):
            alone = solve_cells(law, state[m], 5.0, lines, Ends.reading(lines, v[k, 0]))
            np.testing.assert_allclose(found.output[k, m], alone.output, rtol=1e-7, atol=1e-15)


def test_a_near_solution_saves_steps(rng):
    lines, ends, state = prepared(SEGMENTS, 12, 12, rng, 1.0, 1.2)
    law = cell_law(HFO2)
    cold = solve_cells(law, state, 5.0, lines, ends)
    assert solve_cells(law, state, 5.0, lines, ends, start=cold).newton_steps == 0
    near = solve_cells(law, state * 0.999, 5.0, lines, ends, start=cold)
    assert 0 < near.newton_steps < cold.newton_steps


@pytest.mark.parametrize("volts", [0.3, 1.0, 3.0])
def test_steep_cells_are_reached_from_nothing(volts):
    lines = SEGMENTS.lines(6, 6)
    ends = Ends.reading(lines, np.linspace(volts / 2, volts, 6))
    found = solve_cells(Steep(), np.zeros((6, 6)), 0.0, lines, ends)
    into = (ends.left - found.row[:, 0]) / 102.0
    np.testing.assert_allclose(found.current.sum(axis=1), into, rtol=1e-6)
    assert found.imbalance <= 1e-9


def test_nothing_applied_nothing_flows():
    lines = SEGMENTS.lines(3, 4)
    found = solve_cells(Steep(), np.zeros((3, 4)), 0.0, lines, Ends.reading(lines, np.zeros(3)))
    assert not found.output.any()
    assert found.imbalance == 0
    assert found.newton_steps == 0


def test_too_few_steps_are_said_with_figures(rng):
    lines, ends, state = prepared(SEGMENTS, 6, 6, rng, 1.0, 1.2)
    with pytest.raises(ConvergenceError, match=r"after 1 Newton steps: array 0 of 1 lacks .* A"):
        solve_cells(cell_law(HFO2), state, 5.0, lines, ends, max_steps=1)
    assert ConvergenceError.exit_status == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": np.zeros((4, 3))}, r"state has shape \(4, 3\); expected \(..., 3, 4\)"),
        ({"state": np.full((3, 4), np.nan)}, r"state\[0, 0\] = nan"),
        ({"state": np.full((3, 4), 1.5)}, r"state\[0, 0\] = 1.5"),
        ({"gate": np.zeros(5)}, "gate"),
        ({"gate": np.inf}, "gate"),
        ({"tolerance": 0.0}, "tolerance"),
        ({"max_steps": 0}, "max_steps"),
        ({"v": np.array([1.0, np.nan, 0.0])}, "row line 1"),
    ],
)
def test_nonsense_is_refused_by_name(changes, words):
    lines = SEGMENTS.lines(3, 4)
    given = {"state": np.zeros((3, 4)), "gate": 0.0, "v": np.ones(3)} | changes
    ends = Ends.reading(lines, given.pop("v"))
    with pytest.raises(UsageError, match=words):
        solve_cells(Steep(), given.pop("state"), given.pop("gate"), lines, ends, **given)
