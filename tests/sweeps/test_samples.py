"""Samples against the closed forms of their laws, their strata and their evenness."""

import math

import numpy as np
import pytest
from scipy import stats

from memcircuit.errors import UsageError
from memcircuit.sweeps import samples
from memcircuit.sweeps.distributions import LogNormal, LogUniform, Normal, Uniform

LAWS = {
    "uniform": (Uniform(-1.0, 3.0), stats.uniform(-1.0, 4.0)),
    "loguniform": (LogUniform(1e-9, 1e-6), stats.loguniform(1e-9, 1e-6)),
    "normal": (Normal(2.0, 0.5), stats.norm(2.0, 0.5)),
    "lognormal": (LogNormal(0.01, 0.3), stats.lognorm(math.sqrt(math.log(1.09)), scale=0.01)),
}
METHODS = [samples.random, samples.latin_hypercube, samples.sobol]
PAIR = {("a", "b"): 0.8}


def _values(design):
    return {path: column.values for path, column in design.columns.items()}


@pytest.mark.parametrize("law", LAWS)
def test_a_law_has_the_quantiles_of_its_closed_form(law):
    ours, theirs = LAWS[law]
    share = np.array([1e-12, 0.01, 0.5, 0.9, 1 - 1e-12])
    np.testing.assert_allclose(ours.quantile(share), theirs.ppf(share), rtol=1e-10)


def test_the_deviation_of_a_log_normal_law_is_relative_to_its_mean():
    share = (np.arange(200_000) + 0.5) / 200_000
    values = LogNormal(5.0, 0.3).quantile(share)
    assert values.std() / values.mean() == pytest.approx(0.3, rel=1e-3)
    assert np.median(values) == pytest.approx(5.0)


@pytest.mark.parametrize("method", METHODS)
def test_draws_follow_their_laws(method, rng):
    count = 4096
    drawn = _values(method({name: ours for name, (ours, _) in LAWS.items()}, count, rng))
    for name, (_, theirs) in LAWS.items():
        assert stats.kstest(drawn[name], theirs.cdf).pvalue > 6e-5  # four sigma
        mean, deviation = theirs.mean(), theirs.std()
        assert abs(drawn[name].mean() - mean) < 4 * deviation / math.sqrt(count)


@pytest.mark.parametrize("correlation", [None, PAIR])
def test_a_latin_hypercube_draws_once_from_every_stratum(correlation, rng):
    count = 37
    ranges = {"a": (0.0, 1.0), "b": LogNormal(2.0, 0.5), "c": stats.beta(2, 5)}
    drawn = _values(samples.latin_hypercube(ranges, count, rng, correlation=correlation))
    lognormal = stats.lognorm(math.sqrt(math.log(1.25)), scale=2.0)
    laws = {"a": stats.uniform(), "b": lognormal, "c": stats.beta(2, 5)}
    for name, law in laws.items():
        strata = np.floor(law.cdf(drawn[name]) * count)
        np.testing.assert_array_equal(np.sort(strata), np.arange(count))


@pytest.mark.parametrize("method", [samples.random, samples.latin_hypercube])
@pytest.mark.parametrize("rho", [0.8, -0.5])
def test_the_correlation_is_that_of_the_normal_numbers_behind(method, rho, rng):
    count = 4000
    ranges = {"a": Normal(5.0, 2.0), "b": LogNormal(1.0, 0.8), "c": LogUniform(1e-3, 1.0)}
    pairs = {("a", "b"): rho, ("c", "b"): 0.3}
    drawn = _values(method(ranges, count, rng, correlation=pairs))
    # a sample's correlation has the standard error (1 - rho^2)/sqrt(n)
    bound = 4 * (1 - rho**2) / math.sqrt(count)
    assert abs(np.corrcoef(drawn["a"], np.log(drawn["b"]))[0, 1] - rho) < bound
    ranks = stats.spearmanr(np.column_stack([drawn[name] for name in "abc"])).statistic
    for (one, two), value in (((0, 1), rho), ((1, 2), 0.3), ((0, 2), 0.0)):
        assert abs(ranks[one, two] - 6 / math.pi * math.asin(value / 2)) < 4.2 / math.sqrt(count)


def test_a_latin_hypercube_correlates_better_than_chance():
    """The correlation that draws have by chance is taken out: a quarter of its error is left."""
    count, misses = 200, []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        ranges = {"a": Normal(0, 1), "b": Normal(0, 1)}
        drawn = _values(samples.latin_hypercube(ranges, count, rng, correlation=PAIR))
        misses.append(np.corrcoef(drawn["a"], drawn["b"])[0, 1] - 0.8)
    chance = (1 - 0.8**2) / math.sqrt(count)
    assert np.sqrt(np.mean(np.square(misses))) < chance / 2


def test_points_of_sobol_are_more_even_than_random_ones(rng):
    ranges = dict.fromkeys("abc", (0.0, 1.0))
    spread = {
        method: stats.qmc.discrepancy(
            np.column_stack(list(_values(method(ranges, 256, rng)).values()))
        )
        for method in (samples.random, samples.sobol)
    }
    assert spread[samples.sobol] < spread[samples.random] / 10


