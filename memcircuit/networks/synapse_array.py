"""Differential pairs of devices that move by pulses, each as one measured device of a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import TableError, UsageError
from memcircuit.tables.response import PulseResponse


@dataclass(frozen=True)
class StuckDevices:
    """Failed devices that no pulse moves.

    Attributes:
        share: dimensionless, part of all devices that fails, 0..1.
        conductance: S, where they are stuck; may lie outside the table's range.
    """

    share: float
    conductance: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.share <= 1.0:
            raise UsageError(f"share of stuck devices is {self.share}; it must be 0 to 1")
        if not (np.isfinite(self.conductance) and self.conductance >= 0.0):
            raise UsageError(
                f"stuck conductance is {self.conductance} S; it must be a number of at least 0 S"
            )


class SynapseArray:
    """Conductances of (inputs, outputs) differential pairs, and what pulses do to them.

    Each device is assigned at random to one of the response's devices, as in the simulation of
    Lin et al. 2022 (doi:10.3390/nano12071075, section 4.2), and keeps it. How far its steps lie
    from that device's mean, in cycle-to-cycle deviations, is drawn when its pulses turn from SET
    to RESET or back: a new cycle begins.

    Attributes:
        conductance: (inputs, outputs, 2) S, the positive device of each pair first.
        stuck: (inputs, outputs, 2) true where no pulse moves the device.
    """

    def __init__(
        self,
        response: PulseResponse,
        pairs: tuple[int, int],
        rng: np.random.Generator,
        *,
        initial_conductance: float | NDArray[np.float64] | None = None,
        stuck: StuckDevices | None = None,
    ) -> None:
        """Assign the devices and choose those that are stuck.

        Args:
            response: change by one pulse, per device of the table.
            pairs: number of inputs and of outputs.
            rng: assigns devices, chooses the stuck ones, and draws each cycle's deviation.
            initial_conductance: S inside the table's range, one for all or
                (inputs, outputs, 2); the table's lowest by default.
            stuck: failed devices; ``round(share * devices)`` of them are chosen.
        """
        _check_response(response)
        self._rng = rng
        self._lowest = float(response.conductance[0])
        self._highest = float(response.conductance[-1])
        self._points = len(response.conductance)
        self._tables = {
            "set": (response.set_step.ravel(), response.set_spread.ravel()),
            "reset": (response.reset_step.ravel(), response.reset_spread.ravel()),
        }
        self.conductance = _initial(initial_conductance, (*pairs, 2), response)
        # A cycle's deviation holds while pulses go one way, as in the table's trains.
        self._deviation = np.zeros(self.conductance.size)
        self._direction = np.full(self.conductance.size, "", dtype="<U5")
        # Where each device's row begins in the flattened tables.
        self._row = rng.integers(response.devices, size=self.conductance.size) * self._points
        self.stuck = np.zeros(self.conductance.shape, dtype=np.bool_)
        if stuck is not None:
            failed = rng.choice(
                self.stuck.size, size=round(stuck.share * self.stuck.size), replace=False
            )
            self.stuck.reshape(-1)[failed] = True
            self.conductance[self.stuck] = stuck.conductance

    def weights(self, scale: float) -> NDArray[np.float64]:
        """Return (G+ - G-) / scale, dimensionless (inputs, outputs); ``scale`` in S."""
        return (self.conductance[..., 0] - self.conductance[..., 1]) / scale

    def pulse(self, direction: NDArray[np.int8]) -> None:
        """Raise or lower weights by one SET pulse on one device and one RESET on the other.

        Args:
            direction: (inputs, outputs) +1 to raise the weight (SET on the positive device, RESET
                on the negative one), -1 to lower it (the reverse), 0 to leave it.
        """
        flat = direction.ravel()
        raised, lowered = 2 * np.flatnonzero(flat > 0), 2 * np.flatnonzero(flat < 0)
        self._apply("set", np.concatenate([raised, lowered + 1]))
        self._apply("reset", np.concatenate([raised + 1, lowered]))

    def _apply(self, kind: str, cells: NDArray[np.intp]) -> None:
        cells = cells[~self.stuck.reshape(-1)[cells]]
        conductance = self.conductance.reshape(-1)
        start = conductance[cells]
        # The grid is uniform, so its index is a division, not a search.
        place = (start - self._lowest) * ((self._points - 1) / (self._highest - self._lowest))
        below = np.minimum(place.astype(np.intp), self._points - 2)
        share = place - below
        left = self._row[cells] + below
        step, spread = (
            table[left] * (1.0 - share) + table[left + 1] * share for table in self._tables[kind]
        )
        turned = cells[self._direction[cells] != kind]
        self._direction[turned] = kind
        self._deviation[turned] = self._rng.standard_normal(len(turned))
        change = step + spread * self._deviation[cells]
        conductance[cells] = np.clip(start + change, self._lowest, self._highest)


def preset_conductance(
    shape: tuple[int, ...],
    rng: np.random.Generator,
    *,
    lowest: float,
    mean: float,
    highest: float,
) -> NDArray[np.float64]:
    """Draw conductances of devices preset to their low state, before training.

    A scaled Beta(1, b) distribution: its density falls from ``lowest`` to zero at ``highest``, and
    b follows from the mean alone. Lin et al. 2022 state mean 1.89 uS and all below 5 uS.

    Args:
        shape: shape of the result.
        rng: draws the conductances.
        lowest: S, lower end.
        mean: S, mean of the distribution, at most half way between the ends.
        highest: S, upper end.
    """
    if not 0.0 <= lowest < mean <= (lowest + highest) / 2.0 < np.inf:
        raise UsageError(
            f"preset conductance has lowest {lowest} S, mean {mean} S, highest {highest} S; the "
            "mean must lie above the lowest and at most half way to the highest"
        )
    span = highest - lowest
    return lowest + span * rng.beta(1.0, span / (mean - lowest) - 1.0, size=shape)


def _check_response(response: PulseResponse) -> None:
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


def _initial(
    given: float | NDArray[np.float64] | None, shape: tuple[int, ...], response: PulseResponse
) -> NDArray[np.float64]:
    """Return a new array of the given conductances, S, of this shape."""
    lowest, highest = response.conductance[0], response.conductance[-1]
    conductance = np.asarray(lowest if given is None else given, dtype=np.float64)
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
