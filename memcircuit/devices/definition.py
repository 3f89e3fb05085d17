"""What a memristor model is: parameters, named quantities, port current and state rate.

A model is written once, as sympy expressions; the writers of this room turn it into
Verilog-A, an ngspice subcircuit and a numpy model.

Conventions shared by every model:

* the state ``s`` is dimensionless, 0 in the high-resistance and 1 in the low-resistance state;
* ``v`` is the voltage from the plus to the minus terminal, in volt;
* ``current`` is the port current from plus to minus, in ampere;
* ``rate`` is ds/dt, in 1/s.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy as sp

from memcircuit.errors import ParameterError

#: Port voltage, V.
V = sp.Symbol("v", real=True)
#: State, dimensionless, clipped to 0 ... 1.
S = sp.Symbol("s", real=True)

# Beyond this argument exponentials of a wild Newton iterate are held constant: e^80 = 5.5e34.
EXPONENT_LIMIT = 80


def limited_sinh(argument: sp.Expr) -> sp.Expr:
    """Return sinh(argument), held constant beyond +-80 so that no iterate overflows."""
    return sp.sinh(sp.Min(sp.Max(argument, -EXPONENT_LIMIT), EXPONENT_LIMIT))


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

    def check(self, value: float, where: str) -> float:
        """Return ``value`` as a float when it is allowed.

        Args:
            value: in the parameter's unit.
            where: named in the message: card, device or call.

        Raises:
            ParameterError: not a finite number, not whole, or outside the range.
        """
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
                f"{where}: parameter {self.name} = {number:g} {self.unit} is outside its range "
                f"{self.range_text}"
            )
        if self.integer and number != int(number):
            raise ParameterError(
                f"{where}: parameter {self.name} = {number:g} must be a whole number"
            )
        return number


def _bound(value: float) -> str:
    return ("inf" if value > 0 else "-inf") if math.isinf(value) else f"{value:g}"


@dataclass(frozen=True)
class Quantity:
    """A named intermediate of a model; later quantities may use earlier ones."""

    name: str
    expression: sp.Expr
    unit: str
    description: str

    @property
    def symbol(self) -> sp.Symbol:
        """The quantity in later expressions."""
        return sp.Symbol(self.name, real=True)


#: Names the writers use themselves.
_RESERVED = {"v", "s", "x0", "state", "plus", "minus", "current", "rate", "s_free", "time"}
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*\Z")


@dataclass(frozen=True)
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

    def __post_init__(self) -> None:
        names = [p.name for p in self.parameters] + [q.name for q in self.quantities]
        for name in (self.name, *names):
            if not _IDENTIFIER.match(name) or name in _RESERVED or name.startswith("m_"):
                raise ParameterError(f"model {self.name!r}: {name!r} cannot be used as a name")
        if len(set(names)) != len(names):
            raise ParameterError(f"model {self.name!r}: a name is declared twice in {names}")
        known = {V, S, *(p.symbol for p in self.parameters)}
        for quantity in self.quantities:
            self._check_known(quantity.name, quantity.expression, known)
            known.add(quantity.symbol)
        self._check_known("current", self.current, known)
        self._check_known("rate", self.rate, known)
        self.values({}, f"model {self.name!r}")

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

    def expand(self, expression: sp.Expr) -> sp.Expr:
        """Return the expression with every quantity replaced by its definition."""
        for quantity in reversed(self.quantities):
            expression = expression.subs(quantity.symbol, quantity.expression)
        return expression

    def depends_on(self, quantity: Quantity) -> tuple[sp.Symbol, ...]:
        """Return which of ``V`` and ``S`` a quantity depends on, through other quantities too."""
        free = self.expand(quantity.expression).free_symbols
        return tuple(x for x in (V, S) if x in free)

    def check_known(self, name: str, where: str) -> None:
        """Raise ParameterError, with what there is, unless ``name`` is a parameter."""
        if name not in self.by_name:
            raise ParameterError(
                f"{where}: model {self.name!r} has no parameter {name!r}; it has "
                f"{', '.join(self.by_name)}"
            )

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
        for constraint in self.constraints:
            names = sorted(str(symbol) for symbol in constraint.free_symbols)
            if not constraint.subs({self.by_name[n].symbol: values[n] for n in names}):
                stated = ", ".join(f"{n} = {values[n]:g} {self.by_name[n].unit}" for n in names)
                raise ParameterError(f"{where}: {stated}; must be {constraint}")
        return values
