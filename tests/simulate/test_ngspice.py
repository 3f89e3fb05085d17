"""Runs of the real ngspice against closed forms."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from waiting import wait_for

from memcircuit.errors import SimulationError, ToolMissingError, UsageError
from memcircuit.simulate import (
    ACSweep,
    DCSweep,
    Job,
    OperatingPoint,
    Options,
    Transient,
    export,
    find_ngspice,
    ngspice_capabilities,
    run,
)
from memcircuit.simulate.options import ladder

R, C = 1e3, 1e-9
RC = f"V1 a 0 PULSE(0 1 0 1p 1p 1 2) AC 1\nR1 a b {R}\nC1 b 0 {C}"
# Newton's method needs 168 iterations to come down the exponential; 100 are allowed by default.
STEEP = "V1 a 0 5\nR1 a b 1\nB1 b 0 I=1e-14*(exp(40*v(b))-1)"
# dv/dt = 1000 v^2 + 1000 has no solution after about 0.8 ms.
BLOW_UP = "C1 x 0 1u\nB1 0 x I=1e-3*v(x)*v(x)+1e-3\nR1 x 0 1e9\n.ic v(x)=1"
LONG = Transient(stop=1.0, max_step=1e-9)

PARENT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
from memcircuit.simulate import Job, Transient, run
run(Job("long", "V1 a 0 SIN(0 1 1k)\\nR1 a 0 1k", Transient(1.0, max_step=1e-9), ("v(a)",)))
"""

NO_ROOM = """
import resource
from memcircuit.simulate import Job, OperatingPoint, ngspice_capabilities, run
ngspice_capabilities()
resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40))
try:
    run(Job("t", "V1 a 0 1\\nR1 a 0 1k", OperatingPoint(), ("v(a)",)))
except Exception as error:
    print(type(error).__name__, error)
"""


def test_charging_of_a_capacitor():
    data = run(Job("RC", RC, Transient(5e-6, max_step=1e-8), ("v(b)", "i(V1)")))
    t = data["time"].to_numpy()
    exact = 1 - np.exp(-t / (R * C))
    np.testing.assert_allclose(data["v(b)"], exact, atol=2e-5)
    after = t > 2e-12  # the edge of the source
    current = data["i(V1)"].to_numpy()[after]
    np.testing.assert_allclose(current, -np.exp(-t[after] / (R * C)) / R, atol=2e-8)
    assert t[-1] == pytest.approx(5e-6, rel=1e-9)
    assert (data["time"].units, data["v(b)"].units, data["i(V1)"].units) == ("s", "V", "A")


def test_small_signal_answer_of_a_low_pass():
    data = run(Job("RC", RC, ACSweep(10, 1e3, 1e7), ("v(b)",)))
    f = data["frequency"].to_numpy()
    assert (f[0], f[-1], f.size) == (1e3, pytest.approx(1e7), 41)
    np.testing.assert_allclose(data["v(b)"], 1 / (1 + 2j * np.pi * f * R * C), rtol=1e-9)
    assert data["frequency"].units == "Hz"


@pytest.mark.parametrize(("start", "stop"), [(-1.0, 1.0), (1.0, -1.0)])
def test_sweep_of_a_divider(start, stop):
    circuit = "V1 a 0 0\nR1 a b 1k\nR2 b 0 3k"
    data = run(Job("divider", circuit, DCSweep("V1", start, stop, 0.1), ("v(b)", "i(v1)")))
    v = data["sweep"].to_numpy()
    np.testing.assert_allclose(v, np.linspace(start, stop, 21), atol=1e-12)
    np.testing.assert_allclose(data["v(b)"], 0.75 * v, atol=1e-12)
    np.testing.assert_allclose(data["i(v1)"], -v / 4e3, atol=1e-15)
    assert data["sweep"].units == "V"


def test_operating_point_has_no_dimension(operating_point):
    data = run(operating_point("V1 a 0 1\nR1 a b 1k\nR2 b 0 3k", "v(b)"))
    assert data["v(b)"].dims == ()
    assert float(data["v(b)"]) == pytest.approx(0.75, rel=1e-12)


def test_stored_part_of_a_transient():
    data = run(Job("end", RC, Transient(5e-6, max_step=1e-8, start=4e-6), ("v(b)",)))
    assert float(data["time"][0]) >= 4e-6 * (1 - 1e-9)


def test_words_that_look_like_trouble_are_only_words():
    circuit = "Verror error 0 1\nRfail error ignored 1k\nRaborted ignored 0 1k"
    vectors = ("v(error)", "v(ignored)", "i(Verror)")
    data = run(Job("error: unknown vector ignored", circuit, OperatingPoint(), vectors))
    assert float(data["v(ignored)"]) == pytest.approx(0.5)


