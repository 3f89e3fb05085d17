"""How a pulse rule is chosen: on validation parts of the training images, never on the test set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import (
    require_callback,
    require_count,
    require_generator,
    require_kind,
)
from memcircuit.errors import UsageError
from memcircuit.networks.labelled import Labelled, split
from memcircuit.networks.perceptron import Perceptron
from memcircuit.networks.pulse_rules.rule import PulseRule
from memcircuit.networks.pulse_rules.sign_pulses import SignPulses
from memcircuit.networks.pulse_training import Preset, require_rule, train
from memcircuit.tables.response import PulseResponse

_REFERENCES: tuple[Literal["output", "array"], ...] = ("output", "array")
_BATCHES = (10, 50, 100, 200)
_THRESHOLDS = (0.3, 0.6, 0.8, 0.9, 0.95)
_SCALES = (150e-6, 300e-6, 600e-6)

#: Sign pulses, for what Lin et al. 2022 leave open: images summed per update, threshold, siemens
#: per weight.
CANDIDATES = tuple(
    SignPulses(batch=batch, threshold=threshold, threshold_over=over, scale=scale)
    for over, batch, threshold, scale in product(_REFERENCES, _BATCHES, _THRESHOLDS, _SCALES)
)


@dataclass(frozen=True)
class RatedRule:
    """A rule and what networks trained by it reached on images set aside.

    Attributes:
        rule: the rule.
        accuracy: (splits,) share classified correctly, mean over seeds and over the second half
            of the epochs.
    """

    rule: PulseRule
    accuracy: NDArray[np.float64]


def rate_rules(
    response: PulseResponse,
    training: Labelled,
    rng: np.random.Generator,
    *,
    rules: Sequence[PulseRule] = CANDIDATES,
    splits: int = 3,
    seeds: int = 1,
    validation_share: float = 0.25,
    perceptron: Perceptron | None = None,
    initial_conductance: float | Preset | None = None,
    on_rule: Callable[[], None] | None = None,
) -> list[RatedRule]:
    """Rate rules on parts of the training images that they were not trained on, best first.

    Every rule sees the same splits and starts from the same generators.

    Args:
        response: change of conductance by one pulse, per device of the table.
        training: the training images; split anew for each of ``splits``.
        rng: every random draw.
        rules: what to choose from.
        splits: number of random splits.
        seeds: networks trained on each split.
        validation_share: dimensionless, part set aside.
        perceptron: see `train`.
        initial_conductance: see `train`.
        on_rule: called after each rule.

    Raises:
        UsageError: no rule, no split, or arguments that `train` refuses; nothing was computed.
    """
    require_kind(rules, Sequence, "rules", "a list of rules, as [SignPulses()]")
    if not rules:
        raise UsageError("rules is empty; give at least one")
    for place, rule in enumerate(rules):
        require_rule(rule, f"rules[{place}]")
    require_callback(on_rule, "on_rule")
    require_generator(rng)
    parts = [
        split(training, validation_share, draws)
        for draws in rng.spawn(require_count(splits, "splits"))
    ]
    states = rng.integers(2**63, size=splits)
    rated = []
    for rule in rules:
        reached = []
        for (rest, aside), state in zip(parts, states, strict=True):
            result = train(
                response,
                rest,
                aside,
                rule,
                np.random.default_rng(state),
                seeds=seeds,
                perceptron=perceptron,
                initial_conductance=initial_conductance,
            )
            reached.append(result.test_accuracy[rule.epochs // 2 :].mean())
        rated.append(RatedRule(rule, np.array(reached)))
        if on_rule is not None:
            on_rule()
    return sorted(rated, key=lambda one: -float(one.accuracy.mean()))
