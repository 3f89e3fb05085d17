"""What a parameter may be, and how likely: laws that samples are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import is_number
from memcircuit.devices.statistics import logarithmic_deviation
from memcircuit.errors import UsageError

Array = NDArray[np.float64]


@runtime_checkable
class Distribution(Protocol):
    """A law that can say below which value a share of all draws lie."""

    def quantile(self, share: Array) -> Array:
        """Return these values, in the parameter's unit.

        Args:
            share: of any shape, above 0 and below 1.
        """


@runtime_checkable
class FrozenDistribution(Protocol):
    """A law of ``scipy.stats`` with its numbers given, such as ``scipy.stats.beta(2, 5)``."""

    def ppf(self, share: Array) -> Array:
        """Return what ``quantile`` of a ``Distribution`` does."""


#: (low, high), uniform between; or a law.
Range = Sequence[float] | Distribution | FrozenDistribution


@dataclass(frozen=True)
class Uniform:
    """Every value between two is as likely as another.

    Attributes:
        low: lowest value, in the parameter's unit.
        high: highest.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _check_finite(self)
        if not self.low < self.high:
            raise UsageError(f"{self}: low must be below high")

    def quantile(self, share: Array) -> Array:
        """Return low + (high - low) share."""
        return np.asarray(self.low + (self.high - self.low) * share)


@dataclass(frozen=True)
class LogUniform:
    """Every ratio is as likely as another: the logarithm is uniform.

    Attributes:
        low: lowest value, above zero, in the parameter's unit.
        high: highest.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _check_finite(self)
        if not 0 < self.low < self.high:
            raise UsageError(f"{self}: low must be above zero and below high")

    def quantile(self, share: Array) -> Array:
        """Return low (high/low)^share."""
        values = self.low * (self.high / self.low) ** share
        return np.asarray(np.clip(values, self.low, self.high))


@dataclass(frozen=True)
class Normal:
    """The normal law.

    Attributes:
        mean: in the parameter's unit.
        deviation: standard deviation, above zero, in the parameter's unit.
    """

    mean: float
    deviation: float

    def __post_init__(self) -> None:
        _check_finite(self)
        if self.deviation <= 0:
            raise UsageError(f"{self}: deviation must be above zero")

    def quantile(self, share: Array) -> Array:
        """Return mean + deviation z(share), with z the quantile of the standard normal law."""
        from scipy.special import ndtri

        return np.asarray(self.mean + self.deviation * ndtri(share))


@dataclass(frozen=True)
class LogNormal:
    """The logarithm is normal: the law of a card's spreads.

    Attributes:
        median: above zero, in the parameter's unit.
        relative: standard deviation relative to the mean, v, above zero, dimensionless; the
            logarithm has the standard deviation sqrt(ln(1 + v^2)).
    """

    median: float
    relative: float

    def __post_init__(self) -> None:
        _check_finite(self)
        if self.median <= 0 or self.relative <= 0:
            raise UsageError(f"{self}: median and relative must be above zero")

    def quantile(self, share: Array) -> Array:
        """Return median exp(sqrt(ln(1 + v^2)) z(share))."""
        from scipy.special import ndtri

        return np.asarray(self.median * np.exp(logarithmic_deviation(self.relative) * ndtri(share)))


def distribution(path: str, given: Range) -> Distribution | FrozenDistribution:
    """Return the law of a parameter's range.

    Args:
        path: of the parameter, named in messages.
        given: (low, high), or a law as it is.

    Raises:
        UsageError: neither.
    """
    # a class has the methods too, but no numbers
    if isinstance(given, Distribution | FrozenDistribution) and not isinstance(given, type):
        return given
    if not isinstance(given, Sequence | np.ndarray) or len(given) != 2:
        raise UsageError(
            f"{path} = {given!r:.80}: expected (low, high), a law such as LogNormal(0.01, 0.1), or "
            "one of scipy.stats with its numbers given"
        )
    try:
        return Uniform(given[0], given[1])
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


def quantiles(
    path: str, law: Distribution | FrozenDistribution, share: Array
) -> NDArray[np.float64 | np.int64]:
    """Return the values below which these shares of a parameter's draws lie.

    Args:
        path: of the parameter, named in messages.
        law: its distribution.
        share: (samples,), above 0 and below 1.

    Returns:
        (samples,) in the parameter's unit; whole numbers of a discrete law.

    Raises:
        UsageError: a law whose values are not finite numbers.
    """
    found = law.quantile(share) if isinstance(law, Distribution) else law.ppf(share)
    values = np.asarray(found, dtype=float)
    if values.shape != share.shape or not np.all(np.isfinite(values)):
        raise UsageError(f"{path}: {described(law)} must give one finite number for every share")
    if hasattr(law, "pmf") and np.array_equal(values, np.rint(values)):
        return values.astype(np.int64)
    return values


def described(law: Distribution | FrozenDistribution) -> str:
    """Return a law with its numbers; never the address of an object."""
    family = getattr(law, "dist", None)
    if family is None:
        return repr(law) if type(law).__repr__ is not object.__repr__ else type(law).__name__
    numbers = [*map(str, getattr(law, "args", ()))]
    numbers += [f"{name}={value}" for name, value in getattr(law, "kwds", {}).items()]
    return f"{family.name}({', '.join(numbers)})"


def _check_finite(law: Uniform | LogUniform | Normal | LogNormal) -> None:
    for value in astuple(law):
        if not is_number(value) or not np.isfinite(value):
            raise UsageError(f"{law}: {value!r} is not a finite number")
