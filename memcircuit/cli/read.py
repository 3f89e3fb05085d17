"""The command that reads an array of cells through its wires."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from memcircuit.cli import completion
from memcircuit.cli.app import app, command
from memcircuit.cli.options import ARRAY_ENDINGS, JsonOption, OutOption, device_of
from memcircuit.cli.output import show, write_dataset

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    from memcircuit.crossbar import Crossbar

_SIMULATORS = ("exact", "ngspice")


SourceArgument = Annotated[
    str,
    typer.Argument(
        help="Conductances in S, rows by columns (.npy, .csv), or a card.",
        autocompletion=completion.cards_and_files(*ARRAY_ENDINGS),
    ),
]
RowsOption = Annotated[int, typer.Option("--rows", min=1, help="Rows, of an array of a card.")]
ColumnsOption = Annotated[int, typer.Option("--columns", min=1, help="Columns likewise.")]
StateOption = Annotated[float, typer.Option("--state", help="State of all its cells, 0 to 1.")]
WiresOption = Annotated[str, typer.Option("--wires", help="Resistance of a segment, as 2ohm.")]
VoltageOption = Annotated[str, typer.Option("--voltage", help="On every row, such as 0.2V.")]
InputsOption = Annotated[
    Path | None,
    typer.Option(
        "--inputs",
        help="Or else V on each row (.npy, .csv).",
        autocompletion=completion.files(*ARRAY_ENDINGS),
    ),
]


@dataclass(frozen=True, eq=False)
class Question:
    """What is read.

    Attributes:
        array: with its wires.
        voltage: (rows,) V.
        conductance: (rows, columns) S, of cells that are resistors; None of those of a card.
        state: of all cells of a card.
    """

    array: Crossbar
    voltage: NDArray[float64]
    conductance: NDArray[float64] | None
    state: float

    def output(self, array: Crossbar, simulator: str) -> NDArray[float64]:
        """Return the currents out of the columns, A, of these cells in an array."""
        judge: Any = simulator
        if self.conductance is not None:
            return array.read(self.voltage, self.conductance, simulator=judge)
        solver: Any = "ngspice" if simulator == "ngspice" else "newton"
        found = array.read_cells(self.voltage, self.state, simulator=solver)
        return found["output"].to_numpy()


def question(
    source: str,
    rows: int,
    columns: int,
    state: float,
    wires: str,
    voltage: str,
    inputs: Path | None,
) -> Question:
    """Return what the options of a read ask."""
    import numpy as np

    import memcircuit as mc
    from memcircuit.sweeps.specification.quantities import quantity

    resistance = quantity(wires, "ohm", "--wires")
    if source.endswith(ARRAY_ENDINGS):
        cells = numbers_in(Path(source), "conductances, rows by columns", 2)
        array = mc.Crossbar(rows=cells.shape[0], columns=cells.shape[1], wires=resistance)
    else:
        cells, device = None, device_of(source, None)
        array = mc.Crossbar(device, rows=rows, columns=columns, wires=resistance)
    if inputs is None:
        volts = np.full(array.rows, quantity(voltage, "V", "--voltage"))
    else:
        volts = numbers_in(inputs, "one voltage for each row", 1)
    return Question(array, volts, cells, state)


def numbers_in(path: Path, wanted: str, dimensions: Literal[1, 2]) -> NDArray[float64]:
    """Return the array of a file.

    Raises:
        UsageError: it cannot be read, or has another number of dimensions.
    """
    import numpy as np

    from memcircuit.errors import UsageError

    try:
        if path.suffix == ".npy":
            found = np.asarray(np.load(path, allow_pickle=False), dtype=float)
        else:
            found = np.loadtxt(path, delimiter=",", ndmin=dimensions, dtype=float)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, TypeError, EOFError) as error:
        raise UsageError(f"{path}: no array of numbers: {error}") from error
    if found.ndim != dimensions or not found.size:
        raise UsageError(f"{path}: an array of shape {found.shape}; expected {wanted}")
    return found


@command(
    app,
    "read",
    example="memcircuit read lin2022_hfo2 --rows 8 --columns 8 --wires 2ohm --state 0.5",
)
def read(
    source: SourceArgument,
    rows: RowsOption = 16,
    columns: ColumnsOption = 16,
    state: StateOption = 1.0,
    wires: WiresOption = "1ohm",
    voltage: VoltageOption = "0.2V",
    inputs: InputsOption = None,
    simulator: Annotated[
        str,
        typer.Option(
            "--simulator",
            help="exact, or ngspice as the judge of it.",
            autocompletion=completion.words(*_SIMULATORS),
        ),
    ] = "exact",
    out: OutOption = Path("out/read"),
    *,
    as_json: JsonOption = False,
) -> None:
    """Read an array of conductances, or of the cells of a card, wires included."""
    import xarray as xr

    import memcircuit as mc
    from memcircuit.errors import UsageError

    if simulator not in _SIMULATORS:
        raise UsageError(f"--simulator {simulator!r}: choose {' or '.join(_SIMULATORS)}")
    asked = question(source, rows, columns, state, wires, voltage, inputs)
    array = asked.array
    own = asked.output(array, "exact")
    ideal = asked.output(mc.Crossbar(array.cell, rows=array.rows, columns=array.columns), "exact")
    ampere = {"units": "A"}
    found = xr.Dataset(
        {
            "voltage": ("row", asked.voltage, {"units": "V"}),
            "output": ("column", own, ampere),
            "ideal_output": ("column", ideal, ampere),
        },
        attrs={"wires": wires, "source": source},
    )
    facts: dict[str, Any] = {
        "rows": array.rows,
        "columns": array.columns,
        "output": (own, "A"),
        "ideal_output": (ideal, "A"),
        "largest_loss": (_deviation(own, ideal), "1"),
    }
    if simulator == "ngspice":
        judged = asked.output(array, "ngspice")
        found["ngspice_output"] = ("column", judged, ampere)
        facts["ngspice_output"] = (judged, "A")
        facts["deviation_from_ngspice"] = (_deviation(own, judged), "1")
    drawn = None if asked.conductance is None else mc.plot.read_error(array, asked.conductance)
    facts["files"] = write_dataset(out, "read", found, drawn)
    show(facts, as_json=as_json)


def _deviation(values: NDArray[float64], reference: NDArray[float64]) -> float:
    """Return the largest difference, as a share of the largest reference; 0 of no currents."""
    scale = float(abs(reference).max())
    return float(abs(values - reference).max()) / scale if scale else 0.0