def test_compiled_device_in_a_subcircuit(resistor):
    circuit = "V1 a 0 1\nX1 a b cell\nX2 b 0 cell\n.subckt cell p n\nN1 p n mm scale=2\n.ends\n"
    circuit += ".model mm cell_resistor r=500"
    data = run(Job("osdi", circuit, OperatingPoint(), ("v(b)", "i(v1)"), (resistor,)))
    assert float(data["v(b)"]) == pytest.approx(0.5)
    assert float(data["i(v1)"]) == pytest.approx(-0.5e-3)


@pytest.mark.usefixtures("osdi")
def test_internal_node_and_device_quantities(tmp_path):
    source = tmp_path / "state.va"
    source.write_text(
        '`include "disciplines.vams"\nmodule state(p, n);\ninout p, n;\nelectrical p, n, x;\n'
        '(*desc="state"*) real s;\nanalog begin\ns = 0.25 + V(x);\n'
        "I(x) <+ 1e-3*V(x) - 1e-4;\nI(p, n) <+ V(p, n)*1e-3;\nend\nendmodule\n"
    )
    circuit = "V1 a 0 1\nX1 a cell\n.subckt cell p\nN1 p 0 mm\nR1 p 0 1k\n.model mm state\n.ends"
    vectors = ("n.x1.n1#x", "@n.x1.n1[s]", "@r.x1.r1[i]")
    data = run(Job("state", circuit, OperatingPoint(), vectors, (source,)))
    assert [float(data[name]) for name in vectors] == pytest.approx([0.1, 0.35, 1e-3])
    assert [data[name].units for name in vectors] == ["V", "", "A"]


def test_thousands_of_vectors_all_come_back():
    n = 2500
    circuit = "V1 n0 0 1\n" + "\n".join(f"R{k} n{k} n{k + 1} 1" for k in range(n))
    circuit += f"\nR{n} n{n} 0 1"
    vectors = tuple(f"v(n{k})" for k in range(n))
    data = run(Job("ladder", circuit, OperatingPoint(), vectors))
    values = np.array([float(data[name]) for name in vectors])
    np.testing.assert_allclose(values, 1 - np.arange(n) / (n + 1), atol=1e-9)


def test_the_dataset_says_how_it_was_obtained_and_survives_netcdf(tmp_path, runs):
    data = run(Job("RC", RC, Transient(1e-6), ("v(b)",)))
    assert data.attrs["attempts"] == 1
    assert data.attrs["attempt"] == "as asked"
    assert "reltol=1e-06" in data.attrs["options"]
    assert data.attrs["simulator"] == f"ngspice {ngspice_capabilities().version}"
    assert data.attrs["points"] == data.sizes["time"]
    data.to_netcdf(tmp_path / "a.nc", engine="scipy")
    with xr.open_dataset(tmp_path / "a.nc", engine="scipy") as back:
        xr.testing.assert_equal(back.load(), data)
        assert back.attrs["notes"] == data.attrs["notes"]
    assert list(runs.iterdir()) == []


def test_gmin_stepping_that_succeeds_is_no_error_but_noted(operating_point):
    data = run(operating_point(STEEP, "v(b)"))
    assert data.attrs["attempts"] == 1
    assert "gmin stepping completed" in data.attrs["notes"]
    v = float(data["v(b)"])
    assert 1e-14 * np.expm1(40 * v) == pytest.approx(5 - v, rel=1e-4)


def test_missing_convergence_climbs_the_ladder(operating_point):
    data = run(operating_point(STEEP, "v(b)"), options=Options(gmin_steps=0, source_steps=0))
    assert (data.attrs["attempts"], data.attrs["attempt"]) == (2, "gear")
    assert "itl1=500" in data.attrs["options"]
    assert "as asked: no convergence" in data.attrs["notes"]
    v = float(data["v(b)"])
    assert 1e-14 * np.expm1(40 * v) == pytest.approx(5 - v, rel=1e-4)


