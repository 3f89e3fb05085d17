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
# the number of SIGPIPE, which Python ignores; not every system has it
_BROKEN_PIPE = 13


class EndRequest(KeyboardInterrupt):
    """Another process asked this one to end, or its terminal was closed.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        """Name the signal."""
        self.number = number
        super().__init__(signal.Signals(number).name)


def reason(end: BaseException) -> BaseException | None:
    """Return the interrupt or the unread output behind the end of a command, if there is one.

    typer makes exits of its own of both, which say neither which signal it was nor what was noted.

    Args:
        end: what the command ended with.
    """
    link: BaseException | None = end
    while link is not None and not isinstance(link, KeyboardInterrupt | BrokenPipeError):
        link = link.__cause__ or link.__context__
    return link


def told(interrupt: KeyboardInterrupt) -> str:
    """Return what ended a command, with what was noted on the way."""
    own = f"ended by {interrupt}" if isinstance(interrupt, EndRequest) else "interrupted"
    return "; ".join([own, *getattr(interrupt, "__notes__", [])])


def exit_status(interrupt: KeyboardInterrupt | BrokenPipeError) -> int:
    """Return the exit status, as shells have it: 128 and the number of the signal."""
    if isinstance(interrupt, BrokenPipeError):
        return 128 + _BROKEN_PIPE
    return 128 + (interrupt.number if isinstance(interrupt, EndRequest) else signal.SIGINT)


@contextmanager
def end_requests() -> Iterator[None]:
    """Raise ``EndRequest`` in the body when SIGTERM or SIGHUP comes.

    After the body both do again what they did, unless one of them came: then the process is on its
    way out, with a status that says so, and further ones are ignored.

    What the caller of this process has it ignore, as nohup does, stays ignored. Only the main
    thread gets signals; in another nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    terminals = [number for number in (1, 2) if _is_terminal(number)]
    last: float | None = None

    def request(number: int, _: FrameType | None) -> None:
        nonlocal last
        if last is not None and time.monotonic() - last < _SAME_REQUEST:
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
            signal.signal(number, before[number] if last is None else signal.SIG_IGN)


def leave_unread() -> None:
    """Let what is still to be written go nowhere: nobody reads it."""
    for number in (1, 2):
        _to_nowhere(number)


def _is_terminal(number: int) -> bool:
    try:
        return os.isatty(number)
    except OSError:
        return False


def _leave_closed(terminals: list[int]) -> None:
    """Let what is still to be told go nowhere where the terminal is gone: writing would fail."""
    for number in terminals:
        if not _is_terminal(number):
            _to_nowhere(number)


def _to_nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
