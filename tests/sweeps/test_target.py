"""Paths and values that cannot be end in one UsageError before anything is simulated."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import swept_functions as own

import memcircuit as mc
from memcircuit.errors import UsageError
from memcircuit.simulate.options import Options
from memcircuit.sweeps.design import grid, zipped
from memcircuit.sweeps.runner import sweep
from memcircuit.sweeps.store import Store
from memcircuit.sweeps.target import Target, changed
from pyspice_netlists import Pulse

DEVICE = mc.device("lin2022_hfo2")
CELL = mc.cells.OneTransistorOneMemristor(DEVICE, "nmos_350n")
BARE = mc.cells.OneMemristor(DEVICE)
TRAIN = functools.partial(mc.pulse_train, CELL, pulses=1, reset_pulses=0)


@pytest.fixture
def refused(tmp_path, monkeypatch):
    """Call a sweep that must be refused, where there is no ngspice; return what it said."""
    monkeypatch.setenv("MEMCIRCUIT_NGSPICE", str(tmp_path / "none"))

    def attempt(experiment, parameters, **arguments):
        store = Store(tmp_path / "store")
        with pytest.raises(UsageError) as caught:
            sweep(experiment, parameters, store=store, progress="quiet", **arguments)
        assert not list(store.entries())
        told = str(caught.value)
        assert "\n" not in told
        return told

    return attempt


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("device.k_sett", "k_sett"),
        ("device.", "device."),
        ("device.k_set.more", "k_set.more"),
        ("cell.transistr.w", "has no 'transistr'; it has"),
        ("cell.transistor.width", "has no 'width'; it has"),
        ("cell.device.k_set", "k_set"),
        ("pulse.height", "has no 'height'; it has"),
        ("set.amplitude.more", "has no fields to change"),
        ("gat", "pulse_train takes no 'gat'; it takes device, set, reset"),
        ("gate.more", "no gate was given to change"),
        ("options.reltol", "no options was given to change"),
        ("variation.k_set", "k_set"),
        ("array.rows", "takes no 'array'"),
        ("rng", "rng"),
        (" ", "takes no ' '"),
    ],
)
def test_paths_that_lead_nowhere(refused, path, told):
    said = refused(TRAIN, {path: [1.0, 2.0]})
    assert told in said
    assert path.strip() in said


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    ("path", "good", "bad"),
    [
        ("device.k_set", 0.01, -0.01),
        ("device.initial_state", 0.5, 1.5),
        ("cell.transistor.w", 2e-6, -1e-6),
        ("cell.transistor.w", 2e-6, 0.0),
        ("set.width", 1e-6, -1e-6),
        ("pulse.amplitude", 1.8, -1.8),
        ("pulse.amplitude", 1.8, 0.0),
        ("options.reltol", 1e-3, 2.0),
    ],
)
def test_values_out_of_range_anywhere(refused, path, good, bad, place):
    values = [good, 1.1 * good, 1.2 * good]
    values[place] = bad
    said = refused(functools.partial(TRAIN, options=Options()), {path: values})
    assert f"{bad:g}" in said or repr(bad) in said
    assert path.rpartition(".")[2] in said


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([], "no values at all"),
        ((), "no values at all"),
        (iter(()), "no values at all"),
        ("0.1", "expected a list of values"),
        (0.1, "expected a list of values"),
        (np.array(0.1), "expected a list of values"),
        ({"a": 1}, "expected a list of values"),
        (None, "expected a list of values"),
        ([0.01, float("nan")], "must be finite"),
        ([0.01, float("inf")], "must be finite"),
        (["0.01"], "device.k_set"),
        ([None], "device.k_set"),
        ([True], "device.k_set"),
        ([0.01, "much"], "device.k_set"),
    ],
)
def test_lists_that_are_none(refused, values, told):
    said = refused(TRAIN, {"device.k_set": values})
    assert told in said
    assert "k_set" in said


@pytest.mark.parametrize(
    ("values", "told"),
    [(["no_such_card"], "no_such_card"), ([1.0], "device"), ([None], "device")],
)
def test_devices_that_are_none(refused, values, told):
    assert told in refused(TRAIN, {"device": values})


@pytest.mark.parametrize(
    ("experiment", "told"),
    [
        ("pulse_trian", "no experiment 'pulse_trian'; there are"),
        (4, "experiment = 4: expected an experiment"),
        (None, "experiment = None"),
        (functools.partial(mc.pulse_train, DEVICE, plses=1), "unexpected keyword argument 'plses'"),
        (functools.partial(mc.pulse_train, DEVICE, 1, 2), "too many positional arguments"),
        (functools.partial(mc.pulse_train, DEVICE, waveforms=True), "leave it out"),
        (functools.partial(own.drawn, rng=np.random.default_rng(1)), "leave out rng"),
        (functools.partial(own.drawn, rng=5), "leave out rng"),
        (lambda x: x, "define functions with def at the top of a module"),
        (functools.partial(own.line, offset=lambda: 0), "define functions with def"),
    ],
)
def test_experiments_that_cannot_be_swept(refused, experiment, told):
    assert told in refused(experiment, {"x": [1.0]})


def test_what_is_missing_or_given_twice(refused):
    assert "pulse_train needs device" in refused(mc.pulse_train, {"gate": [1.0]})
    assert "noted needs path" in refused(own.noted, {"x": [1.0]})
    assert "at least one parameter" in refused(own.line, {})
    assert "expected values by parameter" in refused(own.line, [1.0])
    assert "expected a name" in refused(own.line, {3: [1.0]})
    with pytest.raises(UsageError, match="parameter 'x' is in both designs"):
        grid({"x": [1.0]}) * zipped({"x": [2.0]})
    with pytest.raises(UsageError, match="dimension 'point' is in both designs"):
        zipped({"x": [1.0]}) * zipped({"slope": [2.0]})
    with pytest.raises(UsageError, match=r"equally many values; there are x: 1, slope: 2"):
        zipped({"x": [1.0], "slope": [2.0, 3.0]})


def test_waveforms_and_generators_cannot_be_swept_either(refused):
    assert "waveforms=True" in refused(TRAIN, {"waveforms": [False, True]})
    generators = [np.random.default_rng(1)]
    assert "leave out rng" in refused(own.drawn, {"x": [1.0], "rng": generators})


def test_arguments_of_the_sweep_itself(refused):
    x = {"x": [1.0]}
    for seed in (-1, 1.5, True, "one", None):
        assert f"seed = {seed!r}" in refused(own.line, x, seed=seed)
    assert "is no function" in refused(own.line, x, measure=3)
    assert "define functions with def" in refused(own.line, x, measure=lambda found: found)


def test_a_hundred_million_points_are_refused_at_once(refused):
    values = np.arange(10_000.0)
    assert "a sweep of 100000000 points" in refused(own.line, {"x": values, "slope": values})


def test_what_lies_within_is_changed_after_the_whole():
    """Also where a parameter, and the cell or device around it, are swept together."""
    target = Target.of(functools.partial(mc.pulse_train, BARE))
    found = changed(
        target,
        {"device.k_set": 0.02, "cell": CELL, "device": "lin2022_hfo2", "cell.transistor.w": 3e-6},
    )["device"]
    assert type(found) is type(CELL)
    assert found.transistor.law.w == 3e-6
    assert found.device.parameters["k_set"] == 0.02
    # what was given stays as it is
    assert BARE.device.parameters["k_set"] == DEVICE.parameters["k_set"]
    found = changed(target, {"pulse.width": 2e-6, "set": Pulse(1.7, 1e-6)})
    assert (found["set"].amplitude, found["set"].width) == (1.7, 2e-6)
    assert found["reset"].width == 2e-6


def test_a_parameter_may_lead_into_an_argument_that_is_swept_too(tmp_path):
    experiment = functools.partial(mc.pulse_train, pulses=1, reset_pulses=0)
    found = sweep(
        experiment, {"device": ["lin2022_hfo2"], "device.k_set": [0.01, 0.02]},
        jobs=1, store=tmp_path, batch=False, progress="quiet",
    )  # fmt: skip
    assert not found["status"].any()
    alone = mc.pulse_train(DEVICE.with_parameters(k_set=0.02), pulses=1, reset_pulses=0)
    np.testing.assert_array_equal(found["conductance"][0, 1], alone["conductance"].squeeze("cell"))


def test_multipliers_are_checked_by_name_and_value(refused):
    assert "m_k_set" in refused(mc.iv_loop, {"device": ["lin2022_hfo2"], "variation.k_set": [2.0]})
    assert "variation.m_k_set = 'a'" in refused(TRAIN, {"variation.m_k_set": ["a"]})
