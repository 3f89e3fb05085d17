"""Currents of cells against ngspice's operating point of the same cells."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import memcircuit as mc
from memcircuit.crossbar.cell_law import cell_law
from memcircuit.errors import UsageError
from memcircuit.simulate import Job, OperatingPoint, Options, run
from pyspice_netlists import transistor
from pyspice_netlists.cells import Cell

CELLS = {
    f"{kind.__name__} of {card}": kind(mc.device(card))
    for kind in (mc.cells.OneMemristor, mc.cells.OneTransistorOneMemristor)
    for card in ("lin2022_hfo2", "kvatinsky2015_vteam")
}
HFO2_1T1R = CELLS["OneTransistorOneMemristor of lin2022_hfo2"]
volts = st.floats(-1.5, 1.5)


def in_ngspice(cell, row, column, state, gate, variation=None):
    """Return the currents (A) of cells side by side, each between sources of its own."""
    lines = [*cell.include_lines("behavioural"), f"Vg gate 0 {gate}"]
    for k, (high, low) in enumerate(zip(row.tolist(), column.tolist(), strict=True)):
        lines += [f"Vr{k} r{k} 0 {high}", f"Vc{k} c{k} 0 {low}"]
        own = {name: float(values[k]) for name, values in (variation or {}).items()}
        nodes = (f"r{k}", "gate" if cell.gated else "0", f"c{k}", f"s{k}")
        lines.append(cell.instance(str(k), nodes, float(state[k]), own))
    names = tuple(f"i(vr{k})" for k in range(row.size))
    options = Options(reltol=1e-8, abstol=1e-13, vntol=1e-10)
    result = run(Job("cells", "\n".join(lines), OperatingPoint(), names), options=options)
    return -np.array([float(result[name]) for name in names])


def drawn(rng, cells, largest):
    """Return potentials of row and column lines, V, and states."""
    return (
        rng.uniform(-largest, largest, cells),
        rng.uniform(-0.1, 0.1, cells),
        rng.uniform(0, 1, cells),
    )


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("gate", [3.0, 5.0])
@pytest.mark.parametrize("largest", [0.3, 2.0])
def test_current_is_that_of_ngspice(cell, gate, largest, rng):
    row, column, state = drawn(rng, 40, largest)
    found = cell_law(cell).current(row, column, state, np.array(gate))[0]
    np.testing.assert_allclose(found, in_ngspice(cell, row, column, state, gate), rtol=1e-8)


@pytest.mark.parametrize("gate", [1.5, 2.0, 2.3])
def test_current_that_the_transistor_limits_is_that_of_ngspice(gate, rng):
    row, column, state = drawn(rng, 40, 2.0)
    found = cell_law(HFO2_1T1R).current(row, column, state, np.array(gate))[0]
    # The rounding of volts over half an ohm in ngspice is a few 1e-15 A.
    expected = in_ngspice(HFO2_1T1R, row, column, state, gate)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=5e-15)


@pytest.mark.parametrize("gmin", [1e-12, 1e-9])
def test_a_cell_that_is_off_leaks_through_the_body_diode(gmin):
    row = np.linspace(0.5, 1.5, 8)
    law = cell_law(HFO2_1T1R, gmin=gmin)
    found = law.current(row, np.zeros(8), np.full(8, 0.5), np.array(0.0))[0]
    np.testing.assert_allclose(found, gmin * row + 1e-12, rtol=3e-3)


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("gate", [2.3, 5.0])
def test_slopes_are_those_of_the_current(cell, gate, rng):
    row, column, state = drawn(rng, 200, 1.0)
    law, step, gate = cell_law(cell), 1e-5, np.array(gate)
    _, after_row, after_column = law.current(row, column, state, gate)
    for slope, up, side in ((after_row, step, 0.0), (after_column, 0.0, step)):
        ahead = law.current(row + up, column + side, state, gate)[0]
        behind = law.current(row - up, column - side, state, gate)[0]
        size = np.abs(slope).max()
        np.testing.assert_allclose(
            slope, (ahead - behind) / (2 * step), rtol=1e-5, atol=1e-5 * size
        )


@given(row=volts, column=volts, state=st.floats(0, 1), gate=st.floats(0, 6), shift=volts)
def test_only_differences_of_potentials_count(row, column, state, gate, shift):
    law = cell_law(HFO2_1T1R)
    potentials = np.array([row, column, gate])
    i, *slopes = law.current(*potentials[:2], np.array(state), potentials[2])
    moved = potentials + shift
    i_moved, *slopes_moved = law.current(*moved[:2], np.array(state), moved[2])
    # 1e-15 V of rounding at the gate or across an open memristor
    assert float(i_moved) == pytest.approx(float(i), rel=1e-9, abs=1e-15)
    assert float(i) * (row - column) >= 0
    assert np.allclose(slopes, slopes_moved, rtol=1e-5, atol=1e-9)


def test_variation_is_that_of_the_instances(rng):
    row, column, state = drawn(rng, 20, 0.5)
    variation = {"m_g_max": rng.uniform(0.8, 1.2, 20)}
    found = cell_law(HFO2_1T1R, variation).current(row, column, state, np.array(5.0))[0]
    expected = in_ngspice(HFO2_1T1R, row, column, state, 5.0, variation)
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_what_has_no_law_is_refused_by_name():
    class Pair(Cell):
        prefix = "pair"
        gated = False

        def build(self, circuit, **parameters):
            """Nothing is built here."""

    device = mc.device("lin2022_hfo2")
    with pytest.raises(UsageError, match="cell Pair has no current law"):
        cell_law(Pair(device))
    plain = replace(transistor("2n7002"), name="plain", law=None)
    with pytest.raises(UsageError, match="transistor 'plain' has netlist lines only"):
        cell_law(mc.cells.OneTransistorOneMemristor(device, plain))
    with pytest.raises(UsageError, match="no multiplier 'm_x'"):
        cell_law(mc.cells.OneMemristor(device), {"m_x": 1.0})
