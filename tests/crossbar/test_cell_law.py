"""Currents of cells against ngspice's operating point of the same cells."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import memcircuit as mc
from memcircuit.crossbar.cell_law import cell_law, memristor_voltage
from memcircuit.errors import UsageError
from memcircuit.simulate import Job, OperatingPoint, Options, run
from pyspice_netlists import transistor
from pyspice_netlists.cells import Cell

CELLS = {
    f"{kind.__name__} of {card}": kind(mc.device(card))
    for kind in (mc.cells.OneMemristor, mc.cells.OneTransistorOneMemristor)
    for card in ("lin2022_hfo2", "kvatinsky2015_vteam")
}
INTEGRATED = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"), "nmos_350n")
SELECTOR = mc.device("narayanan2015_miec")
PASSIVE = {
    "1S1R": mc.cells.OneSelectorOneMemristor(mc.device("lin2022_hfo2"), SELECTOR),
    "1S1R, selector with a state": mc.cells.OneSelectorOneMemristor(
        mc.device("kvatinsky2015_vteam"), mc.device("midya2017_ag_hfo2")
    ),
    "hybrid": mc.cells.HybridMemristor(mc.device("lin2022_hfo2"), parallel=2e4, series=1e3),
    "hybrid of a curved device": mc.cells.HybridMemristor(
        mc.device("yang2008_tio2"), parallel=1e5, series=300.0
    ),
}
HFO2_1T1R = CELLS["OneTransistorOneMemristor of lin2022_hfo2"]
volts = st.floats(-1.5, 1.5)


def in_ngspice(cell, row, column, state, gate, variation=None, form="behavioural", **options):
    """Return the currents (A) of cells side by side, each between sources of its own."""
    lines = [*cell.include_lines(form), f"Vg gate 0 {gate}"]
    for k, (high, low) in enumerate(zip(row.tolist(), column.tolist(), strict=True)):
        lines += [f"Vr{k} r{k} 0 {high}", f"Vc{k} c{k} 0 {low}"]
        own = {name: float(values[k]) for name, values in (variation or {}).items()}
        nodes = (f"r{k}", "gate" if cell.gated else "0", f"c{k}", f"s{k}")
        lines.append(cell.instance(str(k), nodes, float(state[k]), own))
    names = tuple(f"i(vr{k})" for k in range(row.size))
    tight = Options(**({"reltol": 1e-8, "abstol": 1e-13, "vntol": 1e-10} | options))
    models = tuple(file for device in cell.devices for file in device.verilog_a(form))
    result = run(Job("cells", "\n".join(lines), OperatingPoint(), names, models), options=tight)
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


@pytest.mark.parametrize("gate", [0.45, 0.6, 3.3])
def test_current_through_an_integrated_transistor_is_that_of_ngspice(gate, rng):
    row, column, state = drawn(rng, 40, 2.0)
    found = cell_law(INTEGRATED).current(row, column, state, np.array(gate))[0]
    tight = {"reltol": 1e-12, "abstol": 1e-20, "vntol": 1e-14}
    expected = in_ngspice(INTEGRATED, row, column, state, gate, **tight)
    # of a closed transistor ngspice finds the drain to 1e-14 V of a memristor of 100 uS
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-18)


@pytest.mark.parametrize("form", ["osdi", "behavioural"])
@pytest.mark.parametrize("cell", PASSIVE.values(), ids=PASSIVE)
@pytest.mark.parametrize("largest", [0.3, 2.0])
def test_current_of_a_passive_cell_is_that_of_ngspice(cell, form, largest, rng):
    row, column, state = drawn(rng, 30, largest)
    found = cell_law(cell).current(row, column, state, np.array(0.0))[0]
    # osdi cells have gmin at their inner node
    expected = in_ngspice(cell, row, column, state, 0.0, form=form, gmin=1e-18)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-15)


def test_small_currents_keep_their_digits():
    """An off selector holds all of the voltage: the current is its own, from 1e-17 A on."""
    selector = SELECTOR.numpy()
    volts = np.array([-1e-6, 1e-9, 1e-6, 1e-3, 0.1])
    found = cell_law(PASSIVE["1S1R"]).current(volts, np.zeros(5), np.full(5, 0.5), np.array(0))[0]
    expected = selector.port(volts, np.full(5, SELECTOR.initial_state))[0]
    assert np.abs(expected).min() < 1e-16
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    # the share that the memristor takes is as exact as its conductance
    alone = PASSIVE["1S1R"].device.numpy().port(np.zeros(()), np.array(0.5))[1]
    slope = selector.port(volts[1], np.array(SELECTOR.initial_state))[1]
    assert found[1] == pytest.approx(volts[1] / (1 / slope + 1 / alone), rel=1e-9)


def test_a_hybrid_cell_is_its_resistors_and_its_memristor():
    """Of an ohmic device: the closed form of its weight."""
    cell = mc.cells.HybridMemristor(mc.device("kvatinsky2015_vteam"), parallel=5e3, series=200.0)
    state = np.linspace(0, 1, 9)
    i, after_row, after_column = cell_law(cell).current(
        np.full(9, 0.3), np.full(9, 0.1), state, np.array(0.0)
    )
    alone = cell.device.numpy().port(np.full(9, 0.2), state)[0] / 0.2
    np.testing.assert_allclose(i, 0.2 * cell.weight(alone[np.newaxis]), rtol=1e-12)
    np.testing.assert_allclose(after_row, i / 0.2, rtol=1e-12)
    np.testing.assert_array_equal(after_column, -after_row)


def test_what_the_memristor_sees_of_a_cell(rng):
    """Beside a selector both carry one current; beside a resistor the divider's closed form."""
    volts, state = rng.uniform(-2, 2, 20), rng.uniform(0, 1, 20)
    cell = PASSIVE["1S1R"]
    seen = memristor_voltage(cell, volts, state)
    in_selector = SELECTOR.numpy().port(volts - seen, SELECTOR.initial_state)[0]
    in_memristor = cell.device.numpy().port(seen, state)[0]
    here = np.abs(seen) > 1e-3
    assert here.sum() > 5
    np.testing.assert_allclose(in_selector[here], in_memristor[here], rtol=1e-9)

    ohmic = mc.cells.HybridMemristor(mc.device("kvatinsky2015_vteam"), parallel=5e3, series=200.0)
    g = ohmic.device.conductance(state, 0.1)
    expected = volts / (1 + 200.0 * g)
    np.testing.assert_allclose(memristor_voltage(ohmic, volts, state), expected, rtol=1e-12)
    np.testing.assert_array_equal(memristor_voltage(INTEGRATED, volts, state), volts)


@pytest.mark.parametrize("cell", [*PASSIVE.values(), INTEGRATED], ids=[*PASSIVE, "integrated"])
@pytest.mark.parametrize("volts", [0.2, 1.2, 2.6])
# A closed selector leaves 1e-14 A, of which the wires' rounding is more than the tolerance.
@pytest.mark.filterwarnings("ignore::memcircuit.crossbar.nodes.ConvergenceWarning")
def test_an_array_with_wires_is_that_of_ngspice(cell, volts, rng):
    """Newton's method on the law against the operating point of the whole array."""
    array = mc.Crossbar(cell, rows=6, columns=5, wires=20.0, gate=1.5 if cell.gated else None)
    states, v = rng.uniform(0, 1, (6, 5)), rng.uniform(0.5, 1.0, 6) * volts
    found = array.read_cells(v, states)
    expected = array.read_cells(v, states, simulator="ngspice")
    np.testing.assert_allclose(found["output"], expected["output"], rtol=1e-8)
    np.testing.assert_allclose(found["row_voltage"], expected["row_voltage"], rtol=1e-8)


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
