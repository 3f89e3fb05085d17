"""What a result depends on, as text that is the same whenever and wherever it is made."""

from __future__ import annotations

import functools
import hashlib
import inspect
import itertools
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from importlib import metadata
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from memcircuit.errors import ToolError, UsageError
from memcircuit.simulate.compiler import source_contents
from memcircuit.sweeps.function_identity import OURS, substance

#: Changed when records or keys take another form.
FORMAT = 1

# Their code decides about a result; plots, studies and the command line do not.
_ROOMS = ("devices", "simulate", "experiments", "tables", "crossbar", "networks")
_FILES = (
    "checks.py", "errors.py", "files.py", "sweeps/batches.py", "sweeps/fields.py",
    "sweeps/fixed.py", "sweeps/record.py", "sweeps/reductions.py", "sweeps/registry.py",
    "sweeps/remarks.py", "sweeps/settled.py", "sweeps/subject.py", "sweeps/target.py",
    "sweeps/work.py",
)  # fmt: skip
# Variables that say where the tools are.
_PLACES = ("PATH", "MEMCIRCUIT_NGSPICE", "MEMCIRCUIT_OPENVAF")
_PACKAGES = ("numpy", "scipy", "xarray", "PySpice")
# Files of a folder that are read for a key.
_MOST_FILES = 10_000


def key_of(*parts: bytes) -> str:
    """Return 64 hexadecimal digits that stand for some bytes."""
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(len(part).to_bytes(8, "big"))
        hashed.update(part)
    return hashed.hexdigest()


def identity(value: object, where: str) -> bytes:
    """Return bytes that are equal for equal values, and differ for others.

    Args:
        value: numbers, text, arrays, paths (by the content of their file), functions (by what
            they do), dataclasses and collections of these, datasets.
        where: what it is, for the message.

    Raises:
        UsageError: something else, of which it cannot be known whether it is the same again.
    """
    return _digest(value, where, ())


def _feed(add: Callable[[bytes], None], value: Any, where: str, above: tuple[int, ...]) -> None:
    if isinstance(value, np.generic):  # some are floats too, and show another name
        value = value.item()
    if value is None or isinstance(value, bool | int | str | bytes | float | complex):
        add(f"{type(value).__name__}:{value!r};".encode())
        return
    if id(value) in above:
        if isinstance(value, FunctionType | type):  # such as one that is in a table it looks into
            add(f"again {above.index(id(value))};".encode())
            return
        raise UsageError(f"{where}: it holds itself")
    inside = (*above, id(value))
    if isinstance(value, np.ndarray):
        _feed_array(add, value, where, inside)
    elif isinstance(value, Mapping | list | tuple | set | frozenset | range):
        _feed_collection(add, value, where, inside)
    else:
        _feed_object(add, value, where, inside)


def _feed_collection(
    add: Callable[[bytes], None], value: Any, where: str, inside: tuple[int, ...]
) -> None:
    if isinstance(value, Mapping):
        add(f"mapping {len(value)}:".encode())
        for name in sorted(value, key=repr):
            _feed(add, name, where, inside)
            _feed(add, value[name], f"{where}[{name!r}]", inside)
    else:
        ordered = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
        add(f"{'set' if isinstance(value, set | frozenset) else 'list'} {len(value)}:".encode())
        for number, one in enumerate(ordered):
            _feed(add, one, f"{where}[{number}]", inside)


def _feed_array(
    add: Callable[[bytes], None], value: np.ndarray[Any, Any], where: str, above: tuple[int, ...]
) -> None:
    add(f"array {value.dtype.str} {value.shape}:".encode())
    if value.dtype == object:
        for one in value.ravel().tolist():
            _feed(add, one, where, above)
    else:
        add(np.ascontiguousarray(value).tobytes())