@pytest.mark.parametrize(
    ("circuit", "words"),
    [
        ("V1 a 0 1\nR1 a", "not a valid resistor instance|set to"),
        ("V1 a 0 1\nR1 a 0", "not a valid resistor instance|set to"),
        ("V1 a 0 1\nC1 a", "not a valid capacitor|singular"),
        ("V1 a 0 1\nR1 a 0 {nope}", "(?i)undefined"),
        ("V1 a 0 1\nR1 a 0 1k nope=3", "unknown parameter"),
        ("V1 a 0 1\nR1 a 0 1k\nR1 a 0 1k", "already exists"),
        ("V1 a 0 1\nX1 a 0 nope", "unknown subckt"),
        ("V1 a 0 1\nM1 a a 0 0 nope", "can't find model"),
        ("V1 a 0 1\nM1 a a 0 0 nm\n.model nm nmos(ronn=3)", "unrecognized parameter"),
        ("V1 a 0 1\nB1 a 0 I=nope(v(a))", "no such function"),
        ("V1 a 0 1\nF1 a 0 vnope 3", "unknown controlling source"),
        ("V1 a 0 1\nR1 a 0 1k\n.ic v(nope)=1", "non-existent node"),
        ("V1 a 0 1\nX1 a c\n.subckt c p n\nR1 p n 1\n.ends", "(?i)too few parameters"),
        ("V1 a 0 1\nX1 a 0 c\n.subckt c p n\nR1 p n 1", "(?i)mismatch"),
    ],
)
def test_what_ngspice_does_not_understand(operating_point, runs, circuit, words):
    with pytest.raises(SimulationError, match=words) as caught:
        run(operating_point(circuit))
    assert caught.value.log
    assert (caught.value.run_directory / "deck.cir").exists()
    assert runs in caught.value.run_directory.parents
    assert str(caught.value.run_directory) in str(caught.value)
    assert "as asked" in str(caught.value)
    assert "gear" not in str(caught.value)


@pytest.mark.usefixtures("runs")
def test_a_resistance_of_zero_is_not_replaced_in_silence(operating_point):
    if float(ngspice_capabilities().version) < 46:
        pytest.skip("older ones replace it without a word")
    with pytest.raises(SimulationError, match="set to"):
        run(operating_point("V1 a 0 1\nR1 a 0 0"))


@pytest.mark.parametrize(
    ("device", "words"),
    [
        ("N1 a 0 mm\n.model mm cell_resistor rr=3", r"unrecognized parameter \(rr\)"),
        ("N1 a 0 mm x0=3\n.model mm cell_resistor r=3", r"unknown parameter \(x0\)"),
        ("N1 a 0 mm scale=30\n.model mm cell_resistor r=3", "scale is out of bounds"),
        ("N1 a 0 mm\n.model mm cell_resistor r=-3", "r is out of bounds"),
        ("N1 a 0 nope", "(?i)can't find model|unable to find"),
        ("N1 a 0 mm\n.model mm nope r=3", "(?i)unable to find"),
    ],
)
@pytest.mark.usefixtures("runs")
def test_what_a_compiled_device_does_not_understand(operating_point, resistor, device, words):
    with pytest.raises(SimulationError, match=words):
        run(operating_point(f"V1 a 0 1\n{device}", verilog_a=[resistor]))


@pytest.mark.parametrize("analysis", [OperatingPoint(), Transient(1e-5)])
@pytest.mark.parametrize(
    ("circuit", "vector"),
    [
        ("V1 a 0 1\nR1 a 0 1k\nC1 a b 1n\nC2 b 0 1n", "v(b)"),
        ("V1 a 0 1\nM1 a b 0 0 nm\n.model nm nmos(vto=1)", "v(b)"),
        ("V1 a 0 1\nR1 a 0 1k\nR2 b c 1k\nV2 b c 1", "v(b)"),
        ("V1 a b 1\nR1 a b 1k", "v(a)"),
        ("V1 a 0 1\nV2 a 0 2\nR1 a 0 1k", "v(a)"),
    ],
    ids=["capacitors only", "gate", "island", "no ground", "source loop"],
)
@pytest.mark.usefixtures("runs")
def test_circuits_without_a_solution(analysis, circuit, vector):
    """Floating nodes and loops of sources, which ngspice would rescue with worthless numbers."""
    with pytest.raises(SimulationError, match="singular matrix"):
        run(Job("none", circuit, analysis, (vector,)))


def test_a_node_fed_by_current_sources_alone_is_refused():
    with pytest.raises(UsageError, match="nothing but current sources"):
        Job("float", "V1 a 0 1\nR1 a 0 1k\nI1 0 b 1m", OperatingPoint(), ("v(b)",))


@pytest.mark.parametrize("vectors", [("v(zz)",), ("v(a)", "v(zz)"), ("v(a)", "i(v9)"), ("@r9[i]",)])
@pytest.mark.usefixtures("runs")
def test_missing_vectors_are_named(vectors):
    with pytest.raises(SimulationError, match=r"no such vector|no data saved|not available"):
        run(Job("missing", "V1 a 0 1\nR1 a 0 1k", OperatingPoint(), vectors))


@pytest.mark.usefixtures("runs")
def test_missing_swept_source():
    with pytest.raises(SimulationError, match='"v7" is not in the circuit'):
        run(Job("dc", "V1 a 0 1\nR1 a 0 1k", DCSweep("v7", 0, 1, 0.1), ("v(a)",)))


