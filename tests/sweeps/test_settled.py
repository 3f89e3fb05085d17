"""What a sweep makes of the values it was given, and which of them mean the same point."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import swept_functions as own

import memcircuit as mc
from memcircuit.devices.cards import cards_directory
from memcircuit.errors import UsageError
from memcircuit.sweeps.assemble import label
from memcircuit.sweeps.design import Design, grid, zipped
from memcircuit.sweeps.runner import sweep
from memcircuit.sweeps.settled import settled
from memcircuit.sweeps.target import Target
from memcircuit.sweeps.units import cut
from memcircuit.sweeps.work import Plan

DEVICE = mc.device("lin2022_hfo2")
TRAIN = functools.partial(mc.pulse_train, DEVICE, pulses=1, reset_pulses=0)


def keys(experiment, parameters):
    design = parameters if isinstance(parameters, Design) else grid(parameters)
    plan = Plan(Target.of(experiment), None, 0, "")
    return [unit.key for unit in cut(design, plan, b"", batch=False).units()]


@pytest.fixture
def card(tmp_path):
    """Write a card of a rate of SET, 1/s, and return its path."""
    text = (cards_directory() / "lin2022_hfo2.toml").read_text(encoding="utf-8")
    assert text.count("0.0204") == 1

    def write(rate):
        path = tmp_path / "own_card.toml"
        path.write_text(text.replace("0.0204", rate), encoding="utf-8")
        return path

    return write


def test_a_card_that_is_edited_is_simulated_again(card, tmp_path):
    given = {"jobs": 1, "store": tmp_path / "store", "progress": "quiet", "batch": False}
    ends = []
    for rate in ("0.0204", "0.0408"):
        path = card(rate)
        found = sweep(TRAIN, {"device": [str(path)]}, **given)
        assert found["device"].values.tolist() == [label(str(path))]
        direct = mc.pulse_train(mc.device(path), pulses=1, reset_pulses=0)
        np.testing.assert_array_equal(found["conductance"][0], direct["conductance"][0])
        ends.append(float(found["conductance"][0, -1]))
    assert ends[1] > 1.1 * ends[0]


def test_a_card_counts_by_what_it_says(card):
    x = {"set.amplitude": [1.8]}
    path = card("0.0204")
    for given in (path, str(path)):
        bound = functools.partial(mc.pulse_train, given, pulses=1, reset_pulses=0)
        card("0.0204")
        before = keys(bound, x)
        swept = keys(TRAIN, {"device": [given]})
        card("0.0408")
        assert keys(bound, x) != before
        assert keys(TRAIN, {"device": [given]}) != swept
    by_name = functools.partial(mc.pulse_train, "lin2022_hfo2", pulses=1, reset_pulses=0)
    assert keys(by_name, x) == keys(TRAIN, x)
    assert keys(TRAIN, {"device": ["lin2022_hfo2"]}) == keys(TRAIN, {"device": [DEVICE]})


def test_workers_get_devices_and_datasets_names():
    cards = ["lin2022_hfo2", "kvatinsky2015_vteam", "lin2022_hfo2"]
    found = settled(zipped({"device": cards}), Target.of(TRAIN)).columns["device"].values
    assert [one.name for one in found] == cards
    assert found[0] is found[2]


@pytest.mark.parametrize(
    ("experiment", "path", "alike"),
    [
        (TRAIN, "device.k_set", True),
        (TRAIN, "variation.m_k_set", True),
        (TRAIN, "set.amplitude", True),
        (TRAIN, "gate", True),
        (TRAIN, "initial_state", True),
        (TRAIN, "pulses", False),
        (functools.partial(mc.iv_loop, DEVICE), "amplitude", True),
        (functools.partial(mc.iv_loop, DEVICE), "cycles", False),
        (own.line, "x", False),  # which may tell 1 from 1.0
        (own.blowing_up, "growth", False),
    ],
)
def test_a_whole_number_is_a_real_one_where_a_real_one_is_meant(experiment, path, alike):
    assert (keys(experiment, {path: [1]}) == keys(experiment, {path: [1.0]})) is alike


def test_whole_numbers_stay_what_they_were_in_the_dataset(tmp_path):
    found = sweep(
        TRAIN, {"pulses": [1, 2], "device.initial_state": [0, 1]},
        jobs=1, store=tmp_path, progress="quiet",
    )  # fmt: skip
    assert not found["status"].any()
    assert found["pulses"].dtype.kind == found["device.initial_state"].dtype.kind == "i"


def refused(experiment, parameters, tmp_path):
    with pytest.raises(UsageError) as caught:
        sweep(experiment, parameters, jobs=1, store=tmp_path / "store", progress="quiet")
    return str(caught.value)


@pytest.mark.parametrize("kind", ["set", "reset"])
@pytest.mark.parametrize("field", ["amplitude", "width", "rise", "fall"])
def test_a_field_of_both_pulses_and_of_one_contradict(tmp_path, kind, field):
    parameters = {f"{kind}.{field}": [1e-6], f"pulse.{field}": [1e-6, 2e-6]}
    told = refused(TRAIN, parameters, tmp_path)
    assert f"'pulse.{field}' and '{kind}.{field}'" in told


def test_multipliers_that_cannot_be(tmp_path):
    for bad in (0.0, -1.0):
        for experiment in (TRAIN, functools.partial(mc.iv_loop, DEVICE)):
            told = refused(experiment, {"variation.m_k_set": [1.0, bad]}, tmp_path)
            assert f"variation.m_k_set = {bad}" in told


def test_a_multiplier_without_a_card_to_fold_it_into(tmp_path):
    source = tmp_path / "resistive.va"
    source.write_text(
        '`include "disciplines.vams"\nmodule resistive(p, n); inout p, n; electrical p, n;\n'
        "  parameter real g = 1e-4;\n  analog I(p, n) <+ g * V(p, n);\nendmodule\n",
        encoding="utf-8",
    )
    file = mc.VerilogAFile(source, varies=["g"])
    loop = functools.partial(mc.iv_loop, file, amplitude=1.0, frequency=1e3, cycles=1)
    told = refused(loop, {"variation.m_g": [1.0, 2.0]}, tmp_path)
    assert "'variation.m_g'" in told
    assert "sweep device.NAME" in told
    found = sweep(
        loop, {"device.g": [1e-4, 2e-4]}, jobs=1, store=tmp_path / "store", progress="quiet"
    )
    # a sine of 1 V for 1 ms on a conductance
    np.testing.assert_allclose(found["energy"], [0.5e-7, 1e-7], rtol=1e-3)
