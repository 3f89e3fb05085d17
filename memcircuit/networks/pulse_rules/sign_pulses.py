"""One pulse pair in the direction of the gradient's sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_number
from memcircuit.errors import UsageError
from memcircuit.networks.pulse_rules.rule import Array, PulseRule, Update
from memcircuit.networks.synapse_array import SynapseArray


@dataclass(frozen=True)
class SignPulses(PulseRule):
    """One pulse pair per batch by the sign of the gradient, where the gradient is large enough.

    With threshold 0 this is the Manhattan rule. Lin et al. 2022 (doi:10.3390/nano12071075,
    section 3) give the network, the error and the direction of the pulses; batch, threshold and
    scale they leave open. The defaults were chosen on a validation part of the training images,
    for saturating devices with 50 to 100 pulses from 1 uS to 350 uS: a large batch and a high
    threshold make up for large conductance steps.

    Attributes:
        threshold: dimensionless 0..1; a weight is pulsed where its gradient exceeds this share of
            the largest gradient. 0 pulses every weight with a gradient, 1 none.
        threshold_over: the largest gradient is that of the same ``output``, so that every class
            learns from every batch, or that of the whole ``array``.
    """

    threshold: float = 0.9
    threshold_over: Literal["output", "array"] = "output"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_number(self.threshold, "threshold", most=1.0)
        if self.threshold_over not in ("output", "array"):
            raise UsageError(
                f"threshold_over is {self.threshold_over!r}; it must be 'output' or 'array'"
            )

    def update(
        self,
        array: SynapseArray,
        streams: Sequence[np.random.Generator],  # noqa: ARG002
    ) -> Update:
        """Return what pulses this array after every batch."""

        def give(x: Array, delta: Array) -> None:
            descent = x.swapaxes(-1, -2) @ delta
            array.pulse_pairs(pulse_direction(descent, self.threshold, self.threshold_over))

        return give


def pulse_direction(
    descent: Array, threshold: float, threshold_over: Literal["output", "array"]
) -> NDArray[np.int8]:
    """Decide which weights rise and which fall.

    Args:
        descent: (..., inputs, outputs) dimensionless, -dE/dw summed over a batch.
        threshold: see `SignPulses`.
        threshold_over: see `SignPulses`.

    Returns:
        (..., inputs, outputs) +1 to raise, -1 to lower, 0 where the gradient is not above the
        threshold.
    """
    size = np.abs(descent)
    largest = size.max(axis=-2 if threshold_over == "output" else (-2, -1), keepdims=True)
    direction: NDArray[np.int8] = (size > threshold * largest).astype(np.int8)
    np.negative(direction, out=direction, where=descent < 0.0)
    return direction
