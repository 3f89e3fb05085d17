"""The catalogue of models and cards, ``models/README.md``."""

from __future__ import annotations

from collections.abc import Sequence

from memcircuit.devices.cards import Card, card_names, load_card
from memcircuit.devices.definition import Model, Parameter, relation
from memcircuit.devices.formulas import display, formulas
from memcircuit.devices.library import model, model_names

_HEAD = """# Models

`verilog_a/` and `ngspice/` hold every model as a Verilog-A module and as an ngspice subcircuit of
behavioural sources; `cards/` holds published parameter sets. This page, `verilog_a/` and `ngspice/`
are written by `memcircuit models write` from `memcircuit/devices/models/` and the cards: change
those, never these. `memcircuit devices` lists the same, `memcircuit devices show NAME` draws the
I-V loop and the pulse response of a card.

To add a model, add one file to `memcircuit/devices/models/` that defines `MODEL`, and run
`memcircuit models write`. To add a parameter set, add one TOML file to `cards/`, named first
author, year, device; every value carries its unit and its source."""

_READING = """Every model has one state $s$, from 0 (high resistance) to 1 (low resistance), and a
voltage $v$ from the plus to the minus terminal. Equations stand as in the publication first, then
as they are computed in every form: with the names of the parameter tables, with SI units, and with
energies as voltages ($k_B$ is Boltzmann's constant over the elementary charge). Exponents are
limited to ±80, which the formulas leave out. A quantity $u$ with a number is used only in the
equation above it. *Implicit* models have an inner node, whose voltage follows from the balance of
currents."""


def catalogue() -> str:
    """Return the catalogue as Markdown, its formulas as GitHub renders them."""
    models = [model(name) for name in model_names()]
    cards = [load_card(name) for name in card_names()]
    lines = [
        _HEAD, "", "## Which model", "",
        *_table(
            ("model", "what it is, and when to use it", "state", "equations", "forms", "cards"),
            [_model_row(definition, cards) for definition in models],
        ),
        "", "## Cards", "",
        *_table(
            ("card", "model", "SET at plus", "device", "source"),
            [
                (_card_link(card), f"[`{card.model.name}`](#{card.model.name})", _set_sign(card),
                 card.title, card.citation)
                for card in cards
            ],
        ),
        "", "## Models", "", _READING,
    ]  # fmt: skip
    for definition in models:
        lines += ["", *_section(definition, cards)]
    return "\n".join(lines) + "\n"


def _set_sign(card: Card) -> str:
    """Return the sign of the voltage at plus that a SET of the card has."""
    amplitude = card.pulses.get("set", {}).get("amplitude")
    if amplitude is None or card.model.stateless:
        return ""
    return "positive" if amplitude.value > 0 else "negative"


def state_kind(definition: Model) -> str:
    """Return what the state of a model does: none, volatile or non-volatile."""
    if definition.stateless:
        return "none"
    return "volatile" if definition.volatile else "non-volatile"


def shown_range(parameter: Parameter) -> str:
    """Return the values that a parameter may take: an interval, or the names of its choices."""
    if parameter.choices:
        return ", ".join(f"{index} {name}" for index, name in enumerate(parameter.choices))
    return parameter.range_text + (" whole" if parameter.integer else "")


def _model_row(definition: Model, cards: Sequence[Card]) -> tuple[str, ...]:
    name = definition.name
    forms = f"[Verilog-A](verilog_a/{name}.va), [ngspice](ngspice/{name}.lib), numpy"
    return (
        f"[`{name}`](#{name})",
        f"{definition.title}. {_sentence(definition.use)}".strip(),
        state_kind(definition),
        "implicit" if definition.inner else "explicit",
        forms,
        _cards_of(definition, cards),
    )


def _section(definition: Model, cards: Sequence[Card]) -> list[str]:
    lines = [f"### `{definition.name}`", "", f"{definition.title}.", ""]
    if definition.use:
        lines += [f"Use: {definition.use}.", ""]
    lines += ["```text", *definition.equations, "```", "", *_rendered(definition)]
    if definition.constraints:
        stated = ", ".join(f"`{relation(constraint)}`" for constraint in definition.constraints)
        lines += ["", f"Refused unless {stated}."]
    if definition.numerics:
        lines += ["", f"Numerics: {definition.numerics}."]
    lines += ["", f"Source: {definition.source}.", "", *_parameter_table(definition)]
    return [*lines, "", f"Cards: {_cards_of(definition, cards) or 'none'}."]


def _rendered(definition: Model) -> list[str]:
    written = formulas(definition)
    missing = [f"`{name}`" for name, lines in written.items() if not lines]
    block = display(line for lines in written.values() for line in lines)
    if missing:
        what = "it is" if len(missing) == 1 else "they are"
        block += ["", f"Too long to show: {', '.join(missing)}; the text above says what {what}."]
    meanings = [(q.name, q.unit, q.description) for q in definition.quantities]
    if definition.inner is not None:
        meanings.append(("v_inner", "V", f"inner node: {definition.inner.description}"))
    if not meanings:
        return block
    rows = [(f"`{name}`", unit, text) for name, unit, text in meanings]
    return [*block, "", *_table(("quantity", "unit", "meaning"), rows)]


def _parameter_table(definition: Model) -> list[str]:
    rows = [
        (
            f"`{p.name}`",
            p.choices[int(p.default)] if p.choices else f"{p.default:g}",
            p.unit,
            shown_range(p),
            p.description,
            "yes" if p.varies else "",
            "yes" if p.optional else "",
        )
        for p in definition.parameters
    ]
    heads = ("parameter", "default", "unit", "range", "meaning", "varies", "optional")
    return _table(heads, rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |"
            for line in lines]  # fmt: skip


def _cards_of(definition: Model, cards: Sequence[Card]) -> str:
    return ", ".join(_card_link(card) for card in cards if card.model.name == definition.name)


def _card_link(card: Card) -> str:
    return f"[`{card.name}`](cards/{card.name}.toml)"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""
