"""What a compiled Verilog-A module says of itself: terminals, unknowns, parameters, outputs."""

from __future__ import annotations

import functools
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from memcircuit.errors import ToolError, UsageError
from memcircuit.simulate.compiler import compile_verilog_a
from memcircuit.simulate.process import TimeLimitError, run_process

_READER = Path(__file__).with_name("osdi_reader.py")
# s; the reader takes some 50 ms. A module may loop for ever while it is set up.
_TIME_LIMIT = 30.0


@dataclass(frozen=True)
class OsdiVariable:
    """An output variable: a quantity that a module computes and a simulator can store.

    Attributes:
        name: as written in the source.
        type: of its values.
        unit: as the source states it, or empty.
        description: as the source states it, or empty.
    """

    name: str
    type: Literal["real", "integer", "string"]
    unit: str
    description: str


@dataclass(frozen=True)
class OsdiParameter(OsdiVariable):
    """A parameter.

    Attributes:
        kind: "instance" where the source says so by ``(*type="instance"*)``, else "model".
        value: its value, after the module worked out defaults that depend on other parameters.
    """

    kind: Literal["model", "instance"]
    value: float | int | str


@dataclass(frozen=True)
class OsdiUnknown:
    """An unknown of a module that is no terminal.

    Attributes:
        name: of the internal node; such as ``flow(a,b)`` or ``implicit_equation_0`` for what the
            compiler added.
        flow: whether it is a current.
        reactive: whether its rate of change stands in an equation of the module.
    """

    name: str
    flow: bool
    reactive: bool


@dataclass(frozen=True)
class OsdiModule:
    """A compiled module.

    Attributes:
        name: of the module.
        terminals: names, in order.
        unknowns: internal nodes, and what the compiler added.
        parameters: in the order of the compiler, instance parameters first; those that the
            compiler adds to every module (``$mfactor``) are left out.
        outputs: output variables.
        bounds_step: whether it limits the simulator's time step (``$bound_step``).
        out_of_range: names of the parameters whose values the module refuses.
    """

    name: str
    terminals: tuple[str, ...]
    unknowns: tuple[OsdiUnknown, ...]
    parameters: tuple[OsdiParameter, ...]
    outputs: tuple[OsdiVariable, ...]
    bounds_step: bool
    out_of_range: tuple[str, ...]

    def parameter(self, name: str) -> OsdiParameter | None:
        """Return the parameter of that name, or None."""
        return next((p for p in self.parameters if p.name == name), None)


def osdi_modules(
    source: str | Path, module: str = "", values: Mapping[str, float] | None = None
) -> tuple[OsdiModule, ...]:
    """Compile a Verilog-A file and return what its modules say of themselves.

    The compiled code runs in a child process of its own, once for each set of values.

    Args:
        source: the Verilog-A file.
        module: which of its modules is set up with ``values``.
        values: numbers by parameter name; a parameter without has its default.

    Raises:
        UsageError: the source cannot be read, or its code failed while it was set up.
        CompileError: the compiler refused the source.
        ToolError: there is no compiler, or it writes what cannot be read here.
    """
    library = compile_verilog_a(source)
    given = json.dumps(dict(sorted((values or {}).items())))
    return _read(library, str(source), module, given)


@functools.lru_cache(maxsize=64)
def _read(library: Path, source: str, module: str, values: str) -> tuple[OsdiModule, ...]:
    # the name of a library in the cache stands for its content
    with tempfile.TemporaryDirectory(prefix="memcircuit-") as scratch:
        directory = Path(scratch)
        out, err = directory / "out", directory / "err"
        # isolated: nothing that lies about or is set in the environment is imported
        command = [sys.executable, "-I", "-S", str(_READER), str(library), module, values]
        try:
            status = run_process(
                command, directory=directory, stdout=out, stderr=err, time_limit=_TIME_LIMIT
            )
        except TimeLimitError:
            raise UsageError(
                f"{source}: the module was not set up within {_TIME_LIMIT:g} s"
            ) from None
        words = err.read_text(encoding="utf-8", errors="replace").strip()
        if status < 0:
            raise UsageError(
                f"{source}: the compiled module was ended by signal {-status} while it was set up"
                f" with its parameters\n{words}".rstrip()
            )
        if status:
            raise ToolError(f"{source}: its compiled form cannot be read: {words[-1000:]}")
        found = json.loads(out.read_text(encoding="utf-8"))
    return tuple(_module(entry) for entry in found)


def _module(entry: dict[str, Any]) -> OsdiModule:
    own = [p for p in entry["parameters"] if not p["name"].startswith("$")]
    return OsdiModule(
        name=entry["name"],
        terminals=tuple(entry["terminals"]),
        unknowns=tuple(OsdiUnknown(**unknown) for unknown in entry["unknowns"]),
        parameters=tuple(OsdiParameter(**parameter) for parameter in own),
        outputs=tuple(OsdiVariable(**output) for output in entry["outputs"]),
        bounds_step=entry["bounds_step"],
        out_of_range=tuple(entry["out_of_range"]),
    )
