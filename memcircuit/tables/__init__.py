"""Conductance tables: levels, pulse response and spread of simulated devices."""

from memcircuit.tables.exchange import FORMATS, aihwkit_parameters, export_table, import_table
from memcircuit.tables.levels import LevelTable
from memcircuit.tables.response import PulseResponse
from memcircuit.tables.table import DIRECTIONS, ConductanceTable, Direction

__all__ = [
    "DIRECTIONS",
    "FORMATS",
    "ConductanceTable",
    "Direction",
    "LevelTable",
    "PulseResponse",
    "aihwkit_parameters",
    "export_table",
    "import_table",
]
