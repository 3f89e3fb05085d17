"""Commands on netlists: those of experiments written out, and a designer's own run."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memcircuit.cli import completion, read
from memcircuit.cli.app import app, command, group
from memcircuit.cli.options import (
    AmplitudeOption,
    CardArgument,
    CellOption,
    FormOption,
    FrequencyOption,
    JsonOption,
    OutOption,
    PulsesOption,
    SetOption,
    cell_around,
    device_of,
    form_of,
    given_quantity,
)
from memcircuit.cli.output import show, write_dataset

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.simulate import Job, Options

netlist_app = group("netlist", "Write the netlist of an experiment, which plain ngspice runs.")


def _write(job: Job, out: Path, *, as_json: bool, options: Options | None = None) -> None:
    """Write a job's netlist and models, and say how it is run."""
    from memcircuit.simulate import export

    deck = export(job, out, options=options)
    run = f"cd {deck.parent} && ngspice -b {deck.name}"
    show({"run": run, "result": "result.raw", "files": sorted(out.iterdir())}, as_json=as_json)


@command(netlist_app, "iv", example="memcircuit netlist iv lin2022_hfo2 --out deck")
def netlist_iv(
    card: CardArgument,
    amplitude: AmplitudeOption = None,
    frequency: FrequencyOption = None,
    out: OutOption = Path("out/netlist"),
    form: FormOption = None,
    change: SetOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Write the netlist of an I-V loop."""
    from memcircuit.experiments.iv_loop import prepare_iv_loop

    ready = prepare_iv_loop(
        device_of(card, change),
        amplitude=given_quantity(amplitude, "V", "--amplitude"),
        frequency=given_quantity(frequency, "Hz", "--frequency"),
        form=form_of(form),
    )
    _write(ready.job, out, as_json=as_json)


@command(netlist_app, "pulses", example="memcircuit netlist pulses lin2022_hfo2 --pulses 5")
def netlist_pulses(
    card: CardArgument,
    number: PulsesOption = 50,
    cell: CellOption = "1t1r",
    out: OutOption = Path("out/netlist"),
    form: FormOption = None,
    change: SetOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Write the netlist of SET and RESET pulses with a read after each."""
    from memcircuit.experiments.pulse_train import prepare_pulse_train

    chosen = cell_around(device_of(card, change), cell)
    train = prepare_pulse_train(chosen, pulses=number, form=form_of(form))
    _write(train.job, out, as_json=as_json)


@command(netlist_app, "read", example="memcircuit netlist read lin2022_hfo2 --rows 4 --columns 4")
def netlist_read(
    source: read.SourceArgument,
    rows: read.RowsOption = 16,
    columns: read.ColumnsOption = 16,
    state: read.StateOption = 1.0,
    wires: read.WiresOption = "1ohm",
    voltage: read.VoltageOption = "0.2V",
    inputs: read.InputsOption = None,
    out: OutOption = Path("out/netlist"),
    form: FormOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Write the netlist of a read of an array with its wires."""
    import numpy as np

    from memcircuit.crossbar.spice import array_job, tight_options
    from memcircuit.crossbar.wires import Ends
    from memcircuit.experiments.circuits import netlist_form

    asked = read.question(source, rows, columns, state, wires, voltage, inputs)
    array = asked.array
    ends = Ends.reading(array.lines, asked.voltage)
    chosen = netlist_form(form_of(form))
    if asked.conductance is not None:
        job, options = array_job(array.lines, ends, conductances=asked.conductance), tight_options()
    else:
        states = np.full((array.rows, array.columns), asked.state)
        job = array_job(array.lines, ends, cell=array.cell, states=states, form=chosen)
        options = tight_options(chosen)
    _write(job, out, as_json=as_json, options=options)


@command(app, "run", example="memcircuit run my.cir")
def run(
    netlist: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.cir",
            help="A netlist of your own.",
            autocompletion=completion.files(".cir", ".sp", ".spice", ".net", ".ckt"),
        ),
    ],
    trust: Annotated[
        bool,
        typer.Option(
            "--trust",
            help="Run it as code: control blocks, files, libraries and all. It runs in a copy of "
            "its folder; what it writes is kept in FILE_run below --out, if not in --keep.",
        ),
    ] = False,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", help="Directory for netlists, logs and what a trusted one writes."),
    ] = None,
    verilog_a: Annotated[
        list[Path] | None,
        typer.Option(
            "--verilog-a",
            help="Verilog-A file of a device that it uses.",
            autocompletion=completion.files(".va"),
        ),
    ] = None,
    time_limit: Annotated[
        str, typer.Option("--time-limit", help="For all analyses together.")
    ] = "600s",
    memory: Annotated[
        int, typer.Option("--memory", min=1, help="Memory that ngspice may take, GiB.")
    ] = 4,
    out: OutOption = Path("out/run"),
    *,
    as_json: JsonOption = False,
) -> None:
    """Run a netlist by ngspice and write its results; what it might do besides is refused."""
    from memcircuit.files import make_directory
    from memcircuit.simulate.foreign import run_netlist
    from memcircuit.simulate.foreign_folder import stamps, written_since
    from memcircuit.sweeps.specification.quantities import quantity

    stem = netlist.stem
    limit = quantity(time_limit, "s", "--time-limit")
    kept = out / f"{stem}_run" if keep is None and trust else keep
    if kept is not None:
        make_directory(kept)
    before = {} if kept is None else stamps(kept)
    found = run_netlist(
        netlist, trust=trust, verilog_a=tuple(verilog_a or ()), time_limit=limit, keep=kept,
        memory_limit=memory * 2**30,
    )  # fmt: skip
    names = [stem if len(found) == 1 else f"{stem}_{number}" for number in range(len(found))]
    files = [
        path
        for name, one in zip(names, found, strict=True)
        for path in write_dataset(out, name, _without_complex(one))
    ]
    if kept is not None:
        files += [path for path in written_since(kept, before) if path.stat().st_size]
    for note in dict.fromkeys(line for one in found for line in one.attrs["notes"].splitlines()):
        typer.echo(f"memcircuit: warning: {note}", err=True)
    show(
        {"analyses": [_facts(one) for one in found], **_measurements(found), "files": files},
        as_json=as_json,
    )


def _measurements(found: list[xr.Dataset]) -> dict[str, Any]:
    """Return what ``.measure`` lines gave, by name, and the names of those that gave nothing."""
    from collections import Counter

    from memcircuit.simulate.foreign_result import measurement_names

    names = [(one, name) for one in found for name in measurement_names(one)]
    count = Counter(name for _, name in names)
    values: dict[str, Any] = {}
    missing: list[str] = []
    for one, name in names:
        told = name if count[name] == 1 else f"{name} of {one.attrs['analysis']}"
        value, unit = float(one[name]), str(one[name].attrs["units"])
        if math.isnan(value):
            missing.append(told)
        else:
            values[told] = (value, unit) if unit else value
    facts = {"measured": values, "not_found": missing}
    return {name: fact for name, fact in facts.items() if fact}


def _facts(result: xr.Dataset) -> dict[str, Any]:
    from memcircuit.simulate.foreign_result import measurement_names

    return {
        "analysis": str(result.attrs.get("analysis", "")),
        "points": max(result.sizes.values(), default=1),
        "vectors": [
            str(name) for name in result.data_vars if name not in measurement_names(result)
        ],
    }


def _without_complex(result: xr.Dataset) -> xr.Dataset:
    """Return complex vectors, which netCDF 3 does not have, as real and imaginary parts."""
    for name in map(str, list(result.data_vars)):
        values = result[name]
        if values.dtype.kind == "c":
            parts = {f"{name}_real": values.real, f"{name}_imag": values.imag}
            result = result.drop_vars(name).assign(
                {part: own.assign_attrs(values.attrs) for part, own in parts.items()}
            )
    return result
