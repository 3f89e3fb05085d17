"""The same bits wherever points run, and workers that end."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from pathlib import Path

import numpy as np
import pytest
import swept_functions as own

import memcircuit as mc
from memcircuit.errors import ToolError, UsageError
from memcircuit.sweeps.pool import check_place, outcomes
from memcircuit.sweeps.runner import sweep
from memcircuit.sweeps.store import Store

X = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


class Backwards(Executor):
    """Begins when it holds so many calls, with the last."""

    _max_workers = 8  # takes all six points at once

    def __init__(self, count):
        self._count = count
        self._held = []
        self._thread = threading.Thread(target=self._work)
        self.points = []

    def submit(self, function, /, *args, **kwargs):
        """Take a call."""
        self._held.append((Future(), functools.partial(function, *args, **kwargs)))
        if len(self._held) == self._count:
            self._thread.start()
        return self._held[-1][0]

    def _work(self):
        for future, call in reversed(self._held):
            self.points.extend(map(int, call.args[0].points))
            future.set_result(call())

    def shutdown(self, *_, **__):
        """Wait for what it holds."""
        self._thread.join()


def swept(experiment, parameters, directory, **where):
    return sweep(
        experiment, parameters, seed=3, store=Store(directory), batch=False, progress="quiet",
        **where,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("experiment", "parameters"),
    [
        (own.drawn, {"x": X}),
        (own.warned, {"x": [1, 2, 3, 4, 5, 6]}),
        (own.spectrum, {"top": [1, 4, 2, 6, 3, 5]}),
        (own.extra_coordinate, {"x": X}),
        (functools.partial(own.spoils, values=np.ones(3)), {"x": X}),
        (
            functools.partial(mc.pulse_train, mc.device("lin2022_hfo2"), pulses=1, reset_pulses=0),
            {"device.k_set": [0.01, 0.02, 0.03], "set.amplitude": [1.7, 1.9]},
        ),
    ],
    ids=["drawn", "warned", "longer", "coordinate", "spoiled", "simulated"],
)
def test_results_are_the_same_bits_wherever_points_ran(tmp_path, experiment, parameters):
    alone = swept(experiment, parameters, tmp_path / "alone", jobs=1)
    assert not alone["status"].any()
    assert swept(experiment, parameters, tmp_path / "two", jobs=2).identical(alone)
    with ThreadPoolExecutor(3) as executor:
        threads = swept(experiment, parameters, tmp_path / "threads", executor=executor)
    assert threads.identical(alone)
    with Backwards(len(X)) as executor:
        mixed = swept(experiment, parameters, tmp_path / "mixed", executor=executor)
    assert mixed.identical(alone)
    assert sorted(executor.points) == [*range(len(X))]
    again = swept(experiment, parameters, tmp_path / "mixed", jobs=1)
    assert again.identical(alone)


def test_processes_that_are_spawned_give_the_same_bits(tmp_path):
    context = multiprocessing.get_context("spawn")
    alone = swept(own.drawn, {"x": X}, tmp_path / "alone", jobs=1)
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        spawned = swept(own.drawn, {"x": X}, tmp_path / "spawned", executor=executor)
    assert spawned.identical(alone)


def test_a_parent_with_threads_starts_workers_that_share_no_locks(tmp_path):
    alone = swept(own.drawn, {"x": X}, tmp_path / "alone", jobs=1)
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        found = swept(own.drawn, {"x": X}, tmp_path / "two", jobs=2)
    finally:
        ended.set()
        thread.join()
    assert found.identical(alone)


def test_a_unit_that_ends_its_worker_is_given_up_and_no_other_suffers(tmp_path):
    path = tmp_path / "noted"
    store = Store(tmp_path / "store")
    experiment = functools.partial(own.deadly, path=str(path))
    found = sweep(experiment, {"x": X}, jobs=2, store=store, progress="quiet")
    assert found["status"].values.tolist() == [0, 0, 1, 1, 0, 0]
    np.testing.assert_array_equal(found["result"], [1.0, 2.0, np.nan, np.nan, 5.0, 6.0])
    assert "ended without an answer" in found["error"].values[2]
    starts = path.read_text().split()
    # at most once in company, then three times alone
    assert 3 <= starts.count("3.0") <= 5
    assert 3 <= starts.count("4.0") <= 5
    assert len(list(store.entries())) == 4
    before = len(starts)
    again = sweep(experiment, {"x": X}, jobs=2, store=store, progress="quiet")
    assert again.identical(found)
    assert set(path.read_text().split()[before:]) == {"3.0", "4.0"}


def test_a_worker_that_is_killed_takes_nothing_with_it(tmp_path):
    path = tmp_path / "noted"
    experiment = functools.partial(own.killed_once, path=path)
    found = swept(experiment, {"x": X}, tmp_path / "store", jobs=2)
    assert not found["status"].any()
    assert found["result"].values.tolist() == X
    # in hand were at most two for each worker
    assert len(path.read_text().split()) <= len(X) + 4


def test_an_executor_that_breaks_says_so(tmp_path):
    path = tmp_path / "noted"
    experiment = functools.partial(own.deadly, path=str(path))
    with (
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor,
        pytest.raises(ToolError, match="cannot be used any more"),
    ):
        swept(experiment, {"x": X}, tmp_path / "store", executor=executor)
    # every point but the one that ended the worker is kept; the order is this process's own
    begun = path.read_text().split()
    assert len(list(Store(tmp_path / "store").entries())) == len(begun) - 1


class Breaks(Executor):
    """Has ended all it was given when it breaks at the last."""

    _max_workers = 8  # takes all six points at once

    def __init__(self, good):
        self._good = good
        self._held = []

    def submit(self, function, /, *args, **kwargs):
        """Take a call; begin only when the last has come, the one that breaks it first."""
        self._held.append((Future(), functools.partial(function, *args, **kwargs)))
        if len(self._held) > self._good:
            for future, call in self._held[1:]:
                future.set_result(call())
            self._held[0][0].set_exception(BrokenExecutor("out of order"))
        return self._held[-1][0]


def test_what_ended_together_with_a_broken_executor_is_kept(tmp_path):
    with pytest.raises(ToolError, match="cannot be used any more: out of order"):
        swept(own.line, {"x": X}, tmp_path / "store", executor=Breaks(good=5))
    assert len(list(Store(tmp_path / "store").entries())) == 5


class KilledWorker(Exception):  # noqa: N818 - named as Dask's
    """What Dask says of every task that a worker held when it died once too often."""


class Blames(Executor):
    """Of six points in company, one of them deadly, none comes back; nor does the deadly alone."""

    _max_workers = 8  # takes all six points at once

    def __init__(self):
        self._held = []

    def submit(self, function, /, *args, **kwargs):
        """Take a call; begin only when it holds six, or has held them."""
        future = Future()
        self._held.append(future)
        if len(self._held) == len(X):
            for held in self._held:
                held.set_exception(KilledWorker())
        elif len(self._held) > len(X):
            outcome = function(*args, **kwargs)
            if args[0].points[0] == X.index(3.0):
                future.set_exception(KilledWorker())
            else:
                future.set_result(outcome)
        return future


def test_who_was_beside_a_deadly_unit_on_a_cluster_is_not_blamed(tmp_path):
    found = swept(own.line, {"x": X}, tmp_path / "store", executor=Blames())
    assert found["status"].values.tolist() == [0, 0, 1, 0, 0, 0]
    assert "ended without an answer" in found["error"].values[2]


def test_jobs_may_be_a_number_of_numpy(tmp_path):
    found = swept(own.line, {"x": X}, tmp_path, jobs=np.int64(2))
    assert found["result"].values.tolist() == X


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"jobs": 0}, "jobs = 0: a whole number, at least 1"),
        ({"jobs": -1}, "jobs = -1"),
        ({"jobs": True}, "jobs = True"),
        ({"jobs": 1.5}, "jobs = 1.5"),
        ({"jobs": "two"}, "jobs = 'two'"),
        ({"executor": "dask"}, "executor = 'dask': expected the address"),
        ({"executor": 4}, "executor = 4 is no executor"),
        ({"jobs": 2, "executor": "tcp://localhost:1"}, "jobs is for processes of our own"),
    ],
)
def test_places_that_cannot_be_are_refused(tmp_path, where, told):
    path = tmp_path / "noted"
    with pytest.raises(UsageError, match=r".*") as caught:
        swept(functools.partial(own.noted, path=str(path)), {"x": X}, tmp_path / "store", **where)
    assert told in str(caught.value)
    assert not path.exists()


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_an_executor_that_was_shut_down_is_refused(tmp_path, kind):
    with kind(1) as executor:
        check_place(None, executor)
    with pytest.raises(ToolError, match="was shut down or broke; give another"):
        check_place(None, executor)
    with pytest.raises(ToolError, match="was shut down or broke"):
        swept(own.line, {"x": X}, tmp_path, executor=executor)


def test_an_executor_that_ends_on_the_way_is_told(tmp_path):
    class Ending(ThreadPoolExecutor):
        def submit(self, function, /, *args, **kwargs):
            future = super().submit(function, *args, **kwargs)
            self.shutdown()
            return future

    with (
        Ending(1) as executor,
        pytest.raises(ToolError, match="cannot be used any more: cannot schedule"),
    ):
        swept(own.line, {"x": X}, tmp_path, executor=executor)


UNGUARDED = """
import sys, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
import memcircuit as mc

