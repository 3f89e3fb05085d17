"""Where the energy goes that the drivers of an array deliver: cells, wires, ends, gates.

What the sources deliver is the product of their voltages and of the currents that ngspice finds in
them. What the elements take follows from other quantities of the result: cells by their current
laws at the voltages of their nodes, wires by v^2 / R, capacitances by what they hold at the start
and at the end. That both sums agree is a check of circuit, laws and time steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from memcircuit.crossbar.line_solve import LineWires, turned
from memcircuit.crossbar.wires import Array, Lines

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.crossbar.array_waves import ArrayWaves
    from memcircuit.crossbar.cell_elements import CellElements

# Time points times cells that are held at once while the power of cells is summed.
_CHUNK = 400_000


@dataclass(frozen=True, eq=False)
class ArrayEnergy:
    """Energy over a whole run, J.

    Attributes:
        rows: (rows,) delivered by the drivers of each row.
        columns: (columns,) delivered by those of each column; below zero where they take it.
        gates: (gate lines,) delivered by the drivers of the gates.
        cells: (rows, columns) lost in each cell, its transistor and what charges that included.
        row_wires: lost in the row lines between cells.
        column_wires: lost in the column lines between cells.
        row_ends: lost between the ends of the row lines and their first cells.
        column_ends: lost between the ends of the column lines and their first cells.
        stored: gained by the capacitances of wires and transistors between start and end.
    """

    rows: Array
    columns: Array
    gates: Array
    cells: Array
    row_wires: float
    column_wires: float
    row_ends: float
    column_ends: float
    stored: float

    @property
    def sources(self) -> float:
        """Delivered by all sources, J."""
        return float(self.rows.sum() + self.columns.sum() + self.gates.sum())

    @property
    def elements(self) -> float:
        """Taken by all elements, J."""
        wires = self.row_wires + self.column_wires + self.row_ends + self.column_ends
        return float(self.cells.sum() + wires + self.stored)

    @property
    def imbalance(self) -> float:
        """What the sources deliver and no element takes, as a share of the larger of both sums.

        Of both at the end of the run: where drivers take back nearly all that capacitances held
        meanwhile, it is a share of the little that is left.
        """
        largest = max(abs(self.sources), abs(self.elements))
        return abs(self.sources - self.elements) / largest if largest else 0.0

    def dataset(self) -> xr.Dataset:
        """Return where the energy goes as variables in J."""
        import xarray as xr

        joule = {"units": "J"}
        variables = {
            "row_energy": ("row", self.rows, joule),
            "column_energy": ("column", self.columns, joule),
            "cell_energy": (("row", "column"), self.cells, joule),
            "cells": ((), self.cells.sum(), joule),
        }
        if self.gates.size:
            variables["gate_energy"] = ("gate_line", self.gates, joule)
        for part in ("sources", "row_wires", "column_wires", "row_ends", "column_ends", "stored"):
            variables[part] = ((), getattr(self, part), joule)
        return xr.Dataset(variables)


def array_energy(waves: ArrayWaves, lines: Lines, cells: CellElements) -> ArrayEnergy:
    """Return where the energy of a run goes.

    Args:
        waves: of the run.
        lines: resistances and capacitances of the lines.
        cells: what is in the cells.
    """
    time, at_ends, ends = waves.time, waves.at_ends, waves.ends
    wires = LineWires.of_rows(lines), LineWires.of_columns(lines)
    layers = waves.row, turned(waves.column)
    potentials = (
        wires[0].end_potentials(ends.left, ends.right),
        wires[1].end_potentials(ends.top, ends.bottom),
    )
    in_wires = [
        _work(part.link * drop, drop, time).sum()
        for part, drop in zip(wires, (np.diff(v, axis=-1) for v in layers), strict=True)
    ]
    drops = [
        end - v[..., [0, -1]].swapaxes(-1, -2) for end, v in zip(potentials, layers, strict=True)
    ]
    in_ends = [
        _work(part.end_link * drop, drop, time).sum()
        for part, drop in zip(wires, drops, strict=True)
    ]
    step = max(1, _CHUNK // waves.row[0].size)
    in_cells = np.zeros(lines.shape)
    for start in range(0, time.size - 1, step):
        part_of_time = slice(start, start + step + 1)  # neighbours share a point
        for current, voltage in cells.elements(waves, part_of_time):
            in_cells += _work(current, voltage, time[part_of_time])
    return ArrayEnergy(
        rows=_work(at_ends.left, ends.left, time) + _work(at_ends.right, ends.right, time),
        columns=-_work(at_ends.top, ends.top, time) - _work(at_ends.bottom, ends.bottom, time),
        gates=_work(waves.gate_current, waves.gate, time),
        cells=in_cells,
        row_wires=float(in_wires[0]),
        column_wires=float(in_wires[1]),
        row_ends=float(in_ends[0]),
        column_ends=float(in_ends[1]),
        stored=_stored(waves, lines, -1)
        - _stored(waves, lines, 0)
        + float(cells.stored(waves).sum()),
    )


def _stored(waves: ArrayWaves, lines: Lines, point: int) -> float:
    rows = lines.row_capacitance * waves.row[point] ** 2
    columns = lines.column_capacitance * waves.column[point] ** 2
    return float(0.5 * (rows.sum() + columns.sum()))


def _work(current: Array, voltage: Array, time: Array) -> Array:
    """Return the integral of current (n, ...) A times voltage (n, ...) V over time, (...) J.

    The means of both over a step are multiplied, not the products averaged: then capacitors that
    ngspice charges by the trapezoidal rule give back exactly what they took.
    """
    step = np.diff(time).reshape(-1, *(1,) * (current.ndim - 1))
    return np.asarray(
        (0.25 * step * (current[1:] + current[:-1]) * (voltage[1:] + voltage[:-1])).sum(axis=0)
    )
