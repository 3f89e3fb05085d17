"""The conductance table: what pulses did to devices, ready for a network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import TableError
from memcircuit.tables.response import PulseResponse

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
Direction = Literal["set", "reset"]

#: Both directions, in the order of the table.
DIRECTIONS: tuple[Direction, Direction] = ("set", "reset")
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
        bad = np.argwhere((values <= 0) | np.isinf(values) | np.isnan(values[..., :1]))
        if bad.size:
            place = ", ".join(f"{d} {i}" for d, i in zip(_DIMENSIONS, bad[0], strict=True))
            raise TableError(
                f"conductance table: {values[tuple(bad[0])]!r} S at {place}; must be above 0"
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ConductanceTable) and self.dataset.identical(other.dataset)

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def from_pulses(cls, train: xr.Dataset, cycles: int = 1) -> ConductanceTable:
        """Return the table of a pulse train.

        Args:
            train: result of ``pulse_train`` with SET and RESET pulses.
            cycles: how many successive cells are cycles of one and the same device.

        Raises:
            TableError: not a pulse train with both directions, or cells that cycles do not divide.
        """
        import xarray as xr

        if "conductance" not in train or "direction" not in train.coords:
            raise TableError("not the result of a pulse train: no conductance by pulse")
        cells = train.sizes["cell"]
        if cycles < 1 or cells % cycles:
            raise TableError(f"{cells} cells cannot be {cycles} cycles of each device")
        direction = train["direction"].to_numpy()
        ups, downs = int(np.sum(direction > 0)), int(np.sum(direction < 0))
        if not ups or not downs:
            raise TableError(f"{ups} SET and {downs} RESET pulses: a table needs both directions")
        shape = (cells // cycles, cycles, 2, max(ups, downs) + 1)
        conductance, energy = np.full(shape, np.nan), np.full(shape, np.nan)
        for target, name in ((conductance, "conductance"), (energy, "energy")):
            values = train[name].to_numpy().reshape(*shape[:2], -1)
            target[:, :, 0, : ups + 1] = values[..., : ups + 1]
            target[:, :, 1, : downs + 1] = values[..., ups:]
        energy[..., 0] = 0.0
        return cls(
            xr.Dataset(
                {
                    "conductance": (_DIMENSIONS, conductance, {"units": "S"}),
                    "energy": (_DIMENSIONS, energy, {"units": "J"}),
                },
                coords={
                    "device": np.arange(shape[0], dtype=np.int32),
                    "cycle": np.arange(shape[1], dtype=np.int32),
                    "direction": list(DIRECTIONS),
                    "step": np.arange(shape[3], dtype=np.int32),
                },
                attrs={"pulses_set": ups, "pulses_reset": downs, **_lasting(train.attrs)},
            )
        )

    @property
    def devices(self) -> int:
        """Number of devices."""
        return int(self.dataset.sizes["device"])

    @property
    def conductance_range(self) -> tuple[float, float]:
        """Lowest and highest conductance of the mean device, S."""
        mean = self.dataset["conductance"].mean(("device", "cycle"))
        return float(mean.min()), float(mean.max())

    def curves(self, direction: Direction) -> Array:
        """Return the conductance before the first and after every pulse, S.

        Returns:
            (devices, cycles, pulses + 1).
        """
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
        cycle-to-cycle standard deviations; the least over all devices is returned.
        """
        curves = self.curves(direction)
        mean = curves.mean(axis=1)
        spread = curves.std(axis=1, ddof=1 if curves.shape[1] > 1 else 0)
        return min(_count(m, sigmas * s) for m, s in zip(mean, spread, strict=True))

    def pulse_energy(self, direction: Direction) -> float:
        """Return the mean energy of one pulse over a whole train, J."""
        return float(
            self.dataset["energy"].sel(direction=direction).isel(step=slice(1, None)).mean()
        )

    def pulse_response(self, points: int = 512) -> PulseResponse:
        """Return dG as a function of G for every device and both directions.

        Between measured points the change is interpolated; at the end of a device's measured
        range it is zero, so that no device leaves what was measured.

        Args:
            points: number of conductances in the common grid.
        """
        low = min(float(self.curves(d).min()) for d in DIRECTIONS)
        high = max(float(self.curves(d).max()) for d in DIRECTIONS)
        grid = np.linspace(low, high, points)
        steps = {d: _steps(self.curves(d), grid) for d in DIRECTIONS}
        ddof = 1 if self.dataset.sizes["cycle"] > 1 else 0
        return PulseResponse(
            conductance=grid,
            set_step=steps["set"].mean(axis=1),
            reset_step=steps["reset"].mean(axis=1),
            set_spread=steps["set"].std(axis=1, ddof=ddof),
            reset_spread=steps["reset"].std(axis=1, ddof=ddof),
        )

    def to_netcdf(self, path: str | Path) -> Path:
        """Write the table to a netCDF file and return its path.

        Raises:
            TableError: the file cannot be written.
        """
        target = Path(path)
        try:
            self.dataset.to_netcdf(target, engine="scipy")
        except OSError as error:
            raise TableError(f"conductance table: cannot write {target}: {error}") from error
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
        except (OSError, ValueError, TypeError, KeyError) as error:
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


def _steps(curves: Array, grid: Array) -> Array:
    steps = np.empty((*curves.shape[:2], grid.size))
    for place in np.ndindex(*curves.shape[:2]):
        curve = curves[place]
        before = curve
        change = np.append(np.diff(curve), 0.0)
        order = np.argsort(before)
        steps[place] = np.interp(grid, before[order], change[order])
    return steps
