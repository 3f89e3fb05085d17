"""The scale on which a fit searches a parameter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memcircuit.devices.definition import Parameter
from memcircuit.devices.device import Device

Array = NDArray[np.float64]

#: Name under which the state at the start can be free.
INITIAL_STATE = "initial_state"
#: What is declared of it.
STATE = Parameter(INITIAL_STATE, 0.0, "1", "state at the start", 0, 1)

# Furthest a parameter without a bound may go from its start, in powers of e: twenty decades.
_REACH = 46.0


@dataclass(frozen=True)
class Axis:
    """A free value and the scale on which it is searched.

    Attributes:
        parameter: its declaration.
        value: at the start.
        unit: what 1 on a linear axis is; on a logarithmic one, the sign.
        logarithmic: the axis is the logarithm of the magnitude.
        low: least on the axis.
        high: most on the axis.
    """

    parameter: Parameter
    value: float
    unit: float
    logarithmic: bool
    low: float
    high: float

    def to_value(self, x: Array) -> Array:
        """Return values at places on the axis."""
        value = self.unit * (np.exp(x) if self.logarithmic else x)
        return np.clip(value, self.parameter.low, self.parameter.high)

    def to_axis(self) -> float:
        """Return the place of the start."""
        place = self.value / self.unit
        return float(np.log(place)) if self.logarithmic else place

    def slope(self, value: float) -> float:
        """Return the change of the value with the place on the axis."""
        return abs(value) if self.logarithmic else abs(self.unit)


def axis_of(device: Device, name: str) -> Axis:
    """Return the axis of a free value: logarithmic where its range has one sign."""
    parameter = declared(device, name)
    value = device.initial_state if name == INITIAL_STATE else device.parameters[name]
    low, high = parameter.low, parameter.high
    if value != 0 and name != INITIAL_STATE and (low >= 0 or high <= 0):
        near, far = (low, high) if low >= 0 else (-high, -low)
        middle = float(np.log(abs(value)))
        ends = [
            float(np.log(near)) if near > 0 else middle - _REACH,
            float(np.log(far)) if np.isfinite(far) else middle + _REACH,
        ]
        return Axis(parameter, value, float(np.sign(value)), True, *ends)
    unit = high - low if np.isfinite(high - low) else abs(value) or abs(parameter.default) or 1.0
    return Axis(parameter, value, unit, False, low / unit, high / unit)


def declared(device: Device, name: str) -> Parameter:
    """Return the declaration of a free value.

    Raises:
        ParameterError: the model has no such parameter.
    """
    if name == INITIAL_STATE:
        return STATE
    device.model.check_known(name, "free")
    return device.model.by_name[name]
