"""The one family of errors, and the exit status of each on the command line."""

from __future__ import annotations

from pathlib import Path

from pyspice_netlists.errors import MemcircuitError, NetlistError

__all__ = [
    "CacheError",
    "CardError",
    "CompileError",
    "ConvergenceError",
    "MemcircuitError",
    "NetlistError",
    "ParameterError",
    "SimulationError",
    "StorageError",
    "TableError",
    "ToolError",
    "ToolMissingError",
    "UsageError",
]


class UsageError(MemcircuitError):
    """An argument, a file or a value given by the user cannot be used."""


class CardError(UsageError):
    """A device card cannot be read or says something impossible."""


class ParameterError(UsageError):
    """A parameter is unknown, has the wrong unit, or lies outside its range."""


class TableError(UsageError):
    """A conductance table is missing data, or its file cannot be read."""


class ToolError(MemcircuitError):
    """A tool is missing, or failed through no fault of the input."""

    exit_status = 3


class ToolMissingError(ToolError):
    """A simulator or a compiler was not found, or lacks what was asked of it."""


class ConvergenceError(MemcircuitError):
    """An iteration of ours found no solution that can be trusted."""

    exit_status = 3


class CacheError(ToolError):
    """The cache of compiled models cannot be written."""


class StorageError(ToolError):
    """There is no room for results, or the disk that should hold them fails."""


class CompileError(UsageError):
    """The Verilog-A compiler refused a source file.

    Attributes:
        file: the source file the compiler complained about.
        line: line number in that file, or ``None`` when the compiler gave none.
        log: the compiler's own words.
    """

    def __init__(self, message: str, *, file: Path, line: int | None, log: str) -> None:
        super().__init__(message)
        self.file = file
        self.line = line
        self.log = log


class SimulationError(ToolError):
    """The simulator did not give a result that can be trusted.

    Attributes:
        log: the lines of the simulator's log that matter.
        run_directory: where the netlist, the log and any partial result were kept.
    """

    def __init__(self, message: str, *, log: str = "", run_directory: Path | None = None) -> None:
        super().__init__(message)
        self.log = log
        self.run_directory = run_directory
