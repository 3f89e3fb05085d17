"""Cells written side by side in a closed loop: targets met, misses told, budgets, energy."""

import itertools
import warnings

import numpy as np
import pytest
from scipy.optimize import brentq

import memcircuit as mc
from memcircuit.crossbar.cell_law import cell_law
from memcircuit.errors import UsageError
from memcircuit.experiments.verify_cells import write_verify_cells
from memcircuit.experiments.write_rules import Dose, Progress, WriteRules
from pyspice_netlists import pulse_sequence
from pyspice_netlists.cells import (
    FourMemristorBridge,
    HybridMemristor,
    OneSelectorOneMemristor,
    ParallelMemristors,
    RatioCell,
    TwoMemristors,
)

READ = 0.2
GATE = 5.0


@pytest.fixture(scope="module")
def device():
    return mc.device("lin2022_hfo2")


@pytest.fixture(scope="module")
def cell(device):
    return mc.cells.OneTransistorOneMemristor(device)


@pytest.fixture(scope="module")
def spread(cell):
    """64 cells as the card says they differ, half-way at the start, beyond the nominal range."""
    rng = np.random.default_rng(11)
    drawn = cell.device.draw_variation(rng, 64)
    targets = np.linspace(1e-6, 365e-6, 64)
    with pytest.warns(UserWarning, match=r"of 64 cells missed their targets"):
        result = write_verify_cells(cell, targets, variation=drawn, initial_state=0.5)
    return drawn, result


def weight_by_law(cell, state, **variation):
    """Weight of a 1T1R cell by the closed equations of memristor and transistor."""
    law = cell_law(cell, variation)
    volts = np.full(np.shape(state), READ)
    return law.current(volts, 0 * volts, np.asarray(state), 0 * volts + GATE)[0] / READ


@pytest.mark.parametrize("form", ["osdi", "behavioural"])
def test_targets_across_the_range_are_reached(cell, form):
    """The issue's bound: 32 targets within 1 % of range; the fresh device starts at the bottom."""
    low, high = weight_by_law(cell, [0.0, 1.0])
    targets = np.linspace(low, 0.98 * high, 32)
    result = write_verify_cells(cell, targets, form=form)
    assert result["reached"].to_numpy().all()
    assert result.attrs["missed_share"] == 0
    # judged by equations, from where the states ended
    written = weight_by_law(cell, result["final_state"])
    assert np.abs(written - targets).max() <= 0.0101 * (high - low)
    np.testing.assert_allclose(result["measured"], written, rtol=2e-4)
    assert result.attrs["range_low"] == pytest.approx(low, rel=1e-3)
    assert result.attrs["range_high"] == pytest.approx(high, rel=1e-3)
    assert result["pulses"].max() <= 200
    # pulses in bursts: fewer reads than pulses on long ways
    assert int(result["reads"][-1]) < int(result["pulses"][-1]) / 2


def test_cells_that_differ_miss_only_what_they_cannot_reach(cell, spread):
    drawn, result = spread
    own = {name: values[:, 0] for name, values in drawn.items()}
    highest = weight_by_law(cell, np.ones(64), **own)
    lowest = weight_by_law(cell, np.zeros(64), **own)
    np.testing.assert_allclose(result["highest"], highest, rtol=1e-3)
    np.testing.assert_allclose(result["lowest"], lowest, rtol=1e-3)
    missed = result["reached"].to_numpy() == 0
    assert 0 < missed.sum() == round(64 * result.attrs["missed_share"])
    target = result["target"].to_numpy()
    outside = (target > highest) | (target < lowest)
    assert outside[missed].all()
    # every other cell is within 1 % of the nominal range, and no cell passed its budget
    off = np.abs(result["measured"] - target)[~missed]
    assert off.max() <= 0.01 * (result.attrs["range_high"] - result.attrs["range_low"])
    assert result["pulses"].to_numpy()[missed].tolist() == [200] * missed.sum()
    assert result["pulses"].max() == 200


def test_history_tells_what_was_done(spread):
    _, result = spread
    np.testing.assert_array_equal(np.abs(result["given"]).sum("round"), result["pulses"])
    np.testing.assert_array_equal(result["weight"].notnull().sum("round"), result["reads"])
    for k in range(result.sizes["cell"]):
        seen = result["weight"][k].dropna("round").to_numpy()
        assert seen[-1] == result["measured"][k]
        # pulses lead towards the target, from where the last read found the cell
        given = result["given"][k, 1 : seen.size].to_numpy()
        assert np.all(np.sign(given) == np.sign(float(result["target"][k]) - seen[:-1]))
    widths = result["width"].to_numpy()
    assert np.nanmax(widths) == pytest.approx(1e-6)
    assert np.nanmin(widths) >= 1e-6 / 50


