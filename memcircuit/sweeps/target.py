"""What a sweep changes: the arguments of an experiment, and the paths that lead into them."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.devices.free_parameters import check_variation
from memcircuit.errors import UsageError
from memcircuit.sweeps.fields import replaced
from memcircuit.sweeps.registry import Experiment, experiment_of
from memcircuit.sweeps.subject import (
    check_multiplier,
    check_name,
    check_value,
    folded,
    innermost,
    parameter_unit,
    tuned,
    whole_subject,
    with_field,
    with_memristor,
)

if TYPE_CHECKING:
    from memcircuit.devices.device import Device

# Units of arguments and fields by the last word of their path.
_UNITS = {
    "amplitude": "V", "width": "s", "rise": "s", "fall": "s", "gate": "V", "frequency": "Hz",
    "w": "m", "l": "m", "initial_state": "1", "tolerance": "1", "read": "V", "set_stop": "V",
    "rate": "V/s", "parallel": "ohm", "series": "ohm", "wires": "ohm",
}  # fmt: skip
# Units of whole arguments.
_ARGUMENT_UNITS = {
    "stops": "V", "gates": "V", "compliances": "A", "voltages": "V", "v": "V", "times": "s",
    "rows": "V", "columns": "V", "g": "S", "time_limit": "s", "stop": "s", "step": "s",
    "sample": "s", "rise": "s", "duration": "s", "low": "1", "high": "1", "states": "1",
    "allowed_movement": "1", "temperature": "K", "read_voltage": "V", "on_off": "1",
}  # fmt: skip
_SUBJECTS = ("device", "cell", "array")
_PULSES = ("set", "reset")


@dataclass(frozen=True)
class Target:
    """An experiment with its arguments.

    Attributes:
        experiment: what is run.
        arguments: by name, as far as they were given.
    """

    experiment: Experiment
    arguments: Mapping[str, Any]

    @classmethod
    def of(cls, given: object) -> Target:
        """Return the experiment and the arguments that ``functools.partial`` tied to it.

        Args:
            given: an experiment, its name, or a partial of it; any function of one's own.

        Raises:
            UsageError: no function, or arguments that it does not take.
        """
        places: tuple[Any, ...] = ()
        named: dict[str, Any] = {}
        while isinstance(given, functools.partial):
            places, named = (*given.args, *places), {**given.keywords, **named}
            given = given.func
        experiment = experiment_of(given)
        try:
            bound = experiment.signature.bind_partial(*places, **named)
        except TypeError as error:
            raise UsageError(f"{experiment.name}: {error}") from error
        arguments = dict(bound.arguments)
        arguments |= arguments.pop(experiment.rest, {}) if experiment.rest else {}
        _refuse(experiment, arguments)
        card = arguments.get(experiment.subject)
        if experiment.ours and isinstance(card, str | Path):
            arguments[experiment.subject] = whole_subject(None, card)
        return cls(experiment, arguments)

    def missing(self, paths: Mapping[str, Any]) -> str:
        """Return the name of an argument that nobody gives; empty when there is none."""
        for name, parameter in self.experiment.signature.parameters.items():
            needed = parameter.default is parameter.empty and parameter.kind not in (
                parameter.VAR_KEYWORD,
                parameter.VAR_POSITIONAL,
            )
            if needed and name not in self.arguments and name not in paths and name != "rng":
                return name
        return ""

    def check(
        self,
        path: str,
        values: NDArray[Any],
        dims: int,
        wholes: Mapping[str, Any] | None = None,
        paths: Collection[str] = (),
    ) -> None:
        """Refuse a path that leads nowhere, and values that cannot stand there.

        Args:
            path: such as ``"device.k_set"``.
            values: every value it takes.
            dims: how many of the axes are those of the design.
            wholes: one value of each whole argument that is swept too, into which it may lead.
            paths: of all parameters that are swept.

        Raises:
            UsageError: naming path and value.
        """
        self._check_neighbours(path, paths)
        if values.dtype == object:
            distinct = {id(value): value for value in values.ravel()}.values()
            tried = list(distinct)
        elif values.ndim > dims:  # one number for each memristor of a cell
            each = values.reshape(-1, *values.shape[dims:])
            tried = [each.min(axis=0), each.max(axis=0)]
        elif values.dtype.kind in "iuf":
            tried = [values.min().item(), values.max().item()]
        else:
            tried = np.unique(values).tolist()
        for value in tried:
            try:
                self._check_value(path, value, wholes or {})
            except UsageError as error:
                if path in str(error):
                    raise
                raise UsageError(f"parameter {path!r}: {error}") from error
            except (TypeError, ValueError, AttributeError) as error:
                raise UsageError(f"{path} = {value!r:.80}: {error}") from error

    def _check_neighbours(self, path: str, paths: Collection[str]) -> None:
        """Refuse to set the same field of a pulse by two parameters."""
        owner, _, name = path.partition(".")
        if owner != "pulse" or self.experiment.takes("pulse"):
            return
        for other in (f"{kind}.{name}" for kind in _PULSES):
            if other in paths:
                raise UsageError(
                    f"parameters {path!r} and {other!r}: {path} is that of both pulses, so give "
                    f"it, or {' and '.join(f'{kind}.{name}' for kind in _PULSES)}"
                )

    def _check_value(self, path: str, value: Any, wholes: Mapping[str, Any]) -> None:
        """Refuse a value for what it is by itself; how values go together shows at the points."""
        owner, _, name = path.partition(".")
        subject = self.experiment.subject
        if owner == "device" and subject and name not in ("", "initial_state"):
            device = innermost(_given(self.experiment, changed(self, wholes), subject, path))
            if check_value(device, name, value):
                return
        if owner == "variation" and subject and name:
            arguments = changed(self, wholes)
            numbers = check_multiplier(name, value)
            if self.experiment.takes("variation"):
                check_name(innermost(arguments.get(subject)), name)
                return
            folded(innermost(_given(self.experiment, arguments, subject, path)), name)
            if np.ndim(numbers) == 0:
                return
        changed(self, {**wholes, path: value})

    def unit(self, path: str) -> str:
        """Return the SI unit of a parameter, "1" when dimensionless, empty when not known."""
        first, _, rest = path.partition(".")
        if first == "variation":
            return "1"
        if first == "device" and rest not in ("", "initial_state"):
            return parameter_unit(memristor_of(self), rest)
        return _ARGUMENT_UNITS.get(path) or _UNITS.get(path.rpartition(".")[2], "")


def _refuse(experiment: Experiment, arguments: Mapping[str, Any]) -> None:
    """Refuse arguments that make no sense at many points."""
    if arguments.get("rng") is not None:
        raise UsageError(
            f"{experiment.name}: leave out rng; every point gets a generator of its own from "
            "seed=..."
        )
    if experiment.ours and arguments.get("waveforms"):
        raise UsageError(
            f"{experiment.name}: waveforms=True gives every point time points of its own, so "
            "they make no common dataset: leave it out, or sweep a function of your own that "
            "returns what you need of them"
        )


def changed(target: Target, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of one point.

    Whole arguments are set first, then what lies within cells, then within the memristor, so that
    a card and a parameter of it may both be swept; all parameters of the memristor at once, for
    some of them must keep relations.

    Args:
        target: experiment and arguments.
        values: by path.

    Raises:
        UsageError: a path that leads nowhere, or a value that cannot stand there.
    """
    experiment, arguments = target.experiment, dict(target.arguments)
    own: dict[str, Any] = {}
    factors: dict[str, Any] = {}
    for path in sorted(values, key=_order):
        value = values[path]
        if isinstance(value, np.generic):
            value = value.item()
        owner, _, name = path.partition(".")
        if owner == "device" and experiment.subject and name not in ("", "initial_state"):
            own[name] = value
        elif owner == "variation" and name and not experiment.takes("variation"):
            factors[name] = value
        else:
            _set(experiment, arguments, path, value)
    if own or factors:
        path = f"device.{next(iter(own))}" if own else f"variation.{next(iter(factors))}"
        whole = _given(experiment, arguments, experiment.subject, path)
        arguments[experiment.subject] = with_memristor(
            whole, lambda device: tuned(device, own, factors)
        )
    if experiment.takes("variation") and isinstance(arguments.get("variation"), Mapping):
        device = innermost(arguments.get(experiment.subject))
        check_variation(device, arguments["variation"], array=experiment.subject == "array")
    _refuse(experiment, arguments)
    return arguments