print("run", flush=True)

def mine(x):
    return 2.0 * x

mc.sweep(mine, {"x": [1.0, 2.0, 3.0]}, jobs=2, store=sys.argv[1], progress="quiet")
"""


def test_a_script_that_workers_cannot_import_is_refused_once(tmp_path):
    """Beside another thread workers are not forked, and import the script with its sweep."""
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "store")],
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(mc.__file__).parents[1])},
    )  # fmt: skip
    assert run.returncode == 1
    assert run.stdout == "run\nrun\n"  # the script, and one worker
    advice = "put the call under `if __name__ == '__main__':`"
    worker, parent = (line for line in run.stderr.splitlines() if advice in line)
    assert "sweep called while a worker process imports the script" in worker
    assert "worker processes end as they import the script" in parent
    assert run.stderr.splitlines()[-1] == parent
    assert list(Store(tmp_path / "store").entries()) == []  # no failed points are kept


def test_units_are_taken_as_there_is_room():
    """Of a thousand units no more are held than the workers have in hand."""
    taken = []

    def units():
        for number in range(1000):
            taken.append(number)
            yield number

    class Counting(ThreadPoolExecutor):
        def submit(self, _, unit):
            return super().submit(lambda: unit)

    with Counting(2) as executor:
        done = outcomes(units(), executor=executor)
        for finished in range(1, 20):
            next(done)
            assert len(taken) <= finished + 4
        done.close()


def test_a_worker_ends_with_its_parent(tmp_path):
    before = {child.pid for child in multiprocessing.active_children()}
    swept(own.line, {"x": X}, tmp_path / "store", jobs=2)
    left = {child.pid for child in multiprocessing.active_children()} - before
    for pid in left:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, signal.SIG_DFL)


TYPED = """
import sys, tempfile, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()  # as a notebook has
import memcircuit as mc

