"""The file of one finished point: how it is written whole, and how damage to it is found."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import struct
import uuid
from pathlib import Path
from typing import BinaryIO

#: How the name of a file begins that is still being written.
FRESH = ".new-"

_MAGIC = b"MEMPOINT"
_VERSION = 1
# magic, version, key, length of the payload; then the SHA-256 of these and the payload
_HEADER = struct.Struct("<8sI32sQ")
_PAYLOAD_START = _HEADER.size + hashlib.sha256().digest_size


def content_of(key: str, payload: bytes) -> bytes:
    """Return what the file of a payload holds.

    Args:
        key: 64 hexadecimal digits.
        payload: anything.
    """
    header = _HEADER.pack(_MAGIC, _VERSION, bytes.fromhex(key), len(payload))
    return header + hashlib.sha256(header + payload).digest() + payload


def content_in(file: BinaryIO) -> bytes:
    """Return all that a file holds; nothing where the disk itself lost it, which is damage too."""
    try:
        return file.read()
    except OSError as error:
        if error.errno == errno.EIO:
            return b""
        raise


def payload_in(key: str, content: bytes) -> bytes | None:
    """Return the payload, or ``None`` when a file is not whole or is another key's.

    Args:
        key: 64 hexadecimal digits.
        content: all that the file holds.
    """
    payload = content[_PAYLOAD_START:]
    return payload if content == content_of(key, payload) else None


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is whole or not there, also when the process is killed.

    Raises:
        FileNotFoundError: its folder is missing, or the fresh file was taken for a dead writer's
            in one of the instants when it is not locked.
        OSError: there is no room, or the folder cannot be written.
    """
    fresh = path.with_name(f"{FRESH}{uuid.uuid4().hex}")
    try:
        with fresh.open("xb") as file:
            lock(file)
            file.write(content)
        fresh.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise


def lock(file: BinaryIO, *, wait: bool = False) -> bool:
    """Lock a file until it is closed, or its process dies; return whether that was possible.

    Windows needs no such lock: it removes no file that is open.
    """
    if os.name == "nt":
        return False
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        # another has it, or the file system has no locks: then nothing is taken for abandoned
        return False
    return True


def remove_unless_held(path: Path) -> None:
    """Remove a file of a dead process; one that a living process has locked stays."""
    with contextlib.suppress(OSError):
        if os.name == "nt":
            path.unlink()
            return
        with path.open("r+b") as file:
            if lock(file):
                path.unlink()
