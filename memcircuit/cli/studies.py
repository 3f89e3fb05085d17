"""Commands that run a whole study: the demo, and the agreement of the forms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from memcircuit.cli import completion
from memcircuit.cli.app import app, command
from memcircuit.cli.options import FormOption, JsonOption, OutOption, SeedOption, form_of
from memcircuit.cli.output import show


@command(app, "demo", example="memcircuit demo --out out/demo")
def demo(
    out: OutOption = Path("out/demo"),
    seed: SeedOption = 2022,
    form: FormOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Run the whole chain on the HfO2 device of Lin et al. 2022 and write a report."""
    from rich.console import Console
    from rich.table import Table

    from memcircuit.studies import lin2022
    from memcircuit.studies.steps import StepLog

    console = Console(markup=False, stderr=as_json)
    result = lin2022.run(out, seed=seed, form=form_of(form), steps=StepLog(console))
    if as_json:
        show({**dict(result.summary()), "files": [out / "report.html"]}, as_json=True)
        return
    table = Table(show_header=False)
    for name, value in result.summary():
        table.add_row(name, value)
    console.print(table)
    console.print(f"Report: {out / 'report.html'}", highlight=False, soft_wrap=True)


@command(app, "agree", example="memcircuit agree yang2008_tio2 --form behavioural")
def agree(
    card: Annotated[
        str | None,
        typer.Argument(
            help="Name of a card, or path of a TOML file.", autocompletion=completion.card_names
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every card there is.")] = False,
    form: FormOption = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "--processes", min=1, help="Processes that share the work.")
    ] = 2,
    out: Annotated[Path | None, typer.Option("--out", help="Markdown file to write.")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show how far each form of a device is from its equations integrated by scipy."""
    from rich.console import Console
    from rich.table import Table

    from memcircuit.devices.cards import card_names
    from memcircuit.errors import UsageError
    from memcircuit.experiments.agreement_table import agreements, header, page, row
    from memcircuit.experiments.circuits import netlist_form
    from memcircuit.files import make_directory, whole_file

    if (card is None) != every:
        raise UsageError("agree: name one card, or pass --all for every card")
    cards = card_names() if card is None else (card,)
    best = netlist_form(form_of(form))
    both = form is None and best == "osdi"
    found = agreements(cards, (best, "behavioural") if both else (best,), jobs)
    if out is not None:
        make_directory(out.parent)
        with whole_file(out) as fresh:
            fresh.write_text(page(found), encoding="utf-8")
    if as_json:
        rows = [dict(zip(header(), row(one), strict=True)) for one in found]
        show({"agreements": rows, "files": [] if out is None else [out]}, as_json=True)
    elif out is not None:
        typer.echo(out)
    else:
        table = Table(*header())
        for one in found:
            table.add_row(*row(one))
        Console(width=160, markup=False).print(table)
