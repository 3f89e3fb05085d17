"""Plain CSV that explains itself and holds a whole table: for a spreadsheet, or any program.

Columns with units in the header, separated by commas; numbers with a decimal point, written so that
the very same are read back. Lines that begin with ``#`` are comments; of those,
``# attribute NAME = JSON`` hold the attributes of a conductance table. Columns of a conductance
table: device, cycle, direction (set or reset), step (0 before the first pulse of that direction),
conductance, energy of the pulse that led to the step. Columns of a level table: level, conductance
and its three deviations.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from memcircuit.errors import TableError
from memcircuit.tables.exchange.text_file import Line, joined, matrix, read_lines, write_texts
from memcircuit.tables.levels import SPREADS, LevelTable
from memcircuit.tables.table import DIRECTIONS, ConductanceTable

_PULSES = "device,cycle,direction,step,conductance (S),energy (J)"
_LEVELS = "level,conductance (S),device_to_device (S),cycle_to_cycle (S),read_noise (S)"
_ATTRIBUTE = "# attribute "


def export_csv(table: ConductanceTable | LevelTable, path: Path) -> tuple[Path, ...]:
    """Write the whole table.

    Raises:
        TableError: an attribute of the table that JSON cannot hold.
        UsageError: the file cannot be written.
    """
    lines = _level_lines(table) if isinstance(table, LevelTable) else _pulse_lines(table)
    return write_texts({path: "\n".join(lines) + "\n"})


def import_csv(path: Path) -> ConductanceTable | LevelTable:
    """Return the table of a file; which kind it is, its header says.

    Nothing is lost but an attribute's kind of sequence: a list is read where an array was written.

    Raises:
        TableError: the file cannot be read, or holds no such table.
    """
    lines = read_lines(path, 2)
    attributes = {}
    while lines and lines[0].text.lstrip().startswith("#"):
        attributes.update(_attribute(lines.pop(0)))
    if not lines:
        raise TableError(f"{path}: comments only; the header is {_PULSES} or {_LEVELS}")
    header, *rows = lines
    names = header.cells(",")
    if names == _LEVELS.split(","):
        return _levels(rows, path)
    if names == _PULSES.split(","):
        return _pulses(rows, attributes, path)
    raise header.error(f"header {','.join(names)!r}; must be {_PULSES} or {_LEVELS}")


def _level_lines(table: LevelTable) -> list[str]:
    columns = (getattr(table, name) for name in ("conductance", *SPREADS))
    rows = enumerate(zip(*columns, strict=True))
    return ["# memcircuit level table", _LEVELS, *(f"{level},{joined(row)}" for level, row in rows)]


def _pulse_lines(table: ConductanceTable) -> list[str]:
    data = table.dataset
    lines = ["# memcircuit conductance table", *map(_attribute_line, data.attrs.items()), _PULSES]
    labels = [data[name].to_numpy() for name in ("device", "cycle", "direction", "step")]
    conductance, energy = data["conductance"].to_numpy(), data["energy"].to_numpy()
    # a direction with fewer pulses has no lines where the table has NaN
    for place in np.argwhere(~np.isnan(conductance)):
        named = ",".join(str(label[index]) for label, index in zip(labels, place, strict=True))
        lines.append(f"{named},{joined((conductance[*place], energy[*place]))}")
    return lines


def _attribute_line(item: tuple[Any, Any]) -> str:
    name, value = item
    if not isinstance(name, str) or "\n" in name or " = " in name:
        raise TableError(f"conductance table: no CSV comment can hold an attribute named {name!r}")
    plain = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
    try:
        return f"{_ATTRIBUTE}{name} = {json.dumps(plain)}"
    except (TypeError, ValueError) as error:
        raise TableError(
            f"conductance table: attribute {name!r} is {value!r}, which no CSV comment can hold"
        ) from error


def _attribute(line: Line) -> dict[str, Any]:
    if not line.text.startswith(_ATTRIBUTE):
        return {}
    name, equals, value = line.text.removeprefix(_ATTRIBUTE).partition(" = ")
    try:
        return {name: json.loads(value)}
    except (ValueError, RecursionError) as error:
        place = f"{name!r}{equals}{value[:40]!r}"
        raise line.error(f"attribute {place} is not NAME = JSON") from error


def _levels(rows: list[Line], path: Path) -> LevelTable:
    values = matrix(rows, ",", 5)
    if not np.array_equal(values[:, 0], np.arange(len(values))):
        raise TableError(f"{path}: the levels must be numbered 0, 1, 2 ...")
    try:
        return LevelTable(*values.T[1:])
    except TableError as error:
        raise TableError(f"{path}: {error}") from error


def _pulses(rows: list[Line], attributes: dict[str, Any], path: Path) -> ConductanceTable:
    if not rows:
        raise TableError(f"{path}: no pulses after the header")
    places, values = zip(*(_pulse(row) for row in rows), strict=True)
    device, cycle, direction, step = np.array(places).T
    devices, device = np.unique(device, return_inverse=True)
    cycles, cycle = np.unique(cycle, return_inverse=True)
    # counted before any array is made: a stray step of 2000000000 must not ask for the memory
    trains = devices.size * cycles.size
    expected = trains * sum(int(step[direction == d].max(initial=-1)) + 1 for d in (0, 1))
    if len(rows) != expected:
        raise TableError(
            f"{path}: {len(rows)} lines for {devices.size} devices, {cycles.size} cycles and steps "
            f"up to {step.max()}; a whole table has {expected}"
        )
    place = (device, cycle, direction, step)
    shape = (devices.size, cycles.size, len(DIRECTIONS), int(step.max()) + 1)
    taken = np.bincount(np.ravel_multi_index(place, shape))
    if taken.max() > 1:
        index = np.ravel_multi_index(place, shape)
        first = np.unique(index, return_index=True)[1]
        again = np.setdiff1d(np.arange(len(rows)), first)[0]
        raise rows[again].error("the same device, cycle, direction and step as a line before")
    both = np.full((*shape, 2), np.nan)
    both[place] = values
    try:
        return ConductanceTable.of_trains(
            both[..., 0], both[..., 1], device=devices, cycle=cycles, attributes=attributes
        )
    except TableError as error:
        raise TableError(f"{path}: {error}") from error


def _pulse(row: Line) -> tuple[tuple[int, int, int, int], tuple[float, float]]:
    device, cycle, direction, step, conductance, energy = row.cells(",", 6)
    if direction not in DIRECTIONS:
        raise row.error(f"direction {direction[:40]!r}; must be set or reset")
    siemens = row.number_of(conductance)
    if siemens <= 0:
        raise row.error(f"conductance {siemens:g} S; must be above 0")
    # energies are unknown in tables from some sources
    joules = np.nan if energy == "nan" else row.number_of(energy)
    return (
        (
            row.count_of(device),
            row.count_of(cycle),
            DIRECTIONS.index(direction),
            row.count_of(step),
        ),
        (siemens, joules),
    )
