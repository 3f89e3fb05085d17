"""Sweep files: what they make is what Python makes; mistakes are told with line and remedy."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.errors import UsageError
from memcircuit.sweeps.corner_points import corners, named
from memcircuit.sweeps.device_draws import monte_carlo
from memcircuit.sweeps.distributions import LogNormal, LogUniform, Normal
from memcircuit.sweeps.registry import experiment_names, experiment_of
from memcircuit.sweeps.samples import latin_hypercube, sobol
from memcircuit.sweeps.specification.specification import load_specification
from memcircuit.sweeps.specification.subjects import cell_kinds
from memcircuit.sweeps.specification.template import template
from pyspice_netlists import integrated_nmos
from pyspice_netlists.cells import OneTransistorOneMemristor

HEAD = """\
experiment = "pulse_train"
seed = 1
[device]
card = "lin2022_hfo2"
k_set = "0.03 1/s"
[cell]
kind = "1t1r"
transistor = { w = "2um", l = "350nm" }
[arguments]
pulses = 1
reset_pulses = 0
set = { amplitude = "1.8V", width = "2us" }
"""
GRID = '[grid]\n"device.k_reset" = [0.01, "0.02 1/s"]\n'


@pytest.fixture
def load(tmp_path):
    def loaded(text, **options):
        path = tmp_path / "spec.toml"
        path.write_bytes(text.encode())
        return load_specification(path, **options)

    return loaded


def test_experiment_is_that_of_python(load):
    found = load(HEAD + GRID)
    device = mc.device("lin2022_hfo2", k_set=0.03)
    cell = OneTransistorOneMemristor(device, integrated_nmos(2e-6, 350e-9))
    assert found.experiment.func is mc.pulse_train
    given = found.experiment.keywords
    assert given["device"] == cell
    assert given["set"] == mc.Pulse(1.8, 2e-6, 10e-9, 10e-9)  # edges of the card
    assert (given["pulses"], given["reset_pulses"]) == (1, 0)
    assert (found.seed, dict(found.limits)) == (1, {})
    assert load(HEAD + GRID, seed=9).seed == 9


def test_grid_lists_and_ranges(load):
    text = """[grid]
"device.k_reset" = [0.01, "0.02 1/s"]
set.amplitude = { from = "1.2V", to = "2V", count = 5 }
[grid.cell.transistor]
w = { from = "1um", to = "100um", count = 3, spacing = "log" }
"""
    design = load(HEAD.replace("pulses = 1\n", "", 1) + text).design
    paths = ("device.k_reset", "set.amplitude", "cell.transistor.w")
    assert dict(design.sizes) == dict(zip(paths, (2, 5, 3), strict=True))
    values = [design.columns[path].values for path in paths]
    np.testing.assert_allclose(values[0], [0.01, 0.02])
    np.testing.assert_allclose(values[1], [1.2, 1.4, 1.6, 1.8, 2.0])
    np.testing.assert_allclose(values[2], [1e-6, 1e-5, 1e-4])


def test_values_that_are_no_numbers(load):
    text = """[zip]
device = ["lin2022_hfo2", "kvatinsky2015_vteam"]
form = ["osdi", "behavioural"]
"cell.transistor" = ["2n7002", { w = "5um" }]
reset = [{ amplitude = "-1V", width = "1us" }, { amplitude = -1.5, width = 1e-6, rise = "5ns" }]
pulses = { from = 1, to = 3, count = 2 }
"""
    design = load(HEAD + text).design
    assert dict(design.sizes) == {"point": 2}
    values = {path: column.values.tolist() for path, column in design.columns.items()}
    assert values["form"] == ["osdi", "behavioural"]
    assert values["cell.transistor"] == ["2n7002", integrated_nmos(w=5e-6)]
    assert values["reset"][1] == mc.Pulse(-1.5, 1e-6, 5e-9)
    assert values["pulses"] == [1, 3]
    assert design.columns["pulses"].values.dtype.kind == "i"


def test_sampled_designs_are_those_of_python(load):
    text = """[latin_hypercube]
