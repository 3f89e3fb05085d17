"""Every point of a sweep against the same experiment called with the same arguments."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import swept_functions as own
import xarray as xr

import memcircuit as mc
from memcircuit.simulate.options import Options
from memcircuit.sweeps.design import grid, zipped
from memcircuit.sweeps.runner import sweep
from memcircuit.sweeps.store import Store
from pyspice_netlists import Pulse, integrated_nmos


@pytest.fixture
def device():
    return mc.device("lin2022_hfo2")


@pytest.fixture
def cell(device):
    return mc.cells.OneTransistorOneMemristor(device, "nmos_350n")


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def short(cell, **arguments):
    """Return the conductances, energies and states of one pulse, without the dimension cell."""
    return mc.pulse_train(cell, pulses=1, reset_pulses=0, **arguments).squeeze("cell", drop=True)


def same_variables(point, alone):
    """Assert that a point holds exactly what the experiment gave."""
    for name, one in alone.data_vars.items():
        np.testing.assert_array_equal(point[name].values, one.values, strict=True)
        assert point[name].attrs["units"] == one.attrs["units"]


def swept_train(cell, parameters, store, **arguments):
    experiment = functools.partial(mc.pulse_train, cell, pulses=1, reset_pulses=0, **arguments)
    found = sweep(experiment, parameters, jobs=1, store=store, batch=False, progress="quiet")
    assert not found["status"].any()
    return found


def test_points_of_a_pulse_train_are_those_of_calls(cell, device, store):
    gates, speeds, widths = [1.8, 2.4], [0.01, 0.02], [2e-6, 4e-6]
    found = swept_train(
        cell, {"gate": gates, "device.k_set": speeds, "cell.transistor.w": widths}, store
    )
    assert found["conductance"].dims == ("gate", "device.k_set", "cell.transistor.w", "pulse")
    units = {"gate": "V", "cell.transistor.w": "m"}
    assert {name: found[name].attrs["units"] for name in units} == units
    for gate, speed, width in [(1.8, 0.01, 2e-6), (2.4, 0.01, 4e-6), (2.4, 0.02, 2e-6)]:
        own_cell = mc.cells.OneTransistorOneMemristor(
            device.with_parameters(k_set=speed), integrated_nmos(width, 0.35e-6)
        )
        point = found.sel({"gate": gate, "device.k_set": speed, "cell.transistor.w": width})
        same_variables(point, short(own_cell, gate=gate))


def test_fields_of_pulses_are_swept_alone_and_in_both(cell, store):
    experiment = functools.partial(mc.pulse_train, cell, pulses=1, reset_pulses=1)
    given = {"jobs": 1, "store": store, "batch": False, "progress": "quiet"}
    of_set = sweep(experiment, {"set.amplitude": [1.7, 2.0]}, **given)
    both = sweep(experiment, {"pulse.amplitude": [1.7, 2.0]}, **given)
    first, second = mc.pulse_train(cell, pulses=1, reset_pulses=1).amplitude.values[1:]
    assert first == pytest.approx(1.8)
    assert second < 0
    np.testing.assert_allclose(of_set["amplitude"].isel(pulse=1), [1.7, 2.0])
    np.testing.assert_allclose(of_set["amplitude"].isel(pulse=2), second)
    np.testing.assert_allclose(both["amplitude"].isel(pulse=2), [-1.7, -2.0])
    for place, amplitude in enumerate([1.7, 2.0]):
        pulses = {"set": Pulse(amplitude, 1e-6), "reset": Pulse(-amplitude, 1e-6)}
        alone = mc.pulse_train(cell, pulses=1, reset_pulses=1, **pulses).squeeze("cell")
        same_variables(both.isel({"pulse.amplitude": place}), alone)


def test_states_are_swept_as_argument_and_as_field(cell, store):
    as_argument = swept_train(cell, {"initial_state": [0.2, 0.7]}, store)
    as_field = swept_train(cell, {"device.initial_state": [0.2, 0.7]}, store)
    for place, state in enumerate([0.2, 0.7]):
        alone = short(cell, initial_state=state)
        same_variables(as_argument.isel(initial_state=place), alone)
        same_variables(as_field.isel({"device.initial_state": place}), alone)


def test_cards_kinds_of_cell_and_options_are_swept(device, store):
    cards = ["lin2022_hfo2", "kvatinsky2015_vteam"]
    bare = mc.cells.OneMemristor(device)
    found = swept_train(bare, {"device": cards}, store)
    assert found["device"].values.tolist() == cards
    for card in cards:
        alone = short(mc.cells.OneMemristor(mc.device(card)))
        same_variables(found.sel(device=card), alone)
    kinds = [bare, mc.cells.OneTransistorOneMemristor(device)]
    found = swept_train(bare, zipped({"cell": kinds}), store)
    for place, kind in enumerate(kinds):
        same_variables(found.isel(point=place), short(kind))
    found = swept_train(bare, {"options.reltol": [1e-3, 1e-6]}, store, options=Options())
    for place, reltol in enumerate([1e-3, 1e-6]):
        same_variables(found.isel({"options.reltol": place}), short(bare, options=Options(reltol)))


def test_a_loop_is_the_raw_loop_at_phases(device, store):
    frequencies = [1e3, 1e4]
    found = sweep(
        functools.partial(mc.iv_loop, device), {"frequency": frequencies}, jobs=1, store=store
    )
    for frequency in frequencies:
        raw = mc.iv_loop(device, frequency=frequency)
        point = found.sel(frequency=frequency)
        time = np.minimum(point["phase"].values / frequency, raw["time"].values[-1])
        for name in ("voltage", "current", "state"):
            even = np.interp(time, raw["time"].values, raw[name].values)
            np.testing.assert_allclose(point[name], even, rtol=1e-9, atol=1e-15)
        power = raw["voltage"].values * raw["current"].values
        energy = np.trapezoid(power, raw["time"].values)
        np.testing.assert_allclose(point["energy"], energy, rtol=1e-12)
    power = found["voltage"] * found["current"]
    even = power.integrate("phase").values / np.array(frequencies)
    np.testing.assert_allclose(found["energy"], even, rtol=5e-3)


def test_a_family_is_the_raw_curves_at_shares_of_their_time(device, store):
    rates = [1e5, 1e6]
    given = {"jobs": 1, "store": store, "progress": "quiet"}
    found = sweep(
        functools.partial(mc.iv_family, device, stops=[-1.0, -1.5]), {"rate": rates}, **given
    )
    assert dict(found.sizes) == {"rate": 2, "curve": 2, "phase": 801}
    for rate in rates:
        raw = mc.iv_family(device, stops=[-1.0, -1.5], rate=rate)
        point = found.sel(rate=rate)
        np.testing.assert_array_equal(point["largest_current"], raw["largest_current"])
        time = raw["time"].values
        for curve in range(2):
            even = np.interp(point["phase"] * time[-1], time, raw["current"].values[curve])
            np.testing.assert_allclose(point["current"][curve], even, rtol=1e-9, atol=1e-15)
        assert set(np.unique(point["branch"])) == set(np.unique(raw["branch"]))


def test_functions_of_ones_own_give_numbers_arrays_text_and_datasets(store):
    given = {"jobs": 1, "store": store, "progress": "quiet"}
    x = [0.5, 1.0, 2.0]
    found = sweep(own.line, {"x": x, "slope": [1, 3]}, **given)
    np.testing.assert_array_equal(found["result"], np.outer(x, [1, 3]))
    found = sweep(functools.partial(own.several, gain=3.0), {"x": x}, **given)
    np.testing.assert_array_equal(found["y"], np.multiply(3.0, x))
    np.testing.assert_array_equal(found["wave"], np.sin(np.outer(x, np.arange(3))))
    assert found["word"].values.tolist() == ["x0.5", "x1", "x2"]
    assert found["whole"].values.tolist() == [0, 1, 2]
    assert found["whole"].dtype.kind == "i"
    assert found["large"].values.tolist() == [False, False, True]
    found = sweep(own.ramp, {"count": [1, 3, 2]}, **given)
    nan = np.nan
    np.testing.assert_array_equal(found["ramp"], [[0, nan, nan], [0, 1, 2], [0, 1, nan]])
    found = sweep(own.spectrum, {"top": [1, 3]}, **given)
    assert found["order"].values.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(found["height"], [[1, nan, nan], [1, 1 / 2, 1 / 3]])
    assert found.attrs["kind"] == "spectrum"
    found = sweep(own.answered, {"x": x}, **given)
    np.testing.assert_array_equal(found["value"], x)
    assert found["value"].attrs["units"] == "V"


def test_a_measure_takes_the_result(cell, store):
    given = {"jobs": 1, "store": store, "progress": "quiet"}
    found = sweep(own.line, {"x": [1.0, 2.0]}, measure=own.twice_measure, **given)
    assert found["twice"].values.tolist() == [2.0, 4.0]
    found = sweep(own.line, {"x": [1.0]}, measure=own.Scaler(5.0).times, **given)
    assert found["scaled"].values.tolist() == [5.0]
    found = sweep(own.line, {"x": [1.0]}, measure=own.Scaler(7.0).times, **given)
    assert found["scaled"].values.tolist() == [7.0]
    experiment = functools.partial(mc.pulse_train, cell, pulses=1, reset_pulses=0)
    found = sweep(experiment, {"gate": [2.0]}, measure=own.final_conductance, **given)
    assert found["result"].item() == short(cell, gate=2.0)["conductance"].values[-1]


def test_names_that_the_sweep_has_too_are_kept_apart(store):
    found = sweep(own.labelled, {"x": [1.0, 2.0]}, jobs=1, store=store, progress="quiet")
    assert found["result_error"].values.tolist() == [1.0, 2.0]
    assert found["result_status"].values.tolist() == [-1.0, -2.0]
    assert found["result_log"].values.tolist() == [2.0, 4.0]
    assert found["error"].values.tolist() == ["", ""]
    assert found["inner"].dims == (found.attrs["sweep_dims"], "x")


def test_a_design_has_the_order_and_names_of_its_parts(store):
    design = grid({"slope": [1.0, 2.0]}) * zipped({"x": [1.0, 2.0, 3.0], "offset": [4.0, 5.0, 6.0]})
    found = sweep(own.line, design, jobs=1, store=store, progress="quiet")
    assert found["result"].dims == ("slope", "point")
    assert found["x"].dims == ("point",)
    np.testing.assert_array_equal(found["result"], [[5.0, 7.0, 9.0], [6.0, 9.0, 12.0]])
    assert found.attrs["sweep_dims"] == "slope,point"
    assert found.attrs["sweep_parameters"] == "slope,x,offset"


def test_points_that_were_given_before_cost_nothing(tmp_path, store):
    path = tmp_path / "noted"
    experiment = functools.partial(own.noted, path=str(path))
    given = {"jobs": 1, "store": store, "progress": "quiet"}
    first = sweep(experiment, zipped({"x": [1.0, 2.0, 1.0]}), **given)
    assert first["y"].values.tolist() == [1.0, 4.0, 1.0]
    # in an order of this process's own
    assert sorted(path.read_text().split()) == ["1.0", "2.0"]
    again = sweep(experiment, zipped({"x": [1.0, 2.0, 1.0]}), **given)
    assert again.identical(first)
    longer = sweep(experiment, {"x": [0.5, 2.0, 1.0]}, **given)
    assert longer["y"].values.tolist() == [0.25, 4.0, 1.0]
    assert path.read_text().split()[2:] == ["0.5"]


def test_a_sweep_comes_back_from_netcdf(tmp_path, store):
    for number, (experiment, parameters) in enumerate(
        [
            (own.several, {"x": [0.5, 2.0], "gain": [1, 2]}),
            (functools.partial(own.fails), {"how": ["raise", "no"]}),
            (functools.partial(mc.pulse_train, mc.device("lin2022_hfo2"), pulses=1),
             {"device.k_set": [0.01, 0.02]}),
        ]
    ):  # fmt: skip
        found = sweep(
            experiment, parameters, jobs=1, seed=2**40, store=store, batch=False, progress="quiet"
        )
        path = tmp_path / f"{number}.nc"
        found.to_netcdf(path, engine="scipy")
        with xr.open_dataset(path, engine="scipy") as back:
            assert back.load().identical(found)
