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

#: Dot commands that a circuit is made of.
CIRCUIT_CARDS = frozenset(
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
# Consecutive lines of resistors, capacitors, voltage sources, also controlled ones, transistors,
# compiled devices and subcircuits, of names and numbers alone: all but a few of the lines of an
# array. None is refused as long as no word of _FILE_WORDS is in it; none is a current source; none
# continues another.
_PLAIN = re.compile(r"^(?:[RCVEMNXrcvemnx][\w.=+ -]*+\n)++", re.ASCII | re.MULTILINE)
_FILE_WORDS = ("file", "d_cosim", "d_process")
# Models that read a file, of which the name may be left out: then it has one of its own.
_FILE_MODELS = ("d_source", "d_state", "table2d", "table3d", "xfer")
# File parameters of the sources and code models, and the code models that load or start programs.
# (XSPICE takes "=", "(" and "," between a parameter and its value for blanks.)
_FILE_ACCESS = re.compile(
    r"file[\s=(,]*[\"'<]|file\s*=|\bd_cosim\b|\bd_process\b|\bfilesource\b"
    # These take the name of their file without a sign.
    rf"|^\.model\b.*\b(?:{'|'.join(_FILE_MODELS)})\b",
    re.IGNORECASE | re.DOTALL,
)
_OPENS_FILES = "an element that opens files or programs is not allowed"
_CURRENT_SOURCE = re.compile(r"[ifg]|b.*\bi\s*=", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Objection:
    """What is wrong with the circuit part of a netlist.

    Attributes:
        line: number of the line, from 1, or ``None`` when no single line is to blame.
        text: the line, or empty.
        reason: what is wrong with it.
    """

    line: int | None
    text: str
    reason: str


def check_circuit(text: str) -> None:
    """Refuse what does not belong into the circuit part of a netlist.

    Args:
        text: element lines, ``.model``, ``.subckt`` and their like.

    Raises:
        UsageError: naming the line and what is wrong with it.
    """
    if (found := objection(text)) is None:
        return
    if found.line is None:
        raise UsageError(found.reason)
    raise UsageError(f"circuit line {found.line}, {found.text[:80]!r}: {found.reason}")


def objection(text: str) -> Objection | None:
    """Find what does not belong into the circuit part of a netlist.

    Args:
        text: element lines, ``.model``, ``.subckt`` and their like.

    Returns:
        The first objection, or ``None``.
    """
    parts = _without_plain_lines(text)
    for first, part in parts:
        # Not splitlines(), which also parts at characters that mean nothing to ngspice.
        for number, line in enumerate(part.split("\n"), start=first):
            stripped = line.strip(" \t\r")
            if stripped and (reason := _objection(stripped)):
                return Objection(number, stripped, reason)
            if stripped.startswith("+") and number == 1:
                return Objection(number, stripped, "it continues a line that is not there")
    # No part begins with a continuation of the one before.
    for first, part in parts:
        for number, line in _joined(part, first):
            if _opens_files(line):
                return Objection(number, line, _OPENS_FILES)
    rest = "".join(part for _, part in parts)
    # Plain lines can connect a node, never leave one floating.
    if _floating(rest) and (reason := _floating(text)):
        return Objection(None, "", reason)
    return None


def _without_plain_lines(text: str) -> list[tuple[int, str]]:
    """Return what needs a closer look, in parts, each with the number of its first line.

    The last of consecutive plain lines is kept: what stands below may continue it.
    """
    parts, begin, number = [], 0, 1
    for run in _PLAIN.finditer(text):
        last = text.rfind("\n", 0, run.end() - 1) + 1
        lowered = run[0].lower()
        if last > run.start() and not any(word in lowered for word in _FILE_WORDS):
            parts.append((number, text[begin : run.start()]))
            number += text.count("\n", begin, last)
            begin = last
    return [*parts, (number, text[begin:])]


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
    elif not comment and _opens_files(line):
        reason = _OPENS_FILES
    elif line.startswith("."):
        reason = _card_objection(line)
    else:
        reason = ""
    return reason


def _opens_files(line: str) -> bool:
    lowered = line.lower()  # the words alone are found far sooner
    words = (*_FILE_WORDS, *_FILE_MODELS)
    return any(word in lowered for word in words) and bool(_FILE_ACCESS.search(line))


def _card_objection(line: str) -> str:
    # `.if(` needs no blank.
    name = line.split(maxsplit=1)[0].lower().split("(", maxsplit=1)[0]
    if name in CIRCUIT_CARDS:
        return ""
    return f"{name} is not allowed here; {_OWN_PLACE.get(name, 'a circuit has no need of it')}"


@dataclass(frozen=True)
class _Scope:
    """The circuit or a subcircuit, and of each node: does it meet more than current sources."""

    name: str
    connected: dict[str, bool]


def _floating(text: str) -> str:
    """Say which node nothing but current sources feeds: ngspice's voltage there has no value.

    (Every other kind of floating node ends in a singular matrix, which its log does tell.)
    """
    grounded, scopes = {"0", "gnd"}, [_Scope("the circuit", {})]
    stack = [scopes[0]]
    for _, line in _joined(text):
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
                return (
                    f"node {node!r} of {scope.name} is connected to nothing but current sources,"
                    " so its voltage is not defined; give it a path to ground"
                )
    return ""


def _connect(connected: dict[str, bool], line: str, names: list[str]) -> None:
    if _CURRENT_SOURCE.match(line):
        for node in names[:2]:
            connected.setdefault(node, False)
    else:
        # Whatever is named in any other element counts as connected: no false alarm.
        connected.update(dict.fromkeys(names, True))


def _joined(text: str, first: int = 1) -> Iterator[tuple[int, str]]:
    """Yield the lines that say something, continuation lines joined, comments left out.

    Args:
        text: the lines.
        first: number of the first line.

    Yields:
        The number of the line with which it begins, and the joined line.
    """
    held: list[str] = []
    begin = first
    for number, line in enumerate(text.splitlines(), start=first):
        stripped = line.strip()
        if stripped.startswith("+"):
            held.append(stripped[1:])
        elif stripped and stripped[0] not in "*$;":
            if joined := " ".join(held).strip():
                yield begin, joined
            held, begin = [stripped], number
    if joined := " ".join(held).strip():
        yield begin, joined
