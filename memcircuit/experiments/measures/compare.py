"""What a card states beside what a simulation of it gives."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from memcircuit.devices.device import Device, Form
from memcircuit.errors import UsageError

#: Simulates a device in a netlist form and returns the figure, SI.
Measure = Callable[[Device, Form], float]


@dataclass(frozen=True)
class Comparison:
    """One figure of a card.

    Attributes:
        device: name.
        form: netlist form.
        figure: name of the figure, that of its measure.
        unit: of both values.
        source: where the publication states it.
        stated: by the card.
        found: by simulation.
        tolerance: allowed share.
    """

    device: str
    form: Form
    figure: str
    unit: str
    source: str
    stated: float
    found: float
    tolerance: float

    @property
    def deviation(self) -> float:
        """By what share the simulation misses the stated value."""
        return abs(self.found / self.stated - 1)

    @property
    def holds(self) -> bool:
        """The deviation is within the tolerance."""
        return self.deviation <= self.tolerance


@cache
def measures() -> dict[str, Measure]:
    """Return every measure by name: those of all files beside this one that define MEASURES."""
    from memcircuit.experiments import measures as folder

    found: dict[str, Measure] = {}
    for entry in pkgutil.iter_modules(folder.__path__):
        module = importlib.import_module(f"{folder.__name__}.{entry.name}")
        found.update(getattr(module, "MEASURES", {}))
    return found


def compare(device: Device, form: Form) -> list[Comparison]:
    """Measure every figure of a device's card that states a tolerance.

    Raises:
        UsageError: the device comes from no card, or a figure that nobody knows how to measure.
        SimulationError: the simulator gave no trustworthy result.
    """
    if device.card is None:
        raise UsageError(f"device {device.name!r} comes from no card: it states no figures")
    checked = {name: e for name, e in device.card.measured.items() if e.tolerance > 0}
    unknown = [name for name in checked if name not in measures()]
    if unknown:
        raise UsageError(
            f"card {device.card.name}: no measure {unknown[0]!r}; there are "
            f"{', '.join(sorted(measures()))}"
        )
    return [
        Comparison(
            device.name, form, name, entry.unit, entry.source, entry.value,
            measures()[name](device, form), entry.tolerance,
        )
        for name, entry in checked.items()
    ]  # fmt: skip
