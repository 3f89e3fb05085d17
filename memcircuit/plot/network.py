"""Figures of a trained network: accuracy, confusion, conductance."""

from __future__ import annotations

from math import ceil
from typing import Protocol, runtime_checkable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from memcircuit.checks import require_index, require_kind, require_number
from memcircuit.errors import UsageError
from memcircuit.networks.training_result import TrainingResult
from memcircuit.plot.style import BLUE, ORANGE, VERMILION, axes_or_new

_TRAINED = "the result of train"
# Font sizes, pt: of numbers and of tick labels where there is room, and what can still be read.
_NUMBER_SIZE, _TICK_SIZE, _SMALLEST = 7.0, 10.0, 5.0


@runtime_checkable
class HasConfusion(Protocol):
    """A result that counts which class was taken for which, such as `TrainingResult`."""

    def confusion_matrix(self) -> NDArray[np.int64]:
        """Return the counts (classes, classes), the true class as row."""
        ...


def accuracy(
    result: TrainingResult,
    axes: Axes | None = None,
    reference: float | None = None,
    confidence: float = 0.95,
) -> Axes:
    """Draw the mean accuracy on test and training images after each epoch, in per cent.

    With several seeds a dark band is the confidence interval of the mean, and a light one reaches
    from the lowest to the highest seed.

    Args:
        result: networks trained by pulses.
        axes: where to draw; a new figure by default.
        reference: accuracy 0..1 of the same network with float weights, drawn as a line.
        confidence: of the interval, 0..1.

    Raises:
        UsageError: no result of training, or a reference or confidence beyond 0..1.
    """
    require_kind(result, TrainingResult, "result", _TRAINED)
    if reference is not None:
        require_number(reference, "reference, an accuracy 0..1,", most=1.0)
    parts = (
        (result.train_accuracy, result.learning_curve("train", confidence), "training", "s--",
         ORANGE),
        (result.test_accuracy, result.learning_curve("test", confidence), "test", "o-", BLUE),
    )  # fmt: skip
    ax = axes_or_new(axes, (4.6, 3.1))
    for reached, curve, images, style, colour in parts:
        epochs = np.arange(1, len(reached) + 1)
        ax.plot(
            epochs,
            100.0 * curve.mean,
            style,
            color=colour,
            ms=3.5,
            lw=1.4,
            label=f"{images} images",
            clip_on=False,  # a marker at 100 % lies on the edge
        )
        if result.seeds > 1:
            bands = ((reached.min(axis=1), reached.max(axis=1)), (curve.low, curve.high))
            for (low, high), alpha in zip(bands, (0.15, 0.35), strict=True):
                ax.fill_between(epochs, 100.0 * low, 100.0 * high, color=colour, alpha=alpha, lw=0)
    if reference is not None:
        label = f"float weights, test: {100.0 * reference:.2f} %"
        ax.axhline(100.0 * reference, color=VERMILION, ls=":", lw=1.5, label=label)
    ax.set_xlabel("epoch")
    ax.set_ylabel("accuracy (%)")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if len(result.test_accuracy) == 1:
        ax.set_xlim(0.5, 1.5)
    ax.set_ylim(top=100.0)
    ax.grid(visible=True, color="0.88", lw=0.6)
    ax.set_axisbelow(True)
    ax.legend(loc="best", fontsize="small")
    return ax


