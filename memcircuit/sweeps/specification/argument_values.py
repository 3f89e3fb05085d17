"""Arguments of experiments from a sweep file, by what their signatures say of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from memcircuit.sweeps.registry import Experiment, experiment_of
from memcircuit.sweeps.specification.devices import card_device_of
from memcircuit.sweeps.specification.hardware import (
    converter,
    drift,
    faults,
    mapping,
    spread,
    spread_or_table,
    table,
)
from memcircuit.sweeps.specification.node import TomlNode
from memcircuit.sweeps.specification.objects import (
    bias,
    cell_places,
    cell_targets,
    numbers,
    numbers_by_name,
    options,
    sizes,
    wires,
)
from memcircuit.sweeps.specification.stimuli import (
    SERIES,
    WAVEFORMS,
    counted_pulses,
    drives_of,
    pulse_of,
    pulses_of,
    waveform_of,
)
from memcircuit.sweeps.specification.subjects import array_of
from memcircuit.sweeps.target import Target, memristor_of

if TYPE_CHECKING:
    from pyspice_netlists import Pulse

#: What a path of a pulse begins with.
PULSES = ("set", "reset", "read", "pulse")
# What no file can give, what would be overwritten by every point, or differ in length.
_REFUSED = {"rng", "keep", "waveforms", "on_cycle"}
#: Arguments of ``evaluate`` that [network] gives.
NETWORK = ("network", "images", "labels", "calibration")
# Who is handed the arguments that an experiment takes by name and does not list.
_HANDED_ON = {"pulse_cycles": "pulse_train"}


@dataclass(frozen=True)
class Arguments:
    """What the arguments of an experiment may be.

    Attributes:
        target: the experiment, with the device, cell or array that it drives.
    """

    target: Target

    @property
    def names(self) -> tuple[str, ...]:
        """Of the arguments that a file may give."""
        own = self.target.experiment
        refused = _REFUSED | ({*NETWORK, "hardware", "dtype"} if own.name == "evaluate" else set())
        return tuple(n for n in self._declared if n != own.subject and n not in refused)

    def unit(self, path: str) -> str:
        """Return the SI unit of a parameter; empty when not known."""
        if path == "targets":
            subject = self.target.arguments.get(self.target.experiment.subject)
            return str(getattr(getattr(subject, "wiring", None), "unit", "S"))
        return self.target.unit(path)

    def value(self, name: str, node: TomlNode) -> Any:
        """Return the value of an argument.

        Raises:
            UsageError: a kind of value that the argument does not take, with the place.
        """
        home, annotation = self._declared[name]
        kinds = _kinds(annotation)
        asked = _Asked(self, name, self.unit(name), node)
        for kind in kinds:
            if (choices := _choices(home, kind)) and isinstance(node.value, str):
                return node.text(choices)
            if kind in _KINDS and _KINDS[kind].takes(node.value):
                return _KINDS[kind].convert(asked)
        wanted = [_KINDS[kind].wanted for kind in kinds if kind in _KINDS]
        wanted += [", ".join(map(repr, _choices(home, kind))) for kind in kinds]
        wanted = [text for text in dict.fromkeys(wanted) if text]
        if not wanted:
            raise node.error(f"no file can give {name}; call mc.sweep in Python instead")
        unit = f", in {asked.unit}" if asked.unit not in ("", "1") else ""
        raise node.error(f"{node.shown}; expected {' or '.join(wanted)}{unit}")

    @property
    def _declared(self) -> dict[str, tuple[Experiment, str]]:
        """Where every argument is declared, and its annotation; also those that are handed on."""
        own = self.target.experiment
        homes = [own] if own.name not in _HANDED_ON else [own, experiment_of(_HANDED_ON[own.name])]
        found: dict[str, tuple[Experiment, str]] = {}
        for home in homes:
            for name in home.takes_all:
                found.setdefault(name, (home, str(home.signature.parameters[name].annotation)))
        if own.name == "evaluate":
            from memcircuit.networks.hardware import Hardware

            found |= {one.name: (own, str(one.type)) for one in fields(Hardware) if one.init}
        return found

    def pulse(self, name: str, node: TomlNode) -> Pulse:
        """Return a pulse; what the table leaves out is as in the card's pulse of that name."""
        from memcircuit.experiments.circuits import card_pulse

        device = memristor_of(self.target)
        stated = device is not None and device.card is not None and name in device.card.pulses
        return pulse_of(node, card_pulse(device, name) if device is not None and stated else None)


@dataclass(frozen=True)
class _Asked:
    """A value of a file for an argument, with the argument's unit."""

    arguments: Arguments
    name: str
    unit: str
    node: TomlNode


