"""Many devices, spread as their card says, through cycles of SET and RESET pulses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from memcircuit.devices.device import Device
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import as_cell, initial_states, memristor_of, whole_number
from memcircuit.experiments.driven_device import DrivenDevice
from memcircuit.experiments.pulse_train import Train, prepare_pulse_train, run_train

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.simulate import Options
    from pyspice_netlists import Cell


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

    if "variation" in arguments:
        raise UsageError("variation is drawn by pulse_cycles; pulse_train takes one that is given")
    cell = as_cell(device)
    memristor = memristor_of(cell)
    if not isinstance(memristor, Device):
        raise UsageError(
            f"device {memristor.name!r} comes from no card: it states no spread to draw from; "
            "mc.pulse_train takes a variation that is given"
        )
    several = len(cell.memristors)
    count, rounds = whole_number(devices, "devices"), whole_number(cycles, "cycles")
    drawn = memristor.draw_variation(rng, count * several, rounds)
    states = initial_states(memristor, arguments.pop("initial_state", None), count, several)
    states_shape = (count,) if several == 1 else (count, several)
    parts = []
    for cycle in range(rounds):
        own = {name: values[:, cycle].reshape(states_shape) for name, values in drawn.items()}
        train = prepare_pulse_train(cell, initial_state=states, variation=own, **arguments)
        part = run_train(
            train, waveforms=waveforms, options=options, time_limit=time_limit,
            keep=None if keep is None else Path(keep) / f"cycle{cycle}",
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
