"""Commands on the tools: what is there, and the compiler."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from memcircuit.cli import completion
from memcircuit.cli.app import app, command
from memcircuit.cli.options import JsonOption
from memcircuit.cli.output import show

if TYPE_CHECKING:
    from memcircuit.simulate import ToolReport


@command(app, "doctor", example="memcircuit doctor")
def doctor(*, as_json: JsonOption = False) -> None:
    """Say which tools are here, what they can do, and how to mend what is missing."""
    from memcircuit.errors import ToolMissingError
    from memcircuit.simulate import doctor as examine

    reports = examine()
    if as_json:
        show({report.name: asdict(report) for report in reports}, as_json=True)
    else:
        for report in reports:
            _print(report)
    if any(report.name == "ngspice" and report.path is None for report in reports):
        raise typer.Exit(ToolMissingError.exit_status)


def _print(report: ToolReport) -> None:
    from rich.console import Console

    console = Console(markup=False, highlight=False, soft_wrap=True)
    place = "missing" if report.path is None else str(report.path)
    console.print(f"{report.name} {report.version}".strip() + f": {place}", style="bold")
    for ability, able in report.capable.items():
        console.print(f"  {ability}: {'yes' if able else 'no'}", style="" if able else "yellow")
    if report.problem:
        console.print(f"  {report.problem}")
    if report.remedy:
        console.print(f"  mend with: {report.remedy}")


@command(app, "compile", example="memcircuit compile my.va")
def compile_(
    source: Annotated[
        Path, typer.Argument(help="Verilog-A file.", autocompletion=completion.files(".va"))
    ],
    *,
    as_json: JsonOption = False,
) -> None:
    """Compile a Verilog-A file and print where the result lies in the cache."""
    from memcircuit.simulate import compile_verilog_a

    show({"files": [compile_verilog_a(source)]}, as_json=as_json)
