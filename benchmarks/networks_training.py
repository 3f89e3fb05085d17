"""Training by pulses: many device sets at once against one after the other."""

from __future__ import annotations

import time
from functools import partial

import numpy as np

from benchmarks.measure import report
from memcircuit.tables.response import PulseResponse

SEEDS = 32
SIZES = (64, 20, 10)


def _response() -> PulseResponse:
    """Ten devices of about 80 pulses each way from 1 uS to 350 uS, with 3 % from cycle to cycle."""
    grid = np.linspace(1e-6, 350e-6, 512)
    state, span = np.linspace(0.0, 1.0, 512), 349e-6
    factor = np.linspace(0.85, 1.15, 10)[:, np.newaxis]
    up, down = (1 - state**2) * span / 35 * factor, -state * span / 18 * factor
    return PulseResponse(grid, up, down, 0.03 * up, -0.03 * down)


def pulse_training_vs_loop() -> None:
    """65-20-10 on the UCI digits, 20 epochs: 32 seeds at once, and a loop over the same seeds.

    An update is one pulse on one device. Both ways do the same draws, so their conductances must
    agree bit for bit.
    """
    from threadpoolctl import threadpool_limits

    from memcircuit.networks.digits import load_digits
    from memcircuit.networks.perceptron import Perceptron
    from memcircuit.networks.pulse_rules import SignPulses
    from memcircuit.networks.pulse_training import train

    training, test = load_digits()
    learn = partial(train, _response(), training, test, perceptron=Perceptron(SIZES))
    for rule in (
        SignPulses(batch=10, threshold=0.9, scale=600e-6),
        SignPulses(batch=100, threshold=0.95, scale=300e-6),
    ):
        with threadpool_limits(1):
            started = time.perf_counter()
            together = learn(rule, np.random.default_rng(1), seeds=SEEDS)
            ours = time.perf_counter() - started
            rng = np.random.default_rng(1)
            started = time.perf_counter()
            single = [learn(rule, rng) for _ in range(SEEDS)]
            loop = time.perf_counter() - started
        for layer, conductance in enumerate(together.conductance):
            same = np.concatenate([one.conductance[layer] for one in single])
            if not np.array_equal(conductance, same):
                raise RuntimeError(f"layer {layer}: seeds at once differ from seeds by themselves")
        pulses = int(together.set_pulses.sum() + together.reset_pulses.sum())
        batches = -(-len(training) // rule.batch) * rule.epochs * SEEDS
        report(
            f"networks.pulse_training_vs_loop[batch={rule.batch}]",
            ours,
            loop,
            f"seed_after_seed(pulses={pulses},updates_per_s_at_once={pulses / ours:.3g},"
            f"updates_per_s_loop={pulses / loop:.3g},batches_per_s_at_once={batches / ours:.3g},"
            f"same_bits,accuracy={together.accuracy.mean():.4f})",
        )
