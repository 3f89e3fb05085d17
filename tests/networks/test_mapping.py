"""Rules of mapping weights: which are refused, and how many levels and columns they need."""

import pytest

from memcircuit.errors import UsageError
from memcircuit.networks.mapping import Mapping


@pytest.mark.parametrize(
    ("entries", "named"),
    [
        ({"encoding": "triple"}, "encoding is 'triple'"),
        ({"scaling": "row"}, "scaling is 'row'"),
        ({"bias": "none"}, "bias is 'none'"),
        ({"layout": "stacked"}, "layout is 'stacked'"),
        ({"cells": 0}, "cells is 0"),
        ({"cells": 1.5}, "cells is 1.5"),
        ({"cells": True}, "cells is True"),
        ({"bits": 25}, "bits is 25"),
        ({"bits": 0}, "bits is 0"),
        ({"slices": 2}, "2 slices need"),
        ({"slices": 2, "bits": 4, "encoding": "offset"}, "2 slices need"),
        ({"slices": 2, "bits": 4, "balanced": True}, "2 slices need"),
        ({"slices": 5, "bits": 5}, "5 slices of 5 bits"),
        ({"clip": 0.0}, "clip is 0.0"),
        ({"clip": 1.1}, "clip is 1.1"),
        ({"clip": float("nan")}, "clip is nan"),
        ({"clip": "all"}, "clip is 'all'"),
        ({"balanced": "no"}, "balanced is 'no'"),
        ({"encoding": "offset", "balanced": True}, "cannot be balanced"),
        ({"encoding": "bridge", "cells": 2}, "one cell in each place, not 2"),
        ({"encoding": "bridge", "layout": "separate"}, "of pairs, not of 'bridge'"),
    ],
)
def test_rules_that_do_not_fit_are_refused_and_named(entries, named):
    with pytest.raises(UsageError, match="mapping: ") as caught:
        Mapping(**entries)
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("mapping", "levels"),
    [
        (Mapping(), 2),
        (Mapping(bits=3), 8),
        (Mapping(bits=3, slices=4), 8),
        (Mapping(bits=3, balanced=True), 15),
        (Mapping("offset", bits=3), 15),
        (Mapping("bridge", bits=1), 3),
    ],
)
def test_levels_that_cells_must_offer(mapping, levels):
    """A pair's sign costs no level; -7 to 7 in one cell are 15."""
    assert mapping.levels == levels


@pytest.mark.parametrize(
    ("mapping", "width"),
    [
        (Mapping(), (2, 0)),
        (Mapping(cells=3), (6, 0)),
        (Mapping(layout="separate", cells=3), (3, 0)),
        (Mapping("offset", cells=2), (2, 2)),
        (Mapping("bridge"), (4, 0)),
    ],
)
def test_columns_of_a_weight_and_of_an_array(mapping, width):
    assert mapping.width == width
