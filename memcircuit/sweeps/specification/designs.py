"""The points that a sweep file asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from memcircuit.errors import UsageError
from memcircuit.sweeps.corner_points import corners, named
from memcircuit.sweeps.design import Column, Design, grid, zipped
from memcircuit.sweeps.device_draws import monte_carlo
from memcircuit.sweeps.samples import latin_hypercube, random, sobol
from memcircuit.sweeps.specification.argument_values import PULSES, Arguments
from memcircuit.sweeps.specification.devices import (
    card_place,
    device_of,
    parameter_names,
    parameter_value,
)
from memcircuit.sweeps.specification.node import TomlNode
from memcircuit.sweeps.specification.objects import numbers
from memcircuit.sweeps.specification.ranges import is_range, law, spaced_values
from memcircuit.sweeps.specification.stimuli import PULSE_UNITS
from memcircuit.sweeps.specification.subjects import transistor_of
from memcircuit.sweeps.target import memristor_of

if TYPE_CHECKING:
    from memcircuit.crossbar import Crossbar
    from memcircuit.devices.device import Device
    from pyspice_netlists import Cell

_SETTINGS = ("samples", "correlation")


@dataclass(frozen=True)
class DesignReader:
    """Reads the sections that choose the points.

    Attributes:
        arguments: of the experiment, which say what a parameter may be.
        rng: source of every draw, in the order of the sections.
    """

    arguments: Arguments
    rng: np.random.Generator

    def design(self, root: TomlNode) -> Design:
        """Return the product of all sections, in their order.

        Raises:
            UsageError: no section, or one that makes no points, with the place.
        """
        found: Design | None = None
        homes: dict[str, str] = {}
        for name, node in root.entries().items():
            if name not in SECTIONS:
                continue
            with node.blamed():
                own = SECTIONS[name](self, node)
                self._check(own, node)
                _refuse_shared(own, node, homes)
                homes |= dict.fromkeys((*own.columns, *own.sizes), name)
                found = own if found is None else found * own
        if found is None:
            sections = ", ".join(f"[{name}]" for name in SECTIONS)
            raise root.error(f"there are no points to simulate; give one of {sections}")
        return found

    def grid(self, node: TomlNode) -> Design:
        """Return every combination of the values listed."""
        return grid(self._listed(node))

    def zip(self, node: TomlNode) -> Design:
        """Return the first values of all lists, then the second, and so on."""
        return zipped(self._listed(node))

    def sampled(self, node: TomlNode) -> Design:
        """Return points drawn from ranges, by the method that the section is named after."""
        ranges = {
            path: law(entry, self._unit(path, entry))
            for path, entry in _paths(node)
            if path not in _SETTINGS
        }
        given = (ranges, node["samples"].whole(1), self.rng)
        correlation = node.get("correlation")
        if node.path[-1] == "sobol":
            if correlation is not None:
                raise correlation.error("Sobol's points have none; take latin_hypercube or random")
            return sobol(*given)
        draw = latin_hypercube if node.path[-1] == "latin_hypercube" else random
        return draw(*given, correlation=None if correlation is None else _pairs(correlation))

    def corners(self, node: TomlNode) -> Design:
        """Return the ends of a card's spreads, or corners given by name, each a table."""
        entries = node.entries()
        if entries and all(isinstance(entry.value, dict) for entry in entries.values()):
            return named({name: self._corner(entry) for name, entry in entries.items()})
        node.only(("sigma", "parameters"))
        from memcircuit.devices.device import Device

        given: dict[str, Any] = {}
        if (sigma := node.get("sigma")) is not None:
            given["sigma"] = sigma.number("1")
        if (parameters := node.get("parameters")) is not None:
            given["parameters"] = [one.text() for one in parameters.elements()]
        device = memristor_of(self.arguments.target)
        if not isinstance(device, Device):
            raise node.error("there is no device of a card whose spreads could be taken")
        return corners(device, **given)

    def monte_carlo(self, node: TomlNode) -> Design:
        """Return devices and cycles drawn from a card's spreads."""
        counts, flags = ("devices", "cycles"), ("device_to_device", "cycle_to_cycle")
        pairs = ("device_correlation", "cycle_correlation")
        node.only((*counts, *flags, *pairs))
        given: dict[str, Any] = {}
        for name, entry in node.entries().items():
            if name in counts:
                given[name] = entry.whole(1)
            else:
                given[name] = entry.flag() if name in flags else _pairs(entry)
        return monte_carlo(self._drawn(node), self.rng, **given)

    def _drawn(self, node: TomlNode) -> Device | Cell | Crossbar:
        """Return what Monte Carlo draws for."""
        target = self.arguments.target
        experiment = target.experiment
        found: Device | Cell | Crossbar | None = target.arguments.get(experiment.subject)
        if found is None:
            raise node.error(
                f"no device is given whose spreads could be drawn; give [{experiment.subject}]"
                if experiment.subject
                else f"{experiment.name} drives no device; give spreads in [arguments] instead"
            )
        if experiment.subject == "array" and not experiment.takes("variation"):
            raise node.error(
                f"the cells of the array of {experiment.name} are all alike; leave this section out"
            )
        return found

    def _listed(self, node: TomlNode) -> dict[str, list[Any]]:
        listed = {}
        for path, entry in _paths(node):
            if isinstance(entry.value, dict):
                listed[path] = spaced_values(entry, self._unit(path, entry))
            elif entry.elements():
                listed[path] = [self._value(path, element) for element in entry.elements()]
            else:
                raise entry.error("no values at all; give at least one")
        if not listed:
            raise node.error('names no parameter; give one, such as "device.k_set" = [0.1, 0.2]')
        return listed

    def _corner(self, node: TomlNode) -> dict[str, Any]:
        return {path: self._value(path, entry) for path, entry in _paths(node)}

    def _value(self, path: str, node: TomlNode) -> Any:
        """Return one value of a parameter, as what stands there takes it."""
        first, _, rest = path.partition(".")
        unit = self._unit(path, node)
        if path == "cell.transistor":
            return transistor_of(node)
        if path == "device":
            return device_of(node) if isinstance(node.value, dict) else str(card_place(node))
        if not rest:
            return self.arguments.value(path, node)
        device = memristor_of(self.arguments.target)
        if device is not None and first == "device" and rest in parameter_names(device):
            return parameter_value(device, rest, node)
        return node.text() if isinstance(node.value, str) and not unit else numbers(unit, node)

    def _unit(self, path: str, node: TomlNode) -> str:
        """Return the SI unit of a parameter, which must be one of those that there are."""
        first, dot, rest = path.partition(".")
        device = memristor_of(self.arguments.target)
        if device is not None and first == "device" and rest not in ("", "initial_state"):
            names = ("initial_state", *parameter_names(device))
            if rest not in names:
                raise node.unknown(rest, names, f"device {device.name!r} has no parameter")
        elif first in PULSES and dot:
            if rest not in PULSE_UNITS:
                raise node.unknown(rest, PULSE_UNITS, "a pulse has no")
        else:
            self._refuse_unknown(first, node, inner=bool(dot))
        return self.arguments.unit(path)

    def _refuse_unknown(self, name: str, node: TomlNode, *, inner: bool) -> None:
        wholes = ("cell", "array", "variation") if inner else ()
        known = ("device", *wholes, *self.arguments.names)
        if name not in known:
            experiment = self.arguments.target.experiment.name
            raise node.unknown(name, known, f"{experiment} takes no")

    def _check(self, design: Design, node: TomlNode) -> None:
        """Refuse parameters that lead nowhere, and values that cannot stand there."""
        places = dict(_paths(node))
        for path, column in design.columns.items():
            place = places.get(path, node)
            try:
                with place.blamed():
                    self.arguments.target.check(path, column.values, len(column.dims))
            except UsageError:
                self._blame_element(path, column, place)
                raise

    def _blame_element(self, path: str, column: Column, place: TomlNode) -> None:
        """Raise for the first element of a list that cannot stand there."""
        if not isinstance(place.value, list) or len(place.value) != len(column.values):
            return
        for number, element in enumerate(place.elements()):
            with element.blamed():
                self.arguments.target.check(path, column.values[number : number + 1], 1)


