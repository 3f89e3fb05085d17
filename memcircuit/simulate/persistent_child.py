"""The child of :mod:`memcircuit.simulate.persistent_process`: libngspice, job after job.

``python -I -S persistent_child.py LIBRARY`` answers on standard output with lines of JSON: one with
the version of the library, then one for every job, a line of JSON that it reads from standard
input. Standard library only, so that it starts in milliseconds. Whatever looks wrong ends the
process: the parent starts another.
"""

from __future__ import annotations

import ctypes as c
import json
import os
import re
import sys
from collections.abc import Sequence
from typing import Any

# characters; a log grows to gigabytes when an expression fails in every iteration.
_LARGEST_LOG = 200_000
_STRAY = "stray.out"
_FORGET = ("destroy all", "remcirc", "delete all")
# ngspice's own default of 8 threads makes small circuits twenty times slower, and its memory check
# opens a file at every time point.
_SETTINGS = ("set num_threads=1", "set no_mem_check", "set filetype=binary")

_SendChar = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_int, c.c_void_p)
_ControlledExit = c.CFUNCTYPE(c.c_int, c.c_int, c.c_bool, c.c_bool, c.c_int, c.c_void_p)


class _Library:
    """One libngspice, and what it said since it was last asked."""

    def __init__(self, place: str) -> None:
        self._calls = c.CDLL(place)
        self._said: list[str] = []
        self._length = 0
        # C keeps only the addresses; without these names the callbacks would be collected.
        self._hear, self._leave = _SendChar(self._heard), _ControlledExit(_left)
        if self._calls.ngSpice_Init(self._hear, None, self._leave, None, None, None, None):
            sys.exit("libngspice does not start")

    def _heard(self, line: bytes, _number: int, _user: int | None) -> int:
        text = line.decode("utf-8", errors="replace")
        self._length += len(text)
        if self._length > _LARGEST_LOG:
            os._exit(1)
        self._said.append(text.removeprefix("stdout ").removeprefix("stderr "))
        return 0

    def log(self) -> str:
        """Return what was said since the last time."""
        said = "\n".join(self._said)
        self._said.clear()
        self._length = 0
        return said

    def obey(self, commands: Sequence[str]) -> bool:
        """Say whether every command was taken."""
        taken = [self._calls.ngSpice_Command(command.encode("ascii")) for command in commands]
        return not any(taken)

    def take(self, circuit: list[str]) -> bool:
        """Say whether the lines of a circuit were taken."""
        lines = [line.encode("ascii") for line in circuit]
        return not self._calls.ngSpice_Circ((c.c_char_p * (len(lines) + 1))(*lines, None))


def _left(_status: int, _now: bool, _quit: bool, _number: int, _user: int | None) -> int:
    # ngspice gives up; nothing that it says afterwards can be believed.
    os._exit(1)


def _module_names(place: str) -> list[str]:
    """Return the names of the modules in a compiled file; a descriptor begins with its name."""
    library = c.CDLL(place)
    count = c.c_uint32.in_dll(library, "OSDI_NUM_DESCRIPTORS").value
    size = c.c_uint32.in_dll(library, "OSDI_DESCRIPTOR_SIZE").value
    first = c.addressof(c.c_char.in_dll(library, "OSDI_DESCRIPTORS"))
    names = [c.c_char_p.from_address(first + size * number).value for number in range(count)]
    return [(name or b"").decode("ascii") for name in names]


def _run(library: _Library, request: dict[str, Any]) -> dict[str, Any]:
    good = library.obey([f"osdi {place}" for place in request["load"]])
    names = [_module_names(place) for place in request["load"]]
    good &= library.take(request["circuit"])
    good &= library.obey(request["commands"])
    return {"good": good, "names": names, "log": library.log()}


def _stray_output() -> None:
    """Send what the C code prints past the callbacks into a file: the answers have a line alone."""
    stray = os.open(_STRAY, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(stray, stream)
    os.close(stray)


def main() -> None:
    """Answer until the parent closes standard input."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:

        def answer(content: dict[str, Any]) -> None:
            print(json.dumps(content), file=answers, flush=True)

        _stray_output()
        system = c.CDLL(None)
        library = _Library(sys.argv[1])
        library.obey(_SETTINGS)
        version = re.search(r"ngspice-(\S+) shared library", library.log())
        system.fflush(None)
        os.ftruncate(1, 0)
        answer({"version": version[1] if version else ""})
        for request in sys.stdin:
            done = _run(library, json.loads(request))
            system.fflush(None)
            answer(done | {"stray": os.fstat(1).st_size})
            # While the parent reads; what is said here comes with the next answer.
            library.obey(_FORGET)


if __name__ == "__main__":
    main()
