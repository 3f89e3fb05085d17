"""Requests to end a command: what it says, what it leaves, how it ends, and that it goes on."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from waiting import wait_for

from memcircuit.cli.interrupts import EndRequest, end_requests, exit_status, told
from memcircuit.simulate.run_directory import run_directory
from memcircuit.sweeps.store import Store

POINTS = 24
SPEC = f"""\
experiment = "iv_loop"
[device]
card = "lin2022_hfo2"
[arguments]
cycles = 1
[grid]
frequency = {{ from = "4kHz", to = "5kHz", count = {POINTS} }}  # each a netlist of its own
"""
# gives the process the terminal that is its standard input, as a login does
IN_TERMINAL = """\
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
# a signal comes while the words are taken apart, before any command begins
WHILE_PARSING = """\
import os, signal, sys, typer.core
from memcircuit.cli import main

class Interrupted(typer.core.TyperGroup):
    def resolve_command(self, *given):
        os.kill(os.getpid(), getattr(signal, sys.argv[1]))
        return super().resolve_command(*given)

from memcircuit.cli.app import app
app.info.cls = Interrupted
main(["devices"])
"""


class Command:
    """A sweep of a file on the command line, with temporary files of its own."""

    def __init__(self, directory, jobs):
        self.store = Store(directory / "store")
        self.temporary = directory / "temporary"
        self.temporary.mkdir()
        self.out = directory / "out"
        spec = directory / "spec.toml"
        spec.write_text(SPEC, encoding="utf-8")
        self.words = ["-m", "memcircuit", "sweep", str(spec), "--out", str(self.out)]
        self.words += ["--store", str(self.store.directory), "--jobs", str(jobs)]
        self.environment = {**os.environ, "TMPDIR": str(self.temporary)}

    def start(self, *front, **streams):
        """Start it."""
        return subprocess.Popen(
            [sys.executable, *front, *self.words],
            env=self.environment,
            start_new_session=True,
            **streams,
        )

    def begin(self, *front, **streams):
        """Start it, and wait until some points are kept."""
        running = self.start(*front, **streams)
        wait_for(
            lambda: len(list(self.store.entries())) >= 3 or running.poll() is not None,
            "three points",
        )
        return running

    def processes(self):
        """Return the numbers of the processes with these temporary files."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if str(self.temporary).encode() in entry.read_bytes():
                    found.append(entry.parent.name)
        return found

    def assert_nothing_stays(self):
        """Assert that all processes end, without a temporary file or a result."""
        wait_for(lambda: not self.processes(), "the end of all processes")
        assert list(self.temporary.iterdir()) == []
        assert not list(self.out.glob("*"))


@pytest.fixture(autouse=True)
def _handlers_come_back():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(params=[1, 2], ids=["in one process", "in workers"])
def command(request, tmp_path):
    if not Path("/proc/self/environ").exists():
        pytest.skip("needs /proc")
    return Command(tmp_path, request.param)


@pytest.mark.parametrize(
    ("name", "whom"), [("SIGTERM", "group"), ("SIGHUP", "process"), ("SIGINT", "process")]
)
def test_a_request_to_end_is_followed_as_an_interrupt(command, name, whom):
    command.words += ["--progress", "json"]
    running = command.begin(stderr=subprocess.PIPE)
    number = getattr(signal, name)
    (os.kill if whom == "process" else os.killpg)(running.pid, number)
    _, err = running.communicate(timeout=120)
    assert running.returncode == 128 + number
    summary, last = err.decode().splitlines()[-2:]
    assert json.loads(summary)["event"] == "finish"
    how = "interrupted" if name == "SIGINT" else f"ended by {name}"
    assert last == f"memcircuit: {how}; the same command again goes on from here"
    command.assert_nothing_stays()
    kept = len(list(command.store.entries()))
    assert 3 <= kept < POINTS
    if name != "SIGTERM":
        return
    again = command.start(stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    _, err = again.communicate(timeout=120)
    assert again.returncode == 0
    end = json.loads(err.splitlines()[-1])
    assert (end["kept"], end["done"]) == (kept, POINTS - kept)


def test_a_closed_terminal_ends_it(command):
    ours, its = pty.openpty()
    running = command.begin("-c", IN_TERMINAL, stdin=its, stdout=its, stderr=its)
    os.close(its)
    os.close(ours)
    assert running.wait(timeout=120) == 128 + signal.SIGHUP
    command.assert_nothing_stays()


def test_what_the_caller_ignores_stays_ignored_and_handlers_come_back():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with end_requests():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    own = signal.getsignal(signal.SIGTERM)
    with end_requests():
        assert signal.getsignal(signal.SIGTERM) is not own
    assert signal.getsignal(signal.SIGTERM) is own


def test_what_comes_after_a_request_is_ignored():
    with pytest.raises(EndRequest) as ended, end_requests():
        os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGHUP)
    assert (exit_status(ended.value), told(ended.value)) == (143, "ended by SIGTERM")
    assert (exit_status(KeyboardInterrupt()), told(KeyboardInterrupt())) == (130, "interrupted")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_request_while_the_command_is_read_is_told(name):
    done = subprocess.run(
        [sys.executable, "-c", WHILE_PARSING, name], capture_output=True, check=False, text=True
    )
    how = "interrupted" if name == "SIGINT" else f"ended by {name}"
    assert done.returncode == 128 + getattr(signal, name)
    assert (done.stdout, done.stderr) == ("", f"memcircuit: {how}\n")


def test_requests_during_the_exit_do_not_change_its_status(tmp_path):
    ending = Command(tmp_path, 1).begin(stderr=subprocess.PIPE, text=True)
    ending.send_signal(signal.SIGTERM)
    with ending.stderr as told_lines:
        assert any("ended by SIGTERM" in line for line in told_lines)
    while ending.poll() is None:
        ending.send_signal(signal.SIGTERM)
        ending.send_signal(signal.SIGHUP)
    assert ending.returncode == 128 + signal.SIGTERM


@pytest.fixture
def unread():
    """Return a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.mark.parametrize("words", [["devices"], ["--help"], ["iv", "--help"]])
