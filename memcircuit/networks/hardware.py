"""What a network is put on: the cells, how weights are written to them, and what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from memcircuit.checks import (
    require_flag,
    require_generator,
    require_number,
)
from memcircuit.errors import TableError, UsageError
from memcircuit.networks.ageing import Drift
from memcircuit.networks.converters import Converter
from memcircuit.networks.faults import Faults
from memcircuit.networks.mapping import Mapping
from memcircuit.networks.spread import Spread
from memcircuit.tables.levels import SPREADS

if TYPE_CHECKING:
    from memcircuit.crossbar import Crossbar
    from memcircuit.devices.device import Device
    from memcircuit.tables import ConductanceTable, LevelTable

#: Conductances of cells where no table says otherwise, S: the range of Lin et al. 2022,
#: doi:10.3390/nano12071075.
LOWEST, HIGHEST = 1e-6, 350e-6
#: A spread, or that of the table.
Given = Spread | Literal["table"] | None


@dataclass(frozen=True, eq=False)
class Hardware:
    """The cells, converters and arrays; the default is ideal in every respect.

    Each entry switches one thing on, and draws from a stream of random numbers of its own: adding
    one changes no draw of the others.

    Attributes:
        table: levels and spreads of the cells; a `ConductanceTable`'s are those of its SET pulses.
            None: any conductance from `LOWEST` to `HIGHEST`.
        mapping: how weights become conductances.
        quantise: whether cells take the nearest level of the table; otherwise any conductance
            between its lowest and highest.
        programming_error: how far a written conductance is from what was wanted, as after
            write-verify; drawn once. ``Spread.of_verify`` takes it from a simulation.
        device_to_device: how devices differ, drawn once; ``"table"`` takes the table's.
        cycle_to_cycle: how one device differs from one programming to the next; drawn once for
            each programming; ``"table"`` takes the table's.
        read_noise: drawn for every read, ``"table"`` takes the table's; ``Spread.of_card`` that of
            a device's card. It is normal, and may take a single cell below 0 S.
        drift: what time does after programming; ``Drift.of_card`` takes a card's.
        temperature: K, at which the network runs; needs ``device``.
        faults: cells that are stuck.
        on_off: ratio of the highest to the lowest conductance used; None uses the whole table,
            inf goes down to 0 S. Quantised cells use the levels within it.
        dac: converter of the inputs of every matrix.
        adc: converter of the sums of every array, each slice on its own; the parts of a weight
            are subtracted before it.
        array: largest array and its wires, as `mc.Crossbar`; a matrix is divided among as few as
            hold it, evenly. None: each matrix in one array with ideal wires. Cells are read as the
            table's conductances; the Crossbar's own kind of cell and its gates are not looked at.
        device: the device behind the table, for ``temperature``.
        read_voltage: V on the row of a full-scale input; at it the device's states are known.
        levels: the table's levels within the range used; None without a table.
    """

    table: ConductanceTable | LevelTable | None = None
    mapping: Mapping = field(default_factory=Mapping)
    quantise: bool = False
    programming_error: Spread | None = None
    device_to_device: Given = None
    cycle_to_cycle: Given = None
    read_noise: Given = None
    drift: Drift | None = None
    temperature: float | None = None
    faults: Faults | None = None
    on_off: float | None = None
    dac: Converter | None = None
    adc: Converter | None = None
    array: Crossbar | None = None
    device: Device | None = None
    read_voltage: float = 0.2
    levels: LevelTable | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        from memcircuit.tables import ConductanceTable, LevelTable

        levels = self.table
        if isinstance(levels, ConductanceTable):
            levels = LevelTable.from_pulses(levels)
        if levels is not None and not isinstance(levels, LevelTable):
            raise UsageError(f"table is {levels!r}; give a ConductanceTable or a LevelTable")
        object.__setattr__(self, "levels", levels)
        self._check_types()
        for name in SPREADS:
            if isinstance(getattr(self, name), str) and levels is None:
                raise UsageError(f"{name}='table' needs a table; give table=...")
        noise = self.read_noise
        if isinstance(noise, Spread) and (noise.lognormal or noise.shift is not None):
            raise UsageError("read_noise is drawn for whole sums: give a normal Spread, no shift")
        if self.on_off is not None and levels is not None:
            object.__setattr__(self, "levels", self._above(levels))
        if self.temperature is not None and self.device is None:
            raise UsageError("temperature needs the device behind the table; give device=...")
        self._check_levels()
        self._check_array()

    def _check_types(self) -> None:
        from memcircuit.crossbar import Crossbar

        spread = "a Spread, such as Spread.of_range(0.05)"
        kinds: dict[str, tuple[type, str]] = {
            "mapping": (Mapping, "a Mapping, such as Mapping('offset')"),
            "programming_error": (Spread, spread),
            "device_to_device": (Spread, f"{spread}, or 'table'"),
            "cycle_to_cycle": (Spread, f"{spread}, or 'table'"),
            "read_noise": (Spread, f"{spread}, or 'table'"),
            "drift": (Drift, "a Drift, such as Drift(time=1e4, exponent=0.01)"),
            "faults": (Faults, "Faults, such as Faults(stuck_off=0.05)"),
            "dac": (Converter, "a Converter, such as Converter(8)"),
            "adc": (Converter, "a Converter, such as Converter(8)"),
            "array": (Crossbar, "a Crossbar, such as Crossbar(rows=64, columns=64, wires=2.0)"),
        }
        for name, (kind, wanted) in kinds.items():
            value = getattr(self, name)
            if value is None or isinstance(value, kind):
                continue
            if name in SPREADS and isinstance(value, str) and value == "table":
                continue
            raise UsageError(f"{name} is {value!r}; give {wanted}")
        if self.device is not None:
            from memcircuit.devices.device import require_device

            require_device(self.device)
        if not isinstance(self.mapping, Mapping):
            raise UsageError("mapping is None; give a Mapping")
        require_flag(self.quantise, "quantise")
        # inf leaves out every conductance but 0
        if self.on_off is not None and self.on_off != np.inf:
            require_number(self.on_off, "on_off, if not inf,", least=1.0, above=True)
        if self.temperature is not None:
            require_number(self.temperature, "temperature, K,", above=True)
        require_number(self.read_voltage, "read_voltage, V,", above=True)

    def _check_levels(self) -> None:
        levels = self.levels
        if self.quantise and levels is None:
            raise UsageError("quantise needs the levels of a table; give table=...")
        if not self.quantise or levels is None:
            return
        low, high = self.span
        wanted = self.mapping.levels
        apart = np.unique(levels.nearest(np.linspace(low, high, wanted))).size
        if apart < wanted:
            raise TableError(
                f"the table has {len(levels)} levels from {low:g} S to {high:g} S, {apart} of them "
                f"near equal distances; mapping with {self.mapping.bits} bits needs {wanted}"
            )
        _ = self.middle

    def _above(self, levels: LevelTable) -> LevelTable:
        """Return the levels that the ratio leaves.

        Raises:
            TableError: too few, or a ratio that quantised cells do not have.
        """
        (lowest, highest), ratio = levels.range, self.on_off or 1.0
        if self.quantise and lowest * (1.0 - 1e-9) > highest / ratio:
            raise TableError(
                f"on_off is {self.on_off}: the table's levels, {lowest:g} S to {highest:g} S, do "
                "not reach it; quantise=False goes below them"
            )
        kept = levels.conductance >= highest / ratio * (1.0 - 1e-9)
        if np.sum(kept) < 2:
            raise TableError(f"on_off is {self.on_off}: it leaves less than 2 levels of the table")
        return levels.only(kept)

    def _check_array(self) -> None:
        if self.array is None:
            return
        width = sum(self.mapping.width)
        if self.array.columns < width:
            raise UsageError(
                f"an array of {self.array.columns} columns holds no weight: encoding "
                f"{self.mapping.encoding!r} with {self.mapping.cells} cells needs {width}"
            )
        if ideal_wires(self.array):
            return
        if self.mapping.encoding == "bridge":
            raise UsageError("bridges are read as voltages: their arrays have ideal wires only")
        for name in ("programming_error", *SPREADS[:2]):
            spread = self.spread(name)
            if spread is not None and spread.negative == "keep":
                raise UsageError(
                    f"{name} keeps conductances below zero, which no array with wires has; give "
                    "negative='zero'"
                )

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest conductance that weights are spread over, S."""
        low, high = (LOWEST, HIGHEST) if self.levels is None else self.levels.range
        if self.on_off is not None:
            low = high / self.on_off
        if self.quantise and self.levels is not None:
            low = self.levels.range[0]
        if not low < high:
            raise TableError(f"the cells reach from {low:g} S to {high:g} S; they must rise")
        return low, high

    @property
    def middle(self) -> float:
        """Where the cells of an offset column are, S: a level, where cells are quantised.

        Raises:
            TableError: no level between the lowest and the highest.
        """
        low, high = self.span
        middle = 0.5 * (low + high)
        if not self.quantise or self.levels is None or self.mapping.encoding != "offset":
            return middle
        nearest = float(self.levels.nearest(middle))
        if not low < nearest < high:
            raise TableError("the table has no level between its lowest and highest for an offset")
        return nearest

    def spread(self, name: str) -> Spread | None:
        """Return the spread of this name, that of the table where it says so."""
        given: Spread | str | None = getattr(self, name)
        if isinstance(given, str) and self.levels is not None:
            return Spread.of_levels(self.levels, name)
        return given if isinstance(given, Spread) else None

    @property
    def draws(self) -> bool:
        """Whether anything is drawn at random."""
        spreads = [self.spread(name) for name in ("programming_error", *SPREADS)]
        drawn = self.faults is not None and self.faults.random
        drawn |= self.drift is not None and self.drift.spread > 0.0
        return drawn or any(one is not None and not one.none for one in spreads)

    def streams(
        self, rng: np.random.Generator | None, count: int
    ) -> list[np.random.Generator | None]:
        """Return a generator of its own for each of ``count``; None where nothing is drawn.

        Raises:
            UsageError: something is drawn, and ``rng`` is no generator.
        """
        if not self.draws:
            return [None] * count
        return list(require_generator(rng).spawn(count))


def ideal_wires(array: Crossbar) -> bool:
    """Return whether no line of an array has any resistance."""
    lines = array.lines
    segments = not lines.row.any() and not lines.column.any()
    # an open end conducts nothing; the ends that do must be ideal
    ends = (lines.left, lines.right, lines.top, lines.bottom)
    return segments and not any(bool((end[np.isfinite(end)] > 0.0).any()) for end in ends)
