"""Wrong values of every argument of every experiment: one kind of error, before a simulator."""

from __future__ import annotations

import functools
import inspect

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.errors import MemcircuitError, ToolError, UsageError
from memcircuit.sweeps.registry import experiment_names, experiment_of

HALF = np.full((2, 2), 0.5)
# what is wrong for whatever argument
ALWAYS = {
    "an object": object(),
    "a word": "nonsense",
    "bytes": b"x",
    "nan": float("nan"),
    "a ragged list": [[1.0], [1.0, 2.0]],
    "a dictionary": {1: 2},
    "words": ["a", "b"],
    "an array of words": np.array(["a"]),
    "an array of nan": np.array([np.nan, 1.0]),
    "a class": dict,
    "a set": {1},
    "imaginary": 1j,
    "a tuple": ("a", 1),
}
# of which a few are right
RIGHT = {
    ("keep", "a word"),
    ("on_cycle", "a class"),
    ("sizes", "bytes"),  # a sequence of whole numbers
}
# arguments that are passed on by name
FURTHER = {
    "pulse_cycles": (
        "set", "reset", "read", "pulses", "reset_pulses", "stimulus", "initial_state", "gate",
        "form",
    ),
    "evaluate": ("faults", "read_noise", "drift", "quantise", "mapping", "adc", "dac", "array"),
}  # fmt: skip
# for arguments that must be whole numbers from 1, or numbers above 0
NEVER = {"negative": -1, "true": True, "infinite": float("inf"), "beyond all": 10**400}
COUNTS = {"pulses", "segments", "passes", "devices", "cycles", "count", "max_pulses", "burst",
          "points", "points_per_cycle", "reads"}  # fmt: skip
# counts of what no memory holds, though each is a whole number
TOO_MANY = {
    "evaluate": {"seeds": 2 * 10**9},
    "half_select_disturb": {"count": 2 * 10**9},
    "iv_family": {"points": 2 * 10**9},
    "iv_loop": {"cycles": 2 * 10**9, "points_per_cycle": 2 * 10**9},
    "linearise": {"pulses": 2 * 10**9, "segments": 2 * 10**9},
    "program_pulses": {"pulses": [(mc.Pulse(1.8, 1e-6), 2 * 10**9)]},
    "pulse_cycles": {"devices": 2 * 10**9, "cycles": 2 * 10**9, "pulses": 2 * 10**9},
    "pulse_statistics": {"devices": 2 * 10**9, "cycles": 2 * 10**9, "pulses": 2 * 10**9},
    "pulse_train": {"pulses": 2 * 10**9},
    "read_margin": {"sizes": [10**9]},
    "retention": {"devices": 2 * 10**9},
}
ABOVE_ZERO = {"tolerance", "rise", "duration", "stop", "step", "frequency", "amplitude", "rate"}


