"""How a pulse rule is chosen: on validation parts of the training images, never on the test set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.networks.digits import Digits, split
from memcircuit.networks.pulse_training import PulseRule, train
from memcircuit.tables.response import PulseResponse

_REFERENCES: tuple[Literal["output", "array"], ...] = ("output", "array")
_BATCHES = (10, 50, 100, 200)
_THRESHOLDS = (0.3, 0.6, 0.8, 0.9, 0.95)
_SCALES = (150e-6, 300e-6, 600e-6)

#: What Lin et al. 2022 leave open: images summed per update, threshold, siemens per weight.
CANDIDATES = tuple(
    PulseRule(batch=batch, threshold=threshold, threshold_over=over, scale=scale)
    for over, batch, threshold, scale in product(_REFERENCES, _BATCHES, _THRESHOLDS, _SCALES)
)


@dataclass(frozen=True)
class RatedRule:
    """A rule and what networks trained by it reached on images set aside.

    Attributes:
        rule: the rule.
        accuracy: (splits,) share classified correctly, mean over the second half of the epochs.
    """

    rule: PulseRule
    accuracy: NDArray[np.float64]


def rate_rules(
    response: PulseResponse,
    training: Digits,
    rng: np.random.Generator,
    *,
    rules: Sequence[PulseRule] = CANDIDATES,
    splits: int = 3,
    validation_share: float = 0.25,
    on_rule: Callable[[], None] | None = None,
) -> list[RatedRule]:
    """Rate rules on parts of the training images that they were not trained on, best first.

    Every rule sees the same splits.

    Args:
        response: change of conductance by one pulse, per device of the table.
        training: the training images; split anew for each of ``splits``.
        rng: every random draw.
        rules: what to choose from.
        splits: number of random splits.
        validation_share: dimensionless, part set aside.
        on_rule: called after each rule.

    Raises:
        UsageError: no rule, or no split.
    """
    if not rules or splits < 1:
        raise UsageError(f"{len(rules)} rules on {splits} splits; at least one of each")
    parts = [split(training, validation_share, draws) for draws in rng.spawn(splits)]
    seeds = rng.integers(2**63, size=splits)
    rated = []
    for rule in rules:
        reached = []
        for (rest, aside), seed in zip(parts, seeds, strict=True):
            result = train(response, rest, aside, rule, np.random.default_rng(seed))
            reached.append(result.test_accuracy[rule.epochs // 2 :].mean())
        rated.append(RatedRule(rule, np.array(reached)))
        if on_rule is not None:
            on_rule()
    return sorted(rated, key=lambda one: -float(one.accuracy.mean()))
