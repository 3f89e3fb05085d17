"""Figures of a trained network: accuracy, confusion, conductance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.networks.float_reference import FloatResult
from memcircuit.networks.pulse_training import TrainingResult
from memcircuit.plot.style import BLUE, ORANGE, VERMILION, axes_or_new


def accuracy(
    results: TrainingResult | Sequence[TrainingResult],
    axes: Axes | None = None,
    reference: float | None = None,
) -> Axes:
    """Draw the accuracy on test and training images after each epoch, in per cent.

    Args:
        results: a trained network, or several that differ in their random draws: then the mean,
            and a band from the lowest to the highest.
        axes: where to draw; a new figure by default.
        reference: accuracy 0..1 of the same network with float weights, drawn as a line.

    Raises:
        UsageError: no result, or results of different numbers of epochs.
    """
    networks = [results] if isinstance(results, TrainingResult) else list(results)
    if len({len(network.test_accuracy) for network in networks}) != 1:
        raise UsageError("accuracy needs at least one network, all trained for as many epochs")
    ax = axes_or_new(axes, (4.6, 3.1))
    for name, style, colour in (("train", "s--", ORANGE), ("test", "o-", BLUE)):
        curves = 100.0 * np.stack([getattr(network, f"{name}_accuracy") for network in networks])
        epochs = np.arange(1, curves.shape[1] + 1)
        label = {"train": "training images", "test": "test images"}[name]
        ax.plot(epochs, curves.mean(axis=0), style, color=colour, ms=3.5, lw=1.4, label=label)
        if len(networks) > 1:
            ax.fill_between(
                epochs, curves.min(axis=0), curves.max(axis=0), color=colour, alpha=0.2, lw=0
            )
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


def confusion_matrix(
    result: TrainingResult | FloatResult | NDArray[np.int64], axes: Axes | None = None
) -> Axes:
    """Draw how many images of each class were taken for which, each row coloured by its share.

    Args:
        result: a trained network, or (classes, classes) counts with the true class as row.
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
    axes.set_xlabel("predicted digit")
    axes.set_ylabel("written digit")
    axes.figure.colorbar(image, ax=axes, label="share of the written digit (%)")
    return axes


def conductance_map(result: TrainingResult | NDArray[np.float64], axes: Axes | None = None) -> Axes:
    """Draw the conductance of every device of the array, in uS.

    Args:
        result: a trained network, or conductances (inputs, outputs, 2) in S, the positive device
            of each pair first.
        axes: where to draw; a new figure by default.
    """
    conductance = result if isinstance(result, np.ndarray) else result.conductance
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
