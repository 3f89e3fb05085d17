"""How a measurement is taken and printed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def median_seconds(work: Callable[[], object], runs: int = 5) -> float:
    """Return the median wall time of ``work`` after one run that does not count, s."""
    work()
    return statistics.median(seconds(work) for _ in range(runs))


def seconds(work: Callable[[], object]) -> float:
    """Return the wall time of one run of ``work``, s."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def report(name: str, ours: float, other: float | None, other_is: str) -> None:
    """Print one measurement; ``other`` is None when there is nothing to compare with."""
    theirs = "none" if other is None else f"{other:.4g}"
    ratio = "none" if other is None else f"{other / ours:.3g}"
    print(f"bench {name} ours={ours:.4g} other={theirs} ratio={ratio} other_is={other_is}")
