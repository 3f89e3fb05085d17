"""What may stand in the circuit part of a netlist.

A netlist is a program: control blocks, ``*#`` comments and back-ticks run commands, ``.include``
and file parameters read files, code models load libraries. We build our netlists ourselves, so
only what circuits are made of is let through. What ngspice would drop or misread in silence is
refused here too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from memcircuit.errors import UsageError

_CARDS = frozenset(
    {
        ".model",
        ".subckt",
        ".ends",
        ".param",
        ".func",
        ".global",
        ".ic",
        ".nodeset",
        ".temp",
        ".if",
        ".elseif",
        ".else",
        ".endif",
    }
)
_OWN_PLACE = {
    ".option": "give options as Options",
    ".options": "give options as Options",
    ".title": "the title is given as Job.title",
    ".save": "the vectors are given as Job.vectors",
    ".op": "the analysis is given as Job.analysis",
    ".tran": "the analysis is given as Job.analysis",
    ".dc": "the analysis is given as Job.analysis",
    ".ac": "the analysis is given as Job.analysis",
    ".end": "it is written at the end of the deck",
}
_STARTS = re.compile(r"[A-Za-z.+*$;]")
_CONTROL = re.compile(r"[^\x20-\x7e\t]")
# File parameters of the sources and code models, and the code models that load or start programs.
# (XSPICE takes "=", "(" and "," between a parameter and its value for blanks.)
_FILE_ACCESS = re.compile(
    r"file[\s=(,]*[\"'<]|\w*file\s*=|\bd_cosim\b|\bd_process\b|\bfilesource\b", re.IGNORECASE
)
_CURRENT_SOURCE = re.compile(r"[ifg]|b.*\bi\s*=", re.IGNORECASE | re.DOTALL)


def check_circuit(text: str) -> None:
    """Refuse what does not belong into the circuit part of a netlist.

    Args:
        text: element lines, ``.model``, ``.subckt`` and their like.

    Raises:
        UsageError: naming the line and what is wrong with it.
    """
    # Not splitlines(), which also parts at characters that mean nothing to ngspice.
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip(" \t\r")
        if stripped and (reason := _objection(stripped)):
            raise UsageError(f"circuit line {number}, {stripped[:80]!r}: {reason}")
        if stripped.startswith("+") and number == 1:
            raise UsageError("circuit line 1 continues a line that is not there")
    for line in _joined(text):
        if _FILE_ACCESS.search(line):
            raise UsageError(
                f"circuit {line[:80]!r}: an element that opens files or programs is not allowed"
            )
    _check_floating(text)


def _objection(line: str) -> str:
    comment = line.startswith(("*", "$", ";"))
    if _CONTROL.search(line):
        reason = "control characters and characters outside ASCII are not allowed"
    elif "`" in line:
        reason = "a back-tick runs a command; it is not allowed"
    elif line.startswith("*#"):
        reason = "a comment that starts with *# runs a command; it is not allowed"
    elif not _STARTS.match(line):
        reason = "a line starts with the letter of an element, or with one of . + * $ ;"
    elif not comment and _FILE_ACCESS.search(line):
        reason = "an element that opens files or programs is not allowed"
    elif line.startswith("."):
        reason = _card_objection(line)
    else:
        reason = ""
    return reason


def _card_objection(line: str) -> str:
    # `.if(` needs no blank.
    name = line.split(maxsplit=1)[0].lower().split("(", maxsplit=1)[0]
    if name in _CARDS:
        return ""
    return f"{name} is not allowed here; {_OWN_PLACE.get(name, 'a circuit has no need of it')}"


@dataclass(frozen=True)
class _Scope:
    """The circuit or a subcircuit, and of each node: does it meet more than current sources."""

    name: str
    connected: dict[str, bool]


def _check_floating(text: str) -> None:
    """Refuse nodes fed by nothing but current sources: ngspice gives them a voltage of no value.

    (Every other kind of floating node ends in a singular matrix, which its log does tell.)
    """
    grounded, scopes = {"0", "gnd"}, [_Scope("the circuit", {})]
    stack = [scopes[0]]
    for line in _joined(text):
        fields = line.lower().replace("=", " = ").split()
        kind, names = fields[0], fields[1:]
        if kind == ".subckt":
            # Pins are connected outside.
            stack.append(
                _Scope(f"subcircuit {' '.join(names[:1])}", dict.fromkeys(names[1:], True))
            )
            scopes.append(stack[-1])
        elif kind == ".ends":
            # A surplus .ends is left for ngspice to refuse.
            del stack[max(1, len(stack) - 1) :]
        elif kind == ".global":
            grounded.update(names)
        elif not kind.startswith("."):
            _connect(stack[-1].connected, line, names)
    for scope in scopes:
        for node, connected in scope.connected.items():
            if not connected and node not in grounded:
                raise UsageError(
                    f"node {node!r} of {scope.name} is connected to nothing but current sources,"
                    " so its voltage is not defined; give it a path to ground"
                )


def _connect(connected: dict[str, bool], line: str, names: list[str]) -> None:
    if _CURRENT_SOURCE.match(line):
        for node in names[:2]:
            connected.setdefault(node, False)
    else:
        # Whatever is named in any other element counts as connected: no false alarm.
        connected.update(dict.fromkeys(names, True))


def _joined(text: str) -> Iterator[str]:
    """Yield the lines that say something, continuation lines joined, comments left out."""
    held = ""
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("+"):
            held += " " + stripped[1:]
        elif stripped and stripped[0] not in "*$;":
            if held:
                yield held
            held = stripped
    if held:
        yield held
