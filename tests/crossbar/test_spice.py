"""Arrays in ngspice against the branch equations, Ohm's law, and cells on their own."""

import subprocess

import numpy as np
import pytest
from branch_equations import branch_equations, solved

import memcircuit as mc
from memcircuit.crossbar.spice import array_job, read_in_ngspice
from memcircuit.crossbar.wires import Ends, Lines, Wires
from memcircuit.errors import NetlistError, UsageError
from memcircuit.simulate import export, find_ngspice, read_raw


def assert_is_the_solution(read, lines, ends, g, *, rtol=1e-9, atol=0.0):
    names = ("row_voltage", "column_voltage", "input_current", "output")
    for name, expected in zip(names, solved(lines, ends, g), strict=True):
        np.testing.assert_allclose(read[name], expected, rtol=rtol, atol=atol)


@pytest.mark.parametrize("drive", ["left", "right", "both"])
@pytest.mark.parametrize("sense_at", ["bottom", "top", "both"])
def test_read_is_the_nodal_solution(drive, sense_at, rng):
    g = 1 / rng.uniform(1e3, 40e3, (7, 5))
    wires = Wires(
        row=rng.uniform(0.5, 2.0, (7, 6)), column=rng.uniform(0.5, 2.0, (8, 5)), source=20.0,
        sense=rng.uniform(1.0, 10.0, 5), drive=drive, sense_at=sense_at,
        row_end=np.where(np.arange(7) == 2, 300.0, np.inf), column_end=1e4,
    )  # fmt: skip
    lines = wires.lines(7, 5)
    ends = Ends.reading(lines, rng.uniform(0.0, 0.3, 7))
    read = read_in_ngspice(lines, ends, conductances=g)
    assert_is_the_solution(read, lines, ends, g)
    assert {read[name].attrs["units"] for name in ("row_voltage", "column_voltage")} == {"V"}
    assert {read[name].attrs["units"] for name in ("input_current", "output")} == {"A"}
    assert read["output"].dims == ("column",)
    assert read["input_current"].dims == ("row",)


def _any_lines(rng, rows, columns, open_share):
    """Draw lines with zero, open and ordinary resistances side by side."""

    def some(*shape, share):
        ohms = rng.uniform(1.0, 3.0, shape)
        chosen = rng.random(shape)
        ohms[chosen < 0.4] = 0.0
        ohms[chosen > 1 - share] = np.inf
        return ohms

    return Lines(
        row=some(rows, columns - 1, share=0.1), column=some(rows - 1, columns, share=0.1),
        left=some(rows, share=open_share), right=some(rows, share=open_share),
        top=some(columns, share=open_share), bottom=some(columns, share=open_share),
        driven=rng.choice(["left", "right", "both"]),
        sensed=rng.choice(["bottom", "top", "both"]),
    )  # fmt: skip


def test_any_mixture_of_zero_and_open_is_solved_or_has_no_solution(rng):
    refused = {"loop": 0, "no path to ground": 0}
    solutions = 0
    for trial in range(120):
        rows, columns = rng.integers(1, 5, 2)
        lines = _any_lines(rng, rows, columns, open_share=0.6 if trial % 2 else 0.4)
        g = rng.uniform(0.5, 2.0, (rows, columns)) * (rng.random((rows, columns)) < 0.7)
        ends = Ends(*(rng.uniform(-1, 1, size) for size in (rows, rows, columns, columns)))
        matrix, *_ = branch_equations(lines, ends, g)
        if np.linalg.matrix_rank(matrix) == len(matrix):
            read = read_in_ngspice(lines, ends, conductances=g)
            # ohms and volts are of order one, and currents of opposite ends may cancel
            assert_is_the_solution(read, lines, ends, g, atol=1e-12)
            solutions += 1
        else:
            with pytest.raises(NetlistError) as refusal:
                read_in_ngspice(lines, ends, conductances=g)
            (reason,) = (reason for reason in refused if reason in str(refusal.value))
            refused[reason] += 1
    assert min(solutions, *refused.values()) >= 10


def test_ideal_wires_give_the_matrix_product(rng):
    g = rng.uniform(1e-6, 350e-6, (6, 9))
    g[1, 2] = 0.0
    v = rng.uniform(-0.3, 0.3, 6)
    lines = Wires().lines(6, 9)
    read = read_in_ngspice(lines, Ends.reading(lines, v), conductances=g)
    np.testing.assert_allclose(read["output"], v @ g, rtol=1e-9)
    np.testing.assert_allclose(read["input_current"], v * g.sum(axis=1), rtol=1e-9)
    np.testing.assert_allclose(read["row_voltage"], np.tile(v[:, np.newaxis], 9), rtol=1e-14)
    np.testing.assert_array_equal(read["column_voltage"], 0.0)


