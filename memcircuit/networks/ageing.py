"""What time and temperature do to conductances that were written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_number
from memcircuit.devices.statistics import drift_exponents
from memcircuit.errors import UsageError

if TYPE_CHECKING:
    from memcircuit.devices.device import Device

Array = NDArray[np.float64]
# Conductances at which the ratio of two temperatures is computed; between them it is interpolated.
_POINTS = 257


@dataclass(frozen=True)
class Drift:
    """Power law G (t/reference)^-exponent, as cards state it.

    D. Ielmini, S. Lavizzari, D. Sharma, A. L. Lacaita, IEDM 2007, doi:10.1109/IEDM.2007.4419107.

    Attributes:
        time: s since the cells were written.
        exponent: dimensionless, its median over the cells.
        reference: s, when the written conductance was measured; nothing drifts before.
        spread: standard deviation of the exponents relative to their mean, log-normal.
    """

    time: float
    exponent: float
    reference: float = 1.0
    spread: float = 0.0

    def __post_init__(self) -> None:
        for name in ("time", "exponent", "spread"):
            require_number(getattr(self, name), f"drift: {name}")
        require_number(self.reference, "drift: reference, s,", above=True)

    @classmethod
    def of_card(cls, device: Device, time: float) -> Drift:
        """Return the drift after ``time``, s, that a device's card states.

        Raises:
            UsageError: the card states no retention.
        """
        from memcircuit.devices.device import require_device

        require_device(device)
        if device.card is None or not device.card.retention:
            raise UsageError(f"device {device.name!r}: its card states no retention")
        stated = {name: entry.value for name, entry in device.card.retention.items()}
        return cls(time, stated["exponent"], stated["reference"], stated.get("spread", 0.0))

    @property
    def none(self) -> bool:
        """Whether nothing has drifted."""
        return self.exponent == 0.0 or self.time <= self.reference

    def apply(self, conductance: Array, rng: np.random.Generator | None = None) -> Array:
        """Return the conductances after the time, S; one exponent is drawn for every cell.

        Raises:
            UsageError: a spread, and no ``rng``.
        """
        if self.spread > 0.0 and rng is None:
            raise UsageError(f"drift: a spread of {self.spread} is drawn; pass rng=...")
        exponent = drift_exponents(self.exponent, self.spread or None, conductance.shape, rng)
        return np.asarray(conductance * max(self.time / self.reference, 1.0) ** -exponent)


def at_temperature(
    conductance: Array, device: Device, temperature: float, read_voltage: float
) -> Array:
    """Return the conductances of the same states read at another temperature, S.

    Args:
        conductance: any shape, S, at the device's own temperature.
        device: tells the states behind them and how they conduct.
        temperature: K.
        read_voltage: V.

    Raises:
        UsageError: a device that conducts the same at any temperature, so that its table has to
            be simulated at that temperature, or a temperature its model refuses.
    """
    if "temperature" not in device.model.by_name:
        raise UsageError(f"temperature: the model of device {device.name!r} has none")
    low, high = device.conductance(np.array([0.0, 1.0]), read_voltage)
    grid = np.geomspace(max(min(low, high), 1e-15), max(low, high), _POINTS)
    states = device.state_at(grid, read_voltage)
    before = device.conductance(states, read_voltage)
    after = device.with_parameters(temperature=temperature).conductance(states, read_voltage)
    if temperature != device.parameters["temperature"] and np.array_equal(before, after):
        raise UsageError(
            f"temperature: device {device.name!r} conducts the same at any temperature, only its "
            "rates change; simulate its table at that temperature"
        )
    return np.asarray(conductance * np.interp(conductance, grid, after / before))
