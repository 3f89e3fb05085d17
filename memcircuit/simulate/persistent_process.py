"""The process with libngspice: started, asked for one plot after the other, and ended."""

from __future__ import annotations

import json
import math
import os
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from memcircuit.errors import UsageError
from memcircuit.simulate.job import RESULT, Job
from memcircuit.simulate.log import examine
from memcircuit.simulate.options import Options
from memcircuit.simulate.process import guarded, plain_environment
from memcircuit.simulate.raw import RawPlot, read_raw
from memcircuit.simulate.result import shortcoming
from memcircuit.simulate.run_directory import remove_run, run_path

_CHILD = Path(__file__).with_name("persistent_child.py")
_START_TIME = 30.0
# What a library loses in memory with every circuit, about 3 kB, ends with the process.
_JOBS_PER_CHILD = 500

_STATUS = "memcircuit status"
_SOLVED = f"{_STATUS} 0"
_NOT_SENT = ("pre_osdi ", "set ", "quit ", "end")


class PersistentProcess:
    """The process, its directory, and what it has loaded.

    Args:
        library: a path of libngspice, or a name that the system's loader knows.
        file_limit: bytes, the largest file that it may write.

    Attributes:
        version: of the library, or empty when it cannot be used.
    """

    def __init__(self, library: str, *, file_limit: int) -> None:
        self._directory = run_path()
        self._jobs = 0
        self._modules: dict[Path, tuple[str, ...]] = {}
        try:
            self._directory.mkdir(mode=0o700)
            # The library reads this file, or else the one of the user.
            (self._directory / ".spiceinit").write_text("* nothing\n", encoding="ascii")
            self._process = subprocess.Popen(
                guarded([sys.executable, "-I", "-S", str(_CHILD), library], file_limit=file_limit),
                cwd=self._directory,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=plain_environment(self._directory),
                start_new_session=True,
                bufsize=0,
            )
            if self._process.stdin is not None:
                # A circuit larger than the pipe must not hold us up beyond the time limit.
                os.set_blocking(self._process.stdin.fileno(), False)
        except BaseException:
            shutil.rmtree(self._directory, ignore_errors=True)
            raise
        try:
            first = self._answer(time.monotonic() + _START_TIME)
        except BaseException:
            self.end()
            raise
        self.version = "" if first is None else str(first["version"])

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def end(self) -> None:
        """Kill the process and remove its directory."""
        try:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            remove_run(self._directory)
        except KeyboardInterrupt:
            remove_run(self._directory)
            raise

    def fit_for(self, job: Job, compiled: Sequence[Path]) -> bool:
        """Say whether the job finds the same modules here as in a process of its own."""
        others = {
            name for path in self._modules.keys() - set(compiled) for name in self._modules[path]
        }
        words = set(re.findall(r"\w+", job.circuit.lower())) if others else set()
        return self._jobs < _JOBS_PER_CHILD and others.isdisjoint(words)

    def plot(
        self, job: Job, options: Options, compiled: Sequence[Path], deadline: float
    ) -> RawPlot | None:
        """Return the plot of a job, or ``None`` when there is any doubt about it."""
        self._jobs += 1
        # The plot that comes back bears this title: it is of this job and of no other.
        title = f"memcircuit: job {self._jobs}"
        result = self._directory / RESULT
        result.unlink(missing_ok=True)
        fresh = [path for path in dict.fromkeys(compiled) if path not in self._modules]
        for path in fresh:
            shutil.copyfile(path, self._directory / path.name)
        request = {"load": [f"./{path.name}" for path in fresh], **_request(job, options, title)}
        answer = self._asked(request, deadline)
        if answer is None or not answer["good"] or answer["stray"]:
            return None
        for path, names in zip(fresh, answer["names"], strict=True):
            self._modules[path] = tuple(names)
        loaded = [name for path in set(compiled) for name in self._modules[path]]
        if len(set(loaded)) < len(loaded) or not _routine(answer["log"]):
            return None
        return _whole(job, result, title)

    def _asked(self, request: dict[str, Any], deadline: float) -> dict[str, Any] | None:
        pipe = self._process.stdin
        rest = memoryview(f"{json.dumps(request)}\n".encode("ascii"))
        while pipe is not None and rest and _in_time(pipe, select.POLLOUT, deadline):
            rest = rest[os.write(pipe.fileno(), rest) :]
        return None if rest else self._answer(deadline)

    def _answer(self, deadline: float) -> dict[str, Any] | None:
        """Read a line; ``None`` when the time is up or the child has died."""
        pipe, held = self._process.stdout, b""
        while pipe is not None and not held.endswith(b"\n"):
            part = os.read(pipe.fileno(), 2**16) if _in_time(pipe, select.POLLIN, deadline) else b""
            if not part:
                return None
            held += part
        answer: dict[str, Any] = json.loads(held)
        return answer


def _in_time(pipe: IO[bytes], event: int, deadline: float) -> bool:
    """Wait until a pipe can be read or written; false when the time is up."""
    poll = select.poll()
    poll.register(pipe, event)
    left = math.ceil(1000 * max(deadline - time.monotonic(), 0.0))
    return bool(poll.poll(min(left, 2**31 - 1)))


def _request(job: Job, options: Options, title: str) -> dict[str, list[str]]:
    """Take the deck of the plain way apart: the lines of the circuit, then the commands."""
    lines = job.deck(options, ()).splitlines()
    begin, end = lines.index(".control"), lines.index(".endc")
    commands = [
        # A deck's commands are read in lower case, a command given to the library as it is.
        f"echo {_STATUS} $sim_status" if line.startswith("if ") else line.lower()
        for line in lines[begin + 1 : end]
        if not line.startswith(_NOT_SENT)
    ]
    return {"circuit": [title, *lines[1:begin], ".end"], "commands": commands}


def _routine(log: str) -> bool:
    """Say whether a log holds nothing but what every run without remarks says."""
    lines = log.splitlines()
    remarks = [line for line in lines if not line.startswith(_STATUS)]
    return lines.count(_SOLVED) == 1 and not examine("\n".join(remarks)).tail


def _whole(job: Job, result: Path, title: str) -> RawPlot | None:
    """Return the one plot in a file when it is the whole result of a job."""
    try:
        plots = read_raw(result)
    except UsageError:
        return None
    if len(plots) != 1 or plots[0].title != title or shortcoming(job, plots):
        return None
    return plots[0]
