"""Figures of a trained network: accuracy, confusion, conductance."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.networks.training_result import TrainingResult
from memcircuit.plot.style import BLUE, ORANGE, VERMILION, axes_or_new


class HasConfusion(Protocol):
    """A result that counts which class was taken for which, such as `TrainingResult`."""

    def confusion_matrix(self) -> NDArray[np.int64]:
        """Return the counts (classes, classes), the true class as row."""
        ...


def accuracy(
    result: TrainingResult,
    axes: Axes | None = None,
    reference: float | None = None,
    level: float = 0.95,
) -> Axes:
    """Draw the mean accuracy on test and training images after each epoch, in per cent.

    With several seeds a dark band is the confidence interval of the mean, and a light one reaches
    from the lowest to the highest seed.

    Args:
        result: networks trained by pulses.
        axes: where to draw; a new figure by default.
        reference: accuracy 0..1 of the same network with float weights, drawn as a line.
        level: confidence 0..1 of the interval.
    """
    ax = axes_or_new(axes, (4.6, 3.1))
    parts = (
        (result.train_accuracy, result.learning_curve("train", level), "training", "s--", ORANGE),
        (result.test_accuracy, result.learning_curve("test", level), "test", "o-", BLUE),
    )
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
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylim(top=100.0)
    ax.grid(visible=True, color="0.88", lw=0.6)
    ax.set_axisbelow(True)
    ax.legend(loc="lower right", fontsize="small")
    return ax


def confusion_matrix(result: HasConfusion | NDArray[np.int64], axes: Axes | None = None) -> Axes:
    """Draw how many images of each class were taken for which, each row coloured by its share.

    Args:
        result: trained or evaluated networks, counted together, or (classes, classes) counts with
            the true class as row.
        axes: where to draw; a new figure by default.
    """
    counts = result if isinstance(result, np.ndarray) else result.confusion_matrix()
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise UsageError(f"confusion matrix has shape {counts.shape}; it must be square")
    axes = axes_or_new(axes, (4.2, 3.6))
    totals = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shares = 100.0 * counts / totals
    image = axes.imshow(shares, cmap="cividis", vmin=0.0, vmax=100.0)
    for row, column in zip(*np.nonzero(counts), strict=True):
        axes.text(
            column,
            row,
            str(counts[row, column]),
            ha="center",
            va="center",
            fontsize=7,
            color="black" if shares[row, column] > 50.0 else "white",
        )
    classes = np.arange(len(counts))
    axes.set_xticks(classes)
    axes.set_yticks(classes)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.figure.colorbar(image, ax=axes, label="share of the true class (%)")
    return axes


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
    """
    if isinstance(result, np.ndarray):
        conductance = result
    else:
        layers = len(result.conductance)
        if not (0 <= layer < layers and 0 <= seed < result.seeds):
            raise UsageError(
                f"layer {layer} of seed {seed}; the result has {layers} layers and "
                f"{result.seeds} seeds, from 0"
            )
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