def test_no_cell_sees_another(cell):
    targets, states = np.array([250e-6, 40e-6, 120e-6, 3e-6]), np.array([0.1, 0.9, 0.4, 0.5])
    order = np.array([2, 0, 3, 1])
    together = write_verify_cells(cell, targets, initial_state=states)
    mixed = write_verify_cells(cell, targets[order], initial_state=states[order])
    alone = write_verify_cells(cell, targets[1], initial_state=states[1])
    for name in ("pulses", "reads", "overshoots"):
        np.testing.assert_array_equal(mixed[name], together[name][order])
        assert int(alone[name][0]) == int(together[name][1])
    for name in ("measured", "energy", "final_state"):
        np.testing.assert_allclose(mixed[name], together[name][order], rtol=1e-4)
        np.testing.assert_allclose(alone[name][0], together[name][1], rtol=1e-3)


def test_source_energy_is_what_memristor_and_transistor_take(cell):
    """The same pulses by the equations of both elements, integrated by Runge and Kutta."""
    result = write_verify_cells(cell, [90e-6, 60e-6], initial_state=[0.0, 0.5])
    amplitude = {0: 1.8, 1: 1.8, -1: -1.8}
    for k, start in enumerate((0.0, 0.5)):
        state, spent, reads = start, np.zeros(2), int(result["reads"][k])
        given = result["given"][k, :reads].to_numpy()
        widths = result["width"][k, :reads].to_numpy()
        for number, width in zip(given, widths, strict=True):
            volts = amplitude[int(np.sign(number))]
            train = [mc.Pulse(volts, float(width)) for _ in range(abs(number))]
            sequence = pulse_sequence([*train, mc.Pulse(READ, 1e-6)], 0.2e-6)
            own, state = _energy_by_equations(cell, sequence, state)
            spent += own
        assert float(result["energy"][k]) == pytest.approx(spent[0], rel=1e-3)
        assert float(result["read_energy"][k]) == pytest.approx(spent[1], rel=1e-3)
        assert float(result["final_state"][k]) == pytest.approx(state, rel=1e-3)


def test_strong_pulses_overshoot_and_come_back(cell, device):
    strong = mc.Pulse(2.3, 1e-6)
    start = float(device.conductance(0.3, READ))
    result = write_verify_cells(
        cell, [1.04 * start, 1.1 * start], set=strong, initial_state=0.3, tolerance=0.003
    )
    assert result["reached"].to_numpy().all()
    assert result["overshoots"].max() > 0
    assert np.any(result["given"] < 0)


def test_what_cannot_be_reached_is_reported(cell):
    with pytest.warns(UserWarning, match=r"2 of 3 cells .* 2 of them .* own range$"):
        result = write_verify_cells(cell, [0.0, 1.0, 50e-6], tolerance=1e-3, max_pulses=30,
                                    initial_state=0.1)  # fmt: skip
    assert result["reached"].to_numpy().tolist() == [0, 0, 1]
    assert result["pulses"].to_numpy()[:2].tolist() == [30, 30]
    assert result.attrs["missed_share"] == pytest.approx(2 / 3)


@pytest.mark.parametrize("budget", [1, 2, 5, 11])
def test_no_pulse_beyond_the_budget(cell, budget):
    with pytest.warns(UserWarning, match="missed"):
        result = write_verify_cells(cell, [340e-6], max_pulses=budget)
    assert int(result["pulses"][0]) == budget


def test_nothing_to_do(cell):
    low = float(weight_by_law(cell, [0.4])[0])
    result = write_verify_cells(cell, low, initial_state=0.4)
    assert (int(result["pulses"][0]), int(result["reads"][0])) == (0, 1)
    assert float(result["energy"][0]) == 0


def test_tolerance_relative_to_the_target(cell):
    targets = np.array([5e-6, 300e-6])
    result = write_verify_cells(cell, targets, relative_to="target")
    written = weight_by_law(cell, result["final_state"])
    assert np.abs(written / targets - 1).max() <= 0.0101


def test_pulses_too_strong_for_the_target_are_told(cell):
    """The shortest SET pulse, 0.2 us of 2.4 V, moves the cell by a tenth of its range."""
    strong = {"set": mc.Pulse(2.4, 10e-6), "reset": mc.Pulse(-2.4, 10e-6)}
    with pytest.warns(UserWarning, match=r"overshot again and again: give shorter or weaker"):
        result = write_verify_cells(cell, [150e-6], max_pulses=12, tolerance=1e-3, **strong)
    assert int(result["overshoots"][0]) > 5
    assert int(result["pulses"][0]) == 12
    assert float(result.attrs["missed_share"]) == 1


