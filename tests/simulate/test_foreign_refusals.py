"""What netlists can do to a machine: ngspice does it, and we refuse it before anything starts."""

import contextlib
import platform
import re
import shutil
import subprocess
import tempfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memcircuit.errors import SimulationError, UsageError
from memcircuit.simulate import find_ngspice
from memcircuit.simulate.circuit_text import check_circuit
from memcircuit.simulate.foreign import run_netlist

CIRCUIT = "V1 a 0 1\nR1 a 0 1k\n"
# A library that, when loaded, makes the file `marker`: init section, system call creat.
LIBRARY = """\
 .section .init_array,"aw"
 .quad start
 .text
start:
 mov $85,%eax
 lea name(%rip),%rdi
 mov $0644,%esi
 syscall
 ret
 .section .rodata
name: .asciz "marker"
 .section .note.GNU-stack,"",@progbits
"""
BESIDE = {
    "script.cir": "title\n.control\nshell touch marker\n.endc\n",
    "part.cir": "R5 a 0 1\n.control\nshell touch marker\n.endc\n",
    "deep.cir": ".include part.cir\n",
    "models.lib": ".lib tt\nR5 a 0 1\n*# shell touch marker\n.endl tt\n",
    "program.sh": "#!/bin/sh\ntouch marker\n",
    "secret.txt": "0 0.123\n1n 0.777\n20n 0.777\n",
    "steps.txt": "0.0 0s\n1e-9 1s\n",
}
DIGITAL = """\
Aa [a] [da] adc
.model adc adc_bridge(in_low=0.3 in_high=0.6)
Vc c 0 PULSE(0 1 1n 1n 1n 5n 10n)
Ac [c] [ck] adc
Ao [q] [o] dac
.model dac dac_bridge(out_low=0 out_high=7.77)
Ro o 0 1k
.tran 1n 30n
.print tran v(o)
"""


def control(*commands, head=".control", foot=".endc"):
    return "\n".join(("title", CIRCUIT.strip(), ".op", head, *commands, foot, ".end", ""))


def circuit(*lines):
    return "\n".join(("title", CIRCUIT.strip(), *lines, ".end", ""))