@dataclass(frozen=True)
class _Kind:
    """A kind of argument: the types that stand for it in a file, what makes it, its description."""

    types: tuple[type, ...]
    convert: Callable[[_Asked], Any]
    wanted: str

    def takes(self, value: object) -> bool:
        """Return whether a value of the file can stand for it."""
        return isinstance(value, self.types) and (not isinstance(value, bool) or bool in self.types)


_NUMBER = (int, float, str)
_PULSES = f"a list of pulses, such as [{{ amplitude = '1.8V', width = '1us' }}], or {SERIES}"
_PLACES = _Kind((list,), lambda asked: cell_places(asked.node), "[row, column]")
# By the part of an annotation, without blanks.
_KINDS = {
    "bool": _Kind((bool,), lambda asked: asked.node.flag(), "true or false"),
    "int": _Kind((int,), lambda asked: asked.node.whole(0), "a whole number"),
    "float": _Kind(_NUMBER, lambda asked: asked.node.number(asked.unit), "a number"),
    "str": _Kind((str,), lambda asked: asked.node.text(), "a text"),
    "ArrayLike": _Kind(
        (*_NUMBER, list), lambda asked: numbers(asked.unit, asked.node), "numbers or lists of them"
    ),
    "Drives": _Kind(
        (*_NUMBER, list, dict),
        lambda asked: drives_of(asked.node),
        f"a number, 'open', {WAVEFORMS}, or a list of one a line",
    ),
    "Waveform": _Kind((dict,), lambda asked: waveform_of(asked.node), WAVEFORMS),
    "Pulse": _Kind(
        (dict,),
        lambda asked: asked.arguments.pulse(asked.name, asked.node),
        "a pulse, such as { amplitude = '1.8V', width = '1us' }",
    ),
    "Sequence[Pulse]": _Kind((list, dict), lambda asked: pulses_of(asked.node), _PULSES),
    "Sequence[Pulse|tuple[Pulse,int]]": _Kind(
        (list, dict), lambda asked: counted_pulses(asked.node), _PULSES
    ),
    "Sequence[str]": _Kind(
        (list,), lambda asked: [one.text() for one in asked.node.elements()], "a list of texts"
    ),
    "Sequence[int|tuple[int,int]]": _Kind(
        (list,), lambda asked: sizes(asked.node), "a list of sizes, each n or [rows, columns]"
    ),
    "tuple[int,int]": _PLACES,
    "Sequence[tuple[int,int]]": _PLACES,
    "Mapping[str,ArrayLike]": _Kind(
        (dict,), lambda asked: numbers_by_name("1", asked.node), "a table of numbers by name"
    ),
    "Mapping[tuple[int,int],float]": _Kind(
        (list,),
        lambda asked: cell_targets(asked.node),
        "a list, such as [{ row = 0, column = 1, target = '50uS' }]",
    ),
    "Options": _Kind((dict,), lambda asked: options(asked.node), "a table of options"),
    "Wires": _Kind((dict,), lambda asked: wires(asked.node), "a table, as { row = '2ohm' }"),
    "Spread": _Kind((int, float, dict), lambda asked: spread(asked.node), "a share, or a spread"),
    "Given": _Kind(
        (int, float, dict, str), lambda asked: spread_or_table(asked.node), "a spread, or 'table'"
    ),
    "Faults": _Kind((dict,), lambda asked: faults(asked.node), "a table, as { stuck_off = 0.01 }"),
    "Drift": _Kind((dict,), lambda asked: drift(asked.node), "a table of time and exponent"),
    "Converter": _Kind((int,), lambda asked: converter(asked.node), "a number of bits"),
    "Mapping": _Kind((dict,), lambda asked: mapping(asked.node), "a table, as { bits = 4 }"),
    "ConductanceTable": _Kind((str,), lambda asked: table(asked.node), "the path of a table"),
    "Crossbar": _Kind(
        (dict,),
        lambda asked: array_of(asked.node, None),
        "a table, as { rows = 64, columns = 64, wires = '2ohm' }",
    ),
    "Device": _Kind((dict,), lambda asked: card_device_of(asked.node), "a table with a card"),
    "Bias": _Kind((dict,), lambda asked: bias(asked.node), "a table of shares of row and column"),
}


def _kinds(annotation: str) -> list[str]:
    """Return the parts of an annotation such as "Pulse | float | None"; brackets stay whole."""
    inner = r"\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]"
    return re.findall(rf"(?:[^|\[\]]|{inner})+", annotation.replace(" ", ""))


def _choices(experiment: Experiment, kind: str) -> tuple[str, ...]:
    """Return the texts of an annotation such as ``Form``, a Literal; empty for any other."""
    named = getattr(experiment.function, "__globals__", {}).get(kind)
    return get_args(named) if get_origin(named) is Literal else ()
