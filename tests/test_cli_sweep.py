"""The sweep command: what it writes and prints, how it ends, and that it goes on."""

import errno
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
from waiting import wait_for

from memcircuit.cli import main
from memcircuit.sweeps.runner import sweep
from memcircuit.sweeps.specification.specification import load_specification
from memcircuit.sweeps.store import Store

SET = """\
experiment = "pulse_train"
seed = 3
[device]
card = "lin2022_hfo2"
[cell]
kind = "1t1r"
[arguments]
pulses = 1
reset_pulses = 0
[grid]
"set.amplitude" = { from = "1.6V", to = "1.9V", count = 4 }
[limits]
conductance = { high = "6uS", at = { pulse = -1 } }
"""
# the second device would RESET in 1e-38 s, which no time step resolves
FAILING = """\
experiment = "iv_loop"
[device]
card = "kvatinsky2015_vteam"
[arguments]
cycles = 1
points_per_cycle = 100
[grid]
"device.k_off" = [5e-4, 1e30]
"""
LONG = """\
experiment = "iv_loop"
[device]
card = "lin2022_hfo2"
[arguments]
cycles = 1
[grid]
frequency = { from = "4kHz", to = "5kHz", count = 40 }  # each a netlist of its own
"""


def run(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["sweep", *map(str, arguments)])
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    return ended.value.code or 0, shown.out, shown.err


@pytest.fixture
def spec(tmp_path):
    def written(text):
        path = tmp_path / "spec.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.fixture
def where(tmp_path):
    return ["--out", tmp_path / "out", "--store", tmp_path / "store", "--jobs", 1]


def test_result_is_that_of_python_and_prints_one_document(spec, where, tmp_path, capsys):
    code, out, err = run([spec(SET), *where, "--json", "--progress", "json"], capsys)
    assert code == 0
    told = json.loads(out)
    assert (told["points"], told["failed"]) == (4, 0)
    assert json.loads(err.splitlines()[0])["event"] == "start"
    found = xr.load_dataset(tmp_path / "out" / "sweep.nc", engine="scipy")
    asked = load_specification(tmp_path / "spec.toml")
    direct = sweep(asked.experiment, asked.design, seed=3, store=tmp_path / "other", jobs=1)
    assert found.identical(direct)
    last = found["conductance"].isel(pulse=-1).to_numpy()
    assert told["yield"]["share"] == np.mean(last <= 6e-6)
    assert 0 < told["yield"]["share"] < 1
    assert [path.rsplit("/", 1)[1] for path in told["files"]] == ["sweep.nc", "sweep.png"]
    assert (tmp_path / "out" / "sweep.png").read_bytes().startswith(b"\x89PNG")


def test_a_second_run_simulates_nothing(spec, where, tmp_path, capsys):
    path = spec(SET)
    assert run([path, *where], capsys)[0] == 0
    first = xr.load_dataset(tmp_path / "out" / "sweep.nc", engine="scipy")
    code, _, err = run([path, *where, "--progress", "json"], capsys)
    assert code == 0
    end = json.loads(err.splitlines()[-1])
    assert (end["kept"], end["done"]) == (4, 0)
    assert xr.load_dataset(tmp_path / "out" / "sweep.nc", engine="scipy").identical(first)


def test_failed_points_end_with_status_1_and_are_told(spec, where, tmp_path, capsys):
    code, out, _ = run([spec(FAILING), *where, "--json", "--progress", "quiet"], capsys)
    assert code == 1
    told = json.loads(out)
    assert (told["points"], told["failed"]) == (2, 1)
    (error,) = told["errors"]
    assert error["points"] == 1
    assert "imestep too small" in (tmp_path / error["log"]).read_text(encoding="utf-8")
    found = xr.load_dataset(tmp_path / "out" / "sweep.nc", engine="scipy")
    assert found["status"].to_numpy().tolist() == [0, 1]
    code, out, _ = run([spec(FAILING), *where], capsys)  # from the store, for people
    assert code == 1
    assert "failed: 1" in out
    assert "errors:" in out


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("pulses = 1\n", "pulse = 1\n", "spec.toml:8: arguments.pulse: unknown 'pulse'"),
        ('"1.6V"', '"1.6A"', "spec.toml:11: grid.set.amplitude.from: from = '1.6A' has unit"),
        ("seed = 3", "seed = 3.5", "spec.toml:2: seed: 3.5; expected a whole number"),
    ],
)
def test_mistakes_in_the_file_end_with_status_2(old, new, message, spec, where, tmp_path, capsys):
    code, out, err = run([spec(SET.replace(old, new)), *where], capsys)
    assert (code, out) == (2, "")
    assert message in err
    assert not (tmp_path / "store").exists()
    assert not (tmp_path / "out").exists()


def test_other_wrong_input_ends_with_status_2(spec, where, tmp_path, capsys):
    assert run([tmp_path / "no.toml", *where], capsys)[0] == 2
    assert "name a sweep file" in run([], capsys)[2]
    assert run([spec(SET), *where, "--scheduler", "tcp://x:1"], capsys)[0] == 2  # beside --jobs
    assert run([spec(SET), *where, "--progress", "loud"], capsys)[0] == 2
    limits = SET.replace("conductance = { high", "weight = { high")
    code, out, err = run([spec(limits), *where, "--progress", "quiet"], capsys)
    assert code == 2
    # told once, with its place, and nothing is lost by it
    assert err.count("weight") == 1
    assert "spec.toml:13: limits.weight: there is no such result" in err
    assert "points: 4" in out
    assert str(tmp_path / "out" / "sweep.nc") in out
    assert (tmp_path / "out" / "sweep.png").exists()


