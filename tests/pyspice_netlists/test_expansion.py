"""Subcircuit calls written out against ngspice's own expansion of them."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.crossbar.wires import Wires
from memcircuit.simulate import Job, OperatingPoint, Options, Transient, run
from pyspice_netlists import CellArray, LineEnds, crossbar_bench
from pyspice_netlists.cells import HybridMemristor, OneSelectorOneMemristor
from pyspice_netlists.expansion import expanded

HFO2 = mc.device("lin2022_hfo2")
CELLS = (
    mc.cells.OneMemristor(HFO2),
    mc.cells.OneTransistorOneMemristor(HFO2),
    mc.cells.OneTransistorOneMemristor(HFO2, "nmos_350n"),
    OneSelectorOneMemristor(HFO2, mc.device("narayanan2015_miec")),
    HybridMemristor(HFO2, parallel=1e5, series=500.0),
)


@pytest.mark.parametrize("cell", CELLS)
def test_ngspice_finds_the_same_in_its_own_expansion(cell, rng, monkeypatch):
    """The same names, the same operating point, and waveforms within their tolerance."""
    spread = {name: rng.uniform(0.9, 1.1, (2, 3)) for name in ("m_k_set", "m_g_max")}
    array = CellArray(
        cell, rng.uniform(0.2, 0.8, (2, 3)), "osdi", spread, gate=5.0 if cell.gated else None
    )
    lines = Wires(row=2.0, column=1.0, source=50.0).lines(2, 3)
    ends = LineEnds(left=["0.2 PULSE(0 1.2 0 1u 1u 5u)", 0.1])
    verilog_a = {path for device in cell.devices for path in device.verilog_a("osdi")}
    found = {}
    for name in ("ours", "ngspice"):
        if name == "ngspice":
            monkeypatch.setattr("pyspice_netlists.crossbars.expanded", lambda *_: None)
        bench = crossbar_bench(lines, array, ends)
        calls = [line for line in bench.circuit.splitlines() if line.startswith("X1_2 ")]
        assert len(calls) == (name == "ngspice")
        inner = "n.x1_2.xmemristor.nmodel"
        analyses = OperatingPoint(), Transient(1e-5, max_step=1e-7)
        found[name] = [
            run(Job("array", bench.circuit, analysis, (*bench.vectors, f"@{inner}[x0]"),
                    tuple(verilog_a)), options=Options(reltol=1e-6))
            for analysis in analyses
        ]  # fmt: skip
    for rtol, ours, judge in zip((1e-9, 1e-6), found["ours"], found["ngspice"], strict=True):
        for vector in judge.data_vars:
            np.testing.assert_allclose(ours[vector], judge[vector], rtol=rtol, atol=1e-12)
    assert float(found["ours"][0][f"@{inner}[x0]"]) == pytest.approx(array.states[1, 2])


def test_places_nodes_and_parameters():
    definitions = """\
.MODEL card widget (a=1)
.model nm nmos vto=1
.subckt inner P n k = 3 quiet=1e-3
N1 p MIDDLE card
+ k={K} other=2
Rload middle 0 {quiet}
.ends
* a comment
.subckt outer top state params: size=1
Xpart top between inner k={size}
Mgate between top 0 0 nm W=1e-6
Cst state gnd 1e-12
.ends outer
""".splitlines()
    assert expanded(definitions, "outer", ["size"]).splitlines() == [
        "n.x{0}.xpart.n1 {1} x{0}.xpart.middle card k={3:.15e} other=2",
        "r.x{0}.xpart.rload x{0}.xpart.middle 0 1e-3",
        "m.x{0}.mgate x{0}.between {1} 0 0 nm w=1e-6",
        "c.x{0}.cst {2} gnd 1e-12",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "B1 a 0 I=v(a)",
        "R1 a 0 {2*size}",
        "R1 a 0 {unknown}",
        "R1 a 0 size",
        "X1 a sized r=size",
        "R1 {size} 0 1",
        "R{size} a 0 1",
        "R1 a 0 1k tc1=1 2",
        "N1 a 0 missing_card",
        "X1 a missing",
        "X1 a b leaf",
        "X1 a leaf nothing=1",
        "V1 a 0 SIN(0 1 1k)",
        ".model local nmos",
        ".param half={size/2}",
    ],
)
def test_leaves_to_ngspice_what_it_cannot_write_out(line):
    definitions = [
        ".subckt leaf a", "R1 a 0 1", ".ends", ".subckt sized a r=1", "R1 a 0 {r}", ".ends",
        ".subckt top a size=1", line, ".ends",
    ]  # fmt: skip
    assert expanded(definitions, "top", ["size"]) is None
    assert expanded([*definitions[:7], "R1 a 0 {size}", ".ends"], "top", ["size"])
    assert expanded(definitions, "top", ["m_x"]) is None


def test_behavioural_devices_are_left_to_ngspice():
    cell = CELLS[1]
    assert expanded(cell.include_lines("behavioural"), cell.name, ["x0"]) is None
    assert expanded(cell.include_lines("osdi"), cell.name, ["x0", "m_k_set"])
