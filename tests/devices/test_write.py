"""The committed files are what the definitions say."""

from memcircuit.devices.library import model_names
from memcircuit.devices.write import generated_files, outdated, write_models


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
