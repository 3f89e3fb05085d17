"""Pulse trains of many points in one netlist: each as if it were alone."""

from dataclasses import replace

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.errors import ParameterError, UsageError
from memcircuit.experiments.circuits import card_pulse
from memcircuit.experiments.pulse_train import prepare_pulse_train
from memcircuit.experiments.train_batch import batch_size, batchable, pulse_train_batch
from memcircuit.experiments.train_plan import train_plan
from memcircuit.simulate import Options
from pyspice_netlists.transistors import integrated_nmos

HFO2 = mc.device("lin2022_hfo2")
NMOS = mc.cells.OneTransistorOneMemristor(HFO2, integrated_nmos())
TIGHT = Options(reltol=1e-9, vntol=1e-10, abstol=1e-15)
EVERY = (
    "device.k_set", "device.g_square", "variation.m_g_max", "initial_state", "gate",
    "set.amplitude", "reset.amplitude", "read.amplitude", "cell.transistor.w", "cell.transistor.l",
)  # fmt: skip


def column(path, rng, points):
    """Return values of a parameter, (points,)."""
    low, high = {
        "device.k_set": (0.015, 0.03), "device.g_square": (-0.3, 0.3), "device.r_on": (40, 60),
        "variation.m_g_max": (0.9, 1.1), "variation.m_k_set": (0.8, 1.2),
        "initial_state": (0.1, 0.8), "device.initial_state": (0.1, 0.8), "gate": (2.5, 4.0),
        "set.amplitude": (1.5, 1.9), "reset.amplitude": (-1.8, -1.4),
        "pulse.amplitude": (1.4, 1.9), "read.amplitude": (0.1, 0.2),
        "cell.transistor.w": (2e-6, 2e-5), "cell.transistor.l": (0.35e-6, 1e-6),
    }[path]  # fmt: skip
    return rng.uniform(low, high, points)


def alone(arguments, columns, point, **more):
    """Return the train of one point by ``pulse_train``, without its dimension of cells."""
    cell, given = arguments["device"], {**arguments, **more}
    variation = dict(given.pop("variation", {}))
    del given["device"]
    size = {}
    for path, values in columns.items():
        owner, _, name = path.rpartition(".")
        value = values[point]
        if path in ("initial_state", "gate"):
            given[path] = value[np.newaxis] if np.ndim(value) else value
        elif path == "device.initial_state":
            cell = replace(cell, device=replace(cell.device, initial_state=float(value)))
        elif owner == "device":
            cell = replace(cell, device=cell.device.with_parameters(**{name: float(value)}))
        elif owner == "variation":
            variation[name] = value[np.newaxis] if np.ndim(value) else value
        elif owner == "cell.transistor":
            size[name] = float(value)
        elif owner == "pulse":
            for kind in ("set", "reset"):
                pulse = given.get(kind) or card_pulse(cell.device, kind)
                sized = float(np.copysign(value, pulse.amplitude))
                given[kind] = replace(pulse, amplitude=sized)
        else:
            pulse = given.get(owner) or card_pulse(cell.device, owner)
            given[owner] = replace(pulse, amplitude=float(value))
    if size:
        cell = replace(cell, transistor=integrated_nmos(**size))
    return mc.pulse_train(cell, variation=variation, **given).isel(cell=0, drop=True)


def apart(batch, single, point, name):
    """Return how far apart they are, beside what the pulses did."""
    own, told = batch.variables[name].values[point], single[name].to_numpy()
    size = np.ptp(told) if name in ("conductance", "weight", "state") else np.abs(told).max()
    return float(np.abs(own - told).max() / size)


@pytest.mark.parametrize(
    ("cell", "paths"),
    [
        (NMOS, EVERY),
        (NMOS, ("device.initial_state", "pulse.amplitude")),
        (mc.cells.OneTransistorOneMemristor(HFO2), ("device.k_set", "gate", "set.amplitude")),
        (mc.cells.OneMemristor(HFO2), ("device.k_set", "variation.m_k_set", "pulse.amplitude")),
        (mc.cells.TwoMemristors(HFO2), ("device.k_set", "set.amplitude", "reset.amplitude")),
        (mc.cells.RatioCell(HFO2), ("cell.transistor.w", "initial_state", "read.amplitude")),
        (mc.cells.FourMemristorBridge(HFO2), ("variation.m_g_max", "pulse.amplitude")),
        (mc.cells.ParallelMemristors(HFO2, 3), ("device.g_square", "read.amplitude")),
    ],
)
def test_every_point_is_as_alone(cell, paths, rng):
    """Conductances to 1e-4 of their change, energies to 1e-4, whatever differs."""
    arguments = {"device": cell, "pulses": 2, "reset_pulses": 1}
    if cell is NMOS:
        arguments["gate"] = 3.3
    if cell.wiring.quantity == "voltage":
        # a run alone finds the voltage of an open node to 1e-6 V only, a tenth of what pulses do
        arguments["options"] = TIGHT
    columns = {path: column(path, rng, 3) for path in paths}
    batch = pulse_train_batch(arguments, columns)
    for point in range(3):
        single = alone(arguments, columns, point)
        driven = bool({"set.amplitude", "reset.amplitude", "pulse.amplitude"} & set(paths))
        # amplitudes that differ from point to point are no coordinate of all of them
        assert set(batch.variables) - set(single.data_vars) == ({"amplitude"} if driven else set())
        assert set(single.variables) == {*batch.variables, *batch.coordinates}
        for name, own in batch.variables.items():
            assert own.dims == single[name].dims
            assert own.attrs == single[name].attrs
            if name == "amplitude":
                np.testing.assert_allclose(own.values[point], single[name], rtol=1e-15)
            elif name != "read_change":
                assert apart(batch, single, point, name) < 1e-4, name
        told = single["read_change"].to_numpy()
        np.testing.assert_allclose(batch.variables["read_change"].values[point], told, atol=1e-5)
        for name, own in batch.coordinates.items():
            assert own.dims == single[name].dims
            np.testing.assert_array_equal(own.values, single[name])
        assert ("read_voltage" in batch.attributes) == ("read.amplitude" not in paths)


