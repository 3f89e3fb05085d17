"""xbtorch's jump tables, drawn from the way its source draws, give the table's steps back."""

import numpy as np
import pytest
from synthetic_tables import mixture, soft_bounds

import memcircuit as mc
from memcircuit.errors import TableError, UsageError
from memcircuit.tables.exchange import export_table, import_table


class _TabularDevice:
    """TabularDevice of xbtorch: single precision, nearest conductance, nearest CDF."""

    def __init__(self, prefix):
        def read(name):
            return np.loadtxt(f"{prefix}_{name}.txt", dtype=np.float32)

        self.conductance = {d: read(f"{d}_axis_level_G") for d in ("set", "reset")}
        self.change = {d: read(f"{d}_axis_level_dG") for d in ("set", "reset")}
        self.cdf = {d: read(f"{d}_cdf") for d in ("set", "reset")}
        # its two assertions
        for end in (0, -1):
            assert self.conductance["set"][end] == self.conductance["reset"][end]

    def draws(self, direction, start, count, rng):
        row = np.abs(self.conductance[direction] - np.float32(start)).argmin()
        random = rng.random(count, dtype=np.float32)
        columns = np.abs(self.cdf[direction][row] - random[:, np.newaxis]).argmin(axis=1)
        return self.change[direction][columns]


@pytest.fixture(scope="module")
def table():
    return soft_bounds(devices=6, cycles=5, gain_spread=0.15, cycle_spread=0.1)


def test_files_are_as_large_as_its_own(table, tmp_path):
    files = export_table(table, "xbtorch", tmp_path / "soft")
    assert [file.name for file in files] == [
        f"soft_{direction}_{part}.txt"
        for direction in ("set", "reset")
        for part in ("axis_level_G", "axis_level_dG", "cdf")
    ]
    device = _TabularDevice(tmp_path / "soft")
    for direction in ("set", "reset"):
        assert device.conductance[direction].shape == device.change[direction].shape == (100,)
        assert device.cdf[direction].shape == (100, 100)


@pytest.mark.parametrize("points", [100, 300])
def test_drawn_steps_have_the_mean_and_spread_of_the_table(table, tmp_path, rng, points):
    export_table(table, "xbtorch", tmp_path / "soft", points=points)
    device = _TabularDevice(tmp_path / "soft")
    response = table.pulse_response(points)
    count = 20_000
    for direction, (mean, deviation) in zip(("set", "reset"), mixture(response), strict=True):
        distance = np.diff(device.change[direction].astype(float)).mean()
        for place in np.linspace(0, points - 1, 7).astype(int):
            drawn = device.draws(direction, response.conductance[place], count, rng)
            expected = max(deviation[place], 0.8 * distance)
            assert drawn.mean(dtype=float) == pytest.approx(
                mean[place], abs=4 * expected / np.sqrt(count) + 0.005 * distance
            )
            # between 0.76 h, where the written width is at its least, and 0.8 h
            assert drawn.std(dtype=float) == pytest.approx(expected, rel=0.06)


def test_a_table_without_spread_moves_by_its_mean_steps(tmp_path, rng):
    # a step of the CDF would send half of xbtorch's draws to the lowest change of all
    table = soft_bounds()
    export_table(table, "xbtorch", tmp_path / "exact")
    device = _TabularDevice(tmp_path / "exact")
    response = table.pulse_response(100)
    distance = np.diff(device.change["set"].astype(float)).mean()
    for place in (0, 37, 99):
        drawn = device.draws("set", response.conductance[place], 20_000, rng)
        assert np.abs(drawn - response.set_step[0, place]).max() < 4 * distance
        assert drawn.mean(dtype=float) == pytest.approx(
            response.set_step[0, place], abs=0.03 * distance
        )


def test_import_gives_the_moments_of_the_draws(table, tmp_path):
    export_table(table, "xbtorch", tmp_path / "soft", points=200)
    back = import_table("xbtorch", tmp_path / "soft")
    response = table.pulse_response(200)
    np.testing.assert_allclose(back.conductance, response.conductance, rtol=1e-12)
    for direction, (mean, deviation), step, spread in zip(
        ("set", "reset"),
        mixture(response),
        (back.set_step, back.reset_step),
        (back.set_spread, back.reset_spread),
        strict=True,
    ):
        axis = np.loadtxt(tmp_path / f"soft_{direction}_axis_level_dG.txt")
        distance = axis[1] - axis[0]
        np.testing.assert_allclose(step[0], mean, rtol=0, atol=0.005 * distance)
        wide = deviation > 0.8 * distance
        assert wide.mean() > 0.3
        np.testing.assert_allclose(spread[0, wide], deviation[wide], rtol=0.01)
        assert np.all(spread[0, ~wide] < 0.81 * distance)


