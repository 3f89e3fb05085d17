"""Devices: parameters, netlist lines, spread."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.devices.cards import cards_directory
from memcircuit.errors import ParameterError, UsageError


def test_changed_parameters_are_checked():
    device = mc.device("lin2022_hfo2", g_max=200e-6)
    assert device.parameters["g_max"] == 200e-6
    with pytest.raises(ParameterError, match="outside its range"):
        mc.device("lin2022_hfo2", g_max=-1.0)
    with pytest.raises(ParameterError, match="no parameter 'g_maximum'"):
        mc.device("lin2022_hfo2", g_maximum=1e-4)


def test_device_from_model_defaults():
    device = mc.device_from_model("vteam", r_on=100.0)
    assert device.parameters["r_on"] == 100.0
    with pytest.raises(UsageError, match="no model 'nothing'"):
        mc.device_from_model("nothing")


def test_instance_line():
    device = mc.device("lin2022_hfo2")
    line = device.instance("7", ("a", "b", "c"), 0.25, {"m_k_set": 1.1})
    assert line == "X7 a b c lin2022_hfo2 x0=0.25 m_k_set=1.1"
    with pytest.raises(UsageError, match="2 nodes"):
        device.instance("7", ("a", "b"))
    with pytest.raises(UsageError, match="no multiplier 'm_x'"):
        device.instance("7", ("a", "b", "c"), variation={"m_x": 1.0})
    with pytest.raises(UsageError, match="netlist form 'spectre'"):
        device.include_lines("spectre")


def test_spread_matches_the_card(rng):
    device = mc.device("lin2022_hfo2")
    drawn = device.draw_variation(rng, 4000, 3)
    assert set(drawn) == {"m_g_max", "m_g_min", "m_k_set", "m_k_reset"}
    logs = np.log(drawn["m_k_set"])
    assert logs.shape == (4000, 3)
    # 10 % between devices, 3 % from cycle to cycle of one device
    assert logs.mean(axis=1).std() == pytest.approx(np.hypot(0.10, 0.03 / np.sqrt(3)), rel=0.05)
    assert logs.std(axis=1, ddof=1).mean() == pytest.approx(0.03 * 0.886, rel=0.05)
    # a large spread is relative to the mean, as the card says: 30 % for g_min
    low = drawn["m_g_min"][:, 0]
    assert low.std() / low.mean() == pytest.approx(0.30, rel=0.06)
    assert np.median(low) == pytest.approx(1.0, rel=0.03)
    # no cycle-to-cycle spread is stated for g_max: cycles of one device agree
    np.testing.assert_array_equal(drawn["m_g_max"][:, 0], drawn["m_g_max"][:, 2])


def test_same_seed_same_devices():
    device = mc.device("kvatinsky2015_vteam")
    first, second = (device.draw_variation(np.random.default_rng(5), 6) for _ in range(2))
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


@pytest.mark.parametrize("wrong", [(42, 3, 1), (np.random.default_rng(0), 0, 1)])
def test_draws_that_cannot_be(wrong):
    with pytest.raises(UsageError, match=r"rng is 42|at least 1"):
        mc.device("lin2022_hfo2").draw_variation(*wrong)


def test_values_that_do_not_go_together():
    with pytest.raises(
        ParameterError, match=r"g_max = 0\.00035 S, g_min = 0\.001 S; must be g_min"
    ):
        mc.device("lin2022_hfo2", g_min=1e-3)
    with pytest.raises(ParameterError, match="must be w_on < w_off"):
        mc.device("kvatinsky2015_vteam", w_on=3e-9)
    with pytest.raises(ParameterError, match=r"range \(0, 1\]"):
        mc.device("lin2022_hfo2", g_max=400.0)


def test_changes_go_with_the_devices_own_values():
    """What a change must go with is this device's value, not the model's default."""
    device = mc.device("kvatinsky2015_vteam", r_off=1e6).with_parameters(r_on=2000.0)
    assert (device.parameters["r_on"], device.parameters["r_off"]) == (2000.0, 1e6)
    with pytest.raises(ParameterError, match="must be r_on < r_off"):
        device.with_parameters(r_off=1500.0)


def test_card_named_after_a_model(tmp_path):
    path = tmp_path / "vteam.toml"
    path.write_bytes((cards_directory() / "kvatinsky2015_vteam.toml").read_bytes())
    with pytest.raises(UsageError, match="'vteam' is that of a model"):
        mc.device(path)


def test_numpy_numbers_are_numbers():
    device = mc.device("lin2022_hfo2", p_set=np.int64(3), v_ohmic=np.float32(2))
    assert device.parameters["p_set"] == 3.0


def test_no_spread_without_card(rng):
    with pytest.raises(UsageError, match="no card"):
        mc.device_from_model("vteam").draw_variation(rng, 3)


@pytest.mark.parametrize(
    ("card", "changed", "message"),
    [
        ("pickett2009_tio2", {"kappa": 2.5}, r"must be kappa\*phi_0\*w_on >"),
        ("lin2022_hfo2", {"g_square": -6, "g_cube": 6.5}, "g_cube = 6.5, g_square = -6"),
        ("narayanan2015_miec", {"i_0": 1e-3}, r"must be i_0\*r_series <"),
        ("chen2020_hfox_a", {"g_off": 4e-5}, "g_off ="),
        ("strukov2008_tio2", {"window": "hann"}, "choose 0 none, 1 strukov"),
        ("strukov2008_tio2", {"window": np.array([1.0, 2.0])}, "choose 0 none"),
        ("lin2022_hfo2", {"initial_state": 3}, r"initial_state = 3 is outside its range \[0, 1\]"),
        ("lin2022_hfo2", {"initial_state": "low"}, "is not a number"),
    ],
)
def test_devices_that_cannot_be(card, changed, message):
    with pytest.raises(ParameterError, match=message):
        mc.device(card, **changed)


def test_values_that_make_no_sense_in_numpy():
    device = mc.device("lin2022_hfo2")
    model = device.numpy()
    with pytest.raises(UsageError, match="m_g_max must be above zero"):
        model.current(0.2, 0.5, m_g_max=-1.0)
    with pytest.raises(UsageError, match="voltage = 'x' is no array"):
        model.current("x", 0.5)
    with pytest.raises(UsageError, match="do not go together"):
        model.current([1.0, 2.0], [0.1, 0.2, 0.3])
    with pytest.raises(UsageError, match="voltage = 0 V"):
        device.state_at(1e-4, 0.0)
    with pytest.raises(UsageError, match="has no state"):
        mc.device("narayanan2015_miec").state_at(1e-9, 0.5)
