"""What points gave, to bytes and back."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from memcircuit.errors import UsageError
from memcircuit.sweeps.record import (
    Measured,
    RecordError,
    as_dataset,
    dataset_record,
    failed_record,
    from_bytes,
    joined,
    measured_record,
    missing_values,
    to_bytes,
)

VALUES = arrays.arrays(
    st.sampled_from(["f8", "f4", "i8", "i2", "u1", "?", "c16", "U4"]),
    arrays.array_shapes(min_dims=1, max_dims=3, max_side=3),
)


def equal(one, other):
    """Assert that two records hold the same bits, types and words."""
    np.testing.assert_array_equal(one.status, other.status, strict=True)
    for kind in ("variables", "coordinates"):
        mine, others = getattr(one, kind), getattr(other, kind)
        assert list(mine) == list(others)
        for name, measured in mine.items():
            assert measured.dims == others[name].dims
            assert dict(measured.attrs) == dict(others[name].attrs)
            assert measured.values.dtype == others[name].values.dtype
            assert measured.values.tobytes() == others[name].values.tobytes()
    assert (one.errors, one.logs, one.remarks) == (other.errors, other.logs, other.remarks)
    assert dict(one.attrs) == dict(other.attrs)


@given(VALUES, st.dictionaries(st.text(), st.one_of(st.integers(), st.text()), max_size=3))
def test_records_come_back_bit_for_bit(values, attrs):
    dims = tuple(f"d{axis}" for axis in range(values.ndim - 1))
    record = measured_record(
        {"y / a.b": Measured(dims, values, {"units": "Ω"})},
        {"x": Measured(("x",), np.arange(2.0), {})},
        attrs,
    )
    equal(from_bytes(to_bytes(record)), record)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_words_of_failed_points_come_back(told):
    record = failed_record(told, told)
    equal(from_bytes(to_bytes(record)), record)


def test_damaged_bytes_are_no_record(rng):
    payload = to_bytes(dataset_record(xr.Dataset({"y": ("x", np.arange(50.0))})))
    stored = zipfile.ZipFile(io.BytesIO(payload))
    assert "said.npy" in stored.namelist()
    for length in range(0, len(payload), 37):
        with pytest.raises(RecordError, match="no record of a sweep"):
            from_bytes(payload[:length])
    for garbage in (b"", b"PK", rng.bytes(500)):
        with pytest.raises(RecordError, match="no record of a sweep"):
            from_bytes(garbage)
    other = io.BytesIO()
    np.savez(other, status=np.zeros(1))
    with pytest.raises(RecordError, match="no record of a sweep"):
        from_bytes(other.getvalue())
    pickled = io.BytesIO()
    np.savez(pickled, status=np.array([object()]), said=np.array([{}]))
    with pytest.raises(RecordError, match="no record of a sweep"):
        from_bytes(pickled.getvalue())


def test_what_differs_from_run_to_run_is_left_out():
    dataset = xr.Dataset({"y": 1.0}, attrs={"wall_time": 3.0, "notes": "slow", "cell": "a"})
    assert dict(dataset_record(dataset).attrs) == {"cell": "a"}


def test_results_become_datasets():
    assert as_dataset(2, "f")["result"].item() == 2
    assert as_dataset(np.float32(2.5), "f")["result"].item() == 2.5
    assert as_dataset({"a": 1, "b": [1.0, 2.0]}, "f")["b"].dims == ("b_0",)
    inner = xr.DataArray([1.0], dims="k", attrs={"units": "V"})
    assert as_dataset({"a": inner}, "f")["a"].attrs["units"] == "V"
    assert as_dataset(inner, "f")["result"].dims == ("k",)
    assert as_dataset(inner.rename("volts"), "f")["volts"].dims == ("k",)


@pytest.mark.parametrize("found", [None, True, "text", [1.0], object(), {1: 2.0}, (1, 2)])
def test_nonsense_is_refused_by_name(found):
    with pytest.raises(UsageError, match=r"^own returned .*: expected an xarray dataset, a number"):
        as_dataset(found, "own")


def test_what_cannot_be_kept_is_refused():
    with pytest.raises(UsageError, match="no variable"):
        dataset_record(xr.Dataset())
    with pytest.raises(UsageError, match="expected numbers or text"):
        as_dataset({"y": object()}, "own")
    with pytest.raises(UsageError, match=r"y is of type timedelta64.*: expected numbers or text"):
        dataset_record(xr.Dataset({"y": ("t", np.array([1], dtype="m8[s]"))}))


def test_points_of_a_unit_are_joined():
    one = dataset_record(xr.Dataset({"y": ("k", [1, 2])}, {"k": [0, 1], "level": 1.0}))
    two = dataset_record(xr.Dataset({"y": ("k", [3, 4])}, {"k": [0, 1], "level": 2.0}), "odd")
    whole = joined([one, failed_record("no luck"), two])
    np.testing.assert_array_equal(whole.variables["y"].values, [[1, 2], [np.nan] * 2, [3, 4]])
    np.testing.assert_array_equal(whole.variables["level"].values, [1.0, np.nan, 2.0])
    assert list(whole.coordinates) == ["k"]
    assert whole.status.tolist() == [0, 1, 0]
    assert whole.errors == ("", "no luck", "")
    assert whole.remarks == ("", "", "odd")
    with pytest.raises(UsageError, match="y has another shape at some points"):
        joined([one, dataset_record(xr.Dataset({"y": ("k", [3.0])}))])


def test_missing_values():
    assert missing_values((2,), np.dtype("i4")).dtype == np.float64
    assert missing_values((2,), np.dtype("f4")).dtype == np.float32
    assert np.isnan(missing_values((1,), np.dtype("c16")).imag).all()
    assert missing_values((2,), np.dtype("U3")).tolist() == ["", ""]


def crafted(**changes):
    """Return the bytes of a record of two points with some of its parts replaced."""
    whole = {
        "status": np.zeros(2, np.int8),
        "variables0": np.ones((2, 3)),
        "coordinates0": np.arange(3),
    }
    said = {
        "attrs": {},
        "errors": ["", ""],
        "logs": ["", ""],
        "remarks": ["", ""],
        "variables": [["g", "variables0", ["pulse"], {}]],
        "coordinates": [["pulse", "coordinates0", ["pulse"], {}]],
    }
    text = changes.pop("text", None)
    said |= {name: value for name, value in changes.items() if name in said}
    whole |= {name: value for name, value in changes.items() if name not in said}
    text = json.dumps(said) if text is None else text
    file = io.BytesIO()
    np.savez(file, said=np.frombuffer(text.encode(), np.uint8), **whole)
    return file.getvalue()


def packed():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("said.npy", b"\0" * 10_000_000)
    return file.getvalue()


def test_the_crafted_record_is_one_as_long_as_nothing_is_replaced():
    assert from_bytes(crafted()).points == 2


@pytest.mark.parametrize(
    "payload",
    [
        crafted(errors=[""]),
        crafted(status=np.full(2, 7, np.int8)),
        crafted(status=np.array(["0", "0"])),
        crafted(variables0=np.ones((3, 3))),
        crafted(variables0=np.ones(2)),
        crafted(variables=[]),
        crafted(variables=[["g", "nowhere", ["pulse"], {}]]),
        crafted(variables=[["g", "variables0", 5, {}]]),
        crafted(coordinates0=np.ones((3, 1))),
        crafted(text="[" * 100_000),
        crafted(text="{}"),
        packed(),
        b"",
        b"PK",
    ],
)
def test_crafted_records_are_refused_as_such(payload):
    with pytest.raises(RecordError, match="no record of a sweep"):
        from_bytes(payload)
