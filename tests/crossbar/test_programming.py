"""Programming in the array through the port network; the whole array in ngspice is the judge."""

import numpy as np
import pytest
import xarray as xr

import memcircuit as mc
from memcircuit.crossbar.programming import program_pulses
from memcircuit.crossbar.selection import Bias, select
from memcircuit.crossbar.wires import Wires
from memcircuit.errors import UsageError
from memcircuit.simulate import Job, OperatingPoint, run
from pyspice_netlists.crossbars import CellArray, LineEnds, crossbar_bench

SET, RESET = mc.Pulse(1.8, 1e-6), mc.Pulse(-1.8, 1e-6)
QUICK = mc.Pulse(-0.28, 0.5e-9, 10e-12, 10e-12)
# multipliers of 3 x 3 cells, one of which lifts its parameter above the largest allowed
OUTSIDE = [[1.0, 1.0, 1.0], [1.0, 1.0, 1e7], [1.0, 1.0, 1.0]]


def square(cell, size, wires, **arguments):
    return mc.Crossbar(cell, rows=size, columns=size, wires=wires, **arguments)


def both(array, states, selected, pulses, **arguments):
    """Return the result through the port network and that of the whole array."""
    reduced = program_pulses(array, states, selected, pulses, **arguments)
    assert reduced.attrs["method"].startswith("port network")
    full = program_pulses(array, states, selected, pulses, reduced=False, **arguments)
    assert full.attrs["method"].startswith("full netlist")
    return reduced, full


def frozen(reduced, values):
    return np.where(reduced["simulated"].to_numpy() == 1, 0.0, values)


@pytest.fixture(scope="module")
def cell():
    return mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))


@pytest.fixture(scope="module")
def transistor_array(cell):
    states = np.random.default_rng(4).uniform(0, 1, (10, 12))
    states[4, 7] = 0.3
    array = mc.Crossbar(cell, rows=10, columns=12, wires=2.0)
    return array.lines, states, both(array, states, (4, 7), [(SET, 2), (RESET, 2)])


def test_one_cell_of_a_transistor_array(transistor_array):
    """0.1 % of the full transient in conductance, read and energy."""
    _, states, (reduced, full) = transistor_array
    for name in ("conductance", "read_conductance", "energy"):
        np.testing.assert_allclose(reduced[name], full[name], rtol=1e-3, atol=1e-18)
    # it did something: up, then down
    g = reduced["conductance"].to_numpy()[0]
    assert g[2] > 1.05 * g[0]
    assert g[4] < 0.99 * g[2]
    np.testing.assert_allclose(reduced["final_state"], full["final_state"], atol=1e-3)
    assert reduced["state"][0, 0] == states[4, 7]


def test_cells_behind_closed_transistors_of_the_row_are_simulated(transistor_array):
    """A drain charges through its memristor: the weak cells of the row are disturbed."""
    _, _, (reduced, full) = transistor_array
    simulated = np.zeros((10, 12))
    simulated[4] = 1
    np.testing.assert_array_equal(reduced["simulated"], simulated)
    disturbed = np.delete(reduced["movement"].to_numpy()[4], 7)
    assert disturbed.max() > 1e-3
    np.testing.assert_allclose(disturbed, np.delete(full["movement"].to_numpy()[4], 7), atol=1e-3)


def test_the_bound_of_the_frozen_cells_holds(transistor_array):
    _, _, (reduced, full) = transistor_array
    bound = frozen(reduced, reduced["movement"])
    moved = frozen(reduced, full["movement"])
    # a state of the full transient is accurate to about 1e-7
    assert np.all(moved <= bound + 1e-7)
    assert bound.max() < 1e-3
    assert np.isnan(reduced["frozen_voltage"].to_numpy()[4]).all()
    assert 0 < np.nanmax(reduced["frozen_voltage"]) < 0.1


def test_a_read_is_that_of_the_simulator(cell, transistor_array):
    """The current out of the column by ngspice's operating point, before the first pulse."""
    lines, states, (reduced, _) = transistor_array
    selection = select((4, 7), states.shape, gate=5.0)
    form = reduced.attrs["form"]
    bench = crossbar_bench(
        lines, CellArray(cell, states, form, gate=selection.gate_voltage, gate_lines="column"),
        LineEnds(left=0.2 * selection.row_share),
    )  # fmt: skip
    job = Job("read", bench.circuit, OperatingPoint(), (bench.bottom[7],),
              cell.device.verilog_a(form))  # fmt: skip
    current = float(run(job)[bench.bottom[7]])
    assert float(reduced["read_conductance"][0, 0]) == pytest.approx(current / 0.2, rel=1e-6)


