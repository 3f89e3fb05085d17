"""The help of the command line: quick, with an example each that works, and completion."""

import os
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest
import typer

import memcircuit as mc
from memcircuit.cli import app, main
from memcircuit.devices.cards import card_names
from memcircuit.devices.library import models_directory
from memcircuit.tables import FORMATS

HEAVY = {"numpy", "scipy", "sympy", "xarray", "matplotlib", "PySpice", "memcircuit.simulate"}
SPEC = """\
experiment = "pulse_train"
[device]
card = "lin2022_hfo2"
[arguments]
pulses = 1
reset_pulses = 0
[grid]
"set.amplitude" = ["1.6V", "1.8V"]
"""
CIRCUIT = "a divider\nv1 in 0 1\nr1 in out 1k\nr2 out 0 3k\n.op\n.end\n"


def commands(group, name="memcircuit"):
    """Return every command by its full name."""
    found = {}
    for word, command in group.commands.items():
        full = f"{name} {word}"
        if hasattr(command, "commands"):
            found |= commands(command, full)
        if command.epilog:
            found[full] = command
    return found


COMMANDS = commands(typer.main.get_command(app))


@pytest.mark.parametrize(
    "arguments", [["--help"], ["sweep", "--help"], ["netlist", "--help"], ["--version"]]
)
def test_help_imports_nothing_heavy(arguments):
    code = (
        "import sys\nfrom memcircuit.cli import main\n"
        f"try: main({arguments!r})\n"
        f"finally: print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stderr.strip() == "[]"
    assert done.stdout.strip()


def test_every_command_of_the_chain_is_there():
    words = {name.split()[1] for name in COMMANDS}
    assert words == {
        "doctor", "devices", "iv", "pulses", "verify", "table", "read", "evaluate", "sweep",
        "export", "compile", "netlist", "run", "cache", "demo", "agree", "models",
    }  # fmt: skip
    assert {name for name in COMMANDS if name.startswith("memcircuit cache ")} == {
        f"memcircuit cache {word}" for word in ("list", "check", "limit", "clear")
    }


def test_every_command_prints_json_when_asked():
    for name, command in COMMANDS.items():
        options = {option for one in command.params for option in one.opts}
        assert "--json" in options, name


@pytest.mark.parametrize("name", COMMANDS)
def test_example_of_the_help_works(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    example = COMMANDS[name].epilog.removeprefix("Example: ")
    assert example.startswith(name)
    (tmp_path / "spec.toml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "my.cir").write_text(CIRCUIT, encoding="utf-8")
    shutil.copy(models_directory() / "verilog_a" / "vteam.va", tmp_path / "my.va")
    trains = np.linspace(1e-6, 1e-4, 11) * np.array([1.0, 1.1]).reshape(1, 2, 1, 1)
    trains = np.concatenate([trains, trains[..., ::-1]], axis=2)
    mc.ConductanceTable.of_trains(trains, np.full(trains.shape, 1e-11)).to_netcdf("table.nc")
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(example)[1:])
    shown = capsys.readouterr()
    assert not ended.value.code, shown.err
    with pytest.raises(SystemExit):
        main([*name.split()[1:], "--help"])
    assert "Example: memcircuit" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("memcircuit iv lin", "lin2022_hfo2"),
        ("memcircuit sweep sp", "spec.toml"),
        ("memcircuit export table.nc ", "neurosim"),
        ("memcircuit iv lin2022_hfo2 --form be", "behavioural"),
        ("memcircuit sweep spec.toml --progress q", "quiet"),
        ("memcircuit sweep --template pulse_t", "pulse_train"),
        ("memcircuit read cells", "cells.npy"),
        ("memcircuit net", "netlist"),
    ],
)
def test_the_shell_completes(typed, offered, tmp_path):
    for name in ("spec.toml", "spec.txt", "cells.npy"):
        (tmp_path / name).touch()
    environment = {
        **os.environ, "_MEMCIRCUIT_COMPLETE": "complete_bash", "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split(" ")) - 1),
    }  # fmt: skip
    code = "import sys; sys.argv[0] = 'memcircuit'; from memcircuit.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True,
        env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert offered in done.stdout.split()
    assert "spec.txt" not in done.stdout


def test_completion_offers_what_there_is():
    from memcircuit.cli import completion, evaluate, tables
    from memcircuit.sweeps.specification.networks import DATA

    assert set(card_names()) == {name for name in completion.card_names("") if "/" not in name} & {
        *card_names()
    }
    assert set(tables.FORMAT_NAMES) == set(FORMATS)
    assert evaluate.DATA_NAMES == DATA
