"""The directory of a run."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from memcircuit.errors import SimulationError, UsageError


def kept_in(keep: object) -> Path | None:
    """Return the directory that shall have what runs leave, if one is named.

    Args:
        keep: a path, or ``None``.

    Raises:
        UsageError: anything else.
    """
    if keep is not None and not isinstance(keep, str | Path):
        raise UsageError(f"keep = {keep!r:.80}: expected a directory, or None")
    return None if keep is None else Path(keep)


def run_path() -> Path:
    """Return where a run's directory may be made; ``mkdtemp`` would tell only after it is."""
    return Path(tempfile.gettempdir()) / f"memcircuit-run-{uuid.uuid4().hex}"


@contextlib.contextmanager
def run_directory(keep: Path | None) -> Iterator[Path]:
    """Make the directory of a run; remove it after success, leave or copy it after failure.

    An interrupt at any moment leaves nothing.

    Args:
        keep: a directory that shall have what the run left, or ``None``.

    Raises:
        SimulationError: the directory cannot be made, or what is written in it has no room.
        UsageError: the run cannot be kept in ``keep``.
    """
    directory: Path | None = None
    stays = False
    try:
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
        directory = run_path()
        directory.mkdir(mode=0o700)
        yield directory
        if keep is not None:
            _copy(directory, keep)
    except OSError as error:
        place = keep if directory is None and keep is not None else tempfile.gettempdir()
        raise SimulationError(
            f"the run directory cannot be written ({error}); make room in {place}, or set TMPDIR"
            " to another place"
        ) from error
    except SimulationError:
        stays = keep is None
        if keep is not None and directory is not None:
            _copy(directory, keep)
        raise
    finally:
        if directory is not None and not stays:
            try:
                remove_run(directory)
            except KeyboardInterrupt:
                remove_run(directory)
                raise


def remove_run(directory: Path) -> None:
    """Remove a directory as far as that is possible; interrupted, it is to be called again.

    ``rmtree`` that is interrupted as it closes a folder tells that it cannot be closed instead.
    """
    try:
        shutil.rmtree(directory, ignore_errors=True)
    except OSError as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise error.__context__ from None
        raise


def _copy(directory: Path, keep: Path) -> None:
    try:
        shutil.copytree(directory, keep, dirs_exist_ok=True)
    except OSError as error:
        raise UsageError(f"the run cannot be kept in {keep}: {error}") from error
