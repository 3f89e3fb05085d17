"""Images with their classes, whichever data set they are of, and their division in two."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_generator, require_kind, require_number
from memcircuit.errors import UsageError
from memcircuit.networks.datasets.images import LabelledImages
from memcircuit.networks.digits import Digits

#: Data that can be divided; both parts are of the same kind.
Labelled = TypeVar("Labelled", Digits, LabelledImages)


def split(data: Labelled, share: float, rng: np.random.Generator) -> tuple[Labelled, Labelled]:
    """Set a random share of the images aside, for choosing settings without the test set.

    Args:
        data: the training set.
        share: dimensionless, the part to set aside, between 0 and 1, both excluded.
        rng: draws which images go.

    Returns:
        The remaining images, and those set aside, ``round(share * n)`` of them.

    Raises:
        UsageError: one of the two parts would be empty, or arguments of another kind.
    """
    require_kind(data, (Digits, LabelledImages), "data", "Digits or LabelledImages")
    rest, chosen = (
        replace(data, images=data.images[part], labels=data.labels[part])
        for part in split_indices(len(data), share, rng)
    )
    return rest, chosen


def split_indices(
    count: int, share: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which of ``count`` images remain and which are set aside; see `split`.

    Raises:
        UsageError: one of the two parts would be empty, or arguments of another kind.
    """
    require_number(share, "share", most=1.0, above=True, below=True)
    require_generator(rng)
    aside = round(share * count)
    if not 0 < aside < count:
        raise UsageError(f"share is {share} of {count} images; it must leave images on both sides")
    order = rng.permutation(count)
    return order[aside:], order[:aside]