@pytest.mark.parametrize(
    ("wires", "selected", "bias"),
    [
        (Wires(row=0.1, column=0.1), (3, 4), "v/2"),
        (Wires(row=0.1, column=0.2, source=1.0), [(3, 4), (3, 1)], "v/2"),
        (Wires(row=0.1, column=0.1, drive="both", sense_at="both"), (3, 4), "v/2"),
        (Wires(), (3, 4), "v/2"),
        (Wires(source=5.0, sense=1.0), [(3, 4), (3, 1)], "v/2"),
    ],
)
def test_an_ohmic_array_is_reduced_without_error(wires, selected, bias, rng):
    """VTEAM cells are ohmic and the unselected ones stay below their thresholds."""
    device = mc.device("kvatinsky2015_vteam")
    states = rng.uniform(0, 0.5, (6, 6))
    arguments = {"bias": bias, "allowed_movement": 1e-9}
    reduced, full = both(square(device, 6, wires), states, selected, [(QUICK, 3)], **arguments)
    for name in ("conductance", "read_conductance", "energy"):
        np.testing.assert_allclose(reduced[name], full[name], rtol=1e-5, atol=1e-24)
    g = reduced["conductance"].to_numpy()
    assert np.all(g[:, -1] > 1.01 * g[:, 0])


def test_curved_cells_get_a_network_for_each_amplitude(rng):
    """Passive array, i ~ sinh(v / 0.5 V): the half-selected cells conduct 1.7 times as at 0 V."""
    device = mc.device("lin2022_hfo2", v_ohmic=0.5)
    states = rng.uniform(0, 1, (8, 8))
    array = square(device, 8, Wires(row=2.0, column=2.0))
    pulses = [(mc.Pulse(1.9, 1e-6), 2), (mc.Pulse(-1.6, 1e-6), 2)]
    reduced, full = both(array, states, (2, 5), pulses, bias="v/2")
    assert "networks: 2" in reduced.attrs["method"]
    assert reduced.attrs["runs"] == 2
    np.testing.assert_allclose(reduced["conductance"], full["conductance"], rtol=1e-4)
    np.testing.assert_allclose(reduced["energy"], full["energy"], rtol=3e-3, atol=1e-18)
    bound = frozen(reduced, reduced["movement"])
    assert np.all(frozen(reduced, full["movement"]) <= bound + 1e-7)


def test_open_lines_of_a_passive_array(rng):
    device = mc.device("lin2022_hfo2")
    states = rng.uniform(0, 0.2, (6, 6))
    states[2, 2] = 0.5
    array = square(device, 6, Wires(row=2.0, column=2.0, source=50.0))
    reduced, full = both(array, states, (2, 2), [(SET, 2)], bias="floating",
                         allowed_movement=0.01)  # fmt: skip
    np.testing.assert_allclose(reduced["conductance"], full["conductance"], rtol=1e-4)


def test_half_selected_cells_that_move_send_it_to_the_full_netlist(rng):
    """Half of 0.5 V is far above VTEAM's RESET threshold of 0.02 V."""
    device = mc.device("kvatinsky2015_vteam")
    states = rng.uniform(0.3, 0.6, (4, 4))
    array = square(device, 4, Wires(row=0.1, column=0.1))
    pulses = [mc.Pulse(0.5, 5e-9, 10e-12, 10e-12)]
    with pytest.warns(UserWarning, match=r"the whole array is simulated: cell \(\d, \d\)"):
        result = program_pulses(array, states, (1, 1), pulses, bias="v/2")
    assert "would have moved by" in result.attrs["method"]
    assert result.attrs["method"].startswith("full netlist")
    # half-selected cells did move, cells without voltage did not
    movement = result["movement"].to_numpy()
    assert movement[1, 2] > 1e-3
    assert movement[2, 2] < 1e-3
    kept = program_pulses(array, states, (1, 1), pulses, bias="v/2", allowed_movement=np.inf)
    assert kept.attrs["method"].startswith("port network")


def test_open_lines_beside_transistors_need_the_full_netlist(cell):
    wires = Wires(row=2.0, column=2.0, sense=[0.0, 0.0, np.inf])
    with pytest.warns(UserWarning, match="capacitances of transistors decide"):
        program_pulses(square(cell, 3, wires), 0.5, (1, 1), [SET])


