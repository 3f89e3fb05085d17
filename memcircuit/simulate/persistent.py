"""A libngspice that stays: short runs without the start of a process for each.

Half the time of a short run is ngspice's start. Inside :func:`persistent_ngspice` one child
process has the library loaded and takes job after job; a crash of it is a crash of a child. Only
results beyond doubt are taken from it. Anything else, be it a remark of the simulator, is run
again by an ngspice of its own, as outside, and the child is replaced.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from pathlib import Path

from memcircuit.simulate.job import Job
from memcircuit.simulate.locate import locate_libngspice
from memcircuit.simulate.options import Options
from memcircuit.simulate.persistent_process import PersistentProcess
from memcircuit.simulate.process import FILE_LIMIT
from memcircuit.simulate.raw import RawPlot

# So many doubtful jobs in a row say that these jobs are nothing for the child.
_PATIENCE = 5

# These belong to the circuit that states them; others (seed, cshunt, ...) stay with the process.
_LOCAL_OPTIONS = frozenset(
    {
        "chgtol",
        "itl1",
        "itl2",
        "itl4",
        "maxord",
        "pivrel",
        "pivtol",
        "temp",
        "tnom",
        "trtol",
        "xmu",
    }
)
# Random numbers go on where the job before left them.
_RANDOM = ("gauss", "unif", "rand", "trnoise")
_LIMIT = re.compile(r"\blimit\b")


class PersistentNgspice:
    """One child with libngspice, started when first needed and replaced after any doubt.

    Attributes:
        solved: number of jobs whose result came from the child.
        doubted: number of jobs that it was given in vain.
        starts: number of children started.
    """

    def __init__(self) -> None:
        self.solved = 0
        self.doubted = 0
        self.starts = 0
        self._library = locate_libngspice()
        self._child: PersistentProcess | None = None
        self._in_a_row = 0
        self._owner = os.getpid()
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Number of the child's process, or ``None`` when there is none."""
        return None if self._child is None else self._child.pid

    @property
    def cpu_seconds(self) -> float:
        """Processor time of the child, s; 0 where the system does not tell."""
        if self._child is None:
            return 0.0
        try:
            status = Path(f"/proc/{self._child.pid}/stat").read_text(encoding="ascii")
            used = status.rpartition(")")[2].split()[11:13]
            return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError):
            return 0.0

    def plot(
        self,
        job: Job,
        options: Options,
        compiled: Sequence[Path],
        *,
        version: str,
        time_limit: float,
    ) -> RawPlot | None:
        """Return the plot of a job, or ``None`` when it must be run in the plain way.

        Args:
            job: what to simulate.
            options: options of the simulator.
            compiled: its compiled models, each named by its content.
            version: of the ngspice in use; a library of another is left alone.
            time_limit: s, wall clock.
        """
        # Neither a fork of the owner nor a second thread may talk to the child meanwhile.
        if os.getpid() != self._owner or not self._lock.acquire(blocking=False):
            return None
        try:
            if self._library is None or self._in_a_row >= _PATIENCE or not _suited(job, options):
                return None
            return self._tried(job, options, compiled, version, time.monotonic() + time_limit)
        finally:
            self._lock.release()

    def close(self) -> None:
        """End the child."""
        if self._child is not None and os.getpid() == self._owner:
            self._child.end()
        self._child = None

    def _tried(
        self, job: Job, options: Options, compiled: Sequence[Path], version: str, deadline: float
    ) -> RawPlot | None:
        plot = None
        try:
            child = self._ready(job, compiled, version)
            if child is None:
                return None
            plot = child.plot(job, options, compiled, deadline)
        except (OSError, ValueError):
            # It died, wrote nonsense or found no room: the plain way will say what is wrong.
            plot = None
        finally:
            # Also on KeyboardInterrupt: a child in the middle of a job is of no use.
            if plot is None:
                self.close()
        if plot is None:
            self.doubted += 1
            self._in_a_row += 1
        else:
            self.solved += 1
            self._in_a_row = 0
        return plot

    def _ready(self, job: Job, compiled: Sequence[Path], version: str) -> PersistentProcess | None:
        """Return a child fit for the job; ``None`` where the library is of no use."""
        if self._child is not None and not self._child.fit_for(job, compiled):
            self.close()
        if self._child is None:
            self._child = PersistentProcess(self._library or "", file_limit=FILE_LIMIT)
            self.starts += 1
            if not version or self._child.version != version:
                self._library = None
                return None
        return self._child


_current: ContextVar[PersistentNgspice | None] = ContextVar("persistent_ngspice", default=None)


def current_persistent() -> PersistentNgspice | None:
    """Return what :func:`persistent_ngspice` opened around this, if anything."""
    return _current.get()


@contextlib.contextmanager
def persistent_ngspice() -> Iterator[PersistentNgspice]:
    """Let every run inside be done by one child process that has libngspice loaded.

    Results are the same, bit for bit, and so are errors. It saves the start of ngspice for each
    run, which pays for short ones. Without the library, or with one of another version than the
    ngspice in use, everything runs as outside. It holds for the thread that opens it; other
    threads run as outside. After five doubtful jobs in a row it gives up until it is left.

    Yields:
        The child and what it was used for.
    """
    session = PersistentNgspice()
    token = _current.set(session)
    try:
        yield session
    finally:
        _current.reset(token)
        session.close()


def library_version(library: str) -> str:
    """Start a libngspice once and return its version; empty when it cannot be used.

    Args:
        library: a path, or a name that the system's loader knows.
    """
    try:
        child = PersistentProcess(library, file_limit=FILE_LIMIT)
    except OSError:
        return ""
    child.end()
    return child.version


def _suited(job: Job, options: Options) -> bool:
    """Say whether a job neither leaves anything to the next nor takes anything from the last."""
    extra = {option.partition("=")[0].lower() for option in options.extra}
    circuit = job.circuit.lower()
    # looking for a word takes a thousandth of what a pattern takes
    drawn = any(word in circuit for word in _RANDOM)
    drawn = drawn or ("limit" in circuit and _LIMIT.search(circuit) is not None)
    return extra <= _LOCAL_OPTIONS and not drawn
