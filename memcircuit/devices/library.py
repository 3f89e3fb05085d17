"""The models at hand, found by file: adding a model is adding one file to ``models``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from memcircuit.errors import UsageError

if TYPE_CHECKING:
    from memcircuit.devices.definition import Model


@cache
def model_names() -> tuple[str, ...]:
    """Return the names of the library's models, sorted."""
    from memcircuit.devices import models

    return tuple(sorted(m.name for m in pkgutil.iter_modules(models.__path__)))


@cache
def model(name: str) -> Model:
    """Return the model called ``name``.

    Raises:
        UsageError: no such model.
    """
    if name not in model_names():
        raise UsageError(f"no model {name!r}; there are {', '.join(model_names())}")
    definition: Model = importlib.import_module(f"memcircuit.devices.models.{name}").MODEL
    return definition


def models_directory() -> Path:
    """Return the folder with ``verilog_a``, ``ngspice`` and ``cards``.

    In a wheel it lies inside the package, in a checkout beside it.
    """
    package = Path(__file__).resolve().parent.parent
    inside = package / "models"
    return inside if inside.is_dir() else package.parent / "models"
