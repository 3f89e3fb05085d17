"""Where the keys of a TOML text stand, which ``tomllib`` does not tell."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

#: The way to a value: keys of tables, and numbers of elements of arrays.
KeyPath = tuple[str | int, ...]

_WORD = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_KEY = re.compile(rf"{_WORD}(?:[ \t]*\.[ \t]*{_WORD})*")
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
# longer quotes first; up to two more quotes may stand before the closing three
_STRING = re.compile(
    r'''"""(?:[^\\]|\\.)*?"""(?:"{0,2})(?!")|"(?:[^"\\\n]|\\.)*"'''
    r"""|'''.*?'''(?:'{0,2})(?!')|'[^'\n]*'""",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\n]*")


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the line of every key, table and element.

    Args:
        text: what ``tomllib.loads`` has accepted.

    Returns:
        lines, from 1, by the way to the value. A table made by a dotted key stands where it is
        first named.
    """
    scan = _Scan(text)
    scan.document()
    return scan.lines


@dataclass
class _Scan:
    """A reader of valid TOML that keeps nothing but places."""

    text: str
    at: int = 0
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ends = [found.start() for found in re.finditer("\n", self.text)]
        self._tables: dict[KeyPath, int] = {}  # how many of each array of tables there are

    def document(self) -> None:
        """Read it all."""
        table: KeyPath = ()
        self._skip()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip()

    def _header(self) -> KeyPath:
        several = self.text.startswith("[[", self.at)
        begin = self.at
        self._over("[[" if several else "[")
        table: KeyPath = ()
        parts = self._key()
        for place, part in enumerate(parts):
            table = (*table, part)
            self._note(table, begin)
            last = place == len(parts) - 1
            if last and several:
                number = self._tables.get(table, 0)
                self._tables[table] = number + 1
                table = (*table, number)
                self._note(table, begin)
            elif table in self._tables:  # the latest of an array of tables
                table = (*table, self._tables[table] - 1)
        self._over("]]" if several else "]")
        if not several:  # where it is written out, not where a part of it was named
            self.lines[table] = self._line(begin)
        return table

    def _pair(self, table: KeyPath) -> None:
        begin = self.at
        path = table
        for part in self._key():
            path = (*path, part)
            self._note(path, begin)
        self._over("=")
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        first = self.text[self.at]
        if first == "[":
            self._over("[")
            number = 0
            while self.text[self.at] != "]":
                self._note((*path, number), self.at)
                self._value((*path, number))
                number += 1
                self._between("]")
            self.at += 1
        elif first == "{":
            self._over("{")
            while self.text[self.at] != "}":
                self._pair(path)
                self._between("}")
            self.at += 1
        else:
            found = _STRING.match(self.text, self.at) if first in "\"'" else None
            self.at = (found or _matched(_PLAIN, self.text, self.at)).end()

    def _between(self, end: str) -> None:
        """Go over the comma after an element, if there is one, to the next or the end."""
        self._skip()
        if self.text[self.at] != end:
            self._over(",")

    def _key(self) -> tuple[str, ...]:
        found = _matched(_KEY, self.text, self.at)
        self.at = found.end()
        self._skip()
        inner: Any = tomllib.loads(f"{found.group()} = 0")
        parts: list[str] = []
        while isinstance(inner, dict):
            ((part, inner),) = inner.items()
            parts.append(part)
        return tuple(parts)

    def _over(self, mark: str) -> None:
        if not self.text.startswith(mark, self.at):
            raise ValueError(f"line {self._line(self.at)}: expected {mark!r}")
        self.at += len(mark)
        self._skip()

    def _skip(self) -> None:
        self.at = _matched(_BLANK, self.text, self.at).end()

    def _note(self, path: KeyPath, at: int) -> None:
        self.lines.setdefault(path, self._line(at))

    def _line(self, at: int) -> int:
        return bisect_right(self._ends, at - 1) + 1


def _matched(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str]:
    found = pattern.match(text, at)
    if found is None:
        raise ValueError(f"character {at}: no TOML")
    return found
