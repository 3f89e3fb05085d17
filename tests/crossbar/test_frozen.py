"""Frozen cells: tangents, the error they make elsewhere, and how far they would move."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.crossbar.cell_law import cell_law
from memcircuit.crossbar.charging import open_transistors
from memcircuit.crossbar.frozen import (
    cells_to_simulate,
    freeze,
    frozen_movement,
    safe_voltages,
)
from memcircuit.crossbar.nonlinear import solve_cells
from memcircuit.crossbar.reduction import reduce_array
from memcircuit.crossbar.selection import select
from memcircuit.crossbar.wires import Wires

SHAPE = (5, 6)
HERE = (2, 4)


@pytest.fixture
def device():
    return mc.device("lin2022_hfo2", v_ohmic=0.5)


@pytest.fixture
def states(rng):
    return rng.uniform(0, 1, SHAPE)


def reduced(device, states, volts):
    """Return the tangents at each voltage, and the network of each."""
    law = cell_law(mc.cells.OneMemristor(device))
    lines, selection = Wires(row=3.0, column=3.0).lines(*SHAPE), select(HERE, SHAPE, "v/2")
    points = freeze(law, states, selection, lines, volts)
    networks = [
        reduce_array(lines, selection, np.array([HERE]), point.g, point.source) for point in points
    ]
    return law, lines, selection, points, networks


def test_on_the_plateau_the_network_is_the_array(device, states):
    """With the selected cell's current at its ports every node is where Newton's method has it."""
    law, lines, selection, _, (network,) = reduced(device, states, [1.8])
    exact = solve_cells(law, states, 0.0, lines, selection.ends(1.8))
    current = exact.current[HERE]
    drive = np.array([-current, current, 1.8])
    np.testing.assert_allclose(np.tensordot(drive, network.row, 1), exact.row, atol=1e-8)
    np.testing.assert_allclose(np.tensordot(drive, network.column, 1), exact.column, atol=1e-8)
    # and to the first order around it: the cell shut off changes its row by 10 mV
    shut = states.copy()
    shut[HERE] = 0.0
    other = solve_cells(law, shut, 0.0, lines, selection.ends(1.8))
    drive[:2] = -other.current[HERE], other.current[HERE]
    moved = np.abs(other.row - exact.row).max()
    assert moved > 1e-3
    assert np.abs(np.tensordot(drive, network.row, 1) - other.row).max() < 2e-2 * moved


def test_misfit_is_the_error_at_another_amplitude(device, states):
    _, _, _, points, networks = reduced(device, states, [1.8, 0.6])
    changed = np.abs(networks[0].open_voltage - networks[1].open_voltage).max()
    predicted, current = points[0].misfit(points[1], networks[0])
    assert 1e-3 < current < 1  # the driver delivers less to cells that conduct less
    assert changed > 1e-4
    # both count the change of the unselected cells; the first order and a loaded port differ
    assert 0.3 * changed < predicted < 3 * changed
    ohmic = mc.device("kvatinsky2015_vteam")
    _, _, _, points, networks = reduced(ohmic, states, [0.2, -0.5])
    assert max(points[0].misfit(points[1], networks[0])) < 1e-9


def test_movement_of_a_known_voltage(device, states):
    """A driver at 1.6 V for a quarter of the run: the sum is a quarter of the rough bound."""
    _, _, _, _, (network,) = reduced(device, states, [1.6])
    time = np.linspace(0, 4e-6, 4001)
    driver = np.where(time < 1e-6, 1.6, 0.0)
    still = np.zeros((time.size, 2))
    across = (network.row - network.column)[-1] * 1.6
    rate = np.abs(device.numpy().rate(across, states))
    cell = mc.cells.OneMemristor(device)
    rough, summed = (
        frozen_movement(cell, states, network, time, driver, still, allowed=allowed,
                        instants=np.array([0.5e-6, 4e-6]), variation={})
        for allowed in (1e9, 0.0)
    )  # fmt: skip
    rate[HERE] = 0.0
    followed = rate * 4e-6 > 0.01  # of the whole range, which is the most that can be allowed
    np.testing.assert_allclose(rough.bound[~followed], (rate * 4e-6)[~followed], rtol=1e-9)
    assert np.all(rough.change[:, ~followed] == 0)
    np.testing.assert_allclose(summed.bound, rate * 1e-6, rtol=1e-3)
    moved = device.numpy().rate(across, states)
    moved[HERE] = 0.0
    np.testing.assert_allclose(summed.change[0], moved * 0.5e-6, rtol=1e-3)
    np.testing.assert_allclose(summed.change[1], moved * 1e-6, rtol=1e-3)
    np.testing.assert_allclose(rough.voltage, np.abs(across), rtol=1e-9)


def test_closed_transistors_that_see_the_pulse_are_simulated(device, states):
    cell = mc.cells.OneTransistorOneMemristor(device, "2n7002")
    lines = Wires(row=3.0, column=3.0).lines(*SHAPE)
    selection = select(HERE, SHAPE, gate=5.0)
    frozen = freeze(cell_law(cell), states, selection, lines, [1.8, -1.8])
    cells = cells_to_simulate(frozen, selection, ~open_transistors(cell, selection))
    assert tuple(cells[0]) == HERE
    assert sorted(map(tuple, cells.tolist())) == [(HERE[0], j) for j in range(SHAPE[1])]
    np.testing.assert_array_equal(cells_to_simulate(frozen, selection, None), [HERE])


@pytest.mark.parametrize(("gate", "is_open"), [(5.0, True), (2.6, True), (2.3, False), (0, False)])
def test_a_transistor_near_its_threshold_counts_as_closed(device, gate, is_open):
    """The 2N7002's threshold is 2.14 V, its slope 0.08 V."""
    cell = mc.cells.OneTransistorOneMemristor(device, "2n7002")
    found = open_transistors(cell, select(HERE, SHAPE, gate=gate))
    assert found[:, HERE[1]].all() == is_open
    assert not np.delete(found, HERE[1], axis=1).any()


def test_safe_voltages_are_the_thresholds_of_a_device_that_has_them(device):
    """VTEAM: -0.2 V and 0.02 V. Else k sinh(v / v_set) T = 1e-3, v_set = 0.12 V, both ways."""
    vteam = mc.device("kvatinsky2015_vteam")
    negative, positive = safe_voltages(vteam, 1e-6, 1e-3, 0.5)
    assert (negative, positive) == pytest.approx((-0.2, 0.02), abs=2e-3)
    negative, positive = safe_voltages(device, 1e-4, 1e-3, 2.0)
    assert positive == pytest.approx(0.12 * np.arcsinh(1e-3 / (0.0204 * 1e-4)), abs=3e-3)
    assert negative == pytest.approx(-0.12 * np.arcsinh(1e-3 / (0.0360 * 1e-4)), abs=3e-3)
    assert safe_voltages(device, 1e-9, 1e-3, 0.5) == (-np.inf, np.inf)
