"""Sweep files for tests: written, loaded, and run beside the Python call that they stand for."""

from pathlib import Path

import pytest
import xarray as xr

import memcircuit as mc
from memcircuit.errors import UsageError
from memcircuit.sweeps.specification.specification import Specification, load_specification

DATA = Path(__file__).parents[1] / "data"


def loaded(directory: Path, text: str) -> Specification:
    """Return what a sweep file with this text asks for."""
    path = directory / "spec.toml"
    path.write_text(text, encoding="utf-8")
    return load_specification(path)


def run(asked: Specification, store: Path) -> xr.Dataset:
    """Return the result of a sweep file."""
    return mc.sweep(
        asked.experiment, asked.design, seed=asked.seed, measure=asked.measure, jobs=1,
        store=store, progress="quiet",
    )  # fmt: skip


def told(directory: Path, text: str, line: int) -> str:
    """Return what a sweep file is refused with, which must be told of this line."""
    with pytest.raises(UsageError) as refused:
        loaded(directory, text)
    message = str(refused.value)
    assert message.startswith(f"{directory / 'spec.toml'}:{line}: "), message
    return message
