"""The folder that a trusted netlist runs in: a copy of its own, of which only what is new stays."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from memcircuit.errors import UsageError

# A larger folder is not copied for a trusted netlist.
_FOLDER_BYTES, _FOLDER_FILES = 256_000_000, 5_000

#: Time of change (ns) and size (bytes) of files.
Stamps = dict[Path, tuple[int, int]]


def stamps(directory: Path) -> Stamps:
    """Return time of change and size of every file below a directory; of none if it is not there.

    Args:
        directory: where to look.
    """
    status = {path: path.stat() for path in directory.rglob("*") if path.is_file()}
    return {path: (each.st_mtime_ns, each.st_size) for path, each in status.items()}


def written_since(directory: Path, before: Stamps) -> list[Path]:
    """Return the files below a directory that are new or changed, oldest first.

    Args:
        directory: where to look.
        before: stamps of its files then.
    """
    now = stamps(directory)
    return sorted(
        (path for path, stamp in now.items() if before.get(path) != stamp),
        key=lambda path: (now[path], path),
    )


def remove_unchanged(directory: Path, before: Stamps) -> None:
    """Remove the files that did not change since, and the folders that are empty then.

    Args:
        directory: where to look.
        before: stamps of its files then.
    """
    now = stamps(directory)
    for path, stamp in before.items():
        if now.get(path) == stamp:
            path.unlink()
    for place, _, _ in os.walk(directory, topdown=False):
        if Path(place) != directory:
            with contextlib.suppress(OSError):  # not empty
                Path(place).rmdir()


def copy_folder(folder: Path, directory: Path) -> None:
    """Copy the plain files of a folder and of the folders below it, but no hidden ones.

    Args:
        folder: of the netlist.
        directory: that shall have them.

    Raises:
        UsageError: it holds too much.
    """
    files, size = 0, 0
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            source = Path(place, name)
            if name.startswith(".") or not source.is_file():
                continue
            files, size = files + 1, size + source.stat().st_size
            if files > _FOLDER_FILES or size > _FOLDER_BYTES:
                raise UsageError(
                    f"the folder {folder} of the trusted netlist holds more than {_FOLDER_FILES}"
                    f" files or {_FOLDER_BYTES / 1e6:g} MB; put the netlist and what it needs"
                    " into a folder of its own"
                )
            target = directory / source.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