LONG = {"set": mc.Pulse(2.4, 20e-6), "reset": mc.Pulse(-2.4, 20e-6)}


@pytest.mark.parametrize(
    ("kind", "targets", "arguments"),
    [
        (lambda device: device, [40e-6, 250e-6], {}),
        (lambda device: HybridMemristor(device, 20e3, 200.0), [80e-6, 250e-6], {}),
        (lambda device: ParallelMemristors(device, 3), [100e-6, 800e-6], {}),
        (TwoMemristors, [-200e-6, 0.0, 200e-6], {"initial_state": 0.4}),
        (TwoMemristors, [1e-4], {"initial_state": [[0.2, 0.7]]}),
        (RatioCell, [0.45, 0.6], {"initial_state": 0.5, **LONG}),
        (FourMemristorBridge, [-0.1, 0.15], {"initial_state": 0.5, **LONG}),
    ],
)
def test_every_kind_of_cell(device, kind, targets, arguments):
    """The weight that its formula gives for the states where it ends, within the tolerance."""
    cell = kind(device)
    result = write_verify_cells(cell, targets, tolerance=0.02, **arguments)
    assert result["reached"].to_numpy().all()
    whole = result.attrs["range_high"] - result.attrs["range_low"]
    states = np.atleast_2d(result["final_state"].to_numpy().T)
    if cell is device:
        formula = device.conductance(states[0], READ)
    else:
        formula = cell.weight(device.conductance(states, READ))
    # the read voltage is shared between memristors whose i/v rises with it: 0.7 % at 0.2 V
    assert np.abs(formula - targets).max() <= (0.02 + 0.007) * whole


def test_a_selector_in_series(device):
    selector = mc.device("narayanan2015_miec")
    cell = OneSelectorOneMemristor(device, selector)
    result = write_verify_cells(
        cell, [5e-6, 10e-6], read=1.2, set=mc.Pulse(2.6, 1e-6), reset=mc.Pulse(-2.6, 1e-6)
    )
    assert result["reached"].to_numpy().all()

    def weight(state):
        def surplus(volts):
            return float(selector.numpy().current(1.2 - volts, 0.0)) - through(volts)

        def through(volts):
            return float(device.numpy().current(volts, state))

        return through(brentq(surplus, 0.0, 1.2, xtol=1e-12)) / 1.2

    by_equations = [weight(state) for state in result["final_state"].to_numpy()]
    np.testing.assert_allclose(result["measured"], by_equations, rtol=1e-3)
    assert result.attrs["range_high"] == pytest.approx(weight(1.0), rel=1e-3)


def test_bridge_range_is_that_of_its_formula(device):
    """Ends of the range at opposite states, by G1/(G1+G2) - G3/(G3+G4)."""
    result = write_verify_cells(FourMemristorBridge(device), [0.0], initial_state=0.5)
    g = device.conductance([0.0, 1.0], READ)
    high = (g[1] - g[0]) / (g[0] + g[1])
    assert result.attrs["range_high"] == pytest.approx(high, rel=2e-3)
    assert result.attrs["range_low"] == pytest.approx(-high, rel=2e-3)


RULES = WriteRules(mc.Pulse(1.8, 1e-6), mc.Pulse(-1.8, 1e-6), max_pulses=20, burst=8)


def test_a_cell_that_never_moves_gets_longer_doses_up_to_its_budget():
    progress, given, counts = Progress(), 0, []
    while given < RULES.max_pulses:
        dose = RULES.next(progress, 1e-5, given)
        counts.append(dose.count)
        progress, given = progress.after(dose, 0.0), given + dose.count
    assert counts == [1, 4, 8, 7]


def test_the_last_pulse_ends_on_the_target():
    """A cell with a constant rate, 2e-6 S per pulse, 3e-6 S away: one pulse, then half a one."""
    progress = Progress().after(Dose(RULES.set, 1, 1), 2e-6)
    dose = RULES.next(progress, 3e-6, 1)
    assert (dose.count, dose.pulse.width) == (1, pytest.approx(1e-6))
    dose = RULES.next(progress.after(dose, 2e-6), 1e-6, 2)
    assert (dose.count, dose.pulse.width) == (1, pytest.approx(0.5e-6))


def test_a_direction_not_tried_yet_is_taken_to_answer_as_the_other_did():
    progress = Progress().after(Dose(RULES.set, 4, 1), 8e-6)
    dose = RULES.next(progress, -1e-6, 4)
    assert (dose.direction, dose.count) == (-1, 1)
    assert dose.pulse == mc.Pulse(-1.8, 0.5e-6)


