"""The application that commands join, and how it ends."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Annotated, Any, NoReturn, ParamSpec

import typer
import typer.core

from memcircuit.cli.interrupts import end_requests, exit_status, leave_unread, reason, told

P = ParamSpec("P")

#: Exit status of a command that ended, with points or cells that failed.
FAILED = 1

# Commands in the order of the chain.
_ORDER = (
    "doctor", "devices", "iv", "pulses", "verify", "table", "read", "evaluate", "sweep", "cache",
    "export", "compile", "netlist", "run", "demo", "agree", "models",
)  # fmt: skip


class _InOrder(typer.core.TyperGroup):
    """Lists its commands in that order."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return their names."""
        names = super().list_commands(ctx)
        return [*(n for n in _ORDER if n in names), *(n for n in names if n not in _ORDER)]


app = typer.Typer(
    cls=_InOrder,
    name="memcircuit",
    help="From the physics of a memristor to the accuracy of a neural network.",
    epilog="Exit status: 0 done, 1 finished with failed points, 2 wrong input, 3 a tool is missing "
    "or failed, 128 and the number of the signal that ended it (130 Ctrl-C, 143 SIGTERM).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def group(name: str, text: str, **options: Any) -> typer.Typer:
    """Add a group of commands and return it."""
    own = typer.Typer(help=text, no_args_is_help=not options, **options)
    app.add_typer(own, name=name)
    return own


def command(
    home: typer.Typer, name: str, *, example: str
) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Make a function a command whose help ends with an example.

    Args:
        home: the application, or a group.
        name: of the command.
        example: what one may type; it must work.
    """

    def registered(function: Callable[P, None]) -> Callable[P, None]:
        home.command(name, epilog=f"Example: {example}")(function)
        return function

    return registered


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
    """Run the command line and exit.

    The exit status is 0 when all is done, 1 when it is finished with failed points, 2 for wrong
    input, 3 when a tool is missing or failed, 130 when it was interrupted. SIGTERM and a closed
    terminal end it as an interrupt does, with 128 and the number of the signal; so does output that
    nobody reads, as SIGPIPE would.
    """
    from memcircuit.errors import MemcircuitError
    from memcircuit.files import write_error

    given = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in given
    try:
        with end_requests(), warnings.catch_warnings():
            warnings.simplefilter("default", UserWarning)
            warnings.showwarning = _show_warning
            app([argument for argument in given if argument != "--debug"])
    except MemcircuitError as error:
        if debug:
            raise
        _end(str(error), error.exit_status)
    except (SystemExit, KeyboardInterrupt, BrokenPipeError) as end:
        behind = reason(end)
        if isinstance(behind, BrokenPipeError):
            leave_unread()
            sys.exit(exit_status(behind))
        if isinstance(behind, KeyboardInterrupt):
            _end(told(behind), exit_status(behind))
        raise
    except OSError as error:
        if debug:
            raise
        known = write_error(str(error.filename or "output"), error)
        _end(str(known), known.exit_status)


def _end(message: str, status: int) -> NoReturn:
    try:
        typer.echo(f"memcircuit: {message}", err=True)
    except BrokenPipeError:
        leave_unread()
    sys.exit(status)


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    typer.echo(f"memcircuit: warning: {message}", err=True)
