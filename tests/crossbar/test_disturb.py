"""Disturbs: the device's equations at a share of the voltage, ngspice for a stretch of reads."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.crossbar.array_drive import drive_array
from memcircuit.crossbar.disturb import half_select_disturb, read_disturb
from memcircuit.devices.evolution import evolve_pulses
from memcircuit.errors import UsageError
from pyspice_netlists import pulse_sequence
from pyspice_netlists.cells import OneSelectorOneMemristor, OneTransistorOneMemristor

PULSE, COUNT, START = mc.Pulse(1.8, 1e-6), 10, 0.3


@pytest.fixture(scope="module")
def device():
    return mc.device("lin2022_hfo2")


def moved(device, volts, count=COUNT, start=START, pulse=PULSE):
    """Return the movement of a cell alone after each of the pulses, by the numpy form."""
    states = evolve_pulses(
        device.numpy(), [volts] * count, pulse.width, start, rise=pulse.rise, fall=pulse.fall,
        relative_tolerance=1e-9, absolute_tolerance=1e-12,
    )  # fmt: skip
    return states[0] - start


@pytest.fixture(scope="module")
def passive(device):
    return half_select_disturb(
        mc.Crossbar(device, rows=3, columns=4), START, (1, 2), PULSE, COUNT
    )  # fmt: skip


def test_cells_of_ideal_passive_arrays_move_by_their_share_of_the_voltage(passive, device):
    shares = {
        ("grounded", "row"): 1,
        ("grounded", "column"): 0,
        ("grounded", "other"): 0,
        ("v/2", "row"): 1 / 2,
        ("v/2", "column"): 1 / 2,
        ("v/2", "other"): 0,
        ("v/3", "row"): 1 / 3,
        ("v/3", "column"): 1 / 3,
        ("v/3", "other"): -1 / 3,
    }
    for (bias, cells), share in shares.items():
        found = passive["movement"].sel(bias=bias, cells=cells).to_numpy()
        assert found[0] == 0
        expected = moved(device, share * PULSE.amplitude) if share else np.zeros(COUNT)
        np.testing.assert_allclose(found[1:], expected, rtol=2e-3, atol=2e-8)
    for bias in passive["bias"].to_numpy():
        own = passive["movement"].sel(bias=bias, cells="selected")
        np.testing.assert_allclose(own[1:], moved(device, PULSE.amplitude), rtol=2e-3)
        assert passive["final_state"].sel(bias=bias)[1, 2] == pytest.approx(START + own[-1].item())


def test_the_disturb_falls_from_grounded_over_halves_to_thirds(passive):
    """Floating lines share the voltage by their numbers of cells: between halves and thirds."""
    row = np.abs(passive["movement"].sel(cells="row").isel(pulse=-1))
    order = [float(row.sel(bias=bias)) for bias in ("grounded", "v/2", "floating", "v/3")]
    assert order == sorted(order, reverse=True)
    assert order[0] > 1000 * order[1]


def test_transistors_protect_all_but_the_row_from_slow_edges(device):
    """A closed transistor's drain charges through its memristor; slow edges leave it time."""
    array = mc.Crossbar(OneTransistorOneMemristor(device), rows=3, columns=3)
    found = {}
    for name, pulse in (
        ("fast", PULSE),
        ("slow", mc.Pulse(1.8, 1e-6, 0.3e-6, 0.3e-6)),
        ("reset", mc.Pulse(-1.8, 1e-6, 0.3e-6, 0.3e-6)),
    ):
        run = half_select_disturb(array, START, (1, 1), pulse, 20)
        assert list(run["bias"].to_numpy()) == ["transistor"]
        found[name] = run["movement"].isel(bias=0, pulse=-1)
        assert abs(float(found[name].sel(cells="column"))) < 1e-7
        assert abs(float(found[name].sel(cells="other"))) < 1e-7
    row = {name: abs(float(movement.sel(cells="row"))) for name, movement in found.items()}
    assert row["slow"] < 0.05 * row["fast"]
    # a negative pulse passes the body diode, whatever its edges
    assert row["reset"] > 10 * row["slow"]
    assert float(found["slow"].sel(cells="selected")) > 0.05


