"""What counts as the whole result of a job."""

import numpy as np
import pytest

from memcircuit.simulate import DCSweep, Job, OperatingPoint, RawPlot, Transient
from memcircuit.simulate.result import shortcoming, to_dataset

JOB = Job("t", "V1 a 0 1\nR1 a 0 1k", Transient(1.0), ("v(A)", "n1#x"))


def plot(data, *, plotname="Transient Analysis", points=None):
    data = np.asarray(data, dtype=float)
    return RawPlot(
        title="t",
        plotname=plotname,
        flags=("real",),
        names=("time", "v(n1#x)", "v(a)"),
        types=("time", "voltage", "voltage"),
        data=data,
        declared_points=len(data) if points is None else points,
        truncated=points is not None,
    )


WHOLE = [[0.0, 1.0, 4.0], [0.5, 2.0, 5.0], [1.0, 3.0, 6.0]]


def test_a_whole_result():
    assert shortcoming(JOB, [plot(WHOLE)]) == ""
    data = to_dataset(JOB, plot(WHOLE), {"attempts": 1})
    assert list(data) == ["v(A)", "n1#x"]
    np.testing.assert_array_equal(data["v(A)"], [4.0, 5.0, 6.0])
    np.testing.assert_array_equal(data["n1#x"], [1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("plots", "words"),
    [
        ([], "empty"),
        ([plot(WHOLE), plot(WHOLE, plotname="constants")], "constants"),
        ([plot(WHOLE, points=9)], "3 of 9 points"),
        ([plot(WHOLE[:2])], "ends at 0.5 s instead of 1 s"),
        ([plot(np.zeros((0, 3)))], "no time points"),
        ([plot([[0.0, 1.0, np.nan], *WHOLE[1:]])], "not a number at some points: v(A)"),
        ([plot([*WHOLE[:2], [1.0, np.inf, 1.0]])], "not a number at some points: n1#x"),
    ],
)
def test_what_is_not_whole(plots, words):
    assert words in shortcoming(JOB, plots)


def test_missing_vectors_are_listed():
    job = Job("t", JOB.circuit, Transient(1.0), ("v(a)", "v(b)", "i(v1)"))
    assert "v(b), i(v1)" in shortcoming(job, [plot(WHOLE)])


def test_a_sweep_or_operating_point_cut_short():
    assert "3 values instead of 11" in DCSweep("v1", 0, 1, 0.1).shortfall(np.zeros(3))
    assert DCSweep("v1", 0, 1, 0.1).shortfall(np.zeros(11)) == ""
    assert DCSweep("v1", 0, 1, 0.3).shortfall(np.zeros(4)) == ""
    assert "0 points" in OperatingPoint().shortfall(np.zeros(0))
