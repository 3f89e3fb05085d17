"""A libngspice that stays gives what an ngspice for each run gives, whatever happens to it."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from waiting import gone, processor_ticks, wait_for

import memcircuit as mc
from memcircuit.errors import MemcircuitError, SimulationError
from memcircuit.experiments.pulse_train import prepare_pulse_train
from memcircuit.simulate import (
    ACSweep,
    DCSweep,
    Job,
    OperatingPoint,
    Options,
    Transient,
    doctor,
    ngspice_capabilities,
    persistent,
    persistent_process,
    run,
)
from memcircuit.simulate.locate import locate_libngspice
from memcircuit.simulate.ngspice import run_point
from memcircuit.simulate.persistent import library_version, persistent_ngspice

STAGE = """\
V1 d 0 PULSE(0 2 1n 1n 1n 50n 100n) AC 1
Vg g 0 1.5
Rd d a 1k
M1 a g 0 0 nm W=2u L=1u
C1 a 0 1p
D1 a 0 junction
.model junction D(is=1e-14 cjo=1p)
.model nm NMOS(level=1 vto=0.6 kp=1e-4 tox=1e-8 cgso=1e-10)"""
ANALYSES = (
    Transient(200e-9),
    OperatingPoint(),
    DCSweep("Vg", 0, 2, 0.1),
    ACSweep(5, 1e3, 1e9),
)
OPTIONS = (
    Options(),
    Options(reltol=1e-3, abstol=1e-9, vntol=1e-4),
    Options(method="gear"),
    Options(klu=False),
    Options(gmin=1e-9, gmin_steps=10, source_steps=10),
    Options(extra=("temp=85",)),
    Options(extra=("tnom=50", "trtol=1", "chgtol=1e-16", "xmu=0.4")),
    Options(extra=("itl1=500", "itl2=9", "itl4=3", "maxord=1", "pivrel=0.1", "pivtol=1e-10")),
)
# Newton's method needs 168 iterations to come down the exponential; 100 are allowed by default.
STEEP = "V1 b 0 5\nR1 b a 1\nB1 a 0 I=1e-14*(exp(40*v(a))-1)"
LONG = Job(
    "long", "V1 a 0 SIN(0 1 1k)\nR1 a 0 1k", Transient(1e-3, max_step=5e-9), ("v(a)", "i(v1)")
)
PARENT = """
from memcircuit.simulate import Job, OperatingPoint, Transient, run
from memcircuit.simulate.persistent import persistent_ngspice
circuit = "V1 a 0 SIN(0 1 1k)\\nR1 a 0 1k"
with persistent_ngspice() as session:
    run(Job("short", circuit, OperatingPoint(), ("v(a)",)))
    print(session.pid, flush=True)
    run(Job("long", circuit, Transient(1.0, max_step=1e-9), ("v(a)",)))
