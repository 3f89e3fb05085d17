"""The conductance levels a cell can be put to, and how far cells stray from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.checks import is_whole
from memcircuit.errors import TableError

if TYPE_CHECKING:
    from memcircuit.tables.table import ConductanceTable, Direction

Array = NDArray[np.float64]
#: What a table states of how far cells stray from its levels.
SPREADS = ("device_to_device", "cycle_to_cycle", "read_noise")
# More is a slip of the unit, or of the zeros.
_MOST_SIEMENS, _MOST_LEVELS = 1.0, 2**20


@dataclass(frozen=True, eq=False)
class LevelTable:
    """Levels in rising order, with the spread of cells that were sent to each.

    Attributes:
        conductance: (levels,) S, rising; distances may differ.
        device_to_device: (levels,) S, standard deviation of the devices' mean conductances.
        cycle_to_cycle: (levels,) S, standard deviation of one device from cycle to cycle.
        read_noise: (levels,) S, standard deviation from read to read.
    """

    conductance: Array
    device_to_device: Array
    cycle_to_cycle: Array
    read_noise: Array

    def __post_init__(self) -> None:
        for name in ("conductance", *SPREADS):
            values = _numbers(name, getattr(self, name))
            if values.ndim != 1 or values.shape != np.shape(self.conductance):
                raise TableError(
                    f"level table: {name} has shape {values.shape}; every column must be "
                    f"(levels,), as many as the conductances"
                )
            bad = np.flatnonzero(~((values >= 0) & (values <= _MOST_SIEMENS)))
            if bad.size:
                raise TableError(
                    f"level table: {name} of level {bad[0]} is {values[bad[0]]:g} S; it must be a "
                    f"number of 0 to {_MOST_SIEMENS:g} S"
                )
            values.flags.writeable = False
            object.__setattr__(self, name, values)
        if len(self.conductance) < 2:
            raise TableError(f"level table: {len(self.conductance)} levels; at least 2")
        falling = np.flatnonzero(np.diff(self.conductance) <= 0)
        if falling.size:
            raise TableError(
                f"level table: level {falling[0] + 1} is not above level {falling[0]}; sort the "
                "levels and merge equal ones"
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LevelTable) and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("conductance", *SPREADS)
        )

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self.conductance)

    @classmethod
    def of(
        cls,
        conductance: ArrayLike,
        *,
        device_to_device: ArrayLike = 0.0,
        cycle_to_cycle: ArrayLike = 0.0,
        read_noise: ArrayLike = 0.0,
    ) -> LevelTable:
        """Return the table of these levels, in any order; a spread may be one number for all.

        Args:
            conductance: (levels,) S.
            device_to_device: (levels,) or one number, S.
            cycle_to_cycle: the same.
            read_noise: the same.

        Raises:
            TableError: no numbers, shapes that differ, or two equal levels.
        """
        levels = _numbers("conductance", conductance)
        if levels.ndim != 1:
            raise TableError(f"level table: conductance has shape {levels.shape}, not (levels,)")
        order = np.argsort(levels, kind="stable")
        spreads = []
        for name, given in zip(
            SPREADS, (device_to_device, cycle_to_cycle, read_noise), strict=True
        ):
            spread = _numbers(name, given)
            if spread.shape not in {(), levels.shape}:
                raise TableError(
                    f"level table: {name} of shape {spread.shape} for {levels.size} levels; one "
                    "number for all, or one for each"
                )
            spreads.append(np.broadcast_to(spread, levels.shape))
        return cls(levels[order], *(spread[order] for spread in spreads))

    @classmethod
    def uniform(cls, lowest: float, highest: float, count: int) -> LevelTable:
        """Return ``count`` levels at equal distances from ``lowest`` to ``highest``, S, exact.

        Raises:
            TableError: fewer than 2 levels, or ends that do not rise from at least 0.
        """
        _check_count(count)
        ends = _numbers("its ends", [lowest, highest])
        if not 0 <= ends[0] < ends[1] < np.inf:
            raise TableError(f"level table: from {lowest!r} to {highest!r} S; must rise from >= 0")
        return cls.of(np.linspace(lowest, highest, int(count)))

    @classmethod
    def from_pulses(cls, table: ConductanceTable, direction: Direction = "set") -> LevelTable:
        """Return the levels reached after every number of pulses of one direction, open loop.

        A level is the mean over devices and cycles. Its device-to-device deviation is that of the
        devices' means over their cycles, less what the cycles' deviation leaves in a mean of so
        few; its cycle-to-cycle deviation is that of one device, in the square mean over devices.
        Pulses that on average changed nothing, or back, are left out.

        Raises:
            TableError: no such direction, or fewer than two levels.
        """
        from memcircuit.tables.table import ConductanceTable

        if not isinstance(table, ConductanceTable):
            raise TableError(f"level table: of a {type(table).__name__}; give a ConductanceTable")
        curves = table.curves(direction)
        devices, cycles = curves.shape[:2]
        mean = curves.mean(axis=(0, 1))
        within = curves.var(axis=1, ddof=1).mean(axis=0) if cycles > 1 else np.zeros_like(mean)
        between = curves.mean(axis=1).var(axis=0, ddof=1) if devices > 1 else np.zeros_like(mean)
        between = np.maximum(between - within / cycles, 0.0)
        upward = mean if direction == "set" else -mean
        reached = np.maximum.accumulate(np.concatenate([[-np.inf], upward[:-1]]))
        kept = upward > reached
        return cls.of(
            mean[kept],
            device_to_device=np.sqrt(between[kept]),
            cycle_to_cycle=np.sqrt(within[kept]),
        )

    def export(self, format_name: str, path: str | Path, **options: Any) -> tuple[Path, ...]:
        """Write the levels for another simulator; see `export_table` and its ``FORMATS``."""
        from memcircuit.tables.exchange import export_table

        return export_table(self, format_name, path, **options)

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest level, S."""
        return float(self.conductance[0]), float(self.conductance[-1])

    def nearest(self, conductance: ArrayLike) -> Array:
        """Return the level nearest to every conductance, the higher of two equally near ones.

        Args:
            conductance: any shape, S.

        Returns:
            the same shape, S.

        Raises:
            TableError: NaN, to which no level is near.
        """
        wanted = _numbers("what to be near to", conductance)
        if np.isnan(wanted).any():
            raise TableError(f"level table: nearest level to {np.isnan(wanted).sum()} NaN")
        middles = 0.5 * (self.conductance[1:] + self.conductance[:-1])
        return np.asarray(self.conductance[np.searchsorted(middles, wanted, side="right")])

    def thinned(self, count: int) -> LevelTable:
        """Return ``count`` of the levels, nearest to equal distances between lowest and highest.

        Raises:
            TableError: fewer levels than asked for, fewer than 2, or too uneven for so many.
        """
        _check_count(count)
        wanted = np.linspace(*self.range, int(count))
        places = np.unique(np.searchsorted(self.conductance, self.nearest(wanted)))
        if len(places) < count:
            raise TableError(
                f"level table: {len(self)} levels, of which {len(places)} lie near {count} at "
                "equal distances; ask for fewer levels, or pulse in smaller steps"
            )
        return self.only(places)

    def only(self, places: NDArray[np.intp] | NDArray[np.bool_]) -> LevelTable:
        """Return the table of some of the levels: their numbers in rising order, or a mask.

        Raises:
            TableError: fewer than 2.
        """
        return LevelTable(*(getattr(self, name)[places] for name in ("conductance", *SPREADS)))

    @property
    def written_deviation(self) -> Array:
        """Standard deviation of cells written once, devices and cycles together, (levels,) S."""
        return np.hypot(self.device_to_device, self.cycle_to_cycle)


def _check_count(count: object) -> None:
    if not is_whole(count) or not 2 <= count <= _MOST_LEVELS:
        raise TableError(f"level table: {count!r} levels; a whole number of 2 to {_MOST_LEVELS}")


def _numbers(name: str, values: ArrayLike) -> Array:
    """Return a copy as an array of numbers."""
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TableError(f"level table: {name} is no array of numbers") from error
