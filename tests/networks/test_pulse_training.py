"""Training by pulses: which devices move, by how much, and what is learned."""

import numpy as np
import pytest
from synthetic_devices import HIGHEST, LOWEST, linear, saturating

from memcircuit.errors import TableError, UsageError
from memcircuit.networks.digits import Digits, load_digits
from memcircuit.networks.float_reference import train_float
from memcircuit.networks.pulse_training import PulseRule, pulse_direction, train
from memcircuit.networks.synapse_array import StuckDevices


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def digits():
    return load_digits()


@pytest.fixture(scope="module")
def few(digits):
    training, test = digits
    return (
        Digits(training.images[:300], training.labels[:300]),
        Digits(test.images[:100], test.labels[:100]),
    )


def test_one_sample_moves_the_expected_devices_by_the_step():
    """All weights zero, so y = 0 and the sign is the target's: up for class 3, else down."""
    images = np.zeros((1, 64))
    images[0, [5, 40]] = [0.2, 1.0]
    sample = Digits(images, np.array([3]))
    rule = PulseRule(epochs=1, batch=1, threshold=0.0)
    result = train(linear(2e-6), sample, sample, rule, rng(), initial_conductance=100e-6)
    change = np.zeros((65, 10, 2))
    for line in (5, 40, 64):
        change[line] = [-2e-6, 2e-6]
        change[line, 3] = [2e-6, -2e-6]
    np.testing.assert_allclose(result.conductance - 100e-6, change, atol=1e-16)
    assert result.set_pulses.tolist() == result.reset_pulses.tolist() == [30]
    assert result.predictions.tolist() == [3]
    assert result.accuracy == 1.0


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
def test_no_gradient_or_threshold_one_gives_no_pulse(over):
    assert not pulse_direction(np.zeros((65, 10)), 0.0, over).any()
    assert not pulse_direction(np.ones((65, 10)), 1.0, over).any()


def test_small_steps_come_near_the_float_network(digits):
    """1000 equal steps without spread: within two points of the same network in float64."""
    training, test = digits
    # Small steps need no high threshold, and a smaller scale to cover the range in 20 epochs.
    rule = PulseRule(threshold=0.3, scale=50e-6)
    result = train(linear(0.349e-6), training, test, rule, rng())
    reference = train_float(training, test, rng())
    assert result.accuracy == pytest.approx(reference.accuracy, abs=0.02)


def test_saturating_devices_classify_digits(digits):
    """Lin et al. 2022 measure 92.35 % on such devices, below the network with float weights."""
    training, test = digits
    accuracies = [
        train(saturating(), training, test, PulseRule(), rng(seed)).accuracy for seed in range(3)
    ]
    assert np.mean(accuracies) == pytest.approx(0.9235, abs=0.015)
    assert max(accuracies) < train_float(training, test, rng()).accuracy


def test_same_seed_same_result_other_seed_other(few):
    rule = PulseRule(epochs=2, batch=10)
    first, again, other = (train(saturating(), *few, rule, rng(seed)) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first.conductance, again.conductance)
    np.testing.assert_array_equal(first.test_accuracy, again.test_accuracy)
    assert (first.conductance != other.conductance).any()


def test_without_spread_and_order_the_seed_does_not_matter(few):
    """One device and one batch per epoch leave nothing to chance."""
    response = saturating(devices=1, noise=0.0)
    rule = PulseRule(epochs=3, batch=300)
    first, other = (train(response, *few, rule, rng(seed)) for seed in (4, 5))
    np.testing.assert_allclose(first.conductance, other.conductance, rtol=1e-9)


def test_result_has_the_stated_shapes_and_says_the_same_twice(few):
    training, test = few
    seen = []
    rule = PulseRule(epochs=4, batch=64)
    result = train(
        saturating(), training, test, rule, rng(), on_epoch=lambda n, a: seen.append((n, a))
    )
    assert seen == list(zip([1, 2, 3, 4], result.test_accuracy, strict=True))
    assert result.test_accuracy.shape == result.train_accuracy.shape == (4,)
    assert result.set_pulses.shape == (4,)
    assert result.conductance.shape == result.stuck.shape == (65, 10, 2)
    assert LOWEST <= result.conductance.min() <= result.conductance.max() <= HIGHEST
    matrix = result.confusion_matrix()
    assert matrix.sum() == 100
    assert np.trace(matrix) / 100 == pytest.approx(result.accuracy)
    np.testing.assert_array_equal(matrix.sum(axis=1), np.bincount(test.labels, minlength=10))
    wrong = np.flatnonzero(result.predictions != test.labels)[0]
    assert matrix[test.labels[wrong], result.predictions[wrong]] >= 1
    assert result.rule is rule


def test_stuck_devices_never_move_in_training(few):
    stuck = StuckDevices(share=0.2, conductance=0.0)
    result = train(saturating(), *few, PulseRule(epochs=2, batch=10), rng(), stuck=stuck)
    assert result.stuck.sum() == 260
    assert (result.conductance[result.stuck] == 0.0).all()
    assert (result.conductance[~result.stuck] >= LOWEST).all()


def test_all_devices_stuck_teach_nothing(few):
    stuck = StuckDevices(share=1.0, conductance=10e-6)
    result = train(saturating(), *few, PulseRule(epochs=2), rng(), stuck=stuck)
    assert (result.predictions == 0).all()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"batch": 0}, "batch is 0"),
        ({"threshold": 1.01}, "threshold is 1.01"),
        ({"threshold": -0.1}, "threshold is -0.1"),
        ({"threshold": float("nan")}, "threshold is nan"),
        ({"threshold_over": "class"}, "threshold_over is 'class'"),
        ({"scale": 0.0}, "scale is 0.0 S"),
        ({"scale": float("nan")}, "scale is nan S"),
        ({"scale": float("inf")}, "scale is inf S"),
    ],
)
def test_impossible_rule_is_refused(change, what):
    with pytest.raises(UsageError, match=what):
        PulseRule(**change)


def test_unusable_input_is_refused_before_training(few):
    training, test = few
    empty = Digits(np.zeros((0, 64)), np.zeros(0, dtype=np.int64))
    with pytest.raises(UsageError, match="training set is empty"):
        train(saturating(), empty, test, PulseRule(), rng())
    with pytest.raises(UsageError, match="test set is empty"):
        train(saturating(), training, empty, PulseRule(), rng())
    with pytest.raises(TableError, match="set_step contains NaN"):
        train(linear(float("nan")), training, test, PulseRule(), rng())
    with pytest.raises(UsageError, match="initial_conductance"):
        train(saturating(), training, test, PulseRule(), rng(), initial_conductance=1.0)
