"""I-V loops of many points in one netlist: cells that differ, each driven as its point says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.experiments.cell_variants import cell_variants, differs_by_cell
from memcircuit.experiments.circuits import HIGHEST_VOLTAGE, as_cell, initial_states, memristor_of
from memcircuit.experiments.iv_loop import (
    LoopPlan,
    loop_coordinates,
    loop_measures,
    loop_of,
    loop_plan,
)
from memcircuit.experiments.measured import Batch, point_count

if TYPE_CHECKING:
    from pyspice_netlists.benches import Source

Array = NDArray[np.float64]

_PLANNED = (
    "device", "amplitude", "frequency", "cycles", "sweep", "points_per_cycle", "form",
)  # fmt: skip
_CELLS = ("initial_state", "gate")
_RUN = ("options", "time_limit")


def loop_batchable(arguments: Mapping[str, Any], path: str) -> bool:
    """Return whether points may differ by a parameter within one netlist.

    Args:
        arguments: of ``iv_loop`` by name, ``device`` among them.
        path: of the parameter, as in ``iv_loop_batch``.
    """
    if set(arguments) - {*_PLANNED, *_CELLS, *_RUN}:
        return False
    if path == "amplitude":
        return arguments.get("sweep") is None
    return differs_by_cell(as_cell(arguments["device"]), path)


def iv_loop_batch(arguments: Mapping[str, Any], columns: Mapping[str, NDArray[Any]]) -> Batch:
    """Return what ``iv_loop`` returns for each of many points, simulated together.

    All points have the same time points: the coordinate ``time`` is that of the batch.

    Args:
        arguments: of ``iv_loop`` by name, ``device`` among them.
        columns: values by path, each (points,): ``amplitude`` (V), and what cells differ by in
            ``pulse_train_batch``.

    Raises:
        UsageError: values that make no loop, or points that cannot share a netlist.
        ParameterError: a value outside the range of its parameter; named with its point.
        SimulationError: the simulator gave no trustworthy result for the points together.
    """
    from memcircuit.simulate.ngspice import run_waves
    from pyspice_netlists import cell_bench

    for path in columns:
        if not loop_batchable(arguments, path):
            raise UsageError(f"points that differ by {path!r} cannot share a netlist")
    points = point_count(columns)
    plan = loop_plan(**{name: arguments[name] for name in _PLANNED if name in arguments})
    others = {path: values for path, values in columns.items() if path != "amplitude"}
    own = {name: arguments.get(name) for name in _CELLS}
    if own["initial_state"] is not None:  # (memristors,) says nothing of cells
        own["initial_state"] = initial_states(
            memristor_of(plan.cell), own["initial_state"], 1, len(plan.cell.memristors)
        )
    variants = cell_variants(plan.cell, others, points, **own)
    plan = replace(plan, cell=variants.cell)
    ends = np.array([plan.drive.highest, plan.drive.lowest])
    volts = None
    if "amplitude" in columns:
        volts = _amplitudes(columns["amplitude"])
        first = float(volts[0])
        plan = replace(plan, drive=replace(plan.drive, highest=first, lowest=-first))
        ends = volts[:, np.newaxis] * [1.0, -1.0]
    bench = cell_bench(
        plan.cell, _sources(plan, volts), form=plan.form, initial_state=variants.states,
        variation=variants.instance_values, gate=variants.gate,
    )  # fmt: skip
    ready = loop_of(plan, bench, variants.states, plan.time_step(ends, variants.parameters()))
    raw = run_waves(ready.job, **{name: arguments[name] for name in _RUN if name in arguments})
    attributes = {**raw.attributes, **ready.settings}
    if volts is not None and np.ptp(volts):
        del attributes["amplitude"]
    return Batch(loop_measures(ready, raw), loop_coordinates(ready, raw), attributes)


def _amplitudes(given: NDArray[Any]) -> Array:
    volts = np.asarray(given, dtype=float)
    if volts.ndim != 1 or not np.all((volts > 0) & (volts < HIGHEST_VOLTAGE)):
        raise UsageError(
            f"amplitude: expected one voltage for each point, above 0 and below "
            f"{HIGHEST_VOLTAGE:g} V; given is {volts!r:.80}"
        )
    return volts


def _sources(plan: LoopPlan, volts: Array | None) -> dict[str, Source]:
    """Return the sources of every terminal; (points,) amplitudes share one shape."""
    from pyspice_netlists.benches import SharedShapes

    sources = plan.held()
    for terminal, share in plan.cell.wiring.program.items():
        shape = plan.drive.source(share)
        if volts is None:
            sources[terminal] = shape
        else:
            sources[terminal] = SharedShapes("0", (shape,), (volts / volts[0])[:, np.newaxis])
    return sources
