"""What pulses do to cells that are not meant: neighbours of a selected one, cells being read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from memcircuit.checks import whole_number
from memcircuit.crossbar.array_run import Simulator, run_full
from memcircuit.crossbar.plan import ArrayPlan, cell_of, prepare
from memcircuit.crossbar.selection import bias_names, select
from memcircuit.crossbar.wires import Array, numbers, refuse
from memcircuit.devices.device import Device, Form
from memcircuit.devices.evolution import evolve
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import HIGHEST_VOLTAGE, as_cell, device_of, read_pulse

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.crossbar.crossbar import Crossbar
    from memcircuit.experiments.driven_device import DrivenDevice
    from memcircuit.simulate import Options
    from pyspice_netlists import Cell, Pulse

_CELLS = ("selected", "row", "column", "other")
# Numbers of reads that are kept when only the last is given.
_PER_DECADE = 5
# Time points in each edge of a read, whose share in its effect is summed.
_EDGE_POINTS = 401


def prepare_half_select_disturb(
    array: Crossbar,
    states: ArrayLike,
    selected: tuple[int, int],
    pulse: Pulse,
    count: int,
    biases: Sequence[str] | None = None,
    *,
    gate: float | None = None,
    form: Form | None = None,
) -> tuple[list[str], list[ArrayPlan]]:
    """Return the bias schemes of ``half_select_disturb`` and what it simulates; its arguments.

    Raises:
        UsageError: values that make no experiment, or a bias that the array does not have.
    """
    from pyspice_netlists import Pulse

    cell = cell_of(array)
    number = whole_number(count, "count")
    if number < 1:
        raise UsageError(f"count = {count}: at least one pulse")
    select(selected, array.lines.shape)
    if np.ndim(selected) != 1:
        raise UsageError(f"selected = {selected!r}: expected one cell, (row, column)")
    if not isinstance(pulse, Pulse):
        raise UsageError(f"pulse = {pulse!r} is not a pulse: pass Pulse(amplitude, width)")
    names = bias_names(cell.gated, biases)
    return names, [
        prepare(
            array, states, selected, [(pulse, number)], bias=name, gate=gate, read=pulse.amplitude,
            read_bias=name, variation=None, form=form,
        )[0]
        for name in names
    ]  # fmt: skip


def half_select_disturb(
    array: Crossbar,
    states: ArrayLike,
    selected: tuple[int, int],
    pulse: Pulse,
    count: int,
    biases: Sequence[str] | None = None,
    *,
    gate: float | None = None,
    form: Form | None = None,
    options: Options | None = None,
    time_limit: float = 600.0,
) -> xr.Dataset:
    """Return how far pulses on one cell move the others, for each bias scheme.

    ngspice simulates the whole array. Lines that float between selectors need a capacitance,
    ``Wires(row_capacitance=..., column_capacitance=...)``, as they have: without one their
    potential hangs on currents too small for ngspice, which then finds no time step.

    Args:
        array: the array, of a kind of cell.
        states: (rows, columns) at the start; one number for all.
        selected: row and column of the cell that is pulsed.
        pulse: of the driver.
        count: how often it is given.
        biases: what the lines that are not selected are given, by name: "grounded", "v/2",
            "v/3", "floating", "transistor"; when None "transistor" for cells with one and the four
            others for cells without.
        gate: V, of the selected gate line of cells with a transistor; that of the array or the
            card's when None.
        form: netlist form, "osdi" or "behavioural"; the best one at hand when None.
        options: simulator options.
        time_limit: s, wall clock of each simulation.

    Returns:
        dataset over ``bias``, ``pulse`` (0 is the start) and ``cells``, which are the "selected"
        cell, the others of its "row", those of its "column" and every "other": ``movement``, the
        change of state since the start that is largest in magnitude among them; and over ``bias``,
        ``row`` and ``column`` the ``final_state``.

    Raises:
        UsageError: values that make no experiment, or a bias that the array does not have.
        SimulationError: the simulator gave no trustworthy result.
    """
    import xarray as xr

    names, plans = prepare_half_select_disturb(
        array, states, selected, pulse, count, biases, gate=gate, form=form
    )
    cell, number = plans[0].cell, len(plans[0].pulses)
    row, column = plans[0].selection.cells[0]
    simulator = Simulator(options, time_limit)
    waves = np.array([run_full(plan, simulator).states for plan in plans])
    moved = np.moveaxis(waves - waves[:, :1], (2, 3), (0, 1))
    own = np.arange(array.rows) == row, np.arange(array.columns) == column
    groups = (
        own[0][:, np.newaxis] & own[1],
        own[0][:, np.newaxis] & ~own[1],
        ~own[0][:, np.newaxis] & own[1],
        ~own[0][:, np.newaxis] & ~own[1],
    )
    movement = np.stack([_largest(moved[group]) for group in groups], axis=-1)
    unit = {"units": "1"}
    return xr.Dataset(
        {
            "movement": (("bias", "pulse", "cells"), movement, unit),
            "final_state": (("bias", "row", "column"), waves[:, -1], unit),
        },
        coords={"bias": names, "pulse": np.arange(number + 1), "cells": list(_CELLS)},
        attrs={
            "experiment": "half_select_disturb",
            "device": device_of(cell).name,
            "cell_name": cell.name,
            "citation": device_of(cell).citation,
            "form": plans[0].form,
            "selected": [row, column],
            "amplitude": pulse.amplitude,
            "width": pulse.width,
        },
    )


@dataclass(frozen=True)
class Reads:
    """Very many reads made ready.

    Attributes:
        memristor: that is read.
        pulse: of each read.
        reads: (reads,) numbers of reads after which to look, 0 first.
        voltages: (voltages,) V.
        initial_state: (states,).
    """

    memristor: Device
    pulse: Pulse
    reads: Array
    voltages: Array
    initial_state: Array


def prepare_read_disturb(
    device: Cell | DrivenDevice,
    reads: int | ArrayLike,
    *,
    voltages: ArrayLike | None = None,
    initial_state: ArrayLike = 0.5,
    read: Pulse | float | None = None,
) -> Reads:
    """Return what ``read_disturb`` computes; the arguments are the same.

    Raises:
        UsageError: values that make no experiment, a cell that divides the voltage, or a device
            whose state moves at 0 V.
    """
    memristor = _memristor(device)
    pulse = read_pulse(memristor, read)
    numbers_of_reads = _numbers_of_reads(reads)
    volts = _list("voltages", pulse.amplitude if voltages is None else voltages)
    good = (np.abs(volts) < HIGHEST_VOLTAGE) & (volts != 0)
    refuse("voltages", volts, good, f"less than {HIGHEST_VOLTAGE:g} V in magnitude, not 0")
    start = _list("initial_state", initial_state)
    refuse("initial_state", start, (start >= 0) & (start <= 1), "a state in 0 ... 1")
    if np.any(memristor.numpy().rate(0.0, start)):
        raise UsageError(f"device {memristor.name!r} moves by itself at 0 V: pauses count for it")
    return Reads(memristor, pulse, numbers_of_reads, volts, start)


def read_disturb(
    device: Cell | DrivenDevice,
    reads: int | ArrayLike,
    *,
    voltages: ArrayLike | None = None,
    initial_state: ArrayLike = 0.5,
    read: Pulse | float | None = None,
) -> xr.Dataset:
    """Return how far very many reads move a state, at each of several read voltages.

    Found by the device's equations in numpy, not by ngspice: reads by the million are one stretch
    at the read voltage, as long as their plateaus and what their edges add to them. The edges are
    weighed at the initial state; between reads nothing moves.

    Args:
        device: a device, or a cell of one memristor with at most a transistor. The memristor is
            taken to see the whole voltage.
        reads: how many at most, or the numbers of reads after which to look, rising.
        voltages: (voltages,) V, other than 0; that of the read pulse when None.
        initial_state: one or (states,).
        read: pulse whose width and edges each read has; the card's when None.

    Returns:
        dataset over ``voltage``, ``initial_state`` and ``read`` (their number, 0 first):
        ``state``, ``conductance`` (S, at the voltage of the read pulse) and ``change``, that of
        the conductance since the start as a share of it.

    Raises:
        UsageError: values that make no experiment, a cell that divides the voltage, or a device
            whose state moves at 0 V.
    """
    import xarray as xr

    ready = prepare_read_disturb(
        device, reads, voltages=voltages, initial_state=initial_state, read=read
    )
    memristor, pulse, numbers_of_reads = ready.memristor, ready.pulse, ready.reads
    volts, start, model = ready.voltages, ready.initial_state, ready.memristor.numpy()
    state = np.empty((volts.size, start.size, numbers_of_reads.size))
    for k, volt in enumerate(volts):
        for n, first in enumerate(start):
            whole = _effective_width(memristor, pulse, float(volt), float(first))
            times = numbers_of_reads * whole
            state[k, n] = evolve(model, times, np.full(times.size, volt), first)[0]
    g = memristor.conductance(state, pulse.amplitude)
    dims = ("voltage", "initial_state", "read")
    return xr.Dataset(
        {
            "state": (dims, state, {"units": "1"}),
            "conductance": (dims, g, {"units": "S"}),
            "change": (dims, g / g[..., :1] - 1, {"units": "1"}),
        },
        coords={
            "voltage": ("voltage", volts, {"units": "V"}),
            "initial_state": start,
            "read": numbers_of_reads,
        },
        attrs={
            "experiment": "read_disturb",
            "device": memristor.name,
            "citation": memristor.citation,
            "method": "equations of the device in numpy, all reads as one stretch",
            "read_voltage": pulse.amplitude,
            "width": pulse.width,
        },
    )


def _largest(moved: Array) -> Array:
    """Return the values (...) of largest magnitude among cells (cells, ...); 0 without cells."""
    if not len(moved):
        return np.zeros(moved.shape[1:])
    place = np.abs(moved).argmax(axis=0)
    return np.asarray(np.take_along_axis(moved, place[np.newaxis], axis=0)[0])


def _memristor(device: Cell | DrivenDevice) -> Device:
    from pyspice_netlists import OneMemristor, OneTransistorOneMemristor

    cell = as_cell(device)
    if not isinstance(cell, OneMemristor | OneTransistorOneMemristor):
        raise UsageError(
            f"cell {cell.name!r} leaves its memristor a share of the voltage; pass the memristor "
            "and the voltages that it sees"
        )
    return device_of(cell)


def _list(name: str, given: ArrayLike) -> Array:
    values = np.atleast_1d(numbers(name, given))
    if values.ndim != 1 or not values.size:
        raise UsageError(f"{name} has shape {values.shape}; expected one number or a list of them")
    return values


def _numbers_of_reads(given: int | ArrayLike) -> Array:
    wanted = numbers("reads", given)
    if wanted.ndim == 0:
        refuse("reads", wanted, (wanted >= 1) & np.isfinite(wanted), "at least 1")
        decades = np.log10(wanted)
        spaced = np.logspace(0, decades, 1 + int(np.ceil(_PER_DECADE * decades)))
        wanted = np.unique(np.round(spaced))
    rising = wanted.ndim == 1 and wanted.size > 0 and bool(np.all(np.diff(wanted) > 0))
    if not rising or wanted[0] < 0 or np.any(wanted % 1 != 0):
        raise UsageError(f"reads = {given!r}: expected a whole number, or rising whole numbers")
    return wanted if wanted[0] == 0 else np.append(0.0, wanted)


def _effective_width(device: Device, pulse: Pulse, volts: float, state: float) -> float:
    """Return how long the voltage alone would move the state as far as one read, s."""
    model = device.numpy()
    whole = float(model.rate(volts, state))
    if whole == 0:
        return pulse.width
    shares = np.linspace(0, 1, _EDGE_POINTS)
    on_edge = float(np.trapezoid(model.rate(volts * shares, state), shares)) / whole
    return pulse.width + on_edge * (pulse.rise + pulse.fall)
