"""Pulse trains: direction, saturation, energy, many cells in one netlist."""

import numpy as np
import pytest
import xarray as xr

import memcircuit as mc
from memcircuit.errors import ParameterError, TableError, UsageError
from memcircuit.experiments.pulse_train import prepare_pulse_train, run_train


@pytest.fixture(scope="module")
def cell():
    return mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))


@pytest.fixture(scope="module")
def train(cell):
    return mc.pulse_train(cell, pulses=80, waveforms=True)


def test_the_papers_response(train):
    """Lin et al. 2022: gradual from 1 uS to 350 uS and back, in 50 to 100 pulses each way."""
    g = train["conductance"].to_numpy()[0]
    up, down = g[:81], g[80:]
    assert np.all(np.diff(up) > 0)
    assert np.all(np.diff(down) < 0)
    assert g[0] == pytest.approx(1e-6, rel=0.02)
    assert up[-1] == pytest.approx(350e-6, rel=0.03)
    assert down[-1] < 5e-6  # the paper's preset before training
    # gradual: between 50 and 100 pulses for the range, no step above a tenth of it
    assert 40 < np.searchsorted(up, 0.9 * up[-1]) < 100
    assert np.abs(np.diff(g)).max() < 35e-6


@pytest.mark.parametrize("start", [0.0, 0.5, 1.0])
def test_reading_does_not_disturb(cell, start):
    """A hundred reads of 0.2 V / 1 us: 0.2 % at the lowest conductance, less elsewhere.

    From the rate at 0.2 V: k_set sinh(0.2/0.12) 100 us (g_max - g_min)/g_min = 1.8e-3.
    """
    weak = mc.Pulse(0.2, 100e-6)
    result = mc.pulse_train(cell, set=weak, pulses=1, reset_pulses=0, initial_state=start)
    first, second = result["conductance"].to_numpy()[0]
    assert abs(second / first - 1) < 2e-3


def test_energy_of_a_pulse(train):
    """The driver's energy is v i t of the plateau and the edges, from the sampled waveform."""
    time = train["time"].to_numpy()
    power = train["waveform_voltage"].to_numpy() * train["waveform_current"].to_numpy()[0]
    total = np.trapezoid(power, time)
    parts = float(train["energy"].sum() + train["read_energy"].sum())
    assert parts == pytest.approx(total, rel=1e-4)
    # first SET pulse on 1 uS: i = g sinh(1.8), v = 1.8 V for 1 us, to within the state's motion
    low, high = (g * np.sinh(1.8) * 1.8 * 1e-6 for g in train["conductance"].to_numpy()[0, :2])
    assert low < float(train["energy"][0, 1]) < high


@pytest.mark.parametrize("form", ["osdi", "behavioural"])
@pytest.mark.parametrize(
    ("card", "changed", "pulse"),
    [
        ("lin2022_hfo2", {}, mc.Pulse(1.8, 1e-6, 100e-9, 100e-9)),
        ("lin2022_hfo2", {}, mc.Pulse(1.8, 1e-6, 1e-6, 1e-6)),
        ("lin2022_hfo2", {}, mc.Pulse(2.5, 100e-9)),
        ("lin2022_hfo2", {"p_set": 20.0}, mc.Pulse(1.8, 1e-6)),
        ("kvatinsky2015_vteam", {}, mc.Pulse(-0.25, 0.5e-9, 0.5e-9, 0.5e-9)),
        ("kvatinsky2015_vteam", {"r_off": 1e6}, mc.Pulse(-0.25, 0.5e-9, 10e-12, 10e-12)),
    ],
)
def test_other_pulses_than_the_cards(form, card, changed, pulse):
    """Slow edges, the largest voltage, other parameters: 0.1 % of scipy after every pulse."""
    device = mc.device(card, **changed)
    train = prepare_pulse_train(device, set=pulse, pulses=20, reset_pulses=0, form=form)
    drive = train.sequence.waveform
    states = device.numpy().integrate(
        lambda t: float(drive.at(t)), drive.time, device.initial_state, corners=drive.time
    )
    at_reads = np.interp(train.sequence.plateau_stop[::2], drive.time, states)
    exact = device.conductance(at_reads, train.read_amplitude)
    result = run_train(train)
    assert np.abs(result["conductance"].to_numpy()[0] / exact - 1).max() < 1e-3
    assert result.attrs["state_step"] < 0.05


def test_a_run_too_coarse_for_its_device_says_so():
    """Short strong pulses between long reads: the step cannot follow both."""
    device = mc.device("lin2022_hfo2", k_set=1.0, k_reset=1.0)
    train = prepare_pulse_train(
        device, set=mc.Pulse(2.5, 10e-9, 1e-9, 1e-9), read=mc.Pulse(0.2, 1e-4), pulses=30,
        reset_pulses=0,
    )  # fmt: skip
    assert train.settings["state_step"] > 0.2


def test_a_closed_gate_is_seen(cell):
    """What is read then is charging current: the table refuses it."""
    train = mc.pulse_train(cell, gate=0.0, pulses=2)
    with pytest.raises(TableError, match=r"still changes|must be above 0"):
        mc.ConductanceTable.from_pulses(train)


def test_cycles_follow_each_other(cell):
    seen = []
    result = mc.pulse_cycles(
        cell, np.random.default_rng(3), devices=2, cycles=3, pulses=4,
        on_cycle=lambda cycle, train, _: seen.append((cycle, train.initial_state)),
    )  # fmt: skip
    assert result["conductance"].dims == ("device", "cycle", "pulse")
    assert [cycle for cycle, _ in seen] == [0, 1, 2]
    state = result["state"].to_numpy()
    # a cycle starts where the last one ended
    np.testing.assert_allclose(state[:, 1, 0], state[:, 0, -1], atol=1e-5)
    np.testing.assert_allclose(seen[2][1], state[:, 1, -1])
    again = mc.pulse_cycles(cell, np.random.default_rng(3), devices=2, cycles=3, pulses=4)
    np.testing.assert_array_equal(again["conductance"], result["conductance"])
    with pytest.raises(UsageError, match="variation is drawn"):
        mc.pulse_cycles(cell, np.random.default_rng(3), variation={})
    # cycle-to-cycle spread: the cycles of a device differ
    assert np.ptp(result["conductance"].to_numpy()[0, :, 1]) > 0


