"""Arrays with wires: read exactly, looked into, and programmed at the cost of a cell."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memcircuit.crossbar.crossbar import Crossbar
    from memcircuit.crossbar.transfer import transfer_matrix
    from memcircuit.crossbar.wires import Wires

# scipy.linalg takes a while to import: names load on first use.
_HOMES = {"Crossbar": "crossbar", "Wires": "wires", "transfer_matrix": "transfer"}

__all__ = ["Crossbar", "Wires", "transfer_matrix"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"memcircuit.crossbar.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'memcircuit.crossbar' has no attribute {name!r}")
