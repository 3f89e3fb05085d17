"""Writes a model as an ngspice subcircuit of behavioural sources: no compiler needed."""

from __future__ import annotations

import sympy as sp

from memcircuit.devices.definition import Model, Quantity
from memcircuit.devices.printing import (
    HOLD_CONDUCTANCE,
    RESTORING_RATE,
    STATE_CHARGE,
    ExpressionPrinter,
    head,
    number,
)

_NOTES = (
    "Pins: plus, minus, and the deviation of the state s from its initial value x0, 1 V per",
    "unit of state; s runs from 0 (high resistance) to 1 (low resistance).",
    "Multipliers m_... tell how one device differs from the card.",
)


class _SourcePrinter(ExpressionPrinter):
    """Prints for behavioural sources, whose pow() takes the magnitude of its base."""

    def _print_Pow(self, expr: sp.Expr) -> str:  # noqa: N802
        base, exponent = expr.args
        if exponent.is_Integer and exponent % 2 and abs(exponent) > 1:
            even = self._print(base ** (abs(exponent) - 1))
            text = f"({self.parenthesize(base, 1000)}*{even})"
            return text if exponent > 0 else f"1.0/{text}"
        return str(super()._print_Pow(expr))


class _Calls:
    """How quantities are written where they are used.

    A quantity that depends on voltage, state or inner voltage is a function of these; one that
    states its typical magnitude is a node, and an argument of the functions that use it.
    """

    def __init__(self, model: Model) -> None:
        self._nodes = {q.symbol: q for q in model.quantities if q.typical is not None}
        self._order = (*model.variables, *self._nodes)
        at_plus = model.inner is not None and model.inner.starts_at_plus
        self._inner = "(v(plus, minus) + v(inner))" if at_plus else "v(inner)"
        self._arguments: dict[sp.Symbol, tuple[sp.Symbol, ...]] = {}
        names = {p.name: f"{p.name}_own" for p in model.varying}
        for quantity in model.quantities:
            arguments = self._depends_on(quantity.expression)
            if quantity.typical is None:
                self._arguments[quantity.symbol] = arguments
                if arguments:
                    names[quantity.name] = self.head(quantity.name, quantity.expression)
        self.printer = _SourcePrinter(names)

    def _depends_on(self, expression: sp.Expr) -> tuple[sp.Symbol, ...]:
        found: set[sp.Symbol] = set()
        for symbol in expression.free_symbols:
            found |= set(self._arguments.get(symbol, (symbol,)))
        return tuple(symbol for symbol in self._order if symbol in found)

    def moves(self, quantity: Quantity) -> bool:
        """Whether the quantity depends on more than parameters."""
        return bool(self._depends_on(quantity.expression))

    def head(self, name: str, expression: sp.Expr) -> str:
        """Return the head of the function that stands for it, such as ``window(s)``."""
        arguments = self._depends_on(expression)
        return f"{name}({', '.join(str(x) for x in arguments)})"

    def call(self, name: str, expression: sp.Expr) -> str:
        """Return the same with the nodes of the subcircuit in place of the arguments."""
        values = {"v": "v(plus, minus)", "s": "clipped(x0 + v(state))", "v_inner": self._inner}
        for quantity in self._nodes.values():
            typical = number(quantity.typical or 1.0)
            value = f"{typical}*(1 + v({quantity.name}))"
            if quantity.least is not None:
                value = f"max({number(quantity.least)}, {value})"
            values[quantity.name] = f"({value})"
        arguments = self._depends_on(expression)
        return f"{name}({', '.join(values[str(x)] for x in arguments)})"


