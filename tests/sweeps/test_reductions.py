"""What is kept of results: as numpy reduces them, from netlists that points still share."""

import functools

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.errors import UsageError
from memcircuit.experiments.measured import Measured
from memcircuit.sweeps.record import failed_record, joined, measured_record
from memcircuit.sweeps.reductions import Reduction, Reductions
from memcircuit.sweeps.runner import _planned
from memcircuit.sweeps.target import Target


def _record(points=3):
    values = np.random.default_rng(1).normal(size=(points, 4, 5))
    names = np.full((points, 5), "text")
    return values, measured_record(
        {"g": Measured(("cell", "pulse"), values, {"units": "S"}),
         "label": Measured(("pulse",), names, {})},
        {"width": Measured(("pulse",), np.arange(5.0), {"units": "s"}),
         "row": Measured(("cell",), np.arange(4), {})},
        {"form": "osdi"},
    )  # fmt: skip


def test_reductions_are_those_of_numpy():
    values, record = _record()
    kept = Reductions(
        {
            "last": Reduction("g", {"pulse": -1}),
            "spread": Reduction("g", {"pulse": 2}, (("std", ("cell",)),)),
            "worst": Reduction("g", over=(("mean", ("pulse",)), ("max", ("cell",)))),
            "all": Reduction("g", over=(("median", ("cell", "pulse")),)),
        }
    )(record)
    found = {name: one.values for name, one in kept.variables.items()}
    np.testing.assert_array_equal(found["last"], values[:, :, -1])
    np.testing.assert_array_equal(found["spread"], values[:, :, 2].std(axis=1))
    np.testing.assert_array_equal(found["worst"], values.mean(axis=2).max(axis=1))
    np.testing.assert_allclose(found["all"], np.median(values.reshape(3, -1), axis=1))
    assert {name: one.dims for name, one in kept.variables.items()} == {
        "last": ("cell",), "spread": (), "worst": (), "all": (),
    }  # fmt: skip
    assert kept.variables["worst"].attrs == {"units": "S"}
    # what lies along dimensions that are gone goes with them
    assert set(kept.coordinates) == {"row"}
    assert kept.attrs == record.attrs


def test_a_number_that_is_missing_is_not_passed_over():
    values, record = _record(1)
    values[0, 1, 2] = np.nan
    kept = Reductions({"mean": Reduction("g", over=(("mean", ("pulse",)),))})(record)
    np.testing.assert_array_equal(np.isnan(kept.variables["mean"].values[0]), [0, 1, 0, 0])


@pytest.mark.parametrize(
    ("name", "made", "message"),
    [
        ("a", Reduction("h"), "measure a: there is no result 'h'; there is g, label"),
        ("a", Reduction("g", {"puls": 1}), "measure a: g has no dimension 'puls', but cell, pulse"),
        ("a", Reduction("label", over=(("max", ("cell",)),)), "label has no dimension 'cell'"),
        ("a", Reduction("g", {"pulse": 5}), "g at pulse = 5: there are 5, from 0"),
        ("a", Reduction("g", {"pulse": -6}), "g at pulse = -6: there are 5, from 0"),
        ("a", Reduction("label", over=(("max", ("pulse",)),)), "max of label: it is text"),
        ("pulse", Reduction("g"), "measure pulse: a dimension has this name"),
    ],
)
def test_what_is_not_there_is_told(name, made, message):
    with pytest.raises(UsageError, match=message):
        Reductions({name: made})(_record()[1])


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ((("mode", ("cell",)),), "'mode' of g: choose one of mean, median, std"),
        ((("max", ()),), "max of g: expected names of dimensions"),
        ((("max", "cell"),), "max of g: expected names of dimensions, not 'cell'"),
        ((("max", ("cell",)), ("min", ("cell",))), "g: dimension 'cell' is taken twice"),
        ((("max", ("pulse",)),), "g: dimension 'pulse' is taken twice"),
        (("max", ("cell",)), r"g over .*: expected \(\(way, dimensions\), ...\)"),
        ("max", "g over 'max': expected"),
    ],
)
def test_what_makes_no_reduction_is_refused(over, message):
    with pytest.raises(UsageError, match=message):
        Reduction("g", {"pulse": 0}, over)
    with pytest.raises(UsageError, match="nothing is kept"):
        Reductions({})


