"""The committed files are what the definitions say, and what a reader of Verilog-A expects."""

import re

import pytest

from memcircuit.devices.library import model, model_names, models_directory
from memcircuit.devices.write import generated_files, outdated, write_models
from memcircuit.errors import CompileError
from memcircuit.simulate import find_openvaf
from memcircuit.simulate.compiler import build

EVERY_LINT_AN_ERROR = ("-E", "all", "-O", "0")


def _verilog_a(name):
    return models_directory() / "verilog_a" / f"{name}.va"


def test_committed_files_are_up_to_date():
    assert outdated() == [], "run `memcircuit models write`"


def test_every_model_has_both_forms():
    files = {str(path) for path in generated_files()}
    for name in model_names():
        assert {f"verilog_a/{name}.va", f"ngspice/{name}.lib"} <= files


def test_only_what_differs_is_written(tmp_path):
    assert len(write_models(tmp_path)) == len(generated_files())
    assert write_models(tmp_path) == []
    (tmp_path / "ngspice" / "vteam.lib").write_text("old", encoding="utf-8")
    assert [path.name for path in write_models(tmp_path)] == ["vteam.lib"]


@pytest.mark.parametrize("name", model_names())
def test_the_compiler_finds_nothing_to_remark(name, tmp_path):
    module = tmp_path / "module.osdi"
    build(find_openvaf(), _verilog_a(name), module, options=EVERY_LINT_AN_ERROR)
    said = (tmp_path / "module.out").read_text() + (tmp_path / "module.err").read_text()
    assert not re.search(r"warning|error", said)


def test_a_lint_is_an_error_there(tmp_path):
    """What the test above relies on: code that compiles with a warning is refused."""
    source = tmp_path / "remarked.va"
    text = _verilog_a("vteam").read_text(encoding="utf-8")
    source.write_text(text.replace("module vteam", "`define HOLD 1\nmodule vteam"))
    build(find_openvaf(), source, tmp_path / "module.osdi", options=("-O", "0"))
    with pytest.raises(CompileError, match="'`HOLD' was overwritten"):
        build(find_openvaf(), source, tmp_path / "module.osdi", options=EVERY_LINT_AN_ERROR)


@pytest.mark.parametrize("name", model_names())
def test_the_head_of_a_verilog_a_file_names_equations_and_source(name):
    text, definition = _verilog_a(name).read_text(encoding="utf-8"), model(name)
    head = text[: text.index("`include")]
    for equation in definition.equations:
        assert f"//   {equation}\n" in head
    joined = re.sub(r"\n//\s*", " ", head)
    assert f"Source: {definition.source} " in joined
    assert re.search(r"doi:10\.\d{4,}/|\b\d+:\d+ \(\d{4}\)", definition.source)


@pytest.mark.parametrize("name", model_names())
def test_a_verilog_a_file_says_what_each_parameter_is(name):
    text, definition = _verilog_a(name).read_text(encoding="utf-8"), model(name)
    declared = dict(
        re.findall(r'\(\*(?:type="instance", )?desc="([^"]+)".*\*\) parameter \w+ (\w+)', text)
    )
    described = {parameter: text for text, parameter in declared.items()}
    assert len(re.findall(r"\bparameter (?:real|integer) ", text)) == len(described)
    for parameter in definition.parameters:
        assert described[parameter.name] == parameter.description
        unit = f'desc="{parameter.description}", units="{parameter.unit}"'
        assert (unit in text) == (parameter.unit != "1")
    names = re.findall(r"\b(?:parameter \w+|module|real) (\w+)", text)
    assert names == [known.lower() for known in names]
    assert text.endswith("endmodule\n")
    assert not re.search(r"[ \t]\n|\t", text)
