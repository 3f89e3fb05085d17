"""Tells what a study is doing: a line and a progress bar per step, and how long each took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

Advance = Callable[[], None]


@dataclass
class StepLog:
    """Announces steps, shows a bar while they run, keeps their times.

    Attributes:
        console: where to write; nothing is written when None.
        seconds: wall time of every finished step, in order.
    """

    console: Console | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, title: str, total: int | None = None) -> Iterator[Advance]:
        """Run the body as one step; call what it yields after each of ``total`` parts."""
        started = time.perf_counter()
        if self.console is None or not self.console.is_terminal:
            yield lambda: None  # a log file gets the finished lines only
        else:
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
            with Progress(*columns, console=self.console, transient=True) as progress:
                task = progress.add_task(title, total=total)
                yield lambda: progress.advance(task)
        self.seconds[title] = time.perf_counter() - started
        if self.console is not None:
            self.console.print(
                f"{title} ({self.seconds[title]:.1f} s)", highlight=False, markup=False
            )