def test_why_all_points_failed_is_told_beside_limits(spec, where, capsys):
    text = FAILING.replace("[5e-4, 1e30]", "[1e30]") + "[limits]\ncurrent = { high = '1A' }\n"
    code, out, err = run([spec(text), *where, "--progress", "quiet"], capsys)
    assert (code, err) == (1, "")
    assert "failed: 1" in out
    assert "imestep too small" in out
    assert "yield" not in out


def test_a_full_disk_ends_with_status_3(spec, where, capsys, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", full)
    code, _, err = run([spec(SET), *where, "--progress", "quiet"], capsys)
    assert code == 3
    assert "sweep.nc: No space left" in err


def test_store_that_cannot_be_written_ends_with_status_3(spec, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    code, _, err = run([spec(SET), "--store", tmp_path / "file", "--out", tmp_path / "o"], capsys)
    assert code == 3
    assert "cannot be written" in err


def test_no_ngspice_ends_with_status_3(spec, where, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MEMCIRCUIT_NGSPICE", str(tmp_path / "nowhere"))
    assert run([spec(SET), *where], capsys)[0] == 3


def test_seed_of_the_command_line_takes_the_place_of_the_files(spec, where, tmp_path, capsys):
    text = SET.replace('[grid]\n"set.amplitude" = { from = "1.6V", to = "1.9V", count = 4 }',
                       "[monte_carlo]\ndevices = 3")  # fmt: skip
    drawn = []
    for seed in ("5", "6"):
        assert run([spec(text), *where, "--seed", seed], capsys)[0] == 0
        found = xr.load_dataset(tmp_path / "out" / "sweep.nc", engine="scipy")
        assert found.attrs["seed"] == int(seed)
        drawn.append(found["variation.m_k_set"].to_numpy())
    assert np.all(drawn[0] != drawn[1])


def test_interrupted_sweep_goes_on_where_it_was(spec, where, tmp_path, capsys):
    command = [sys.executable, "-m", "memcircuit", "sweep", str(spec(LONG)), *map(str, where)]
    running = subprocess.Popen(
        [*command, "--progress", "json"], stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    kept = Store(tmp_path / "store")
    wait_for(lambda: len(list(kept.entries())) >= 3 or running.poll() is not None, "three points")
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "the same command again goes on from here" in err
    assert not (tmp_path / "out" / "sweep.nc").exists()
    before = len(list(kept.entries()))
    assert 3 <= before < 40
    code, _, err = run([tmp_path / "spec.toml", *where, "--progress", "json"], capsys)
    assert code == 0
    assert json.loads(err.splitlines()[-1])["done"] == 40 - before


def test_sweep_of_a_network_on_hardware(spec, where, tmp_path, capsys):
    code, out, _ = run(["--template", "evaluate"], capsys)
    assert code == 0
    path = spec(out.replace("# seeds =", "seeds = 2"))
    assert run([path, *where, "--progress", "quiet"], capsys)[0] == 0
    found = xr.load_dataset(tmp_path / "out" / "sweep.nc", engine="scipy")
    accuracy = found["accuracy"].mean("seed").to_numpy()
    assert found["faults.stuck_off"].to_numpy().tolist() == [0.0, 0.01, 0.02, 0.05]
    assert accuracy[0] > 0.9
    assert accuracy[3] < accuracy[0]


def test_template_of_an_array_runs(spec, where, capsys):
    _, out, _ = run(["--template", "drive_array"], capsys)
    text = out.replace("= 8", "= 2").replace("count = 4", "count = 2")
    code, out, _ = run([spec(text), *where, "--json", "--progress", "quiet"], capsys)
    assert (code, json.loads(out)["failed"]) == (0, 0)


def test_template_is_a_sweep_file(tmp_path, capsys):
    code, out, _ = run(["--template", "write_verify_cells"], capsys)
    assert code == 0
    (tmp_path / "made.toml").write_text(out, encoding="utf-8")
    assert load_specification(tmp_path / "made.toml").design.size == 4
    assert run(["--template", "evaluation"], capsys)[0] == 2


def test_what_a_file_measures_is_written_and_limited(spec, where, tmp_path, capsys):
    text = SET.replace("conductance = {", "written = {").replace(", at = { pulse = -1 }", "")
    kept = '[measure]\nwritten = { of = "conductance", at = { pulse = -1 } }\n'
    code, out, _ = run([spec(SET), *where, "--json", "--progress", "quiet"], capsys)
    whole = xr.load_dataset(tmp_path / "out" / "sweep.nc", engine="scipy")
    assert code == 0
    code, own, _ = run([spec(text + kept), *where, "--json", "--progress", "quiet"], capsys)
    assert code == 0
    assert json.loads(own)["yield"] == json.loads(out)["yield"]
    found = xr.load_dataset(tmp_path / "out" / "sweep.nc", engine="scipy")
    np.testing.assert_array_equal(found["written"], whole["conductance"].isel(pulse=-1))
    assert "conductance" not in found
    assert (tmp_path / "out" / "sweep.png").exists()
