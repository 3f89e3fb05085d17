"""What is wrong at every point is told by the sweep, before anything is simulated."""

from __future__ import annotations

import functools
import inspect
from concurrent.futures import Executor

import numpy as np
import pytest
from test_experiments_swept import CASES

import memcircuit as mc
from memcircuit.cli import main
from memcircuit.crossbar import settling
from memcircuit.errors import ConvergenceError, ToolMissingError, UsageError
from memcircuit.sweeps import registry
from memcircuit.sweeps.design import grid, zipped
from memcircuit.sweeps.reductions import Reduction, Reductions
from memcircuit.sweeps.refusal import refuse_useless
from memcircuit.sweeps.registry import Experiment, experiment_names, experiment_of
from memcircuit.sweeps.runner import sweep
from memcircuit.sweeps.store import Store
from memcircuit.sweeps.target import Target
from pyspice_netlists import triangle

DEVICE = mc.device("lin2022_hfo2")
TRAIN = functools.partial(mc.pulse_train, DEVICE, pulses=1, reset_pulses=0)
# a fixed argument that is wrong, and how the experiment begins to say so
WRONG = {
    "iv_family": ({"points": 99}, "points = 99"),
    "iv_loop": ({"cycles": 2.5}, "cycles = 2.5"),
    "pulse_train": ({"pulses": 2.5}, "pulses = 2.5"),
    "pulse_cycles": ({"pulses": 2.5}, "pulses = 2.5"),
    "pulse_statistics": ({"pulses": 2.5}, "pulses = 2.5"),
    "write_verify_cells": ({"max_pulses": 2.5}, "max_pulses = 2.5"),
    "linearise": ({"gate": 1.0}, "gate"),
    "retention": ({"states": 2.0}, "states = 2.0"),
    "settle_read": ({"tolerance": 2.0}, "tolerance = 2.0"),
    "read_margin": ({"low": 1.0}, "low = 1"),
    "half_select_disturb": ({"biases": ["v/5"]}, "biases"),
    "read_disturb": ({"voltages": [0.0]}, "voltages"),
    "drive_array": ({"sample": [2.0]}, "sample"),
    "program_pulses": ({"allowed_movement": -1.0}, "allowed_movement = -1.0"),
    "write_verify": ({"burst": 2.5}, "burst = 2.5"),
    "evaluate": ({"seeds": 0}, "seeds"),
}
# arguments on which no refusal before a simulation depends
OF_RUNS = {"rng", "options", "time_limit", "keep", "waveforms", "on_cycle"}


class Unused(Executor):
    """An executor that nothing may be given to."""

    def submit(self, *_args, **_named):
        """Fail the test."""
        pytest.fail("a point was run")


@pytest.fixture
def swept(tmp_path):
    """Sweep in this process, each point alone."""

    def run(experiment, parameters):
        return sweep(experiment, parameters, jobs=1, batch=False, store=tmp_path, progress="quiet")

    return run


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_wrong_fixed_argument_is_refused_in_the_words_of_the_experiment(tmp_path, name):
    places, named, path, values = CASES[name]()
    wrong, begin = WRONG[name]
    tied = functools.partial(experiment_of(name).function, *places, **(named | wrong))
    with pytest.raises(UsageError, match=begin) as of_sweep:
        sweep(tied, {path: values}, executor=Unused(), store=tmp_path, progress="quiet")
    tied = tied if "." in path else functools.partial(tied, **{path: values[0]})
    rng = {"rng": np.random.default_rng(1)} if "rng" in inspect.signature(tied).parameters else {}
    with pytest.raises(UsageError) as of_call:
        tied(**rng)
    assert str(of_sweep.value) == str(of_call.value)


@pytest.mark.parametrize(
    ("wrong", "begin"),
    [
        ({"time_limit": -1.0}, "time_limit=-1.0 s"),
        ({"options": 3}, "options=3"),
        ({"keep": 5}, "keep = 5"),
    ],
)
def test_what_no_run_can_take_is_refused_before_the_first(tmp_path, wrong, begin):
    tied = functools.partial(TRAIN, **wrong)
    with pytest.raises(UsageError, match=begin):
        sweep(tied, {"device.k_set": [0.02, 0.03]}, executor=Unused(), store=tmp_path)


@pytest.mark.parametrize("wrong", [Reduction("conductanse"), Reduction("conductance", {"puls": 0})])
def test_a_reduction_of_what_no_result_has_is_refused_before_the_first(tmp_path, wrong):
    with pytest.raises(UsageError, match=r"measure late: .*conductance"):
        sweep(
            TRAIN, {"device.k_set": [0.02, 0.03]}, measure=Reductions({"late": wrong}),
            executor=Unused(), store=tmp_path,
        )  # fmt: skip


