"""Thousands of points of any experiment: which they are, where they run, what they tell."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memcircuit.sweeps.corner_points import corners, named
    from memcircuit.sweeps.design import Design, grid, zipped
    from memcircuit.sweeps.device_draws import monte_carlo
    from memcircuit.sweeps.distributions import LogNormal, LogUniform, Normal, Uniform
    from memcircuit.sweeps.effects import main_effects
    from memcircuit.sweeps.progress import Progress
    from memcircuit.sweeps.reductions import Reduction, Reductions
    from memcircuit.sweeps.registry import Experiment, experiment_names, register
    from memcircuit.sweeps.runner import sweep
    from memcircuit.sweeps.samples import latin_hypercube, random, sobol
    from memcircuit.sweeps.sensitivity import sensitivities
    from memcircuit.sweeps.specification.specification import Specification, load_specification
    from memcircuit.sweeps.specification.template import template
    from memcircuit.sweeps.store import Store
    from memcircuit.sweeps.yields import Yield, yield_of
    from memcircuit.sweeps.yields_by import yield_by

# Each loads on first use: the command line asks for none of them to print its help.
_HOMES = {
    "Design": "design",
    "Experiment": "registry",
    "LogNormal": "distributions",
    "LogUniform": "distributions",
    "Normal": "distributions",
    "Progress": "progress",
    "Reduction": "reductions",
    "Reductions": "reductions",
    "Specification": "specification.specification",
    "Store": "store",
    "Uniform": "distributions",
    "Yield": "yields",
    "corners": "corner_points",
    "experiment_names": "registry",
    "grid": "design",
    "latin_hypercube": "samples",
    "load_specification": "specification.specification",
    "main_effects": "effects",
    "monte_carlo": "device_draws",
    "named": "corner_points",
    "random": "samples",
    "register": "registry",
    "sensitivities": "sensitivity",
    "sobol": "samples",
    "sweep": "runner",
    "template": "specification.template",
    "yield_by": "yields_by",
    "yield_of": "yields",
    "zipped": "design",
}

__all__ = [
    "Design",
    "Experiment",
    "LogNormal",
    "LogUniform",
    "Normal",
    "Progress",
    "Reduction",
    "Reductions",
    "Specification",
    "Store",
    "Uniform",
    "Yield",
    "corners",
    "experiment_names",
    "grid",
    "latin_hypercube",
    "load_specification",
    "main_effects",
    "monte_carlo",
    "named",
    "random",
    "register",
    "sensitivities",
    "sobol",
    "sweep",
    "template",
    "yield_by",
    "yield_of",
    "zipped",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"memcircuit.sweeps.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'memcircuit.sweeps' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
