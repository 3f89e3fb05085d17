"""Tells how far a sweep is: a bar, lines of a log, lines of JSON, or nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from memcircuit.errors import UsageError
from memcircuit.sweeps.progress_views import QuietView, View, view_of
from memcircuit.sweeps.tally import SmoothRate, Tally

#: What ``progress`` may be.
MODES = ("auto", "bar", "log", "json", "quiet")


class Progress:
    """Shows how far a sweep is; told by the sweep, never asks.

    It starts no thread and leaves ``sys.stdout`` and ``sys.stderr`` as they are, because processes
    are forked while it runs. A stream that can no longer be written silences it; the sweep goes on.
    """

    def __init__(
        self,
        mode: str = "auto",
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Choose what is shown.

        Args:
            mode: "bar" (in a terminal or a notebook; elsewhere as "log"), "log" (a line every 10 s
                and every tenth of the points), "json" (one object a line, at most one a second),
                "quiet", or "auto" (as "bar", but no log of a sweep that is over within 2 s,
                unless it was interrupted, points failed or entries were damaged).
            stream: where to write; by default standard error at the start of the sweep.
            clock: s, from any origin.

        Raises:
            UsageError: no such mode.
        """
        if mode not in MODES:
            raise UsageError(f"progress = {mode!r}: expected one of {', '.join(MODES)}")
        self.mode = mode
        self._stream = stream
        self._clock = clock
        self._view: View = QuietView()
        self._tally = Tally(0, 0)
        self._rate = SmoothRate()
        self._began = 0.0

    def start(
        self, total: int, kept: int = 0, *, kept_failed: int = 0, store: Path | None = None
    ) -> None:
        """Begin.

        Args:
            total: points in all.
            kept: of these, found in the store.
            kept_failed: of those found, the ones that failed then.
            store: where it is, for the summary.
        """
        self._began = self._clock()
        self._rate = SmoothRate()
        self._tally = Tally(total, kept, kept_failed=kept_failed, store=store)
        self._view = view_of(self.mode, self._stream)
        self._tell(self._view.start)

    @property
    def tally(self) -> Tally:
        """How far the sweep is, or how it ended."""
        return self._tally

    def advance(self, done: int = 1, failed: int = 0, *, simulator_seconds: float = 0.0) -> None:
        """Count points that were simulated since the last call; ``advance(0)`` only shows the time.

        Args:
            done: points that ended well.
            failed: further points, which failed.
            simulator_seconds: s of processor time that simulators took for all of them.
        """
        tally = self._tally
        seconds = self._clock() - self._began
        if done or failed:
            self._rate.add(seconds, done + failed)
        self._tally = replace(
            tally,
            done=tally.done + done,
            failed=tally.failed + failed,
            seconds=seconds,
            rate=self._rate.value,
            simulator_seconds=tally.simulator_seconds + simulator_seconds,
        )
        self._tell(self._view.advance)

    def finish(self, *, interrupted: bool = False, damaged: int = 0) -> None:
        """End with a line of summary.

        Args:
            interrupted: the sweep was stopped before its end.
            damaged: entries of the store found damaged, simulated anew.
        """
        tally = self._tally
        seconds = self._clock() - self._began
        ran = tally.done + tally.failed
        rate = ran / seconds if seconds > 0.0 else 0.0
        self._tally = replace(tally, seconds=seconds, rate=rate, damaged=damaged)
        self._tell(lambda told: self._view.finish(told, interrupted=interrupted))
        self._view = QuietView()

    def _tell(self, tell: Callable[[Tally], None]) -> None:
        try:
            tell(self._tally)
        except (OSError, ValueError):  # a pipe without a reader, a full disk, a closed stream
            self._view = QuietView()


def progress_of(given: object) -> Progress:
    """Return what shows the progress.

    Args:
        given: the name of a mode, or a ``Progress``.

    Raises:
        UsageError: neither.
    """
    if isinstance(given, Progress):
        return given
    if isinstance(given, str):
        return Progress(given)
    raise UsageError(f"progress = {given!r:.80}: expected one of {', '.join(MODES)}, or a Progress")
