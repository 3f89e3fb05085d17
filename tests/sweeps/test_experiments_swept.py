"""Every experiment that is known, swept over two values: each point is what a call gives."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.networks.network import Network
from memcircuit.sweeps.registry import experiment_names, experiment_of
from memcircuit.sweeps.runner import sweep
from memcircuit.sweeps.store import Store
from pyspice_netlists import Pulse

SEED = 3
SMALL = np.array([[0.2, 0.6], [0.4, 0.8]])


def device():
    return mc.device("lin2022_hfo2")


def cell():
    return mc.cells.OneTransistorOneMemristor(device(), "nmos_350n")


def array():
    return mc.Crossbar(cell(), rows=2, columns=2, wires=2.0, gate=2.0)


def bare():
    return mc.Crossbar(device(), rows=2, columns=2, wires=2.0)


def network():
    """One layer of three inputs and two classes, and four images with their labels."""
    layer = mc.networks.Dense(np.array([[0.5, -0.5], [1.0, -0.2], [-0.3, 0.4]]))
    images = np.random.default_rng(1).uniform(size=(4, 3))
    return Network((3,), (layer,)), images, np.array([0, 1, 0, 1])


def table():
    return mc.LevelTable.uniform(1e-6, 350e-6, 8)


# arguments of each, and the parameter that is swept with its two values
CASES = {
    "iv_family": lambda: ((device(),), {"stops": [-1.0, -1.5]}, "rate", [1e5, 1e6]),
    "pulse_cycles": lambda: (
        (device(),), {"devices": 2, "cycles": 1, "pulses": 1}, "set.amplitude", [1.7, 1.9],
    ),
    "pulse_statistics": lambda: (
        (device(),), {"devices": 5, "pulses": 2}, "device.k_set", [0.01, 0.02],
    ),
    "write_verify_cells": lambda: (
        (device(),), {"targets": [5e-5, 1e-4]}, "tolerance", [0.01, 0.1],
    ),
    "linearise": lambda: ((device(),), {"segments": 2, "pulses": 4}, "device.k_set", [0.01, 0.02]),
    "retention": lambda: (
        (device(),), {"times": [1.0, 10.0], "simulator": "formula"}, "read", [0.1, 0.2],
    ),
    "settle_read": lambda: ((array(), [0.1, 0.2]), {"states": SMALL}, "rise", [1e-9, 2e-9]),
    "read_margin": lambda: ((device(), [2, 4]), {"wires": 1.0}, "wires", [1.0, 2.0]),
    "half_select_disturb": lambda: (
        (bare(), SMALL, (0, 0), Pulse(1.0, 1e-6), 1), {}, "pulse.amplitude", [0.9, 1.1],
    ),
    "read_disturb": lambda: ((device(), 3), {}, "device.k_set", [0.01, 0.02]),
    "drive_array": lambda: (
        (bare(), SMALL), {"rows": [0.1, 0.2], "stop": 1e-6}, "read", [0.1, 0.2],
    ),
    "program_pulses": lambda: (
        (bare(), SMALL, [(0, 0)], [Pulse(1.8, 1e-6)]), {}, "bias", ["grounded", "v/2"],
    ),
    "write_verify": lambda: (
        (bare(), SMALL, {(0, 0): 1e-4}), {}, "tolerance", [0.02, 0.1],
    ),
    "evaluate": lambda: (network(), {"seeds": 2, "table": table()}, "quantise", [False, True]),
    "iv_loop": lambda: ((device(),), {}, "amplitude", [1.0, 1.5]),
    "pulse_train": lambda: ((cell(),), {"pulses": 1}, "gate", [1.8, 2.0]),
}  # fmt: skip


def test_every_experiment_has_a_case():
    assert set(CASES) == set(experiment_names())


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", sorted(CASES))
def test_each_point_is_what_a_call_gives(tmp_path, name):
    places, named, path, values = CASES[name]()
    given = {"jobs": 1, "seed": SEED, "store": Store(tmp_path), "batch": False}
    found = sweep(
        functools.partial(experiment_of(name).function, *places, **named),
        {path: values}, progress="quiet", **given,
    )  # fmt: skip
    assert found["error"].values.tolist() == ["", ""]
    assert found.attrs["experiment"] == name
    assert found.attrs["sweep_dims"] == path
    found.to_netcdf(tmp_path / "found.nc", engine="scipy")
    for place, value in enumerate(values):
        alone = called(name, places, named, path, value, place)
        compared = 0
        for quantity, one in alone.data_vars.items():
            kept = f"result_{quantity}" if quantity == "error" else quantity
            point = found[kept].isel({path: place})
            if point.dims == one.dims and point.shape == one.shape:
                np.testing.assert_array_equal(point.values, one.values)
                compared += 1
        assert compared >= 1


def called(name, places, named, path, value, place):
    """Return what the experiment gives when it is called, in the form a sweep brings it to."""
    experiment = experiment_of(name)
    if path == "set.amplitude":
        path, value = "set", Pulse(value, 1e-6)
    elif path == "pulse.amplitude":
        places, path, value = (*places[:3], Pulse(value, 1e-6), *places[4:]), "", None
    elif path == "device.k_set":
        places, path, value = (device().with_parameters(k_set=value), *places[1:]), "", None
    own = {**named, path: value} if path else dict(named)
    if "rng" in experiment.signature.parameters:
        own["rng"] = np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(place,)))
    found = experiment.function(*places, **own)
    if experiment.fixed is not None:
        found = experiment.fixed(found)
    return found.dataset() if callable(getattr(found, "dataset", None)) else found
