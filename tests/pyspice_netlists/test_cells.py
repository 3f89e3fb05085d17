"""Cells, elements and transistors in a real simulation."""

import numpy as np
import pytest
from PySpice.Spice.Netlist import Circuit

import memcircuit as mc
from memcircuit.devices.cards import cards_directory
from memcircuit.simulate import DCSweep, Job, OperatingPoint, run
from pyspice_netlists import NetlistError, OsdiElement, cell_bench, transistor
from pyspice_netlists.elements import text


@pytest.fixture
def device():
    return mc.device("lin2022_hfo2")


def test_cell_refuses_bad_nodes_and_names(device):
    cell = mc.cells.OneMemristor(device)
    with pytest.raises(NetlistError, match="3 nodes"):
        cell.instance("1", ("a", "b", "c"))
    with pytest.raises(NetlistError, match=r"'a\\nshell' cannot be a name"):
        cell.instance("1", ("a\nshell", "0", "0", "s"))
    with pytest.raises(NetlistError, match="no multiplier"):
        cell.instance("1", ("a", "0", "0", "s"), variation={"m_x": 1.0})
    with pytest.raises(NetlistError, match="no transistor 'bc547'; there are 2n7002"):
        transistor("bc547")


def test_cell_takes_the_transistor_of_the_card(device, tmp_path):
    assert mc.cells.OneTransistorOneMemristor(device).access_transistor().name == "q2n7002"
    text_ = (cards_directory() / "lin2022_hfo2.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(
        text_.replace('transistor = "2n7002"', 'transistor = "bs170"'), encoding="utf-8"
    )
    with pytest.raises(NetlistError, match="no transistor 'bs170'; there are 2n7002"):
        mc.cells.OneTransistorOneMemristor(mc.device(path))
    assert mc.cells.OneTransistorOneMemristor(mc.device(path), "2n7002").name == "cell_1t1r_mine"


def test_bench_refuses_wrong_shapes(device):
    cell = mc.cells.OneMemristor(device)
    with pytest.raises(NetlistError, match=r"0 \.\.\. 1"):
        cell_bench(cell, "1", form="behavioural", initial_state=np.array([1.5]))
    with pytest.raises(NetlistError, match=r"shape \(2,\); expected \(3,\)"):
        cell_bench(cell, "1", form="behavioural", initial_state=np.zeros(3),
                   variation={"m_k_set": np.ones(2)})  # fmt: skip


@pytest.mark.parametrize("form", ["osdi", "behavioural"])
def test_operating_point_is_the_numpy_current(card_device, form):
    states = np.array([0.0, 0.3, 1.0])
    bench = cell_bench(mc.cells.OneMemristor(card_device), "0.1", form=form, initial_state=states)
    point = run(Job("op", bench.circuit, OperatingPoint(), bench.vectors,
                    card_device.verilog_a(form)))  # fmt: skip
    current = [float(point[name]) for name in bench.currents]
    np.testing.assert_allclose(current, card_device.numpy().current(0.1, states), rtol=1e-9)
    # the state is frozen: the deviation is zero
    assert [float(point[name]) for name in bench.states] == pytest.approx([0.0] * 3, abs=1e-12)


def test_gate_opens_and_closes_the_cell(device):
    cell = mc.cells.OneTransistorOneMemristor(device)
    current = {}
    for gate in (0.0, 5.0):
        bench = cell_bench(cell, "0.2", form="osdi", initial_state=np.array([1.0]), gate=gate)
        job = Job("gate", bench.circuit, OperatingPoint(), bench.vectors, device.verilog_a("osdi"))
        current[gate] = float(run(job)[bench.currents[0]])
    alone = float(device.numpy().current(0.2, 1.0))
    # 352 uS in series with less than 3 ohm: within 0.1 % of the memristor alone
    assert current[5.0] == pytest.approx(alone, rel=1e-3)
    assert current[5.0] < alone
    assert abs(current[0.0]) < 1e-9


def test_2n7002_meets_the_data_sheet():
    # data sheet, typical: on-resistance 1.7 ohm at 5 V / 50 mA, threshold 2.1 V at 250 uA
    fet = transistor("2n7002")
    body = "\n".join(fet.lines)
    on = body + f"\nXm d g 0 {fet.name}\nVg g 0 5\nId 0 d 0.05\n"
    point = run(Job("on", on, OperatingPoint(), ("v(d)",)))
    assert float(point["v(d)"]) / 0.05 == pytest.approx(1.7, rel=0.02)
    diode = body + f"\nXm d d 0 {fet.name}\nId 0 d 250e-6\n"
    assert float(run(Job("th", diode, OperatingPoint(), ("v(d)",)))["v(d)"]) == pytest.approx(
        2.1, abs=0.02
    )


def test_osdi_element_in_a_pyspice_circuit(device):
    circuit = Circuit("element")
    circuit.V("in", "a", circuit.gnd, 0.1)
    OsdiElement(circuit, "mem", "a", "0", "s", model="card", x0=0.5, m_g_max=2.0)
    values = " ".join(f"{k}={text(v)}" for k, v in device.parameters.items())
    circuit.raw_spice = f".model card graded_bipolar {values}\n"
    body = str(circuit).split("\n", 1)[1]
    assert "Nmem a 0 s card x0=0.5 m_g_max=2.0" in body
    sweep = run(Job("dc", body, DCSweep("vin", -0.1, 0.1, 0.05), ("i(vin)",),
                    device.verilog_a("osdi")))  # fmt: skip
    volts = np.linspace(-0.1, 0.1, 5)
    expected = device.numpy().current(volts, 0.5, m_g_max=2.0)
    np.testing.assert_allclose(-sweep["i(vin)"], expected, rtol=1e-9, atol=1e-18)
