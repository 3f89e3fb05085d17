"""From the physics of a memristor to the accuracy of a neural network.

>>> import memcircuit as mc
>>> device = mc.device("lin2022_hfo2")
>>> cell = mc.cells.OneTransistorOneMemristor(device)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from memcircuit.errors import MemcircuitError

if TYPE_CHECKING:
    from memcircuit import (
        crossbar,
        devices,
        experiments,
        networks,
        plot,
        simulate,
        studies,
        tables,
    )
    from memcircuit.crossbar import Bias, Crossbar, Wires, program_pulses, write_verify
    from memcircuit.devices.cards import card_names, load_card
    from memcircuit.devices.device import Device, device, device_from_model
    from memcircuit.experiments.fitting import Fit, fit
    from memcircuit.experiments.iv_loop import iv_loop
    from memcircuit.experiments.pulse_statistics import pulse_statistics
    from memcircuit.experiments.pulse_train import pulse_cycles, pulse_train
    from memcircuit.simulate.verilog_a_file import VerilogAFile
    from memcircuit.tables import ConductanceTable
    from pyspice_netlists import Pulse, cells

__version__ = "0.1.0"

# Everything loads on first use: `import memcircuit` itself must stay quick.
_HOMES = {
    "Bias": "memcircuit.crossbar",
    "ConductanceTable": "memcircuit.tables",
    "Crossbar": "memcircuit.crossbar",
    "Device": "memcircuit.devices.device",
    "Fit": "memcircuit.experiments.fitting",
    "Pulse": "pyspice_netlists",
    "VerilogAFile": "memcircuit.simulate.verilog_a_file",
    "card_names": "memcircuit.devices.cards",
    "device": "memcircuit.devices.device",
    "device_from_model": "memcircuit.devices.device",
    "fit": "memcircuit.experiments.fitting",
    "iv_loop": "memcircuit.experiments.iv_loop",
    "load_card": "memcircuit.devices.cards",
    "program_pulses": "memcircuit.crossbar",
    "pulse_cycles": "memcircuit.experiments.pulse_train",
    "pulse_statistics": "memcircuit.experiments.pulse_statistics",
    "pulse_train": "memcircuit.experiments.pulse_train",
    "Wires": "memcircuit.crossbar",
    "write_verify": "memcircuit.crossbar",
}
_ROOMS = {
    "cells": "pyspice_netlists.cells",
    "crossbar": "memcircuit.crossbar",
    "devices": "memcircuit.devices",
    "experiments": "memcircuit.experiments",
    "networks": "memcircuit.networks",
    "plot": "memcircuit.plot",
    "simulate": "memcircuit.simulate",
    "studies": "memcircuit.studies",
    "tables": "memcircuit.tables",
}

__all__ = [
    "Bias",
    "ConductanceTable",
    "Crossbar",
    "Device",
    "Fit",
    "MemcircuitError",
    "Pulse",
    "VerilogAFile",
    "Wires",
    "card_names",
    "cells",
    "crossbar",
    "device",
    "device_from_model",
    "devices",
    "experiments",
    "fit",
    "iv_loop",
    "load_card",
    "networks",
    "plot",
    "program_pulses",
    "pulse_cycles",
    "pulse_statistics",
    "pulse_train",
    "simulate",
    "studies",
    "tables",
    "write_verify",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in _ROOMS:
        return importlib.import_module(_ROOMS[name])
    raise AttributeError(f"module 'memcircuit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
