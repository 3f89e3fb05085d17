"""What the shell offers when Tab is pressed; found without importing what commands need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def card_names(incomplete: str) -> list[str]:
    """Return the cards that begin so, and card files."""
    from memcircuit.devices.library import models_directory

    cards = sorted(path.stem for path in (models_directory() / "cards").glob("*.toml"))
    return [name for name in cards if name.startswith(incomplete)] + files(".toml")(incomplete)


def cards_and_files(*endings: str) -> Callable[[str], list[str]]:
    """Return what offers cards, and files with these endings."""

    def complete(incomplete: str) -> list[str]:
        return list(dict.fromkeys(card_names(incomplete) + files(*endings)(incomplete)))

    return complete


def experiment_names(incomplete: str) -> list[str]:
    """Return the experiments that begin so."""
    from memcircuit.sweeps import registry

    return [name for name in registry.experiment_names() if name.startswith(incomplete)]


def words(*known: str) -> Callable[[str], list[str]]:
    """Return what offers those of some words that begin so."""

    def complete(incomplete: str) -> list[str]:
        return [word for word in known if word.startswith(incomplete)]

    return complete


def files(*endings: str) -> Callable[[str], list[str]]:
    """Return what offers folders, and files with these endings."""

    def complete(incomplete: str) -> list[str]:
        head, slash, tail = incomplete.rpartition("/")
        folder = Path(head + slash) if slash else Path()
        try:
            found = sorted(folder.iterdir())
        except OSError:
            return []
        return [
            f"{head}{slash}{path.name}{'/' if path.is_dir() else ''}"
            for path in found
            if path.name.startswith(tail) and (path.is_dir() or path.suffix in endings)
        ]

    return complete