@pytest.mark.usefixtures("runs")
def test_timestep_too_small_names_every_attempt():
    with pytest.raises(SimulationError, match="Timestep too small") as caught:
        run(Job("blow up", BLOW_UP, Transient(1e-2, max_step=1e-5), ("v(x)",)))
    for name, _ in ladder(Options()):
        assert f"{name}: no convergence" in str(caught.value)
    assert 'trouble with node "x"' in caught.value.log


def test_time_limit(runs):
    with pytest.raises(SimulationError, match=r"time_limit=0\.5 s"):
        run(Job("long", "V1 a 0 SIN(0 1 1k)\nR1 a 0 1k", LONG, ("v(a)",)), time_limit=0.5)
    assert children(runs) == []


@pytest.mark.usefixtures("runs")
def test_file_limit():
    if shutil.which("prlimit") is None:
        pytest.skip("no prlimit")
    with pytest.raises(SimulationError, match="file_limit=10000"):
        run(Job("RC", RC, Transient(1e-6, max_step=1e-9), ("v(b)",)), file_limit=10_000)


def test_keep_receives_the_whole_run(tmp_path, runs, resistor):
    circuit = "V1 a 0 1\nN1 a 0 mm\n.model mm cell_resistor"
    job = Job("kept", circuit, OperatingPoint(), ("i(v1)",), (resistor,))
    run(job, keep=tmp_path / "kept")
    names = {path.name for path in (tmp_path / "kept").iterdir()}
    assert {"deck.cir", "cell_resistor.osdi", "result.raw", "ngspice.out"} <= names
    assert list(runs.iterdir()) == []
    (tmp_path / "blocked").write_text("")
    with pytest.raises((UsageError, SimulationError), match="blocked"):
        run(job, keep=tmp_path / "blocked")


def test_a_failed_run_is_kept_where_asked(tmp_path, runs, operating_point):
    with pytest.raises(SimulationError) as caught:
        run(operating_point("V1 a 0 1\nR1 a"), keep=tmp_path / "kept")
    assert caught.value.run_directory == tmp_path / "kept"
    assert (tmp_path / "kept" / "deck.cir").exists()
    assert list(runs.iterdir()) == []


def test_export_runs_in_plain_ngspice(tmp_path, resistor):
    circuit = "V1 a 0 1\nN1 a 0 mm\n.model mm cell_resistor r=250"
    job = Job("exported", circuit, OperatingPoint(), ("i(v1)",), (resistor,))
    deck = export(job, tmp_path / "out")
    command = [str(find_ngspice()), "-b", deck.name]
    subprocess.run(command, cwd=deck.parent, check=True, capture_output=True)
    data = np.frombuffer((deck.parent / "result.raw").read_bytes().split(b"Binary:\n")[1])
    assert data[0] == pytest.approx(-4e-3)


def test_export_into_a_place_that_cannot_be(tmp_path, operating_point):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file"):
        export(operating_point("V1 a 0 1\nR1 a 0 1"), tmp_path / "file")


def test_start_up_files_are_not_read(tmp_path, monkeypatch, operating_point):
    (tmp_path / ".spiceinit").write_text(f"shell touch {tmp_path}/hacked\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    run(operating_point("V1 a 0 1\nR1 a 0 1"))
    assert not (tmp_path / "hacked").exists()


def test_no_ngspice(tmp_path, monkeypatch, operating_point):
    monkeypatch.setenv("MEMCIRCUIT_NGSPICE", str(tmp_path / "nowhere"))
    with pytest.raises(ToolMissingError, match="MEMCIRCUIT_NGSPICE"):
        run(operating_point("V1 a 0 1\nR1 a 0 1"))


def test_an_interrupt_leaves_no_ngspice_and_no_directory(tmp_path):
    parent = start_parent(tmp_path)
    parent.send_signal(signal.SIGINT)
    assert parent.wait(120) != 0
    wait_for(lambda: children(tmp_path) == [], "the end of ngspice")
    assert list(tmp_path.glob("memcircuit-run-*")) == []


def test_killing_the_parent_leaves_no_ngspice(tmp_path):
    if shutil.which("setpriv") is None:
        pytest.skip("no setpriv")
    parent = start_parent(tmp_path)
    parent.kill()
    parent.wait()
    wait_for(lambda: children(tmp_path) == [], "the end of ngspice")


def test_a_run_directory_without_room(tmp_path):
    """A limit of 40 bytes on every file stands for the full disk."""
    command = [sys.executable, "-c", NO_ROOM]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "SimulationError" in answer.stdout
    assert str(tmp_path) in answer.stdout
    assert "TMPDIR" in answer.stdout
    assert list(tmp_path.iterdir()) == []


def start_parent(directory):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        env={**os.environ, "TMPDIR": str(directory)},
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: children(directory), "the start of ngspice")
    return parent


def children(directory):
    """Processes that work below a directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if directory in (process / "cwd").readlink().parents:
                found.append(int(process.name))
        except OSError:
            continue
    return found
