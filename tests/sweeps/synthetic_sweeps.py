"""Datasets as a sweep returns them, of results that a formula gives."""

from __future__ import annotations

import numpy as np
import xarray as xr

UNITS = {"device.k_set": "m/s", "set.amplitude": "V", "cell.transistor.w": "m", "gate": "V"}


def swept(sizes, columns, results, failed=(), units="S"):
    """Return the dataset of a sweep.

    Args:
        sizes: dimensions of the design, with their lengths.
        columns: by parameter, (dims, values), with further dimensions of its own if wanted.
        results: by name, values over the dimensions of the design, or (further dims, values).
        failed: places, each a number by dimension in order, that have no result.
        units: of the results.
    """
    dims = tuple(sizes)
    status = np.zeros(tuple(sizes.values()), dtype=np.int8)
    for place in failed:
        status[place] = 1
    error = np.where(status == 1, "SimulationError: no convergence", "").astype(object)
    variables = {"status": (dims, status), "error": (dims, error), "log": (dims, error)}
    for name, given in results.items():
        further, values = given if isinstance(given, tuple) else ((), given)
        own = np.array(values, dtype=float)
        own[status == 1] = np.nan
        variables[name] = ((*dims, *further), own, {"units": units})
    coords = {
        path: (over, values, {"units": UNITS.get(path, "1")})
        for path, (over, values) in columns.items()
    }
    attrs = {
        "experiment": "pulse_train",
        "seed": 0,
        "sweep_dims": ",".join(dims),
        "sweep_parameters": ",".join(columns),
        "sweep_drawn": ",".join(name for name in dims if name in ("device", "cycle", "point")),
    }
    return xr.Dataset(variables, coords, attrs)


def grid_sweep(parameters, function, failed=(), **further):
    """Return a swept grid of ``function(*values)``, each broadcast over the whole grid."""
    values = [np.asarray(given) for given in parameters.values()]
    spread = np.meshgrid(*values, indexing="ij")
    sizes = {path: len(given) for path, given in zip(parameters, values, strict=True)}
    columns = {path: ((path,), given) for path, given in zip(parameters, values, strict=True)}
    return swept(sizes, columns, {"conductance": function(*spread)}, failed, **further)


def sampled_sweep(samples, function, failed=()):
    """Return swept samples of ``function(*values)`` over the dimension ``point``."""
    values = [np.asarray(given) for given in samples.values()]
    columns = {path: ("point", given) for path, given in zip(samples, values, strict=True)}
    results = {"conductance": function(*values)}
    return swept({"point": len(values[0])}, columns, results, [(k,) for k in failed])
