"""What a user asks of a compiled module: which one, which values, where its state is."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from memcircuit.errors import ParameterError, UsageError
from memcircuit.simulate.osdi_module import OsdiModule, OsdiParameter, osdi_modules

#: the argument of VerilogAFile that names the parameter for the initial state
START = "initial_state_parameter"
Place = Literal["terminal", "node", "output"]

_WORD = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
# The compiler's own names for unknowns that the source does not name.
_IMPLICIT = "implicit_equation_"


def chosen_module(source: Path, modules: tuple[OsdiModule, ...], name: str | None) -> OsdiModule:
    """Return the module of that name, or the only one."""
    names = [module.name for module in modules]
    if name is None and len(modules) > 1:
        raise UsageError(f"{source} holds the modules {listed(names)}: pass module=...")
    if name is not None and name not in names:
        raise UsageError(f"{source} holds no module {name!r}; it holds {listed(names)}")
    return modules[0] if name is None else modules[names.index(name)]


def check_terminals(source: Path, module: OsdiModule) -> None:
    """Refuse what has neither the terminals of a memristor nor those and a state."""
    if len(module.terminals) not in (2, 3):
        raise UsageError(
            f"{source}: module {module.name!r} has the terminals {listed(module.terminals)}; "
            "expected plus and minus, and perhaps the state"
        )


def state_places(module: OsdiModule) -> dict[str, Place]:
    """Return where the module may keep its state, by name."""
    places: dict[str, Place] = {}
    places.update(dict.fromkeys((o.name for o in module.outputs if o.type == "real"), "output"))
    nodes = (u.name for u in module.unknowns if not u.flow and _WORD.match(u.name))
    places.update(dict.fromkeys(nodes, "node"))
    places.update(dict.fromkeys(module.terminals[2:], "terminal"))
    return places


def place_of_state(source: Path, module: OsdiModule, given: str | None) -> str:
    """Return the name of what is the state, as given or as found; empty for none."""
    places = state_places(module)
    if given is None:
        if module.terminals[2:]:
            return module.terminals[2]
        inner = _candidates(module)
        if len(inner) > 1:
            raise UsageError(
                f"{source}: the state of module {module.name!r} may be any of {listed(inner)}: "
                "pass state=..., empty for none"
            )
        return inner[0] if inner else ""
    if given and given not in places:
        raise UsageError(
            f"{source}: module {module.name!r} keeps no state in {given!r}; it has "
            f"{listed(places) or 'neither a third terminal, an internal node nor an output'}"
        )
    return given


def _candidates(module: OsdiModule) -> list[str]:
    """Return the unknowns that may be the state of a module without a third terminal."""
    inner = [u for u in module.unknowns if not u.flow and _WORD.match(u.name)]
    moving = [u.name for u in inner if u.reactive]
    if any(name.startswith(_IMPLICIT) for name in moving):
        # an integral, idt(), which the source may have put on a node of its own
        return [u.name for u in inner if u.reactive or not u.name.startswith(_IMPLICIT)]
    return moving


def known_parameter(module: OsdiModule, name: str, asked_by: str) -> OsdiParameter:
    """Return the parameter of that name; ``asked_by`` is the argument that named it."""
    names = [p.name for p in module.parameters]
    parameter = module.parameter(name)
    if parameter is None:
        near = difflib.get_close_matches(str(name), names, 1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; it has {listed(names) or 'none'}"
        raise ParameterError(f"{asked_by}: module {module.name!r} has no parameter {name!r}{hint}")
    # ngspice does not tell upper from lower case
    if [n.lower() for n in names].count(name.lower()) > 1 or not _WORD.match(name):
        raise ParameterError(
            f"{asked_by}: parameter {name!r} of module {module.name!r} has no name of its own in "
            "ngspice, where case does not count and names are made of letters, digits and _"
        )
    return parameter


def parameter_numbers(module: OsdiModule, given: Mapping[str, float]) -> dict[str, float]:
    """Return what was given as numbers of the parameters' types."""
    values: dict[str, float] = {}
    for name, value in given.items():
        kind = known_parameter(module, name, "parameters").type
        if kind == "string":
            raise ParameterError(f"parameter {name!r} is a string, which cannot be set here")
        try:
            as_number = math.nan if isinstance(value, bool | str) else float(value)
        except (TypeError, ValueError):
            as_number = math.nan
        if not math.isfinite(as_number) or (kind == "integer" and as_number != int(as_number)):
            expected = "a whole number" if kind == "integer" else "a finite number"
            raise ParameterError(f"parameter {name!r} = {value!r}; expected {expected}")
        values[name] = int(as_number) if kind == "integer" else as_number
    return values


def set_up(source: Path, module: OsdiModule, values: Mapping[str, float]) -> OsdiModule:
    """Return the module with these values, or with what of them it refuses."""
    whole = chosen_module(source, osdi_modules(source, module.name, values), module.name)
    if whole.out_of_range:
        said = [f"{name} = {parameter.value!r}" for name in whole.out_of_range
                if (parameter := whole.parameter(name))]  # fmt: skip
        raise ParameterError(
            f"{source}: module {module.name!r} refuses {listed(said)}: outside the range that it "
            "declares"
        )
    return whole


def start_state(
    source: Path,
    module: OsdiModule,
    values: Mapping[str, float],
    parameter: str,
    state: float | None,
    ends: tuple[float, float],
) -> float:
    """Return the state at the start, 0 ... 1.

    Args:
        source: the file.
        module: as compiled.
        values: of other parameters, which the module's default may depend on.
        parameter: name of that for the initial state; empty for none.
        state: as given; by the parameter's default when None.
        ends: the module's value at state 0 and at state 1.
    """
    if not parameter:
        if state is not None:
            raise UsageError(
                f"{source}: initial_state = {state!r}, but no parameter that takes it: pass "
                f"{START}=..., one of {listed(p.name for p in module.parameters) or 'none'}"
            )
        return 0.0
    kind = known_parameter(module, parameter, START).type
    if kind != "real":
        raise ParameterError(f"{START} {parameter!r} is of type {kind}; expected real")
    if state is not None:
        return checked_state(state)
    own = known_parameter(set_up(source, module, values), parameter, START).value
    begin = (float(own) - ends[0]) / (ends[1] - ends[0])
    if not 0 <= begin <= 1:
        raise ParameterError(
            f"module {module.name!r} starts at {parameter} = {own:g}, outside state_range = {ends}:"
            " pass another state_range, or initial_state=..."
        )
    return begin


def checked_range(given: tuple[float, float]) -> tuple[float, float]:
    """Return the module's value at state 0 and at state 1."""
    try:
        low, high = (float(end) for end in given)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high)) or low == high:
        raise UsageError(f"state_range = {given!r}: expected two different numbers")
    return low, high


def checked_state(given: float) -> float:
    """Return a state in 0 ... 1."""
    try:
        state = float(given)
    except (TypeError, ValueError):
        state = math.nan
    if not 0 <= state <= 1:
        raise ParameterError(f"initial_state = {given!r} is outside [0, 1]")
    return state


def listed(names: Iterable[str]) -> str:
    """Return names for a message."""
    return ", ".join(names)
