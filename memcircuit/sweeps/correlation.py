"""How parameters that are drawn together hang together: a Gaussian copula, given pair by pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import is_number
from memcircuit.errors import UsageError

Array = NDArray[np.float64]

#: Correlation by pair of names; pairs that are not named are independent of each other unless
#: others tie them together.
Correlation = Mapping[tuple[str, str], float]


def correlation_matrix(names: Sequence[str], pairs: Correlation) -> Array:
    """Return the correlation of standard normal numbers, one for each name.

    Args:
        names: what is drawn.
        pairs: by pair of them, above -1 and below 1.

    Returns:
        (names, names), dimensionless; 0 between names that are no pair.

    Raises:
        UsageError: unknown names, a pair that is given twice, or numbers that no draw can have.
    """
    if not isinstance(pairs, Mapping):
        raise UsageError(f"correlation = {pairs!r:.80}: expected numbers by pair, {{(a, b): 0.8}}")
    matrix = np.eye(len(names))
    for pair, value in pairs.items():
        _check(pair, value, names)
        one, two = (names.index(name) for name in pair)
        if (pair[1], pair[0]) in pairs:
            raise UsageError(f"correlation of {names[one]!r} and {names[two]!r} is given twice")
        matrix[one, two] = matrix[two, one] = value
    lowest = np.linalg.eigvalsh(matrix)[0] if len(names) else 1.0
    if lowest <= len(names) * np.finfo(float).eps:
        raise UsageError(
            f"correlation {described(pairs)}: these cannot hold together; their matrix must be "
            f"positive definite, its lowest eigenvalue is {lowest:.3g}"
        )
    return matrix


def correlated(scores: Array, matrix: Array) -> Array:
    """Return independent standard normal numbers made to correlate; the first stays as it is.

    Args:
        scores: (..., names).
        matrix: (names, names), of ``correlation_matrix``.

    Returns:
        (..., names), by the Cholesky factor of the matrix.
    """
    return np.asarray(scores @ np.linalg.cholesky(matrix).T)


def described(pairs: Correlation) -> str:
    """Return the pairs on one line, for messages and attributes."""
    return ", ".join(f"{one}/{two} {value:g}" for (one, two), value in pairs.items())


def _check(pair: object, value: float, names: Sequence[str]) -> None:
    if not isinstance(pair, tuple) or len(pair) != 2 or pair[0] == pair[1]:
        raise UsageError(f"correlation of {pair!r}: expected a pair of two different parameters")
    for name in pair:
        if name not in names:
            raise UsageError(f"correlation of {name!r}: drawn are only {', '.join(names)}")
    if not is_number(value):
        raise UsageError(f"correlation of {pair} = {value!r} must be a number")
    if not abs(value) < 1:
        raise UsageError(f"correlation of {pair} = {value:g} must be above -1 and below 1")
