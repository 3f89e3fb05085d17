"""aihwkit's device, moved as its source moves it, takes the table's steps."""

import csv
import json

import numpy as np
import pytest
from synthetic_tables import HIGH, LOW, soft_bounds

import memcircuit as mc
from memcircuit.errors import TableError, UsageError
from memcircuit.tables.exchange import aihwkit_parameters, export_table, import_table


class _PiecewiseStepDevice:
    """Devices as populate and update_once of aihwkit make and move them; w is (devices,)."""

    def __init__(self, count, rng, **given):
        self.given, self.rng = given, rng
        normal = rng.standard_normal
        self.w_max = given["w_max"] * (1 + given["w_max_dtod"] * normal(count))
        self.w_min = given["w_min"] * (1 + given["w_min_dtod"] * normal(count))
        bias = given["up_down"]
        gain = 1 + given["dw_min_dtod"] * normal(count)
        apart = given["up_down_dtod"] * normal(count)
        self.scale = {
            "up": given["dw_min"] * (min(bias, 0) + gain + apart),
            "down": given["dw_min"] * (-max(bias, 0) + gain - apart),
        }

    def pulse(self, w, direction):
        nodes = np.array(self.given[f"piecewise_{direction}"])
        place = np.maximum((w - self.w_min) / (self.w_max - self.w_min) * (len(nodes) - 1), 0)
        left = np.minimum(np.floor(place).astype(int), len(nodes) - 2)
        share = np.minimum(place - left, 1)
        step = self.scale[direction] * ((1 - share) * nodes[left] + share * nodes[left + 1])
        step = step * (1 + self.given["dw_min_std"] * self.rng.standard_normal(len(w)))
        return np.clip(w + (step if direction == "up" else -step), self.w_min, self.w_max)


def test_steps_are_those_of_the_closed_form(tmp_path, rng):
    table = soft_bounds()
    (file,) = export_table(table, "aihwkit", tmp_path / "device.json")
    content = json.loads(file.read_text())
    low, high = content["conductance_range_siemens"]
    assert low == pytest.approx(LOW)
    assert high == pytest.approx(HIGH - (HIGH - LOW) * np.exp(-3))
    device = _PiecewiseStepDevice(1, rng, **content["parameters"])
    half = (high - low) / 2
    # not in the last two nodes' distance, where the measured train ends
    for w in np.linspace(-0.87, 0.87, 9):
        conductance = low + half * (w + 1)
        up = (device.pulse(np.array([w]), "up")[0] - w) * half
        down = (device.pulse(np.array([w]), "down")[0] - w) * half
        assert up == pytest.approx((HIGH - conductance) * (1 - np.exp(-1 / 20)), rel=1e-9)
        assert down == pytest.approx((LOW - conductance) * (1 - np.exp(-1.25 / 20)), rel=1e-9)
    # the larger step at weight 0 is dw_min, the nodes there are 1
    assert content["parameters"]["piecewise_up"][16] == 1.0
    assert content["parameters"]["piecewise_down"][16] == 1.0
    assert -1 < content["parameters"]["up_down"] < 1
    for name in ("dw_min_std", "dw_min_dtod", "up_down_dtod", "w_min_dtod", "w_max_dtod"):
        assert content["parameters"][name] == pytest.approx(0.0, abs=1e-12)


def test_whole_trains_end_where_the_table_ends(rng):
    table = soft_bounds(ups=50, downs=40)
    given = aihwkit_parameters(table, nodes=63)
    device = _PiecewiseStepDevice(1, rng, **given)
    w, trace = np.array([-1.0]), [-1.0]
    for direction, count in (("up", 50), ("down", 40)):
        for _ in range(count):
            w = device.pulse(w, direction)
            trace.append(w[0])
    curves = np.concatenate([table.curves("set")[0, 0], table.curves("reset")[0, 0, 1:]])
    low, high = curves.min(), curves.max()
    np.testing.assert_allclose(trace, 2 * (curves - low) / (high - low) - 1, atol=0.003)


def test_devices_differ_as_those_of_the_table(rng):
    table = soft_bounds(devices=500, gain_spread=0.1)
    given = aihwkit_parameters(table)
    assert given["dw_min_std"] == 0.0
    curves = table.curves("set")[:, 0]
    low, high = curves[:, 0].mean(), curves[:, -1].mean()
    device = _PiecewiseStepDevice(20_000, rng, **given)
    # the step by a pulse at a conductance well inside all devices' ranges
    for conductance in (0.3 * HIGH, 0.5 * HIGH, 0.7 * HIGH):
        w = np.full(20_000, 2 * (conductance - low) / (high - low) - 1)
        for direction, sign in (("up", 1), ("down", -1)):
            steps = sign * (device.pulse(w, direction) - w) * (high - low) / 2
            response = table.pulse_response()
            measured = response.set_step if sign > 0 else -response.reset_step
            at = np.array([np.interp(conductance, response.conductance, row) for row in measured])
            assert steps.mean() == pytest.approx(at.mean(), rel=0.01)
            # aihwkit draws bounds apart from gains, where here strong devices reach further up
            assert steps.std() == pytest.approx(at.std(), rel=0.25)


