"""Waiting for what must come, however busy the machine is."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

# s; not a bound on anything, but the end of a test that hangs
PATIENCE = 120.0


def wait_for(condition, what):
    """Wait until a condition holds; return what it gave, or fail and say what did not come."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        if time.monotonic() > end:
            pytest.fail(f"waited {PATIENCE:g} s in vain for: {what}")
        time.sleep(0.005)
    return found


def gone(pid):
    """Say whether a process has ended, waited for by its parent or not."""
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return True


def processor_ticks(pid):
    """Return the processor time of a process, in ticks of the system's clock."""
    status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    return sum(map(int, status.rpartition(")")[2].split()[11:13]))