def test_many_reads_are_as_many_pulses(device):
    """Pulse by pulse in the numpy form, edges included."""
    pulse = mc.Pulse(0.2, 1e-6, 0.5e-6, 0.2e-6)
    found = read_disturb(
        device, [1, 10, 40], voltages=[0.8, -0.8], initial_state=[0.2, 0.7], read=pulse
    )
    assert found["state"].shape == (2, 2, 4)
    for volts in (0.8, -0.8):
        for start in (0.2, 0.7):
            state = found["state"].sel(voltage=volts, initial_state=start) - start
            each = moved(device, volts, 40, start, pulse)[[0, 9, 39]]
            np.testing.assert_allclose(state[1:], each, rtol=2e-3)
            g = device.conductance([start, float(state[-1]) + start], 0.2)
            change = found["change"].sel(voltage=volts, initial_state=start)
            assert change[-1] == pytest.approx(g[1] / g[0] - 1, rel=1e-6)


def test_ngspice_agrees_over_a_stretch_of_reads(device):
    reads = 20
    sequence = pulse_sequence([mc.Pulse(1.0, 1e-6)] * reads, 0.2e-6)
    driven = drive_array(mc.Crossbar(device, rows=1, columns=1), 0.4, rows=sequence.waveform)
    found = read_disturb(
        device, [reads], voltages=[1.0], initial_state=0.4, read=mc.Pulse(0.2, 1e-6)
    )
    movement = float(found["state"][0, 0, -1]) - 0.4
    assert float(driven["state"][-1, 0, 0]) - 0.4 == pytest.approx(movement, rel=2e-3)
    assert movement > 1e-4


def test_reads_of_the_published_device_add_up(device):
    """At 0.2 V in proportion to their number, and more at higher voltage."""
    found = read_disturb(device, 1e5, voltages=[0.1, 0.2, 0.4])
    change = found["change"].isel(initial_state=0)
    assert (np.diff(change.isel(read=-1)) > 0).all()
    few, many = (change.sel(voltage=0.2, read=n).item() for n in (100, 10_000))
    assert many == pytest.approx(100 * few, rel=0.02)
    assert found["read"][0] == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: read_disturb(d, 0), "reads = 0: expected at least 1"),
        (lambda d: read_disturb(d, [5, 3]), "rising whole numbers"),
        (lambda d: read_disturb(d, 5, voltages=[0.0]), r"voltages\[0\] = 0: expected less than"),
        (lambda d: read_disturb(d, 5, initial_state=2.0), r"initial_state\[0\] = 2: expected a st"),
        (lambda d: read_disturb(d, True), "reads: expected real numbers"),
        (lambda d: read_disturb(d, 5, voltages=[]), r"voltages has shape \(0,\)"),
        (lambda d: read_disturb(d, 5, voltages=[[0.1]]), r"voltages has shape \(1, 1\)"),
        (lambda d: read_disturb(d, 5, initial_state=[]), r"initial_state has shape \(0,\)"),
        (
            lambda d: read_disturb(OneSelectorOneMemristor(d, mc.device("narayanan2015_miec")), 5),
            "leaves its memristor a share of the voltage",
        ),
        (lambda _: read_disturb(mc.device("midya2017_ag_hfo2"), 5), "moves by itself at 0 V"),
        (lambda d: half(d, selected=[(0, 0), (1, 1)]), "expected one cell"),
        (lambda d: half(d, selected=(5, 0)), r"selected cell \(5, 0\) lies outside"),
        (lambda d: half(d, selected=[(0, 1), 1]), r"selected = \[\(0, 1\), 1\]: expected"),
        (lambda d: half(d, selected=[(0, 1)]), "expected one cell"),
        (lambda d: half(d, gate=4.0), "has no transistor; leave gate out"),
        (lambda d: half(d, count=0), "count = 0: at least one pulse"),
        (lambda d: half(d, biases=["transistor"]), "the array's cells have no transistor"),
    ],
)
def test_bad_input_is_refused(device, call, message):
    with pytest.raises(UsageError, match=message):
        call(device)


def half(device, selected=(0, 0), count=1, biases=None, gate=None):
    array = mc.Crossbar(device, rows=2, columns=2)
    return half_select_disturb(array, START, selected, PULSE, count, biases, gate=gate)
