"""What a memristor model is: parameters, named quantities, port current and state rate.

A model is written once, as sympy expressions; the writers of this room turn it into
Verilog-A, an ngspice subcircuit and a numpy model.

Conventions shared by every model:

* the state ``s`` is dimensionless, 0 in the high-resistance and 1 in the low-resistance state;
* ``v`` is the voltage from the plus to the minus terminal, in volt;
* ``current`` is the port current from plus to minus, in ampere;
* ``rate`` is ds/dt, in 1/s;
* ``v_inner`` is the voltage of an inner node above minus, in volt, in models that have one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import sympy as sp

from memcircuit.checks import is_number
from memcircuit.devices.names import is_usable
from memcircuit.errors import ParameterError

#: Port voltage, V.
V = sp.Symbol("v", real=True)
#: State, dimensionless, clipped to 0 ... 1.
S = sp.Symbol("s", real=True)
#: Voltage of the inner node above minus, V.
V_INNER = sp.Symbol("v_inner", real=True)


@dataclass(frozen=True)
class Parameter:
    """A declared parameter of a model.

    Attributes:
        name: lower-case identifier, the same in every form.
        default: value when neither card nor user gives one, in ``unit``.
        unit: SI unit, "1" when dimensionless.
        description: one line, starting with the quantity.
        low: smallest allowed value.
        high: largest allowed value.
        low_open: ``low`` itself is not allowed.
        high_open: ``high`` itself is not allowed.
        integer: only whole numbers.
        varies: differs from device to device; every instance has a multiplier ``m_<name>``.
        optional: the default changes nothing, so that a card need not give a value.
        choices: names of the values 0, 1, ... of a parameter that chooses between equations.
    """

    name: str
    default: float
    unit: str
    description: str
    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False
    integer: bool = False
    varies: bool = False
    optional: bool = False
    choices: tuple[str, ...] = ()

    @property
    def symbol(self) -> sp.Symbol:
        """The parameter in expressions: the value that this device has."""
        return sp.Symbol(self.name, real=True)

    @property
    def multiplier(self) -> str:
        """Name of the instance parameter that scales this parameter."""
        return f"m_{self.name}"

    @property
    def range_text(self) -> str:
        """The allowed range as an interval, for messages and tables."""
        left = "(" if self.low_open or math.isinf(self.low) else "["
        right = ")" if self.high_open or math.isinf(self.high) else "]"
        return f"{left}{_bound(self.low)}, {_bound(self.high)}{right}"

    def with_unit(self, value: float) -> str:
        """Return a value with its unit, for messages."""
        return f"{value:g}" if self.unit == "1" else f"{value:g} {self.unit}"

    def check(self, value: float | str, where: str) -> float:
        """Return ``value`` as a float when it is allowed.

        Args:
            value: in the parameter's unit; a choice by its name or its number.
            where: named in the message: card, device or call.

        Raises:
            ParameterError: not a finite number, not whole, outside the range, or no choice.
        """
        if self.choices:
            return float(self._choice(value, where))
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
            raise ParameterError(
                f"{where}: parameter {self.name} = {value!r} is not a number; "
                f"expected a value in {self.unit}"
            )
        number = float(value)
        below = number < self.low or (self.low_open and number == self.low)
        above = number > self.high or (self.high_open and number == self.high)
        if not math.isfinite(number) or below or above:
            raise ParameterError(
                f"{where}: parameter {self.name} = {self.with_unit(number)} is outside its range "
                f"{self.range_text}"
            )
        if self.integer and number != int(number):
            raise ParameterError(
                f"{where}: parameter {self.name} = {number:g} must be a whole number"
            )
        return number

    def _choice(self, value: object, where: str) -> int:
        if isinstance(value, str) and value in self.choices:
            return self.choices.index(value)
        for index in range(len(self.choices)):
            if is_number(value) and value == index:
                return index
        known = ", ".join(f"{index} {name}" for index, name in enumerate(self.choices))
        raise ParameterError(f"{where}: parameter {self.name} = {value!r}; choose {known}")


def relation(constraint: sp.Rel) -> str:
    """Return a relation between parameters as text."""
    return f"{constraint.lhs} {constraint.rel_op} {constraint.rhs}"


def choice(name: str, default: int, description: str, choices: tuple[str, ...]) -> Parameter:
    """Return a parameter that chooses between equations."""
    return Parameter(
        name, default, "1", description, 0, len(choices) - 1, integer=True, choices=choices
    )  # fmt: skip


def _bound(value: float) -> str:
    return ("inf" if value > 0 else "-inf") if math.isinf(value) else f"{value:g}"


@dataclass(frozen=True)
class Quantity:
    """A named intermediate of a model; later quantities may use earlier ones.

    Attributes:
        name: lower-case identifier.
        expression: of ``V``, ``S``, ``V_INNER``, parameters and earlier quantities.
        unit: SI unit, "1" when dimensionless.
        description: one line.
        typical: usual magnitude, in ``unit``. The ngspice form writes a quantity that states one
            as a node of its own, so that expressions do not grow with every use; without, as a
            function that is written out at every call.
        least: the node's value is not used below this, in ``unit``: Newton's method may pass
            through values that the quantity never takes.
    """

    name: str
    expression: sp.Expr
    unit: str
    description: str
    typical: float | None = None
    least: float | None = None

    @property
    def symbol(self) -> sp.Symbol:
        """The quantity in later expressions."""
        return sp.Symbol(self.name, real=True)


@dataclass(frozen=True)
class Inner:
    """The node between two parts in series, whose voltage follows from the balance of currents.

    Attributes:
        description: what lies on either side of the node.
        balance: A, current through the part at minus less that through the part at plus; of
            ``V``, ``S``, ``V_INNER``, parameters and quantities. It rises with ``V_INNER`` and
            is zero at one voltage between 0 and ``V``.
        starts_at_plus: netlists look for that voltage from ``V`` downwards instead of from 0,
            because the part at plus is usually the one with less resistance.
    """

    description: str
    balance: sp.Expr
    starts_at_plus: bool = False


@dataclass(frozen=True, eq=False, repr=False)  # one object per model, known by its name
class Model:
    """A memristor model, defined once.

    Attributes:
        name: lower-case identifier; name of the Verilog-A module and of the files.
        title: one line.
        equations: the equations as text, for the head of the written files.
        source: publication and DOI.
        parameters: declared parameters.
        quantities: named intermediates, in order.
        current: port current in A, of ``V``, ``S``, parameters and quantities.
        rate: ds/dt in 1/s, of the same.
        constraints: relations between parameters that must hold.
        initial_state: default initial state.
        inner: the inner node, if the model has one.
        volatile: the state moves at zero voltage too.
        use: when to choose this model, one line.
        numerics: known numerical trouble of the equations and what is done about it, one line.
    """

    name: str
    title: str
    equations: tuple[str, ...]
    source: str
    parameters: tuple[Parameter, ...]
    current: sp.Expr
    rate: sp.Expr
    quantities: tuple[Quantity, ...] = ()
    constraints: tuple[sp.Rel, ...] = ()
    initial_state: float = 0.0
    inner: Inner | None = None
    volatile: bool = False
    use: str = ""
    numerics: str = ""

    def __post_init__(self) -> None:
        names = [p.name for p in self.parameters] + [q.name for q in self.quantities]
        for name in (self.name, *names):
            if not is_usable(name):
                raise ParameterError(f"model {self.name!r}: {name!r} cannot be used as a name")
        if len(set(names)) != len(names):
            raise ParameterError(f"model {self.name!r}: a name is declared twice in {names}")
        known = {*self.variables, *(p.symbol for p in self.parameters)}
        for quantity in self.quantities:
            self._check_known(quantity.name, quantity.expression, known)
            known.add(quantity.symbol)
        self._check_known("current", self.current, known)
        self._check_known("rate", self.rate, known)
        if self.inner is not None:
            self._check_known("balance", self.inner.balance, known)
        self.values({}, f"model {self.name!r}")

    def __repr__(self) -> str:
        return f"Model({self.name!r})"

    def _check_known(self, name: str, expression: sp.Expr, known: set[sp.Symbol]) -> None:
        unknown = sorted(str(x) for x in expression.free_symbols - known)
        if unknown:
            raise ParameterError(
                f"model {self.name!r}: {name} uses undeclared {', '.join(unknown)}"
            )

    @cached_property
    def by_name(self) -> Mapping[str, Parameter]:
        """Parameters by name."""
        return {p.name: p for p in self.parameters}

    @property
    def varying(self) -> tuple[Parameter, ...]:
        """Parameters that differ from device to device."""
        return tuple(p for p in self.parameters if p.varies)

    @property
    def variables(self) -> tuple[sp.Symbol, ...]:
        """What the equations are evaluated at: voltage, state and, if any, inner voltage."""
        return (V, S) if self.inner is None else (V, S, V_INNER)

    @property
    def stateless(self) -> bool:
        """The state never moves: the device is a non-linear resistor."""
        return bool(self.rate == 0)

    def check_known(self, name: str, where: str) -> None:
        """Raise ParameterError, with what there is, unless ``name`` is a parameter."""
        if name not in self.by_name:
            raise ParameterError(
                f"{where}: model {self.name!r} has no parameter {name!r}; it has "
                f"{', '.join(self.by_name)}"
            )

    @cached_property
    def _related(self) -> tuple[tuple[sp.Rel, tuple[str, ...]], ...]:
        """The constraints, each with the parameters it relates."""
        return tuple((own, tuple(sorted(map(str, own.free_symbols)))) for own in self.constraints)

    def values(self, given: Mapping[str, float], where: str) -> dict[str, float]:
        """Return the value of every parameter, defaults filled in.

        Args:
            given: values by parameter name, SI.
            where: named in messages.

        Raises:
            ParameterError: an unknown name, a value outside its range, or values that do not go
                together.
        """
        for name in given:
            self.check_known(name, where)
        values = {p.name: p.check(given.get(p.name, p.default), where) for p in self.parameters}
        for constraint, names in self._related:
            if not _holds(constraint, tuple((n, values[n]) for n in names)):
                stated = ", ".join(f"{n} = {self.by_name[n].with_unit(values[n])}" for n in names)
                raise ParameterError(f"{where}: {stated}; must be {relation(constraint)}")
        return values


# Devices are copied more often than their values change; to put values into equations is slow.
@lru_cache(maxsize=64)
def _holds(constraint: sp.Rel, values: tuple[tuple[str, float], ...]) -> bool:
    return bool(constraint.subs({sp.Symbol(name, real=True): value for name, value in values}))
