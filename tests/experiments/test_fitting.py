"""Fits to simulated data find the values that the data were made with, and say how surely."""

import numpy as np
import pytest
import xarray as xr

import memcircuit as mc
from memcircuit.devices.evolution import evolve, evolve_pulses
from memcircuit.errors import ParameterError, UsageError
from memcircuit.experiments.fitting import fit

LOOPS = {"lin2022_hfo2": (1.8, 2.5e-4), "kvatinsky2015_vteam": (0.3, 20e-9)}


def loop_of(device, points=101, amplitude=None):
    """Time, voltage and current of one sine, from the numpy form."""
    volts, period = LOOPS[device.name]
    time = np.linspace(0, period, points)
    voltage = (amplitude or volts) * np.sin(2 * np.pi * time / period)
    states = evolve(device.numpy(), time, voltage, device.initial_state,
                    relative_tolerance=1e-9, absolute_tolerance=1e-12)[0]  # fmt: skip
    return time, voltage, device.numpy().current(voltage, states)


def train_of(device, pulses):
    """Conductance at 0.2 V before and after SET, then RESET pulses of the lin2022 card."""
    direction = np.array([0] + [1] * pulses + [-1] * pulses)
    states = evolve_pulses(device.numpy(), 1.8 * direction[1:], 1e-6, device.initial_state)
    states = np.concatenate([[device.initial_state], states[0]])
    return device.conductance(states, 0.2), direction


def test_a_loop_gives_back_its_parameters():
    device = mc.device("lin2022_hfo2", k_set=0.025, k_reset=0.05, g_max=250e-6)
    start = {"k_set": 0.01, "k_reset": 0.1, "g_max": 500e-6, "v_set": 0.13}
    found = fit(mc.device("lin2022_hfo2"), loop_of(device), list(start), start=start)
    for name, value in found.values.items():
        assert value == pytest.approx(device.parameters[name], rel=1e-4)
        assert found.device.parameters[name] == value
    assert found.converged
    assert not found.undetermined
    assert found.relative_residual < 1e-5


def test_negative_parameters_and_a_model_by_name():
    device = mc.device("kvatinsky2015_vteam", k_on=-7.0, k_off=8e-4, r_off=1500.0)
    known = {"p": 2.0, "initial_state": 0.1}
    found = fit("vteam", loop_of(device), ["k_on", "k_off", "r_off"], start=known)
    assert found.values["k_on"] == pytest.approx(-7.0, rel=1e-3)
    assert found.values["k_off"] == pytest.approx(8e-4, rel=1e-3)
    assert found.values["r_off"] == pytest.approx(1500.0, rel=1e-3)


def test_the_initial_state_can_be_free():
    device = mc.device("lin2022_hfo2")
    for true, guess in ((0.0, 0.3), (0.35, 0.0)):
        time, voltage, _ = loop_of(device, points=41)
        path = evolve(device.numpy(), time, voltage, true, relative_tolerance=1e-9)[0]
        data = time, voltage, device.numpy().current(voltage, path)
        found = fit(device, data, ["initial_state", "k_reset"], start={"initial_state": guess})
        assert found.values["initial_state"] == pytest.approx(true, abs=1e-3)
        assert found.device.initial_state == found.values["initial_state"]


def test_a_loop_of_ngspice():
    """The data come from the simulator: within 1 %."""
    device = mc.device("lin2022_hfo2", k_set=0.03, k_reset=0.02, g_max=300e-6)
    loop = mc.iv_loop(device, cycles=1, points_per_cycle=300)
    free = ["k_set", "k_reset", "g_max"]
    found = fit(mc.device("lin2022_hfo2"), loop.isel(time=slice(None, None, 2)), free)
    for name in free:
        assert found.values[name] == pytest.approx(device.parameters[name], rel=0.01)


def test_pulses_of_ngspice():
    """SET and RESET pulses with reads between, two cells that are alike: within 1 %."""
    device = mc.device("lin2022_hfo2", k_set=0.03, k_reset=0.02, p_set=3.0)
    train = mc.pulse_train(device, pulses=15, initial_state=[0.0, 0.0])
    free = ["k_set", "k_reset", "p_set"]
    found = fit(mc.device("lin2022_hfo2"), train, free)
    assert found.residual_unit == "S"
    for name in free:
        assert found.values[name] == pytest.approx(device.parameters[name], rel=0.01)


def test_pulses_as_arrays_under_pulses_that_are_given():
    device = mc.device("lin2022_hfo2", k_set=0.03, g_min=3e-6)
    direction = np.array([0, 1, 1, 1, 1, 1, 1, 1, 1])
    pulse = mc.Pulse(1.7, 3e-6, rise=1e-6, fall=1e-6)
    states = evolve_pulses(device.numpy(), 1.7, np.full(8, 3e-6), 0.0, rise=1e-6, fall=1e-6)
    conductance = device.conductance(np.concatenate([[0.0], states[0]]), 0.1)
    found = fit(mc.device("lin2022_hfo2"), (conductance, direction), ["k_set", "g_min"],
                set=pulse, read=0.1)  # fmt: skip
    assert found.values["k_set"] == pytest.approx(0.03, rel=1e-3)
    assert found.values["g_min"] == pytest.approx(3e-6, rel=1e-3)


def test_errors_cover_the_truth_under_noise(rng):
    """Six noisy trains: deviations in units of the stated error are those of a normal."""
    device = mc.device("lin2022_hfo2")
    conductance, direction = train_of(device, 8)
    free, off = ["k_set", "k_reset", "g_max"], []
    for _ in range(6):
        noisy = conductance * (1 + 0.02 * rng.standard_normal(conductance.size))
        found = fit(device, (noisy, direction), free)
        off += [
            (found.values[n] - device.parameters[n]) / found.standard_errors[n] for n in free
        ]  # fmt: skip
        assert 0.005 < found.relative_residual < 0.04
    assert np.abs(off).max() < 4
    assert 0.5 < np.sqrt(np.mean(np.square(off))) < 1.6


