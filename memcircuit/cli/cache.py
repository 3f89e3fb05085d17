"""Commands on the store of finished points."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from memcircuit.cli.app import FAILED, command, group
from memcircuit.cli.options import JsonOption
from memcircuit.cli.output import show

if TYPE_CHECKING:
    from memcircuit.sweeps.store import Entry, Store

StoreOption = Annotated[
    Path | None, typer.Option("--store", help="Directory of finished points, if not the usual.")
]
cache_app = group("cache", "The finished points of sweeps, kept on disk.")


@command(cache_app, "list", example="memcircuit cache list")
def cache_list(store: StoreOption = None, *, as_json: JsonOption = False) -> None:
    """Say where finished points are, how many, and how large."""
    from memcircuit.sweeps.store import Store

    kept = Store(store)
    entries = sorted(kept.entries(), key=lambda entry: entry.last_used)
    facts: dict[str, object] = {
        "directory": kept.directory,
        "entries": len(entries),
        "size": (sum(entry.size for entry in entries), "B"),
        "first_used": _time(entries[0].last_used) if entries else "never",
        "last_used": _time(entries[-1].last_used) if entries else "never",
    }
    if as_json:
        facts["keys"] = [entry.key for entry in entries]
    show(facts, as_json=as_json)


@command(cache_app, "check", example="memcircuit cache check")
def cache_check(store: StoreOption = None, *, as_json: JsonOption = False) -> None:
    """Read every entry; remove and name the damaged ones; exit status 1 if there are any."""
    from memcircuit.sweeps.store import Store

    kept = Store(store)
    damaged = kept.check()
    facts = {
        "directory": kept.directory,
        "whole": sum(1 for _ in kept.entries()),
        "damaged": [entry.key for entry in damaged],
    }
    show(facts, as_json=as_json)
    if damaged:
        raise typer.Exit(FAILED)


@command(cache_app, "limit", example="memcircuit cache limit 2GB")
def cache_limit(
    size: Annotated[str, typer.Argument(help="Such as 500MB or 2GB.")],
    store: StoreOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Remove the entries not used for longest until the rest is no larger.

    What a running sweep uses stays.
    """
    from memcircuit.checks import require_number
    from memcircuit.sweeps.specification.quantities import quantity
    from memcircuit.sweeps.store import Store

    bytes_left = quantity(size, "B", "SIZE")
    require_number(bytes_left, "SIZE, in bytes,")
    kept = Store(store)
    _removed(kept, kept.limit(int(bytes_left)), as_json=as_json)


@command(cache_app, "clear", example="memcircuit cache clear")
def cache_clear(store: StoreOption = None, *, as_json: JsonOption = False) -> None:
    """Remove every entry that no running sweep uses.

    The store is what --store names, or else the folder sweeps in the cache.

    The cache is what MEMCIRCUIT_CACHE names, or else memcircuit in XDG_CACHE_HOME or ~/.cache.
    """
    from memcircuit.sweeps.store import Store

    kept = Store(store)
    _removed(kept, kept.clear(), as_json=as_json)


def _removed(kept: Store, removed: list[Entry], *, as_json: bool) -> None:
    facts = {
        "directory": kept.directory,
        "removed": len(removed),
        "freed": (sum(entry.size for entry in removed), "B"),
        "left": (kept.size, "B"),
    }
    show(facts, as_json=as_json)


def _time(seconds: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