@pytest.mark.parametrize("curve", [0.3, 1.0, 3.0])
def test_cells_with_curved_answers_settle(curve):
    """Weight = time ** curve, either way, from any distance: within 1 % in few reads."""
    for start, target in itertools.product((0.05, 0.5, 0.95), (0.1, 0.5, 0.9)):
        time, given, reads, progress = start ** (1 / curve), 0, 0, Progress()
        rules = WriteRules(mc.Pulse(1.0, 0.02), mc.Pulse(-1.0, 0.05), max_pulses=200, burst=8)
        while abs(time**curve - target) > 0.01:
            before = time**curve
            dose = rules.next(progress, target - before, given)
            time = float(np.clip(time + dose.direction * dose.time, 0, 1))
            progress, given = progress.after(dose, time**curve - before), given + dose.count
            reads += 1
            assert reads < 25


@pytest.mark.parametrize(
    ("targets", "wrong", "message"),
    [
        ([-1e-6], {}, r"targets\[0\] = -1e-06: expected a conductance"),
        ([1e-4, np.nan], {}, r"targets\[1\] = nan"),
        ([np.inf], {}, r"targets\[0\] = inf"),
        ([[1e-4]], {}, r"targets has shape \(1, 1\)"),
        ([], {}, r"targets has shape \(0,\)"),
        ("high", {}, "expected numbers"),
        ([0.0], {"relative_to": "target"}, "nor 0"),
        ([1e-4], {"relative_to": "width"}, "choose 'range' or 'target'"),
        ([1e-4], {"tolerance": 0.0}, "tolerance = 0.0"),
        ([1e-4], {"tolerance": float("nan")}, "tolerance = nan"),
        ([1e-4], {"tolerance": "1 %"}, "tolerance = '1 %'"),
        ([1e-4], {"set": mc.Pulse(-1.8, 1e-6)}, "expected opposite polarities"),
        ([1e-4], {"reset": (1, 2)}, "is not a pulse"),
        ([1e-4], {"max_pulses": 0}, "max_pulses = 0"),
        ([1e-4], {"burst": 1.5}, "whole number"),
        ([1e-4], {"initial_state": [0.1, 0.2]}, "for 2 cells, targets for 1"),
        ([1e-4], {"initial_state": 1.2}, "initial_state"),
        ([1e-4] * 2, {"variation": {"m_k_set": np.ones(3)}}, "for 3 cells, targets for 2"),
        ([1e-4], {"variation": {"m_none": 1.0}}, "no multiplier 'm_none'"),
        (
            [1e-4] * 2,
            {"variation": {"m_g_min": [1, 1e7]}},
            "cell 1: parameter g_min = 10 S is outside",
        ),
        ([1e-4], {"gate": float("inf")}, "gate = inf"),
    ],
)
def test_refused_before_the_simulator_starts(cell, targets, wrong, message, monkeypatch):
    monkeypatch.setenv("MEMCIRCUIT_NGSPICE", "nowhere")
    with pytest.raises(UsageError, match=message):
        write_verify_cells(cell, targets, form="osdi", **wrong)


def test_a_device_without_state_is_refused():
    with pytest.raises(UsageError, match="has no state"):
        write_verify_cells(mc.device("narayanan2015_miec"), [1e-6])


def test_no_warning_when_every_cell_is_reached(cell):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_verify_cells(cell, [30e-6])


def _energy_by_equations(cell, sequence, state):
    """Return energy of pulses and of the read behind them, J, and the state at the end."""
    law, model = cell_law(cell), cell.device.numpy()

    def now(time, s):
        volts = np.asarray(sequence.waveform.at(time))
        i = float(law.current(volts, 0 * volts, np.asarray(s), 0 * volts + GATE)[0])
        memristor = np.arcsinh(i / (float(model.current(1.0, s)) / np.sinh(1.0)))
        return float(model.rate(memristor, s)), i, float(memristor), float(volts) - memristor

    energy, power = np.zeros(2), 0.0
    corners = sequence.waveform.time
    for begin, end in itertools.pairwise(corners):
        steps = 12 if end - begin > 1e-8 else 2
        h = (end - begin) / steps
        for t in begin + h * np.arange(steps):
            k1 = now(t, state)[0]
            k2 = now(t + h / 2, state + h / 2 * k1)[0]
            k3 = now(t + h / 2, state + h / 2 * k2)[0]
            k4 = now(t + h, state + h * k3)[0]
            state = float(np.clip(state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), 0, 1))
            _, i, memristor, transistor = now(t + h, state)
            before, power = power, i * memristor + i * transistor
            energy[int(t >= sequence.start[-1])] += h / 2 * (before + power)
    return energy, state
