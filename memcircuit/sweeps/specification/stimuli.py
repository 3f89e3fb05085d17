"""Stimuli from tables and lists of a TOML file: pulses, series of pulses, waveforms, drives."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from memcircuit.sweeps.specification.node import TomlNode
from memcircuit.sweeps.specification.objects import numbers

if TYPE_CHECKING:
    from pyspice_netlists import Pulse, Waveform

#: Fields of a pulse, with their units.
PULSE_UNITS = {"amplitude": "V", "width": "s", "rise": "s", "fall": "s"}
#: Forms of a series of pulses, as they are named in messages.
SERIES = (
    "{ identical = PULSE, count = 5 }, { amplitude_staircase = PULSE, stop = '1.8V', count = 9 }, "
    "{ width_staircase = PULSE, stop = '1us', count = 9 }, { amplitudes = [...], widths = [...] } "
    "or { set = PULSES, reset = PULSES, count = 3 }"
)
#: Forms of a waveform, as they are named in messages.
WAVEFORMS = (
    "{ triangle = ['1.2V', '-1.5V'], rate = '1V/s' }, { sine = '1V', frequency = '1kHz' }, "
    "{ time = [0, '1us'], voltage = [0, '1V'] } or { pulses = PULSES, gap = '1us' }"
)

# As many pulses as experiments take, and corners of a waveform: refused before lists are made.
_MOST = 100_000


def pulse_of(node: TomlNode, card: Pulse | None = None) -> Pulse:
    """Return a pulse.

    Args:
        node: a table of its fields.
        card: has what the table leaves out; without one amplitude and width must be there.
    """
    from pyspice_netlists import Pulse

    node.only(PULSE_UNITS)
    given = {key: entry.number(PULSE_UNITS[key]) for key, entry in node.entries().items()}
    with node.blamed():
        if card is not None:
            return replace(card, **given)
        for needed in ("amplitude", "width"):
            _ = node[needed]
        return Pulse(**given)


def pulses_of(node: TomlNode) -> list[Pulse]:
    """Return pulses one by one, of a series or of a list of pulses and of series."""
    found: list[Pulse] = []
    for one in counted_pulses(node):
        found += [one] if not isinstance(one, tuple) else [one[0]] * one[1]
        if len(found) > _MOST:
            raise node.error(f"more than {_MOST} pulses; split them into several sweeps")
    return found


def counted_pulses(node: TomlNode) -> list[Pulse | tuple[Pulse, int]]:
    """Return pulses, each with how often it is given where the list says so."""
    if isinstance(node.value, dict):
        return list(_series(node))
    found: list[Pulse | tuple[Pulse, int]] = []
    for element in node.elements():
        if _made_by(element, _SERIES):
            found += _series(element)
            continue
        count = element.get("count")
        bare = {key: value for key, value in element.table().items() if key != "count"}
        pulse = pulse_of(replace(element, value=bare))
        found.append(pulse if count is None else (pulse, count.whole(1, _MOST)))
    return found


def waveform_of(node: TomlNode) -> Waveform:
    """Return a voltage over time: a triangle, a sine, corners, or pulses one after another."""
    kind = _made_by(node, _WAVEFORMS)
    if not kind:
        raise node.error(f"{node.shown} is no waveform; expected {WAVEFORMS}")
    with node.blamed():
        made: Waveform = _WAVEFORMS[kind](node)
        return made


def drives_of(node: TomlNode) -> Any:
    """Return what drives the lines of one kind: V, a waveform, or None of an "open" line.

    A list has one for each line.
    """
    if isinstance(node.value, list):
        return [drives_of(element) for element in node.elements()]
    if isinstance(node.value, dict):
        return waveform_of(node)
    if node.value == "open":
        return None
    if isinstance(node.value, str) and not any(map(str.isdigit, node.value)):
        raise node.error(f"{node.shown}; expected a number of V, such as '1 V', or 'open'")
    return node.number("V")


def _one_of(node: TomlNode, first: str, second: str) -> str:
    """Return which of two entries a table has."""
    there = [name for name in (first, second) if name in node]
    if len(there) == 1:
        return there[0]
    told = "are both there" if there else "are both missing"
    raise node.error(f"{first} and {second} {told}; give one of the two")


def _made_by(node: TomlNode, kinds: Mapping[str, Callable[[TomlNode], Any]]) -> str:
    """Return the entry of a table that says what makes it; empty without one."""
    return next((kind for kind in kinds if kind in node.table()), "")


def _series(node: TomlNode) -> tuple[Pulse, ...]:
    kind = _made_by(node, _SERIES)
    if not kind:
        raise node.error(f"{node.shown} is no series of pulses; expected {SERIES}")
    with node.blamed():
        made: tuple[Pulse, ...] = _SERIES[kind](node)
        return made


def _identical(node: TomlNode) -> tuple[Pulse, ...]:
    from pyspice_netlists import identical

    node.only(("identical", "count"))
    return identical(pulse_of(node["identical"]), node["count"].whole(1, _MOST))


def _amplitude_staircase(node: TomlNode) -> tuple[Pulse, ...]:
    from pyspice_netlists import amplitude_staircase

    node.only(("amplitude_staircase", "stop", "count", "step"))
    kind = _one_of(node, "count", "step")
    pulse, stop = pulse_of(node["amplitude_staircase"]), node["stop"].number("V")
    if kind == "count":
        return amplitude_staircase(pulse, stop, node["count"].whole(2, _MOST))
    step = node["step"].number("V")
    if abs(stop - pulse.amplitude) > _MOST * abs(step) > 0:
        raise node["step"].error(f"{step:g} V makes more than {_MOST} pulses")
    return amplitude_staircase(pulse, stop, step=step)


def _width_staircase(node: TomlNode) -> tuple[Pulse, ...]:
    from pyspice_netlists import width_staircase

    node.only(("width_staircase", "stop", "count", "spacing"))
    first, stop, count = node["width_staircase"], node["stop"], node["count"]
    spacing = node.get("spacing")
    return width_staircase(
        pulse_of(first),
        stop.number("s"),
        count.whole(2, _MOST),
        spacing="geometric"
        if spacing is not None and spacing.text(("linear", "geometric")) == "geometric"
        else "linear",
    )


def _pulse_list(node: TomlNode) -> tuple[Pulse, ...]:
    from pyspice_netlists import pulse_list

    node.only(("amplitudes", "widths", "rise", "fall"))
    edges = {
        name: entry.number("s")
        for name, entry in node.entries().items()
        if name in ("rise", "fall")
    }
    volts, seconds = numbers("V", node["amplitudes"]), numbers("s", node["widths"])
    return pulse_list(volts, seconds, **edges)


def _bipolar(node: TomlNode) -> tuple[Pulse, ...]:
    from pyspice_netlists import bipolar

    node.only(("set", "reset", "count"))
    trains = [_train(node[name]) for name in ("set", "reset")]
    most = _MOST // max(1, sum(map(len, trains)))
    count = node["count"].whole(1, most) if "count" in node else 1
    return bipolar(trains[0], trains[1], count)


def _train(node: TomlNode) -> list[Pulse]:
    """Return the pulses of one sign: one, a series of them, or a list."""
    if isinstance(node.value, dict) and not _made_by(node, _SERIES):
        return [pulse_of(node)]
    return pulses_of(node)


def _triangle(node: TomlNode) -> Waveform:
    from pyspice_netlists import triangle

    units = {"rate": "V/s", "period": "s"}
    node.only(("triangle", *units, "cycles"))
    speed = _one_of(node, *units)
    given: dict[str, Any] = {speed: node[speed].number(units[speed])}
    if "cycles" in node:
        given["cycles"] = node["cycles"].whole(1, _MOST)
    return triangle(numbers("V", node["triangle"]), **given)


def _sine(node: TomlNode) -> Waveform:
    from pyspice_netlists import sine

    counts = {"cycles": 1, "points_per_cycle": 8}
    node.only(("sine", "frequency", *counts))
    given = {name: node[name].whole(least, _MOST) for name, least in counts.items() if name in node}
    if math.prod(given.values()) > _MOST:
        raise node.error(
            f"cycles times points_per_cycle is above {_MOST}; make one of them smaller"
        )
    return sine(node["sine"].number("V"), node["frequency"].number("Hz"), **given)


def _corners(node: TomlNode) -> Waveform:
    import numpy as np

    from pyspice_netlists import Waveform

    node.only(("time", "voltage"))
    axes = ((node["time"], "s"), (node["voltage"], "V"))
    seconds, volts = ([one.number(unit) for one in entry.elements()] for entry, unit in axes)
    return Waveform(np.array(seconds, dtype=float), np.array(volts, dtype=float))


def _pulse_waveform(node: TomlNode) -> Waveform:
    from pyspice_netlists import pulse_sequence

    node.only(("pulses", "gap"))
    return pulse_sequence(pulses_of(node["pulses"]), node["gap"].number("s")).waveform


# By the entry that tells them.
_SERIES: dict[str, Callable[[TomlNode], tuple[Pulse, ...]]] = {
    "identical": _identical,
    "amplitude_staircase": _amplitude_staircase,
    "width_staircase": _width_staircase,
    "amplitudes": _pulse_list,
    "set": _bipolar,
}
_WAVEFORMS: dict[str, Callable[[TomlNode], Waveform]] = {
    "triangle": _triangle,
    "sine": _sine,
    "time": _corners,
    "pulses": _pulse_waveform,
}
