"""The data sheet of a device on a console, and its figures: I-V loop and pulse response."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from memcircuit import plot
from memcircuit.devices.data_sheet import DataSheet
from memcircuit.devices.device import Form, device
from memcircuit.experiments.agreement import START
from memcircuit.experiments.iv_loop import iv_loop
from memcircuit.experiments.pulse_train import pulse_train
from memcircuit.files import make_directory, whole_file

if TYPE_CHECKING:
    from rich.console import Console

PULSES = 100  # each way


def draw_card(card: str | Path, out: Path, form: Form | None = None) -> list[Path]:
    """Draw the I-V loop and the pulse response of a card, simulated by ngspice.

    The SET pulses start next to s = 0: an initial state that has been SET would hide what they do.

    Args:
        card: name of a card, or path of a TOML file.
        out: directory of the figures, ``CARD_loop.png`` and ``CARD_pulses.png``.
        form: netlist form, "osdi" or "behavioural"; the best one at hand when None.

    Returns:
        the files written.
    """
    drawn = device(card)
    train = pulse_train(drawn, pulses=PULSES, initial_state=START["set"], form=form)
    figures: dict[str, Any] = {
        "loop": plot.iv_loop(iv_loop(drawn, form=form)),
        "pulses": plot.pulse_response(train),
    }
    make_directory(out)
    paths = []
    for name, axes in figures.items():
        axes.set_title(drawn.name)
        paths.append(out / f"{drawn.name}_{name}.png")
        with whole_file(paths[-1]) as picture:
            axes.figure.savefig(picture, dpi=150)
    return paths


def print_sheet(sheet: DataSheet, console: Console) -> None:
    """Print a data sheet: source, equations, advice, parameters, stimuli and measured figures."""
    definition, facts = sheet.model, sheet.facts()
    console.print(f"{sheet.name}: {sheet.title}", style="bold")
    console.print(f"{sheet.citation}\n")
    if sheet.card is not None:
        console.print(f"Model {definition.name}: {definition.title}\n{definition.source}\n")
    for equation in definition.equations:
        console.print(f"  {equation}", soft_wrap=True)
    notes = {
        "Use": definition.use,
        "State": f"{facts['state']}, starts at {facts['initial_state']:g}",
        "Numerics": definition.numerics,
        "Refused unless": ", ".join(sheet.constraints),
        "Cards": ", ".join(sheet.cards),
    }
    console.print()
    for head, text in notes.items():
        if text:
            console.print(f"{head}: {text}")
    _print_parameters(sheet, console)
    _print_stated(facts, console)


def _print_parameters(sheet: DataSheet, console: Console) -> None:
    from rich.table import Table

    table = Table("parameter", "value", "unit", "range", "meaning", title="Parameters")
    if sheet.card is not None:
        table.add_column("source")
    for value in sheet.parameters:
        number = value.choice or f"{value.value:g}"
        row = [value.name, number, value.unit, value.range, value.meaning]
        table.add_row(*row, *([value.source] if sheet.card is not None else []))
    console.print(table)


def _print_stated(facts: dict[str, Any], console: Console) -> None:
    """Print the stimuli, spreads and measured figures of a card."""
    from rich.table import Table

    sections = dict(facts.get("stimuli", {}))
    for name in ("device_to_device", "cycle_to_cycle", "measured"):
        sections[name.replace("_", " ")] = facts.get(name, {})
    table = Table("of", "quantity", "value", "unit", "source", title="Stimuli, spread, figures")
    for section, entries in sections.items():
        for name, entry in entries.items():
            table.add_row(section, name, f"{entry['value']:g}", entry["unit"], entry["source"])
    if table.row_count:
        console.print(table)
