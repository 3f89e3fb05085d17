"""The table keeps what the pulses did: against a response known in closed form."""

import numpy as np
import pytest
import xarray as xr

import memcircuit as mc
from memcircuit.errors import TableError, UsageError

LOW, HIGH, SHAPE = 1e-6, 350e-6, 20.0


def _train(ups=60, downs=50, rates=(1.0, 1.0, 1.2, 1.2), noise=0.0, rng=None, cycles=None):
    """Exponential approach: dG = (HIGH - G)(1 - exp(-rate/SHAPE)) up, the mirror image down.

    With ``cycles`` successive rates are cycles of one device.
    """
    rates = np.asarray(rates)[:, np.newaxis]
    n, m = np.arange(ups + 1), np.arange(downs + 1)
    up = HIGH - (HIGH - LOW) * np.exp(-rates * n / SHAPE)
    down = LOW + (up[:, -1:] - LOW) * np.exp(-rates * m / SHAPE)
    conductance = np.concatenate([up, down[:, 1:]], axis=1)
    if noise:
        conductance = conductance * np.exp(noise * rng.standard_normal(conductance.shape))
    energy = np.where(np.arange(ups + downs + 1) == 0, 0.0, 1e-12) * np.ones_like(conductance)
    dims = ("cell", "pulse")
    if cycles:
        dims = ("device", "cycle", "pulse")
        conductance = conductance.reshape(-1, cycles, conductance.shape[-1])
        energy = energy.reshape(conductance.shape)
    return xr.Dataset(
        {"conductance": (dims, conductance), "energy": (dims, energy)},
        coords={"direction": ("pulse", np.repeat([0, 1, -1], [1, ups, downs]))},
        attrs={"device": "closed_form"},
    )


def test_shapes_and_branches():
    table = mc.ConductanceTable.from_pulses(_train(cycles=2))
    assert table.devices == 2
    assert table.curves("set").shape == (2, 2, 61)
    assert table.curves("reset").shape == (2, 2, 51)
    # the RESET train starts where the SET train ended
    np.testing.assert_array_equal(table.curves("set")[..., -1], table.curves("reset")[..., 0])
    assert table.pulse_energy("set") == pytest.approx(1e-12, rel=1e-12)


def test_levels_are_mean_and_deviation_over_devices_and_cycles():
    train = _train(rates=(0.9, 1.0, 1.1, 1.3), cycles=2)
    mean, deviation = mc.ConductanceTable.from_pulses(train).levels("set")
    values = train["conductance"].to_numpy().reshape(4, -1)[:, :61]
    np.testing.assert_allclose(mean, values.mean(axis=0))
    np.testing.assert_allclose(deviation, values.std(axis=0, ddof=1))


def test_response_is_dg_of_g():
    response = mc.ConductanceTable.from_pulses(_train(cycles=2)).pulse_response(300)
    grid = response.conductance
    for device, rate in enumerate((1.0, 1.2)):
        factor = 1 - np.exp(-rate / SHAPE)
        inside = grid < HIGH - (HIGH - LOW) * np.exp(-rate * 59 / SHAPE)
        expected = (HIGH - grid) * factor
        np.testing.assert_allclose(response.set_step[device][inside], expected[inside], rtol=1e-9)
        inside = grid > LOW + (HIGH - LOW) * np.exp(-rate * 48 / SHAPE)
        expected = (LOW - grid) * factor
        np.testing.assert_allclose(
            response.reset_step[device][inside][:-20], expected[inside][:-20], rtol=1e-9
        )
    # both cycles of a device are alike, so nothing spreads
    assert np.max(response.set_spread) < 1e-18


def test_no_device_leaves_its_measured_range():
    table = mc.ConductanceTable.from_pulses(_train(rates=(0.5, 1.2)))
    response = table.pulse_response()
    top = table.curves("set")[0].max()
    assert np.all(response.set_step[0][response.conductance >= top] == 0)
    assert np.all(response.set_step >= 0)
    assert np.all(response.reset_step <= 0)


def test_separable_levels(rng):
    clean = mc.ConductanceTable.from_pulses(_train(rates=[1.0] * 8, cycles=8))
    assert clean.separable_levels("set") == 61
    noisy = mc.ConductanceTable.from_pulses(_train(rates=[1.0] * 8, noise=0.05, rng=rng, cycles=8))
    assert 5 < noisy.separable_levels("set") < 61
    assert noisy.separable_levels("set", sigmas=2) < noisy.separable_levels("set")


def test_file_gives_back_the_same_table(tmp_path):
    table = mc.ConductanceTable.from_pulses(_train(cycles=2))
    loaded = mc.ConductanceTable.from_netcdf(table.to_netcdf(tmp_path / "table.nc"))
    assert loaded == table
    assert loaded.dataset.attrs == table.dataset.attrs
    other = mc.ConductanceTable.from_pulses(_train(rates=(1, 1, 1, 1), cycles=2))
    assert loaded != other


