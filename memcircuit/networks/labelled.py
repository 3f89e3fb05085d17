"""Images with their classes, whichever data set they are of, and their division in two."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

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
        UsageError: one of the two parts would be empty.
    """
    aside = round(share * len(data)) if 0.0 < share < 1.0 else 0
    if not 0 < aside < len(data):
        raise UsageError(
            f"share is {share} of {len(data)} images; it must leave images on both sides"
        )
    order = rng.permutation(len(data))
    rest, chosen = (
        replace(data, images=data.images[part], labels=data.labels[part])
        for part in (order[aside:], order[:aside])
    )
    return rest, chosen
