"""Compliance currents, stop voltages and gate voltages leave the levels that they must."""

import numpy as np
import pytest
from scipy.optimize import brentq

import memcircuit as mc
from memcircuit.errors import UsageError
from memcircuit.experiments.iv_family import iv_family
from memcircuit.experiments.measures.quantised import stated_levels, stop_voltages
from pyspice_netlists.sweeps import triangle

FORMS = ["osdi", "behavioural"]


@pytest.fixture(scope="module")
def hfo2():
    return mc.device("lin2022_hfo2")


def test_stop_voltages_leave_the_half_integer_levels():
    """Chen et al. 2020: -0.60 V to -1.60 V leave (16.5 - n / 2) G0, from the whole filament."""
    family = iv_family(mc.device("chen2020_hfox_a"), stops=stop_voltages(), set_stop=1.0)
    np.testing.assert_allclose(family["conductance_reset"], stated_levels(), rtol=0.02)
    # without compliance every SET closes the filament: 300 ohm
    np.testing.assert_allclose(1 / family["conductance_set"], 300, rtol=1e-2)
    assert family.attrs["varied"] == "stop"


@pytest.mark.parametrize("form", FORMS)
def test_compliance_sets_the_conductance(form):
    """Chen et al. 2020 under limited current: it ends where that current leaves v_set."""
    device = mc.device("chen2020_hfox_a")
    limits = np.array([0.1e-3, 0.3e-3, 1e-3, 1.5e-3])
    family = iv_family(device, compliances=limits, set_stop=1.0, form=form)
    np.testing.assert_allclose(
        family["conductance_set"], limits / device.parameters["v_set"], rtol=0.015
    )
    np.testing.assert_allclose(family["largest_current"], limits, rtol=1e-3)
    assert (family.attrs["form"], family.attrs["varied"]) == (form, "compliance")
    assert (family.attrs["attempts"], family.attrs["notes"]) == (1, "")


def test_stop_voltages_leave_the_stated_line_of_resistance():
    """Zhang et al. 2021, Fig. 3b: from -0.8 V on, R = -745.17 - 1743.63 V ohm."""
    stops = np.array([-0.6, -0.7, -0.8, -0.9, -1.2, -1.5])
    family = iv_family(mc.device("zhang2021_zno"), stops=stops, rate=1.0)
    resistance = 1 / family["conductance_reset"].to_numpy()
    np.testing.assert_allclose(resistance[:2], [77.0, 171.0], rtol=0.02)
    np.testing.assert_allclose(resistance[2:], -745.17164 - 1743.63131 * stops[2:], rtol=0.02)


def test_levels_rise_with_compliance_and_fall_with_stop_voltage(hfo2):
    by_limit = iv_family(hfo2, compliances=[10e-6, 30e-6, 60e-6, 100e-6, np.inf])
    assert (np.diff(by_limit["conductance_set"]) > 0).all()
    limited = by_limit.isel(curve=slice(4))
    assert (limited["largest_current"] <= 1.001 * limited["compliance"]).all()
    by_stop = iv_family(hfo2, stops=[-0.8, -1.2, -1.6, -2.0])
    assert (np.diff(by_stop["conductance_reset"]) < 0).all()
    same = by_stop["conductance_set"].to_numpy()
    np.testing.assert_allclose(same, same[0], rtol=1e-4)


def test_lists_go_together_and_keep_their_order(hfo2):
    both = iv_family(hfo2, compliances=[60e-6, np.inf], stops=[-1.0, -1.8])
    alone = iv_family(hfo2, compliances=60e-6, stops=-1.0)
    assert both.attrs["varied"].split() == ["stop", "compliance"]
    for name in ("conductance_set", "conductance_reset", "largest_current"):
        np.testing.assert_allclose(both[name][:1], alone[name], rtol=1e-4)
    assert both["largest_current"][1] > 100e-6


