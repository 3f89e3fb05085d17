"""Jobs, analyses and options: the netlist they write, and what they refuse."""

import math
from pathlib import Path

import numpy as np
import pytest

from memcircuit.errors import UsageError
from memcircuit.simulate import ACSweep, DCSweep, Job, OperatingPoint, Options, Transient
from memcircuit.simulate.options import ladder


def job(**changes):
    parts = {
        "title": "test",
        "circuit": "V1 a 0 1\nR1 a 0 1k",
        "analysis": OperatingPoint(),
        "vectors": ("v(a)",),
    }
    return Job(**(parts | changes))


@pytest.mark.parametrize(
    ("analysis", "command"),
    [
        (OperatingPoint(), "op"),
        (Transient(1e-3), "tran 1e-06 0.001"),
        (Transient(1e-3, step=1e-5), "tran 1e-05 0.001"),
        (Transient(1e-3, max_step=1e-5), "tran 1e-05 0.001 0.0 1e-05"),
        (Transient(2e-3, start=1e-3), "tran 1e-06 0.002 0.001"),
        (Transient(np.float64(1e-3), np.float64(1e-5)), "tran 1e-05 0.001"),
        (DCSweep("V1", 0, 1, 0.1), "dc V1 0.0 1.0 0.1"),
        (DCSweep("i2", 1, -1, 0.5), "dc i2 1.0 -1.0 -0.5"),
        (ACSweep(10, 1, 1e6), "ac dec 10 1.0 1000000.0"),
    ],
)
def test_commands(analysis, command):
    assert analysis.command() == command


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Transient(0.0), "stop"),
        (lambda: Transient(-1.0), "stop"),
        (lambda: Transient(math.nan), "stop"),
        (lambda: Transient(math.inf), "stop"),
        (lambda: Transient(1.0, step=0.0), "step"),
        (lambda: Transient(1.0, max_step=-1.0), "max_step"),
        (lambda: Transient(1.0, start=1.0), "start"),
        (lambda: Transient(1.0, start=-0.5), "start"),
        (lambda: DCSweep("V1\nquit", 0, 1, 0.1), "source"),
        (lambda: DCSweep("C1", 0, 1, 0.1), "source"),
        (lambda: DCSweep("V1", 0, 1, -0.1), "step"),
        (lambda: DCSweep("V1", 1, 1, 0.1), "distance"),
        (lambda: DCSweep("V1", 0, math.inf, 0.1), "stop"),
        (lambda: ACSweep(0, 1, 10), "points_per_decade"),
        (lambda: ACSweep(10, 0, 10), "start"),
        (lambda: ACSweep(10, 10, 1), "stop"),
        (lambda: Options(reltol=0), "reltol"),
        (lambda: Options(reltol=2), "reltol"),
        (lambda: Options(gmin=math.nan), "gmin"),
        (lambda: Options(method="euler"), "method"),
        (lambda: Options(gmin_steps=-1), "gmin_steps"),
        (lambda: Options(extra=("itl1=3\nquit",)), "form"),
        (lambda: Options(extra=("foobar=3",)), "no option 'foobar'"),
        (lambda: Options(extra=("reltol=3",)), "own place"),
        (lambda: job(vectors=()), "vectors"),
        (lambda: job(vectors=("v(a) v(b)",)), "form"),
        (lambda: job(vectors=("v(a)\nshell ls",)), "form"),
        (lambda: job(vectors=("v(a)", "V(A)")), "twice"),
        (lambda: job(circuit=".control"), "line 1"),
        (lambda: job().deck(Options(), ["../x.osdi"]), "library"),
    ],
)
def test_nonsense_is_refused_by_name(make, words):
    with pytest.raises(UsageError, match=words):
        make()


@pytest.mark.parametrize(
    "title",
    [
        "",
        "*ng_script",
        ".control",
        "a\n.control\nshell touch x",
        "tab\tand `tick`",
        "{foo} 'x' \x1b",
    ],
)
def test_a_title_is_one_harmless_line(title):
    first, second = job(title=title).deck(Options(), []).splitlines()[:2]
    assert first.startswith("memcircuit: ")
    assert not set(first) & set("`{}'\"$*\t\x1b")
    assert second == "V1 a 0 1"


def test_save_lines_stay_short_enough_for_ngspice():
    names = tuple(f"v(column_{n:05d})" for n in range(2500))
    deck = job(vectors=names, analysis=Transient(1e-6)).deck(Options(), [])
    saves = [line for line in deck.splitlines() if line.startswith("save ")]
    assert max(map(len, saves)) <= 1000
    assert max(len(line.split()) - 1 for line in saves) <= 100
    assert [name for line in saves for name in line.split()[1:]] == list(names)


def test_a_large_operating_point_saves_all_and_what_is_not_in_all():
    nodes = tuple(f"v(a{n})" for n in range(100))
    names = ("I(V1)", "@r1[p]", "n1#temperature", "v(n1#flow)")
    assert "save all @r1[p] n1#temperature v(n1#flow)" in job(vectors=nodes + names).deck(
        Options(), []
    )
    assert " ".join(["save", *nodes]) in job(vectors=nodes).deck(Options(), [])


def test_library_names_are_plain_and_different():
    files = tuple(map(Path, ("a/my cell.va", "b/my cell.va", "c/x.va")))
    assert job(verilog_a=files).library_names() == ["my_cell.osdi", "my_cell_2.osdi", "x.osdi"]


def test_the_ladder_starts_as_asked_and_never_tightens():
    asked = Options(reltol=5e-4, extra=("itl1=7", "temp=85"))
    rungs = list(ladder(asked))
    assert rungs[0] == ("as asked", asked)
    assert len({name for name, _ in rungs}) == len(rungs)
    for _, options in rungs[1:]:
        assert options.method == "gear"
        assert options.extra[0] == "temp=85"
        assert "itl1=7" not in options.extra
        assert asked.reltol <= options.reltol <= 1e-3
    assert list(ladder(Options(reltol=1e-2)))[-1][1].reltol == 1e-2
