"""Which experiments there are, and what a sweep needs to know of each.

An experiment that is written later is swept like any function: it is given its arguments and
returns a dataset (or numbers by name). It is registered where more can be said of it: that its
result must be brought to a fixed shape, or that many points of it can share one netlist.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from numpy.typing import NDArray

from memcircuit.checks import require_callback, require_kind
from memcircuit.errors import UsageError

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.sweeps.record import Record


class Batching(Protocol):
    """How many points of an experiment share one netlist."""

    def may_differ(self, arguments: Mapping[str, Any], paths: Collection[str]) -> set[str]:
        """Return which of these parameters may differ from cell to cell of one netlist.

        Args:
            arguments: of the experiment.
            paths: parameters of the sweep.

        Returns:
            None of them where the arguments do not allow for more than one point.
        """

    def most(self, arguments: Mapping[str, Any]) -> int:
        """Return how many points one netlist may have at most.

        Args:
            arguments: of the experiment.
        """

    def run(self, arguments: Mapping[str, Any], columns: Mapping[str, NDArray[Any]]) -> Record:
        """Simulate the points together.

        Args:
            arguments: of the experiment, with what does not differ.
            columns: by parameter, (points, ...).
        """


@dataclass(frozen=True)
class Experiment:
    """What a sweep knows of an experiment.

    Attributes:
        name: for messages, specifications and the command line.
        function: takes arguments, returns a dataset, or numbers or arrays by name.
        fixed: brings a result to dimensions that are equally long at every point.
        batch: how points share a netlist.
        prepare: raises UsageError for what the function would refuse before it simulates, and
            simulates nothing; takes those of its arguments that this depends on, never ``rng``. A
            sweep whose points it refuses all alike does not begin.
    """

    name: str
    function: Callable[..., Any]
    fixed: Callable[[Any], xr.Dataset] | None = None
    batch: Batching | None = None
    prepare: Callable[..., object] | None = None

    def __post_init__(self) -> None:
        require_kind(self.name, str, "name of an experiment", "a text")
        for kind, function in (("fixed", self.fixed), ("prepare", self.prepare)):
            require_callback(function, f"{kind} of experiment {self.name!r}")
        if self.prepare is None:
            return
        try:
            taken = inspect.signature(self.prepare).parameters
        except (TypeError, ValueError) as error:
            raise UsageError(
                f"prepare of experiment {self.name!r}: its arguments are not known; give a function"
            ) from error
        if "rng" in taken and taken["rng"].default is inspect.Parameter.empty:
            raise UsageError(
                f"prepare of experiment {self.name!r} needs rng, but nothing is drawn before a "
                "point runs; let it take only what can be refused without"
            )

    @property
    def signature(self) -> inspect.Signature:
        """Of the function.

        Raises:
            UsageError: a function that does not tell its arguments.
        """
        try:
            return inspect.signature(self.function)
        except (TypeError, ValueError) as error:
            raise UsageError(f"{self.name} cannot be swept: its arguments are not known") from error

    @property
    def ours(self) -> bool:
        """Whether it is defined in this library, and changes nothing that it is given."""
        return str(getattr(self.function, "__module__", "")).startswith("memcircuit.")

    @property
    def rest(self) -> str:
        """Name of the argument that takes all others by name; empty when there is none."""
        kinds = {p.kind: n for n, p in self.signature.parameters.items()}
        return kinds.get(inspect.Parameter.VAR_KEYWORD, "")

    @property
    def takes_all(self) -> tuple[str, ...]:
        """Names of its arguments."""
        return tuple(name for name in self.signature.parameters if name not in (self.rest, "rng"))

    def takes(self, name: str) -> bool:
        """Return whether there is such an argument."""
        parameters = self.signature.parameters
        return (name in parameters and name != self.rest) or bool(self.rest)

    def default(self, name: str) -> Any:
        """Return the value of an argument that is not given; None when there is none."""
        parameter = self.signature.parameters.get(name)
        missing = parameter is None or parameter.default is inspect.Parameter.empty
        return None if missing or parameter is None else parameter.default

    def prepared(self, arguments: Mapping[str, Any]) -> None:
        """Make arguments ready as far as that needs no simulation.

        Args:
            arguments: of the function.

        Raises:
            UsageError: the function would refuse them.
        """
        if self.prepare is None:
            return
        if self.ours:
            from memcircuit.simulate.run_arguments import check_run

            of_run = inspect.signature(check_run).parameters
            check_run(**{name: value for name, value in arguments.items() if name in of_run})
        taken = inspect.signature(self.prepare).parameters
        further = any(one.kind is one.VAR_KEYWORD for one in taken.values())
        named = self.signature.parameters
        self.prepare(**{
            name: value
            for name, value in arguments.items()
            if name in taken or (further and name not in named)
        })  # fmt: skip

    @property
    def subject(self) -> str:
        """Name of the argument that holds the device, cell or array; empty when there is none."""
        first = next(iter(self.signature.parameters), "")
        return first if first in ("device", "cell", "array") else ""


@dataclass(frozen=True)
class _Home:
    """Where an experiment of ours is defined, to be imported when it is needed.

    What makes it ready stands beside it as ``prepare_NAME``.
    """

    function: str
    fixed: str = ""
    batch: str = ""

    def load(self, name: str) -> Experiment:
        return Experiment(
            name,
            _load(self.function),
            _load(self.fixed) if self.fixed else None,
            _load(self.batch) if self.batch else None,
            _load(self.function.replace(":", ":prepare_")),
        )


_EXPERIMENTS = "memcircuit.experiments"
_HOMES = {
    "iv_loop": _Home(
        f"{_EXPERIMENTS}.iv_loop:iv_loop",
        fixed="memcircuit.sweeps.fixed:loop",
        batch="memcircuit.sweeps.batches:IV_LOOP",
    ),
    "iv_family": _Home(
        f"{_EXPERIMENTS}.iv_family:iv_family", fixed="memcircuit.sweeps.fixed:family"
    ),
    "pulse_train": _Home(
        f"{_EXPERIMENTS}.pulse_train:pulse_train",
        fixed="memcircuit.sweeps.fixed:one_cell",
        batch="memcircuit.sweeps.batches:PULSE_TRAIN",
    ),
    "pulse_cycles": _Home(f"{_EXPERIMENTS}.pulse_cycles:pulse_cycles"),
    "pulse_statistics": _Home(f"{_EXPERIMENTS}.pulse_statistics:pulse_statistics"),
    "write_verify_cells": _Home(f"{_EXPERIMENTS}.verify_cells:write_verify_cells"),
    "linearise": _Home(f"{_EXPERIMENTS}.linearise:linearise"),
    "retention": _Home(f"{_EXPERIMENTS}.retention:retention"),
    "settle_read": _Home("memcircuit.crossbar.settling:settle_read"),
    "read_margin": _Home("memcircuit.crossbar.read_margin:read_margin"),
    "half_select_disturb": _Home("memcircuit.crossbar.disturb:half_select_disturb"),
    "read_disturb": _Home("memcircuit.crossbar.disturb:read_disturb"),
    "drive_array": _Home("memcircuit.crossbar.array_drive:drive_array"),
    "program_pulses": _Home("memcircuit.crossbar.programming:program_pulses"),
    "write_verify": _Home("memcircuit.crossbar.verify:write_verify"),
    "evaluate": _Home("memcircuit.networks.evaluation:evaluate"),
}
_REGISTERED: dict[str, Experiment] = {}


def register(experiment: Experiment) -> Experiment:
    """Make an experiment known by its name and its function, and return it.

    Raises:
        UsageError: the name is taken by another, or what is given is no ``Experiment``.
    """
    require_kind(experiment, Experiment, "experiment", "an Experiment(name, function)")
    known = _HOMES.get(experiment.name)
    taken = _REGISTERED.get(experiment.name)
    if known is not None or (taken is not None and taken != experiment):
        raise UsageError(f"there is an experiment {experiment.name!r} already: choose another name")
    _REGISTERED[experiment.name] = experiment
    return experiment


def experiment_names() -> tuple[str, ...]:
    """Return the names of the experiments, sorted."""
    return tuple(sorted({*_HOMES, *_REGISTERED}))


def experiment_of(given: object) -> Experiment:
    """Return what is known of an experiment.

    Args:
        given: its name, its function, or an ``Experiment``.

    Raises:
        UsageError: no such experiment, or no function.
    """
    if isinstance(given, Experiment):
        return given
    if isinstance(given, str):
        if given in _REGISTERED:
            return _REGISTERED[given]
        if given not in _HOMES:
            raise UsageError(f"no experiment {given!r}; there are {', '.join(experiment_names())}")
        return _loaded(given)
    if not callable(given):
        raise UsageError(
            f"experiment = {given!r:.80}: expected an experiment such as mc.pulse_train, or "
            "functools.partial(mc.pulse_train, cell, pulses=10)"
        )
    place = f"{getattr(given, '__module__', '')}:{getattr(given, '__qualname__', '')}"
    for name, home in _HOMES.items():
        if home.function == place:
            return _loaded(name)
    for one in _REGISTERED.values():
        if one.function is given:
            return one
    return Experiment(getattr(given, "__name__", type(given).__name__), given)


@functools.cache
def _loaded(name: str) -> Experiment:
    return _HOMES[name].load(name)


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)