@functools.cache
def arguments_of(name):
    """Return arguments with which an experiment would run."""
    device = mc.device("lin2022_hfo2")
    cell = mc.cells.OneTransistorOneMemristor(device)
    array = mc.Crossbar(rows=2, columns=2, wires=2.0, cell=device)
    slow = mc.Wires(row=2.0, column=2.0, row_capacitance=1e-15, column_capacitance=1e-15)
    pulse = mc.Pulse(1.8, 1e-6)
    rng = np.random.default_rng(1)
    one = {"devices": 2, "cycles": 1, "pulses": 1}
    network = mc.networks.Network((2,), (mc.networks.Dense(np.array([[0.5, -1.0], [0.2, 0.4]])),))
    given = {
        "drive_array": {"array": array, "states": HALF, "rows": 0.1, "stop": 1e-6},
        "evaluate": {
            "network": network, "images": np.eye(2), "labels": np.array([0, 1]), "seeds": 1,
            "hardware": mc.Hardware(table=mc.LevelTable.uniform(1e-6, 1e-4, 8)),
        },
        "half_select_disturb": {
            "array": array, "states": HALF, "selected": (0, 0), "pulse": pulse, "count": 2,
        },
        "iv_family": {"device": device},
        "iv_loop": {"device": device, "cycles": 1},
        "linearise": {"device": cell, "segments": 2, "pulses": 4},
        "program_pulses": {
            "array": array, "states": HALF, "selected": (0, 0), "pulses": [pulse],
        },
        "pulse_cycles": {"device": device, "rng": rng, **one},
        "pulse_statistics": {"device": device, "rng": rng, **one},
        "pulse_train": {"device": cell, "pulses": 1, "reset_pulses": 1},
        "read_disturb": {"device": device, "reads": 2},
        "read_margin": {"cell": device, "sizes": [2], "biases": ["v/2"]},
        "retention": {"device": device, "times": [0.0, 1.0], "rng": rng},
        "settle_read": {
            "array": mc.Crossbar(rows=2, columns=2, wires=slow), "v": [0.1, 0.2],
            "g": np.full((2, 2), 1e-5),
        },
        "write_verify": {"array": array, "states": HALF, "targets": {(0, 0): 2e-5}},
        "write_verify_cells": {"device": cell, "targets": [2e-5]},
    }[name]  # fmt: skip
    if (
        name == "pulse_cycles"
        or "form" in inspect.signature(experiment_of(name).function).parameters
    ):
        given["form"] = "behavioural"  # else it asks which form ngspice can run
    return given


def cases():
    """Yield every experiment with every argument that it takes."""
    for name in experiment_names():
        own = inspect.signature(experiment_of(name).function).parameters.values()
        named = [one.name for one in own if one.kind is not one.VAR_KEYWORD]
        yield from ((name, argument) for argument in (*named, *FURTHER.get(name, ())))


def wrong_values(name, argument):
    """Return what is wrong for an argument, by what it is."""
    single = argument in COUNTS | ABOVE_ZERO and (name, argument) != ("program_pulses", "pulses")
    values = {**ALWAYS, **(NEVER if single else {})}
    return {told: value for told, value in values.items() if (argument, told) not in RIGHT}


@pytest.fixture(scope="module")
def no_simulator():
    """Let what is not refused end with another kind of error."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEMCIRCUIT_NGSPICE", "/nowhere")
        yield


def ending(name, arguments):
    """Return the exit status with which an experiment ends, or what it should not raise."""
    try:
        experiment_of(name).function(**arguments)
    except MemcircuitError as error:
        return error.exit_status
    except Exception as error:  # noqa: BLE001 - the test tells which
        return repr(error)
    return 0


@pytest.mark.parametrize("name", experiment_names())
@pytest.mark.usefixtures("no_simulator")
def test_right_arguments_come_as_far_as_the_simulator(name):
    assert ending(name, arguments_of(name)) in (0, ToolError.exit_status)


@pytest.mark.parametrize(("name", "argument"), list(cases()))
@pytest.mark.usefixtures("no_simulator")
def test_wrong_values_are_refused_before_a_simulator_starts(name, argument):
    found = {
        told: ending(name, {**arguments_of(name), argument: value})
        for told, value in wrong_values(name, argument).items()
    }
    assert {told: end for told, end in found.items() if end != UsageError.exit_status} == {}


@pytest.mark.parametrize(("name", "counts"), list(TOO_MANY.items()))
@pytest.mark.usefixtures("no_simulator")
def test_more_than_memory_holds_is_refused(name, counts):
    found = {
        argument: ending(name, {**arguments_of(name), argument: count})
        for argument, count in counts.items()
    }
    assert found == dict.fromkeys(counts, UsageError.exit_status)


def test_an_array_of_more_cells_than_memory_holds_is_refused():
    with pytest.raises(UsageError, match=r"rows = 20000, columns = 20000: at most 1e\+08 in all"):
        mc.Crossbar(rows=20_000, columns=20_000)
