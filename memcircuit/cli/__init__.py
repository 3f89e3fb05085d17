"""The command line: parses, calls, prints.

Nothing heavy is imported before a command runs, so that help and completion come at once.
"""

from memcircuit.cli import (
    cache,
    devices,
    evaluate,
    experiments,
    models,
    netlists,
    read,
    studies,
    sweeps,
    tables,
    tools,
)
from memcircuit.cli.app import app, main

__all__ = [
    "app",
    "cache",
    "devices",
    "evaluate",
    "experiments",
    "main",
    "models",
    "netlists",
    "read",
    "studies",
    "sweeps",
    "tables",
    "tools",
]
