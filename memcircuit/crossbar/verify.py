"""Closed-loop programming of cells in an array with wires: pulse, read, decide."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from memcircuit.checks import is_number, require_choice, require_flag, require_tolerance
from memcircuit.crossbar.array_run import (
    ASKED,
    Simulator,
    check_allowed,
    run_checked,
    warn_of_full_netlist,
)
from memcircuit.crossbar.plan import ArrayPlan, Reading, cell_of, prepare, settings
from memcircuit.crossbar.programming import ALLOWED_MOVEMENT
from memcircuit.crossbar.reduced_plan import Reduction, reduce_plan
from memcircuit.crossbar.selection import Bias
from memcircuit.crossbar.wires import Array
from memcircuit.devices.device import Form
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import device_of
from memcircuit.experiments.write_rules import Progress, WriteRules, write_rules

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.crossbar.crossbar import Crossbar
    from memcircuit.simulate import Options
    from pyspice_netlists import Pulse

Verify = Literal["array", "cell"]

# Change of a state from which the network is renewed.
_STALE = 0.1


def prepare_write_verify(
    array: Crossbar,
    states: ArrayLike,
    targets: Mapping[tuple[int, int], float],
    *,
    tolerance: float = 0.01,
    set: Pulse | None = None,  # noqa: A002
    reset: Pulse | None = None,
    max_pulses: int = 200,
    burst: int = 8,
    verify: Verify = "array",
    bias: Bias | str = "grounded",
    gate: float | None = None,
    read: float | None = None,
    read_bias: Bias | str = "grounded",
    variation: Mapping[str, ArrayLike] | None = None,
    allowed_movement: float = ALLOWED_MOVEMENT,
    reduced: bool = True,
    form: Form | None = None,
) -> tuple[dict[tuple[int, int], float], WriteRules, list[tuple[ArrayPlan, Reading]]]:
    """Return targets, rules, and how each cell is written; arguments as of ``write_verify``.

    Raises:
        UsageError: values that make no experiment, whichever cell they are of.
    """
    require_tolerance(tolerance)
    check_allowed(allowed_movement)
    require_flag(reduced, "reduced")
    memristor = device_of(cell_of(array))
    require_choice(verify, ("array", "cell"), "verify")
    rules = write_rules(memristor, set, reset, max_pulses, burst)
    wanted = _targets(targets)
    plans = [
        prepare(
            array, states, place, [rules.set, rules.reset], bias=bias, gate=gate, read=read,
            read_bias=read_bias, variation=variation, form=form,
        )
        for place in wanted
    ]  # fmt: skip
    return wanted, rules, plans


def write_verify(
    array: Crossbar,
    states: ArrayLike,
    targets: Mapping[tuple[int, int], float],
    *,
    tolerance: float = 0.01,
    set: Pulse | None = None,  # noqa: A002
    reset: Pulse | None = None,
    max_pulses: int = 200,
    burst: int = 8,
    verify: Verify = "array",
    bias: Bias | str = "grounded",
    gate: float | None = None,
    read: float | None = None,
    read_bias: Bias | str = "grounded",
    variation: Mapping[str, ArrayLike] | None = None,
    reduced: bool = True,
    allowed_movement: float = ALLOWED_MOVEMENT,
    form: Form | None = None,
    options: Options | None = None,
    time_limit: float = 600.0,
) -> xr.Dataset:
    """Bring cells of an array to target conductances, one after another.

    A cell is read; while it misses its target it is given pulses of the polarity that leads
    there, by :class:`~memcircuit.experiments.write_rules.WriteRules`, and read again. Overshoot
    is met by the other polarity. Each such decision is one simulation, which starts in the states
    where the last one ended.

    Args:
        array: the array, of a kind of cell.
        states: (rows, columns) at the start; one number for all.
        targets: S, by row and column of the cell; programmed in this order.
        tolerance: largest deviation from a target, relative to it.
        set: SET pulse, which raises the conductance; the card's when None.
        reset: RESET pulse; the card's when None.
        max_pulses: most pulses for each cell.
        burst: most pulses without a read.
        verify: what is compared with the target: "array", the current out of the cell's column
            over the read voltage, which a chip can measure; "cell", the conductance of the
            memristor alone at the read voltage.
        bias: as in :func:`~memcircuit.crossbar.programming.program_pulses`, and so are
            ``gate``, ``read``, ``read_bias``, ``variation``, ``reduced``,
            ``allowed_movement``, ``form``, ``options`` and ``time_limit``.
        gate: V.
        read: V.
        read_bias: of the other lines during a read.
        variation: multipliers by name.
        reduced: use the port network.
        allowed_movement: of a frozen cell's state between two reads. Frozen memristors are moved
            by what they see, to the first order, and the network is renewed when they did.
        form: netlist form.
        options: simulator options.
        time_limit: s, wall clock of each simulation.

    Returns:
        dataset over ``cell`` (as in ``targets``), ``row`` and ``column``: ``target`` (S);
        ``measured`` (S), its ``error`` relative to the target and ``reached``, all when every cell
        is done; ``measured_when_written`` (S) at the last read of the cell itself, which the
        programming of later ones may disturb; ``conductance`` (S) of the memristor alone at the
        end; ``pulses``, ``reads``, ``energy`` (J) of the driver in the pulses; ``final_state`` and
        ``movement``, its difference from the start, of every cell.

    Warns:
        UserWarning: the whole array had to be simulated, or cells that had reached their targets
            have left them again.

    Raises:
        UsageError: values that make no experiment.
        SimulationError: the simulator gave no trustworthy result.
    """
    wanted, rules, plans = prepare_write_verify(
        array, states, targets, tolerance=tolerance, set=set, reset=reset, max_pulses=max_pulses,
        burst=burst, verify=verify, bias=bias, gate=gate, read=read, read_bias=read_bias,
        variation=variation, allowed_movement=allowed_movement, reduced=reduced, form=form,
    )  # fmt: skip
    simulation = _Simulation(
        Simulator(options, time_limit), reduced, allowed_movement, verify, tolerance
    )
    start = now = plans[0][0].states
    outcomes: list[_Outcome] = []
    for (plan, reading), target in zip(plans, wanted.values(), strict=True):
        outcome = _tune(replace(plan, states=now), reading, target, rules, simulation)
        now = outcome.states
        outcomes.append(outcome)
    plan, reading = plans[0]
    alone = _own(plan, reading, now)
    own = np.array([alone[place] for place in wanted])
    final = own if verify == "cell" else np.array([r.conductance(now)[0] for _, r in plans])
    result = _dataset(wanted, outcomes, own, final, tolerance)
    result["final_state"] = (("row", "column"), now, {"units": "1"})
    result["movement"] = (("row", "column"), np.abs(now - start), {"units": "1"})
    methods = dict.fromkeys(method for outcome in outcomes for method in outcome.methods)
    result.attrs |= {
        **settings(plan, reading),
        "experiment": "write_verify",
        "verify": verify,
        "tolerance": tolerance,
        "allowed_movement": allowed_movement,
        "method": _summary(list(methods)),
    }
    warn_of_full_netlist(*methods)
    left = result["reached"].to_numpy() < [outcome.reached for outcome in outcomes]
    if left.any():
        places = ", ".join(str(place) for place, lost in zip(wanted, left, strict=True) if lost)
        warnings.warn(f"programmed later cells moved {places} off target again", stacklevel=2)
    return result


def _summary(methods: list[str]) -> str:
    """Return one method of each kind, and how many more there were."""
    kinds: dict[str, list[str]] = {}
    for method in methods:
        kinds.setdefault(method.split(":")[0], []).append(method)
    return "; ".join(
        first if not more else f"{first} (and {len(more)} more)" for first, *more in kinds.values()
    )


@dataclass(frozen=True)
class _Simulation:
    """How a decision is simulated, and what it is made by."""

    simulator: Simulator
    reduced: bool
    allowed: float
    verify: Verify
    tolerance: float

    def reduction(self, plan: ArrayPlan) -> Reduction | str:
        return reduce_plan(plan) if self.reduced else ASKED


@dataclass(frozen=True, eq=False)
class _Outcome:
    """What became of a cell, and of the others meanwhile."""

    measured: float
    reached: bool
    pulses: int
    reads: int
    energy: float
    states: Array
    methods: list[str]


def _tune(
    plan: ArrayPlan, reading: Reading, target: float, rules: WriteRules, simulation: _Simulation
) -> _Outcome:
    """Bring one cell to its target; the plan selects it and holds its two pulses."""
    states = reduced_at = plan.states
    reduction = simulation.reduction(plan)
    progress, pulses, reads, energy = Progress(), 0, 1, 0.0
    methods: list[str] = []
    measured = _measure(plan, reading, states, simulation.verify)
    allowed = simulation.tolerance * target
    while abs(measured - target) > allowed and pulses < rules.max_pulses:
        dose = rules.next(progress, target - measured, pulses)
        if isinstance(reduction, Reduction) and _stale(states, reduced_at, simulation.allowed):
            reduction, reduced_at = simulation.reduction(replace(plan, states=states)), states
        part = replace(plan, states=states, pulses=(dose.pulse,) * dose.count)
        run, method = run_checked(part, reduction, simulation.simulator, allowed=simulation.allowed)
        states, before = run.states[-1], measured
        measured = _measure(plan, reading, states, simulation.verify)
        progress = progress.after(dose, measured - before)
        pulses, reads = pulses + dose.count, reads + 1
        energy += float(run.energy.sum())
        methods.append(method)
    reached = abs(measured - target) <= allowed
    return _Outcome(measured, reached, pulses, reads, energy, states, methods)


def _stale(states: Array, reduced_at: Array, allowed: float) -> bool:
    """Return whether cells moved so far that their tangents are no longer theirs."""
    return bool(np.abs(states - reduced_at).max() > max(allowed, _STALE))


def _measure(plan: ArrayPlan, reading: Reading, states: Array, verify: Verify) -> float:
    if verify == "cell":
        return float(_own(plan, reading, states)[plan.selection.cells[0]])
    return float(reading.conductance(states)[0])


def _own(plan: ArrayPlan, reading: Reading, states: Array) -> Array:
    """Return the conductance of every memristor alone at the read voltage, S."""
    return device_of(plan.cell).conductance(states, reading.voltage, **plan.variation)


def _targets(given: Mapping[tuple[int, int], float]) -> dict[tuple[int, int], float]:
    if not isinstance(given, Mapping):
        raise UsageError(f"targets = {given!r}: expected conductances by (row, column)")
    targets = {}
    for place, target in given.items():
        if not (is_number(target) and 0 < target < np.inf):
            raise UsageError(f"targets[{place}] = {target!r}: a conductance above 0 S")
        if np.shape(place) != (2,):
            raise UsageError(f"targets: {place!r} is not (row, column)")
        targets[place] = float(target)
    if not targets:
        raise UsageError("targets is empty: name at least one cell")
    return targets


def _dataset(
    targets: Mapping[tuple[int, int], float],
    outcomes: Sequence[_Outcome],
    own: Array,
    final: Array,
    tolerance: float,
) -> xr.Dataset:
    import xarray as xr

    wanted = np.array(list(targets.values()))
    error = final / wanted - 1
    values = {
        "target": (wanted, "S", "target"),
        "measured": (final, "S", "conductance when all cells are done"),
        "measured_when_written": (
            np.array([o.measured for o in outcomes]),
            "S",
            "conductance at the cell's last read",
        ),
        "error": (error, "1", "deviation from the target"),
        "reached": ((np.abs(error) <= tolerance).astype(np.int8), "1", "target reached"),
        "pulses": (np.array([o.pulses for o in outcomes]), "1", "pulses given"),
        "reads": (np.array([o.reads for o in outcomes]), "1", "reads"),
        "energy": (np.array([o.energy for o in outcomes]), "J", "energy of the driver"),
        "conductance": (own, "S", "conductance of the memristor when all cells are done"),
    }
    return xr.Dataset(
        {
            name: ("cell", array, {"units": unit, "long_name": text})
            for name, (array, unit, text) in values.items()
        },
        coords={
            "cell_row": ("cell", [row for row, _ in targets]),
            "cell_column": ("cell", [column for _, column in targets]),
        },
    )
