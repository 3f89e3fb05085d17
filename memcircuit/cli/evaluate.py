"""The command that puts a network on cells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memcircuit.cli import completion
from memcircuit.cli.app import app, command
from memcircuit.cli.options import (
    TABLE_ENDINGS,
    JsonOption,
    OutOption,
    SeedOption,
    given_quantity,
)
from memcircuit.cli.output import show, write_dataset

if TYPE_CHECKING:
    from memcircuit.crossbar import Crossbar

# Named here so that help imports nothing.
DATA_NAMES = ("digits", "mnist", "fashion_mnist")


@command(app, "evaluate", example="memcircuit evaluate --programming-error 0.05 --seeds 3")
def evaluate(
    network: Annotated[
        Path | None,
        typer.Argument(
            help="Network file of save_network; a perceptron trained on the digits if not given.",
            autocompletion=completion.files(".npz"),
        ),
    ] = None,
    data: Annotated[
        str,
        typer.Option(
            "--data",
            help=f"Images: {', '.join(DATA_NAMES)}.",
            autocompletion=completion.words(*DATA_NAMES),
        ),
    ] = "digits",
    table: Annotated[
        Path | None,
        typer.Option(
            "--table",
            help="Table of the cells, .nc or .csv.",
            autocompletion=completion.files(*TABLE_ENDINGS),
        ),
    ] = None,
    quantise: Annotated[
        bool, typer.Option("--quantise", help="Cells take levels of the table.")
    ] = False,
    programming_error: Annotated[
        float, typer.Option("--programming-error", help="Deviation, as a share of the range.")
    ] = 0.0,
    device_to_device: Annotated[
        bool, typer.Option("--device-to-device", help="Spread of the table between devices.")
    ] = False,
    cycle_to_cycle: Annotated[
        bool, typer.Option("--cycle-to-cycle", help="Spread of the table between cycles.")
    ] = False,
    read_noise: Annotated[
        float, typer.Option("--read-noise", help="Deviation, as a share of each conductance.")
    ] = 0.0,
    stuck_off: Annotated[float, typer.Option("--stuck-off", help="Share of the cells.")] = 0.0,
    stuck_on: Annotated[float, typer.Option("--stuck-on", help="Share of the cells.")] = 0.0,
    on_conductance: Annotated[
        str | None, typer.Option("--stuck-on-conductance", help="Of these cells, such as 1mS.")
    ] = None,
    size: Annotated[
        int | None, typer.Option("--array", min=1, help="Lines of the largest array.")
    ] = None,
    wires: Annotated[
        str | None, typer.Option("--wires", help="Resistance of a segment, as 2ohm; needs --array.")
    ] = None,
    dac: Annotated[int | None, typer.Option("--dac", min=1, help="Bits of the inputs.")] = None,
    adc: Annotated[int | None, typer.Option("--adc", min=1, help="Bits of the sums.")] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Draws of the hardware.")] = 10,
    seed: SeedOption = 0,
    out: OutOption = Path("out/evaluate"),
    *,
    as_json: JsonOption = False,
) -> None:
    """Put a network on cells and classify test images; every error is one option."""
    import numpy as np

    import memcircuit as mc
    from memcircuit.sweeps.specification.hardware import load_table
    from memcircuit.sweeps.specification.networks import network_and_images

    rng = np.random.default_rng(seed)
    faults = mc.Faults(
        stuck_off=stuck_off,
        stuck_on=stuck_on,
        stuck_on_conductance=given_quantity(on_conductance, "S", "--stuck-on-conductance"),
    )
    hardware = mc.Hardware(
        table=None if table is None else load_table(table),
        quantise=quantise,
        programming_error=mc.Spread.of_range(programming_error) if programming_error else None,
        device_to_device="table" if device_to_device else None,
        cycle_to_cycle="table" if cycle_to_cycle else None,
        read_noise=mc.Spread.of_value(read_noise) if read_noise else None,
        faults=faults if stuck_off or stuck_on else None,
        array=_array(size, wires),
        dac=None if dac is None else mc.Converter(dac),
        adc=None if adc is None else mc.Converter(adc),
    )
    given = network_and_images(network, data, rng)
    found = mc.evaluate(**given, hardware=hardware, seeds=seeds, rng=rng)
    low, high = found.interval()
    facts: dict[str, Any] = {
        "float_accuracy": found.float_accuracy,
        "accuracy": found.mean,
        "interval": [low, high],
        "seeds": len(found.accuracy),
        "images": len(found.labels),
        "files": write_dataset(out, "evaluation", found.dataset()),
    }
    show(facts, as_json=as_json)


def _array(size: int | None, wires: str | None) -> Crossbar | None:
    """Return the largest array that a matrix is put on, and its wires."""
    import memcircuit as mc
    from memcircuit.errors import UsageError

    ohm = given_quantity(wires, "ohm", "--wires")
    if size is None:
        if wires is not None:
            raise UsageError("--wires: of how large an array? give --array too")
        return None
    return mc.Crossbar(rows=size, columns=size, wires=0.0 if ohm is None else ohm)
