"""A designer's own netlist, read with the files it includes into lines of one statement each.

Files are opened here, never by ngspice: what a netlist may include lies in its own folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import NoReturn

from memcircuit.errors import UsageError

# Deeper is a file that includes itself; more is no netlist, but a way to fill the memory.
_DEEPEST, _MOST_FILES, _MOST_CHARACTERS = 20, 500, 50_000_000
# As ngspice cuts comments; a blank must stand before "$".
_COMMENT = re.compile(r";|//|(?:^|(?<=[ \t,]))\$")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_FOREIGN_LETTER = re.compile(r"[^\x20-\x7e\t]")
_CONTROL_BLOCK = re.compile(r"\.control", re.IGNORECASE)
_INCLUSION = re.compile(
    r"\.(?P<card>include|inc|lib)\s+"
    r"""(?:"(?P<double>[^"]+)"|'(?P<single>[^']+)'|(?P<bare>\S+))\s*(?P<section>\S+)?""",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(r"[\w.+ -]+(?:/[\w.+ -]+)*", re.ASCII)
_SCRIPT = re.compile(r"\*ng_script|\*#|\.(?!title\b)", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """One statement of a netlist.

    Attributes:
        text: without comments, continuation lines joined, no blanks around it.
        path: the file it stands in.
        number: of its first line in that file, from 1.
        in_control: it stands in a control block; ``.control`` and ``.endc`` do not count.
    """

    text: str
    path: Path
    number: int
    in_control: bool = False

    @property
    def card(self) -> str:
        """The dot command in lower case, or empty for an element."""
        # `.if(` needs no blank.
        return self.text.split(maxsplit=1)[0].lower().split("(")[0] if self.text[0] == "." else ""

    def refuse(self, reason: str) -> NoReturn:
        """Raise the error that names this line.

        Args:
            reason: what is wrong, and what would be right.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{self.path}:{self.number}: {self.text[:80]!r}: {reason}")


@dataclass(frozen=True)
class Source:
    """A netlist and all it includes.

    Attributes:
        title: its first line.
        lines: every statement after that in the order in which ngspice would meet them.
    """

    title: str
    lines: tuple[Line, ...]


def read_source(path: Path) -> Source:
    """Read a netlist, and in their places the files and library sections that it includes.

    Args:
        path: the netlist.

    Returns:
        Its title and its statements.

    Raises:
        UsageError: naming file and line: a file that cannot be read, lies outside of the
            netlist's folder or is included without end, a character that no netlist needs, or
            a first line that makes the file a script.
    """
    reader = _Reader(path)
    text = reader.read(path, None)
    first, _, rest = text.partition("\n")
    title = Line(first.strip() or "(untitled)", path, 1)
    _check_characters(title, "")
    if _SCRIPT.match(title.text):
        title.refuse("the first line of a netlist is its title, and this is a command")
    lines = reader.expanded(_statements(rest, path, first=2), depth=0)
    return Source(title.text, tuple(lines))


class _Reader:
    """Opens the files of one netlist, and counts what it has opened."""

    def __init__(self, netlist: Path) -> None:
        self._folder = netlist.parent
        self._root = netlist.parent.resolve()
        self._files = 0
        self._characters = 0

    def read(self, path: Path, asked: Line | None) -> str:
        """Read one file.

        Args:
            path: the file.
            asked: the line that includes it, ``None`` for the netlist itself.
        """
        self._files += 1
        try:
            if not path.is_file():  # a pipe or a device would never end
                _complain(path, asked, "there is no such file")
            self._characters += path.stat().st_size
            if self._files > _MOST_FILES or self._characters > _MOST_CHARACTERS:
                _complain(
                    path,
                    asked,
                    f"netlists of more than {_MOST_FILES} inclusions or"
                    f" {_MOST_CHARACTERS / 1e6:g} MB are not read",
                )
            return path.read_bytes().decode("utf-8", errors="replace")
        except OSError as error:
            _complain(path, asked, f"it cannot be read: {error.strerror}")

    def expanded(self, lines: list[Line], depth: int) -> Iterator[Line]:
        """Yield the statements, each inclusion replaced by what it includes."""
        for line in lines:
            if line.in_control or line.card not in {".include", ".inc", ".lib"}:
                yield line
                continue
            name, section = _inclusion(line)
            if depth == _DEEPEST:
                line.refuse(f"files include each other more than {_DEEPEST} deep; break the circle")
            path = self._included(line, name)
            found = _statements(self.read(path, line), path)
            if section:
                found = _section(found, section, line)
            yield from self.expanded(found, depth + 1)

    def _included(self, line: Line, name: str) -> Path:
        """Return the path of an included file, which lies in the netlist's folder."""
        plain = _FILE_NAME.fullmatch(name) and ".." not in PurePosixPath(name).parts
        if not plain:
            line.refuse(
                "a netlist includes files of its own folder only, by a relative path of letters,"
                " digits and _ . + - without '..'; copy the file beside the netlist"
            )
        path = line.path.parent / name
        try:
            inside = path.resolve().is_relative_to(self._root)
        except (OSError, RuntimeError) as error:  # links in a circle
            line.refuse(f"it cannot be read: {error}")
        if not inside:
            line.refuse(
                f"it leads out of the folder {self._folder} by a symbolic link; copy the file"
                " beside the netlist"
            )
        return path


def _complain(path: Path, asked: Line | None, reason: str) -> NoReturn:
    if asked is not None:
        asked.refuse(f"{path}: {reason}")
    raise UsageError(f"{path}: {reason}; give the path of a netlist")


def _inclusion(line: Line) -> tuple[str, str]:
    """Return the file that a line includes, and the section of it or an empty text."""
    match = _INCLUSION.fullmatch(line.text)
    library = line.card == ".lib"
    if match is None or library != (match["section"] is not None):
        line.refuse("write `.include FILE`, or `.lib FILE SECTION` for a part of a file")
    name = match["double"] or match["single"] or match["bare"]
    return name, (match["section"] or "").lower()


def _section(lines: list[Line], name: str, asked: Line) -> list[Line]:
    """Return the statements between ``.lib NAME`` and the next ``.endl``."""
    heads = (n for n, line in enumerate(lines) if line.text.lower().split() == [".lib", name])
    begin = next(heads, None)
    if begin is None:
        asked.refuse(f"the file has no section {name!r}, a line `.lib {name}`")
    ends = (n for n, line in enumerate(lines) if n > begin and line.card == ".endl")
    end = next(ends, None)
    if end is None:
        lines[begin].refuse("the section does not end; write `.endl` after it")
    return lines[begin + 1 : end]


def _statements(text: str, path: Path, first: int = 1) -> list[Line]:
    """Part a text into statements, comments left out, continuation lines joined."""
    found: list[tuple[Line, list[str]]] = []
    in_control = False
    # Not splitlines(), which also parts at characters that mean nothing to ngspice.
    for number, raw in enumerate(text.split("\n"), start=first):
        physical = raw.removesuffix("\r").strip(" \t")
        line = Line(_code(physical, in_control=in_control), path, number, in_control)
        _check_characters(Line(physical, path, number), line.text)
        if not line.text:
            continue
        if in_control and line.card == ".endc":
            in_control = False
        elif in_control:
            found.append((line, []))
        elif line.text.startswith("+"):
            if not found or found[-1][0].in_control:
                line.refuse("it continues a line that is not there")
            found[-1][1].append(line.text[1:])
        elif _CONTROL_BLOCK.fullmatch(line.text):
            in_control = True
        else:
            found.append((line, []))
    return [
        replace(line, text=" ".join((line.text, *more)).strip()) if more else line
        for line, more in found
    ]


def _code(physical: str, *, in_control: bool) -> str:
    """Return a line without its comment."""
    if physical.startswith(("*", "#")):
        return ""
    if in_control:  # `$` begins a variable there
        return physical
    comment = _COMMENT.search(physical)
    return physical[: comment.start()].rstrip(" \t") if comment else physical


def _check_characters(physical: Line, code: str) -> None:
    text = physical.text
    if text.startswith("*#"):
        physical.refuse("a comment that starts with *# runs a command; remove the #")
    if _UNPRINTABLE.search(text):
        physical.refuse("control characters are not allowed")
    if _FOREIGN_LETTER.search(code):
        physical.refuse("characters outside ASCII are allowed in comments only")
    if "`" in code:
        physical.refuse("a back-tick runs a command; it is not allowed")
