"""Pulse trains on every kind of cell, under every kind of stimulus."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import memcircuit as mc
from memcircuit.errors import TableError, UsageError
from memcircuit.experiments.pulse_train import prepare_pulse_train, run_train
from memcircuit.simulate.ngspice import run_waves
from pyspice_netlists import NetlistError, Pulse, triangle
from pyspice_netlists.pulse_lists import (
    amplitude_staircase,
    bipolar,
    identical,
    pulse_list,
    width_staircase,
)

HFO2 = mc.device("lin2022_hfo2")
SET, RESET = Pulse(1.8, 1e-6), Pulse(-1.8, 1e-6)
STIMULI = {
    "identical": identical(SET, 4),
    "amplitudes": amplitude_staircase(Pulse(1.4, 1e-6), 1.8, 4),
    "widths": width_staircase(Pulse(1.8, 0.2e-6), 1e-6, 4),
    "list": pulse_list([1.7, -1.6, 1.8], [1e-6, 2e-6, 0.5e-6]),
    "bipolar": bipolar(SET, RESET, 2),
}


def one_memristor_states(stimulus, sign=1.0, start=0.3):
    """States at the reads of a bare memristor under the whole waveform, by scipy."""
    train = prepare_pulse_train(HFO2, stimulus=stimulus, form="behavioural")
    drive = train.sequence.waveform
    states = HFO2.numpy().integrate(
        lambda t: sign * float(drive.at(t)), drive.time, start, corners=drive.time
    )
    return np.interp(train.sequence.plateau_stop[::2], drive.time, states)


@pytest.mark.parametrize("name", STIMULI)
@pytest.mark.parametrize(
    "cell", [mc.cells.OneMemristor(HFO2), mc.cells.ParallelMemristors(HFO2, 3)], ids=["1M", "3M"]
)
def test_conductance_follows_each_memristor_alone(cell, name):
    found = mc.pulse_train(cell, stimulus=STIMULI[name], initial_state=0.3)
    exact = HFO2.conductance(one_memristor_states(STIMULI[name]), 0.2)
    expected = cell.weight([exact] * len(cell.memristors))
    np.testing.assert_allclose(found["conductance"][0], expected, rtol=2e-4)
    np.testing.assert_array_equal(
        found["amplitude"][1:], [pulse.amplitude for pulse in STIMULI[name]]
    )
    np.testing.assert_array_equal(
        found["direction"][1:], np.sign([pulse.amplitude for pulse in STIMULI[name]])
    )


@pytest.mark.parametrize("name", STIMULI)
def test_a_pair_moves_apart_and_together(name):
    """2M: a SET pulse is a RESET pulse to the memristor at the minus line; scipy on each."""
    found = mc.pulse_train(mc.cells.TwoMemristors(HFO2), stimulus=STIMULI[name], initial_state=0.3)
    assert found["weight"].attrs["units"] == "S"
    for memristor, sign in (("plus", 1.0), ("minus", -1.0)):
        expected = one_memristor_states(STIMULI[name], sign)
        states = found["state"].sel(memristor=memristor)[0]
        np.testing.assert_allclose(states, expected, atol=2e-4)
    plus, minus = (
        HFO2.conductance(one_memristor_states(STIMULI[name], sign), 0.2) for sign in (1, -1)
    )
    np.testing.assert_allclose(found["weight"][0], plus - minus, atol=2e-4 * plus.max())


def test_energy_of_a_pair_is_that_of_its_memristors():
    """Source energy against v i of both memristors' current laws at the simulated states."""
    found = mc.pulse_train(
        mc.cells.TwoMemristors(HFO2), stimulus=STIMULI["bipolar"], initial_state=0.3,
        waveforms=True,
    )  # fmt: skip
    time, drive = found["time"].to_numpy(), -found["waveform_voltage"].to_numpy()
    train = prepare_pulse_train(mc.cells.TwoMemristors(HFO2), stimulus=STIMULI["bipolar"])
    spent = 0.0
    states = found["waveform_state"][0].to_numpy()
    for number, sign in ((0, 1.0), (1, -1.0)):
        power = sign * drive * HFO2.numpy().current(sign * drive, states[number])
        for start, stop in zip(train.sequence.start[1::2], train.sequence.stop[1::2], strict=True):
            during = (time >= start) & (time <= stop)
            spent += np.trapezoid(power[during], time[during])
    assert float(found["energy"].sum()) == pytest.approx(spent, rel=1e-3)


