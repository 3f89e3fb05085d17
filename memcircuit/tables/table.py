"""The conductance table: what pulses did to devices, ready for a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.errors import TableError
from memcircuit.files import whole_file
from memcircuit.tables.response import PulseResponse, require_points

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
Direction = Literal["set", "reset"]

#: Both directions, in the order of the table.
DIRECTIONS: tuple[Direction, Direction] = ("set", "reset")
# A read whose current changes by more than this share in its second half has not settled.
_SETTLED = 0.01
_DIMENSIONS = ("device", "cycle", "direction", "step")


@dataclass(frozen=True, eq=False)
class ConductanceTable:
    """Conductance of devices before and after every pulse of a SET and a RESET train.

    Attributes:
        dataset: over ``device``, ``cycle``, ``direction`` ("set", "reset") and ``step``:
            ``conductance`` (S), step 0 before the first pulse of that direction;
            ``energy`` (J) of the pulse that led to the step, 0 at step 0. A direction with
            fewer pulses ends in NaN.
    """

    dataset: xr.Dataset

    def __post_init__(self) -> None:
        for name in ("conductance", "energy"):
            if name not in self.dataset or self.dataset[name].dims != _DIMENSIONS:
                raise TableError(f"conductance table: {name!r} over {_DIMENSIONS} is missing")
        if list(self.dataset["direction"].to_numpy()) != list(DIRECTIONS):
            raise TableError("conductance table: direction must be 'set', 'reset'")
        values = self.dataset["conductance"].to_numpy()
        if not values.size or values.shape[-1] < 2:
            raise TableError(f"conductance table: {dict(self.dataset.sizes)} holds no pulse")
        known = ~np.isnan(values)
        # a direction with fewer pulses ends in NaN, for every device and cycle alike
        ends = known.sum(axis=-1)
        if np.any(known[..., 1:] & ~known[..., :-1]) or np.any(ends != ends[:1, :1]):
            raise TableError("conductance table: a conductance is missing (NaN) within a train")
        bad = np.argwhere((values <= 0) | np.isinf(values) | np.isnan(values[..., :1]))
        if bad.size:
            place = ", ".join(f"{d} {i}" for d, i in zip(_DIMENSIONS, bad[0], strict=True))
            raise TableError(
                f"conductance table: {values[tuple(bad[0])]:g} S at {place}; must be above 0"
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ConductanceTable) and self.dataset.identical(other.dataset)

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def from_pulses(cls, train: xr.Dataset) -> ConductanceTable:
        """Return the table of pulse trains.

        Args:
            train: result of ``pulse_train`` (every cell a device) or of ``pulse_cycles``, with
                SET and RESET pulses.

        Raises:
            TableError: no pulse train with both directions, or reads that have not settled.
        """
        if "conductance" not in train or "direction" not in train.coords:
            raise TableError("not the result of a pulse train: no conductance by pulse")
        if "cell" in train.dims:
            train = train.rename(cell="device").expand_dims(cycle=1, axis=1)
        direction = train["direction"].to_numpy()
        ups, downs = int(np.sum(direction > 0)), int(np.sum(direction < 0))
        if not ups or not downs:
            raise TableError(f"{ups} SET and {downs} RESET pulses: a table needs both directions")
        if np.any(np.diff(direction[1:]) > 0):
            raise TableError("SET pulses follow RESET pulses: a table needs all SET pulses first")
        _check_settled(train)
        shape = (train.sizes["device"], train.sizes["cycle"], 2, max(ups, downs) + 1)
        conductance, energy = np.full(shape, np.nan), np.full(shape, np.nan)
        for target, name in ((conductance, "conductance"), (energy, "energy")):
            values = train[name].transpose("device", "cycle", "pulse").to_numpy()
            target[:, :, 0, : ups + 1] = values[..., : ups + 1]
            target[:, :, 1, : downs + 1] = values[..., ups:]
        energy[..., 0] = 0.0
        attributes = {"pulses_set": ups, "pulses_reset": downs, **_lasting(train.attrs)}
        return cls.of_trains(conductance, energy, attributes=attributes)

    @classmethod
    def of_trains(
        cls,
        conductance: Array,
        energy: Array,
        *,
        device: ArrayLike | None = None,
        cycle: ArrayLike | None = None,
        attributes: Mapping[Any, Any] | None = None,
    ) -> ConductanceTable:
        """Return the table of given trains, as measured ones.

        Args:
            conductance: (devices, cycles, 2, pulses + 1) S, SET first; a direction with fewer
                pulses ends in NaN.
            energy: the same shape, J.
            device: (devices,) their numbers; from 0 when None.
            cycle: (cycles,) their numbers; from 0 when None.
            attributes: of the table.

        Raises:
            TableError: shapes that differ, or values no table can have.
        """
        import xarray as xr

        shape = np.shape(conductance)
        if len(shape) != 4 or np.shape(energy) != shape:
            raise TableError(
                f"conductance table: conductance {shape} and energy {np.shape(energy)}; both must "
                "be (devices, cycles, 2, pulses + 1)"
            )
        counted = (
            np.arange(size) if given is None else np.asarray(given)
            for size, given in zip(shape[:2], (device, cycle), strict=True)
        )
        devices, cycles = (numbers.astype(np.int32) for numbers in counted)
        if (devices.shape, cycles.shape) != ((shape[0],), (shape[1],)):
            raise TableError(
                f"conductance table: {devices.size} device and {cycles.size} cycle numbers for "
                f"{shape[0]} devices and {shape[1]} cycles"
            )
        return cls(
            xr.Dataset(
                {
                    "conductance": (_DIMENSIONS, conductance, {"units": "S"}),
                    "energy": (_DIMENSIONS, energy, {"units": "J"}),
                },
                coords={
                    "device": devices,
                    "cycle": cycles,
                    "direction": list(DIRECTIONS),
                    "step": np.arange(shape[3], dtype=np.int32),
                },
                attrs=dict(attributes or {}),
            )
        )

    @property
    def devices(self) -> int:
        """Number of devices."""
        return int(self.dataset.sizes["device"])

    @property
    def conductance_range(self) -> tuple[float, float]:
        """Lowest and highest conductance that the mean device had, S."""
        mean = self.dataset["conductance"].mean("device")
        return float(mean.min()), float(mean.max())

    def curves(self, direction: Direction) -> Array:
        """Return the conductance before the first and after every pulse, S.

        Returns:
            (devices, cycles, pulses + 1).

        Raises:
            TableError: no such direction.
        """
        if direction not in DIRECTIONS:
            raise TableError(f"direction {direction!r}; choose 'set' or 'reset'")
        values = self.dataset["conductance"].sel(direction=direction).to_numpy()
        return np.asarray(values[..., ~np.isnan(values).all(axis=(0, 1))])

    def levels(self, direction: Direction) -> tuple[Array, Array]:
        """Return the levels reached after each number of pulses.

        Returns:
            mean and standard deviation over devices and cycles, each (pulses + 1,), S.
        """
        curves = self.curves(direction)
        flat = curves.reshape(-1, curves.shape[-1])
        return flat.mean(axis=0), flat.std(axis=0, ddof=1 if len(flat) > 1 else 0)

    def separable_levels(self, direction: Direction, sigmas: float = 1.0) -> int:
        """Return how many levels one device keeps apart from cycle to cycle.

        Levels count when their means differ by more than ``sigmas`` times the sum of their
        cycle-to-cycle standard deviations; the least over all devices is returned. With few
        cycles the deviations, and so the number, are rough.

        Raises:
            TableError: a single cycle, which has no deviation, or ``sigmas`` not above 0.
        """
        curves = self.curves(direction)
        if curves.shape[1] < 2 or not sigmas > 0:
            raise TableError(
                f"levels kept apart by {sigmas} sigmas over {curves.shape[1]} cycles: needs at "
                "least 2 cycles (mc.pulse_cycles) and sigmas above 0"
            )
        mean, spread = curves.mean(axis=1), curves.std(axis=1, ddof=1)
        return min(_count(m, sigmas * s) for m, s in zip(mean, spread, strict=True))

    def pulse_energy(self, direction: Direction) -> float:
        """Return the mean energy of one pulse over a whole train, J."""
        return float(
            self.dataset["energy"].sel(direction=direction).isel(step=slice(1, None)).mean()
        )

    def pulse_response(self, points: int = 512) -> PulseResponse:
        """Return dG as a function of G for every device and both directions.

        Between measured points the change is interpolated; towards the end of a device's measured
        range it is cut and beyond it zero, so that no mean step leaves what was measured.

        Args:
            points: number of conductances in the common grid, at least 2.

        Raises:
            TableError: fewer points.
        """
        require_points(points)
        low = min(float(self.curves(d).min()) for d in DIRECTIONS)
        high = max(float(self.curves(d).max()) for d in DIRECTIONS)
        grid = np.linspace(low, high, points)
        set_step, set_spread = _response(self.curves("set"), grid, upward=True)
        reset_step, reset_spread = _response(self.curves("reset"), grid, upward=False)
        return PulseResponse(grid, set_step, reset_step, set_spread, reset_spread)

    def export(self, format_name: str, path: str | Path, **options: Any) -> tuple[Path, ...]:
        """Write the table for another simulator; see `export_table` and its ``FORMATS``."""
        from memcircuit.tables.exchange import export_table

        return export_table(self, format_name, path, **options)

    def to_netcdf(self, path: str | Path) -> Path:
        """Write the table to a netCDF file and return its path.

        Raises:
            UsageError: the file cannot be written.
        """
        target = Path(path)
        with whole_file(target) as fresh:
            self.dataset.to_netcdf(fresh, engine="scipy")
        return target

    @classmethod
    def from_netcdf(cls, path: str | Path) -> ConductanceTable:
        """Return the table of a netCDF file.

        Raises:
            TableError: the file cannot be read, or holds no table.
        """
        import xarray as xr

        try:
            return cls(xr.load_dataset(path, engine="scipy"))
        except (OSError, ValueError, TypeError, LookupError) as error:
            raise TableError(f"conductance table: cannot read {path}: {error}") from error


def _lasting(attributes: dict[Any, Any]) -> dict[Any, Any]:
    # how long this run took is no property of the devices
    return {name: value for name, value in attributes.items() if name != "wall_time"}


def _count(levels: Array, spread: Array) -> int:
    order = np.argsort(levels)
    count, last = 1, order[0]
    for index in order[1:]:
        if levels[index] - levels[last] > spread[index] + spread[last]:
            count, last = count + 1, index
    return count


def _response(curves: Array, grid: Array, *, upward: bool) -> tuple[Array, Array]:
    """Return mean and cycle-to-cycle deviation of one pulse's change, each (devices, points)."""
    steps = np.empty((*curves.shape[:2], grid.size))
    for place in np.ndindex(*curves.shape[:2]):
        before, change = curves[place][:-1], np.diff(curves[place])
        order = np.argsort(before)
        # a cycle that ended earlier goes on with its last step, so that only what the cycles
        # really differ by counts as their deviation
        steps[place] = np.interp(grid, before[order], change[order])
    if upward:
        room = np.maximum(curves.max(axis=(1, 2))[:, np.newaxis] - grid, 0)
        mean = np.minimum(steps.mean(axis=1), room)
    else:
        room = np.minimum(curves.min(axis=(1, 2))[:, np.newaxis] - grid, 0)
        mean = np.maximum(steps.mean(axis=1), room)
    ddof = 1 if curves.shape[1] > 1 else 0
    return mean, steps.std(axis=1, ddof=ddof) * (room != 0)


def _check_settled(train: xr.Dataset) -> None:
    if "read_change" not in train:
        return
    change = train["read_change"].transpose("device", "cycle", "pulse").to_numpy()
    if change.max() > _SETTLED:
        device, cycle, pulse = np.unravel_index(np.argmax(change), change.shape)
        raise TableError(
            f"conductance table: the read of device {device}, cycle {cycle}, after pulse {pulse} "
            f"still changes by {change.max():.2g} of itself in its second half; at most "
            f"{_SETTLED:g}: lengthen the read pulse, or open the gate"
        )
