"""Netlists that somebody else wrote: what they give, and what a trusted one may do."""

import numpy as np
import pytest

from memcircuit.errors import SimulationError, UsageError
from memcircuit.simulate import Job, Transient, export, run
from memcircuit.simulate.foreign import run_netlist

CIRCUIT = "V1 a 0 1\nR1 a 0 1k\n"
RC = """\
A low-pass of Müller, 1 kΩ
* comments may say µ and `anything`
V1 in 0 SIN(0 1 1meg) AC 1 ; a semicolon
R1 in out {r} $ a dollar after a blank
C1 out 0
* between continuation lines

+ 1n // two slashes
.param r=1k periods=20
.options reltol = 1e-6 klu
"""


@pytest.fixture
def folder(tmp_path, runs):  # noqa: ARG001
    """Give the folder of a designer's netlist."""
    place = tmp_path / "designs"
    place.mkdir()
    return place


def circuit(*lines):
    return "\n".join(("title", CIRCUIT.strip(), *lines, ".end", ""))


def at_1_megahertz():
    """Complex transfer of the low-pass, closed form."""
    return 1 / (1 + 2j * np.pi * 1e6 * 1e3 * 1e-9)


def foreign(folder, text, **arguments):
    (folder / "deck.cir").write_text(text)
    return run_netlist(folder / "deck.cir", **arguments)


def test_each_analysis_is_a_dataset(folder):
    transient, answer, sweep, point = foreign(
        folder,
        RC
        + ".tran 1n {periods*1u} 0 1n\n.ac dec 1 1meg 10meg\n.dc V1 -1 1 0.5\n.op\n.save v(out)\n"
        "+ i(v1)\n.measure tran peak MAX v(out) from=19u to=20u\n.meas tran never WHEN v(out)=7\n"
        ".print tran v(out)\n.end\n\n* nothing below\n",
    )
    assert [list(each.coords) for each in (transient, answer, sweep, point)] == [
        ["time"],
        ["frequency"],
        ["sweep"],
        [],
    ]
    assert [each.attrs["analysis"] for each in (answer, point)] == [".ac dec 1 1meg 10meg", ".op"]
    assert transient.attrs["title"] == "A low-pass of Müller, 1 kΩ"
    assert ".print tran v(out)" in transient.attrs["notes"]
    units = [transient[name].attrs["units"] for name in ("time", "v(out)", "i(v1)")]
    assert [*units, sweep["sweep"].attrs["units"]] == ["s", "V", "A", "V"]
    assert transient.time[-1] == pytest.approx(20e-6, rel=1e-9)
    late = transient["v(out)"].where(transient.time > 19e-6, drop=True)
    assert float(transient["peak"]) == pytest.approx(float(late.max()), rel=1e-12)
    assert float(transient["peak"]) == pytest.approx(abs(at_1_megahertz()), rel=1e-3)
    assert np.isnan(transient["never"])
    assert complex(answer["v(out)"][0]) == pytest.approx(at_1_megahertz(), rel=1e-9)
    assert sweep["v(out)"].values == pytest.approx([-1, -0.5, 0, 0.5, 1], abs=1e-9)
    assert float(point["v(out)"]) == pytest.approx(0, abs=1e-12)


def test_what_designers_write_is_let_through(folder):
    (found,) = foreign(
        folder,
        """title
.title of its own
.param gain=3 big=1
.func twice(x) {2*x}
.csparam shown={gain}
.global vdd
V1 vdd 0 1
.if (big == 1)
Rl b 0 1k
.else
Rl b 0 2k
.endif
Ag vdd b amplifier
.model amplifier gain(gain={twice(gain)})
X1 vdd c divider r={2k}
.subckt divider p q r=1k
R1 p q rmod 1k
R2 q 0 {r}
.model rmod res (tc1=0)
.ends divider
M1 vdd vdd s 0 n1 w=10u l=1u
.model n1 nmos level=1 vto=0.5
Rs s 0 1meg
D1 s 0 d1
.model d1 d
.ic v(b)=0
.nodeset v(c)=0.5
.temp 27
.options savecurrents reltol = 1e-5, gmin=1e-12
.probe i(rs)
.op
.end
""",
    )
    assert float(found["v(b)"]) == pytest.approx(6)
    assert float(found["v(c)"]) == pytest.approx(2 / 3)
    assert found.attrs["title"] == "of its own"


def test_line_ends_and_marks_of_other_systems(folder):
    text = "\ufeff" + circuit(".tran 1n 10n", ".save v(a)").replace("\n", "\r\n")
    (found,) = foreign(folder, text)
    assert found["v(a)"].values == pytest.approx(1)


def test_without_save_lines_there_is_everything(folder):
    (found,) = foreign(folder, circuit(".op"))
    assert {name: float(found[name]) for name in found} == pytest.approx(
        {"v(a)": 1, "i(v1)": -1e-3}
    )


