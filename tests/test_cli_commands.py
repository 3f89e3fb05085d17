"""Commands of the chain on small work: what they write, print and refuse."""

import json
import shutil
import subprocess

import numpy as np
import pytest
import xarray as xr

import memcircuit as mc
from memcircuit.cli import main
from memcircuit.simulate import find_ngspice, read_raw
from memcircuit.sweeps.store import Store

CARD = "lin2022_hfo2"


def run(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in arguments])
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    return ended.value.code or 0, shown.out, shown.err


def told(arguments, capsys, status=0):
    """Return the JSON document that a command prints, which is all it prints."""
    code, out, err = run([*arguments, "--json"], capsys)
    assert code == status, err
    return json.loads(out)


@pytest.fixture
def table(tmp_path):
    rise = np.linspace(1e-6, 101e-6, 11)
    trains = np.stack([rise, rise[::-1]]) * np.array([1.0, 1.01]).reshape(1, 2, 1, 1)
    made = mc.ConductanceTable.of_trains(trains, np.full(trains.shape, 1e-11))
    return made.to_netcdf(tmp_path / "table.nc")


def test_verify_brings_cells_to_their_targets(tmp_path, capsys):
    wanted = ["--target", "50uS", "--target", "0.2mS"]
    found = told(["verify", CARD, *wanted, "--cell", "1m", "--out", tmp_path], capsys)
    assert found["target"] == {"value": [5e-5, 2e-4], "unit": "S"}
    assert found["reached"] == found["cells"] == 2
    device = mc.device(CARD)
    span = float(np.diff(device.conductance([0.0, 1.0], 0.2))[0])
    np.testing.assert_allclose(found["measured"]["value"], [5e-5, 2e-4], atol=0.01 * span)
    written = xr.load_dataset(tmp_path / "verify.nc", engine="scipy")
    assert written["measured"].to_numpy().tolist() == found["measured"]["value"]
    assert (tmp_path / "verify.png").read_bytes().startswith(b"\x89PNG")


def test_verify_that_misses_ends_with_status_1_and_warns(tmp_path, capsys):
    arguments = ["verify", CARD, "--levels", 3, "--max-pulses", 2, "--out", tmp_path]
    code, out, err = run([*arguments, "--spread", "--seed", 5], capsys)
    assert code == 1
    assert "memcircuit: warning:" in err
    assert "reached: " in out
    assert (tmp_path / "verify.nc").exists()


def test_table_is_made_of_a_card_and_shown(tmp_path, capsys):
    arguments = ["table", CARD, "--devices", 2, "--cycles", 2, "--pulses", 4, "--seed", 7]
    made = told([*arguments, "--out", tmp_path], capsys)
    assert (made["devices"], made["cycles"], made["pulses"]) == (2, 2, {"set": 4, "reset": 4})
    shown = told(["table", tmp_path / "table.nc"], capsys)
    assert {**shown, "files": made["files"]} == made
    loaded = mc.ConductanceTable.from_netcdf(tmp_path / "table.nc")
    assert shown["conductance_range"]["value"] == list(loaded.conductance_range)
    code, out, _ = run(["table", tmp_path / "table.nc"], capsys)
    assert code == 0
    assert "conductance range: " in out


def test_export_writes_every_format(table, tmp_path, capsys):
    arguments = ["export", table, "csv", "--out", tmp_path / "a" / "table.csv"]
    assert told(arguments, capsys)["files"] == [str(tmp_path / "a" / "table.csv")]
    again = mc.tables.import_table("csv", tmp_path / "a" / "table.csv")
    assert again == mc.ConductanceTable.from_netcdf(table)
    for name in ("aihwkit", "aihwkit_pulses", "crosssim", "xbtorch"):
        assert told(["export", table, name, "--out", tmp_path / name], capsys)["files"]
    neurosim = ["export", table, "neurosim", "--levels", 4, "--out", tmp_path / "states.csv"]
    assert told(neurosim, capsys)["files"] == [str(tmp_path / "states.csv")]
    code, _, err = run(["export", table, "spectre", "--out", tmp_path / "x"], capsys)
    assert code == 2
    assert "choose one of aihwkit" in err


