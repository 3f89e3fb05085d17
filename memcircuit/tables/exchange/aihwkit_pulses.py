"""aihwkit's pulse response: the two columns that its example fits a piecewise-step device to.

Source: github.com/IBM/aihwkit, ``read_from_file`` of ``examples/21_fit_device_data.py`` (1.1) with
``examples/csv/gong_et_al.csv``: two columns ``up_data,down_data`` without a header, a line per
pulse of both directions, scaled to about -1..1 (its estimate of the noise takes them so). Its fit
gives ``up_down`` as a difference of weights; aihwkit's ``populate`` takes it as a share of
``dw_min``, as ``aihwkit_parameters`` gives it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import TableError, UsageError
from memcircuit.tables.exchange.text_file import joined, matrix, read_lines, write_texts
from memcircuit.tables.table import ConductanceTable

Array = NDArray[np.float64]

_NAMES = ["up_data", "down_data"]


def export_pulses(
    table: ConductanceTable,
    path: Path,
    *,
    conductance_range: tuple[float, float] | None = None,
    device: int | None = None,
    cycle: int | None = None,
) -> tuple[Path, ...]:
    """Write conductances after each pulse, -1..1, up in the first column and down in the second.

    Args:
        table: with as many SET as RESET pulses.
        path: the file.
        conductance_range: S that become -1 and +1; by default the range that both directions
            cover, which the example's fit takes.
        device: the one device to write; the mean over devices by default.
        cycle: the one cycle to write; the mean over cycles by default.

    Raises:
        TableError: unequal numbers of pulses, or a range that does not rise.
        UsageError: no such device or cycle, or the file cannot be written.
    """
    up, down = (_curve(table.curves(name), device, cycle) for name in ("set", "reset"))
    if len(up) != len(down):
        raise TableError(
            f"aihwkit: {len(up) - 1} SET and {len(down) - 1} RESET pulses; its pulse response has "
            "one line per pulse of both: apply as many of each, or export as 'aihwkit'"
        )
    low, high = _range(conductance_range or (max(up.min(), down.min()), min(up.max(), down.max())))
    scaled = 2.0 * (np.stack([up, down], axis=1) - low) / (high - low) - 1.0
    return write_texts({path: "\n".join(joined(row) for row in scaled) + "\n"})


def import_pulses(
    path: Path, *, conductance_range: tuple[float, float] | None = None
) -> ConductanceTable:
    """Return the table of one device and one cycle, with energies unknown (NaN).

    Args:
        path: two columns; a header ``up_data,down_data`` is accepted.
        conductance_range: S of -1 and of +1; without it the numbers are taken as S.

    Raises:
        TableError: the file cannot be read, or conductances come out at 0 or below.
    """
    lines = read_lines(path, 2)
    if lines[0].cells(",") == _NAMES:
        lines = lines[1:]
    values = matrix(lines, ",", 2)
    if conductance_range is not None:
        low, high = _range(conductance_range)
        values = low + 0.5 * (values + 1.0) * (high - low)
    bad = np.argwhere(values <= 0)
    if bad.size:
        row, column = bad[0]
        raise lines[row].error(
            f"{_NAMES[column]} is {values[row, column]:g} S; must be above 0: give "
            "conductance_range=(S of -1, S of +1)"
        )
    conductance = values.T[np.newaxis, np.newaxis]
    pulses = len(lines) - 1
    return ConductanceTable.of_trains(
        conductance,
        np.full_like(conductance, np.nan),
        device=[0],
        cycle=[0],
        attributes={"pulses_set": pulses, "pulses_reset": pulses},
    )


def _curve(curves: Array, device: int | None, cycle: int | None) -> Array:
    """Return one curve, (pulses + 1,) S, of (devices, cycles, pulses + 1)."""
    for name, index, count in (
        ("device", device, curves.shape[0]),
        ("cycle", cycle, curves.shape[1]),
    ):
        if index is not None and index not in range(count):
            raise UsageError(f"{name} {index!r}; the table has 0..{count - 1}")
    of_device = curves if device is None else curves[[device]]
    of_cycle = of_device if cycle is None else of_device[:, [cycle]]
    return np.asarray(of_cycle.mean(axis=(0, 1)))


def _range(ends: tuple[float, float]) -> tuple[float, float]:
    low, high = (float(end) for end in ends)
    if not 0 <= low < high < np.inf:
        raise TableError(f"aihwkit: conductance range {low:g}..{high:g} S; must rise from >= 0")
    return low, high
