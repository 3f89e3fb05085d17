"""Finished points on disk, one file for each key, shared by any number of processes."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from memcircuit.checks import require_number
from memcircuit.errors import StorageError, UsageError
from memcircuit.simulate.locate import cache_directory
from memcircuit.sweeps.entry_file import (
    FRESH,
    content_in,
    content_of,
    lock,
    payload_in,
    remove_unless_held,
    write_whole,
)

_KEY_LENGTH = 64
_KEY = re.compile(rf"[0-9a-f]{{{_KEY_LENGTH}}}")
_FOLDER = re.compile(r"[0-9a-f]{2}")
_ENDING = ".entry"
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
# each attempt fails only when another process sweeps or removes folders at that very moment
_ATTEMPTS = 20


@dataclass(frozen=True)
class Entry:
    """One file of a store.

    Attributes:
        key: 64 hexadecimal digits; of a damaged file whatever its name says.
        size: length of the file, bytes.
        last_used: s since the epoch, when it was last written or got.
        path: the file.
    """

    key: str
    size: int
    last_used: float
    path: Path


class Store:
    """Payloads by key, in files ``<directory>/<key[:2]>/<key>.entry``, shared by any processes.

    A payload is written to a file of its own, which then takes the name of the entry, so a writer
    killed at any instant leaves the entry whole or not there. Nothing is forced to the disk
    (fsync), which makes a put several times as long: what a process has written outlives its
    death in any case, and what a power cut tears is found by the checksum and done again.

    Attributes:
        directory: where the files are.
        damaged: keys of the files found damaged, and removed, by this object.
    """

    def __init__(self, directory: Path | str | None = None) -> None:
        """Name the directory; it is made when something is put.

        Args:
            directory: by default ``sweeps`` in the cache (``MEMCIRCUIT_CACHE``).

        Raises:
            CacheError: there is no home directory for the cache.
        """
        chosen = cache_directory() / "sweeps" if directory is None else Path(directory)
        self.directory = chosen.expanduser().absolute()
        self.damaged: list[str] = []
        self._own_signs: list[BinaryIO] = []

    @property
    def size(self) -> int:
        """Length of all entries together, bytes."""
        return sum(entry.size for entry in self.entries())

    def get(self, key: str) -> bytes | None:
        """Return the payload of a key, or ``None`` when there is none that can be trusted.

        A damaged file is removed and its key noted in ``damaged``.

        Args:
            key: 64 hexadecimal digits.

        Raises:
            UsageError: what is given is no key.
            StorageError: the directory cannot be read.
        """
        path = self._path(key)
        self._note(key)
        try:
            with path.open("rb") as file:
                seen = os.fstat(file.fileno())
                payload = payload_in(key, content_in(file))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._error("read", error) from error
        if payload is None:
            self._remove_damaged(key, path, seen)
            return None
        # a store that may only be read keeps no times
        with contextlib.suppress(OSError):
            os.utime(path)
        return payload

    def put(self, key: str, payload: bytes) -> None:
        """Keep a payload; what was there under the key is replaced.

        Args:
            key: 64 hexadecimal digits.
            payload: anything.

        Raises:
            UsageError: what is given is no key.
            StorageError: there is no room, or the directory cannot be written.
        """
        path = self._path(key)
        self._note(key)
        self._write(path, content_of(key, payload))

    def keep_log(self, name: str, text: str) -> Path:
        """Write what a failed point's simulator said beside the entries, and return the file.

        It goes with ``clear``, and with ``limit`` once its entry has gone.

        Args:
            name: the key of the entry, and what tells its points apart; without ending.
            text: the log.

        Raises:
            StorageError: there is no room, or the directory cannot be written.
        """
        self._note(name[:_KEY_LENGTH])
        path = self._logs() / f"{name}.log"
        content = text.encode(errors="replace")
        with contextlib.suppress(OSError):
            if path.read_bytes() == content:
                return path
        self._write(path, content)
        return path

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep ``limit`` and ``clear`` of any process off what is put or got in the body.

        The sign is a file that this process locks, and in which it notes the keys, so that no
        clock matters; the lock ends with the process, however it dies. A store that may only be
        read needs none.

        Raises:
            StorageError: the directory cannot be written.
        """
        try:
            file = self._sign()
        except StorageError as error:
            if not isinstance(error.__cause__, OSError) or error.__cause__.errno not in _READ_ONLY:
                raise
            yield
            return
        self._own_signs.append(file)
        try:
            yield
        finally:
            self._own_signs.remove(file)
            file.close()  # some systems remove no open file
            with contextlib.suppress(OSError):
                Path(file.name).unlink()

    def entries(self) -> Iterator[Entry]:
        """Give every entry, damaged ones too, in no particular order."""
        for entry in self._files():
            if _is_in_place(entry):
                yield entry

    def check(self) -> list[Entry]:
        """Read every file and remove the damaged ones; return these.

        What killed writers left is removed too.

        Raises:
            StorageError: a file cannot be read.
        """
        self._sweep()
        return [entry for entry in self._files() if self._is_damaged(entry)]

    def limit(self, size: int) -> list[Entry]:
        """Remove the entries not used for longest until the rest is no larger than asked.

        What a running sweep uses (see ``in_use``) stays, even if that is more.

        Args:
            size: bytes.

        Returns:
            what was removed.

        Raises:
            UsageError: no size, or a negative one.
            StorageError: an entry cannot be removed.
        """
        require_number(size, "size, bytes,")
        self._sweep()
        by_age = sorted(self.entries(), key=lambda entry: entry.last_used)
        excess = sum(entry.size for entry in by_age) - size
        used = self._used()
        removed: list[Entry] = []
        for entry in by_age:
            if excess <= 0:
                break
            if entry.key not in used and self._remove(entry):
                removed.append(entry)
                excess -= entry.size
        self._remove_logs()
        return removed

    def clear(self) -> list[Entry]:
        """Remove every entry that no running sweep uses; return these.

        The folders stay, empty: others may be putting something there. So does all that is in the
        directory and not the store's.

        Raises:
            StorageError: an entry cannot be removed.
        """
        self._sweep()
        entries, used = list(self._files()), self._used()  # in this order
        removed = [entry for entry in entries if entry.key not in used and self._remove(entry)]
        self._remove_logs()
        return removed

    def _path(self, key: str) -> Path:
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise UsageError(f"key {key!r:.80}: expected 64 hexadecimal digits, 0-9 and a-f")
        return self.directory / key[:2] / f"{key}{_ENDING}"

    def _signs(self) -> Path:
        return self.directory / "in_use"

    def _logs(self) -> Path:
        return self.directory / "logs"

    def _write(self, path: Path, content: bytes) -> None:
        for _ in range(_ATTEMPTS):
            try:
                write_whole(path, content)
            except FileNotFoundError:
                self._make(path.parent)
            except OSError as error:
                raise self._error("written", error) from error
            else:
                return
        raise self._cleared()

    def _sign(self) -> BinaryIO:
        """Make a file, locked, that says that a sweep is running."""
        for _ in range(_ATTEMPTS):
            self._make(self._signs())
            path = self._signs() / uuid.uuid4().hex
            try:
                file = path.open("xb", buffering=0)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self._error("written", error) from error
            lock(file, wait=True)
            # before it was locked another process may have taken it for a dead one's
            if path.exists():
                return file
            file.close()
        raise self._cleared()

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileNotFoundError, FileExistsError):
            # removed by another process meanwhile; whoever opens a file in it will try again
            return
        except OSError as error:
            raise self._error("written", error) from error

    def _folders(self) -> list[Path]:
        return [folder for folder in self._listed(self.directory) if _FOLDER.fullmatch(folder.name)]

    def _listed(self, folder: Path) -> list[Path]:
        try:
            return [Path(found) for found in os.scandir(folder)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._error("read", error) from error

    def _files(self) -> Iterator[Entry]:
        """Give every file that ends as entries do, rightly named or not."""
        for folder in self._folders():
            for path in self._listed(folder):
                if path.suffix != _ENDING:
                    continue
                # another process may remove it meanwhile
                with contextlib.suppress(FileNotFoundError):
                    status = path.stat()
                    yield Entry(path.stem, status.st_size, status.st_mtime, path)

    def _is_damaged(self, entry: Entry) -> bool:
        try:
            with entry.path.open("rb") as file:
                seen = os.fstat(file.fileno())
                content = content_in(file)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._error("read", error) from error
        if _is_in_place(entry) and payload_in(entry.key, content) is not None:
            return False
        self._remove_damaged(entry.key, entry.path, seen)
        return True

    def _remove_damaged(self, key: str, path: Path, seen: os.stat_result) -> None:
        self.damaged.append(key)
        # a whole one may have taken its place; where nothing can be removed, putting will tell
        with contextlib.suppress(OSError):
            if path.stat().st_ino == seen.st_ino:
                path.unlink()

    def _remove(self, entry: Entry) -> bool:
        """Remove an entry unless it was used since it was listed; return whether it is gone."""
        try:
            if entry.path.stat().st_mtime != entry.last_used:
                return False
            entry.path.unlink(missing_ok=True)
        except FileNotFoundError:
            return True
        except OSError as error:
            raise self._error("written", error) from error
        return True

    def _remove_logs(self) -> None:
        """Remove the logs that lost their entry and are of no running sweep."""
        logs, used = self._listed(self._logs()), self._used()
        for log in logs:
            key = log.name[:_KEY_LENGTH]
            entry = self.directory / key[:2] / f"{key}{_ENDING}"
            with contextlib.suppress(OSError):
                if log.suffix == ".log" and key not in used and not entry.exists():
                    log.unlink()

    def _note(self, key: str) -> None:
        """Say, before it is, that a key is used by the sweeps that run here."""
        for sign in self._own_signs:
            # where there is no room the entry is not safe from removal, and found all the same
            with contextlib.suppress(OSError):
                sign.write(f"\n{key}\n".encode())

    def _used(self) -> set[str]:
        """Return the keys that running sweeps use; to be asked after what may go was listed."""
        found: set[str] = set()
        for sign in self._listed(self._signs()):
            with contextlib.suppress(OSError):
                found.update(sign.read_text(encoding="ascii", errors="replace").split())
        return found

    def _sweep(self) -> None:
        """Remove what processes that are dead left behind."""
        for folder in (*self._folders(), self._logs()):
            for path in self._listed(folder):
                if path.name.startswith(FRESH):
                    remove_unless_held(path)
        for sign in self._listed(self._signs()):
            remove_unless_held(sign)

    def _error(self, action: str, error: OSError) -> StorageError:
        remedy = "let it be read and written"
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            remedy = "make room"
        return StorageError(
            f"the store of finished points {self.directory} cannot be {action}:"
            f" {error.strerror or error}. What is finished is kept: {remedy}, or name another"
            " store, then give the same command again."
        )

    def _cleared(self) -> StorageError:
        return StorageError(
            f"the store of finished points {self.directory} cannot be written: its folders vanish"
            " as soon as they are made. Does another process remove it? End that one, then give"
            " the same command again."
        )


def _is_in_place(entry: Entry) -> bool:
    return bool(_KEY.fullmatch(entry.key)) and entry.path.parent.name == entry.key[:2]
