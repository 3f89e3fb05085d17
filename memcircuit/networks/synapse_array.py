"""Differential pairs of devices that move by pulses, each as one measured device of a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_generator, require_number
from memcircuit.errors import TableError, UsageError
from memcircuit.networks.faults import Faults
from memcircuit.networks.layer import Key, number_array
from memcircuit.networks.seed_draws import SeedDraws
from memcircuit.tables.response import PulseResponse

Array = NDArray[np.float64]


class SynapseArray:
    """Conductances of (inputs, outputs) differential pairs, and what pulses do to them.

    Each device is assigned at random to one of the response's devices, as in the simulation of
    Lin et al. 2022 (doi:10.3390/nano12071075, section 4.2), and keeps it. How far its steps lie
    from that device's mean, in cycle-to-cycle deviations, is drawn when its pulses turn from SET
    to RESET or back: a new cycle begins.

    Attributes:
        conductance: (seeds, inputs, outputs, 2) S, the positive device of each pair first.
        stuck: (seeds, inputs, outputs, 2) true where no pulse moves the device.
        lowest: S, lowest conductance of the response.
        highest: S, highest conductance of the response.
        pair_step: S, mean change of G+ - G- by a pulse pair, over devices and conductances.
        set_pulses: (seeds,) SET pulses given so far, those to stuck devices included.
        reset_pulses: (seeds,) the same for RESET pulses.
    """

    def __init__(
        self,
        response: PulseResponse,
        pairs: tuple[int, int],
        streams: Sequence[np.random.Generator],
        *,
        initial_conductance: float | Array | None = None,
        faults: Faults | None = None,
        key: Key | None = None,
    ) -> None:
        """Assign the devices and choose those that are stuck.

        Args:
            response: change by one pulse, per device of the table.
            pairs: number of inputs and of outputs.
            streams: for every seed the generator that assigns its devices, chooses the stuck
                ones, and draws each cycle's deviation.
            initial_conductance: S inside the table's range, one for all or
                (seeds, inputs, outputs, 2); the table's lowest by default.
            faults: stuck devices; a share is of every seed's devices in this array, stuck off
                is at the table's lowest conductance where the faults name no other.
            key: under which the faults keep a map of (inputs, outputs, 2) for this array.
        """
        check_response(response)
        self.lowest = float(response.conductance[0])
        self.highest = float(response.conductance[-1])
        self.pair_step = float(response.set_step.mean() - response.reset_step.mean())
        self._points = len(response.conductance)
        self._table = _flat_table(response)
        cells = (*pairs, 2)
        shape = (len(streams), *cells)
        self.conductance = _initial(initial_conductance, shape, self.lowest, self.highest)
        per_seed = int(np.prod(cells))
        self._edges = np.arange(len(streams) + 1) * per_seed
        self._draws = SeedDraws(streams, per_seed)
        # Where each device's row begins in the flattened table.
        rows = [stream.integers(response.devices, size=per_seed) for stream in streams]
        self._row = np.concatenate(rows) * self._points
        self._falling_rows = response.devices * self._points
        # A cycle's deviation holds while pulses go one way, as in the table's trains.
        self._deviation = np.zeros(self.conductance.size)
        self._direction = np.zeros(self.conductance.size, dtype=np.int8)
        self.stuck = np.zeros(shape, dtype=np.bool_)
        if faults is not None:
            states = np.stack([faults.draw(cells, stream, key) for stream in streams])
            self.stuck = states != 0
            self.conductance = faults.apply(self.conductance, states, self.lowest)
        self._movable = ~self.stuck.reshape(-1)
        self._all_movable = bool(self._movable.all())
        self.set_pulses = np.zeros(len(streams), dtype=np.int64)
        self.reset_pulses = np.zeros(len(streams), dtype=np.int64)

    def weights(self, scale: float) -> Array:
        """Return (G+ - G-) / scale, dimensionless (seeds, inputs, outputs); ``scale`` in S."""
        return (self.conductance[..., 0] - self.conductance[..., 1]) / scale

    def pulse_pairs(self, pairs: NDArray[np.integer]) -> None:
        """Raise or lower weights by SET pulses on one device and as many RESETs on the other.

        Args:
            pairs: (seeds, inputs, outputs) number of pulse pairs: positive to raise the weight
                (SET on the positive device, RESET on the negative one), negative to lower it (the
                reverse), 0 to leave it.
        """
        flat = pairs.reshape(-1)
        places = np.flatnonzero(flat != 0)
        cells = np.repeat(2 * places, 2)
        cells[1::2] += 1
        pulses = np.repeat(flat[places], 2)
        pulses[1::2] *= -1
        self._give(cells, pulses)

    def pulse_devices(self, pulses: NDArray[np.integer]) -> None:
        """Give every device its own pulses.

        Args:
            pulses: (seeds, inputs, outputs, 2) number of SET pulses, or of RESET pulses where
                negative.
        """
        flat = pulses.reshape(-1)
        cells = np.flatnonzero(flat != 0)
        self._give(cells, flat[cells])

    def _give(self, cells: NDArray[np.intp], pulses: NDArray[np.integer]) -> None:
        """Give pulses to devices known by rising index, one pulse of each at a time."""
        left = np.abs(pulses)
        falling = pulses < 0
        while cells.size:
            falls = cells[falling]
            falls_by_seed = np.diff(np.searchsorted(falls, self._edges))
            self.reset_pulses += falls_by_seed
            self.set_pulses += np.diff(np.searchsorted(cells, self._edges)) - falls_by_seed
            self._move(cells, falling)
            more = left > 1
            if not more.any():
                return
            cells, falling, left = cells[more], falling[more], left[more] - 1

    def _move(self, cells: NDArray[np.intp], falling: NDArray[np.bool_]) -> None:
        if not self._all_movable:
            movable = self._movable[cells]
            cells, falling = cells[movable], falling[movable]
        conductance = self.conductance.reshape(-1)
        start = conductance[cells]
        # The grid is uniform, so its index is a division, not a search.
        place = (start - self.lowest) * ((self._points - 1) / (self.highest - self.lowest))
        below = np.minimum(place.astype(np.intp), self._points - 2)
        share = place - below
        below += self._row[cells]
        below += falling * self._falling_rows
        step, step_rise, spread, spread_rise = (column[below] for column in self._table)
        direction = np.where(falling, np.int8(-1), np.int8(1))
        turned = cells[self._direction[cells] != direction]
        self._direction[cells] = direction
        counts = np.diff(np.searchsorted(turned, self._edges))
        self._deviation[turned] = self._draws.normal(counts)
        change = step + share * step_rise + (spread + share * spread_rise) * self._deviation[cells]
        conductance[cells] = np.minimum(np.maximum(start + change, self.lowest), self.highest)


def preset_conductance(
    shape: tuple[int, ...],
    rng: np.random.Generator,
    *,
    lowest: float,
    mean: float,
    highest: float,
) -> Array:
    """Draw conductances of devices preset to their low state, before training.

    A scaled Beta(1, b) distribution: its density falls from ``lowest`` to zero at ``highest``, and
    b follows from the mean alone. Lin et al. 2022 state mean 1.89 uS and all below 5 uS.

    Args:
        shape: shape of the result.
        rng: draws the conductances.
        lowest: S, lower end.
        mean: S, mean of the distribution, at most half way between the ends.
        highest: S, upper end.

    Raises:
        UsageError: ends and a mean that no such distribution has, or no generator.
    """
    for name, value in (("lowest", lowest), ("mean", mean), ("highest", highest)):
        require_number(value, f"preset conductance: {name}, S,", most=1.0)
    require_generator(rng)
    if not lowest < mean <= (lowest + highest) / 2.0:
        raise UsageError(
            f"preset conductance has lowest {lowest} S, mean {mean} S, highest {highest} S; the "
            "mean must lie above the lowest and at most half way to the highest"
        )
    span = highest - lowest
    return lowest + span * rng.beta(1.0, span / (mean - lowest) - 1.0, size=shape)


def check_response(response: PulseResponse) -> None:
    """Raise TableError unless the response has a uniform grid and finite tables that fit it."""
    if not isinstance(response, PulseResponse):
        raise UsageError(f"response is a {type(response).__name__}; pass table.pulse_response()")
    grid = response.conductance
    if grid.ndim != 1 or len(grid) < 2:
        raise TableError(f"conductance grid has shape {grid.shape}; it must be (points,), points>1")
    if not np.isfinite(grid).all():
        raise TableError("conductance grid contains NaN or infinity; every point must be a number")
    spacing = np.diff(grid)
    if spacing.min() <= 0.0 or np.ptp(spacing) > 1e-6 * spacing.mean():
        raise TableError(
            f"conductance grid has steps of {spacing.min()} S to {spacing.max()} S; "
            "it must rise uniformly"
        )
    shape = (response.devices, len(grid))
    for name in ("set_step", "reset_step", "set_spread", "reset_spread"):
        table = getattr(response, name)
        if table.shape != shape or not response.devices:
            raise TableError(
                f"{name} has shape {table.shape}; with {len(grid)} grid points it must be "
                f"(devices, {len(grid)}), with at least one device and the same for all"
            )
        if not np.isfinite(table).all():
            raise TableError(f"{name} contains NaN or infinity; every step must be a number")
        if name.endswith("spread") and table.min() < 0.0:
            raise TableError(f"{name} falls to {table.min()} S; a spread is at least 0 S")


def _flat_table(response: PulseResponse) -> tuple[Array, Array, Array, Array]:
    """Return step, its rise to the next grid point, spread, and its rise: SET rows, then RESET."""
    columns = []
    for up, down in (
        (response.set_step, response.reset_step),
        (response.set_spread, response.reset_spread),
    ):
        values = np.concatenate([up, down])
        columns += [values.ravel(), np.diff(values, axis=1, append=values[:, -1:]).ravel()]
    return columns[0], columns[1], columns[2], columns[3]


def _initial(
    given: float | Array | None, shape: tuple[int, ...], lowest: float, highest: float
) -> Array:
    """Return a new array of the given conductances, S, of this shape."""
    start = lowest if given is None else given
    conductance = number_array(start, "initial_conductance", np.float64)
    if conductance.ndim and conductance.shape != shape:
        raise UsageError(
            f"initial_conductance has shape {conductance.shape}; it must be one number or {shape}"
        )
    if not np.isfinite(conductance).all():
        raise UsageError("initial_conductance contains NaN or infinity")
    if conductance.min() < lowest or conductance.max() > highest:
        raise UsageError(
            f"initial_conductance reaches from {conductance.min()} S to {conductance.max()} S; "
            f"it must stay inside the table's range, {lowest} S to {highest} S"
        )
    return np.broadcast_to(conductance, shape).copy()
