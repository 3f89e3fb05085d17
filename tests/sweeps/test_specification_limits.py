"""Limits of a sweep file: the yield they count, and what no result can be limited by."""

import pytest
from sweep_files import loaded, told
from synthetic_sweeps import swept

from memcircuit.errors import UsageError

TRAIN = """\
experiment = "pulse_train"
[device]
card = "lin2022_hfo2"
[arguments]
pulses = 1
reset_pulses = 0
[grid]
"device.k_set" = [0.01, 0.02]
"""
CELLS = """\
experiment = "write_verify_cells"
[device]
card = "lin2022_hfo2"
[arguments]
targets = ["30uS"]
[grid]
"device.k_set" = [0.01, 0.02]
"""
LIMITS = '[limits]\nconductance = { low = "20uS", high = "40uS", at = { pulse = -1 } }\n'
LINE = TRAIN.count("\n") + 2  # of the first limit
KEPT = "[measure]\nconductance = { at = { pulse = 0 } }\n"


def _result():
    """Return conductances (S) of four points before and after a pulse, as a sweep returns them."""
    values = [[1e-6, 19e-6], [1e-6, 30e-6], [30e-6, 41e-6], [0, 40e-6]]
    gates = {"gate": ("point", [0.0, 1.0, 2.0, 3.0])}
    return swept({"point": 4}, gates, {"conductance": (("pulse",), values)})


def test_limits_count_a_yield(tmp_path):
    found = _result()
    assert loaded(tmp_path, TRAIN + LIMITS).yield_of(found).share == 0.5
    assert loaded(tmp_path, TRAIN).yield_of(found) is None
    for old, new, message in (
        ('"20uS", high = "40uS"', '"20uA"', "have unit 'A'; that of conductance is 'S'"),
        ("pulse = -1", "pulse = 2", "at pulse = 2, but there are 2"),
        ("conductance =", "weight =", "there is no such result; there is .*conductance"),
    ):
        with pytest.raises(UsageError, match=message) as refused:
            loaded(tmp_path, TRAIN + LIMITS.replace(old, new)).yield_of(found)
        assert f"spec.toml:{LINE}: limits." in str(refused.value)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("energy = { low = 2, high = '1J' }",
         "limits.energy: low = 2 is above high = 1; expected low below high"),
        ("energy = {}", "limits.energy: limits nothing; give low"),
        ("energy = { low = '1J', high = '2V' }", "low has unit 'J' and high 'V'; expected one"),
        ("energy = { low = 'nan' }", "limits.energy.low: 'nan' is not finite"),
        ("enrgy = { low = '1J' }", "limits.enrgy: no result 'enrgy'; did you mean 'energy'?"),
        ("energy = { low = 1, at = { puls = 1 } }", "energy has no dimension 'puls', but cell, p"),
        ("error = { low = 1 }", "error is what the sweep itself says of its points; choose ano"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_line_before_anything_runs(entry, message, tmp_path):
    assert message in told(tmp_path, f"{TRAIN}[limits]\n{entry}\n", LINE)


def test_limits_are_of_what_is_kept(tmp_path):
    entry = "[limits]\nconductance = { low = 1, at = { pulse = 0 } }\n"
    assert "conductance has no dimension 'pulse', but cell" in told(
        tmp_path, TRAIN + KEPT + entry, LINE + 2
    )
    told(tmp_path, TRAIN + KEPT + "[limits]\nenergy = { low = 1 }\n", LINE + 2)
    assert loaded(tmp_path, TRAIN + KEPT + LIMITS.replace(", at = { pulse = -1 }", "")).limits


def test_an_error_of_the_experiments_own_has_a_name_of_its_own(tmp_path):
    line = CELLS.count("\n") + 2
    message = told(tmp_path, CELLS + '[limits]\nerror = { high = "1uS" }\n', line)
    assert "use result_error" in message
    asked = loaded(tmp_path, CELLS + '[limits]\nresult_error = { high = "1uS" }\n')
    assert asked.limits["result_error"].high == 1e-6
