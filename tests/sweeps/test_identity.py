"""What changes the key of a point, and what does not."""

from __future__ import annotations

import copy
import dataclasses
import functools
import math
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import swept_functions as own
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from typed_modules import module

import memcircuit as mc
from memcircuit.errors import UsageError
from memcircuit.sweeps import identity as identities
from memcircuit.sweeps.design import Design, grid, zipped
from memcircuit.sweeps.identity import identity, key_of
from memcircuit.sweeps.target import Target
from memcircuit.sweeps.units import cut
from memcircuit.sweeps.work import Plan

NUMBERS = st.one_of(st.booleans(), st.integers(-(2**60), 2**60), st.floats(), st.text())
VALUES = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=8,
)


def known(value):
    return identity(value, "value")


def keys(experiment, parameters, *, seed=0, measure=None, versions="now"):
    """Return the keys of the points of a sweep."""
    design = parameters if isinstance(parameters, Design) else grid(parameters)
    plan = Plan(Target.of(experiment), measure, seed, versions)
    return [unit.key for unit in cut(design, plan, b"", batch=False).units()]


@given(VALUES)
def test_equal_values_have_one_identity(value):
    assert known(value) == known(copy.deepcopy(value))


@given(VALUES, VALUES)
def test_other_values_have_another(one, other):
    if repr(one) != repr(other):
        assert known(one) != known(other) or one == other


@given(st.floats(-1e300, 1e300))
def test_the_last_bit_counts_and_the_kind_of_scalar_does_not(value):
    assert known(value) == known(np.float64(value))
    assert known(value) != known(np.nextafter(value, math.inf).item())
    assert known({"a": value}) == known({"a": np.float64(value)})
    assert known(np.full(2, value)) != known(np.full(2, np.nextafter(value, math.inf)))


@given(st.lists(st.binary(), max_size=4), st.lists(st.binary(), max_size=4))
def test_keys_do_not_run_together(one, other):
    assert (key_of(*one) == key_of(*other)) == (one == other)


def test_the_order_of_names_does_not_count():
    assert known({"a": 1, "b": [2.0]}) == known({"b": [2.0], "a": 1})
    assert known({"x", "y", "z"}) == known({"z", "y", "x"})
    assert known([1, 2]) != known([2, 1])


def test_arrays_count_by_type_shape_and_content():
    values = np.arange(6.0)
    assert known(values) == known(values.copy()) == known(np.arange(12.0)[::2] / 2)
    others = [values.reshape(2, 3), values.astype(int), values[:5], values.tolist()]
    assert len({known(values), *map(known, others)}) == 5
    assert known(values.reshape(2, 3)) == known(np.asfortranarray(values.reshape(2, 3)))


def test_devices_and_cells_count_by_their_parameters():
    device = mc.device("lin2022_hfo2")
    assert known(device) == known(mc.device("lin2022_hfo2"))
    changed = device.with_parameters(k_set=np.nextafter(device.parameters["k_set"], 1.0))
    assert known(device) != known(changed)
    assert known(device) != known(dataclasses.replace(device, initial_state=0.25))
    cell = mc.cells.OneTransistorOneMemristor
    assert known(cell(device)) == known(cell(device))
    assert known(cell(device)) != known(cell(device, "nmos_350n")) != known(cell(changed))


def test_a_verilog_a_file_counts_by_its_content(tmp_path):
    source = "memristor.va"
    code = """
`include "disciplines.vams"
module resistive(p, n);
  inout p, n; electrical p, n;
  parameter real r = 1e3 from (0:inf);
  analog I(p, n) <+ V(p, n) / r;
endmodule
"""
    places = tmp_path / "one" / source, tmp_path / "two" / source, tmp_path / "three" / source
    for place in places:
        place.parent.mkdir()
        place.write_text(code, encoding="utf-8")
    places[2].write_text(code.replace("/ r;", "/ r / 2;"), encoding="utf-8")
    one, moved, other = (mc.VerilogAFile(place) for place in places)
    assert known(one) == known(moved)
    assert known(one) != known(other)
    places[0].write_text(code.replace("/ r;", "/ r / 3;"), encoding="utf-8")
    assert known(mc.VerilogAFile(places[0])) != known(moved)


