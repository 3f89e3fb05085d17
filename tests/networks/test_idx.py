"""The IDX format: files written here by the format's definition, and files that break it."""

from __future__ import annotations

import gzip
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcircuit.errors import UsageError
from memcircuit.networks.datasets import read_idx
from memcircuit.networks.datasets.idx import idx_array

VALUES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
CONTENT = bytes([0, 0, 8, 3]) + struct.pack(">3I", 2, 3, 4) + VALUES.tobytes()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("name", ["file", "file.gz"])
def test_packed_or_not_whatever_the_name(tmp_path, pack, name):
    (tmp_path / name).write_bytes(pack(CONTENT))
    found = read_idx(tmp_path / name)
    np.testing.assert_array_equal(found, VALUES)
    assert found.dtype == np.uint8
    assert not found.flags.writeable


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=5).flatmap(
        lambda shape: st.tuples(
            st.just(shape), st.binary(min_size=math.prod(shape), max_size=math.prod(shape))
        )
    )
)
def test_last_axis_varies_fastest(case):
    shape, values = case
    content = bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + values
    found = idx_array(content, "file")
    assert found.shape == tuple(shape)
    place = tuple(size - 1 for size in shape)
    assert found[place] == values[-1]
    assert found.reshape(-1)[len(values) // 2] == values[len(values) // 2]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "starts with nothing"),
        (b"\0\0\x08", "starts with 00 00 08;"),
        (b"\1\0\x08\1\0\0\0\1\0", "starts with 01 00 08 01"),
        (b"\0\0\x0d\1\0\0\0\1\0\0\0\0", "starts with 00 00 0d 01"),
        (b"\0\0\x08\0\5", "starts with 00 00 08 00"),
        (b"\0\0\x08\3\0\0\0\1", "ends within its header of 16 bytes"),
        (CONTENT[:-1], "39 bytes.*need 40"),
        (CONTENT + b"\0", "41 bytes.*need 40"),
        (b"\0\0\x08\2\0\0\0\0\0\0\0\5", "none 0"),
        (b"\0\0\x08\4" + b"\xff" * 16, "need 3402823"),
    ],
)
def test_broken_content_is_refused(tmp_path, content, said):
    path = tmp_path / "broken"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=said):
        read_idx(path)


def test_broken_gzip_is_refused(tmp_path):
    path = tmp_path / "broken.gz"
    packed = gzip.compress(CONTENT)
    wrong_crc = packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:]
    for content in (packed[:-3], packed[:12], packed + b"rubbish", wrong_crc):
        path.write_bytes(content)
        with pytest.raises(UsageError, match="broken"):
            read_idx(path)


def test_a_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(4_000_000)))
    with pytest.raises(UsageError, match="longer than 1000 bytes"):
        read_idx(path, longest=1000)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match="nothing-here"):
        read_idx(tmp_path / "nothing-here")