def test_what_the_data_leave_open_is_said():
    # positive voltages only: nothing depends on the RESET
    device = mc.device("lin2022_hfo2")
    conductance, direction = train_of(device, 5)
    found = fit(device, (conductance[:6], direction[:6]), ["k_set", "k_reset"],
                start={"k_set": 0.03})  # fmt: skip
    assert found.undetermined == ("k_reset",)
    assert found.standard_errors["k_reset"] == np.inf
    assert found.values["k_set"] == pytest.approx(device.parameters["k_set"], rel=1e-3)
    assert np.isfinite(found.standard_errors["k_set"])
    assert "k_reset = 0.036 +- inf 1/s NOT DETERMINED" in found.summary()


def test_values_that_only_their_ratio_determines_are_open():
    # the speed of the boundary over the way it goes: k_on / w_off
    device = mc.device("kvatinsky2015_vteam")
    loop = loop_of(device)
    found = fit(device, loop, ["k_on", "k_off", "w_off"], start={"w_off": 4e-9})
    assert found.undetermined == ("k_on", "k_off", "w_off")
    for name in ("k_on", "k_off"):
        ratio = found.values[name] / found.values["w_off"]
        assert ratio == pytest.approx(device.parameters[name] / 3e-9, rel=1e-3)


def test_outliers_are_given_little_weight(rng):
    device = mc.device("lin2022_hfo2")
    conductance, direction = train_of(device, 10)
    conductance = conductance * (1 + 0.002 * rng.standard_normal(conductance.size))
    conductance[[5, 9, 14]] *= 1.6
    errors = [
        abs(fit(device, (conductance, direction), ["k_set", "g_max"], outliers=flag)
            .values["g_max"] / device.parameters["g_max"] - 1)
        for flag in (False, True)
    ]  # fmt: skip
    assert errors[1] < 0.03
    assert errors[0] > 0.2


def test_bounds_and_constraints_are_kept():
    """Data that ask for g_min above g_max, and for a negative rate."""
    device = mc.device("lin2022_hfo2")
    direction = np.array([0] + [1] * 10)
    falling = np.linspace(300e-6, 100e-6, 11)
    found = fit(device, (falling, direction), ["g_min", "g_max", "k_set"],
                start={"g_min": 90e-6, "g_max": 110e-6})  # fmt: skip
    assert 0 < found.values["g_min"] < found.values["g_max"] <= 1
    assert found.values["k_set"] >= 0
    assert found.relative_residual > 0.1


def test_a_search_that_is_cut_short_says_so():
    device = mc.device("lin2022_hfo2")
    found = fit(device, train_of(device, 5), ["k_set"], start={"k_set": 1.0}, most_trials=2)
    assert not found.converged
    assert "NOT CONVERGED" in found.summary()


@pytest.mark.parametrize(
    ("free", "message"),
    [
        ([], "free is empty"),
        (["speed"], "no parameter 'speed'"),
        (["k_set", "k_set"], "twice"),
        (["k_set", "k_reset", "g_min", "g_max", "v_set"], "5 points do not determine 5 values"),
    ],
)
def test_free_names_are_checked(free, message):
    device = mc.device("lin2022_hfo2")
    with pytest.raises(UsageError, match=message):
        fit(device, train_of(device, 2), free)


def test_a_parameter_that_chooses_cannot_be_free():
    device = mc.device("kvatinsky2015_vteam")
    with pytest.raises(UsageError, match="'exponential' takes whole numbers"):
        fit(device, loop_of(device), ["exponential"])


RISING = np.arange(20.0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (RISING, "data of type ndarray"),
        ((RISING, RISING, np.where(RISING == 3, np.nan, 1)), "not finite at 1 of 20"),
        ((RISING, RISING, RISING[1:]), "three arrays of one length"),
        ((-RISING, RISING, RISING), "rising"),
        ((RISING, RISING), "direction must be 0"),
        ((RISING, np.zeros(3)), "a direction for each"),
        (("a", "b", "c"), "holds no numbers"),
        (xr.Dataset({"accuracy": ("epoch", [1.0])}), "it holds accuracy"),
        (
            xr.Dataset({"current": ("time", RISING), "voltage": ("time", RISING)},
                       {"time": RISING}, {"cell_name": "cell_1t1r_x"}),
            "cell 'cell_1t1r_x'",
        ),
    ],
)  # fmt: skip
def test_data_of_the_wrong_kind(data, message):
    with pytest.raises(UsageError, match=message):
        fit("vteam", data, ["k_on"])


def test_other_bad_input():
    device = mc.device("lin2022_hfo2")
    data = train_of(device, 5)
    with pytest.raises(UsageError, match="neither a device nor the name"):
        fit(3, data, ["k_set"])
    with pytest.raises(UsageError, match="no model 'memory'"):
        fit("memory", data, ["k_set"])
    with pytest.raises(ParameterError, match=r"initial_state = 2 is outside"):
        fit(device, data, ["k_set"], start={"initial_state": 2.0})
    with pytest.raises(ParameterError, match="must be"):
        fit(device, data, ["g_max"], start={"g_max": 1e-7})
    with pytest.raises(UsageError, match="states no set pulse"):
        fit("graded_bipolar", data, ["k_set"])
    with pytest.raises(UsageError, match="most_trials"):
        fit(device, data, ["k_set"], most_trials=0)