SHELL = "shell touch marker"
# What plain ngspice obeys, each with the line of the refusal.
PROGRAMS = {
    "control block": (control(SHELL), 6),
    "mixed case, indented": (control(" Shell touch marker", head="\t .CoNtRoL", foot=".ENDC"), 6),
    "carriage returns": (control(SHELL).replace("\n", "\r\n"), 6),
    "not ended": (f"title\n{CIRCUIT}.op\n.control\n{SHELL}\n", 6),
    "comment behind": (control(SHELL, head=".control $ harmless"), 6),
    "word that only begins so": (control(SHELL, head=".controlled"), 5),
    "after a comment": (control(SHELL, head=";\n.control"), 7),
    "in a condition": (circuit(".op", ".if (1)", ".control", SHELL, ".endc", ".endif"), 7),
    "after the end": (f"title\n{CIRCUIT}.op\n.end\n.control\n{SHELL}\n.endc\n", 7),
    "comment command": (circuit(".op", f"*# {SHELL}"), 5),
    "comment command, tight": (circuit(".op", f"*#{SHELL}"), 5),
    "comment command, indented": (circuit(".op", f"  *# {SHELL}"), 5),
    "script": (f"*ng_script\n{SHELL}\n", 1),
    "script with parameters": (f"*ng_script_with_params\n{SHELL}\n", 1),
    "in a command's condition": (control("if 1", SHELL, "end"), 6),
    "before the circuit": (control("pre_shell touch marker"), 6),
    "sourced": (control("source script.cir"), 6),
    "circuit line by line": (control("circbyline .control", SHELL), 6),
    "back-tick, echo": (control("echo `touch marker`"), 6),
    "back-tick, set": (control("set y=`touch marker`"), 6),
    "back-tick, let": (control("let y=`touch marker`"), 6),
    "back-tick, save": (control("save a `touch marker`"), 6),
    "back-tick, run": (control("run `touch marker`"), 6),
    "back-tick, quit": (control("quit `touch marker`"), 6),
    "back-tick, alterparam": (control("alterparam x=`touch marker`"), 6),
    "write": (control("op", "write marker"), 7),
    "write, by name": (control("op", "set rawfile=marker", "write"), 7),
    "wrdata": (control("op", "wrdata marker a"), 7),
    "wrnodev": (control("op", "wrnodev marker"), 7),
    "hardcopy": (control("op", "hardcopy marker a"), 7),
    "fopen": (control("fopen handle marker w"), 6),
    "run to a file": (control("run marker"), 6),
    "redirected echo": (control("echo x > marker"), 6),
    "redirected print": (control("op", "print a >> marker"), 7),
    "redirected analysis": (control("tran 1n 10n > marker"), 6),
    "redirected run": (control("run > marker"), 6),
    "redirected save": (control("save a > marker"), 6),
    "redirected option": (control("optran 1 1 1 0 0 0 > marker"), 6),
    "redirected measurement": (control("tran 1n 9n", "meas tran x max v(a) > marker"), 7),
    "process": (circuit(DIGITAL + "Ap [da] ck null [q] p\n.model p d_process (\n"
                        '+ process_file="./program.sh")'), 14),
}  # fmt: skip
INCLUDED = {
    "include": (circuit(".op", ".include part.cir"), "part.cir:3"),
    "inc": (circuit(".op", "  .INC 'part.cir'"), "part.cir:3"),
    "two deep": (circuit(".op", ".include deep.cir"), "part.cir:3"),
    "library section": (circuit(".op", ".lib models.lib tt"), "models.lib:3"),
}
NATIVE = {
    "osdi": (control("osdi ./library.so"), 6),
    "pre_osdi": (control("pre_osdi ./library.so"), 6),
    "codemodel": (control("codemodel ./library.so"), 6),
    "pre_codemodel": (control("pre_codemodel ./library.so"), 6),
    "co-simulation": (
        circuit(DIGITAL + 'Ap [da] [q] p\n.model p d_cosim (simulation="./library.so")'),
        14,
    ),
}
# What shows that plain ngspice read the file, and the line of the refusal.
READERS = {
    "filesource": (
        'Af %v([o]) fs\n.model fs filesource(file="secret.txt" amploffset=[0] amplscale=[1])\n'
        "R2 o 0 1k\n.tran 1n 10n\n.print tran v(o)", r"(1\.23|7\.77)\d*e-01", 5,
    ),
    "file name as a parameter": (
        '.param f="secret.txt"\nAf %v([o]) fs\n.model fs filesource(file={f} amploffset=[0]'
        " amplscale=[1])\nR2 o 0 1k\n.tran 1n 10n\n.print tran v(o)", r"(1\.23|7\.77)\d*e-01", 6,
    ),
    "without a sign": (
        "Af %v([o]) fs\n.model fs filesource (file secret.txt amploffset=[0] amplscale=[1])\n"
        "R2 o 0 1k\n.tran 1n 10n\n.print tran v(o)", r"(1\.23|7\.77)\d*e-01", 5,
    ),
    "over lines": (
        "Af %v([o]) fs\n.model fs\n* a comment\n\n+ filesource (file\n+ secret.txt"
        " amploffset=[0] amplscale=[1])\nR2 o 0 1k\n.tran 1n 10n\n.print tran v(o)",
        r"(1\.23|7\.77)\d*e-01", 5,
    ),
    "digital source": (
        'Ad [q] s\n.model s d_source (input_file "steps.txt")\n' + DIGITAL, r"7\.77", 5,
    ),
    "state machine": (
        "Ap [da] ck null [q] p\n.model p d_state (state_file secret.txt )\n" + DIGITAL,
        "state file was not read", 5,
    ),
    "table": (
        "Ap a a %vd(o 0) p\n.model p table2d (file secret.txt )\nRo o 0 1k\n.op",
        "Too many numbers", 5,
    ),
    "transfer function": (
        "Ap a o p\n.model p xfer (file secret.txt )\nRo o 0 1k\n.ac dec 1 1 10\n.print ac v(o)",
        "No option line found in file", 5,
    ),
    "absolute inclusion": (".op\n.include {folder}/secret.txt", "0 0.123", 5),
    "inclusion from above": (".op\n.include ../outside.txt", "outside.txt", 5),
    "inclusion through a link": (".op\n.include linked.txt", "linked.txt", 5),
    "library from above": (".op\n.lib ../outside.txt tt", "outside.txt|could not find", 5),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, runs):  # noqa: ARG001
    """Give a folder with what an attacker may lay beside a netlist."""
    (tmp_path / "outside.txt").write_text("V9 secret\n")
    place = tmp_path / "designs"
    place.mkdir()
    for name, text in BESIDE.items():
        (place / name).write_text(text)
    (place / "program.sh").chmod(0o755)
    (place / "linked.txt").symlink_to(tmp_path / "outside.txt")
    return place