def _order(path: str) -> tuple[int, bool, str]:
    first, dot, _ = path.partition(".")
    ranks = {"array": 1, "cell": 2, "device": 3, "pulse": 4, "variation": 6}
    return (ranks.get(first, 5) if dot else 0, first == "device", path)


def _set(experiment: Experiment, arguments: dict[str, Any], path: str, value: Any) -> None:
    first, dot, rest = path.partition(".")
    subject = experiment.subject
    if first == "variation" and dot:
        _vary(experiment, arguments, rest, value)
    elif first in _SUBJECTS and subject and first != "array" and (dot or first != subject):
        whole = _given(experiment, arguments, subject, path)
        arguments[subject] = (
            with_field(whole, rest, value, path)
            if first == "cell"
            else with_memristor(whole, lambda device: _started(device, rest, value))
        )
    elif first == "pulse" and dot and not experiment.takes("pulse"):
        for name in _PULSES:
            arguments[name] = _pulse(experiment, arguments, name, rest, value, path)
    elif not experiment.takes(first):
        raise UsageError(
            f"parameter {path!r}: {experiment.name} takes no {first!r}; it takes "
            f"{', '.join(experiment.takes_all)}, and of a cell device.NAME and cell.FIELD"
        )
    elif not dot:
        if first == "initial_state" and experiment.takes("variation"):
            value = _of_one_cell(arguments.get(subject), value)
        arguments[first] = whole_subject(arguments.get(first), value) if first == subject else value
    elif first in (*_PULSES, "read"):
        arguments[first] = _pulse(experiment, arguments, first, rest, value, path)
    else:
        arguments[first] = replaced(_given(experiment, arguments, first, path), rest, value, path)


