"""Runs of ngspice, each in its own process and directory."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from memcircuit.errors import SimulationError, ToolMissingError, UsageError
from memcircuit.simulate.analysis import ACSweep, OperatingPoint
from memcircuit.simulate.compiler import compile_verilog_a
from memcircuit.simulate.job import RESULT, Job
from memcircuit.simulate.locate import NGSPICE_VARIABLE, find_openvaf, ngspice_remedy
from memcircuit.simulate.log import Findings, examine, read_log, why_ended, why_unsolved
from memcircuit.simulate.options import Options, ladder
from memcircuit.simulate.persistent import current_persistent
from memcircuit.simulate.process import FILE_LIMIT, TimeLimitError, plain_environment, run_process
from memcircuit.simulate.raw import RawPlot, read_raw
from memcircuit.simulate.result import columns_of, shortcoming, to_dataset
from memcircuit.simulate.run_arguments import check_run
from memcircuit.simulate.run_directory import kept_in, run_directory
from memcircuit.simulate.toolchain import Capabilities, ngspice_capabilities
from memcircuit.simulate.waves import Waves, to_waves

if TYPE_CHECKING:
    import xarray as xr

DECK = "deck.cir"
_OUTPUT, _ERRORS = "ngspice.out", "ngspice.err"


@dataclass(frozen=True)
class _Attempt:
    """One run of ngspice: why it gave no result (empty when it did), and what it left."""

    reason: str
    findings: Findings
    may_converge: bool = False
    out_of_time: bool = False
    plot: RawPlot | None = None


def run(
    job: Job,
    *,
    options: Options | None = None,
    time_limit: float = 600.0,
    keep: str | Path | None = None,
    file_limit: int = FILE_LIMIT,
) -> xr.Dataset:
    """Simulate.

    ngspice runs in an empty directory of its own below the directory for temporary files, which
    is removed afterwards; after a failure it stays, and the error names it. A circuit that does
    not converge climbs the ladder of options described at
    :func:`memcircuit.simulate.options.ladder`: as asked, then Gear's method with more iterations,
    then fixed steps of gmin and sources, then tolerances ten times as wide. Only missing
    convergence climbs; anything else fails at once.

    Args:
        job: what to simulate.
        options: options of the simulator.
        time_limit: s, wall clock for all attempts together.
        keep: a directory that shall receive netlist, compiled models, log and raw file.
        file_limit: bytes, the largest file ngspice may write.

    Returns:
        Dataset with one variable for each vector of the job, named as asked for, over the
        dimension ``time`` (s), ``sweep`` (V, A or ohm) or ``frequency`` (Hz; complex values), or
        without dimension for an operating point. Every variable has its unit in ``units``. The
        attributes of the dataset: ``title``, ``simulator``, ``options`` (the line that gave the
        result), ``attempts`` (how many it took), ``attempt`` (name of the last), ``notes`` (what
        the simulator remarked), ``points``, ``wall_time`` (s).

    Raises:
        SimulationError: there is no result that can be trusted.
        ToolMissingError: there is no ngspice, or it cannot load compiled Verilog-A.
        CompileError: a Verilog-A file is wrong.
        UsageError: ``keep`` cannot be written.
    """
    found = _trusted(job, options, time_limit, keep, file_limit)
    return to_dataset(job, *found)


def run_point(
    job: Job, *, options: Options | None = None, time_limit: float = 600.0
) -> tuple[dict[str, float], dict[str, str | int | float]]:
    """Simulate an operating point of many nodes, without the cost of a variable for each.

    Args:
        job: what to simulate, an operating point.
        options: options of the simulator.
        time_limit: s, wall clock for all attempts together.

    Returns:
        the value of every vector of the job, V or A, and the attributes, as of ``run``.

    Raises:
        SimulationError: as ``run``, and the other errors.
    """
    if not isinstance(job, Job) or not isinstance(job.analysis, OperatingPoint):
        raise UsageError(f"run_point takes the Job of an operating point, not {job!r:.80}")
    plot, attributes = _trusted(job, options, time_limit, None, FILE_LIMIT)
    places = columns_of(job, plot)
    values = plot.data[0, list(places.values())].tolist()
    return dict(zip(places, values, strict=True)), attributes


def run_waves(
    job: Job,
    *,
    options: Options | None = None,
    time_limit: float = 600.0,
    keep: str | Path | None = None,
) -> Waves:
    """Simulate many vectors, without the cost of a variable for each.

    Args:
        job: what to simulate; no AC sweep, whose vectors are complex.
        options: options of the simulator.
        time_limit: s, wall clock for all attempts together.
        keep: a directory that shall receive netlist, compiled models, log and raw file.

    Raises:
        SimulationError: as ``run``, and the other errors.
    """
    if not isinstance(job, Job) or isinstance(job.analysis, ACSweep):
        raise UsageError(f"run_waves takes a Job whose vectors are real, not {job!r:.80}")
    return to_waves(job, *_trusted(job, options, time_limit, keep, FILE_LIMIT))


def _trusted(
    job: Job,
    options: Options | None,
    time_limit: float,
    keep: str | Path | None,
    file_limit: int,
) -> tuple[RawPlot, dict[str, str | int | float]]:
    """Return the plot of a simulation that can be trusted, and its attributes."""
    check_run(options=options, time_limit=time_limit, keep=keep)
    keep = kept_in(keep)
    begin = time.monotonic()
    able = _able(job)
    compiled = [compile_verilog_a(source) for source in job.verilog_a]
    options = _supported(options or Options(), able)
    persistent = current_persistent()
    if persistent is not None and keep is None and file_limit == FILE_LIMIT:
        left = max(begin + time_limit - time.monotonic(), 0.0)
        plot = persistent.plot(job, options, compiled, version=able.version, time_limit=left)
        if plot is not None:
            return plot, _attributes(job, able, options, plot, begin=begin)
    with run_directory(keep) as directory:
        libraries = _write_libraries(job, compiled, directory)
        failed: list[str] = []
        for name, tried in ladder(options):
            (directory / DECK).write_text(job.deck(tried, libraries), encoding="ascii")
            left = max(begin + time_limit - time.monotonic(), 0.0)
            attempt = _attempt(able.path, job, directory, time_limit=left, file_limit=file_limit)
            if attempt.out_of_time:
                failed.append(f"{name}: stopped after time_limit={time_limit:g} s{attempt.reason}")
                break
            if attempt.plot is not None:
                notes = (*failed, *attempt.findings.notes)
                return attempt.plot, _attributes(
                    job, able, tried, attempt.plot, len(failed), name, notes, begin=begin
                )
            failed.append(f"{name}: {attempt.reason}")
            if not attempt.may_converge:
                break
        raise _failure(job, failed, attempt.findings, keep or directory)


def _attributes(
    job: Job,
    able: Capabilities,
    options: Options,
    plot: RawPlot,
    failed: int = 0,
    attempt: str = "as asked",
    notes: Sequence[str] = (),
    *,
    begin: float,
) -> dict[str, str | int | float]:
    return {
        "title": job.title,
        "simulator": f"ngspice {able.version}",
        "options": f"{options.text()} / {options.stepping_command()}",
        "attempts": failed + 1,
        "attempt": attempt,
        "notes": "\n".join(notes),
        "points": len(plot.data),
        "wall_time": time.monotonic() - begin,
    }


def export(job: Job, directory: str | Path, *, options: Options | None = None) -> Path:
    """Write a netlist and its compiled models; plain ``ngspice -b deck.cir`` there runs it.

    Args:
        job: what to simulate.
        directory: where to write; made if it is not there.
        options: options of the simulator.

    Returns:
        The netlist.

    Raises:
        UsageError: the directory cannot be written.
        CompileError: a Verilog-A file is wrong.
    """
    directory = Path(directory)
    compiled = [compile_verilog_a(source) for source in job.verilog_a]
    text = job.deck(options or Options(), job.library_names())
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _write_libraries(job, compiled, directory)
        deck = directory / DECK
        deck.write_text(text, encoding="ascii")
    except OSError as error:
        raise UsageError(f"the netlist cannot be written: {error}") from error
    return deck


def _able(job: Job) -> Capabilities:
    if job.verilog_a:
        find_openvaf()  # says what is missing, before anything is tried
    able = ngspice_capabilities()
    if job.verilog_a and not able.osdi:
        raise ToolMissingError(
            f"{able.path} (ngspice {able.version}) cannot load compiled Verilog-A. Use the"
            f" behavioural form, or mend it with: {ngspice_remedy()};"
            f" {NGSPICE_VARIABLE} may name another ngspice."
        )
    return able


def _supported(options: Options, able: Capabilities) -> Options:
    # An ngspice without KLU would take the option without a word; the result must not claim it.
    return options if able.klu else replace(options, klu=False)


def _write_libraries(job: Job, compiled: list[Path], directory: Path) -> list[str]:
    names = job.library_names()
    for name, path in zip(names, compiled, strict=True):
        shutil.copyfile(path, directory / name)
    return names


def _attempt(
    ngspice: Path, job: Job, directory: Path, *, time_limit: float, file_limit: int
) -> _Attempt:
    result = directory / RESULT
    result.unlink(missing_ok=True)
    output, errors = directory / _OUTPUT, directory / _ERRORS
    try:
        status = run_process(
            [str(ngspice), "-n", "-b", DECK],
            directory=directory,
            stdout=output,
            stderr=errors,
            time_limit=time_limit,
            environment=plain_environment(directory),
            file_limit=file_limit,
        )
    except TimeLimitError:
        findings = examine(read_log(output, errors))
        reached = f", having reached {findings.reached}" if findings.reached else ""
        return _Attempt(reached, findings, out_of_time=True)
    findings = examine(read_log(output, errors))
    if findings.faults:
        return _Attempt(findings.faults[0], findings)
    if findings.unsolved:
        return _Attempt(why_unsolved(findings), findings, may_converge=not findings.singular)
    if status != 0 or not result.exists():
        return _Attempt(why_ended(status, file_limit), findings)
    plots = _plots(result)
    reason = shortcoming(job, plots)
    return _Attempt(reason, findings, plot=None if reason else plots[-1])


def _plots(result: Path) -> list[RawPlot]:
    try:
        return read_raw(result)
    except UsageError:
        # A disk that was full from the start leaves a header cut short.
        return []


def _failure(job: Job, failed: list[str], findings: Findings, directory: Path) -> SimulationError:
    parts = [
        f"ngspice gave no result for {job.title!r}: {'; '.join(failed)}",
        findings.text,
        f"The run is kept in {directory}",
    ]
    message = "\n".join(filter(None, parts))
    return SimulationError(message, log=findings.text, run_directory=directory)