def confusion_matrix(result: HasConfusion | NDArray[np.int64], axes: Axes | None = None) -> Axes:
    """Draw how many images of each class were taken for which, each row coloured by its share.

    Args:
        result: trained or evaluated networks, counted together, or (classes, classes) counts with
            the true class as row.
        axes: where to draw; a new figure, the larger the more classes, by default. Where the
            largest count does not fit its field legibly, only colours are drawn.

    Raises:
        UsageError: another object, no square, or no counts.
    """
    counts = _counts(result)
    side = max(3.6, 0.3 * len(counts))
    axes = axes_or_new(axes, (7 / 6 * side, side))
    totals = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shares = 100.0 * counts / totals
    image = axes.imshow(shares, cmap="cividis", vmin=0.0, vmax=100.0)
    field = _field(axes, len(counts))
    size = min(_NUMBER_SIZE, _font_size(field, int(counts.max())))
    if size >= _SMALLEST:
        for row, column in zip(*np.nonzero(counts), strict=True):
            axes.text(
                column,
                row,
                str(counts[row, column]),
                ha="center",
                va="center",
                fontsize=size,
                color="black" if shares[row, column] > 50.0 else "white",
            )
    wanted = _font_size(field, len(counts) - 1)
    classes = np.arange(0, len(counts), ceil(_SMALLEST / wanted))
    size = min(_TICK_SIZE, max(_SMALLEST, wanted))
    axes.set_xticks(classes, [str(one) for one in classes], fontsize=size)
    axes.set_yticks(classes, [str(one) for one in classes], fontsize=size)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.figure.colorbar(image, ax=axes, label="share of the true class (%)")
    return axes


def _counts(result: HasConfusion | NDArray[np.int64]) -> NDArray[np.int64]:
    wanted = "a result with a confusion_matrix(), or an array of counts (classes, classes)"
    require_kind(result, (np.ndarray, HasConfusion), "result", wanted)
    counts = result if isinstance(result, np.ndarray) else result.confusion_matrix()
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size:
        raise UsageError(f"confusion matrix has shape {counts.shape}; it must be square, not empty")
    if counts.dtype.kind not in "iu" or counts.min() < 0:
        raise UsageError(
            f"confusion matrix has type {counts.dtype} and reaches down to {counts.min()}; counts "
            "are whole numbers from 0"
        )
    return counts


def _field(axes: Axes, classes: int) -> float:
    """Return about how wide a class is in a square beside its colour bar, pt."""
    box, inch = axes.get_window_extent(), axes.figure.dpi
    return 72.0 / inch * min(0.85 * box.width, box.height) / classes


def _font_size(field: float, largest: int) -> float:
    """Return the size at which whole numbers up to ``largest`` fit a field, both pt."""
    # a digit is 0.64 of its size wide and 0.75 high; a tenth of the field stays free
    return 0.9 * field / max(1.0, 0.64 * len(str(largest)))


def conductance_map(
    result: TrainingResult | NDArray[np.float64],
    axes: Axes | None = None,
    *,
    layer: int = 0,
    seed: int = 0,
) -> Axes:
    """Draw the conductance of every device of one layer's array, in uS.

    Args:
        result: networks trained by pulses, or conductances (inputs, outputs, 2) in S, the
            positive device of each pair first.
        axes: where to draw; a new figure by default.
        layer: which layer of a trained network.
        seed: which of the trained networks.

    Raises:
        UsageError: another object, no such layer or seed, or conductances of another shape.
    """
    wanted = f"{_TRAINED}, or an array of conductances (inputs, outputs, 2)"
    require_kind(result, (TrainingResult, np.ndarray), "result", wanted)
    if isinstance(result, np.ndarray):
        conductance = result
    else:
        require_index(layer, len(result.conductance), "layer")
        require_index(seed, result.seeds, "seed")
        conductance = result.conductance[layer][seed]
    if conductance.ndim != 3 or conductance.shape[2] != 2:
        raise UsageError(
            f"conductance has shape {conductance.shape}; it must be (inputs, outputs, 2)"
        )
    axes = axes_or_new(axes, (6.2, 2.9))
    inputs, outputs, _ = conductance.shape
    # The inputs run along the page, so that 65 lines stay readable at half its height.
    image = axes.imshow(
        1e6 * conductance.reshape(inputs, 2 * outputs).T,
        cmap="cividis",
        aspect="auto",
        interpolation="nearest",
    )
    axes.set_yticks(
        np.arange(2 * outputs),
        [f"{output} {sign}" for output in range(outputs) for sign in ("+", "\N{MINUS SIGN}")],
        fontsize=6,
    )
    for border in np.arange(1.5, 2 * outputs - 1, 2):
        axes.axhline(border, color="white", lw=0.6)
    axes.set_xlabel("input line")
    axes.set_ylabel("output and device of the pair")
    axes.figure.colorbar(image, ax=axes, label="conductance (\N{MICRO SIGN}S)")
    return axes
