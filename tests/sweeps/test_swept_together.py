"""Points that share a netlist against the same points alone, where parameters act on each other."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.sweeps.corner_points import corners
from memcircuit.sweeps.design import grid, zipped
from memcircuit.sweeps.device_draws import monte_carlo
from memcircuit.sweeps.runner import sweep

DEVICE = mc.device("lin2022_hfo2")
PAIR = mc.cells.TwoMemristors(DEVICE)
LOOP = functools.partial(mc.iv_loop, DEVICE, cycles=1)
TRAIN = functools.partial(mc.pulse_train, DEVICE, pulses=1, reset_pulses=0)
# as many as share a netlist at least: one netlist holds one device at all of them
SPEEDS = grid({"device.k_set": np.linspace(0.01, 0.04, 8)})


@pytest.fixture
def swept(tmp_path):
    """Sweep, with all points that may in one netlist or each alone."""

    def run(experiment, parameters, *, batch=True, jobs=1):
        return sweep(
            experiment, parameters, jobs=jobs, batch=batch, store=tmp_path / "store",
            progress="quiet",
        )  # fmt: skip

    return run


@pytest.mark.parametrize("experiment", [LOOP, TRAIN])
def test_a_multiplier_that_all_share_scales_what_differs(swept, experiment):
    design = zipped({"device.k_set": [0.02, 0.04], "variation.m_k_set": [2.0, 2.0]})
    together, alone = (swept(experiment, design, batch=b) for b in (True, False))
    as_values = swept(experiment, {"device.k_set": [0.04, 0.08]}, batch=False)
    for found in (together, alone):
        assert not found["status"].any()
        for place in range(2):
            one = as_values["energy"].isel({"device.k_set": place})
            np.testing.assert_allclose(found["energy"].isel(point=place), one, rtol=2e-4)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    "drawn",
    [
        monte_carlo(DEVICE, np.random.default_rng(4), devices=2),
        corners(DEVICE, 1.0, parameters=["k_set"]),
    ],
)
def test_draws_and_corners_at_every_value_of_a_parameter(swept, drawn, order):
    design = SPEEDS * drawn if order == 1 else drawn * SPEEDS
    together, alone = (swept(LOOP, design, batch=b) for b in (True, False))
    assert together["energy"].dims == tuple(design.sizes)
    np.testing.assert_allclose(together["energy"], alone["energy"], rtol=2e-4)


def test_states_that_a_cell_was_given_are_those_of_its_memristors(swept):
    """As many states as points: not one for each of these."""
    loop = functools.partial(mc.iv_loop, PAIR, initial_state=[0.1, 0.5], cycles=1)
    found = swept(loop, {"amplitude": [0.5, 1.0]})
    for place, amplitude in enumerate([0.5, 1.0]):
        direct = mc.iv_loop(PAIR, initial_state=[0.1, 0.5], cycles=1, amplitude=amplitude)
        point = found.isel(amplitude=place)
        np.testing.assert_allclose(point["state"].isel(phase=0), [0.1, 0.5], atol=1e-4)
        work = np.trapezoid(direct["voltage"] * direct["current"], direct["time"])
        np.testing.assert_allclose(point["energy"], work, rtol=2e-4)


@pytest.mark.parametrize("batch", [True, False])
def test_states_of_several_memristors_are_swept(swept, batch):
    states = [[0.1, 0.5], [0.1, 0.5], [0.3, 0.2]]
    pulses = {"set.amplitude": [1.5, 1.8, 1.5]}
    train = functools.partial(mc.pulse_train, PAIR, pulses=1, reset_pulses=0)
    found = swept(train, zipped({"initial_state": states, **pulses}), batch=batch)
    assert not found["status"].any()
    read = found["state"].isel(pulse=0).transpose("point", "memristor")
    np.testing.assert_allclose(read, states, atol=1e-4)
    alike = swept(train, zipped({"initial_state": states[:2], "gate": [1.0, 2.0]}), batch=batch)
    assert alike["status"].all()  # no cell with a gate
    again = swept(
        train, zipped({"initial_state": states[:2], "set.amplitude": [1.5, 1.8]}), batch=batch
    )
    np.testing.assert_allclose(again["weight"], found["weight"][:2], rtol=1e-3)


@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize(
    ("low", "high", "status"),
    [
        ([1e-4, 1e-6], [5e-5, 3e-4], [[1, 0], [0, 0]]),  # the first of them
        ([1e-6, 1e-4], [5e-5, 3e-4], [[0, 0], [1, 0]]),
        # both above what the card says of the other
        ([1e-9, 5e-4], [5e-7, 6e-4], [[0, 0], [1, 0]]),
    ],
)
def test_parameters_that_tie_each_other_fail_where_they_contradict(swept, low, high, status, batch):
    assert DEVICE.parameters["g_max"] < 5e-4
    found = swept(TRAIN, {"device.g_min": low, "device.g_max": high}, batch=batch)
    assert found["status"].values.tolist() == status
    failed = found["status"].values == 1
    assert all("g_min < g_max" in text for text in found["error"].values[failed])
    good = found["conductance"].isel(pulse=-1).values[~failed]
    assert np.all((good > 1e-10) & (good < 6e-4))


def test_no_point_that_can_be_is_no_error_of_the_sweep(swept):
    found = swept(TRAIN, {"device.g_min": [2e-4, 3e-4], "device.g_max": [1e-4]})
    assert found["status"].values.tolist() == [[1], [1]]


@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize("experiment", [LOOP, TRAIN])
def test_a_wild_draw_fails_its_point_alone(swept, experiment, batch):
    """Folded into the parameter, or given to the experiment as variation."""
    parameters = DEVICE.parameters
    wild = 1.1 * parameters["g_max"] / parameters["g_min"]
    found = swept(
        experiment, zipped({"variation.m_g_min": [1.0, wild], "device.k_set": [0.01, 0.02]}),
        batch=batch,
    )  # fmt: skip
    assert found["status"].values.tolist() == [0, 1]
    assert "g_min < g_max" in found["error"].values[1]
    both = zipped({"variation.m_g_min": [1.0, wild], "variation.m_g_max": [1.0, 1.2]})
    assert not swept(experiment, both, batch=batch)["status"].any()