def test_more_names_than_ngspice_takes_in_a_line(folder):
    ladder = "\n".join(f"R{n} a{n} a{n + 1} 1" for n in range(1500))
    names = " ".join(f"v(a{n})" for n in range(1500))
    (found,) = foreign(folder, f"t\nV1 a0 0 1\n{ladder}\nR a1500 0 1\n.save {names}\n.op\n.end\n")
    assert [float(found[f"v(a{n})"]) for n in (0, 1499)] == pytest.approx([1, 2 / 1501])


def test_files_and_library_sections_of_the_own_folder(folder):
    (folder / "models").mkdir()
    (folder / "models" / "all.lib").write_text(
        ".lib fast\n.include 'parts/fast.inc'\n.endl fast\n.lib SLOW\n.param r=9k\n.endl\n"
    )
    (folder / "models" / "parts").mkdir()
    (folder / "models" / "parts" / "fast.inc").write_text("* fast\n.param r=3k\n")
    (folder / "inside.inc").symlink_to(folder / "models" / "parts" / "fast.inc")
    lines = "title\nV1 a 0 4\nR1 a b 1k\nR2 b 0 {r}\n.op\n"
    for inclusion, volt in (
        (".lib 'models/all.lib' fast", 3),
        ('.LIB "models/all.lib" slow', 3.6),
        (".inc inside.inc", 3),
    ):
        (found,) = foreign(folder, f"{lines}{inclusion}\n.end\n")
        assert float(found["v(b)"]) == pytest.approx(volt)


def test_the_netlist_of_an_export_gives_what_run_gives(folder, resistor):
    job = Job(
        "divider",
        "V1 a 0 PULSE(0 1 1n 1n 1n 5n)\nR1 a b 1k\nN1 b 0 cell\n.model cell cell_resistor r=3k",
        Transient(stop=1e-8),
        ("v(b)", "i(v1)"),
        (resistor,),
    )
    deck = export(job, folder / "exported")
    expected = run(job)
    with pytest.raises(UsageError, match=r"deck\.cir:\d+: .*pre_osdi.*verilog_a"):
        run_netlist(deck)
    for (found,) in (run_netlist(deck, verilog_a=[resistor]), run_netlist(deck, trust=True)):
        for name in ("time", "v(b)", "i(v1)"):
            assert np.array_equal(found[name], expected[name])
    assert sorted(path.name for path in deck.parent.iterdir()) == ["cell_resistor.osdi", "deck.cir"]


def test_verilog_a_devices_without_a_control_block(folder, resistor):
    text = "title\nV1 a 0 1\nN1 a 0 m\n.model m cell_resistor r=2k\n.op\n.end\n"
    (found,) = foreign(folder, text, verilog_a=[resistor])
    assert float(found["i(v1)"]) == pytest.approx(-0.5e-3)
    with pytest.raises(UsageError, match=r"deck\.cir:4: .*cell_resistor .*verilog_a"):
        foreign(folder, text)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((".tran 1n 10n", ".op", "V2 a 0 2"), "singular matrix"),
        ((".op", "N1 a 0 m"), "m"),
        ((".op", "R2 a 0 rmod", ".model rmod r nonsense=1"), "unrecognized"),
        ((".op", ".save v(nowhere)"), "no data saved"),
        ((".op", ".save v(a) v(nowhere)"), "no such vector in this circuit: v\\(nowhere\\)"),
        ((".op", "X1 a 0 nothing"), "nothing"),
    ],
)
def test_a_run_without_a_result_is_kept(folder, lines, reason):
    with pytest.raises(SimulationError, match=reason) as caught:
        foreign(folder, circuit(*lines), keep=folder.parent / "kept")
    assert caught.value.run_directory == folder.parent / "kept"
    assert (folder.parent / "kept" / "deck_1.cir").exists()


def test_a_failed_transient_is_not_hidden_by_a_good_operating_point(folder):
    # dv/dt = 1000 v^2 + 1000 has no solution after about 1.6 ms.
    blow_up = ("C1 x 0 1u", "B1 0 x I=time>0 ? 1e-3*v(x)*v(x)+1e-3 : 0", "R2 x 0 1e9", ".op")
    (point,) = foreign(folder, circuit(*blow_up))
    assert float(point["v(x)"]) == pytest.approx(0, abs=1e-9)
    with pytest.raises(SimulationError, match=r"\.tran 10u 10m: .*Timestep too small"):
        foreign(folder, circuit(".tran 10u 10m", *blow_up))


def test_limits_of_time_and_of_files(folder):
    long = circuit(".tran 1n 1")
    with pytest.raises(SimulationError, match=r"time_limit=0\.5 s"):
        foreign(folder, long, time_limit=0.5, memory_limit=2**40)
    with pytest.raises(SimulationError, match="file_limit=20000 bytes"):
        foreign(folder, circuit(".tran 1n 100u"), file_limit=20_000)
    with pytest.raises(UsageError, match="time_limit=0"):
        foreign(folder, long, time_limit=0)


