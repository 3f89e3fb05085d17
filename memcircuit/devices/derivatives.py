"""Current, rate and balance of a model as numpy functions, with derivatives by the chain rule.

Every function in an expression becomes a step of its own, so that no derivative is longer than
the expression it comes from.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import sympy as sp
from sympy.printing.numpy import NumPyPrinter

from memcircuit.devices.definition import Model
from memcircuit.devices.numpy_functions import numpy_function

Step = tuple[sp.Symbol, sp.Expr]


@cache
def functions(
    model: Model, outputs: tuple[str, ...], *, scalar: bool = False
) -> Callable[..., Any]:
    """Return a function of the model's variables and parameters that gives ``outputs``.

    Args:
        model: the definition.
        outputs: ``current``, ``rate``, ``balance``, or a partial derivative of one, such as
            ``d_rate_s``; the inner voltage counts as a variable of its own.
        scalar: of plain numbers instead of arrays.
    """
    steps, results = _program(model)
    wanted = [results[name] for name in outputs]
    needed = set().union(*(expression.free_symbols for expression in wanted))
    kept: list[Step] = []
    for symbol, expression in reversed(steps):
        if symbol in needed:
            kept.append((symbol, expression))
            needed |= expression.free_symbols
    arguments = [*model.variables, *(p.symbol for p in model.parameters)]
    # The steps take the place of common subexpressions: written once each, in their order.
    printer = _Printer({"fully_qualified_modules": False, "allow_unknown_functions": True})
    return numpy_function(
        arguments,
        wanted,
        modules="math" if scalar else "numpy",
        printer=None if scalar else printer,
        cse=lambda expressions: (kept[::-1], expressions),
    )


class _Printer(NumPyPrinter):  # type: ignore[misc]
    """Writes branches as ``where``, which is quicker than ``select`` and keeps the shape."""

    def _print_Piecewise(self, expr: sp.Expr) -> str:  # noqa: N802
        *branches, (last, _) = expr.args
        text = self._print(last)
        for value, condition in reversed(branches):
            text = f"where({self._print(condition)}, {self._print(value)}, {text})"
        return str(text)

    def _print_Max(self, expr: sp.Expr) -> str:  # noqa: N802
        return self._pairs("maximum", expr.args)

    def _print_Min(self, expr: sp.Expr) -> str:  # noqa: N802
        return self._pairs("minimum", expr.args)

    def _pairs(self, function: str, arguments: tuple[sp.Expr, ...]) -> str:
        text = self._print(arguments[0])
        for argument in arguments[1:]:
            text = f"{function}({text}, {self._print(argument)})"
        return str(text)


@cache
def _program(model: Model) -> tuple[list[Step], dict[str, sp.Expr]]:
    """Return every step in order, and the expressions of the results."""
    tape = _Tape(model.variables)
    for quantity in model.quantities:
        tape.define(quantity.symbol, tape.flat(quantity.expression))
    results = {"current": model.current, "rate": model.rate}
    if model.inner is not None:
        results["balance"] = model.inner.balance
    for name, expression in list(results.items()):
        results[name] = flat = tape.flat(expression)
        for variable in model.variables:
            results[f"d_{name}_{variable.name}"] = tape.slope(flat, variable)
    return tape.steps, results


class _Tape:
    """Steps in order, each with its derivatives after the variables it moves with."""

    def __init__(self, variables: tuple[sp.Symbol, ...]) -> None:
        self.steps: list[Step] = []
        self._variables = variables
        self._known: dict[sp.Expr, sp.Symbol] = {}
        self._slopes: dict[tuple[sp.Symbol, sp.Symbol], sp.Symbol] = {}

    def flat(self, expression: sp.Expr) -> sp.Expr:
        """Return the expression with every function in it replaced by the symbol of a step."""
        if expression.is_Atom:
            return expression
        if isinstance(expression, sp.Piecewise):
            # conditions are evaluated, never derived
            rebuilt = sp.Piecewise(*((self.flat(x), condition) for x, condition in expression.args))
        else:
            rebuilt = expression.func(*map(self.flat, expression.args))
        if not isinstance(rebuilt, (sp.Function, sp.Piecewise, sp.Max, sp.Min)) and not (
            isinstance(rebuilt, sp.Pow) and not rebuilt.exp.is_number
        ):
            return rebuilt
        if rebuilt not in self._known:
            symbol = sp.Symbol(f"step_{len(self._known)}", real=True)
            self._known[rebuilt] = symbol
            self.define(symbol, rebuilt)
        return self._known[rebuilt]

    def define(self, symbol: sp.Symbol, expression: sp.Expr) -> None:
        """Add a step and the steps of its derivatives."""
        self.steps.append((symbol, expression))
        for variable in self._variables:
            slope = self.slope(expression, variable)
            if slope != 0:
                own = sp.Symbol(f"d_{symbol.name}_{variable.name}", real=True)
                self.steps.append((own, slope))
                self._slopes[symbol, variable] = own

    def slope(self, expression: sp.Expr, variable: sp.Symbol) -> sp.Expr:
        """Return the derivative of a flat expression, through the steps in it."""

        def inner(x: sp.Expr) -> sp.Expr:
            return self.slope(x, variable)

        if isinstance(expression, sp.Piecewise):
            return sp.Piecewise(*((inner(x), condition) for x, condition in expression.args))
        if isinstance(expression, (sp.Max, sp.Min)):
            return self._of_extremum(expression, inner)
        if isinstance(expression, sp.Pow) and inner(expression.exp) == 0:
            # written out, for sympy's a u^a u'/u is 0/0 at u = 0
            base, exponent = expression.args
            return exponent * base ** (exponent - 1) * inner(base)
        total = sp.diff(expression, variable)
        for symbol in expression.free_symbols:
            own = self._slopes.get((symbol, variable))
            if own is not None:
                total += sp.diff(expression, symbol) * own
        return total

    @staticmethod
    def _of_extremum(expression: sp.Expr, slope: Callable[[sp.Expr], sp.Expr]) -> sp.Expr:
        first, *others = expression.args
        rest = expression.func(*others)
        one = slope(first)
        two = slope(rest)
        if one == two:
            return one
        above, below = (one, two) if isinstance(expression, sp.Max) else (two, one)
        return sp.Piecewise(
            (above, first > rest), (below, first < rest), ((above + below) / 2, True)
        )