samples = 8
"device.k_reset" = { low = "0.01 1/s", high = 0.1, spacing = "log" }
"gate" = { mean = "4V", deviation = "100mV" }
"device.g_max" = { median = "300uS", relative = 0.1 }
correlation = [["device.k_reset", "gate", 0.5]]
"""
    ranges = {
        "device.k_reset": LogUniform(0.01, 0.1), "gate": Normal(4, 0.1),
        "device.g_max": LogNormal(300e-6, 0.1),
    }  # fmt: skip
    rng, pairs = np.random.default_rng(1), {("device.k_reset", "gate"): 0.5}
    expected = latin_hypercube(ranges, 8, rng, correlation=pairs)
    _same(load(HEAD + text).design, expected)
    text = '[sobol]\nsamples = 4\n"gate" = ["4V", "5V"]\n'
    _same(load(HEAD + text).design, sobol({"gate": (4.0, 5.0)}, 4, np.random.default_rng(1)))


def test_product_of_sections_draws_from_one_generator(load):
    text = '[monte_carlo]\ndevices = 3\ncycles = 2\n[random]\nsamples = 2\n"gate" = [4, 5]\n'
    found = load(HEAD + text).design
    assert dict(found.sizes) == {"device": 3, "cycle": 2, "point": 2}
    drawn = monte_carlo(mc.device("lin2022_hfo2"), np.random.default_rng(1), devices=3, cycles=2)
    for path, column in drawn.columns.items():
        np.testing.assert_array_equal(found.columns[path].values, column.values)


def test_monte_carlo_flags_and_corners(load):
    text = (
        "[monte_carlo]\n"
        "devices = 3\n"
        "cycle_to_cycle = false\n"
        'device_correlation = [["k_set", "k_reset", 0.8]]\n'
    )
    device = mc.device("lin2022_hfo2")
    expected = monte_carlo(
        device, np.random.default_rng(1), devices=3, cycle_to_cycle=False,
        device_correlation={("k_set", "k_reset"): 0.8},
    )  # fmt: skip
    _same(load(HEAD + text).design, expected)
    text = '[corners]\nsigma = 2\nparameters = ["k_set", "g_max"]\n'
    _same(load(HEAD + text).design, corners(device, 2, parameters=["k_set", "g_max"]))
    text = (
        "[corners]\n"
        'slow = { "device.k_set" = 0.01, gate = "4V" }\n'
        "[corners.fast]\n"
        "gate = 5\n"
        "device.k_set = 0.1\n"
    )
    ends = {
        "slow": {"device.k_set": 0.01, "gate": 4.0}, "fast": {"gate": 5, "device.k_set": 0.1},
    }  # fmt: skip
    found = load(HEAD + text).design
    _same(found, named(ends))
    assert found.labels == {"corner": ("slow", "fast")}


def _same(one, other):
    assert dict(one.sizes) == dict(other.sizes)
    assert list(one.columns) == list(other.columns)
    for path, column in one.columns.items():
        assert column.dims == other.columns[path].dims
        np.testing.assert_allclose(column.values, other.columns[path].values, rtol=1e-14)


CELLS = {
    "1m": "", "1t1r": 'transistor = "2n7002"', "1s1r": 'selector = "midya2017_ag_hfo2"',
    "hybrid": 'parallel = "1Mohm"\nseries = "2kohm"', "parallel": "count = 3", "2m": "",
    "ratio": "transistor = { w = 2e-6 }", "4m": 'amplifier = { tail_current = "50uA" }',
}  # fmt: skip


@pytest.mark.parametrize("kind", CELLS)
def test_every_kind_of_cell(kind, load):
    assert set(CELLS) == set(cell_kinds())
    head = HEAD.replace('transistor = { w = "2um", l = "350nm" }\n', CELLS[kind] + "\n")
    cell = load(head.replace('"1t1r"', f'"{kind}"') + GRID).experiment.keywords["device"]
    assert type(cell) is cell_kinds()[kind]
    if kind == "hybrid":
        assert (cell.parallel, cell.series) == (1e6, 2e3)


@pytest.mark.parametrize("name", experiment_names())
def test_every_experiment_has_a_template_that_loads(name, load):
    found = load(template(name))
    assert found.experiment.func is experiment_of(name).function
    assert found.design.size == 4
    listed = {line.split(" = ")[0].split(" =")[0].removeprefix("# ")
              for line in template(name).splitlines() if " =" in line}  # fmt: skip
    own = set(experiment_of(name).takes_all) - {experiment_of(name).subject}
    refused = {"keep", "waveforms", "on_cycle", "hardware", "dtype"}
    assert own - listed <= refused | {"network", "images", "labels", "calibration"}


def test_arguments_of_arrays(load):
    text = """experiment = "write_verify"
