"""Schematics of cells and arrays, drawn with schemdraw; no display needed."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from memcircuit.checks import whole_number
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import as_cell
from memcircuit.files import make_directory, whole_file
from memcircuit.plot.sheet import Point, Sheet, si_value

if TYPE_CHECKING:
    from schemdraw import Drawing

    from memcircuit.experiments.driven_device import DrivenDevice
    from pyspice_netlists import Cell
    from pyspice_netlists.cells import (
        FourMemristorBridge,
        HybridMemristor,
        OneMemristor,
        OneSelectorOneMemristor,
        OneTransistorOneMemristor,
        ParallelMemristors,
        RatioCell,
        TwoMemristors,
    )

# Lines of an array, and memristors in parallel, that are drawn before dots stand for the others.
_MOST = 4
_FEW = 3
# Distance of the column lines of an array, and that of a cell's bit line from its column line.
_PITCH, _ASIDE = 3.8, 1.2


def schematic(cell: DrivenDevice | Cell, path: str | Path | None = None) -> Drawing:
    """Draw a cell with its pins, memristors, transistor, selector and resistors.

    The thick bar of a memristor is its minus end: its voltage counts from the other end to the bar.
    State pins, which carry no current, hang on dotted lines. Of more than four memristors in
    parallel the first two and the last are drawn.

    Args:
        cell: a device, or any cell of ``memcircuit.cells``.
        path: file to write, ending in .svg or .png; none when None.

    Returns:
        the drawing, which shows itself in a notebook and can be drawn on. Its ``anchors`` hold
        the place of every pin by name, and of the ends of every element, such as
        ``memristor_plus`` and ``transistor_gate``.

    Raises:
        UsageError: a cell of an unknown class, or a path with another ending.
    """
    whole = as_cell(cell)
    table = _drawers()
    if type(whole) not in table:
        known = ", ".join(sorted(kind.__name__ for kind in table))
        raise UsageError(f"no schematic of a {type(whole).__name__}; there are those of {known}")
    sheet = Sheet()
    with sheet.drawing:
        table[type(whole)](sheet, whole)
    return _kept(sheet, path)


def array_schematic(
    rows: int, columns: int, cell: DrivenDevice | Cell, path: str | Path | None = None
) -> Drawing:
    """Draw a crossbar array: row lines, column lines, gate lines, a cell at every crossing.

    Of more than four rows or columns the first two and the last are drawn.

    Args:
        rows: number of row lines, to which the bit lines of the cells go.
        columns: number of column lines, to which the source lines go.
        cell: a device, or a cell with one memristor that fits into arrays.
        path: file to write, ending in .svg or .png; none when None.

    Raises:
        UsageError: no rows or columns, a cell that does not fit into arrays, or a path with
            another ending.
    """
    whole = as_cell(cell)
    bodies = _bodies()
    if type(whole) not in bodies:
        known = ", ".join(sorted(kind.__name__ for kind in bodies))
        raise UsageError(
            f"no schematic of an array of {type(whole).__name__}; there are those of {known}"
        )
    shown = []
    for name, count in (("rows", rows), ("columns", columns)):
        if whole_number(count, name) < 1:
            raise UsageError(f"{name} = {count}: at least 1")
        shown.append(list(range(count)) if count <= _MOST else [0, 1, count - 1])
    sheet = Sheet(labelled=False)
    with sheet.drawing:
        _array(sheet, whole, *shown)
    return _kept(sheet, path)


def write_schematics(directory: str | Path) -> tuple[Path, ...]:
    """Draw every cell around one published device, and three arrays, as SVG files.

    Args:
        directory: where; made if it is not there.

    Returns:
        the files.
    """
    from memcircuit.devices.device import device
    from pyspice_netlists import cells
    from pyspice_netlists.amplifier import DifferentialAmplifier

    folder = Path(directory)
    make_directory(folder)
    memristor = device("lin2022_hfo2")
    alone = cells.OneMemristor(memristor)
    gated = cells.OneTransistorOneMemristor(memristor)
    selected = cells.OneSelectorOneMemristor(memristor, device("narayanan2015_miec"))
    every: tuple[Cell, ...] = (
        alone, gated, selected,
        cells.HybridMemristor(memristor, parallel=100e3, series=1e3),
        cells.ParallelMemristors(memristor, 3),
        cells.TwoMemristors(memristor),
        cells.RatioCell(memristor),
        cells.FourMemristorBridge(memristor),
        cells.FourMemristorBridge(memristor, DifferentialAmplifier()),
    )  # fmt: skip
    written = []
    for cell in every:
        amplified = isinstance(cell, cells.FourMemristorBridge) and cell.amplifier is not None
        written.append(folder / f"{cell.prefix}{'_amplifier' * amplified}.svg")
        schematic(cell, written[-1])
    for cell in (alone, gated, selected):
        written.append(folder / f"array_{cell.prefix.removeprefix('cell_')}.svg")
        array_schematic(_FEW, _FEW, cell, written[-1])
    return tuple(written)


def _kept(sheet: Sheet, path: str | Path | None) -> Drawing:
    """Write a drawing to the file asked for, and return it."""
    if path is not None:
        file = Path(path)
        writers: dict[str, Callable[[Path], None]] = {
            ".svg": sheet.write_svg,
            ".png": sheet.write_png,
        }
        if file.suffix.lower() not in writers:
            raise UsageError(f"path = {str(path)!r}: a schematic is written to .svg or .png")
        with whole_file(file) as fresh:
            writers[file.suffix.lower()](fresh)
    return sheet.drawing


def _drawers() -> dict[type[Cell], Callable[[Sheet, Any], None]]:
    """Return what draws each class of cell."""
    from pyspice_netlists import cells

    return {
        **dict.fromkeys(_bodies(), _single),
        cells.ParallelMemristors: _parallel,
        cells.TwoMemristors: _pair,
        cells.RatioCell: _ratio,
        cells.FourMemristorBridge: _bridge,
    }


# --- cells between a bit line and a source line --------------------------------------------------

# What hangs from the bit line: it is given the place of its top, and returns those of its bottom
# and of its gate, if it has one.
_Ends = tuple[Point, Point | None]


def _bodies() -> dict[type[Cell], Callable[[Sheet, Any, Point], _Ends]]:
    """Return what draws the cells that fit into arrays, without their pins."""
    from pyspice_netlists import cells

    return {
        cells.OneMemristor: _one_memristor,
        cells.OneTransistorOneMemristor: _one_transistor,
        cells.OneSelectorOneMemristor: _one_selector,
        cells.HybridMemristor: _hybrid,
    }


def _one_memristor(sheet: Sheet, cell: OneMemristor, top: Point) -> _Ends:
    bottom = (top[0], top[1] - 2)
    sheet.memristor("memristor", cell.device.name, top, bottom, "state")
    return bottom, None


def _one_transistor(sheet: Sheet, cell: OneTransistorOneMemristor, top: Point) -> _Ends:
    drain = (top[0], top[1] - 2)
    sheet.memristor("memristor", cell.device.name, top, drain, "state")
    gate, source = sheet.transistor("transistor", cell.access_transistor().name, drain)
    return source, gate


def _one_selector(sheet: Sheet, cell: OneSelectorOneMemristor, top: Point) -> _Ends:
    between, bottom = (top[0], top[1] - 1.6), (top[0], top[1] - 3.4)
    sheet.selector("selector", cell.selector.name, top, between)
    sheet.memristor("memristor", cell.device.name, between, bottom, "state")
    return bottom, None


def _hybrid(sheet: Sheet, cell: HybridMemristor, top: Point) -> _Ends:
    x, y = top
    high, between, low, bottom = ((x, y - drop) for drop in (0.4, 2.2, 4.0, 4.4))
    sheet.memristor("memristor", cell.device.name, high, between, "state")
    sheet.resistor("series", si_value(cell.series, "Ω"), between, low)
    beside = x + sheet.width(3.4, bare=0.7)
    sheet.wire(top, high)
    sheet.wire(high, (beside, high[1]), joint=True)
    sheet.resistor("parallel", si_value(cell.parallel, "Ω"), (beside, high[1]), (beside, low[1]))
    sheet.wire(low, (beside, low[1]), joint=True)
    sheet.wire(low, bottom)
    return bottom, None


def _single(sheet: Sheet, cell: Cell) -> None:
    bottom, gate = _bodies()[type(cell)](sheet, cell, (0, 0))
    sheet.pin("bit_line", (0, 0), "above")
    sheet.pin("source_line", bottom, "below")
    if gate is not None:
        sheet.pin("word_line", gate, "left")
    elif "word_line" in cell.terminals:
        sheet.pin("word_line", (-1.8, bottom[1] + 0.4), "left")
        sheet.text("not connected", (-1.9, bottom[1]), "right", small=True)
    sheet.caption(cell.title, (0, bottom[1] - 1.3))


def _array(sheet: Sheet, cell: Cell, rows: list[int], columns: list[int]) -> None:
    """Draw the lines and cells of these numbers, with dots where numbers are left out."""
    body = _bodies()[type(cell)]
    foot = _depth(cell)
    ys, xs = _places(rows, foot - 1.4), _places(columns, _PITCH)
    end, floor = xs[-1] + _ASIDE + 0.6, ys[-1] + foot - 1
    for row, y in zip(rows, ys, strict=True):
        sheet.wire((-2.2, y), (end, y))
        sheet.pin(f"row_{row}", (-2.2, y), "left")
    for column, x in zip(columns, xs, strict=True):
        sheet.wire((x + _ASIDE, 1.2), (x + _ASIDE, floor))
        sheet.pin(f"column_{column}", (x + _ASIDE, floor), "below")
        gates = []
        for y in ys:
            bottom, gate = body(sheet, cell, (x, y))
            sheet.joint((x, y))
            sheet.wire(bottom, (x + _ASIDE, bottom[1]))
            sheet.joint((x + _ASIDE, bottom[1]))
            gates += [] if gate is None else [gate]
        if gates:
            sheet.wire((gates[0][0], 1.2), gates[-1])
            sheet.pin(f"gate_{column}", (gates[0][0], 1.2), "above")
            for gate in gates[:-1]:
                sheet.joint(gate)
    middle = (xs[0] - 2.2 + end) / 2
    if rows[-1] >= len(rows):
        sheet.dots((xs[0], (ys[-2] + foot + ys[-1]) / 2), upright=True)
    if columns[-1] >= len(columns):
        sheet.dots(((xs[-2] + _ASIDE + xs[-1] - 0.9) / 2, ys[0] - 1), upright=False)
    size = f"{rows[-1] + 1} x {columns[-1] + 1}"
    sheet.caption(f"{size} array of {cell.title} cells", (middle, floor - 1.3))


def _depth(cell: Cell) -> float:
    """Return how far below its bit line a cell in an array ends, as a negative number."""
    trial = Sheet(labelled=False)
    with trial.drawing:
        (_, foot), _ = _bodies()[type(cell)](trial, cell, (0, 0))
    return foot


def _places(numbers: list[int], pitch: float) -> list[float]:
    """Return where lines are, with room for dots where numbers are left out."""
    gaps = [later - earlier > 1 for earlier, later in pairwise(numbers)]
    places = [0.0]
    for gap in gaps:
        places.append(places[-1] + pitch * (1.4 if gap else 1))
    return places


# --- cells of several memristors -----------------------------------------------------------------


def _rail(sheet: Sheet, pin: str, y: float, end: float, side: Literal["above", "below"]) -> None:
    """Draw a wire from x = 0 to ``end`` with its pin at the middle."""
    sheet.wire((0, y), (end, y))
    away = y + 0.6 if side == "above" else y - 0.6
    sheet.wire((end / 2, y), (end / 2, away), joint=True)
    sheet.pin(pin, (end / 2, away), side)


def _parallel(sheet: Sheet, cell: ParallelMemristors) -> None:
    names = cell.memristors
    states = dict(zip(names, cell.pins[len(cell.terminals) :], strict=True))
    shown = names if cell.count <= _MOST else (*names[: _FEW - 1], names[-1])
    pitch = 5.0
    for number, name in enumerate(shown):
        x = number * pitch
        sheet.memristor(name, cell.device.name, (x, 0), (x, -2), states[name])
    if len(shown) < len(names):
        sheet.dots(((len(shown) - 1.35) * pitch, -0.35), upright=False)
    middle, end = (len(shown) - 1) * pitch / 2, (len(shown) - 1) * pitch
    _rail(sheet, "bit_line", 0, end, "above")
    _rail(sheet, "source_line", -2, end, "below")
    sheet.caption(f"{cell.title}, {cell.count} memristors", (middle, -4))


def _pair(sheet: Sheet, cell: TwoMemristors) -> None:
    for x, name in ((0.0, "plus"), (5.0, "minus")):
        sheet.memristor(name, cell.device.name, (x, 0), (x, -2), f"state_{name}")
        sheet.pin(f"{name}_line", (x, -2), "below")
    _rail(sheet, "bit_line", 0, 5, "above")
    sheet.caption(cell.title, (2.5, -3.3))


def _ratio(sheet: Sheet, cell: RatioCell) -> None:
    # one above the other, minus ends together
    sheet.memristor("upper", cell.device.name, (0, 2), (0, 0), "state_upper")
    sheet.memristor("lower", cell.device.name, (0, -2), (0, 0), "state_lower")
    sheet.pin("bit_line", (0, 2), "above")
    sheet.pin("source_line", (0, -2.4), "below")
    sheet.wire((-1.2, 0), (0, 0))
    sheet.wire((0, 0), (3, 0), joint=True)
    sheet.pin("middle", (-1.2, 0), "left")
    sheet.wire((0, -2), (0, -2.4))
    drain, source = sheet.transistor_at_gate("transistor", cell.sense_transistor().name, (3, 0))
    sheet.wire(drain, (drain[0], 2))
    sheet.pin("sense_line", (drain[0], 2), "above")
    sheet.wire(source, (source[0], -2), (0, -2))
    sheet.joint((0, -2))
    sheet.caption(cell.title, (2, -3.7))


def _bridge(sheet: Sheet, cell: FourMemristorBridge) -> None:
    right = 6.6
    name = cell.device.name
    sheet.memristor("m1", name, (0, 2), (0, 0), "state_m1")
    sheet.memristor("m2", name, (0, -2), (0, 0), "state_m2")
    sheet.memristor("m3", name, (right, 0), (right, 2), "state_m3", mirrored=True)
    sheet.memristor("m4", name, (right, 0), (right, -2), "state_m4", mirrored=True)
    _rail(sheet, "bit_line", 2, right, "above")
    _rail(sheet, "source_line", -2, right, "below")
    # with an amplifier, far enough out for a wire beside the state pins
    reach: float = 1 if cell.amplifier is None else 2.6
    sheet.wire((0, 0), (-reach, 0), joint=True)
    sheet.pin("out_plus", (-reach, 0), "left")
    sheet.wire((right, 0), (right + reach, 0), joint=True)
    sheet.pin("out_minus", (right + reach, 0), "right" if cell.amplifier is None else "above")
    if cell.amplifier is None:
        sheet.caption(cell.title, (right / 2, -4))
        return
    minus = (right + 3.8, 0.0)
    plus, output, supply = sheet.amplifier("amplifier", cell.amplifier.name, minus)
    sheet.wire((right + reach, 0), minus)
    # around the bridge, from its left to the amplifier
    riser = minus[0] - 0.4
    sheet.wire((-reach, 0), (-reach, -3.7), (riser, -3.7), (riser, plus[1]), plus)
    sheet.wire(output, (output[0] + 0.5, output[1]))
    sheet.pin("output", (output[0] + 0.5, output[1]), "right")
    sheet.wire(supply, (supply[0], 2))
    sheet.pin("supply", (supply[0], 2), "above")
    sheet.caption(f"{cell.title} and its amplifier", (right / 2, -4.6))
