"""What no point could run with, or be kept of: told before the first, or after it at the latest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.sweeps.design import Design
from memcircuit.sweeps.reductions import Reductions
from memcircuit.sweeps.remarks import remarks
from memcircuit.sweeps.results import lengths_of_course
from memcircuit.sweeps.subject import innermost
from memcircuit.sweeps.target import Target, changed

# Points that are made ready at most, spread over the design: only where one after the other is
# refused in the same words is there a second.
_TRIED = 100


class AlikeError(UsageError):
    """What an experiment says of all points of a sweep, or what the results of all of them lack."""


def refuse_useless(target: Target, design: Design) -> None:
    """Refuse a sweep whose points the experiment itself would refuse all alike.

    Whether arguments go together only the experiment knows, so points are made ready by its
    ``prepare``. What is wrong with fixed arguments it says of every point in the same words; a
    value or a draw that is wrong by itself is not that of all points, and is the failure of its
    own.

    Args:
        target: experiment and fixed arguments.
        design: the points.

    Raises:
        AlikeError: what the experiment says of every point that was tried.
    """
    if target.experiment.prepare is None:
        return
    places = _spread(design)
    found: UsageError | None = None
    for place in range(places.size):
        refusal = _refusal(target, design, places[place : place + 1])
        if refusal is None or (found is not None and str(refusal) != str(found)):
            return
        found = found or refusal
    if found is not None:
        raise AlikeError(str(found)) from found


def judging(
    target: Target, design: Design, measure: Reductions, known: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Return what is kept that the results of all points have, or none of them.

    Where only numbers differ that count nothing, results have the same dimensions, equally long:
    what the first result lacks, all others lack.

    Args:
        target: experiment and fixed arguments.
        design: the points.
        measure: what is kept.
        known: dimensions of the experiment's results by name, empty when not known.
    """
    if not known or not all(
        _shapes_nothing(target, path, column.values) for path, column in design.columns.items()
    ):
        return ()
    loose = lengths_of_course(target.experiment.name)
    return tuple(name for name, one in measure.by_name.items() if one.taken.isdisjoint(loose))


def _shapes_nothing(target: Target, path: str, values: NDArray[Any]) -> bool:
    """Return whether the dimensions of results are the same for all values of a parameter."""
    if values.dtype.kind == "f":
        return True
    if values.dtype.kind in "iu":
        return bool(target.unit(path))  # a quantity; what has no unit may be a count
    if path not in (target.experiment.subject, "device"):
        return False
    # cards, and devices that are no cells
    return all(isinstance(one, str) or innermost(one) is one for one in values.ravel().tolist())


def _spread(design: Design) -> NDArray[np.intp]:
    """Return points that have every value of each dimension, or as many as there are points.

    Points at equal distances would meet few values of an inner dimension: 2 of 5 in 99 x 5.
    """
    if design.size <= _TRIED:
        return np.arange(design.size)
    order, shape = np.random.default_rng(0), tuple(design.sizes.values())
    each = [np.linspace(0, length - 1, _TRIED).round().astype(np.intp) for length in shape]
    for values in each:  # the first and the last point stay
        values[1:-1] = order.permutation(values[1:-1])
    return np.ravel_multi_index(each, shape).astype(np.intp)


def _refusal(target: Target, design: Design, point: NDArray[np.intp]) -> UsageError | None:
    """Return why a point is refused; None where it can run, or where only its run tells."""
    values = {path: column[0] for path, column in design.values(point).items()}
    try:
        with remarks():  # which the point gives again when it is simulated
            target.experiment.prepared(changed(target, values))
    except UsageError as error:
        return error
    except (TypeError, ValueError, AttributeError) as error:
        refusal = UsageError(f"{target.experiment.name}: {error}")
        refusal.__cause__ = error
        return refusal
    except (Exception, SystemExit):  # noqa: BLE001 - such as a tool that only the workers have
        return None
    return None