@pytest.mark.parametrize("bias", ["v/2", "v/3", "floating", Bias(0.0, 1.0)])
def test_transistors_on_lines_that_are_not_at_zero_need_the_full_netlist(cell, bias):
    """Their drains charge through the memristors: no port network holds that."""
    array = square(cell, 2, 2.0)
    with pytest.warns(UserWarning, match="transistors charge on lines that are not selected"):
        result = program_pulses(array, 0.5, (1, 1), [SET], bias=bias)
    assert result["simulated"].to_numpy().all()


def test_too_many_closed_transistors_need_the_full_netlist(cell):
    """Three rows of closed transistors see the pulse."""
    array = square(cell, 4, Wires(row=2.0, column=2.0))
    with pytest.warns(UserWarning, match="12 cells are selected or see the pulses behind closed"):
        program_pulses(array, 0.5, [(0, 0), (1, 0), (2, 0)], [SET])


def test_one_network_serves_only_where_the_energy_fits_too(rng):
    """Ideal lines hold every port; cells with i ~ sinh(v / 0.5 V) still draw less at less."""
    array = square(mc.device("lin2022_hfo2", v_ohmic=0.5), 6, Wires())
    states = rng.uniform(0, 1, (6, 6))
    pulses = [mc.Pulse(1.9, 1e-6), mc.Pulse(0.5, 1e-6)]
    reduced, full = both(array, states, (3, 4), pulses, bias="v/2", allowed_movement=0.1)
    assert "networks: 2" in reduced.attrs["method"]
    np.testing.assert_allclose(reduced["energy"], full["energy"], rtol=0.01)


def test_frozen_memristors_move_by_what_they_see(rng):
    """Half-selected cells of a passive array, to the first order."""
    array = square(mc.device("lin2022_hfo2"), 5, 2.0)
    states = rng.uniform(0.1, 0.4, (5, 5))
    pulses = [(mc.Pulse(2.2, 1e-5), 3)]
    reduced, full = both(array, states, (2, 2), pulses, bias="v/2", allowed_movement=0.1)
    moved = full["final_state"].to_numpy() - states
    here = np.zeros((5, 5), dtype=bool)
    here[2], here[:, 2] = True, True
    here[2, 2] = False
    assert moved[here].min() > 1e-3
    np.testing.assert_allclose(
        reduced["final_state"].to_numpy()[here], full["final_state"].to_numpy()[here],
        atol=0.05 * moved[here].max(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "amplitude"),
    [
        (
            mc.cells.OneSelectorOneMemristor(
                mc.device("lin2022_hfo2"), mc.device("narayanan2015_miec")
            ),
            3.2,
        ),
        (mc.cells.HybridMemristor(mc.device("lin2022_hfo2"), parallel=2e4, series=1e3), 2.5),
    ],
    ids=["1S1R", "hybrid"],
)
# A read at 0.2 V leaves selectors closed: less flows than the wires' rounding.
@pytest.mark.filterwarnings("ignore::memcircuit.crossbar.nodes.ConvergenceWarning")
def test_memristors_behind_selectors_and_resistors(cell, amplitude, rng):
    """The pulse, and the disturbance of the half-selected: of what their memristors see."""
    array = mc.Crossbar(cell, rows=3, columns=4, wires=10.0)
    states = rng.uniform(0, 0.5, (3, 4))
    pulses = [mc.Pulse(amplitude, 2e-7)]
    arguments = {"bias": "v/2", "form": "osdi", "allowed_movement": 1e-3}
    reduced, full = both(array, states, (1, 2), pulses, **arguments)
    moved, expected = (r["final_state"].to_numpy() - states for r in (reduced, full))
    assert expected[1, 2] > 1e-3
    assert moved[1, 2] == pytest.approx(expected[1, 2], rel=1e-4)
    bound = frozen(reduced, reduced["movement"])
    assert np.all(frozen(reduced, full["movement"]) <= bound + 1e-7)
    assert bound.max() < 1e-4


def test_cells_of_the_row_with_open_transistors_are_programmed_too(cell):
    """With gate lines along the rows every cell of the selected row sees the pulse."""
    array = square(cell, 3, Wires(row=2.0, column=2.0), gate_lines="row")
    with pytest.warns(UserWarning, match=r"cell \(1, [02]\) would have moved"):
        result = program_pulses(array, 0.5, (1, 1), [SET])
    assert result["movement"].to_numpy()[1].min() > 0.01


