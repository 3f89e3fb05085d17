"""Files that are whole or not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memcircuit.errors import UsageError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to that becomes ``path`` when the body ends well, and else is removed.

    Raises:
        UsageError: the file cannot be written.
    """
    if path.is_dir():
        raise UsageError(f"cannot write {path}: it is a directory")
    # the ending stays: writers choose the format by it
    fresh = path.with_name(f".new-{path.name}")
    try:
        yield fresh
        fresh.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        fresh.unlink(missing_ok=True)


def make_directory(path: Path) -> None:
    """Make a directory and those above it.

    Raises:
        UsageError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write to {path}: {error.strerror or error}") from error
