"""Weights of cells that are left alone: drift by the card, and what ratios make of it."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq

import memcircuit as mc
from memcircuit.devices.cards import cards_directory
from memcircuit.experiments.retention import retention

EXPONENT = 0.05
READ = 0.2
TIMES = np.array([0.0, 0.5, 1.0, 1e3, 1e6])


@pytest.fixture
def device():
    return mc.device("lin2022_hfo2")


@pytest.fixture
def drifting(tmp_path):
    """Return a device whose drift is larger and has the given spread."""

    def make(spread, exponent=EXPONENT):
        card = (cards_directory() / "lin2022_hfo2.toml").read_text(encoding="utf-8")
        card = card.replace("exponent  = { value = 0.005", f"exponent  = {{ value = {exponent}")
        lines = [
            line.replace("value = 0.5", f"value = {spread}")
            for line in card.splitlines()
            if spread or not line.startswith("spread ")
        ]
        path = tmp_path / "drifting.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return mc.device(path)

    return make


def at(device, *microsiemens):
    return device.state_at(np.array(microsiemens) * 1e-6, READ)


def test_conductances_drift_as_the_card_says(drifting):
    device = drifting(spread=0)
    found = retention(mc.cells.OneMemristor(device), TIMES, states=at(device, 200, 50))
    share = np.maximum(TIMES, 1) ** -EXPONENT
    start = np.array([[200e-6], [50e-6]])
    np.testing.assert_allclose(found["initial_weight"], start[:, 0], rtol=1e-6)
    np.testing.assert_allclose(found["weight"], start * share, rtol=1e-6)
    np.testing.assert_allclose(found["change"], [share - 1] * 2, atol=1e-6)
    assert found["weight"].dims == ("cell", "time")
    assert found["conductance"].dims == ("cell", "memristor", "time")
    assert found["weight"].attrs["units"] == "S"
    np.testing.assert_array_equal(found["time"], TIMES)


def test_ratios_cancel_equal_drift_and_differences_do_not(drifting):
    device, cells = drifting(spread=0), mc.cells
    share = 1e6**-EXPONENT  # half the conductance is lost
    assert share < 0.51
    for cell, states, left in (
        (cells.TwoMemristors(device), at(device, 200, 50), share),
        (cells.RatioCell(device), at(device, 200, 50), 1),
        (cells.FourMemristorBridge(device), at(device, 200, 50, 60, 180), 1),
    ):
        found = retention(cell, [1e6], states=states)
        assert found["change"].item() == pytest.approx(left - 1, abs=1e-5), cell.title
        ideal = retention(cell, [1e6], states=states, simulator="formula")
        assert ideal["change"].item() == pytest.approx(left - 1, abs=1e-9), cell.title


def test_resistors_keep_their_share_of_the_weight(drifting):
    device = drifting(spread=0)
    cell = mc.cells.HybridMemristor(device, parallel=20e3, series=1e3)
    found = retention(cell, [1e6], states=at(device, 100))
    drifted = 100e-6 * 1e6**-EXPONENT
    # the memristor sees nine tenths of the read voltage: 0.7 % above ohmic becomes 0.6 %
    assert found["weight"].item() == pytest.approx(50e-6 + drifted / (1 + 1e3 * drifted), rel=2e-3)


def test_whole_ratio_cell_is_read(device):
    upper, lower = at(device, 200, 50)
    cell = mc.cells.RatioCell(device)
    found = retention(cell, [1.0], states=[upper, lower], rng=np.random.default_rng(1))
    model = device.numpy()

    def balance(middle):
        # the lower memristor's plus end is the source line at 0 V
        return float(model.current(READ - middle, upper) + model.current(-middle, lower))

    middle = brentq(balance, 0, READ, xtol=1e-14)
    assert found["weight"].item() == pytest.approx(middle / READ, rel=1e-6)
    assert found["weight"].attrs["units"] == "1"


def test_access_transistor_is_in_the_weight(device):
    cell = mc.cells.OneTransistorOneMemristor(device)
    rng = np.random.default_rng(1)
    gates = {gate: retention(cell, [1.0], states=at(device, 200), rng=rng, gate=gate)
             for gate in (5.0, 0.0)}  # fmt: skip
    weights = {gate: found["weight"].item() for gate, found in gates.items()}
    assert 200e-6 * (1 - 1e-3) < weights[5.0] < 200e-6
    assert abs(weights[0.0]) < 1e-8


def test_spread_of_the_exponents_is_what_a_ratio_keeps(drifting, rng):
    exponent, spread, log = 0.02, 0.2, math.log(1e3)
    device = drifting(spread, exponent)
    ratio = 0.8
    cells = mc.cells.OneMemristor(device), mc.cells.RatioCell(device)
    alone, coded = (
        retention(cell, [1e3], states=states, devices=20_000, rng=rng, simulator="formula")[
            "change"
        ]
        for cell, states in zip(cells, (at(device, 200), at(device, 200, 50)), strict=True)
    )
    # log-normal with median `exponent`
    sigma = exponent * math.sqrt(1 + spread**2) * spread
    mean = exponent * math.sqrt(1 + spread**2)
    assert float(alone.mean()) == pytest.approx(math.expm1(-mean * log), rel=0.01)
    # d(change) = -d(nu) ln t of one; (1 - r)(d nu_lower - d nu_upper) ln t of the ratio
    assert float(alone.std()) == pytest.approx(sigma * log * (1 + float(alone.mean())), rel=0.05)
    assert float(coded.std()) == pytest.approx((1 - ratio) * math.sqrt(2) * sigma * log, rel=0.05)
    assert abs(float(coded.mean())) < 5e-4
    # a small part of what the plain cell loses
    assert float(coded.std()) < 0.1 * abs(float(alone.mean()))


def test_simulator_reads_what_the_formula_says_of_the_same_devices(drifting):
    device = drifting(0.5)
    cell = mc.cells.TwoMemristors(device)
    both = [
        retention(cell, [10.0, 1e6], states=at(device, 200, 50), devices=150,
                  rng=np.random.default_rng(5), simulator=simulator)
        for simulator in ("ngspice", "formula")
    ]  # fmt: skip
    np.testing.assert_allclose(both[0]["weight"], both[1]["weight"], rtol=1e-6, atol=1e-11)
    np.testing.assert_array_equal(both[0]["conductance"], both[1]["conductance"])
    assert np.unique(both[0]["weight"].isel(time=1)).size == 150


@pytest.mark.parametrize("simulator", ["ngspice", "formula"])
def test_volatile_device_forgets_by_its_own_equation(simulator):
    device = mc.device("midya2017_ag_hfo2")
    times = np.array([0.0, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4])
    start = np.array([1.0, 0.3])
    found = retention(device, times, states=start, simulator=simulator)
    assert found.attrs["mechanism"] == "model"
    # order 2: 1/s grows by t/tau
    exact = 1 / (1 / start[:, np.newaxis] + times / device.parameters["tau"])
    np.testing.assert_allclose(found["state"].squeeze("memristor"), exact, rtol=1e-4)
    g_off, g_on = (device.parameters[name] for name in ("g_off", "g_on"))
    np.testing.assert_allclose(found["weight"], g_off * (g_on / g_off) ** exact, rtol=1e-3)


@pytest.mark.parametrize("simulator", ["ngspice", "formula"])
def test_non_volatile_model_stays_where_it_is(device, simulator):
    found = retention(device, [1e3, 1e5], states=0.4, mechanism="model", simulator=simulator)
    np.testing.assert_allclose(found["state"], 0.4, atol=1e-9)
    np.testing.assert_allclose(found["change"], 0, atol=1e-9)


def test_conductance_that_no_state_has_is_said(drifting):
    device = drifting(spread=0)
    found = retention(device, [1.0, 1e6], states=[0.0, 0.5])
    np.testing.assert_array_equal(
        found["clipped"].squeeze("memristor"), [[False, True], [False, False]]
    )
    np.testing.assert_allclose(found["change"].isel(cell=0), 0, atol=1e-9)


def test_weight_of_zero_has_no_relative_change(drifting):
    device = drifting(spread=0)
    found = retention(mc.cells.TwoMemristors(device), [1e3], states=0.5, simulator="formula")
    assert found["initial_weight"].item() == 0
    assert np.isnan(found["change"]).all()


def test_runs_are_kept(device, tmp_path):
    retention(device, [1.0], rng=np.random.default_rng(1), keep=tmp_path / "kept")
    assert list((tmp_path / "kept").glob("read_0/deck.cir"))


def test_bad_input_is_refused(device):
    cells, rng = mc.cells, np.random.default_rng(1)
    for error, arguments in (
        ("a spread of the drift: pass rng", {}),
        ("simulator = 'spice'; choose 'ngspice' or 'formula'", {"simulator": "spice"}),
        ("mechanism = 'drift'; choose 'card' or 'model'", {"mechanism": "drift"}),
        (r"states = 1\.5: expected numbers in 0 \.\.\. 1", {"states": 1.5}),
        (r"states of shape \(1, 2\): expected", {"states": [[0.1, 0.2]]}),
        ("devices = 3, but there are the states of 2 cells", {"states": [0.1, 0.2], "devices": 3}),
        ("devices = 0", {"devices": 0}),
        ("read = 0.0 V: less than 1000 V, not 0", {"read": 0.0}),
        ("read = 5000.0 V: less than 1000 V", {"read": 5e3}),
    ):
        with pytest.raises(mc.MemcircuitError, match=error):
            retention(device, [1.0], **arguments)
    for times in ([], [2.0, 1.0], [-1.0], [math.inf], [0.0], [[1.0]], "soon"):
        with pytest.raises(mc.MemcircuitError, match="times"):
            retention(device, times, rng=rng)
    with pytest.raises(mc.MemcircuitError, match=r"\(3,\): expected one number, \(4,\)"):
        retention(cells.FourMemristorBridge(device), [1.0], states=[0.1, 0.2, 0.3])
    with pytest.raises(mc.MemcircuitError, match=r"1e\+08 s, more than the 1e\+06 s"):
        retention(device, [1e8], mechanism="model")
    with pytest.raises(mc.MemcircuitError, match="states no retention"):
        retention(mc.device("kvatinsky2015_vteam"), [1.0], read=0.01)
