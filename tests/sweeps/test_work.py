"""Points that fail: each alone, told truly, kept, and simulated again only when asked for."""

from __future__ import annotations

import functools
import warnings
from pathlib import Path

import numpy as np
import pytest
import swept_functions as own

import memcircuit as mc
from memcircuit.errors import MemcircuitError, SimulationError, StorageError
from memcircuit.sweeps.design import zipped
from memcircuit.sweeps.registry import Experiment
from memcircuit.sweeps.runner import sweep
from memcircuit.sweeps.store import Store

WAYS = {
    "raise": "RuntimeError: out of luck",
    "typed": "SilentError: no message",
    "half a character": "ValueError: name \\udc80",
    "leave": "SystemExit: enough",
    "object": "y = <object object",
    "none": "fails returned None: expected",
    "nothing": "the experiment returned no variable",
    "time": "y is of type datetime64[s]: expected numbers or text",
    "memory": "MemoryError: Unable to allocate",
}


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_point_fails_alone_and_says_why(store, jobs):
    ways = ["good", *WAYS, "good too"]
    found = sweep(own.fails, {"how": ways}, jobs=jobs, store=store, progress="quiet")
    assert found["status"].values.tolist() == [0, *[1] * len(WAYS), 0]
    np.testing.assert_array_equal(found["y"], [1.0, *[np.nan] * len(WAYS), 1.0])
    for way, told in WAYS.items():
        point = found.sel(how=way)
        assert point["error"].item().startswith(told)
        assert "\n" not in point["error"].item()
    assert found.sel(how="good")["error"].item() == ""
    assert found.sel(how="good")["log"].item() == ""
    log = Path(found.sel(how="raise")["log"].item())
    assert log.is_relative_to(store.directory)
    assert "Traceback" in log.read_text()
    assert "second line" in log.read_text()


def test_failed_points_are_kept_and_retried_only_on_demand(tmp_path, store):
    path = tmp_path / "noted"
    experiment = functools.partial(refused, path=str(path))
    given = {"jobs": 1, "store": store, "progress": "quiet"}
    first = sweep(experiment, {"x": [1.0, 2.0]}, **given)
    assert first["status"].values.tolist() == [0, 1]
    assert sweep(experiment, {"x": [1.0, 2.0]}, **given).identical(first)
    assert sorted(path.read_text().split()) == ["1.0", "2.0"]
    assert sweep(experiment, {"x": [1.0, 2.0]}, retry_failed=True, **given).identical(first)
    assert sorted(path.read_text().split()) == ["1.0", "2.0", "2.0"]


def refused(x, path):
    own.note(path, x)
    if x == 2.0:
        raise ValueError("no 2")
    return x


@pytest.mark.parametrize("batch", [False, True])
def test_points_whose_parameters_contradict_fail_alone(store, batch):
    experiment = functools.partial(mc.pulse_train, mc.device("lin2022_hfo2"), pulses=1)
    found = sweep(
        experiment, {"device.g_min": [1e-6, 2e-4], "device.g_max": [1e-4, 3e-4]},
        jobs=1, store=store, batch=batch, progress="quiet",
    )  # fmt: skip
    assert found["status"].values.tolist() == [[0, 0], [1, 0]]
    assert "g_m" in found["error"].values[1, 0]
    assert np.isnan(found["conductance"].values[1, 0]).all()


def test_a_run_out_of_time_tells_its_netlist_and_is_not_kept(store):
    """The first takes a minute of a processor's time."""
    experiment = functools.partial(mc.iv_loop, mc.device("lin2022_hfo2"), cycles=1)
    points = zipped({"points_per_cycle": [4_000_000, 100], "time_limit": [0.2, 600.0]})
    found = sweep(experiment, points, jobs=1, store=store, batch=False, progress="quiet")
    assert found["status"].values.tolist() == [1, 0]
    assert "stopped after time_limit=0.2 s" in found["error"].values[0]
    log = Path(found["log"].values[0]).read_text()
    assert "\n.tran " in log or "\ntran " in log
    assert len(list(store.entries())) == 1


class Hindered:
    """Points that never come out of one netlist."""

    def __init__(self, kind, told):
        self.kind, self.told = kind, told

    def may_differ(self, _arguments, paths):
        """All of them."""
        return set(paths)

    def most(self, _arguments):
        """Enough."""
        return 8

    def run(self, _arguments, _columns):
        """Fail."""
        raise self.kind(self.told)


@pytest.mark.parametrize(
    ("kind", "told", "kept"),
    [
        (MemcircuitError, "stopped after time_limit=0.1 s", 0),
        (OSError, "no answer", 0),
        (MemoryError, "", 0),
        (ValueError, "one point is wrong", 1),
        (SimulationError, "no convergence", 1),
    ],
)
def test_points_done_alone_for_want_of_time_are_not_kept_as_done_together(store, kind, told, kept):
    """Next time they may share a netlist, and differ in the last digits."""
    experiment = Experiment("hindered", own.line, batch=Hindered(kind, told))
    found = sweep(experiment, {"x": [1.0, 2.0]}, jobs=1, store=store, progress="quiet")
    assert found["result"].values.tolist() == [1.0, 2.0]
    assert len(list(store.entries())) == kept