def test_every_experiment_has_a_wrong_argument():
    assert set(WRONG) == set(experiment_names())


@pytest.mark.parametrize("name", sorted(WRONG))
def test_experiments_and_what_makes_them_ready_take_the_same(name):
    experiment = experiment_of(name)
    whole, part = experiment.signature.parameters, inspect.signature(experiment.prepare).parameters
    assert set(part) <= set(whole)
    assert set(whole) - set(part) <= OF_RUNS
    for own in part:
        assert (part[own].default, part[own].kind) == (whole[own].default, whole[own].kind)


@pytest.mark.parametrize("volts", [[1e6, 1.0], [1.0, 1e6]])
def test_one_wrong_value_fails_its_point_alone(swept, volts):
    loop = functools.partial(mc.iv_loop, DEVICE, cycles=1, points_per_cycle=100)
    found = swept(loop, {"amplitude": volts})
    assert found["status"].values.tolist() == [int(volt == 1e6) for volt in volts]


def test_a_wild_draw_before_all_others_fails_its_point_alone(swept):
    wild = 1.1 * DEVICE.parameters["g_max"] / DEVICE.parameters["g_min"]
    found = swept(TRAIN, zipped({"variation.m_g_min": [wild, 1.0]}))
    assert found["status"].values.tolist() == [1, 0]


def test_values_that_are_wrong_each_for_itself_fail_their_points(swept):
    tied = functools.partial(mc.pulse_train, DEVICE, reset_pulses=0)
    found = swept(tied, {"pulses": [2.5, 3.5]})
    assert found["status"].values.tolist() == [1, 1]
    assert [text[:12] for text in found["error"].values] == ["pulses = 2.5", "pulses = 3.5"]


def test_a_swept_value_that_puts_a_fixed_one_right_is_no_mistake(swept):
    """A gate needs a cell with a transistor: that of the second point."""
    cells = [mc.cells.OneMemristor(DEVICE), mc.cells.OneTransistorOneMemristor(DEVICE)]
    found = swept(functools.partial(TRAIN, gate=2.0), zipped({"device": cells}))
    assert found["status"].values.tolist() == [1, 0]


def counted(refused):
    """Return an experiment that counts how often it is made ready, and the list it counts in."""
    told = []

    def prepare(x, fixed=1.0):
        told.append(x)
        refused(x, fixed)

    return Experiment("own", lambda x, fixed=1.0: x * fixed, prepare=prepare), told


def refuse_fixed(_x, fixed):
    raise UsageError(f"fixed = {fixed}")


def test_good_arguments_are_made_ready_once_and_wrong_ones_a_hundred_times():
    design = grid({"x": np.arange(10_000.0)})
    good, told = counted(lambda _x, _fixed: None)
    refuse_useless(Target.of(good), design)
    assert told == [0.0]
    wrong, told = counted(refuse_fixed)
    with pytest.raises(UsageError, match=r"^fixed = 1.0$"):
        refuse_useless(Target.of(wrong), design)
    assert len(told) == 100
    assert (told[0], told[-1]) == (0.0, 9999.0)
    assert len(set(told)) == 100


@pytest.mark.parametrize(
    ("rows", "columns"),
    [(2, 5000), (5000, 2), (40, 25), (99, 101), (3, 1), (99, 5), (198, 30), (1584, 12)],
)
def test_points_that_are_tried_have_every_value_of_short_lists(rows, columns):
    """Whatever the lengths of the others."""
    tried = []

    def note(x, fixed):
        tried.append((x, fixed))
        refuse_fixed(0, 1)

    design = grid({"x": np.arange(float(rows)), "fixed": np.arange(float(columns))})
    with pytest.raises(UsageError):
        refuse_useless(Target.of(counted(note)[0]), design)
    for place, many in enumerate((rows, columns)):
        assert many > 50 or {pair[place] for pair in tried} == set(range(many))


def test_arguments_of_a_wrong_kind_are_refused_by_name_of_the_experiment():
    with pytest.raises(UsageError, match=r"^own: .*could not convert"):
        refuse_useless(Target.of(counted(lambda _x, _fixed: float("one"))[0]), grid({"x": [1.0]}))


def test_a_loop_of_a_given_sweep_has_no_amplitude_to_change(tmp_path):
    tied = functools.partial(mc.iv_loop, DEVICE, sweep=triangle(1.0, rate=1.0))
    with pytest.raises(UsageError, match=r"^amplitude beside a sweep"):
        sweep(tied, {"amplitude": [1.0, 1.5]}, executor=Unused(), store=tmp_path)


