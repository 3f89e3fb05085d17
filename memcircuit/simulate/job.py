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

_FORMS = (
    r"[VvIi]\([\w.#]+\)"  # node voltage, current of a source
    r"|@[\w.]+\[\w+\]"  # quantity of a device
    r"|[\w.]+#[\w.]+"  # internal node of a device
)
_VECTOR = re.compile(_FORMS, re.ASCII)
_VECTORS = re.compile(f"(?:(?:{_FORMS})\n)*+", re.ASCII)
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
        _check_vectors(self.vectors)

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
            *_save_lines(self._saved()),
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

    def _saved(self) -> list[str]:
        """Return what the `save` lines name.

        ngspice compares each name with every node: the operating point of a large array takes
        longer for that than for everything else, while all of it is one number a node. `all` is
        the voltages and currents, but no inner nodes and quantities of devices.
        """
        few = len(self.vectors) <= _NAMES_PER_LINE
        if few or not isinstance(self.analysis, OperatingPoint):
            return list(self.vectors)
        return ["all", *(name for name in self.vectors if "#" in name or "@" in name)]

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


def _check_vectors(vectors: Sequence[str]) -> None:
    together = "".join(f"{name}\n" for name in vectors)
    # One look at all of them; a name with a line's end in it is none.
    if together.count("\n") != len(vectors) or not _VECTORS.fullmatch(together):
        bad = next(name for name in vectors if not _VECTOR.fullmatch(name))
        raise UsageError(
            f"vector {bad!r} must have the form 'v(node)', 'i(source)',"
            " '@device[quantity]' or 'device#node'"
        )
    names = together.lower().splitlines()
    if len(set(names)) < len(names):
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise UsageError(f"vector {twice!r} is asked for twice")


def _safe(title: str) -> str:
    return _UNSAFE_IN_TITLE.sub(" ", title).strip()[:200]


def _save_lines(vectors: Sequence[str]) -> Iterator[str]:
    line: list[str] = []
    length = 0
    for name in vectors:
        length += 1 + len(name)
        if line and (len(line) == _NAMES_PER_LINE or length > _CHARACTERS_PER_LINE):
            yield "save " + " ".join(line)
            line, length = [], 1 + len(name)
        line.append(name)
    yield "save " + " ".join(line)
