"""Options and arguments that several commands share, and what is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from memcircuit.cli import completion

if TYPE_CHECKING:
    from memcircuit.devices.device import Device, Form
    from pyspice_netlists import Cell

#: Files of tables and of arrays that commands read.
TABLE_ENDINGS, ARRAY_ENDINGS = (".nc", ".csv"), (".npy", ".csv")
_FORMS: tuple[Form, ...] = ("osdi", "behavioural")
_CELLS = ("1m", "1t1r")

CardArgument = Annotated[
    str,
    typer.Argument(
        help="Name of a card, or path of a TOML file.", autocompletion=completion.card_names
    ),
]
OutOption = Annotated[Path, typer.Option("--out", help="Directory to write to.")]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document, and nothing else.")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of every random draw.")]
FormOption = Annotated[
    str | None,
    typer.Option(
        "--form",
        help="Netlist form: osdi or behavioural.",
        autocompletion=completion.words(*_FORMS),
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Change a parameter, such as g_max=400uS."),
]
CellOption = Annotated[
    str, typer.Option("--cell", help="1m or 1t1r.", autocompletion=completion.words(*_CELLS))
]
DevicesOption = Annotated[int, typer.Option("--devices", min=1, help="Devices, spread.")]
CyclesOption = Annotated[int, typer.Option("--cycles", min=1, help="Cycles of each device.")]
PulsesOption = Annotated[int, typer.Option("--pulses", help="Pulses each way.")]
AmplitudeOption = Annotated[
    str | None,
    typer.Option("--amplitude", help="Peak voltage, such as 1.8V; the card's by default."),
]
FrequencyOption = Annotated[
    str | None, typer.Option("--frequency", help="Frequency, such as 10kHz; the card's by default.")
]


def device_of(card: str, changes: list[str] | None) -> Device:
    """Return the device of a card, with the parameters of ``--set`` changed."""
    from memcircuit.devices.device import device
    from memcircuit.errors import ParameterError
    from memcircuit.sweeps.specification.quantities import quantity

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


def cell_around(device: Device, kind: str) -> Cell:
    """Return the cell of a kind that ``--cell`` names."""
    from memcircuit.errors import UsageError
    from memcircuit.sweeps.specification.subjects import cell_kinds

    if kind not in _CELLS:
        raise UsageError(f"--cell {kind!r}: choose {' or '.join(_CELLS)}")
    return cell_kinds()[kind](device)


def form_of(text: str | None) -> Form | None:
    """Return the netlist form that ``--form`` names."""
    from memcircuit.errors import UsageError

    for form in _FORMS:
        if text == form:
            return form
    if text is not None:
        raise UsageError(f"--form {text!r}: choose {' or '.join(_FORMS)}")
    return None


def given_quantity(text: str | None, unit: str, name: str) -> float | None:
    """Return the value of an option, SI; None when it is not given."""
    from memcircuit.sweeps.specification.quantities import quantity

    return None if text is None else quantity(text, unit, name)
