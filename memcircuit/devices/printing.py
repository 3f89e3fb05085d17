"""Expressions as text: what Verilog-A and ngspice write alike."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import sympy as sp
from sympy.printing.c import C99CodePrinter

from memcircuit.devices.definition import Model

STATE_CHARGE = 1e-9
"""Charge on the state node per unit of state, C: large beside the simulator's chgtol."""

HOLD_CONDUCTANCE = 1e-3
"""Conductance that holds the state node in DC, AC and at t = 0, S."""

RESTORING_RATE = 1e6
"""Rate that pulls a numerical overshoot back into 0 ... 1, 1/s; zero inside."""


class ExpressionPrinter(C99CodePrinter):  # type: ignore[misc]
    """Prints an expression in the subset that Verilog-A and ngspice share.

    Args:
        names: text of a symbol, by its name, where it differs from the name.
    """

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        super().__init__({"strict": True})
        self._names = dict(names or {})

    def _print_Symbol(self, expr: sp.Symbol) -> str:  # noqa: N802
        return self._names.get(str(expr.name), str(expr.name))

    def _print_Max(self, expr: sp.Expr) -> str:  # noqa: N802
        return self._nested("max", expr.args)

    def _print_Min(self, expr: sp.Expr) -> str:  # noqa: N802
        return self._nested("min", expr.args)

    def _nested(self, function: str, arguments: tuple[sp.Expr, ...]) -> str:
        text = self._print(arguments[0])
        for argument in arguments[1:]:
            text = f"{function}({text}, {self._print(argument)})"
        return str(text)

    def _print_Piecewise(self, expr: sp.Expr) -> str:  # noqa: N802
        *branches, (last, _) = expr.args
        text = f"({self._print(last)})"
        for value, condition in reversed(branches):
            text = f"(({self._print(condition)}) ? ({self._print(value)}) : {text})"
        return text

    def _print_Float(self, expr: sp.Float) -> str:  # noqa: N802
        return number(float(expr))

    def _print_log(self, expr: sp.Expr) -> str:
        # natural in both languages; log() is decadic in Verilog-A
        return f"ln({self._print(expr.args[0])})"

    def _print_Abs(self, expr: sp.Expr) -> str:  # noqa: N802
        return f"abs({self._print(expr.args[0])})"

    def text(self, expression: Any) -> str:
        """Return the expression as text."""
        return str(self.doprint(expression))


def number(value: float) -> str:
    """Return a short text that reads back as the same number."""
    mantissa, _, exponent = repr(float(value)).partition("e")
    if not exponent:
        mantissa, _, exponent = f"{float(value):g}".partition("e")
        if float(f"{value:g}") != float(value):
            mantissa, exponent = repr(float(value)), ""
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def comment(text: str, prefix: str, width: int = 96) -> list[str]:
    """Return ``text`` wrapped, every line behind ``prefix``."""
    return [
        f"{prefix} {line}" if not index else f"{prefix}   {line}"
        for index, line in enumerate(textwrap.wrap(text, width - len(prefix)))
    ]


def head(model: Model, mark: str, notes: tuple[str, ...]) -> list[str]:
    """Return the head of a written file: title, equations, notes, source, behind ``mark``."""
    lines = [f"{mark} {model.title}", mark]
    lines += [f"{mark}   {equation}" for equation in model.equations]
    lines += [mark, *(f"{mark} {note}" for note in notes), mark]
    lines += comment(f"Source: {model.source}", mark)
    return [
        *lines,
        f"{mark} Written by memcircuit from the definition {model.name!r}; change it there.",
    ]
