"""Commands on models and cards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from memcircuit.cli import completion
from memcircuit.cli.app import command, group
from memcircuit.cli.options import FormOption, JsonOption, OutOption, form_of
from memcircuit.cli.output import show

devices_app = group(
    "devices",
    "List models and cards; `devices show NAME` shows one whole.",
    invoke_without_command=True,
    epilog="Example: memcircuit devices",
)


@devices_app.callback()
def devices(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List models and cards; `devices show NAME` shows one whole."""
    from memcircuit.devices.cards import card_names, load_card
    from memcircuit.devices.catalogue import state_kind
    from memcircuit.devices.library import model, model_names

    if context.invoked_subcommand is not None:
        return
    models = {name: model(name) for name in model_names()}
    cards = {name: load_card(name) for name in card_names()}
    if as_json:
        facts = {
            "models": {
                name: {"title": own.title, "state": state_kind(own), "use": own.use}
                for name, own in models.items()
            },
            "cards": {
                name: {"model": own.model.name, "title": own.title} for name, own in cards.items()
            },
        }
        show(facts, as_json=True)
        return
    from rich.console import Console
    from rich.table import Table

    of_models = Table("model", "what it is", "state", "when to use it", title="Models")
    for name, own in models.items():
        of_models.add_row(name, own.title, state_kind(own), own.use)
    of_cards = Table("card", "model", "device", title="Cards")
    for name, card in cards.items():
        of_cards.add_row(name, card.model.name, card.title)
    console = Console(markup=False)
    for table in (of_models, of_cards):
        console.print(table)


@command(devices_app, "show", example="memcircuit devices show lin2022_hfo2 --no-draw")
def devices_show(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of a card or a model, or path of a card.",
            autocompletion=completion.card_names,
        ),
    ],
    out: OutOption = Path("out/devices"),
    form: FormOption = None,
    *,
    draw: Annotated[
        bool, typer.Option("--draw/--no-draw", help="Draw loop and pulse response by ngspice.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Show a card, or a model with its defaults; draw the card, or every card of the model."""
    import json

    from rich.console import Console

    from memcircuit.devices.data_sheet import data_sheet
    from memcircuit.studies.device_sheet import draw_card, print_sheet

    sheet, chosen = data_sheet(name), form_of(form)
    if not as_json:
        print_sheet(sheet, Console(markup=False, highlight=False))
    cards = (name,) if sheet.card is not None else sheet.cards
    figures = [path for card in cards for path in draw_card(card, out, chosen)] if draw else []
    if as_json:
        shown = {**sheet.facts(), "figures": [str(path) for path in figures]}
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=False, allow_nan=False))
        return
    for path in figures:
        typer.echo(path)
