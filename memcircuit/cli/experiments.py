"""Commands that run one experiment on the device of a card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memcircuit.cli.app import FAILED, app, command
from memcircuit.cli.options import (
    AmplitudeOption,
    CardArgument,
    CellOption,
    CyclesOption,
    DevicesOption,
    FormOption,
    FrequencyOption,
    JsonOption,
    OutOption,
    PulsesOption,
    SeedOption,
    SetOption,
    cell_around,
    device_of,
    form_of,
    given_quantity,
)
from memcircuit.cli.output import show, write_dataset

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.devices.device import Device, Form
    from memcircuit.tables import ConductanceTable


@command(app, "iv", example="memcircuit iv lin2022_hfo2 --amplitude 1.8V")
def iv(
    card: CardArgument,
    amplitude: AmplitudeOption = None,
    frequency: FrequencyOption = None,
    out: OutOption = Path("out/iv"),
    form: FormOption = None,
    change: SetOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Simulate an I-V loop; write the waveform and its figure."""
    import memcircuit as mc

    loop = mc.iv_loop(
        device_of(card, change),
        amplitude=given_quantity(amplitude, "V", "--amplitude"),
        frequency=given_quantity(frequency, "Hz", "--frequency"),
        form=form_of(form),
    )
    facts = {
        "device": loop.attrs["device"],
        "form": loop.attrs["form"],
        "amplitude": (loop.attrs["amplitude"], "V"),
        "frequency": (loop.attrs["frequency"], "Hz"),
        "largest_current": (float(abs(loop["current"]).max()), "A"),
        "files": write_dataset(out, "iv_loop", loop, mc.plot.iv_loop(loop)),
    }
    show(facts, as_json=as_json)


@command(app, "pulses", example="memcircuit pulses lin2022_hfo2 --pulses 20")
def pulses(
    card: CardArgument,
    number: PulsesOption = 50,
    count: DevicesOption = 1,
    cycles: CyclesOption = 1,
    seed: SeedOption = 0,
    cell: CellOption = "1t1r",
    out: OutOption = Path("out/pulses"),
    form: FormOption = None,
    change: SetOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Apply SET and RESET pulses; write the conductance table and its figure."""
    import memcircuit as mc

    device = device_of(card, change)
    train = pulse_train_of(
        device, cell, number, count=count, cycles=cycles, seed=seed, form=form_of(form)
    )
    table = mc.ConductanceTable.from_pulses(train)
    facts = {
        "device": device.name,
        "conductance_range": (table.conductance_range, "S"),
        **separable_levels(table),
        "files": write_dataset(out, "pulses", table.dataset, mc.plot.pulse_response(table)),
    }
    show(facts, as_json=as_json)


def separable_levels(table: ConductanceTable) -> dict[str, Any]:
    """Return how many levels each direction has; nothing of one cycle, which shows no spread."""
    from memcircuit.tables import DIRECTIONS

    if table.curves("set").shape[1] < 2:
        return {}
    return {"separable_levels": {way: table.separable_levels(way) for way in DIRECTIONS}}


def pulse_train_of(
    device: Device,
    cell: str,
    pulses: int,
    *,
    count: int,
    cycles: int,
    seed: int,
    form: Form | None,
) -> xr.Dataset:
    """Return what pulses do: to the nominal device, or to many that are spread as the card says."""
    import numpy as np

    import memcircuit as mc
    from memcircuit.errors import UsageError

    if pulses < 1:
        raise UsageError(f"--pulses {pulses}: at least 1 each way")
    chosen = cell_around(device, cell)
    if count == cycles == 1:
        return mc.pulse_train(chosen, pulses=pulses, form=form)
    return mc.pulse_cycles(
        chosen, np.random.default_rng(seed), devices=count, cycles=cycles, pulses=pulses, form=form
    )


@command(app, "verify", example="memcircuit verify lin2022_hfo2 --target 50uS --target 200uS")
def verify(
    card: CardArgument,
    targets: Annotated[
        list[str] | None,
        typer.Option("--target", help="Conductance, such as 50uS; one cell for each."),
    ] = None,
    levels: Annotated[
        int, typer.Option("--levels", min=1, help="Else so many, spread over the range.")
    ] = 8,
    tolerance: Annotated[
        float, typer.Option("--tolerance", help="Largest deviation, as a share of the range.")
    ] = 0.01,
    most: Annotated[int, typer.Option("--max-pulses", help="Most pulses for each cell.")] = 200,
    spread: Annotated[
        bool, typer.Option("--spread/--nominal", help="Draw the cells from the card's spreads.")
    ] = False,
    seed: SeedOption = 0,
    cell: CellOption = "1t1r",
    out: OutOption = Path("out/verify"),
    form: FormOption = None,
    change: SetOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Write cells to target conductances by pulse and read; exit status 1 when any is missed."""
    import numpy as np

    import memcircuit as mc

    device = device_of(card, change)
    wanted = _targets(device, targets, levels)
    drawn = device.draw_variation(np.random.default_rng(seed), len(wanted)) if spread else {}
    written = mc.write_verify_cells(
        cell_around(device, cell),
        wanted,
        tolerance=tolerance,
        max_pulses=most,
        variation={name: values[:, 0] for name, values in drawn.items()} or None,
        form=form_of(form),
    )
    reached = written["reached"].to_numpy() == 1
    facts = {
        "device": device.name,
        "cells": len(reached),
        "reached": int(reached.sum()),
        "target": (wanted, "S"),
        "measured": (written["measured"].to_numpy(), "S"),
        "pulses": written["pulses"].to_numpy(),
        "energy": (float(written["energy"].sum()), "J"),
        "files": write_dataset(out, "verify", written, mc.plot.write_verify(written)),
    }
    show(facts, as_json=as_json)
    if not reached.all():
        raise typer.Exit(FAILED)


def _targets(device: Device, given: list[str] | None, levels: int) -> list[float]:
    """Return conductances, S: those given, or some over nine tenths of the device's range."""
    import numpy as np

    from memcircuit.experiments.circuits import read_pulse
    from memcircuit.sweeps.specification.quantities import quantity

    if given:
        return [quantity(text, "S", "--target") for text in given]
    voltage = read_pulse(device, None).amplitude
    ends = sorted(float(device.conductance(state, voltage)) for state in (0.0, 1.0))
    shares = np.linspace(0.05, 0.95, levels) if levels > 1 else np.array([0.5])
    found: list[float] = (ends[0] + shares * (ends[1] - ends[0])).tolist()
    return found