def plain_ngspice(folder, text, *arguments):
    """Run a netlist as a designer would, and return what ngspice printed."""
    (folder / "deck.cir").write_bytes(text.encode())
    done = subprocess.run(
        [str(find_ngspice()), *arguments, "-b", "deck.cir"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return (done.stdout + done.stderr).decode(errors="replace")


def refused(folder, text, place):
    """Check that a netlist is refused at a place, and that nothing is started or written."""

    def started(command, **_):
        pytest.fail(f"started {command}")

    (folder / "deck.cir").write_bytes(text.encode())
    before = sorted(folder.rglob("*"))
    temporary = folder.parent / "temporary"
    temporary.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", started)
        patch.setattr(tempfile, "tempdir", str(temporary))
        with pytest.raises(UsageError) as caught:
            run_netlist(folder / "deck.cir")
    assert re.search(rf"{re.escape(place)}: (['\"]).*\1: .+", str(caught.value)), caught.value
    assert sorted(folder.rglob("*")) == before
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_ngspice_obeys_is_refused(folder, name):
    text, line = PROGRAMS[name]
    plain_ngspice(folder, text, "-n")
    assert (folder / "marker").exists()
    (folder / "marker").unlink()
    refused(folder, text, f"deck.cir:{line}")


@pytest.mark.parametrize("name", INCLUDED)
def test_commands_of_included_files_are_refused_where_they_stand(folder, name):
    text, place = INCLUDED[name]
    plain_ngspice(folder, text, "-n")
    assert (folder / "marker").exists()
    (folder / "marker").unlink()
    refused(folder, text, place)


@pytest.mark.parametrize("name", NATIVE)
def test_libraries_are_not_loaded(folder, name):
    if platform.machine() != "x86_64" or shutil.which("as") is None or shutil.which("ld") is None:
        pytest.skip("the library is made for x86-64, by the assembler and the linker of binutils")
    (folder / "library.s").write_text(LIBRARY)
    subprocess.run(["as", "-o", "library.o", "library.s"], cwd=folder, check=True)
    subprocess.run(["ld", "-shared", "-o", "library.so", "library.o"], cwd=folder, check=True)
    text, line = NATIVE[name]
    plain_ngspice(folder, text, "-n")
    assert (folder / "marker").exists()
    (folder / "marker").unlink()
    refused(folder, text, f"deck.cir:{line}")


@pytest.mark.parametrize("name", READERS)
def test_files_are_not_read(folder, name):
    lines, evidence, line = READERS[name]
    text = circuit(lines.format(folder=folder) if "{folder}" in lines else lines)
    assert re.search(evidence, plain_ngspice(folder, text, "-n"))
    refused(folder, text, f"deck.cir:{line}")


@pytest.mark.parametrize("name", [".spiceinit", "spice.rc"])
@pytest.mark.parametrize("trust", [False, True])
def test_start_up_files_beside_a_netlist_are_not_obeyed(folder, name, trust):
    (folder / name).write_text("shell touch marker\n")
    plain_ngspice(folder, circuit(".op"))
    assert (folder / "marker").exists()
    (folder / "marker").unlink()
    run_netlist(folder / "deck.cir", trust=trust, keep=folder.parent / "kept")
    assert not (folder / "marker").exists()
    assert not (folder.parent / "kept" / "marker").exists()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (".control\nshell touch marker\n.endc\n.op\n", "deck.cir:1"),
        ("*# shell touch marker\n.op\n", "deck.cir:1"),
        ("title\n+ .control\n.op\n", "deck.cir:2"),
        (circuit(".con", "+trol", SHELL, ".endc", ".op"), "deck.cir:4"),
        (circuit(".op", ".endc"), "deck.cir:5"),
        (circuit(".op", "R2 a 0 `touch marker`"), "deck.cir:5"),
        (circuit(".op", ".save `touch marker`"), "deck.cir:5"),
        (circuit(".op", ".option seed=`touch marker`"), "deck.cir:5"),
        (circuit(".op", ".option rawfile=marker"), "deck.cir:5"),
        (circuit(".op", ".options klu shell='touch marker'"), "deck.cir:5"),
        (circuit(".op", ".option sourcepath=x"), "deck.cir:5"),
        (circuit(".op", ".param x=system('touch marker') y=\"x\""), "deck.cir:5"),
        (circuit(".op", ".exec touch marker"), "deck.cir:5"),
        (circuit(".op", ".write marker"), "deck.cir:5"),
        (circuit(".op", ".pre_osdi library.so"), "deck.cir:5"),
        (circuit(".op", ".hdl library.va"), "deck.cir:5"),
        (circuit(".op", ".meas tran x max v(a) > marker"), "deck.cir:5"),
        (circuit(".op", ".meas op x max v(a)"), "deck.cir:5"),
        (circuit(".op", ".save v(a) > marker"), "deck.cir:5"),
        (circuit(".op > marker"), "deck.cir:4"),
        (circuit(".tran 1n 10n | touch"), "deck.cir:4"),
        (circuit(".op", ".probe v(a) > marker"), "deck.cir:5"),
        (circuit(".op", ".csparam x=`touch marker`"), "deck.cir:5"),
        (circuit(".op", ".model m,filesource r (x=1)"), "deck.cir:5"),
        (circuit(".op", ".model (m filesource r (x=1)"), "deck.cir:5"),
        (circuit(".op", '.param s="filesource"', ".model m {s} (x=1)"), "deck.cir:5"),
        (circuit(".op", ".model m numd level=1", "+ output rootfile=x"), "deck.cir:5"),
        (circuit(".op", ".model m unheard_of x=1"), "deck.cir:5"),
        (circuit(".op", "V3 c 0 PWL FILE=secret.txt"), "deck.cir:5"),
        (circuit(".op", ".include secret.txt x"), "deck.cir:5"),
        (circuit(".op", ".include `touch marker`"), "deck.cir:5"),
        (circuit(".op", ".include"), "deck.cir:5"),
        (circuit(".op", ".include deck.cir"), "deck.cir:5"),
        (circuit(".op", ".include absent.cir"), "deck.cir:5"),
        (circuit(".op", ".include ."), "deck.cir:5"),
        (circuit(".op", ".lib tt"), "deck.cir:5"),
        (circuit(".op", "R2 a 0 1k\0"), "deck.cir:5"),
        (circuit(".op", "* comment\x0b.control"), "deck.cir:5"),
        (circuit(".op", "R2 a 0 1k\r.control\rshell touch marker"), "deck.cir:5"),
        (circuit(".op", "R\u00b5 a 0 1k"), "deck.cir:5"),
        (circuit(".op", "R2 a 0 1k$5"), "deck.cir:5"),
        (circuit(".op", "R2 a 0 \\"), "deck.cir:5"),
        (circuit(".op", "!touch marker"), "deck.cir:5"),
        (circuit(".if (1)", ".op", ".endif"), "deck.cir:5"),
        (circuit(".subckt s a", ".options klu", ".ends", ".op"), "deck.cir:5"),
        (circuit(".op", "I2 0 b 1"), "deck.cir:1"),
        (circuit(), "deck.cir:1"),
        (circuit(".noise v(a) V1 dec 1 1 10"), "deck.cir:4"),
    ],
)
def test_further_lines_that_are_refused(folder, text, place):
    refused(folder, text, place)