def test_ratio_under_pulses_is_that_of_two_coupled_equations():
    """Two memristors in opposite directions share the pulse; scipy solves both together."""
    vteam = mc.device("kvatinsky2015_vteam")
    cell = mc.cells.RatioCell(vteam)
    pulse = Pulse(-0.6, 2e-9, 0.1e-9, 0.1e-9)
    found = mc.pulse_train(
        cell, stimulus=[pulse] * 2, initial_state=[[0.4, 0.6]], read=-0.05, waveforms=True
    )
    model = vteam.numpy()
    time, drive = found["time"].to_numpy(), found["waveform_voltage"].to_numpy()

    def upper_share(volts, states):
        if volts == 0:
            return 0.0
        return brentq(
            lambda x: float(model.current(x * volts, states[0]) + model.current(
                (x - 1) * volts, states[1])), 0, 1, xtol=1e-14,
        ) * volts  # fmt: skip

    def rates(t, states):
        volts = float(np.interp(t, time, drive))
        upper = upper_share(volts, states)
        return [float(model.rate(upper, states[0])), float(model.rate(upper - volts, states[1]))]

    exact = solve_ivp(
        rates, (0, time[-1]), [0.4, 0.6], method="LSODA", rtol=1e-8, atol=1e-10, max_step=5e-11
    )
    states = found["state"][0, :, -1].to_numpy()
    np.testing.assert_allclose(states, exact.y[:, -1], atol=1e-3)
    assert np.all(np.abs(states - [0.4, 0.6]) > 0.01)  # they did move
    expected = cell.weight(vteam.conductance(states, -0.025))
    assert float(found["weight"][0, -1]) == pytest.approx(float(expected), rel=1e-3)


@pytest.mark.parametrize("kind", [mc.cells.RatioCell, mc.cells.FourMemristorBridge])
def test_voltage_cells_move_both_ways(kind):
    cell = kind(HFO2)
    found = mc.pulse_train(
        cell, set=Pulse(2.4, 1e-6), reset=Pulse(-2.4, 1e-6), pulses=5, initial_state=0.5
    )
    weight = found["weight"][0].to_numpy()
    assert found["weight"].attrs["units"] == "1"
    assert np.all(np.diff(weight[:6]) > 0)
    assert np.all(np.diff(weight[5:]) < 0)
    assert weight[0] == pytest.approx(0.5 if kind is mc.cells.RatioCell else 0.0, abs=1e-6)


@pytest.mark.parametrize("name", STIMULI)
@pytest.mark.parametrize(
    ("cell", "factor", "read"),
    [
        (mc.cells.OneTransistorOneMemristor(HFO2), 1.0, 0.2),
        (mc.cells.HybridMemristor(HFO2, parallel=1e5, series=1e3), 1.0, 0.2),
        (mc.cells.OneSelectorOneMemristor(HFO2, mc.device("narayanan2015_miec")), 1.5, 1.2),
        (mc.cells.RatioCell(HFO2), 1.35, 0.2),
        (mc.cells.FourMemristorBridge(HFO2), 1.35, 0.2),
    ],
    ids=["1T1R", "1R+1M1R", "1S1R", "ratio", "4M"],
)
def test_every_stimulus_moves_every_cell_its_way(cell, factor, read, name):
    """Each pulse moves the weight the way its polarity says: all these stimuli are strong."""
    pulses = [replace(pulse, amplitude=factor * pulse.amplitude) for pulse in STIMULI[name]]
    found = mc.pulse_train(cell, stimulus=pulses, initial_state=0.4, read=read)
    weight = found["conductance" if "conductance" in found else "weight"][0].to_numpy()
    direction = found["direction"].to_numpy()[1:]
    assert np.all(np.sign(np.diff(weight)) == direction)
    assert np.all(found["energy"][0, 1:] > 0)