def test_cycles_differ_by_the_share_that_was_drawn(rng):
    table = soft_bounds(cycles=400, cycle_spread=0.05)
    given = aihwkit_parameters(table)
    # the step is (HIGH - G) (1 - exp(-g / 20)): 5 % in g are 4.9 % in the step
    drawn = 0.05 * 0.05 * np.exp(-0.05) / (1 - np.exp(-0.05))
    assert given["dw_min_std"] == pytest.approx(drawn, rel=4 / np.sqrt(2 * 400))
    assert given["dw_min_dtod"] == 0.0
    device = _PiecewiseStepDevice(20_000, rng, **given)
    steps = device.pulse(np.zeros(20_000), "up")
    assert steps.std() / steps.mean() == pytest.approx(drawn, rel=0.15)


def test_import_gives_the_mean_device_back(tmp_path):
    table = soft_bounds(cycles=30, cycle_spread=0.05)
    export_table(table, "aihwkit", tmp_path / "device.json", nodes=63)
    back = import_table("aihwkit", tmp_path / "device.json", points=200)
    response = table.pulse_response(2000)
    inside = slice(10, 185)
    grid = back.conductance[inside]
    for got, measured in (
        (back.set_step, response.set_step),
        (back.reset_step, response.reset_step),
    ):
        expected = np.interp(grid, response.conductance, measured[0])
        np.testing.assert_allclose(got[0, inside], expected, rtol=0.01)
    mean_share = np.mean(back.set_spread[0, inside] / back.set_step[0, inside])
    assert mean_share == pytest.approx(aihwkit_parameters(table, nodes=63)["dw_min_std"], rel=1e-9)
    # no mean step leaves the range
    assert np.all(back.conductance + back.set_step[0] <= back.conductance[-1] * (1 + 1e-12))
    assert np.all(back.conductance + back.reset_step[0] >= back.conductance[0] * (1 - 1e-12))


def test_pulse_response_read_as_the_example_reads_it(tmp_path):
    table = soft_bounds(ups=300, downs=300)
    (file,) = export_table(table, "aihwkit_pulses", tmp_path / "pulses.csv")
    with file.open(newline="", encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream, fieldnames=["up_data", "down_data"]))
    up = np.array([float(row["up_data"]) for row in rows])
    down = np.array([float(row["down_data"]) for row in rows])
    assert len(up) == len(down) == 301
    assert min(up.max(), down.max()) == pytest.approx(1)
    assert max(up.min(), down.min()) == pytest.approx(-1)
    # its fit counts how many conductances lie in each tenth: the step is the width by the count
    counts, edges = np.histogram(up, 10, (-1, 1))
    curve = table.curves("set")[0, 0]
    low, high = curve[0], min(curve[-1], table.curves("reset")[0, 0].max())
    low = max(low, table.curves("reset")[0, 0].min())
    middles = low + (0.5 * (edges[1:] + edges[:-1]) + 1) / 2 * (high - low)
    expected = (HIGH - middles) * (1 - np.exp(-1 / 20)) / (high - low) * 2
    np.testing.assert_allclose((0.2 / counts)[:8], expected[:8], rtol=0.5)
    assert 0.2 / counts[0] > 3 * 0.2 / counts[7]


def test_pulse_response_round_trip(tmp_path):
    table = soft_bounds(devices=3, cycles=2, gain_spread=0.1, cycle_spread=0.1)
    span = (1e-6, 300e-6)
    file = tmp_path / "pulses.csv"
    export_table(table, "aihwkit_pulses", file, conductance_range=span)
    back = import_table("aihwkit_pulses", file, conductance_range=span)
    for direction in ("set", "reset"):
        expected = table.curves(direction).mean(axis=(0, 1))
        np.testing.assert_allclose(back.curves(direction)[0, 0], expected, rtol=1e-12)
    assert back.dataset["energy"].isnull().all()
    assert back.pulse_response().devices == 1
    export_table(table, "aihwkit_pulses", file, device=2, cycle=1, conductance_range=span)
    back = import_table("aihwkit_pulses", file, conductance_range=span)
    np.testing.assert_allclose(back.curves("set")[0, 0], table.curves("set")[2, 1], rtol=1e-12)


