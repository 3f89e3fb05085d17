"""Closed-loop writing of cells side by side: pulse, read, decide, every cell with its driver."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.checks import require_choice, require_tolerance
from memcircuit.devices.device import Device, Form
from memcircuit.devices.free_parameters import check_variation
from memcircuit.errors import UsageError
from memcircuit.experiments.cell_record import measures_conductance
from memcircuit.experiments.cell_rounds import CellRounds, Round, cell_rounds, read_ends
from memcircuit.experiments.circuits import as_cell, cell_values, memristor_of
from memcircuit.experiments.driven_device import DrivenDevice, OwnState
from memcircuit.experiments.write_rules import Dose, Progress, WriteRules, write_rules

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.simulate import Options
    from pyspice_netlists import Cell, Pulse

Array = NDArray[np.float64]
RelativeTo = Literal["range", "target"]


@dataclass(frozen=True)
class Writing:
    """Closed-loop writing made ready.

    Attributes:
        targets: (cells,) S or 1.
        rules: which pulses come next.
        rounds: how a round is simulated.
        states: (cells, memristors) at the start.
        variation: multipliers by name, (cells,) or (cells, memristors).
    """

    targets: Array
    rules: WriteRules
    rounds: CellRounds
    states: Array
    variation: dict[str, Array]


def prepare_write_verify_cells(
    device: DrivenDevice | Cell,
    targets: ArrayLike,
    *,
    tolerance: float = 0.01,
    relative_to: RelativeTo = "range",
    set: Pulse | None = None,  # noqa: A002
    reset: Pulse | None = None,
    max_pulses: int = 200,
    burst: int = 8,
    read: Pulse | float | None = None,
    initial_state: ArrayLike | None = None,
    variation: Mapping[str, ArrayLike] | None = None,
    gate: float | None = None,
    form: Form | None = None,
    options: Options | None = None,
    time_limit: float = 600.0,
) -> Writing:
    """Return what ``write_verify_cells`` starts from; the arguments are the same.

    Raises:
        UsageError: values that make no experiment.
    """
    cell = as_cell(device)
    memristor = memristor_of(cell)
    _refuse_memoryless(memristor)
    wanted = _targets(cell, targets, relative_to)
    require_tolerance(tolerance)
    rules = write_rules(memristor, set, reset, max_pulses, burst)
    states, spread = _for_cells(cell, wanted.size, initial_state, variation)
    check_variation(memristor, spread)
    rounds = cell_rounds(
        cell, (rules.set, rules.reset), read=read, gate=gate, form=form, options=options,
        time_limit=time_limit,
    )  # fmt: skip
    return Writing(wanted, rules, rounds, states, spread)


def write_verify_cells(
    device: DrivenDevice | Cell,
    targets: ArrayLike,
    *,
    tolerance: float = 0.01,
    relative_to: RelativeTo = "range",
    set: Pulse | None = None,  # noqa: A002
    reset: Pulse | None = None,
    max_pulses: int = 200,
    burst: int = 8,
    read: Pulse | float | None = None,
    initial_state: ArrayLike | None = None,
    variation: Mapping[str, ArrayLike] | None = None,
    gate: float | None = None,
    form: Form | None = None,
    options: Options | None = None,
    time_limit: float = 600.0,
) -> xr.Dataset:
    """Bring cells to target weights, all at once, each under a driver of its own.

    A cell is read; while it misses its target it is given pulses of the polarity that leads
    there, by :class:`~memcircuit.experiments.write_rules.WriteRules`, and read again by a pulse
    like theirs. Each such round is one simulation of the cells that are not done yet, in the
    states where the last one ended. For a cell that waits for others, time stands still: what
    becomes of it does not depend on them. A selector that has a state starts every round anew.

    Args:
        device: a memristor, or a cell around one or several.
        targets: (cells,) S; 1 for a cell whose weight is a ratio of voltages.
        tolerance: largest deviation from a target, as a share of what ``relative_to`` says.
        relative_to: "range", from the lowest to the highest weight of the cell without
            variation; or "target", of each cell.
        set: pulse that raises the weight; the card's SET pulse when None.
        reset: pulse that lowers it; the card's when None.
        max_pulses: most pulses for each cell.
        burst: most pulses without a read.
        read: read pulse, or its amplitude in V; the card's when None.
        initial_state: one state for all cells, (cells,), or (cells, memristors); the device's own
            when None.
        variation: multipliers by name, each a number, (cells,) or (cells, memristors).
        gate: V, word-line voltage of a cell with a transistor; the card's when None.
        form: netlist form, "osdi" or "behavioural"; the best one at hand when None.
        options: simulator options.
        time_limit: s, wall clock of each simulation.

    Returns:
        dataset over ``cell``: ``target`` and ``measured`` (S or 1), at the cell's last read; its
        ``error`` as a share of what ``relative_to`` says; ``reached``; ``pulses``, ``reads`` and
        ``overshoots``, how often it came to lie beyond its target; ``energy`` (J) of its drivers
        in the pulses and ``read_energy`` (J); ``lowest`` and ``highest`` weight that the cell with
        its multipliers can have (S or 1); ``final_state``, over ``memristor`` too where a cell
        has several. Over ``cell`` and ``round`` (0 is the first read): ``weight`` (S or 1) at the
        read, nan for a cell that was done; ``given``, how many pulses before it, below 0 for
        RESET, and their ``width`` (s). The attributes ``missed_share``, ``range_low`` and
        ``range_high``.

    Warns:
        UserWarning: how many cells missed their targets, and why.

    Raises:
        UsageError: values that make no experiment.
        SimulationError: the simulator gave no trustworthy result.
    """
    ready = prepare_write_verify_cells(
        device, targets, tolerance=tolerance, relative_to=relative_to, set=set, reset=reset,
        max_pulses=max_pulses, burst=burst, read=read, initial_state=initial_state,
        variation=variation, gate=gate, form=form, options=options, time_limit=time_limit,
    )  # fmt: skip
    wanted, rules, rounds, spread = ready.targets, ready.rules, ready.rounds, ready.variation
    cell = rounds.cell
    memristor = memristor_of(cell)

    first, own, (low, high) = read_ends(rounds, ready.states, spread)
    reference = np.abs(wanted) if relative_to == "target" else np.full(wanted.size, high - low)
    allowed = tolerance * reference
    history, present = _write(rounds, rules, wanted, allowed, first, spread)
    result = _dataset(cell, wanted, reference, allowed, history)
    several = len(cell.memristors) > 1
    result["lowest"], result["highest"] = (
        ("cell", weights, {"units": cell.wiring.unit, "long_name": f"{name} weight of the cell"})
        for name, weights in zip(("lowest", "highest"), own.T, strict=True)
    )
    result["final_state"] = (
        ("cell", "memristor") if several else "cell",
        present if several else present[:, 0],
        {"units": "1", "long_name": "state after the last read"},
    )
    if several:
        result = result.assign_coords(memristor=list(cell.memristors))
    result.attrs = {
        "experiment": "write_verify_cells", "device": memristor.name, "cell_name": cell.name,
        "form": rounds.form, "citation": memristor.citation,
        "read_voltage": rounds.reading.amplitude, "tolerance": float(tolerance),
        "relative_to": relative_to, "max_pulses": rules.max_pulses, "burst": rules.burst,
        "range_low": low, "range_high": high,
        "missed_share": float(1 - result["reached"].to_numpy().mean()),
    }  # fmt: skip
    _warn_of_misses(result)
    return result


def _write(
    rounds: CellRounds,
    rules: WriteRules,
    wanted: Array,
    allowed: Array,
    first: Round,
    spread: Mapping[str, Array],
) -> tuple[list[_Entry], Array]:
    """Give pulses and reads until every cell is done.

    Args:
        rounds: how a round is simulated.
        rules: which pulses come next.
        wanted: (cells,) targets.
        allowed: (cells,) deviations from them.
        first: the read of the cells as they were at the start.
        spread: multipliers by name, (cells,) or (cells, memristors).

    Returns:
        every round, the first read before them; states at the end, (cells, memristors).
    """
    everyone = np.arange(wanted.size)
    history = [_entry(wanted.size, everyone, [None] * wanted.size, first)]
    measured, present = first.weight.copy(), first.states.copy()
    progress = [Progress()] * wanted.size
    given = np.zeros(wanted.size, dtype=int)
    while True:
        todo = everyone[(np.abs(measured - wanted) > allowed) & (given < rules.max_pulses)]
        if not todo.size:
            return history, present
        missing = wanted - measured
        doses = [rules.next(progress[k], float(missing[k]), int(given[k])) for k in todo]
        part = {name: values[todo] for name, values in spread.items()}
        run = rounds.run(present[todo], part, [(dose.pulse,) * dose.count for dose in doses])
        for k, dose, weight in zip(todo, doses, run.weight, strict=True):
            progress[k] = progress[k].after(dose, float(weight - measured[k]))
            given[k] += dose.count
        measured[todo], present[todo] = run.weight, run.states
        history.append(_entry(wanted.size, todo, doses, run))


@dataclass(frozen=True)
class _Entry:
    """What a round was for every cell, (cells,) each; nan for one that took no part."""

    weight: Array
    given: NDArray[np.int64]
    width: Array
    energy: Array
    read_energy: Array


def _entry(
    cells: int, which: NDArray[np.int64], doses: Sequence[Dose | None], run: Round
) -> _Entry:
    def spread_out(values: ArrayLike, elsewhere: float) -> Array:
        every = np.full(cells, elsewhere, dtype=float)
        every[which] = values
        return every

    given = [0 if dose is None else dose.direction * dose.count for dose in doses]
    widths = [np.nan if dose is None else dose.pulse.width for dose in doses]
    return _Entry(
        spread_out(run.weight, np.nan),
        spread_out(given, 0).astype(int),
        spread_out(widths, np.nan),
        spread_out(run.energy, 0),
        spread_out(run.read_energy, 0),
    )


def _dataset(
    cell: Cell, wanted: Array, reference: Array, allowed: Array, history: Sequence[_Entry]
) -> xr.Dataset:
    import xarray as xr

    weight, given, width, energy, read_energy = (
        np.stack([getattr(entry, each.name) for entry in history], axis=1)
        for each in fields(_Entry)
    )
    reads = np.sum(~np.isnan(weight), axis=1)
    measured = weight[np.arange(wanted.size), reads - 1]
    beyond = np.where(np.abs(weight.T - wanted) > allowed, np.sign(weight.T - wanted), 0).T
    error = (measured - wanted) / reference
    unit = cell.wiring.unit
    values = {
        "target": (wanted, unit, "target"),
        "measured": (measured, unit, "weight at the last read"),
        "error": (error, "1", "deviation from the target"),
        "reached": ((np.abs(measured - wanted) <= allowed).astype(np.int8), "1", "target reached"),
        "pulses": (np.abs(given).sum(axis=1), "1", "pulses given"),
        "reads": (reads, "1", "reads"),
        "overshoots": (np.sum(beyond[:, 1:] * beyond[:, :-1] < 0, axis=1), "1", "overshoots"),
        "energy": (energy.sum(axis=1), "J", "energy of the pulses"),
        "read_energy": (read_energy.sum(axis=1), "J", "energy of the reads"),
    }
    over_rounds = {
        "weight": (weight, unit, "weight"),
        "given": (given, "1", "pulses given before the read, below 0 for RESET"),
        "width": (width, "s", "width of these pulses"),
    }
    return xr.Dataset(
        {
            name: (dims, array, {"units": symbol, "long_name": text})
            for dims, group in (("cell", values), (("cell", "round"), over_rounds))
            for name, (array, symbol, text) in group.items()
        },
        coords={"cell": np.arange(wanted.size), "round": np.arange(len(history))},
    )


def _warn_of_misses(result: xr.Dataset) -> None:
    missed = result["reached"].to_numpy() == 0
    if not missed.any():
        return
    target = result["target"].to_numpy()
    outside = missed & (
        (target < result["lowest"].to_numpy()) | (target > result["highest"].to_numpy())
    )
    astray = missed & ~outside & (result["overshoots"].to_numpy() > 1)
    advice = f", {astray.sum()} overshot again and again: give shorter or weaker pulses"
    warnings.warn(
        f"{missed.sum()} of {missed.size} cells missed their targets within max_pulses = "
        f"{result.attrs['max_pulses']}, {outside.sum()} of them with targets outside their own "
        f"range{advice if astray.any() else ''}",
        stacklevel=3,
    )


def _refuse_memoryless(memristor: DrivenDevice) -> None:
    if isinstance(memristor, Device) and memristor.model.stateless:
        raise UsageError(f"device {memristor.name!r} has no state that could be written")
    if isinstance(memristor, OwnState) and not memristor.takes_initial_state:
        raise UsageError(
            f"device {memristor.name!r} cannot be told where to start, so rounds cannot follow "
            "each other: mc.VerilogAFile(..., initial_state_parameter=NAME) names a parameter"
        )


def _targets(cell: Cell, given: ArrayLike, relative_to: RelativeTo) -> Array:
    try:
        wanted = np.atleast_1d(np.array(given, dtype=float))
    except (TypeError, ValueError, OverflowError) as error:
        raise UsageError(f"targets = {given!r}: expected numbers") from error
    if wanted.ndim != 1 or not wanted.size:
        raise UsageError(f"targets has shape {wanted.shape}: expected one number per cell")
    require_choice(relative_to, ("range", "target"), "relative_to")
    wrong = ~np.isfinite(wanted)
    expected = "a finite number"
    if measures_conductance(cell):
        wrong, expected = wrong | (wanted < 0), "a conductance, not below 0 S"
    if relative_to == "target":
        wrong, expected = wrong | (wanted == 0), f"{expected}, nor 0 with relative_to='target'"
    if wrong.any():
        first = int(np.argmax(wrong))
        raise UsageError(f"targets[{first}] = {wanted[first]:g}: expected {expected}")
    return wanted


def _for_cells(
    cell: Cell,
    cells: int,
    initial_state: ArrayLike | None,
    variation: Mapping[str, ArrayLike] | None,
) -> tuple[Array, dict[str, Array]]:
    """Return states, (cells, memristors), and multipliers of as many cells as have targets."""
    states, spread = cell_values(cell, initial_state, variation)
    if len(states) not in (1, cells):
        raise UsageError(
            f"initial_state and variation are for {len(states)} cells, targets for {cells}"
        )
    shape = (cells, len(cell.memristors))
    return np.broadcast_to(states.reshape(len(states), -1), shape), {
        name: np.broadcast_to(values, (cells, *values.shape[1:])) for name, values in spread.items()
    }