def test_selector_takes_voltage_from_the_memristor():
    """Behind the MIEC selector 1 V leaves the memristor alone and 2.8 V moves it."""
    cell = mc.cells.OneSelectorOneMemristor(HFO2, mc.device("narayanan2015_miec"))
    moved = {}
    for volts in (1.0, 2.8):
        found = mc.pulse_train(cell, stimulus=[Pulse(volts, 1e-6)] * 3, initial_state=0.3, read=1.0)
        moved[volts] = float(found["state"][0, -1] - found["state"][0, 0])
    assert 0 <= moved[1.0] < 1e-4
    assert moved[2.8] > 2e-3


def test_cycles_of_cells_with_several_memristors():
    """Each memristor is drawn for itself: the spread of a mean of four is half that of one."""
    one = mc.pulse_cycles(
        mc.cells.OneMemristor(HFO2), np.random.default_rng(1), devices=60, cycles=1, pulses=10
    )
    four = mc.pulse_cycles(
        mc.cells.ParallelMemristors(HFO2, 4), np.random.default_rng(2), devices=60, cycles=1,
        pulses=10,
    )  # fmt: skip
    assert four["state"].dims == ("device", "cycle", "memristor", "pulse")
    spreads = [
        float(x["conductance"][:, 0, 10].std() / x["conductance"][:, 0, 10].mean())
        for x in (one, four)
    ]
    # of 60 devices a standard deviation is known to 9 %
    assert spreads[1] / spreads[0] == pytest.approx(0.5, rel=0.35)


def test_loops_of_cells_with_several_memristors():
    """A 2M cell's loop is that of its memristor at the plus line; the other sees it reversed."""
    alone = mc.iv_loop(HFO2, initial_state=0.3)
    pair = mc.iv_loop(mc.cells.TwoMemristors(HFO2), initial_state=[0.3, 0.3])
    assert pair["state"].dims == ("memristor", "time")
    at = np.linspace(0, float(alone["time"][-1]), 200)
    for name in ("voltage", "current"):
        found, expected = (np.interp(at, x["time"], x[name]) for x in (pair, alone))
        np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stimulus": []}, "stimulus is empty"),
        ({"stimulus": [SET, 3]}, r"stimulus\[1\] = 3 is no Pulse"),
        ({"stimulus": SET}, "expected a list of Pulse"),
        ({"stimulus": [SET], "pulses": 3}, "pulses = 3 beside a stimulus"),
        ({"stimulus": [SET], "set": SET}, "beside a stimulus"),
        ({"stimulus": [SET], "initial_state": [[0.1, 0.2, 0.3]]}, "initial_state must be"),
        ({"stimulus": [SET], "initial_state": [0.1, 1.2]}, r"in 0 \.\.\. 1"),
        ({"stimulus": [SET], "variation": {"m_g_max": [[1.0, 1.0, 1.0]]}}, r"\(cells, 2\)"),
    ],
)
def test_refused_before_ngspice(arguments, message):
    with pytest.raises(UsageError, match=message):
        prepare_pulse_train(mc.cells.TwoMemristors(HFO2), **arguments)


def test_a_table_needs_set_pulses_first():
    train = mc.pulse_train(HFO2, stimulus=STIMULI["bipolar"])
    with pytest.raises(TableError, match="SET pulses follow RESET pulses"):
        mc.ConductanceTable.from_pulses(train)


