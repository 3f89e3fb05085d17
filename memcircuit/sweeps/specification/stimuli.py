"""Stimuli from tables and lists of a TOML file: pulses, series of pulses, waveforms, drives."""

from __future__ import annotations

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
        found.append(pulse if count is None else (pulse, count.whole(1)))
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
    return None if node.value == "open" else node.number("V")


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
    return identical(pulse_of(node["identical"]), node["count"].whole(1))


def _amplitude_staircase(node: TomlNode) -> tuple[Pulse, ...]:
    from pyspice_netlists import amplitude_staircase

    node.only(("amplitude_staircase", "stop", "count", "step"))
    count, step = node.get("count"), node.get("step")
    return amplitude_staircase(
        pulse_of(node["amplitude_staircase"]),
        node["stop"].number("V"),
        None if count is None else count.whole(2),
        step=None if step is None else step.number("V"),
    )


def _width_staircase(node: TomlNode) -> tuple[Pulse, ...]:
    from pyspice_netlists import width_staircase

    node.only(("width_staircase", "stop", "count", "spacing"))
    first, stop, count = node["width_staircase"], node["stop"], node["count"]
    spacing = node.get("spacing")
    return width_staircase(
        pulse_of(first),
        stop.number("s"),
        count.whole(2),
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
    count = node.get("count")
    return bipolar(trains[0], trains[1], 1 if count is None else count.whole(1))


def _train(node: TomlNode) -> list[Pulse]:
    """Return the pulses of one sign: one, a series of them, or a list."""
    if isinstance(node.value, dict) and not _made_by(node, _SERIES):
        return [pulse_of(node)]
    return pulses_of(node)


def _triangle(node: TomlNode) -> Waveform:
    from pyspice_netlists import triangle

    units = {"rate": "V/s", "period": "s"}
    node.only(("triangle", *units, "cycles"))
    given: dict[str, Any] = {
        name: node[name].number(unit) for name, unit in units.items() if name in node
    }
    if "cycles" in node:
        given["cycles"] = node["cycles"].whole(1)
    return triangle(numbers("V", node["triangle"]), **given)


def _sine(node: TomlNode) -> Waveform:
    from pyspice_netlists import sine

    counts = {"cycles": 1, "points_per_cycle": 8}
    node.only(("sine", "frequency", *counts))
    given = {name: node[name].whole(least) for name, least in counts.items() if name in node}
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
