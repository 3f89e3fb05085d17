"""Points drawn from ranges of parameters: at random, by Latin hypercube, by Sobol's sequence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_generator, whole_number
from memcircuit.errors import UsageError
from memcircuit.sweeps.correlation import Correlation, correlated, correlation_matrix
from memcircuit.sweeps.correlation import described as pairs_described
from memcircuit.sweeps.design import Column, Design, check_points
from memcircuit.sweeps.distributions import Range, described, distribution, quantiles

Array = NDArray[np.float64]

# Bits of a coordinate of Sobol's sequence, scipy's own choice.
_SOBOL_BITS = 30


def random(
    ranges: Mapping[str, Range],
    samples: int,
    rng: np.random.Generator,
    *,
    correlation: Correlation | None = None,
) -> Design:
    """Return independent draws of every parameter.

    Args:
        ranges: by parameter, (low, high) or a law, in the parameter's unit.
        samples: number of points.
        rng: source of randomness.
        correlation: by pair of parameters. A Gaussian copula: the number is the correlation, rho,
            of the standard normal numbers that stand for both, and so of two normal parameters
            themselves, and of the logarithms of two log-normal ones. Whatever the laws, Spearman's
            rank correlation is (6/pi) asin(rho/2).

    Returns:
        the design, over ``point``.

    Raises:
        UsageError: ranges, a number of samples or correlations that cannot be.
    """
    count, names = _checked(ranges, samples, rng, least=1)
    shares = rng.random((count, len(names)))
    if correlation is not None:
        from scipy.special import ndtr, ndtri

        matrix = correlation_matrix(names, correlation)
        shares = ndtr(correlated(ndtri(_inside(shares)), matrix))
    return _design("random", ranges, shares, correlation)


def latin_hypercube(
    ranges: Mapping[str, Range],
    samples: int,
    rng: np.random.Generator,
    *,
    correlation: Correlation | None = None,
) -> Design:
    """Return draws that cover the range of every parameter evenly.

    Each range is cut into as many strata of equal probability as there are samples, and each
    stratum is drawn from once: M. D. McKay, R. J. Beckman, W. J. Conover, Technometrics 21, 239
    (1979), doi:10.2307/1268522. Correlation only changes which draws meet, as in R. L. Iman,
    W. J. Conover, Commun. Stat. Simul. Comput. 11, 311 (1982), doi:10.1080/03610918208812265.

    Args:
        ranges: by parameter, (low, high) or a law, in the parameter's unit.
        samples: number of points, two or more; with a correlation more than there are parameters.
        rng: source of randomness.
        correlation: by pair of parameters, as of ``random``; when it is given, pairs that it does
            not name are brought to zero.

    Returns:
        the design, over ``point``.

    Raises:
        UsageError: ranges, a number of samples or correlations that cannot be.
    """
    from scipy.stats.qmc import LatinHypercube

    count, names = _checked(ranges, samples, rng, least=2)
    shares = LatinHypercube(len(names), seed=rng).random(count)
    if correlation is not None:
        shares = _reordered(_inside(shares), correlation_matrix(names, correlation))
    return _design("latin_hypercube", ranges, shares, correlation)


def sobol(ranges: Mapping[str, Range], samples: int, rng: np.random.Generator) -> Design:
    """Return the scrambled points of Sobol's sequence.

    They fill the ranges of all parameters together more evenly than random draws, so that means
    over them are more exact. That holds for powers of two: any other number of points is
    unbalanced and its means converge more slowly (A. B. Owen, "On dropping the first Sobol'
    point", arXiv:2008.08051), for the same price in simulations, so that it is refused.

    Args:
        ranges: by parameter, (low, high) or a law, in the parameter's unit.
        samples: number of points, a power of two.
        rng: scrambles them.

    Returns:
        the design, over ``point``.

    Raises:
        UsageError: ranges or a number of samples that cannot be.
    """
    from scipy.stats.qmc import Sobol

    count, names = _checked(ranges, samples, rng, least=2)
    power = count.bit_length() - 1
    if count != 2**power:
        raise UsageError(
            f"samples = {count}: points of Sobol's sequence are balanced only in powers of two; "
            f"take {2**power} or {2 ** (power + 1)}, or latin_hypercube"
        )
    if len(names) > Sobol.MAXDIM:
        raise UsageError(f"{len(names)} parameters: Sobol's sequence has at most {Sobol.MAXDIM}")
    steps = Sobol(len(names), bits=_SOBOL_BITS, seed=rng).random_base2(power)
    # points stand at the lower end of their step, 0 among them, which a normal law cannot have
    return _design("sobol", ranges, steps + 0.5**_SOBOL_BITS / 2, None)


def _checked(
    ranges: Mapping[str, Range], samples: int, rng: np.random.Generator, least: int
) -> tuple[int, list[str]]:
    require_generator(rng)
    if not isinstance(ranges, Mapping) or not ranges:
        raise UsageError(
            f"ranges = {ranges!r:.80}: expected ranges by parameter, such as "
            "{'device.k_set': (0.01, 0.02)}"
        )
    count = whole_number(samples, "samples")
    if count < least:
        raise UsageError(f"samples = {count}: at least {least}")
    check_points(count)
    return count, list(ranges)


def _inside(shares: Array) -> Array:
    """Return shares with both ends, where normal numbers are infinite, left out."""
    return np.clip(shares, np.finfo(float).epsneg / 2, 1 - np.finfo(float).epsneg)


def _reordered(shares: Array, matrix: Array) -> Array:
    """Return the same shares of each parameter, (samples, names), in an order that correlates.

    The order is that of the shares' normal scores, freed of the correlation that they have by
    chance and given the one that is wanted.
    """
    from scipy.special import ndtri

    count, names = shares.shape
    if count <= names:
        raise UsageError(
            f"samples = {count}: with a correlation take more than the {names} parameters"
        )
    scores = ndtri(shares)
    by_chance = np.linalg.cholesky(np.atleast_2d(np.corrcoef(scores, rowvar=False)))
    wanted = correlated(np.linalg.solve(by_chance, scores.T).T, matrix)
    ranks = wanted.argsort(axis=0).argsort(axis=0)
    return np.take_along_axis(np.sort(shares, axis=0), ranks, axis=0)


def _design(
    method: str,
    ranges: Mapping[str, Range],
    shares: Array,
    correlation: Correlation | None,
) -> Design:
    laws = {path: distribution(path, given) for path, given in ranges.items()}
    columns = {
        path: Column(("point",), quantiles(path, law, share))
        for (path, law), share in zip(laws.items(), _inside(shares).T, strict=True)
    }
    settings = {
        "sampling": method,
        "ranges": "; ".join(f"{path}: {described(law)}" for path, law in laws.items()),
    }
    if correlation:
        settings["correlation"] = pairs_described(correlation)
    return Design({"point": len(shares)}, columns, settings, drawn=("point",))
