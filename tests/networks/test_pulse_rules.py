"""Which pulses each rule gives."""

import numpy as np
import pytest
from synthetic_devices import HIGHEST, LOWEST, linear, saturating

from memcircuit.errors import UsageError
from memcircuit.networks.pulse_rules import (
    MixedPrecision,
    SignPulses,
    StochasticPulses,
    WriteVerifyPulses,
)
from memcircuit.networks.pulse_rules.sign_pulses import pulse_direction
from memcircuit.networks.synapse_array import SynapseArray

RULES = (SignPulses, StochasticPulses, WriteVerifyPulses, MixedPrecision)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def array_of(response, shape=(3, 2), seeds=2, start=100e-6):
    streams = [rng(seed) for seed in range(seeds)]
    return SynapseArray(response, shape, streams, initial_conductance=start), streams


def signals(seeds=2, images=4, inputs=3, outputs=2):
    draws = rng(7)
    return draws.random((seeds, images, inputs)), draws.normal(size=(seeds, images, outputs))


def test_threshold_is_a_share_of_the_largest_gradient():
    descent = np.array([[4.0, -0.5], [-2.0, 0.2], [1.9, 0.0]])
    np.testing.assert_array_equal(
        pulse_direction(descent, 0.5, "output"), [[1, -1], [0, 0], [0, 0]]
    )
    np.testing.assert_array_equal(
        pulse_direction(descent, 0.49, "output"), [[1, -1], [-1, 0], [0, 0]]
    )
    np.testing.assert_array_equal(
        pulse_direction(descent, 0.49, "array"), [[1, 0], [-1, 0], [0, 0]]
    )
    np.testing.assert_array_equal(
        pulse_direction(descent, 0.0, "array"), [[1, -1], [-1, 1], [1, 0]]
    )


@pytest.mark.parametrize("over", ["output", "array"])
def test_threshold_counts_within_a_seed(over):
    """A seed of gradients a thousand times larger takes no pulse from the other."""
    descent = rng().normal(size=(65, 10))
    both = pulse_direction(np.stack([descent, 1000 * descent]), 0.6, over)
    np.testing.assert_array_equal(both[0], both[1])
    np.testing.assert_array_equal(both[0], pulse_direction(descent, 0.6, over))


@pytest.mark.parametrize("over", ["output", "array"])
def test_no_gradient_or_threshold_one_gives_no_pulse(over):
    assert not pulse_direction(np.zeros((65, 10)), 0.0, over).any()
    assert not pulse_direction(np.ones((65, 10)), 1.0, over).any()


def test_manhattan_pulses_every_weight_with_a_gradient():
    """Threshold 0: each weight moves by its pulse pair in the sign of -dE/dw."""
    array, streams = array_of(linear(2e-6))
    x, delta = signals()
    SignPulses(threshold=0.0).update(array, streams)(x, delta)
    sign = np.sign(np.einsum("sni,sno->sio", x, delta))
    np.testing.assert_allclose(array.weights(4e-6), sign, atol=1e-9)


def test_coincidences_have_the_papers_mean_and_variance():
    """Each of 10 slots is a Bernoulli draw of C^2 |x delta|: a binomial number of pulses."""
    x = np.array([[0.2, 1.0, -0.6]])
    delta = np.array([[0.5, -1.5]])
    rule, stream, draws = StochasticPulses(slots=10, amplification=0.5), [rng()], 20_000
    pairs = np.concatenate([rule.coincidences(x, delta, stream) for _ in range(draws)])
    chance = 0.5**2 * np.abs(x[0, :, np.newaxis] * delta)
    variance = 10 * chance * (1 - chance)
    # five standard errors of the mean; a binomial's variance has a relative error of about
    # sqrt((2 + kurtosis) / draws), below 3 % here
    error = np.abs(pairs.mean(axis=0) - np.sign(x[0, :, np.newaxis] * delta) * 10 * chance)
    assert (error < 5 * np.sqrt(variance / draws)).all()
    np.testing.assert_allclose(pairs.var(axis=0), variance, rtol=0.08)


