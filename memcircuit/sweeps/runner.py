"""The sweep: an experiment at many points, each simulated once and kept."""

from __future__ import annotations

import functools
import os
import pickle
import socket
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from memcircuit.checks import require_flag, require_kind
from memcircuit.errors import UsageError
from memcircuit.sweeps.assemble import Assembly
from memcircuit.sweeps.design import Design, grid
from memcircuit.sweeps.identity import key_of, versions
from memcircuit.sweeps.pool import check_place, outcomes
from memcircuit.sweeps.progress import Progress, progress_of
from memcircuit.sweeps.record import Record, RecordError, from_bytes
from memcircuit.sweeps.reductions import Reductions, check_name
from memcircuit.sweeps.refusal import AlikeError, judging, refuse_useless
from memcircuit.sweeps.results import results_of
from memcircuit.sweeps.store import Store
from memcircuit.sweeps.target import Target
from memcircuit.sweeps.units import Cutting, cut
from memcircuit.sweeps.work import Plan, Unit

if TYPE_CHECKING:
    import xarray as xr

# Whole numbers below it fit into the attributes of every kind of netCDF.
_LARGEST = 2**31


def sweep(
    experiment: Callable[..., Any] | str,
    parameters: Mapping[str, Iterable[Any]] | Design,
    *,
    seed: int = 0,
    measure: Callable[[Any], Any] | None = None,
    jobs: int | None = None,
    executor: Executor | str | None = None,
    store: Store | str | Path | None = None,
    batch: bool = True,
    retry_failed: bool = False,
    progress: str | Progress = "auto",
) -> xr.Dataset:
    """Run an experiment at many points and return one dataset.

    Every point that is finished lies on disk at once, under a key made of all that its result
    depends on: arguments, values, files, seed, the code of this library, versions of the tools.
    So an interrupted sweep goes on where it was when it is called again, and a sweep that is
    finished costs no simulation. Results are the same bit for bit wherever the points ran and in
    whatever order they came. Cells that may share a netlist (``mc.pulse_train``) share time steps
    too: their results differ by the simulator's tolerances from those of a cell alone.

    Files count by what they hold where they are given as a ``pathlib.Path``, a card or a Verilog-A
    file (with all it includes); a folder with all its files. A file that a function of one's own
    opens by a plain text is not seen: when it changes, what is kept stays valid.

    A parameter is named by a path:

    * ``device.NAME``: a parameter of the memristor, or ``device.initial_state``; ``device``: the
      device itself, also as the name of a card;
    * ``cell.FIELD``, such as ``cell.transistor.w``; ``cell``: the cell itself;
    * ``NAME``: an argument of the experiment, such as ``gate``;
    * ``NAME.FIELD``: a field of an argument, such as ``set.amplitude``, also of the card's pulse;
    * ``pulse.FIELD``: of the SET and the RESET pulse, the amplitude as its size;
    * ``variation.m_NAME``: a multiplier of a card's parameter.

    Args:
        experiment: such as ``mc.pulse_train``, with its arguments as
            ``functools.partial(mc.pulse_train, cell, pulses=10)`` ties them; its name; or a
            function of one's own that returns a dataset, or numbers or arrays by name. Where it
            takes ``rng``, every point gets a generator of its own.
        parameters: values by path, every combination of which is a point, or a design:
            ``mc.sweeps.zipped``, ``latin_hypercube``, ``sobol``, ``random``, ``monte_carlo``,
            ``corners``, or a product of designs.
        seed: of every random draw at the points.
        measure: makes numbers by name, or a dataset, of the experiment's result, each point in a
            netlist of its own; or ``mc.sweeps.Reductions``, which leave netlists shared. By
            default all of the result is kept.
        jobs: number of worker processes; all processors when None, this process itself when 1.
        executor: or else any executor of ``concurrent.futures``, or the address of a Dask
            scheduler.
        store: directory of finished points; ``sweeps`` in the cache when None.
        batch: let many points share one netlist where the experiment allows it.
        retry_failed: simulate points again that failed before.
        progress: "bar", "log", "json" or "quiet"; by what stderr is when "auto".

    Returns:
        dataset over the design's dimensions (of a dictionary one for each parameter, named by its
        path) and the experiment's own, with the values of every parameter as coordinates;
        ``status`` (0 done, 1 failed), ``error`` and ``log``, the file with the simulator's words
        and netlist, of every point; failed points are nan. The attributes ``sweep_dims``,
        ``sweep_drawn`` (dimensions of random draws) and
        ``sweep_parameters`` name what was swept.

    Raises:
        UsageError: a path that leads nowhere, a value outside the range of its parameter or of
            its field, or arguments that the experiment refuses at every point alike (3.5 pulses),
            before anything is simulated. What it refuses at some points only, such as parameters
            that contradict each other, is their failure. After the first points at the latest:
            ``Reductions`` that no result allows for.
        StorageError: no room for results; what is finished is kept.
        ToolError: a tool is missing, or the executor cannot be used.
    """
    check_place(jobs, executor)
    target = Target.of(experiment)
    design = parameters if isinstance(parameters, Design) else grid(parameters)
    retry = require_flag(retry_failed, "retry_failed")
    cutting = _planned(target, design, seed, measure, batch=batch)
    kept = _stored(store)
    shown = progress_of(progress)
    with kept.in_use():
        run = _Run(design, cutting, kept, shown, _judge(target, design, measure), retry=retry)
        run.all_units(jobs, executor)
        attrs = {
            "experiment": target.experiment.name,
            "seed": int(seed) if seed < _LARGEST else str(seed),
        }
        return run.assembly.dataset(target, attrs, run.logs)


