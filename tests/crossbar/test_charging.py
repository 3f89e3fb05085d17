"""Port networks of arrays whose wires have capacitance; the whole array in ngspice is the judge."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.crossbar.array_run import Simulator, run_full, run_reduced
from memcircuit.crossbar.charging import array_capacitances, charging_lag
from memcircuit.crossbar.frozen import freeze
from memcircuit.crossbar.plan import prepare
from memcircuit.crossbar.programming import program_pulses
from memcircuit.crossbar.reduced_plan import Reduction, reduce_plan
from memcircuit.crossbar.reduction import reduce_array
from memcircuit.crossbar.wires import Wires

HERE = (2, 5)
PASSIVE = mc.cells.OneMemristor(mc.device("lin2022_hfo2"))
INTEGRATED = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"), "nmos_350n")
DISCRETE = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))
QUICK = mc.Pulse(1.8, 1e-7, 5e-9, 5e-9)
SLOW = mc.Pulse(1.8, 1e-6)


def array_of(cell, ohm, farad, source=0.0):
    """Return 8 x 8 cells on wires with both resistance and capacitance in each segment."""
    wires = Wires(row=ohm, column=ohm, source=source, row_capacitance=farad,
                  column_capacitance=farad)  # fmt: skip
    gate = {"gate": 3.3} if cell is INTEGRATED else {}
    return mc.Crossbar(cell, rows=8, columns=8, wires=wires, **gate)


def states():
    return np.random.default_rng(3).uniform(0, 0.5, (8, 8))


def changes(result):
    return np.diff(result["state"].to_numpy()[0])


def planned(array, pulse, bias):
    return prepare(
        array, states(), HERE, [pulse], bias=bias, gate=None, read=None, read_bias="grounded",
        variation=None, form=None,
    )[0]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "farad", "accuracy"), [(INTEGRATED, 3e-11, 1e-4), (DISCRETE, 1e-10, 5e-4)]
)
def test_slow_lines_of_a_transistor_array(cell, farad, accuracy):
    """Every cell of the row is a port: lines may charge as slowly as the edges rise."""
    pulses = [SLOW, mc.Pulse(-1.8, 1e-6)]
    loaded = array_of(cell, 10.0, farad)
    reduced = program_pulses(loaded, states(), HERE, pulses)
    assert reduced.attrs["method"].startswith("port network")
    full = program_pulses(loaded, states(), HERE, pulses, reduced=False)
    np.testing.assert_allclose(changes(reduced), changes(full), rtol=accuracy)
    np.testing.assert_allclose(reduced["energy"], full["energy"], rtol=1e-3, atol=1e-18)
    bare = program_pulses(array_of(cell, 10.0, 0.0), states(), HERE, pulses)
    assert np.abs(changes(bare) / changes(full) - 1).max() > 0.01


@pytest.mark.parametrize(("ohm", "source"), [(10.0, 0.0), (0.0, 100.0), (2.0, 20.0)])
@pytest.mark.parametrize("bias", ["v/2", "v/3"])
def test_wires_of_a_passive_array(ohm, source, bias):
    array = array_of(PASSIVE, ohm, 1e-13, source)
    arguments = {"bias": bias, "allowed_movement": 0.1}
    reduced = program_pulses(array, states(), HERE, [QUICK], **arguments)
    assert reduced.attrs["method"].startswith("port network")
    full = program_pulses(array, states(), HERE, [QUICK], reduced=False, **arguments)
    np.testing.assert_allclose(changes(reduced), changes(full), rtol=1e-4)
    np.testing.assert_allclose(reduced["energy"], full["energy"], rtol=1e-3, atol=1e-18)


@pytest.mark.parametrize("bias", ["v/2", "v/3"])
def test_the_energy_that_charging_takes_is_foreseen(bias):
    """What the port network's driver lacks beside that of the whole array."""
    plan = planned(array_of(PASSIVE, 10.0, 1e-12), SLOW, bias)
    (point,) = freeze(plan.law, plan.states, plan.selection, plan.lines, [1.8])
    cells = np.array([HERE])
    network = reduce_array(plan.lines, plan.selection, cells, point.g, point.source)
    lag = charging_lag(
        network, point.g, plan.lines, plan.selection,
        array_capacitances(plan.cell, plan.selection, plan.lines),
    )  # fmt: skip
    reduction = Reduction(cells, (network,), (point,), {1.8: 0})
    reduced = run_reduced(plan, reduction, Simulator(), allowed=np.inf).energy
    missing = float((run_full(plan, Simulator()).energy - reduced).sum())
    assert missing == pytest.approx(lag.loss * 1.8**2 * (2 / 10e-9), rel=0.15)
    assert missing > 1e-3 * reduced.sum()


def test_lines_that_charge_too_slowly_need_the_full_netlist():
    slow = reduce_plan(planned(array_of(PASSIVE, 10.0, 4e-12), QUICK, "v/2"))
    assert "lines charge 3.8e-10 s late, too slow for edges of 5e-09 s" in slow
    costly = reduce_plan(planned(array_of(PASSIVE, 10.0, 1e-12), SLOW, "v/2"))
    taken, whole = (float(words.split()[-1]) for words in costly.split(" J")[:2])
    assert costly.startswith("charging the lines takes")
    assert taken == pytest.approx(0.0028 * whole, rel=0.05)
    with pytest.warns(UserWarning, match="the whole array is simulated: lines charge"):
        program_pulses(
            array_of(PASSIVE, 10.0, 1e-12), states(), HERE, [QUICK], bias="floating",
            allowed_movement=0.5,
        )  # fmt: skip


def test_wires_held_by_ideal_sources_charge_without_delay():
    """Nothing drops where nothing resists, whatever is charged."""
    plan = planned(array_of(PASSIVE, 0.0, 1e-9), QUICK, "v/2")
    assert isinstance(reduce_plan(plan), Reduction)


def test_a_network_for_long_pulses_refuses_short_ones():
    """Write-verify reduces once and shortens its pulses later."""
    reduction = reduce_plan(planned(array_of(PASSIVE, 10.0, 2e-13), SLOW, "v/2"))
    assert isinstance(reduction, Reduction)
    assert not reduction.too_slow([SLOW])
    assert reduction.too_slow([SLOW, QUICK]).startswith("charging the lines takes")
