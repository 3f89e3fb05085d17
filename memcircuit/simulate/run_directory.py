"""The directory of a run."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from memcircuit.errors import SimulationError, UsageError


@contextlib.contextmanager
def run_directory(keep: Path | None) -> Iterator[Path]:
    """Make the directory of a run; remove it after success, leave or copy it after failure.

    Args:
        keep: a directory that shall have what the run left, or ``None``.

    Raises:
        SimulationError: the directory cannot be made, or what is written in it has no room.
        UsageError: the run cannot be kept in ``keep``.
    """
    directory: Path | None = None
    try:
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
        directory = Path(tempfile.mkdtemp(prefix="memcircuit-run-"))
        yield directory
    except OSError as error:
        _remove(directory)
        place = keep if directory is None and keep is not None else tempfile.gettempdir()
        raise SimulationError(
            f"the run directory cannot be written ({error}); make room in {place}, or set TMPDIR"
            " to another place"
        ) from error
    except SimulationError:
        if keep is not None and directory is not None:
            _copy(directory, keep)
        raise
    except BaseException:
        _remove(directory)
        raise
    else:
        if keep is not None:
            _copy(directory, keep)
        _remove(directory)


def _remove(directory: Path | None) -> None:
    if directory is not None:
        shutil.rmtree(directory, ignore_errors=True)


def _copy(directory: Path, keep: Path) -> None:
    try:
        shutil.copytree(directory, keep, dirs_exist_ok=True)
    except OSError as error:
        raise UsageError(f"the run cannot be kept in {keep}: {error}") from error
    finally:
        _remove(directory)
