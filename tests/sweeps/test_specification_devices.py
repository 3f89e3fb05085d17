"""Devices of Verilog-A files in sweep files: those of Python, in cells and in designs."""

import functools
import shutil

import numpy as np
import pytest
from sweep_files import DATA, loaded, run, told

import memcircuit as mc
from memcircuit.simulate.toolchain import preferred_form
from memcircuit.simulate.verilog_a_file import VerilogAFile

pytestmark = pytest.mark.skipif(preferred_form() != "osdi", reason="needs the compiler")

HEAD = """\
experiment = "pulse_train"
[device]
verilog_a = "gap_memristor.va"
parameters = { i_0 = "0.2mA", gap_0 = "0.3nm", v_0 = 0.5 }
initial_state_parameter = "gap_start"
initial_state = 0.3
state_range = [1.7, 0.2]
varies = ["i_0"]
[arguments]
pulses = 1
reset_pulses = 0
set = { amplitude = "1V", width = "1us" }
read = "0.1V"
[grid]
"device.v_1" = ["150mV", 0.2]
"""


@pytest.fixture
def place(tmp_path):
    for name in ("gap_memristor.va", "plain_resistors.va"):
        shutil.copy(DATA / name, tmp_path / name)
    return tmp_path


def _device(place):
    return VerilogAFile(
        place / "gap_memristor.va", parameters={"i_0": 0.2e-3, "gap_0": 0.3, "v_0": 0.5},
        initial_state_parameter="gap_start", initial_state=0.3, state_range=(1.7, 0.2),
        varies=["i_0"],
    )  # fmt: skip


def test_device_of_a_file_is_that_of_python_bit_for_bit(place):
    asked = loaded(place, HEAD)
    assert asked.experiment.keywords["device"] == _device(place)
    found = run(asked, place / "store")
    assert found["status"].values.tolist() == [0, 0], found["error"].values
    assert found["device.v_1"].attrs["units"] == "V"
    train = functools.partial(
        mc.pulse_train, _device(place), set=mc.Pulse(1.0, 1e-6), read=0.1, pulses=1, reset_pulses=0
    )
    python = mc.sweep(
        train, {"device.v_1": [0.15, 0.2]}, jobs=1, store=place / "other", progress="quiet"
    )
    np.testing.assert_array_equal(found["conductance"], python["conductance"])
    np.testing.assert_array_equal(found["state"], python["state"])


def test_devices_of_files_may_be_swept_and_stand_in_cells(place):
    text = HEAD.replace(
        '"device.v_1" = ["150mV", 0.2]',
        'device = ["lin2022_hfo2", { verilog_a = "gap_memristor.va", initial_state_parameter = '
        '"gap_start", state_range = [1.7, 0.2] }]',
    ).replace("[arguments]", '[cell]\nkind = "1t1r"\n[arguments]\ngate = 3.3')
    asked = loaded(place, text)
    assert asked.experiment.keywords["device"].device == _device(place)
    found = run(asked, place / "store")
    assert found["status"].values.tolist() == [0, 0], found["error"].values
    # both are in the cell: its transistor is off without a gate voltage
    shut = run(loaded(place, text.replace("gate = 3.3", "gate = 0")), place / "store")
    assert (shut["state"].isel(pulse=-1) < found["state"].isel(pulse=-1)).all()


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("gap_memristor.va", "none.va", 3, "device.verilog_a:"),
        ("state_range = [1.7", 'module = "gap"\nstate_range = [1.7', 7,
         "device.module: "),
        ("verilog_a =", 'card = "lin2022_hfo2"\nverilog_a =', 4,
         "device.verilog_a: a device is that of a card or of a file"),
        ("varies =", "vary =", 8, "device.vary: unknown 'vary'; did you mean 'varies'"),
        ("gap_0 =", "gap0 =", 4, "device.parameters.gap0: unknown 'gap0'; did you mean 'gap_0'"),
        ('"0.2mA"', '"0.2mV"', 4, "device.parameters.i_0: i_0 = '0.2mV' has unit 'V'"),
        ("v_0 = 0.5", "v_0 = -1", 4, "device.parameters.v_0: "),
        ("initial_state = 0.3", "initial_state = 3", 6, "device.initial_state: "),
        ('"gap_start"', '"gap"', 5, "device.initial_state_parameter: "),
        ("[1.7, 0.2]", "[1.7]", 7, "device.state_range: [1.7]; expected the module's values"),
        ("[1.7, 0.2]", "[1, 1]", 7, "device.state_range: state_range = (1, 1): expected two"),
        ('["i_0"]', '["i"]', 8, "device.varies: varies: module 'gap_memristor' has no parameter"),
        ('["i_0"]', "3", 8, "device.varies: 3 is no list"),
        ("varies", 'state = "gop"\nvaries', 8, "device.state: "),
        ('"device.v_1"', '"device.v_2"', 15, "no parameter 'v_2'; did you mean 'v_1'"),
        ('"150mV"', '"150mA"', 15, "v_1 = '150mA' has unit 'A'; expected 'V'"),
        ("0.2]\n", "-0.2]\n", 15, "grid.device.v_1"),
        ("[grid]", "[monte_carlo]\ndevices = 3\n[grid]", 14, "comes from no card"),
        ("[grid]", "[corners]\nsigma = 3\n[grid]", 14, "there is no device of a card"),
        ('"pulse_train"', '"read_margin"', 3,
         "device.verilog_a: read_margin computes with the equations and spreads of a card"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_line(old, new, line, message, place):
    assert message in told(place, HEAD.replace(old, new), line)
