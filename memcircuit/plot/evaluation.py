"""Figures of networks on hardware: accuracy against anything, error by layer, stored weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from memcircuit.checks import require_kind
from memcircuit.errors import UsageError
from memcircuit.networks.evaluation import Evaluation
from memcircuit.networks.layer import Key, number_array
from memcircuit.networks.programmed import LayerError, ProgrammedNetwork
from memcircuit.plot.style import BLUE, GREY, ORANGE, VERMILION, axes_or_new

# Weights drawn at most; more would only blacken the figure.
_MOST_POINTS = 20_000


def accuracy_against(
    values: ArrayLike,
    evaluations: Sequence[Evaluation],
    axes: Axes | None = None,
    *,
    quantity: str,
    label: str | None = None,
    colour: str = BLUE,
    confidence: float = 0.95,
) -> Axes:
    """Draw accuracy against what was varied: mean, its confidence interval, and every draw.

    Where nothing is drawn there is a single draw, and no interval over hardware. The line of the
    float network is that of the first curve in the axes.

    Args:
        values: (evaluations,) what was varied.
        evaluations: one for each value.
        axes: where to draw; a new figure by default. Draw again into the same to compare.
        quantity: its name with unit, for the axis.
        label: of this curve; the legend then names it.
        colour: of this curve.
        confidence: of the band, 0..1.

    Raises:
        UsageError: not as many evaluations as values, or none.
    """
    places = number_array(values, "values", np.float64)
    require_kind(evaluations, Sequence, "evaluations", "a list of results of evaluate")
    for one in evaluations:
        require_kind(one, Evaluation, "one of the evaluations", "what evaluate returned")
    if places.ndim != 1 or not places.size or len(places) != len(evaluations):
        raise UsageError(f"{places.shape} values and {len(evaluations)} evaluations; one for each")
    order = np.argsort(places)
    places, evaluations = places[order], [evaluations[k] for k in order]
    ax = axes_or_new(axes, (4.8, 3.2))
    # a single draw has no interval over hardware
    bounds = 100.0 * np.array(
        [
            one.interval(confidence) if len(one.accuracy) > 1 else (one.mean, one.mean)
            for one in evaluations
        ]
    )
    means = 100.0 * np.array([one.mean for one in evaluations])
    ax.fill_between(places, bounds[:, 0], bounds[:, 1], color=colour, alpha=0.2, lw=0)
    ax.plot(places, means, "o-", color=colour, ms=4, lw=1.4, label=label)
    for place, one in zip(places, evaluations, strict=True):
        ax.plot(np.full(len(one.accuracy), place), 100.0 * one.accuracy, ".", color=colour, ms=2)
    reference = 100.0 * evaluations[0].float_accuracy
    named = any(line.get_label() == "float weights" for line in ax.get_lines())
    if not named:
        ax.axhline(reference, color=VERMILION, ls=":", lw=1.5, label="float weights")
    ax.set_xlabel(quantity)
    ax.set_ylabel("accuracy (%)")
    ax.grid(visible=True, color="0.88", lw=0.6)
    ax.set_axisbelow(True)
    ax.legend(fontsize="small")
    return ax


def layer_errors(errors: Evaluation | Sequence[LayerError], axes: Axes | None = None) -> Axes:
    """Draw the error of every layer against the float network: its own, and with what it inherits.

    Args:
        errors: an evaluation, or the errors of one programmed network.
        axes: where to draw; a new figure by default.

    Raises:
        UsageError: no layer.
    """
    if not isinstance(errors, Evaluation):
        require_kind(errors, Sequence, "errors", "an Evaluation or a list of LayerError")
        for one in errors:
            require_kind(one, LayerError, "one of the errors", "a LayerError")
    found = errors.layer_errors() if isinstance(errors, Evaluation) else list(errors)
    if not found:
        raise UsageError("layer errors of no layer")
    ax = axes_or_new(axes, (4.8, 3.0))
    places = np.arange(len(found))
    for offset, name, colour, label in (
        (-0.2, "own", ORANGE, "with ideal inputs"),
        (0.2, "total", BLUE, "with the inputs it gets"),
    ):
        sizes = [100.0 * getattr(one, name) for one in found]
        ax.bar(places + offset, sizes, 0.38, color=colour, label=label)
    ax.set_xticks(places, [f"{one.layer}\n{one.kind}" for one in found], fontsize="small")
    ax.set_xlabel("layer")
    ax.set_ylabel("rms error of its outputs (%)")
    ax.margins(y=0.35)  # room for the legend above the bars
    ax.legend(fontsize="small", loc="upper left")
    return ax


def stored_weights(
    programmed: ProgrammedNetwork, axes: Axes | None = None, *, matrix: int | Key = 0
) -> Axes:
    """Draw the weights that cells stand for against those that were wanted.

    Weights whose cells are stuck are marked; of large matrices an even selection is drawn.

    Args:
        programmed: the network on its cells.
        axes: where to draw; a new figure by default.
        matrix: which of its matrices: a number, in their order, or layer and name.

    Raises:
        UsageError: no such matrix.
    """
    require_kind(programmed, ProgrammedNetwork, "programmed", "a network that program() wrote")
    keys = list(programmed.cells)
    if matrix in keys:
        matrix = keys.index(matrix)
    if not isinstance(matrix, int) or not 0 <= matrix < len(keys):
        raise UsageError(f"matrix {matrix!r}; the network has {len(keys)}: {keys}")
    key = keys[matrix]
    cells = programmed.cells[key]
    wanted = programmed.network.layers[key[0]].matrices[key[1]]
    ideal = wanted.weights
    if cells.bias_row and wanted.bias is not None:
        ideal = np.vstack([ideal, wanted.bias])
    parts = cells.encoded.places
    stuck = (cells.stuck != 0).any(axis=0)[:, parts].any(axis=(-1, -2))
    ax = axes_or_new(axes, (4.2, 3.6))
    chosen = np.linspace(0, ideal.size - 1, min(ideal.size, _MOST_POINTS)).astype(int)
    x, y, failed = (values.ravel()[chosen] for values in (ideal, cells.weights, stuck))
    ends = [float(x.min()), float(x.max())]
    ax.plot(ends, ends, color=GREY, lw=1.0, label="as wanted")
    ax.plot(x[~failed], y[~failed], ".", color=BLUE, ms=2.5, alpha=0.5, label="weights")
    if failed.any():
        ax.plot(x[failed], y[failed], "x", color=VERMILION, ms=3, label="with a stuck cell")
    ax.set_xlabel("weight wanted")
    ax.set_ylabel("weight of the cells")
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.legend(fontsize="small", markerscale=2)
    return ax
