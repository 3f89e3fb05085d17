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
# ngspice adds this copy when an operating point has one vector.
_COPY = "v(all)"
# `v(v-sweep)` and its like, the axes of dc sweeps.
_SWEEP = re.compile(r"(?:\w+\()?(?P<kind>v|i|res|temp)-sweep\)?")
_SWEPT = {"v": "V", "i": "A", "res": "ohm", "temp": "degC"}
_AXES = {"time": "s", "frequency": "Hz"}
_NUMBER = r"[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?"
# What a measurement is of, where its line says so.
_OF_VALUE = re.compile(
    r"\.meas(?:ure)?\s+\w+\s+\w+\s+(?:max|min|pp|avg|rms|find)\s+(?P<kind>[vi])\(", re.IGNORECASE
)
_OF_AXIS = re.compile(
    r"\.meas(?:ure)?\s+(?P<analysis>tran|ac)\s+\w+\s+(?:when|trig|max_at|min_at)\s", re.IGNORECASE
)
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
        names = plot.names
        if names[1:] == (_COPY,) and plot.data[0, 0] == plot.data[0, 1]:
            names = names[:1]
        point = {
            name: ((), plot.data[0, column], {"units": unit_of(plot, column)})
            for column, name in enumerate(names)
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


def measured_unit(line: str) -> str:
    """Return the unit of what a ``.measure`` line asks for; empty where the line does not say it.

    Args:
        line: such as ``.measure tran peak MAX v(out)``.
    """
    if value := _OF_VALUE.match(line):
        return _SWEPT[value["kind"].lower()]
    if axis := _OF_AXIS.match(line):
        return "s" if axis["analysis"].lower() == "tran" else "Hz"
    return ""


def measured(
    units: Mapping[str, str], log: str
) -> dict[str, tuple[tuple[()], float, dict[str, str]]]:
    """Find the results of ``.measure`` lines in a log.

    Args:
        units: of the measurements, by name.
        log: what ngspice printed.

    Returns:
        For each name a variable without dimension, NaN where ngspice found no value.
    """
    values = {}
    for name, unit in units.items():
        line = rf"^{re.escape(name)}\s*=\s*({_NUMBER})(?:\s|$)"
        found = re.search(line, log, re.IGNORECASE | re.MULTILINE)
        values[name] = ((), float(found[1]) if found else float("nan"), {"units": unit})
    return values


def measurement_names(result: xr.Dataset) -> list[str]:
    """Return the names of the results of ``.measure`` lines in the dataset of a netlist.

    Args:
        result: of ``run_netlist``.
    """
    return [name for name in str(result.attrs["measured"]).split(",") if name]
