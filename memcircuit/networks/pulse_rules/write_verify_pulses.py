"""Devices pulsed, with reads between, toward the conductances of weights kept as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from memcircuit.checks import require_count, require_number
from memcircuit.networks.pulse_rules.rule import Array, PulseRule, Update, mean_descent
from memcircuit.networks.synapse_array import SynapseArray


@dataclass(frozen=True)
class WriteVerifyPulses(PulseRule):
    """The weights learn as numbers; after every batch the devices are written to follow them.

    A positive weight is the positive device's conductance above the table's lowest, a negative
    one the negative device's, and the other device is at the lowest. Devices further from this
    than ``tolerance`` receive one pulse toward it and are read again, ``pulses`` times at most.
    Reads are without noise. The gradients are those of the conductances reached. Batch, scale,
    learning rate and tolerance were chosen like those of `SignPulses`.

    Attributes:
        learning_rate: dimensionless, change of a weight per unit of -dE/dw, mean over the batch.
        tolerance: S; below half a pulse's step, devices are pulsed back and forth.
        pulses: most pulses that a device receives after a batch.
    """

    batch: int = 10
    scale: float = 75e-6
    learning_rate: float = 0.3
    tolerance: float = 10e-6
    pulses: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        require_number(self.learning_rate, "learning_rate", above=True)
        require_number(self.tolerance, "tolerance, S,", most=1.0, above=True)
        require_count(self.pulses, "pulses")

    def update(
        self,
        array: SynapseArray,
        streams: Sequence[np.random.Generator],  # noqa: ARG002
    ) -> Update:
        """Return what pulses this array after every batch."""
        most = (array.highest - array.lowest) / self.scale
        wanted = np.clip(array.weights(self.scale), -most, most)

        def give(x: Array, delta: Array) -> None:
            change = self.learning_rate * mean_descent(x, delta)
            np.clip(wanted + change, -most, most, out=wanted)
            self.write(array, wanted)

        return give

    def write(self, array: SynapseArray, weights: Array) -> None:
        """Pulse the devices toward weights (seeds, inputs, outputs), dimensionless."""
        target = array.lowest + self.scale * np.maximum(np.stack([weights, -weights], axis=-1), 0.0)
        for _ in range(self.pulses):
            error = target - array.conductance
            far = np.abs(error) > self.tolerance
            if not far.any():
                return
            array.pulse_devices(np.where(far, np.sign(error), 0.0).astype(np.int8))
