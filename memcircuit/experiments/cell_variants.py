"""Cells of one kind that differ in device, transistor, gate voltage and where they start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.devices.arrays import numbers
from memcircuit.devices.device import Device
from memcircuit.devices.free_parameters import FreeParameters, check_cells, with_free_parameters
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import (
    HIGHEST_VOLTAGE,
    cell_values,
    gate_voltage,
    memristor_of,
)
from memcircuit.experiments.driven_device import OwnState

if TYPE_CHECKING:
    from pyspice_netlists import Cell
    from pyspice_netlists.transistors import Transistor

Array = NDArray[np.float64]

_STATE, _OWN_STATE = "initial_state", "device.initial_state"
_SIZES = ("cell.transistor.w", "cell.transistor.l")


@dataclass(frozen=True, eq=False)
class CellVariants:
    """Cells of one kind, and what each of them has for itself.

    Attributes:
        cell: the kind, with free parameters where cells differ by them.
        states: (cells,) or (cells, memristors) at the start.
        multipliers: by name, each (cells,) or (cells, memristors).
        free: free parameters of the card, likewise.
        sizes: parameters of the cell's own, each (cells,).
        gate: V, of all cells, or (cells,).
    """

    cell: Cell
    states: Array
    multipliers: Mapping[str, Array]
    free: Mapping[str, Array]
    sizes: Mapping[str, Array]
    gate: float | Array

    @property
    def cells(self) -> int:
        """Number of cells."""
        return len(self.states)

    @property
    def instance_values(self) -> dict[str, Array]:
        """Everything that the cells' netlist lines say beside nodes and states."""
        return {**self.multipliers, **self.free, **self.sizes}

    def parameters(self) -> dict[str, Array]:
        """Return the parameters of the card that differ, multipliers included.

        Each is (cells, 1) or (cells, memristors); none of a device without equations here.
        """
        device = memristor_of(self.cell)
        if not isinstance(device, Device):
            return {}
        found = {name: _table(values) for name, values in self.free.items()}
        for multiplier, values in self.multipliers.items():
            name = multiplier.removeprefix("m_")
            found[name] = found.get(name, device.parameters[name]) * _table(values)
        return found


def _table(values: Array) -> Array:
    return values.reshape(len(values), -1)


def differs_by_cell(cell: Cell, path: str) -> bool:
    """Return whether cells of one netlist may differ by a parameter.

    Args:
        cell: the kind of cell.
        path: of the parameter, as in ``pulse_train_batch``.
    """
    device = memristor_of(cell)
    owner, _, name = path.partition(".")
    if path in (_STATE, _OWN_STATE):
        return not isinstance(device, OwnState) or device.takes_initial_state
    if owner == "variation":
        return name in device.multipliers
    if owner == "device":
        found = device.model.by_name.get(name) if isinstance(device, Device) else None
        return found is not None and not found.integer
    if path in _SIZES:
        return _transistor_size(cell) is not None
    return path == "gate" and cell.gated


def cell_variants(
    cell: Cell,
    columns: Mapping[str, NDArray[Any]],
    cells: int,
    *,
    initial_state: ArrayLike | None = None,
    variation: Mapping[str, ArrayLike] | None = None,
    gate: float | None = None,
) -> CellVariants:
    """Return cells that differ.

    Args:
        cell: the kind of cell.
        columns: values by path, each (cells,) or of memristors (cells, memristors); see
            ``pulse_train_batch``.
        cells: number of cells.
        initial_state: of the cells where no column says it.
        variation: multipliers of the cells where no column says them.
        gate: V, likewise.

    Raises:
        UsageError: values that no cell can have.
        ParameterError: a parameter outside its range, also once it is multiplied.
    """
    table = {path: numbers(values, path) for path, values in columns.items()}
    start = table.get(_STATE, initial_state)
    if start is None:  # as everywhere, the argument comes before the device's own
        start = table.get(_OWN_STATE)
    scaled = {p.partition(".")[2]: v for p, v in table.items() if p.startswith("variation.")}
    fixed = {} if variation is None else {**variation}
    own = None if {_STATE, _OWN_STATE} & set(table) else initial_state
    several = len(cell_values(cell, own, fixed)[0])
    if several != 1:  # as many as there are points would be taken for those of the points
        raise UsageError(f"initial_state and variation are of {several} cells: expected one")
    states, multipliers = cell_values(cell, start, {**fixed, **scaled})
    free = {
        path.removeprefix("device."): values
        for path, values in table.items()
        if path.startswith("device.") and path != _OWN_STATE
    }
    _check_shapes(cell, free, cells)
    kind = _with_free_parameters(cell, free, tuple(multipliers))
    kind, sizes = _with_sizes(kind, table, cells)
    variants = CellVariants(
        kind,
        np.broadcast_to(states, (cells, *states.shape[1:])),
        {name: np.broadcast_to(v, (cells, *v.shape[1:])) for name, v in multipliers.items()},
        free,
        sizes,
        _gates(cell, table.get("gate"), gate, cells),
    )
    if isinstance(device := memristor_of(kind), Device):
        check_cells(device, variants.parameters())
    return variants


