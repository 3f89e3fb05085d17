"""How the accuracy falls with the size of tiles on wires: a published trend, checked.

Source: alambertini01/Crossbar_Models_Comparison, NN_Training.py, NN_testing.py,
NN_Crossbar/{Crossbar_net,mapping}.py, CrossbarModels/Crossbar_Models_pytorch.py and
TrainedModels/*/*/train_log.txt: MNIST, normalised to mean 0.1307 and deviation 0.3081 (so inputs
lie below zero as well) and used as volts, 784-128-10 with ReLU, Adam at 2e-3, batch 128, cells of
1 to 40 kohm without quantisation, segments of 2 ohm in rows and columns, rows driven at one end and
columns sensed at one end. One cell per weight, mapped and read as in `tiled_perceptron.py`.

Its networks were trained *through* a model of the wires: 97.72 % without wires, and with them
96.91, 93.29 and 90.54 % with tiles of 32, 64 and 128, and 79.99 or 82.88 % (two versions of the
log) in one array of 784 rows. Networks trained without wires fall, in its figure, to about 31 % at
0.1 ohm and 11 % at 1 ohm; the size of their tiles is not said. Nor do the logs say whether weights
had to stay at zero or above, which NN_Training.py as stored sees to, and which decides what a
network reaches: cells of the lowest conductance, where a weight is zero, draw little current. Both
are computed.

Further differences: wires are solved exactly here, and there by CrossSim's fixed point, stopped at
10 mV; they train for 10 to 100 epochs, in hours, and follow the gradient through the fixed point,
where ours takes the share of the current that wires leave for constant between two solutions.
Gradients that include how the cells of a line load each other did not do better here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from memcircuit.networks.datasets import LabelledImages
    from memcircuit.studies.tiled_perceptron import HiddenLayer, Tiling

Images = NDArray[np.float32]

#: Published accuracy, 0..1, by size of the tiles, trained with wires of 2 ohm; without wires.
PUBLISHED = {32: 0.9691, 64: 0.9329, 128: 0.9054, 784: 0.8288}
PUBLISHED_IDEAL = 0.9772
#: Read from its figure: accuracy by ohm of networks trained without wires, size of tiles unknown.
PUBLISHED_UNAWARE = {0.1: 0.31, 1.0: 0.11}
WIRE = 2.0
WIRES = (0.1, 1.0, WIRE)
_MEAN, _DEVIATION = 0.1307, 0.3081


@dataclass(frozen=True)
class TileSizes:
    """Accuracies on the test images, 0..1.

    Attributes:
        positive: whether no weight lies below zero.
        ideal: trained and tested without wires.
        unaware: trained without wires; by ohm of a segment and size of the tiles.
        aware: trained with wires of 2 ohm and tested on them; by size of the tiles.
        pairs: the network trained without wires, on pairs of cells (`memcircuit.evaluate`) with
            2 ohm; by size of the tiles.
    """

    positive: bool
    ideal: float
    unaware: dict[tuple[float, int], float]
    aware: dict[int, float]
    pairs: dict[int, float]

    def comparison(self) -> list[tuple[str, str, str, str]]:
        """Return quantity, the published number, ours, and why they differ."""
        kind = "weights at zero or above" if self.positive else "weights of both signs"
        rows = [("without wires", f"{PUBLISHED_IDEAL:.2%}", f"{self.ideal:.2%}", kind)]
        for size, ours in self.aware.items():
            rows.append(
                (f"trained with {WIRE:g} ohm, tiles of {size}", f"{PUBLISHED[size]:.2%}",
                 f"{ours:.2%}", "sign of the weights not said; more epochs")
            )  # fmt: skip
        for (wire, size), ours in self.unaware.items():
            given = PUBLISHED_UNAWARE.get(wire)
            published = "not given" if given is None else f"about {given:.0%}"
            rows.append(
                (f"trained without wires, {wire:g} ohm, tiles of {size}", published,
                 f"{ours:.2%}", "the size of its tiles is not said")
            )  # fmt: skip
        for size, ours in self.pairs.items():
            rows.append(
                (f"trained without wires, pairs, {WIRE:g} ohm, tiles of {size}", "not given",
                 f"{ours:.2%}", "our mapping: what wires take from both cells cancels in part")
            )  # fmt: skip
        return rows


def tiling(size: int = 784, wire: float = WIRE) -> Tiling:
    """Return tiles of this size, with cells of 1 to 40 kohm, on segments of ``wire`` ohm."""
    from memcircuit.studies.tiled_perceptron import Tiling

    return Tiling(size=size, wire=wire, lowest=1 / 40e3, highest=1e-3)


def inputs(images: LabelledImages) -> Images:
    """Return the images normalised as the source does, (images, 784)."""
    grey = images.grey((28 * 28,), np.float32)
    return ((grey - np.float32(_MEAN)) / np.float32(_DEVIATION)).astype(np.float32)


def run(
    training: LabelledImages,
    test: LabelledImages,
    rng: np.random.Generator,
    *,
    positive: bool = False,
    epochs: int = 10,
    aware_epochs: int = 5,
    sizes: tuple[int, ...] = tuple(PUBLISHED),
) -> TileSizes:
    """Train without and with wires, and test on tiles of every size.

    Args:
        training: images to learn from.
        test: images to state the accuracy on; used for no choice.
        rng: every random draw.
        positive: keep all weights at zero or above.
        epochs: of the training without wires.
        aware_epochs: of each training with wires.
        sizes: of the tiles, each a key of ``PUBLISHED``.
    """
    from memcircuit.studies.tiled_perceptron import train

    seen, unseen = inputs(training), inputs(test)
    streams = rng.spawn(1 + len(sizes))
    plain = train(seen, training.labels, streams[0], epochs=epochs, positive=positive)
    unaware = {
        (wire, size): plain.accuracy(unseen, test.labels, tiling(size, wire))
        for wire in WIRES
        for size in sizes
    }
    aware = {}
    for size, stream in zip(sizes, streams[1:], strict=True):
        tiles = tiling(size)
        trained = train(
            seen, training.labels, stream, epochs=aware_epochs, positive=positive, tiling=tiles
        )
        aware[size] = trained.accuracy(unseen, test.labels, tiles)
    ideal = plain.accuracy(unseen, test.labels, None)
    pairs = {size: _on_pairs(plain, unseen, test, size) for size in sizes}
    return TileSizes(positive, ideal, unaware, aware, pairs)


def _on_pairs(perceptron: HiddenLayer, images: Images, test: LabelledImages, size: int) -> float:
    from memcircuit.crossbar import Crossbar
    from memcircuit.networks.dense import Dense
    from memcircuit.networks.evaluation import evaluate
    from memcircuit.networks.network import Network
    from memcircuit.tables import LevelTable

    (first, second), (bias, out_bias) = perceptron.weights, perceptron.biases
    network = Network((28 * 28,), (Dense(first, bias, "relu"), Dense(second, out_bias)))
    cells = tiling(size)
    found = evaluate(
        network, images, test.labels,
        table=LevelTable.uniform(cells.lowest, cells.highest, 2),
        array=Crossbar(rows=size, columns=size, wires=WIRE),
        dtype=np.float32,
    )  # fmt: skip
    return found.mean
