"""Real tools, a cache of our own, and run directories that can be looked at."""

import tempfile
from pathlib import Path

import pytest

from memcircuit.simulate import Job, OperatingPoint, preferred_form

RESISTOR = """\
`include "constants.vams"
`include "disciplines.vams"
module cell_resistor(p, n);
  inout p, n;
  electrical p, n;
  parameter real r = 1000.0 from (0:inf);
  (*type="instance"*) parameter real scale = 1.0 from (0:10];
  analog I(p, n) <+ V(p, n)/(r*scale);
endmodule
"""


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_cache(shared_cache, monkeypatch):
    monkeypatch.setenv("MEMCIRCUIT_CACHE", str(shared_cache))


@pytest.fixture
def fresh_cache(tmp_path, monkeypatch):
    directory = tmp_path / "cache"
    monkeypatch.setenv("MEMCIRCUIT_CACHE", str(directory))
    return directory


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Directory in which the run directories are made."""
    directory = tmp_path / "runs"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


@pytest.fixture
def osdi():
    if preferred_form() != "osdi":
        pytest.skip("no Verilog-A compiler, or an ngspice without OSDI")


@pytest.fixture
def resistor(tmp_path, osdi) -> Path:  # noqa: ARG001
    """Verilog-A resistor with a model parameter r and an instance parameter scale."""
    path = tmp_path / "cell_resistor.va"
    path.write_text(RESISTOR)
    return path


@pytest.fixture
def operating_point():
    """Make the job that asks for voltages of a circuit's operating point."""

    def make(circuit, *vectors, verilog_a=(), title="test"):
        return Job(title, circuit, OperatingPoint(), vectors or ("v(a)",), tuple(verilog_a))

    return make