#: What chooses points, by the name of its section.
SECTIONS: dict[str, Callable[[DesignReader, TomlNode], Design]] = {
    "grid": DesignReader.grid,
    "zip": DesignReader.zip,
    "latin_hypercube": DesignReader.sampled,
    "sobol": DesignReader.sampled,
    "random": DesignReader.sampled,
    "corners": DesignReader.corners,
    "monte_carlo": DesignReader.monte_carlo,
}


def _refuse_shared(design: Design, node: TomlNode, homes: Mapping[str, str]) -> None:
    """Refuse a parameter or a dimension that another section has, by the names of both.

    Args:
        design: of the section.
        node: the section.
        homes: section by parameter and by dimension, of the sections before it.
    """
    name = node.key
    for path in design.columns:
        if path in homes:
            raise (
                dict(_paths(node))
                .get(path, node)
                .error(
                    f"parameter {path!r} is in [{homes[path]}] and in [{name}]; leave it out of one"
                )
            )
    for dim in design.sizes:
        if dim in homes:
            raise node.error(
                f"[{homes[dim]}] and [{name}] both have the dimension {dim!r}; give one of them"
            )


def _paths(node: TomlNode, before: str = "") -> Iterator[tuple[str, TomlNode]]:
    """Yield the entries of a table by their paths, whether or not these were put in quotes."""
    for name, entry in node.entries().items():
        path = f"{before}{name}"
        nested = isinstance(entry.value, dict) and entry.value and not is_range(entry)
        if nested and not (before == "" and node.path[-1] == "corners"):
            yield from _paths(entry, f"{path}.")
        else:
            yield path, entry


def _pairs(node: TomlNode) -> dict[tuple[str, str], float]:
    """Return correlations by pair, of a list of [one, other, correlation]."""
    found: dict[tuple[str, str], float] = {}
    for element in node.elements():
        parts = element.elements()
        if len(parts) != 3:
            raise element.error(f"{element.shown}; expected [one, other, correlation]")
        pair = parts[0].text(), parts[1].text()
        if pair in found:
            raise element.error(f"{pair[0]!r} and {pair[1]!r} are named twice; once will do")
        found[pair] = parts[2].number("1")
    return found
