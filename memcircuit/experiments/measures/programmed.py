"""What a series of different pulses or sweeps leaves, read after each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from memcircuit.devices.device import Device, Form
from memcircuit.experiments.circuits import as_cell, card_pulse

if TYPE_CHECKING:
    from pyspice_netlists import Pulse

Array = NDArray[np.float64]

# The part of a sweep that holds its end, s: short beside the sweep.
_HOLD = 1e-3


def sweep(stop: float, speed: float) -> Pulse:
    """Return a DC sweep from 0 V to a stop voltage (V) and back at ``speed`` (V/s)."""
    from pyspice_netlists import Pulse

    return Pulse(stop, _HOLD, rise=abs(stop) / speed, fall=abs(stop) / speed)


def conductances_after(
    device: Device,
    form: Form,
    pulses: Sequence[Pulse],
    *,
    initial_state: float,
    max_step: float,
    variation: Mapping[str, Array] | None = None,
) -> Array:
    """Apply pulses in order and return the conductance read after each.

    Args:
        device: read as its card says.
        form: netlist form.
        pulses: of any amplitude, width and edges; a sweep is one with long edges.
        initial_state: of every device.
        max_step: s, largest time step.
        variation: multipliers by name, each (devices,); one device as the card when None.

    Returns:
        (devices, pulses) S.

    Raises:
        SimulationError: the simulator gave no trustworthy result.
    """
    from memcircuit.simulate import Job, Transient, run
    from pyspice_netlists import cell_bench, pulse_sequence

    read = card_pulse(device, "read")
    order = [part for pulse in pulses for part in (pulse, read)]
    sequence = pulse_sequence(order, gap=read.width / 5)
    cells = max((np.size(values) for values in (variation or {}).values()), default=1)
    bench = cell_bench(
        as_cell(device),
        sequence.waveform.source(),
        form=form,
        initial_state=np.full(cells, initial_state),
        variation=variation,
    )
    job = Job(
        title=f"{len(pulses)} pulses or sweeps on {device.name}",
        circuit=bench.circuit,
        analysis=Transient(
            stop=float(sequence.waveform.time[-1]), step=max_step, max_step=max_step
        ),
        vectors=(bench.voltage, *bench.currents),
        verilog_a=device.verilog_a(form),
    )
    raw = run(job)
    time = raw["time"].to_numpy()
    # close to the end of each read's plateau, where displacement currents have died away
    instants = (sequence.plateau_stop - 1e-2 * read.width)[1::2]
    currents = np.stack(
        [np.interp(instants, time, raw[name].to_numpy()) for name in bench.currents]
    )
    return currents / read.amplitude
