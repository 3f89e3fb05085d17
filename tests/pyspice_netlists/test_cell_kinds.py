"""Every kind of cell: its weight against ngspice, its bench, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import memcircuit as mc
from memcircuit.experiments.cell_record import verilog_a
from memcircuit.simulate import Job, OperatingPoint, run
from pyspice_netlists import NetlistError, cell_bench

HFO2 = mc.device("lin2022_hfo2")
VTEAM = mc.device("kvatinsky2015_vteam")  # ohmic
MIEC = mc.device("narayanan2015_miec")
CELLS = {
    "1m": mc.cells.OneMemristor(HFO2),
    "1t1r": mc.cells.OneTransistorOneMemristor(HFO2),
    "1t1r_integrated": mc.cells.OneTransistorOneMemristor(HFO2, "nmos_350n"),
    "hybrid": mc.cells.HybridMemristor(HFO2, parallel=1e5, series=1e3),
    "parallel": mc.cells.ParallelMemristors(HFO2, 3),
    "2m": mc.cells.TwoMemristors(HFO2),
    "ratio": mc.cells.RatioCell(HFO2),
    "bridge": mc.cells.FourMemristorBridge(HFO2),
    "2m_vteam": mc.cells.TwoMemristors(VTEAM),
    "bridge_vteam": mc.cells.FourMemristorBridge(VTEAM),
}
# Share of the largest weight. Behind a transistor: its resistance beside the memristor's. Of cells
# that divide a voltage: the memristors are ohmic only to (V / v_ohmic)^2 / 6.
BOUNDS = {"1t1r": 1e-3, "1t1r_integrated": 0.2, "hybrid": 1e-4, "ratio": 1e-4, "bridge": 1e-4}
conductances = st.floats(1e-7, 1e-3)


def read(cell, states, volts, form, gate=5.0):
    """Weights of cells in these states (cells, memristors), by ngspice."""
    wiring = cell.wiring
    sources = {name: repr(volts * wiring.read.get(name, 0.0)) for name in wiring.driven}
    bench = cell_bench(cell, sources, form=form, initial_state=states, gate=gate)
    job = Job("weights", bench.circuit, OperatingPoint(), bench.vectors, verilog_a(cell, form))
    point = run(job)
    vectors = bench.opened if wiring.quantity == "voltage" else {
        port.terminal: port.currents for port in bench.ports
    }  # fmt: skip
    found = {name: np.array([float(point[v]) for v in vectors[name]]) for name in wiring.sensed}
    return sum(factor * found[name] for name, factor in wiring.sensed.items()) / volts


@pytest.mark.parametrize("form", ["osdi", "behavioural"])
@pytest.mark.parametrize("name", CELLS)
def test_weight_is_its_formula(name, form, rng):
    cell, volts = CELLS[name], 0.02
    states = rng.uniform(0.05, 1.0, (7, len(cell.memristors)))
    expected = cell.weight(cell.device.conductance(states.T, volts))
    found = read(cell, states, volts, form)
    bound = BOUNDS.get(name, 1e-9) * np.abs(expected).max()
    np.testing.assert_allclose(found, expected, atol=bound)
    assert np.ptp(expected) > 0.1 * np.abs(expected).max()


def test_integrated_transistor_adds_its_resistance():
    """1T1R with W/L = 10/0.35 um: 1/G less 1/G of the memristor is the same for every state."""
    states = np.linspace(0.1, 1.0, 5)[:, np.newaxis]
    found = read(CELLS["1t1r_integrated"], states, 0.02, "osdi")
    series = 1 / found - 1 / HFO2.conductance(states[:, 0], 0.02)
    # triode: 1 / (kp W/L (vgs - vto)), kp 170 uA/V^2, 4.5 V overdrive
    assert series == pytest.approx(1 / (170e-6 * 10 / 0.35 * 4.5), rel=0.02)


@given(st.lists(conductances, min_size=4, max_size=4))
def test_bridge_formula_in_resistances(g):
    m1, m2, m3, m4 = 1 / np.array(g)
    weight = float(CELLS["bridge"].weight(g))
    assert weight == pytest.approx(m2 / (m1 + m2) - m4 / (m3 + m4), abs=1e-12)
    assert -1 <= weight <= 1
    # exchanging the two dividers turns the sign
    assert float(CELLS["bridge"].weight(np.array(g)[[2, 3, 0, 1]])) == pytest.approx(-weight)


@given(st.lists(conductances, min_size=2, max_size=2), st.floats(0.01, 100))
def test_ratio_takes_no_notice_of_a_common_factor(g, factor):
    weight = CELLS["ratio"].weight
    assert float(weight(np.array(g) * factor)) == pytest.approx(float(weight(g)), rel=1e-12)


@given(conductances)
def test_hybrid_lies_between_its_resistors(g):
    weight = float(CELLS["hybrid"].weight([g]))
    assert 1 / 1e5 < weight < 1 / 1e5 + 1 / 1e3
    exact = 1 / (1 / (1e3 + 1 / g)) if g else 0.0
    assert weight == pytest.approx(1 / 1e5 + 1 / exact, rel=1e-12)


def test_many_instances_are_those_of_one_each():
    cell = CELLS["2m"]
    states, spread = np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([[1.0, 1.1], [1.2, 1.3]])
    nodes = [[f"{pin}{k}" for k in "ab"] for pin in cell.pins]
    many = cell.instances(["0", "1"], nodes, states, {"m_g_max": spread})
    one = [
        cell.instance(str(k), [pin[k] for pin in nodes], states[k], {"m_g_max": spread[k]})
        for k in range(2)
    ]
    assert many == one
    assert many[1] == (
        "X1 bit_lineb plus_lineb minus_lineb state_plusb state_minusb cell_2m_lin2022_hfo2 "
        "x0_plus=0.3 x0_minus=0.4 m_g_max_plus=1.2 m_g_max_minus=1.3"
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: mc.cells.HybridMemristor(HFO2, 0.0, 1e3),
            "parallel = 0.0 ohm: a number above zero",
        ),
        (lambda: mc.cells.HybridMemristor(HFO2, 1e5, -1), "series = -1 ohm: a number above zero"),
        (lambda: mc.cells.ParallelMemristors(HFO2, 1), "count = 1: a whole number of at least 2"),
        (lambda: mc.cells.RatioCell(HFO2, "bc547"), "no transistor 'bc547'"),
        (lambda: mc.cells.OneSelectorOneMemristor(HFO2, HFO2), "both called 'lin2022_hfo2'"),
        (lambda: CELLS["bridge"].weight([1e-6, 1e-6]), r"expected \(4, \.\.\.\)"),
        (lambda: CELLS["2m"].instances(["0"], [["a"]] * 5, [[0.1, 0.2, 0.3]]), r"\(1, 2\)"),
        (lambda: CELLS["2m"].instances(["0"], [["a", "b"]] * 5, [0.1]), "2 nodes of a pin for 1"),
        (lambda: CELLS["2m"].instances(["a b"], [["a"]] * 5, [0.1]), "'a b' cannot be a name"),
        (lambda: CELLS["2m"].instances(["0"], [[""]] * 5, [0.1]), "'' cannot be a name"),
        (
            lambda: cell_bench(CELLS["2m"], "1", form="osdi", initial_state=np.array([0.1])),
            "bit_line, minus_line, plus_line; sources were given for plus_line",
        ),
        (
            lambda: cell_bench(CELLS["1m"], ["1", "2"], form="osdi", initial_state=np.array([0.1])),
            "2 sources for 1 cells",
        ),
    ],
)
def test_refused(make, message):
    with pytest.raises(NetlistError, match=message):
        make()


def test_each_cell_may_have_its_own_driver():
    volts = [0.02, 0.05]
    bench = cell_bench(
        CELLS["1m"], [repr(v) for v in volts], form="osdi", initial_state=np.array([0.5, 0.5])
    )
    job = Job("drivers", bench.circuit, OperatingPoint(), bench.vectors, HFO2.verilog_a("osdi"))
    point = run(job)
    (port,) = bench.ports
    assert [float(point[name]) for name in port.voltages] == volts
    found = [float(point[name]) for name in port.currents]
    np.testing.assert_allclose(found, HFO2.numpy().current(np.array(volts), 0.5), rtol=1e-9)


@pytest.mark.parametrize(
    "make",
    [
        lambda: mc.cells.OneMemristor("lin2022_hfo2"),
        lambda: mc.cells.OneTransistorOneMemristor("lin2022_hfo2"),
        lambda: mc.cells.OneSelectorOneMemristor(HFO2, None),
        lambda: mc.cells.FourMemristorBridge(None),
    ],
)
def test_what_is_no_device_is_refused(make):
    with pytest.raises(NetlistError, match=r"is no device; mc\.device"):
        make()
    with pytest.raises(NetlistError, match="a DifferentialAmplifier, or None"):
        mc.cells.FourMemristorBridge(HFO2, "amp")
