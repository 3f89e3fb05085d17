"""The directory of a run, and why a run gave nothing."""

from __future__ import annotations

import contextlib
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

from memcircuit.errors import SimulationError, UsageError
from memcircuit.simulate.job import ANALYSIS_FAILED
from memcircuit.simulate.log import Findings


@contextlib.contextmanager
def run_directory(keep: Path | None) -> Iterator[Path]:
    """Make the directory of a run; remove it after success, leave or copy it after failure.

    Args:
        keep: a directory that shall have what the run left, or ``None``.

    Raises:
        StorageError: the directory, or what is written in it, has no room.
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


def why_unsolved(findings: Findings) -> str:
    """Say in a line why the equations were not solved."""
    if findings.singular:
        line = next(line for line in findings.unsolved if "singular" in line.lower())
        return f"{line} (a floating node, or a loop of voltage sources)"
    telling = [line for line in findings.unsolved if "timestep" in line.lower()]
    return f"no convergence: {(telling or list(findings.unsolved))[-1]}"


def why_ended(status: int, file_limit: int) -> str:
    """Say why ngspice ended without a result.

    Args:
        status: exit status, or the negative number of a signal.
        file_limit: bytes, the largest file that it might write.
    """
    if status == -signal.SIGXFSZ:
        return f"it wrote a file larger than file_limit={file_limit} bytes"
    if status < 0:
        return f"it was ended by signal {-status} ({signal.Signals(-status).name})"
    if status == ANALYSIS_FAILED:
        return "the analysis failed"
    return f"it ended with status {status} and no result"
