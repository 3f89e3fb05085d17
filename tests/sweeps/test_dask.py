"""Sweeps on a Dask cluster of two worker processes on this machine."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest
import swept_functions as own

import memcircuit as mc
from memcircuit.errors import ToolError
from memcircuit.sweeps.runner import sweep
from memcircuit.sweeps.store import Store

pytest.importorskip("distributed")
# Dask and what it brings close sockets and loops late
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")

CLUSTER = """
import sys
from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        print(*(worker.pid for worker in cluster.workers.values()), flush=True)
        sys.stdin.read()
"""
X = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Address and process numbers of the workers of a cluster that is not of this process."""
    script = tmp_path_factory.mktemp("cluster") / "cluster.py"
    script.write_text(CLUSTER, encoding="utf-8")
    roots = (Path(mc.__file__).parents[1], Path(own.__file__).parent)
    process = subprocess.Popen(
        [sys.executable, str(script)],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, roots)),
            "DASK_TEMPORARY_DIRECTORY": str(script.parent),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
        },
        cwd=script.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    address = process.stdout.readline().strip()
    workers = [int(pid) for pid in process.stdout.readline().split()]
    yield address, workers
    process.communicate("", timeout=120)


def swept(experiment, parameters, directory, **where):
    return sweep(
        experiment, parameters, seed=3, store=Store(directory), batch=False, progress="quiet",
        **where,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("experiment", "parameters"),
    [
        (own.drawn, {"x": X}),
        (own.warned, {"x": [1, 2, 3, 4]}),
        (
            functools.partial(mc.pulse_train, mc.device("lin2022_hfo2"), pulses=1, reset_pulses=0),
            {"device.k_set": [0.01, 0.02], "set.amplitude": [1.7, 1.9]},
        ),
    ],
    ids=["drawn", "warned", "simulated"],
)
def test_a_cluster_gives_the_same_bits(tmp_path, cluster, experiment, parameters):
    address, _ = cluster
    alone = swept(experiment, parameters, tmp_path / "alone", jobs=1)
    there = swept(experiment, parameters, tmp_path / "there", executor=address)
    assert not alone["status"].any()
    assert there.identical(alone)


def test_failed_points_and_printing_of_a_cluster_are_those_of_this_machine(tmp_path, cluster):
    address, _ = cluster
    ways = {"how": ["raise", "leave", "nothing", "good"]}
    alone = swept(own.fails, ways, tmp_path / "alone", jobs=1)
    there = swept(own.fails, ways, tmp_path / "there", executor=address)
    assert there.drop_vars("log").identical(alone.drop_vars("log"))


@pytest.mark.slow  # waits 10 s for an answer
def test_no_scheduler_is_named(tmp_path):
    with pytest.raises(ToolError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        swept(own.line, {"x": X}, tmp_path / "store", executor="tcp://127.0.0.1:9")


def test_losing_a_worker_loses_nothing(tmp_path, cluster):
    """The nanny of the cluster starts another worker, as those of a real one do."""
    address, _ = cluster
    path = tmp_path / "noted"
    experiment = functools.partial(own.killed_once, path=path)
    alone = swept(own.line, {"x": X}, tmp_path / "alone", jobs=1)
    there = swept(experiment, {"x": X}, tmp_path / "there", executor=address)
    assert not there["status"].any()
    assert there["result"].identical(alone["result"])


def test_a_unit_that_always_ends_its_worker_is_given_up(tmp_path, cluster):
    address, _ = cluster
    experiment = functools.partial(own.deadly, path=str(tmp_path / "noted"))
    store = Store(tmp_path / "store")
    found = sweep(
        experiment, {"x": [1.0, 3.0, 5.0]}, store=store, executor=address, progress="quiet"
    )
    assert found["status"].values.tolist() == [0, 1, 0]
    assert "ended without an answer" in found["error"].values[1]
    assert len(list(store.entries())) == 2
