"""What a user sees of a running sweep, in a terminal, a log, a notebook, and for machines."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import threading
from pathlib import Path

import pytest

from memcircuit.errors import UsageError
from memcircuit.sweeps.progress import MODES, Progress, progress_of
from memcircuit.sweeps.tally import SmoothRate

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

CELL = """
import sys
from memcircuit.sweeps.progress import Progress
now = [0.0]
progress = Progress(clock=lambda: now[0])
progress.start(10, 2)
for _ in range(8):
    now[0] += 1.0
    progress.advance()
progress.finish()
"""

KERNEL = """
import json, sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel()
seen = []
answer = client.execute_interactive(sys.stdin.read(), timeout=120, output_hook=seen.append)
client.stop_channels()
manager.shutdown_kernel(now=True)
print(json.dumps([[m["msg_type"], m["content"]] for m in seen], default=str))
"""


class Clock:
    """Seconds that pass when the test says so."""

    seconds = 1000.0

    def __call__(self):
        """Return the time."""
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


def run(progress, clock, steps, *, total=100, kept=0, store=None, interrupted=False):
    """Run a sweep of (seconds, done, failed)."""
    progress.start(total, kept, store=store)
    for seconds, done, failed in steps:
        clock.seconds += seconds
        progress.advance(done, failed)
    progress.finish(interrupted=interrupted)


def shown(mode, clock, steps, **more):
    stream = io.StringIO()
    run(Progress(mode, stream=stream, clock=clock), clock, steps, **more)
    return stream.getvalue()


def test_json_says_all_in_one_object_a_line(clock):
    text = shown("json", clock, [(2.0, 9, 1)] * 9, kept=10, store=Path("/somewhere"))
    first, *between, last = [json.loads(line) for line in text.splitlines()]
    assert (first["event"], first["done"], first["kept"], first["total"]) == ("start", 0, 10, 100)
    assert first["left"] is None
    assert [told["event"] for told in between] == ["progress"] * 9
    # 10 points every 2 s; after the first report 80 of the 100 are left
    assert (between[0]["done"], between[0]["failed"], between[0]["seconds"]) == (9, 1, 2.0)
    assert between[0]["rate"] == pytest.approx(5.0)
    assert between[0]["left"] == pytest.approx(16.0)
    assert last == {
        "event": "finish",
        "done": 81,
        "failed": 9,
        "kept": 10,
        "kept_failed": 0,
        "total": 100,
        "rate": 5.0,
        "seconds": 18.0,
        "left": 0.0,
        "interrupted": False,
        "damaged": 0,
        "simulator_seconds": 0.0,
        "store": "/somewhere",
    }


def test_json_has_at_most_one_line_a_second(clock):
    text = shown("json", clock, [(0.25, 1, 0)] * 100)
    assert len(text.splitlines()) == 1 + 25 + 1


def test_the_rate_does_not_count_kept_points(clock):
    told = json.loads(shown("json", clock, [(10.0, 10, 0)], kept=90).splitlines()[-1])
    assert told["rate"] == pytest.approx(1.0)


def test_a_log_has_a_line_every_ten_seconds(clock):
    lines = shown("log", clock, [(1.0, 1, 0)] * 35, total=1000).splitlines()
    assert lines[0] == "sweep: 1000 points, 0 of them kept from before"
    assert [int(line.split()[1]) for line in lines[1:-1]] == [10, 20, 30]
    assert lines[1] == "sweep: 10 of 1000 points, 1 points/s, 0:16:30 left"


def test_a_log_has_a_line_every_tenth(clock):
    lines = shown("log", clock, [(0.001, 1, 0)] * 1000, total=1000).splitlines()
    assert [int(line.split()[1]) for line in lines[1:-1]] == list(range(100, 1001, 100))


def test_the_summary_says_everything(clock):
    *_, last = shown("log", clock, [(4.0, 45, 5)], kept=50, store=Path("/a/store")).splitlines()
    assert last == (
        "sweep finished: 45 points done, 5 failed, 50 kept from before; 4 s, 12.5 points/s;"
        " store /a/store"
    )


def test_the_summary_of_an_interrupted_sweep_says_how_to_go_on(clock):
    steps = [(4.0, 20, 0)]
    told = shown("log", clock, steps, store=Path("/a/store"), interrupted=True).splitlines()[-1]
    assert told.startswith("sweep interrupted: 20 points done, 0 failed, 0 kept from before, 80 le")
    assert told.endswith("store /a/store; the same command again goes on from here")
    # nothing was kept, so nothing can go on
    assert "same command" not in shown("log", clock, steps, interrupted=True)


def test_the_summary_tells_of_old_failures_and_damage(clock):
    stream = io.StringIO()
    progress = Progress(stream=stream, clock=clock)
    progress.start(10, 8, kept_failed=3)
    progress.advance(2)
    progress.finish(damaged=2)
    # worth a line though the sweep took no time
    assert "8 kept from before (of these 3 failed then), 2 damaged entries" in stream.getvalue()


def test_quiet_says_nothing(clock):
    assert shown("quiet", clock, [(100.0, 50, 50)], interrupted=True) == ""


def test_auto_is_silent_in_a_log_about_short_sweeps(clock):
    assert shown("auto", clock, [(0.01, 1, 0)] * 100) == ""
    # but not about failures, nor when it was stopped
    assert "3 failed" in shown("auto", clock, [(0.1, 97, 3)])
    assert "interrupted" in shown("auto", clock, [(0.1, 1, 0)], interrupted=True)


def test_auto_writes_a_log_of_longer_sweeps(clock):
    lines = shown("auto", clock, [(0.5, 1, 0)] * 100).splitlines()
    assert lines[0].startswith("sweep: 100 points")
    assert [int(line.split()[1]) for line in lines[1:-1]] == list(range(10, 101, 10))
    assert lines[-1].startswith("sweep finished: 100 points done")


def test_the_stream_is_standard_error_by_default(clock, capsys):
    run(Progress("log", clock=clock), clock, [(1.0, 100, 0)])
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "sweep finished" in captured.err


def test_batches_and_single_points_have_the_same_rate():
    single, batches = SmoothRate(), SmoothRate()
    for second in range(1, 201):
        single.add(float(second), 3)
        if second % 20 == 0:
            batches.add(float(second), 60)
    assert single.value == pytest.approx(3.0)
    assert batches.value == pytest.approx(3.0)


def test_the_rate_follows_a_change():
    rate = SmoothRate()
    for second in range(1, 301):
        rate.add(float(second), 100)
    for second in range(301, 601):
        rate.add(float(second), 10)
    # ten times the 30 s of memory later the first part has faded; its mean would be 55
    assert rate.value == pytest.approx(10.0, rel=0.01)


def test_workers_in_step_do_not_double_the_rate():
    """Two workers that end nearly at once, again and again, do two points every 60 s."""
    rate = SmoothRate()
    for minute in range(1, 61):
        rate.add(60.0 * minute, 1)
        rate.add(60.0 * minute + 0.1, 1)
    assert rate.value == pytest.approx(2 / 60, rel=0.1)


def test_points_at_the_start_itself_give_no_rate():
    rate = SmoothRate()
    rate.add(0.0, 5)
    assert rate.value == 0.0


def test_asking_again_without_points_shows_the_time(clock):
    lines = shown("log", clock, [(11.0, 5, 0), (11.0, 0, 0)], total=1000).splitlines()
    assert len(lines) == 4
    assert "5 of 1000" in lines[2]


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_left_running(mode, clock):
    before = set(threading.enumerate())  # those of earlier tests may end meanwhile
    out, err = sys.stdout, sys.stderr
    progress = Progress(mode, stream=io.StringIO(), clock=clock)
    progress.start(10)
    clock.seconds += 1.0
    progress.advance(5)
    assert set(threading.enumerate()) <= before
    assert (sys.stdout, sys.stderr) == (out, err)
    progress.finish()
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("mode", ["log", "json"])
def test_a_stream_that_breaks_does_not_stop_the_sweep(mode, clock):
    read, write = os.pipe()
    os.close(read)
    with open(write, "w", buffering=1) as stream:  # noqa: PTH123 - a pipe has no path
        try:
            run(Progress(mode, stream=stream, clock=clock), clock, [(20.0, 10, 0)] * 10)
        finally:
            # what could not be written is lost, also to the closing of the stream
            with Path(os.devnull).open("w") as sink:
                os.dup2(sink.fileno(), stream.fileno())


def test_a_wrong_mode_lists_the_right_ones():
    with pytest.raises(UsageError, match="auto, bar, log, json, quiet"):
        progress_of("loud")
    with pytest.raises(UsageError, match="auto, bar, log, json, quiet, or a Progress"):
        progress_of(3)
    own = Progress("quiet")
    assert progress_of(own) is own
    assert progress_of("json").mode == "json"


@pytest.fixture
def terminal(monkeypatch):
    """A pseudo terminal of 80 columns: its text stream, and how to read what it was sent."""
    pty = pytest.importorskip("pty")
    import fcntl
    import struct
    import termios

    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with open(inner, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a terminal has no path

        def sent():
            os.set_blocking(outer, False)
            pieces = []
            try:
                while piece := os.read(outer, 65536):
                    pieces.append(piece)
            except BlockingIOError:
                pass
            return b"".join(pieces).decode()

        yield stream, sent
    os.close(outer)


def test_the_bar_in_a_terminal(terminal, clock):
    stream, sent = terminal
    progress = Progress(stream=stream, clock=clock)
    progress.start(10_000, 1000, store=Path("/a/store"))
    begun = sent()
    # a killed sweep leaves the cursor where the shell can be seen to wait
    assert begun.rindex("\x1b[?25h") > begun.rindex("\x1b[?25l")
    clock.seconds += 10.0
    progress.advance(1998, 2)
    drawn = sent()
    progress.finish()
    end = sent()
    line = CONTROL.sub("", drawn).strip()
    assert line.endswith("3000 of 10000 points, 2 failed, 200 points/s, 0:00:35 left")
    # 30 % of the bar is of the first colour
    bar = line.split()[0]
    colours = re.findall(r"\x1b\[([0-9;]+)m([━╸╺]+)", drawn)
    assert len(line) <= 80
    assert sum(len(part) for colour, part in colours if colour == colours[0][0]) == pytest.approx(
        0.3 * len(bar), abs=1
    )
    # the bar is wiped for the summary
    assert end.rindex("\x1b[2K") < end.index(
        "sweep finished: 1998 points done, 2 failed, 1000 kept"
    )


def test_the_bar_is_drawn_at_most_ten_times_a_second(terminal, clock):
    stream, sent = terminal
    progress = Progress("bar", stream=stream, clock=clock)
    progress.start(10_000)
    sent()
    for _ in range(1000):
        clock.seconds += 0.001
        progress.advance()
    assert 8 <= CONTROL.sub("", sent()).count("points/s") <= 10
    progress.finish()


def test_a_terminal_that_hangs_up_does_not_stop_the_sweep(clock, monkeypatch):
    pty = pytest.importorskip("pty")
    monkeypatch.setenv("TERM", "xterm")
    outer, inner = pty.openpty()
    with open(inner, "w", buffering=1) as stream:  # noqa: PTH123 - a terminal has no path
        progress = Progress(stream=stream, clock=clock)
        progress.start(100)
        os.close(outer)
        with pytest.raises(OSError, match="Input/output"):
            os.write(inner, b"\n")
        for _ in range(10):
            clock.seconds += 1.0
            progress.advance(10)
        progress.finish()
        with Path(os.devnull).open("w") as sink:
            os.dup2(sink.fileno(), inner)


def test_a_terminal_without_cursor_gets_a_log(terminal, clock, monkeypatch):
    stream, sent = terminal
    monkeypatch.setenv("TERM", "dumb")
    run(Progress("bar", stream=stream, clock=clock), clock, [(5.0, 100, 0)])
    text = sent()
    assert "\x1b" not in text
    assert "sweep finished" in text


def test_a_notebook_shows_one_bar_that_becomes_the_summary(tmp_path):
    """A real kernel: one display, replaced again and again, and nothing on standard error."""
    import subprocess

    done = subprocess.run(
        [sys.executable, "-c", KERNEL],
        input=CELL,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    messages = json.loads(done.stdout)
    displays = [m for kind, m in messages if kind in {"display_data", "update_display_data"}]
    assert [kind for kind, _ in messages].count("display_data") == 1
    assert not [m for kind, m in messages if kind in {"stream", "error"}]
    assert len({m["transient"]["display_id"] for m in displays}) == 1
    texts = [m["data"]["text/plain"] for m in displays]
    assert texts[0].endswith(" 2 of 10 points")
    assert texts[1].endswith(" 3 of 10 points, 1 points/s, 0:00:07 left")
    assert texts[-1].startswith("sweep finished: 8 points done, 0 failed, 2 kept from before; 8 s")
