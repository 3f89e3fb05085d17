"""Benches whose cells have drivers of one shape and different size, and gates of their own."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.simulate import Job, OperatingPoint, Transient
from memcircuit.simulate.ngspice import run_waves
from pyspice_netlists import NetlistError, cell_bench
from pyspice_netlists.benches import SharedShapes
from pyspice_netlists.transistors import integrated_nmos

HFO2 = mc.device("lin2022_hfo2")
FACTORS = np.array([[1.0, 0.5], [-2.0, 0.25], [0.0, 1.0]])


def test_a_cell_sees_the_sum_of_common_driver_and_its_shapes():
    """Voltages and, through the memristor's own law, the direction and size of the currents."""
    source = SharedShapes("0.05", ("PWL(0 0 1u 0.1)", "SIN(0 0.1 1Meg)"), FACTORS)
    bench = cell_bench(
        mc.cells.OneMemristor(HFO2), source, form="osdi", initial_state=np.full(3, 0.5)
    )
    own = tuple(f"v(bit_line{cell})" for cell in range(3))
    job = Job(
        "shapes", bench.circuit, Transient(1e-6, 1e-8, 1e-8), (*bench.vectors, *own),
        HFO2.verilog_a("osdi"),
    )  # fmt: skip
    waves, port = run_waves(job), bench.ports[0]
    ramp, sine = 0.1 * waves.axis / 1e-6, 0.1 * np.sin(2e6 * np.pi * waves.axis)
    volts = 0.05 + FACTORS @ np.array([ramp, sine])
    np.testing.assert_allclose(port.factors @ waves.of(port.voltages), volts, atol=1e-7)
    np.testing.assert_allclose(waves.of(own), volts, atol=1e-7)
    current = HFO2.numpy().current(volts, 0.5 + waves.of(bench.states))
    np.testing.assert_allclose(waves.of(port.currents), current, atol=1e-9)


def test_every_cell_may_have_a_gate_voltage():
    """What each draws is what the same cell draws under a gate voltage for all."""
    cell = mc.cells.OneTransistorOneMemristor(HFO2, integrated_nmos())
    gates, drawn = np.array([0.8, 1.5, 3.3]), []
    for gate, cells in ((gates, 3), *((float(gate), 1) for gate in gates)):
        bench = cell_bench(cell, "0.5", form="osdi", initial_state=np.full(cells, 0.9), gate=gate)
        files = HFO2.verilog_a("osdi")
        job = Job("gates", bench.circuit, OperatingPoint(), bench.currents, files)
        drawn.append(run_waves(job))
    together = drawn[0].of([f"i(vcell{k})" for k in range(3)])[:, 0]
    alone = [waves["i(vcell0)"][0] for waves in drawn[1:]]
    np.testing.assert_allclose(together, alone, rtol=1e-6)
    assert alone[0] < alone[1] < alone[2]


@pytest.mark.parametrize(
    ("source", "gate", "message"),
    [
        (SharedShapes("0", ("SIN(0 1 1k)",), FACTORS), 0.0, r"factors of shape \(3, 2\); expected"),
        (SharedShapes("0", (), np.zeros((3, 0))), 0.0, "of at least one shape"),
        ("0", np.zeros(2), r"gate of shape \(2,\): expected \(3,\)"),
    ],
)
def test_refuses_what_does_not_fit_the_cells(source, gate, message):
    cell = mc.cells.OneTransistorOneMemristor(HFO2)
    with pytest.raises(NetlistError, match=message):
        cell_bench(cell, source, form="osdi", initial_state=np.full(3, 0.5), gate=gate)
