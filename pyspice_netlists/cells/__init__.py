"""Synapse cells: memristors with what selects them and reads them, as PySpice subcircuits."""

from pyspice_netlists.cells.cell import Cell, Wiring
from pyspice_netlists.cells.pairs import RatioCell, TwoMemristors
from pyspice_netlists.cells.quads import FourMemristorBridge
from pyspice_netlists.cells.singles import (
    HybridMemristor,
    OneMemristor,
    OneSelectorOneMemristor,
    OneTransistorOneMemristor,
    ParallelMemristors,
)

__all__ = [
    "Cell",
    "FourMemristorBridge",
    "HybridMemristor",
    "OneMemristor",
    "OneSelectorOneMemristor",
    "OneTransistorOneMemristor",
    "ParallelMemristors",
    "RatioCell",
    "TwoMemristors",
    "Wiring",
]
