"""The tools: where they are, what they can do, and what mends them.

What a tool can do is proved by having it do it once; the answer is remembered in the cache for
as long as the tools' files stay the same.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import math
import re
import tempfile
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Literal

from memcircuit.errors import (
    CacheError,
    CompileError,
    MemcircuitError,
    ToolError,
    ToolMissingError,
    UsageError,
)
from memcircuit.simulate.compiler import build, compiler_version
from memcircuit.simulate.locate import (
    NGSPICE_VARIABLE,
    cache_directory,
    compiler_remedy,
    find_ngspice,
    find_openvaf,
    library_remedy,
    locate_libngspice,
    locate_ngspice,
    locate_openvaf,
    ngspice_remedy,
)
from memcircuit.simulate.persistent import library_version
from memcircuit.simulate.process import TimeLimitError, run_process
from memcircuit.simulate.raw import read_raw

__all__ = [
    "Capabilities",
    "ToolReport",
    "cache_directory",
    "doctor",
    "find_ngspice",
    "find_openvaf",
    "ngspice_capabilities",
    "preferred_form",
]

_PACKAGES = ("numpy", "scipy", "sympy", "xarray", "matplotlib", "PySpice")

_PROBE_MODULE = """\
`include "disciplines.vams"
module probe(p, n);
  inout p, n;
  electrical p, n;
  (*type="instance"*) parameter real r = 1.0 from (0:inf);
  analog I(p, n) <+ V(p, n)/r;
endmodule
"""
# 1 V across 2 kOhm: the source delivers 0.5 mA, counted negative.
_PROBE_DECK = """\
memcircuit: does this ngspice do what it is asked
V1 a 0 1
{device}
.options klu noinit
.control
{load}
set num_threads=1
set filetype=binary
save i(v1)
op
write probe.raw
quit 0
.endc
.end
"""
_PROBE_CURRENT = -0.5e-3
_PROBE_TIME = 30.0


@dataclass(frozen=True)
class Capabilities:
    """What one ngspice was seen to do.

    Attributes:
        path: the program.
        version: such as ``46``, or empty when it does not say.
        osdi: it ran a Verilog-A module compiled here; ``False`` also when there is no compiler.
        klu: it solved a circuit with KLU.
    """

    path: Path
    version: str
    osdi: bool
    klu: bool


@dataclass(frozen=True)
class ToolReport:
    """One line of ``memcircuit doctor``.

    Attributes:
        name: the tool.
        path: where it was found, or ``None``.
        version: what it says of itself, or empty.
        capable: what was proved, by name.
        problem: what is wrong, or empty.
        remedy: the command that mends it, or empty.
    """

    name: str
    path: Path | None
    version: str = ""
    capable: dict[str, bool] = field(default_factory=dict)
    problem: str = ""
    remedy: str = ""


def ngspice_capabilities(path: Path | None = None) -> Capabilities:
    """Prove what an ngspice can do by running tiny circuits; costs nothing the next time.

    Args:
        path: the program; by default the one :func:`find_ngspice` finds.

    Raises:
        ToolMissingError: there is no ngspice, or the program is not one.
    """
    path = find_ngspice() if path is None else path.absolute()
    compiler = _compiler()  # one that is named wrongly is not ngspice's fault
    return _capabilities(path, _fingerprint(path), compiler, _fingerprint(compiler))


def preferred_form() -> Literal["osdi", "behavioural"]:
    """Give the form in which devices run best here.

    ``osdi`` when there are a Verilog-A compiler and an ngspice that loads what it writes,
    otherwise ``behavioural``.
    """
    if locate_openvaf() is None or locate_ngspice() is None:
        return "behavioural"
    return "osdi" if ngspice_capabilities().osdi else "behavioural"


def doctor() -> list[ToolReport]:
    """Look at every tool: where, which version, capable of what, and what mends it."""
    return [
        _report_ngspice(),
        _report_library(),
        _report_openvaf(),
        *map(_report_package, _PACKAGES),
    ]


def _fingerprint(path: Path | None) -> tuple[int, int]:
    if path is None:
        return (0, 0)
    try:
        status = path.stat()
    except OSError as error:
        raise ToolMissingError(f"{path} cannot be run: {error.strerror}") from error
    return (status.st_mtime_ns, status.st_size)


@functools.cache
def _capabilities(
    path: Path,
    fingerprint: tuple[int, int],
    compiler: Path | None,
    compiler_fingerprint: tuple[int, int],
) -> Capabilities:
    text = repr((str(path), fingerprint, str(compiler), compiler_fingerprint))
    key = hashlib.sha256(text.encode()).hexdigest()[:32]
    try:
        memory = cache_directory() / "capabilities" / f"{key}.json"
    except CacheError:
        return _probe(path, compiler)[0]
    if remembered := _recall(memory, path):
        return remembered
    answer, certain = _probe(path, compiler)
    if certain:
        _remember(memory, answer)
    return answer


def _recall(memory: Path, path: Path) -> Capabilities | None:
    try:
        stored = json.loads(memory.read_text(encoding="utf-8"))
        version, osdi, klu = stored["version"], stored["osdi"], stored["klu"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    if not (isinstance(version, str) and isinstance(osdi, bool) and isinstance(klu, bool)):
        return None
    return Capabilities(path, version, osdi=osdi, klu=klu)


def _remember(memory: Path, answer: Capabilities) -> None:
    # A cache that cannot be written only costs the probe again next time.
    with contextlib.suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=memory.parent, prefix="new-") as scratch:
            fresh = Path(scratch) / "answer"
            fresh.write_text(json.dumps(asdict(answer), default=str), encoding="utf-8")
            fresh.replace(memory)


def _probe(path: Path, compiler: Path | None) -> tuple[Capabilities, bool]:
    """Try everything once; the second value says whether the answer is worth remembering."""
    with tempfile.TemporaryDirectory(prefix="memcircuit-") as scratch:
        directory = Path(scratch)
        try:
            solved, log = _try_deck(path, directory, device="R1 a 0 2k", load="")
        except TimeLimitError:
            solved, log = False, f"it did not finish within {_PROBE_TIME:g} s"
        found = re.search(r"ngspice-(\S+)", log)
        if found is None or not solved:
            raise ToolMissingError(
                f"{path} does not solve a one-resistor circuit; is it ngspice?"
                f" Mend it with: {ngspice_remedy()}, or set {NGSPICE_VARIABLE} to another."
                f"\n{log.strip()[-1000:]}"
            )
        klu = "Using KLU" in log
        osdi, certain = False, True
        if compiler is not None:
            try:
                source = directory / "probe.va"
                source.write_text(_PROBE_MODULE, encoding="utf-8")
                build(compiler, source, directory / "probe.osdi", time_limit=_PROBE_TIME)
                device = "N1 a 0 resistor r=2k\n.model resistor probe"
                osdi, _ = _try_deck(path, directory, device=device, load="pre_osdi probe.osdi")
            except (MemcircuitError, OSError, TimeLimitError):
                certain = False
        return Capabilities(path, found[1], osdi=osdi, klu=klu), certain


def _try_deck(path: Path, directory: Path, *, device: str, load: str) -> tuple[bool, str]:
    """Run the probe circuit; say whether the current is right, and give the log."""
    (directory / "probe.raw").unlink(missing_ok=True)
    deck = _PROBE_DECK.format(device=device, load=load)
    (directory / "probe.cir").write_text(deck, encoding="ascii")
    logs = directory / "out", directory / "err"
    try:
        run_process(
            [str(path), "-n", "-b", "probe.cir"],
            directory=directory,
            stdout=logs[0],
            stderr=logs[1],
            time_limit=_PROBE_TIME,
        )
        (current,) = read_raw(directory / "probe.raw")[-1].data[:1, 0]
    except (OSError, UsageError, LookupError, ValueError):
        current = math.nan
    log = "".join(file.read_text(encoding="utf-8", errors="replace") for file in logs)
    return bool(abs(current - _PROBE_CURRENT) < 1e-9), log


def _report_ngspice() -> ToolReport:
    try:
        able = ngspice_capabilities()
    except ToolError as error:
        return ToolReport("ngspice", None, problem=str(error), remedy=ngspice_remedy())
    problem = remedy = ""
    if not able.osdi and _compiler() is None:
        problem = (
            "OSDI could not be tried, since Verilog-A cannot be compiled here;"
            " everything still runs in the behavioural form"
        )
        remedy = compiler_remedy()
    elif not able.osdi:
        problem = (
            "it cannot load compiled Verilog-A (OSDI);"
            " everything still runs in the behavioural form"
        )
        remedy = ngspice_remedy()
    elif not able.klu:
        problem = "it lacks the KLU solver; large arrays will be slow"
        remedy = ngspice_remedy()
    capable = {"OSDI": able.osdi, "KLU": able.klu}
    return ToolReport("ngspice", able.path, able.version, capable, problem, remedy)


def _report_library() -> ToolReport:
    name, otherwise = "libngspice", "short runs start an ngspice each"
    library = locate_libngspice()
    if library is None:
        problem = f"it was not found; {otherwise}"
        return ToolReport(name, None, problem=problem, remedy=library_remedy())
    version, wanted = library_version(library), ""
    with contextlib.suppress(ToolError):
        wanted = ngspice_capabilities().version
    problem = ""
    if not version:
        problem = f"it cannot be loaded; {otherwise}"
    elif version != wanted:
        problem = f"it is not of the version of the ngspice in use; {otherwise}"
    capable = {"persistent runs": not problem}
    remedy = library_remedy() if problem else ""
    return ToolReport(name, Path(library), version, capable, problem, remedy)


def _report_openvaf() -> ToolReport:
    name = "openvaf-r"
    try:
        compiler = find_openvaf()
    except ToolMissingError as error:
        return ToolReport(name, None, problem=str(error), remedy=compiler_remedy())
    try:
        version = compiler_version(compiler)
        with tempfile.TemporaryDirectory(prefix="memcircuit-") as scratch:
            source = Path(scratch) / "probe.va"
            source.write_text(_PROBE_MODULE, encoding="utf-8")
            build(compiler, source, source.with_suffix(".osdi"), time_limit=_PROBE_TIME)
    except (ToolError, CompileError) as error:
        capable = {"compiles": False}
        return ToolReport(name, compiler, "", capable, str(error), compiler_remedy())
    return ToolReport(name, compiler, version, {"compiles": True})


def _compiler() -> Path | None:
    with contextlib.suppress(ToolMissingError):
        return locate_openvaf()
    return None


def _report_package(name: str) -> ToolReport:
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        problem = f"the Python package {name} is not installed"
        return ToolReport(name, None, problem=problem, remedy=f"pip install {name}")
    return ToolReport(name, Path(str(distribution.locate_file(""))), distribution.version)
