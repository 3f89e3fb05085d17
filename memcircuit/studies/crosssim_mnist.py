"""CrossSim's published accuracy of a small CNN on cells with conductance errors, checked.

Source: sandialabs/cross-sim, tutorial/ISCA2024/isca24_codesign.ipynb, part 3, with
applications/mvm_params.py, simulator/cores/{analog_core,balanced_core,numeric_core}.py,
simulator/devices/{idevice,generic_device}.py and simulator/parameters/xbar_parameters.py. Its
text: MNIST, a CNN of 7018 weights and biases (8 and 16 kernels of 3 x 3 at stride 2, 576 x 10),
weights of 8 bits on balanced pairs, "state-independent conductance errors with alpha = 0.3", ten
draws, all 10,000 test images; stored outputs: 98.98 % without errors, 93.74 +- 1.147 % with
(commit 601222e), and 99.09 %, 94.43 +- 1.064 % (commit 1e4047f).

What its code does:

* Pairs are one-sided (``ONE_SIDED``), conductances lie between Gmax/10 and Gmax (Rmin 1 kohm,
  Rmax 10 kohm by default), each cell has 7 bits; each layer is scaled by its largest weight
  (percentile 100); biases are added digitally (``bias_rows=0``); inputs and outputs are not
  converted; conductances below zero are kept (``clip_conductance=False``).
* The error is *proportional* to each conductance: the notebook passes ``proportional_error =
  "False"``, a string, which is true, so that mvm_params.py chooses NormalProportionalDevice.
* Accuracies count 10,000 zeros as images classified correctly: ``y`` and ``y_pred`` start as
  zeros of that length and results are appended. What is printed is (1 + accuracy) / 2, so 98.98 %
  stands for 97.96 % and 93.74 +- 1.15 % for 87.48 +- 2.29 %.

The network here was trained anew with the notebook's recipe (``data/README.md``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from memcircuit.networks.evaluation import Evaluation
    from memcircuit.networks.hardware import Hardware
    from memcircuit.networks.network import Network

#: Printed accuracies, 0..1: without errors, mean and deviation over ten draws with errors.
PUBLISHED = ((0.9898, 0.9374, 0.01147), (0.9909, 0.9443, 0.01064))
#: Highest conductance, S (Rmin of mvm_params.py), and the ratio to the lowest.
HIGHEST, ON_OFF = 1e-3, 10.0
LEVELS = 2**7
SIGMA = 0.3
_WEIGHTS = Path(__file__).parent / "data" / "mnist_cnn.npz"


@dataclass(frozen=True)
class Reading:
    """One way to understand the description.

    Attributes:
        name: what is assumed.
        remark: what speaks for it or against it.
        hardware: the cells.
    """

    name: str
    remark: str
    hardware: Hardware


@dataclass(frozen=True)
class CrossSimMnist:
    """What the network reached on every reading.

    Attributes:
        float_accuracy: with float weights, 0..1.
        readings: as they were asked for.
        evaluations: of each, in the same order.
    """

    float_accuracy: float
    readings: tuple[Reading, ...]
    evaluations: tuple[Evaluation, ...]

    def comparison(self) -> list[tuple[str, str, str, str]]:
        """Return quantity, the printed number, ours as they count and as it is, and a remark."""
        printed = [f"{without:.2%}" for without, _, _ in PUBLISHED]
        rows = [
            ("without errors", " and ".join(printed),
             f"{counted(self.float_accuracy):.2%} ({self.float_accuracy:.2%} of the images)",
             "they count as many zeros as images for correct")
        ]  # fmt: skip
        noisy = " and ".join(f"{mean:.2%} +- {sd:.2%}" for _, mean, sd in PUBLISHED)
        for reading, found in zip(self.readings, self.evaluations, strict=True):
            ours = (
                f"{counted(found.mean):.2%} +- {found.accuracy.std() / 2:.2%} "
                f"({found.mean:.2%} +- {found.spread:.2%} of the images)"
            )
            rows.append((reading.name, noisy, ours, reading.remark))
        return rows


def counted(accuracy: float) -> float:
    """Return what CrossSim's notebook prints for an accuracy, both 0..1."""
    return 0.5 * (1.0 + accuracy)


def network() -> Network:
    """Return the CNN with float weights; it takes (images, 1, 28, 28), 0..1."""
    from memcircuit.networks.importers import from_torch

    with np.load(_WEIGHTS, allow_pickle=False) as stored:
        return from_torch(
            dict(stored), (1, 28, 28),
            layers=[
                {"type": "Conv2d", "name": "0", "stride": 2}, "ReLU",
                {"type": "Conv2d", "name": "2", "stride": 2}, "ReLU",
                "Flatten", {"type": "Linear", "name": "5"},
            ],
        )  # fmt: skip


def readings() -> tuple[Reading, ...]:
    """Return the ways to understand the description, the code's own first."""
    from memcircuit.networks.hardware import Hardware
    from memcircuit.networks.mapping import Mapping
    from memcircuit.networks.spread import Spread
    from memcircuit.tables import LevelTable

    def cells(error: Spread, *, on_off: float = ON_OFF, balanced: bool = False) -> Hardware:
        return Hardware(
            table=LevelTable.uniform(HIGHEST / on_off, HIGHEST, LEVELS),
            mapping=Mapping("pair", balanced=balanced),
            quantise=True,
            programming_error=error,
        )

    own = Spread.of_value(SIGMA, negative="keep")
    text = "the notebook's text, not what its code does"
    given = "neither the text nor the code"
    return (
        Reading("proportional error, as the code runs", "every default of the code", cells(own)),
        Reading("the same, none below 0 S", "clip_conductance, off by default",
                cells(Spread.of_value(SIGMA))),
        Reading("the same, lowest conductance 0 S", "infinite_on_off_ratio, off by default",
                cells(own, on_off=np.inf)),
        Reading("the same, pairs around the middle", "TWO_SIDED, not the default",
                cells(own, balanced=True)),
        Reading("error of 0.3 of the highest conductance", text,
                cells(Spread.of_highest(SIGMA, negative="keep"))),
        Reading("the same, none below 0 S", text, cells(Spread.of_highest(SIGMA))),
        Reading("error of 0.3 of the range", given,
                cells(Spread.of_range(SIGMA, negative="keep"))),
    )  # fmt: skip


def run(
    images: ArrayLike,
    labels: ArrayLike,
    rng: np.random.Generator,
    *,
    draws: int = 10,
    chosen: tuple[Reading, ...] | None = None,
) -> CrossSimMnist:
    """Evaluate the network on every reading.

    Args:
        images: (images, 1, 28, 28), 0..1.
        labels: (images,) digits.
        rng: every random draw.
        draws: of the cells, for each reading.
        chosen: which readings; all when None.

    Raises:
        UsageError: images or labels that do not fit.
    """
    from memcircuit.networks.evaluation import evaluate

    wanted = readings() if chosen is None else chosen
    found = [
        evaluate(network(), images, labels, one.hardware, seeds=draws, rng=stream, dtype=np.float32)
        for one, stream in zip(wanted, rng.spawn(len(wanted)), strict=True)
    ]
    return CrossSimMnist(found[0].float_accuracy, wanted, tuple(found))
