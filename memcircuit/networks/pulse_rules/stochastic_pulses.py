"""Pulses where random trains of inputs and of errors coincide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_count, require_number
from memcircuit.networks.pulse_rules.rule import Array, PulseRule, Update
from memcircuit.networks.synapse_array import SynapseArray

# A device receives at most one pulse per slot; more slots would also overflow the counts.
_MOST_SLOTS = 1000


@dataclass(frozen=True)
class StochasticPulses(PulseRule):
    """A pulse pair wherever a slot of the input's and of the error's Bernoulli train is set.

    Gokmen and Vlasov 2016 (doi:10.3389/fnins.2016.00333), equations (2) to (4): in each of
    ``slots`` slots input i is set with probability C |x_i| and error j with C |delta_j|, both cut
    at 1, so that without a cut a weight receives slots C^2 x delta pulses in the mean and the
    learning rate is slots C^2 times the weight of one pulse. The sign is that of x delta. Every
    image of a batch gives its own trains, one image after the other, with the errors from before
    the batch. Amplification and scale were chosen like those of `SignPulses`; the rule asks for
    many more and smaller steps than those devices have, and with them for a larger amplification.

    Attributes:
        slots: length BL of the trains.
        amplification: C, dimensionless.
    """

    batch: int = 1
    slots: int = 10
    amplification: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        require_count(self.slots, "slots", most=_MOST_SLOTS)
        require_number(self.amplification, "amplification", above=True)

    def update(self, array: SynapseArray, streams: Sequence[np.random.Generator]) -> Update:
        """Return what pulses this array after every batch."""

        def give(x: Array, delta: Array) -> None:
            for image in range(x.shape[1]):
                array.pulse_pairs(self.coincidences(x[:, image], delta[:, image], streams))

        return give

    def coincidences(
        self, x: Array, delta: Array, streams: Sequence[np.random.Generator]
    ) -> NDArray[np.int16]:
        """Draw the pulse pairs of one image.

        Args:
            x: (seeds, inputs) dimensionless.
            delta: (seeds, outputs) dimensionless.
            streams: the generator of every seed.

        Returns:
            (seeds, inputs, outputs), positive to raise weights.
        """
        signals = np.concatenate([x, delta], axis=-1).astype(np.float32)
        draws = np.empty((len(streams), self.slots, signals.shape[-1]), dtype=np.float32)
        for stream, own in zip(streams, draws, strict=True):
            stream.random(dtype=np.float32, out=own)
        chance = np.float32(self.amplification) * np.abs(signals)
        trains = (draws < chance[:, np.newaxis]) * np.sign(signals)[:, np.newaxis]
        inputs, errors = trains[..., : x.shape[-1]], trains[..., x.shape[-1] :]
        return np.asarray(inputs.swapaxes(-1, -2) @ errors).astype(np.int16)
