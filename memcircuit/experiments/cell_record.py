"""The drivers of a bench of cells, and what its result says of each cell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from memcircuit.devices.device import Device, Form
from memcircuit.errors import UsageError
from memcircuit.experiments.driven_device import DrivenDevice
from memcircuit.experiments.measured import Measured

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.simulate.waves import Waves
    from pyspice_netlists import Bench, Cell, PulseSequence

Array = NDArray[np.float64]


def verilog_a(cell: Cell, form: Form) -> tuple[Path, ...]:
    """Return the Verilog-A files that a deck with the cell needs compiled and loaded.

    Raises:
        UsageError: a device of the cell does not say which.
    """
    files: dict[Path, None] = {}
    for device in cell.devices:
        if not isinstance(device, Device | DrivenDevice):  # the first is seen quicker
            raise UsageError(
                f"cell {cell.name!r}: {device!r} is no device: it needs a citation, a card or "
                "None, and verilog_a(form)"
            )
        files |= dict.fromkeys(device.verilog_a(form))
    return tuple(files)


def terminal_sources(
    cell: Cell,
    sequence: PulseSequence,
    is_read: NDArray[np.bool_],
    only: NDArray[np.bool_] | None = None,
) -> dict[str, str]:
    """Return the source of every driven terminal of a cell.

    Args:
        cell: the kind of cell.
        sequence: its waveform is that of a driver with a share of one.
        is_read: (pulses,) whether each pulse is a read or programs.
        only: (pulses,) which of the pulses; every one when None.
    """
    wiring, sources = cell.wiring, {}
    for terminal in wiring.driven:
        shares = np.where(is_read, wiring.read.get(terminal, 0.0), wiring.program.get(terminal, 0))
        shares = shares if only is None else shares * only
        if terminal in wiring.constant:
            sources[terminal] = repr(float(wiring.constant[terminal]))
        else:
            sources[terminal] = sequence.scaled(shares).source() if shares.any() else "0"
    return sources


def measures_conductance(cell: Cell) -> bool:
    """Return whether the weight of a cell is the conductance between two of its terminals."""
    return cell.wiring.quantity == "current" and len(cell.wiring.sensed) == 1


def add_states(
    dataset: xr.Dataset, cell: Cell, name: str, dims: tuple[str, str], waves: Array
) -> xr.Dataset:
    """Return a dataset with states, over ``memristor`` too where a cell has several.

    Args:
        dataset: to which they are added.
        cell: the kind of cell.
        name: of the variable.
        dims: what the cells are counted by, and what the waves are over.
        waves: (memristors of all cells, n).
    """
    found = measured_states(cell, waves, dims[1])
    added = dataset.assign({name: ((dims[0], *found.dims), found.values, found.attrs)})
    return added.assign_coords(
        {n: (c.dims, c.values) for n, c in memristor_coordinate(cell).items()}
    )


def measured_states(cell: Cell, waves: Array, dim: str) -> Measured:
    """Return states with a leading axis of cells, over memristors too where a cell has several.

    Args:
        cell: the kind of cell.
        waves: (memristors of all cells, n).
        dim: what they are over.
    """
    several = len(cell.memristors)
    own = waves if several == 1 else waves.reshape(-1, several, waves.shape[-1])
    dims = (dim,) if several == 1 else ("memristor", dim)
    return Measured(dims, own, {"units": "1", "long_name": "state"})


def memristor_coordinate(cell: Cell) -> dict[str, Measured]:
    """Return the names of the memristors of a cell that has several, as a coordinate."""
    names = cell.memristors
    return {"memristor": Measured(("memristor",), np.array(names), {})} if len(names) > 1 else {}


@dataclass(frozen=True)
class CellRecord:
    """Which vectors of a bench's result make each cell's weight, and the power into it.

    Attributes:
        cell: the kind of cell.
        bench: of ``pyspice_netlists.cell_bench``.
    """

    cell: Cell
    bench: Bench

    def sensed(self, raw: Waves) -> Array:
        """Return the current or the voltage that makes the weight, (cells, time) A or V."""
        factors = self.cell.wiring.sensed
        if self.cell.wiring.quantity == "voltage":
            named = self.bench.opened
        else:
            named = {port.terminal: port.currents for port in self.bench.ports}
        parts = [f * raw.of(named[terminal]) for terminal, f in factors.items()]
        return np.asarray(sum(parts))

    def weight(self, raw: Waves, instants: Array, read_voltage: float | Array) -> Array:
        """Return the weights read at some instants.

        Args:
            raw: result of the bench.
            instants: (n,) s, when ``read_voltage`` is applied.
            read_voltage: V, of a driver with a share of one; or (cells, 1).

        Returns:
            (cells, n), S of a cell that senses currents, 1 of one that senses voltages.
        """
        return sample(raw.axis, self.sensed(raw), instants) / read_voltage

    def energy(self, raw: Waves, start: Array, stop: Array) -> Array:
        """Return what all its drivers but the gate's deliver to each cell between instants.

        Args:
            raw: result of the bench.
            start: (n,) s.
            stop: (n,) s.

        Returns:
            (cells, n) J.
        """
        total = np.zeros(())
        for port in self.bench.ports:
            volts, current = raw.of(port.voltages), raw.of(port.currents)
            if port.factors is not None:
                volts = port.factors @ volts
            total = total + work_until(raw.axis, volts, current, np.concatenate([start, stop]))
        return np.asarray(total[..., start.size :] - total[..., : start.size])


def sample(time: Array, values: Array, instants: Array) -> Array:
    """Return waves (..., time) at some instants (n,), between time points by a straight line."""
    place = np.clip(np.searchsorted(time, instants), 1, time.size - 1)
    share = (instants - time[place - 1]) / (time[place] - time[place - 1])
    return np.asarray(values[..., place - 1] * (1 - share) + values[..., place] * share)


def integral_until(time: Array, values: Array, instants: Array) -> Array:
    """Return the integrals of waves (..., time) up to some instants (n,), (..., n)."""
    return _until(time, 0.5 * (values[..., 1:] + values[..., :-1]) * np.diff(time), instants)


def work_until(time: Array, volts: Array, current: Array, instants: Array) -> Array:
    """Return the integrals of volts times current, each (..., time), up to instants (n,), (..., n).

    Both are taken as straight between time points, as on the edge of a pulse: their product is not.
    """
    v, i = np.broadcast_arrays(volts, current)
    before, after = (slice(None, -1), slice(1, None))
    own = v[..., before] * i[..., before] + v[..., after] * i[..., after]
    mixed = v[..., before] * i[..., after] + v[..., after] * i[..., before]
    steps = (own / 3 + mixed / 6) * np.diff(time)
    return _until(time, steps, instants)


def _until(time: Array, steps: Array, instants: Array) -> Array:
    none = np.zeros((*steps.shape[:-1], 1))
    return sample(time, np.concatenate([none, np.cumsum(steps, axis=-1)], axis=-1), instants)
