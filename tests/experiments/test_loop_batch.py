"""I-V loops of many points in one netlist: each as if it were alone."""

from dataclasses import replace

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.errors import ParameterError, UsageError
from memcircuit.experiments.loop_batch import iv_loop_batch, loop_batchable
from pyspice_netlists import triangle
from pyspice_netlists.transistors import integrated_nmos

HFO2 = mc.device("lin2022_hfo2")
NMOS = mc.cells.OneTransistorOneMemristor(HFO2, integrated_nmos())


@pytest.mark.parametrize(
    ("cell", "gate"), [(NMOS, 3.3), (mc.cells.OneMemristor(HFO2), None),
                       (mc.cells.TwoMemristors(HFO2), None)],
)  # fmt: skip
def test_every_point_is_as_alone(cell, gate):
    """Currents to 1e-4 of the largest, at the time points of a run alone."""
    arguments = {"device": cell, "cycles": 1, "points_per_cycle": 2000, "gate": gate}
    columns = {
        "amplitude": np.array([1.4, 1.6]),
        "device.k_set": np.array([0.02, 0.03]),
        "variation.m_v_reset": np.array([1.0, 1.05]),
        "initial_state": np.array([0.2, 0.6]),
    }
    if cell is NMOS:
        columns["cell.transistor.w"] = np.array([5e-6, 2e-5])
    batch = iv_loop_batch(arguments, columns)
    time = batch.coordinates["time"].values
    for point in range(2):
        own = {name: values[point] for name, values in columns.items()}
        # a multiplier that all its devices share is another value of the parameter
        v_reset = HFO2.parameters["v_reset"] * own["variation.m_v_reset"]
        device = HFO2.with_parameters(k_set=own["device.k_set"], v_reset=v_reset)
        alone = replace(cell, device=device)
        if cell is NMOS:
            alone = replace(alone, transistor=integrated_nmos(own["cell.transistor.w"]))
        loop = mc.iv_loop(
            alone, cycles=1, points_per_cycle=2000, gate=gate, amplitude=own["amplitude"],
            initial_state=own["initial_state"],
        )  # fmt: skip
        assert set(batch.variables) == set(loop.data_vars)
        for name, found in batch.variables.items():
            assert found.dims == loop[name].dims
            assert found.attrs == loop[name].attrs
            told = loop[name].to_numpy()
            waves = np.atleast_2d(found.values[point])
            at_times = [np.interp(loop["time"], time, wave) for wave in waves]
            size = np.abs(told).max()
            np.testing.assert_allclose(at_times, np.atleast_2d(told), atol=1e-4 * size)


def test_states_of_a_cells_memristors_are_not_those_of_as_many_points():
    cell = mc.cells.TwoMemristors(HFO2)
    arguments = {"device": cell, "initial_state": [0.1, 0.5]}
    batch = iv_loop_batch(arguments, {"amplitude": np.array([0.5, 1.0])})
    for wave in batch.variables["state"].values:
        np.testing.assert_allclose(wave[:, 0], [0.1, 0.5], atol=1e-4)


def test_a_sweep_is_that_of_all_points():
    sweep = triangle(1.5, rate=1e6)
    arguments = {"device": mc.cells.OneMemristor(HFO2), "sweep": sweep}
    columns = {"device.k_set": np.array([0.02, 0.03])}
    batch = iv_loop_batch(arguments, columns)
    time = batch.coordinates["time"].values
    for voltage in batch.variables["voltage"].values:
        np.testing.assert_allclose(voltage, sweep.at(time), atol=1e-6)
    # the faster device carries more charge
    charge = np.trapezoid(np.abs(batch.variables["current"].values), time)
    assert charge[1] > charge[0]
    assert not loop_batchable(arguments, "amplitude")
    with pytest.raises(UsageError, match="differ by 'amplitude' cannot share"):
        iv_loop_batch(arguments, {"amplitude": np.array([1.0, 1.5])})


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({"amplitude": [1.0, -1.0]}, UsageError, "amplitude: expected one voltage for each point"),
        ({"frequency": [1e3, 1e4]}, UsageError, "differ by 'frequency' cannot share"),
        ({"device.k_set": [0.1, -1.0]}, ParameterError, "cell 1: parameter k_set"),
        ({"gate": [1.0, 2.0], "amplitude": [1.0]}, UsageError, "one value for each point"),
    ],
)
def test_values_are_refused_by_name(columns, error, message):
    with pytest.raises(error, match=message):
        iv_loop_batch({"device": NMOS}, {path: np.asarray(v) for path, v in columns.items()})
