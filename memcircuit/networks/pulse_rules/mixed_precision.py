"""Gradients summed up as numbers until they are worth a pulse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from memcircuit.checks import require_count, require_number
from memcircuit.networks.pulse_rules.rule import Array, PulseRule, mean_descent
from memcircuit.networks.synapse_array import SynapseArray


@dataclass(frozen=True)
class MixedPrecision(PulseRule):
    """Weight changes accumulate in chi; whole multiples of epsilon are given as pulse pairs.

    Nandakumar et al. 2020 (doi:10.3389/fnins.2020.00406): chi grows by the learning rate times
    -dE/dw in float; floor(|chi| / epsilon) pulses are given in the direction of chi without any
    read, and so many epsilon are subtracted from it. Here a pulse is a SET of one device of the
    pair and a RESET of the other, both of the table, where the paper's devices can only be SET
    gradually. Batch, scale and learning rate were chosen like those of `SignPulses`.

    Attributes:
        learning_rate: dimensionless, change of a weight per unit of -dE/dw, mean over the batch.
        epsilon: S, what a pulse pair is taken to change G+ - G- by; the mean over the table's
            devices and conductances when None.
        pulses: most pulse pairs that a weight receives after a batch; the rest stays in chi.
    """

    batch: int = 10
    scale: float = 75e-6
    learning_rate: float = 0.3
    epsilon: float | None = None
    pulses: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        require_number(self.learning_rate, "learning_rate", above=True)
        if self.epsilon is not None:
            require_number(self.epsilon, "epsilon, S,", most=1.0, above=True)
        require_count(self.pulses, "pulses")

    def update(
        self,
        array: SynapseArray,
        streams: Sequence[np.random.Generator],  # noqa: ARG002
    ) -> Accumulator:
        """Return what pulses this array after every batch."""
        return Accumulator(self, array)


class Accumulator:
    """What an array's weights still have to change by.

    Attributes:
        chi: (seeds, inputs, outputs) S, change of G+ - G- not given as pulses yet.
        epsilon: S, what one pulse pair counts.
    """

    def __init__(self, rule: MixedPrecision, array: SynapseArray) -> None:
        """Begin with nothing accumulated."""
        self.epsilon = array.pair_step if rule.epsilon is None else rule.epsilon
        require_number(self.epsilon, "epsilon, S, the table's mean pulse pair,", above=True)
        self.chi = np.zeros(array.conductance.shape[:-1])
        self._rule = rule
        self._array = array

    def __call__(self, x: Array, delta: Array) -> None:
        """Accumulate a batch and give the pulses that are due; see `Update`."""
        rule = self._rule
        self.chi += rule.learning_rate * rule.scale * mean_descent(x, delta)
        pairs = np.clip(np.trunc(self.chi / self.epsilon), -rule.pulses, rule.pulses)
        self.chi -= self.epsilon * pairs
        self._array.pulse_pairs(pairs.astype(np.int64))