def test_read_of_conductances_is_kirchhoffs(tmp_path, capsys):
    """One cell behind two segments of each line it shares with its driver and sense amplifier."""
    np.savetxt(tmp_path / "g.csv", [[1e-3]], delimiter=",")
    arguments = ["read", tmp_path / "g.csv", "--wires", "100ohm", "--voltage", "0.3V"]
    found = told([*arguments, "--simulator", "ngspice", "--out", tmp_path], capsys)
    expected = 0.3 / (1000 + 2 * 100)
    assert found["output"]["value"] == pytest.approx([expected], rel=1e-9)
    assert found["ngspice_output"]["value"] == pytest.approx([expected], rel=1e-9)
    assert found["ideal_output"]["value"] == pytest.approx([3e-4], rel=1e-12)
    assert found["largest_loss"]["value"] == pytest.approx(1 - 1000 / 1200)


def test_read_takes_inputs_and_cells_of_a_card(tmp_path, capsys):
    g = np.random.default_rng(1).uniform(1e-6, 1e-4, (3, 2))
    v = np.array([0.1, 0.0, -0.2])
    np.save(tmp_path / "g.npy", g)
    np.save(tmp_path / "v.npy", v)
    files = ["read", tmp_path / "g.npy", "--inputs", tmp_path / "v.npy", "--wires", 0]
    found = told([*files, "--out", tmp_path], capsys)
    assert found["output"]["value"] == pytest.approx((v @ g).tolist(), rel=1e-12)
    cells = ["read", CARD, "--rows", 2, "--columns", 3, "--state", 1, "--wires", "0"]
    found = told([*cells, "--out", tmp_path], capsys)
    alone = float(mc.device(CARD).conductance(1.0, 0.2)) * 0.2
    assert found["output"]["value"] == pytest.approx([2 * alone] * 3, rel=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [("a,b\n", "no array of numbers"), ("-1\n", "g"), ("", "array of")],
)
def test_read_refuses_what_is_no_array(text, message, tmp_path, capsys):
    (tmp_path / "g.csv").write_text(text, encoding="utf-8")
    code, _, err = run(["read", tmp_path / "g.csv", "--out", tmp_path / "out"], capsys)
    assert code == 2
    assert message in err
    assert run(["read", tmp_path / "no.csv"], capsys)[0] == 2
    assert not (tmp_path / "out").exists()


def test_evaluate_of_a_network_file_without_errors_is_float(tmp_path, capsys):
    training, test = mc.networks.load_digits()
    network = mc.networks.train_float(
        training, test, np.random.default_rng(1), max_epochs=3
    ).network()
    mc.networks.save_network(network, tmp_path / "net.npz")
    arguments = ["evaluate", tmp_path / "net.npz", "--out", tmp_path]
    ideal = told(arguments, capsys)
    assert ideal["accuracy"] == ideal["float_accuracy"]
    assert ideal["images"] == 1797
    noisy = [*arguments, "--programming-error", 0.3, "--seeds", 2, "--seed", 3]
    found = told(noisy, capsys)
    assert found["accuracy"] < ideal["accuracy"]
    assert told(noisy, capsys) == found
    assert told([*noisy[:-1], 4], capsys)["accuracy"] != found["accuracy"]
    saved = xr.load_dataset(tmp_path / "evaluation.nc", engine="scipy")
    assert saved["accuracy"].sizes == {"seed": 2}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--data", "letters"], "choose one of digits"),
        (["--quantise"], "give table="),
        (["--wires", "2ohm"], "--array"),
        (["--stuck-on", "0.1"], "stuck_on_conductance"),
        (["--data", "mnist", "--network"], "No such option"),
    ],
)
def test_evaluate_refuses_before_anything_is_trained(options, message, capsys):
    code, _, err = run(["evaluate", *options], capsys)
    assert code == 2
    assert message in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["iv", CARD, "--amplitude", "1.5V"],
        ["pulses", CARD, "--pulses", 1, "--form", "behavioural"],
        ["read", CARD, "--rows", 2, "--columns", 3],
    ],
)
def test_netlist_runs_in_plain_ngspice(arguments, tmp_path, capsys):
    deck = tmp_path / "deck"
    found = told(["netlist", *arguments, "--out", deck], capsys)
    assert str(deck / "deck.cir") in found["files"]
    done = subprocess.run(
        [find_ngspice(), "-b", "deck.cir"], cwd=deck, check=False, capture_output=True
    )
    assert done.returncode == 0
    assert read_raw(deck / found["result"])[0].data.size


