"""The figure of costs shows the numbers it was given, and what is estimated."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from memcircuit.errors import UsageError
from memcircuit.networks.cost import Cost, Entry
from memcircuit.plot.cost import cost

FIRST, LAST = (0, "kernel"), (2, "input")
COST = Cost(
    (
        Entry("energy per inference", "cells", FIRST, 2e-9, "simulated", "reads"),
        Entry("energy per inference", "ADC", FIRST, 3e-9, "estimate", "a paper"),
        Entry("energy per inference", "cells", LAST, 1e-9, "simulated", "reads"),
        Entry("area", "cells", FIRST, 4e-10, "estimate", "a review"),
        Entry("area", "ADC", LAST, 9e-10, "estimate", "a paper"),
    )
)


def test_bars_follow_one_another_and_estimates_are_hatched():
    ax = cost(COST)
    bars = [(bar.get_x(), bar.get_width(), bar.get_hatch()) for bar in ax.patches]
    assert [bar[2] for bar in bars] == [None, "///", None]
    np.testing.assert_allclose([bar[:2] for bar in bars], [[0, 2], [2, 3], [0, 1]])
    assert ax.get_xlabel() == "energy per inference (nJ)"
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "layer 0: kernel", "layer 2: input",
    ]  # fmt: skip
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["cells, simulated", "ADC, estimate"]


def test_areas_go_by_squares():
    axes = Figure().subplots()
    assert cost(COST, "area", axes) is axes
    assert axes.get_xlabel() == "area (µm²)"
    np.testing.assert_allclose([bar.get_width() for bar in axes.patches], [400, 900])


def test_what_is_not_there_is_refused():
    with pytest.raises(UsageError, match="no energy per programming"):
        cost(COST, "energy per programming")
    with pytest.raises(UsageError, match="quantity is 'power'"):
        cost(COST, "power")
