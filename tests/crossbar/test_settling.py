"""Reads by transient: the matrix exponential of the line, Elmore's moment, the energy."""

import numpy as np
import pytest
from scipy.linalg import expm

import memcircuit as mc
from memcircuit.crossbar.settling import settle_read
from memcircuit.errors import UsageError

SIZE, FARAD, RISE, VOLT = 8, 1e-12, 1e-9, 0.2
SOURCE, SEGMENT = 100.0, 20.0
PARTS = ("cells", "row_wires", "column_wires", "row_ends", "column_ends", "stored")


@pytest.fixture(scope="module")
def line():
    """One row line with a capacitance at each cell, columns ideal."""
    wires = mc.Wires(row=SEGMENT, source=SOURCE, row_capacitance=FARAD)
    g = 1 / np.random.default_rng(1).uniform(1e3, 1e4, (1, SIZE))
    array = mc.Crossbar(rows=1, columns=SIZE, wires=wires)
    return g[0], settle_read(array, [VOLT], g=g, rise=RISE)


def exact_outputs(g, time):
    """Return the currents of the line under the driver's ramp, by expm of its state matrix."""
    between = np.array([1 / (SOURCE + SEGMENT), *[1 / SEGMENT] * (SIZE - 1)])
    matrix = np.diag(-(g + between + np.append(between[1:], 0)))
    matrix += np.diag(between[1:], 1) + np.diag(between[1:], -1)
    # two more states: the driver's voltage, and its slope
    rising = np.zeros((SIZE + 2, SIZE + 2))
    rising[:SIZE, :SIZE], rising[0, SIZE] = matrix / FARAD, between[0] / FARAD
    holding = rising.copy()
    rising[SIZE, SIZE + 1] = 1.0
    start = np.zeros(SIZE + 2)
    start[-1] = VOLT / RISE
    risen = expm(rising * RISE) @ start
    states = [
        expm(rising * t) @ start if t <= RISE else expm(holding * (t - RISE)) @ risen for t in time
    ]
    return g * np.array(states)[:, :SIZE]


def test_the_line_settles_as_its_matrix_exponential(line):
    g, read = line
    some = read.isel(time=slice(None, None, 9))
    exact = exact_outputs(g, some["time"].to_numpy())
    np.testing.assert_allclose(some["output"], exact, atol=1e-4 * exact.max())
    final = exact_outputs(g, [1e-6])[0]
    np.testing.assert_allclose(read["operating_point"], final, rtol=1e-6)
    assert read.attrs["largest_deviation"] < 1e-6
    at = read["settling_time"].to_numpy()
    # where the exact current crosses the tolerance
    for column, moment in enumerate(at):
        share = exact_outputs(g, [moment])[0, column] / final[column]
        assert share == pytest.approx(1 - read.attrs["tolerance"], abs=1e-5)
    assert (np.diff(at) > 0).all()


def test_the_elmore_delay_is_the_first_moment(line):
    g, read = line
    time = np.linspace(0, 30e-9, 601)
    exact = exact_outputs(g, time)
    moment = np.trapezoid(1 - exact / exact[-1], time, axis=0) - RISE / 2
    np.testing.assert_allclose(read["elmore_delay"], moment, rtol=1e-3)


def test_the_energy_of_a_read_is_in_its_elements(line):
    _, read = line
    assert read.attrs["energy_imbalance"] < 1e-4
    elements = sum(float(read[part]) for part in PARTS)
    assert elements == pytest.approx(float(read["sources"]), rel=1e-4)
    end = read.isel(time=-1)
    # what the driver delivers at the end is what ohmic elements take there
    assert float(read["stored"]) < SIZE * FARAD * VOLT**2 / 2
    assert float(end["input_current"][0]) == pytest.approx(float(end["output"].sum()), rel=1e-6)


def test_without_capacitance_a_read_settles_with_the_edge():
    array = mc.Crossbar(rows=3, columns=2, wires=2.0)
    g = np.random.default_rng(3).uniform(1e-5, 1e-4, (3, 2))
    read = settle_read(array, [0.1, 0.2, 0.0], g=g, rise=RISE, tolerance=0.01)
    np.testing.assert_allclose(read["settling_time"], 0.99 * RISE, rtol=1e-6)
    np.testing.assert_allclose(read["output"][-1], array.read([0.1, 0.2, 0.0], g), rtol=1e-9)
    np.testing.assert_array_equal(read["elmore_delay"], 0)


