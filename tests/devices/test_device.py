"""Devices: parameters, netlist lines, spread."""

import numpy as np
import pytest

import memcircuit as mc
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
    # no cycle-to-cycle spread is stated for g_max: cycles of one device agree
    np.testing.assert_array_equal(drawn["m_g_max"][:, 0], drawn["m_g_max"][:, 2])


def test_same_seed_same_devices():
    device = mc.device("kvatinsky2015_vteam")
    first, second = (device.draw_variation(np.random.default_rng(5), 6) for _ in range(2))
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


def test_no_spread_without_card(rng):
    with pytest.raises(UsageError, match="no card"):
        mc.device_from_model("vteam").draw_variation(rng, 3)
