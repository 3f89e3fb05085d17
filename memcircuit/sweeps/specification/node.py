"""A value of a TOML file that knows where it stands, so that what is wrong with it can be found."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from memcircuit.errors import MemcircuitError, UsageError
from memcircuit.sweeps.specification.places import KeyPath, key_lines
from memcircuit.sweeps.specification.quantities import quantity

_LONGEST = 60


class PlacedError(UsageError):
    """What is wrong in a file, told with its place."""


@dataclass(frozen=True)
class TomlNode:
    """A value with its place.

    Attributes:
        file: name of the file, for messages.
        path: the way to it; empty for the whole file.
        value: what ``tomllib`` found there.
        lines: the line of every key of the file.
    """

    file: str
    path: KeyPath
    value: Any
    lines: Mapping[KeyPath, int]

    @property
    def name(self) -> str:
        """The way to it, as it is named in messages."""
        text = ""
        for part in self.path:
            text += f"[{part}]" if isinstance(part, int) else f".{part}"
        return text.removeprefix(".")

    @property
    def key(self) -> str:
        """The name nearest to it."""
        return next((part for part in reversed(self.path) if isinstance(part, str)), "")

    def error(self, message: str) -> PlacedError:
        """Return an error that tells where the value stands."""
        near = (self.path[:end] for end in range(len(self.path), 0, -1))
        line = next((self.lines[path] for path in near if path in self.lines), 1)
        place = f"{self.file}:{line}"
        return PlacedError(
            f"{place}: {self.name}: {message}" if self.path else f"{place}: {message}"
        )

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Let the errors of the body name this place, where the input is at fault."""
        try:
            yield
        except PlacedError:
            raise
        except MemcircuitError as error:
            if error.exit_status != UsageError.exit_status:
                raise
            raise self.error(str(error)) from error
        except (TypeError, ValueError) as error:
            raise self.error(str(error)) from error

    def __contains__(self, key: str) -> bool:
        return key in self.table()

    def __getitem__(self, key: str) -> TomlNode:
        if key not in self.table():
            raise self.error(f"{key} is missing")
        return TomlNode(self.file, (*self.path, key), self.value[key], self.lines)

    def get(self, key: str) -> TomlNode | None:
        """Return the value of a key of a table; None when it is not there."""
        return self[key] if key in self.table() else None

    def entries(self) -> dict[str, TomlNode]:
        """Return the values of a table by key."""
        return {key: self[key] for key in self.table()}

    def elements(self) -> list[TomlNode]:
        """Return the elements of a list."""
        if not isinstance(self.value, list):
            raise self.error(f"{self.shown} is no list; expected values in square brackets")
        return [
            TomlNode(self.file, (*self.path, place), value, self.lines)
            for place, value in enumerate(self.value)
        ]

    @property
    def shown(self) -> str:
        """The value as it is named in messages."""
        text = repr(self.value)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."

    def table(self) -> dict[str, Any]:
        """Return the table that the value is."""
        if not isinstance(self.value, dict):
            raise self.error(f"{self.shown} is no table; expected entries such as {{ name = 1 }}")
        return self.value

    def only(self, known: Collection[str]) -> None:
        """Refuse a table with other keys than these."""
        for key in self.table():
            if key not in known:
                raise self[key].unknown(key, known, "unknown")

    def unknown(self, name: str, known: Collection[str], what: str) -> PlacedError:
        """Return an error that names what is nearest to an unknown name."""
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(known)}"
        return self.error(f"{what} {name!r}; {hint}")

    def text(self, choices: Collection[str] = ()) -> str:
        """Return the text that the value is, one of the choices if there are any."""
        if not isinstance(self.value, str):
            raise self.error(f"{self.shown} is no text; expected one in quotes")
        if choices and self.value not in choices:
            raise self.unknown(self.value, choices, "no")
        return self.value

    def flag(self) -> bool:
        """Return the truth value that it is."""
        if not isinstance(self.value, bool):
            raise self.error(f"{self.shown}; expected true or false")
        return self.value

    def whole(self, least: int | None = None, most: int | None = None) -> int:
        """Return the whole number that it is, no less than ``least`` and no more than ``most``."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.error(f"{self.shown}; expected a whole number")
        if least is not None and self.value < least:
            raise self.error(f"{self.value}; expected at least {least}")
        if most is not None and self.value > most:
            raise self.error(f"{self.shown}; expected at most {most}")
        return self.value

    def number(self, unit: str) -> float | int:
        """Return the number that it is, in SI.

        Args:
            unit: of the quantity; "1" when dimensionless, empty when not known: then the number
                stands without a unit.
        """
        if isinstance(self.value, str):
            if not unit:
                raise self.error(f"{self.shown}; expected a plain number, in SI")
            with self.blamed():
                return self._finite(quantity(self.value, unit, self.key))
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            wanted = "a number" if unit in ("", "1") else f"a number of {unit}, such as '1 {unit}'"
            raise self.error(f"{self.shown}; expected {wanted}")
        return self._finite(self.value)

    def _finite(self, value: float) -> float | int:
        try:
            finite = math.isfinite(value)
        except OverflowError:
            finite = False
        if not finite:
            raise self.error(f"{self.shown} is not finite; expected a number")
        return value


def load_toml(path: str | Path) -> TomlNode:
    """Return the content of a file.

    Raises:
        UsageError: no such file, or no TOML; with the line.
    """
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{path}:{line}: not valid TOML: {error.reason}; expected UTF-8"
        ) from error
    try:
        content = tomllib.loads(text)
        lines = key_lines(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z", str(error))
        if found is None:
            raise UsageError(f"{path}:1: not valid TOML: {error}") from error
        line = int(found[1]) if found[1] else len(text.splitlines()) or 1
        told = str(error)[: found.start()] + (f" at column {found[2]}" if found[2] else "")
        raise UsageError(f"{path}:{line}: not valid TOML: {told}") from error
    except RecursionError as error:
        raise UsageError(f"{path}:1: not valid TOML: brackets in brackets too deep") from error
    return TomlNode(str(path), (), content, lines)
