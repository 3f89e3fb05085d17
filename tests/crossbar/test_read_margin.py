"""Read margins: closed forms of ohmic arrays, and ngspice for cells that are not."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.crossbar.read_margin import read_margin, worst_place
from memcircuit.crossbar.selection import select
from memcircuit.crossbar.spice import read_in_ngspice
from memcircuit.errors import UsageError
from pyspice_netlists.cells import (
    OneMemristor,
    OneSelectorOneMemristor,
    OneTransistorOneMemristor,
)

SIZES = np.array([2, 5, 16])


@pytest.fixture(scope="module")
def memristor():
    return mc.device("lin2022_hfo2")


@pytest.fixture(scope="module")
def selector_cell(memristor):
    return OneSelectorOneMemristor(memristor, mc.device("narayanan2015_miec"))


def test_ohmic_cells_on_ideal_wires_have_closed_forms():
    """Sneak paths: two rows of n - 1 cells in series with (n - 1)^2 between them."""
    device = mc.device("kvatinsky2015_vteam")
    volt = 0.1
    low, high = device.conductance([0.0, 1.0], volt)
    found = read_margin(device, SIZES, read=volt)
    rest = SIZES - 1
    sneak = 1 / (2 / (rest * high) + 1 / (rest**2 * high))
    beside = {
        "floating": sneak,
        "grounded": 0 * rest,
        "v/2": rest * high / 2,
        "v/3": rest * high / 3,
    }
    power = {
        "floating": high + sneak,
        "grounded": SIZES * high,
        "v/2": high * (1 + rest / 2),
        "v/3": high * (1 + (SIZES**2 - 1) / 9),
    }
    assert set(found["bias"].to_numpy()) == set(beside)
    for bias, leak in beside.items():
        own = found.sel(bias=bias)
        np.testing.assert_allclose(own["current_high"], volt * (high + leak), rtol=1e-6)
        np.testing.assert_allclose(own["current_low"], volt * (low + leak), rtol=1e-6)
        np.testing.assert_allclose(own["margin"], (high - low) / (high + leak), rtol=1e-6)
        np.testing.assert_allclose(own["power"], volt**2 * power[bias], rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "bias", "read"),
    [
        ("1M", "floating", 0.2),
        ("1M", "v/2", 0.2),
        ("1S1R", "v/2", 0.9),
        ("1T1R", "transistor", 0.2),
    ],
)
def test_ngspice_agrees(memristor, selector_cell, kind, bias, read):
    cell = {
        "1M": OneMemristor(memristor),
        "1S1R": selector_cell,
        "1T1R": OneTransistorOneMemristor(memristor),
    }[kind]
    wires = mc.Wires(row=2.0, column=2.0, source=20.0, sense=20.0)
    found = read_margin(cell, [(4, 6)], [bias], wires=wires, read=read)
    lines = wires.lines(4, 6)
    at = worst_place(lines)
    assert at == (0, 5)
    gate = 5.0 if cell.gated else 0.0
    chosen = select(at, (4, 6), bias, gate=gate)
    for name, state in (("current_low", 0.0), ("current_high", 1.0)):
        states = np.ones((4, 6))
        states[at] = state
        judge = read_in_ngspice(
            chosen.lines(lines), chosen.ends(read), cell=cell, states=states,
            gate=chosen.gate_voltage if cell.gated else None, form="behavioural",
        )  # fmt: skip
        assert float(found[name][0, 0]) == pytest.approx(float(judge["output"][5]), rel=1e-5)


def test_selectors_and_transistors_keep_the_margin_that_passive_arrays_lose(
    memristor, selector_cell
):
    passive = read_margin(memristor, [2, 32])["margin"]
    assert (passive.sel(bias=["v/2", "v/3", "floating"], size=1) < 0.1).all()
    selected = read_margin(selector_cell, [2, 32], read=0.9)
    assert np.ptp(selected["margin"].to_numpy(), axis=1).max() < 1e-3
    assert (selected["margin"] > 0.8).all()
    assert (selected["relative_imbalance"] < 1e-6).all()
    gated = read_margin(OneTransistorOneMemristor(memristor), [2, 32])
    low, high = memristor.conductance([0.0, 1.0], 0.2)
    np.testing.assert_allclose(gated["margin"], 1 - low / high, rtol=1e-4)
    assert list(gated["bias"].to_numpy()) == ["transistor"]


def test_wires_cost_the_farthest_cell_its_margin(memristor):
    far, near = (
        read_margin(memristor, [32], ["grounded"], wires=2.0, place=place)["margin"].item()
        for place in ("farthest", "nearest")
    )
    assert far < 0.95 * near
    both = mc.Wires(drive="both", sense_at="both").lines(5, 7)
    assert worst_place(both) == (2, 3)
    assert worst_place(both, "nearest") == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sizes": []}, r"sizes = \[\]: expected a list"),
        ({"sizes": [2.5]}, "sizes: 2.5: a whole number"),
        ({"sizes": [(2, 3, 4)]}, r"sizes: \(2, 3, 4\)"),
        ({"biases": ["transistor"]}, "the array's cells have no transistor"),
        ({"biases": ["v/5"]}, r"biases = \['v/5'\]: expected a list of grounded"),
        ({"low": -0.1}, "low = -0.1: a state in 0 ... 1"),
        ({"low": 1.0, "high": 0.0}, "low = 1, high = 0: expected a low below the high state"),
        ({"low": 0.5, "high": 0.5}, "expected a low below the high state"),
        ({"gate": 3.0}, "has no transistor; leave gate out"),
        ({"read": 0.0}, "read = 0.0 V: less than 1000 V, not 0"),
        ({"place": "middle"}, "choose 'farthest' or 'nearest'"),
    ],
)
def test_bad_input_is_refused(memristor, arguments, message):
    given = {"sizes": [2], **arguments}
    with pytest.raises(UsageError, match=message):
        read_margin(memristor, **given)
