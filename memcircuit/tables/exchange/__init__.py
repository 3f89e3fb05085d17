"""Conductance tables in the formats of other simulators."""

from memcircuit.tables.exchange.aihwkit import aihwkit_parameters
from memcircuit.tables.exchange.formats import FORMATS, export_table, import_table

__all__ = ["FORMATS", "aihwkit_parameters", "export_table", "import_table"]
