"""What a fit compares: a measured I-V loop or pulse response, and the numpy model's answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.devices.device import Device
from memcircuit.devices.evolution import evolve, evolve_pulses
from memcircuit.devices.numpy_model import NumpyModel
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import programming_pulse, pulse_gap, read_pulse

if TYPE_CHECKING:
    import xarray as xr

    from pyspice_netlists import Pulse

Array = NDArray[np.float64]

# The states must change smoothly with the parameters, for derivatives are taken by differences.
_TOLERANCES = {"relative_tolerance": 1e-6, "absolute_tolerance": 1e-9}


class Target(Protocol):
    """Measured values, and what a model gives in their place."""

    @property
    def observed(self) -> Array:
        """(values,), in ``unit``."""

    @property
    def unit(self) -> str:
        """SI unit of what is compared."""

    def simulated(self, model: NumpyModel, start: Array) -> Array:
        """Return what (sets,) parameter values and initial states give, (sets, values)."""


# Points of a simulated loop that a fit compares: each costs a step of the integrator.
_MOST_POINTS = 1000


@dataclass(frozen=True)
class LoopTarget:
    """Current over time under a voltage that is linear between the samples.

    Attributes:
        time: (n,) s.
        voltage: (n,) V.
        observed: (n,) A.
    """

    time: Array
    voltage: Array
    observed: Array
    unit: str = "A"

    def simulated(self, model: NumpyModel, start: Array) -> Array:
        """Return the currents, (sets, n)."""
        states = evolve(model, self.time, self.voltage, start, **_TOLERANCES)
        return _by_row(model).current(self.voltage, states)


@dataclass(frozen=True)
class PulseTarget:
    """Conductance at a read before the first pulse and after each.

    Attributes:
        programming: (pulses,) SET or RESET pulse, in order.
        reading: read pulse.
        gap: s at zero behind every pulse.
        curves: (curves, pulses + 1) S, measured under the same pulses.
    """

    programming: tuple[Pulse, ...]
    reading: Pulse
    gap: float
    curves: Array
    unit: str = "S"

    @property
    def observed(self) -> Array:
        """All curves, one behind the other."""
        return self.curves.ravel()

    def simulated(self, model: NumpyModel, start: Array) -> Array:
        """Return the conductances, (sets, curves (pulses + 1))."""
        read, rest = self.reading, (0.0, self.gap, 0.0, 0.0, 0.0)
        reads = (read.amplitude, read.width, read.rise, read.fall, 0.0)
        # a device that forgets is seen as the read ends, so the gap behind it stands by itself
        train = [reads, rest]
        for pulse in self.programming:
            train += [(pulse.amplitude, pulse.width, pulse.rise, pulse.fall, self.gap), reads, rest]
        amplitude, width, rise, fall, gap = np.array(train).T
        states = evolve_pulses(
            model, amplitude, width, start, rise=rise, fall=fall, gap=gap, **_TOLERANCES
        )  # fmt: skip
        seen = np.concatenate([[0], np.arange(3, len(train), 3)])
        found = _by_row(model).current(read.amplitude, states[:, seen]) / read.amplitude
        return np.tile(found, (1, len(self.curves)))


def _by_row(model: NumpyModel) -> NumpyModel:
    """Return the model with one row per parameter set, to go with values along the row."""
    values = {k: np.asarray(x)[..., np.newaxis] for k, x in model.parameters.items()}
    return NumpyModel(model.model, values)


def fit_target(
    device: Device,
    data: xr.Dataset | tuple[ArrayLike, ...],
    *,
    set: Pulse | None = None,  # noqa: A002
    reset: Pulse | None = None,
    read: Pulse | float | None = None,
) -> Target:
    """Return what a fit of ``device`` to ``data`` compares; the arguments are those of ``fit``.

    Raises:
        UsageError: data of another kind, of another cell than the bare device, or not finite.
    """
    import xarray as xr

    from pyspice_netlists import OneMemristor

    if isinstance(data, xr.Dataset):
        cell = str(data.attrs.get("cell_name", OneMemristor.prefix))
        if not cell.startswith(OneMemristor.prefix):
            raise UsageError(
                f"the data are of the cell {cell!r}; a fit takes those of the bare device, whose "
                "own voltage is known"
            )
        if {"time", "voltage", "current"} <= {str(name) for name in data.variables}:
            return _loop(*(data[name][_thinned(data)] for name in ("time", "voltage", "current")))
        if "conductance" in data and "direction" in data.coords:
            seen = data["conductance"]
            order = [*(dim for dim in seen.dims if dim != "pulse"), "pulse"]
            curves = seen.transpose(*order).to_numpy().reshape(-1, seen.sizes["pulse"])
            return _pulses(device, curves, data["direction"], set, reset, read)
        raise UsageError(
            "the dataset holds neither time, voltage and current (mc.iv_loop) nor conductance "
            f"with direction along pulse (mc.pulse_train); it holds {', '.join(map(str, data))}"
        )
    if isinstance(data, (tuple, list)) and len(data) == 3:
        return _loop(*data)
    if isinstance(data, (tuple, list)) and len(data) == 2:
        return _pulses(device, data[0], data[1], set, reset, read)
    raise UsageError(
        f"data of type {type(data).__name__}: pass a dataset of mc.iv_loop, mc.pulse_train or "
        "mc.pulse_cycles, arrays (time, voltage, current), or arrays (conductance, direction)"
    )


def _thinned(loop: xr.Dataset) -> NDArray[np.intp]:
    """Return which points of a simulated loop to compare, evenly over time."""
    time = loop["time"].to_numpy()
    wanted = np.linspace(time[0], time[-1], min(time.size, _MOST_POINTS))
    return np.unique(np.searchsorted(time, wanted).clip(max=time.size - 1))


def _loop(time: ArrayLike, voltage: ArrayLike, current: ArrayLike) -> LoopTarget:
    arrays = {"time": time, "voltage": voltage, "current": current}
    values = {name: _finite(given, name) for name, given in arrays.items()}
    instants = values["time"]
    if instants.ndim != 1 or any(x.shape != instants.shape for x in values.values()):
        shapes = ", ".join(f"{name} {x.shape}" for name, x in values.items())
        raise UsageError(f"{shapes}: expected three arrays of one length")
    if instants.size < 2 or np.any(np.diff(instants) <= 0):
        raise UsageError("time must be a rising array of at least two instants")
    return LoopTarget(instants, values["voltage"], values["current"])


def _pulses(
    device: Device,
    conductance: ArrayLike,
    direction: ArrayLike,
    set_pulse: Pulse | None,
    reset_pulse: Pulse | None,
    read: Pulse | float | None,
) -> PulseTarget:
    curves = np.atleast_2d(_finite(conductance, "conductance"))
    order = _finite(direction, "direction")
    if curves.ndim != 2 or order.shape != curves.shape[1:] or order.size < 2:
        raise UsageError(
            f"conductance {curves.shape} and direction {order.shape}: expected a conductance "
            "before the first pulse and after each, and a direction for each of them"
        )
    if order[0] != 0 or not np.all(np.isin(order[1:], (-1, 1))):
        raise UsageError("direction must be 0, for the read before the first pulse, then +1 or -1")
    chosen = {
        sign: programming_pulse(device, kind, given)
        for sign, kind, given in ((1, "set", set_pulse), (-1, "reset", reset_pulse))
        if sign in order
    }
    reading = read_pulse(device, read, min(pulse.width for pulse in chosen.values()))
    gap = pulse_gap((*chosen.values(), reading))
    return PulseTarget(tuple(chosen[int(sign)] for sign in order[1:]), reading, gap, curves)


def _finite(given: ArrayLike, name: str) -> Array:
    try:
        values = np.asarray(given, dtype=float)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name} of the data holds no numbers") from error
    if not np.all(np.isfinite(values)):
        raise UsageError(f"{name} of the data is not finite at {np.sum(~np.isfinite(values))} of "
                         f"{values.size} points")  # fmt: skip
    return values
