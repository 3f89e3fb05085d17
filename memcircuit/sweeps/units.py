"""How the points of a sweep are cut into units: which share a netlist, and under which key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import NetlistError, UsageError
from memcircuit.sweeps.design import Design
from memcircuit.sweeps.identity import identity, key_of
from memcircuit.sweeps.reductions import Reductions
from memcircuit.sweeps.registry import Batching
from memcircuit.sweeps.settled import settled
from memcircuit.sweeps.target import Target, changed
from memcircuit.sweeps.work import Plan, Unit

# Fewer points than this many netlists' worth are spread over that many netlists, so that all
# processors have work. It must not depend on their number: cells in one netlist share time steps.
_LEAST_UNITS = 16
_LEAST_TOGETHER = 8
# Points that are looked at for how many share a netlist, where the first of them cannot be.
_TRIED = 100


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
        identities: of the design's values that are no numbers, by their ``id``.
    """

    design: Design
    groups: tuple[NDArray[np.intp], ...]
    together: bool
    base: bytes
    plan: bytes
    seeded: bool
    identities: Mapping[int, bytes]

    def units(self, shuffled: int | None = None) -> Iterator[Unit]:
        """Yield the units, one at a time.

        Args:
            shuffled: seed of another order than that of their points.
        """
        order = np.arange(len(self.groups))
        if shuffled is not None:
            order = np.random.default_rng(shuffled).permutation(order)
        for points in (self.groups[place] for place in order):
            values = self.design.values(points)
            yield Unit(self._key(points, values), self.plan, points, values, self.together)

    def _key(self, points: NDArray[np.intp], values: Mapping[str, NDArray[Any]]) -> str:
        numbers = identity(points, "points") if self.seeded else b""
        plain = {
            path: [self.identities[id(one)] for one in column.ravel().tolist()]
            if column.dtype == object
            else column
            for path, column in values.items()
        }
        return key_of(self.base, identity(plain, "values"), numbers)


def cut(design: Design, plan: Plan, pickled: bytes, *, batch: bool) -> Cutting:
    """Cut a sweep into units.

    Args:
        design: its points, as they were given.
        plan: what is the same for all of them.
        pickled: the plan, for the workers.
        batch: let points share netlists where the experiment allows it.

    Raises:
        UsageError: an argument of which it cannot be known whether it is the same the next time.
    """
    target = plan.target
    experiment = target.experiment
    design = settled(design, target)
    identities = _identities(design)
    differing: set[str] = set()
    if batch and experiment.batch is not None and isinstance(plan.measure, Reductions | None):
        # cells of one netlist differ by numbers alone
        numbers = [path for path, own in design.columns.items() if own.values.dtype != object]
        differing = set(experiment.batch.may_differ(target.arguments, numbers))
    base = key_of(
        plan.versions.encode(),
        experiment.name.encode(),
        identity(experiment.function, "experiment"),
        identity(experiment.fixed, "fixed"),
        identity(dict(target.arguments), experiment.name),
        identity(plan.measure, "measure"),
        str(plan.seed).encode() if "rng" in experiment.signature.parameters else b"",
    ).encode()
    if differing and experiment.batch is not None:
        own = getattr(experiment.batch, "__dict__", {})
        base = key_of(base, identity((type(experiment.batch), own), "batch")).encode()
    everyone = np.arange(design.size)
    groups = list(everyone[:, np.newaxis])
    if differing and experiment.batch is not None:
        most = _most(design, target, experiment.batch)
        groups = _alike(design, everyone, differing, most, identities)
    seeded = "rng" in experiment.signature.parameters
    return Cutting(design, tuple(groups), bool(differing), base, pickled, seeded, identities)


def _identities(design: Design) -> dict[int, bytes]:
    """Return what stands for the values that are no numbers, each looked at once."""
    return {
        number: identity(value, path)
        for path, column in design.columns.items()
        if column.values.dtype == object
        for number, value in {id(one): one for one in column.values.ravel().tolist()}.items()
    }


def _most(design: Design, target: Target, batch: Batching) -> int:
    """Return how many points share a netlist, by the first point that can be; 1 without any."""
    some = np.unique(np.linspace(0, design.size - 1, _TRIED).astype(np.intp))
    for place in range(len(some)):
        point = design.values(some[place : place + 1])
        try:
            return batch.most(changed(target, {path: values[0] for path, values in point.items()}))
        except (UsageError, NetlistError, TypeError, ValueError):
            continue  # a point whose values do not go together fails by itself
    return 1


def _alike(
    design: Design,
    everyone: NDArray[np.intp],
    differing: set[str],
    largest: int,
    identities: Mapping[int, bytes],
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
            rows = [b"".join(identities[id(one)] for one in row) for row in flat.tolist()]
            kinds = np.array([known.setdefault(row, len(known)) for row in rows])
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
