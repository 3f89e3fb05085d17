"""xbtorch's jump tables: the distribution of dG at every conductance, in six text files.

Source: github.com/ADAM-Lab-GW/xbtorch, ``TabularDevice`` of ``src/xbtorch/devices/base.py``,
``find_nearest_2d`` and ``construct_cdf`` of ``src/xbtorch/devices/utils.py``, and the tables of 100
by 100 in ``src/xbtorch/libdata/tabular``. Per direction, with a common beginning of the names:
``*_axis_level_G.txt`` and ``*_axis_level_dG.txt``, one number per line, and ``*_cdf.txt`` with a
line per conductance and a column per dG, all read by ``numpy.loadtxt`` in single precision. Both
directions must share their first and last conductance. A pulse takes the line of the nearest
conductance and the column whose CDF is nearest to a uniform random number. Files carry no unit:
ours are in S, as are xbtorch's synthetic ones. The number of pulses between the ends, which
``TabularDevice(max_level=...)`` needs, is not in the files.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import TableError
from memcircuit.tables.exchange.moments import StepMoments, step_moments
from memcircuit.tables.exchange.text_file import joined, matrix, read_lines, rising, write_texts
from memcircuit.tables.response import PulseResponse
from memcircuit.tables.table import ConductanceTable

Array = NDArray[np.float64]

_DIRECTIONS = ("set", "reset")
# of the dG axis: how far it reaches beyond the outermost means, and what is left of it then
_SIGMAS, _MARGIN = 4.0, 8


def export_xbtorch(
    table: ConductanceTable | PulseResponse,
    path: Path,
    *,
    points: int = 100,
    device: int | None = None,
) -> tuple[Path, ...]:
    """Write six files whose names begin with ``path``.

    The change by a pulse is taken as normal, as ``construct_cdf`` does. With h the distance of
    the dG axis, the nearest CDF value takes a change to the axis points on either side of it with
    equal chance, which adds h**2 / 3 to the variance; the written distribution is narrower by
    that much, but not below h / 2, where draws would leave their mean. So draws have the table's
    mean, and its deviation where that is at least 0.8 h, and 0.8 h elsewhere: raise ``points``.

    xbtorch draws anew at every pulse and knows no single devices: the deviation is that of all
    devices together, or of ``device`` from cycle to cycle. Energies are not in the files.

    Args:
        table: what pulses did.
        path: common beginning of the six names; the folder must exist.
        points: number of conductances and of changes, as in xbtorch's own tables.
        device: the one device to describe; all by default.

    Raises:
        TableError: too few points.
        UsageError: no such device, or a file cannot be written.
    """
    from scipy.special import ndtr

    moments = step_moments(table, points, device)
    if points < 2 * _MARGIN:
        raise TableError(f"xbtorch: {points} points of dG; at least {2 * _MARGIN}")
    texts = {}
    for direction, (mean, deviation) in moments.directions.items():
        axis = _change_axis(mean, deviation, points)
        distance = axis[1] - axis[0]
        narrowed = np.sqrt(np.maximum(deviation**2 - distance**2 / 3, distance**2 / 4))
        cdf = ndtr((axis - mean[:, np.newaxis]) / narrowed[:, np.newaxis])
        contents = (
            joined(moments.conductance, "\n"),
            joined(axis, "\n"),
            "\n".join(joined(row, " ") for row in cdf),
        )
        for name, content in zip(_names(path, direction), contents, strict=True):
            texts[name] = content + "\n"
    return write_texts(texts)


def import_xbtorch(path: Path, *, unit: float = 1.0) -> PulseResponse:
    """Return the response of the six files whose names begin with ``path``.

    It is that of one device with the mean and the deviation of the tabled distribution; the shape
    of the distribution is lost. Conductances that differ between the directions are brought to
    those of SET.

    Args:
        path: common beginning of the six names.
        unit: S per number in the files, such as 1e-9 for tables in nS.

    Raises:
        TableError: a file cannot be read or holds no such table, or ``unit`` is not above 0.
    """
    if not isinstance(unit, int | float) or not 0 < unit < np.inf:
        raise TableError(f"xbtorch: unit of {unit!r} S; must be above 0")
    (axis, *up), (others, *down) = (_read_direction(path, name, unit) for name in _DIRECTIONS)
    if axis[0] != others[0] or axis[-1] != others[-1]:
        raise TableError(
            f"{path}: conductances of {axis[0]:g}..{axis[-1]:g} S for SET and {others[0]:g}.."
            f"{others[-1]:g} S for RESET; both must have the same ends"
        )
    down = [np.interp(axis, others, column) for column in down]
    return StepMoments(axis, *up, *down).response()


def _names(path: Path, direction: str) -> tuple[Path, Path, Path]:
    conductance, change, cdf = (
        path.with_name(f"{path.name}_{direction}_{part}.txt")
        for part in ("axis_level_G", "axis_level_dG", "cdf")
    )
    return conductance, change, cdf


def _change_axis(mean: Array, deviation: Array, points: int) -> Array:
    """Return a uniform axis with a point at 0, where changes end that nothing makes."""
    lowest, highest = (mean - _SIGMAS * deviation).min(), (mean + _SIGMAS * deviation).max()
    distance = (highest - lowest) / (points - 1 - _MARGIN)
    if not distance > 0:
        raise TableError(f"xbtorch: every pulse changes the conductance by {lowest:g} S alike")
    return np.asarray(distance * (np.floor(lowest / distance) - _MARGIN // 2 + np.arange(points)))


def _read_direction(path: Path, direction: str, unit: float) -> tuple[Array, Array, Array]:
    """Return conductance (S), mean change (S) and its deviation (S), each (points,)."""
    names = _names(path, direction)
    axes = []
    for file, name in zip(names, ("conductance", "dG"), strict=False):
        axes.append(rising(unit * matrix(read_lines(file), None, 1)[:, 0], name, file))
    conductance, change = axes
    if conductance[0] < 0:
        raise TableError(f"{names[0]}: conductance {conductance[0]:g} S; at least 0")
    lines = read_lines(names[2])
    if len(lines) != len(conductance):
        raise TableError(
            f"{names[2]}: {len(lines)} lines of the CDF for {len(conductance)} conductances"
        )
    cdf = matrix(lines, None, len(change))
    wrong = np.flatnonzero((np.diff(cdf) < 0).any(axis=1) | (cdf[:, 0] < 0) | (cdf[:, -1] > 1))
    if wrong.size:
        raise lines[wrong[0]].error("the CDF must not fall and must stay within 0 to 1")
    # a draw takes the column whose CDF is nearest: each stands for the half distance either side
    middles = 0.5 * (cdf[:, 1:] + cdf[:, :-1])
    share = np.diff(middles, axis=1, prepend=0.0, append=1.0)
    mean = share @ change
    variance = (share * np.square(change - mean[:, np.newaxis])).sum(axis=1)
    return conductance, mean, np.sqrt(variance)