def _feed_object(
    add: Callable[[bytes], None], value: Any, where: str, above: tuple[int, ...]
) -> None:
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(value, Path | Enum) or hasattr(value, "__qualname__"):
        add(_named(value, where, above))
    elif isinstance(value, functools.partial):
        _feed(add, (value.func, value.args, value.keywords), where, above)
    elif hasattr(value, "to_dict") and name.startswith("xarray."):
        _feed(add, value.to_dict(data="array"), where, above)
    elif name.startswith("sympy."):
        import sympy

        add(f"{sympy.srepr(value)};".encode())
    elif is_dataclass(value):
        add(f"{name}:".encode() + (_named(kind, where, above) if callable(value) else b""))
        for field in fields(value):
            if field.compare and field.init:
                _feed(add, getattr(value, field.name), f"{where}.{field.name}", above)
    elif hasattr(value, "rvs") and hasattr(value, "dist"):  # a distribution of scipy.stats
        _feed(add, (value.dist.name, value.args, value.kwds), where, above)
    elif hasattr(value, "__getstate__") and kind.__module__.startswith(OURS):
        add(f"{name}:".encode())
        _feed(add, vars(value), where, above)
    else:
        raise UsageError(
            f"{where} = {value!r:.80}: it cannot be known whether a {kind.__name__} is the same "
            "the next time; give numbers, text, arrays, dataclasses or collections of these"
        )


def _named(value: Any, where: str, above: tuple[int, ...]) -> bytes:
    """Return what stands for a file, a member of an enumeration, a function or a class."""
    if isinstance(value, Path):
        return f"file:{value.suffix}:".encode() + _content(value, where)
    if isinstance(value, Enum):
        return f"{type(value).__qualname__}.{value.name};".encode()
    if inspect.ismethod(value):
        return b"method:" + _digest((value.__func__, value.__self__), where, above)
    inner = functools.partial(_digest, above=(*above, id(value)))
    return b"function:" + _digest(substance(value, inner), where, ())


def _digest(value: object, where: str, above: tuple[int, ...]) -> bytes:
    hashed = hashlib.sha256()
    _feed(hashed.update, value, where, above)
    return hashed.digest()


def _content(path: Path, where: str) -> bytes:
    try:
        if path.is_dir():
            return _folder(path, where)
        if not path.is_file():
            return str(path).encode()
        content = path.read_bytes()
        if b"`include" in content:
            return identity(list(source_contents(path)), where)
        return hashlib.sha256(content).digest()
    except OSError as error:
        raise UsageError(f"{where} = {path}: cannot be read: {error.strerror}") from error


def _folder(path: Path, where: str) -> bytes:
    """Return what stands for all files of a folder, by their names within it."""
    files = list(itertools.islice((one for one in path.rglob("*") if one.is_file()), _MOST_FILES))
    if len(files) == _MOST_FILES:
        raise UsageError(
            f"{where} = {path}: a folder of {_MOST_FILES} files or more; name those that count"
        )
    names = sorted((one.relative_to(path).as_posix(), one) for one in files)
    return identity([(name, _content(one, where)) for name, one in names], where)


def versions() -> str:
    """Return what, beside its arguments, decides about a result: our code, tools, packages."""
    return _versions(tuple(os.environ.get(name) for name in _PLACES))


@functools.cache
def _versions(_places: tuple[str | None, ...]) -> str:
    parts = [f"format {FORMAT}", f"code {code_identity()}", f"Python {platform.python_version()}"]
    parts += [f"{name} {metadata.version(name)}" for name in _PACKAGES]
    parts.append(_tools())
    return "; ".join(parts)


def _tools() -> str:
    from memcircuit.simulate import locate, ngspice_capabilities, preferred_form
    from memcircuit.simulate.compiler import compiler_version

    try:
        able = ngspice_capabilities()
        compiler = locate.locate_openvaf()
        compiled_by = "none" if compiler is None else compiler_version(compiler)
        size = able.path.stat().st_size
        return f"ngspice {able.version} ({size} bytes), {preferred_form()}, compiler {compiled_by}"
    except (ToolError, OSError):
        return "no ngspice"  # an experiment in numpy does without


@functools.cache
def code_identity() -> str:
    """Return what stands for the code of the rooms a result comes from."""
    import pyspice_netlists
    from memcircuit.devices.library import models_directory

    own, netlists = Path(__file__).parents[1], Path(pyspice_netlists.__file__).parent
    files = [path for room in _ROOMS for path in sorted((own / room).rglob("*.py"))]
    files += [own / name for name in _FILES]
    files += sorted(netlists.rglob("*.py"))
    for folder in ("verilog_a", "ngspice", "cards"):  # a function may name a card
        files += sorted((models_directory() / folder).iterdir())
    hashed = hashlib.sha256()
    for path in files:
        hashed.update(path.name.encode() + b"\0" + path.read_bytes())
    return hashed.hexdigest()[:16]
