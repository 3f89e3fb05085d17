"""What a sweep changes: the arguments of an experiment, and the paths that lead into them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.sweeps.registry import Experiment, experiment_of

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
        self, path: str, values: NDArray[Any], dims: int, wholes: Mapping[str, Any] | None = None
    ) -> None:
        """Refuse a path that leads nowhere, and values that cannot stand there.

        Args:
            path: such as ``"device.k_set"``.
            values: every value it takes.
            dims: how many of the axes are those of the design.
            wholes: one value of each whole argument that is swept too, into which it may lead.

        Raises:
            UsageError: naming path and value.
        """
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
                changed(self, {**(wholes or {}), path: value})
            except UsageError as error:
                if path in str(error):
                    raise
                raise UsageError(f"parameter {path!r}: {error}") from error
            except (TypeError, ValueError, AttributeError) as error:
                raise UsageError(f"{path} = {value!r:.80}: {error}") from error

    def unit(self, path: str) -> str:
        """Return the SI unit of a parameter, "1" when dimensionless, empty when not known."""
        first, _, rest = path.partition(".")
        if first == "variation":
            return "1"
        if first == "device" and rest:
            device = memristor_of(self)
            known = getattr(getattr(device, "model", None), "by_name", {})
            if rest in known:
                return str(known[rest].unit)
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
    a card and a parameter of it may both be swept.

    Args:
        target: experiment and arguments.
        values: by path.

    Raises:
        UsageError: a path that leads nowhere, or a value that cannot stand there.
    """
    arguments = dict(target.arguments)
    for path in sorted(values, key=_order):
        value = values[path]
        if isinstance(value, np.generic):
            value = value.item()
        _set(target.experiment, arguments, path, value)
    _refuse(target.experiment, arguments)
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
        arguments[subject] = _inside(whole, first, rest, value, path)
    elif first == "pulse" and dot and not experiment.takes("pulse"):
        for name in _PULSES:
            arguments[name] = _pulse(experiment, arguments, name, rest, value, path)
    elif not experiment.takes(first):
        raise UsageError(
            f"parameter {path!r}: {experiment.name} takes no {first!r}; it takes "
            f"{', '.join(experiment.takes_all)}, and of a cell device.NAME and cell.FIELD"
        )
    elif not dot:
        arguments[first] = _whole(arguments.get(first), first == subject, value)
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


def _whole(present: Any, is_subject: bool, value: Any) -> Any:
    """Return a whole argument; a card or device for a cell goes into the cell that there is."""
    if not is_subject:
        return value
    from memcircuit.devices.device import Device, device
    from pyspice_netlists import Cell

    if isinstance(value, str):
        value = device(value)
    if value is None or isinstance(value, bool | int | float | np.ndarray):
        raise UsageError(f"{value!r:.60} is no device, cell or array, nor the name of a card")
    if isinstance(present, Cell) and isinstance(value, Device):
        return replace(present, device=value)
    return value


def _inside(whole: Any, first: str, rest: str, value: Any, path: str) -> Any:
    """Return a device, cell or array with something changed in its cell or memristor."""
    from pyspice_netlists import Cell

    if hasattr(whole, "cell") and not isinstance(whole, Cell):
        return replace(whole, cell=_inside(whole.cell, first, rest, value, path))
    if first == "cell":
        if not isinstance(whole, Cell):
            raise UsageError(f"parameter {path!r}: the experiment drives {whole!r:.60}, no cell")
        return replaced(whole, rest, value, path) if rest else value
    if isinstance(whole, Cell):
        inner = _inside(whole.device, first, rest, value, path)
        return replace(whole, device=inner)
    if not rest:
        return _whole(whole, True, value)
    if rest == "initial_state":
        return replace(whole, initial_state=value)
    if not hasattr(whole, "with_parameters"):
        raise UsageError(f"parameter {path!r}: {whole!r:.60} has no parameters to change")
    return whole.with_parameters(**{rest: value})


def memristor_of(target: Target) -> Device | None:
    """Return the memristor that an experiment drives; None when there is none to be seen."""
    found = _innermost(target.arguments.get(target.experiment.subject))
    return found if hasattr(found, "with_parameters") else None


