"""The command line: parses, calls, prints."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="memcircuit",
    help="From the physics of a memristor to the accuracy of a neural network.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="The generated files in models/.", no_args_is_help=True)
app.add_typer(models_app, name="models")
devices_app = typer.Typer(invoke_without_command=True)
app.add_typer(devices_app, name="devices")

Out = Annotated[Path, typer.Option("--out", help="Directory to write to.")]
CardArgument = Annotated[str, typer.Argument(help="Name of a card, or path of a TOML file.")]
FormOption = Annotated[
    str | None, typer.Option("--form", help="Netlist form: osdi or behavioural.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Change a parameter, such as g_max=400uS."),
]


def quantity(text: str, unit: str, name: str) -> float:
    """Return ``text`` such as ``1.8V`` or ``10kHz`` in SI.

    Args:
        text: number, with SI prefix and unit if wanted.
        unit: the unit expected.
        name: of the option, for the message.

    Raises:
        ParameterError: not a number, or another unit.
    """
    from quantiphy import InvalidNumber, Quantity

    from memcircuit.errors import ParameterError

    if "," in text:  # a thousands separator to some, a decimal point to others
        raise ParameterError(f"{name} = {text!r}: write a point, not a comma")
    try:
        value = Quantity(text)
    except InvalidNumber as error:
        raise ParameterError(f"{name} = {text!r} is not a number with a unit of {unit}") from error
    if value.units not in ("", unit):
        raise ParameterError(f"{name} = {text!r} has unit {value.units!r}; expected {unit!r}")
    return float(value)


def _device(card: str, changes: list[str] | None) -> Any:
    from memcircuit.devices.device import device
    from memcircuit.errors import ParameterError

    plain = device(card)
    changed: dict[str, float | str] = {}
    for change in changes or []:
        name, equals, text = change.partition("=")
        if not equals:
            raise ParameterError(f"--set {change!r}: write NAME=VALUE")
        plain.model.check_known(name, f"device {plain.name!r}")
        parameter = plain.model.by_name[name]
        by_name = bool(parameter.choices) and not text.isdigit()
        changed[name] = text if by_name else quantity(text, parameter.unit, name)
    return plain.with_parameters(**changed)


def _form(text: str | None) -> Any:
    from memcircuit.errors import UsageError

    if text not in (None, "osdi", "behavioural"):
        raise UsageError(f"--form {text!r}: choose osdi or behavioural")
    return text


@app.command()
def doctor() -> None:
    """Say which tools are here, what they can do, and how to mend what is missing."""
    from rich.console import Console

    from memcircuit.simulate import doctor as examine

    console = Console(markup=False, highlight=False, soft_wrap=True)
    failed = False
    for report in examine():
        place = "missing" if report.path is None else str(report.path)
        console.print(f"{report.name} {report.version}".strip() + f": {place}", style="bold")
        for ability, able in report.capable.items():
            console.print(f"  {ability}: {'yes' if able else 'no'}", style="" if able else "yellow")
        if report.problem:
            console.print(f"  {report.problem}")
        if report.remedy:
            console.print(f"  mend with: {report.remedy}")
        failed |= report.name == "ngspice" and report.path is None
    if failed:
        raise typer.Exit(3)


@app.command()
def demo(
    out: Out = Path("out/demo"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random draw.")] = 2022,
    form: FormOption = None,
) -> None:
    """Run the whole chain on the HfO2 device of Lin et al. 2022 and write a report."""
    from rich.console import Console
    from rich.table import Table

    from memcircuit.studies import lin2022
    from memcircuit.studies.steps import StepLog

    console = Console(markup=False)
    result = lin2022.run(out, seed=seed, form=_form(form), steps=StepLog(console))
    table = Table(show_header=False)
    for name, value in result.summary():
        table.add_row(name, value)
    console.print(table)
    console.print(f"Report: {out / 'report.html'}", highlight=False, soft_wrap=True)


@devices_app.callback()
def devices(context: typer.Context) -> None:
    """List models and cards; `devices show NAME` shows one whole."""
    from rich.console import Console
    from rich.table import Table

    from memcircuit.devices.cards import card_names, load_card
    from memcircuit.devices.catalogue import state_kind
    from memcircuit.devices.library import model, model_names

    if context.invoked_subcommand is not None:
        return
    models = Table("model", "what it is", "state", "when to use it", title="Models")
    for name in model_names():
        definition = model(name)
        models.add_row(name, definition.title, state_kind(definition), definition.use)
    cards = Table("card", "model", "device", title="Cards")
    for name in card_names():
        card = load_card(name)
        cards.add_row(name, card.model.name, card.title)
    console = Console(markup=False)
    for table in (models, cards):
        console.print(table)


@devices_app.command("show")
def devices_show(
    name: Annotated[str, typer.Argument(help="Name of a card or a model, or path of a card.")],
    out: Out = Path("out/devices"),
    form: FormOption = None,
    *,
    draw: Annotated[
        bool, typer.Option("--draw/--no-draw", help="Draw loop and pulse response by ngspice.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Show a card, or a model with its defaults; draw the card, or every card of the model."""
    import json

    from rich.console import Console

    from memcircuit.devices.data_sheet import data_sheet
    from memcircuit.studies.device_sheet import draw_card, print_sheet

    sheet, chosen = data_sheet(name), _form(form)
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