def test_variation_and_waveforms(cell, tmp_path):
    """A cell that switches twice as fast does; the waveforms tell the same story."""
    array = square(cell, 3, Wires(row=2.0, column=2.0))
    fast = np.ones((3, 3))
    fast[1, 1] = 2.0
    one, two = (
        program_pulses(array, 0.3, (1, 1), [SET], variation={"m_k_set": spread},
                       waveforms=True)
        for spread in (1.0, fast)
    )  # fmt: skip
    steps = [float(result["state"][0, 1] - result["state"][0, 0]) for result in (one, two)]
    assert steps[1] == pytest.approx(2 * steps[0], rel=0.05)
    assert float(two["waveform_state"][0, -1]) == pytest.approx(float(two["state"][0, -1]))
    at = int(np.argmax(one["waveform_driver"].to_numpy()))
    assert 1.7 < float(one["waveform_voltage"][0, at]) < 1.8
    assert float(one["waveform_current"].max()) > 1e-4
    path = tmp_path / "run.nc"
    two.to_netcdf(path, engine="scipy")
    xr.testing.assert_identical(xr.load_dataset(path, engine="scipy"), two)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"pulses": []}, "at least one"),
        ({"pulses": [(SET, 0)]}, "neither a Pulse nor"),
        ({"pulses": [1.8]}, "neither a Pulse nor"),
        ({"states": 1.5}, r"states\[0, 0\] = 1.5"),
        ({"states": np.zeros((2, 3))}, r"states has shape \(2, 3\)"),
        ({"selected": (3, 0)}, "lies outside"),
        ({"allowed_movement": 0.0}, "allowed_movement"),
        ({"variation": {"m_none": 1.0}}, "no multiplier 'm_none'"),
        (
            {"variation": {"m_k_set": -1.0}},
            r"variation 'm_k_set'\[0, 0\] = -1: expected a number above 0",
        ),
        ({"variation": {"m_g_min": OUTSIDE}}, r"cell \(1, 2\): parameter g_min = 10 S is outside"),
        ({"variation": [1, 2]}, "expected multipliers by name"),
        ({"bias": "v/5"}, "bias = 'v/5'"),
        ({"bias": None}, "bias = None"),
        ({"read_bias": "v/5"}, "read_bias = 'v/5'"),
        ({"read": 0.0}, "read = 0.0 V"),
        ({"read": [0.1, 0.2]}, r"read = \[0.1, 0.2\] must be"),
        ({"states": "abc"}, "states: expected real numbers"),
        ({"selected": [(0, 1), (2,)]}, "selected = "),
        ({"pulses": SET}, "expected a list of Pulse"),
        ({"pulses": [(SET, 10**9)]}, "more than 100000"),
        ({"pulses": [mc.Pulse(5000.0, 1e-6)]}, "expected less than 1000 V"),
        ({"allowed_movement": "a"}, "allowed_movement = 'a'"),
    ],
)
def test_refused_before_the_simulator_starts(cell, wrong, message):
    arguments = {"states": 0.5, "selected": (1, 1), "pulses": [SET]} | wrong
    with pytest.raises(UsageError, match=message):
        program_pulses(square(cell, 3, Wires(row=1.0)), **arguments)


def test_refuses_what_is_no_array_and_lines_that_are_not_driven_or_sensed(cell):
    with pytest.raises(UsageError, match="expected a Crossbar"):
        program_pulses(cell, 0.5, (1, 1), [SET])
    for wires, message in (
        (Wires(row=1.0, sense=[0, np.inf, 0]), "column line 1 of a selected cell is not sensed"),
        (Wires(row=1.0, source=[0, np.inf, 0]), "row line 1 of a selected cell is not driven"),
    ):
        with pytest.raises(UsageError, match=message):
            program_pulses(square(cell, 3, wires), 0.5, (1, 1), [SET])


@pytest.mark.slow
def test_a_thousandth_of_the_full_transient_at_32(cell):
    """Ten SET and ten RESET pulses; `make bench WHAT=arrays.program32` times the same."""
    states = np.random.default_rng(1).uniform(0, 1, (32, 32))
    states[16, 16] = 0.3
    pulses = [(SET, 10), (RESET, 10)]
    reduced, full = both(square(cell, 32, 2.0), states, (16, 16), pulses)
    np.testing.assert_allclose(reduced["conductance"], full["conductance"], rtol=1e-3)
