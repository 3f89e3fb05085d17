"""Conductance tables: levels, pulse response and spread of simulated devices."""

from memcircuit.tables.response import PulseResponse
from memcircuit.tables.table import DIRECTIONS, ConductanceTable, Direction

__all__ = ["DIRECTIONS", "ConductanceTable", "Direction", "PulseResponse"]
