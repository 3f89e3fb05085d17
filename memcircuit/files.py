"""Files that are whole or not there."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memcircuit.errors import StorageError, UsageError

# The disk is at fault, not the path: full, over quota, read-only, broken.
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


def write_error(message: str, error: OSError) -> StorageError | UsageError:
    """Return the error of what could not be written, by whether the disk or the path is at fault.

    Args:
        message: what could not be written.
        error: why.
    """
    kind = StorageError if error.errno in _DISK else UsageError
    return kind(f"{message}: {error.strerror or error}")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to that becomes ``path`` when the body ends well, and else is removed.

    Raises:
        UsageError: the file cannot be written.
        StorageError: its disk is full or fails.
    """
    if path.is_dir():
        raise UsageError(f"cannot write {path}: it is a directory")
    # the ending stays: writers choose the format by it
    fresh = path.with_name(f".new-{path.name}")
    try:
        yield fresh
        fresh.replace(path)
    except OSError as error:
        raise write_error(f"cannot write {path}", error) from error
    finally:
        fresh.unlink(missing_ok=True)


def make_directory(path: Path) -> None:
    """Make a directory and those above it.

    Raises:
        UsageError: it cannot be made.
        StorageError: its disk is full or fails.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(f"cannot write to {path}", error) from error
