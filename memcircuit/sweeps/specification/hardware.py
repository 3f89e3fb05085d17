"""What a network is put on, from tables of a TOML file: spreads, faults, converters, tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from memcircuit.sweeps.specification.node import TomlNode

if TYPE_CHECKING:
    from memcircuit.networks.ageing import Drift
    from memcircuit.networks.converters import Converter
    from memcircuit.networks.faults import Faults
    from memcircuit.networks.mapping import Mapping
    from memcircuit.networks.spread import Spread
    from memcircuit.tables import ConductanceTable, LevelTable

_FAULTS = {
    "stuck_off": "1", "stuck_on": "1", "stuck_off_conductance": "S", "stuck_on_conductance": "S",
}  # fmt: skip
_DRIFT = {"time": "s", "exponent": "1", "reference": "s", "spread": "1"}
_CHOICES = {
    "encoding": ("pair", "offset", "bridge"), "scaling": ("layer", "column"),
    "bias": ("digital", "row"), "layout": ("interleaved", "separate"),
}  # fmt: skip
_COUNTS = ("cells", "bits", "slices")


def spread(node: TomlNode) -> Spread:
    """Return a spread: a share of each conductance, of a programming error one of the range.

    A table says otherwise: { of = "highest", size = 0.05 }; of "siemens" the size is in S.
    """
    from memcircuit.networks.spread import Spread

    kinds = {
        "range": Spread.of_range,
        "value": Spread.of_value,
        "highest": Spread.of_highest,
        "siemens": Spread.of_siemens,
    }
    if not isinstance(node.value, dict):
        kind = "range" if node.key == "programming_error" else "value"
        with node.blamed():
            return kinds[kind](node.number("1"))
    node.only(("of", "size"))
    kind = node["of"].text(tuple(kinds))
    with node.blamed():
        return kinds[kind](node["size"].number("S" if kind == "siemens" else "1"))


def spread_or_table(node: TomlNode) -> Spread | str:
    """Return a spread, or "table" for that of the table."""
    return node.text(("table",)) if isinstance(node.value, str) else spread(node)


def faults(node: TomlNode) -> Faults:
    """Return which share of the cells is stuck, and where."""
    from memcircuit.networks.faults import Faults

    given = _numbers(node, _FAULTS)
    with node.blamed():
        return Faults(**given)


def drift(node: TomlNode) -> Drift:
    """Return what time does."""
    from memcircuit.networks.ageing import Drift

    given = _numbers(node, _DRIFT)
    with node.blamed():
        return Drift(**given)


def converter(node: TomlNode) -> Converter:
    """Return a converter of so many bits."""
    from memcircuit.networks.converters import Converter

    with node.blamed():
        return Converter(node.whole(1))


def mapping(node: TomlNode) -> Mapping:
    """Return how weights become conductances."""
    from memcircuit.networks.mapping import Mapping

    node.only((*_CHOICES, *_COUNTS, "balanced", "clip"))
    given: dict[str, Any] = {}
    for name, entry in node.entries().items():
        if name in _CHOICES:
            given[name] = entry.text(_CHOICES[name])
        elif name in _COUNTS:
            given[name] = entry.whole(1)
        else:
            given[name] = entry.flag() if name == "balanced" else entry.number("1")
    with node.blamed():
        return Mapping(**given)


def table(node: TomlNode) -> ConductanceTable | LevelTable:
    """Return the table of a file beside the sweep file."""
    with node.blamed():
        return load_table(Path(node.file).parent / node.text())


def load_table(path: Path) -> ConductanceTable | LevelTable:
    """Return the table of a file, netCDF or CSV.

    Raises:
        TableError: the file cannot be read, or holds no table of conductances.
    """
    from memcircuit.errors import TableError
    from memcircuit.tables import ConductanceTable, PulseResponse, import_table

    if path.suffix != ".csv":
        return ConductanceTable.from_netcdf(path)
    found = import_table("csv", path)
    if isinstance(found, PulseResponse):
        raise TableError(f"{path} holds a response to pulses; expected a table")
    return found


def _numbers(node: TomlNode, units: dict[str, str]) -> dict[str, Any]:
    node.only(units)
    return {name: entry.number(units[name]) for name, entry in node.entries().items()}