def test_output_that_nobody_reads_ends_it_as_sigpipe_does(words, unread):
    done = subprocess.run(
        [sys.executable, "-m", "memcircuit", *words],
        stdout=unread, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")


def test_a_sweep_that_nobody_reads_is_done_all_the_same(tmp_path, unread):
    sweep = Command(tmp_path, 1)
    running = sweep.start(stdout=unread)
    assert running.wait(timeout=120) == 128 + signal.SIGPIPE
    assert {path.name for path in sweep.out.iterdir()} == {"sweep.nc", "sweep.png"}
    assert len(list(sweep.store.entries())) == POINTS


def test_a_mistake_that_nobody_reads_keeps_its_status(unread):
    words = [sys.executable, "-m", "memcircuit", "devices", "show", "nonsense"]
    assert subprocess.run(words, stdout=unread, stderr=unread, check=False).returncode == 2


def test_another_thread_leaves_signals_alone():
    own, seen = signal.getsignal(signal.SIGTERM), []

    def look():
        with end_requests():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [own]


# what Python itself has opened at that moment is closed by the collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("keep", [False, True])
def test_an_interrupt_at_any_moment_leaves_no_run_directory(tmp_path, monkeypatch, rng, keep):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    ended = 0
    try:
        for _ in range(150):
            try:
                signal.setitimer(signal.ITIMER_REAL, rng.uniform(2e-5, 1e-3))
                for _ in range(1000):
                    with run_directory(tmp_path / "kept" if keep else None) as directory:
                        (directory / "netlist.cir").touch()
            except KeyboardInterrupt:
                ended += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert ended == 150
    assert list((tmp_path / "temporary").iterdir()) == []
