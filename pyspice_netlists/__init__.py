"""Everything that becomes netlist text: devices in cells, transistors, stimuli, test benches.

Built on PySpice's netlist objects; knows nothing of memcircuit. A memristor is any object with
the small interface of ``pyspice_netlists.interfaces.Memristor``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pyspice_netlists.errors import NetlistError

if TYPE_CHECKING:
    from pyspice_netlists.amplifier import DifferentialAmplifier
    from pyspice_netlists.benches import Bench, Port, cell_bench
    from pyspice_netlists.cells import (
        Cell,
        FourMemristorBridge,
        HybridMemristor,
        OneMemristor,
        OneSelectorOneMemristor,
        OneTransistorOneMemristor,
        ParallelMemristors,
        RatioCell,
        TwoMemristors,
        Wiring,
    )
    from pyspice_netlists.compliance import limit_drivers
    from pyspice_netlists.crossbars import (
        CellArray,
        CrossbarBench,
        LineEnds,
        ResistorArray,
        crossbar_bench,
    )
    from pyspice_netlists.elements import OsdiElement
    from pyspice_netlists.interfaces import LineResistances, Memristor
    from pyspice_netlists.mosfet import Mosfet
    from pyspice_netlists.port_networks import PortBench, PortCells, port_bench
    from pyspice_netlists.pulse_lists import (
        amplitude_staircase,
        bipolar,
        check_edges,
        identical,
        pulse_list,
        width_staircase,
    )
    from pyspice_netlists.stimuli import Pulse, PulseSequence, Waveform, pulse_sequence
    from pyspice_netlists.sweeps import sine, triangle
    from pyspice_netlists.transistors import TRANSISTORS, Transistor, integrated_nmos, transistor
    from pyspice_netlists.vdmos import Vdmos

# PySpice takes half a second to import: names load on first use.
_HOMES = {
    "DifferentialAmplifier": "amplifier",
    "Bench": "benches",
    "Port": "benches",
    "cell_bench": "benches",
    "Cell": "cells",
    "FourMemristorBridge": "cells",
    "HybridMemristor": "cells",
    "OneMemristor": "cells",
    "OneSelectorOneMemristor": "cells",
    "OneTransistorOneMemristor": "cells",
    "ParallelMemristors": "cells",
    "RatioCell": "cells",
    "TwoMemristors": "cells",
    "Wiring": "cells",
    "limit_drivers": "compliance",
    "CellArray": "crossbars",
    "CrossbarBench": "crossbars",
    "LineEnds": "crossbars",
    "ResistorArray": "crossbars",
    "crossbar_bench": "crossbars",
    "OsdiElement": "elements",
    "LineResistances": "interfaces",
    "Memristor": "interfaces",
    "Mosfet": "mosfet",
    "PortBench": "port_networks",
    "PortCells": "port_networks",
    "port_bench": "port_networks",
    "amplitude_staircase": "pulse_lists",
    "bipolar": "pulse_lists",
    "check_edges": "pulse_lists",
    "identical": "pulse_lists",
    "pulse_list": "pulse_lists",
    "width_staircase": "pulse_lists",
    "Pulse": "stimuli",
    "PulseSequence": "stimuli",
    "Waveform": "stimuli",
    "pulse_sequence": "stimuli",
    "sine": "sweeps",
    "triangle": "sweeps",
    "TRANSISTORS": "transistors",
    "Transistor": "transistors",
    "integrated_nmos": "transistors",
    "transistor": "transistors",
    "Vdmos": "vdmos",
}

__all__ = [
    "TRANSISTORS",
    "Bench",
    "Cell",
    "CellArray",
    "CrossbarBench",
    "DifferentialAmplifier",
    "FourMemristorBridge",
    "HybridMemristor",
    "LineEnds",
    "LineResistances",
    "Memristor",
    "Mosfet",
    "NetlistError",
    "OneMemristor",
    "OneSelectorOneMemristor",
    "OneTransistorOneMemristor",
    "OsdiElement",
    "ParallelMemristors",
    "Port",
    "PortBench",
    "PortCells",
    "Pulse",
    "PulseSequence",
    "RatioCell",
    "ResistorArray",
    "Transistor",
    "TwoMemristors",
    "Vdmos",
    "Waveform",
    "Wiring",
    "amplitude_staircase",
    "bipolar",
    "cell_bench",
    "check_edges",
    "crossbar_bench",
    "identical",
    "integrated_nmos",
    "limit_drivers",
    "port_bench",
    "pulse_list",
    "pulse_sequence",
    "sine",
    "transistor",
    "triangle",
    "width_staircase",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"pyspice_netlists.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'pyspice_netlists' has no attribute {name!r}")