def test_the_neighbours_add_less_error_than_the_tolerances(rng):
    """Beside runs a thousand times tighter, a point in company is as good as one alone."""
    arguments = {"device": NMOS, "pulses": 1, "reset_pulses": 1, "gate": 3.3}
    columns = {path: column(path, rng, 4) for path in ("device.k_set", "initial_state", "gate")}
    batch = pulse_train_batch(arguments, columns)
    for point in range(4):
        exact = alone(arguments, columns, point, options=TIGHT)
        single = alone(arguments, columns, point)
        change = np.ptp(exact["conductance"].to_numpy())
        own = np.abs(single["conductance"] - exact["conductance"]).max() / change
        assert apart(batch, exact, point, "conductance") < 1.2 * float(own) + 1e-5


def test_states_are_those_of_the_equations():
    """Single memristors against scipy, through the pulses of each point."""
    device = mc.cells.OneMemristor(HFO2)
    columns = {
        "device.k_set": np.array([0.0, 0.02, 0.04]),
        "set.amplitude": np.array([1.8, 1.9, 1.6]),
        "initial_state": np.array([0.2, 0.0, 0.7]),
    }
    batch = pulse_train_batch({"device": device, "pulses": 3, "reset_pulses": 0}, columns)
    for point, k_set in enumerate(columns["device.k_set"]):
        pulse = replace(card_pulse(HFO2, "set"), amplitude=columns["set.amplitude"][point])
        train = prepare_pulse_train(device, set=pulse, pulses=3, reset_pulses=0)
        drive = train.sequence.waveform
        exact = HFO2.with_parameters(k_set=k_set).numpy().integrate(
            lambda t, drive=drive: float(drive.at(t)), drive.time,
            columns["initial_state"][point], corners=drive.time,
        )  # fmt: skip
        told = np.interp(train.sequence.plateau_stop[::2], drive.time, exact)
        np.testing.assert_allclose(batch.variables["state"].values[point], told, atol=2e-5)


def test_the_behavioural_form_says_the_same(rng):
    columns = {path: column(path, rng, 2) for path in ("device.k_set", "device.g_square")}
    arguments = {"device": NMOS, "pulses": 1, "reset_pulses": 1, "gate": 3.3}
    one, two = (
        pulse_train_batch({**arguments, "form": f}, columns) for f in ("osdi", "behavioural")
    )
    for name in ("conductance", "energy"):
        np.testing.assert_allclose(
            one.variables[name].values, two.variables[name].values, rtol=1e-4
        )


def test_memristors_of_a_cell_may_differ(rng):
    cell = mc.cells.TwoMemristors(HFO2)
    arguments = {"device": cell, "pulses": 1, "reset_pulses": 0}
    columns = {
        "initial_state": rng.uniform(0.2, 0.6, (3, 2)),
        "variation.m_k_set": rng.uniform(0.8, 1.2, (3, 2)),
    }
    batch = pulse_train_batch(arguments, columns)
    for point in range(3):
        assert apart(batch, alone(arguments, columns, point), point, "weight") < 1e-4


def test_the_step_is_that_of_the_fastest_cell():
    plan = train_plan(mc.cells.OneMemristor(HFO2), pulses=1, reset_pulses=0)
    rates = np.array([0.02, 2.0, 0.2])
    together = plan.time_step([1.8, 0.2], {"k_set": rates})
    fast = replace(plan.cell, device=HFO2.with_parameters(k_set=2.0))
    assert together.step == replace(plan, cell=fast).time_step([1.8, 0.2]).step
    assert together.step < plan.time_step([1.8, 0.2]).step
    # what is fast at its own voltage counts, not at that of others
    volts = np.array([[1.8, 0.2], [0.5, 0.2], [1.0, 0.2]])
    assert plan.time_step(volts, {"k_set": rates}).step > together.step


