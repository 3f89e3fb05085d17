"""The ways to show how far a sweep is, each told the same."""

from __future__ import annotations

import json
import os
import sys
from io import StringIO
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from memcircuit.sweeps.tally import Tally

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

# s, between two drawings of the bar
_BAR_STEP = 0.1
# s, between two lines of JSON, and of a log unless another tenth is done
_JSON_STEP = 1.0
_LOG_STEP = 10.0
# s, a sweep over sooner needs no line in a log
_SHORT = 2.0
# terminals that cannot go back to the start of a line
_DUMB = {"dumb", "unknown"}


def view_of(mode: str, stream: TextIO | None) -> View:
    """Return what shows a sweep.

    Args:
        mode: "auto", "bar", "log", "json" or "quiet".
        stream: where to write; by default a notebook's cell or standard error.
    """
    to = sys.stderr if stream is None else stream
    # programs without a console have no standard error
    if mode == "quiet" or to is None:
        return QuietView()
    if mode == "json":
        return JsonView(to)
    if mode == "log":
        return LogView(to)
    if stream is None and _in_notebook():
        return NotebookView()
    if to.isatty() and os.environ.get("TERM") not in _DUMB:
        return BarView(to)
    return LogView(to, patience=_SHORT if mode == "auto" else 0.0)


class View(Protocol):
    """What is told how far a sweep is."""

    def start(self, tally: Tally) -> None:
        """Begin."""

    def advance(self, tally: Tally) -> None:
        """Show where the sweep is, if it is time to."""

    def finish(self, tally: Tally, *, interrupted: bool) -> None:
        """End."""


class QuietView:
    """Shows nothing."""

    def start(self, tally: Tally) -> None:
        """Begin."""

    def advance(self, tally: Tally) -> None:
        """Show where the sweep is, if it is time to."""

    def finish(self, tally: Tally, *, interrupted: bool) -> None:
        """End."""


class LogView:
    """Lines for a log file."""

    def __init__(self, stream: TextIO, patience: float = 0.0) -> None:
        """Write lines to a stream.

        Args:
            stream: where to.
            patience: s, before anything is written; a sweep that is over sooner is worth a line
                only if it was interrupted, points failed or entries were damaged.
        """
        self._stream = stream
        self._patience = patience
        self._silent = True
        self._told = (0.0, 0)  # s and tenths at the last line

    def start(self, tally: Tally) -> None:
        """Begin."""
        self._told = (tally.seconds, _tenths(tally))
        if tally.seconds >= self._patience:
            self._silent = False
            _write_line(self._stream, _start_line(tally))

    def advance(self, tally: Tally) -> None:
        """Show where the sweep is, if it is time to."""
        if self._silent:
            self.start(tally)
            return
        seconds, tenths = self._told
        if tally.seconds - seconds >= _LOG_STEP or _tenths(tally) > tenths:
            self._told = (tally.seconds, _tenths(tally))
            _write_line(self._stream, f"sweep: {_state(tally)}")

    def finish(self, tally: Tally, *, interrupted: bool) -> None:
        """End."""
        worth_telling = interrupted or tally.failed or tally.kept_failed or tally.damaged
        if worth_telling or tally.seconds >= self._patience:
            _write_line(self._stream, _summary(tally, interrupted=interrupted))


class JsonView:
    """One JSON object a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._told = 0.0

    def start(self, tally: Tally) -> None:
        """Begin."""
        self._write("start", tally)

    def advance(self, tally: Tally) -> None:
        """Show where the sweep is, if it is time to."""
        if tally.seconds - self._told >= _JSON_STEP:
            self._told = tally.seconds
            self._write("progress", tally)

    def finish(self, tally: Tally, *, interrupted: bool) -> None:
        """End."""
        store = None if tally.store is None else str(tally.store)
        more = {
            "damaged": tally.damaged,
            "simulator_seconds": round(tally.simulator_seconds, 6),
            "store": store,
        }
        self._write("finish", tally, interrupted=interrupted, **more)

    def _write(self, event: str, tally: Tally, **more: float | str | None) -> None:
        told = {
            "event": event,
            "done": tally.done,
            "failed": tally.failed,
            "kept": tally.kept,
            "kept_failed": tally.kept_failed,
            "total": tally.total,
            "rate": round(tally.rate, 6),
            "seconds": round(tally.seconds, 6),
            "left": None if tally.left is None else round(tally.left, 6),
        }
        _write_line(self._stream, json.dumps({**told, **more}))


class BarView:
    """A bar in a terminal, drawn when told: rich by itself would draw from a thread."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._drawn = 0.0

    def start(self, tally: Tally) -> None:
        """Begin."""
        from rich.console import Console

        console = Console(file=self._stream, force_jupyter=False)
        self._bar = _rich_bar(console, tally)
        self._bar.start()
        # rich hides it, and a process that is killed could not bring it back
        console.show_cursor(True)

    def advance(self, tally: Tally) -> None:
        """Show where the sweep is, if it is time to."""
        if tally.seconds - self._drawn >= _BAR_STEP:
            self._drawn = tally.seconds
            _set(self._bar, tally)
            self._bar.refresh()

    def finish(self, tally: Tally, *, interrupted: bool) -> None:
        """End."""
        self._bar.stop()
        _write_line(self._stream, _summary(tally, interrupted=interrupted))


