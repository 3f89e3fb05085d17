"""Text files from outside: read with care, line by line; written whole or not at all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.errors import TableError
from memcircuit.files import whole_file

Array = NDArray[np.float64]

# a table of a hundred devices and a hundred cycles needs a tenth of it
_LARGEST = 128 * 2**20
#: Largest number read: squares of it are still numbers.
LARGEST_NUMBER = 1e100


@dataclass(frozen=True)
class Line:
    """One line of a file that is not blank.

    Attributes:
        path: the file.
        number: place in the file, from 1.
        text: the line without its end.
    """

    path: Path
    number: int
    text: str

    def error(self, message: str) -> TableError:
        """Return the error that names the place."""
        return TableError(f"{self.path}, line {self.number}: {message}")

    def cells(self, separator: str | None, count: int | None = None) -> list[str]:
        """Return the columns as text.

        Args:
            separator: between the columns; ``None`` for white space.
            count: number of columns that must be there.

        Raises:
            TableError: another number of columns.
        """
        cells = [cell.strip() for cell in self.text.split(separator)]
        if count is not None and len(cells) != count:
            between = "white space" if separator is None else repr(separator)
            hint = (
                "; semicolons and decimal commas cannot be read: save with a decimal point and a "
                "comma between columns"
                if ";" in self.text
                else ""
            )
            raise self.error(f"{len(cells)} columns separated by {between}, not {count}{hint}")
        return cells

    def number_of(self, cell: str) -> float:
        """Return the number of a column.

        Raises:
            TableError: not a finite number, or above ``LARGEST_NUMBER``.
        """
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        # Python reads 1_000, which no other program would write
        if not abs(value) <= LARGEST_NUMBER or "_" in cell:
            raise self.error(
                f"{cell[:40]!r} is no finite number such as 1.5e-6, at most {LARGEST_NUMBER:g}"
            )
        return value

    def count_of(self, cell: str) -> int:
        """Return the whole number of at least 0 of a column.

        Raises:
            TableError: anything else.
        """
        value = self.number_of(cell)
        if value != int(value) or not 0 <= value < 2**31:
            raise self.error(f"{cell[:40]!r} is no whole number from 0 to {2**31 - 1}")
        return int(value)

    def numbers(self, separator: str | None, count: int | None = None) -> list[float]:
        """Return the columns as finite numbers; arguments and errors as in ``cells``."""
        return [self.number_of(cell) for cell in self.cells(separator, count)]


def read_lines(path: Path, least: int = 1) -> list[Line]:
    """Return the lines of a text file that are not blank.

    A byte order mark and line ends of any system are accepted.

    Args:
        path: file in UTF-8.
        least: number of lines that must be there.

    Raises:
        TableError: the file cannot be read, is too large, or no such text.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise TableError(
                f"{path}: {path.stat().st_size} bytes; at most {_LARGEST} are read as a table"
            )
        content = path.read_bytes()
    except OSError as error:
        raise TableError(f"cannot read {path}: {error.strerror or error}") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    ended = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines = [Line(path, place, line) for place, line in enumerate(ended, 1) if line.strip()]
    if len(lines) < least:
        raise TableError(f"{path}: {len(lines)} lines with text; at least {least} are needed")
    return lines


def matrix(lines: Sequence[Line], separator: str | None, columns: int) -> Array:
    """Return the numbers of lines of equal length, (lines, columns).

    Raises:
        TableError: another number of columns, or anything but finite numbers.
    """
    return np.array([line.numbers(separator, columns) for line in lines]).reshape(-1, columns)


def rising(values: ArrayLike, name: str, path: Path) -> Array:
    """Return values that must rise from each to the next.

    Raises:
        TableError: they do not, or there are fewer than two.
    """
    checked = np.asarray(values, dtype=np.float64)
    if checked.size < 2:
        raise TableError(f"{path}: {checked.size} values of {name}; at least 2")
    places = np.flatnonzero(np.diff(checked) <= 0)
    if places.size:
        first = int(places[0])
        raise TableError(
            f"{path}: {name} must rise, but value {first + 2} is {checked[first + 1]:g} after "
            f"{checked[first]:g}"
        )
    return checked


def joined(values: ArrayLike, separator: str = ",") -> str:
    """Return numbers as text from which the very same numbers are read back."""
    return separator.join(map(repr, np.asarray(values, dtype=np.float64).tolist()))


def write_texts(texts: Mapping[Path, str]) -> tuple[Path, ...]:
    """Write files together: no file of the set is replaced before all are written.

    Raises:
        UsageError: a file cannot be written.
    """
    with ExitStack() as files:
        for path, text in texts.items():
            files.enter_context(whole_file(path)).write_text(text, encoding="utf-8", newline="\n")
    return tuple(texts)
