"""Files from the net that are whole and as published, or not there."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from memcircuit.errors import UsageError
from memcircuit.files import make_directory

#: Seconds that the server may stay silent.
TIMEOUT = 30.0

_PIECE = 1 << 18


class _Readable(Protocol):
    def read(self, amount: int, /) -> bytes: ...


def download(
    address: str, target: Path, *, size: int, sha256: str, timeout: float = TIMEOUT
) -> None:
    """Fetch a file, with a progress bar where standard error is a terminal.

    The file appears under its name when its length and its checksum are right, not before, also
    when several processes fetch it at once.

    Args:
        address: http or https; redirects are followed.
        target: where the file goes; the folder is made.
        size: length as published, bytes; no more is ever read.
        sha256: checksum as published.
        timeout: s that the server may stay silent.

    Raises:
        UsageError: the place does not answer, the file is another one, or it cannot be written.
    """
    # nothing but these: file: or data: would read what a download never should
    if not address.startswith(("http://", "https://")):
        raise UsageError(f"cannot fetch {address}: the address must start with https:// or http://")
    make_directory(target.parent)
    try:
        handle, name = tempfile.mkstemp(prefix=".new-", suffix=f"-{target.name}", dir=target.parent)
    except OSError as error:
        raise UsageError(f"cannot write to {target.parent}: {error.strerror or error}") from error
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file, _answer(address, timeout) as answer:
            found = _copy(address, answer, file.write, size)
        if found != sha256:
            raise UsageError(f"{address} has SHA-256 {found}; {sha256} is published")
        # temporary files are closed to others; a cache may be shared
        fresh.chmod(0o644)
        fresh.replace(target)
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def _answer(address: str, timeout: float) -> Iterator[_Readable]:
    from http.client import HTTPException
    from urllib.request import urlopen

    try:
        answer = urlopen(address, timeout=timeout)  # noqa: S310 - the scheme is checked above
    except (OSError, HTTPException, ValueError) as error:
        raise UsageError(f"cannot fetch {address}: {error}") from error
    with answer:
        yield answer


def _copy(address: str, answer: _Readable, write: Callable[[bytes], object], size: int) -> str:
    """Write what the server sends and return its SHA-256."""
    digest, length = hashlib.sha256(), 0
    with _progress(address, size) as advance:
        while piece := _piece(address, answer):
            length += len(piece)
            if length > size:
                raise UsageError(f"{address} is longer than the {size} bytes published")
            digest.update(piece)
            write(piece)
            advance(len(piece))
    if length < size:
        raise UsageError(f"{address} broke off after {length} of {size} bytes")
    return digest.hexdigest()


def _piece(address: str, answer: _Readable) -> bytes:
    from http.client import HTTPException

    try:
        return answer.read(_PIECE)
    except (OSError, HTTPException) as error:
        raise UsageError(f"cannot fetch {address}: {error}") from error


@contextmanager
def _progress(address: str, size: int) -> Iterator[Callable[[int], None]]:
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(address.rpartition("/")[2], total=size)
        yield lambda count: progress.advance(task, count)
