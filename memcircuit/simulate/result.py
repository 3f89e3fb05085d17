"""From the raw file of a run to a dataset, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from memcircuit.simulate.job import Job
from memcircuit.simulate.raw import RawPlot

if TYPE_CHECKING:
    import xarray as xr

_UNITS = {"voltage": "V", "current": "A", "time": "s", "frequency": "Hz"}


def shortcoming(job: Job, plots: list[RawPlot]) -> str:
    """Say why these plots are not the whole result of a job; empty when they are.

    Args:
        job: what was asked for.
        plots: what the raw file holds.
    """
    if not plots:
        return "the result file is empty or cut short (is the disk full?)"
    plot = plots[-1]
    columns = columns_of(job, plot)
    missing = [name for name in job.vectors if name not in columns]
    reason = ""
    if plot.plotname != job.analysis.plotname:
        reason = f"the result holds {plot.plotname!r} instead of {job.analysis.plotname!r}"
    elif plot.truncated:
        reason = (
            f"the result file is cut short: {len(plot.data)} of {plot.declared_points} points"
            " (is the disk full?)"
        )
    elif missing:
        reason = (
            f"no such vector in this circuit: {', '.join(missing[:20])};"
            f" stored were {', '.join(plot.names[:20])}"
        )
    elif shortfall := job.analysis.shortfall(plot.data[:, 0].real):
        reason = f"the result is not complete: {shortfall}"
    elif strange := _not_finite(plot, columns):
        reason = f"not a number at some points: {', '.join(strange[:20])}"
    return reason


def to_dataset(job: Job, plot: RawPlot, attributes: Mapping[str, str | int | float]) -> xr.Dataset:
    """Make the dataset of a whole result.

    Args:
        job: what was asked for.
        plot: the plot that holds it.
        attributes: how it was obtained.

    Returns:
        One variable for each vector of the job, named exactly as asked for, each with its unit.
    """
    import xarray as xr

    dimension = job.analysis.dimension
    variables = {}
    for name, column in columns_of(job, plot).items():
        values = np.ascontiguousarray(plot.data[:, column])
        units = {"units": unit_of(plot, column)}
        variables[name] = (dimension, values, units) if dimension else ((), values[0], units)
    coordinates = {}
    if dimension:
        axis = np.ascontiguousarray(plot.data[:, 0].real)
        coordinates[dimension] = (dimension, axis, {"units": job.analysis.unit})
    return xr.Dataset(variables, coordinates, dict(attributes))


def columns_of(job: Job, plot: RawPlot) -> dict[str, int]:
    """Find the columns of the vectors asked for, as far as they are there.

    ngspice wraps the names of device quantities in ``v(...)`` or ``i(...)``.
    """
    places = {name: column for column, name in reversed(list(enumerate(plot.names)))}
    columns = {}
    for name in job.vectors:
        lower = name.lower()
        for candidate in (lower, f"v({lower})", f"i({lower})"):
            if candidate in places:
                columns[name] = places[candidate]
                break
    return columns


def _not_finite(plot: RawPlot, columns: Mapping[str, int]) -> list[str]:
    strange = set(np.flatnonzero(~np.isfinite(plot.data).all(axis=0)).tolist())
    return [name for name, column in columns.items() if column in strange]


def unit_of(plot: RawPlot, column: int) -> str:
    """Return the unit of a column of a plot; empty when it is not known."""
    # Every device quantity that is not a current is called a voltage in the raw file.
    if plot.names[column].startswith(("v(@", "@")) and plot.types[column] != "current":
        return ""
    return _UNITS.get(plot.types[column], "")