def test_a_cut_chance_pulses_in_every_slot():
    rule = StochasticPulses(slots=7, amplification=10.0)
    pairs = rule.coincidences(np.array([[1.0, 0.0, -0.5]]), np.array([[0.3, -2.0]]), [rng()])
    np.testing.assert_array_equal(pairs[0], [[7, -7], [0, 0], [-7, 7]])


def test_stochastic_pulses_change_weights_by_the_learning_rate_in_the_mean():
    """Equal steps: the mean change of w is slots C^2 (step / scale) x^T delta over a batch."""
    x, delta = rng(3).random((1, 5, 3)), rng(4).uniform(-1, 1, size=(1, 5, 2))
    rule = StochasticPulses(slots=10, amplification=0.3, scale=100e-6)
    many = 4000
    array, streams = array_of(linear(0.01e-6), seeds=many)
    rule.update(array, streams)(np.repeat(x, many, axis=0), np.repeat(delta, many, axis=0))
    change = array.weights(rule.scale)
    expected = 10 * 0.3**2 * (0.02e-6 / 100e-6) * (x[0].T @ delta[0])
    error = change.std(axis=0, ddof=1) / np.sqrt(many)
    assert (np.abs(change.mean(axis=0) - expected) < 5 * error).all()


def test_mixed_precision_keeps_what_it_does_not_give():
    """Epsilon times pulses, and chi, make all changes asked for; chi stays below epsilon."""
    array, streams = array_of(linear(0.1e-6), shape=(65, 10))
    rule = MixedPrecision(learning_rate=0.05, epsilon=0.3e-6, scale=20e-6)
    accumulator = rule.update(array, streams)
    asked = np.zeros(accumulator.chi.shape)
    draws = rng(5)
    for _ in range(20):
        x, delta = draws.random((2, 8, 65)), draws.normal(size=(2, 8, 10))
        asked += 0.05 * 20e-6 * np.einsum("sni,sno->sio", x, delta) / 8
        accumulator(x, delta)
        assert np.abs(accumulator.chi).max() < 0.3e-6
    # a linear device shows the number of pairs by its change: 0.2 uS each
    pairs = (array.conductance[..., 0] - array.conductance[..., 1]) / 0.2e-6
    assert np.abs(pairs).max() > 3
    np.testing.assert_allclose(pairs, np.rint(pairs), atol=1e-6)
    np.testing.assert_allclose(accumulator.chi + 0.3e-6 * np.rint(pairs), asked, atol=1e-15)


def test_mixed_precision_defers_pulses_beyond_the_most():
    array, streams = array_of(linear(1e-6), shape=(1, 1), seeds=1)
    accumulator = MixedPrecision(learning_rate=1.0, scale=100e-6, pulses=4).update(array, streams)
    assert accumulator.epsilon == pytest.approx(2e-6)  # the table's pulse pair
    accumulator(np.ones((1, 1, 1)), np.full((1, 1, 1), 0.13))  # 13 uS: 6 pairs, 4 now
    assert array.set_pulses.tolist() == [4]
    assert accumulator.chi[0, 0, 0] == pytest.approx(5e-6)
    accumulator(np.ones((1, 1, 1)), np.zeros((1, 1, 1)))
    assert array.set_pulses.tolist() == [6]
    assert accumulator.chi[0, 0, 0] == pytest.approx(1e-6)


def test_mixed_precision_needs_devices_that_move():
    array, streams = array_of(linear(0.0))
    with pytest.raises(UsageError, match="the table's mean pulse pair, is"):
        MixedPrecision().update(array, streams)


