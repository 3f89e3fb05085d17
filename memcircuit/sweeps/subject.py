"""What an experiment drives: the memristor in a cell or an array, and what a sweep sets of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from memcircuit.errors import UsageError
from memcircuit.sweeps.fields import replaced


def whole_subject(present: Any, value: Any) -> Any:
    """Return what is driven; a device, or a card of one, goes into the cell that there is.

    Raises:
        UsageError: nothing that could be driven.
    """
    from memcircuit.devices.device import device
    from memcircuit.experiments.driven_device import DrivenDevice
    from pyspice_netlists import Cell

    if isinstance(value, str | Path):
        value = device(value)
    if value is None or isinstance(value, bool | int | float | np.ndarray):
        raise UsageError(f"{value!r:.60} is no device, cell or array, nor the name of a card")
    if isinstance(present, Cell) and isinstance(value, DrivenDevice):
        return replace(present, device=value)
    return value


def innermost(whole: Any) -> Any:
    """Return the memristor of an array or a cell; what is neither as it is."""
    for name in ("cell", "device"):
        whole = getattr(whole, name, whole)
    return whole


def with_memristor(whole: Any, change: Callable[[Any], Any]) -> Any:
    """Return a device, or a cell or array of it, with its memristor changed."""
    for inner in ("cell", "device"):
        if hasattr(whole, inner):
            return replace(whole, **{inner: with_memristor(getattr(whole, inner), change)})
    return change(whole)


def with_field(whole: Any, rest: str, value: Any, path: str) -> Any:
    """Return a cell, or an array of it, with a field of the cell changed; all of it when empty.

    Raises:
        UsageError: no cell, or no such field.
    """
    from pyspice_netlists import Cell

    if hasattr(whole, "cell") and not isinstance(whole, Cell):
        return replace(whole, cell=with_field(whole.cell, rest, value, path))
    if not isinstance(whole, Cell):
        raise UsageError(f"parameter {path!r}: the experiment drives {whole!r:.60}, no cell")
    return replaced(whole, rest, value, path) if rest else value


def tuned(device: Any, values: Mapping[str, Any], factors: Mapping[str, Any]) -> Any:
    """Return a memristor with parameters set, and some then multiplied, all at once.

    Together they may hold relations that one after the other would break on the way.

    Args:
        device: the memristor.
        values: by parameter.
        factors: by multiplier, such as ``m_k_set``.

    Raises:
        UsageError: no such parameter or multiplier, or a value that it cannot have.
    """
    if not hasattr(device, "with_parameters"):
        path = f"device.{next(iter(values))}" if values else f"variation.{next(iter(factors))}"
        raise UsageError(f"parameter {path!r}: {device!r:.60} has no parameters to change")
    own = dict(values)
    for name, factor in factors.items():
        parameter = folded(device, name)
        if np.ndim(factor):
            raise UsageError(
                f"variation.{name}: the experiment takes no variation, so the memristors of one "
                "cell cannot differ"
            )
        given = own.get(parameter, device.parameters[parameter])
        own[parameter] = check_multiplier(name, factor) * given
    return device.with_parameters(**own)


def folded(device: Any, name: str) -> str:
    """Return the parameter that a multiplier scales.

    Raises:
        UsageError: there is no such multiplier, or none that can be folded into a parameter.
    """
    if not hasattr(device, "model"):
        raise UsageError(
            f"parameter 'variation.{name}': the experiment takes no variation, and the parameters "
            f"of {getattr(device, 'name', device)!r} are not those of a card, so that it cannot "
            "be folded into one; sweep device.NAME"
        )
    by_multiplier = {p.multiplier: str(p.name) for p in device.model.varying}
    check_name(device, name)
    return by_multiplier[name]


def check_name(device: Any, name: str) -> None:
    """Refuse a multiplier that a memristor does not have; of what tells none, any will do.

    Raises:
        UsageError: naming those there are.
    """
    known = getattr(device, "multipliers", None)
    if known is not None and name not in known:
        raise UsageError(
            f"parameter 'variation.{name}': there is {', '.join(known) or 'no multiplier'}"
        )


def check_multiplier(name: str, factor: Any) -> Any:
    """Return a multiplier as numbers.

    Raises:
        UsageError: not above 0, or infinite.
        TypeError, ValueError: no number.
    """
    many = np.asarray(factor, dtype=float)
    if not np.all((many > 0) & (many < np.inf)):
        raise UsageError(f"variation.{name} = {factor}: every multiplier must be above 0, finite")
    return many if many.ndim else many.item()


def parameter_unit(device: Any, name: str) -> str:
    """Return the unit of a memristor's parameter, "1" when dimensionless, empty when not known.

    Args:
        device: a device of a card, or of a Verilog-A file, whose units are those that it states.
        name: of the parameter.
    """
    known = getattr(getattr(device, "model", None), "by_name", {})
    if name in known:
        return str(known[name].unit)
    compiled = getattr(device, "compiled", None)
    stated = None if compiled is None else compiled.parameter(name)
    return "" if stated is None else str(stated.unit)


def check_value(device: Any, name: str, value: Any) -> bool:
    """Refuse a value outside the range of its parameter; relations to others do not count.

    Returns:
        whether that could be told; not of a memristor whose model is not known here.

    Raises:
        ParameterError: no such parameter, or outside its range.
    """
    model = getattr(device, "model", None)
    if model is None:
        return False
    where = f"device {device.name!r}"
    model.check_known(name, where)
    model.by_name[name].check(value, where)
    return True
