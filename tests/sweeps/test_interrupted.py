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
from waiting import wait_for

import memcircuit as mc
from memcircuit.sweeps.store import Store

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")

SCRIPT = Path(__file__).with_name("interrupted_sweep.py")
WORKERS = 2
# what two workers have in hand: one point in work and one waiting each
IN_HAND = 2 * WORKERS
POINTS = 32
# where Linux keeps what processes share
SHARED = Path("/dev/shm")  # noqa: S108 - only looked at


class Sweep:
    """A directory with a store, and the processes that sweep there."""

    def __init__(self, directory):
        self.directory = directory
        self.temporary = directory / "temporary"
        self.temporary.mkdir(parents=True)
        self.noted = directory / "noted"
        self.shared = set()

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

    def hold(self, count):
        """Let no more than so many points get to the simulator: the sweep cannot end."""
        fresh = self.directory / "new hold"
        fresh.write_text(str(count))
        fresh.replace(self.directory / "hold")

    def release(self):
        """Let all points go on."""
        (self.directory / "hold").unlink(missing_ok=True)

    def wait_for(self, process, count):
        """Wait until so many points were started; the process must not be over before."""
        wait_for(
            lambda: len(self.starts()) >= count or process.poll() is not None,
            f"the start of {count} points",
        )
        assert process.poll() is None, process.communicate()
        self.shared |= self.shared_now()

    def finish(self, points=POINTS, mode="plain"):
        """Sweep to the end; return the dataset, and what was told."""
        self.release()
        process = self.start(points, mode)
        _, told = process.communicate(timeout=300)
        assert process.returncode == 0, told
        with xr.open_dataset(self.directory / "done.nc", engine="scipy") as found:
            return found.load(), told

    def shared_now(self):
        """Return the numbers of the files in shared memory that the sweep's processes use."""
        found = set()
        for pid in self.processes():
            with contextlib.suppress(OSError):
                maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace")
                found |= {int(line.split()[4]) for line in maps.splitlines() if str(SHARED) in line}
        return found

    def shared_still(self):
        """Return the names of the files in shared memory that the sweep used, whoever made them."""
        found = []
        for path in SHARED.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_ino in self.shared:
                    found.append(path.name)
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
        """Wait for its last process; assert that nothing is left, nor memory that it shared."""
        wait_for(lambda: not self.processes(), "the end of the sweep's processes")
        assert list(self.temporary.iterdir()) == []
        assert self.shared_still() == []


def workers_of(pid):
    """Return the numbers of the workers; none while dead ones are replaced."""
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
    """At moments that chance chooses; a point is left for each further kill and for the end."""
    store = Store(sweep_in.directory / "store")
    for left in reversed(range(kills)):
        before = len(sweep_in.starts())
        most = POINTS - len(list(store.entries())) - left - 1
        sweep_in.hold(before + most)
        process = sweep_in.start()
        sweep_in.wait_for(process, before + min(int(rng.integers(1, 4)), most))
        time.sleep(rng.uniform(0.0, 0.05))
        process.kill()
        process.communicate()
        sweep_in.assert_alone()
    found, told = sweep_in.finish()
    assert "kept from before" in told
    xr.testing.assert_identical(found, uninterrupted)
    starts = sweep_in.starts()
    assert len(set(starts)) == POINTS
    assert len(starts) <= POINTS + IN_HAND * kills
    assert store.check() == []


def test_a_killed_worker_loses_nothing(sweep_in, uninterrupted, rng):
    sweep_in.hold(24)
    process = sweep_in.start()
    for count in (5, 15):
        sweep_in.wait_for(process, count)
        workers = wait_for(lambda: workers_of(process.pid), "workers")
        os.kill(int(rng.choice(workers)), signal.SIGKILL)
    sweep_in.release()
    _, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    with xr.open_dataset(sweep_in.directory / "done.nc", engine="scipy") as found:
        xr.testing.assert_identical(found.load(), uninterrupted)
    assert len(sweep_in.starts()) <= POINTS + 2 * IN_HAND
    sweep_in.assert_alone()


@pytest.mark.parametrize("whom", ["group", pytest.param("parent", marks=pytest.mark.slow)])
def test_an_interrupt_ends_it_and_says_how_to_go_on(sweep_in, uninterrupted, whom):
    """It does not wait for what its workers do: some points are held, and would never end."""
    sweep_in.hold(8)
    process = sweep_in.start()
    sweep_in.wait_for(process, 8 + WORKERS)
    (os.kill if whom == "parent" else os.killpg)(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=120)
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
    sweep_in.hold(8)
    process = sweep_in.start()
    sweep_in.wait_for(process, 8 + WORKERS)
    process.terminate()
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGTERM
    sweep_in.assert_alone()
    found, _ = sweep_in.finish()
    xr.testing.assert_identical(found, uninterrupted)
    assert len(sweep_in.starts()) <= POINTS + IN_HAND


def test_a_full_store_loses_nothing(sweep_in, uninterrupted):
    process = sweep_in.start(mode="full store")
    _, told = process.communicate(timeout=120)
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
    _, told = process.communicate(timeout=120)
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
    _, told = process.communicate(timeout=120)
    assert process.returncode == 3, told
    assert "no room for the simulator's files" in told
    assert not list(Store(sweep_in.directory / "store").entries())
    found, _ = sweep_in.finish()
    xr.testing.assert_identical(found, uninterrupted)
