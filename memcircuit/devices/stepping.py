"""Devices on their way along a waveform, each with its own adaptive steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from memcircuit.devices.numpy_model import NumpyModel
from memcircuit.devices.rosenbrock import ERROR_ORDER, rosenbrock_step
from memcircuit.errors import ConvergenceError

Array = NDArray[np.float64]
Slopes = tuple[Array, Array, Array]

_SAFETY = 0.9
# V, beside a kink at zero.
_BESIDE_ZERO = 1e-12
_SHRINK = 0.1
_GROW = 8.0
# Attempts on one straight piece of a waveform; a few suffice, steep ramps take some tens.
_MOST_ATTEMPTS = 5_000


@dataclass(frozen=True)
class Devices:
    """Devices of one model, and how exactly they are followed.

    Attributes:
        model: parameter values are numbers or (devices,), multipliers included.
        relative_tolerance: of the state.
        absolute_tolerance: of the state.
    """

    model: NumpyModel
    relative_tolerance: float
    absolute_tolerance: float

    def take(self, which: NDArray[np.intp]) -> Devices:
        """Return some of the devices."""
        parameters = {k: _of(np.asarray(x), which) for k, x in self.model.parameters.items()}
        return replace(self, model=NumpyModel(self.model.model, parameters))

    def rate(self, voltage: Array, state: Array) -> Array:
        """Return ds/dt, 1/s."""
        return self.model.rate(voltage, state)

    def slopes(self, voltage: Array, state: Array, ramp: Array) -> Slopes:
        """Return ds/dt, its derivative after the state, and after time on a ramp in V/s."""
        # at zero, where the other direction takes over, the slope on the side of the ramp counts
        turning = (voltage == 0) & (ramp != 0)
        ahead = np.where(turning, np.copysign(_BESIDE_ZERO, ramp), voltage)
        rate, by_state, by_voltage = self.model.motion(ahead, state)
        return rate, by_state, by_voltage * ramp

    def step(
        self, voltage: Array, ramp: Array, state: Array, slopes: Slopes, size: Array
    ) -> tuple[Array, Array]:
        """Return the clipped state after a step of ``size`` (s), and its error in tolerances."""
        free, error = rosenbrock_step(
            lambda share, y: self.rate(voltage + ramp * (share * size), y), state, slopes, size
        )
        after = np.clip(free, 0.0, 1.0)
        off = np.abs(error)
        outside = free != after
        if outside.any():
            # Beyond an end the state winds up within the step. That is no error when it still
            # pushes outwards as the step ends; else the way back started too far out.
            which = np.flatnonzero(outside)
            last = self.take(which).rate((voltage + ramp * size)[which], after[which])
            beyond = (free - after)[which]
            off[which] += np.where(last * beyond < 0, np.abs(beyond), 0.0)
        scale = self.absolute_tolerance + self.relative_tolerance * np.maximum(state, after)
        return after, np.where(np.isfinite(free) & np.isfinite(error), off / scale, np.inf)


def _of(values: Array, which: NDArray[np.intp]) -> Array:
    return values if values.ndim == 0 else values[which]


def along(devices: Devices, begin: Array, end: Array, duration: float, state: Array) -> Array:
    """Return the states behind a straight piece of the waveform.

    It is taken in two where it passes zero: then what drives the state grows or falls all the
    way, and its ends say whether anything moves in between.
    """
    crossing = begin * end < 0
    if not crossing.any():
        return _straight(devices, begin, end, np.full(begin.size, duration), state)
    share = np.where(crossing, begin / np.where(crossing, begin - end, 1.0), 1.0)
    state = _straight(devices, begin, np.where(crossing, 0.0, end), share * duration, state)
    which = np.flatnonzero(crossing)
    state[which] = _straight(
        devices.take(which), np.zeros(which.size), end[which], ((1 - share) * duration)[which],
        state[which],
    )  # fmt: skip
    return state


def _straight(devices: Devices, begin: Array, end: Array, duration: Array, state: Array) -> Array:
    """Return the states behind a straight piece on which the voltage keeps its sign."""
    result = state.copy()
    where = np.flatnonzero(duration > 0)
    way = _Way.start(devices, begin, end, duration, state).take(where)
    for _ in range(_MOST_ATTEMPTS):
        done = way.arrived() | way.resting()
        if done.any():
            result[where[done]] = way.state[done]
            where, way = where[~done], way.take(np.flatnonzero(~done))
        if not where.size:
            return result
        way = way.attempt()
    name = devices.model.model.name
    raise ConvergenceError(
        f"model {name!r}: the state stays at {way.state[0]:.6g}, {way.elapsed[0]:g} s into a piece "
        f"of {way.duration[0]:g} s from {way.begin[0]:g} V at {way.ramp[0]:g} V/s, where its rate "
        f"is {way.slopes[0][0]:g} 1/s; does it jump there?"
    )


@dataclass(frozen=True)
class _Way:
    """Devices on their way along a straight piece, each where its steps have brought it.

    Attributes:
        devices: who.
        begin: (devices,) V at the start of the piece.
        ramp: (devices,) V/s.
        duration: (devices,) s, of the piece.
        elapsed: (devices,) s.
        size: (devices,) s, of the next step.
        state: (devices,).
        slopes: rate and its derivatives after state and time, here and now.
    """

    devices: Devices
    begin: Array
    ramp: Array
    duration: Array
    elapsed: Array
    size: Array
    state: Array
    slopes: Slopes

    @classmethod
    def start(
        cls, devices: Devices, begin: Array, end: Array, duration: Array, state: Array
    ) -> _Way:
        """Return the devices at the start of a piece."""
        ramp = (end - begin) / np.where(duration > 0, duration, 1.0)
        slopes = devices.slopes(begin, state, ramp)
        return cls(devices, begin, ramp, duration, np.zeros(begin.size), duration, state, slopes)

    def take(self, which: NDArray[np.intp]) -> _Way:
        """Return some of the devices."""
        if which.size == self.state.size:
            return self
        rate, by_state, by_time = self.slopes
        return _Way(
            self.devices.take(which), self.begin[which], self.ramp[which], self.duration[which],
            self.elapsed[which], self.size[which], self.state[which],
            (rate[which], by_state[which], by_time[which]),
        )  # fmt: skip

    @property
    def voltage(self) -> Array:
        """Present voltage, V."""
        return self.begin + self.ramp * self.elapsed

    def arrived(self) -> NDArray[np.bool_]:
        """Return who has reached the end of the piece."""
        return self.elapsed >= self.duration

    def resting(self) -> NDArray[np.bool_]:
        """Return who stays where it is to the end of the piece: no rate, or held at its end."""
        rate, still = self.slopes[0], np.zeros(self.state.size, dtype=bool)
        outwards = _outwards(self.state, rate)
        which = np.flatnonzero(outwards)
        if which.size:
            last = self.begin[which] + self.ramp[which] * self.duration[which]
            state = self.state[which]
            at_end = self.devices.take(which).rate(last, state)
            still[which] = _outwards(state, at_end)
        return still

    def attempt(self) -> _Way:
        """Return the same devices after a step each, or with a smaller one to try next."""
        rate, by_state, _ = self.slopes
        # Where the state runs away from itself, an implicit step longer than the time it takes
        # to do so would damp what grows.
        limit = np.divide(1.0, by_state, out=np.full_like(rate, np.inf), where=by_state > 0)
        left = self.duration - self.elapsed
        size = np.minimum(np.minimum(self.size, limit), left)
        after, error = self.devices.step(self.voltage, self.ramp, self.state, self.slopes, size)
        # shorter than rounding resolves: a jump of the rate, passed as it is
        good = (error <= 1) | (self.elapsed + size <= self.elapsed * (1 + 4e-16))
        with np.errstate(divide="ignore"):
            factor = np.clip(_SAFETY * error ** (-1 / ERROR_ORDER), _SHRINK, _GROW)
        elapsed = np.where(size >= left, self.duration, self.elapsed + size)
        moved = replace(
            self,
            elapsed=np.where(good, elapsed, self.elapsed),
            size=size * np.where(good, factor, np.minimum(factor, 0.5)),
            state=np.where(good, after, self.state),
        )
        return moved.renewed(np.flatnonzero(good & (moved.elapsed < self.duration)))

    def renewed(self, which: NDArray[np.intp]) -> _Way:
        """Return the same with the slopes of some devices evaluated anew."""
        if not which.size:
            return self
        here = self.take(which)
        fresh = here.devices.slopes(here.voltage, here.state, here.ramp)
        slopes = tuple(old.copy() for old in self.slopes)
        for old, new in zip(slopes, fresh, strict=True):
            old[which] = new
        return replace(self, slopes=(slopes[0], slopes[1], slopes[2]))


def _outwards(state: Array, rate: Array) -> NDArray[np.bool_]:
    """Return where a rate moves nothing: zero, or out of an end of 0 ... 1."""
    return np.asarray((rate == 0) | ((state <= 0) & (rate < 0)) | ((state >= 1) & (rate > 0)))
