"""Values that hold others: the same value with something deep inside changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from typing import Any

from memcircuit.errors import UsageError


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
