"""Writes a model as a Verilog-A module for OpenVAF and OSDI simulators."""

from __future__ import annotations

import math

import sympy as sp

from memcircuit.devices.definition import Model, Parameter
from memcircuit.devices.printing import (
    HOLD_CONDUCTANCE,
    RESTORING_RATE,
    STATE_CHARGE,
    ExpressionPrinter,
    head,
    number,
)

_NOTES = (
    "The state s runs from 0 (high resistance) to 1 (low resistance). The third terminal",
    "carries its deviation from the initial state, 1 V per unit of state; leave it open.",
)


class _ModulePrinter(ExpressionPrinter):
    """Prints for compiled models, which divide by the base of pow() when they derive it."""

    def _print_Pow(self, expr: sp.Expr) -> str:  # noqa: N802
        base, exponent = expr.args
        if base.is_Symbol and exponent.is_Integer and 2 <= abs(exponent) <= 4:
            product = "*".join([self._print(base)] * abs(int(exponent)))
            return f"({product})" if exponent > 0 else f"1.0/({product})"
        return str(super()._print_Pow(expr))


def verilog_a(model: Model) -> str:
    """Return the text of the Verilog-A file of ``model``.

    The state is an internal unknown that holds the deviation from the initial state, so that
    zero is the right start in every analysis; it is frozen in DC, AC and at t = 0.
    """
    own = {p.name: f"{p.name}_own" for p in model.varying}
    printer = _ModulePrinter(own)
    lines = head(model, "//", _NOTES)
    lines += [
        "",
        '`include "constants.vams"',
        '`include "disciplines.vams"',
        "",
        f"`define STATE_CHARGE {number(STATE_CHARGE)}  // coulomb on the state node per unit state",
        f"`define HOLD {number(HOLD_CONDUCTANCE)}  // siemens: the state rests in DC, AC, at t = 0",
        "",
        f"module {model.name}(plus, minus, state);",
        "  inout plus, minus, state;",
        "  electrical plus, minus, state;",
        *(["  electrical inner;"] if model.inner is not None else []),
        "",
        "  // Parameters of the model card",
    ]
    lines += [_parameter(p) for p in model.parameters]
    lines += [
        '  (*desc="largest change of the state in one time step"*) '
        "parameter real max_state_step = 0.02 from (0:1];",
        "",
        "  // Parameters of each instance: where it starts, and how it differs from the card",
        '  (*type="instance", desc="initial state"*) '
        f"parameter real x0 = {number(model.initial_state)} from [-1e-9:1.000000001];",
    ]
    lines += [
        f'  (*type="instance", desc="multiplier of {p.name}"*) '
        f"parameter real {p.multiplier} = 1.0 from (0:inf);"
        for p in model.varying
    ]
    lines += ["", "  // Output variables", '  (*desc="state"*) real s;']
    lines += ['  (*desc="state rate", units="1/s"*) real rate;', ""]
    inner = "" if model.inner is None else ", v_inner"
    lines += [f"  real v, s_free, current{inner};"]
    lines += _declarations([own[p.name] for p in model.varying])
    lines += _declarations([q.name for q in model.quantities])
    lines += ["", "  analog begin", "    v = V(plus, minus);"]
    if model.inner is not None:
        start = "v + " if model.inner.starts_at_plus else ""
        lines += [f"    // {model.inner.description}", f"    v_inner = {start}V(inner);"]
    lines += [f"    {own[p.name]} = {p.multiplier}*{p.name};" for p in model.varying]
    lines += [
        "",
        "    // the equations see the state clipped to 0 ... 1",
        "    s_free = x0 + V(state);",
        "    s = min(max(s_free, 0.0), 1.0);",
        "",
    ]
    for quantity in model.quantities:
        lines.append(f"    // {quantity.description}")
        lines.append(f"    {quantity.name} = {printer.text(quantity.expression)};")
    lines += [
        "",
        f"    current = {printer.text(model.current)};",
        f"    rate = {printer.text(model.rate)};",
        "    // pulls a numerical overshoot back; zero inside 0 ... 1",
        f"    rate = rate - {number(RESTORING_RATE)}*(s_free - s);",
        "",
        "    I(plus, minus) <+ current;",
        *_balance(model, printer),
        "    I(state) <+ ddt(`STATE_CHARGE*V(state))",
        "             + (($abstime <= 0.0) ? `HOLD*V(state) : -`STATE_CHARGE*rate);",
        "    $bound_step(max(max_state_step/(abs(rate) + 1.0), 1.0e-15));",
        "  end",
        "endmodule",
    ]
    return "\n".join(lines) + "\n"


def _balance(model: Model, printer: ExpressionPrinter) -> list[str]:
    if model.inner is None:
        return []
    return [f"    I(inner) <+ {printer.text(model.inner.balance)};"]


def _parameter(parameter: Parameter) -> str:
    unit = "" if parameter.unit == "1" else f', units="{parameter.unit}"'
    kind = "integer" if parameter.integer else "real"
    default = str(int(parameter.default)) if parameter.integer else number(parameter.default)
    return (
        f'  (*desc="{parameter.description}"{unit}*) '
        f"parameter {kind} {parameter.name} = {default}{_range(parameter)};"
    )


def _range(parameter: Parameter) -> str:
    if math.isinf(parameter.low) and math.isinf(parameter.high):
        return ""
    left = "(" if parameter.low_open or math.isinf(parameter.low) else "["
    right = ")" if parameter.high_open or math.isinf(parameter.high) else "]"
    return f" from {left}{_bound(parameter.low)}:{_bound(parameter.high)}{right}"


def _bound(value: float) -> str:
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return f"{value:g}"


def _declarations(names: list[str]) -> list[str]:
    return [f"  real {', '.join(names)};"] if names else []
