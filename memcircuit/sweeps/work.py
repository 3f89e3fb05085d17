"""What a worker does: the points of one unit, whatever goes wrong with them."""

from __future__ import annotations

import errno
import functools
import pickle
import resource
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import (
    CacheError,
    MemcircuitError,
    SimulationError,
    StorageError,
    ToolError,
    ToolMissingError,
    UsageError,
)
from memcircuit.simulate.persistent import current_persistent
from memcircuit.sweeps.identity import versions
from memcircuit.sweeps.record import (
    Record,
    as_dataset,
    dataset_record,
    failed_record,
    joined,
    to_bytes,
)
from memcircuit.sweeps.reductions import Reductions
from memcircuit.sweeps.remarks import remarks
from memcircuit.sweeps.target import Target, changed

# Characters of a failed run's log and netlist that are kept.
_LONGEST_LOG = 200_000
_LONGEST_ERROR = 300
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_KILLS = ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT", "SIGXCPU")
# Bytes free for the simulator's files, below which its failure says nothing of the circuit.
_LEAST_ROOM = 1_000_000


@dataclass(frozen=True)
class Plan:
    """What is the same for all units of a sweep.

    Attributes:
        target: experiment and arguments.
        measure: makes numbers or a dataset of a point's result; None keeps the result.
        seed: of every random draw.
        versions: what the sweep was planned with.
    """

    target: Target
    measure: Callable[[Any], Any] | None
    seed: int
    versions: str


@dataclass(frozen=True)
class Unit:
    """Points that are simulated and kept together.

    Attributes:
        key: stands for everything that the result depends on.
        plan: the pickled ``Plan``.
        points: (n,) numbers of the points in the design.
        values: by parameter, (n, ...).
        together: whether they share a netlist where that can be; else one by one.
    """

    key: str
    plan: bytes
    points: NDArray[np.intp]
    values: Mapping[str, NDArray[Any]]
    together: bool


@dataclass(frozen=True)
class Outcome:
    """What a unit gave.

    Attributes:
        key: of the unit.
        payload: the record as bytes.
        failed: number of points that failed.
        lasting: the same would come out again, so that it may be kept; not so where time ran out.
        seconds: that the worker took.
        simulator_seconds: of processor time, that simulators and compilers took of these.
    """

    key: str
    payload: bytes
    failed: int
    lasting: bool
    seconds: float
    simulator_seconds: float


def run_unit(unit: Unit) -> Outcome:
    """Simulate the points of a unit.

    A point that fails is part of the result; only what would fail every point is raised.

    Raises:
        StorageError: there is no room for the simulator's files.
        ToolMissingError: a tool that the points need is not here.
        ToolError: this worker has other tools or another code than planned the sweep.
    """
    begin, before = time.perf_counter(), _children()
    plan = _plan(unit.plan)
    if not plan.target.experiment.ours:
        plan = _plan.__wrapped__(unit.plan)  # whose function may change what it is given
    if versions() != plan.versions:
        raise ToolError(
            f"this worker would give other results: it has {versions()}; the sweep was planned "
            f"with {plan.versions}. Install the same on all machines"
        )
    record, lasting = _together(plan, unit) if unit.together else _single(plan, unit)
    return Outcome(
        unit.key, to_bytes(record), record.failed, lasting,
        time.perf_counter() - begin, _children() - before,
    )  # fmt: skip


@functools.lru_cache(maxsize=4)
def _plan(pickled: bytes) -> Plan:
    try:
        found = pickle.loads(pickled)  # noqa: S301 - written by the process that started this one
    except (AttributeError, ImportError) as error:
        raise UsageError(
            f"a worker process cannot find a function of the sweep ({error}): define it in a "
            "module that every worker can import"
        ) from error
    if not isinstance(found, Plan):
        raise TypeError(f"{type(found).__name__} is no plan of a sweep")
    return found