[device]
card = "lin2022_hfo2"
[cell]
kind = "1t1r"
[array]
rows = 2
columns = 3
wires = { row = "2ohm", column = 1, row_capacitance = "1fF" }
gate_lines = "row"
[arguments]
states = [[0, 0, 0], [0.5, 0, 0]]
targets = [{ row = 0, column = 2, target = "50uS" }, { row = 1, column = 0, target = 1e-4 }]
bias = { row = 0.5, column = 0.5 }
options = { reltol = 1e-5, klu = false }
verify = "cell"
[grid]
"array.rows" = [2]
"""
    text = text.replace('[grid]\n"array.rows" = [2]\n', '[grid]\n"device.k_set" = [0.01, 0.02]\n')
    given = load(text).experiment.keywords
    array = given["array"]
    assert (array.rows, array.columns, array.gate_lines) == (2, 3, "row")
    assert array.wires.row_capacitance == pytest.approx(1e-15)
    assert given["targets"] == {(0, 2): 5e-5, (1, 0): 1e-4}
    assert given["bias"] == mc.Bias(0.5, 0.5)
    assert (given["options"].reltol, given["options"].klu) == (1e-5, False)
    assert (given["verify"], given["states"][1][0]) == ("cell", 0.5)


def test_network_on_hardware(load, tmp_path):
    training, test = mc.networks.load_digits()
    rng = np.random.default_rng(1)
    network = mc.networks.train_float(training, test, rng, max_epochs=2).network()
    mc.networks.save_network(network, tmp_path / "net.npz")
    levels = mc.LevelTable.uniform(1e-6, 1e-4, 16)
    levels.export("csv", tmp_path / "levels.csv")
    text = """experiment = "evaluate"
