"""The IDX format of MNIST: a magic number, the sizes of the axes, then the values.

Format: Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits. Two bytes
of 0, one with the values' type (8: unsigned byte), one with the number of axes, a big-endian
unsigned 32-bit number for each axis, then the values, the last axis varying fastest.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from io import BufferedIOBase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError

#: Longest content, unpacked, that is read where nothing is known about the file, bytes.
LONGEST = 1 << 30

_UNSIGNED_BYTE = 8
_GZIP_MAGIC = b"\x1f\x8b"


def read_idx(path: str | Path, longest: int = LONGEST) -> NDArray[np.uint8]:
    """Return the values of an IDX file of unsigned bytes, packed by gzip or not.

    Args:
        path: the file.
        longest: bytes of content, unpacked, that are still read.

    Returns:
        The values, read-only, with as many axes as the file says.

    Raises:
        UsageError: the file cannot be read, is broken or longer, or is no IDX file of bytes.
    """
    name = str(path)
    try:
        with Path(path).open("rb") as stream:
            content = unpacked(stream, longest, name)
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror or error}") from error
    return idx_array(content, name)


def idx_length(shape: tuple[int, ...]) -> int:
    """Return how many bytes an IDX file of unsigned bytes with these axes has, unpacked."""
    return 4 + 4 * len(shape) + math.prod(shape)


def unpacked(stream: BufferedIOBase, longest: int, name: str) -> bytes:
    """Return the content of a file, unpacked where it starts as gzip does.

    The start decides, not the file's name: browsers unpack what they fetch and keep the name.

    Args:
        stream: the file, opened for bytes.
        longest: bytes of content that are still read; no more is ever unpacked.
        name: what the file is, for the message.

    Raises:
        UsageError: broken, or longer.
    """
    packed = stream.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    stream.seek(0)
    try:
        if packed:
            with gzip.GzipFile(fileobj=stream, mode="rb") as inner:
                content = inner.read(longest + 1)
        else:
            content = stream.read(longest + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UsageError(f"{name} is broken ({error}); get it again") from error
    if len(content) > longest:
        raise UsageError(f"{name} is longer than {longest} bytes, unpacked; it is another file")
    return content


def idx_array(content: bytes, name: str) -> NDArray[np.uint8]:
    """Return the values that an IDX file holds, read-only.

    Args:
        content: the whole file, unpacked.
        name: what the file is, for the message.

    Raises:
        UsageError: another magic number, no axis, an axis of 0, or another length than they say.
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _UNSIGNED_BYTE or not content[3]:
        raise UsageError(
            f"{name} starts with {content[:4].hex(' ') or 'nothing'}; an IDX file of bytes starts "
            "with 00 00 08 and the number of axes"
        )
    header = 4 + 4 * content[3]
    if len(content) < header:
        raise UsageError(f"{name} ends within its header of {header} bytes; get it again")
    shape = struct.unpack(f">{content[3]}I", content[4:header])
    if not all(shape) or len(content) != idx_length(shape):
        raise UsageError(
            f"{name} has {len(content)} bytes; axes of {shape} need {idx_length(shape)}, none 0"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)
