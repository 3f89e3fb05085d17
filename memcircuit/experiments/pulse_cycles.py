"""Many devices, spread as their card says, through cycles of SET and RESET pulses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_callback, require_size, whole_number
from memcircuit.devices.device import Device
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import as_cell, initial_states, memristor_of
from memcircuit.experiments.driven_device import DrivenDevice
from memcircuit.experiments.pulse_train import Train, prepare_pulse_train, run_train
from memcircuit.simulate.run_directory import kept_in

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.simulate import Options
    from pyspice_netlists import Cell


# In one netlist, of which each is a line of text at least.
_MOST_DEVICES = 1_000_000


@dataclass(frozen=True)
class Cycles:
    """Cycles of pulses made ready, but for the draws.

    Attributes:
        cell: what is driven.
        memristor: in it, whose card states the spreads.
        cycles: number of cycles.
        initial_state: (devices,) or (devices, memristors).
    """

    cell: Cell
    memristor: Device
    cycles: int
    initial_state: NDArray[np.float64]


def prepare_pulse_cycles(
    device: DrivenDevice | Cell, *, devices: int = 10, cycles: int = 3, **arguments: Any
) -> Cycles:
    """Return what ``pulse_cycles`` simulates, before anything is drawn; the same arguments.

    Raises:
        UsageError: values that make no pulse train, or a device without card.
    """
    if "variation" in arguments:
        raise UsageError("variation is drawn by pulse_cycles; pulse_train takes one that is given")
    cell = as_cell(device)
    memristor = memristor_of(cell)
    if not isinstance(memristor, Device):
        raise UsageError(
            f"device {memristor.name!r} comes from no card: it states no spread to draw from; "
            "mc.pulse_train takes a variation that is given"
        )
    count, rounds = whole_number(devices, "devices"), whole_number(cycles, "cycles")
    if min(count, rounds) < 1:
        raise UsageError(f"devices = {count}, cycles = {rounds}: at least 1 of each")
    if count > _MOST_DEVICES:
        raise UsageError(f"devices = {count}: at most {_MOST_DEVICES} in one netlist")
    require_size({"devices": count, "memristors": len(cell.memristors), "cycles": rounds})
    given = arguments.pop("initial_state", None)
    states = initial_states(memristor, given, count, len(cell.memristors))
    prepare_pulse_train(cell, initial_state=states, **arguments)  # which may refuse the others
    return Cycles(cell, memristor, rounds, states)


def pulse_cycles(
    device: DrivenDevice | Cell,
    rng: np.random.Generator,
    *,
    devices: int = 10,
    cycles: int = 3,
    on_cycle: Callable[[int, Train, xr.Dataset], None] | None = None,
    waveforms: bool = False,
    options: Options | None = None,
    time_limit: float = 600.0,
    keep: str | Path | None = None,
    **arguments: Any,
) -> xr.Dataset:
    """Take many devices, spread as their card says, through cycles of SET and RESET pulses.

    A cycle is a pulse train on all devices in one netlist; the next starts in the states where
    the last ended, with new cycle-to-cycle multipliers.

    Args:
        device: a memristor, or a cell around one; it must come from a card.
        rng: draws the devices and the cycles.
        devices: number of devices.
        cycles: number of cycles of each.
        on_cycle: called after each cycle with its number, from 0, what was simulated, and its
            dataset.
        waveforms: as in ``pulse_train``; seen by ``on_cycle``, not in the result.
        options: simulator options.
        time_limit: s, wall clock of each cycle.
        keep: directory to keep netlist, log and raw result of each cycle in.
        **arguments: further arguments of ``prepare_pulse_train`` but ``variation``.

    Returns:
        the dataset of ``pulse_train`` over ``device``, ``cycle`` and ``pulse``.

    Raises:
        UsageError: values that make no pulse train, or a device without card.
        SimulationError: the simulator gave no trustworthy result.
    """
    import xarray as xr

    require_callback(on_cycle, "on_cycle")
    place = kept_in(keep)
    ready = prepare_pulse_cycles(device, devices=devices, cycles=cycles, **arguments)
    states, rounds = ready.initial_state, ready.cycles
    count, several = len(states), len(ready.cell.memristors)
    drawn = ready.memristor.draw_variation(rng, count * several, rounds)
    shape = (count,) if several == 1 else (count, several)
    given = {name: value for name, value in arguments.items() if name != "initial_state"}
    parts = []
    for cycle in range(rounds):
        own = {name: values[:, cycle].reshape(shape) for name, values in drawn.items()}
        train = prepare_pulse_train(ready.cell, initial_state=states, variation=own, **given)
        part = run_train(
            train, waveforms=waveforms, options=options, time_limit=time_limit,
            keep=None if place is None else place / f"cycle{cycle}",
        )  # fmt: skip
        if on_cycle is not None:
            on_cycle(cycle, train, part)
        states = np.clip(part["state"].to_numpy()[..., -1], 0.0, 1.0)
        over_time = [name for name in part.variables if "time" in part[name].dims]
        parts.append(part.drop_vars(over_time))
    result = xr.concat(parts, dim="cycle", combine_attrs="override").rename(cell="device")
    result = result.assign_coords(cycle=np.arange(rounds))
    result.attrs["wall_time"] = sum(part.attrs["wall_time"] for part in parts)
    result.attrs["attempts"] = max(part.attrs["attempts"] for part in parts)
    return result.transpose("device", "cycle", ..., "pulse")
