"""Netlist text of whole arrays: names, what is joined, what is driven, what is refused."""

import functools
import re
import sys

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.crossbar.wires import Lines, Wires
from memcircuit.simulate import Job, OperatingPoint, Options, Transient, run
from pyspice_netlists import (
    CellArray,
    LineEnds,
    NetlistError,
    Pulse,
    ResistorArray,
    crossbar_bench,
    pulse_sequence,
)
from pyspice_netlists.cells import FourMemristorBridge, ParallelMemristors, TwoMemristors

G = np.array([[1e-3, 2e-3], [0.0, 4e-3]])


@pytest.fixture
def cell():
    return mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))


@pytest.fixture
def bare():
    return mc.cells.OneMemristor(mc.device("lin2022_hfo2"))


def lines_with(**changed):
    """Return the lines of a 2 x 2 array driven left, sensed at the bottom."""
    one, opened = np.ones(2), np.full(2, np.inf)
    parts = {
        "row": np.ones((2, 1)), "column": np.ones((1, 2)),
        "left": one, "right": opened, "top": opened, "bottom": one,
    }  # fmt: skip
    return Lines(**(parts | changed))


def elements(circuit):
    """Return the fields of each element line outside of subcircuits by the element's name."""
    fields = [line.split() for line in circuit.splitlines() if re.match(r"[RVX]\w*\d", line)]
    assert len({name.lower() for name, *_ in fields}) == len(fields)
    return {name: rest for name, *rest in fields}


def test_every_part_is_one_element():
    bench = crossbar_bench(lines_with(), ResistorArray(G), LineEnds(left=[0.5, "PULSE(0 1)"]))
    assert elements(bench.circuit) == {
        "R0_0": ["r0_0", "c0_0", "1000.0"],
        "R0_1": ["r0_1", "c0_1", "500.0"],
        "R1_1": ["r1_1", "c1_1", "250.0"],
        "Rleft0": ["left0", "r0_0", "1.0"],
        "Rr0_0": ["r0_0", "r0_1", "1.0"],
        "Rleft1": ["left1", "r1_0", "1.0"],
        "Rr1_0": ["r1_0", "r1_1", "1.0"],
        "Rc0_0": ["c0_0", "c1_0", "1.0"],
        "Rbottom0": ["c1_0", "bottom0", "1.0"],
        "Rc0_1": ["c0_1", "c1_1", "1.0"],
        "Rbottom1": ["c1_1", "bottom1", "1.0"],
        "Vleft0": ["left0", "0", "0.5"],
        "Vleft1": ["left1", "0", "PULSE(0", "1)"],
        "Vbottom0": ["bottom0", "0", "0.0"],
        "Vbottom1": ["bottom1", "0", "0.0"],
    }
    assert bench.left == ("i(vleft0)", "i(vleft1)")
    assert bench.right == bench.top == ("", "")
    assert bench.row_voltage.tolist() == [["v(r0_0)", "v(r0_1)"], ["v(r1_0)", "v(r1_1)"]]
    assert bench.column_voltage.tolist() == [["v(c0_0)", "v(c0_1)"], ["v(c1_0)", "v(c1_1)"]]
    assert bench.states.size == 0


def test_nodes_without_resistance_between_them_are_one():
    bench = crossbar_bench(
        lines_with(
            row=np.array([[0.0], [1.0]]), left=np.array([1.0, 0.0]),
            column=np.zeros((1, 2)), bottom=np.array([0.0, 1.0]),
        ),
        ResistorArray(np.ones((2, 2))),
    )  # fmt: skip
    assert bench.row_voltage.tolist() == [["v(r0_0)", "v(r0_0)"], ["v(left1)", "v(r1_1)"]]
    assert bench.column_voltage.tolist() == [["v(bottom0)", "v(c0_1)"]] * 2
    names = elements(bench.circuit)
    assert not {"Rr0_0", "Rleft1", "Rc0_0", "Rc0_1", "Rbottom0"} & set(names)
    assert len(bench.vectors) == len(set(bench.vectors))


def test_cells_are_written_as_they_write_themselves(cell, rng):
    states = rng.uniform(0, 1, (2, 2))
    spread = {"m_k_set": rng.uniform(0.9, 1.1, (2, 2)), "m_g_max": rng.uniform(0.9, 1.1, (2, 2))}
    array = CellArray(
        cell, states, "behavioural", spread, gate=["PULSE(0 3)", 4.0], gate_lines="row"
    )
    bench = crossbar_bench(lines_with(), array)
    own = {name: float(value[1, 0]) for name, value in spread.items()}
    nodes = ("r1_0", "gate1", "c1_0", "s1_0")
    lines = bench.circuit.splitlines()
    assert cell.instance("1_0", nodes, float(states[1, 0]), own) in lines
    assert lines[: len(cell.include_lines("behavioural"))] == cell.include_lines("behavioural")
    assert "Vgate0 gate0 0 PULSE(0 3)" in lines
    assert "Vgate1 gate1 0 4.0" in lines
    assert bench.states.tolist() == [["v(s0_0)", "v(s0_1)"], ["v(s1_0)", "v(s1_1)"]]


