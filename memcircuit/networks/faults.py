"""Cells that no pulse moves: how many, which, and at what conductance."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_number
from memcircuit.errors import UsageError
from memcircuit.networks.layer import Key, number_array

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Faults:
    """Stuck cells, as shares of all cells or as maps.

    A stuck-on cell has a conductance of its own, because a shorted cell lies far above the
    working range, and the range's highest conductance would be far too mild.

    Attributes:
        stuck_off: dimensionless 0..1, share of the cells of every matrix that is stuck off;
            so many are drawn, a fraction of a cell being one with that probability.
        stuck_on: the same of cells that are stuck on.
        stuck_off_conductance: S; the lowest of the cells when None.
        stuck_on_conductance: S; needed where cells are stuck on.
        maps: for a matrix, known by layer and name, instead of the shares: an array of its cells'
            shape with -1 where a cell is stuck off, 1 where it is stuck on, and 0.
    """

    stuck_off: float = 0.0
    stuck_on: float = 0.0
    stuck_off_conductance: float | None = None
    stuck_on_conductance: float | None = None
    maps: Mapping[Key, NDArray[np.int8]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("stuck_off", "stuck_on"):
            share = getattr(self, name)
            require_number(share, f"faults: {name}, a share of the cells,", most=1.0)
        if self.stuck_off + self.stuck_on > 1.0:
            raise UsageError(
                f"faults: {self.stuck_off} stuck off and {self.stuck_on} stuck on; together they "
                "must not exceed 1"
            )
        for name in ("stuck_off_conductance", "stuck_on_conductance"):
            value = getattr(self, name)
            if value is not None:
                require_number(value, f"faults: {name}, S,", most=1.0)
        if not isinstance(self.maps, Mapping):
            raise UsageError("faults: give maps by layer and name, as {(0, 'kernel'): array}")
        for key, given in self.maps.items():
            values = number_array(given, f"faults: map of {key}", np.float64)
            if not np.isin(values, (-1, 0, 1)).all():
                raise UsageError(f"faults: the map of {key} has other values than -1, 0, 1")
        some_on = self.stuck_on > 0.0 or any(np.any(np.asarray(m) > 0) for m in self.maps.values())
        if some_on and self.stuck_on_conductance is None:
            raise UsageError(
                "faults: stuck_on needs stuck_on_conductance, S: 1e-3 to 3e-3 for a short, or the "
                "table's highest for a cell that only cannot be reset"
            )

    @property
    def random(self) -> bool:
        """Whether stuck cells are drawn."""
        return self.stuck_off > 0.0 or self.stuck_on > 0.0

    @property
    def none(self) -> bool:
        """Whether no cell is stuck."""
        return not self.random and not any(np.any(given) for given in self.maps.values())

    def check_keys(self, keys: Collection[Key]) -> None:
        """Refuse maps of other matrices than these.

        Raises:
            UsageError: such a map.
        """
        strange = [key for key in self.maps if key not in keys]
        if strange:
            raise UsageError(f"faults: a map for {strange[0]!r}; there are {list(keys)}")

    def given(self, shape: tuple[int, ...], key: Key | None) -> NDArray[np.int8] | None:
        """Return the map of the matrix of this layer and name, None where it has none.

        Raises:
            UsageError: a map of another shape.
        """
        if key is None or key not in self.maps:
            return None
        found = np.asarray(self.maps[key], dtype=np.int8)
        if found.shape != shape:
            raise UsageError(
                f"faults: the map of {key} has shape {found.shape}; its cells are {shape}"
            )
        return found

    def draw(
        self, shape: tuple[int, ...], rng: np.random.Generator | None, key: Key | None = None
    ) -> NDArray[np.int8]:
        """Return -1 where a cell is stuck off, 1 where it is stuck on, else 0.

        Args:
            shape: of the cells.
            rng: chooses them where no map is given; None where there is nothing to choose.
            key: layer and name of the matrix, to find its map.

        Raises:
            UsageError: a map of another shape, or shares and no ``rng``.
        """
        given = self.given(shape, key)
        if given is not None:
            return given
        cells = int(np.prod(shape))
        stuck = np.zeros(cells, dtype=np.int8)
        if not self.random:
            return stuck.reshape(shape)
        if rng is None:
            raise UsageError("faults: shares of stuck cells are drawn; pass rng=...")
        # rounded at random: a small share of a small matrix is right on average
        off, on = (int(share * cells + rng.random()) for share in (self.stuck_off, self.stuck_on))
        chosen = rng.choice(cells, size=min(off + on, cells), replace=False)
        stuck[chosen[:off]] = -1
        stuck[chosen[off:]] = 1
        return stuck.reshape(shape)

    def apply(self, conductance: Array, stuck: NDArray[np.int8], lowest: float) -> Array:
        """Return the conductances with stuck cells where they are stuck, S."""
        off = lowest if self.stuck_off_conductance is None else self.stuck_off_conductance
        found = np.where(stuck < 0, off, conductance)
        if self.stuck_on_conductance is not None:
            found = np.where(stuck > 0, self.stuck_on_conductance, found)
        return np.asarray(found)
