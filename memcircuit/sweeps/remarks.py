"""Warnings that are given while points are simulated, each heard by the thread that gave it."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Listener:
    """Stands in for ``warnings.showwarning`` while any thread listens.

    ``warnings.catch_warnings`` belongs to the process: of two threads that use it at once, one
    hears the other's warnings and may leave the filters wrong behind it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._own = threading.local()
        self._listening = 0
        self._saved = warnings.catch_warnings()
        self._shown = warnings.showwarning

    @contextmanager
    def heard(self) -> Iterator[list[str]]:
        self._begin()
        before = getattr(self._own, "told", None)
        told: list[str] = []
        self._own.told = told
        try:
            yield told
        finally:
            self._own.told = before
            self._end()

    def _begin(self) -> None:
        with self._lock:
            if not self._listening:
                self._saved = warnings.catch_warnings()
                self._saved.__enter__()
                self._shown = warnings.showwarning
                warnings.simplefilter("always")
                warnings.showwarning = self._show
            self._listening += 1

    def _end(self) -> None:
        with self._lock:
            self._listening -= 1
            if not self._listening:
                self._saved.__exit__(None, None, None)

    def _show(self, message: Warning | str, *place: Any, **further: Any) -> None:
        told = getattr(self._own, "told", None)
        if told is None:  # of a thread that simulates nothing
            self._shown(message, *place, **further)
        else:
            told.append(str(message))


_LISTENER = _Listener()


def remarks() -> Any:
    """Return a context whose value is the list of the warnings that this thread gives in it."""
    return _LISTENER.heard()