def test_points_of_sobol_are_a_net(rng):
    """Every box of area 1/n of the elementary ones holds one point of n, in two dimensions."""
    drawn = _values(samples.sobol({"a": (0.0, 1.0), "b": (0.0, 1.0)}, 64, rng))
    for power in range(7):
        boxes = np.floor(drawn["a"] * 2**power) * 64 + np.floor(drawn["b"] * 2 ** (6 - power))
        assert len(set(boxes)) == 64


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_makes_the_same_design(method):
    one, two, other = (
        _values(method({"a": (0.0, 1.0), "b": Normal(0, 1)}, 16, np.random.default_rng(seed)))
        for seed in (1, 1, 2)
    )
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])
        assert not np.any(one[name] == other[name])


def test_one_generator_makes_two_different_designs(rng):
    one, two = (_values(samples.latin_hypercube({"a": (0, 1)}, 8, rng))["a"] for _ in range(2))
    assert not np.any(one == two)


def test_a_discrete_law_gives_whole_numbers(rng):
    drawn = _values(samples.random({"pulses": stats.randint(1, 4)}, 300, rng))["pulses"]
    assert drawn.dtype == np.int64
    assert set(drawn) == {1, 2, 3}


def test_settings_say_how_the_points_were_drawn(rng):
    ranges = {"a": (0.0, 1.0), "b": stats.beta(2, 5, scale=3)}
    design = samples.latin_hypercube(ranges, 8, rng, correlation=PAIR)
    assert design.settings == {
        "sampling": "latin_hypercube",
        "ranges": "a: Uniform(low=0.0, high=1.0); b: beta(2, 5, scale=3)",
        "correlation": "a/b 0.8",
    }


@pytest.mark.parametrize(
    ("law", "message"),
    [
        (lambda: Uniform(1.0, 1.0), "low must be below high"),
        (lambda: LogUniform(0.0, 1.0), "low must be above zero"),
        (lambda: Normal(1.0, 0.0), "deviation must be above zero"),
        (lambda: LogNormal(-1.0, 0.1), "median and relative must be above zero"),
        (lambda: Uniform(0.0, math.inf), "inf is not a finite number"),
        (lambda: Normal("a", 1.0), "'a' is not a finite number"),
    ],
)
def test_laws_that_cannot_be(law, message):
    with pytest.raises(UsageError, match=message):
        law()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (3.0, r"gate = 3.0: expected \(low, high\)"),
        ((1.0, 2.0, 3.0), r"expected \(low, high\)"),
        (Normal, r"expected \(low, high\)"),
        ((5.0, 3.0), "gate: .*low must be below high"),
        (stats.norm(0, -1), "gate: norm.* must give one finite number"),
    ],
)
def test_ranges_that_cannot_be(given, message, rng):
    with pytest.raises(UsageError, match=message):
        samples.random({"gate": given}, 4, rng)


@pytest.mark.parametrize(
    ("method", "count", "message"),
    [
        (samples.sobol, 100, "samples = 100: .*; take 64 or 128, or latin_hypercube"),
        (samples.sobol, 1, "at least 2"),
        (samples.latin_hypercube, 1, "at least 2"),
        (samples.random, 0, "at least 1"),
        (samples.random, 2 * 10**9, "a sweep of 2000000000 points: at most"),
        (samples.random, 2.5, "samples = 2.5 must be a whole number"),
    ],
)
def test_numbers_of_samples_that_cannot_be(method, count, message, rng):
    with pytest.raises(UsageError, match=message):
        method({"a": (0.0, 1.0)}, count, rng)


def test_other_arguments_that_cannot_be(rng):
    with pytest.raises(UsageError, match=r"pass numpy.random.default_rng"):
        samples.random({"a": (0.0, 1.0)}, 4, 42)
    with pytest.raises(UsageError, match="expected ranges by parameter"):
        samples.sobol({}, 4, rng)
    with pytest.raises(UsageError, match="more than the 2 parameters"):
        samples.latin_hypercube({"a": (0, 1), "b": (0, 1)}, 2, rng, correlation=PAIR)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ({("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): -0.9}, "cannot hold together.*-0.8"),
        ({("a", "b"): 1.0}, "must be above -1 and below 1"),
        ({("a", "b"): math.nan}, "must be above -1 and below 1"),
        ({("a", "b"): "much"}, "must be a number"),
        ({("a", "b"): 0.1, ("b", "a"): 0.1}, "given twice"),
        ({("a", "a"): 0.1}, "two different parameters"),
        ({"ab": 0.1}, "a pair of two different parameters"),
        ({("a", "d"): 0.1}, "correlation of 'd': drawn are only a, b, c"),
        (0.8, "expected numbers by pair"),
    ],
)
def test_correlations_that_cannot_be(pairs, message, rng):
    with pytest.raises(UsageError, match=message):
        samples.random(dict.fromkeys("abc", (0.0, 1.0)), 8, rng, correlation=pairs)
