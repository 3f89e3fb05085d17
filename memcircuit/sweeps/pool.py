"""Where units run: in this process, in worker processes, on any executor, on a Dask cluster."""

from __future__ import annotations

import asyncio
import importlib.util
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from typing import Any, Self

from memcircuit.checks import is_whole
from memcircuit.errors import StorageError, ToolError, ToolMissingError, UsageError
from memcircuit.simulate.persistent import persistent_ngspice
from memcircuit.sweeps.record import failed_record, joined, to_bytes
from memcircuit.sweeps.work import Outcome, Unit, run_unit

# A unit that ends its worker, alone, this often is given up.
_MOST_DEATHS = 3
# Units handed out for each worker: one in work, one waiting.
_AHEAD = 2
# What executors of the standard library and of Dask have set once they take no more work.
_ENDED = ("_shutdown", "_shutdown_thread", "_broken")
_GUARD = "put the call under `if __name__ == '__main__':`"
_CLUSTER = ("tcp://", "tls://", "ucx://", "ws://", "wss://", "inproc://")


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_place(jobs: int | None, executor: Executor | str | None) -> None:
    """Refuse a place where no unit can run, before anything is begun; arguments of ``outcomes``.

    Raises:
        UsageError: no such number or executor, or a worker process that imports the script which
            called for it.
        ToolMissingError: an address, and Dask is not installed.
        ToolError: the executor takes no more work.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise UsageError(f"sweep called while a worker process imports the script; {_GUARD}")
    if executor is None:
        if jobs is not None and not (is_whole(jobs) and jobs >= 1):
            raise UsageError(f"jobs = {jobs!r}: a whole number, at least 1")
        return
    if jobs is not None:
        raise UsageError("jobs is for processes of our own: leave it out beside an executor")
    if isinstance(executor, str):
        if not executor.startswith(_CLUSTER):
            raise UsageError(
                f"executor = {executor!r}: expected the address of a Dask scheduler, such as "
                "'tcp://host:8786', or an executor of concurrent.futures"
            )
        if importlib.util.find_spec("distributed") is None:
            raise ToolMissingError(
                f"{executor}: Dask is not installed. Mend it with: pip install 'memcircuit[dask]'"
            )
    elif not isinstance(executor, Executor):
        raise UsageError(f"executor = {executor!r:.80} is no executor of concurrent.futures")
    elif any(getattr(executor, name, False) for name in _ENDED):
        raise ToolError(f"executor = {executor!r:.80} was shut down or broke; give another")


def outcomes(
    units: Iterable[Unit], *, jobs: int | None = None, executor: Executor | str | None = None
) -> Generator[Outcome]:
    """Run units and yield their outcomes as they come.

    A worker process that dies takes nothing with it: its unit is run again, alone; one that ends
    its worker time and again is given up and its points are failed ones.

    Args:
        units: what to run; taken one by one, as there is room.
        jobs: number of worker processes; all processors when None, this process itself when 1.
        executor: or else any executor of ``concurrent.futures``, or the address of a Dask
            scheduler such as "tcp://host:8786".

    Raises:
        UsageError: no such number or executor.
        ToolMissingError: an address, and Dask is not installed.
        ToolError: the executor cannot be used any more.
    """
    check_place(jobs, executor)
    if executor is not None:
        with _executor(executor) as (there, workers):

            def hand_over(unit: Unit) -> Future[Outcome]:
                return there.submit(run_unit, unit)

            yield from _Dispatch(hand_over, units, workers, ours=False).outcomes()
        return
    count = processors() if jobs is None else int(jobs)
    if count == 1:
        with persistent_ngspice():
            yield from map(run_unit, units)
        return
    with _LocalPool(count) as pool:
        yield from _Dispatch(pool.submit, units, count, ours=True).outcomes()


@contextmanager
def _executor(given: Executor | str) -> Iterator[tuple[Executor, int]]:
    if isinstance(given, str):
        with _dask(given) as found:
            yield found
        return
    yield given, int(getattr(given, "_max_workers", 0)) or processors()


@contextmanager
def _dask(address: str) -> Iterator[tuple[Executor, int]]:
    import distributed

    with ExitStack() as stack:
        try:
            made: Any = distributed.Client
            client = stack.enter_context(made(address, set_as_default=False, timeout=10))
        except (OSError, ValueError, asyncio.CancelledError) as error:
            raise ToolError(f"no Dask scheduler answers at {address}: {error}") from error
        workers = sum(client.nthreads().values())
        executor = stack.enter_context(client.get_executor(retries=_MOST_DEATHS, pure=False))
        yield executor, max(workers, processors())


class _Dispatch:
    """Keeps an executor busy with units, and finds out which of them end their workers."""

    def __init__(
        self,
        submit: Callable[[Unit], Future[Outcome]],
        units: Iterable[Unit],
        workers: int,
        *,
        ours: bool,
    ) -> None:
        """Take what to run, and where; an executor of ours is replaced when it breaks."""
        self._submit = submit
        self._waiting = iter(units)
        self._room = workers * _AHEAD
        self._ours = ours
        self._suspects = deque[Unit]()
        self._deaths: dict[str, int] = {}
        self._running: dict[Future[Outcome], Unit] = {}

    def outcomes(self) -> Iterator[Outcome]:
        """Yield what units gave, as they end."""
        try:
            while self._fill():
                alone = len(self._running) == 1
                done, _ = wait(self._running, return_when=FIRST_COMPLETED)
                # what is finished is handed on before a failure that ends the sweep is told
                for future in sorted(done, key=_has_failed):
                    unit = self._running.pop(future)
                    outcome = self._outcome(future, unit, alone=alone)
                    if outcome is not None:
                        yield outcome
        finally:
            for future in self._running:
                future.cancel()

    def _fill(self) -> bool:
        """Hand out units as far as there is room; say whether any is running."""
        # who may have ended a worker runs alone, so that no other is blamed
        room = 1 if self._suspects else self._room
        while len(self._running) < room:
            unit = self._suspects.popleft() if self._suspects else next(self._waiting, None)
            if unit is None:
                break
            self._running[self._handed_out(unit)] = unit
        return bool(self._running)

    def _handed_out(self, unit: Unit) -> Future[Outcome]:
        try:
            return self._submit(unit)
        except RuntimeError as error:  # shut down, or broken
            if self._ours:
                raise
            raise _unusable(error) from error

    def _outcome(self, future: Future[Outcome], unit: Unit, *, alone: bool) -> Outcome | None:
        try:
            return future.result()
        except BrokenExecutor as error:
            if not self._ours:
                raise _unusable(error) from error
            deaths = self._deaths[unit.key] = self._deaths.get(unit.key, 0) + alone
            if deaths >= _MOST_DEATHS:
                return _given_up(unit)
            self._suspects.append(unit)
            return None
        except CancelledError as error:
            raise ToolError(
                "the cluster has dropped its work (has its scheduler ended?); what is finished is "
                "kept: give the same command again"
            ) from error
        except Exception as error:
            if type(error).__name__ != "KilledWorker":  # of Dask
                raise
            # Dask blames all that its worker held, so the first time says nothing
            if unit.key in self._deaths:
                return _given_up(unit)
            self._deaths[unit.key] = 1
            self._suspects.append(unit)
            return None


def _has_failed(future: Future[Outcome]) -> bool:
    return future.cancelled() or future.exception() is not None


def _unusable(error: Exception) -> ToolError:
    return ToolError(f"the executor cannot be used any more: {error}")


def _given_up(unit: Unit) -> Outcome:
    told = "the worker process ended without an answer (killed, or out of memory)"
    record = joined([failed_record(told) for _ in unit.points])
    return Outcome(unit.key, to_bytes(record), record.failed, False, 0.0, 0.0)


class _LocalPool:
    """Worker processes, made anew when one died."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._scratch: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._pool is not None and kind is not None:
            # an interrupt does not wait for what is being simulated
            for process in list((getattr(self._pool, "_processes", None) or {}).values()):
                process.kill()
        self._close()
        # with what workers that were killed left there
        if self._scratch is not None:
            _clear_away(self._scratch)

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def submit(self, unit: Unit) -> Future[Outcome]:
        """Hand a unit to a worker."""
        if self._pool is not None:
            try:
                return self._pool.submit(run_unit, unit)
            except BrokenExecutor:
                self._close()
        context = _start_method(unit)
        first = self._scratch is None
        self._pool = ProcessPoolExecutor(
            self._workers, mp_context=context, initializer=_begin, initargs=(self._made(),)
        )
        if first and context.get_start_method() != "fork":
            _check_start(self._pool)
        with warnings.catch_warnings():
            # OpenBLAS has threads of its own, and is made to be forked
            warnings.simplefilter("ignore", DeprecationWarning)
            return self._pool.submit(run_unit, unit)

    def _made(self) -> Path:
        """Return the directory for the temporary files of all workers."""
        if self._scratch is None:
            try:
                self._scratch = Path(tempfile.mkdtemp(prefix="memcircuit-sweep-"))
            except OSError as error:
                raise StorageError(
                    f"no directory for temporary files can be made ({error}): make room in "
                    f"{tempfile.gettempdir()}, or set TMPDIR to another place"
                ) from error
        return self._scratch


