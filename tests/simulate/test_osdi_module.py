"""What is read from a compiled module is what its source says."""

import subprocess
import sys
from pathlib import Path

import pytest

from memcircuit.devices.library import model
from memcircuit.devices.verilog_a import verilog_a
from memcircuit.errors import CompileError, ToolError, UsageError
from memcircuit.simulate.osdi_module import (
    OsdiParameter,
    OsdiUnknown,
    OsdiVariable,
    _read,
    osdi_modules,
)

DATA = Path(__file__).parent.parent / "data"

pytestmark = pytest.mark.usefixtures("osdi")


def test_parameters_are_those_written_in_the_file():
    (module,) = osdi_modules(DATA / "threshold_memristor.va")
    card, own = "model", "instance"
    written = [
        OsdiParameter("area", "real", "", "area relative to that of the card", own, 1.0),
        OsdiParameter("R_on", "real", "ohm", "low resistance", card, 2e3),
        OsdiParameter("R_off", "real", "ohm", "high resistance", card, 1e5),
        OsdiParameter("v_set", "real", "V", "SET threshold", card, 0.4),
        OsdiParameter("v_reset", "real", "V", "RESET threshold", card, -0.3),
        OsdiParameter("k_set", "real", "1/s", "SET rate", card, 2e3),
        OsdiParameter("k_reset", "real", "1/s", "RESET rate", card, 1e3),
        OsdiParameter("a_set", "integer", "", "", card, 2),
        OsdiParameter("a_reset", "integer", "", "", card, 1),
        OsdiParameter("x_init", "real", "", "state at the start", card, 0.1),
        OsdiParameter("author", "string", "", "who wrote the card", card, "nobody"),
    ]
    assert set(module.parameters) == set(written)
    assert module.name == "Threshold_Memristor"
    assert module.terminals == ("p", "n")
    assert module.unknowns == (OsdiUnknown("x", flow=False, reactive=True),)
    assert module.outputs == (OsdiVariable("resistance", "real", "ohm", "resistance"),)
    assert module.bounds_step
    assert module.out_of_range == ()


def test_every_module_of_a_file():
    plain, contacted = osdi_modules(DATA / "plain_resistors.va")
    assert (plain.name, plain.unknowns, plain.bounds_step) == ("plain_resistor", (), False)
    assert contacted.name == "contacted_resistor"
    assert contacted.unknowns == (OsdiUnknown("inner", flow=False, reactive=False),)


def test_values_reach_the_defaults_that_depend_on_them():
    """R_off = 50*R_on, and area is an instance parameter."""
    given = {"R_on": 3e3, "area": 4.0, "a_set": 5}
    (module,) = osdi_modules(DATA / "threshold_memristor.va", "Threshold_Memristor", given)
    assert module.parameter("R_off").value == 150e3
    assert module.parameter("area").value == 4.0
    assert module.parameter("a_set").value == 5
    assert module.parameter("nothing") is None


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"x_init": 1.5}, {"x_init"}),
        ({"x_init": 1.0}, set()),
        ({"a_set": 11, "area": 0.0}, {"a_set", "area"}),
        ({"R_on": -1.0, "R_off": 1.0}, {"R_on"}),
    ],
)
def test_the_module_itself_says_what_is_out_of_range(given, refused):
    (module,) = osdi_modules(DATA / "threshold_memristor.va", "Threshold_Memristor", given)
    assert set(module.out_of_range) == refused


def test_our_own_models_read_back(tmp_path):
    definition = model("graded_bipolar")
    file = tmp_path / "own.va"
    file.write_text(verilog_a(definition))
    (module,) = osdi_modules(file)
    for parameter in definition.parameters:
        found = module.parameter(parameter.name)
        assert found.value == parameter.default
        assert found.unit == ("" if parameter.unit == "1" else parameter.unit)
        assert found.kind == "model"
    assert {p.multiplier for p in definition.varying} | {"x0"} == {
        p.name for p in module.parameters if p.kind == "instance"
    }
    assert module.terminals == ("plus", "minus", "state")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_native_code_of_others_never_runs_in_our_process():
    code = (
        "from pathlib import Path; from memcircuit.simulate.osdi_module import osdi_modules\n"
        f"osdi_modules({str(DATA / 'threshold_memristor.va')!r})\n"
        "print('.osdi' in Path('/proc/self/maps').read_text())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_what_is_no_module(tmp_path):
    garbage = tmp_path / "module.osdi"
    garbage.write_bytes(b"no library")
    with pytest.raises(ToolError, match=r"mine\.va: its compiled form cannot be read"):
        _read(garbage, "mine.va", "", "{}")
    with pytest.raises(UsageError, match=r"nowhere\.va"):
        osdi_modules(tmp_path / "nowhere.va")
    wrong = tmp_path / "wrong.va"
    wrong.write_text("module wrong(a, b); inout a, b; electrical a, b;\nanalog I(a) <+ q;\n")
    with pytest.raises(CompileError, match=r"wrong\.va"):
        osdi_modules(wrong)
