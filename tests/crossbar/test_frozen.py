"""Frozen cells: tangents, the error they make elsewhere, and how far they would move."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.crossbar.cell_law import cell_law
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
    predicted = points[0].misfit(points[1], networks[0])
    assert changed > 1e-4
    # both count the change of the unselected cells; the first order and a loaded port differ
    assert 0.3 * changed < predicted < 3 * changed
    ohmic = mc.device("kvatinsky2015_vteam")
    _, _, _, points, networks = reduced(ohmic, states, [0.2, -0.5])
    assert points[0].misfit(points[1], networks[0]) < 1e-9


def test_movement_of_a_known_voltage(device, states):
    """A driver at 1.6 V for a quarter of the run: the sum is a quarter of the rough bound."""
    _, _, _, _, (network,) = reduced(device, states, [1.6])
    time = np.linspace(0, 4e-6, 4001)
    driver = np.where(time < 1e-6, 1.6, 0.0)
    still = np.zeros((time.size, 2))
    across = (network.row - network.column)[-1] * 1.6
    rate = np.abs(device.numpy().rate(across, states))
    rough, summed = (
        frozen_movement(device, states, network, time, driver, still, allowed=allowed, variation={})
        for allowed in (np.inf, 0.0)
    )
    rate[HERE] = 0.0
    np.testing.assert_allclose(rough.state, rate * 4e-6, rtol=1e-9)
    np.testing.assert_allclose(summed.state, rate * 1e-6, rtol=1e-3)
    np.testing.assert_allclose(rough.voltage, np.abs(across), rtol=1e-9)


def test_closed_transistors_that_see_the_pulse_are_simulated(device, states):
    cell = mc.cells.OneTransistorOneMemristor(device, "2n7002")
    lines = Wires(row=3.0, column=3.0).lines(*SHAPE)
    for bias, count in (("grounded", SHAPE[1]), ("v/2", SHAPE[1])):
        selection = select(HERE, SHAPE, bias, gate=5.0)
        frozen = freeze(cell_law(cell), states, selection, lines, [1.8, -1.8])
        cells = cells_to_simulate(frozen, selection, gated=True)
        assert tuple(cells[0]) == HERE
        assert sorted(map(tuple, cells.tolist())) == [(HERE[0], j) for j in range(count)]
        alone = cells_to_simulate(frozen, selection, gated=False)
        np.testing.assert_array_equal(alone, [HERE])


def test_safe_voltages_are_the_thresholds_of_a_device_that_has_them(device):
    """VTEAM: -0.2 V and 0.02 V. Else k sinh(v / v_set) T = 1e-3, v_set = 0.12 V, both ways."""
    vteam = mc.device("kvatinsky2015_vteam")
    negative, positive = safe_voltages(vteam, 1e-6, 1e-3, 0.5)
    assert (negative, positive) == pytest.approx((-0.2, 0.02), abs=2e-3)
    negative, positive = safe_voltages(device, 1e-4, 1e-3, 2.0)
    assert positive == pytest.approx(0.12 * np.arcsinh(1e-3 / (0.0204 * 1e-4)), abs=3e-3)
    assert negative == pytest.approx(-0.12 * np.arcsinh(1e-3 / (0.0360 * 1e-4)), abs=3e-3)
    assert safe_voltages(device, 1e-9, 1e-3, 0.5) == (-np.inf, np.inf)