def test_cells_do_not_disturb_each_other(cell):
    states, multipliers = np.array([0.1, 0.4, 0.8]), np.array([0.9, 1.0, 1.2])
    many = mc.pulse_train(cell, pulses=5, initial_state=states, variation={"m_k_set": multipliers})
    for index in range(3):
        alone = mc.pulse_train(cell, pulses=5, initial_state=states[index],
                               variation={"m_k_set": multipliers[index]})  # fmt: skip
        np.testing.assert_allclose(many["conductance"][index], alone["conductance"][0], rtol=3e-4)


def test_multipliers_that_make_no_device_are_refused_as_their_parameters_are(cell, monkeypatch):
    monkeypatch.setenv("MEMCIRCUIT_NGSPICE", "nowhere")
    parameters, ratio = cell.device.parameters, 1e6
    with pytest.raises(ParameterError) as folded:
        mc.device("lin2022_hfo2", g_min=parameters["g_min"] * ratio)
    with pytest.raises(ParameterError) as multiplied:
        mc.pulse_train(cell, form="osdi", variation={"m_g_min": [1.0, ratio]})
    own, cells = str(folded.value), str(multiplied.value)
    assert "cell 1" in cells
    assert own.partition(": ")[2] == cells.partition(": ")[2]
    assert "g_min" in cells
    assert "g_max" in cells


def test_read_by_its_amplitude_alone(cell):
    """Twice the read voltage: i = g v_ohmic sinh(v/v_ohmic), with v_ohmic = 1 V."""
    reads = {
        volts: float(
            mc.pulse_train(cell, pulses=1, initial_state=0.5, read=volts)["conductance"][0, 0]
        )
        for volts in (0.2, 0.4, -0.2)
    }
    expected = (np.sinh(0.4) / 0.4) / (np.sinh(0.2) / 0.2)
    assert reads[0.4] / reads[0.2] == pytest.approx(expected, rel=1e-4)
    assert reads[-0.2] == pytest.approx(reads[0.2], rel=1e-4)
    bare = mc.device_from_model("vteam")
    train = mc.pulse_train(
        bare, set=mc.Pulse(-0.3, 1e-9, 1e-10, 1e-10), pulses=1, reset_pulses=0, read=0.01
    )
    assert float(train["conductance"][0, 0]) == pytest.approx(1 / (50 + 950 * 0.9), rel=1e-3)


def test_result_says_where_it_comes_from(train):
    assert "10.3390/nano12071075" in train.attrs["citation"]


def test_dataset_survives_a_file(train, tmp_path):
    path = tmp_path / "train.nc"
    train.to_netcdf(path, engine="scipy")
    xr.testing.assert_identical(xr.load_dataset(path, engine="scipy"), train)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"pulses": 0, "reset_pulses": 0}, "at least one pulse"),
        ({"pulses": -1}, "pulses = -1"),
        ({"variation": {"m_nothing": 1.0}}, "no multiplier 'm_nothing'"),
        ({"variation": {"m_k_set": np.ones(2)}, "initial_state": np.zeros(3)}, "different numbers"),
        ({"initial_state": 2.0}, "initial_state"),
        ({"initial_state": "low"}, "is no array of numbers"),
        ({"initial_state": []}, "no cell at all"),
        ({"pulses": 2.5}, "must be a whole number"),
        ({"pulses": 10**9}, "time points, more than"),
        (
            {"read": mc.Pulse(0.2, 1e-9, 1e-10, 1e-10), "set": mc.Pulse(1.8, 1.0)},
            "time points, more than",
        ),
        ({"set": (1.8, 1e-6)}, r"is not a pulse: pass set=Pulse"),
        ({"read": "0.2 V"}, "must be a pulse or its amplitude"),
        ({"gate": float("nan")}, "gate = nan V"),
        ({"variation": {"m_k_set": 0.0}}, "above 0 and finite"),
        ({"variation": {"m_k_set": np.ones((2, 3))}}, "mc.pulse_cycles"),
        ({"variation": {"m_k_set": "large"}}, "is no array of numbers"),
    ],
)
def test_refused_before_the_simulator_starts(cell, wrong, message):
    with pytest.raises(UsageError, match=message):
        mc.pulse_train(cell, **wrong)


def test_a_name_is_no_device():
    with pytest.raises(UsageError, match=r"'lin2022_hfo2' is neither a device nor a cell"):
        mc.pulse_train("lin2022_hfo2")


def test_devices_without_card_need_pulses():
    device = mc.device_from_model("vteam")
    with pytest.raises(UsageError, match=r"states no set pulse: pass set=Pulse"):
        mc.pulse_train(device)
    with pytest.raises(UsageError, match=r"states no read pulse: pass read=Pulse"):
        mc.pulse_train(device, set=mc.Pulse(-0.3, 1e-9, 1e-10, 1e-10), reset_pulses=0)
    with pytest.raises(UsageError, match="no gate voltage"):
        mc.pulse_train(
            mc.cells.OneTransistorOneMemristor(device),
            read=mc.Pulse(0.01, 1e-9, 1e-10, 1e-10),
            set=mc.Pulse(-0.3, 1e-9, 1e-10, 1e-10),
            reset_pulses=0,
        )
