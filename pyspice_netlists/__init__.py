"""Everything that becomes netlist text: devices in cells, transistors, stimuli, test benches.

Built on PySpice's netlist objects; knows nothing of memcircuit. A memristor is any object with
the small interface of ``pyspice_netlists.interfaces.Memristor``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pyspice_netlists.errors import NetlistError

if TYPE_CHECKING:
    from pyspice_netlists.benches import Bench, cell_bench
    from pyspice_netlists.cells import Cell, OneMemristor, OneTransistorOneMemristor
    from pyspice_netlists.crossbars import (
        CellArray,
        CrossbarBench,
        LineEnds,
        ResistorArray,
        crossbar_bench,
    )
    from pyspice_netlists.elements import OsdiElement
    from pyspice_netlists.interfaces import LineResistances, Memristor
    from pyspice_netlists.port_networks import PortBench, PortCells, port_bench
    from pyspice_netlists.stimuli import Pulse, PulseSequence, Waveform, pulse_sequence
    from pyspice_netlists.transistors import TRANSISTORS, Transistor, transistor
    from pyspice_netlists.vdmos import Vdmos

# PySpice takes half a second to import: names load on first use.
_HOMES = {
    "Bench": "benches",
    "cell_bench": "benches",
    "Cell": "cells",
    "OneMemristor": "cells",
    "OneTransistorOneMemristor": "cells",
    "CellArray": "crossbars",
    "CrossbarBench": "crossbars",
    "LineEnds": "crossbars",
    "ResistorArray": "crossbars",
    "crossbar_bench": "crossbars",
    "OsdiElement": "elements",
    "LineResistances": "interfaces",
    "Memristor": "interfaces",
    "PortBench": "port_networks",
    "PortCells": "port_networks",
    "port_bench": "port_networks",
    "Pulse": "stimuli",
    "PulseSequence": "stimuli",
    "Waveform": "stimuli",
    "pulse_sequence": "stimuli",
    "TRANSISTORS": "transistors",
    "Transistor": "transistors",
    "transistor": "transistors",
    "Vdmos": "vdmos",
}

__all__ = [
    "TRANSISTORS",
    "Bench",
    "Cell",
    "CellArray",
    "CrossbarBench",
    "LineEnds",
    "LineResistances",
    "Memristor",
    "NetlistError",
    "OneMemristor",
    "OneTransistorOneMemristor",
    "OsdiElement",
    "PortBench",
    "PortCells",
    "Pulse",
    "PulseSequence",
    "ResistorArray",
    "Transistor",
    "Vdmos",
    "Waveform",
    "cell_bench",
    "crossbar_bench",
    "port_bench",
    "pulse_sequence",
    "transistor",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"pyspice_netlists.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'pyspice_netlists' has no attribute {name!r}")
