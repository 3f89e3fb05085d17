"""Writes ``models/`` from the definitions and the cards, and tells whether it is up to date."""

from __future__ import annotations

from pathlib import Path

from memcircuit.devices.cards import card_names, load_card
from memcircuit.devices.definition import Model
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


def catalogue() -> str:
    """Return the catalogue of models and cards as Markdown."""
    lines = [
        "# Models",
        "",
        "`verilog_a/` and `ngspice/` hold every model as a Verilog-A module and as an ngspice "
        "subcircuit of behavioural sources; `cards/` holds published parameter sets. This page, "
        "`verilog_a/` and `ngspice/` are written by `memcircuit models write` from "
        "`memcircuit/devices/models/` and the cards: change those, never these.",
        "",
        "To add a model, add one file to `memcircuit/devices/models/` that defines `MODEL`, and "
        "run `memcircuit models write`. To add a parameter set, add one TOML file to `cards/`, "
        "named first author, year, device; every value carries its unit and its source.",
        "",
        "## Cards",
        "",
        "| card | model | device | source |",
        "| --- | --- | --- | --- |",
    ]
    for name in card_names():
        card = load_card(name)
        lines.append(f"| `{name}` | `{card.model.name}` | {card.title} | {card.citation} |")
    lines += ["", "## Models"]
    for name in model_names():
        lines += ["", *_model_section(model(name))]
    return "\n".join(lines) + "\n"


def _model_section(definition: Model) -> list[str]:
    return [
        f"### `{definition.name}`",
        "",
        f"{definition.title}.",
        "",
        "```",
        *definition.equations,
        *(str(constraint) for constraint in definition.constraints),
        "```",
        "",
        f"Source: {definition.source}.",
        "",
        "| parameter | default | unit | range | meaning | varies |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| `{p.name}` | {p.default:g} | {p.unit} | {p.range_text} | {p.description} | "
            f"{'yes' if p.varies else ''} |"
            for p in definition.parameters
        ),
    ]
