"""The sweep file: experiment, device, arguments and points in TOML; nothing in it is code."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from memcircuit.sweeps.design import Design
from memcircuit.sweeps.reductions import Reductions
from memcircuit.sweeps.refusal import AlikeError, refuse_useless
from memcircuit.sweeps.registry import Experiment, experiment_names, experiment_of
from memcircuit.sweeps.results import results_of
from memcircuit.sweeps.specification.argument_values import Arguments
from memcircuit.sweeps.specification.designs import SECTIONS, DesignReader
from memcircuit.sweeps.specification.devices import EQUATIONS, device_of
from memcircuit.sweeps.specification.limits import StatedLimit, limits_of
from memcircuit.sweeps.specification.measures import measures_of
from memcircuit.sweeps.specification.networks import network_of
from memcircuit.sweeps.specification.node import TomlNode, load_toml
from memcircuit.sweeps.specification.subjects import array_of, cell_of
from memcircuit.sweeps.target import Target
from memcircuit.sweeps.yields import Yield, yield_of

if TYPE_CHECKING:
    import xarray as xr

_PARTS = (
    "experiment", "seed", "device", "cell", "array", "network", "arguments", "measure", "limits",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Specification:
    """What a sweep file asks for.

    Attributes:
        path: the file.
        experiment: with its arguments, for ``mc.sweep``.
        design: the points.
        measure: what is kept of each point; all of it when None.
        seed: of every random draw.
        limits: of results, by name; empty when none are stated.
        root: the content of the file, with its places.
    """

    path: Path
    experiment: Callable[..., Any]
    design: Design
    measure: Reductions | None
    seed: int
    limits: Mapping[str, StatedLimit]
    root: TomlNode

    @contextmanager
    def placed(self) -> Iterator[None]:
        """Let what a sweep refuses of all points alike be told with its place in the file."""
        try:
            yield
        except AlikeError as error:
            raise _blamed(self.root, str(error)).error(str(error)) from error

    def yield_of(self, dataset: xr.Dataset) -> Yield | None:
        """Return the share of the points inside the limits; None when there are no limits.

        Args:
            dataset: result of the sweep.

        Raises:
            UsageError: limits of no result, or in another unit.
        """
        if not self.limits:
            return None
        for name, limit in self.limits.items():
            dataset = limit.selected(dataset, name)
        return yield_of(dataset, {name: (one.low, one.high) for name, one in self.limits.items()})


def load_specification(
    path: str | Path, *, seed: int | None = None, prepare: bool = True
) -> Specification:
    """Return what a sweep file asks for, checked whole.

    Numbers are in SI, or texts with a unit. Paths of files are relative to the sweep file.

    Args:
        path: the file.
        seed: in place of the file's.
        prepare: make points ready until one of them can run. Not needed where ``mc.sweep``, which
            does the same, follows ``with specification.placed()``.

    Raises:
        UsageError: ``FILE:LINE: section.key: what is wrong; what would be right``.
    """
    root = load_toml(path)
    root.only((*_PARTS, *SECTIONS))
    experiment = experiment_of(root["experiment"].text(experiment_names()))
    stated = root.get("seed")
    chosen = seed if seed is not None else 0 if stated is None else stated.whole(0)
    target = _target(root, experiment, chosen)
    reader = DesignReader(Arguments(target), np.random.default_rng(chosen))
    design = reader.design(root)
    missing = target.missing(design.columns)
    if missing:
        home = f"[{missing}]" if missing in _PARTS else f"{missing} in [arguments]"
        raise root["experiment"].error(f"{experiment.name} needs {missing}; give {home}")
    kept, limits = root.get("measure"), root.get("limits")
    known, swept = results_of(experiment.name), {*design.columns, *design.sizes}
    measure = None if kept is None else measures_of(kept, known, swept)
    found = Specification(
        Path(path),
        functools.partial(experiment.function, **target.arguments),
        design,
        measure,
        chosen,
        {} if limits is None else limits_of(limits, known, measure),
        root,
    )
    if prepare:
        with found.placed():
            refuse_useless(target, design)
    return found


def _target(root: TomlNode, experiment: Experiment, seed: int) -> Target:
    """Return the experiment with what it drives and with its arguments."""
    network = root.get("network")
    if experiment.name == "evaluate":
        target = Target(experiment, network_of(network, seed))
    elif network is not None:
        raise network.error(f"{experiment.name} takes no network; leave this section out")
    else:
        target = Target(experiment, {})
    driven = _subject(root, experiment)
    if driven is not None:
        target = Target(experiment, {experiment.subject: driven})
    node = root.get("arguments")
    if node is None:
        return target
    arguments = Arguments(target)
    node.only(arguments.names)
    given = {name: arguments.value(name, entry) for name, entry in node.entries().items()}
    return Target(experiment, {**target.arguments, **given})


def _blamed(root: TomlNode, told: str) -> TomlNode:
    """Return the argument or result that a refusal names, or where all of them stand."""
    kept = root.get("measure")
    for name, one in {} if kept is None else kept.entries().items():
        if told.startswith(f"measure {name}: "):
            return one
    node = root.get("arguments")
    if node is None:
        return root["experiment"]
    named = ((re.search(rf"\b{name}( =|:)", told), at) for name, at in node.entries().items())
    first = [at for name, at in node.entries().items() if told.startswith(name)]
    return next(iter([*first, *(at for match, at in named if match), node]))


def _is_swept(root: TomlNode, name: str) -> bool:
    """Return whether a section of points gives something itself, such as a device."""
    sections = [section.value for key, section in root.entries().items() if key in SECTIONS]
    tables = [table for table in sections if isinstance(table, dict)]
    corners = [corner for table in tables for corner in table.values() if isinstance(corner, dict)]
    return any(name in table for table in (*tables, *corners))


def _subject(root: TomlNode, experiment: Experiment) -> Any:
    device, cell, array = (root.get(name) for name in ("device", "cell", "array"))
    if experiment.subject != "array" and array is not None:
        raise array.error(f"{experiment.name} drives no array; leave this section out")
    if not experiment.subject:
        for node in (device, cell):
            if node is not None:
                raise node.error(f"{experiment.name} drives no device; leave this section out")
        return None
    if cell is not None and device is None:
        raise cell.error("a cell needs its memristor; give [device] with a card")
    needed = "device" if experiment.subject != "array" else "array"
    if needed not in root and not _is_swept(root, experiment.subject):
        raise root.error(f"section [{needed}] is missing; {experiment.name} needs it")
    if device is not None and "verilog_a" in device and experiment.name in EQUATIONS:
        raise device["verilog_a"].error(
            f"{experiment.name} computes with the equations and spreads of a card; give a card"
        )
    found: Any = None if device is None else device_of(device)
    if cell is not None:
        found = cell_of(cell, found)
    if experiment.subject != "array":
        return found
    return array_of(root["array"], found)