def test_a_read_that_is_too_short_is_refused_before_its_operating_point(monkeypatch):
    def solved(*_args):
        pytest.fail("an operating point was solved")

    monkeypatch.setattr(settling, "_operating_point", solved)
    array = mc.Crossbar(rows=2, columns=2, wires=2.0)
    for duration, message in ((1e-9, "duration = 1e-09 s: expected more"), (-1.0, "duration")):
        with pytest.raises(UsageError, match=message):
            settling.prepare_settle_read(
                array, [0.2, 0.2], g=np.full((2, 2), 1e-5), rise=1e-9, duration=duration
            )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"retry_failed": "no"}, "retry_failed is 'no'; give True or False"),
        ({"batch": "no"}, "batch is 'no'; give True or False"),
        ({"store": 5}, "store is 5; give a directory, or a Store"),
        ({"store": Store}, "store is the class Store; give a directory"),
        ({"measure": Reductions}, "measure is the class Reductions; give Reductions"),
    ],
)
def test_settings_of_a_sweep_are_of_their_kind(tmp_path, wrong, message):
    given = {"executor": Unused(), "store": tmp_path} | wrong
    with pytest.raises(UsageError, match=message):
        sweep(TRAIN, {"device.k_set": [0.02, 0.03]}, **given)


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (3, "prepare of experiment 'own' is 3; give a function or None"),
        (lambda x, rng: (x, rng), "prepare of experiment 'own' needs rng, but nothing is drawn"),
    ],
)
def test_what_makes_a_point_ready_is_a_function_that_draws_nothing(prepare, message):
    with pytest.raises(UsageError, match=message):
        Experiment("own", lambda x, rng: (x, rng), prepare=prepare)


@pytest.mark.parametrize("given", [3, "own", lambda x: x, Experiment])
def test_only_an_experiment_is_registered(given):
    with pytest.raises(UsageError, match=r"experiment is .*; give an Experiment\(name, function\)"):
        registry.register(given)


@pytest.mark.parametrize(
    "error",
    [
        ConvergenceError("no end"),
        ToolMissingError("no ngspice"),
        ZeroDivisionError(),
        SystemExit(1),
    ],
)
def test_what_is_no_mistake_of_the_arguments_is_left_to_the_points(error):
    def fail(_x, _fixed):
        raise error

    refuse_useless(Target.of(counted(fail)[0]), grid({"x": [1.0, 2.0]}))


def test_a_sweep_file_with_a_wrong_argument_ends_with_status_2(tmp_path, capsys):
    file = tmp_path / "wrong.toml"
    file.write_text(
        'experiment = "iv_loop"\n[device]\ncard = "lin2022_hfo2"\n[arguments]\n'
        'points_per_cycle = 10\n[grid]\namplitude = { from = "1.6V", to = "1.9V", count = 5000 }\n'
    )
    with pytest.raises(SystemExit) as ended:
        main(["sweep", str(file), "--store", str(tmp_path / "kept"), "--out", str(tmp_path)])
    assert ended.value.code == 2
    assert "wrong.toml:5: arguments.points_per_cycle: points_per_cycle = 10: at least 100" in (
        capsys.readouterr().err
    )
    assert not list(tmp_path.glob("sweep*"))


def test_a_result_that_no_point_has_is_told_with_its_line(tmp_path, capsys):
    file = tmp_path / "wrong.toml"
    file.write_text(
        'experiment = "pulse_train"\n[device]\ncard = "lin2022_hfo2"\n[arguments]\npulses = 1\n'
        'reset_pulses = 0\n[grid]\n"set.amplitude" = ["1.6V", "1.7V"]\n[measure]\n'
        'late = { of = "conductance", at = { pulse = 77 } }\n'
    )
    given = ["--store", str(tmp_path / "kept"), "--out", str(tmp_path), "--jobs", "1"]
    with pytest.raises(SystemExit) as ended:
        main(["sweep", str(file), *given])
    assert ended.value.code == 2
    assert "wrong.toml:10: measure.late: " in capsys.readouterr().err


def test_a_sweep_file_makes_a_point_ready_once(tmp_path, monkeypatch):
    ready, real = [], Experiment.prepared
    monkeypatch.setattr(Experiment, "prepared", lambda *given: ready.append(1) or real(*given))
    file = tmp_path / "two.toml"
    file.write_text(
        'experiment = "pulse_train"\n[device]\ncard = "lin2022_hfo2"\n[arguments]\npulses = 1\n'
        'reset_pulses = 0\n[grid]\n"set.amplitude" = ["1.6V", "1.7V"]\n'
    )
    given = ["--store", str(tmp_path / "kept"), "--out", str(tmp_path), "--jobs", "1"]
    with pytest.raises(SystemExit, match="0"):
        main(["sweep", str(file), *given])
    assert len(ready) == 1
