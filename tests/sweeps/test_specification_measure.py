"""What a sweep file keeps: the same bits as Python's; mistakes are told before anything runs."""

import re

import numpy as np
import pytest
from sweep_files import loaded, run, told

import memcircuit as mc
from memcircuit.sweeps.fixed import loop, one_cell
from memcircuit.sweeps.reductions import Reduction, Reductions
from memcircuit.sweeps.registry import experiment_names
from memcircuit.sweeps.results import results_of
from memcircuit.sweeps.specification.template import template

HEAD = """\
experiment = "pulse_train"
[device]
card = "lin2022_hfo2"
[arguments]
pulses = 2
reset_pulses = 0
[grid]
"set.amplitude" = ["1.6V", "1.8V"]
"""
KEPT = (
    HEAD
    + """\
[measure]
conductance = {}
written = { of = "conductance", at = { pulse = -1 } }
worst = { of = "energy", max = "pulse" }
rest = { of = "conductance", at = {}, mean = ["pulse"] }
[limits]
written = { high = "1S" }
"""
)


def test_measure_is_that_of_python(tmp_path):
    asked = loaded(tmp_path, KEPT)
    assert asked.measure == Reductions(
        {
            "conductance": Reduction("conductance"),
            "written": Reduction("conductance", {"pulse": -1}),
            "worst": Reduction("energy", over=(("max", ("pulse",)),)),
            "rest": Reduction("conductance", over=(("mean", ("pulse",)),)),
        }
    )
    found = run(asked, tmp_path / "store")
    everything = run(loaded(tmp_path, HEAD), tmp_path / "store")
    np.testing.assert_array_equal(found["conductance"], everything["conductance"])
    np.testing.assert_array_equal(found["written"], everything["conductance"][:, -1])
    np.testing.assert_array_equal(found["worst"], everything["energy"].max("pulse"))
    assert set(found.data_vars) == {*asked.measure.by_name, "status", "error", "log"}
    assert asked.yield_of(found).share == 1
    assert loaded(tmp_path, HEAD).measure is None


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("conductance = {}", "conductivity = {}", 10,
         "measure.conductivity: no result 'conductivity'; did you mean 'conductance'"),
        ('of = "energy"', 'of = "enrgy"', 12, "measure.worst.of: no result 'enrgy'; did you mean"),
        ("pulse = -1", "puls = -1", 11, "conductance has no dimension 'puls', but cell, pulse"),
        ("pulse = -1", "pulse = 0.5", 11, "measure.written.at.pulse: 0.5; expected a whole number"),
        ("max =", "maximum =", 12, "measure.worst.maximum: unknown 'maximum'; did you mean 'max'"),
        ('max = "pulse"', 'max = "cycle"', 12, "energy has no dimension 'cycle'"),
        ('max = "pulse"', "max = 3", 12, "measure.worst.max: 3 is no text"),
        ('max = "pulse"', "max = []", 12, "max of energy: expected names of dimensions"),
        ('max = "pulse"', 'max = "pulse", min = "pulse"', 12, "dimension 'pulse' is taken twice"),
        ("conductance = {}", "conductance = 1", 10, "measure.conductance: 1 is no table"),
        ("conductance = {}", "error = { of = 'energy' }", 10,
         "measure.error: measure error: the sweep has its own error; choose another name"),
        ("conductance = {}", "'set.amplitude' = { of = 'energy' }", 10,
         "the sweep changes set.amplitude itself; choose another name"),
        ("\nwritten = { high", "\nconduct = { high", 15, "limits.conduct: unknown 'conduct'"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_line(old, new, line, message, tmp_path):
    assert message in told(tmp_path, KEPT.replace(old, new, 1), line)


def test_a_section_that_keeps_nothing_is_refused(tmp_path):
    assert "nothing is kept" in told(tmp_path, HEAD + "[measure]\n", 9)


# Arguments that make an experiment short.
SHORT = {
    "pulses": "2", "reset_pulses": "2", "devices": "2", "cycles": "1", "passes": "1",
    "segments": "2", "max_pulses": "2", "stops": "[-1.0]", "seeds": "1", "points_per_cycle": "200",
}  # fmt: skip


@pytest.mark.parametrize("name", experiment_names())
def test_every_experiment_runs_from_its_template_and_returns_what_is_known_of_it(name, tmp_path):
    text = template(name).replace("= 8\n", "= 2\n").replace("count = 4", "count = 2")
    text = text.replace("[0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2]", "[0.2, 0.2]")
    text = text.replace("[8, 16]", "[2, 3]").replace("reads = 1000", "reads = 10")
    for argument, value in SHORT.items():
        text = re.sub(rf"^# {argument} =.*$", f"{argument} = {value}", text, flags=re.MULTILINE)
    if name == "evaluate":
        training, test = mc.networks.load_digits()
        rng = np.random.default_rng(1)
        network = mc.networks.train_float(training, test, rng, max_epochs=1).network()
        mc.networks.save_network(network, tmp_path / "network.npz")
        text = text.replace("# file =", "file =")
    # the measure that the template shows is one that can be
    asked = loaded(tmp_path, text.replace("# [measure]", "[measure]").replace("# kept", "kept"))
    found = run(asked, tmp_path / "store")
    assert found["status"].values.tolist() == [0] * asked.design.size, found["error"].values
    assert found["kept"].dims == tuple(asked.design.sizes)
    assert np.isfinite(found["kept"]).all()
    whole = run(loaded(tmp_path, text), tmp_path / "store")
    swept, known = set(asked.design.sizes), results_of(name)
    for result, values in whole.data_vars.items():
        if result not in ("status", "error", "log", "remark"):
            own = known[str(result).removeprefix("result_")]
            assert set(values.dims) - swept <= set(own), result


@pytest.mark.parametrize("name", ["pulse_train", "iv_loop"])
def test_cells_of_two_memristors_return_what_is_known(name):
    cell = mc.cells.TwoMemristors(mc.device("lin2022_hfo2"))
    if name == "iv_loop":
        found = loop(mc.iv_loop(cell, cycles=1, points_per_cycle=100))
    else:
        found = one_cell(mc.pulse_train(cell, pulses=1, reset_pulses=0))
    known = results_of(name)
    assert {str(n): set(one.dims) - set(known[str(n)]) for n, one in found.data_vars.items()} == {
        str(n): set() for n in found.data_vars
    }
    assert "memristor" in found["state"].dims
