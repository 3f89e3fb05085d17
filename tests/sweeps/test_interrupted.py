"""Sweeps that are ended at any moment go on where they were, and nothing stays behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import xarray as xr

import memcircuit as mc
from memcircuit.sweeps.store import Store

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")

SCRIPT = Path(__file__).with_name("interrupted_sweep.py")
WORKERS = 2
# what two workers have in hand: one point in work and one waiting each
IN_HAND = 2 * WORKERS
POINTS = 32
# s
SOON = 2.0


class Sweep:
    """A directory with a store, and the processes that sweep there."""

    def __init__(self, directory):
        self.directory = directory
        self.temporary = directory / "temporary"
        self.temporary.mkdir(parents=True)
        self.noted = directory / "noted"
        self.shared_before = self.shared()

    def start(self, points=POINTS, mode="plain", within=()):
        """Start a process that sweeps."""
        root = str(Path(mc.__file__).parents[1])
        environment = {**os.environ, "PYTHONPATH": root, "TMPDIR": str(self.temporary)}
        return subprocess.Popen(
            [*within, sys.executable, str(SCRIPT), str(self.directory), str(points), mode],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def starts(self):
        """Return what was started, point by point."""
        return self.noted.read_text().split() if self.noted.exists() else []

    def wait_for(self, process, count):
        """Wait until so many points were started, or the process is over."""
        while len(self.starts()) < count and process.poll() is None:
            time.sleep(0.005)

    def finish(self, points=POINTS, mode="plain"):
        """Sweep to the end; return the dataset, and what was told."""
        process = self.start(points, mode)
        _, told = process.communicate(timeout=120)
        assert process.returncode == 0, told
        with xr.open_dataset(self.directory / "done.nc", engine="scipy") as found:
            return found.load(), told

    @staticmethod
    def shared():
        """Return the files in shared memory that Python made and no process uses."""
        names = (path.name for path in Path("/dev/shm").iterdir())  # noqa: S108 - only looked at
        found = {name for name in names if name.startswith(("sem.mp-", "psm_", "pym-"))}
        for maps in Path("/proc").glob("[0-9]*/maps") if found else ():
            with contextlib.suppress(OSError):
                used = maps.read_text(encoding="utf-8", errors="replace")
                found = {name for name in found if name not in used}
        return found

    def processes(self):
        """Return the numbers of the processes that have this directory in their environment."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    if str(self.temporary).encode() in (entry / "environ").read_bytes():
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found

    def assert_alone(self):
        """Assert that soon no process of the sweep is left, nor memory that it shared."""
        until = time.monotonic() + SOON
        while (left := self.processes()) and time.monotonic() < until:
            time.sleep(0.02)
        assert left == []
        while (kept := list(self.temporary.iterdir())) and time.monotonic() < until:
            time.sleep(0.02)
        assert kept == []
        while (shared := self.shared() - self.shared_before) and time.monotonic() < until:
            time.sleep(0.02)  # other programs have theirs, for a moment
        assert shared == set()


def workers_of(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children]


@pytest.fixture
def sweep_in(tmp_path):
    return Sweep(tmp_path / "sweep")


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    whole = Sweep(tmp_path_factory.mktemp("whole") / "sweep")
    found, _ = whole.finish()
    assert not found["status"].any()
    assert len(whole.starts()) == POINTS
    whole.assert_alone()
    return found


@pytest.mark.parametrize("kills", [10, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_again_and_again_it_ends_with_the_same_bits(sweep_in, uninterrupted, rng, kills):
    for _ in range(kills):
        before = len(sweep_in.starts())
        process = sweep_in.start()
        sweep_in.wait_for(process, before + int(rng.integers(1, 4)))
        time.sleep(rng.uniform(0.0, 0.05))
        assert process.poll() is None
        process.kill()
        process.communicate()
        sweep_in.assert_alone()
    found, told = sweep_in.finish()
    assert "kept from before" in told
    xr.testing.assert_identical(found, uninterrupted)
    starts = sweep_in.starts()
    assert len(set(starts)) == POINTS
    assert len(starts) <= POINTS + IN_HAND * kills
    assert Store(sweep_in.directory / "store").check() == []


def test_a_killed_worker_loses_nothing(sweep_in, uninterrupted, rng):
    process = sweep_in.start()
    for count in (5, 15):
        sweep_in.wait_for(process, count)
        os.kill(int(rng.choice(workers_of(process.pid))), signal.SIGKILL)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    with xr.open_dataset(sweep_in.directory / "done.nc", engine="scipy") as found:
        xr.testing.assert_identical(found.load(), uninterrupted)
    assert len(sweep_in.starts()) <= POINTS + 2 * IN_HAND
    sweep_in.assert_alone()


@pytest.mark.parametrize("whom", ["group", pytest.param("parent", marks=pytest.mark.slow)])
def test_an_interrupt_ends_it_soon_and_says_how_to_go_on(sweep_in, uninterrupted, whom):
    process = sweep_in.start()
    sweep_in.wait_for(process, 8)
    begin = time.monotonic()
    (os.kill if whom == "parent" else os.killpg)(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert time.monotonic() - begin < SOON
    assert process.returncode != 0
    assert "KeyboardInterrupt" in told
    assert "sweep interrupted: " in told
    assert "the same command again goes on from here" in told
    sweep_in.assert_alone()
    found, _ = sweep_in.finish()
    xr.testing.assert_identical(found, uninterrupted)
    assert len(sweep_in.starts()) <= POINTS + IN_HAND


@pytest.mark.slow
def test_a_request_to_end_is_followed(sweep_in, uninterrupted):
    process = sweep_in.start()
    sweep_in.wait_for(process, 8)
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGTERM
    sweep_in.assert_alone()
    found, _ = sweep_in.finish()
    xr.testing.assert_identical(found, uninterrupted)
    assert len(sweep_in.starts()) <= POINTS + IN_HAND


def test_a_full_store_loses_nothing(sweep_in, uninterrupted):
    process = sweep_in.start(mode="full store")
    _, told = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "cannot be written" in told
    assert "make room" in told
    assert "the same command again" in told
    sweep_in.assert_alone()
    kept = len(list(Store(sweep_in.directory / "store").entries()))
    assert 1 <= kept <= IN_HAND
    found, _ = sweep_in.finish()
    xr.testing.assert_identical(found, uninterrupted)
    assert len(sweep_in.starts()) <= POINTS + IN_HAND


def test_no_room_for_the_simulator_marks_no_point_failed(sweep_in, uninterrupted):
    process = sweep_in.start(mode="full simulator")
    _, told = process.communicate(timeout=60)
    assert process.returncode == 3, told
    assert "no room for the simulator's files" in told
    assert "Traceback" not in told
    sweep_in.assert_alone()
    found, _ = sweep_in.finish()
    xr.testing.assert_identical(found, uninterrupted)


@pytest.mark.slow
def test_a_full_file_system_of_the_simulator_marks_no_point_failed(sweep_in, uninterrupted):
    """Of 100 kB, which hold the netlist and not the compiled model."""
    mount = 'mount -t tmpfs -o size=100k tmpfs "$0" && exec "$@"'
    own = ["unshare", "-rm", "sh", "-c", mount, str(sweep_in.temporary)]
    if not shutil.which("unshare") or subprocess.run([*own, "true"], check=False).returncode:
        pytest.skip("no file system may be mounted here")
    process = sweep_in.start(within=own)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 3, told
    assert "no room for the simulator's files" in told
    assert not list(Store(sweep_in.directory / "store").entries())
    found, _ = sweep_in.finish()
    xr.testing.assert_identical(found, uninterrupted)