def test_a_path_counts_by_the_content_of_its_file(tmp_path):
    (tmp_path / "a.csv").write_text("1", encoding="utf-8")
    (tmp_path / "b.csv").write_text("1", encoding="utf-8")
    assert known(tmp_path / "a.csv") == known(tmp_path / "b.csv")
    (tmp_path / "b.csv").write_text("2", encoding="utf-8")
    assert known(tmp_path / "a.csv") != known(tmp_path / "b.csv")


def test_a_verilog_a_file_counts_with_what_it_includes(tmp_path):
    source = tmp_path / "memristor.va"
    source.write_text(
        '`include "disciplines.vams"\n`include "own/conductance.inc"\n'
        "module resistive(p, n); inout p, n; electrical p, n;\n"
        "  analog I(p, n) <+ `G * V(p, n);\nendmodule\n",
        encoding="utf-8",
    )
    included, deeper = tmp_path / "own" / "conductance.inc", tmp_path / "own" / "value.inc"
    included.parent.mkdir()
    included.write_text('`include "value.inc"', encoding="utf-8")
    told = []
    for value in ("1e-4", "2e-4", "1e-4"):
        deeper.write_text(f"`define G {value}\n", encoding="utf-8")
        told.append(known(mc.VerilogAFile(source)))
    assert told[0] == told[2] != told[1]