def test_netlist_gives_what_the_experiment_gives(tmp_path, capsys):
    told(["netlist", "read", CARD, "--rows", 2, "--columns", 2, "--out", tmp_path / "d"], capsys)
    subprocess.run(
        [find_ngspice(), "-b", "deck.cir"], cwd=tmp_path / "d", check=True, capture_output=True
    )
    plot = read_raw(tmp_path / "d" / "result.raw")[0]
    currents = [value for name, value in zip(plot.names, plot.data[0], strict=True)
                if name.startswith("i(vbottom")]  # fmt: skip
    read = ["read", CARD, "--rows", 2, "--columns", 2, "--out", tmp_path / "r"]
    expected = told(read, capsys)["output"]["value"]
    np.testing.assert_allclose(np.abs(currents), expected, rtol=1e-6)


def test_run_of_a_netlist_of_ones_own(tmp_path, capsys):
    circuit = tmp_path / "rc.cir"
    circuit.write_text(
        "low pass\nv1 in 0 dc 2 ac 1\nr1 in out 1k\nc1 out 0 1u\n.op\n.ac lin 1 159.15494309 "
        "159.15494309\n.end\n",
        encoding="utf-8",
    )
    found = told(["run", circuit, "--out", tmp_path / "out"], capsys)
    assert len(found["analyses"]) == len(found["files"]) == 2
    point, sweep = (xr.load_dataset(path, engine="scipy") for path in found["files"])
    assert float(point["v(out)"]) == pytest.approx(2.0)
    # at the corner frequency the output is (1 - j)/2
    assert float(sweep["v(out)_real"].squeeze()) == pytest.approx(0.5, rel=1e-6)
    assert float(sweep["v(out)_imag"].squeeze()) == pytest.approx(-0.5, rel=1e-6)


def test_run_refuses_a_program_unless_it_is_trusted(tmp_path, capsys):
    circuit = tmp_path / "program.cir"
    marker = tmp_path / "marker"
    circuit.write_text(
        f"program\nv1 a 0 1\nr1 a 0 1k\n.control\nop\nshell touch {marker}\nwrite x.raw\n"
        "quit 0\n.endc\n.end\n",
        encoding="utf-8",
    )
    code, _, err = run(["run", circuit, "--out", tmp_path / "out"], capsys)
    assert code == 2
    assert "program.cir:" in err
    assert not marker.exists()
    assert run(["run", circuit, "--trust", "--out", tmp_path / "out"], capsys)[0] == 0
    assert marker.exists()


