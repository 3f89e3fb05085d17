"""Results brought to dimensions that are equally long at every point of a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from memcircuit.experiments.cell_record import sample
from memcircuit.experiments.measured import Batch, Measured

if TYPE_CHECKING:
    import xarray as xr

# Of a loop, per period.
_POINTS_PER_CYCLE = 200
# Of a curve of a family, which goes up and down twice, and is read between.
_POINTS_PER_CURVE = 800


def one_cell(dataset: xr.Dataset) -> xr.Dataset:
    """Return the result of a single cell without the dimension ``cell``; of several as it is."""
    return dataset.squeeze("cell", drop=True) if dataset.sizes.get("cell") == 1 else dataset


def family(dataset: xr.Dataset) -> xr.Dataset:
    """Return a family of I-V curves at equal distances in time.

    Args:
        dataset: of ``mc.iv_family``, whose time points the simulator chose.

    Returns:
        dataset over ``curve`` and ``phase``, the share of a curve's time that has passed (801
        from 0 to 1), with the ``branch`` there; what has no time is as it was.
    """
    time = dataset["time"].to_numpy()
    phase = np.linspace(0, 1, _POINTS_PER_CURVE + 1)
    instants = time[0] + phase * (time[-1] - time[0])
    branches = dataset["branch"].to_numpy()[np.searchsorted(time, instants[:-1], side="right") - 1]
    waves = {
        name: ((*array.dims[:-1], "phase"), sample(time, array.to_numpy(), instants), array.attrs)
        for name, array in dataset.data_vars.items()
        if "time" in array.dims
    }
    others = dataset.drop_dims("time")
    return others.assign(waves).assign_coords(
        phase=("phase", phase, {"units": "1", "long_name": "share of the time"}),
        branch=("phase", np.append(branches, branches[-1]), dataset["branch"].attrs),
    )


def loop(dataset: xr.Dataset) -> xr.Dataset:
    """Return an I-V loop at equal distances in time, with two figures of it.

    Args:
        dataset: of ``mc.iv_loop``, whose time points the simulator chose.

    Returns:
        dataset over ``phase`` (periods from the start, 200 steps for each): ``voltage`` (V),
        ``current`` (A), ``state``; ``energy`` (J) that the driver delivered in all periods, and
        ``area`` (V A), the area of both lobes that the last period encloses, of a pinched loop
        too, which goes round them in opposite directions.
    """
    import xarray as xr

    own = {
        str(name): Measured(
            tuple(map(str, array.dims)), array.to_numpy()[np.newaxis], dict(array.attrs)
        )
        for name, array in dataset.data_vars.items()
    }
    others = {
        str(name): Measured(tuple(map(str, array.dims)), array.to_numpy(), dict(array.attrs))
        for name, array in dataset.coords.items()
    }
    even = even_loops(Batch(own, others, dict(dataset.attrs)))
    return xr.Dataset(
        {name: (one.dims, one.values[0], dict(one.attrs)) for name, one in even.variables.items()},
        {name: (one.dims, one.values, dict(one.attrs)) for name, one in even.coordinates.items()},
        dataset.attrs,
    )


def even_loops(batch: Batch) -> Batch:
    """Return the I-V loops of some points as ``loop`` does that of one.

    Args:
        batch: loops with common time points, the last dimension of every variable.
    """
    frequency, cycles = float(batch.attributes["frequency"]), int(batch.attributes["cycles"])
    time = batch.coordinates["time"].values
    phase = np.linspace(0, cycles, cycles * _POINTS_PER_CYCLE + 1)
    instants = np.minimum(phase / frequency, time[-1])
    variables = {
        name: Measured((*one.dims[:-1], "phase"), sample(time, one.values, instants), one.attrs)
        for name, one in batch.variables.items()
    }
    volts, current = batch.variables["voltage"].values, batch.variables["current"].values
    volts = np.broadcast_to(volts, current.shape)
    last = time >= (cycles - 1) / frequency * (1 - 1e-12)
    work = np.trapezoid(volts * current, time, axis=-1)
    volts, current = volts[..., last], current[..., last]
    area = _lobe(volts, current) + _lobe(-volts, -current)
    over = variables["current"].dims[:-1]
    variables["energy"] = Measured(over, work, {"units": "J", "long_name": "energy"})
    variables["area"] = Measured(over, area, {"units": "V A", "long_name": "area of the last loop"})
    coordinates = {name: one for name, one in batch.coordinates.items() if name != "time"}
    coordinates["phase"] = Measured(("phase",), phase, {"units": "1", "long_name": "periods"})
    return Batch(variables, coordinates, batch.attributes)


def _lobe(volts: NDArray[np.float64], current: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the area that loops (..., time) enclose at positive voltages, V A."""
    there = np.maximum(volts, 0.0)
    # elsewhere the path lies at 0 V, where nothing is enclosed whatever flows
    return np.asarray(np.abs(np.trapezoid(np.where(there > 0, current, 0.0), there, axis=-1)))
