"""What a function of one's own does, as values that are equal when it does the same."""

from __future__ import annotations

import pickle
import sys
import sysconfig
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

#: Rooms whose functions are known by the version of their code.
OURS = ("memcircuit.", "pyspice_netlists.")
_BY_VERSION = (*OURS, "numpy.", "scipy.")


def substance(function: Any, identity: Callable[[object, str], bytes]) -> list[object]:
    """Return what stands for a function or class: its instructions, and what they name.

    Comments and places do not count. Functions, classes and values of its module that it names do,
    and what these name in turn. What libraries define counts by name, and so does what is reached
    through an imported module.

    Args:
        function: a function, or a class with its methods.
        identity: bytes that stand for a value; it raises a ``MemcircuitError`` where none can.
    """
    found: list[object] = []
    function = _uncached(function)
    todo, seen = [function], {id(function): 0}
    while todo:
        one = todo.pop(0)
        found.append(f"{getattr(one, '__module__', '')}.{one.__qualname__}")
        for name, named in _named_by(one):
            value = _uncached(named)
            if isinstance(value, CodeType):
                found.append(list(_instructions(value)))
            elif not isinstance(value, FunctionType | type):
                found.append((name, _stands_for(value, identity)))
            else:
                if id(value) not in seen:
                    seen[id(value)] = len(seen)
                    todo.append(value)
                found.append((name, seen[id(value)]))  # which of them stands under this name
    return found


def _uncached(value: Any) -> Any:
    """Return the function in one that keeps its results (``functools.cache``)."""
    if isinstance(value, FunctionType | type) or not callable(value):
        return value
    return getattr(value, "__wrapped__", value)


def _stands_for(value: object, identity: Callable[[object, str], bytes]) -> bytes:
    from memcircuit.errors import MemcircuitError

    if isinstance(value, ModuleType):
        return value.__name__.encode()
    try:
        return identity(value, "value")
    except MemcircuitError:
        kind = type(value).__qualname__.encode()
    try:
        return kind + pickle.dumps(value)
    except Exception:  # noqa: BLE001 - its own kind may raise anything; such as a lock
        return kind


def _named_by(one: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a function or class consists of, and what it names."""
    if not _is_own(one):
        return
    if isinstance(one, type):
        yield from _members(one)
        return
    code = getattr(one, "__code__", None)
    if code is None:  # built in
        return
    yield "code", code
    yield "defaults", one.__defaults__
    yield "keyword defaults", one.__kwdefaults__
    yield from sorted(vars(one).items())
    for name in sorted(_names(code)):
        if name in one.__globals__ and not name.startswith("__"):
            yield name, one.__globals__[name]
    for cell in one.__closure__ or ():
        if cell != type(cell)():  # an empty one
            yield "closure", cell.cell_contents


def _members(kind: type) -> Iterator[tuple[str, Any]]:
    """Yield what a class is made of, methods as the functions behind them."""
    yield from (("base", base) for base in kind.__bases__)
    for name, member in vars(kind).items():
        inner = getattr(member, "__func__", getattr(member, "fget", member))
        if isinstance(inner, cached_property):
            inner = inner.func
        if isinstance(inner, FunctionType) or not name.startswith("__"):
            yield name, inner


def _is_own(one: Any) -> bool:
    """Return whether a function or class is neither ours nor a library's."""
    module = str(getattr(one, "__module__", ""))
    if f"{module}.".startswith(_BY_VERSION) or module.partition(".")[0] in sys.stdlib_module_names:
        return False
    file = getattr(sys.modules.get(module), "__file__", None)
    paths = sysconfig.get_paths()
    libraries = {paths["purelib"], paths["platlib"]}
    return file is None or not any(Path(file).is_relative_to(library) for library in libraries)


def _names(code: CodeType) -> set[str]:
    inner = (const for const in code.co_consts if isinstance(const, CodeType))
    return {*code.co_names}.union(*map(_names, inner))


def _instructions(code: CodeType) -> Iterator[object]:
    # sweeps pass arguments by name; the instructions know only their places
    yield code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    yield code.co_code
    yield code.co_exceptiontable
    yield code.co_names
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield list(_instructions(const))
        else:
            yield const if const is not Ellipsis else "..."