def test_a_trusted_netlist_runs_as_it_is_in_a_copy_of_its_folder(folder):
    (folder.parent / "above.inc").write_text("R2 b 0 3k\n")
    (folder / "numbers.txt").write_text("kept")
    text = (
        "title\nV1 a 0 4\nR1 a b 1k\n.include ../above.inc\n.control\n"
        "shell cp numbers.txt copy\nop\nwrite first.raw\ndc v1 0 4 2\nwrite second.raw v(b)\n"
        "wrdata numbers.txt b\n.endc\n.end\n"
    )
    before = sorted(folder.rglob("*"))
    point, sweep = foreign(folder, text, trust=True, keep=folder.parent / "kept")
    assert float(point["v(b)"]) == pytest.approx(3)
    assert sweep["v(b)"].values == pytest.approx([0, 1.5, 3])
    assert point.attrs["trusted"] == 1
    assert sorted(folder.rglob("*")) == sorted({*before, folder / "deck.cir"})
    assert (folder / "numbers.txt").read_text() == "kept"
    kept = folder.parent / "kept"
    assert (kept / "copy").read_text() == "kept"
    assert (kept / "numbers.txt").read_text() != "kept"
    assert not (kept / "deck.cir").exists()  # only what it wrote


def test_the_dot_lines_of_a_trusted_netlist_give_datasets(folder):
    found = foreign(folder, RC + ".tran 1n 3u\n.op\n.print tran v(out)\n", trust=True)
    assert {each.attrs["plot"] for each in found} == {"Transient Analysis", "Operating Point"}


def test_a_trusted_netlist_may_write_something_else(folder):
    text = f"title\n{CIRCUIT}.control\nop\nprint v(a)\nwrdata sub v(a)\n.endc\n"
    (folder / "below").mkdir()
    (folder / "below" / "input").write_text("1")
    assert foreign(folder, text, trust=True, keep=folder.parent / "kept") == []
    written = {path.name for path in (folder.parent / "kept").iterdir()}
    assert {"sub", "memcircuit_ngspice.out"} <= written
    assert written.isdisjoint({"deck.cir", "below"})


def test_measurements_have_the_unit_that_their_line_says(folder):
    (result,) = foreign(
        folder,
        RC + ".tran 1n 3u 0 1n\n.meas tran peak MAX v(out) from=0 to=1u\n"
        ".meas tran least min i(v1)\n.meas tran begin WHEN v(in)=0.5 RISE=1\n"
        ".meas tran part find v(in) at=250n\n.meas tran twice param='2*peak'\n",
    )
    assert result.attrs["measured"] == "peak,least,begin,part,twice"
    units = {name: result[name].attrs["units"] for name in result.attrs["measured"].split(",")}
    assert units == {"peak": "V", "least": "A", "begin": "s", "part": "V", "twice": ""}
    # arcsin(1/2)/(2 pi f) of the sine wave, and its crest
    assert float(result["begin"]) == pytest.approx(1e-6 / 12, rel=1e-3)
    assert float(result["part"]) == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize("lines", [("I1 0 a 1m", ""), ("V1 a 0 1", ".save v(a)")])
def test_an_operating_point_has_no_vector_that_the_circuit_has_not(folder, lines):
    source, save = lines
    (point,) = foreign(folder, f"title\n{source}\nR1 a 0 1k\n.op\n{save}\n.end\n")
    assert list(point.data_vars) == ["v(a)"]
    assert float(point["v(a)"]) == pytest.approx(1.0)
    (point,) = foreign(folder, "title\nV1 all 0 1\nR1 all 0 1k\n.op\n.end\n")
    assert list(point.data_vars) == ["v(all)", "i(v1)"]


@pytest.mark.parametrize(
    ("commands", "reason"),
    [(("op", "write r.raw", "print nothing"), "nothing")],
)
def test_a_trusted_netlist_is_judged_by_its_log(folder, commands, reason):
    with pytest.raises(SimulationError, match=reason):
        foreign(
            folder, f"title\n{CIRCUIT}.control\n" + "\n".join(commands) + "\n.endc\n", trust=True
        )


def test_memory_is_bounded(tmp_path):
    """Five levels of ten instances each are 100,000 resistors."""
    levels = [".subckt s0 a b\nR1 a b 1k\n.ends"]
    for level in range(1, 6):
        inner = "\n".join(f"X{k} a b s{level - 1}" for k in range(10))
        levels.append(f".subckt s{level} a b\n{inner}\n.ends")
    netlist = tmp_path / "nested.cir"
    text = "\n".join(["nested", "V1 a 0 1", *levels, "X1 a 0 s5", ".save i(v1)", ".op", ".end"])
    netlist.write_text(text, encoding="utf-8")
    with pytest.raises(SimulationError):
        run_netlist(netlist, memory_limit=100 * 2**20)
