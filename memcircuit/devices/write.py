"""Writes ``models/`` from the definitions and the cards, and tells whether it is up to date."""

from __future__ import annotations

from pathlib import Path

from memcircuit.devices.catalogue import catalogue
from memcircuit.devices.library import model, model_names, models_directory
from memcircuit.devices.ngspice import subcircuit
from memcircuit.devices.verilog_a import verilog_a


def generated_files() -> dict[Path, str]:
    """Return the text of every generated file, by its path under the models folder."""
    files = {}
    for name in model_names():
        definition = model(name)
        files[Path("verilog_a") / f"{name}.va"] = verilog_a(definition)
        files[Path("ngspice") / f"{name}.lib"] = subcircuit(definition)
    files[Path("README.md")] = catalogue()
    return files


def write_models(directory: Path | None = None) -> list[Path]:
    """Write every generated file whose content changed.

    Args:
        directory: models folder; the package's own when None.

    Returns:
        the paths written.
    """
    root = directory or models_directory()
    stale = _stale(root)
    for relative, text in stale.items():
        (root / relative).parent.mkdir(parents=True, exist_ok=True)
        (root / relative).write_text(text, encoding="utf-8")
    return [root / relative for relative in stale]


def outdated(directory: Path | None = None) -> list[Path]:
    """Return the generated files that are missing or differ from the definitions."""
    return list(_stale(directory or models_directory()))


def _stale(root: Path) -> dict[Path, str]:
    return {
        relative: text
        for relative, text in generated_files().items()
        if not (root / relative).is_file() or (root / relative).read_text(encoding="utf-8") != text
    }