def test_run_prints_measurements_and_what_was_left_out(tmp_path, capsys):
    circuit = tmp_path / "rc.cir"
    circuit.write_text(
        "low pass\nv1 in 0 sin(0 2 1meg)\nr1 in 0 1k\n.tran 1n 1u 0 1n\n.four 1meg v(in)\n"
        ".meas tran vmax max v(in)\n.meas tran never when v(in)=7\n.end\n",
        encoding="utf-8",
    )
    code, out, err = run(["run", circuit, "--out", tmp_path / "out"], capsys)
    assert code == 0
    assert "measured: vmax 2 V\nnot found: never\n" in out
    assert "memcircuit: warning: left out: .four 1meg v(in)" in err
    keep = ["--keep", tmp_path / "kept"]
    found = told(["run", circuit, "--out", tmp_path / "out", *keep], capsys)
    assert found["measured"]["vmax"]["value"] == pytest.approx(2.0, rel=1e-5)
    assert found["not_found"] == ["never"]
    assert found["analyses"][0]["vectors"] == ["v(in)", "i(v1)"]
    assert (tmp_path / "kept" / "deck_1.cir").exists()


def test_what_a_trusted_netlist_writes_is_kept(tmp_path, capsys):
    circuit = tmp_path / "table.cir"
    circuit.write_text(
        "title\nv1 a 0 2\nr1 a 0 1k\n.control\nop\nwrdata numbers v(a)\nquit 0\n.endc\n.end\n",
        encoding="utf-8",
    )
    arguments = ["run", circuit, "--trust", "--out", tmp_path / "out"]
    for _ in range(2):  # the second time its folder holds what the first left
        found = told(arguments, capsys)
        assert found["analyses"] == []
        names = [path.rsplit("/", 1)[1] for path in found["files"]]
        assert sorted(names) == ["memcircuit_ngspice.out", "numbers"]
    assert not (tmp_path / "out" / "table_run" / "out").exists()
    assert told([*arguments, "--keep", tmp_path / "kept"], capsys)["files"][0].startswith(
        str(tmp_path / "kept")
    )


def test_run_that_fails_ends_with_status_3(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "x.cir").write_text("x\nv1 a 0 1\nv2 a 0 2\n.op\n.end\n", encoding="utf-8")
    assert run(["run", tmp_path / "x.cir", "--out", tmp_path / "out"], capsys)[0] == 3


def test_cache_is_listed_checked_limited_and_cleared(tmp_path, capsys):
    store = Store(tmp_path / "store")
    keys = [f"{number:064x}" for number in range(3)]
    for key in keys:
        store.put(key, b"x" * 1000)
    at = ["--store", tmp_path / "store"]
    listed = told(["cache", "list", *at], capsys)
    assert sorted(listed["keys"]) == keys
    assert listed["size"]["value"] == sum(entry.size for entry in store.entries()) > 3000
    damaged = next(store.entries())
    damaged.path.write_bytes(b"damaged")
    assert told(["cache", "check", *at], capsys, status=1)["damaged"] == [damaged.key]
    assert told(["cache", "check", *at], capsys) == {
        "directory": str(tmp_path / "store"), "whole": 2, "damaged": [],
    }  # fmt: skip
    limited = told(["cache", "limit", "1.5kB", *at], capsys)
    assert (limited["removed"], len(list(store.entries()))) == (1, 1)
    assert told(["cache", "clear", *at], capsys)["removed"] == 1
    assert told(["cache", "list", *at], capsys)["entries"] == 0
    for wrong in ("2V", "1e3000B"):
        assert run(["cache", "limit", wrong, *at], capsys)[0] == 2


def test_json_of_the_commands_that_were_there(tmp_path, capsys):
    assert {"ngspice", "openvaf-r"} & set(told(["doctor"], capsys))
    assert CARD in told(["devices"], capsys)["cards"]
    loop = told(["iv", CARD, "--amplitude", "1.5V", "--out", tmp_path], capsys)
    assert loop["amplitude"] == {"value": 1.5, "unit": "V"}
    assert told(["models", "check"], capsys) == {"outdated": []}
    source = mc.device(CARD).verilog_a("osdi")[0]
    shutil.copy(source, tmp_path / "own.va")
    assert told(["compile", tmp_path / "own.va"], capsys)["files"][0].endswith(".osdi")