def subcircuit(model: Model) -> str:
    """Return the text of the ngspice file of ``model``.

    The subcircuit has the same pins, parameters and behaviour as the Verilog-A module wrapped
    for a circuit: plus, minus, and the state's deviation from its initial value.
    """
    calls = _Calls(model)
    printer = calls.printer
    lines = [*head(model, "*", _NOTES), "*"]
    lines += [
        f"* {p.name}: {p.description}; {'dimensionless' if p.unit == '1' else p.unit}, "
        f"{p.range_text}"
        for p in model.parameters
    ]
    running = f"running_{model.name}"
    lines += [
        "",
        "* 1 V in transient analysis after t = 0, else 0 V: the word time does not tell, for in a",
        "* DC sweep it is the swept value; a delay of 0 would be read as one time step",
        f".global {running}",
        f"V{running} {running} 0 DC 0 EXP(0 1 1e-21 1e-21 1e30 1e30)",
        "",
        f".subckt {model.name} plus minus state",
    ]
    lines.append(f"+ x0={number(model.initial_state)}")
    lines += [f"+ {p.name}={number(p.default)}" for p in model.parameters]
    lines += [f"+ {p.multiplier}=1" for p in model.varying]
    lines += [f".param {p.name}_own = {{{p.multiplier}*{p.name}}}" for p in model.varying]
    nodes: list[str] = []
    for quantity in model.quantities:
        unit = "" if quantity.unit == "1" else f", {quantity.unit}"
        lines.append(f"* {quantity.description}{unit}")
        body = printer.text(quantity.expression)
        if quantity.typical is not None:
            lines.append(f".func {calls.head(_at(quantity), quantity.expression)} {{{body}}}")
            nodes += _node(quantity, calls)
        elif calls.moves(quantity):
            lines.append(f".func {calls.head(quantity.name, quantity.expression)} {{{body}}}")
        else:
            lines.append(f".param {quantity.name} = {{{body}}}")
    rate = "0" if model.stateless else calls.call("rate", model.rate)
    lines += [
        "* the equations see the state clipped to 0 ... 1",
        ".func clipped(x) {min(max(x, 0), 1)}",
        f".func {calls.head('current', model.current)} {{{printer.text(model.current)}}}",
        *([] if model.stateless else [
            f".func {calls.head('rate', model.rate)} {{{printer.text(model.rate)}}}",
        ]),
        "* a numerical overshoot out of 0 ... 1 is pulled back",
        f".func restoring(x) {{{number(RESTORING_RATE)}*(x - clipped(x))}}",
        *nodes,
        *_inner(model, calls),
        f"Bport plus minus I = {calls.call('current', model.current)}",
        "* the state moves in transient analysis only; it is frozen in DC, AC and at t = 0",
        f"Bstate 0 state I = (v({running}) > 0.5)",
        f"+ ? {number(STATE_CHARGE)}*({rate} - restoring(x0 + v(state)))",
        f"+ : -{number(HOLD_CONDUCTANCE)}*v(state)",
        f"Cstate state 0 {number(STATE_CHARGE)}",
        ".ends",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _at(quantity: Quantity) -> str:
    """Return the name of the function behind the node that carries the quantity."""
    return f"{quantity.name}_at"


def _node(quantity: Quantity, calls: _Calls) -> list[str]:
    """Return a node whose voltage is by how much the quantity exceeds its typical magnitude.

    In units of that magnitude, so that zero, where every iteration starts, is a sensible value.
    """
    value = calls.call(_at(quantity), quantity.expression)
    return [
        f"B{quantity.name} 0 {quantity.name} I = {value}/{number(quantity.typical or 1.0)} - 1",
        f"R{quantity.name} {quantity.name} 0 1",
    ]


def _inner(model: Model, calls: _Calls) -> list[str]:
    if model.inner is None:
        return []
    balance = model.inner.balance
    return [
        f"* {model.inner.description}",
        f".func {calls.head('balance', balance)} {{{calls.printer.text(balance)}}}",
        f"Binner inner 0 I = {calls.call('balance', balance)}",
        "* no current to speak of: the simulator asks for a path to ground",
        "Rinner inner 0 1e15",
    ]
