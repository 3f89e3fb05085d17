"""What is to be simulated, and the netlist that says it to ngspice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from memcircuit.errors import UsageError
from memcircuit.simulate.analysis import ACSweep, Analysis, DCSweep, OperatingPoint, Transient
from memcircuit.simulate.circuit_text import check_circuit
from memcircuit.simulate.options import Options

__all__ = ["ACSweep", "Analysis", "DCSweep", "Job", "OperatingPoint", "Options", "Transient"]

RESULT = "result.raw"
# Status of the process when the analysis itself says that it failed.
ANALYSIS_FAILED = 3

_VECTOR = re.compile(
    r"[vi]\([\w.#]+\)"  # node voltage, current of a source
    r"|@[\w.]+\[\w+\]"  # quantity of a device
    r"|[\w.]+#[\w.]+",  # internal node of a device
    re.IGNORECASE | re.ASCII,
)
_LIBRARY = re.compile(r"[\w-]+\.osdi", re.ASCII)
_UNSAFE_IN_TITLE = re.compile(r"[^\w .,:;=+()/%-]+", re.ASCII)
# A `save` line of more than about a thousand names is not obeyed, without a word.
_NAMES_PER_LINE = 100
_CHARACTERS_PER_LINE = 900


@dataclass(frozen=True)
class Job:
    """One simulation.

    Attributes:
        title: one line of text for the reader.
        circuit: element lines, ``.model``, ``.subckt``; no analysis, no options, no ``.end``.
        analysis: what to do with the circuit.
        vectors: what to store: ``v(node)``, ``i(source)``, ``@device[quantity]``, or
            ``device#node`` for an internal node.
        verilog_a: Verilog-A files of the device types the circuit uses.
    """

    title: str
    circuit: str
    analysis: Analysis
    vectors: tuple[str, ...]
    verilog_a: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        check_circuit(self.circuit)
        if not self.vectors:
            raise UsageError("vectors is empty: name at least one, such as 'v(out)'")
        seen: set[str] = set()
        for name in self.vectors:
            if not _VECTOR.fullmatch(name):
                raise UsageError(
                    f"vector {name!r} must have the form 'v(node)', 'i(source)',"
                    " '@device[quantity]' or 'device#node'"
                )
            if name.lower() in seen:
                raise UsageError(f"vector {name!r} is asked for twice")
            seen.add(name.lower())

    def deck(self, options: Options, libraries: Sequence[str]) -> str:
        """Write the whole netlist; plain ``ngspice -b`` runs it as it is.

        Args:
            options: options of the simulator.
            libraries: names of the compiled models, files beside the netlist.
        """
        for library in libraries:
            if not _LIBRARY.fullmatch(library):
                raise UsageError(f"library {library!r} must be a plain file name ending in .osdi")
        lines = [
            # The first word keeps a title from being read as a command (`*ng_script`, `.title`).
            f"memcircuit: {_safe(self.title)}",
            self.circuit.strip("\n"),
            options.text(),
            ".control",
            *(f"pre_osdi {library}" for library in libraries),
            # ngspice's own default of 8 threads makes small circuits twenty times slower, and
            # its memory check opens a file at every time point.
            "set num_threads=1",
            "set no_mem_check",
            "set filetype=binary",
            options.stepping_command(),
            *_save_lines(self.vectors),
            self.analysis.command(),
            "if $sim_status > 0",
            f"quit {ANALYSIS_FAILED}",
            "end",
            f"write {RESULT}",
            "quit 0",
            ".endc",
            ".end",
        ]
        return "\n".join(lines) + "\n"

    def library_names(self) -> list[str]:
        """Give a plain file name for each compiled Verilog-A file, in order, all different."""
        names: list[str] = []
        for source in self.verilog_a:
            stem = re.sub(r"[^\w-]+", "_", source.stem, flags=re.ASCII)
            name, number = f"{stem}.osdi", 2
            while name in names:
                name, number = f"{stem}_{number}.osdi", number + 1
            names.append(name)
        return names


def _safe(title: str) -> str:
    return _UNSAFE_IN_TITLE.sub(" ", title).strip()[:200]


def _save_lines(vectors: Sequence[str]) -> Iterator[str]:
    line: list[str] = []
    for name in vectors:
        length = sum(map(len, line)) + len(line) + len(name)
        if line and (len(line) == _NAMES_PER_LINE or length > _CHARACTERS_PER_LINE):
            yield "save " + " ".join(line)
            line = []
        line.append(name)
    yield "save " + " ".join(line)
