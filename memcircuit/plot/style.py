"""What every figure shares: size, colours that colour-blind readers tell apart, a fresh axes."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

#: Okabe and Ito's palette, told apart in every form of colour blindness.
BLUE, ORANGE, VERMILION, GREY = "#0072B2", "#E69F00", "#D55E00", "#7F7F7F"

# Units that take a prefix; others, such as 1 or m/s, are written as they are.
_PREFIXED = frozenset("ACFHJKSVWms")


def axes_or_new(axes: Axes | None, size: tuple[float, float] = (5.0, 3.4)) -> Axes:
    """Return ``axes``, or the only axes of a new figure of that size (inch)."""
    if axes is not None:
        return axes
    return Figure(figsize=size, layout="constrained").subplots()


def si_prefix(largest: float) -> tuple[float, str]:
    """Return factor and prefix with which a quantity up to ``largest`` is best written."""
    for scale, prefix in ((1.0, ""), (1e3, "m"), (1e6, "µ"), (1e9, "n")):
        if largest * scale >= 1:
            return scale, prefix
    return 1e12, "p"


def prefixed(values: NDArray[np.float64], unit: str) -> tuple[float, str]:
    """Return factor and unit with which values, not all of them finite perhaps, are best written.

    The unit "1" is written as none.
    """
    if unit not in _PREFIXED:
        return 1.0, "" if unit == "1" else unit
    largest = float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))
    # tenths of a volt are volts
    whole = 10.0 * largest if unit == "V" else largest
    factor, prefix = si_prefix(whole) if whole > 0 else (1.0, "")
    return factor, f"{prefix}{unit}"