@pytest.mark.parametrize("form", FORMS)
def test_one_curve_without_compliance_is_what_scipy_integrates(hfo2, form):
    family = iv_family(hfo2, form=form)
    time, state = family["time"].to_numpy(), family["state"].to_numpy()[0]
    rate = 4 * 1.8 * 4e3  # V/s, of a triangle as high and as quick as the sine of the card
    model = hfo2.numpy()
    start = 0.0
    for branch, stop in (("set", 1.8), ("reset", -1.8)):
        here = family["branch"].to_numpy() == branch
        sweep = triangle([stop], rate=rate)
        own = time[here] - time[here][0]
        exact = model.integrate(
            lambda t, w=sweep: float(w.at(t)), own, start, corners=sweep.time[1:-1]
        )
        np.testing.assert_allclose(state[here], exact, atol=1e-4)
        current = model.current(sweep.at(own), exact)
        largest = np.abs(current).max()
        np.testing.assert_allclose(family["current"][0, here], current, atol=4e-4 * largest)
        start = exact[-1]
    read = float(hfo2.conductance(start, 0.2))
    assert float(family["conductance_reset"][0]) == pytest.approx(read, rel=1e-3)


def test_limited_current_obeys_the_limiter_and_the_device_together(hfo2):
    """At every instant the same current passes the diode of the driver and the device."""
    limit, thermal = 50e-6, 0.02 * 8.617333e-5 * 300.15
    family = iv_family(hfo2, compliances=limit)
    model = hfo2.numpy()
    for index in np.flatnonzero(family["branch"].to_numpy() == "set")[50:-1:97]:
        volt, state = (float(family[name][0, index]) for name in ("sweep", "state"))

        def balance(v, volt=volt, state=state):
            return float(model.current(v, state)) - limit * -np.expm1(-(volt - v) / thermal)

        exact = float(model.current(brentq(balance, 0, volt, xtol=1e-12), state))
        assert float(family["current"][0, index]) == pytest.approx(exact, rel=2e-3)


def test_negative_set_is_limited_and_reset_is_not():
    """VTEAM of 2015 SETs below 0 V; its RESET draws more than the compliance current."""
    limits = np.array([0.3e-3, 1e-3, 3e-3])
    family = iv_family(mc.device("kvatinsky2015_vteam"), compliances=limits, rate=6e6)
    assert family.attrs["set_stop"] < 0
    current, branch = family["current"].to_numpy(), family["branch"].to_numpy()
    np.testing.assert_allclose(current[:, branch == "set"].min(axis=1), -limits, rtol=1e-3)
    assert current[0, branch == "reset"].max() > 1.5 * limits[0]
    assert (np.diff(family["conductance_set"]) > 0).all()
    assert (family["conductance_reset"] < family["conductance_set"]).all()


def test_gate_voltage_limits_the_set_of_1t1r(hfo2):
    cell = mc.cells.OneTransistorOneMemristor(hfo2)
    family = iv_family(cell, gates=[5.0, 2.2, 2.0, 1.8])
    assert (np.diff(family["conductance_set"]) < 0).all()
    assert (np.diff(family["largest_current"]) < 0).all()
    np.testing.assert_allclose(family["gate"], [5.0, 2.2, 2.0, 1.8])
    # fully on, the transistor's ohms are nothing beside the memristor's kilo-ohms
    bare = iv_family(hfo2)
    np.testing.assert_allclose(family["conductance_set"][0], bare["conductance_set"][0], rtol=5e-3)
    # without a list, SET too is under the card's gate voltage
    assert float(iv_family(cell)["gate"][0]) == 5.0


def test_compliance_of_a_1t1r_cell(hfo2):
    cell = mc.cells.OneTransistorOneMemristor(hfo2)
    family = iv_family(cell, compliances=[20e-6, 50e-6])
    np.testing.assert_allclose(family["largest_current"], [20e-6, 50e-6], rtol=1e-3)


def test_memristors_in_parallel_share_the_compliance(hfo2):
    """Three alike take a third each: as one alone under a third of the current."""
    cell = mc.cells.ParallelMemristors(hfo2, 3)
    three, one = iv_family(cell, compliances=90e-6), iv_family(hfo2, compliances=30e-6)
    assert three["state"].dims == ("curve", "memristor", "time")
    np.testing.assert_allclose(
        three["conductance_set"], 3 * one["conductance_set"].to_numpy(), rtol=1e-4
    )


