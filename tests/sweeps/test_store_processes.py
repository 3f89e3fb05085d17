"""The store of finished points against killed writers, full disks and other processes."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from stored_points import key, path_of, payload
from waiting import wait_for

from memcircuit.sweeps.store import Store

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs signals and locks of POSIX")

# what the processes below share
COMMON = """
import sys, time
from pathlib import Path
from memcircuit.errors import StorageError
from memcircuit.sweeps.store import Store
from stored_points import key, payload

store = Store(Path(sys.argv[1]))
size = int(sys.argv[2])

def say(*words):
    print(*words, flush=True)
"""

PUT_ON = """
for number in range(1_000_000):
    store.put(key(number), payload(number, size))
    say(number)
"""

PUT_ONE = """
say("ready")
store.put(key(0), payload(0, size))
say("done")
"""

PUT_SOME = """
for _ in range(5):
    for number in range(100):
        store.put(key(number), payload(number, size))
"""

PUT_AND_GET_IN_USE = """
with store.in_use():
    say("ready")
    for number in range(300):
        store.put(key(number), payload(number, size))
    missing = [n for n in range(300) if store.get(key(n)) != payload(n, size)]
say(len(missing), len(store.damaged))
"""

HOLD = """
with store.in_use():
    store.get(key(1))
    say("ready")
    time.sleep(1000)
"""

PUT_TILL_FULL = """
kept = 0
try:
    for number in range(1000):
        store.put(key(number), payload(number, size))
        kept += 1
except StorageError as error:
    say(error.exit_status, error)
