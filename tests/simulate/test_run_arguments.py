"""What a run and an operating point of many nodes take."""

import pytest

from memcircuit.errors import UsageError
from memcircuit.simulate import DCSweep, Job, OperatingPoint, run
from memcircuit.simulate.ngspice import run_point


def test_a_point_is_asked_for_as_one():
    divider = "V1 a 0 1\nR1 a b 1\nR2 b 0 1\n"
    values, attributes = run_point(Job("divider", divider, OperatingPoint(), ("v(b)", "i(v1)")))
    assert values == {"v(b)": pytest.approx(0.5), "i(v1)": pytest.approx(-0.5)}
    assert attributes["attempts"] == 1
    with pytest.raises(UsageError, match="takes the Job of an operating point"):
        run_point(Job("sweep", divider, DCSweep("V1", 0, 1, 0.5), ("v(b)",)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"keep": 3}, "keep = 3: expected a directory"),
        ({"options": {"reltol": 1e-3}}, r"are no Options\(\.\.\.\)"),
        ({"time_limit": "a"}, "must be a number above 0"),
    ],
)
def test_arguments_of_a_run_are_checked(arguments, message):
    with pytest.raises(UsageError, match=message):
        run(Job("divider", "V1 a 0 1\nR1 a 0 1\n", OperatingPoint(), ("v(a)",)), **arguments)