def test_gate_lines_run_along_columns(cell):
    array = CellArray(cell, np.zeros((2, 2)), "behavioural", gate=5.0, gate_lines="column")
    names = elements(crossbar_bench(lines_with(), array).circuit)
    assert [names[f"X{i}_{j}"][1] for i in range(2) for j in range(2)] == [
        "gate0", "gate1", "gate0", "gate1",
    ]  # fmt: skip


def test_every_vector_is_there(cell, rng):
    lines = Wires(row=1.0, column=0.0, source=5.0, drive="both", row_end=1.0).lines(3, 2)
    array = CellArray(cell, rng.uniform(0, 1, (3, 2)), "osdi", gate=5.0)
    bench = crossbar_bench(lines, array, LineEnds(left=0.1, right=0.1))
    job = Job("vectors", bench.circuit, OperatingPoint(), bench.vectors,
              cell.device.verilog_a("osdi"))  # fmt: skip
    point = run(job)
    assert set(point.data_vars) == set(bench.vectors)
    # currents count into the ends: what enters at the left and the right leaves at the bottom
    sums = {end: sum(float(point[name]) for name in getattr(bench, end) if name)
            for end in ("left", "right", "bottom")}  # fmt: skip
    assert sums["bottom"] > 0 > sums["left"]
    assert sums["left"] + sums["right"] + sums["bottom"] == pytest.approx(0.0, abs=1e-14)


def test_one_cell_of_an_array_is_programmed_by_its_gate(cell):
    """A pulse on a row moves the state of the cell whose gate is open, and no other."""
    train = pulse_sequence([Pulse(1.5, 1e-5)] * 2, 1e-6).waveform
    device = cell.device
    lines = Wires(row=1.0, column=1.0, source=10.0, sense=10.0).lines(2, 2)
    array = CellArray(
        cell, np.full((2, 2), 0.3), "behavioural", gate=[5.0, 0.0], gate_lines="column"
    )
    ends = LineEnds(left=[train.source(), 0.0])
    bench = crossbar_bench(lines, array, ends)
    stop = float(train.time[-1])
    job = Job("programming", bench.circuit, Transient(stop, max_step=stop / 200),
              tuple(bench.states.flat), device.verilog_a("behavioural"))  # fmt: skip
    moved = run(job)
    final = np.array([float(moved[name][-1]) for name in bench.states.flat]).reshape(2, 2)
    assert final[0, 0] > 1e-3
    assert np.abs(final[0, 1]) < 1e-3 * final[0, 0]
    assert np.abs(final[1]).max() < 1e-2 * final[0, 0]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"left": np.ones(3)}, r"lines\.left has shape \(3,\); expected \(2,\)"),
        ({"row": np.ones((1, 2))}, r"lines\.row has shape \(1, 2\); expected \(2, 1\)"),
        ({"column": np.array([[1.0, -2.0]])}, r"lines\.column\[0, 1\] = -2 ohm: expected 0, "),
        ({"top": np.array([np.nan, 1.0])}, r"lines\.top\[0\] = nan ohm"),
        ({"bottom": np.array([1.0, 1e-13])}, r"lines\.bottom\[1\] = 1e-13 ohm: .* 1e-12 or more"),
        (
            {"column": np.zeros((1, 2)), "top": np.zeros(2), "bottom": np.array([1.0, 0.0])},
            "no resistance between top1 and bottom1: two voltage sources on one node make a loop",
        ),
        (
            {"left": np.full(2, np.inf), "bottom": np.full(2, np.inf)},
            r"node r0_0 has no path to ground: every end .* is open",
        ),
        ({"bottom": np.full(2, np.inf), "left": np.array([1.0, np.inf])}, None),
    ],
)
def test_refuses_lines(changed, message):
    lines = lines_with(**changed)
    if message is None:  # the cells are a way to ground
        crossbar_bench(lines, ResistorArray(G))
    else:
        with pytest.raises(NetlistError, match=message):
            crossbar_bench(lines, ResistorArray(G))


def test_refuses_a_column_that_only_open_cells_reach():
    g = np.array([[1e-3, 0.0], [1e-3, 0.0]])
    with pytest.raises(NetlistError, match="node c0_1 has no path to ground"):
        crossbar_bench(lines_with(bottom=np.array([1.0, np.inf])), ResistorArray(g))


