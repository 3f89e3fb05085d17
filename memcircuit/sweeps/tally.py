"""How far a sweep is, how fast, and how long it will take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

# s, over which the rate is smoothed at least, and how many reports at least
_MEMORY = 30.0
_MEMORY_REPORTS = 20


@dataclass(frozen=True)
class Tally:
    """How far a sweep is.

    Attributes:
        total: points in all.
        kept: points found in the store, done before.
        done: points simulated well in this run.
        failed: points simulated in this run that failed.
        seconds: s, since the start.
        rate: points simulated per second, smoothed; over the whole run once it is finished.
        store: where the points are kept, or ``None``.
        kept_failed: of the points kept, those that failed.
        damaged: entries of the store found damaged, simulated anew.
        simulator_seconds: s of processor time that simulators took in this run.
    """

    total: int
    kept: int
    done: int = 0
    failed: int = 0
    seconds: float = 0.0
    rate: float = 0.0
    store: Path | None = None
    kept_failed: int = 0
    damaged: int = 0
    simulator_seconds: float = 0.0

    @property
    def ended(self) -> int:
        """Points that need no simulation any more."""
        return self.kept + self.done + self.failed

    @property
    def left(self) -> float | None:
        """Time left, s; ``None`` when nothing is known yet."""
        waiting = max(self.total - self.ended, 0)
        if waiting == 0:
            return 0.0
        return waiting / self.rate if self.rate > 0.0 else None


class SmoothRate:
    """Points per second, where what is long past counts less and less.

    The points of a report count as spread evenly over the time since the report before, so that
    batches and single points give the same rate.
    """

    def __init__(self) -> None:
        self._reports = 0
        self._last = 0.0
        self._points = 0.0
        self._time = 0.0

    def add(self, seconds: float, points: int) -> None:
        """Count points that ended by a time, s since the start."""
        self._reports += 1
        memory = max(_MEMORY, _MEMORY_REPORTS * seconds / self._reports)
        elapsed = max(seconds - self._last, 0.0) / memory
        faded = -math.expm1(-elapsed)
        self._points = self._points * (1.0 - faded) + points * (faded / elapsed if elapsed else 1.0)
        self._time = self._time * (1.0 - faded) + memory * faded
        self._last = seconds

    @property
    def value(self) -> float:
        """Points per second; 0 before any time has passed."""
        return self._points / self._time if self._time > 0.0 else 0.0
