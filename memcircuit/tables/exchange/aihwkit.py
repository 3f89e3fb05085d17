"""aihwkit's piecewise-step device: the step by a pulse, as nodes over the weight range.

Source: github.com/IBM/aihwkit 1.1, ``PiecewiseStepDevice`` and ``PulsedDevice`` of
``src/aihwkit/simulator/configs/devices.py``; ``update_once`` of
``src/rpucuda/rpu_piecewisestep_device.cpp`` and ``populate`` of
``src/rpucuda/rpu_pulsed_device.cpp``. A pulse moves the weight by ``dw_min`` times the node vector,
interpolated between nodes at equal distances from ``w_min`` to ``w_max``, times (1 + dw_min_std
xi), and stops at the bounds. The direction with the smaller step is weaker by the share
``|up_down|`` and the other has ``dw_min`` itself: so ``populate``, where the documentation's
formula makes one stronger and the other weaker. Each device's gain is drawn with ``dw_min_dtod``,
its difference between the directions with ``up_down_dtod`` and its bounds with ``w_max_dtod`` and
``w_min_dtod``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import is_whole
from memcircuit.errors import TableError
from memcircuit.tables.exchange.moments import StepMoments
from memcircuit.tables.exchange.text_file import LARGEST_NUMBER, read_lines, write_texts
from memcircuit.tables.response import PulseResponse, require_points
from memcircuit.tables.table import ConductanceTable

Array = NDArray[np.float64]

# aihwkit's code for GPUs takes fewer than 64 nodes
_MOST_NODES = 63
_LONGEST = 10_000


class PiecewiseStep(TypedDict):
    """Arguments of aihwkit's ``PiecewiseStepDevice``; weights and steps are dimensionless."""

    w_min: float
    w_max: float
    w_min_dtod: float
    w_max_dtod: float
    dw_min: float
    dw_min_std: float
    dw_min_dtod: float
    up_down: float
    up_down_dtod: float
    piecewise_up: list[float]
    piecewise_down: list[float]


def weight_range(table: ConductanceTable) -> tuple[float, float]:
    """Return the conductances of weight -1 and +1, S.

    They are the lowest and the highest of a device's mean curves, each the mean over devices.
    """
    lowest, highest = _bounds(table)
    return float(lowest.mean()), float(highest.mean())


