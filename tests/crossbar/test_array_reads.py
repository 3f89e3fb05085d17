"""Bounds of an array's read in ngspice: ideal wires, one cell, a whole board."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.crossbar.spice import read_in_ngspice, tight_options
from memcircuit.crossbar.wires import Ends, Wires
from memcircuit.simulate import Job, OperatingPoint, run
from pyspice_netlists import cell_bench


@pytest.mark.parametrize("form", ["osdi", "behavioural"])
def test_ohmic_cells_on_ideal_wires_give_the_matrix_product(form, rng):
    device = mc.device("lin2022_hfo2", v_ohmic=1e5, g_square=0.0, g_cube=0.0)
    states, v = rng.uniform(0, 1, (5, 7)), rng.uniform(-0.3, 0.3, 5)
    g_min, g_max = (device.parameters[name] for name in ("g_min", "g_max"))
    lines = Wires().lines(5, 7)
    read = read_in_ngspice(lines, Ends.reading(lines, v), cell=device, states=states, form=form)
    g = g_min + (g_max - g_min) * states
    np.testing.assert_allclose(read["output"], v @ g, rtol=1e-9, atol=1e-9 * np.abs(v * g.T).max())
    np.testing.assert_allclose(read["input_current"], v * g.sum(axis=1), rtol=1e-9)


@pytest.mark.parametrize("kind", [mc.cells.OneMemristor, mc.cells.OneTransistorOneMemristor])
def test_an_array_of_one_cell_is_the_cell_alone(kind, card_device):
    cell, gate, volts = kind(card_device), 5.0, 0.15
    bench = cell_bench(cell, f"DC {volts}", form="osdi", initial_state=np.array([0.4]), gate=gate)
    job = Job("alone", bench.circuit, OperatingPoint(), bench.vectors,
              card_device.verilog_a("osdi"))  # fmt: skip
    alone = float(run(job, options=tight_options())[bench.currents[0]])
    lines = Wires().lines(1, 1)
    read = read_in_ngspice(
        lines, Ends.reading(lines, np.array([volts])), cell=cell, states=[[0.4]],
        gate=gate if cell.gated else None, form="osdi",
    )  # fmt: skip
    assert alone > 0
    assert float(read["output"][0]) == pytest.approx(alone, rel=1e-9)
    assert float(read["input_current"][0]) == pytest.approx(alone, rel=1e-9)


def test_the_board_of_65_x_20_cells_with_its_transistors(rng):
    """1300 memristors, each with a 2N7002, in one netlist, against Newton's method."""
    cell = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"), "2n7002")
    array = mc.Crossbar(cell, rows=65, columns=20, wires=Wires(row=0.5, column=0.5, sense=10.0))
    states, v = rng.uniform(0, 1, (65, 20)), rng.uniform(0, 0.2, 65)
    judge = array.read_cells(v, states, simulator="ngspice")
    read = array.read_cells(v, states)
    for name, unit in (("output", float(read["output"].max())), ("column_voltage", 0.2)):
        np.testing.assert_allclose(read[name], judge[name], rtol=1e-8, atol=1e-10 * unit)
    assert float(judge["output"].min()) > 0
