"""What training by pulses leads to, for every seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_index, require_kind
from memcircuit.errors import UsageError
from memcircuit.networks.intervals import require_confidence, student
from memcircuit.networks.network import Network, confusion_counts
from memcircuit.networks.perceptron import Perceptron
from memcircuit.networks.pulse_rules.rule import PulseRule
from memcircuit.tables.table import ConductanceTable

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LearningCurve:
    """Accuracy by epoch over seeds, with the interval in which its mean lies.

    Attributes:
        mean: (epochs,) mean over the seeds, 0..1.
        low: (epochs,) lower end of the interval of the mean, at least 0; NaN with one seed.
        high: (epochs,) upper end, at most 1; NaN with one seed.
        confidence: of the interval, 0..1.
    """

    mean: Array
    low: Array
    high: Array
    confidence: float


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """Networks trained by pulses, one per seed.

    Attributes:
        test_accuracy: (epochs, seeds) share of test images classified correctly after each epoch.
        train_accuracy: (epochs, seeds) the same for the training images.
        predictions: (seeds, n) class given to each test image after the last epoch.
        labels: (n,) class of each test image.
        conductance: for each layer (seeds, inputs + 1, outputs, 2) S after the last epoch, the
            positive device first, the bias in the last row.
        stuck: for each layer (seeds, inputs + 1, outputs, 2) true where a device had failed.
        set_pulses: (epochs, seeds) SET pulses given in each epoch, to failed devices too.
        reset_pulses: (epochs, seeds) the same for RESET pulses.
        perceptron: what was trained.
        rule: the rule it was trained by.
    """

    test_accuracy: Array
    train_accuracy: Array
    predictions: NDArray[np.int64]
    labels: NDArray[np.int64]
    conductance: tuple[Array, ...]
    stuck: tuple[NDArray[np.bool_], ...]
    set_pulses: NDArray[np.int64]
    reset_pulses: NDArray[np.int64]
    perceptron: Perceptron
    rule: PulseRule

    @property
    def seeds(self) -> int:
        """Number of networks."""
        return len(self.predictions)

    @property
    def accuracy(self) -> Array:
        """(seeds,) share of test images classified correctly after the last epoch, 0..1."""
        return np.asarray(self.test_accuracy[-1])

    def learning_curve(
        self, images: Literal["test", "train"] = "test", confidence: float = 0.95
    ) -> LearningCurve:
        """Return the mean accuracy by epoch with Student's t-interval over the seeds.

        Raises:
            UsageError: other images, or a confidence not between 0 and 1.
        """
        if images not in ("test", "train"):
            raise UsageError(f"learning curve of {images!r} images; choose 'test' or 'train'")
        require_confidence(confidence)
        reached = self.test_accuracy if images == "test" else self.train_accuracy
        mean = reached.mean(axis=1)
        nothing = np.full(len(mean), np.nan)
        low, high = student(reached, confidence) if self.seeds > 1 else (nothing, nothing)
        return LearningCurve(mean, low, high, confidence)

    def confusion_matrix(self, seed: int | None = None) -> NDArray[np.int64]:
        """Count the test images of each class (row) taken for each class (column).

        Args:
            seed: which network; the sum over all when None.

        Raises:
            UsageError: no such network.
        """
        if seed is not None:
            require_index(seed, self.seeds, "seed")
        predictions = self.predictions if seed is None else self.predictions[seed]
        return confusion_counts(predictions, self.labels, self.perceptron.sizes[-1])

    def programming_energy(self, table: ConductanceTable) -> Array:
        """Return the energy of all pulses of each epoch, (epochs, seeds), J.

        Every pulse counts with the table's mean energy of its direction, also where the device's
        conductance would make it a cheaper or a dearer one.

        Raises:
            UsageError: no table; a `PulseResponse` knows no energy.
        """
        require_kind(table, ConductanceTable, "table", "the ConductanceTable of the devices")
        return np.asarray(
            self.set_pulses * table.pulse_energy("set")
            + self.reset_pulses * table.pulse_energy("reset")
        )

    def network(self, seed: int = 0) -> Network:
        """Return one seed's network with the weights (G+ - G-) / scale that it ended with.

        `train` divides images in uint8 by 255 itself; the network, and `memcircuit.evaluate` with
        it, takes the shares that `LabelledImages.grey` returns.

        Raises:
            UsageError: no such seed.
        """
        require_index(seed, self.seeds, "seed")
        weights = [
            (layer[seed, ..., 0] - layer[seed, ..., 1]) / self.rule.scale
            for layer in self.conductance
        ]
        return self.perceptron.network(weights)
