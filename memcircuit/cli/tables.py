"""Commands on conductance tables: made, shown, written for other simulators."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memcircuit.cli import completion
from memcircuit.cli.app import app, command
from memcircuit.cli.experiments import pulse_train_of, separable_levels
from memcircuit.cli.options import (
    TABLE_ENDINGS,
    CellOption,
    CyclesOption,
    DevicesOption,
    FormOption,
    JsonOption,
    OutOption,
    PulsesOption,
    SeedOption,
    SetOption,
    device_of,
    form_of,
)
from memcircuit.cli.output import show, write_dataset

if TYPE_CHECKING:
    from memcircuit.tables import ConductanceTable, LevelTable

#: Formats that `export` writes; named here so that help imports nothing.
FORMAT_NAMES = ("aihwkit", "aihwkit_pulses", "crosssim", "neurosim", "xbtorch", "csv")


@command(app, "table", example="memcircuit table lin2022_hfo2 --devices 4 --cycles 2 --pulses 20")
def table(
    source: Annotated[
        str,
        typer.Argument(
            help="Table (.nc, .csv) to show, or card to make one of.",
            autocompletion=completion.cards_and_files(*TABLE_ENDINGS),
        ),
    ],
    number: PulsesOption = 50,
    count: DevicesOption = 10,
    cycles: CyclesOption = 3,
    seed: SeedOption = 0,
    cell: CellOption = "1t1r",
    out: OutOption = Path("out/table"),
    form: FormOption = None,
    change: SetOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show a conductance table: range, levels, energy; of a card it is simulated and written."""
    import memcircuit as mc
    from memcircuit.sweeps.specification.hardware import load_table

    files: list[Path] = []
    shown: ConductanceTable | LevelTable
    if source.endswith(TABLE_ENDINGS):
        shown = load_table(Path(source))
    else:
        train = pulse_train_of(
            device_of(source, change), cell, number,
            count=count, cycles=cycles, seed=seed, form=form_of(form),
        )  # fmt: skip
        shown = mc.ConductanceTable.from_pulses(train)
        files = write_dataset(out, "table", shown.dataset, mc.plot.pulse_response(shown))
    show({**_facts(shown), "files": files}, as_json=as_json)


def _facts(shown: ConductanceTable | LevelTable) -> dict[str, Any]:
    from memcircuit.tables import DIRECTIONS, LevelTable

    if isinstance(shown, LevelTable):
        return {"levels": len(shown), "conductance_range": (shown.range, "S")}
    return {
        "devices": shown.devices,
        "cycles": shown.curves("set").shape[1],
        "pulses": {way: shown.curves(way).shape[-1] - 1 for way in DIRECTIONS},
        "conductance_range": (shown.conductance_range, "S"),
        **separable_levels(shown),
        "pulse_energy": {way: (shown.pulse_energy(way), "J") for way in DIRECTIONS},
    }


@command(app, "export", example="memcircuit export table.nc crosssim --out for_crosssim")
def export(
    source: Annotated[
        Path,
        typer.Argument(help="Table, .nc or .csv.", autocompletion=completion.files(*TABLE_ENDINGS)),
    ],
    format_name: Annotated[
        str,
        typer.Argument(
            metavar="FORMAT",
            help=", ".join(FORMAT_NAMES),
            autocompletion=completion.words(*FORMAT_NAMES),
        ),
    ],
    out: Annotated[
        Path,
        typer.Option("--out", help="File, folder or beginning of names, as the format has it."),
    ],
    levels: Annotated[
        int | None, typer.Option("--levels", min=2, help="Export so many levels, not every pulse.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Write a table for another simulator."""
    from memcircuit.files import make_directory
    from memcircuit.sweeps.specification.hardware import load_table
    from memcircuit.tables import FORMATS, ConductanceTable, LevelTable, export_table

    chosen = load_table(source)
    only_levels = format_name in FORMATS and FORMATS[format_name].kinds == (LevelTable,)
    if isinstance(chosen, ConductanceTable) and (levels is not None or only_levels):
        chosen = LevelTable.from_pulses(chosen)
    if isinstance(chosen, LevelTable) and levels is not None:
        chosen = chosen.thinned(levels)
    make_directory(out.parent)
    show({"files": export_table(chosen, format_name, out)}, as_json=as_json)