GAIN = 3.0

def mine(x):
    return GAIN * x

found = mc.sweep(mine, {"x": [1.0, 2.0]}, jobs=2, store=sys.argv[1], progress="quiet")
print(found["result"].values.tolist())
"""


def test_functions_that_were_typed_in_reach_the_workers(tmp_path):
    run = subprocess.run(
        [sys.executable, "-", str(tmp_path)],
        input=TYPED, capture_output=True, text=True, timeout=120, check=True,
        env={**os.environ, "PYTHONPATH": str(Path(mc.__file__).parents[1])},
    )  # fmt: skip
    assert run.stdout.strip() == "[3.0, 6.0]"


IN_THREADS = """
import functools, sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np
import memcircuit as mc

cell = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))
pulse = functools.partial(mc.pulse_train, cell, pulses=1, reset_pulses=0)
volts = {"set.amplitude": np.linspace(1.4, 2, 8)}
given = {"batch": False, "progress": "quiet"}
with ThreadPoolExecutor(4) as threads:
    found = mc.sweep(pulse, volts, store=sys.argv[1], executor=threads, **given)
print(*sorted(set(found["error"].values.tolist())))
assert found.identical(mc.sweep(pulse, volts, store=sys.argv[2], jobs=1, **given))
"""


def test_threads_of_a_new_process_may_share_it(tmp_path):
    """The functions of a model are made on first use, here by four threads at once."""
    stores = [str(tmp_path / name) for name in ("threads", "alone")]
    done = subprocess.run(
        [sys.executable, "-c", IN_THREADS, *stores], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
