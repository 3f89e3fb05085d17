"""The bridge of four memristors: weight, programming both ways, and its amplifier, in ngspice."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.experiments.cell_record import CellRecord, terminal_sources, verilog_a
from memcircuit.simulate import Job, OperatingPoint, Options, Transient, run
from memcircuit.simulate.ngspice import run_waves
from pyspice_netlists import cell_bench, pulse_sequence
from pyspice_netlists.amplifier import DifferentialAmplifier

FORMS = ["osdi", "behavioural"]
# Ohmic, and of a range of conductances that lets the weight come within 1e-6 of -1 and 1.
WIDE = mc.device("kvatinsky2015_vteam", r_off=1e8)
HFO2 = mc.device("lin2022_hfo2")
AMPLIFIER = DifferentialAmplifier()
WEIGHTS = np.linspace(-1, 1, 21)


def states_for(device, weights):
    """Return states (weights, 4) of bridges with these weights, M1 like M4 and M2 like M3."""
    grid = 1 - np.append(np.geomspace(1, 1e-9, 20001), 0.0)
    known = device.conductance(grid, 0.1)
    largest = known.max()
    one, other = (np.interp(largest * (1 + sign * weights) / 2, known, grid) for sign in (1, -1))
    return np.stack([one, other, other, one], axis=1)


def read(cell, states, volts, form):
    """Return the operating point of bridges side by side and their bench."""
    wiring = cell.wiring
    sources = {
        name: repr(wiring.constant.get(name, volts * wiring.read.get(name, 0.0)))
        for name in wiring.driven
    }
    bench = cell_bench(cell, sources, form=form, initial_state=states)
    job = Job("bridges", bench.circuit, OperatingPoint(), bench.vectors, verilog_a(cell, form))
    return run(job, options=Options(reltol=1e-9, abstol=1e-15, vntol=1e-12, gmin=1e-15)), bench


def difference(point, bench):
    plus, minus = (
        np.array([float(point[name]) for name in bench.opened[pin]])
        for pin in ("out_plus", "out_minus")
    )
    return plus - minus


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("volts", [0.1, -0.1])
def test_weight_is_its_formula_over_the_whole_range(form, volts):
    cell = mc.cells.FourMemristorBridge(WIDE)
    states = states_for(WIDE, WEIGHTS)
    point, bench = read(cell, states, volts, form)
    found = difference(point, bench) / volts
    formula = cell.weight(WIDE.conductance(states.T, volts))
    np.testing.assert_allclose(formula, WEIGHTS, atol=2e-6)
    np.testing.assert_allclose(found, formula, atol=1e-8)


def trained(cell, pulse, count, form):
    """Return the weights that are read before and after each of many pulses, from the middle."""
    probe = mc.Pulse(0.1, pulse.width)
    pulses = [probe, *[pulse, probe] * count]
    sequence = pulse_sequence(pulses, gap=pulse.width / 5)
    is_read = np.arange(len(pulses)) % 2 == 0
    bench = cell_bench(
        cell, terminal_sources(cell, sequence, is_read), form=form,
        initial_state=np.full((1, 4), 0.5),
    )  # fmt: skip
    stop, step = float(sequence.waveform.time[-1]), pulse.width / 20
    job = Job(
        "training", bench.circuit, Transient(stop=stop, step=step, max_step=step), bench.vectors,
        verilog_a(cell, form),
    )  # fmt: skip
    middle = (sequence.plateau_start + sequence.plateau_stop)[is_read] / 2
    return CellRecord(cell, bench).weight(run_waves(job), middle, 0.1)[0]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("amplitude", "sign"), [(3.0, 1), (-3.0, -1)])
def test_pulses_move_the_weight_monotonically_both_ways(form, amplitude, sign):
    """Half of each pulse falls on each memristor: SET pulses raise the weight, RESET lower it."""
    cell = mc.cells.FourMemristorBridge(HFO2)
    weights = trained(cell, mc.Pulse(amplitude, 1e-6), 20, form)
    assert abs(weights[0]) < 1e-6
    assert np.all(sign * np.diff(weights) > 4e-3)
    assert sign * weights[-1] > 0.09


def test_steps_grow_until_the_weight_runs_away():
    """The memristor that RESET drives takes ever more of the pulse, and moves ever faster."""
    weights = trained(mc.cells.FourMemristorBridge(HFO2), mc.Pulse(3.2, 1e-6), 20, "osdi")
    steps = np.diff(weights)
    assert np.all(steps[1:] > steps[:-1])
    assert steps[-1] > 10 * steps[0]
    assert weights[-1] > 0.9


def test_pulses_of_either_sign_undo_each_other_by_symmetry():
    """Exchanging the dividers turns SET into RESET: the two curves are mirror images."""
    cell = mc.cells.FourMemristorBridge(HFO2)
    up, down = (trained(cell, mc.Pulse(volts, 1e-6), 5, "osdi") for volts in (3.0, -3.0))
    np.testing.assert_allclose(up, -down, atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("volts", "bound"), [(0.1, 0.012), (-0.1, 0.025)])
def test_the_amplifier_gives_a_current_of_the_weight(form, volts, bound):
    """Within a fifth of its overdrive; of -0.1 V one input comes to the edge of its range."""
    cell = mc.cells.FourMemristorBridge(WIDE, AMPLIFIER)
    point, bench = read(cell, states_for(WIDE, WEIGHTS), volts, form)
    (output,) = (port for port in bench.ports if port.terminal == "output")
    current = -np.array([float(point[name]) for name in output.currents])
    expected = AMPLIFIER.transconductance * volts * WEIGHTS
    np.testing.assert_allclose(current, expected, rtol=bound, atol=1e-10)


def test_the_amplifier_draws_no_current_from_the_bridge():
    """The bridge of 1 ... 100 Mohm has the same outputs without it."""
    high = mc.device("kvatinsky2015_vteam", r_on=1e6, r_off=1e8)
    states = states_for(high, np.linspace(-0.9, 0.9, 7))
    alone, read_out = (
        difference(*read(mc.cells.FourMemristorBridge(high, amplifier), states, 0.1, "osdi"))
        for amplifier in (None, AMPLIFIER)
    )
    np.testing.assert_allclose(read_out, alone, atol=1e-12)


def test_terminals_of_a_bridge_with_amplifier():
    plain, amplified = (mc.cells.FourMemristorBridge(WIDE, a) for a in (None, AMPLIFIER))
    assert amplified.terminals == (*plain.terminals, "output", "supply")
    assert amplified.wiring.constant == {"output": 0.6, "supply": 3.3}
    assert not plain.wiring.constant
    assert amplified.weight([1.0, 3.0, 1.0, 1.0]) == pytest.approx(-0.25)