[network]
file = "net.npz"
[arguments]
seeds = 2
table = "levels.csv"
programming_error = 0.02
read_noise = { of = "siemens", size = "1uS" }
faults = { stuck_on = 0.01, stuck_on_conductance = "1mS" }
mapping = { encoding = "offset", scaling = "column" }
adc = 8
array = { rows = 32, columns = 32, wires = "2ohm" }
drift = { time = "1000s", exponent = 0.005 }
[grid]
"faults.stuck_off" = [0.0, 0.1]
"array.wires" = ["1ohm", 2]
"""
    given = load(text).experiment.keywords
    assert (given["images"].shape, len(given["calibration"])) == ((1797, 64), 500)
    np.testing.assert_array_equal(
        given["network"].classify(given["images"]), network.classify(test.images)
    )
    assert given["table"] == levels
    assert (given["programming_error"].kind, float(given["read_noise"].size)) == ("range", 1e-6)
    assert given["faults"].stuck_on_conductance == 1e-3
    assert given["mapping"] == mc.Mapping("offset", scaling="column")
    assert (given["adc"].bits, given["array"].rows, given["drift"].time) == (8, 32, 1000.0)
    for old, new, message in (
        ('"net.npz"', '"no.npz"', ":3: network"),
        ('"levels.csv"', '"no.csv"', ":6: arguments.table"),
        ("stuck_on = 0.01", "stuck_on = 2", ":9: arguments.faults"),
        ('of = "siemens"', 'of = "S"', ":8: arguments.read_noise.of"),
        ("adc = 8", "adc = 99", ":11: arguments.adc"),
        ("[0.0, 0.1]", "[0.0, 1.1]", ":15: grid.faults.stuck_off[1]"),
    ):
        with pytest.raises(UsageError) as told:
            load(text.replace(old, new))
        assert f"spec.toml{message}" in str(told.value)
    with pytest.raises(UsageError, match="takes no network; leave this section out"):
        load(HEAD + GRID + "[network]\n")


def test_card_file_lies_beside_the_sweep_file(load, tmp_path, monkeypatch):
    card = mc.load_card("lin2022_hfo2").path.read_text(encoding="utf-8")
    (tmp_path / "own.toml").write_text(card, encoding="utf-8")
    monkeypatch.chdir("/")
    text = HEAD.replace('"lin2022_hfo2"', '"own.toml"') + GRID
    assert load(text).experiment.keywords["device"].device.name == "own"


LINE = 13  # of [grid] below HEAD


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('"pulse_train"', '"pulse_trian"', 1,
         "experiment: no 'pulse_trian'; did you mean 'pulse_train'"),
        ("seed = 1", "seed = -1", 2, "seed: -1; expected at least 0"),
        ("[device]", "[devise]", 3, "devise: unknown 'devise'; did you mean 'device'"),
        ("lin2022_hfo2", "lin2022_hf", 4,
         "device.card: no 'lin2022_hf'; did you mean 'lin2022_hfo2'"),
        ("k_set =", "kset =", 5, "device.kset: unknown 'kset'; did you mean 'k_set'"),
        ("0.03 1/s", "0.03 V", 5, "device.k_set: k_set = '0.03 V' has unit 'V'; expected '1/s'"),
        ('"0.03 1/s"', "-1", 5, "device.k_set: device 'lin2022_hfo2': parameter k_set = -1"),
        ('"0.03 1/s"', "nan", 5, "device.k_set: nan is not finite"),
        ('"0.03 1/s"', "[1]", 5, "device.k_set: [1]; expected a number of 1/s"),
        ('"1t1r"', '"1t2r"', 7, "cell.kind: no '1t2r'; did you mean '1t1r'"),
        ('l = "350nm"', 'len = "350nm"', 8, "cell.transistor.len: unknown 'len'"),
        ('"350nm"', '"0m"', 8, "cell.transistor: l = 0.0 m: a number above zero"),
        ('kind = "1t1r"\n', "", 6, "cell: kind is missing"),
        ("pulses = 1\n", "pulses = 1.5\n", 10, "arguments.pulses: 1.5; expected a whole number"),
        ("pulses = 1\n", "pulses = true\n", 10, "arguments.pulses: True; expected a whole number"),
        ("pulses = 1\n", "puls = 1\n", 10, "arguments.puls: unknown 'puls'; did you mean 'pulses'"),
        ("pulses = 1\n", 'form = "osd"\n', 10, "arguments.form: no 'osd'; did you mean 'osdi'"),
        ("pulses = 1\n", 'keep = "x"\n', 10, "arguments.keep: unknown 'keep'"),
        ("set = {", "set = { top = 1,", 12, "arguments.set.top: unknown 'top'"),
        ('"2us"', '"2V"', 12, "arguments.set.width: width = '2V' has unit 'V'; expected 's'"),
        ('"2us"', '"2us,"', 12, "arguments.set.width: width = '2us,': write a point"),
        ('"device.k_reset" =', '"device.kreset" =', LINE + 1, "device.kreset[0]: device 'lin2022"),
        ('"device.k_reset" =', '"gat" =', LINE + 1, "grid.gat[0]: pulse_train takes no 'gat'; did"),
        ('"device.k_reset" =', '"set.amplitud" =', LINE + 1, "a pulse has no 'amplitud'; did you"),
        ('"device.k_reset" =', '"vet.width" =', LINE + 1,
         "grid.vet.width[0]: pulse_train takes no 'vet'; did"),
        ('"device.k_reset" =', '"cell.wide" =', LINE + 1,
         "OneTransistorOneMemristor has no 'wide'"),
        ('[0.01, "0.02 1/s"]', "[0.01,\n\n -0.02]", LINE + 3,
         "k_reset = -0.02 1/s is outside its"),
        ('[0.01, "0.02 1/s"]', "[]", LINE + 1, "no values at all"),
        ('[0.01, "0.02 1/s"]', "0.01", LINE + 1, "grid.device.k_reset: 0.01 is no list"),
        ('[0.01, "0.02 1/s"]', "{ from = 1, to = 2 }", LINE + 1, "k_reset: count is missing"),
        ('[0.01, "0.02 1/s"]', "{ from = 0, to = 2, count = 3, spacing = 'log' }", LINE + 1,
         "k_reset.from: 0; logarithmic spacing needs values above 0"),
        ("[grid]", "[sobol]\nsamples = 3", LINE + 0, "sobol: samples = 3: points of Sobol's"),
        (GRID, "[monte_carlo]\ndevices = 0\n", LINE + 1,
         "monte_carlo.devices: 0; expected at least"),
        (GRID, "[monte_carlo]\ndevice = 5\n", LINE + 1, "unknown 'device'; did you mean 'devices'"),
        (GRID, "[corners]\nparameters = ['k']\n", LINE, "corners: 'k' has no spread"),
        (GRID, '[zip]\ngate = [4, 5]\n"set.width" = [1e-6]\n', LINE, "zip: zipped parameters need"),
        (GRID, "", 1, "there are no points to simulate; give one of [grid], [zip]"),
        (GRID, GRID + "[array]\nrows = 2\n", LINE + 2, "array: pulse_train drives no array"),
        ("pulses = 1\n", "pulses = -1\n", 10, "arguments.pulses: -1; expected at least 0"),
        ("pulses = 1\n", "pulses = 0\n", 10,
         "arguments.pulses: pulses = 0, reset_pulses = 0: at least one pulse"),
        (GRID, GRID + "[random]\nsamples = 3\n'device.k_reset' = [1, 2]\n", LINE + 4,
         "parameter 'device.k_reset' is in [grid] and in [random]; leave it out of one"),
        (GRID, "[zip]\ngate = [4, 5]\n[random]\nsamples = 3\n'device.k_set' = [1, 2]\n", LINE + 2,
         "[zip] and [random] both have the dimension 'point'"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_mistakes_are_told_with_their_line(old, new, line, message, ending, load, tmp_path):
    text = HEAD + GRID
    assert text.count(old) >= 1
    with pytest.raises(UsageError) as told:
        load(text.replace(old, new, 1).replace("\n", ending))
    assert str(told.value).startswith(f"{tmp_path / 'spec.toml'}:{line}: ")
    assert message in str(told.value)


def test_what_is_missing_is_named(load):
    with pytest.raises(UsageError, match=r"spec.toml:1: experiment is missing"):
        load(GRID)
    bare = 'experiment = "iv_loop"\n[grid]\n'
    with pytest.raises(UsageError, match=r":1: section \[device\] is missing; iv_loop needs it"):
        load(f"{bare}'device.k_set' = [0.01]\n")
    assert load(f"{bare}device = ['lin2022_hfo2']\n").design.size == 1
    with pytest.raises(UsageError, match=r":1: section \[array\] is missing; drive_array needs"):
        load('experiment = "drive_array"\n[device]\ncard = "lin2022_hfo2"\n' + GRID)
    text = HEAD.replace('"pulse_train"', '"write_verify_cells"')
    text = text.replace("pulses = 1\nreset_pulses = 0\n", "", 1)
    with pytest.raises(UsageError, match=r":1: experiment: .* needs targets; give targets in"):
        load(text + GRID)
    with pytest.raises(UsageError, match=r"a cell needs its memristor; give \[device\]"):
        load(HEAD.replace('[device]\ncard = "lin2022_hfo2"\nk_set = "0.03 1/s"\n', "") + GRID)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("pulses = 1\n", "gate = 2000\n", 10, "arguments.gate: gate"),
        ("pulses = 1\n", "initial_state = 2\n", 10, "arguments.initial_state: initial_state"),
        ("pulses = 1\n", "stimulus = []\n", 12, "arguments.set: set = Pulse("),
    ],
)
def test_what_only_the_experiment_can_refuse_is_told_with_its_line(old, new, line, message, load):
    with pytest.raises(UsageError) as told:
        load(HEAD.replace(old, new, 1) + GRID)
    assert f"spec.toml:{line}: " in str(told.value)
    assert message in str(told.value)
