"""What is done to selected cells of an array: checked, and ready to be simulated and read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from memcircuit.checks import is_whole, named_values
from memcircuit.crossbar.cell_law import CellLaw, cell_law
from memcircuit.crossbar.selection import Bias, Selection, select
from memcircuit.crossbar.wires import Array, Lines, numbers, refuse
from memcircuit.devices.device import Form
from memcircuit.devices.free_parameters import check_variation
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import (
    HIGHEST_VOLTAGE,
    device_of,
    gate_voltage,
    netlist_form,
    read_pulse,
)

if TYPE_CHECKING:
    from memcircuit.crossbar.crossbar import Crossbar
    from pyspice_netlists import Cell, Pulse

# More pulses than any run can follow.
_MOST_PULSES = 100_000


@dataclass(frozen=True, eq=False)
class ArrayPlan:
    """Pulses for selected cells of an array.

    Attributes:
        cell: the kind of cell.
        law: its current.
        lines: resistances of the lines.
        selection: the selected cells and what the other lines are given.
        states: (rows, columns) at the start.
        variation: multipliers by name, each (rows, columns).
        pulses: of the driver, in order.
        gap: s, before each pulse and after the last.
        form: netlist form of the memristors.
    """

    cell: Cell
    law: CellLaw
    lines: Lines
    selection: Selection
    states: Array
    variation: Mapping[str, Array]
    pulses: tuple[Pulse, ...]
    gap: float
    form: Form


@dataclass(frozen=True, eq=False)
class Reading:
    """How cells of an array are read.

    Attributes:
        law: the cells' current.
        lines: resistances of the lines.
        selection: the cells that are read and what the other lines are given.
        voltage: V, of the driver.
    """

    law: CellLaw
    lines: Lines
    selection: Selection
    voltage: float

    def conductance(self, states: Array) -> Array:
        """Return the current out of each selected cell's column over the read voltage, S.

        Args:
            states: (..., rows, columns) of the array.

        Returns:
            (..., selected).
        """
        from memcircuit.crossbar.nonlinear import solve_cells

        selection = self.selection
        point = solve_cells(
            self.law, states, selection.gates, selection.lines(self.lines),
            selection.ends(self.voltage),
        )  # fmt: skip
        return np.asarray(point.output[..., selection.columns] / self.voltage)


def prepare(
    array: Crossbar,
    states: ArrayLike,
    selected: Sequence[tuple[int, int]] | tuple[int, int],
    pulses: Sequence[Pulse | tuple[Pulse, int]],
    *,
    bias: Bias | str,
    gate: float | None,
    read: float | None,
    read_bias: Bias | str,
    variation: Mapping[str, ArrayLike] | None,
    form: Form | None,
) -> tuple[ArrayPlan, Reading]:
    """Return what ``program_pulses`` simulates and reads; the arguments are the same."""
    whole, given, lines = cell_of(array), _pulses(pulses), array.lines
    shape = lines.shape
    volts = selected_gate(whole, _one_gate(array) if gate is None else gate)
    selection = select(selected, shape, bias, gate=volts, gate_lines=array.gate_lines)
    refuse_open_lines(lines, selection.rows, selection.columns, "of a selected cell")
    shortest = min(pulse.width for pulse in given)
    spread = variation_tables(variation, shape, whole)
    plan = ArrayPlan(
        cell=whole,
        law=cell_law(whole, spread),
        lines=lines,
        selection=selection,
        states=state_table(states, shape),
        variation=spread,
        pulses=given,
        gap=shortest / 5,
        form=netlist_form(form),
    )
    chosen = select(
        selection.cells, shape, read_bias, gate=volts, gate_lines=array.gate_lines,
        called="read_bias",
    )  # fmt: skip
    voltage = read_pulse(device_of(whole), read, shortest).amplitude
    return plan, Reading(plan.law, lines, chosen, voltage)


def cell_of(array: Crossbar) -> Cell:
    """Return the kind of cell of an array; raises UsageError for what is no array of cells."""
    return crossbar_of(array).require_cell()


def crossbar_of(array: Crossbar) -> Crossbar:
    """Return an array as it is; raises UsageError for what is none."""
    from memcircuit.crossbar.crossbar import Crossbar

    if not isinstance(array, Crossbar):
        raise UsageError(f"array: expected a Crossbar, not this {type(array).__name__}")
    return array


def selected_gate(cell: Cell, given: float | None) -> float:
    """Return the voltage of the selected gate lines, V: as given, or the card's.

    Raises:
        UsageError: one is given to cells without transistor, or there is none to be had.
    """
    if given is not None and not cell.gated:
        raise UsageError(f"gate: cell {cell.name!r} has no transistor; leave gate out")
    return gate_voltage(cell, given)


def refuse_open_lines(
    lines: Lines, rows: Iterable[int], columns: Iterable[int], which: str
) -> None:
    """Refuse lines to be driven or sensed whose ends for that are open.

    Args:
        lines: of the array.
        rows: row lines to be driven.
        columns: column lines to be sensed.
        which: what these lines are, for the message.

    Raises:
        UsageError: about the first such line.
    """
    driven = {"left": [lines.left], "right": [lines.right], "both": [lines.left, lines.right]}
    sensed = {"top": [lines.top], "bottom": [lines.bottom], "both": [lines.top, lines.bottom]}
    for kind, chosen, ends, does in (
        ("row", rows, driven[lines.driven], "driven"),
        ("column", columns, sensed[lines.sensed], "sensed"),
    ):
        for line in chosen:
            if all(np.isinf(end[line]) for end in ends):
                raise UsageError(f"{kind} line {line} {which} is not {does} (inf)")


def variation_tables(
    given: Mapping[str, ArrayLike] | None, shape: tuple[int, int], cell: Cell
) -> dict[str, Array]:
    """Return multipliers, each (rows, columns), of cells of a kind.

    Raises:
        UsageError: what are none, or take a parameter out of its range.
    """
    spread = {}
    for name, value in named_values(given, "variation").items():
        table = _table(f"variation {name!r}", value, shape)
        refuse(f"variation {name!r}", table, (table > 0) & np.isfinite(table), "a number above 0")
        spread[name] = table
    check_variation(cell.device, spread, array=True)
    return spread


def _one_gate(array: Crossbar) -> float | None:
    if array.gate is None or np.ndim(array.gate) == 0:
        return None if array.gate is None else float(np.asarray(array.gate))
    raise UsageError(
        "the array's gate lines have a voltage each: pass gate=..., the one on those of the "
        "selected cells"
    )


def settings(plan: ArrayPlan, reading: Reading) -> dict[str, str | float]:
    """Return what was asked for, by name."""
    memristor = device_of(plan.cell)
    return {
        "device": memristor.name,
        "cell_name": plan.cell.name,
        "form": plan.form,
        "citation": memristor.citation,
        "read_voltage": reading.voltage,
    }


def _pulses(given: Sequence[Pulse | tuple[Pulse, int]]) -> tuple[Pulse, ...]:
    from pyspice_netlists import Pulse

    if not isinstance(given, Iterable):
        raise UsageError(f"pulses = {given!r}: expected a list of Pulse or (Pulse, how often)")
    whole: list[Pulse] = []
    for entry in given:
        pulse, count = entry if isinstance(entry, tuple) and len(entry) == 2 else (entry, 1)
        counted = is_whole(count) and count > 0
        if not isinstance(pulse, Pulse) or not counted:
            raise UsageError(f"pulses: {entry!r} is neither a Pulse nor (Pulse, how often)")
        if not 0 < abs(pulse.amplitude) < HIGHEST_VOLTAGE:
            raise UsageError(
                f"pulses: {pulse!r}: expected less than {HIGHEST_VOLTAGE:g} V in magnitude, not 0"
            )
        if len(whole) + count > _MOST_PULSES:
            raise UsageError(f"pulses: more than {_MOST_PULSES}; split them into several calls")
        whole += [pulse] * int(count)
    if not whole:
        raise UsageError("pulses is empty: give at least one")
    return tuple(whole)


def state_table(given: ArrayLike, shape: tuple[int, int]) -> Array:
    """Return states as (rows, columns); raises UsageError for what are none."""
    states = _table("states", given, shape)
    refuse("states", states, (states >= 0) & (states <= 1), "a state in 0 ... 1")
    return states


def _table(name: str, given: ArrayLike, shape: tuple[int, int]) -> Array:
    values = numbers(name, given)
    if values.ndim and values.shape != shape:
        raise UsageError(f"{name} has shape {values.shape}; expected {shape}")
    return np.broadcast_to(values, shape)
