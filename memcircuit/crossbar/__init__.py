"""Arrays with wires: read exactly, looked into, and programmed at the cost of a cell."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memcircuit.crossbar.crossbar import Crossbar
    from memcircuit.crossbar.nodes import ConvergenceWarning
    from memcircuit.crossbar.programming import program_pulses
    from memcircuit.crossbar.selection import Bias
    from memcircuit.crossbar.transfer import transfer_matrix
    from memcircuit.crossbar.verify import write_verify
    from memcircuit.crossbar.wires import Wires

# scipy.linalg takes a while to import: names load on first use.
_HOMES = {
    "Bias": "selection",
    "ConvergenceWarning": "nodes",
    "Crossbar": "crossbar",
    "Wires": "wires",
    "program_pulses": "programming",
    "transfer_matrix": "transfer",
    "write_verify": "verify",
}

__all__ = [
    "Bias",
    "ConvergenceWarning",
    "Crossbar",
    "Wires",
    "program_pulses",
    "transfer_matrix",
    "write_verify",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"memcircuit.crossbar.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'memcircuit.crossbar' has no attribute {name!r}")
