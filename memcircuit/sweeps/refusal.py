"""Arguments with which no point could run: told before the first of them is simulated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.sweeps.design import Design
from memcircuit.sweeps.remarks import remarks
from memcircuit.sweeps.target import Target, changed

# Points that are made ready at most, spread over the design: only where one after the other is
# refused in the same words is there a second.
_TRIED = 100


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
        UsageError: what the experiment says of every point that was tried.
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
        raise found


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
    except Exception:  # noqa: BLE001 - such as a tool that only the workers have
        return None
    return None
