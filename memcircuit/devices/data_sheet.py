"""The data sheet of a card or a model: what it is, where it comes from, and its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from memcircuit.devices.cards import Card, Entry, card_names, load_card
from memcircuit.devices.catalogue import shown_range, state_kind
from memcircuit.devices.definition import Model, Parameter, relation
from memcircuit.devices.library import model, model_names
from memcircuit.errors import CardError


@dataclass(frozen=True)
class Value:
    """A parameter with its value.

    Attributes:
        name: of the parameter.
        value: in ``unit``.
        choice: what the value stands for, of a parameter that chooses between equations.
        unit: SI unit, "1" when dimensionless.
        range: allowed values, as text.
        meaning: one line.
        varies: differs from device to device.
        source: where the value comes from.
    """

    name: str
    value: float
    choice: str
    unit: str
    range: str
    meaning: str
    varies: bool
    source: str


@dataclass(frozen=True)
class DataSheet:
    """What there is to say of a card, or of a model with its defaults.

    Attributes:
        name: of the card or the model.
        title: one line.
        citation: where the equations of a model, or the values of a card, come from.
        model: the definition.
        parameters: every parameter with its value.
        card: the card; None for a model.
        cards: names of the cards of the model that come with the package.
    """

    name: str
    title: str
    citation: str
    model: Model
    parameters: tuple[Value, ...]
    card: Card | None
    cards: tuple[str, ...]

    @property
    def constraints(self) -> tuple[str, ...]:
        """Relations between parameters that must hold, as text."""
        return tuple(relation(constraint) for constraint in self.model.constraints)

    def facts(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        definition, card = self.model, self.card
        facts: dict[str, Any] = {
            "name": self.name,
            "kind": "model" if card is None else "card",
            "title": self.title,
            "citation": self.citation,
            "model": definition.name,
            "model_source": definition.source,
            "use": definition.use,
            "numerics": definition.numerics,
            "state": state_kind(definition),
            "implicit": definition.inner is not None,
            "equations": list(definition.equations),
            "constraints": list(self.constraints),
            "initial_state": definition.initial_state if card is None else card.initial_state,
            "parameters": [asdict(value) for value in self.parameters],
            "cards": list(self.cards),
        }
        if card is None:
            return facts
        stimuli = {f"{kind} pulse": entries for kind, entries in card.pulses.items()}
        return facts | {
            "stimuli": {
                name: _entries(entries)
                for name, entries in ({"loop": card.loop} | stimuli).items()
                if entries
            },
            "device_to_device": _entries(card.device_to_device),
            "cycle_to_cycle": _entries(card.cycle_to_cycle),
            "measured": _entries(card.measured),
        }


def data_sheet(name: str | Path) -> DataSheet:
    """Return the data sheet of a card or a model.

    Args:
        name: of a card or a model that comes with the package, or path of a card.

    Raises:
        CardError: neither a card nor a model, or a card that cannot be used.
    """
    text = str(name)
    if text in model_names():
        definition = model(text)
        values = tuple(_value(p, None) for p in definition.parameters)
        return DataSheet(
            text, definition.title, definition.source, definition, values, None,
            _cards_of(definition),
        )  # fmt: skip
    if text not in card_names() and Path(text).suffix != ".toml":
        raise CardError(
            f"no card or model {text!r}; cards: {', '.join(card_names())}; "
            f"models: {', '.join(model_names())}"
        )
    card = load_card(name)
    values = tuple(_value(p, card.parameters.get(p.name)) for p in card.model.parameters)
    return DataSheet(
        card.name, card.title, card.citation, card.model, values, card, _cards_of(card.model)
    )


def _cards_of(definition: Model) -> tuple[str, ...]:
    return tuple(name for name in card_names() if load_card(name).model is definition)


def _value(parameter: Parameter, entry: Entry | None) -> Value:
    value = parameter.default if entry is None else entry.value
    return Value(
        name=parameter.name,
        value=value,
        choice=parameter.choices[int(value)] if parameter.choices else "",
        unit=parameter.unit,
        range=shown_range(parameter),
        meaning=parameter.description,
        varies=parameter.varies,
        source="default of the model" if entry is None else _source(entry),
    )


def _source(entry: Entry) -> str:
    return f"{entry.source}: {entry.reason}" if entry.reason else entry.source


def _entries(entries: Mapping[str, Entry]) -> dict[str, dict[str, Any]]:
    return {
        name: {"value": entry.value, "unit": entry.unit, "source": _source(entry)}
        | ({"tolerance": entry.tolerance} if entry.tolerance else {})
        for name, entry in entries.items()
    }
