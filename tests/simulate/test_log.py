"""Logs: what is read of very long ones. What lines mean is tested by real runs."""

from memcircuit.simulate.log import examine, read_log


def test_begin_and_end_of_a_very_long_log_are_read(tmp_path):
    path = tmp_path / "log"
    path.write_text("Warning: first\n" + "Error: -1 out of range for ln\n" * 300_000 + "last\n")
    log = read_log(path)
    assert len(log) <= 1_000_001
    findings = examine(log)
    assert findings.notes == ("Warning: first",)
    assert findings.tail[-1] == "last"
    assert len(findings.text.splitlines()) <= 50


def test_progress_is_not_part_of_the_log():
    findings = examine(" Reference value :  1.1e-06\r Reference value :  1.2e-06\r")
    assert findings.reached == "1.2e-06"
    assert findings.tail == ()
