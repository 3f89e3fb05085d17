"""What every experiment asks of its arguments: cells, forms, states, pulses, gate voltage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.checks import (
    is_number,
    named_values,
    require_choice,
    require_size,
    whole_number,
)
from memcircuit.devices.arrays import numbers
from memcircuit.devices.device import Device, Form
from memcircuit.errors import UsageError
from memcircuit.experiments.driven_device import DrivenDevice, OwnState

if TYPE_CHECKING:
    from pyspice_netlists import Cell, Memristor, Pulse

#: V; no memristor is driven beyond, and a slip such as 1e308 would keep the simulator busy.
HIGHEST_VOLTAGE = 1e3


def as_cell(device: DrivenDevice | Cell) -> Cell:
    """Return a bare device as the cell that holds nothing else; a cell as it is.

    Raises:
        UsageError: neither a device nor a cell.
    """
    from pyspice_netlists import Cell, OneMemristor

    if isinstance(device, Cell):
        return device
    if not isinstance(device, DrivenDevice):
        raise UsageError(
            f"{device!r} is neither a device nor a cell; mc.device(CARD) makes a device"
        )
    return OneMemristor(device)


def memristor_of(cell: Cell) -> DrivenDevice:
    """Return the memristor of a cell, as far as a simulation needs it.

    Raises:
        UsageError: the cell's memristor does not say what a simulation needs.
    """
    # what a class has is quicker seen than what a protocol asks
    if not isinstance(cell.device, Device | DrivenDevice):
        raise UsageError(
            f"cell {cell.name!r}: {cell.device!r} is no device: it needs a citation, a card or "
            "None, and verilog_a(form)"
        )
    return cell.device


def device_of(cell: Cell) -> Device:
    """Return the device of a cell, with its equations.

    Raises:
        UsageError: the cell's memristor has no numpy form.
    """
    if not isinstance(cell.device, Device):
        raise UsageError(
            f"cell {cell.name!r}: {cell.device.name!r} has no equations in Python (numpy form), as "
            "this needs; mc.iv_loop, mc.pulse_train and Crossbar.read_cells(simulator='ngspice') "
            "do without"
        )
    return cell.device


def netlist_form(form: Form | None) -> Form:
    """Return the form asked for, or the best that this machine's tools can run.

    Raises:
        UsageError: no such form.
    """
    if form is not None:
        require_choice(form, get_args(Form), "form")
        return form
    from memcircuit.simulate import preferred_form

    return preferred_form()


def initial_states(
    device: DrivenDevice, given: ArrayLike | None, cells: int, memristors: int = 1
) -> NDArray[np.float64]:
    """Return the initial state of every cell.

    Args:
        device: of every memristor; its own state when nothing is given.
        given: one state for all, (cells,), (cells, memristors), or (memristors,) for all cells.
        cells: number of cells.
        memristors: number of memristors in a cell.

    Returns:
        (cells,), or (cells, memristors) where the memristors of a cell differ.

    Raises:
        UsageError: a state outside 0 ... 1, the wrong number of states, a device that takes
            none, or more cells than an array has.
    """
    require_size({"cells": cells, "memristors": memristors})
    if given is not None:
        refuse_initial_states(device, given)
    states = numbers(device.initial_state if given is None else given, "initial_state")
    if states.size == 1:
        states = np.full(cells, float(states.ravel()[0]))
    elif states.shape in ((memristors,), (1, memristors)) and states.shape != (cells,):
        states = np.broadcast_to(states, (cells, memristors))
    shapes = ((cells,), (cells, memristors))
    if states.shape not in shapes or not np.all((states >= 0) & (states <= 1)):
        many = f"{cells} numbers" if memristors == 1 else f"({cells}, {memristors}) numbers"
        raise UsageError(f"initial_state must be {many} in 0 ... 1, not {given!r}")
    return states


def cell_values(
    cell: Cell, initial_state: ArrayLike | None, variation: Mapping[str, ArrayLike] | None
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """Return states and multipliers of every cell, each (cells,) or (cells, memristors)."""
    memristor, several = memristor_of(cell), len(cell.memristors)
    spread = {}
    for name, given in named_values(variation, "variation").items():
        if name not in memristor.multipliers:
            raise UsageError(
                f"device {memristor.name!r} has no multiplier {name!r}; it has "
                f"{', '.join(memristor.multipliers)}"
            )
        spread[name] = np.atleast_1d(numbers(given, f"variation {name!r}"))
        if not np.all((spread[name] > 0) & (spread[name] < np.inf)):
            raise UsageError(f"variation {name!r}: every multiplier must be above 0 and finite")
        if spread[name].ndim != 1 and (spread[name].ndim != 2 or spread[name].shape[1] != several):
            raise UsageError(
                f"variation {name!r} has shape {spread[name].shape}; expected one number per cell, "
                f"or (cells, {several}) (mc.pulse_cycles takes devices through cycles)"
            )
    shape = () if initial_state is None else numbers(initial_state, "initial_state").shape
    sizes = {shape[0] if shape else 1}
    sizes |= {len(values) for values in spread.values()}
    cells = max(sizes)
    if 0 in sizes:
        raise UsageError("initial_state and variation are for no cell at all")
    if sizes - {1, cells}:
        raise UsageError(
            f"initial_state and variation are for different numbers of cells: {sorted(sizes)}"
        )
    states = initial_states(memristor, initial_state, cells, several)
    return states, {
        name: np.broadcast_to(values, (cells, *values.shape[1:])) for name, values in spread.items()
    }


def refuse_initial_states(device: Memristor, given: ArrayLike) -> None:
    """Refuse states other than its own for a device that cannot be told where to start.

    Raises:
        UsageError: such a device.
    """
    if isinstance(device, OwnState) and not device.takes_initial_state:
        raise UsageError(
            f"initial_state = {given!r}, but device {device.name!r} has no parameter for it: "
            "mc.VerilogAFile(..., initial_state_parameter=NAME) names one"
        )


def pulse_counts(pulses: int, reset_pulses: int | None) -> tuple[int, int]:
    """Return the numbers of SET and RESET pulses of a train; as many of both when None.

    Raises:
        UsageError: no whole numbers, a negative one, or no pulse at all.
    """
    ups = whole_number(pulses, "pulses")
    downs = ups if reset_pulses is None else whole_number(reset_pulses, "reset_pulses")
    if ups < 0 or downs < 0 or ups + downs == 0:
        raise UsageError(f"pulses = {ups}, reset_pulses = {downs}: at least one pulse in all")
    return ups, downs


def pulse_gap(pulses: Iterable[Pulse]) -> float:
    """Return the pause, s, that a train leaves between its pulses."""
    return min(pulse.width for pulse in pulses) / 5


def programming_pulse(device: DrivenDevice, kind: str, given: Pulse | None) -> Pulse:
    """Return the ``set`` or ``reset`` pulse: as given, or the card's.

    Raises:
        UsageError: not a pulse, or nothing given and the card states none.
    """
    from pyspice_netlists import Pulse

    if given is None:
        return card_pulse(device, kind)
    if not isinstance(given, Pulse):
        raise UsageError(f"{kind} = {given!r} is not a pulse: pass {kind}=Pulse(amplitude, width)")
    _check_given(kind, given)
    return given


def _check_given(name: str, pulse: Pulse) -> None:
    if not 0 < abs(pulse.amplitude) < HIGHEST_VOLTAGE:
        raise UsageError(f"{name} = {pulse!r}: less than {HIGHEST_VOLTAGE:g} V, not 0")
    if pulse.width < max(pulse.rise, pulse.fall):
        raise UsageError(
            f"{name} = {pulse!r}: shorter than its edges; give it a rise and a fall below "
            f"{pulse.width:g} s"
        )


def programming_pulses(
    device: DrivenDevice, set_pulse: Pulse | None, reset: Pulse | None
) -> tuple[Pulse, Pulse]:
    """Return the SET and the RESET pulse: as given, or the card's.

    Raises:
        UsageError: as ``programming_pulse``, or two pulses of one polarity.
    """
    both = programming_pulse(device, "set", set_pulse), programming_pulse(device, "reset", reset)
    refuse_one_polarity(*both)
    return both


def refuse_one_polarity(set_pulse: Pulse, reset: Pulse) -> None:
    """Refuse a SET and a RESET pulse of one polarity, with UsageError."""
    if set_pulse.amplitude * reset.amplitude > 0:
        raise UsageError(f"set = {set_pulse!r} and reset = {reset!r}: expected opposite polarities")


def card_pulse(device: DrivenDevice, kind: str) -> Pulse:
    """Return the pulse of the device's card: ``set``, ``reset`` or ``read``.

    Raises:
        UsageError: the device has no card, or the card states no such pulse.
    """
    from pyspice_netlists import Pulse

    if device.card is None or kind not in device.card.pulses:
        raise UsageError(f"device {device.name!r} states no {kind} pulse: pass {kind}=Pulse(...)")
    return Pulse(**{key: entry.value for key, entry in device.card.pulses[kind].items()})


def read_pulse(device: DrivenDevice, given: Pulse | float | None, width: float = 1e-6) -> Pulse:
    """Return the read pulse: as given, or the card's, with the amplitude given as a number.

    Args:
        device: whose card may state a read pulse.
        given: a pulse, an amplitude in V, or None for the card's.
        width: s, used with an amplitude when the card states no read pulse.

    Raises:
        UsageError: nothing given, and the card states no read pulse.
    """
    from pyspice_netlists import Pulse

    if given is not None and not isinstance(given, Pulse) and not is_number(given):
        raise UsageError(f"read = {given!r} must be a pulse or its amplitude in V")
    if isinstance(given, Pulse):
        _check_given("read", given)
        return given
    volts = given
    if volts is not None and not 0 < abs(volts) < HIGHEST_VOLTAGE:
        raise UsageError(f"read = {volts!r} V: less than {HIGHEST_VOLTAGE:g} V, not 0")
    stated = device.card is not None and "read" in device.card.pulses
    if volts is None or stated:
        pulse = card_pulse(device, "read")
        return pulse if volts is None else replace(pulse, amplitude=float(volts))
    return Pulse(float(volts), width, rise=width / 100, fall=width / 100)


def loop_sine(
    device: DrivenDevice, amplitude: float | None, frequency: float | None
) -> tuple[float, float]:
    """Return amplitude (V) and frequency (Hz) of a loop: as given, or the card's.

    Raises:
        UsageError: one is missing and the card states no loop, or is not above zero.
    """
    stated = {} if device.card is None else device.card.loop
    chosen = []
    for name, given in (("amplitude", amplitude), ("frequency", frequency)):
        if given is None and name not in stated:
            raise UsageError(f"device {device.name!r} states no loop: pass {name}=...")
        value = stated[name].value if given is None else given
        if not is_number(value) or not 0 < value < float("inf"):
            raise UsageError(f"{name} = {value!r} must be finite and above zero")
        chosen.append(float(value))
    return chosen[0], chosen[1]


def gate_voltage(cell: Cell, given: float | None) -> float:
    """Return the gate voltage: as given, or the card's, 0 for a cell without transistor.

    Raises:
        UsageError: a cell with a transistor, and no gate voltage to be had.
    """
    if not cell.gated:
        if given is not None:
            raise UsageError(f"gate = {given!r}: cell {cell.name!r} has no transistor")
        return 0.0
    if given is not None:
        if not is_number(given) or not abs(given) < HIGHEST_VOLTAGE:
            raise UsageError(f"gate = {given!r} V must be within +-{HIGHEST_VOLTAGE:g} V")
        return float(given)
    card = memristor_of(cell).card
    if card is None or card.gate is None:
        raise UsageError(f"cell {cell.name!r}: its card states no gate voltage: pass gate=...")
    return card.gate.value