def test_dataset_says_what_it_holds(hfo2, tmp_path):
    family = iv_family(hfo2, set_stop=1.5, stops=[-1.0, -1.5], rate=1e5, points=200, keep=tmp_path)
    assert list(tmp_path.rglob("*.cir"))
    named = [name for name in family.variables if name not in {"curve", "branch"}]
    units = {name: family[name].attrs["units"] for name in named}
    assert units == {
        "sweep": "V", "voltage": "V", "current": "A", "state": "1", "time": "s",
        "conductance_set": "S", "conductance_reset": "S", "largest_current": "A",
        "compliance": "A", "stop": "V",
    }  # fmt: skip
    assert family.attrs["rate"] == 1e5
    sweep, branch = family["sweep"].to_numpy(), family["branch"].to_numpy()
    np.testing.assert_allclose(sweep[:, branch == "set"].max(axis=1), 1.5, rtol=1e-9)
    np.testing.assert_allclose(sweep[:, branch == "reset"].min(axis=1), [-1.0, -1.5], rtol=1e-9)
    assert np.all(family["sweep"] == family["voltage"])


def test_device_starts_low_although_its_card_starts_high():
    assert mc.device("chen2020_hfox_a").initial_state == 1.0
    assert iv_family(mc.device("chen2020_hfox_a")).attrs["initial_state"] == 0.0
    # at exactly 0 the window of this one would hold it
    assert iv_family(mc.device("kvatinsky2015_vteam")).attrs["initial_state"] == 0.1


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"stops": []}, r"stops = \[\]"),
        ({"compliances": []}, r"compliances = \[\]"),
        ({"compliances": [1e-3, 0.0]}, "compliances = .*: from 1e-09 to 1000 A"),
        ({"compliances": [-1e-3]}, "compliances = .*: from 1e-09 to 1000 A"),
        ({"compliances": float("nan")}, "compliances = nan"),
        ({"compliances": "1 mA"}, "compliances = '1 mA'"),
        ({"stops": [-1.0, 1.0]}, "stops = .* must be negative, as SET is at 1.8 V"),
        ({"stops": 0.0}, "stops = .* must be negative"),
        ({"stops": [-1e4]}, "stops"),
        ({"set_stop": -1.8}, "stops = .* must be positive"),
        ({"set_stop": 0.0}, "set_stop = 0.0"),
        ({"set_stop": [1.0, 2.0]}, "set_stop = .*expected one number"),
        ({"rate": 0.0}, "rate = 0.0"),
        ({"rate": float("inf")}, "rate = inf"),
        ({"rate": 1e-12}, "rate = 1e-12 .*too slow"),
        ({"rate": 1e12}, "time points"),
        ({"points": 10}, "points = 10"),
        ({"points": 200.5}, "points = 200.5"),
        ({"gates": [3.0]}, "has no transistor"),
        ({"initial_state": 1.5}, "initial_state"),
        ({"read": "0.1"}, "read = '0.1'"),
        ({"stops": [-1.0, -1.2], "compliances": [1e-6, 2e-6, 3e-6]}, "2 stops and 3 compliances"),
    ],
)
def test_refused_before_the_simulator_starts(hfo2, wrong, named):
    with pytest.raises(UsageError, match=named):
        iv_family(hfo2, **wrong)


def test_what_no_card_states_must_be_given(hfo2):
    bare = mc.device_from_model("vteam")
    with pytest.raises(UsageError, match="pass set_stop="):
        iv_family(bare)
    with pytest.raises(UsageError, match="pass rate="):
        iv_family(bare, set_stop=-1.0, stops=1.0)
    with pytest.raises(UsageError, match="plus_line, minus_line"):
        iv_family(mc.cells.TwoMemristors(hfo2))
    with pytest.raises(UsageError, match="gates = 1000"):
        iv_family(mc.cells.OneTransistorOneMemristor(hfo2), gates=1000.0)