def test_a_short_among_cells_is_carried(rng):
    g = 1 / rng.uniform(1e3, 1e5, (5, 5))
    g[2, 3] = 1e6
    lines = Wires(row=1.0, column=1.0, source=10.0, sense=10.0).lines(5, 5)
    ends = Ends.reading(lines, rng.uniform(0.1, 0.3, 5))
    # 1 uohm beside 100 kohm: eleven decades leave five digits of rounding at that node alone
    assert_is_the_solution(read_in_ngspice(lines, ends, conductances=g), lines, ends, g, rtol=1e-8)


@pytest.mark.parametrize("form", ["osdi", "behavioural"])
def test_one_cell_is_the_device_alone(card_device, form):
    lines = Wires().lines(1, 1)
    ends = Ends.reading(lines, np.array([0.15]))
    read = read_in_ngspice(lines, ends, cell=card_device, states=[[0.4]], form=form)
    expected = float(card_device.numpy().current(0.15, 0.4))
    np.testing.assert_allclose(read["output"], expected, rtol=1e-9)
    np.testing.assert_allclose(read["input_current"], expected, rtol=1e-9)


def test_cells_share_the_wires_by_kirchhoffs_law(card_device, rng):
    states = rng.uniform(0.0, 1.0, (6, 4))
    lines = Wires(row=3.0, column=2.0, source=50.0, sense=20.0).lines(6, 4)
    ends = Ends.reading(lines, rng.uniform(0.05, 0.2, 6))
    read = read_in_ngspice(lines, ends, cell=card_device, states=states)
    # with the device's law at the voltages found, every column's cells add up to its output
    volts = (read["row_voltage"] - read["column_voltage"]).to_numpy()
    cells = card_device.numpy().current(volts, states)
    np.testing.assert_allclose(read["output"], cells.sum(axis=0), rtol=1e-9)
    np.testing.assert_allclose(read["input_current"], cells.sum(axis=1), rtol=1e-9)


@pytest.mark.parametrize("gate_lines", ["row", "column"])
@pytest.mark.parametrize("form", ["osdi", "behavioural"])
def test_closed_gates_let_nothing_through(gate_lines, form, rng):
    cell = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))
    lines = Wires(row=1.0, column=1.0, source=10.0, sense=10.0).lines(4, 4)
    ends = Ends.reading(lines, np.full(4, 0.2))
    gate = np.array([5.0, 0.0, 5.0, 0.0])
    read = read_in_ngspice(
        lines, ends, cell=cell, states=rng.uniform(0.2, 1.0, (4, 4)), gate=gate,
        gate_lines=gate_lines, form=form,
    )  # fmt: skip
    current = read["input_current"] if gate_lines == "row" else read["output"]
    assert float(current[[0, 2]].min()) > 1e-5
    assert float(abs(current[[1, 3]]).max()) < 1e-10
    assert float(read["output"].sum()) == pytest.approx(
        float(read["input_current"].sum()), rel=1e-9
    )


def test_open_gate_comes_from_the_card(rng):
    device = mc.device("lin2022_hfo2")
    cell = mc.cells.OneTransistorOneMemristor(device)
    lines = Wires(row=1.0, column=1.0).lines(2, 3)
    ends = Ends.reading(lines, np.array([0.1, 0.2]))
    states = rng.uniform(0.0, 1.0, (2, 3))
    own = read_in_ngspice(lines, ends, cell=cell, states=states)
    told = read_in_ngspice(lines, ends, cell=cell, states=states, gate=device.card.gate.value)
    np.testing.assert_array_equal(own["output"], told["output"])


def test_exported_deck_runs_without_us(tmp_path, rng):
    g = rng.uniform(1e-5, 1e-4, (3, 2))
    lines = Wires(row=1.0, column=1.0, source=5.0, sense=5.0).lines(3, 2)
    ends = Ends.reading(lines, np.array([0.1, 0.2, 0.3]))
    deck = export(array_job(lines, ends, conductances=g), tmp_path)
    subprocess.run([find_ngspice(), "-n", "-b", deck.name], cwd=tmp_path, check=True,
                   capture_output=True)  # fmt: skip
    plot = read_raw(tmp_path / "result.raw")[-1]
    read = read_in_ngspice(lines, ends, conductances=g)
    sensed = [plot.data[0, plot.names.index(f"i(vbottom{j})")] for j in range(2)]
    np.testing.assert_allclose(sensed, read["output"], rtol=1e-12)


def test_refuses_what_is_no_array():
    lines = Wires().lines(2, 2)
    ends = Ends.reading(lines, np.ones(2))
    g = np.full((2, 2), 1e-4)
    with pytest.raises(UsageError, match="give either"):
        read_in_ngspice(lines, ends)
    with pytest.raises(UsageError, match="give either"):
        read_in_ngspice(lines, ends, conductances=g, cell=mc.device("lin2022_hfo2"))
    with pytest.raises(NetlistError, match=r"lines\.row has shape \(2, 1\); expected \(2, 2\)"):
        read_in_ngspice(lines, ends, conductances=np.full((2, 3), 1e-4))
    with pytest.raises(NetlistError, match=r"left has shape \(3, 2\)"):
        read_in_ngspice(lines, Ends.reading(lines, np.ones((3, 2))), conductances=g)
