"""Device cards: published parameter sets as TOML files, read and checked.

A card names its model, gives every parameter with unit and source, and states the spread from
device to device and cycle to cycle, the pulses it was measured with, and measured figures.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from memcircuit.devices.definition import Model, Parameter
from memcircuit.devices.library import model, models_directory
from memcircuit.errors import CardError, ParameterError

_ENTRY = ("value", "unit", "source", "reason", "tolerance")
#: Unit of every entry of a pulse.
_PULSE_UNITS = {"amplitude": "V", "width": "s", "rise": "s", "fall": "s"}
#: Unit of every entry of the I-V loop.
_LOOP_UNITS = {"amplitude": "V", "frequency": "Hz"}
#: Unit of every entry of the drift with time and of the noise.
_RETENTION_UNITS = {"exponent": "1", "reference": "s", "spread": "1"}
_NOISE_UNITS = {"read": "1"}
_SECTIONS = (
    "title", "model", "source", "parameters", "initial_state", "variation", "retention", "noise",
    "pulses", "loop", "cell", "measured",
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One value of a card, in SI.

    Attributes:
        value: the number.
        unit: SI unit, "1" when dimensionless.
        source: where it stands in the publication, or "chosen".
        reason: why it was chosen, when the publication gives no number.
        tolerance: of a measured figure, by what share a simulation may miss it; 0: not checked.
    """

    value: float
    unit: str
    source: str
    reason: str = ""
    tolerance: float = 0.0


@dataclass(frozen=True)
class Card:
    """A parameter set with its source.

    Attributes:
        name: file name without ending.
        title: one line.
        model: definition the parameters belong to.
        citation: authors, title, journal, year, DOI in one line.
        parameters: by name; optional ones may be missing.
        initial_state: state before the first pulse.
        device_to_device: relative standard deviation of a parameter over devices.
        cycle_to_cycle: the same over cycles of one device.
        retention: "exponent" nu of G(t) = G (t/reference)^-nu, "reference" (s), and "spread", the
            relative standard deviation of nu over devices.
        noise: "read", relative standard deviation of the current of a read.
        pulses: "set", "reset", "read" to their entries (amplitude, width, ...).
        loop: "amplitude" (V) and "frequency" (Hz) of a sine that opens the I-V loop.
        transistor: name of the access transistor it was measured with; empty for none.
        gate: gate voltage of that transistor, V.
        measured: figures of the publication, to compare with.
        path: file the card was read from.
    """

    name: str
    title: str
    model: Model
    citation: str
    parameters: Mapping[str, Entry]
    initial_state: float
    device_to_device: Mapping[str, Entry] = field(default_factory=dict)
    cycle_to_cycle: Mapping[str, Entry] = field(default_factory=dict)
    retention: Mapping[str, Entry] = field(default_factory=dict)
    noise: Mapping[str, Entry] = field(default_factory=dict)
    pulses: Mapping[str, Mapping[str, Entry]] = field(default_factory=dict)
    loop: Mapping[str, Entry] = field(default_factory=dict)
    transistor: str = ""
    gate: Entry | None = None
    measured: Mapping[str, Entry] = field(default_factory=dict)
    path: Path | None = None


def cards_directory() -> Path:
    """Return the folder of the cards that come with the package."""
    return models_directory() / "cards"


def card_names() -> tuple[str, ...]:
    """Return the names of the cards that come with the package, sorted."""
    return tuple(sorted(p.stem for p in cards_directory().glob("*.toml")))