@pytest.mark.parametrize("transistor", ["2n7002", "nmos_350n"])
def test_energy_of_a_1t1r_cell_is_that_of_its_parts(transistor):
    """Source energy against the current laws of memristor and transistor, within 0.02 %."""
    cell = mc.cells.OneTransistorOneMemristor(HFO2, transistor)
    train = prepare_pulse_train(
        cell, stimulus=[*identical(SET, 10), *identical(RESET, 10)], initial_state=0.3, gate=3.3
    )
    job = replace(train.job, vectors=(*train.job.vectors, "v(x0.drain)"))
    energy = run_train(train)["energy"].sum()
    raw = run_waves(job)
    time, line, drain = (raw.axis, raw["v(bit_line)"], raw["v(x0.drain)"])
    states = train.states.waves(raw)[0]
    memristor = (line - drain) * HFO2.numpy().current(line - drain, states)
    through = cell.access_transistor().law.current(drain, np.full_like(drain, 3.3))[0]
    spent = np.zeros(2)
    for start, stop in zip(train.sequence.start[1::2], train.sequence.stop[1::2], strict=True):
        during = (time >= start) & (time <= stop)
        spent += [np.trapezoid(p[during], time[during]) for p in (memristor, drain * through)]
    assert float(energy) == pytest.approx(spent.sum(), rel=2e-4)
    assert spent[1] / spent[0] > 3e-4  # the transistor is seen


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_energy_of_an_ohmic_memristor_with_slow_edges(share):
    """V^2 G (width + (rise + fall) / 3), at 1 mV, where nothing moves."""
    device, width = mc.device("strukov2008_tio2"), 1e-3
    pulse = Pulse(1e-3, width, share * width, share * width)
    found = mc.pulse_train(device, stimulus=[pulse] * 2, read=1e-3, initial_state=0.5)
    g = found["conductance"][0, 1:].to_numpy()
    expected = 1e-6 * g * (width + 2 * share * width / 3)
    np.testing.assert_allclose(found["energy"][0, 1:], expected, rtol=2e-5)


def test_direction_of_a_device_without_card_is_that_of_its_motion():
    device = mc.device_from_model("vteam")  # SET at negative voltages
    pulses = [Pulse(-0.5, 5e-9, 1e-10, 1e-10), Pulse(0.5, 5e-9, 1e-10, 1e-10)]
    found = mc.pulse_train(device, stimulus=pulses, read=0.01)
    assert found["direction"].to_numpy().tolist() == [0, 1, -1]
    assert float(found["state"][0, 1]) > float(found["state"][0, 0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"set": RESET, "reset": RESET}, "expected opposite polarities"),
        ({"set": Pulse(1.8, 5e-9)}, "set = .* shorter than its edges"),
        ({"read": Pulse(0.2, 5e-9)}, "read = .* shorter than its edges"),
        ({"set": Pulse(1.5e5, 1e-6)}, "less than 1000 V"),
        ({"gate": 3.0}, "gate = 3.0: cell 'cell_1m_lin2022_hfo2' has no transistor"),
        ({"gate": "foo"}, "has no transistor"),
    ],
)
def test_pulses_that_cannot_be_meant_are_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        prepare_pulse_train(HFO2, **arguments)


def test_a_train_shorter_than_its_edges_is_refused():
    with pytest.raises(NetlistError, match="shorter than its"):
        prepare_pulse_train(HFO2, stimulus=[Pulse(1.8, 5e-9)])


@pytest.mark.parametrize("kind", [mc.cells.OneMemristor, mc.cells.TwoMemristors])
def test_a_triangular_sweep_moves_a_cell_as_scipy_says(kind):
    """The state under a triangle, of the memristor that sees it as it is."""
    sweep = triangle([1.7, -1.7], period=100e-6)
    found = mc.iv_loop(kind(HFO2), sweep=sweep, initial_state=0.2)
    exact = HFO2.numpy().integrate(
        lambda t: float(sweep.at(t)), sweep.time, 0.2, corners=sweep.time
    )
    states = found["state"] if kind is mc.cells.OneMemristor else found["state"].sel(
        memristor="plus"
    )  # fmt: skip
    at = np.interp(sweep.time, found["time"], states)
    np.testing.assert_allclose(at, exact, atol=5e-4)
    assert np.ptp(exact) > 0.04
    assert found.attrs["cycles"] == 1
    with pytest.raises(UsageError, match=r"amplitude beside a sweep"):
        mc.iv_loop(HFO2, sweep=sweep, amplitude=1.0)
