"""Networks on hardware: zero strengths, independent draws, statistics, batches, refusals."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from small_networks import images, one_layer, perceptron

import memcircuit as mc
from memcircuit.errors import MemcircuitError, UsageError
from memcircuit.networks.ageing import Drift
from memcircuit.networks.cells import plan_cells
from memcircuit.networks.converters import Converter
from memcircuit.networks.convolution import Conv2d
from memcircuit.networks.dense import Dense, Flatten
from memcircuit.networks.faults import Faults
from memcircuit.networks.hardware import Hardware
from memcircuit.networks.mapping import Mapping
from memcircuit.networks.network import Network
from memcircuit.networks.pooling import MaxPool2d
from memcircuit.networks.programmed import program
from memcircuit.networks.recurrent import LSTM, Elman
from memcircuit.networks.spread import Spread
from memcircuit.tables.levels import LevelTable

TABLE = LevelTable.of(
    np.linspace(1e-6, 1e-4, 40), device_to_device=4e-6, cycle_to_cycle=2e-6, read_noise=1e-6
)
NOTHING = {
    "programming error": {"programming_error": Spread.of_range(0.0)},
    "lognormal error": {"programming_error": Spread.of_value(0.0, lognormal=True)},
    "devices": {"device_to_device": Spread.of_highest(0.0)},
    "cycles": {"cycle_to_cycle": Spread.of_value(0.0)},
    "read noise": {"read_noise": Spread.of_siemens(0.0)},
    "drift": {"drift": Drift(1e6, 0.0, spread=0.4)},
    "drift of no time": {"drift": Drift(0.0, 0.1, spread=0.4)},
    "faults": {"faults": Faults()},
    "faults of a map": {"faults": Faults(maps={(0, "kernel"): np.zeros((1, 12, 18))})},
    "wires": {"array": mc.Crossbar(rows=64, columns=64, wires=0.0)},
    "tiles": {"array": mc.Crossbar(rows=12, columns=6)},
}
SOME = {
    "programming_error": Spread.of_siemens(3e-6, negative="keep"),
    "device_to_device": Spread.of_siemens(2e-6, negative="keep"),
    "cycle_to_cycle": Spread.of_siemens(1e-6, negative="keep"),
    "drift": Drift(1e5, 0.05, spread=0.5),
    "faults": Faults(stuck_off=0.1, stuck_on=0.05, stuck_on_conductance=1e-3),
    "read_noise": Spread.of_siemens(5e-7),
}

# of passive cells, as arrays with wires have them
PASSIVE = {
    **SOME,
    "programming_error": Spread.of_siemens(3e-6),
    "device_to_device": Spread.of_siemens(2e-6),
    "cycle_to_cycle": Spread.of_siemens(1e-6),
}


def rng(seed: int = 11) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("given", NOTHING.values(), ids=NOTHING)
def test_zero_strength_changes_nothing_bit_for_bit(given):
    network, x = perceptron(), images()
    alone = program(network, Hardware(table=TABLE, quantise=True, **given), rng())
    ideal = program(network, Hardware(table=TABLE, quantise=True))
    assert np.array_equal(alone.outputs(x), ideal.outputs(x))
    for key, cells in ideal.cells.items():
        assert np.array_equal(alone.cells[key].conductance, cells.conductance)


@pytest.mark.parametrize("given", NOTHING.values(), ids=NOTHING)
def test_zero_strength_changes_nothing_beside_all_others(given):
    network, x = perceptron(), images()
    others = {name: value for name, value in SOME.items() if name not in given}
    without, beside = (
        program(network, Hardware(table=TABLE, **entries), rng()).outputs(x)
        for entries in (others, {**others, **given})
    )
    assert np.array_equal(without, beside)


def test_temperature_of_the_device_itself_changes_nothing_beside_noise():
    device = mc.device("bengel2020_jart")
    own = {"device": device, "temperature": device.parameters["temperature"]}
    x = images()
    outputs = [
        program(perceptron(), Hardware(table=TABLE, **SOME, **given), rng()).outputs(x)
        for given in ({}, own)
    ]
    assert np.array_equal(*outputs)


def strayed(names: tuple[str, ...], seed: int = 11) -> np.ndarray:
    chosen = {name: SOME[name] for name in names}
    programmed = program(one_layer(images(20, 15)), Hardware(table=TABLE, **chosen), rng(seed))
    return programmed.cells[0, "kernel"].conductance


@pytest.mark.parametrize("name", ["programming_error", "device_to_device", "cycle_to_cycle"])
def test_what_one_entry_adds_does_not_depend_on_the_others(name):
    others = tuple(
        one for one in ("programming_error", "device_to_device", "cycle_to_cycle") if one != name
    )
    alone = (
        strayed((name,))
        - program(one_layer(images(20, 15)), Hardware(table=TABLE)).cells[0, "kernel"].conductance
    )
    np.testing.assert_allclose(strayed((name, *others)) - strayed(others), alone, atol=1e-18)


def test_drift_draws_the_same_exponents_beside_others():
    target = program(one_layer(images(20, 15)), Hardware(table=TABLE)).cells[0, "kernel"]
    lost = strayed(("drift",)) / target.conductance
    before = strayed(("programming_error",))
    both = strayed(("programming_error", "drift"))
    np.testing.assert_allclose(both / before, lost, rtol=1e-12)


def test_the_same_cells_are_stuck_beside_others():
    network = one_layer(images(20, 15))
    alone, among = (
        program(network, Hardware(**given), rng()).cells[0, "kernel"].stuck
        for given in ({"faults": SOME["faults"]}, SOME)
    )
    assert np.array_equal(alone, among)


def test_reads_draw_the_same_noise_beside_others():
    """Noise in siemens does not depend on what the cells hold."""
    network, x = one_layer(images(20, 15)), images(30, 20)
    noise = {}
    for name in ("alone", "beside programming errors and faults"):
        given = {} if name == "alone" else {"faults": SOME["faults"], **SOME}
        quiet = program(network, Hardware(**{**given, "read_noise": None}), rng())
        noisy = program(network, Hardware(**{**given, "read_noise": SOME["read_noise"]}), rng())
        noise[name] = noisy.outputs(x) - quiet.outputs(x)
    np.testing.assert_allclose(*noise.values(), atol=1e-9)


def test_what_is_evaluated_is_planned_once_and_drawn_as_if_programmed_apart(monkeypatch):
    planned = []

    def watched(*given):
        planned.append(given)
        return plan_cells(*given)

    network, x, hardware = perceptron(), images(), Hardware(table=TABLE, **SOME)
    apart = [program(network, hardware, own).classify(x) for own in hardware.streams(rng(), 3)]
    monkeypatch.setattr("memcircuit.networks.programmed.plan_cells", watched)
    found = mc.evaluate(network, x, np.arange(len(x)) % 5, hardware, seeds=3, rng=rng())
    assert np.array_equal(found.predictions, apart)
    assert len(planned) == len(list(network.matrices()))


@pytest.mark.parametrize("name", SOME)
def test_seeds_decide_every_draw(name):
    network, x = perceptron(), images()
    found = [
        program(network, Hardware(table=TABLE, **{name: SOME[name]}), rng(seed)).outputs(x)
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


@pytest.mark.parametrize(
    ("name", "deviation"), [("device_to_device", 4e-6), ("cycle_to_cycle", 2e-6)]
)
def test_spreads_of_the_table_reach_the_cells(name, deviation):
    network = one_layer(images(100, 60) + 5.0)  # the plus cells stay above 0 S
    target = program(network, Hardware(table=TABLE)).cells[0, "kernel"]
    cells = program(network, Hardware(table=TABLE, **{name: "table"}), rng()).cells[0, "kernel"]
    plus = target.encoded.places[:, 0, 0]
    error = (cells.conductance - target.conductance)[..., plus]
    high = target.conductance[..., plus] > 5 * deviation
    count = int(high.sum())
    assert count > 3000
    assert error[high].std() == pytest.approx(deviation, rel=4 / np.sqrt(2 * count))
    assert error[high].mean() == pytest.approx(0.0, abs=4 * deviation / np.sqrt(count))


def test_cells_scatter_as_the_pulses_of_a_simulated_table_did():
    """300 devices of 4 cycles around 12 levels, with deviations that are known."""
    draws, shape = rng(17), (300, 4, 2, 12)
    levels = np.linspace(10e-6, 100e-6, 12)
    scatter = 2e-6 * draws.standard_normal((300, 1, 1, 12)) + 1e-6 * draws.standard_normal(shape)
    dims = ("device", "cycle", "direction", "step")
    conductance = np.stack([levels, levels[::-1]]) + scatter
    table = mc.ConductanceTable(
        xr.Dataset(
            {"conductance": (dims, conductance), "energy": (dims, np.full(shape, 1e-12))},
            coords={"direction": ["set", "reset"]},
        )
    )
    # a weight of 1 in every second row: the plus cells go to the highest level, the others stay
    network = one_layer(np.tile([[1.0], [0.0]], (200, 40)))
    for names, deviation in (
        (("device_to_device",), 2e-6),
        (("cycle_to_cycle",), 1e-6),
        (("device_to_device", "cycle_to_cycle"), np.sqrt(5) * 1e-6),
    ):
        hardware = Hardware(table=table, quantise=True, **dict.fromkeys(names, "table"))
        cells = program(network, hardware, rng()).cells[0, "kernel"]
        for chosen, level in (
            (cells.encoded.conductance > 50e-6, levels[-1]),
            (cells.encoded.conductance < 50e-6, levels[0]),
        ):
            found = cells.conductance[chosen]
            # what 300 devices know of both, and what the cells drawn do
            few, drawn = 4 / np.sqrt(300), 4 / np.sqrt(found.size)
            assert found.mean() == pytest.approx(level, abs=few * 2.3e-6 + drawn * deviation)
            assert found.std() == pytest.approx(deviation, rel=(few + drawn) / np.sqrt(2))


def test_equal_matrices_are_drawn_apart():
    network = Network((5,), (Dense(images(5, 5)), Dense(images(5, 5))))
    for name in ("programming_error", "device_to_device", "cycle_to_cycle", "drift"):
        cells = program(network, Hardware(table=TABLE, **{name: SOME[name]}), rng()).cells
        first, second = (cells[index, "kernel"].conductance for index in range(2))
        assert not (first == second).any()
    cells = program(network, Hardware(faults=SOME["faults"]), rng()).cells
    assert not np.array_equal(cells[0, "kernel"].stuck, cells[1, "kernel"].stuck)


def test_a_replaced_table_brings_its_own_spreads():
    other = LevelTable.of(TABLE.conductance, device_to_device=9e-6)
    hardware = replace(Hardware(table=TABLE, device_to_device="table"), table=other)
    assert hardware.spread("device_to_device").deviation(np.array([5e-5]), (0, 1)) == [9e-6]


def sequences(count: int = 23) -> np.ndarray:
    return rng(4).uniform(-1, 1, (count, 6, 5))


def recurrent(kind: str) -> Network:
    draws = rng(6)
    gates = 4 if kind == "lstm" else 1
    weights = draws.normal(size=(5, gates * 7)), draws.normal(size=(7, gates * 7)) / 3
    layer = LSTM(*weights) if kind == "lstm" else Elman(*weights)
    return Network((6, 5), (layer, Dense(draws.normal(size=(7, 4)))))


def convolution() -> Network:
    draws = rng(7)
    return Network(
        (1, 8, 8),
        (
            Conv2d(draws.normal(size=(3, 1, 3, 3)), draws.normal(size=3), activation="relu"),
            MaxPool2d(2),
            Flatten(),
            Dense(draws.normal(size=(27, 4))),
        ),
    )


CASES = {
    "dense": (perceptron(sizes=(12, 9, 4)), images(23)),
    "elman": (recurrent("elman"), sequences()),
    "lstm": (recurrent("lstm"), sequences()),
    "convolution": (convolution(), rng(8).uniform(0, 1, (23, 1, 8, 8))),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("converters", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_the_batch_changes_nothing(case, converters, dtype):
    network, x = CASES[case]
    given = {"dac": Converter(6), "adc": Converter(9)} if converters else {}
    hardware = Hardware(
        **PASSIVE, array=mc.Crossbar(rows=5, columns=8, wires=1.0 if converters else 0.0), **given
    )
    outputs = [
        program(network, hardware, rng(), calibration=x, dtype=dtype).outputs(x, batch=batch)
        for batch in (1000, 1, 7)
    ]
    size, unit = np.abs(outputs[0]).max(), np.finfo(dtype).eps
    for other in outputs[1:]:
        np.testing.assert_allclose(other, outputs[0], rtol=0, atol=1e3 * unit * size)
        assert np.array_equal(other.argmax(axis=1), outputs[0].argmax(axis=1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_batch_changes_nothing_where_sums_lie_midway_between_levels(dtype):
    """Inputs, weights and levels all on lattices: many sums are (k + 1/2) steps to rounding."""
    draws = rng(9)
    for _ in range(5):
        network = Network(
            (30,),
            (
                Dense(draws.integers(-7, 8, (30, 16)) / 7, None, "relu"),
                Dense(draws.integers(-7, 8, (16, 5)) / 7),
            ),
        )
        x = draws.integers(0, 16, (64, 30)) / 15
        hardware = Hardware(mapping=Mapping(bits=3), dac=Converter(4), adc=Converter(5))
        programmed = program(network, hardware, calibration=x, dtype=dtype)
        whole, single = programmed.outputs(x, batch=64), programmed.outputs(x, batch=1)
        np.testing.assert_allclose(single, whole, rtol=0, atol=1e-4 * np.abs(whole).max())


def test_errors_of_layers_do_not_advance_the_noise():
    network, x = perceptron(), images()
    hardware = Hardware(read_noise=Spread.of_value(0.05))
    first, second = program(network, hardware, rng()), program(network, hardware, rng())
    first.layer_errors(x)
    assert np.array_equal(first.outputs(x), second.outputs(x))


def test_errors_of_layers_against_a_direct_computation():
    network, x = perceptron(), images()
    programmed = program(network, Hardware(programming_error=Spread.of_range(0.05)), rng())
    ideal, real = [x], [x]
    own = []
    for index, layer in enumerate(network.layers):
        weights = programmed.cells[index, "kernel"].weights
        f = np.tanh if index == 0 else np.asarray
        ideal.append(f(ideal[-1] @ layer.weights + layer.bias))
        own.append(f(ideal[-2] @ weights + layer.bias))
        real.append(f(real[-1] @ weights + layer.bias))
    for index, error in enumerate(programmed.layer_errors(x)):
        size = np.linalg.norm(ideal[index + 1])
        assert error.own == pytest.approx(np.linalg.norm(own[index] - ideal[index + 1]) / size)
        assert error.total == pytest.approx(
            np.linalg.norm(real[index + 1] - ideal[index + 1]) / size
        )


@pytest.mark.parametrize(
    "given",
    [
        {"table": "linear"},
        {"mapping": "pair"},
        {"mapping": None},
        {"quantise": "yes"},
        {"programming_error": 0.05},
        {"programming_error": "table"},
        {"device_to_device": 0.1},
        {"cycle_to_cycle": "card"},
        {"read_noise": np.array([0.1])},
        {"read_noise": Spread.of_value(0.1, lognormal=True)},
        {"read_noise": Spread.of_curve([1e-6], 1e-7, shift=1e-7)},
        {"drift": 1e6},
        {"temperature": 300.0},
        {"faults": 0.1},
        {"on_off": 0.5},
        {"dac": 8},
        {"adc": "8 bits"},
        {"array": (64, 64)},
        {"device": "lin2022_hfo2"},
        {"read_voltage": 0.0},
        {"read_voltage": "0.2"},
        {"device_to_device": "table"},
        {"cycle_to_cycle": "table"},
        {"read_noise": "table"},
        {"mapping": Mapping("bridge"), "array": mc.Crossbar(rows=8, columns=8, wires=1.0)},
        {
            "programming_error": Spread.of_range(0.1, negative="keep"),
            "array": mc.Crossbar(rows=8, columns=8, wires=1.0),
        },
    ],
    ids=" ".join,
)
def test_entries_of_the_wrong_kind_are_refused_and_named(given):
    with pytest.raises(MemcircuitError) as caught:
        Hardware(**given)
    assert any(name in str(caught.value) for name in ("bridges", *given))


@pytest.mark.parametrize("generator", [None, 3, np.random, np.random.RandomState(1)])
def test_draws_without_a_generator_are_refused(generator):
    for name, value in SOME.items():
        with pytest.raises(UsageError, match=r"rng is .*default_rng"):
            program(perceptron(), Hardware(**{name: value}), generator)
    assert program(perceptron(), Hardware(), None)


def test_networks_and_hardware_of_the_wrong_kind_are_refused():
    with pytest.raises(UsageError, match="network is a ndarray"):
        program(np.zeros((3, 3)), Hardware())
    with pytest.raises(UsageError, match="hardware is a Mapping"):
        program(perceptron(), Mapping())
    for kind in (int, "half", None, np.float16):
        with pytest.raises(UsageError, match="choose float32 or float64"):
            program(perceptron(), Hardware(), dtype=kind)