@app.command()
def iv(
    card: CardArgument,
    amplitude: Annotated[
        str | None, typer.Option(help="Peak voltage, such as 1.8V; the card's by default.")
    ] = None,
    frequency: Annotated[
        str | None, typer.Option(help="Frequency, such as 10kHz; the card's by default.")
    ] = None,
    out: Out = Path("out/iv"),
    form: FormOption = None,
    change: SetOption = None,
) -> None:
    """Simulate an I-V loop; write the waveform and its figure."""
    import memcircuit as mc

    loop = mc.iv_loop(
        _device(card, change),
        amplitude=None if amplitude is None else quantity(amplitude, "V", "--amplitude"),
        frequency=None if frequency is None else quantity(frequency, "Hz", "--frequency"),
        form=_form(form),
    )
    _write(out, "iv_loop", loop, mc.plot.iv_loop(loop))


@app.command()
def pulses(
    card: CardArgument,
    number: Annotated[int, typer.Option("--pulses", help="Pulses each way.")] = 50,
    count: Annotated[int, typer.Option("--devices", min=1, help="Devices, spread.")] = 1,
    cycles: Annotated[int, typer.Option(min=1, help="Cycles of each device.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the spread.")] = 0,
    cell: Annotated[str, typer.Option(help="1m or 1t1r.")] = "1t1r",
    out: Out = Path("out/pulses"),
    form: FormOption = None,
    change: SetOption = None,
) -> None:
    """Apply SET and RESET pulses; write the conductance table and its figure."""
    import numpy as np

    import memcircuit as mc
    from memcircuit.errors import UsageError

    if number < 1:
        raise UsageError(f"--pulses {number}: at least 1 each way")
    device = _device(card, change)
    kinds = {"1m": mc.cells.OneMemristor, "1t1r": mc.cells.OneTransistorOneMemristor}
    if cell not in kinds:
        raise UsageError(f"--cell {cell!r}: choose {' or '.join(kinds)}")
    chosen = kinds[cell](device)
    if count == cycles == 1:  # the nominal device
        train = mc.pulse_train(chosen, pulses=number, form=_form(form))
    else:
        train = mc.pulse_cycles(
            chosen, np.random.default_rng(seed), devices=count, cycles=cycles, pulses=number,
            form=_form(form),
        )  # fmt: skip
    table = mc.ConductanceTable.from_pulses(train)
    _write(out, "pulses", table.dataset, mc.plot.pulse_response(table))


@app.command()
def agree(
    card: Annotated[
        str | None, typer.Argument(help="Name of a card, or path of a TOML file.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every card there is.")] = False,
    form: FormOption = None,
    processes: Annotated[int, typer.Option(min=1, help="Processes that share the work.")] = 2,
    out: Annotated[Path | None, typer.Option("--out", help="Markdown file to write.")] = None,
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
    best = netlist_form(_form(form))
    both = form is None and best == "osdi"
    found = agreements(cards, (best, "behavioural") if both else (best,), processes)
    if out is not None:
        make_directory(out.parent)
        with whole_file(out) as fresh:
            fresh.write_text(page(found), encoding="utf-8")
        typer.echo(out)
        return
    table = Table(*header())
    for one in found:
        table.add_row(*row(one))
    Console(width=160, markup=False).print(table)


@app.command("compile")
def compile_(source: Annotated[Path, typer.Argument(help="Verilog-A file.")]) -> None:
    """Compile a Verilog-A file and print where the result lies in the cache."""
    from memcircuit.simulate import compile_verilog_a

    typer.echo(compile_verilog_a(source))


@models_app.command("write")
def models_write() -> None:
    """Write models/ anew from the definitions and the cards."""
    from memcircuit.devices.write import write_models

    for path in write_models():
        typer.echo(path)


@models_app.command("check")
def models_check() -> None:
    """Tell which generated files differ from the definitions; exit status 1 if any."""
    from memcircuit.devices.write import outdated

    stale = outdated()
    for path in stale:
        typer.echo(f"{path} is out of date: run `memcircuit models write`")
    if stale:
        raise typer.Exit(1)


def _write(out: Path, name: str, dataset: Any, axes: Any) -> None:
    from memcircuit.files import make_directory, whole_file

    make_directory(out)
    with whole_file(out / f"{name}.nc") as data, whole_file(out / f"{name}.png") as picture:
        dataset.to_netcdf(data, engine="scipy")
        axes.figure.savefig(picture, dpi=150)
    typer.echo(f"{out / name}.nc\n{out / name}.png")


def _print_version(wanted: bool) -> None:
    if wanted:
        import memcircuit

        typer.echo(f"memcircuit {memcircuit.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    del debug, version  # main sees the first, the callback the second


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 2 wrong input, 3 a tool is missing or failed."""
    from memcircuit.errors import MemcircuitError

    given = sys.argv[1:] if arguments is None else arguments
    try:
        app([argument for argument in given if argument != "--debug"])
    except MemcircuitError as error:
        if "--debug" in given:
            raise
        typer.echo(f"memcircuit: {error}", err=True)
        sys.exit(error.exit_status)
    except OSError as error:
        if "--debug" in given:
            raise
        typer.echo(f"memcircuit: {error.filename or 'output'}: {error.strerror}", err=True)
        sys.exit(2)
