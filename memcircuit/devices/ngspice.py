"""Writes a model as an ngspice subcircuit of behavioural sources: no compiler needed."""

from __future__ import annotations

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


class _SubcircuitPrinter(ExpressionPrinter):
    """Prints quantities that depend on voltage or state as calls of functions."""

    def __init__(self, model: Model) -> None:
        names = {p.name: f"{p.name}_own" for p in model.varying}
        names |= {q.name: call(model, q) for q in model.quantities if model.depends_on(q)}
        super().__init__(names)


def call(model: Model, quantity: Quantity) -> str:
    """Return the head of the function that stands for ``quantity``, such as ``window(s)``."""
    arguments = ", ".join(str(x) for x in model.depends_on(quantity))
    return f"{quantity.name}({arguments})"


def subcircuit(model: Model) -> str:
    """Return the text of the ngspice file of ``model``.

    The subcircuit has the same pins, parameters and behaviour as the Verilog-A module wrapped
    for a circuit: plus, minus, and the state's deviation from its initial value.
    """
    printer = _SubcircuitPrinter(model)
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
        "* DC sweep it is the swept value",
        f".global {running}",
        f"V{running} {running} 0 DC 0 EXP(0 1 0 1e-21 1e30 1e30)",
        "",
        f".subckt {model.name} plus minus state",
    ]
    lines.append(f"+ x0={number(model.initial_state)}")
    lines += [f"+ {p.name}={number(p.default)}" for p in model.parameters]
    lines += [f"+ {p.multiplier}=1" for p in model.varying]
    lines += [f".param {p.name}_own = {{{p.multiplier}*{p.name}}}" for p in model.varying]
    for quantity in model.quantities:
        unit = "" if quantity.unit == "1" else f", {quantity.unit}"
        lines.append(f"* {quantity.description}{unit}")
        body = printer.text(quantity.expression)
        if model.depends_on(quantity):
            lines.append(f".func {call(model, quantity)} {{{body}}}")
        else:
            lines.append(f".param {quantity.name} = {{{body}}}")
    lines += [
        "* the equations see the state clipped to 0 ... 1",
        ".func clipped(x) {min(max(x, 0), 1)}",
        f".func current(v, s) {{{printer.text(model.current)}}}",
        f".func rate(v, s) {{{printer.text(model.rate)}}}",
        "* a numerical overshoot out of 0 ... 1 is pulled back",
        f".func restoring(x) {{{number(RESTORING_RATE)}*(x - clipped(x))}}",
        "Bport plus minus I = current(v(plus, minus), clipped(x0 + v(state)))",
        "* the state moves in transient analysis only; it is frozen in DC, AC and at t = 0",
        f"Bstate 0 state I = (v({running}) > 0.5)",
        f"+ ? {number(STATE_CHARGE)}*(rate(v(plus, minus), clipped(x0 + v(state)))"
        " - restoring(x0 + v(state)))",
        f"+ : -{number(HOLD_CONDUCTANCE)}*v(state)",
        f"Cstate state 0 {number(STATE_CHARGE)}",
        ".ends",
    ]
    return "\n".join(lines) + "\n"