@pytest.mark.parametrize(
    ("g", "message"),
    [
        ([[1e-3, np.nan], [0.0, 1.0]], r"conductances\[0, 1\] = nan S"),
        ([[1e-3, 1.0], [-1.0, 1.0]], r"conductances\[1, 0\] = -1 S"),
        ([[1e-3, np.inf], [1.0, 1.0]], r"conductances\[0, 1\] = inf S: expected 0, or"),
        ([1e-3, 1.0], r"conductances has shape \(2,\); expected \(rows, columns\)"),
    ],
)
def test_refuses_conductances(g, message):
    with pytest.raises(NetlistError, match=message):
        ResistorArray(np.array(g))


def test_refuses_cells_that_do_not_fit_between_two_lines():
    device = mc.device("lin2022_hfo2")
    for cell in (TwoMemristors(device), ParallelMemristors(device), FourMemristorBridge(device)):
        with pytest.raises(NetlistError, match=f"{cell.name}' has the pins .*; an array takes .*"
                           "bit_line, word_line, source_line, state: 1M, 1T1R, 1S1R"):  # fmt: skip
            CellArray(cell, np.zeros((2, 2)), "osdi")


def test_refuses_cells(cell, bare):
    half = np.full((2, 2), 0.5)
    bad = half.copy()
    bad[1, 0] = 1.5
    with pytest.raises(NetlistError, match=r"states\[1, 0\] = 1.5 expected 0 \.\.\. 1"):
        CellArray(bare, bad, "osdi")
    with pytest.raises(NetlistError, match=r"variation 'm_k_set'\[1, 0\] = -1 "):
        CellArray(bare, half, "osdi", {"m_k_set": np.where(bad > 1, -1.0, 1.0)})
    with pytest.raises(NetlistError, match=r"'m_k_set' has shape \(2,\); expected \(2, 2\)"):
        CellArray(bare, half, "osdi", {"m_k_set": np.ones(2)})
    with pytest.raises(NetlistError, match="no multiplier 'm_x'"):
        crossbar_bench(lines_with(), CellArray(bare, half, "osdi", {"m_x": half}))
    with pytest.raises(NetlistError, match="cell_1t1r_lin2022_hfo2' needs a gate voltage"):
        CellArray(cell, half, "osdi")
    with pytest.raises(NetlistError, match="has no gate"):
        CellArray(bare, half, "osdi", gate=5.0)
    with pytest.raises(NetlistError, match="gate_lines = 'diagonal'"):
        CellArray(cell, half, "osdi", gate=5.0, gate_lines="diagonal")
    with pytest.raises(NetlistError, match=r"gate has shape \(3,\)"):
        crossbar_bench(lines_with(), CellArray(cell, half, "osdi", gate=[1.0, 2.0, 3.0]))


@pytest.mark.parametrize(
    ("left", "message"),
    [
        ([1.0], r"left has shape \(1,\); expected one value or one for each of 2 lines"),
        ([1.0, np.nan], "left1 = nan V: expected a finite number"),
        ([1.0, None], "left1 = None V"),
        (["1\nR9 0 1 1", 0.0], "left0 = .* is not the value of a voltage source"),
        (["", 0.0], "left0 = '' is not"),
    ],
)
def test_refuses_sources(left, message):
    with pytest.raises(NetlistError, match=message):
        crossbar_bench(lines_with(), ResistorArray(G), LineEnds(left=left))


def test_open_end_takes_no_notice_of_its_voltage():
    told = crossbar_bench(lines_with(), ResistorArray(G), LineEnds(right=np.nan))
    assert told.circuit == crossbar_bench(lines_with(), ResistorArray(G)).circuit


def calls_of(function):
    """Return what a function gives, and how many functions were called for it."""
    calls = []
    sys.setprofile(lambda *_: calls.append(None))
    try:
        return function(), len(calls)
    finally:
        sys.setprofile(None)


def test_a_cell_costs_the_same_in_a_large_array(cell, rng):
    """Calls to write the text, a constant and so many a cell; operating points solve."""
    written = {}
    for size in (32, 64, 128):
        lines = Wires(row=1.0, column=1.0, source=10.0, sense=10.0).lines(size, size)
        array = CellArray(cell, rng.uniform(0, 1, (size, size)), "osdi", gate=5.0)
        bench, written[size] = calls_of(
            functools.partial(crossbar_bench, lines, array, LineEnds(left=0.1))
        )
        job = Job("large", bench.circuit, OperatingPoint(), bench.vectors,
                  cell.device.verilog_a("osdi"))  # fmt: skip
        written[size] += calls_of(lambda job=job: job.deck(Options(), ()))[1]
        assert len(elements(bench.circuit)) == 2 * size**2 + 3 * size
        assert len(re.findall(r"(?m)^n\.x\d+_\d+\.", bench.circuit)) == size**2
        if size < 128:
            point = run(job)
            assert all(float(point[name]) > 0 for name in bench.bottom)
    assert written[128] <= 4 * written[64]