whole = [store.get(key(n)) == payload(n, size) for n in range(kept)]
left = [p.name for p in store.directory.rglob(".new-*")]
say(kept, all(whole), store.get(key(kept)), store.damaged, left)
"""

LIMITED = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"


def command(script, directory, size):
    return [sys.executable, "-c", COMMON + script, str(directory), str(size)]


def process(script, directory, size=320):
    return subprocess.Popen(
        command(script, directory, size),
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )


def environment():
    here = Path(__file__).parent
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parents[1])])}


def end(running):
    running.kill()
    running.communicate(timeout=120)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def fresh_files(store):
    return list(store.directory.rglob(".new-*"))


@pytest.mark.parametrize("kind", ["tmpfs", "limit"])
def test_a_full_disk_keeps_what_is_finished(tmp_path, kind):
    """A file system of 64 kB, and, where none may be mounted, files of 4 kB at most."""
    script, size = PUT_TILL_FULL, 6400
    run = command(script, tmp_path / "store", size)
    if kind == "limit":
        run = command(LIMITED + script, tmp_path / "store", size)
    else:
        (tmp_path / "store").mkdir()
        mount = 'mount -t tmpfs -o size=64k tmpfs "$0" && exec "$@"'
        own = ["unshare", "-rm", "sh", "-c", mount, str(tmp_path / "store")]
        if not shutil.which("unshare") or subprocess.run([*own, "true"], check=False).returncode:
            pytest.skip("no file system may be mounted here")
        run = [*own, *run]
    done = subprocess.run(
        run, capture_output=True, text=True, timeout=120, check=True, env=environment()
    )
    told, rest = done.stdout.splitlines()
    reason = "No space left on device" if kind == "tmpfs" else "File too large"
    assert told.startswith("3 the store of finished points")
    assert reason in told
    assert "make room, or name another store, then give the same command again" in told
    kept = int(rest.split()[0])
    assert rest == f"{kept} True None [] []"
    assert (0 < kept <= 10) if kind == "tmpfs" else kept == 0


def test_a_writer_killed_at_any_instant_leaves_nothing_half(store, rng):
    size = 1_000_000
    for _ in range(8):
        writer = process(PUT_ON, store.directory, size)
        writer.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.03))
        writer.kill()
        said, _ = writer.communicate(timeout=120)
        finished = [0, *(int(line) for line in said.split() if line.isdigit())]
        # the last line may be cut; what was said before it is on disk
        for number in range(max(finished[:-1], default=0) + 3):
            assert store.get(key(number)) in {None, payload(number, size)}
        for number in finished[:-1]:
            assert store.get(key(number)) == payload(number, size)
        assert store.check() == []
        assert fresh_files(store) == []
        store.clear()
    assert store.damaged == []


def writes_or_is_over(store, writer):
    """Say whether part of an entry is written, or nothing more will be."""
    with contextlib.suppress(FileNotFoundError):  # it has its name now
        if any(path.stat().st_size for path in fresh_files(store)):
            return True
    return writer.poll() is not None


def stopped_writer(store, size):
    """Return a process stopped in the middle of writing an entry."""
    for _ in range(20):
        writer = process(PUT_ONE, store.directory, size)
        assert writer.stdout.readline() == "ready\n"
        wait_for(functools.partial(writes_or_is_over, store, writer), "a part of an entry")
        writer.send_signal(signal.SIGSTOP)
        if writer.poll() is None:
            os.waitid(os.P_PID, writer.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        if fresh_files(store):
            return writer
        end(writer)
        store.clear()
    return pytest.fail("no writer could be stopped while it wrote")


def test_the_file_of_a_living_writer_is_not_swept_away(store):
    size = 64_000_000
    writer = stopped_writer(store, size)
    try:
        for sweep in (store.check, store.clear, lambda: store.limit(0)):
            sweep()
            assert len(fresh_files(store)) == 1
        writer.send_signal(signal.SIGCONT)
        assert writer.communicate(timeout=120)[0] == "done\n"
    finally:
        end(writer)
    assert store.get(key(0)) == payload(0, size)


@pytest.mark.parametrize("sweep", ["check", "clear", "limit"])
def test_the_file_of_a_killed_writer_is_swept_away(store, sweep):
    end(stopped_writer(store, 64_000_000))
    assert len(fresh_files(store)) == 1
    assert store.get(key(0)) is None
    store.limit(10**9) if sweep == "limit" else getattr(store, sweep)()
    assert fresh_files(store) == []


def test_two_writers_of_the_same_keys(store):
    writers = [process(PUT_SOME, store.directory, 32_000) for _ in range(2)]
    try:
        while any(writer.poll() is None for writer in writers):
            for number in range(100):
                assert store.get(key(number)) in {None, payload(number, 32_000)}
    finally:
        for writer in writers:
            end(writer)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert all(store.get(key(number)) == payload(number, 32_000) for number in range(100))
    assert store.damaged == []
    assert fresh_files(store) == []


def test_a_killed_sweep_no_longer_uses_anything(store):
    for number in range(3):
        store.put(key(number), payload(number, 320))
        os.utime(path_of(store, number), (1000.0,) * 2)
    running = process(HOLD, store.directory)
    try:
        assert running.stdout.readline() == "ready\n"
        assert {entry.key for entry in store.limit(0)} == {key(0), key(2)}
    finally:
        end(running)
    assert [entry.key for entry in store.limit(0)] == [key(1)]
    assert list((store.directory / "in_use").iterdir()) == []


def test_limit_while_a_sweep_puts_and_gets(store):
    for number in range(1000, 1200):
        store.put(key(number), payload(number, 320))
    running = process(PUT_AND_GET_IN_USE, store.directory)
    try:
        assert running.stdout.readline() == "ready\n"
        while running.poll() is None:
            store.limit(0)
        assert running.communicate(timeout=120)[0] == "0 0\n"
    finally:
        end(running)


def test_clear_and_limit_while_others_put(store):
    """Without a sign of use entries come and go, yet nobody fails and nothing is half."""
    running = process(PUT_SOME, store.directory, 3200)
    try:
        while running.poll() is None:
            store.limit(10_000)
            store.clear()
            assert store.get(key(7)) in {None, payload(7, 3200)}
    finally:
        end(running)
    assert running.returncode == 0
    assert store.check() == []
