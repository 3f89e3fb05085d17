"""One dataset from records that come in any order."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
import swept_functions as own
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from memcircuit.errors import UsageError
from memcircuit.sweeps.assemble import Assembly, label
from memcircuit.sweeps.design import grid
from memcircuit.sweeps.record import as_dataset, dataset_record, failed_record
from memcircuit.sweeps.target import Target

TARGET = Target.of(own.line)


def assembled(results, order=None):
    """Return the dataset of points with these results; None for one that failed."""
    design = grid({"x": np.arange(float(len(results)))})
    whole = Assembly(design)
    for place in range(len(results)) if order is None else order:
        found = results[place]
        record = (
            failed_record("no luck", "a log")
            if found is None
            else dataset_record(as_dataset(found, "test"))
        )
        whole.add(np.array([place]), record)
    return whole.dataset(TARGET, {"experiment": "line", "seed": 0}, {})


def over(values, **coordinates):
    """Return a dataset of one quantity over its order, at these places."""
    order = coordinates.pop("order", np.arange(len(values)))
    found = xr.Dataset({"y": ("order", np.asarray(values, dtype=float))}, {"order": order})
    return found.assign_coords(coordinates)


RESULTS = st.lists(
    st.one_of(
        st.none(),
        st.builds(
            lambda places, level: over(
                [10.0 * p for p in places], order=list(places),
                **({} if level is None else {"level": level}),
            ),
            st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True),
            st.one_of(st.none(), st.sampled_from([1.0, 2.0])),
        ),
    ),
    min_size=1,
    max_size=5,
)  # fmt: skip


@given(RESULTS, st.randoms())
def test_the_order_in_which_points_come_does_not_count(results, random):
    order = list(range(len(results)))
    first = assembled(results, order)
    random.shuffle(order)
    second = assembled(results, order)
    assert first.identical(second)
    assert set(first.coords) == set(second.coords)
    for place, result in enumerate(results):
        point = first.isel(x=place)
        if result is None:
            assert point["status"] == 1
            assert point["error"] == "no luck"
            assert "y" not in point or np.isnan(point["y"]).all()
            continue
        for where, value in zip(result["order"].values, result["y"].values, strict=True):
            assert point["y"].sel(order=where) == value
        assert np.isfinite(point["y"]).sum() == result.sizes["order"]
        if "level" in result.coords and "level" in first:
            assert point["level"] == result["level"]


def test_a_coordinate_along_a_dimension_that_grows_is_kept_by_point():
    def branch(times):
        named = xr.Dataset({"y": ("time", np.asarray(times))}, {"time": times})
        return named.assign_coords(branch=("time", np.arange(len(times)) + 1))

    for order in itertools.permutations(range(3)):
        found = assembled([branch([0.0, 1.0]), branch([0.0, 0.5, 1.0]), branch([0.0])], order)
        assert found["time"].values.tolist() == [0.0, 0.5, 1.0]
        expected = [[1, np.nan, 2], [1, 2, 3], [1, np.nan, np.nan]]
        np.testing.assert_array_equal(found["branch"], expected)
        np.testing.assert_array_equal(found["y"][1], [0.0, 0.5, 1.0])


def test_whole_numbers_stay_whole_unless_a_point_has_none():
    assert assembled([1, 2])["result"].dtype.kind == "i"
    np.testing.assert_array_equal(assembled([1, None, 2])["result"], [1.0, np.nan, 2.0])
    np.testing.assert_array_equal(assembled([None, None])["status"], [1, 1])
    assert assembled([1, 2.5])["result"].values.tolist() == [1.0, 2.5]
    truths = assembled([{"y": True}, None])["y"]
    np.testing.assert_array_equal(truths, [1.0, np.nan])
    words = assembled([{"y": "a"}, None, {"y": "longer"}])["y"]
    assert words.values.tolist() == ["a", "", "longer"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize(
    ("results", "told"),
    [
        ([{"y": np.zeros(2)}, {"y": np.zeros((2, 2))}], "y is over"),
        ([{"y": 1.0}, {"y": "text"}], "y is text at some points and a number at others"),
        ([over([1.0, 2.0], order=[1, 1]), over([1.0], order=[2])], "holds a value twice"),
    ],
)
def test_results_that_make_no_common_array_are_refused_in_any_order(results, told, order):
    with pytest.raises(UsageError, match=told):
        assembled(results, order)


def test_attributes_are_those_that_all_points_have():
    one, two = over([1.0]).assign_attrs(a=1, b=2), over([1.0]).assign_attrs(a=1, b=3)
    found = assembled([one, two])
    assert found.attrs["a"] == 1
    assert "b" not in found.attrs


def test_objects_stand_by_their_name():
    assert label("a card") == "a card"
    assert label(own.Scaler(2.0)) == "Scaler(factor=2.0)"
    assert label(functools.partial) == "<class 'functools.partial'>"
    assert len(label(list(range(100)))) <= 60
