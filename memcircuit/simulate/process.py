"""A simulator or compiler as a child process that cannot outlive us, hang, or fill the disk."""

from __future__ import annotations

import contextlib
import functools
import os
import select
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

#: bytes, the largest file that a simulator may write unless told otherwise.
FILE_LIMIT = 4 * 2**30
# ms; what the call takes at most, 24 days.
_LONGEST_POLL = 2**31 - 1


class TimeLimitError(Exception):
    """The child was still running when its time was up; it has been killed."""


@functools.cache
def _which(program: str) -> str | None:
    return shutil.which(program)


def guarded(
    command: Sequence[str], *, file_limit: int | None = None, memory_limit: int | None = None
) -> list[str]:
    """Put the guards of util-linux, where they are installed, in front of a command.

    ``setpriv --pdeathsig KILL`` makes the kernel end the child when we die, even by ``kill -9``;
    ``prlimit`` forbids core files and bounds the size of any file the child writes, and the memory
    that it takes.

    Args:
        command: program and arguments.
        file_limit: bytes, largest file the child may write; ``None`` for no limit.
        memory_limit: bytes of address space of the child; ``None`` for no limit.

    Returns:
        The command to start.
    """
    front: list[str] = []
    if setpriv := _which("setpriv"):
        front += [setpriv, "--pdeathsig", "KILL"]
    if prlimit := _which("prlimit"):
        front += [prlimit, "--core=0"]
        if file_limit is not None:
            front.append(f"--fsize={file_limit}")
        if memory_limit is not None:
            front.append(f"--as={memory_limit}")
    return [*front, *command]


def plain_environment(home: Path) -> dict[str, str]:
    """Return our variables, but no start-up file of the user's and no translated messages.

    Args:
        home: directory that the child takes for the user's.
    """
    return {**os.environ, "HOME": str(home), "LC_ALL": "C"}


def run_process(
    command: Sequence[str],
    *,
    directory: Path,
    stdout: Path,
    stderr: Path,
    time_limit: float,
    environment: Mapping[str, str] | None = None,
    file_limit: int | None = None,
    memory_limit: int | None = None,
) -> int:
    """Run a command in its own process group, without a shell and without standard input.

    Args:
        command: program and arguments.
        directory: working directory of the child.
        stdout: file that receives the standard output.
        stderr: file that receives the standard error.
        time_limit: s, wall clock.
        environment: variables of the child; ``None`` passes ours on.
        file_limit: bytes, largest file the child may write.
        memory_limit: bytes of address space of the child.

    Returns:
        The exit status; negative is the number of the signal that ended the child.

    Raises:
        TimeLimitError: the time was up.
    """
    with stdout.open("wb") as out, stderr.open("wb") as err:
        child = subprocess.Popen(
            guarded(command, file_limit=file_limit, memory_limit=memory_limit),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=None if environment is None else dict(environment),
            start_new_session=True,
        )
        try:
            return _wait(child, time_limit)
        except subprocess.TimeoutExpired as error:
            raise TimeLimitError from error
        finally:
            # Also on KeyboardInterrupt: nothing of the group may stay behind.
            _end_group(child)


def _wait(child: subprocess.Popen[bytes], time_limit: float) -> int:
    """Wait for a child without looking every 50 ms, as Popen.wait with a timeout does."""
    if hasattr(os, "pidfd_open"):  # Linux
        with contextlib.suppress(OSError):  # a kernel without it
            watched = os.pidfd_open(child.pid)
            try:
                poll = select.poll()
                poll.register(watched, select.POLLIN)
                if not poll.poll(min(1000 * time_limit, _LONGEST_POLL)):
                    raise subprocess.TimeoutExpired(child.args, time_limit)
            finally:
                os.close(watched)
            return child.wait()
    return child.wait(timeout=time_limit)


def _end_group(child: subprocess.Popen[bytes]) -> None:
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
