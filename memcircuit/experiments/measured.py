"""Results as plain arrays, before they are part of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError


@dataclass(frozen=True, eq=False)
class Measured:
    """A variable of a result.

    Attributes:
        dims: its dimensions, behind one that counts cells or points where there is one.
        values: numbers.
        attrs: unit and name.
    """

    dims: tuple[str, ...]
    values: NDArray[Any]
    attrs: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Batch:
    """The results of one experiment for many points.

    Attributes:
        variables: by name, with a leading axis of points.
        coordinates: by name, the same for all points.
        attributes: of the simulation.
    """

    variables: dict[str, Measured]
    coordinates: dict[str, Measured]
    attributes: dict[str, str | int | float]


def point_count(columns: Mapping[str, NDArray[Any]]) -> int:
    """Return the number of points that columns, each (points, ...), are for; 1 when there is none.

    Raises:
        UsageError: different numbers, or none at all.
    """
    lengths = {path: np.shape(values)[:1] for path, values in columns.items()}
    if len(set(lengths.values())) > 1 or () in lengths.values() or (0,) in lengths.values():
        told = ", ".join(f"{path}: {length}" for path, length in lengths.items())
        raise UsageError(f"every column needs one value for each point; there are {told}")
    return next(iter(lengths.values()))[0] if lengths else 1