def test_pulses_that_grow_alike_share_a_source():
    """One shape for SET and RESET of one magnitude, two for magnitudes of their own."""
    arguments = {"device": NMOS, "pulses": 1, "reset_pulses": 1, "gate": 3.3}
    seen = []
    for columns in (
        {"pulse.amplitude": np.array([1.8, 1.6])},
        {"set.amplitude": np.array([1.8, 1.6]), "reset.amplitude": np.array([-1.6, -1.6])},
        {"set.amplitude": np.array([1.8, 1.6]), "reset.amplitude": np.array([-1.6, -1.5])},
    ):
        batch = pulse_train_batch(arguments, columns)
        for point in range(2):
            assert apart(batch, alone(arguments, columns, point), point, "energy") < 1e-4
        seen.append(batch.variables["conductance"].values[0, 1])
    np.testing.assert_allclose(seen, seen[0], rtol=1e-5)


def test_long_trains_share_a_netlist_with_fewer():
    one = {"device": NMOS, "pulses": 1, "reset_pulses": 0}
    assert batch_size(one, most=200) == 200
    assert batch_size(one, most=32) == 32
    assert 1 < batch_size({**one, "pulses": 3000}, most=200) < 32
    assert batch_size({"device": mc.device("bengel2020_jart")}, most=200) == 2


def test_the_argument_comes_before_the_devices_own_state():
    arguments = {"device": NMOS, "pulses": 1, "reset_pulses": 0, "gate": 3.3}
    columns = {"device.initial_state": np.array([0.2, 0.7])}
    own = pulse_train_batch(arguments, columns).variables["state"].values[:, 0]
    given = pulse_train_batch({**arguments, "initial_state": 0.4}, columns)
    np.testing.assert_allclose(own, [0.2, 0.7], atol=1e-4)
    np.testing.assert_allclose(given.variables["state"].values[:, 0], 0.4, atol=1e-4)


@pytest.mark.parametrize(
    ("path", "may"),
    [
        *((path, True) for path in (*EVERY, "pulse.amplitude", "device.initial_state")),
        ("set.width", False), ("set.rise", False), ("pulses", False), ("device.nope", False),
        ("variation.m_p_set", False), ("cell.transistor.vto", False), ("form", False),
    ],
)  # fmt: skip
def test_what_may_differ_within_a_netlist(path, may):
    assert batchable({"device": NMOS, "pulses": 1}, path) is may


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"device": mc.cells.OneMemristor(HFO2)}, "gate"),
        ({"device": mc.cells.OneTransistorOneMemristor(HFO2)}, "cell.transistor.w"),
        ({"device": mc.cells.OneMemristor(mc.device("strukov2008_tio2"))}, "device.window"),
        ({"device": NMOS, "stimulus": [mc.Pulse(1.8, 1e-6)]}, "set.amplitude"),
        ({"device": NMOS, "waveforms": True}, "gate"),
        ({"device": NMOS, "keep": "here"}, "gate"),
    ],
)
def test_what_may_not(arguments, path):
    assert not batchable(arguments, path)
    with pytest.raises(UsageError, match=f"differ by '{path}' cannot share a netlist"):
        pulse_train_batch(arguments, {path: np.ones(2)})


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({"device.k_set": [0.1, -1.0]}, ParameterError, "cell 1: parameter k_set = -1 1/s"),
        ({"set.amplitude": [1.8, 0.0]}, UsageError, "set.amplitude: expected one voltage"),
        ({"set.amplitude": [1.8, -1.8]}, UsageError, "point 1: SET of -1.8 V and RESET of -1.8 V"),
        ({"pulse.amplitude": [1.8, -1.8]}, UsageError, "a magnitude"),
        (
            {"pulse.amplitude": [1.8, 1.7], "set.amplitude": [1.8, 1.7]},
            UsageError, "give it or theirs",
        ),
        ({"gate": [3.0, 2000.0]}, UsageError, "gate: expected one voltage for each cell"),
        ({"gate": [3.0, 3.1], "device.k_set": [0.1]}, UsageError, "one value for each point"),
        ({"variation.m_k_set": [1.0, 0.0]}, UsageError, "every multiplier must be above 0"),
        ({"variation.m_g_min": [1.0, 400.0]}, ParameterError, "cell 1: g_max = .*g_min < g_max"),
        (
            {"device.g_min": [1e-6, 1e-6], "variation.m_g_min": [1.0, 400.0]},
            ParameterError, "cell 1: g_max = .*, g_min = 0.0004 S; must be g_min < g_max",
        ),
        ({"initial_state": [0.1, 1.1]}, UsageError, r"initial_state must be 2 numbers in 0 ... 1"),
        ({"cell.transistor.w": [1e-6, 0.0]}, ValueError, "a number above zero"),
        ({"device.k_set": np.ones((2, 3))}, UsageError, r"k_set has shape \(2, 3\)"),
    ],
)  # fmt: skip
def test_values_are_refused_by_name(columns, error, message):
    arguments = {"device": NMOS, "pulses": 1, "gate": 3.3}
    with pytest.raises(error, match=message):
        pulse_train_batch(arguments, {path: np.asarray(v) for path, v in columns.items()})
