"""Instance parameters of a cell's devices, with the values of those that are given none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from pyspice_netlists.interfaces import Memristor


@runtime_checkable
class FreeDevice(Protocol):
    """A memristor whose subcircuit takes values of its model card as instance parameters."""

    @property
    def free(self) -> Mapping[str, float]:
        """The parameters that instances may set, with the values of those that do not."""


def device_parameters(device: Memristor) -> dict[str, float]:
    """Return what instances of a memristor may be given beside where they start.

    Returns:
        defaults by name: multipliers, 1, then the free parameters.
    """
    free = device.free if isinstance(device, FreeDevice) else {}
    return {**dict.fromkeys(device.multipliers, 1.0), **free}