def _given(experiment: Experiment, arguments: Mapping[str, Any], name: str, path: str) -> Any:
    found = arguments.get(name)
    if found is None:
        found = experiment.default(name)
    if found is None:
        raise UsageError(
            f"parameter {path!r}: no {name} was given to change; pass "
            f"functools.partial({experiment.name}, {name}=...)"
        )
    return found


def memristor_of(target: Target) -> Device | None:
    """Return the memristor that an experiment drives; None when there is none to be seen."""
    found = innermost(target.arguments.get(target.experiment.subject))
    return found if hasattr(found, "with_parameters") else None


def _pulse(
    experiment: Experiment,
    arguments: Mapping[str, Any],
    name: str,
    rest: str,
    value: Any,
    path: str,
) -> Any:
    """Return a pulse with a field changed: the one given, or that of the card."""
    from memcircuit.experiments.circuits import card_pulse
    from pyspice_netlists import Pulse

    present = arguments.get(name)
    if present is None:
        subject = _given(experiment, arguments, experiment.subject, path)
        present = card_pulse(innermost(subject), name)
    if not isinstance(present, Pulse):
        raise UsageError(f"parameter {path!r}: {name} = {present!r} is no Pulse")
    if path == "pulse.amplitude":  # of both polarities
        if not (isinstance(value, int | float) and value > 0):
            raise UsageError(f"{path} = {value!r} V: the size of both pulses, above 0")
        value = float(np.copysign(value, present.amplitude))
    return replaced(present, rest, value, path)


def _of_one_cell(whole: Any, states: Any) -> Any:
    """Return states of a cell's memristors as those of one cell, not of as many cells."""
    several = len(getattr(whole, "memristors", ()))
    return np.asarray(states)[np.newaxis] if np.shape(states) == (several,) else states


def _started(device: Any, rest: str, value: Any) -> Any:
    """Return another memristor, or this one with another state at the start."""
    return replace(device, initial_state=value) if rest else whole_subject(device, value)


def _vary(experiment: Experiment, arguments: dict[str, Any], name: str, value: Any) -> None:
    """Set a multiplier of an experiment that has its own variation."""
    check_name(innermost(arguments.get(experiment.subject)), name)
    many = np.asarray(value, dtype=float)
    # of a cell one number for each memristor, of an array one for each cell
    given = many[np.newaxis] if many.ndim and experiment.subject != "array" else many
    arguments["variation"] = {**(arguments.get("variation") or {}), name: given}
