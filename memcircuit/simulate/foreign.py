"""Runs of a designer's own netlist: as checked data or, when trusted, as the code it is."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from memcircuit.errors import SimulationError, UsageError
from memcircuit.simulate.compiler import compile_verilog_a
from memcircuit.simulate.foreign_check import Netlist, check_netlist
from memcircuit.simulate.foreign_folder import (
    Stamps,
    copy_folder,
    remove_unchanged,
    stamps,
    written_since,
)
from memcircuit.simulate.foreign_result import (
    measured,
    measured_unit,
    plot_dataset,
    plot_shortcoming,
)
from memcircuit.simulate.foreign_source import Line
from memcircuit.simulate.job import ANALYSIS_FAILED
from memcircuit.simulate.log import Findings, examine, read_log, why_ended, why_unsolved
from memcircuit.simulate.options import Options
from memcircuit.simulate.osdi_module import osdi_modules
from memcircuit.simulate.process import FILE_LIMIT, TimeLimitError, plain_environment, run_process
from memcircuit.simulate.raw import RawPlot, read_raw
from memcircuit.simulate.run_arguments import check_run
from memcircuit.simulate.run_directory import kept_in, run_directory
from memcircuit.simulate.toolchain import Capabilities, ngspice_capabilities

if TYPE_CHECKING:
    import xarray as xr

# ngspice takes no notice of lines with about a thousand names.
_NAMES_PER_LINE = 100
# The plot of ngspice's own constants.
_NO_RESULT = ("constant values", "constants")
# What follows from -r, not from the netlist.
_BY_RAWFILE = "line ignored since rawfile"


#: bytes of address space that ngspice may take for a netlist from elsewhere.
MEMORY_LIMIT = 4 * 2**30


@dataclass(frozen=True)
class _Place:
    """Where and how long ngspice runs, and where the run will be found when it fails."""

    netlist: Path
    ngspice: Capabilities
    directory: Path
    kept: Path
    time_limit: float
    deadline: float
    file_limit: int
    memory_limit: int

    def failure(self, reason: str, findings: Findings) -> SimulationError:
        message = (
            f"ngspice gave no result for {self.netlist}: {reason}",
            findings.text,
            f"The run is kept in {self.kept}",
        )
        return SimulationError(
            "\n".join(filter(None, message)), log=findings.text, run_directory=self.kept
        )


def run_netlist(
    path: str | Path,
    *,
    trust: bool = False,
    verilog_a: Sequence[str | Path] = (),
    time_limit: float = 600.0,
    keep: str | Path | None = None,
    file_limit: int = FILE_LIMIT,
    memory_limit: int = MEMORY_LIMIT,
) -> list[xr.Dataset]:
    """Run an ngspice netlist that somebody else wrote.

    A netlist is a program: it can start others, write and read files, and load libraries. So it
    is read here, and refused before ngspice starts unless it says nothing but a circuit, ``.op``,
    ``.tran``, ``.dc``, ``.ac``, ``.save``, ``.measure`` and options of the simulation, over any
    number of files and library sections of its own folder. ngspice gets that and no other text,
    in an empty directory of its own, once for each analysis. Lines that print or draw are left
    out. A control block passes when it says only what those of ``simulate.export`` say; it is
    replaced. The netlist's own options hold, and ngspice's defaults beside them; the transient
    by which ngspice answers circuits without an operating point is switched off. None of this
    helps against errors in ngspice's own parser: of people who seek those, run nothing outside
    of a virtual machine.

    A trusted netlist is run as it is, control blocks and all, with the user's rights. ngspice
    runs in a copy of the netlist's folder (hidden files and links to folders stay behind), so
    files that it reads by relative name are there, and what it writes under relative names
    changes nothing in the folder itself. ``.include`` lines are followed from the netlist's own
    place. ``.print`` and ``.measure`` outside of control blocks are without effect, because its
    analyses go to a raw file. Start-up files (``.spiceinit``) are never read.

    Args:
        path: the netlist.
        trust: run it as code.
        verilog_a: Verilog-A files of devices that the netlist uses; they are compiled and
            loaded. A trusted netlist loads them itself: they lie beside it, each under its own
            name with the ending ``.osdi``.
        time_limit: s, wall clock for all analyses together.
        keep: a directory that shall receive netlists, logs, raw files and whatever a trusted
            netlist wrote, but not what it found there and left as it was.
        file_limit: bytes, the largest file ngspice may write.
        memory_limit: bytes of address space that ngspice may take: a few nested subcircuits make
            millions of elements.

    Returns:
        One dataset for each analysis in the order of the netlist; of a trusted netlist one for
        each plot of the raw files it wrote, oldest first, and none when it wrote no raw file.
        Variables are the vectors, named and
        with ``units`` as in the raw file, over ``time`` (s), ``sweep`` or ``frequency`` (Hz), or
        without dimension for an operating point. A sweep of two sources is one long row. Results
        of ``.measure`` are variables without dimension, NaN where ngspice could not find them.
        Attributes: ``title``, ``analysis``, ``plot``, ``simulator``, ``notes`` (one a line: what
        ngspice remarked and which lines were left out), ``measured`` (names, joined by commas),
        ``points``, ``wall_time`` (s), ``trusted`` (0 or 1).

    Raises:
        UsageError: ``FILE:LINE: text: what is wrong; what would be right``.
        SimulationError: there is no result that can be trusted.
        ToolMissingError: there is no ngspice, or no compiler for the Verilog-A files.
        CompileError: a Verilog-A file is wrong.
    """
    path = Path(path)
    named = kept_in(keep)
    check_run(time_limit=time_limit)
    sources = [Path(source) for source in verilog_a]
    checked = None if trust else _checked(path, sources)
    compiled = [compile_verilog_a(source) for source in sources]
    ngspice = ngspice_capabilities()
    deadline = time.monotonic() + time_limit
    with run_directory(named) as directory:
        kept = named or directory
        place = _Place(
            path, ngspice, directory, kept, time_limit, deadline, file_limit, memory_limit
        )
        if checked is None:
            return _run_trusted(place, dict(zip(sources, compiled, strict=True)))
        libraries = []
        for number, library in enumerate(compiled, start=1):
            libraries.append(f"module_{number}.osdi")
            shutil.copyfile(library, directory / libraries[-1])
        return [
            _run_analysis(place, checked, number, libraries)
            for number in range(1, len(checked.analyses) + 1)
        ]


def _checked(path: Path, sources: Sequence[Path]) -> Netlist:
    modules = {module.name for source in sources for module in osdi_modules(source)}
    return check_netlist(path, modules=modules, libraries={source.stem for source in sources})


def _deck(netlist: Netlist, analysis: Line, libraries: Sequence[str], result: str) -> str:
    """Write the netlist of one analysis: what was checked, and a control block of our own."""
    measures = [line.text for line in netlist.measures if _measures(line, analysis)]
    saved = netlist.saved
    lines = [
        # A foreign title could be read as a command.
        "memcircuit: a foreign netlist",
        *(line.text for line in (*netlist.circuit, *netlist.settings)),
        *(
            f".save {' '.join(saved[begin : begin + _NAMES_PER_LINE])}"
            for begin in range(0, len(saved), _NAMES_PER_LINE)
        ),
        *measures,
        analysis.text,
        ".control",
        *(f"pre_osdi {library}" for library in libraries),
        "set num_threads=1",
        "set no_mem_check",
        "set filetype=binary",
        Options().stepping_command(),
        "run",
        "if $sim_status > 0",
        f"quit {ANALYSIS_FAILED}",
        "end",
        f"write {result}",
        "quit 0",
        ".endc",
        ".end",
    ]
    return "\n".join(lines) + "\n"


def _measures(line: Line, analysis: Line) -> bool:
    """Say whether a ``.measure`` line is about the kind of an analysis."""
    return f".{line.text.split()[1]}".lower() == analysis.card


def _run_analysis(
    place: _Place, netlist: Netlist, number: int, libraries: Sequence[str]
) -> xr.Dataset:
    analysis = netlist.analyses[number - 1]
    result = f"result_{number}.raw"
    deck = place.directory / f"deck_{number}.cir"
    deck.write_text(_deck(netlist, analysis, libraries, result), encoding="ascii")
    begin = time.monotonic()
    findings, log = _ngspice(place, [deck.name], f"ngspice_{number}", what=analysis.text)
    plots = _plots(place, place.directory / result, findings)
    reason = plot_shortcoming(plots, netlist.saved)
    if reason:
        raise place.failure(f"{analysis.text}: {reason}", findings)
    # the title is in the result
    shown = (line for line in netlist.left_out if line.card != ".title")
    left_out = [f"left out: {line.text}" for line in shown]
    attributes = _attributes(place, netlist.title, plots[-1], (*findings.notes, *left_out))
    attributes |= {"analysis": analysis.text, "wall_time": time.monotonic() - begin, "trusted": 0}
    lines = (line.text for line in netlist.measures if _measures(line, analysis))
    units = {text.split()[2]: measured_unit(text) for text in lines}
    attributes |= {"measured": ",".join(units)}
    return plot_dataset(plots[-1], attributes).assign(measured(units, log))


def _run_trusted(place: _Place, libraries: dict[Path, Path]) -> list[xr.Dataset]:
    if not place.netlist.is_file():
        raise UsageError(f"{place.netlist}: there is no such file; give the path of a netlist")
    copy_folder(place.netlist.absolute().parent, place.directory)
    for source, library in libraries.items():
        shutil.copyfile(library, place.directory / f"{source.stem}.osdi")
    before = stamps(place.directory)
    try:
        return _trusted_results(place, before)
    finally:
        remove_unchanged(place.directory, before)


def _trusted_results(place: _Place, before: Stamps) -> list[xr.Dataset]:
    begin = time.monotonic()
    arguments = ["-r", "memcircuit_batch.raw", str(place.netlist.absolute())]
    findings, _ = _ngspice(place, arguments, "memcircuit_ngspice", what="the trusted netlist")
    wall_time = time.monotonic() - begin
    written = written_since(place.directory, before)
    plots = [
        plot
        for path in written
        if path.suffix == ".raw"
        for plot in _plots(place, path, findings)
        if plot.plotname.lower() not in _NO_RESULT
    ]
    found = []
    for plot in plots:
        if reason := plot_shortcoming([plot], ()):
            raise place.failure(f"{plot.plotname}: {reason}", findings)
        attributes = _attributes(place, plot.title, plot, findings.notes)
        attributes |= {"analysis": plot.plotname, "wall_time": wall_time, "trusted": 1}
        attributes |= {"measured": ""}
        found.append(plot_dataset(plot, attributes))
    return found


def _ngspice(
    place: _Place, arguments: Sequence[str], name: str, *, what: str
) -> tuple[Findings, str]:
    """Run ngspice once.

    Returns:
        What its log says, and the log.

    Raises:
        SimulationError: by its log or its status there is no result.
    """
    output, errors = (place.directory / f"{name}.{ending}" for ending in ("out", "err"))
    status = None
    with contextlib.suppress(TimeLimitError):
        status = run_process(
            [str(place.ngspice.path), "-n", "-b", *arguments],
            directory=place.directory,
            stdout=output,
            stderr=errors,
            time_limit=max(place.deadline - time.monotonic(), 0.0),
            environment=plain_environment(place.directory) | {"NGSPICE_MEAS_PRECISION": "16"},
            file_limit=place.file_limit,
            memory_limit=place.memory_limit,
        )
    log = read_log(output, errors)
    findings = examine(log)
    faults = [line for line in findings.faults if _BY_RAWFILE not in line]
    if status is None:
        reached = f", having reached {findings.reached}" if findings.reached else ""
        reason = f"stopped after time_limit={place.time_limit:g} s{reached}"
    elif faults:
        reason = faults[0]
    elif findings.unsolved:
        reason = why_unsolved(findings)
    elif status != 0:
        reason = why_ended(status, place.file_limit)
    else:
        return findings, log
    raise place.failure(f"{what}: {reason}", findings)


def _plots(place: _Place, path: Path, findings: Findings) -> list[RawPlot]:
    try:
        return read_raw(path)
    except UsageError as error:
        raise place.failure(str(error), findings) from error


def _attributes(
    place: _Place, title: str, plot: RawPlot, notes: Sequence[str]
) -> dict[str, str | int | float]:
    return {
        "title": title,
        "plot": plot.plotname,
        "simulator": f"ngspice {place.ngspice.version}",
        "notes": "\n".join(notes),
        "points": len(plot.data),
    }
