"""The formats of other simulators, by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memcircuit.errors import UsageError
from memcircuit.tables.exchange.aihwkit import export_aihwkit, import_aihwkit
from memcircuit.tables.exchange.aihwkit_pulses import export_pulses, import_pulses
from memcircuit.tables.exchange.crosssim import export_crosssim, import_crosssim
from memcircuit.tables.exchange.neurosim import export_neurosim, import_neurosim
from memcircuit.tables.exchange.plain_csv import export_csv, import_csv
from memcircuit.tables.exchange.xbtorch import export_xbtorch, import_xbtorch
from memcircuit.tables.levels import LevelTable
from memcircuit.tables.response import PulseResponse
from memcircuit.tables.table import ConductanceTable

Table = ConductanceTable | LevelTable | PulseResponse


@dataclass(frozen=True)
class ExchangeFormat:
    """One format.

    Attributes:
        summary: what it holds and where.
        kinds: of table that can be written.
        write: writes a table to a path.
        read: returns the table of a path.
    """

    summary: str
    kinds: tuple[type[Table], ...]
    write: Callable[..., tuple[Path, ...]]
    read: Callable[..., Table]


#: Every format, by the name that ``export_table`` and ``import_table`` take.
FORMATS: dict[str, ExchangeFormat] = {
    "aihwkit": ExchangeFormat(
        "arguments of aihwkit's PiecewiseStepDevice: a JSON file",
        (ConductanceTable,),
        export_aihwkit,
        import_aihwkit,
    ),
    "aihwkit_pulses": ExchangeFormat(
        "pulse response that aihwkit's example 21 fits: a CSV file",
        (ConductanceTable,),
        export_pulses,
        import_pulses,
    ),
    "crosssim": ExchangeFormat(
        "look-up tables of dG (a folder) or programming error of levels (a file) for CrossSim",
        (ConductanceTable, PulseResponse, LevelTable),
        export_crosssim,
        import_crosssim,
    ),
    "csv": ExchangeFormat(
        "plain columns with units: a whole conductance or level table in one file",
        (ConductanceTable, LevelTable),
        export_csv,
        import_csv,
    ),
    "neurosim": ExchangeFormat(
        "memory states of NeuroSim: mem_states.csv", (LevelTable,), export_neurosim, import_neurosim
    ),
    "xbtorch": ExchangeFormat(
        "jump tables of xbtorch: six text files whose names begin with the path",
        (ConductanceTable, PulseResponse),
        export_xbtorch,
        import_xbtorch,
    ),
}


def export_table(
    table: Table, format_name: str, path: str | Path, **options: Any
) -> tuple[Path, ...]:
    """Write a table in the format of another simulator.

    Args:
        table: what pulses did, or levels.
        format_name: a name of ``FORMATS``; what a format cannot hold, its module says.
        path: file, folder or beginning of the files' names, as the format has it.
        options: of the format, such as ``points=501`` for CrossSim.

    Returns:
        the files written.

    Raises:
        UsageError: an unknown format or option, a kind of table the format cannot hold, or a file
            that cannot be written.
        TableError: a table the format cannot hold.
    """
    if isinstance(table, str):
        raise UsageError(f"table is {table!r}; export_table takes table, format and path")
    chosen = _format(format_name)
    if not isinstance(table, chosen.kinds):
        kinds = " or ".join(kind.__name__ for kind in chosen.kinds)
        raise UsageError(
            f"{format_name} cannot hold a {type(table).__name__}; it takes a {kinds}"
            + (": LevelTable.from_pulses(table)" if chosen.kinds == (LevelTable,) else "")
        )
    _check_options(format_name, chosen.write, (table, Path(path)), options)
    return chosen.write(table, Path(path), **options)


def import_table(format_name: str, path: str | Path, **options: Any) -> Table:
    """Return the table of files in the format of another simulator.

    Args:
        format_name: a name of ``FORMATS``; what is lost, its module says.
        path: file, folder or beginning of the files' names, as the format has it.
        options: of the format, such as ``unit=1e-9`` for xbtorch.

    Raises:
        UsageError: an unknown format or option.
        TableError: a file cannot be read, or holds no such table.
    """
    chosen = _format(format_name)
    _check_options(format_name, chosen.read, (Path(path),), options)
    return chosen.read(Path(path), **options)


def _format(name: str) -> ExchangeFormat:
    if name not in FORMATS:
        raise UsageError(f"format {name!r}; choose one of {', '.join(FORMATS)}")
    return FORMATS[name]


def _check_options(
    name: str, function: Callable[..., Any], values: tuple[Any, ...], options: dict[str, Any]
) -> None:
    signature = inspect.signature(function)
    try:
        signature.bind(*values, **options)
    except TypeError as error:
        known = list(signature.parameters)[len(values) :]
        raise UsageError(
            f"{name}: options {sorted(options)}; it knows {', '.join(known) or 'none'}"
        ) from error
