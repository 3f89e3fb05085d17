"""Requests to end a command, which it follows as it does Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NAMES = ("SIGTERM", "SIGHUP")
# s; timeout(1) signals its child and then the group of both, a shell and a terminal likewise
_SAME_REQUEST = 1.0


class EndRequest(KeyboardInterrupt):
    """Another process asked this one to end, or its terminal was closed.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        """Name the signal."""
        self.number = number
        super().__init__(signal.Signals(number).name)


def told(interrupt: KeyboardInterrupt) -> str:
    """Return what ended a command, with what was noted on the way."""
    own = f"ended by {interrupt}" if isinstance(interrupt, EndRequest) else "interrupted"
    return "; ".join([own, *getattr(interrupt, "__notes__", [])])


def exit_status(interrupt: KeyboardInterrupt) -> int:
    """Return the exit status, as shells have it: 128 and the number of the signal."""
    return 128 + (interrupt.number if isinstance(interrupt, EndRequest) else signal.SIGINT)


@contextmanager
def end_requests() -> Iterator[None]:
    """Raise ``EndRequest`` in the body when SIGTERM or SIGHUP comes.

    What the caller of this process has it ignore, as nohup does, stays ignored. Only the main
    thread gets signals; in another nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    terminals = [number for number in (1, 2) if _is_terminal(number)]
    last = -_SAME_REQUEST

    def request(number: int, _: FrameType | None) -> None:
        nonlocal last
        if time.monotonic() - last < _SAME_REQUEST:
            return
        last = time.monotonic()
        _leave_closed(terminals)
        raise EndRequest(number)

    known = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in known}
    taken = [number for number, handler in before.items() if handler is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, request)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])


def _is_terminal(number: int) -> bool:
    try:
        return os.isatty(number)
    except OSError:
        return False


def _leave_closed(terminals: list[int]) -> None:
    """Let what is still to be told go nowhere where the terminal is gone: writing would fail."""
    for number in terminals:
        if not _is_terminal(number):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, number)
            os.close(nowhere)