"""


@pytest.fixture
def library():
    found = locate_libngspice()
    if found is None or library_version(found) != ngspice_capabilities().version:
        pytest.skip("no libngspice of the version of ngspice")


@pytest.fixture
def session(library):  # noqa: ARG001
    with persistent_ngspice() as opened:
        yield opened


@contextlib.contextmanager
def plain(chosen=None):
    """Run as outside, or with the session that was chosen."""
    token = persistent._current.set(chosen)
    yield
    persistent._current.reset(token)


def resistor_source(path: Path, ohms: float) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f"""`include "disciplines.vams"
module stay_resistor(p, n);
  inout p, n;
  electrical p, n;
  parameter real r = {ohms};
  analog I(p, n) <+ V(p, n)/r;
endmodule
"""
    )
    return path


def same(found, expected) -> bool:
    """Equal in every bit, name, unit and attribute but the time it took."""
    bits = all(
        found[name].values.tobytes() == expected[name].values.tobytes()
        for name in expected.variables
    )
    clock = {"wall_time": 0.0}
    return bits and found.assign_attrs(clock).identical(expected.assign_attrs(clock))


def wait_for_work(pid: int, before: int) -> None:
    """Wait until a process has computed for two ticks more; the long run takes forty."""
    wait_for(lambda: processor_ticks(pid) >= before + 2, "work of the child")


def kill_at_work(pid: int, before: int) -> None:
    wait_for_work(pid, before)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("form", ["osdi", "behavioural"])
@pytest.mark.usefixtures("osdi", "library")
def test_every_card_bit_for_bit(form, rng):
    jobs = []
    for name in mc.card_names():
        train = prepare_pulse_train(mc.device(name), pulses=2, reset_pulses=1, form=form).job
        jobs += [
            # As coarse as the shape of the pulses allows: the bits matter here, not the device.
            replace(train, analysis=replace(train.analysis, max_step=train.analysis.stop / 300)),
            replace(train, analysis=OperatingPoint()),
        ]
    expected = [run(job) for job in jobs]
    assert len(jobs) == 32
    with persistent_ngspice() as session:
        for place in rng.permutation(len(jobs)):
            assert same(run(jobs[place]), expected[place]), jobs[place].title
    # A run that climbs the ladder, or says anything at all, is run again in the plain way.
    remarks = sum(data.attrs["notes"] != "" for data in expected)
    assert session.solved == len(jobs) - remarks
    assert session.doubted == remarks


def test_options_and_analyses_do_not_leak(session, rng):
    jobs = [
        (Job("stage", STAGE, analysis, ("v(a)", "i(V1)", "@m1[gm]")), options)
        for analysis in ANALYSES
        for options in OPTIONS
    ]
    with plain():
        expected = [run(job, options=options) for job, options in jobs]
    for place in rng.permutation(2 * len(jobs)):
        job, options = jobs[place % len(jobs)]
        assert same(run(job, options=options), expected[place % len(jobs)]), (job, options)
    assert (session.solved, session.doubted, session.starts) == (2 * len(jobs), 0, 1)


def test_an_operating_point_of_many_nodes(session):
    job = Job("stage", STAGE, OperatingPoint(), ("v(a)", "v(d)"))
    values, attributes = run_point(job)
    assert session.solved == 1
    assert values == {name: float(run(job)[name]) for name in job.vectors}
    assert attributes["attempts"] == 1


@pytest.mark.parametrize(
    ("circuit", "options"),
    [
        pytest.param("Rv a 0 1k\nI1 0 a DC 1m TRNOISE(1u 1n 0 0)", Options(), id="noise source"),
        pytest.param("V1 a 0 1\nR1 a 0 1k", Options(extra=("seed=3",)), id="seed"),
        pytest.param("V1 a 0 1\nR1 a 0 1k", Options(extra=("cshunt=1e-15",)), id="cshunt"),
    ],
)
def test_what_outlives_a_job_is_run_in_the_plain_way(session, circuit, options):
    run(Job("t", circuit, OperatingPoint(), ("v(a)",)), options=options)
    assert (session.solved, session.doubted) == (0, 0)


def test_a_kept_run_is_run_in_the_plain_way(session, tmp_path):
    run(Job("t", "V1 a 0 1\nR1 a 0 1k", OperatingPoint(), ("v(a)",)), keep=tmp_path / "kept")
    assert (tmp_path / "kept" / "deck.cir").exists()
    assert session.solved == 0


def test_a_module_of_the_same_name_and_other_content(session, tmp_path, osdi):  # noqa: ARG001
    sources = [
        resistor_source(tmp_path / str(ohms) / "stay_resistor.va", ohms) for ohms in (1e3, 3e3)
    ]
    circuit = "V1 b 0 1\nR1 b a 1k\nN1 a 0 unit\n.model unit stay_resistor"
    for source, expected in [*zip(sources, (0.5, 0.75), strict=True)] * 2:
        data = run(Job("t", circuit, OperatingPoint(), ("v(a)",), (source,)))
        assert float(data["v(a)"]) == pytest.approx(expected, rel=1e-9)
    assert (session.solved, session.starts) == (4, 4)
    again = Job("t", circuit, OperatingPoint(), ("v(a)",), (sources[1],))
    run(again)
    assert session.starts == 4
    # A module that a job does not name is not there for it, loaded or not.
    with pytest.raises(SimulationError, match="no result"):
        run(replace(again, verilog_a=()))


@pytest.mark.parametrize(
    "circuit",
    [
        "V1 a 0 1\nV2 a 0 2\nR1 a 0 1k",
        "V1 a 0 1\nX1 a 0 nothing",
        "V1 a 0 1\nR1 a 0 {nothing}",
        "V1 a 0 1\nD1 a 0 nothing",
        "V1 b 0 1\nR1 b 0 1k",
    ],
    ids=["loop of sources", "no subcircuit", "no parameter", "no model", "no vector"],
)
def test_an_error_is_the_plain_one_and_the_next_job_right(session, runs, circuit):  # noqa: ARG001
    good = Job("good", STAGE, OperatingPoint(), ("v(a)",))
    bad = Job("bad", circuit, OperatingPoint(), ("v(a)",))
    first = run(good)
    told = []
    for place in (session, None):
        with plain(place), pytest.raises(MemcircuitError) as caught:
            run(bad)
        told.append(re.sub(r"memcircuit-run-\w+", "", str(caught.value)))
        assert (caught.value.run_directory / "deck.cir").exists()
    assert told[0] == told[1]
    assert same(run(good), first)
    assert (session.solved, session.doubted, session.starts) == (2, 1, 2)


def test_a_circuit_that_does_not_converge_climbs_the_ladder_in_the_plain_way(session):
    job = Job("steep", STEEP, OperatingPoint(), ("v(a)",))
    with plain():
        expected = run(job, options=Options(gmin_steps=0, source_steps=0))
    found = run(job, options=Options(gmin_steps=0, source_steps=0))
    assert expected.attrs["attempts"] > 1
    assert same(found, expected)
    assert (session.solved, session.doubted) == (0, 1)


def test_it_gives_up_after_a_row_of_doubts(session):
    job = Job("steep", STEEP, OperatingPoint(), ("v(a)",))
    for _ in range(7):
        run(job, options=Options(gmin_steps=0, source_steps=0))
    assert session.doubted == session.starts == 5


def test_a_child_is_replaced_before_it_grows(session, monkeypatch):
    monkeypatch.setattr(persistent_process, "_JOBS_PER_CHILD", 2)
    job = Job("t", "V1 a 0 1\nR1 a 0 1k", OperatingPoint(), ("v(a)",))
    seen = []
    for _ in range(5):
        run(job)
        seen.append(session.pid)
    assert len(set(seen)) == session.starts == 3
    wait_for(lambda: gone(seen[0]), "the end of the first child")


def test_a_child_killed_in_the_middle(session):
    with plain():
        expected = run(LONG)
    run(replace(LONG, analysis=OperatingPoint()))
    first = session.pid
    killer = threading.Thread(target=kill_at_work, args=(first, processor_ticks(first)))
    killer.start()
    assert same(run(LONG), expected)
    killer.join()
    assert session.doubted == 1
    assert same(run(LONG), expected)
    assert session.pid not in {first, None}
    assert (session.solved, session.doubted, session.starts) == (2, 1, 2)


def test_a_child_killed_between_two_jobs(session):
    job = Job("t", "V1 a 0 1\nR1 a 0 1k", OperatingPoint(), ("v(a)",))
    expected = run(job)
    os.kill(session.pid, signal.SIGKILL)
    assert same(run(job), expected)
    assert same(run(job), expected)
    assert (session.solved, session.doubted, session.starts) == (2, 1, 2)


@pytest.mark.usefixtures("library")
def test_a_parent_killed_takes_its_child_along():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    wait_for_work(child, processor_ticks(child))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_for(lambda: gone(child), "the end of the child")


def test_the_time_limit_holds_and_the_next_job_runs(session, runs):  # noqa: ARG001
    short = replace(LONG, analysis=OperatingPoint())
    run(short)
    first = session.pid
    endless = replace(LONG, analysis=Transient(1.0, max_step=1e-9))
    with pytest.raises(SimulationError, match=r"stopped after time_limit=0.3 s"):
        run(endless, time_limit=0.3)
    wait_for(lambda: gone(first), "the end of the child that ran out of time")
    run(short)
    assert session.solved == 2


def test_nothing_stays_behind(library, runs):  # noqa: ARG001
    with persistent_ngspice() as session:
        run(replace(LONG, analysis=OperatingPoint()))
        pid = session.pid
        assert len(list(runs.iterdir())) == 1
    assert gone(pid)
    assert list(runs.iterdir()) == []
    assert persistent.current_persistent() is None


def test_other_threads_run_as_outside(session):
    job = Job("t", "V1 a 0 1\nR1 a 0 1k", OperatingPoint(), ("v(a)",))
    found = []
    thread = threading.Thread(target=lambda: found.append(float(run(job)["v(a)"])))
    thread.start()
    thread.join()
    assert found == [1.0]
    assert session.starts == 0


def test_without_a_library_everything_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("MEMCIRCUIT_LIBNGSPICE", str(tmp_path / "no" / "libngspice.so"))
    with persistent_ngspice() as session:
        for _ in range(2):
            data = run(Job("t", "V1 a 0 1\nR1 a 0 1k", OperatingPoint(), ("v(a)",)))
    assert float(data["v(a)"]) == 1.0
    assert (session.solved, session.starts) == (0, 1)
    report = next(report for report in doctor() if report.name == "libngspice")
    assert report.capable == {"persistent runs": False}
    assert "cannot be loaded" in report.problem
    assert "lib" in report.remedy


def test_a_library_of_another_version_is_left_alone(session):
    job = Job("t", "V1 a 0 1\nR1 a 0 1k", OperatingPoint(), ("v(a)",))
    for _ in range(2):
        assert session.plot(job, Options(), (), version="39", time_limit=10.0) is None
    assert (session.solved, session.starts) == (0, 1)


@pytest.mark.usefixtures("library")
def test_the_doctor_sees_the_library():
    report = next(report for report in doctor() if report.name == "libngspice")
    assert report.version == ngspice_capabilities().version
    assert report.capable == {"persistent runs": True}
    assert not report.problem


def test_memory_stays(session):
    job = Job("t", STAGE, Transient(20e-9), ("v(a)", "i(V1)"))

    def resident() -> int:
        status = Path(f"/proc/{session.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])

    for _ in range(50):
        run(job)
    before = resident()
    for _ in range(200):
        run(job)
    assert session.starts == 1
    assert resident() - before < 2000  # kB
