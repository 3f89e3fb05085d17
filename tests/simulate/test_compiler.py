"""The real Verilog-A compiler behind its cache."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from waiting import gone, wait_for

from memcircuit.errors import CacheError, CompileError, ToolError, ToolMissingError, UsageError
from memcircuit.simulate import compile_verilog_a

COMPILE = """
import sys
from pathlib import Path
from memcircuit.simulate import compile_verilog_a
print(compile_verilog_a(Path(sys.argv[1])))
"""
LIMITED = """
import resource, sys
from pathlib import Path
from memcircuit.errors import CacheError
from memcircuit.simulate import compile_verilog_a
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    compile_verilog_a(Path(sys.argv[1]))
except CacheError as error:
    print(error)
"""


def files_of(directory):
    return sorted(p.name for p in directory.rglob("*") if p.is_file() and p.parent.name != "locks")


def program(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_compiled_once_then_found(resistor, fresh_cache):
    first = compile_verilog_a(resistor)
    before = first.stat().st_mtime_ns
    assert first.read_bytes()[:4] == b"\x7fELF"
    assert compile_verilog_a(resistor) == first
    assert first.stat().st_mtime_ns == before
    assert fresh_cache in first.parents


@pytest.mark.usefixtures("fresh_cache")
def test_the_key_covers_source_includes_and_options(resistor):
    (resistor.parent / "deep").mkdir()
    inner, outer = resistor.parent / "deep" / "inner.inc", resistor.parent / "deep" / "outer.inc"
    inner.write_text("`define LEAK 1e-12\n")
    outer.write_text('`include "inner.inc"\n')
    text = resistor.read_text().replace("module", '`include "deep/outer.inc"\nmodule', 1)
    resistor.write_text(text.replace("(r*scale)", "(r*scale) + `LEAK*V(p, n)"))
    entries = {compile_verilog_a(resistor)}
    assert compile_verilog_a(resistor) in entries
    inner.write_text("`define LEAK 1e-11\n")
    entries.add(compile_verilog_a(resistor))
    outer.write_text('`include "inner.inc"\n// changed\n')
    entries.add(compile_verilog_a(resistor))
    entries.add(compile_verilog_a(resistor, options=("-D", "OTHER=1")))
    resistor.write_text(resistor.read_text() + "// changed\n")
    entries.add(compile_verilog_a(resistor))
    assert len(entries) == 5


def test_many_processes_at_once_compile_once(resistor, fresh_cache):
    command = [sys.executable, "-c", COMPILE, str(resistor)]

    def ask(_):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(ask, range(6)))
    assert len(answers) == 1
    entry = Path(answers.pop().strip())
    assert files_of(fresh_cache) == [entry.name, entry.with_suffix(".sha256").name]


@pytest.mark.parametrize("damage", ["truncate", "flip", "no checksum", "no module"])
@pytest.mark.usefixtures("fresh_cache")
def test_a_damaged_entry_is_built_again(resistor, damage):
    entry = compile_verilog_a(resistor)
    whole = entry.read_bytes()
    if damage == "truncate":
        entry.write_bytes(whole[:100])
    elif damage == "flip":
        entry.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    elif damage == "no checksum":
        entry.with_suffix(".sha256").unlink()
    else:
        entry.unlink()
    assert compile_verilog_a(resistor) == entry
    assert len(entry.read_bytes()) == len(whole)
    assert compile_verilog_a(resistor).read_bytes()[:4] == b"\x7fELF"


def test_a_compile_error_has_file_line_and_words(resistor, fresh_cache):
    lines = resistor.read_text().splitlines()
    wrong = next(n for n, line in enumerate(lines, 1) if "analog" in line)
    resistor.write_text("\n".join(lines).replace("/(r*scale)", "/(r*skale)"))
    with pytest.raises(CompileError) as caught:
        compile_verilog_a(resistor)
    assert (caught.value.file, caught.value.line) == (resistor, wrong)
    assert "'skale' was not found" in str(caught.value)
    assert f"cell_resistor.va:{wrong}" in str(caught.value)
    assert "\x1b" not in caught.value.log
    assert caught.value.exit_status == 2
    assert files_of(fresh_cache) == []
    assert not list(fresh_cache.rglob("build-*"))


def test_a_compile_error_in_an_included_file_names_that_file(resistor):
    bad = resistor.parent / "bad.inc"
    bad.write_text("// fine\nparameter real q = ;\n")
    text = resistor.read_text()
    resistor.write_text(text.replace("  analog", '`include "bad.inc"\n  analog'))
    with pytest.raises(CompileError) as caught:
        compile_verilog_a(resistor)
    assert (caught.value.file.name, caught.value.line) == ("bad.inc", 2)


@pytest.mark.usefixtures("osdi")
def test_a_missing_source_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"nowhere\.va"):
        compile_verilog_a(tmp_path / "nowhere.va")
    with pytest.raises(UsageError, match=str(tmp_path)):
        compile_verilog_a(tmp_path)


def test_a_cache_that_cannot_be_made(resistor, tmp_path, monkeypatch):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setenv("MEMCIRCUIT_CACHE", str(blocked))
    with pytest.raises(CacheError, match="MEMCIRCUIT_CACHE") as caught:
        compile_verilog_a(resistor)
    assert str(blocked) in str(caught.value)
    assert caught.value.exit_status == 3


@pytest.mark.skipif(os.name != "posix", reason="needs resource limits")
def test_a_full_cache_leaves_nothing_half_written(resistor, fresh_cache):
    """A limit of 4 kB on every file stands for the full disk."""
    command = [sys.executable, "-c", LIMITED, str(resistor)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert str(fresh_cache) in answer
    assert "MEMCIRCUIT_CACHE" in answer
    assert files_of(fresh_cache) == []
    assert not list(fresh_cache.rglob("build-*"))


def test_a_compiler_that_hangs_is_ended(resistor, fresh_cache, tmp_path, monkeypatch):
    started = tmp_path / "started"
    started.touch()  # which a machine under load may not come to write
    hanging = program(
        tmp_path / "hanging",
        '#!/bin/sh\n[ "$1" = --version ] && echo 1 && exit\n'
        f"sleep 600 & echo $$ $! > '{started}'; wait\n",
    )
    monkeypatch.setenv("MEMCIRCUIT_OPENVAF", str(hanging))
    with pytest.raises(CompileError, match=r"0\.5 s"):
        compile_verilog_a(resistor, time_limit=0.5)
    for pid in started.read_text().split():
        wait_for(lambda pid=pid: gone(pid), "the end of the compiler and its child")
    assert files_of(fresh_cache) == []


@pytest.mark.usefixtures("fresh_cache")
def test_no_compiler(resistor, tmp_path, monkeypatch):
    monkeypatch.setenv("MEMCIRCUIT_OPENVAF", str(tmp_path / "nowhere"))
    with pytest.raises(ToolMissingError, match="MEMCIRCUIT_OPENVAF") as caught:
        compile_verilog_a(resistor)
    assert caught.value.exit_status == 3
    monkeypatch.setenv(
        "MEMCIRCUIT_OPENVAF", str(program(tmp_path / "broken", "#!/bin/sh\nexit 1\n"))
    )
    with pytest.raises(ToolError, match="broken"):
        compile_verilog_a(resistor)


@pytest.mark.parametrize("content", ["", "// module m(a); endmodule\n", "/* module\nm */"])
def test_a_file_without_a_module_is_refused(tmp_path, content, fresh_cache):
    source = tmp_path / "empty.va"
    source.write_text(content, encoding="utf-8")
    with pytest.raises(CompileError, match=r"empty\.va: declares no module"):
        compile_verilog_a(source)
    assert not fresh_cache.exists()
