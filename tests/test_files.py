"""Whole files and directories: what is said when they cannot be written."""

import errno
from pathlib import Path

import pytest

from memcircuit.errors import StorageError, UsageError
from memcircuit.files import make_directory, whole_file, write_error


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_no_fault_of_the_path(tmp_path):
    with (
        pytest.raises(StorageError, match=r"cannot write .*data: No space left") as told,
        whole_file(tmp_path / "data"),
    ):
        Path("/dev/full").write_bytes(b"1")
    assert told.value.exit_status == 3
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_cannot_be_is_the_users(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot write to"):
        make_directory(tmp_path / "file" / "below")
    with pytest.raises(UsageError, match="it is a directory"), whole_file(tmp_path):
        pass


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, StorageError),
        (errno.EDQUOT, StorageError),
        (errno.EROFS, StorageError),
        (errno.EIO, StorageError),
        (errno.EACCES, UsageError),
        (errno.ENOTDIR, UsageError),
    ],
)
def test_disk_and_path_are_told_apart(number, kind):
    assert type(write_error("x", OSError(number, "why"))) is kind
