"""What a network reaches on hardware: accuracy over many draws, confusion, error by layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from memcircuit.checks import require_count, require_generator, require_kind, require_size
from memcircuit.errors import UsageError
from memcircuit.networks.ageing import Drift
from memcircuit.networks.converters import Converter
from memcircuit.networks.encoding import Encoded
from memcircuit.networks.faults import Faults
from memcircuit.networks.hardware import Given, Hardware
from memcircuit.networks.intervals import require_confidence, student, wilson
from memcircuit.networks.layer import Key, label_array
from memcircuit.networks.mapping import Mapping
from memcircuit.networks.network import Network, classes, confusion_counts, input_array
from memcircuit.networks.programmed import (
    LayerError,
    ProgrammedNetwork,
    plan_layers,
    write_layers,
)
from memcircuit.networks.spread import Spread

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.crossbar import Crossbar
    from memcircuit.devices.device import Device
    from memcircuit.tables import ConductanceTable, LevelTable

# Images on which the error of every layer is computed.
_ERROR_IMAGES = 256


class HardwareEntries(TypedDict, total=False):
    """The entries of `Hardware`, as `evaluate` takes them by name."""

    table: ConductanceTable | LevelTable | None
    mapping: Mapping
    quantise: bool
    programming_error: Spread | None
    device_to_device: Given
    cycle_to_cycle: Given
    read_noise: Given
    drift: Drift | None
    temperature: float | None
    faults: Faults | None
    on_off: float | None
    dac: Converter | None
    adc: Converter | None
    array: Crossbar | None
    device: Device | None
    read_voltage: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a network reached on several draws of the same hardware.

    Attributes:
        accuracy: (seeds,) share of the images classified correctly, 0..1.
        predictions: (seeds, images) class given to each image.
        labels: (images,) class of each image.
        classes: number of classes.
        float_accuracy: share that the float network classifies correctly.
        errors: for each seed, the error of every layer, on the first 256 images.
        clipped: share of the weights that the mapping cut.
        hardware: what the network was put on.
    """

    accuracy: NDArray[np.float64]
    predictions: NDArray[np.int64]
    labels: NDArray[np.int64]
    classes: int
    float_accuracy: float
    errors: list[list[LayerError]]
    clipped: float
    hardware: Hardware

    @property
    def mean(self) -> float:
        """Mean accuracy over the seeds, 0..1."""
        return float(self.accuracy.mean())

    @property
    def spread(self) -> float:
        """Standard deviation of the accuracy over the seeds; 0 for one seed."""
        return float(self.accuracy.std(ddof=1)) if len(self.accuracy) > 1 else 0.0

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the confidence interval of the mean accuracy over hardware, 0..1.

        Student's t over the seeds. A single seed says nothing of other hardware: then it is
        Wilson's interval of its accuracy over other images (doi:10.1080/01621459.1927.10502953).

        Raises:
            UsageError: a confidence that is not between 0 and 1.
        """
        require_confidence(confidence)
        if len(self.accuracy) == 1:
            return wilson(self.mean, len(self.labels), confidence)
        low, high = student(self.accuracy, confidence)
        return float(low), float(high)

    def confusion_matrix(self) -> NDArray[np.int64]:
        """Count the images of each class (row) taken for each class (column), over all seeds."""
        return confusion_counts(self.predictions, self.labels, self.classes)

    def layer_errors(self) -> list[LayerError]:
        """Return the error of every layer, the mean over the seeds."""
        return [
            LayerError(
                layer=same[0].layer,
                kind=same[0].kind,
                own=float(np.mean([one.own for one in same])),
                total=float(np.mean([one.total for one in same])),
            )
            for same in zip(*self.errors, strict=True)
        ]

    def dataset(self) -> xr.Dataset:
        """Return accuracy (seed,), predictions and errors as a dataset, for files and sweeps."""
        import xarray as xr

        own, total = (
            [[getattr(one, name) for one in seed] for seed in self.errors]
            for name in ("own", "total")
        )
        share = {"units": "1"}
        return xr.Dataset(
            {
                "accuracy": ("seed", self.accuracy, share),
                "prediction": (("seed", "image"), self.predictions),
                "label": ("image", self.labels),
                "own_error": (("seed", "layer"), own, share),
                "total_error": (("seed", "layer"), total, share),
            },
            attrs={"float_accuracy": self.float_accuracy, "clipped": self.clipped},
        )


def evaluate(
    network: Network,
    images: ArrayLike,
    labels: ArrayLike,
    hardware: Hardware | None = None,
    *,
    seeds: int = 10,
    rng: np.random.Generator | None = None,
    calibration: ArrayLike | None = None,
    batch: int | None = None,
    dtype: DTypeLike = np.float64,
    **entries: Unpack[HardwareEntries],
) -> Evaluation:
    """Put a network on hardware several times, and classify images with each.

    Args:
        network: with float weights, one output per class.
        images: (images, *input_shape) dimensionless.
        labels: (images,) class of each image, whole numbers from 0.
        hardware: the cells, converters and arrays; ideal when None.
        seeds: how many draws of the hardware; a single one where nothing is drawn.
        rng: every random draw; a seed's result does not depend on how many there are, nor on the
            batch.
        calibration: (images, *input_shape), training images that set the ranges of converters.
        batch: images computed at a time; the network's `usual_batch` when None.
        dtype: float32 or float64, of the reads' arithmetic.
        **entries: entries of `Hardware`, such as ``table=`` and ``faults=``, in place of those of
            ``hardware``.

    Raises:
        UsageError: images, labels or hardware that do not fit; nothing was computed.
    """
    chosen, whole, wanted, plans = prepare_evaluate(
        network, images, labels, hardware, seeds=seeds, calibration=calibration, batch=batch,
        dtype=dtype, **entries,
    )  # fmt: skip
    if rng is not None:
        require_generator(rng)
    count = int(np.prod(network.shapes[-1]))
    predictions, errors, clipped = [], [], 0.0
    for stream in chosen.streams(rng, int(seeds) if chosen.draws else 1):
        written = write_layers(network, chosen, plans, stream, calibration=calibration, dtype=dtype)
        predictions.append(written.classify(whole, batch=batch))
        errors.append(written.layer_errors(whole[:_ERROR_IMAGES]))
        clipped = _clipped(written)
    found = np.stack(predictions)
    return Evaluation(
        accuracy=(found == wanted).mean(axis=1),
        predictions=found,
        labels=wanted,
        classes=count,
        float_accuracy=float(
            np.mean(classes(network.outputs(whole, batch=batch, dtype=dtype)) == wanted)
        ),
        errors=errors,
        clipped=clipped,
        hardware=chosen,
    )


def prepare_evaluate(
    network: Network,
    images: ArrayLike,
    labels: ArrayLike,
    hardware: Hardware | None = None,
    *,
    seeds: int = 10,
    calibration: ArrayLike | None = None,
    batch: int | None = None,
    dtype: DTypeLike = np.float64,
    **entries: Unpack[HardwareEntries],
) -> tuple[Hardware, NDArray[Any], NDArray[np.int64], dict[Key, Encoded]]:
    """Return hardware, images, labels and cells of ``evaluate``; the arguments are the same.

    Raises:
        UsageError: images, labels or hardware that do not fit.
    """
    chosen = _hardware(hardware, entries)
    require_kind(network, Network, "network", "a Network; a result of training has one: .network()")
    whole = input_array(network, images, dtype)
    count = int(np.prod(network.shapes[-1]))
    if count < 2:
        raise UsageError("the network has one output; classes need one output each")
    wanted = label_array(labels, len(whole), count)
    require_size({"seeds": require_count(seeds, "seeds"), "images": len(whole)})
    if batch is not None:
        require_count(batch, "batch")
    return chosen, whole, wanted, plan_layers(network, chosen, calibration)


def _hardware(hardware: Hardware | None, entries: HardwareEntries) -> Hardware:
    known = HardwareEntries.__annotations__
    strange = [name for name in entries if name not in known]
    if strange:
        raise UsageError(f"{strange[0]} is no entry of Hardware; choose {', '.join(known)}")
    if hardware is None:
        return Hardware(**entries)
    require_kind(hardware, Hardware, "hardware", "Hardware(...)")
    return replace(hardware, **entries) if entries else hardware


def _clipped(written: ProgrammedNetwork) -> float:
    cells = written.cells.values()
    counts = [one.encoded.weight_count for one in cells]
    cut = sum(one.encoded.clipped * count for one, count in zip(cells, counts, strict=True))
    return float(cut / sum(counts)) if counts else 0.0
