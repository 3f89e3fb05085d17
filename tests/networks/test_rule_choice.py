"""Rules are rated on images set aside, and a bad rule comes last."""

import numpy as np
import pytest
from synthetic_devices import saturating

from memcircuit.errors import UsageError
from memcircuit.networks import load_digits, rate_rules
from memcircuit.networks.pulse_rules import SignPulses


@pytest.fixture(scope="module")
def training():
    return load_digits()[0]


def test_bad_rules_come_last(training):
    good = SignPulses(epochs=4)
    every_weight = SignPulses(epochs=4, batch=10, threshold=0.0)  # large steps on every weight
    rated = rate_rules(
        saturating(), training, np.random.default_rng(0), rules=(every_weight, good), splits=2
    )
    assert [one.rule for one in rated] == [good, every_weight]
    assert rated[0].accuracy.shape == (2,)
    assert rated[0].accuracy.mean() > rated[1].accuracy.mean() + 0.1


def test_same_seed_same_rating(training):
    rules = (SignPulses(epochs=2),)
    ratings = [
        rate_rules(saturating(), training, np.random.default_rng(1), rules=rules, splits=2)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(ratings[0][0].accuracy, ratings[1][0].accuracy)


def test_nothing_to_choose_from(training):
    with pytest.raises(UsageError, match="rules is empty"):
        rate_rules(saturating(), training, np.random.default_rng(0), rules=())


class Silent(SignPulses):
    """A rule that must not be reached."""

    def update(self, *_arguments):
        """Fail the test."""
        raise AssertionError("something was computed")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"rules": [Silent(), "sign"]}, r"rules\[1\] is 'sign'; give a rule"),
        ({"rules": [Silent(), SignPulses]}, r"rules\[1\] is the class SignPulses"),
        ({"rules": Silent()}, "rules is a Silent; give a list"),
        ({"rng": 1}, "rng is 1"),
        ({"rng": np.random}, "rng is a module"),
        ({"splits": 0}, "splits is 0"),
        ({"splits": None}, "splits is None"),
        ({"seeds": 0}, "seeds is 0"),
        ({"training": np.zeros((8, 64))}, "data is a ndarray"),
        ({"perceptron": (64, 10)}, "perceptron is a tuple"),
        ({"on_rule": 5}, "on_rule is 5; give a function"),
    ],
)
def test_arguments_of_another_kind_are_refused(training, wrong, said):
    right = {
        "response": saturating(), "training": training, "rng": np.random.default_rng(0),
        "rules": (Silent(),),
    }  # fmt: skip
    with pytest.raises(UsageError, match=said):
        rate_rules(**{**right, **wrong})