def test_write_verify_reaches_its_targets_within_the_tolerance():
    array, _ = array_of(saturating(noise=0.0), shape=(65, 10), start=LOWEST)
    rule = WriteVerifyPulses(tolerance=12e-6, pulses=100, scale=100e-6)
    # every device's range ends where its steps vanish, which 250 uS is well below
    wanted = rng().uniform(-2.5, 2.5, size=(2, 65, 10))
    rule.write(array, wanted)
    target = LOWEST + 100e-6 * np.maximum(np.stack([wanted, -wanted], axis=-1), 0)
    assert np.abs(array.conductance - target).max() <= 12e-6
    given = array.set_pulses.copy()
    rule.write(array, wanted)  # all is well: no further pulse
    np.testing.assert_array_equal(array.set_pulses, given)
    assert not array.reset_pulses.any()  # no step is as wide as the tolerance on both sides


def test_write_verify_pulses_no_device_more_often_than_allowed():
    array, streams = array_of(linear(1e-6), shape=(1, 1), seeds=1, start=LOWEST)
    rule = WriteVerifyPulses(learning_rate=1.0, tolerance=0.6e-6, pulses=3, scale=100e-6)
    update = rule.update(array, streams)
    update(np.ones((1, 1, 1)), np.full((1, 1, 1), 0.05))  # 5 uS away: 3 pulses, then 2
    np.testing.assert_allclose(array.conductance[0, 0, 0], [LOWEST + 3e-6, LOWEST])
    update(np.ones((1, 1, 1)), np.zeros((1, 1, 1)))
    np.testing.assert_allclose(array.conductance[0, 0, 0], [LOWEST + 5e-6, LOWEST])
    update(np.ones((1, 1, 1)), np.full((1, 1, 1), -100.0))  # cut where the range ends
    for _ in range(200):
        update(np.ones((1, 1, 1)), np.zeros((1, 1, 1)))
    np.testing.assert_allclose(array.conductance[0, 0, 0], [LOWEST, HIGHEST], atol=0.6e-6)


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"epochs": True}, "epochs is True"),
        ({"batch": 0}, "batch is 0"),
        ({"batch": 1.5}, "batch is 1.5"),
        ({"scale": 0.0}, "scale, S, is 0.0"),
        ({"scale": float("nan")}, "scale, S, is nan"),
        ({"scale": float("inf")}, "scale, S, is inf"),
        ({"scale": 300}, "scale, S, is 300; .* at most 1"),
    ],
)
def test_impossible_settings_of_every_rule_are_refused(kind, change, what):
    with pytest.raises(UsageError, match=what):
        kind(**change)


@pytest.mark.parametrize(
    ("kind", "change", "what"),
    [
        (SignPulses, {"threshold": 1.01}, "threshold is 1.01"),
        (SignPulses, {"threshold": -0.1}, "threshold is -0.1"),
        (SignPulses, {"threshold": float("nan")}, "threshold is nan"),
        (SignPulses, {"threshold_over": "class"}, "threshold_over is 'class'"),
        (StochasticPulses, {"slots": 0}, "slots is 0"),
        (StochasticPulses, {"slots": 1001}, "slots is 1001; .* 1 to 1000"),
        (StochasticPulses, {"amplification": 0.0}, "amplification is 0.0"),
        (WriteVerifyPulses, {"learning_rate": -1.0}, "learning_rate is -1.0"),
        (WriteVerifyPulses, {"tolerance": 0.0}, "tolerance, S, is 0.0"),
        (WriteVerifyPulses, {"pulses": 0}, "pulses is 0"),
        (MixedPrecision, {"learning_rate": float("nan")}, "learning_rate is nan"),
        (MixedPrecision, {"epsilon": 0.0}, "epsilon, S, is 0.0"),
        (MixedPrecision, {"epsilon": 5}, "epsilon, S, is 5; .* at most 1"),
        (WriteVerifyPulses, {"tolerance": 10}, "tolerance, S, is 10; .* at most 1"),
        (MixedPrecision, {"pulses": 0}, "pulses is 0"),
    ],
)
def test_impossible_settings_of_a_rule_are_refused(kind, change, what):
    with pytest.raises(UsageError, match=what):
        kind(**change)