def test_numbers_of_the_example_file(tmp_path):
    # the first and last lines of examples/csv/gong_et_al.csv
    file = tmp_path / "gong.csv"
    file.write_bytes(b"-0.84444,0.76667\r\n-0.93333,0.83333\r\n1.1667,-0.84444\r\n0.87778,-0.7")
    table = import_table("aihwkit_pulses", file, conductance_range=(20e-6, 80e-6))
    np.testing.assert_allclose(
        table.curves("set")[0, 0], 50e-6 + 30e-6 * np.array([-0.84444, -0.93333, 1.1667, 0.87778])
    )
    with pytest.raises(TableError, match=r"line 1: up_data is -0\.84444 S; must be above 0"):
        import_table("aihwkit_pulses", file)
    file.write_text("up_data,down_data\n1e-6,3e-6\n2e-6,1e-6\n")
    table = import_table("aihwkit_pulses", file)
    np.testing.assert_array_equal(table.curves("reset")[0, 0], [3e-6, 1e-6])
    # steps instead of conductances, as in examples/csv/selfdefine.csv, are something else
    file.write_text("up_pulse,down_pulse\n0.001,0.007\n0.002,0.006\n")
    with pytest.raises(TableError, match="line 1: 'up_pulse' is no finite number"):
        import_table("aihwkit_pulses", file)


def test_what_aihwkit_cannot_take(tmp_path):
    table = soft_bounds(ups=20, downs=30)
    for nodes in (2, 4, 65, 3.0, True):
        with pytest.raises(TableError, match="an odd number from 3 to 63"):
            aihwkit_parameters(table, nodes=nodes)
    with pytest.raises(TableError, match="20 SET and 30 RESET pulses"):
        export_table(table, "aihwkit_pulses", tmp_path / "pulses.csv")
    even = soft_bounds()
    with pytest.raises(UsageError, match=r"device 1; the table has 0\.\.0"):
        export_table(even, "aihwkit_pulses", tmp_path / "pulses.csv", device=1)
    with pytest.raises(UsageError, match=r"cycle -1; the table has 0\.\.0"):
        export_table(even, "aihwkit_pulses", tmp_path / "pulses.csv", cycle=-1)
    with pytest.raises(TableError, match="must rise"):
        export_table(even, "aihwkit_pulses", tmp_path / "pulses.csv", conductance_range=(2, 1))
    swapped = even.dataset.assign(conductance=even.dataset["conductance"][..., ::-1].variable)
    with pytest.raises(TableError, match="at weight 0 a SET pulse adds -"):
        aihwkit_parameters(mc.ConductanceTable(swapped))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dw_min": -0.1}, r"dw_min -0\.1, .* dw_min lie within"),
        ({"dw_min": 3.0}, "dw_min lie within"),
        ({"up_down": 1.0}, "up_down within -1 and 1"),
        ({"dw_min": float("nan")}, "NaN, infinity or above"),
        ({"piecewise_up": [1.0, 1e200, 1.0]}, "NaN, infinity or above"),
        ({"dw_min": "big"}, "could not convert"),
        ({"w_min": 2.0}, r"weights 2\.\.1"),
        ({"piecewise_up": [1.0, 2.0]}, r"shape \(2,\) and \(3,\)"),
        ({"piecewise_up": [[1.0], [2.0, 1.0]]}, "not conductance_range_siemens"),
        ({"up_down": None}, "not conductance_range_siemens"),
    ],
)
def test_parameters_that_make_no_device(tmp_path, change, words):
    given = {"w_min": -1, "w_max": 1, "dw_min": 0.1, "dw_min_std": 0.2, "up_down": 0.0}
    given |= {"piecewise_up": [1, 1, 1], "piecewise_down": [1, 1, 1]}
    file = tmp_path / "device.json"
    content = {"conductance_range_siemens": [1e-6, 9e-6], "parameters": given}
    file.write_text(json.dumps(content), encoding="utf-8-sig")
    back = import_table("aihwkit", file, points=9)
    np.testing.assert_allclose(back.set_step[0, :8], 4e-7)
    np.testing.assert_allclose(back.set_spread[0], 0.8e-7)
    given |= change
    file.write_text(json.dumps(content))
    with pytest.raises(TableError, match=words):
        import_table("aihwkit", file)


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", "[" * 100_000, '{"parameters": 3}'])
def test_files_that_hold_no_parameters(tmp_path, text):
    (tmp_path / "device.json").write_text(text)
    with pytest.raises(TableError, match=r"device\.json"):
        import_table("aihwkit", tmp_path / "device.json")
