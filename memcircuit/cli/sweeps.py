"""The command that runs a sweep file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memcircuit.cli import completion
from memcircuit.cli.app import FAILED, app, command
from memcircuit.cli.cache import StoreOption
from memcircuit.cli.options import JsonOption, OutOption
from memcircuit.cli.output import show, write_dataset
from memcircuit.sweeps.progress import MODES

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from memcircuit.sweeps.specification.specification import Specification
    from memcircuit.sweeps.yields import Yield

_MOST_ERRORS = 5
# Digits after the point of an interval's ends; an end near zero may be 1e-20.
_DIGITS = 6


@command(app, "sweep", example="memcircuit sweep spec.toml --out out/sweep")
def sweep(
    specification: Annotated[
        Path | None,
        typer.Argument(
            metavar="SPEC.toml", help="Sweep file.", autocompletion=completion.files(".toml")
        ),
    ] = None,
    out: OutOption = Path("out/sweep"),
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="In place of that of the file.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Worker processes; one a processor if not.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help="Address of a Dask scheduler, tcp://...")
    ] = None,
    store: StoreOption = None,
    retry: Annotated[
        bool, typer.Option("--retry-failed", help="Simulate points again that failed before.")
    ] = False,
    progress: Annotated[
        str,
        typer.Option("--progress", help=", ".join(MODES), autocompletion=completion.words(*MODES)),
    ] = "auto",
    template: Annotated[
        str | None,
        typer.Option(
            "--template",
            metavar="EXPERIMENT",
            help="Print a sweep file of this experiment to start from, and run nothing.",
            autocompletion=completion.experiment_names,
        ),
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Run an experiment at all points of a sweep file; what is finished is kept at once.

    The same command again goes on where it was interrupted. Exit status 1 when points failed.
    """
    from dataclasses import replace

    from memcircuit.errors import UsageError
    from memcircuit.files import make_directory
    from memcircuit.sweeps.runner import sweep as run
    from memcircuit.sweeps.specification.specification import load_specification
    from memcircuit.sweeps.specification.template import template as template_of

    if template is not None:
        text = template_of(template)
        if as_json:
            show({"template": text}, as_json=True)
        else:
            typer.echo(text, nl=False)
        return
    if specification is None:
        raise UsageError("sweep: name a sweep file; --template EXPERIMENT prints one to start from")
    asked = load_specification(specification, seed=seed, prepare=False)
    make_directory(out)  # before hours of simulation, not after
    try:
        with asked.placed():
            found = run(
                asked.experiment,
                asked.design,
                seed=asked.seed,
                measure=asked.measure,
                jobs=jobs,
                executor=scheduler,
                store=store,
                retry_failed=retry,
                progress=progress,
            )
    except KeyboardInterrupt as interrupt:
        interrupt.add_note("the same command again goes on from here")
        raise
    failed = int((found["status"] != 0).sum())
    stated: Yield | None = None
    wrong: UsageError | None = None
    try:
        # without a result there is none that limits could be of
        stated = asked.yield_of(found) if failed < found["status"].size else None
    except UsageError as error:  # told last: first what was simulated, and where it lies
        wrong, asked = error, replace(asked, limits={})
    files = write_dataset(out, "sweep", found, _figure(found, asked))
    facts: dict[str, Any] = {
        "experiment": found.attrs["experiment"],
        "points": found["status"].size,
        "failed": failed,
    }
    if failed:
        facts["errors"] = _errors(found)
    if stated is not None:
        facts["yield"] = _yield(stated)
    show({**facts, "files": files}, as_json=as_json)
    if wrong is not None:
        raise wrong
    if failed:
        raise typer.Exit(FAILED)


def _errors(found: xr.Dataset) -> list[dict[str, Any]]:
    """Return the errors that most points have, with how many, and the log of one of them."""
    texts, logs = (found[name].to_numpy().ravel().tolist() for name in ("error", "log"))
    counted = Counter(text for text in texts if text)
    return [
        {"error": text, "points": count, "log": logs[texts.index(text)]}
        for text, count in counted.most_common(_MOST_ERRORS)
    ]


def _yield(stated: Yield) -> dict[str, Any]:
    low, high = (round(end, _DIGITS) for end in stated.interval)
    return {"share": stated.share, "low": low, "high": high, "confidence": stated.confidence}


def _figure(found: xr.Dataset, asked: Specification) -> Axes | None:
    """Return a figure of the first result: over one parameter or two, or how it is distributed."""
    from memcircuit.errors import UsageError

    names = [*asked.limits, *(str(name) for name in found.data_vars)]
    name = next((n for n in names if n in found and found[n].dtype.kind == "f"), None)
    if name is None or not (found["status"] == 0).any():
        return None
    try:
        for stated, one in asked.limits.items():
            found = one.selected(found, stated)
        own = [dim for dim in found[name].dims if dim not in found["status"].dims]
        seen = found.assign({name: found[name].isel(dict.fromkeys(own, -1))})
        return _drawn(seen, name, asked)
    except UsageError as error:
        typer.echo(f"memcircuit: no figure: {error}", err=True)
        return None


def _drawn(seen: xr.Dataset, name: str, asked: Specification) -> Axes:
    from memcircuit.plot.sweep import distribution, result_against, result_map

    parameters = seen.attrs["sweep_parameters"].split(",")
    if len(parameters) == 1:
        return result_against(seen, parameters[0], name)
    if len(parameters) > 2:
        limit = asked.limits.get(name)
        return distribution(seen, name, limits=None if limit is None else (limit.low, limit.high))
    x, y = parameters
    grid = len(seen["status"].dims) > 1
    return result_map(seen, x, y, name) if grid else result_against(seen, x, name, colour=y)