def test_a_folder_counts_by_the_names_and_contents_of_its_files(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        (folder / "inner").mkdir(parents=True)
        (folder / "inner" / "a.csv").write_text("1", encoding="utf-8")
        (folder / "b.csv").write_text("2", encoding="utf-8")
    assert known(one) == known(other)
    (other / "inner" / "a.csv").write_text("3", encoding="utf-8")
    assert known(one) != known(other)
    (other / "inner" / "a.csv").write_text("1", encoding="utf-8")
    (other / "b.csv").rename(other / "c.csv")
    assert known(one) != known(other)


def test_a_folder_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(identities, "_MOST_FILES", 2)
    (tmp_path / "a").touch()
    known(tmp_path)
    (tmp_path / "b").touch()
    with pytest.raises(UsageError, match="a folder of 2 files or more"):
        known(tmp_path)


def test_datasets_and_distributions_count_by_their_numbers():
    dataset = xr.Dataset({"y": ("x", [1.0, 2.0])}, {"x": [0, 1]}, {"units": "V"})
    assert known(dataset) == known(dataset.copy(deep=True))
    assert known(dataset) != known(dataset.assign(y=dataset["y"] + 1e-16 * dataset["y"] + 1e-15))
    assert known(stats.norm(0, 1)) == known(stats.norm(0, 1)) != known(stats.norm(0, 2))


BASE = """
import math
SCALE = 2.0

def helper(x):
    return SCALE * x

def measured(x, offset=0.0):
    return helper(x) + offset + math.pi
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("+ offset", "- offset"),  # its instructions
        ("offset=0.0", "offset=1.0"),  # its defaults
        ("math.pi", "math.e"),
        ("+ math.pi", "+ 3.0"),
        ("SCALE * x", "SCALE + x"),  # what it calls
        ("SCALE = 2.0", "SCALE = 3.0"),  # what that takes from its module
    ],
)
def test_what_a_function_does_counts(old, new):
    assert BASE.count(old) == 1
    assert known(module(BASE).measured) != known(module(BASE.replace(old, new)).measured)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def measured", "# a remark\n\n\ndef measured"),
        ("import math", "import math\nUNUSED = 4"),
        ("return helper", "# why\n    return helper"),
        ("SCALE = 2.0", "SCALE = 1.0 + 1.0"),
    ],
)
def test_comments_places_and_what_is_not_used_do_not_count(old, new):
    assert known(module(BASE).measured) == known(module(BASE.replace(old, new)).measured)


def test_a_method_counts_with_its_object_and_an_object_with_its_class():
    assert known(own.Scaler(2.0).times) == known(own.Scaler(2.0).times)
    assert known(own.Scaler(2.0).times) != known(own.Scaler(3.0).times)
    assert known(own.Scaler(2.0)) != known(own.Scaler(3.0))
    text = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Factor:
    value: float

    def __call__(self, x):
        return self.value * x
"""
    sys.modules["typed_class"] = module("", "typed_class")
    try:
        one = module(text, "typed_class").Factor(2.0)
        other = module(text.replace("* x", "+ x"), "typed_class").Factor(2.0)
    finally:
        del sys.modules["typed_class"]
    assert known(one) != known(other)


def test_partials_count_by_what_they_tie():
    assert known(functools.partial(own.line, slope=2)) == known(
        functools.partial(own.line, slope=2)
    )
    assert known(functools.partial(own.line, slope=2)) != known(
        functools.partial(own.line, slope=3)
    )


@dataclass
class Looped:
    """May hold itself."""

    inner: object = None


def test_what_cannot_be_known_is_refused_by_name():
    for value in (object(), np.random.default_rng(1), sys.stdout):
        experiment = functools.partial(own.line, slope=[1.0, {"deep": value}])
        with pytest.raises(UsageError, match=r"^line\['slope'\]\[1\]\['deep'\] = "):
            keys(experiment, {"x": [1.0]})
    looped = Looped()
    looped.inner = [looped]
    with pytest.raises(UsageError, match=r"it holds itself"):
        known(looped)


def test_keys_of_points():
    x = {"x": [1.0, 2.0]}
    one, two = keys(own.line, x)
    assert len(one) == len(two) == 64
    assert one != two
    # the same point of other designs, in another process, given in other ways
    assert keys(own.line, {"x": [2.0, 5.0, 1.0]})[::2] == [two, one]
    assert keys(own.line, {"x": np.array([1.0, 2.0])}) == [one, two]
    assert keys(own.line, {"x": iter((1.0, np.float64(2.0)))}) == [one, two]
    # what changes it
    assert keys(own.line, {"x": [math.nextafter(1.0, 2.0)]})[0] != one
    assert keys(functools.partial(own.line, slope=2.0), x)[0] != one
    assert keys(own.line, x, measure=own.twice_measure)[0] != one
    assert keys(own.line, x, versions="later")[0] != one
    assert keys(own.answered, x)[0] != one


def test_the_seed_counts_where_there_are_draws():
    x = {"x": [1.0, 2.0]}
    assert keys(own.line, x, seed=1) == keys(own.line, x, seed=2)
    assert not set(keys(own.drawn, x, seed=1)) & set(keys(own.drawn, x, seed=2))
    # and the number of the point, which decides about its draws
    assert (
        keys(own.drawn, zipped({"x": [1.0, 1.0]}), seed=1)[0]
        != keys(own.drawn, zipped({"x": [1.0, 1.0]}), seed=1)[1]
    )
    assert (
        keys(own.line, zipped({"x": [1.0, 1.0]}))[0] == keys(own.line, zipped({"x": [1.0, 1.0]}))[1]
    )


SCRIPT = """
import functools, sys
sys.path[:0] = sys.argv[1:]
import numpy as np
import memcircuit as mc
import swept_functions as own
from memcircuit.sweeps.design import grid
from memcircuit.sweeps.identity import code_identity
from memcircuit.sweeps.target import Target
from memcircuit.sweeps.units import cut
from memcircuit.sweeps.work import Plan

def of(experiment, parameters):
    plan = Plan(Target.of(experiment), None, 0, code_identity())
    print(*(unit.key for unit in cut(grid(parameters), plan, b"", batch=False).units()))

of(functools.partial(own.several, gain={"a", "b", "c"}), {"x": [1.0]})
of(functools.partial(mc.pulse_train, mc.cells.OneTransistorOneMemristor(
    mc.device("lin2022_hfo2"), "nmos_350n"), pulses=1), {"device.k_set": [0.01]})
"""


def test_keys_are_the_same_in_other_processes_and_places(tmp_path):
    """With another seed of Python's hashes, and this repository under another name."""
    root = Path(mc.__file__).parents[1]
    for name in ("memcircuit", "pyspice_netlists", "models"):
        if (root / name).exists():
            (tmp_path / name).symlink_to(root / name)
    here = Path(own.__file__).parent
    told = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(place), str(here)],
            env={**os.environ, "PYTHONHASHSEED": seed}, cwd=tmp_path,
            capture_output=True, text=True, check=True, timeout=120,
        ).stdout
        for place, seed in ((root, "1"), (tmp_path, "2"))
    ]  # fmt: skip
    assert told[0] == told[1]
    assert len(told[0].split()) == 2


def test_versions_name_code_and_tools(monkeypatch, tmp_path):
    told = identities.versions()
    for name in ("code ", "Python 3", "numpy ", "ngspice "):
        assert name in told
    monkeypatch.setenv("MEMCIRCUIT_NGSPICE", str(tmp_path / "none"))
    assert identities.versions().endswith("no ngspice")
    monkeypatch.undo()
    assert identities.versions() == told