def _children() -> float:
    """Return the processor time of all children that ended, and of the ngspice that stays, s."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    persistent = current_persistent()
    return used.ru_utime + used.ru_stime + (0.0 if persistent is None else persistent.cpu_seconds)


def _together(plan: Plan, unit: Unit) -> tuple[Record, bool]:
    """Simulate points in one netlist; where that fails, each in its own."""
    experiment = plan.target.experiment
    if experiment.batch is None or len(unit.points) == 1:
        return _single(plan, unit)
    columns = {path: unit.values[path] for path in _differing(unit)}
    shared = {path: values[0] for path, values in unit.values.items() if path not in columns}
    for last in (False, True):
        try:
            arguments = changed(plan.target, shared)
            return _kept(plan, experiment.batch.run(arguments, columns)), True
        except (StorageError, ToolMissingError, CacheError):
            raise
        except Exception as error:  # noqa: BLE001 - that of one point, which tells it when alone
            if isinstance(error, MemcircuitError):
                _remove_run(error)
            passing = _is_passing(error)
            if last or not _is_killed(error):
                break
    # another time they may come out of one netlist, in other last digits
    record, lasting = _single(plan, unit)
    return record, lasting and not passing


def _is_passing(error: BaseException) -> bool:
    """Return whether a failure says nothing of the circuit: no time, no room, or a kill."""
    short = isinstance(error, OSError | MemoryError) or isinstance(error.__cause__, OSError)
    short = short or _is_full(error) or _is_killed(error)
    return short or "time_limit" in str(error) or "can't allocate" in str(error)


def _is_killed(error: BaseException) -> bool:
    """Return whether somebody ended the simulator, such as a system that is short of memory."""
    return any(f"({signal})" in str(error) for signal in _KILLS)


def _differing(unit: Unit) -> list[str]:
    """Return the parameters that cells get one by one.

    Multipliers go with a parameter of the card that differs, even where they are the same for all:
    an experiment without variation folds a multiplier that all share into the device, where the
    column of that parameter would replace it.
    """
    moved = [
        path
        for path, values in unit.values.items()
        if values.dtype != object and not np.all(values == values[:1])
    ]
    tied = any(path.startswith("device.") for path in moved)
    return [
        path for path in unit.values if path in moved or (tied and path.startswith("variation."))
    ]


def _single(plan: Plan, unit: Unit) -> tuple[Record, bool]:
    records, lasting = [], True
    for place, point in enumerate(unit.points.tolist()):
        values = {path: column[place] for path, column in unit.values.items()}
        record, lasts = _point(plan, point, values)
        records.append(record)
        lasting &= lasts
    return joined(records), lasting


def _point(plan: Plan, point: int, values: Mapping[str, Any]) -> tuple[Record, bool]:
    """Simulate one point; say too whether the same would come out again."""
    experiment = plan.target.experiment
    try:
        arguments = changed(plan.target, values)
        if "rng" in experiment.signature.parameters:
            own = np.random.SeedSequence(plan.seed, spawn_key=(point,))
            arguments["rng"] = np.random.default_rng(own)
        with remarks() as given:
            found = experiment.function(**arguments)
            if plan.measure is not None and not isinstance(plan.measure, Reductions):
                found = plan.measure(found)
            elif experiment.fixed is not None:
                found = experiment.fixed(found)
            dataset = as_dataset(found, experiment.name)
        record = _kept(plan, dataset_record(dataset, _printable("; ".join(given))))
    except (StorageError, ToolMissingError, CacheError):
        raise
    except MemcircuitError as error:
        told, log = _described(error)
        if _is_full(error):
            raise StorageError(f"no room for the simulator's files: {told}") from error
        return failed_record(told, log), not _is_passing(error)
    except (OSError, MemoryError) as error:
        if _is_full(error):
            raise StorageError(f"no room for the simulator's files: {error}") from error
        return failed_record(_shortened(error), _printable(traceback.format_exc())), False
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's may raise anything
        return failed_record(_shortened(error), _printable(traceback.format_exc())), True
    return record, True


def _kept(plan: Plan, record: Record) -> Record:
    """Return what is kept of the results of some points; all of them fail where it is not there.

    They would alone too: they are not simulated once more for it.
    """
    if not isinstance(plan.measure, Reductions):
        return record
    try:
        return plan.measure(record)
    except UsageError as error:
        return joined([failed_record(_shortened(error), str(error))] * record.points)


def _is_full(error: BaseException) -> bool:
    """Return whether there was no room, or there is none now and a simulator just failed."""
    for one in (error, error.__cause__):
        if isinstance(one, OSError) and one.errno in _FULL:
            return True
    return isinstance(error, SimulationError) and _room() < _LEAST_ROOM


def _room() -> int:
    with suppress(OSError):
        return shutil.disk_usage(tempfile.gettempdir()).free
    return _LEAST_ROOM


def _printable(text: str) -> str:
    """Return text without the halves of characters that names of files may hold."""
    return text.encode(errors="backslashreplace").decode()


def _shortened(error: BaseException) -> str:
    try:
        lines = _printable(str(error)).strip().splitlines()
    except Exception:  # noqa: BLE001 - the user's own kind of error may fail to tell
        lines = []
    name = "" if isinstance(error, MemcircuitError) else f"{type(error).__name__}: "
    return f"{name}{lines[0] if lines else 'no message'}"[:_LONGEST_ERROR]


def _described(error: MemcircuitError) -> tuple[str, str]:
    """Return an error's first line, and all of it with the netlist; remove the run's directory."""
    log = str(error)
    directory = _own_run(error)
    try:
        if directory is not None:
            log = log.replace(f"The run is kept in {directory}", "The netlist:").rstrip()
            for deck in sorted(directory.glob("*.cir")):
                log += f"\n\n{deck.read_text(encoding='utf-8', errors='replace')}"
    finally:  # after an interrupt too
        _remove_run(error)
    return _shortened(error), _printable(log[:_LONGEST_LOG])


def _remove_run(error: MemcircuitError) -> None:
    directory = _own_run(error)
    if directory is not None:
        shutil.rmtree(directory, ignore_errors=True)


def _own_run(error: MemcircuitError) -> Path | None:
    """Return the directory that was made for a failed run; None of one that the user named."""
    directory = error.run_directory if isinstance(error, SimulationError) else None
    if directory is None or directory.parent != Path(tempfile.gettempdir()):
        return None
    return directory if directory.name.startswith("memcircuit-run-") else None
