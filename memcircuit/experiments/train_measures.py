"""What a simulated pulse train says of its cells, as plain arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from memcircuit.experiments.cell_record import (
    measured_states,
    measures_conductance,
    memristor_coordinate,
    sample,
)
from memcircuit.experiments.measured import Measured

if TYPE_CHECKING:
    from memcircuit.experiments.pulse_train import Train
    from memcircuit.simulate.waves import Waves

Array = NDArray[np.float64]


def train_measures(train: Train, raw: Waves, read_voltage: float | Array) -> dict[str, Measured]:
    """Return the variables of ``pulse_train`` by name, with a leading axis of cells.

    Args:
        train: what was simulated.
        raw: its result.
        read_voltage: V, of all cells, or (cells, 1).
    """
    record, sequence = train.record, train.sequence
    cell, reads, programs = record.cell, slice(0, None, 2), slice(1, None, 2)
    begin, end = sequence.plateau_start[reads], sequence.plateau_stop[reads]
    instants = np.concatenate([train.read_instants, (begin + end) / 2])
    last, middle = np.split(record.weight(raw, instants, read_voltage), 2, axis=1)
    work = record.energy(raw, sequence.start, sequence.stop)
    energy = np.concatenate([np.zeros((len(work), 1)), work[:, programs]], axis=1)
    plain = measures_conductance(cell)
    # a difference may pass through zero: beside the largest that the cell had
    size = np.abs(last) if plain else np.abs(last).max(axis=1, keepdims=True)
    change = np.abs(middle - last) / np.where(size == 0, np.inf, size)
    name, over = "conductance" if plain else "weight", ("pulse",)
    text = "change of the sensed value in the read's second half"
    found = {
        name: Measured(over, last, {"units": cell.wiring.unit, "long_name": name}),
        "read_change": Measured(over, change, {"units": "1", "long_name": text}),
        "energy": Measured(over, energy, {"units": "J", "long_name": "energy of the pulse"}),
        "read_energy": Measured(
            over, work[:, reads], {"units": "J", "long_name": "energy of the read"}
        ),
    }
    if train.states.vectors:
        states = sample(raw.axis, train.states.waves(raw), train.read_instants)
        found["state"] = measured_states(cell, states, "pulse")
    return found


def train_coordinates(train: Train) -> dict[str, Measured]:
    """Return the coordinates of ``pulse_train`` along pulses and memristors, by name."""
    amplitude = np.array([0.0, *(pulse.amplitude for pulse in train.pulses)])
    width = np.array([0.0, *(pulse.width for pulse in train.pulses)])
    over = ("pulse",)
    found = {
        "pulse": Measured(over, np.arange(width.size), {}),
        "direction": Measured(over, np.concatenate([[0], train.direction]), {}),
        "amplitude": Measured(over, amplitude, {"units": "V"}),
        "width": Measured(over, width, {"units": "s"}),
    }
    return found | (memristor_coordinate(train.record.cell) if train.states.vectors else {})