def test_a_library_section_without_end_is_refused(folder):
    (folder / "models.lib").write_text("* all\n.lib tt\nR5 a 0 1\n")
    refused(folder, circuit(".op", ".lib models.lib tt"), "models.lib:2")


def test_a_folder_linked_from_elsewhere_is_left_alone(folder):
    (folder.parent / "elsewhere").mkdir()
    (folder.parent / "elsewhere" / "part.cir").write_text("R2 a 0 1k\n")
    (folder / "away").symlink_to(folder.parent / "elsewhere")
    refused(folder, circuit(".op", ".include away/part.cir"), "deck.cir:5")


@pytest.mark.parametrize("path", ["absent.cir", "."])
def test_a_netlist_that_is_no_file(folder, path):
    for trust in (False, True):
        with pytest.raises(UsageError, match="no such file"):
            run_netlist(folder / path, trust=trust)


PIECES = st.sampled_from(
    [
        ".control", ".CONTROL", ".endc", ".end", "shell touch marker", "*# shell touch marker",
        "*#", "`touch marker`", "echo `touch marker`", "write marker", "run", "op", "quit",
        ".include part.cir", ".lib models.lib tt", ".if (1)", ".endif", "set num_threads=1",
        "save a", "> marker", ";", "$ ", "* ", "+ ", "//", "\t", "  ", "\n", "\r\n", "\r", "\0",
        "\x0c", ".model m filesource", "(file=secret.txt )", '"', "'", "{", "}", "R2 a 0 1k",
        ".op", ".tran 1n 9n", ".option klu", ".save", ".measure tran x max v(a)", ".probe v(a)",
        ".subckt s p", ".ends", ".param x=1", "\\", ".title", "*ng_script", ".con", "trol",
    ]
)  # fmt: skip


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.one_of(PIECES, st.just("\n")), min_size=1, max_size=14), st.booleans())
def test_no_mixture_of_dangerous_pieces_does_anything(folder, pieces, first):
    text = "".join(pieces)
    text = text if first else f"title\n{CIRCUIT}.op\n{text}"
    (folder / "deck.cir").write_bytes(text.encode())
    before = sorted(folder.rglob("*"))
    kept = folder.parent / "kept"
    with contextlib.suppress(UsageError, SimulationError):
        run_netlist(folder / "deck.cir", time_limit=120, keep=kept)
    assert sorted(folder.rglob("*")) == before
    written = {re.sub(r"_\d+", "", path.name) for path in kept.glob("*")}
    shutil.rmtree(kept, ignore_errors=True)
    assert written <= {"deck.cir", "result.raw", "ngspice.out", "ngspice.err"}


@pytest.mark.parametrize("model", ["d_source", "d_state", "table2d", "table3d", "xfer"])
def test_code_models_that_read_files_do_not_get_into_a_job(model):
    with pytest.raises(UsageError, match="opens files"):
        check_circuit(f"R1 a 0 1\n.model m\n+ {model} (file\n+ secret.txt)\n")


def test_a_line_of_many_words_is_checked_in_linear_time():
    check_circuit(f"R1 a 0 {'file' * 50_000}\n")