def _check_start(pool: ProcessPoolExecutor) -> None:
    """Start a worker and refuse a script that no worker can import, before it gets any work.

    Raises:
        UsageError: the worker ended with an error as it imported the script.
    """
    begun = pool.submit(int)
    workers = list((getattr(pool, "_processes", None) or {}).values())
    try:
        begun.result()
    except BrokenExecutor:
        pool.shutdown(wait=True)
        # one that was killed has a negative status, and another takes its place
        if any((worker.exitcode or 0) > 0 for worker in workers):
            raise UsageError(
                "worker processes end as they import the script (what they wrote says why); if it "
                f"calls sweep as it is imported, {_GUARD}"
            ) from None


def _start_method(unit: Unit) -> Any:
    """Return how workers start: forked, unless another thread here could hold a lock meanwhile.

    A forked worker needs no import, and knows the functions of a script. It alone knows those of a
    notebook, which has threads always, and no file that another process could import.
    """
    methods = multiprocessing.get_all_start_methods()
    file = getattr(sys.modules["__main__"], "__file__", None) or ""
    typed_in = not Path(file).is_file() and b"__main__" in unit.plan
    alone = threading.active_count() == 1 or typed_in
    if "fork" in methods and alone and sys.platform != "darwin":
        return multiprocessing.get_context("fork")
    if "forkserver" not in methods:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["memcircuit.sweeps.work", "memcircuit.sweeps.batches"])
    return context


_FOR_LIFE = ExitStack()


def _begin(scratch: Path) -> None:
    """Make this process a worker: it leaves interrupts to its parent, and ends with it.

    A terminal that is closed tells all of its processes; the parent says what comes of it.

    Args:
        scratch: directory for its temporary files; the parent removes it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    tempfile.tempdir = str(scratch)
    # until this process ends
    _FOR_LIFE.enter_context(persistent_ngspice())
    parent = multiprocessing.parent_process()
    if parent is not None:
        watch = threading.Thread(target=_end_with, args=(parent.sentinel, scratch), daemon=True)
        watch.start()


def _end_with(sentinel: int, scratch: Path) -> None:
    """End this process when its parent has ended, even by kill -9; its simulator ends with it."""
    with suppress(OSError):
        wait_for([sentinel])
    _clear_away(scratch)
    os._exit(1)


def _clear_away(scratch: Path) -> None:
    """Remove a directory, also when a simulator that is about to end still adds files to it."""
    for _ in range(100):
        shutil.rmtree(scratch, ignore_errors=True)
        if not scratch.exists():
            return
        time.sleep(0.01)