def test_tables_in_nanosiemens(tmp_path):
    for direction, sign in (("set", 1), ("reset", -1)):
        (tmp_path / f"nano_{direction}_axis_level_G.txt").write_text("3.0\n20.5\n38.0\n")
        axis = sorted(sign * np.array([0.0, 1.0, 2.0]))
        text = "\n".join(map(str, axis))
        (tmp_path / f"nano_{direction}_axis_level_dG.txt").write_text(text)
        # nearest to 0, 0.5 and 1: below 0.25, up to 0.75, above
        (tmp_path / f"nano_{direction}_cdf.txt").write_text("0 0.5 1\n" * 3)
    back = import_table("xbtorch", tmp_path / "nano", unit=1e-9)
    np.testing.assert_allclose(back.conductance, [3e-9, 20.5e-9, 38e-9])
    np.testing.assert_allclose(back.set_step, 1e-9)
    np.testing.assert_allclose(back.reset_step, -1e-9)
    np.testing.assert_allclose(back.set_spread, 1e-9 * np.sqrt(0.5))


def test_what_xbtorch_cannot_take(table, tmp_path):
    with pytest.raises(TableError, match="15 points of dG; at least 16"):
        export_table(table, "xbtorch", tmp_path / "soft", points=15)
    with pytest.raises(UsageError, match="cannot hold a LevelTable"):
        export_table(mc.LevelTable.uniform(0, 1, 4), "xbtorch", tmp_path / "soft")
    with pytest.raises(TableError, match="unit of 0"):
        import_table("xbtorch", tmp_path / "soft", unit=0)
    still = mc.tables.PulseResponse(np.array([1e-6, 2e-6]), *(np.zeros((1, 2)) for _ in range(4)))
    with pytest.raises(TableError, match="changes the conductance by 0 S alike"):
        export_table(still, "xbtorch", tmp_path / "soft")
    with pytest.raises(UsageError, match="cannot write"):
        export_table(table, "xbtorch", tmp_path / "missing" / "soft")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("part", "text", "words"),
    [
        ("set_axis_level_G", "1\n1\n2", "conductance must rise, but value 2 is 1 after 1"),
        ("set_axis_level_G", "1 2 3", "line 1: 3 columns separated by white space, not 1"),
        ("set_axis_level_G", "-1\n2\n3", "conductance -1 S; at least 0"),
        ("reset_axis_level_G", "1\n2\n4", r"1\.\.3 S for SET and 1\.\.4 S for RESET"),
        ("set_axis_level_dG", "0\n1,5\n2", "line 2: '1,5' is no finite number"),
        ("set_axis_level_dG", "", "0 lines with text"),
        ("set_cdf", "0 .5 1\n0 .5 1", "2 lines of the CDF for 3 conductances"),
        ("set_cdf", "0 .5 1\n0 .5 1\n0 .5", "line 3: 2 columns"),
        ("set_cdf", "0 .5 1\n0 .6 .5\n0 .5 1", "line 2: the CDF must not fall"),
        ("set_cdf", "0 .5 1\n0 .6 1.1\n0 .5 1", "line 2: the CDF must not fall"),
        ("reset_cdf", None, "cannot read"),
    ],
)
def test_files_that_are_no_jump_table(tmp_path, part, text, words):
    for direction in ("set", "reset"):
        (tmp_path / f"t_{direction}_axis_level_G.txt").write_text("1\n2\n3")
        (tmp_path / f"t_{direction}_axis_level_dG.txt").write_text("0\n1\n2")
        (tmp_path / f"t_{direction}_cdf.txt").write_text("0 .5 1\n" * 3)
    import_table("xbtorch", tmp_path / "t")
    if text is None:
        (tmp_path / f"t_{part}.txt").unlink()
    else:
        (tmp_path / f"t_{part}.txt").write_text(text)
    with pytest.raises(TableError, match=words):
        import_table("xbtorch", tmp_path / "t")