def load_card(card: str | Path) -> Card:
    """Return the card of that name, or from that file.

    Args:
        card: name of a card that comes with the package, or path of a TOML file.

    Raises:
        CardError: unknown card, unreadable file, or wrong content.
        ParameterError: unknown parameter, wrong unit, or a value outside its range.
    """
    if not isinstance(card, str | Path):
        raise CardError(f"card {card!r} is neither the name of a card nor the path of a file")
    path = Path(card)
    if isinstance(card, str) and path.suffix != ".toml":
        if card not in card_names():
            raise CardError(f"no card {card!r}; there are {', '.join(card_names())}")
        path = cards_directory() / f"{card}.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CardError(f"card {path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CardError(f"card {path}: not valid TOML: {error}") from error
    return parse_card(content, path)


def parse_card(content: Mapping[str, Any], path: Path) -> Card:
    """Return the card that ``content`` describes, checked entry by entry.

    Args:
        content: parsed TOML.
        path: file it came from; names the card and stands in messages.

    Raises:
        CardError: missing or unknown sections, entries without unit or source.
        ParameterError: unknown parameter, wrong unit, or a value outside its range.
    """
    where = f"card {path.name}"
    _only(content, _SECTIONS, where)
    for needed in ("title", "model", "source", "parameters"):
        if needed not in content:
            raise CardError(f"{where}: section {needed!r} is missing")
    definition = model(_text(content, "model", where))
    parameters = _parameters(_table(content, "parameters", where), definition, where)
    definition.values({name: entry.value for name, entry in parameters.items()}, where)
    variation = _table(content, "variation", where)
    _only(variation, ("device_to_device", "cycle_to_cycle"), f"{where}: variation")
    pulses = _table(content, "pulses", where)
    transistor, gate = _cell(_table(content, "cell", where), where)
    initial = _entry(content.get("initial_state", _default_state(definition)),
                     "1", f"{where}: initial_state")  # fmt: skip
    if not 0 <= initial.value <= 1:
        raise ParameterError(f"{where}: initial_state = {initial.value:g} is outside [0, 1]")
    return Card(
        name=path.stem,
        title=_text(content, "title", where),
        model=definition,
        citation=_citation(_table(content, "source", where), where),
        parameters=parameters,
        initial_state=initial.value,
        device_to_device=_spread(variation, "device_to_device", definition, where),
        cycle_to_cycle=_spread(variation, "cycle_to_cycle", definition, where),
        retention=_entries(content, "retention", _RETENTION_UNITS, where),
        noise=_entries(content, "noise", _NOISE_UNITS, where),
        pulses={name: _pulse(pulses, name, where) for name in pulses},
        loop=_loop(_table(content, "loop", where), f"{where}: loop"),
        transistor=transistor,
        gate=gate,
        measured={
            name: _entry(value, None, f"{where}: measured.{name}")
            for name, value in _table(content, "measured", where).items()
        },
        path=path,
    )


def _default_state(definition: Model) -> dict[str, Any]:
    return {"value": definition.initial_state, "unit": "1", "source": "default of the model"}


def _only(table: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise CardError(f"{where}: unknown {unknown[0]!r}; known: {', '.join(known)}")


def _cell(table: Mapping[str, Any], where: str) -> tuple[str, Entry | None]:
    if not table:
        return "", None
    _only(table, ("transistor", "gate"), f"{where}: cell")
    gate = _entry(table.get("gate"), "V", f"{where}: cell.gate")
    return _text(table, "transistor", f"{where}: cell"), gate


def _table(content: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    value = content.get(name, {})
    if not isinstance(value, dict):
        raise CardError(f"{where}: {name} must be a table, not {value!r}")
    return value


def _text(content: Mapping[str, Any], name: str, where: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value.strip():
        raise CardError(f"{where}: {name} must be a text, not {value!r}")
    return value


def _citation(source: Mapping[str, Any], where: str) -> str:
    parts = [_text(source, name, f"{where}: source") for name in ("authors", "title", "journal")]
    year = source.get("year")
    _only(source, ("authors", "title", "journal", "year", "doi"), f"{where}: source")
    if isinstance(year, bool) or not isinstance(year, int):
        raise CardError(f"{where}: source: year must be a whole number, not {year!r}")
    doi = _text(source, "doi", f"{where}: source")
    return f"{', '.join(parts)} ({year}), doi:{doi}"


def _entry(value: Any, unit: str | None, where: str) -> Entry:
    if not isinstance(value, dict) or not {"value", "unit", "source"} <= set(value):
        raise CardError(
            f'{where}: write {{ value = ..., unit = "{unit or "..."}", source = "..." }}, '
            f"not {value!r}"
        )
    _only(value, _ENTRY, where)
    number = value["value"]
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not _is_finite(number):
        raise CardError(f"{where}: value = {number!r} is not a finite number")
    if not isinstance(value["unit"], str) or (unit is not None and value["unit"] != unit):
        raise ParameterError(f"{where}: unit {value['unit']!r}; expected {unit or 'a text'!r}")
    source, reason = value["source"], value.get("reason", "")
    if not isinstance(source, str) or not source or (source == "chosen" and not reason):
        raise CardError(f'{where}: needs a source, or source = "chosen" with a reason')
    tolerance = value.get("tolerance", 0.0)
    if (
        isinstance(tolerance, bool)
        or not isinstance(tolerance, (int, float))
        or not (0 <= tolerance < math.inf)
    ):
        raise CardError(f"{where}: tolerance = {tolerance!r} must be a number, 0 or above")
    return Entry(float(number), value["unit"], source, str(reason), float(tolerance))


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number beyond what a float holds
        return False


def _parameters(table: Mapping[str, Any], definition: Model, where: str) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for name, value in table.items():
        definition.check_known(name, where)
        parameter = definition.by_name[name]
        named = _chosen(value, parameter, where)
        entry = _entry(named, parameter.unit, f"{where}: parameters.{name}")
        parameter.check(entry.value, where)
        entries[name] = entry
    missing = [p.name for p in definition.parameters if not p.optional and p.name not in entries]
    if missing:
        raise CardError(f"{where}: parameters without a value: {', '.join(missing)}")
    return entries


def _chosen(value: Any, parameter: Parameter, where: str) -> Any:
    """Return an entry whose value names a choice with the number of that choice."""
    if parameter.choices and isinstance(value, dict) and isinstance(value.get("value"), str):
        return {**value, "value": parameter.check(value["value"], where)}
    return value


def _spread(
    variation: Mapping[str, Any], kind: str, definition: Model, where: str
) -> dict[str, Entry]:
    allowed = [p.name for p in definition.varying]
    entries: dict[str, Entry] = {}
    for name, value in _table(variation, kind, where).items():
        if name not in allowed:
            raise ParameterError(
                f"{where}: variation.{kind}: {name!r} does not vary; {', '.join(allowed)} do"
            )
        entries[name] = _entry(value, "1", f"{where}: variation.{kind}.{name}")
        if not 0 <= entries[name].value <= 1:
            raise ParameterError(
                f"{where}: variation.{kind}.{name} = {entries[name].value:g} is outside [0, 1]"
            )
    return entries


def _pulse(pulses: Mapping[str, Any], name: str, where: str) -> dict[str, Entry]:
    _only(pulses, ("set", "reset", "read"), f"{where}: pulses")
    _only(_table(pulses, name, where), _PULSE_UNITS, f"{where}: pulses.{name}")
    entries: dict[str, Entry] = {}
    for key, value in _table(pulses, name, where).items():
        entries[key] = _entry(value, _PULSE_UNITS[key], f"{where}: pulses.{name}.{key}")
        if key != "amplitude" and entries[key].value <= 0:
            raise ParameterError(f"{where}: pulses.{name}.{key} must be above 0 s")
    if not {"amplitude", "width"} <= set(entries):
        raise CardError(f"{where}: pulses.{name} needs amplitude and width")
    return entries


def _entries(
    content: Mapping[str, Any], section: str, units: Mapping[str, str], where: str
) -> dict[str, Entry]:
    """Return a section of which every entry that stands there must not be negative."""
    table = _table(content, section, where)
    _only(table, units, f"{where}: {section}")
    entries = {key: _entry(table[key], units[key], f"{where}: {section}.{key}") for key in table}
    for key, entry in entries.items():
        if entry.value < 0 or (key == "reference" and entry.value == 0):
            raise ParameterError(f"{where}: {section}.{key} = {entry.value:g} must be above zero")
        if key in ("read", "spread") and entry.value > 1:
            raise ParameterError(f"{where}: {section}.{key} = {entry.value:g} is outside [0, 1]")
    if entries and section == "retention" and not {"exponent", "reference"} <= set(entries):
        raise CardError(f"{where}: retention needs exponent and reference")
    return entries


def _loop(table: Mapping[str, Any], where: str) -> dict[str, Entry]:
    if not table:
        return {}
    _only(table, _LOOP_UNITS, where)
    entries = {key: _entry(table.get(key), unit, where) for key, unit in _LOOP_UNITS.items()}
    for key, entry in entries.items():
        if entry.value <= 0:
            raise ParameterError(f"{where}: {key} = {entry.value:g} must be above zero")
    return entries
