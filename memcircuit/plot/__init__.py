"""Figures: each a function from a value of the chain to a matplotlib axes."""

from memcircuit.plot.array_experiments import (
    half_select_disturb,
    read_disturb,
    read_margin,
    settling,
)
from memcircuit.plot.cost import cost
from memcircuit.plot.crossbar import cell_currents, node_voltages, read_error
from memcircuit.plot.device import iv_loop, level_histogram, pulse_response
from memcircuit.plot.evaluation import accuracy_against, layer_errors, stored_weights
from memcircuit.plot.iv_family import family_levels, iv_family
from memcircuit.plot.network import accuracy, conductance_map, confusion_matrix
from memcircuit.plot.retention import retention
from memcircuit.plot.schematic import array_schematic, schematic, write_schematics
from memcircuit.plot.stimulus import stimulus
from memcircuit.plot.sweep import distribution, result_against, result_map
from memcircuit.plot.sweep_effects import main_effects, sensitivities
from memcircuit.plot.sweep_yield import yield_against
from memcircuit.plot.verify import linearised, write_approach, write_verify

__all__ = [
    "accuracy",
    "accuracy_against",
    "array_schematic",
    "cell_currents",
    "conductance_map",
    "confusion_matrix",
    "cost",
    "distribution",
    "family_levels",
    "half_select_disturb",
    "iv_family",
    "iv_loop",
    "layer_errors",
    "level_histogram",
    "linearised",
    "main_effects",
    "node_voltages",
    "pulse_response",
    "read_disturb",
    "read_error",
    "read_margin",
    "result_against",
    "result_map",
    "retention",
    "schematic",
    "sensitivities",
    "settling",
    "stimulus",
    "stored_weights",
    "write_approach",
    "write_schematics",
    "write_verify",
    "yield_against",
]
