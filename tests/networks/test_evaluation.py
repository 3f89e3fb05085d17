"""Accuracy over draws of hardware: seeds, intervals, confusion, and what is refused before."""

from dataclasses import fields

import numpy as np
import pytest
from scipy import stats
from small_networks import images, one_layer, perceptron

import memcircuit as mc
from memcircuit.errors import MemcircuitError, UsageError
from memcircuit.networks import programmed as programmed_module
from memcircuit.networks.ageing import Drift
from memcircuit.networks.converters import Converter
from memcircuit.networks.dense import Dense
from memcircuit.networks.evaluation import HardwareEntries, evaluate
from memcircuit.networks.faults import Faults
from memcircuit.networks.hardware import Hardware
from memcircuit.networks.intervals import wilson
from memcircuit.networks.mapping import Mapping
from memcircuit.networks.network import Network
from memcircuit.networks.programmed import program
from memcircuit.networks.spread import Spread
from memcircuit.tables.levels import LevelTable

NETWORK, X = perceptron(), images(60)
LABELS = NETWORK.classify(X)
NOISY = {
    "programming_error": Spread.of_range(0.1),
    "read_noise": Spread.of_value(0.1),
    "faults": Faults(stuck_off=0.05),
    "drift": Drift(1e4, 0.1, spread=0.5),
}


def rng(seed: int = 31) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_ideal_hardware_reaches_what_the_float_network_does():
    labels = np.where(np.arange(60) < 15, (LABELS + 1) % 5, LABELS)
    found = evaluate(NETWORK, X, labels)
    assert found.accuracy.tolist() == [0.75]
    assert found.float_accuracy == 0.75
    assert all(error.own < 1e-12 and error.total < 1e-12 for error in found.layer_errors())


def test_accuracy_and_confusion_count_the_predictions():
    found = evaluate(NETWORK, X, LABELS, seeds=4, rng=rng(), **NOISY)
    assert found.predictions.shape == (4, 60)
    counts = np.zeros((5, 5), dtype=int)
    for seed in range(4):
        right = [p == t for p, t in zip(found.predictions[seed], LABELS, strict=True)]
        assert found.accuracy[seed] == sum(right) / 60
        for predicted, true in zip(found.predictions[seed], LABELS, strict=True):
            counts[true, predicted] += 1
    assert found.confusion_matrix().tolist() == counts.tolist()
    assert 0.2 < found.mean < 1.0


def test_interval_is_students_over_seeds():
    found = evaluate(NETWORK, X, LABELS, seeds=6, rng=rng(), **NOISY)
    wanted = stats.t.interval(0.9, 5, loc=found.accuracy.mean(), scale=stats.sem(found.accuracy))
    np.testing.assert_allclose(found.interval(0.9), np.clip(wanted, 0, 1), rtol=1e-9)
    assert found.interval(0.99)[0] <= found.interval(0.9)[0]
    for confidence in (0.0, 1.0, "high"):
        with pytest.raises(UsageError, match="confidence"):
            found.interval(confidence)


def test_interval_of_one_seed_is_wilsons_over_images():
    found = evaluate(NETWORK, X, np.roll(LABELS, 1))
    hits = round(found.mean * 60)
    wanted = stats.binomtest(hits, 60).proportion_ci(0.95, method="wilson")
    np.testing.assert_allclose(found.interval(), wanted, rtol=1e-9)
    np.testing.assert_allclose(
        wilson(0.0, 10, 0.95), stats.binomtest(0, 10).proportion_ci(method="wilson"), atol=1e-12
    )


def test_a_seed_does_not_depend_on_how_many_there_are():
    few = evaluate(NETWORK, X, LABELS, seeds=2, rng=rng(), **NOISY)
    many = evaluate(NETWORK, X, LABELS, seeds=5, rng=rng(), **NOISY)
    assert np.array_equal(few.predictions, many.predictions[:2])
    assert few.errors == many.errors[:2]


def test_the_same_generator_anew_gives_the_same_and_another_does_not():
    first, again, other = (
        evaluate(NETWORK, X, LABELS, seeds=3, rng=rng(seed), **NOISY) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.predictions, again.predictions)
    assert first.errors == again.errors
    assert first.errors != other.errors
    assert len({seed[0].own for seed in (*first.errors, *other.errors)}) == 6


def test_a_generator_used_twice_gives_other_hardware():
    generator = rng()
    runs = [evaluate(NETWORK, X, LABELS, seeds=2, rng=generator, **NOISY) for _ in range(2)]
    assert runs[0].errors != runs[1].errors


def test_the_batch_changes_no_prediction():
    given = {**NOISY, "dac": Converter(5), "adc": Converter(6), "calibration": X[:20]}
    found = [
        evaluate(NETWORK, X, LABELS, seeds=3, rng=rng(), batch=batch, **given)
        for batch in (1000, 1, 17)
    ]
    for other in found[1:]:
        assert np.array_equal(other.predictions, found[0].predictions)


def test_a_seed_is_a_network_programmed_with_its_stream():
    found = evaluate(NETWORK, X, LABELS, seeds=3, rng=rng(), **NOISY)
    for stream, predictions in zip(rng().spawn(3), found.predictions, strict=True):
        one = program(NETWORK, Hardware(**NOISY), stream)
        assert np.array_equal(one.classify(X), predictions)


