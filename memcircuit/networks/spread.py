"""How far conductances stray from what was wanted: size, shape and draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.checks import (
    require_count,
    require_flag,
    require_kind,
)
from memcircuit.errors import UsageError
from memcircuit.networks.layer import number_array
from memcircuit.tables.levels import SPREADS, LevelTable

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.devices.device import Device

Array = NDArray[np.float64]
Kind = Literal["siemens", "range", "highest", "value", "curve"]


@dataclass(frozen=True, eq=False)
class Spread:
    """Standard deviation of conductances; made by ``Spread.of_...``, which say what it counts in.

    Attributes:
        kind: what ``size`` counts in.
        size: one number, or (points,) of a curve, S.
        at: (points,) S, the conductances of a curve; between them it is interpolated, beyond
            them it keeps its last value.
        shift: (points,) S, mean deviation of a curve.
        lognormal: whether conductances are multiplied by exp(size z) instead, median 1.
        negative: whether a drawn conductance below zero becomes ``zero``, as of a passive device,
            or is kept (``keep``), as in calculations that care for signs only.
    """

    kind: Kind
    size: Array
    at: Array | None = None
    shift: Array | None = None
    lognormal: bool = False
    negative: Literal["zero", "keep"] = "zero"

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind) or (self.kind == "curve") != (self.at is not None):
            raise UsageError(f"spread: kind is {self.kind!r}; Spread.of_... make one")
        if self.negative not in ("zero", "keep"):
            raise UsageError(f"spread: negative is {self.negative!r}; choose 'zero' or 'keep'")
        try:
            size = np.array(self.size, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise UsageError(
                f"spread: {np.asarray(self.size).tolist()!r} is no number; 0.05 is 5 %"
            ) from error
        if not np.isfinite(size).all() or (size < 0).any():
            raise UsageError(f"spread: {size} must be at least 0 and finite")
        if size.ndim != (1 if self.kind == "curve" else 0):
            raise UsageError(f"spread: size has shape {size.shape}; give one number")
        if self.kind in ("siemens", "curve") and (size > 1.0).any():
            raise UsageError(f"spread: {size.max():g} S; at most 1 S, or the unit is another")
        require_flag(self.lognormal, "spread: lognormal")
        object.__setattr__(self, "size", size)

    @classmethod
    def of_siemens(cls, size: float, *, negative: Literal["zero", "keep"] = "zero") -> Spread:
        """Return a normal spread of ``size``, S."""
        return cls("siemens", np.asarray(size), negative=negative)

    @classmethod
    def of_range(cls, size: float, *, negative: Literal["zero", "keep"] = "zero") -> Spread:
        """Return a normal spread of ``size`` times the highest less the lowest conductance."""
        return cls("range", np.asarray(size), negative=negative)

    @classmethod
    def of_highest(cls, size: float, *, negative: Literal["zero", "keep"] = "zero") -> Spread:
        """Return a normal spread of ``size`` times the highest conductance."""
        return cls("highest", np.asarray(size), negative=negative)

    @classmethod
    def of_value(
        cls, size: float, *, lognormal: bool = False, negative: Literal["zero", "keep"] = "zero"
    ) -> Spread:
        """Return a spread of ``size`` times each conductance itself."""
        return cls("value", np.asarray(size), lognormal=lognormal, negative=negative)

    @classmethod
    def of_curve(
        cls, conductance: ArrayLike, deviation: ArrayLike, shift: ArrayLike = 0.0
    ) -> Spread:
        """Return a normal spread that depends on the conductance.

        Args:
            conductance: (points,) S, rising.
            deviation: (points,) S, standard deviation.
            shift: (points,) or one number, S, mean deviation.

        Raises:
            UsageError: conductances that do not rise, or shapes that differ.
        """
        at, deviations, shifts = (
            number_array(given, f"spread: {name} of a curve", np.float64)
            for name, given in (
                ("conductances", conductance), ("deviations", deviation), ("shifts", shift),
            )
        )  # fmt: skip
        if at.ndim != 1 or not at.size or not np.isfinite(at).all() or (np.diff(at) <= 0).any():
            raise UsageError("spread: the conductances of a curve must be (points,) and rise")
        try:
            size = np.broadcast_to(deviations, at.shape)
            mean = np.broadcast_to(shifts, at.shape)
        except ValueError as error:
            raise UsageError(
                f"spread: {deviations.shape} deviations and {shifts.shape} shifts at "
                f"{at.size} conductances"
            ) from error
        if not np.isfinite(mean).all():
            raise UsageError("spread: the shifts of a curve must be finite")
        return cls("curve", size, at=at, shift=mean if mean.any() else None)

    @classmethod
    def of_levels(cls, levels: LevelTable, name: str) -> Spread:
        """Return the ``device_to_device``, ``cycle_to_cycle`` or ``read_noise`` of a table."""
        require_kind(levels, LevelTable, "levels", "a LevelTable")
        if name not in SPREADS:
            raise UsageError(f"spread: {name!r}; choose one of {', '.join(SPREADS)}")
        return cls.of_curve(levels.conductance, getattr(levels, name))

    @classmethod
    def of_verify(cls, written: xr.Dataset, *, bins: int = 8) -> Spread:
        """Return the error that write-verify leaves, by target: its mean and deviation.

        Args:
            written: result of `write_verify_cells`, with targets in S.
            bins: most groups: one for each target where they are so few and each is of several
                cells; otherwise neighbouring targets, as evenly divided as can be.

        Raises:
            UsageError: no such result, or fewer than two cells.
        """
        import xarray as xr

        require_count(bins, "spread: bins")
        if not isinstance(written, xr.Dataset) or not {"target", "measured"} <= {*written}:
            raise UsageError("spread: not the result of mc.write_verify_cells: no target, measured")
        if written["target"].attrs.get("units") != "S":
            raise UsageError("spread: the targets are no conductances; a bridge's are ratios")
        target, measured = (written[name].to_numpy().ravel() for name in ("target", "measured"))
        if target.size < 2:
            raise UsageError(f"spread: {target.size} cells; at least 2")
        targets, place, cells = np.unique(target, return_inverse=True, return_counts=True)
        single = len(targets) <= bins and cells.min() > 1
        count = len(targets) if single else max(1, min(bins, len(targets) // 2))
        parts = np.array_split(np.arange(len(targets)), count)
        errors = [(measured - target)[np.isin(place, part)] for part in parts]
        return cls.of_curve(
            [target[np.isin(place, part)].mean() for part in parts],
            [error.std(ddof=1) for error in errors],
            [error.mean() for error in errors],
        )

    @classmethod
    def of_card(cls, device: Device) -> Spread:
        """Return the read noise that a device's card states.

        Raises:
            UsageError: the card states none.
        """
        from memcircuit.devices.device import require_device

        require_device(device)
        if device.card is None or "read" not in device.card.noise:
            raise UsageError(f"device {device.name!r}: its card states no noise of a read")
        return cls.of_value(device.card.noise["read"].value)

    @property
    def none(self) -> bool:
        """Whether it changes nothing."""
        return not self.size.any() and self.shift is None

    def deviation(self, conductance: Array, span: tuple[float, float]) -> Array:
        """Return the standard deviation at these conductances, S; of lognormal to first order.

        Args:
            conductance: any shape, S.
            span: lowest and highest conductance of the cells, S.
        """
        if self.kind == "curve":
            return np.asarray(np.interp(conductance, self._at(), self.size))
        unit = {"siemens": 1.0, "range": span[1] - span[0], "highest": span[1]}
        if self.kind == "value":
            return np.asarray(self.size * np.abs(conductance))
        return np.broadcast_to(self.size * unit[self.kind], np.shape(conductance))

    def draw(
        self, conductance: Array, span: tuple[float, float], rng: np.random.Generator
    ) -> Array:
        """Return conductances that stray from these, each on its own.

        Args:
            conductance: any shape, S.
            span: lowest and highest conductance of the cells, S.
            rng: one normal number is drawn for every conductance.
        """
        normal = rng.standard_normal(np.shape(conductance))
        if self.lognormal:
            return np.asarray(conductance * np.exp(self.size * normal))
        found = conductance + self.deviation(conductance, span) * normal
        if self.shift is not None:
            found = found + np.interp(conductance, self._at(), self.shift)
        return np.asarray(np.maximum(found, 0.0) if self.negative == "zero" else found)

    def _at(self) -> Array:
        if self.at is None:
            raise UsageError("spread: a curve needs the conductances of its points")
        return self.at