def test_files_that_hold_no_table(tmp_path):
    with pytest.raises(TableError, match="cannot read"):
        mc.ConductanceTable.from_netcdf(tmp_path / "missing.nc")
    (tmp_path / "noise.nc").write_bytes(b"not netCDF at all")
    with pytest.raises(TableError, match="cannot read"):
        mc.ConductanceTable.from_netcdf(tmp_path / "noise.nc")
    xr.Dataset({"x": ("y", np.zeros(2))}).to_netcdf(tmp_path / "other.nc", engine="scipy")
    with pytest.raises(TableError, match=r"'conductance' over .* is missing"):
        mc.ConductanceTable.from_netcdf(tmp_path / "other.nc")
    with pytest.raises(UsageError, match="cannot write"):
        mc.ConductanceTable.from_pulses(_train()).to_netcdf(tmp_path / "no" / "table.nc")


def test_trains_that_make_no_table():
    with pytest.raises(TableError, match="both directions"):
        mc.ConductanceTable.from_pulses(_train(downs=0))
    with pytest.raises(TableError, match="not the result of a pulse train"):
        mc.ConductanceTable.from_pulses(xr.Dataset())


def test_impossible_conductance_is_located():
    train = _train()
    train["conductance"][1, 3] = -1e-6
    with pytest.raises(TableError, match=r"-1e-06 S at device 1, cycle 0, direction 0, step 3"):
        mc.ConductanceTable.from_pulses(train)


def test_reads_that_have_not_settled():
    train = _train()
    train["read_change"] = xr.zeros_like(train["conductance"])
    assert mc.ConductanceTable.from_pulses(train).devices == 4
    train["read_change"][2, 7] = 0.2
    with pytest.raises(TableError, match=r"device 2, cycle 0, after pulse 7 still changes by 0\.2"):
        mc.ConductanceTable.from_pulses(train)


def test_questions_without_an_answer():
    table = mc.ConductanceTable.from_pulses(_train())
    with pytest.raises(TableError, match="at least 2 cycles"):
        table.separable_levels("set")
    with pytest.raises(TableError, match="choose 'set' or 'reset'"):
        table.curves("SET")
    with pytest.raises(TableError, match="at least 2"):
        table.pulse_response(1)


def test_damaged_files(tmp_path, rng):
    """Cut short anywhere, a file is refused with one kind of error."""
    data = mc.ConductanceTable.from_pulses(_train()).to_netcdf(tmp_path / "whole.nc").read_bytes()
    for length in rng.integers(1, len(data) - 1, 60):
        (tmp_path / "cut.nc").write_bytes(data[:length])
        with pytest.raises(TableError):
            mc.ConductanceTable.from_netcdf(tmp_path / "cut.nc")


def test_response_spread_is_what_cycles_differ_by():
    """Rates 1 +- 0.1: steps differ by 10 % at every conductance, up to the top of all cycles."""
    train = _train(rates=(0.9, 1.1), cycles=2, ups=60, downs=60)
    response = mc.ConductanceTable.from_pulses(train).pulse_response(400)
    factors = 1 - np.exp(-np.array([0.9, 1.1]) / SHAPE)
    expected = (HIGH - response.conductance) * factors.std(ddof=1)
    common = response.conductance < HIGH - (HIGH - LOW) * np.exp(-0.9 * 59 / SHAPE)
    np.testing.assert_allclose(response.set_spread[0][common], expected[common], rtol=1e-6)
    # beyond, the shorter cycle goes on with its last step: no jump
    assert response.set_spread[0].max() == pytest.approx(expected[0], rel=1e-6)


def test_accelerating_devices_stay_inside_too():
    """Steps that grow towards the top are cut there: from any point at most to the maximum."""
    up = np.array([[1, 1.5, 7], [1, 1.5, 20]]) * 1e-6
    conductance = np.concatenate([up, up[:, :1]], axis=1)
    train = xr.Dataset(
        {
            "conductance": (("cell", "pulse"), conductance),
            "energy": (("cell", "pulse"), np.zeros_like(conductance)),
        },
        coords={"direction": ("pulse", [0, 1, 1, -1])},
    )
    response = mc.ConductanceTable.from_pulses(train).pulse_response()
    after_set = response.conductance + response.set_step
    assert np.all((after_set[0] <= 7e-6 * (1 + 1e-12)) | (response.set_step[0] == 0))
    assert np.all(response.conductance + response.reset_step >= 1e-6 * (1 - 1e-12))


def test_holes_and_empty_tables():
    table = mc.ConductanceTable.from_pulses(_train())
    holed = table.dataset.copy(deep=True)
    holed["conductance"][1, 0, 0, 5] = np.nan
    with pytest.raises(TableError, match=r"missing \(NaN\) within a train"):
        mc.ConductanceTable(holed)
    for none in ({"device": []}, {"step": [0]}):
        with pytest.raises(TableError, match="holds no pulse"):
            mc.ConductanceTable(table.dataset.isel(none))


def test_trains_of_the_wrong_shape_are_refused():
    trains = np.full((2, 3, 2, 5), 1e-6)
    with pytest.raises(TableError, match="both must be"):
        mc.ConductanceTable.of_trains(trains[0], trains[0])
    with pytest.raises(TableError, match="both must be"):
        mc.ConductanceTable.of_trains(trains, trains[..., :4])
