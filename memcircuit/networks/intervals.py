"""Confidence intervals: of a mean over few draws, and of a share of many trials."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_number

Array = NDArray[np.float64]


def require_confidence(value: object, name: str = "confidence") -> None:
    """Refuse what is no number between 0 and 1, both excluded.

    Raises:
        UsageError: anything else.
    """
    require_number(value, name, most=1.0, above=True, below=True)


def student(values: Array, confidence: float) -> tuple[Array, Array]:
    """Return Student's interval of the mean, its ends cut to 0..1.

    Args:
        values: (..., draws) shares 0..1, at least two draws.
        confidence: of the interval, 0..1.

    Returns:
        lower and upper ends, each (...).
    """
    from scipy.stats import t

    draws = values.shape[-1]
    mean = values.mean(axis=-1)
    error = values.std(axis=-1, ddof=1) / np.sqrt(draws)
    half = error * t.ppf(0.5 + 0.5 * confidence, draws - 1)
    return np.maximum(mean - half, 0.0), np.minimum(mean + half, 1.0)


def wilson(share: float, count: int, confidence: float) -> tuple[float, float]:
    """Return Wilson's interval of a share found in ``count`` trials.

    E. B. Wilson 1927, doi:10.1080/01621459.1927.10502953.
    """
    from scipy.stats import norm

    z = float(norm.ppf(0.5 + 0.5 * confidence))
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
