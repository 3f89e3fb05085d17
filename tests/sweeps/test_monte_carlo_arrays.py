"""Monte Carlo of arrays: every cell draws its own, in Python and in sweep files."""

import functools

import numpy as np
import pytest
from sweep_files import loaded, run, told

import memcircuit as mc
from memcircuit.errors import UsageError

FILE = """\
experiment = "program_pulses"
seed = 5
[device]
card = "lin2022_hfo2"
[array]
rows = 2
columns = 3
wires = "2ohm"
[arguments]
states = 0.2
selected = [0, 0]
pulses = [{ amplitude = "1.8V", width = "1us" }]
[monte_carlo]
devices = 2
"""


def _array(rows=2, columns=3, cell=None):
    cell = mc.device("lin2022_hfo2") if cell is None else cell
    return mc.Crossbar(cell, rows=rows, columns=columns, wires=2.0)


def test_every_cell_draws_what_as_many_devices_would():
    drawn = mc.sweeps.monte_carlo(_array(), np.random.default_rng(5), devices=4, cycles=2)
    alone = mc.sweeps.monte_carlo(
        mc.device("lin2022_hfo2"), np.random.default_rng(5), devices=24, cycles=2
    )
    assert dict(drawn.sizes) == {"device": 4, "cycle": 2}
    for path, column in drawn.columns.items():
        own = alone.columns[path]
        if column.dims == ("device",):
            np.testing.assert_array_equal(column.values, own.values.reshape(4, 2, 3))
        else:
            expected = np.moveaxis(own.values.reshape(4, 2, 3, 2), -1, 1)
            np.testing.assert_array_equal(column.values, expected)


def test_sweep_of_arrays_is_the_experiment_with_these_multipliers(tmp_path):
    drawn = mc.sweeps.monte_carlo(_array(), np.random.default_rng(5), devices=2)
    program = functools.partial(
        mc.program_pulses, _array(), states=0.2, selected=(0, 0), pulses=[mc.Pulse(1.8, 1e-6)]
    )
    found = mc.sweep(program, drawn, jobs=1, store=tmp_path / "one", progress="quiet")
    assert found["status"].values.tolist() == [0, 0], found["error"].values
    for place in range(2):
        variation = {
            path.removeprefix("variation."): column.values[place]
            for path, column in drawn.columns.items()
        }
        with pytest.warns(UserWarning, match="the whole array is simulated"):
            alone = program(variation=variation)
        np.testing.assert_array_equal(found["final_state"][place], alone["final_state"])
    assert np.ptp(found["conductance"].isel(pulse=-1).values) > 0
    # a sweep file asks for the same
    asked = run(loaded(tmp_path, FILE), tmp_path / "two")
    np.testing.assert_array_equal(asked["final_state"], found["final_state"])
    name = next(iter(drawn.columns))
    np.testing.assert_array_equal(asked[name], drawn.columns[name].values)
    assert asked[name].dims == ("device", f"{name}_0", f"{name}_1")


def test_corners_of_an_array_are_those_of_all_its_cells(tmp_path):
    text = FILE.replace("[monte_carlo]\ndevices = 2\n", '[corners]\nparameters = ["k_set"]\n')
    found = run(loaded(tmp_path, text), tmp_path)
    low, nominal, high = (found["final_state"][k, 0, 0].item() for k in (1, 0, 2))
    assert low < nominal < high


def test_what_draws_nothing_is_refused(tmp_path):
    with pytest.raises(UsageError, match="the array has no kind of cell"):
        mc.sweeps.monte_carlo(mc.Crossbar(rows=2, columns=2), np.random.default_rng(1))
    two = mc.cells.TwoMemristors(mc.device("lin2022_hfo2"))
    with pytest.raises(UsageError, match="cells of an array have one memristor, not 2"):
        mc.sweeps.monte_carlo(_array(cell=two), np.random.default_rng(1))
    alike = FILE.replace('"program_pulses"', '"half_select_disturb"')
    alike = alike.replace("pulses = [{", "pulse = {").replace("}]", "}\ncount = 1")
    message = "the cells of the array of half_select_disturb are all alike"
    assert message in told(tmp_path, alike, 14)
    text = FILE.replace("[monte_carlo]", "[grid]\n'array.rows' = [3]\n[monte_carlo]")
    assert "has shape (2, 3); expected (3, 3)" in told(tmp_path, text, 9)