def test_remarks_are_those_of_their_point(store):
    found = sweep(own.warned, {"x": [1, 2, 3]}, jobs=1, store=store, progress="quiet")
    assert found["remark"].values.tolist() == ["1 is odd", "", "3 is odd"]
    assert not found["status"].any()
    again = sweep(own.warned, {"x": [1, 2, 3]}, jobs=1, store=store, progress="quiet")
    assert again.identical(found)


def test_filters_of_warnings_are_as_before(store):
    before = list(warnings.filters), warnings.showwarning
    sweep(own.warned, {"x": [1, 2]}, jobs=1, store=store, progress="quiet")
    assert (list(warnings.filters), warnings.showwarning) == before


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_function_prints_goes_where_it_always_goes(store, capfd, jobs):
    found = sweep(own.printed, {"x": [1.0, 2.0]}, jobs=jobs, store=store, progress="quiet")
    assert found["result"].values.tolist() == [1.0, 2.0]
    told = capfd.readouterr()
    assert told.out.split("\n").count("a word") == 2
    assert told.err.split("\n").count("another") == 2


def test_a_function_that_spoils_its_arguments_spoils_no_other_point(store):
    experiment = functools.partial(own.spoils, values=np.ones(2))
    found = sweep(experiment, {"x": [2.0, 3.0, 5.0]}, jobs=1, store=store, progress="quiet")
    assert found["sum"].values.tolist() == [4.0, 6.0, 10.0]


def test_draws_of_a_point_depend_on_its_number_and_the_seed_alone(store):
    given = {"jobs": 1, "progress": "quiet"}
    found = sweep(own.unlucky, {"x": [1.0, 2.0, 3.0]}, seed=5, store=store, **given)
    whole = sweep(own.drawn, {"x": [1.0, 2.0, 3.0]}, seed=5, store=store, **given)
    for point in (0, 2):
        rng = np.random.default_rng(np.random.SeedSequence(5, spawn_key=(point,)))
        assert found["result"].values[point] == rng.standard_normal()
        rng = np.random.default_rng(np.random.SeedSequence(5, spawn_key=(point,)))
        np.testing.assert_array_equal(whole["noise"].values[point], rng.standard_normal(3))
    other = sweep(own.drawn, {"x": [1.0, 2.0, 3.0]}, seed=6, store=store, **given)
    assert not np.any(other["noise"].values == whole["noise"].values)


def test_no_room_for_the_simulator_is_no_failure_of_a_point(store):
    experiment = own.full
    with pytest.raises(StorageError, match="no room"):
        sweep(experiment, {"x": [1.0]}, jobs=1, store=store, progress="quiet")
    assert list(store.entries()) == []


def test_a_circuit_that_does_not_converge_tells_its_netlist(store):
    given = {"jobs": 1, "store": store, "progress": "quiet"}
    found = sweep(own.blowing_up, {"growth": [1e-3, 0.0]}, **given)
    assert found["status"].values.tolist() == [1, 0]
    assert "no convergence" in found["error"].values[0]
    # a charge of 1e-3 A for 0.01 s on 1e-6 F
    assert found["result"].values[1] == pytest.approx(11.0, rel=1e-4)
    log = Path(found["log"].values[0]).read_text()
    assert "Timestep too small" in log
    assert "\nB1 0 x I=0.001*" in log
    # the run's directory is gone, its name too, so that the same comes out again
    assert "memcircuit-run-" not in log + found["error"].values[0]
    assert sweep(own.blowing_up, {"growth": [1e-3, 0.0]}, **given).identical(found)


def test_a_damaged_entry_is_done_again_and_reported(tmp_path, store):
    path = tmp_path / "noted"
    experiment = functools.partial(own.noted, path=str(path))
    given = {"jobs": 1, "store": store, "progress": "quiet"}
    first = sweep(experiment, {"x": [1.0, 2.0, 3.0, 4.0]}, **given)
    cut, changed, emptied = (entry.path for entry in list(store.entries())[:3])
    cut.write_bytes(cut.read_bytes()[:-1])
    content = bytearray(changed.read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    emptied.write_bytes(b"")
    with pytest.warns(UserWarning, match=r"^3 damaged entries of the store .*simulated again$"):
        again = sweep(experiment, {"x": [1.0, 2.0, 3.0, 4.0]}, **given)
    assert again.identical(first)
    assert len(path.read_text().split()) == 7
    assert sweep(experiment, {"x": [1.0, 2.0, 3.0, 4.0]}, **given).identical(first)
