"""How sweeps are cut, and what many points cost in memory."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import swept_functions as own
from hypothesis import given
from hypothesis import strategies as st

import memcircuit as mc
from memcircuit.sweeps.design import grid, zipped
from memcircuit.sweeps.target import Target
from memcircuit.sweeps.units import cut
from memcircuit.sweeps.work import Plan

TRAIN = functools.partial(
    mc.pulse_train, mc.device("lin2022_hfo2"), pulses=1, reset_pulses=0, initial_state=0.1
)


def units(experiment, design, *, batch=True):
    plan = Plan(Target.of(experiment), None, 0, "versions")
    return list(cut(design, plan, b"", batch=batch).units())


@given(st.integers(1, 40), st.integers(1, 5))
def test_every_point_is_in_one_unit_with_its_own_values(many, few):
    design = grid({"x": np.arange(float(many)), "slope": np.arange(float(few))})
    cutting = units(own.line, design)
    points = np.concatenate([unit.points for unit in cutting])
    np.testing.assert_array_equal(points, np.arange(many * few))
    assert len({unit.key for unit in cutting}) == many * few
    for unit in cutting:
        (point,) = unit.points
        assert unit.values["x"].tolist() == [point // few]
        assert unit.values["slope"].tolist() == [point % few]


@pytest.mark.parametrize("count", [1, 7, 200, 3000])
def test_cells_that_share_a_netlist_cover_every_point_once(count):
    design = grid({"device.k_set": np.linspace(0.01, 0.02, count), "set.amplitude": [1.7, 1.9]})
    cutting = units(TRAIN, design)
    points = np.concatenate([unit.points for unit in cutting])
    assert sorted(points.tolist()) == list(range(2 * count))
    for unit in cutting:
        expected = design.values(unit.points)
        for path, values in unit.values.items():
            np.testing.assert_array_equal(values, expected[path])
    alone = units(TRAIN, design, batch=False)
    assert [unit.points.tolist() for unit in alone] == [[point] for point in range(2 * count)]
    assert not {unit.key for unit in alone} & {unit.key for unit in cutting if unit.points.size > 1}


def test_cuts_do_not_depend_on_the_machine(monkeypatch):
    design = zipped({"device.k_set": np.linspace(0.01, 0.02, 300)})
    here = [unit.key for unit in units(TRAIN, design)]
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert [unit.key for unit in units(TRAIN, design)] == here


MEMORY = """
import resource, sys, tempfile
sys.path.insert(0, sys.argv[2])
import numpy as np
import memcircuit as mc
import swept_functions as own

def sweep(count):
    with tempfile.TemporaryDirectory() as store:
        mc.sweep(own.line, {"x": np.arange(float(count))}, jobs=1, store=store, progress="quiet")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

before = sweep(int(sys.argv[1]) // 10)
print((sweep(int(sys.argv[1])) - before) / 1024)
"""


@pytest.mark.slow
def test_ten_thousand_points_take_no_more_memory_than_their_results():
    """Of a number each: 10 MB for keys, coordinates, status and text of 9,000 points more."""
    run = subprocess.run(
        [sys.executable, "-c", MEMORY, "10000", str(Path(own.__file__).parent)],
        env={**os.environ, "PYTHONPATH": str(Path(mc.__file__).parents[1])},
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    assert float(run.stdout) < 10.0