def test_entries_replace_those_of_the_hardware():
    hardware = Hardware(mapping=Mapping("offset"), faults=Faults(stuck_off=0.1))
    found = evaluate(NETWORK, X, LABELS, hardware, faults=None)
    assert found.hardware.mapping.encoding == "offset"
    assert found.hardware.faults is None
    assert found.accuracy.tolist() == [1.0]


def test_every_entry_of_hardware_can_be_given():
    entries = {field.name for field in fields(Hardware) if field.init}
    assert set(HardwareEntries.__annotations__) == entries


@pytest.mark.parametrize("encoding", ["pair", "offset"])
def test_cut_weights_are_counted_by_weight_whatever_the_cells(encoding):
    """5 of 10 in a column that an offset column doubles, 4 of 9 in columns that share one."""
    network = Network(
        (10,), (Dense(np.linspace(0.1, 1, 10)[:, None]), Dense(np.linspace(-1, 1, 9)[None, :]))
    )
    mapping = Mapping(encoding, clip=0.5)
    found = evaluate(network, images(5, 10), np.zeros(5, int), mapping=mapping)
    assert found.clipped == pytest.approx((5 + 4) / 19)


def test_the_share_of_cut_weights():
    network = one_layer(np.linspace(-1, 1, 40).reshape(20, 2))
    found = evaluate(network, images(5, 20), np.zeros(5, int), mapping=Mapping(clip=0.75))
    assert found.clipped == pytest.approx(0.25)


def test_results_as_a_dataset():
    found = evaluate(NETWORK, X, LABELS, seeds=3, rng=rng(), **NOISY).dataset()
    assert dict(found.sizes) == {"seed": 3, "image": 60, "layer": 2}
    np.testing.assert_array_equal(
        (found["prediction"] == found["label"]).mean("image"), found["accuracy"]
    )


def test_errors_grow_with_what_goes_wrong():
    sizes = [
        evaluate(NETWORK, X, LABELS, seeds=8, rng=rng(), programming_error=Spread.of_range(size))
        .layer_errors()[1]
        .total
        for size in (0.01, 0.03, 0.1)
    ]
    assert (np.diff(sizes) > 0).all()


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"seeds": 0}, "seeds is 0"),
        ({"seeds": 2.0}, "seeds is 2.0"),
        ({"seeds": True}, "seeds is True"),
        ({"rng": None}, "rng is None"),
        ({"rng": 7}, "rng is 7"),
        ({"labels": LABELS.astype(float)}, "labels"),
        ({"labels": LABELS[:-1]}, "labels have shape (59,)"),
        ({"labels": LABELS + 4}, "labels reach from"),
        ({"labels": LABELS - 5}, "labels reach from"),
        ({"labels": LABELS.astype(str)}, "labels"),
        ({"labels": [[1], [1, 2]]}, "labels"),
        ({"images": X[:, :-1]}, "images have shape (60, 11)"),
        ({"images": X[:0]}, "at least one image"),
        ({"images": X[0]}, "images have shape (12,)"),
        ({"images": np.where(np.arange(12) > 10, np.nan, X)}, "NaN"),
        ({"images": X.astype(str)}, "not an array of numbers"),
        ({"images": X + 1j}, "not an array of numbers"),
        ({"images": "digits"}, "not an array of numbers"),
        ({"images": (255 * X).astype(np.uint8)}, "grey values from 0 to 255"),
        ({"network": Network((12,), (Dense(np.ones((12, 1))),))}, "has one output"),
        ({"images": [[1.0], [1.0, 2.0]]}, "not an array of numbers"),
        ({"network": "mlp"}, "network is '"),
        ({"hardware": "chip"}, "hardware is 'chip'"),
        ({"wires": 1.0}, "wires is no entry"),
        ({"dtype": int}, "choose float32 or float64"),
        ({"batch": 0}, "batch is 0"),
        ({"dac": Converter(8)}, "calibration="),
        ({"adc": Converter(8), "calibration": X[:, :5]}, "calibration: images have shape (60, 5)"),
        (
            {
                "table": LevelTable.uniform(1e-6, 1e-4, 9),
                "quantise": True,
                "mapping": Mapping(bits=4),
            },
            "needs 16",
        ),
        ({"faults": Faults(maps={(3, "kernel"): np.zeros((1, 2, 2))})}, "(3, 'kernel')"),
        ({"faults": Faults(maps={(1, "kernel"): np.zeros((1, 2, 2))})}, "(1, 'kernel')"),
        ({"array": mc.Crossbar(rows=8, columns=1)}, "holds no weight"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ",
)
def test_bad_input_is_refused_before_anything_is_computed(given, named, monkeypatch):
    def never(*_args, **_entries):
        pytest.fail("cells were written")

    monkeypatch.setattr(programmed_module, "write_cells", never)
    entries = {
        "network": NETWORK, "images": X, "labels": LABELS, "seeds": 3, "rng": rng(),
        "programming_error": Spread.of_range(0.1),
    }  # fmt: skip
    with pytest.raises(MemcircuitError) as caught:
        evaluate(**{**entries, **given})
    assert named in str(caught.value)
