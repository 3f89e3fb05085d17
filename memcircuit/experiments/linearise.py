"""Pulse widths that make the response of a cell straight, from its measured response alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.checks import whole_number
from memcircuit.devices.device import Form
from memcircuit.devices.free_parameters import check_variation
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import as_cell, cell_values, memristor_of, programming_pulses
from memcircuit.experiments.driven_device import DrivenDevice
from memcircuit.experiments.pulse_train import Train, prepare_pulse_train, run_train
from memcircuit.experiments.response_shape import (
    asymmetry,
    exponential_factor,
    knots,
    nonlinearity,
    progress,
)

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.simulate import Options
    from pyspice_netlists import Cell, Pulse

Array = NDArray[np.float64]

# Finding the knots takes the cube of their number.
_MOST_PULSES = 2000
# What a train says of itself and is as true of all of them.
_KEPT = ("device", "cell_name", "form", "citation", "read_voltage")


@dataclass(frozen=True)
class Identical:
    """The first train, of identical pulses, made ready.

    Attributes:
        cell: what is driven.
        pulses: SET and RESET.
        widths: (2, pulses) s.
        train: the simulation.
    """

    cell: Cell
    pulses: tuple[Pulse, Pulse]
    widths: Array
    train: Train


def prepare_linearise(
    device: DrivenDevice | Cell,
    *,
    segments: int = 8,
    pulses: int = 50,
    passes: int = 1,
    set: Pulse | None = None,  # noqa: A002
    reset: Pulse | None = None,
    read: Pulse | float | None = None,
    initial_state: ArrayLike | None = None,
    variation: Mapping[str, ArrayLike] | None = None,
    gate: float | None = None,
    form: Form | None = None,
) -> Identical:
    """Return what ``linearise`` simulates first; the arguments are the same.

    Raises:
        UsageError: values that make no train.
    """
    cell = as_cell(device)
    memristor = memristor_of(cell)
    number, parts = whole_number(pulses, "pulses"), whole_number(segments, "segments")
    if number < 2:
        raise UsageError(f"pulses = {number}: at least 2")
    if number > _MOST_PULSES:
        raise UsageError(f"pulses = {number}: at most {_MOST_PULSES}")
    if not 1 <= parts <= number:
        raise UsageError(f"segments = {parts}: from 1 to the number of pulses, {number}")
    if whole_number(passes, "passes") < 1:
        raise UsageError(f"passes = {passes}: at least 1")
    given = programming_pulses(memristor, set, reset)
    states, spread = cell_values(cell, initial_state, variation)
    if len(states) != 1:
        raise UsageError(f"initial_state and variation are for {len(states)} cells, expected one")
    check_variation(memristor, spread)
    widths = np.array([np.full(number, pulse.width) for pulse in given])
    train = prepare_pulse_train(
        cell, stimulus=_stimulus(given, widths), read=read, initial_state=initial_state,
        variation=variation, gate=gate, form=form,
    )  # fmt: skip
    return Identical(cell, given, widths, train)


def linearise(
    device: DrivenDevice | Cell,
    *,
    segments: int = 8,
    pulses: int = 50,
    passes: int = 1,
    set: Pulse | None = None,  # noqa: A002
    reset: Pulse | None = None,
    read: Pulse | float | None = None,
    initial_state: ArrayLike | None = None,
    variation: Mapping[str, ArrayLike] | None = None,
    gate: float | None = None,
    form: Form | None = None,
    options: Options | None = None,
    time_limit: float = 600.0,
) -> xr.Dataset:
    """Make the response to a train of pulses straight by the widths of its pulses.

    The response to identical pulses is measured, SET and then RESET, and divided into straight
    segments; then every pulse is given a width inversely proportional to the slope of the segment
    that it is to cross, and the new trains are applied in turn. They have as many pulses, and as
    much time at the amplitude in all, so they lead over the same range. After J. Fu, Z. Liao,
    N. Gong, J. Wang, doi:10.1109/JETCAS.2019.2910749, as told in words and in Fig. 5 of
    doi:10.3389/fnano.2021.645995; that a pulse which crosses from one segment to the next takes
    its part of both slopes is ours.

    What is left within a segment is how far the measured response is from its chord: the knots
    are where the largest of these distances is least. A further pass divides the response to the
    new train in the same way, and multiplies its widths.

    Args:
        device: a memristor, or a cell around one or several.
        segments: of each response.
        pulses: in each direction.
        passes: how often widths are corrected.
        set: pulse that raises the weight; the card's SET pulse when None.
        reset: pulse that lowers it; the card's when None.
        read: read pulse, or its amplitude in V; the card's when None.
        initial_state: where every SET train starts, a number or (1, memristors); the device's own
            when None. RESET trains start where the SET train ends.
        variation: multipliers by name, numbers.
        gate: V, word-line voltage of a cell with a transistor; the card's when None.
        form: netlist form, "osdi" or "behavioural"; the best one at hand when None.
        options: simulator options.
        time_limit: s, wall clock of each simulation.

    Returns:
        dataset over ``direction`` ("set", "reset") and ``correction``, 0 for identical pulses:
        over ``pulse`` (0 is before the first) ``weight`` (S or 1) and ``width`` (s) of the pulse
        before it; ``nonlinearity``, the largest distance from the line between first and last
        weight as a share of their difference; ``exponential_factor``, see
        :func:`~memcircuit.experiments.response_shape.exponential_factor`; the segments of that
        response: ``knot_pulse`` and ``knot_weight`` (S or 1) over ``knot``, ``slope`` (S or 1, per
        pulse) over ``segment``, ``segment_width``, the mean width (s) of the pulses that cross it
        after the next correction. ``asymmetry`` over ``correction``: how far RESET is from going
        back the way SET came, as a share of the range.

    Raises:
        UsageError: values that make no train, or a response that does not rise under SET or fall
            under RESET all the way.
        SimulationError: the simulator gave no trustworthy result.
    """
    conditions: dict[str, Any] = {
        "read": read, "initial_state": initial_state, "variation": variation, "gate": gate,
        "form": form,
    }  # fmt: skip
    ready = prepare_linearise(
        device, segments=segments, pulses=pulses, passes=passes, set=set, reset=reset, **conditions
    )
    number = ready.widths.shape[1]
    train, widths = ready.train, ready.widths
    steps: list[_Step] = []
    while True:
        measured = run_train(train, options=options, time_limit=time_limit)
        weights = _weights(measured, number)
        steps.append(_Step(weights, widths, _knots(weights, segments)))
        if len(steps) > passes:
            return _dataset(steps, measured)
        widths = steps[-1].corrected()
        stimulus = _stimulus(ready.pulses, widths)
        _refuse_short(stimulus, len(steps))
        train = prepare_pulse_train(ready.cell, stimulus=stimulus, **conditions)


def _stimulus(pulses: Sequence[Pulse], widths: Array) -> list[Pulse]:
    """Return the pulses of both trains with widths (2, pulses) s."""
    return [
        replace(pulse, width=float(width))
        for pulse, own in zip(pulses, widths, strict=True)
        for width in own
    ]


def _refuse_short(train: Sequence[Pulse], correction: int) -> None:
    for pulse in train:
        if pulse.width < max(pulse.rise, pulse.fall):
            raise UsageError(
                f"correction {correction} asks for a pulse of {pulse.width:.3g} s, shorter than "
                f"its edges of {max(pulse.rise, pulse.fall):g} s: give pulses with shorter edges, "
                "or fewer segments"
            )


@dataclass(frozen=True)
class _Step:
    """Trains that were applied, and their responses; SET first, RESET second.

    Attributes:
        weights: (2, pulses + 1) S or 1.
        widths: (2, pulses) s.
        knots: (2, segments + 1) numbers of the pulses between which the responses are straight.
    """

    weights: Array
    widths: Array
    knots: NDArray[np.int64]

    @property
    def times(self) -> Array:
        """Time at the amplitude until each pulse has ended, (2, pulses + 1) s."""
        return np.pad(np.cumsum(self.widths, axis=1), ((0, 0), (1, 0)))

    def at_knots(self, values: Array) -> Array:
        """Return values (2, pulses + 1) at the knots."""
        return np.take_along_axis(values, self.knots, axis=1)

    def corrected(self) -> Array:
        """Return the widths that make straight what is made of the segments, (2, pulses) s."""
        numbers = np.arange(self.weights.shape[1])
        ways = zip(self.weights, self.knots, self.times, strict=True)
        found = []
        for weights, at, times in ways:
            share = progress(weights)[at]
            reached_by = np.interp(numbers / numbers[-1], share, at)
            found.append(np.diff(np.interp(reached_by, numbers, times)))
        return np.array(found)


def _weights(measured: xr.Dataset, pulses: int) -> Array:
    """Return the responses to SET and to RESET, (2, pulses + 1) S or 1."""
    name = "conductance" if "conductance" in measured else "weight"
    found = measured[name].to_numpy()[0]
    return np.stack([found[: pulses + 1], found[pulses:]])


def _knots(weights: Array, segments: int) -> NDArray[np.int64]:
    found = np.stack([knots(response, segments) for response in weights])
    for name, sign, response, at in zip(("SET", "RESET"), (1, -1), weights, found, strict=True):
        moved = sign * np.diff(response[at])
        if np.any(moved <= 0):
            worst = int(np.argmin(moved))
            raise UsageError(
                f"from pulse {at[worst]} to {at[worst + 1]} {name} moves the weight from "
                f"{response[at[worst]]:g} to {response[at[worst + 1]]:g}: no width makes that "
                "straight; give fewer pulses, or others"
            )
    return found


def _dataset(steps: Sequence[_Step], measured: xr.Dataset) -> xr.Dataset:
    import xarray as xr

    source = measured["conductance" if "conductance" in measured else "weight"]
    unit = str(source.attrs["units"])
    weights = np.stack([step.weights for step in steps])
    widths = np.stack([np.pad(step.widths, ((0, 0), (1, 0))) for step in steps])
    knot_weight = np.stack([step.at_knots(step.weights) for step in steps])
    knot_pulse = np.stack([step.knots for step in steps])
    times = np.stack([step.at_knots(step.times) for step in steps])
    slope = np.diff(knot_weight) / np.diff(knot_pulse)
    whole = weights[..., -1:] - weights[..., :1]
    # so many pulses cross a segment of a straight response
    crossing = np.diff(knot_weight) / whole * (weights.shape[-1] - 1)
    both = ("correction", "direction")
    values = {
        "weight": ((*both, "pulse"), weights, unit, str(source.attrs["long_name"])),
        "width": ((*both, "pulse"), widths, "s", "width of the pulse"),
        "knot_pulse": ((*both, "knot"), knot_pulse, "1", "pulse where a segment ends"),
        "knot_weight": ((*both, "knot"), knot_weight, unit, "weight where a segment ends"),
        "slope": ((*both, "segment"), slope, unit, "change by a pulse"),
        "segment_width": (
            (*both, "segment"), np.diff(times) / crossing, "s", "mean width in the next train",
        ),
        "nonlinearity": (both, _each(nonlinearity, weights), "1", "distance from the line"),
        "exponential_factor": (both, _each(exponential_factor, weights), "1", "factor"),
        "asymmetry": (
            "correction", np.array([asymmetry(*pair) for pair in weights]), "1", "asymmetry",
        ),
    }  # fmt: skip
    return xr.Dataset(
        {
            name: (dims, array, {"units": symbol, "long_name": text})
            for name, (dims, array, symbol, text) in values.items()
        },
        coords={
            "direction": ["set", "reset"],
            "correction": np.arange(len(steps)),
            "pulse": np.arange(weights.shape[-1]),
        },
        attrs={
            **{name: measured.attrs[name] for name in _KEPT}, "experiment": "linearise",
            "amplitude_set": float(measured["amplitude"][1]),
            "amplitude_reset": float(measured["amplitude"][-1]),
        },
    )  # fmt: skip


def _each(figure: Callable[[Array], float], responses: Array) -> Array:
    return np.array([[figure(response) for response in pair] for pair in responses])
