"""Waveforms for the lines of an array: one for all, one for each, or none where a line is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import is_number
from memcircuit.crossbar.wires import Array, Ends, Lines
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import HIGHEST_VOLTAGE, gate_voltage

if TYPE_CHECKING:
    from memcircuit.crossbar.crossbar import Crossbar
    from pyspice_netlists import Cell, LineEnds, Waveform

#: What drives a line: a waveform, a constant voltage (V), or nothing, which leaves it open.
Drive: TypeAlias = "Waveform | float | None"
#: One for all lines, or one for each.
Drives: TypeAlias = "Drive | Sequence[Drive] | Array"


@dataclass(frozen=True, eq=False)
class LineDrives:
    """What drives the lines of one kind.

    Attributes:
        kind: what the lines are called.
        each: one drive for each line.
    """

    kind: str
    each: tuple[Drive, ...]

    @property
    def open(self) -> NDArray[np.bool_]:
        """Whether each line is open, (lines,)."""
        return np.array([drive is None for drive in self.each])

    @property
    def driving(self) -> NDArray[np.intp]:
        """Lines whose drive is not 0 V all along."""
        volts = [drive if isinstance(drive, float | None) else drive.voltage for drive in self.each]
        return np.flatnonzero([volt is not None and bool(np.any(volt)) for volt in volts])

    def sources(self) -> list[str | float]:
        """Return the value of each line's voltage source; 0 V of an open one."""
        return [
            0.0 if drive is None else drive if isinstance(drive, float) else drive.source()
            for drive in self.each
        ]

    def at(self, time: Array) -> Array:
        """Return the voltages at times (n,) s, (n, lines) V; 0 V of an open line."""
        volts = [
            np.full(time.shape, drive or 0.0)
            if drive is None or isinstance(drive, float)
            else drive.at(time)
            for drive in self.each
        ]
        return np.array(volts).reshape(len(self.each), time.size).T

    @property
    def waveforms(self) -> list[Waveform]:
        """The waveforms among the drives, each once."""
        found = {id(drive): drive for drive in self.each if not isinstance(drive, float | None)}
        return list(found.values())

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest voltage, V, 0 V among them."""
        volts = [w.voltage for w in self.waveforms]
        volts += [np.array([drive]) for drive in self.each if isinstance(drive, float)]
        every = np.concatenate([np.zeros(1), *volts])
        return float(every.min()), float(every.max())


def line_drives(kind: str, given: Drives, count: int) -> LineDrives:
    """Return what drives each line.

    Args:
        kind: what the lines are called.
        given: one drive for all lines, or one for each.
        count: number of lines.

    Raises:
        UsageError: another number of drives, or what drives no line.
    """
    if isinstance(given, list | tuple | np.ndarray):
        shape = given.shape if isinstance(given, np.ndarray) else (len(given),)
        if shape != (count,):
            raise UsageError(
                f"{kind}: {shape} drives for {count} lines; expected one for all or one for each"
            )
        each: Sequence[Drive] = list(given)
    else:
        each = [given] * count  # type: ignore[list-item]
    return LineDrives(kind, tuple(_drive(f"{kind}[{k}]", drive) for k, drive in enumerate(each)))


def _drive(name: str, given: Drive) -> Drive:
    from pyspice_netlists import Waveform

    if given is None:
        return None
    if not is_number(given) and not isinstance(given, Waveform):
        raise UsageError(f"{name} = {given!r}: expected a Waveform, a voltage in V or None (open)")
    highest = np.abs(given.voltage).max() if isinstance(given, Waveform) else abs(float(given))
    if not highest < HIGHEST_VOLTAGE:
        raise UsageError(f"{name} = {highest:g} V: expected less than {HIGHEST_VOLTAGE:g} V")
    return given if isinstance(given, Waveform) else float(given)


def gate_drives(array: Crossbar, cell: Cell, given: Drives) -> LineDrives:
    """Return what drives the gate lines; those of the array, or the card's, when None is given."""
    if not cell.gated:
        if given is not None:
            raise UsageError(f"gates: cell {cell.name!r} has no transistor; leave gates out")
        return LineDrives("gates", ())
    if given is None:
        own = array.gate
        volts = np.asarray(gate_voltage(cell, None) if own is None else own, dtype=float)
        given = volts if volts.ndim else float(volts)
    count = array.rows if array.gate_lines == "row" else array.columns
    drives = line_drives("gates", given, count)
    if drives.open.any():
        raise UsageError(f"gates[{int(drives.open.argmax())}] is None: a gate line has a voltage")
    return drives


def line_sources(lines: Lines, rows: LineDrives, columns: LineDrives) -> LineEnds:
    """Return the sources at the ends: rows where driven, columns where sensed, else 0 V."""
    from pyspice_netlists import LineEnds

    row, column = rows.sources(), columns.sources()
    return LineEnds(
        left=row if lines.driven != "right" else 0.0,
        right=row if lines.driven != "left" else 0.0,
        top=column if lines.sensed != "bottom" else 0.0,
        bottom=column if lines.sensed != "top" else 0.0,
    )


def line_potentials(lines: Lines, rows: LineDrives, columns: LineDrives, time: Array) -> Ends:
    """Return the potentials at the ends at times (n,) s, each (n, lines) V."""
    row, column = rows.at(time), columns.at(time)
    return Ends(
        left=row * (lines.driven != "right"),
        right=row * (lines.driven != "left"),
        top=column * (lines.sensed != "bottom"),
        bottom=column * (lines.sensed != "top"),
    )
