"""How well one cell of an array is read beside all the others: sneak currents against size."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from memcircuit.checks import is_number, is_whole, require_choice, require_size
from memcircuit.crossbar.cell_elements import secants
from memcircuit.crossbar.cell_law import CellLaw, cell_law
from memcircuit.crossbar.nodes import ConvergenceWarning, NodeVoltages, power
from memcircuit.crossbar.nonlinear import solve_cells
from memcircuit.crossbar.plan import selected_gate
from memcircuit.crossbar.selection import GateLines, Selection, bias_names, select
from memcircuit.crossbar.spice import tight_options
from memcircuit.crossbar.wires import Array, Lines, Wires, as_wires
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import as_cell, device_of, read_pulse

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.experiments.driven_device import DrivenDevice
    from pyspice_netlists import Cell

Place = Literal["farthest", "nearest"]

# Of the currents at the ends.
_TOLERANCE = 1e-8


def read_margin(
    cell: Cell | DrivenDevice,
    sizes: Sequence[int | tuple[int, int]],
    biases: Sequence[str] | None = None,
    *,
    wires: Wires | float = 0.0,
    low: float = 0.0,
    high: float = 1.0,
    read: float | None = None,
    place: Place = "farthest",
    gate: float | None = None,
    gate_lines: GateLines = "column",
) -> xr.Dataset:
    """Return the read margin of the worst-placed cell against the size of its array.

    The selected cell is once in its low and once in its high state, all others are in their high
    state, in which they leak most. The margin is (I_high - I_low) / I_high of the current out of
    the selected column: 1 - low/high conductance for a cell alone, 0 where nothing can be told.

    Args:
        cell: the kind of cell.
        sizes: of square arrays, or (rows, columns) of each.
        biases: what the lines that are not selected are given, by name: "floating", "v/2",
            "v/3", "grounded", "transistor"; when None "transistor" for cells with one and the four
            others for cells without.
        wires: of the array; a number is the resistance of every segment, ohm.
        low: state of a cell in its low state.
        high: state of a cell in its high state.
        read: V; the memristor's card's when None. A selector needs more than a memristor alone.
        place: which cell is selected: the one with most wire between it and drivers and sense
            amplifiers, or the one with least.
        gate: V, of the selected gate line of cells with a transistor; the card's when None.
        gate_lines: whether the cells of a row or those of a column share a gate line.

    Returns:
        dataset over ``bias`` and ``size``: ``current_low`` and ``current_high`` (A), ``margin``,
        ``power`` (W) that all drivers deliver while a cell in its high state is read, and
        ``relative_imbalance``, the currents that the solution leaves unexplained over those at the
        ends; with ``rows`` and ``columns`` of each size.

    Raises:
        UsageError: values that make no experiment, or a bias that the array does not have.
        ConvergenceError: no operating point was found.
    """
    import xarray as xr

    ready = prepare_read_margin(
        cell, sizes, biases, wires=wires, low=low, high=high, read=read, place=place, gate=gate,
        gate_lines=gate_lines,
    )  # fmt: skip
    comparison, names, shapes, volts = ready.comparison, ready.biases, ready.shapes, ready.gate
    whole, voltage = as_cell(cell), comparison.voltage
    device = device_of(whole)
    found = np.empty((4, len(names), len(shapes)))
    for column, shape in enumerate(shapes):
        lines = comparison.wires.lines(*shape)
        at = worst_place(lines, place)
        states = np.full((2, *shape), float(high))
        states[0, *at] = low
        for row, name in enumerate(names):
            chosen = select([at], shape, name, gate=volts, gate_lines=gate_lines, called="biases")
            found[:, row, column] = comparison.read(lines, chosen, states)
    low_current, high_current, spent, imbalance = found
    ampere = {"units": "A"}
    dims = ("bias", "size")
    return xr.Dataset(
        {
            "current_low": (dims, low_current, ampere),
            "current_high": (dims, high_current, ampere),
            "margin": (dims, 1 - low_current / high_current, {"units": "1"}),
            "power": (dims, spent, {"units": "W"}),
            "relative_imbalance": (dims, imbalance, {"units": "1"}),
        },
        coords={
            "bias": list(names),
            "rows": ("size", [rows for rows, _ in shapes]),
            "columns": ("size", [columns for _, columns in shapes]),
        },
        attrs={
            "experiment": "read_margin",
            "device": device.name,
            "cell_name": whole.name,
            "cell_title": whole.title,
            "citation": device.citation,
            "read_voltage": voltage,
            "low": float(low),
            "high": float(high),
            "place": place,
        },
    )


def worst_place(lines: Lines, place: Place = "farthest") -> tuple[int, int]:
    """Return row and column of the cell farthest from, or nearest to, drivers and amplifiers."""
    rows, columns = lines.shape
    nearest = (
        {"top": 0, "bottom": rows - 1, "both": 0}[lines.sensed],
        {"left": 0, "right": columns - 1, "both": 0}[lines.driven],
    )
    farthest = (
        {"top": rows - 1, "bottom": 0, "both": rows // 2}[lines.sensed],
        {"left": columns - 1, "right": 0, "both": columns // 2}[lines.driven],
    )
    return farthest if place == "farthest" else nearest


@dataclass(frozen=True, eq=False)
class _Comparison:
    """What all arrays of a comparison share: wires, the law of the cells, the read voltage."""

    wires: Wires
    law: CellLaw
    voltage: float

    def read(self, lines: Lines, chosen: Selection, states: Array) -> tuple[float, ...]:
        """Return the current of the selected column for both states, A, power, W, and imbalance."""
        opened, ends = chosen.lines(lines), chosen.ends(self.voltage)
        with warnings.catch_warnings():
            # selectors beside wires leave only their rounding to be seen; the imbalance says so
            warnings.simplefilter("ignore", ConvergenceWarning)
            point = solve_cells(self.law, states, chosen.gates, opened, ends, tolerance=_TOLERANCE)
        low, high = point.output[:, chosen.columns[0]]
        secant = secants(point.current, point.row - point.column)
        nodes = NodeVoltages(point.row, point.column, point.imbalance, point.newton_steps)
        spent = float(power(secant, opened, ends, nodes).sources[1])
        return float(low), float(high), spent, float(point.imbalance.max())


@dataclass(frozen=True, eq=False)
class Margins:
    """A comparison of read margins made ready.

    Attributes:
        comparison: what all arrays share.
        biases: by name.
        shapes: (rows, columns) of each array.
        gate: V, of the selected gate line.
    """

    comparison: _Comparison
    biases: list[str]
    shapes: list[tuple[int, int]]
    gate: float


def prepare_read_margin(
    cell: Cell | DrivenDevice,
    sizes: Sequence[int | tuple[int, int]],
    biases: Sequence[str] | None = None,
    *,
    wires: Wires | float = 0.0,
    low: float = 0.0,
    high: float = 1.0,
    read: float | None = None,
    place: Place = "farthest",
    gate: float | None = None,
    gate_lines: GateLines = "column",
) -> Margins:
    """Return what ``read_margin`` compares; the arguments are the same.

    Raises:
        UsageError: values that make no experiment, or a bias that the array does not have.
    """
    whole = as_cell(cell)
    device = device_of(whole)
    names = bias_names(whole.gated, biases)
    if not isinstance(sizes, Sequence | np.ndarray) or not len(sizes):
        raise UsageError(f"sizes = {sizes!r}: expected a list of at least one")
    shapes = [_shape(size) for size in sizes]
    for name, state in (("low", low), ("high", high)):
        if not is_number(state) or not 0 <= state <= 1:
            raise UsageError(f"{name} = {state!r}: a state in 0 ... 1")
    if low >= high:
        raise UsageError(f"low = {low:g}, high = {high:g}: expected a low below the high state")
    require_choice(place, ("farthest", "nearest"), "place")
    voltage = read_pulse(device, read).amplitude
    comparison = _Comparison(as_wires(wires), cell_law(whole, gmin=tight_options().gmin), voltage)
    volts = selected_gate(whole, gate)
    for name in names:  # whatever the size, a bias or the gate lines are refused
        select([(0, 0)], shapes[0], name, gate=volts, gate_lines=gate_lines, called="biases")
    return Margins(comparison, names, shapes, volts)


def _shape(size: object) -> tuple[int, int]:
    pair = size if isinstance(size, tuple) else (size, size)
    if len(pair) != 2 or not all(map(is_whole, pair)) or min(pair) < 1:
        raise UsageError(f"sizes: {size!r}: a whole number of at least 1, or (rows, columns)")
    require_size({"sizes: rows": pair[0], "columns": pair[1]})
    return int(pair[0]), int(pair[1])
