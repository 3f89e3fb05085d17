"""Figures: each a function from a value of the chain to a matplotlib axes."""

from memcircuit.plot.crossbar import cell_currents, node_voltages, read_error
from memcircuit.plot.device import iv_loop, level_histogram, pulse_response
from memcircuit.plot.network import accuracy, conductance_map, confusion_matrix

__all__ = [
    "accuracy",
    "cell_currents",
    "conductance_map",
    "confusion_matrix",
    "iv_loop",
    "level_histogram",
    "node_voltages",
    "pulse_response",
    "read_error",
]
