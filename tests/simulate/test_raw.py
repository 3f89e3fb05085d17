"""Raw files: written here byte by byte, and by the real ngspice in test_ngspice."""

import numpy as np
import pytest

from memcircuit.errors import UsageError
from memcircuit.simulate import read_raw


def raw_bytes(data, *, names, kind="real", points=None, plotname="Transient Analysis"):
    variables = "".join(f"\t{n}\t{name}\tvoltage\n" for n, name in enumerate(names))
    header = (
        "Title: memcircuit: an error\nDate: Sun Nov 22 04:14:18  2026\n"
        "Command: ngspice-46, Build Wed Apr 15 15:18:29 UTC 2026\n"
        f"Plotname: {plotname}\nFlags: {kind}\nNo. Variables: {len(names)}\n"
        f"No. Points: {len(data) if points is None else points}\nVariables:\n{variables}Binary:\n"
    )
    return header.encode() + np.asarray(data).tobytes()


@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_values_come_back_bit_for_bit(tmp_path, dtype):
    data = np.random.default_rng(1).normal(size=(7, 3)).astype(dtype)
    kind = "complex" if dtype is np.complex128 else "real"
    path = tmp_path / "a.raw"
    path.write_bytes(raw_bytes(data, names=["time", "V(A)", "v(b)"], kind=kind))
    (plot,) = read_raw(path)
    np.testing.assert_array_equal(plot.data, data)
    assert plot.data.dtype == dtype
    assert plot.names == ("time", "v(a)", "v(b)")
    assert plot.title == "memcircuit: an error"
    assert plot.flags == (kind,)
    assert not plot.truncated


def test_several_plots_the_last_cut_short(tmp_path):
    first, second = np.arange(6.0).reshape(3, 2), np.arange(8.0).reshape(4, 2)
    path = tmp_path / "a.raw"
    path.write_bytes(
        raw_bytes(first, names=["time", "v(a)"], plotname="one")
        + raw_bytes(second, names=["time", "v(b)"], plotname="two", points=9)
        + b"\0\0\0"
    )
    one, two = read_raw(path)
    assert (one.plotname, one.truncated, one.declared_points) == ("one", False, 3)
    assert (two.plotname, two.truncated, two.declared_points) == ("two", True, 9)
    np.testing.assert_array_equal(two.data, second)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"hello", "not a binary raw file"),
        (b"\xff\xfe\0\0" * 50, "not a binary raw file"),
        (
            b"Title: x\nNo. Variables: 1\nNo. Points: 1\nVariables:\n\t0\tv\tvoltage\nValues:\n",
            "ASCII",
        ),
        (b"Title: x\nVariables:\n", "no. variables"),
        (b"Title: x\nNo. Variables: 99999999999\nVariables:\n\t0\tv\tvoltage\n", "cut short"),
        (b"Title: x\nNo. Variables: 0\nNo. Points: 1\nVariables:\nBinary:\n", "without variables"),
        (raw_bytes(np.zeros((1, 1)), names=["v"], kind="real unpadded"), "unpadded"),
    ],
)
def test_bad_files_are_named(tmp_path, content, words):
    path = tmp_path / "bad.raw"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=words) as caught:
        read_raw(path)
    assert "bad.raw" in str(caught.value)


def test_missing_and_empty_file(tmp_path):
    with pytest.raises(UsageError, match=r"none\.raw"):
        read_raw(tmp_path / "none.raw")
    (tmp_path / "empty.raw").write_bytes(b"")
    assert read_raw(tmp_path / "empty.raw") == []