def _planned(
    target: Target,
    design: Design,
    seed: int,
    measure: Callable[[Any], Any] | None,
    *,
    batch: bool,
) -> Cutting:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise UsageError(f"seed = {seed!r}: a whole number, at least 0")
    if measure is not None and not callable(measure):
        raise UsageError(f"measure = {measure!r:.80} is no function")
    if isinstance(measure, type) and issubclass(measure, Reductions):
        raise UsageError("measure is the class Reductions; give Reductions({name: Reduction(...)})")
    require_flag(batch, "batch")
    if isinstance(measure, Reductions):
        for name in measure.by_name:
            check_name(name, {*design.columns, *design.sizes})
        if known := _results(target):
            measure.check(known)
    first = design.values(np.zeros(1, dtype=np.intp))
    wholes = {path: values[0] for path, values in first.items() if "." not in path}
    for path, column in design.columns.items():
        others = {name: value for name, value in wholes.items() if name != path}
        target.check(path, column.values, len(column.dims), others, design.columns)
    if missing := target.missing(design.columns):
        raise UsageError(
            f"{target.experiment.name} needs {missing}: pass "
            f"functools.partial({target.experiment.name}, {missing}=...)"
        )
    refuse_useless(target, design)
    plan = Plan(target, measure, int(seed), versions())
    try:
        pickled = pickle.dumps(plan)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise UsageError(
            f"{target.experiment.name} cannot be sent to worker processes ({error}): define "
            "functions with def at the top of a module"
        ) from error
    return cut(design, plan, pickled, batch=batch)


def _stored(store: Store | str | Path | None) -> Store:
    if isinstance(store, Store):
        return store
    if store is not None:
        require_kind(store, (str, Path), "store", "a directory, or a Store")
    return Store(store)


def _results(target: Target) -> dict[str, tuple[str, ...]]:
    """Return the dimensions of an experiment's results by name; empty when they are not known."""
    return results_of(target.experiment.name) if target.experiment.ours else {}


def _judge(
    target: Target, design: Design, measure: Callable[[Any], Any] | None
) -> Callable[[Record], str]:
    """Return what says of the first points why no point has what is to be kept."""
    if not isinstance(measure, Reductions):
        return lambda _record: ""
    among = judging(target, design, measure, _results(target))
    return functools.partial(measure.missed, among=among)


