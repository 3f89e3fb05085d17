"""Training on the devices: fixed pulses in the direction of the gradient's sign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.networks.digits import Digits
from memcircuit.networks.perceptron import (
    INPUTS,
    OUTPUTS,
    accuracy,
    classify,
    confusion_matrix,
    inputs_of,
    loss,
    targets_of,
)
from memcircuit.networks.synapse_array import StuckDevices, SynapseArray
from memcircuit.tables.response import PulseResponse


@dataclass(frozen=True)
class PulseRule:
    """When a weight receives a pulse pair, and how conductance becomes weight.

    Lin et al. 2022 (doi:10.3390/nano12071075, section 3) give the network, the error and the
    direction of the pulses; batch, threshold and scale they leave open. The defaults were chosen
    on a validation part of the training images, for saturating devices with 50 to 100 pulses
    from 1 uS to 350 uS: a large batch and a high threshold make up for large conductance steps.

    Attributes:
        epochs: passes through the training images.
        batch: images whose gradients are summed before pulses are given.
        threshold: dimensionless 0..1; a weight is pulsed where its gradient exceeds this share of
            the largest gradient. 0 pulses every weight with a gradient, 1 none.
        threshold_over: the largest gradient is that of the same ``output``, so that every class
            learns from every batch, or that of the whole ``array``.
        scale: S, the conductance difference that makes a weight of one.
    """

    epochs: int = 20
    batch: int = 100
    threshold: float = 0.9
    threshold_over: Literal["output", "array"] = "output"
    scale: float = 300e-6

    def __post_init__(self) -> None:
        for name in ("epochs", "batch"):
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or value < 1:
                raise UsageError(f"{name} is {value!r}; it must be a whole number of at least 1")
        if not 0.0 <= self.threshold <= 1.0:
            raise UsageError(f"threshold is {self.threshold}; it must be 0 to 1")
        if self.threshold_over not in ("output", "array"):
            raise UsageError(
                f"threshold_over is {self.threshold_over!r}; it must be 'output' or 'array'"
            )
        if not 0.0 < self.scale < np.inf:
            raise UsageError(f"scale is {self.scale} S; it must be a number above 0 S")


@dataclass(frozen=True)
class TrainingResult:
    """A network trained by pulses.

    Attributes:
        test_accuracy: (epochs,) share of test images classified correctly after each epoch, 0..1.
        train_accuracy: (epochs,) the same for the training images.
        predictions: (n,) class given to each test image after the last epoch.
        labels: (n,) class of each test image.
        conductance: (inputs, outputs, 2) S after the last epoch, the positive device first.
        stuck: (inputs, outputs, 2) true where a device had failed.
        set_pulses: (epochs,) SET pulses given in each epoch, those to failed devices included.
        reset_pulses: (epochs,) the same for RESET pulses.
        rule: the rule it was trained by.
    """

    test_accuracy: NDArray[np.float64]
    train_accuracy: NDArray[np.float64]
    predictions: NDArray[np.int64]
    labels: NDArray[np.int64]
    conductance: NDArray[np.float64]
    stuck: NDArray[np.bool_]
    set_pulses: NDArray[np.int64]
    reset_pulses: NDArray[np.int64]
    rule: PulseRule

    @property
    def accuracy(self) -> float:
        """Share of test images classified correctly after the last epoch, 0..1."""
        return float(self.test_accuracy[-1])

    def confusion_matrix(self) -> NDArray[np.int64]:
        """Count the test images of each class (row) taken for each class (column), (10, 10)."""
        return confusion_matrix(self.predictions, self.labels)


def train(
    response: PulseResponse,
    training: Digits,
    test: Digits,
    rule: PulseRule,
    rng: np.random.Generator,
    *,
    initial_conductance: float | NDArray[np.float64] | None = None,
    stuck: StuckDevices | None = None,
    on_epoch: Callable[[int, float], None] | None = None,
) -> TrainingResult:
    """Train the single-layer network on devices that move by SET and RESET pulses.

    Args:
        response: change of conductance by one pulse, per device of the table.
        training: the images to learn from, in new random order each epoch.
        test: the images to state the accuracy on; they do not influence training.
        rule: when pulses are given.
        rng: every random draw: assignment of devices, order of images, spread of pulses.
        initial_conductance: S, one for all or (65, 10, 2); the table's lowest by default.
        stuck: failed devices.
        on_epoch: called after each epoch with its number, from 1, and the test accuracy.

    Raises:
        UsageError: images, response or conductances that cannot be used; nothing was computed.
    """
    if not isinstance(response, PulseResponse):
        raise UsageError(f"response is a {type(response).__name__}; pass table.pulse_response()")
    for name, digits in (("training", training), ("test", test)):
        if not len(digits):
            raise UsageError(f"the {name} set is empty; it must hold at least one image")
    array = SynapseArray(
        response, (INPUTS, OUTPUTS), rng, initial_conductance=initial_conductance, stuck=stuck
    )
    inputs, targets = inputs_of(training), targets_of(training)
    test_inputs = inputs_of(test)
    test_accuracy, train_accuracy = np.empty(rule.epochs), np.empty(rule.epochs)
    pulses = np.zeros(rule.epochs, dtype=np.int64)
    for epoch in range(rule.epochs):
        pulses[epoch] = _run_epoch(array, inputs, targets, rule, rng)
        weights = array.weights(rule.scale)
        predictions = classify(test_inputs, weights)
        test_accuracy[epoch] = accuracy(predictions, test.labels)
        train_accuracy[epoch] = accuracy(classify(inputs, weights), training.labels)
        if on_epoch is not None:
            on_epoch(epoch + 1, float(test_accuracy[epoch]))
    return TrainingResult(
        test_accuracy=test_accuracy,
        train_accuracy=train_accuracy,
        predictions=predictions,
        labels=test.labels,
        conductance=array.conductance,
        stuck=array.stuck,
        # Each pulsed weight receives one of each kind.
        set_pulses=pulses,
        reset_pulses=pulses.copy(),
        rule=rule,
    )


def pulse_direction(
    descent: NDArray[np.float64],
    threshold: float,
    threshold_over: Literal["output", "array"],
) -> NDArray[np.int8]:
    """Decide which weights rise and which fall.

    Args:
        descent: (inputs, outputs) dimensionless, -dE/dw summed over a batch.
        threshold: see `PulseRule`.
        threshold_over: see `PulseRule`.

    Returns:
        (inputs, outputs) +1 to raise, -1 to lower, 0 where the gradient is not above the threshold.
    """
    size = np.abs(descent)
    largest = size.max(axis=0 if threshold_over == "output" else None)
    chosen = np.where(size > threshold * largest, np.sign(descent), 0.0)
    return chosen.astype(np.int8)


def _run_epoch(
    array: SynapseArray,
    inputs: NDArray[np.float64],
    targets: NDArray[np.float64],
    rule: PulseRule,
    rng: np.random.Generator,
) -> int:
    """Show every image once; return the number of pulse pairs given."""
    order = rng.permutation(len(inputs))
    pairs = 0
    for start in range(0, len(order), rule.batch):
        shown = order[start : start + rule.batch]
        _, descent = loss(inputs[shown], targets[shown], array.weights(rule.scale))
        direction = pulse_direction(descent, rule.threshold, rule.threshold_over)
        array.pulse(direction)
        pairs += int(np.count_nonzero(direction))
    return pairs
