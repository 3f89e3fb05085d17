"""CrossSim's tables, read the way its source reads them, give the table's mean and spread back."""

import numpy as np
import pytest
from synthetic_tables import mixture, soft_bounds

import memcircuit as mc
from memcircuit.errors import TableError, UsageError
from memcircuit.tables.exchange import export_table, import_table


def _as_crosssim_reads(file):
    """dGLookupParams.manual_post_set of CrossSim 2.0: by numpy.genfromtxt, line by line."""
    conductance = np.genfromtxt(file, delimiter=",", skip_header=1, max_rows=1)
    cdf = np.genfromtxt(file, delimiter=",", skip_header=2, max_rows=1)
    return conductance, cdf, np.genfromtxt(file, delimiter=",", skip_header=3)


def _drawn_as_crosssim_draws(conductance, cdf, change, start, draws, rng):
    """The average update, plus an error from the nearest CDF point less the average."""
    probability = np.diff(cdf)
    average = probability @ change[:-1]
    column = np.abs(conductance - start).argmin()
    row = ((rng.random(draws) + probability.mean() / 2) / probability.mean()).astype(int)
    return average[column] + (change[row, column] - average[column])


@pytest.fixture(scope="module")
def table():
    return soft_bounds(devices=6, cycles=5, gain_spread=0.1, cycle_spread=0.08)


def test_drawn_steps_have_the_mean_and_spread_of_the_table(table, tmp_path, rng):
    files = export_table(table, "crosssim", tmp_path / "lut")
    assert [file.name for file in files] == ["dG_increasing.txt", "dG_decreasing.txt"]
    response = table.pulse_response(501)
    tables = [_as_crosssim_reads(file) for file in files]
    for (conductance, cdf, change), (mean, deviation) in zip(
        tables, mixture(response), strict=True
    ):
        assert change.shape == (501, 501)
        np.testing.assert_allclose(conductance, response.conductance, rtol=1e-14)
        np.testing.assert_array_equal(cdf, np.linspace(0, 1, 501))
        assert np.all(np.diff(change, axis=0) >= 0)
        for place in (60, 250, 440):
            drawn = _drawn_as_crosssim_draws(
                conductance, cdf, change, conductance[place], 40_000, rng
            )
            assert drawn.mean() == pytest.approx(mean[place], abs=4 * deviation[place] / 200)
            assert drawn.std() == pytest.approx(deviation[place], rel=4 / np.sqrt(2 * 40_000))
    # what its reader refuses: other conductances or CDF points, updates the wrong way
    np.testing.assert_array_equal(tables[0][0], tables[1][0])
    assert np.mean(np.diff(cdf) @ tables[0][2][:-1]) > 0 > np.mean(np.diff(cdf) @ tables[1][2][:-1])


def test_round_trip_keeps_moments_exactly(table, tmp_path):
    export_table(table, "crosssim", tmp_path / "lut", points=151)
    back = import_table("crosssim", tmp_path / "lut")
    response = table.pulse_response(151)
    assert back.devices == 1
    np.testing.assert_allclose(back.conductance, response.conductance, rtol=1e-12)
    scale = np.abs(response.set_step).max()
    for (mean, deviation), step, spread in zip(
        mixture(response),
        (back.set_step, back.reset_step),
        (back.set_spread, back.reset_spread),
        strict=True,
    ):
        np.testing.assert_allclose(step[0], mean, rtol=0, atol=1e-12 * scale)
        np.testing.assert_allclose(spread[0], deviation, rtol=1e-9, atol=1e-9 * scale)
    # and once more, now from a response
    export_table(back, "crosssim", tmp_path / "again", points=151)
    again = import_table("crosssim", tmp_path / "again")
    np.testing.assert_allclose(again.set_step, back.set_step, rtol=1e-9, atol=1e-9 * scale)


def test_one_device_alone_has_its_own_cycles_spread_only(table, tmp_path):
    export_table(table, "crosssim", tmp_path, device=3, points=201)
    back = import_table("crosssim", tmp_path)
    response = table.pulse_response(201)
    (mean, deviation), _ = mixture(response, slice(3, 4))
    np.testing.assert_allclose(back.set_step[0], mean, rtol=1e-9, atol=1e-18)
    np.testing.assert_allclose(back.set_spread[0], deviation, rtol=1e-6, atol=1e-15)


