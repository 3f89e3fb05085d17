"""From the raw file and the log of a foreign netlist to a dataset."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from memcircuit.simulate.raw import RawPlot
from memcircuit.simulate.result import unit_of

if TYPE_CHECKING:
    import xarray as xr

_POINT = "Operating Point"
# `v(v-sweep)` and its like, the axes of dc sweeps.
_SWEEP = re.compile(r"(?:\w+\()?(?P<kind>v|i|res|temp)-sweep\)?")
_SWEPT = {"v": "V", "i": "A", "res": "ohm", "temp": "degC"}
_AXES = {"time": "s", "frequency": "Hz"}
_NUMBER = r"[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?"
_EVERYTHING = ("all", "allv", "alli", "none")


def plot_shortcoming(plots: Sequence[RawPlot], saved: Sequence[str]) -> str:
    """Say why the last of these plots is no whole result; empty when it is.

    Args:
        plots: what the raw file holds.
        saved: the names that the netlist saves.
    """
    if not plots or not plots[-1].data.size:
        return "the result holds no points (is the disk full?)"
    plot = plots[-1]
    if plot.truncated:
        return (
            f"the result file is cut short: {len(plot.data)} of {plot.declared_points} points"
            " (is the disk full?)"
        )
    stored = set(plot.names)
    missing = [name for name in saved if not _is_stored(name.lower(), stored)]
    if missing:
        return (
            f"no such vector in this circuit: {', '.join(missing[:20])};"
            f" stored were {', '.join(plot.names[:20])}"
        )
    strange = np.flatnonzero(~np.isfinite(plot.data).all(axis=0)).tolist()
    names = ", ".join(plot.names[column] for column in strange[:20])
    return f"not a number at some points: {names}" if strange else ""


def _is_stored(name: str, stored: set[str]) -> bool:
    # Differences of voltages are stored as the two voltages.
    return (
        name in _EVERYTHING
        or not {name, f"v({name})", f"i({name})"}.isdisjoint(stored)
        or "," in name
    )


def plot_dataset(plot: RawPlot, attributes: Mapping[str, str | int | float]) -> xr.Dataset:
    """Make the dataset of a plot.

    Args:
        plot: (points, vectors) the plot of any analysis.
        attributes: how it was obtained.

    Returns:
        Every vector over the axis of the plot, ``time`` (s), ``frequency`` (Hz), ``sweep`` or
        what ngspice calls it; those of an operating point without dimension.
    """
    import xarray as xr

    if plot.plotname == _POINT:
        point = {
            name: ((), plot.data[0, column], {"units": unit_of(plot, column)})
            for column, name in enumerate(plot.names)
        }
        return xr.Dataset(point, attrs=dict(attributes))
    first = plot.names[0]
    swept = _SWEEP.fullmatch(first)
    dimension = "sweep" if swept else first
    units = _SWEPT[swept["kind"]] if swept else _AXES.get(first, unit_of(plot, 0))
    columns = np.ascontiguousarray(plot.data.T)
    values = {
        name: (dimension, columns[column], {"units": unit_of(plot, column)})
        for column, name in enumerate(plot.names)
        if column > 0 and name != dimension
    }
    axis = np.ascontiguousarray(columns[0].real)
    return xr.Dataset(values, {dimension: (dimension, axis, {"units": units})}, dict(attributes))


def measured(names: Sequence[str], log: str) -> dict[str, tuple[tuple[()], float]]:
    """Find the results of ``.measure`` lines in a log.

    Args:
        names: of the measurements.
        log: what ngspice printed.

    Returns:
        For each name a variable without dimension, NaN where ngspice found no value.
    """
    values = {}
    for name in names:
        line = rf"^{re.escape(name)}\s*=\s*({_NUMBER})(?:\s|$)"
        found = re.search(line, log, re.IGNORECASE | re.MULTILINE)
        values[name] = ((), float(found[1]) if found else float("nan"))
    return values