def aihwkit_parameters(table: ConductanceTable, *, nodes: int = 33) -> PiecewiseStep:
    """Return the arguments of aihwkit's ``PiecewiseStepDevice`` that act as the table's devices.

    A device's steps are taken at nodes between its own bounds; the node vectors are their mean
    over devices. The deviation from cycle to cycle is one share of the step in aihwkit: it is the
    root of mean squared deviation over mean squared step, drawn anew at every pulse. Bounds are
    drawn apart from gains, though strong devices may reach further. Beyond the first and the last
    pulse's start the step there is kept: aihwkit itself stops at the bounds.

    Args:
        table: what pulses did.
        nodes: length of the node vectors, 3 to 63 and odd, so that one lies at weight 0.

    Raises:
        TableError: another number of nodes, or pulses that on average go the wrong way at weight 0.
    """
    if not isinstance(table, ConductanceTable):
        raise TableError(f"aihwkit: of a {type(table).__name__}; give a ConductanceTable")
    if not is_whole(nodes) or not 3 <= nodes <= _MOST_NODES or nodes % 2 == 0:
        raise TableError(f"aihwkit: {nodes!r} nodes; an odd number from 3 to {_MOST_NODES}")
    low, high = weight_range(table)
    half = 0.5 * (high - low)
    up, down, spread = (part / half for part in _steps_at_nodes(table, int(nodes)))
    mean_up, mean_down = up.mean(axis=0), down.mean(axis=0)
    center_up, center_down = float(mean_up[nodes // 2]), float(mean_down[nodes // 2])
    if not (center_up > 0 and center_down > 0):
        raise TableError(
            f"aihwkit: at weight 0 a SET pulse adds {center_up:g} and a RESET pulse takes "
            f"{center_down:g} of half the weight range; both must be above 0"
        )
    dw_min = max(center_up, center_down)
    up_down = (center_up - center_down) / dw_min
    gain, difference = _gains(up, down, up_down)
    lowest, highest = _bounds(table)
    squares = np.square(np.concatenate([up, down], axis=1)).mean()
    return PiecewiseStep(
        w_min=-1.0,
        w_max=1.0,
        w_min_dtod=_deviation(lowest) / half,
        w_max_dtod=_deviation(highest) / half,
        dw_min=dw_min,
        dw_min_std=float(np.sqrt(np.square(spread).mean() / squares)),
        dw_min_dtod=_deviation(gain),
        up_down=up_down,
        up_down_dtod=_deviation(difference),
        piecewise_up=(mean_up / center_up).tolist(),
        piecewise_down=(mean_down / center_down).tolist(),
    )


def export_aihwkit(table: ConductanceTable, path: Path, *, nodes: int = 33) -> tuple[Path, ...]:
    """Write the parameters to a JSON file.

    In Python, ``PiecewiseStepDevice(**json.load(open(path))["parameters"])``; beside them stand
    the conductances of weight -1 and +1. Energies are not in the file.

    Args:
        table: what pulses did.
        path: the file.
        nodes: as in ``aihwkit_parameters``, whose errors apply.

    Raises:
        UsageError: the file cannot be written.
    """
    content = {
        "conductance_range_siemens": weight_range(table),
        "parameters": aihwkit_parameters(table, nodes=nodes),
    }
    return write_texts({path: json.dumps(content, indent=2) + "\n"})


def _bounds(table: ConductanceTable) -> tuple[Array, Array]:
    """Return the lowest and the highest conductance of every device, (devices,) S."""
    curves = np.concatenate(
        [table.curves(direction).mean(axis=1) for direction in ("set", "reset")], axis=1
    )
    return curves.min(axis=1), curves.max(axis=1)


def _steps_at_nodes(table: ConductanceTable, nodes: int) -> tuple[Array, Array, Array]:
    """Return steps up and down, (devices, nodes) S above 0, and (devices, 2 nodes) deviations."""
    response = table.pulse_response()
    lowest, highest = _bounds(table)
    steps, spreads = [], []
    for direction, step, spread, sign in (
        ("set", response.set_step, response.set_spread, 1.0),
        ("reset", response.reset_step, response.reset_spread, -1.0),
    ):
        starts = table.curves("set" if direction == "set" else "reset")[..., :-1].mean(axis=1)
        places = np.linspace(lowest, highest, nodes, axis=1)
        places = np.clip(
            places, starts.min(axis=1, keepdims=True), starts.max(axis=1, keepdims=True)
        )
        rows = range(response.devices)
        steps.append(
            sign * np.stack([np.interp(places[d], response.conductance, step[d]) for d in rows])
        )
        spreads.append(
            np.stack([np.interp(places[d], response.conductance, spread[d]) for d in rows])
        )
    return steps[0], steps[1], np.concatenate(spreads, axis=1)


def _gains(up: Array, down: Array, up_down: float) -> tuple[Array, Array]:
    """Return what ``populate`` would have drawn for every device: gain, difference, (devices,)."""
    scales = []
    for steps, bias in ((up, min(up_down, 0.0)), (down, -max(up_down, 0.0))):
        mean = steps.mean(axis=0)
        # the factor on the mean curve that comes nearest to the device's
        factor = steps @ mean / (mean @ mean)
        scales.append(factor * (1.0 + bias) - bias)
    return 0.5 * (scales[0] + scales[1]), 0.5 * (scales[0] - scales[1])


def _deviation(values: Array) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0


def import_aihwkit(path: Path, *, points: int = 512) -> PulseResponse:
    """Return the response of the mean device of a JSON file as ``export_aihwkit`` writes it.

    How devices differ is lost (one comes back), and so is every parameter that ``PiecewiseStep``
    does not name.

    Args:
        path: the file.
        points: number of conductances in the response's grid, at least 2.

    Raises:
        TableError: too few points, or the file cannot be read or holds no such device.
    """
    require_points(points)
    try:
        content = json.loads("\n".join(line.text for line in read_lines(path)))
        low, high = (float(end) for end in content["conductance_range_siemens"])
        given = content["parameters"]
        names = ("w_min", "w_max", "dw_min", "dw_min_std", "up_down")
        w_min, w_max, dw_min, dw_min_std, up_down = (float(given[name]) for name in names)
        up, down = (
            np.array(given[name], dtype=np.float64) for name in ("piecewise_up", "piecewise_down")
        )
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise TableError(
            f"{path}: not conductance_range_siemens and parameters of a piecewise-step device: "
            f"{error!r}"
        ) from error
    numbers = [low, high, w_min, w_max, dw_min, dw_min_std, up_down]
    if not all((np.abs(part) <= LARGEST_NUMBER).all() for part in (np.array(numbers), up, down)):
        raise TableError(f"{path}: NaN, infinity or above {LARGEST_NUMBER:g} among the parameters")
    if up.ndim != 1 or up.shape != down.shape or not 1 <= up.size <= _LONGEST:
        raise TableError(
            f"{path}: node vectors of shape {up.shape} and {down.shape}; both must have the same "
            f"1 to {_LONGEST} numbers"
        )
    ranges_rise = 0 <= low < high and w_min < w_max
    if not (ranges_rise and 0 < dw_min <= w_max - w_min and dw_min_std >= 0 and abs(up_down) < 1):
        raise TableError(
            f"{path}: conductances {low:g}..{high:g} S, weights {w_min:g}..{w_max:g}, dw_min "
            f"{dw_min:g}, dw_min_std {dw_min_std:g} and up_down {up_down:g}: ranges must rise, "
            "dw_min lie within the weights' range and up_down within -1 and 1"
        )
    grid = np.linspace(low, high, int(points))
    scale = dw_min * (high - low) / (w_max - w_min)
    place = np.linspace(0.0, 1.0, int(points))
    up, down = (np.interp(place, np.linspace(0, 1, n.size), n) for n in (up, down))
    up, down = scale * (1 + min(up_down, 0.0)) * up, scale * (1 - max(up_down, 0.0)) * down
    # no step leaves the bounds, at which aihwkit stops
    return StepMoments(
        grid,
        np.minimum(up, high - grid),
        np.abs(up) * dw_min_std,
        -np.minimum(down, grid - low),
        np.abs(down) * dw_min_std,
    ).response()
