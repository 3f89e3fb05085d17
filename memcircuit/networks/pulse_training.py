"""Training on the devices: many sets of devices at once, moved by a rule's pulses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import (
    require_callback,
    require_count,
    require_generator,
    require_kind,
    require_number,
)
from memcircuit.networks.faults import Faults
from memcircuit.networks.perceptron import LabelledData, Perceptron, chosen_perceptron
from memcircuit.networks.pulse_rules.rule import PulseRule, Update
from memcircuit.networks.synapse_array import SynapseArray, check_response, preset_conductance
from memcircuit.networks.training_result import TrainingResult
from memcircuit.tables.response import PulseResponse

Array = NDArray[np.float64]
# Images classified at a time.
_BLOCK = 512
# Under which name fault maps keep a layer's devices, as those of `Dense`.
_KERNEL = "kernel"
Preset = Callable[[tuple[int, ...], np.random.Generator], Array]


def train(
    response: PulseResponse,
    training: LabelledData,
    test: LabelledData,
    rule: PulseRule,
    rng: np.random.Generator,
    *,
    seeds: int = 1,
    perceptron: Perceptron | None = None,
    initial_conductance: float | Preset | None = None,
    faults: Faults | None = None,
    on_epoch: Callable[[int, Array], None] | None = None,
) -> TrainingResult:
    """Train networks on devices that move by SET and RESET pulses, one network per seed.

    Every seed has its own devices, stuck devices, order of images and cycle deviations, all drawn
    from a generator of its own, spawned from ``rng``. So a seed's result does not depend on how
    many seeds run beside it, and further seeds can be added by another call with the same
    ``rng``.

    Args:
        response: change of conductance by one pulse, per device of the table.
        training: the images to learn from, in new random order each epoch.
        test: the images to state the accuracy on; they do not influence training.
        rule: when pulses are given.
        rng: its children make every random draw.
        seeds: how many networks.
        perceptron: sizes and activation; by default a single layer for the digits.
        initial_conductance: S, one for all, or a function of shape and generator that draws
            every layer's (inputs + 1, outputs, 2), such as `preset_conductance` with its limits.
            By default devices preset to their low state, see `low_state`.
        faults: stuck devices, per layer; maps are known by (layer, "kernel") and have the shape
            (inputs + 1, outputs, 2).
        on_epoch: called after each epoch with its number, from 1, and the test accuracy (seeds,).

    Raises:
        UsageError: arguments of another kind, or images, labels, response, conductances or fault
            maps that cannot be used; nothing was drawn or computed.
    """
    check_response(response)
    require_rule(rule, "rule")
    require_generator(rng)
    require_count(seeds, "seeds")
    require_callback(on_epoch, "on_epoch")
    perceptron = chosen_perceptron(perceptron)
    _check_faults(faults, perceptron)
    start = _start(initial_conductance, response)
    inputs, labels = perceptron.examples(training, "training")
    test_inputs, test_labels = perceptron.examples(test, "test")
    streams = rng.spawn(seeds)
    arrays = _arrays(response, perceptron, streams, start, faults)
    updates = [rule.update(array, streams) for array in arrays]
    targets = perceptron.targets(labels)
    test_accuracy, train_accuracy = np.empty((2, rule.epochs, seeds))
    pulses = np.zeros((rule.epochs + 1, 2, seeds), dtype=np.int64)
    for epoch in range(rule.epochs):
        _run_epoch(perceptron, arrays, updates, inputs, targets, rule, streams)
        predictions = _classify(perceptron, arrays, rule.scale, test_inputs)
        test_accuracy[epoch] = np.mean(predictions == test_labels, axis=1)
        known = _classify(perceptron, arrays, rule.scale, inputs)
        train_accuracy[epoch] = np.mean(known == labels, axis=1)
        pulses[epoch + 1] = sum(np.stack([a.set_pulses, a.reset_pulses]) for a in arrays)
        if on_epoch is not None:
            on_epoch(epoch + 1, test_accuracy[epoch])
    given = np.diff(pulses, axis=0)
    return TrainingResult(
        test_accuracy=test_accuracy,
        train_accuracy=train_accuracy,
        predictions=predictions,
        labels=test_labels,
        conductance=tuple(array.conductance for array in arrays),
        stuck=tuple(array.stuck for array in arrays),
        set_pulses=given[:, 0],
        reset_pulses=given[:, 1],
        perceptron=perceptron,
        rule=rule,
    )


def low_state(response: PulseResponse) -> Preset:
    """Return a draw of devices preset to their low state.

    Their mean lies 0.26 % and the highest 1.15 % of the range above the table's lowest, as in
    Lin et al. 2022 (doi:10.3390/nano12071075, section 3): 1.89 uS and 5 uS from 1 uS to 350 uS.
    These differences are enough for hidden neurons to learn different things.
    """
    lowest, highest = float(response.conductance[0]), float(response.conductance[-1])
    span = highest - lowest
    return partial(
        preset_conductance,
        lowest=lowest,
        mean=lowest + 0.0026 * span,
        highest=lowest + 0.0115 * span,
    )


def require_rule(rule: object, name: str) -> None:
    """Refuse what is no rule.

    Raises:
        UsageError: another kind, such as the rule's class.
    """
    require_kind(rule, PulseRule, name, "a rule of memcircuit.networks.pulse_rules, SignPulses()")


def _check_faults(faults: Faults | None, perceptron: Perceptron) -> None:
    """Refuse maps that fit no layer, whether any of their devices is stuck or not."""
    if faults is None:
        return
    require_kind(faults, Faults, "faults", "Faults(stuck_off=...) or None")
    shapes = {(layer, _KERNEL): (*shape, 2) for layer, shape in enumerate(perceptron.shapes)}
    faults.check_keys(shapes)
    for key, shape in shapes.items():
        faults.given(shape, key)


def _start(given: float | Preset | None, response: PulseResponse) -> float | Preset:
    """Return the conductance to start from, or what draws it."""
    if given is None:
        return low_state(response)
    if callable(given):
        return given
    name, wanted = "initial_conductance", "one number, S, or a function of shape and generator"
    require_kind(given, (int, float, np.integer, np.floating), name, wanted)
    lowest, highest = float(response.conductance[0]), float(response.conductance[-1])
    require_number(given, f"{name}, S,", least=lowest, most=highest)
    return given


def _arrays(
    response: PulseResponse,
    perceptron: Perceptron,
    streams: Sequence[np.random.Generator],
    initial: float | Preset,
    faults: Faults | None,
) -> list[SynapseArray]:
    arrays = []
    for layer, shape in enumerate(perceptron.shapes):
        start: float | Array
        if callable(initial):
            start = np.stack([initial((*shape, 2), stream) for stream in streams])
        else:
            start = initial
        arrays.append(
            SynapseArray(
                response,
                shape,
                streams,
                initial_conductance=start,
                faults=faults,
                key=(layer, _KERNEL),
            )
        )
    return arrays


def _run_epoch(
    perceptron: Perceptron,
    arrays: Sequence[SynapseArray],
    updates: Sequence[Update],
    inputs: Array,
    targets: Array,
    rule: PulseRule,
    streams: Sequence[np.random.Generator],
) -> None:
    """Show every seed all images once, in an order of its own."""
    order = np.stack([stream.permutation(len(inputs)) for stream in streams])
    for start in range(0, len(inputs), rule.batch):
        shown = order[:, start : start + rule.batch]
        weights = [array.weights(rule.scale) for array in arrays]
        (*entering, _), signals = perceptron.backward(weights, inputs[shown], targets[shown])
        for update, x, delta in zip(updates, entering, signals, strict=True):
            update(x, delta)


def _classify(
    perceptron: Perceptron, arrays: Sequence[SynapseArray], scale: float, inputs: Array
) -> NDArray[np.int64]:
    """Return the class of each image by each seed, (seeds, n)."""
    weights = [array.weights(scale) for array in arrays]
    classes = np.empty((len(weights[0]), len(inputs)), dtype=np.int64)
    # seed by seed and in blocks, which the cache holds whatever the number of seeds and images
    for seed, found in enumerate(classes):
        own = [layer[seed] for layer in weights]
        for start in range(0, len(inputs), _BLOCK):
            shown = slice(start, start + _BLOCK)
            found[shown] = perceptron.classify(own, inputs[shown])
    return classes