@pytest.mark.parametrize("place", [1.5, True, "last", None])
def test_a_place_is_a_whole_number(place):
    with pytest.raises(UsageError, match=f"g at pulse = {place!r} must be a whole number"):
        Reduction("g", {"pulse": place})


@pytest.mark.parametrize("way", ["mean", "std", "sum"])
def test_bits_do_not_depend_on_how_an_array_lies_in_memory(way):
    values = np.random.default_rng(1).normal(size=(3, 40, 50)) * np.logspace(-9, 0, 50)
    moved = np.moveaxis(np.moveaxis(values, 2, 0).copy(), 0, 2)
    for over in (("cell",), ("pulse",), ("cell", "pulse")):
        plain, *others = (
            Reduction("g", over=((way, over),)).reduced(Measured(("cell", "pulse"), one, {})).values
            for one in (values, np.asfortranarray(values), moved, values[:, ::-1][:, ::-1])
        )
        for other in others:
            np.testing.assert_array_equal(other, plain)


@pytest.mark.parametrize("name", ["status", "error", "log", "remark"])
def test_what_the_sweep_says_itself_is_no_name_of_a_result(name):
    with pytest.raises(UsageError, match=f"measure {name}: the sweep has its own {name}; choose"):
        Reductions({name: Reduction("g")})


@pytest.mark.parametrize("given", [["g"], {1: Reduction("g")}, {"g": "g"}])
def test_reductions_have_names(given):
    with pytest.raises(UsageError, match=r"^measure"):
        Reductions(given)


KEPT = Reductions(
    {
        "written": Reduction("conductance", {"pulse": -1}),
        "energy": Reduction("energy", over=(("sum", ("pulse",)),)),
    }
)


def test_points_share_netlists_as_without_and_give_the_same_bits(tmp_path):
    pulse = functools.partial(mc.pulse_train, mc.device("lin2022_hfo2"), pulses=2, reset_pulses=0)
    design = mc.sweeps.grid({"set.amplitude": [1.5, 1.6, 1.7, 1.8], "device.k_set": [0.01, 0.02]})
    whole, cut = (
        _planned(Target.of(pulse), design, 0, measure, batch=True) for measure in (None, KEPT)
    )
    assert cut.together
    assert [unit.points.tolist() for unit in cut.units()] == [
        unit.points.tolist() for unit in whole.units()
    ]
    assert {unit.key for unit in cut.units()}.isdisjoint(unit.key for unit in whole.units())
    options = {"jobs": 1, "store": tmp_path, "progress": "quiet"}
    everything = mc.sweep(pulse, design, **options)
    found = mc.sweep(pulse, design, measure=KEPT, **options)
    np.testing.assert_array_equal(found["written"], everything["conductance"].isel(pulse=-1))
    np.testing.assert_array_equal(found["energy"], everything["energy"].sum("pulse"))
    assert found["written"].attrs["units"] == "S"
    assert found["written"].dims == ("set.amplitude", "device.k_set")
    assert "pulse" not in found.dims
    # alone in its netlist a point goes through the other way, and differs by tolerances alone
    alone = mc.sweep(pulse, design, measure=KEPT, batch=False, **options)
    np.testing.assert_allclose(alone["written"], found["written"], rtol=1e-3)


def test_failed_points_of_a_record_stay_failed():
    _, record = _record(2)
    whole = joined([record, failed_record("why")])
    kept = Reductions({"last": Reduction("g", {"pulse": -1})})(whole)
    assert kept.status.tolist() == [0, 0, 1]
    assert np.isnan(kept.variables["last"].values[2]).all()
