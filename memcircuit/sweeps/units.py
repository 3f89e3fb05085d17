"""How the points of a sweep are cut into units: which share a netlist, and under which key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.sweeps.design import Design
from memcircuit.sweeps.identity import identity, key_of
from memcircuit.sweeps.target import changed
from memcircuit.sweeps.work import Plan, Unit

# Fewer points than this many netlists' worth are spread over that many netlists, so that all
# processors have work. It must not depend on their number: cells in one netlist share time steps.
_LEAST_UNITS = 16
_LEAST_TOGETHER = 8


@dataclass(frozen=True)
class Cutting:
    """A sweep cut into units.

    Attributes:
        design: its points.
        groups: numbers of the points of each unit.
        together: whether the points of a unit share a netlist.
        base: identity of all that is the same for all units.
        plan: the pickled ``Plan``.
        seeded: whether the number of a point decides about its random draws.
    """

    design: Design
    groups: tuple[NDArray[np.intp], ...]
    together: bool
    base: bytes
    plan: bytes
    seeded: bool

    def units(self) -> Iterator[Unit]:
        """Yield the units, one at a time."""
        for points in self.groups:
            values = self.design.values(points)
            yield Unit(self._key(points, values), self.plan, points, values, self.together)

    def _key(self, points: NDArray[np.intp], values: Mapping[str, NDArray[Any]]) -> str:
        numbers = identity(points, "points") if self.seeded else b""
        return key_of(self.base, identity(dict(values), "values"), numbers)


def cut(design: Design, plan: Plan, pickled: bytes, *, batch: bool) -> Cutting:
    """Cut a sweep into units.

    Args:
        design: its points.
        plan: what is the same for all of them.
        pickled: the plan, for the workers.
        batch: let points share netlists where the experiment allows it.

    Raises:
        UsageError: an argument of which it cannot be known whether it is the same the next time.
    """
    target = plan.target
    experiment = target.experiment
    differing: set[str] = set()
    if batch and experiment.batch is not None and plan.measure is None:
        differing = set(experiment.batch.may_differ(target.arguments, tuple(design.columns)))
    base = key_of(
        plan.versions.encode(),
        experiment.name.encode(),
        identity(experiment.function, "experiment"),
        identity(experiment.fixed, "fixed"),
        identity(dict(target.arguments), experiment.name),
        identity(plan.measure, "measure"),
        str(plan.seed).encode() if "rng" in experiment.signature.parameters else b"",
    ).encode()
    everyone = np.arange(design.size)
    groups = list(everyone[:, np.newaxis])
    if differing and experiment.batch is not None:
        first = {path: values[0] for path, values in design.values(everyone[:1]).items()}
        most = experiment.batch.most(changed(target, first))
        groups = _alike(design, everyone, differing, most)
    seeded = "rng" in experiment.signature.parameters
    return Cutting(design, tuple(groups), bool(differing), base, pickled, seeded)


def _alike(
    design: Design, everyone: NDArray[np.intp], differing: set[str], largest: int
) -> list[NDArray[np.intp]]:
    """Return points in groups of a netlist each, alike in all that may not differ."""
    number = np.zeros(design.size, dtype=np.intp)
    for path, column in design.columns.items():
        if path in differing:
            continue
        values = column.values
        sizes = tuple(design.sizes[name] for name in column.dims)
        flat = values.reshape(int(np.prod(sizes, dtype=int)), -1)
        if flat.dtype == object:
            known: dict[bytes, int] = {}
            kinds = np.array([known.setdefault(identity(list(r), path), len(known)) for r in flat])
        else:
            kinds = np.unique(flat, axis=0, return_inverse=True)[1].ravel()
        places = dict(zip(design.sizes, np.unravel_index(everyone, design.shape), strict=True))
        along = kinds.reshape(sizes)[tuple(places[name] for name in column.dims)]
        number = np.unique(number * (kinds.max() + 1) + along, return_inverse=True)[1].ravel()
    groups = []
    most = min(max(-(-design.size // _LEAST_UNITS), _LEAST_TOGETHER), largest)
    order = np.argsort(number, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(number[order])) + 1):
        groups += np.array_split(group, -(-group.size // most))
    return sorted(groups, key=lambda points: int(points[0]))