def _check_shapes(cell: Cell, values: Mapping[str, Array], cells: int) -> None:
    several = len(cell.memristors)
    for name, found in values.items():
        if found.shape not in ((cells,), (cells, several)):
            raise UsageError(
                f"{name} has shape {found.shape}; expected ({cells},) or ({cells}, {several})"
            )


def _with_free_parameters(
    cell: Cell, free: Mapping[str, Array], multipliers: tuple[str, ...]
) -> Cell:
    """Return the cell with instance parameters where cells differ, and no others."""
    device = memristor_of(cell)
    if not isinstance(device, Device):
        if free:
            raise UsageError(f"device {device.name!r}: its parameters are those of all cells")
        return cell
    before = device.names if isinstance(device, FreeParameters) else ()
    own = with_free_parameters(device, tuple(dict.fromkeys((*before, *free))), multipliers)
    own.check(free)
    return replace(cell, device=own)


def _transistor_size(cell: Cell) -> tuple[Transistor, float, float] | None:
    """Return the transistor of a cell with its own width and length, m, where they can be set."""
    from pyspice_netlists.cells import OneTransistorOneMemristor, RatioCell
    from pyspice_netlists.errors import NetlistError
    from pyspice_netlists.transistors import free_size

    if isinstance(cell, OneTransistorOneMemristor):
        found = cell.access_transistor()
    elif isinstance(cell, RatioCell):
        found = cell.sense_transistor()
    else:
        return None
    try:
        sized = free_size(found)
    except NetlistError:
        return None
    return sized, sized.free["w"], sized.free["l"]


def _with_sizes(
    cell: Cell, table: Mapping[str, Array], cells: int
) -> tuple[Cell, dict[str, Array]]:
    """Return the cell, and the instance parameters of its transistors where they differ."""
    from pyspice_netlists.transistors import size_parameters

    given = {path: values for path, values in table.items() if path in _SIZES}
    if not given:
        return cell, {}
    for path, values in given.items():
        if values.shape != (cells,):
            raise UsageError(f"{path} has shape {values.shape}; expected ({cells},)")
    found = _transistor_size(cell)
    if found is None:
        raise UsageError(f"cell {cell.name!r} has no transistor whose size can be set")
    sized, *own = found
    w, l = (  # noqa: E741
        given.get(path, np.full(cells, side)) for path, side in zip(_SIZES, own, strict=True)
    )
    parameters = size_parameters(w, l)
    kind: Cell = replace(cell, transistor=sized)  # type: ignore[call-arg]
    return kind, {f"transistor_{name}": values for name, values in parameters.items()}


def _gates(cell: Cell, column: Array | None, given: float | None, cells: int) -> float | Array:
    if column is None:
        return gate_voltage(cell, given)
    if column.shape != (cells,) or not np.all(np.abs(column) < HIGHEST_VOLTAGE):
        raise UsageError(
            f"gate: expected one voltage for each cell, within +-{HIGHEST_VOLTAGE:g} V; given is "
            f"{column!r:.80}"
        )
    return column