def test_cells_with_transistors_settle_after_what_these_charge():
    """The 2N7002 charges 40 pF per cell through the sense amplifier; picofarads of wire fade."""
    cell = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))
    wires = mc.Wires(row=5.0, column=5.0, source=50.0, sense=10.0, row_capacitance=2e-15)
    array = mc.Crossbar(cell, rows=6, columns=5, wires=wires)
    read = settle_read(array, np.full(6, VOLT), states=0.5)
    point = array.read_cells(np.full(6, VOLT), np.full((6, 5), 0.5), simulator="ngspice")
    np.testing.assert_allclose(read["output"][-1], point["output"], rtol=1e-4)
    delay, settled = read["elmore_delay"].to_numpy(), read["settling_time"].to_numpy()
    assert (delay > 6 * 35e-12 * 10).all()
    # one time constant dominates: e^-t/tau = 1e-3
    np.testing.assert_allclose(settled, np.log(1e3) * delay, rtol=0.25)
    assert read.attrs["energy_imbalance"] < 1e-4


def test_a_read_that_ends_too_early_has_not_settled():
    wires = mc.Wires(source=1e3, row=1.0, row_capacitance=1e-12)
    array = mc.Crossbar(rows=1, columns=2, wires=wires)
    read = settle_read(array, [VOLT], g=np.full((1, 2), 1e-4), duration=1.5e-9)
    assert np.isnan(read["settling_time"]).all()
    assert read.attrs["largest_deviation"] > 0.1


def test_columns_whose_currents_cancel_settle_by_the_sum_of_their_magnitudes():
    """Opposite voltages, so that nothing flows out in the end; rows of unlike capacitance."""
    farads, volt, g = np.array([[1e-13, 1e-13], [3e-13, 3e-13]]), 0.1, 1 / 3e4
    wires = mc.Wires(row=1.1, source=77.0, sense=7.0, row_capacitance=farads)
    array = mc.Crossbar(rows=2, columns=2, wires=wires)
    read = settle_read(array, [volt, -volt], g=np.full((2, 2), g), rise=RISE)
    np.testing.assert_array_equal(read["elmore_delay"], 0)
    # sixteen times what wires of some 80 ohm charge, not the million seconds of a rounding
    assert 4 * RISE < float(read["time"][-1]) < 4 * RISE + 16 * 2 * 3e-13 * 80
    assert read.attrs["largest_deviation"] < 1e-9
    time, output = read["time"].to_numpy(), read["output"].to_numpy()
    for column, moment in enumerate(read["settling_time"].to_numpy()):
        assert moment > RISE
        left = np.interp(moment, time, np.abs(output[:, column]))
        assert left == pytest.approx(read.attrs["tolerance"] * 2 * volt * g, rel=0.01)


def test_a_column_that_cancels_among_others_that_do_not():
    g = np.full((3, 3), 1 / 3e4)
    g[:, 0] *= [1, 2, 3]
    array = mc.Crossbar(rows=3, columns=3, wires=mc.Wires(sense=7.0, column_capacitance=1e-13))
    read = settle_read(array, [0.1, 0.2, -0.3], g=g, rise=RISE)
    assert not np.isnan(read["settling_time"]).any()
    assert read["elmore_delay"][0] > 0
    np.testing.assert_array_equal(read["elmore_delay"][1:], 0)
    assert read.attrs["largest_deviation"] < 1e-9


@pytest.mark.parametrize(
    ("gate", "line"), [([5.0, 0.0, 0.0], 1), (1.0, 0), ([3.0, 3.0, 2.5], 2), (-5.0, 0)]
)
def test_a_read_through_closed_transistors_is_refused(gate, line):
    cell = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))
    array = mc.Crossbar(cell, rows=2, columns=3, gate=gate)
    with pytest.raises(UsageError, match=f"gate line {line} is at .* expected more than 2.54 V"):
        settle_read(array, [VOLT, VOLT], states=0.5)
    # conductances know no gates
    assert settle_read(array, [VOLT, VOLT], g=np.full((2, 3), 1e-5)).sizes["column"] == 3


@pytest.mark.parametrize("array", ["x", mc.Wires()])
def test_only_an_array_is_read(array):
    with pytest.raises(UsageError, match=r"array: expected a Crossbar, not this (str|Wires)"):
        settle_read(array, [0.1], g=[[1e-5]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"v": [0.1]}, r"v has shape \(1,\); expected \(2,\)"),
        ({"v": [0.0, 0.0]}, "nothing to settle"),
        ({"g": None}, "conductances only"),
        ({"states": 0.5}, "either g or states"),
        ({"rise": 0.0}, "rise = 0.0 s: expected a number above 0"),
        ({"duration": 1e-10}, "expected more than rise"),
        ({"tolerance": 2.0}, "tolerance = 2.0"),
        ({"v": [True, True]}, r"v: expected real numbers"),
        ({"form": "xx"}, "form = 'xx'; choose 'osdi' or 'behavioural'"),
        ({"keep": 3}, "keep = 3: expected a directory"),
        ({"g": np.ones((3, 2, 2))}, r"g has shape \(3, 2, 2\)"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    given = {"v": [0.1, 0.1], "g": np.full((2, 2), 1e-5), **arguments}
    with pytest.raises(UsageError, match=message):
        settle_read(mc.Crossbar(rows=2, columns=2), given.pop("v"), **given)
