"""The energy that array programming reports is what cells and wires take, by their own laws."""

import numpy as np
import pytest

import memcircuit as mc
from pyspice_netlists import Waveform, pulse_sequence

HFO2 = mc.device("lin2022_hfo2")
PULSE = mc.Pulse(1.8, 1e-6, 20e-9, 20e-9)


@pytest.mark.parametrize(
    ("cell", "bias"),
    [
        (mc.cells.OneMemristor(HFO2), "v/2"),
        (mc.cells.OneMemristor(HFO2), "v/3"),
        (mc.cells.OneTransistorOneMemristor(HFO2, "nmos_350n"), "transistor"),
        (mc.cells.OneTransistorOneMemristor(HFO2), "transistor"),
    ],
    ids=["1M v/2", "1M v/3", "1T1R nmos", "1T1R 2n7002"],
)
def test_driver_energy_is_that_of_all_elements(cell, bias, rng):
    """Against ``drive_array`` under the same waveforms: cells by their law, wires by i^2 R."""
    array = mc.Crossbar(cell, rows=5, columns=4, wires=mc.Wires(row=5.0, column=5.0, source=50.0))
    states = rng.uniform(0.2, 0.8, (5, 4))
    written = mc.program_pulses(array, states, (2, 1), [(PULSE, 3)], bias=bias, reduced=False)
    wave = pulse_sequence([PULSE] * 3, gap=PULSE.width / 5).waveform
    shares = {"v/2": (0.5, 0.5), "v/3": (1 / 3, 2 / 3), "transistor": (0.0, 0.0)}[bias]

    def share(value):
        return Waveform(wave.time, value * wave.voltage)

    rows, columns = [share(shares[0])] * 5, [share(shares[1])] * 4
    rows[2], columns[1] = wave, 0.0
    gates = [0.0, 5.0, 0.0, 0.0] if cell.gated else None
    driven = mc.drive_array(array, states, rows=rows, columns=columns, gates=gates)
    spent = sum(
        float(driven[name])
        for name in ("cells", "row_wires", "column_wires", "row_ends", "column_ends", "stored")
    )
    lines = float(driven["row_energy"].sum() + driven["column_energy"].sum())
    gate = float(driven["gate_energy"].sum()) if cell.gated else 0.0
    assert float(written["energy"].sum()) == pytest.approx(lines, rel=5e-4)
    assert lines + gate == pytest.approx(spent, rel=1e-3)
    np.testing.assert_allclose(written["final_state"], driven["state"][-1], atol=2e-4)


@pytest.mark.parametrize(
    ("cell", "bias"),
    [
        (mc.cells.OneMemristor(HFO2), "v/2"),
        (mc.cells.OneTransistorOneMemristor(HFO2, "nmos_350n"), "transistor"),
    ],
    ids=["1M v/2", "1T1R nmos"],
)
def test_a_port_network_delivers_the_same_energy(cell, bias, rng):
    """What the frozen cells and the wires take is in the energy of the reduced run too."""
    array = mc.Crossbar(cell, rows=6, columns=5, wires=mc.Wires(row=5.0, column=5.0, source=50.0))
    states = rng.uniform(0.2, 0.8, (6, 5))
    reduced, whole = (
        mc.program_pulses(array, states, (2, 1), [(PULSE, 3)], bias=bias, reduced=reduced)
        for reduced in (True, False)
    )
    assert reduced.attrs["method"].startswith("port network")
    assert float(reduced["energy"].sum()) == pytest.approx(float(whole["energy"].sum()), rel=1e-3)


@pytest.mark.parametrize(
    ("cell", "bound"),
    [
        (mc.cells.OneMemristor(HFO2), 1e-3),
        (mc.cells.HybridMemristor(HFO2, parallel=1e5, series=1e3), 1e-3),
        (mc.cells.OneSelectorOneMemristor(HFO2, mc.device("narayanan2015_miec")), 5e-3),
    ],
    ids=["1M", "1R+1M1R", "1S1R"],
)
@pytest.mark.filterwarnings("ignore:operating point after:UserWarning")
def test_energy_on_the_edges_of_short_pulses(cell, bound, rng):
    """Pulses that are half edges: frozen cells are curved there, and their tangents are not."""
    array = mc.Crossbar(
        cell, rows=5, columns=4, wires=mc.Wires(row=20.0, column=30.0, source=200.0, sense=50.0)
    )
    states = rng.uniform(0.2, 0.8, (5, 4))
    reduced, whole = (
        float(
            mc.program_pulses(
                array, states, (2, 1), [(mc.Pulse(1.8, 20e-9), 2)], read=1.0, reduced=reduced,
                allowed_movement=np.inf,
            )["energy"].sum()
        )
        for reduced in (True, False)
    )  # fmt: skip
    assert reduced == pytest.approx(whole, rel=bound)