class _Run:
    """One sweep under way."""

    def __init__(
        self,
        design: Design,
        cutting: Cutting,
        store: Store,
        progress: Progress,
        judge: Callable[[Record], str],
        *,
        retry: bool,
    ) -> None:
        self.assembly = Assembly(design)  # whose coordinates are the values as they were given
        self.logs: dict[int, str] = {}
        self._cutting = cutting
        self._store = store
        self._progress = progress
        self._judge = judge
        self._succeeded = False
        self._retry = retry
        self._ended: dict[str, Record] = {}  # of keys that further units have

    def all_units(self, jobs: int | None, executor: Executor | str | None) -> None:
        """Take what is kept, simulate the rest, keep each unit as it is finished."""
        before = len(self._store.damaged)
        missing = Counter(unit.key for unit in self._cutting.units() if not self._from_store(unit))
        if damaged := len(self._store.damaged) - before:
            warnings.warn(
                f"{damaged} damaged entries of the store {self._store.directory} were removed; "
                "their points are simulated again",
                stacklevel=3,
            )
        begun: dict[str, list[Unit]] = {}
        self._progress.start(
            self._cutting.design.size,
            self.assembly.known,
            kept_failed=self.assembly.known_failed,
            store=self._store.directory,
        )
        if not missing:
            self._progress.finish(damaged=damaged)
            return
        try:
            with closing(
                outcomes(self._waiting(missing, begun), jobs=jobs, executor=executor)
            ) as done:
                for outcome in done:
                    if outcome.lasting:
                        self._store.put(outcome.key, outcome.payload)
                    record = from_bytes(outcome.payload)
                    units = begun.pop(outcome.key)
                    missing[outcome.key] -= len(units)
                    if missing[outcome.key]:
                        self._ended[outcome.key] = record
                    self._progress.advance(0, 0, simulator_seconds=outcome.simulator_seconds)
                    for unit in units:
                        self._advance(unit, record)
        except BaseException:
            self._progress.finish(interrupted=True, damaged=damaged)
            raise
        self._progress.finish(damaged=damaged)

    def _waiting(self, missing: Mapping[str, int], begun: dict[str, list[Unit]]) -> Iterator[Unit]:
        """Yield units that are to be simulated, each key once.

        Each process has an order of its own: what one has finished, others with the same sweep
        find, and they would all be at the same unit if they went in step.
        """
        own = int(key_of(str(os.getpid()).encode(), socket.gethostname().encode()), 16)
        for unit in self._cutting.units(own):
            if unit.key in self._ended:
                self._advance(unit, self._ended[unit.key])
            elif unit.key in begun:
                begun[unit.key].append(unit)
            elif unit.key in missing and not self._done_meanwhile(unit):
                begun[unit.key] = [unit]
                yield unit

    def _done_meanwhile(self, unit: Unit) -> bool:
        """Take a unit that another process with the same sweep has finished since."""
        if not self._from_store(unit):
            return False
        self._progress.advance(len(unit.points))
        return True

    def _advance(self, unit: Unit, record: Record) -> None:
        self._take(unit, record)
        self._progress.advance(record.points - record.failed, record.failed)

    def _from_store(self, unit: Unit) -> bool:
        payload = self._store.get(unit.key)
        if payload is None:
            return False
        try:
            record = from_bytes(payload)
        except RecordError:
            self._store.damaged.append(unit.key)
            return False
        if record.points != len(unit.points) or (self._retry and record.failed):
            return False
        self._take(unit, record)
        return True

    def _take(self, unit: Unit, record: Record) -> None:
        if not self._succeeded and (missed := self._judge(record)):
            raise AlikeError(missed)
        self._succeeded |= record.failed < record.points
        self.assembly.add(unit.points, record)
        for place, log in enumerate(record.logs):
            if log:
                path = self._store.keep_log(f"{unit.key}-{place}", log)
                self.logs[int(unit.points[place])] = str(path)
