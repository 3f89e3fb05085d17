"""Devices whose card parameters may differ from instance to instance within one netlist."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.devices.definition import Model, Parameter
from memcircuit.devices.device import Device, Form
from memcircuit.devices.printing import number
from memcircuit.errors import UsageError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FreeParameters(Device):
    """A device some of whose card parameters are instance parameters of its subcircuit.

    Compiled models have one card per instance then: it stands inside the subcircuit. ngspice
    writes the numbers out anew on the way, which may change their last binary digit.

    Attributes:
        names: the parameters; those of ``parameters`` hold for instances that are given none.
        scaled: the multipliers that instances may be given, every one of the model when None.
    """

    names: tuple[str, ...] = ()
    scaled: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.names:
            self.model.check_known(name, f"device {self.name!r}")
            if self.model.by_name[name].integer:
                raise UsageError(
                    f"device {self.name!r}: {name} chooses between equations: it is that of all "
                    "instances, not of each"
                )

    @property
    def multipliers(self) -> tuple[str, ...]:
        """Instance parameters that scale a parameter of the model card, 1 by default."""
        return super().multipliers if self.scaled is None else self.scaled

    @property
    def free(self) -> dict[str, float]:
        """The free parameters, with their values where instances give none."""
        return {name: self.parameters[name] for name in self.names}

    def include_lines(self, form: Form) -> list[str]:
        """Return what a deck needs once, the model card inside the subcircuit."""
        lines = super().include_lines(form)
        if not self.names:
            return lines
        at = next(k for k, line in enumerate(lines) if line.startswith(f".subckt {self.name} "))
        before, head, inside = lines[:at], lines[at], lines[at + 1 :]
        if form == "osdi":
            before, inside = [], [*before, *inside]
        head += "".join(f" {name}={number(value)}" for name, value in self.free.items())
        own = re.compile(rf" ({'|'.join(self.names)})=\S+")
        return [*before, head, *(own.sub(r" \1={\1}", line) for line in inside)]

    def instance(
        self,
        label: str,
        nodes: Sequence[str],
        initial_state: float | None = None,
        variation: Mapping[str, float] | None = None,
    ) -> str:
        """Return the netlist line of one instance.

        Args:
            label: instance name behind the X.
            nodes: plus, minus and state node.
            initial_state: where the state starts; the device's own when None.
            variation: multipliers and free parameters by name.

        Raises:
            UsageError: wrong number of nodes, or an unknown multiplier.
        """
        given = dict(variation or {})
        own = {name: given.pop(name) for name in self.names if name in given}
        line = super().instance(label, nodes, initial_state, given)
        return line + "".join(f" {name}={number(value)}" for name, value in own.items())

    def check(self, values: Mapping[str, Array]) -> None:
        """Refuse values of the free parameters that a device cannot have.

        Args:
            values: by name, each (cells,) or (cells, ...).

        Raises:
            UsageError: a parameter that is not free.
            ParameterError: naming the first cell with a value outside its range, or with values
                that do not go together.
        """
        for name in values:
            if name not in self.names:
                raise UsageError(
                    f"device {self.name!r}: {name!r} is not free; free are {', '.join(self.names)}"
                )
        check_cells(self, values)


def check_cells(device: Device, values: Mapping[str, Array], *, array: bool = False) -> None:
    """Refuse cells with values of a card's parameters that a device cannot have.

    Args:
        device: its own values hold for the parameters that are not given.
        values: by parameter, each (cells,) or (cells, ...); (1,) or (1, ...) of all cells.
        array: whether they are (rows, columns), of an array whose cells are named by both.

    Raises:
        ParameterError: naming the first cell with a value outside its range, or with values that
            do not go together.
    """
    tables = {name: found.reshape(len(found), -1) for name, found in values.items()}
    masks = [_outside(device.model.by_name[name], found) for name, found in tables.items()]
    every = {**device.parameters, **tables}
    masks += [~np.asarray(holds(every), dtype=bool) for holds in _relations(device.model)]
    if not any(mask.any() for mask in masks):
        return
    place = np.argwhere(np.any(np.broadcast_arrays(*masks), axis=0))[0]
    own = {
        name: found[tuple(np.minimum(place, np.array(found.shape) - 1))]
        for name, found in tables.items()
    }
    which = f"cell ({place[0]}, {place[1]})" if array else f"cell {place[0]}"
    device.model.values({**device.parameters, **own}, f"device {device.name!r}, {which}")


def check_variation(
    device: object, variation: Mapping[str, ArrayLike], *, array: bool = False
) -> None:
    """Refuse multipliers that take a parameter out of its range, or past another.

    As it would be refused were they folded into the parameters.

    Args:
        device: a memristor; nothing is known of one that is no ``Device``.
        variation: by multiplier, each a number, (cells,) or (cells, memristors).
        array: whether they are (rows, columns), of an array whose cells are named by both.

    Raises:
        ParameterError: naming cell, parameter and value.
    """
    if not isinstance(device, Device) or not set(variation) <= set(device.multipliers):
        return
    scaled = {}
    for parameter in device.model.varying:
        if parameter.multiplier in variation:
            factors = np.atleast_1d(np.asarray(variation[parameter.multiplier], dtype=float))
            scaled[parameter.name] = device.parameters[parameter.name] * factors
    cells = {len(found) for found in scaled.values()} - {1}
    if len(cells) < 2:  # else the experiment says which
        check_cells(device, scaled, array=array)


def with_free_parameters(
    device: Device, names: Sequence[str], multipliers: Sequence[str] | None = None
) -> FreeParameters:
    """Return a device whose named card parameters each instance may set.

    It takes them beside the multipliers: ``cell_bench(..., variation={"k_set": values})``.

    Args:
        device: its own values hold for instances that are given none.
        names: of parameters.
        multipliers: those that instances may be given: every other one costs ngspice time in
            each instance. All of the device's when None.

    Raises:
        ParameterError: the model has no such parameter.
        UsageError: a parameter that chooses between equations, one named twice, or an unknown
            multiplier.
    """
    if len(set(names)) < len(names):
        raise UsageError(f"device {device.name!r}: a free parameter twice in {list(names)}")
    for name in multipliers or ():
        if name not in device.multipliers:
            raise UsageError(f"device {device.name!r} has no multiplier {name!r}")
    own = {f.name: getattr(device, f.name) for f in fields(Device)}
    scaled = None if multipliers is None else tuple(multipliers)
    return FreeParameters(**own, names=tuple(names), scaled=scaled)


def _outside(parameter: Parameter, values: Array) -> NDArray[np.bool_]:
    """Return where values are outside the range of a parameter, or no finite numbers."""
    below = values <= parameter.low if parameter.low_open else values < parameter.low
    above = values >= parameter.high if parameter.high_open else values > parameter.high
    return np.asarray(below | above | ~np.isfinite(values))


@cache
def _relations(model: Model) -> tuple[Callable[[Mapping[str, object]], object], ...]:
    """Return the relations between a model's parameters as functions of values by name."""
    import sympy as sp

    from memcircuit.devices.numpy_functions import numpy_function

    def relation(constraint: sp.Rel) -> Callable[[Mapping[str, object]], object]:
        names = sorted(str(symbol) for symbol in constraint.free_symbols)
        symbols = [model.by_name[name].symbol for name in names]
        function = numpy_function(symbols, constraint, "numpy")
        return lambda values: function(*(values[name] for name in names))

    return tuple(relation(constraint) for constraint in model.constraints)