def _innermost(whole: Any) -> Any:
    """Return the memristor of an array or a cell; what is neither as it is."""
    for name in ("cell", "device"):
        whole = getattr(whole, name, whole)
    return whole


def replaced(whole: Any, rest: str, value: Any, path: str) -> Any:
    """Return a dataclass or mapping with the field at the end of a path changed.

    Args:
        whole: the object.
        rest: names of fields, joined by dots.
        value: what stands there afterwards.
        path: the whole path, for messages.

    Raises:
        UsageError: no such field.
    """
    from pyspice_netlists.transistors import Transistor

    name, dot, deeper = rest.partition(".")
    if name == "transistor" and dot and hasattr(whole, "access_transistor"):
        present = whole.access_transistor()
        return replace(whole, transistor=replaced(present, deeper, value, path))
    if isinstance(whole, Transistor) and name in ("w", "l"):
        return _sized(whole, name, value, path)
    if isinstance(whole, Mapping):
        if not dot:
            return {**whole, name: value}
        if name not in whole:
            raise UsageError(f"parameter {path!r}: there is {', '.join(map(str, whole))}")
        return {**whole, name: replaced(whole[name], deeper, value, path)}
    if not is_dataclass(whole) or isinstance(whole, type):
        raise UsageError(f"parameter {path!r}: {whole!r:.60} has no fields to change")
    known = [field.name for field in dataclasses.fields(whole) if field.init]
    if name not in known:
        raise UsageError(
            f"parameter {path!r}: {type(whole).__name__} has no {name!r}; it has {', '.join(known)}"
        )
    inner = replaced(getattr(whole, name), deeper, value, path) if dot else value
    return replace(whole, **{name: inner})


def _sized(transistor: Any, name: str, value: float, path: str) -> Any:
    from pyspice_netlists.mosfet import Mosfet
    from pyspice_netlists.transistors import integrated_nmos

    law = transistor.law
    if not isinstance(law, Mosfet):
        raise UsageError(
            f"parameter {path!r}: transistor {transistor.name!r} has no width and length; give "
            "the cell pyspice_netlists.integrated_nmos(w, l), or transistor='nmos_350n'"
        )
    return integrated_nmos(**({"w": law.w, "l": law.l} | {name: value}))


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
        present = card_pulse(_innermost(subject), name)
    if not isinstance(present, Pulse):
        raise UsageError(f"parameter {path!r}: {name} = {present!r} is no Pulse")
    if path == "pulse.amplitude":  # of both polarities
        if not (isinstance(value, int | float) and value > 0):
            raise UsageError(f"{path} = {value!r} V: the size of both pulses, above 0")
        value = float(np.copysign(value, present.amplitude))
    return replaced(present, rest, value, path)


def _vary(experiment: Experiment, arguments: dict[str, Any], name: str, value: Any) -> None:
    """Set a multiplier: as the experiment's own variation, or folded into the parameter."""
    if experiment.takes("variation"):
        subject = _innermost(arguments.get(experiment.subject))
        known = getattr(subject, "multipliers", None)
        if known is not None and name not in known:
            raise UsageError(f"parameter 'variation.{name}': there is {', '.join(known)}")
        own = arguments.get("variation") or {}
        many = np.asarray(value, dtype=float)
        arguments["variation"] = {**own, name: many[np.newaxis] if many.ndim else many}
        return
    path = f"variation.{name}"
    subject = _given(experiment, arguments, experiment.subject, path)
    if np.ndim(value):
        raise UsageError(
            f"{experiment.name} takes no variation, so the memristors of one cell cannot differ"
        )
    arguments[experiment.subject] = _scaled(subject, name, float(value), path)


def _scaled(whole: Any, name: str, factor: float, path: str) -> Any:
    for inner in ("cell", "device"):
        if hasattr(whole, inner):
            return replace(whole, **{inner: _scaled(getattr(whole, inner), name, factor, path)})
    by_multiplier = {p.multiplier: p.name for p in whole.model.varying}
    if name not in by_multiplier:
        raise UsageError(f"parameter {path!r}: there is {', '.join(by_multiplier)}")
    parameter = by_multiplier[name]
    return whole.with_parameters(**{parameter: factor * whole.parameters[parameter]})
