"""The values of a design as the experiment gets them, before keys are made of them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.sweeps.design import Design
from memcircuit.sweeps.subject import whole_subject
from memcircuit.sweeps.target import Target

# Fields of pulses, all real numbers, as experiments of ours have them.
_PULSES = ("pulse", "set", "reset", "read")


def settled(design: Design, target: Target) -> Design:
    """Return a design with cards read, and whole numbers as reals where these are meant.

    So a key holds what stands in a card, not its name, and a point is the same whether 2 or 2.0
    was given. Reals are meant in parameters and multipliers of a memristor, the pulses of our
    experiments, sizes of transistors, and arguments that are annotated as ``float``.

    Args:
        design: the points.
        target: experiment and arguments.

    Raises:
        CardError: a card that cannot be read.
    """
    columns = {
        path: replace(column, values=_values(target, path, column.values))
        for path, column in design.columns.items()
    }
    return replace(design, columns=columns)


def _values(target: Target, path: str, values: NDArray[Any]) -> NDArray[Any]:
    subject = target.experiment.subject
    if values.dtype.kind in "iu":
        return values.astype(np.float64) if _is_real(target, path) else values
    if values.dtype != object or not subject or path not in ("device", subject):
        return values
    read: dict[str | Path, Any] = {}
    found = values.copy()
    for place, value in np.ndenumerate(values):
        if isinstance(value, str | Path):
            if value not in read:
                read[value] = whole_subject(None, value)
            found[place] = read[value]
    return found


def _is_real(target: Target, path: str) -> bool:
    """Return whether whole numbers stand for reals."""
    owner, dot, _ = path.partition(".")
    experiment = target.experiment
    if not dot:
        parameter = experiment.signature.parameters.get(path)
        annotation = "" if parameter is None else parameter.annotation
        text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
        words = set(re.findall(r"\w+", text))
        return "int" not in words and ("float" in words or "ArrayLike" in words)
    if owner in ("device", "variation"):
        return bool(experiment.subject)
    return experiment.ours and (owner in _PULSES or path.startswith("cell.transistor."))
