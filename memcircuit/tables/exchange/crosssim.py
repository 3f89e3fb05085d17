"""CrossSim's tables: what a pulse does (version 2.0), and how far programming strays (3.x).

Sources, all of github.com/sandialabs/cross-sim:

* Look-up tables of dG, ``dG_increasing.txt`` and ``dG_decreasing.txt``: written by
  ``create_lookup_table`` of ``examples/lookup_table_generation/process_measured_data.py`` and read
  by ``dGLookupParams`` of ``cross_sim/cross_sim/xbar_simulator/parameters/numeric_params.py`` at
  tag v2.0 (version 3 has no pulse training). A heading, then columns separated by commas: the
  conductances (S), the cumulative probabilities, and from there one line per probability with dG
  (S) at each conductance. Both files must have the same conductances and probabilities; on uniform
  ones it draws the line of the nearest probability, the first and last therefore half as often.
* Programming error: ``simulator/devices/models/interpolated_device.py`` (3.x) takes three arrays
  ``targets``, deviation and mean in S (with Rmin and Rmax in ohm) and interpolates the deviation
  between targets. It reads no file; ours is one for ``numpy.loadtxt(path, unpack=True)``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import TableError
from memcircuit.files import make_directory
from memcircuit.tables.exchange.moments import StepMoments, step_moments
from memcircuit.tables.exchange.text_file import (
    joined,
    matrix,
    read_lines,
    rising,
    write_texts,
)
from memcircuit.tables.levels import LevelTable
from memcircuit.tables.response import PulseResponse
from memcircuit.tables.table import ConductanceTable

Array = NDArray[np.float64]

_FILES = {"set": "dG_increasing.txt", "reset": "dG_decreasing.txt"}
_HEADING = "line 1: conductance (S), line 2: CDF, then dG (S) with a line per CDF point"


def export_crosssim(
    table: ConductanceTable | PulseResponse | LevelTable,
    path: Path,
    *,
    points: int = 501,
    device: int | None = None,
) -> tuple[Path, ...]:
    """Write the two look-up tables into a folder, or the programming error of levels to a file.

    The change by a pulse is taken as normal with the table's mean and deviation; the lines of
    dG are its quantiles, the outermost set so that CrossSim's draws have exactly that deviation.
    CrossSim draws anew at every pulse and knows no single devices: the deviation is that of all
    devices together, or of ``device`` from cycle to cycle. Energies are not in the files.

    Levels are written with their deviation between devices and between cycles together.

    Args:
        table: what pulses did, or levels.
        path: the folder, made if needed; for levels the file.
        points: number of conductances and of probabilities, as in CrossSim's own tables.
        device: the one device to describe; all by default.

    Raises:
        TableError: too few points, or pulses that on average go the wrong way.
        UsageError: no such device, or a file cannot be written.
    """
    if isinstance(table, LevelTable):
        return _write_levels(table, path)
    moments = step_moments(table, points, device)
    probability, quantiles = _standard_quantiles(points)
    texts = {}
    for (direction, (mean, deviation)), sign in zip(
        moments.directions.items(), (1, -1), strict=True
    ):
        if not sign * mean.mean() > 0:
            raise TableError(
                f"CrossSim: {direction} pulses change the conductance by {mean.mean():g} S on "
                "average; SET must raise and RESET lower it"
            )
        rows = mean + np.outer(quantiles, deviation)
        lines = [_HEADING, *(joined(row) for row in (moments.conductance, probability, *rows))]
        texts[path / _FILES[direction]] = "\n".join(lines) + "\n"
    make_directory(path)
    return write_texts(texts)


def import_crosssim(path: Path) -> PulseResponse | LevelTable:
    """Return the response of a folder with both look-up tables, or the levels of a file.

    The response is that of one device with the mean and the deviation of CrossSim's draws; the
    shape of the distribution is lost. The deviation of levels comes back as that between devices.

    Raises:
        TableError: a file cannot be read, or holds no such table.
    """
    if not path.is_dir():
        return _read_levels(path)
    tables = {direction: _read_lookup(path / name) for direction, name in _FILES.items()}
    (conductance, probability, up), (others, other_probability, down) = tables.values()
    for name, one, other in (
        ("conductances", conductance, others),
        ("CDF points", probability, other_probability),
    ):
        if not np.array_equal(one, other):
            raise TableError(f"{path}: the {name} of {' and '.join(_FILES.values())} differ")
    # the nearest CDF point is drawn, so that each stands for the half distance to either side
    bounds = np.concatenate([[0.0], 0.5 * (probability[1:] + probability[:-1]), [1.0]])
    share = np.diff(bounds)[:, np.newaxis]
    columns = []
    for change in (up, down):
        mean = (share * change).sum(axis=0)
        columns += [mean, np.sqrt((share * np.square(change - mean)).sum(axis=0))]
    return StepMoments(conductance, *columns).response()


def _standard_quantiles(count: int) -> tuple[Array, Array]:
    """Return CDF points and values of a normal variable whose draws have variance 1."""
    from scipy.special import ndtri

    if count < 5:
        raise TableError(f"CrossSim: {count} points of the distribution; at least 5")
    probability = np.linspace(0.0, 1.0, count)
    values = np.zeros(count)
    values[1:-1] = ndtri(probability[1:-1])
    # both ends are drawn half as often: (sum of the inner squares + end**2) / (count - 1) = 1
    values[-1] = np.sqrt(count - 1 - np.square(values[1:-1]).sum())
    values[0] = -values[-1]
    return probability, values


def _read_lookup(path: Path) -> tuple[Array, Array, Array]:
    heading, *lines = read_lines(path, 5)
    if _is_number(heading.cells(",")[0]):
        raise heading.error("a number; the first line is a heading, the second the conductances")
    conductance = rising(lines[0].numbers(","), "the conductance", path)
    if conductance[0] < 0:
        raise lines[0].error(f"conductance {conductance[0]:g} S; at least 0")
    probability = rising(lines[1].numbers(","), "the CDF", path)
    if abs(probability[0]) > 1e-6 or abs(probability[-1] - 1) > 1e-6:
        raise lines[1].error(f"CDF from {probability[0]:g} to {probability[-1]:g}; must be 0 to 1")
    rows = lines[2:]
    if len(rows) != len(probability):
        raise TableError(f"{path}: {len(rows)} lines of dG for {len(probability)} CDF points")
    return conductance, probability, matrix(rows, ",", len(conductance))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _write_levels(table: LevelTable, path: Path) -> tuple[Path, ...]:
    deviation = table.written_deviation
    rows = zip(table.conductance, deviation, table.conductance, strict=True)
    lines = ["# target (S), standard deviation (S), mean (S)", *(joined(row, " ") for row in rows)]
    return write_texts({path: "\n".join(lines) + "\n"})


def _read_levels(path: Path) -> LevelTable:
    lines = [line for line in read_lines(path) if not line.text.lstrip().startswith("#")]
    _, deviation, mean = matrix(lines, None, 3).T
    try:
        return LevelTable.of(mean, device_to_device=deviation)
    except TableError as error:
        raise TableError(f"{path}: {error}") from error
