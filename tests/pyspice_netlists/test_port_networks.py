"""Cells with a mesh: against the nodal equations, and what is left out of the mesh."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.simulate import Job, OperatingPoint, Transient, run
from pyspice_netlists import NetlistError
from pyspice_netlists.port_networks import PortCells, port_bench

STATES = np.array([0.2, 0.7])


@pytest.fixture(scope="module")
def device():
    return mc.device("kvatinsky2015_vteam")


def two_cells(device, **arguments):
    cell = mc.cells.OneMemristor(device)
    return PortCells(cell, [(0, 3), (2, 1)], STATES, "behavioural", **arguments)


def mesh(rng):
    """Ports r0_3, r2_1, c0_3, c2_1, then driver and ground; one conductance is negative."""
    between = rng.uniform(1e-3, 5e-2, (4, 4))
    between = np.triu(between, 1) + np.triu(between, 1).T
    outside = rng.uniform(1e-3, 5e-2, (4, 2))
    outside[2, 0] = -2e-4
    return np.column_stack([between, outside])


def test_port_voltages_against_the_nodal_equations(device, rng):
    conductances = mesh(rng)
    bench = port_bench(two_cells(device), conductances, "0.1")
    job = Job("mesh", bench.circuit, OperatingPoint(), bench.vectors)
    result = run(job)

    cells = device.conductance(STATES, 0.1)  # ohmic
    matrix = np.diag(conductances.sum(axis=1)) - conductances[:, :4]
    for k, g in enumerate(cells):
        matrix[np.ix_([k, k + 2], [k, k + 2])] += g * np.array([[1, -1], [-1, 1]])
    expected = np.linalg.solve(matrix, 0.1 * conductances[:, 4])
    names = (*bench.row_voltage, *bench.column_voltage)
    found = np.array([float(result[name]) for name in names])
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert names == ("v(r0_3)", "v(r2_1)", "v(c0_3)", "v(c2_1)")
    assert float(result[bench.driver]) == 0.1


def test_negligible_resistors_are_left_out(device, rng):
    """A share of 1e-16 at both nodes goes; one that matters to the smaller node stays."""
    conductances = mesh(rng)
    whole = port_bench(two_cells(device), conductances, "0.1").circuit.count("Rmesh")
    assert whole == 6 + 8
    conductances[0, 1] = conductances[1, 0] = 1e-18
    assert port_bench(two_cells(device), conductances, "0.1").circuit.count("Rmesh") == whole - 1
    conductances[1] *= 1e-17
    conductances[:, 1] *= 1e-17
    conductances[0, 1] = conductances[1, 0] = 1e-20
    assert port_bench(two_cells(device), conductances, "0.1").circuit.count("Rmesh") == whole


def test_capacitors_charge_through_the_mesh(device, rng):
    """A negative one among them; the nodal equations are integrated by matrix exponential."""
    from scipy.linalg import expm

    conductances = mesh(rng)
    farads = np.zeros((4, 6))
    farads[:, 5] = [2e-12, 1e-12, 3e-12, 2e-12]
    farads[0, 1] = farads[1, 0] = -0.2e-12
    bench = port_bench(two_cells(device), conductances, "PWL(0 0 1p 0.1)", capacitances=farads)
    assert bench.circuit.count("Cmesh") == 5
    step = 1e-12
    result = run(
        Job("charging", bench.circuit, Transient(stop=2e-10, max_step=step), bench.vectors)
    )

    matrix = np.diag(conductances.sum(axis=1)) - conductances[:, :4]
    for k, g in enumerate(device.conductance(STATES, 0.1)):
        matrix[np.ix_([k, k + 2], [k, k + 2])] += g * np.array([[1, -1], [-1, 1]])
    charge = np.diag(farads.sum(axis=1)) - farads[:, :4]
    final = np.linalg.solve(matrix, 0.1 * conductances[:, 4])
    for instant in (3e-11, 1e-10):
        # the ramp of 1 ps delays the step by half of it
        left = expm(-np.linalg.solve(charge, matrix) * (instant - 0.5e-12)) @ final
        names = (*bench.row_voltage, *bench.column_voltage)
        found = [np.interp(instant, result["time"], result[name]) for name in names]
        np.testing.assert_allclose(found, final - left, atol=2e-3 * np.abs(final).max())


def test_gates(device):
    """One source for each voltage; 0 V is ground."""
    cell = mc.cells.OneTransistorOneMemristor(device, "2n7002")
    cells = PortCells(cell, [(0, 0), (0, 1), (1, 0)], np.zeros(3), "behavioural",
                      gates=np.array([5.0, 0.0, 5.0]))  # fmt: skip
    lines = cells.lines()
    assert [line for line in lines if line.startswith("Vgate")] == ["Vgate0 gate0 0 5.0"]
    assert sum(" gate0 " in line for line in lines if line.startswith("X")) == 2


def test_variation_reaches_the_cells(device):
    cells = two_cells(device, variation={"m_r_on": np.array([1.0, 1.5])})
    assert "m_r_on=1.5" in cells.lines()[-1]


def test_what_does_not_fit_is_refused(device):
    cell = mc.cells.OneTransistorOneMemristor(device, "2n7002")
    with pytest.raises(NetlistError, match=r"states has shape \(3,\); expected \(1,\)"):
        PortCells(cell, [(0, 0)], np.zeros(3), "behavioural")
    with pytest.raises(NetlistError, match="needs one gate voltage"):
        PortCells(cell, [(0, 0)], np.zeros(1), "behavioural")
    with pytest.raises(NetlistError, match=r"mesh of 2 cells must be \(4, 6\) finite"):
        port_bench(two_cells(device), np.zeros((4, 4)), "0.1")
