"""Commands on the generated files in models/."""

from __future__ import annotations

import typer

from memcircuit.cli.app import FAILED, command, group
from memcircuit.cli.options import JsonOption
from memcircuit.cli.output import show

models_app = group("models", "The generated files in models/.")


@command(models_app, "write", example="memcircuit models write")
def models_write(*, as_json: JsonOption = False) -> None:
    """Write models/ anew from the definitions and the cards."""
    from memcircuit.devices.write import write_models

    show({"files": write_models()}, as_json=as_json)


@command(models_app, "check", example="memcircuit models check")
def models_check(*, as_json: JsonOption = False) -> None:
    """Tell which generated files differ from the definitions; exit status 1 if any."""
    from memcircuit.devices.write import outdated

    stale = outdated()
    if as_json:
        show({"outdated": stale}, as_json=True)
    else:
        for path in stale:
            typer.echo(f"{path} is out of date: run `memcircuit models write`")
    if stale:
        raise typer.Exit(FAILED)