def test_its_own_tables_have_a_blank_line_after_the_cdf(tmp_path):
    # numpy.savetxt with a header that ends in a line end, as create_lookup_table does
    conductance, cdf = np.linspace(1e-6, 2e-6, 4), np.linspace(0, 1, 6)
    header = "1st Row = Gbins, 2nd Row = CDF Points, 3rd row onward =  dG matrix \n"
    for values in (conductance, cdf):
        header += np.array2string(values, 10**6, 16, separator=",")[1:-1] + "\n"
    for name, sign in (("increasing", 1), ("decreasing", -1)):
        change = sign * np.outer(np.arange(6.0), np.ones(4)) * 1e-8
        np.savetxt(tmp_path / f"dG_{name}.txt", change, delimiter=",", header=header, comments="")
    back = import_table("crosssim", tmp_path)
    np.testing.assert_allclose(back.set_step, 2.5e-8)
    np.testing.assert_allclose(back.reset_step, -2.5e-8)
    # 0..5 in units of 1e-8, the ends half as likely: (2 * 2.5**2 / 2 + 2 * (1.5**2 + .5**2)) / 5
    np.testing.assert_allclose(back.set_spread, 1e-8 * np.sqrt(2.25))


def test_programming_error_as_the_interpolated_device_takes_it(tmp_path):
    from scipy.interpolate import interp1d

    levels = mc.LevelTable.of(
        [1e-5, 4e-5, 1e-4], device_to_device=[3e-7, 6e-7, 0], cycle_to_cycle=[4e-7, 8e-7, 2e-6]
    )
    (file,) = export_table(levels, "crosssim", tmp_path / "error.txt")
    targets, deviation, mean = np.loadtxt(file, unpack=True)
    # InterpolatedDevice, 1-D mode: deviation interpolated at the interpolated mean
    at = interp1d(targets, deviation)(interp1d(targets, mean)([1e-5, 2.5e-5, 1e-4]))
    np.testing.assert_allclose(at, [5e-7, 7.5e-7, 2e-6])
    back = import_table("crosssim", file)
    np.testing.assert_array_equal(back.conductance, levels.conductance)
    np.testing.assert_allclose(back.device_to_device, [5e-7, 1e-6, 2e-6])


def test_what_crosssim_cannot_take(table, tmp_path):
    with pytest.raises(TableError, match="4 points of the distribution"):
        export_table(table, "crosssim", tmp_path, points=4)
    with pytest.raises(TableError, match="1 points"):
        export_table(table, "crosssim", tmp_path, points=1)
    with pytest.raises(UsageError, match=r"device 6; the table's devices are 0\.\.5"):
        export_table(table, "crosssim", tmp_path, device=6)
    backward = mc.tables.PulseResponse(
        np.linspace(1e-6, 2e-6, 3), *(np.full((1, 3), s) for s in (-1e-8, -1e-8, 0.0, 0.0))
    )
    with pytest.raises(TableError, match="set pulses change the conductance by -1e-08 S"):
        export_table(backward, "crosssim", tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["1,2,3", "0,1", "1,1,1", "1,1,1", "1"], "line 1: a number; the first line is a heading"),
        (["G", "1,2,2", "0,1", "1,1,1", "1,1,1"], "the conductance must rise, but value 3 is 2"),
        (["G", "-1,2", "0,1", "1,1", "1,1"], "line 2: conductance -1 S"),
        (["G", "1,2", "0,0.9", "1,1", "1,1"], "line 3: CDF from 0 to 0.9"),
        (["G", "1,2", "0,0.5,1", "1,1", "1,1"], "2 lines of dG for 3 CDF points"),
        (["G", "1,2", "0,1", "1,1", "1,1,1"], "line 5: 3 columns separated by ',', not 2"),
        (["G", "1,2", "0,1", "1,1", "1,nan"], "line 5: 'nan' is no finite number"),
        (["G", "1,2"], "2 lines with text; at least 5"),
    ],
)
def test_files_that_are_no_look_up_table(tmp_path, lines, words):
    (tmp_path / "dG_increasing.txt").write_text("\n".join(lines))
    with pytest.raises(TableError, match=words):
        import_table("crosssim", tmp_path)


def test_both_files_must_belong_together(tmp_path):
    rows = ["0,1", "1,1", "1,1"]
    (tmp_path / "dG_increasing.txt").write_text("\n".join(["G", "1,2", *rows]))
    with pytest.raises(TableError, match=r"cannot read .*dG_decreasing\.txt"):
        import_table("crosssim", tmp_path)
    (tmp_path / "dG_decreasing.txt").write_text("\n".join(["G", "1,3", *rows]))
    with pytest.raises(TableError, match=r"the conductances of .* differ"):
        import_table("crosssim", tmp_path)
