"""What the log of ngspice says, whatever its exit status.

ngspice ends with status 0 after dropping an element, a model parameter or a vector, and after
answering a circuit without a solution, so the log decides.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from memcircuit.simulate.job import ANALYSIS_FAILED

# A log runs to gigabytes when an expression fails in every iteration of a long run.
_LARGEST_PART = 500_000
_LINES_SHOWN = 25

_PROGRESS = re.compile(r"\s*Reference value\s*:\s*(\S+)")
_IDLE = re.compile(
    r"Note: No compatibility mode|Note: Optran is deselected|Circuit:|Doing analysis at|"
    r"Using (KLU|SPARSE)|No\. of Data|binary raw file|ngspice-\S+ done|"
    r"Trying gmin|Supplies reduced|\s*Simulation interrupted|"
    # The table of node voltages after a failure has a line for every node of an array.
    r"Last Node Voltages|Node\s+Last Voltage|-+(\s+-+)*$|"
    r"\S+\s+[-+.\dainfe]+\s+[-+.\dainfe]+( \*)?$|"
    r'Error: incomplete or empty netlist|\s*or no "\.plot"|no simulations run|'
    r'Note: No "\.plot"|\s*Any of the following steps',
)
# The input was not understood, or not obeyed.
_FAULT = re.compile(
    r"unrecognized|\bignored\b|out of bounds|not available|no writable vector|no data saved|"
    r"can't find|unable to find|could not find|couldn't be loaded|error opening|no such|"
    r"unknown|undefined|not in the circuit|unimplemented|will be replaced|"
    r"(too small|to low), set to|could not set|already exists|not enough|too few|mismatch|"
    r"^error (on|in) |fatal error|can't allocate|supports openvaf",
    re.IGNORECASE,
)
# The equations were not solved.
_UNSOLVED = re.compile(
    r"singular matrix|timestep too small|iteration limit|too many iterations|"
    r"transient op |solution failed|could not be simulated|impossible error",
    re.IGNORECASE,
)
_SINGULAR = re.compile(r"singular matrix", re.IGNORECASE)
_STEPPING = re.compile(r"starting (dynamic|true|spice3) gmin|starting source", re.IGNORECASE)
_NOTE = re.compile(r"\s*(note|warning)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Findings:
    """What one log says.

    Attributes:
        faults: lines that say that the input was not understood or not obeyed.
        unsolved: lines that say that the equations were not solved.
        notes: harmless remarks and warnings, such as gmin stepping that succeeded.
        singular: the matrix was singular from the start: a floating node or a loop of sources,
            which no option will mend.
        tail: the last lines, for a reader.
        reached: how far a transient came, as ngspice printed it, or empty.
    """

    faults: tuple[str, ...]
    unsolved: tuple[str, ...]
    notes: tuple[str, ...]
    singular: bool
    tail: tuple[str, ...]
    reached: str

    @property
    def text(self) -> str:
        """The last lines, and before them what they do not repeat of the telling ones."""
        hidden = [line for line in (*self.faults, *self.unsolved) if line not in self.tail]
        return "\n".join((*hidden[:_LINES_SHOWN], *self.tail))


def read_log(*files: Path) -> str:
    """Read the output files of a run, the middle of very large ones left out."""
    parts = []
    for path in files:
        with path.open("rb") as file:
            head = file.read(_LARGEST_PART)
            rest = path.stat().st_size - len(head)
            if rest > _LARGEST_PART:
                file.seek(-_LARGEST_PART, 2)
            parts.append(head + file.read())
    return b"\n".join(parts).decode("utf-8", errors="replace")


def examine(log: str) -> Findings:
    """Sort the lines of a log."""
    progress = _PROGRESS.findall(log)
    lines = [
        line.strip()
        for line in _PROGRESS.sub("\n", log).replace("\r", "\n").splitlines()
        if line.strip() and not _IDLE.match(line)
    ]
    # A matrix that turns singular only on the way, when Newton's method ran astray, is not a
    # fault of the circuit.
    first = next((line for line in lines if _SINGULAR.search(line) or _STEPPING.search(line)), "")
    return Findings(
        faults=_unique(line for line in lines if _FAULT.search(line)),
        unsolved=_unique(line for line in lines if _UNSOLVED.search(line)),
        notes=_unique(line for line in lines if _NOTE.match(line)),
        singular=bool(_SINGULAR.search(first)),
        tail=_collapsed(lines)[-_LINES_SHOWN:],
        reached=progress[-1] if progress else "",
    )


def _unique(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lines))


def _collapsed(lines: list[str]) -> tuple[str, ...]:
    """Leave out lines that only repeat the one before."""
    return tuple(line for n, line in enumerate(lines) if n == 0 or line != lines[n - 1])


def why_unsolved(findings: Findings) -> str:
    """Say in a line why the equations were not solved."""
    if findings.singular:
        line = next(line for line in findings.unsolved if "singular" in line.lower())
        return f"{line} (a floating node, or a loop of voltage sources)"
    telling = [line for line in findings.unsolved if "timestep" in line.lower()]
    return f"no convergence: {(telling or list(findings.unsolved))[-1]}"


def why_ended(status: int, file_limit: int) -> str:
    """Say why ngspice ended without a result.

    Args:
        status: exit status, or the negative number of a signal.
        file_limit: bytes, the largest file that it might write.
    """
    if status == -signal.SIGXFSZ:
        return f"it wrote a file larger than file_limit={file_limit} bytes"
    if status < 0:
        return f"it was ended by signal {-status} ({signal.Signals(-status).name})"
    if status == ANALYSIS_FAILED:
        return "the analysis failed"
    return f"it ended with status {status} and no result"
