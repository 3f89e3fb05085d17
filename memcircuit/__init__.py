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
        sweeps,
        tables,
    )
    from memcircuit.crossbar import Bias, Crossbar, Wires, program_pulses, write_verify
    from memcircuit.crossbar.array_drive import drive_array
    from memcircuit.crossbar.disturb import half_select_disturb, read_disturb
    from memcircuit.crossbar.read_margin import read_margin
    from memcircuit.crossbar.settling import settle_read
    from memcircuit.devices.cards import card_names, load_card
    from memcircuit.devices.device import Device, device, device_from_model
    from memcircuit.experiments.fitting import Fit, fit
    from memcircuit.experiments.iv_family import iv_family
    from memcircuit.experiments.iv_loop import iv_loop
    from memcircuit.experiments.linearise import linearise
    from memcircuit.experiments.pulse_cycles import pulse_cycles
    from memcircuit.experiments.pulse_statistics import pulse_statistics
    from memcircuit.experiments.pulse_train import pulse_train
    from memcircuit.experiments.retention import retention
    from memcircuit.experiments.verify_cells import write_verify_cells
    from memcircuit.networks.ageing import Drift
    from memcircuit.networks.converters import Converter
    from memcircuit.networks.evaluation import evaluate
    from memcircuit.networks.faults import Faults
    from memcircuit.networks.hardware import Hardware
    from memcircuit.networks.mapping import Mapping
    from memcircuit.networks.spread import Spread
    from memcircuit.simulate.verilog_a_file import VerilogAFile
    from memcircuit.sweeps.runner import sweep
    from memcircuit.tables import ConductanceTable, LevelTable
    from pyspice_netlists import Pulse, cells, pulse_lists

__version__ = "0.1.0"

# Everything loads on first use: `import memcircuit` itself must stay quick.
_HOMES = {
    "Bias": "memcircuit.crossbar",
    "ConductanceTable": "memcircuit.tables",
    "Converter": "memcircuit.networks.converters",
    "Crossbar": "memcircuit.crossbar",
    "Device": "memcircuit.devices.device",
    "Drift": "memcircuit.networks.ageing",
    "Faults": "memcircuit.networks.faults",
    "Fit": "memcircuit.experiments.fitting",
    "Hardware": "memcircuit.networks.hardware",
    "LevelTable": "memcircuit.tables",
    "Mapping": "memcircuit.networks.mapping",
    "Pulse": "pyspice_netlists",
    "Spread": "memcircuit.networks.spread",
    "VerilogAFile": "memcircuit.simulate.verilog_a_file",
    "Wires": "memcircuit.crossbar",
    "card_names": "memcircuit.devices.cards",
    "device": "memcircuit.devices.device",
    "device_from_model": "memcircuit.devices.device",
    "drive_array": "memcircuit.crossbar.array_drive",
    "evaluate": "memcircuit.networks.evaluation",
    "fit": "memcircuit.experiments.fitting",
    "half_select_disturb": "memcircuit.crossbar.disturb",
    "iv_family": "memcircuit.experiments.iv_family",
    "iv_loop": "memcircuit.experiments.iv_loop",
    "linearise": "memcircuit.experiments.linearise",
    "load_card": "memcircuit.devices.cards",
    "program_pulses": "memcircuit.crossbar",
    "pulse_cycles": "memcircuit.experiments.pulse_cycles",
    "pulse_statistics": "memcircuit.experiments.pulse_statistics",
    "pulse_train": "memcircuit.experiments.pulse_train",
    "read_disturb": "memcircuit.crossbar.disturb",
    "read_margin": "memcircuit.crossbar.read_margin",
    "retention": "memcircuit.experiments.retention",
    "settle_read": "memcircuit.crossbar.settling",
    "sweep": "memcircuit.sweeps.runner",
    "write_verify": "memcircuit.crossbar",
    "write_verify_cells": "memcircuit.experiments.verify_cells",
}
_ROOMS = {
    "cells": "pyspice_netlists.cells",
    "crossbar": "memcircuit.crossbar",
    "devices": "memcircuit.devices",
    "experiments": "memcircuit.experiments",
    "networks": "memcircuit.networks",
    "plot": "memcircuit.plot",
    "pulse_lists": "pyspice_netlists.pulse_lists",
    "simulate": "memcircuit.simulate",
    "studies": "memcircuit.studies",
    "sweeps": "memcircuit.sweeps",
    "tables": "memcircuit.tables",
}

__all__ = [
    "Bias",
    "ConductanceTable",
    "Converter",
    "Crossbar",
    "Device",
    "Drift",
    "Faults",
    "Fit",
    "Hardware",
    "LevelTable",
    "Mapping",
    "MemcircuitError",
    "Pulse",
    "Spread",
    "VerilogAFile",
    "Wires",
    "card_names",
    "cells",
    "crossbar",
    "device",
    "device_from_model",
    "devices",
    "drive_array",
    "evaluate",
    "experiments",
    "fit",
    "half_select_disturb",
    "iv_family",
    "iv_loop",
    "linearise",
    "load_card",
    "networks",
    "plot",
    "program_pulses",
    "pulse_cycles",
    "pulse_lists",
    "pulse_statistics",
    "pulse_train",
    "read_disturb",
    "read_margin",
    "retention",
    "settle_read",
    "simulate",
    "studies",
    "sweep",
    "sweeps",
    "tables",
    "write_verify",
    "write_verify_cells",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in _ROOMS:
        return importlib.import_module(_ROOMS[name])
    raise AttributeError(f"module 'memcircuit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