class NotebookView:
    """The same bar as an output of a notebook's cell that is replaced, without any widget."""

    _WIDTH = 100

    def __init__(self) -> None:
        self._drawn = 0.0

    def start(self, tally: Tally) -> None:
        """Begin."""
        from IPython import display
        from rich.console import Console

        self._console = Console(file=StringIO(), width=self._WIDTH, force_jupyter=False)
        self._bar = _rich_bar(self._console, tally)
        untyped: Any = display
        self._handle = untyped.display(self._shown(), raw=True, display_id=True)

    def advance(self, tally: Tally) -> None:
        """Show where the sweep is, if it is time to."""
        if tally.seconds - self._drawn >= _BAR_STEP:
            self._drawn = tally.seconds
            _set(self._bar, tally)
            self._handle.update(self._shown(), raw=True)

    def finish(self, tally: Tally, *, interrupted: bool) -> None:
        """End."""
        self._handle.update({"text/plain": _summary(tally, interrupted=interrupted)}, raw=True)

    def _shown(self) -> dict[str, str]:
        with self._console.capture() as captured:
            self._console.print(self._bar.get_renderable())
        return {"text/plain": captured.get().rstrip()}


def _in_notebook() -> bool:
    if "IPython" not in sys.modules:
        return False
    from IPython.core.getipython import get_ipython

    return hasattr(get_ipython(), "kernel")


def _rich_bar(console: Console, tally: Tally) -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn

    bar = Progress(
        # not rich's red, which would look like failure
        BarColumn(bar_width=None, complete_style="cyan", finished_style="cyan"),
        TextColumn("{task.description}", markup=False),
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        expand=True,
    )
    bar.add_task(_state(tally), total=tally.total, completed=tally.ended)
    return bar


def _set(bar: Progress, tally: Tally) -> None:
    bar.update(bar.task_ids[0], description=_state(tally), completed=tally.ended)


def _write_line(stream: TextIO, line: str) -> None:
    stream.write(f"{line}\n")
    # a forked process must not find it in its copy of the buffer
    stream.flush()


def _tenths(tally: Tally) -> int:
    return 10 * tally.ended // tally.total if tally.total else 10


def _start_line(tally: Tally) -> str:
    return f"sweep: {tally.total} points, {tally.kept} of them kept from before"


def _state(tally: Tally) -> str:
    parts = [f"{tally.ended} of {tally.total} points"]
    if failed := tally.failed + tally.kept_failed:
        parts.append(f"{failed} failed")
    if tally.rate:
        parts.append(f"{_number(tally.rate)} points/s")
    if tally.left is not None:
        parts.append(f"{_clock_time(tally.left)} left")
    return ", ".join(parts)


def _summary(tally: Tally, *, interrupted: bool) -> str:
    counts = f"{tally.done} points done, {tally.failed} failed, {tally.kept} kept from before"
    if tally.kept_failed:
        counts += f" (of these {tally.kept_failed} failed then)"
    if tally.damaged:
        counts += f", {tally.damaged} damaged entries simulated anew"
    speed = f"{_number(tally.seconds)} s, {_number(tally.rate)} points/s"
    if tally.simulator_seconds:
        speed += f", {_number(tally.simulator_seconds)} s of processor time in simulators"
    store = "" if tally.store is None else f"; store {tally.store}"
    if not interrupted:
        return f"sweep finished: {counts}; {speed}{store}"
    waiting = tally.total - tally.ended
    advice = "" if tally.store is None else "; the same command again goes on from here"
    return f"sweep interrupted: {counts}, {waiting} left; {speed}{store}{advice}"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100.0 else f"{value:.3g}"


def _clock_time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
