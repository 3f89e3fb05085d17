"""The equations of a model as LaTeX, from the same expressions that become Verilog-A."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from fractions import Fraction

import sympy as sp
from sympy.printing.latex import LatexPrinter

from memcircuit.devices.definition import Model, Parameter
from memcircuit.devices.expressions import BOLTZMANN_VOLTAGE, EXPONENT_LIMIT

#: Longest formula on one line, in characters as they are read.
LINE = 95
#: Longest formula shown at all; beyond, a reader is better served by the equations in words.
LONGEST = 330

_GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "mu", "nu", "xi",
    "rho", "sigma", "tau", "phi", "chi", "psi", "omega",
}  # fmt: skip
_SYMBOLS = {"temperature": "T"}
_LONGEST_POWER = 12  # characters of an exponent that can still be read as a superscript
_SHORTEST_SHARED = 8  # characters of a part that is worth a name of its own
_MOST_CHOICES = 8
_LARGEST_WHOLE = 1e6  # beyond, a number is a physical constant to be written with a power of ten
_BOLTZMANN = sp.Symbol("k_B", positive=True)
_LIMITED = (sp.exp, sp.sinh, sp.cosh, sp.tanh)


def formulas(model: Model) -> dict[str, tuple[str, ...]]:
    """Return the lines of every equation of a model as LaTeX, by name, in order.

    Each line has its alignment mark ``&``. The limits of exponents are left out. An equation that
    would be longer than ``LONGEST`` has no lines.

    Args:
        model: the definition.
    """
    printer = _Printer(model)
    equations = {q.name: (printer.symbol(q.name), q.expression) for q in model.quantities}
    if model.inner is not None:
        equations["balance"] = ("0", model.inner.balance)
    equations["current"] = ("i", model.current)
    equations["rate"] = (r"\frac{ds}{dt}", model.rate)
    return {
        name: tuple(_lines(left, _readable(expression), printer))
        for name, (left, expression) in equations.items()
    }


def read_length(latex: str) -> int:
    """Return about how many characters a reader sees of a formula."""
    plain = re.sub(r"\\(begin|end)\{\w+\}|\\(mathrm|text|frac|left|right)\b|[{}&_^]|\\[,;: ]", "",
                   latex)  # fmt: skip
    return len(re.sub(r"\\[a-z]+", "x", plain).replace(" ", ""))


def _readable(expression: sp.Expr) -> sp.Expr:
    """Return an expression without the limits of exponents, constants by their symbols."""
    exact = expression.xreplace({x: _constant(x) for x in expression.atoms(sp.Float)})
    return exact.replace(
        lambda part: isinstance(part, _LIMITED), lambda part: part.func(_unlimited(part.args[0]))
    )


def _constant(number: sp.Float) -> sp.Expr:
    """Return a number as a whole one, a multiple of pi or by Boltzmann's constant, if it is."""
    value = float(number)
    if value.is_integer() and abs(value) < _LARGEST_WHOLE:
        return sp.Integer(value)
    for symbol, size in ((_BOLTZMANN, BOLTZMANN_VOLTAGE), (sp.pi, math.pi)):
        for factor, known in ((symbol, size), (1 / symbol, 1 / size)):
            ratio = Fraction(value / known).limit_denominator(4)
            if ratio and math.isclose(float(ratio), value / known, rel_tol=1e-12):
                return sp.Rational(ratio.numerator, ratio.denominator) * factor
    return number


def _unlimited(argument: sp.Expr) -> sp.Expr:
    for kind, limit in ((sp.Min, EXPONENT_LIMIT), (sp.Max, -EXPONENT_LIMIT)):
        if isinstance(argument, kind) and limit in argument.args:
            argument = kind(*(part for part in argument.args if part != limit))
    return argument


def _lines(left: str, expression: sp.Expr, printer: _Printer) -> list[str]:
    whole = printer.doprint(expression)
    if _width(whole) <= LINE:
        return [f"{left} &= {whole}"]
    rest, helpers = _shared(expression, printer)
    if helpers:
        lines = [f"{left} &= {printer.doprint(rest)}"]
        lines += [f"{printer.doprint(name)} &= {printer.doprint(part)}" for name, part in helpers]
        if all(_width(line) <= LINE for line in lines):
            return lines
    if isinstance(expression, (sp.Add, sp.Mul)) and read_length(whole) <= LONGEST:
        return _broken(left, expression, printer)
    return [f"{left} &= {whole}"] if read_length(whole) <= LONGEST else []


def _shared(
    expression: sp.Expr, printer: _Printer
) -> tuple[sp.Expr, list[tuple[sp.Symbol, sp.Expr]]]:
    """Return an expression with what stands in it twice named, and these names, last first."""
    names = sp.numbered_symbols("u_", start=1, exclude=expression.free_symbols)
    pairs, (rest,) = sp.cse(expression, symbols=names, order="none")
    helpers: list[tuple[sp.Symbol, sp.Expr]] = []
    for name, part in reversed(pairs):
        if read_length(printer.doprint(part)) > _SHORTEST_SHARED:
            helpers.append((name, part))
            continue
        rest = rest.xreplace({name: part})
        helpers = [(other, whole.xreplace({name: part})) for other, whole in helpers]
    return rest, helpers


def _width(latex: str) -> int:
    """Return the length of the longest row of a formula."""
    fractions = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", _wider, latex)
    return max(read_length(row) for row in fractions.split(r"\\"))


def _wider(fraction: re.Match[str]) -> str:
    return max(fraction.group(1), fraction.group(2), key=len)


def _broken(left: str, expression: sp.Expr, printer: _Printer) -> list[str]:
    """Return a sum or a product on as many lines as it takes."""
    if isinstance(expression, sp.Add):
        texts = [printer.doprint(term) for term in printer.terms(expression)]
        parts = [texts[0], *(x if x.startswith("-") else f"+ {x}" for x in texts[1:])]
        joint, sign = " ", ""
    else:
        parts = [printer.factor(part) for part in expression.as_ordered_factors()]
        joint, sign = r" \, ", r"\times "
    rows = [parts[0]]
    for part in parts[1:]:
        longer = rows[-1] + joint + part
        if _width(longer) > LINE - _width(left):
            rows.append(part)
        else:
            rows[-1] = longer
    return [f"{left} &= {rows[0]}", *(rf"&\quad {sign}{row}" for row in rows[1:])]


class _Printer(LatexPrinter):  # type: ignore[misc]
    """Prints the names of parameters with subscripts and the choices between equations by name."""

    def __init__(self, model: Model) -> None:
        super().__init__({"ln_notation": True, "inv_trig_style": "full", "mul_symbol": r" \, "})
        self._model = model

    def doprint(self, expr: sp.Basic) -> str:
        """Return an expression as LaTeX that GitHub accepts: it knows no operatorname."""
        return str(super().doprint(expr)).replace(r"\operatorname", r"\mathrm")

    def symbol(self, name: str) -> str:
        """Return a name such as ``k_set`` or ``a1`` as LaTeX."""
        if name in _SYMBOLS:
            return _SYMBOLS[name]
        base, *below = name.split("_")
        if match := re.fullmatch(r"([a-z])(\d+)", base):
            base, below = match.group(1), [match.group(2), *below]
        if base in _GREEK:
            base = rf"\{base}"
        elif len(base) > 1:
            base = rf"\mathrm{{{base}}}"
        return base + (rf"_{{\mathrm{{{','.join(below)}}}}}" if below else "")

    def terms(self, expression: sp.Add) -> list[sp.Expr]:
        """Return the terms of a sum, one that is positive in front if there is any."""
        terms = list(super()._as_ordered_terms(expression))
        return sorted(terms, key=lambda term: bool(term.could_extract_minus_sign()))

    def factor(self, expression: sp.Expr) -> str:
        """Return a factor of a product, a sum in brackets."""
        text = self.doprint(expression)
        return rf"\left({text}\right)" if isinstance(expression, sp.Add) else text

    def _as_ordered_terms(self, expr: sp.Add, order: str | None = None) -> list[sp.Expr]:
        del order
        return self.terms(expr)

    def _print_Symbol(self, expr: sp.Symbol, style: str = "plain") -> str:  # noqa: N802
        del style
        return self.symbol(str(expr.name))

    def _print_Float(self, expr: sp.Float) -> str:  # noqa: N802
        value = float(expr)
        ratio = Fraction(value).limit_denominator(1000)
        short = f"{value:.5g}"
        as_ratio = math.isclose(float(ratio), value, rel_tol=1e-12)
        if float(short) != value and as_ratio and abs(ratio.numerator) < 1000:
            return rf"\frac{{{ratio.numerator}}}{{{ratio.denominator}}}"
        mantissa, _, exponent = short.partition("e")
        if not exponent:
            return mantissa
        power = f"10^{{{int(exponent)}}}"
        return power if mantissa == "1" else rf"{mantissa} \cdot {power}"

    def _print_ExpBase(self, expr: sp.Expr, exp: str | None = None) -> str:  # noqa: N802
        power = self.doprint(expr.args[0])
        if r"\frac" in power or r"\begin" in power or read_length(power) > _LONGEST_POWER:
            return str(self._do_exponent(rf"\exp\left({power}\right)", exp))
        return str(self._do_exponent(f"e^{{{power}}}", exp))

    def _print_Piecewise(self, expr: sp.Piecewise) -> str:  # noqa: N802
        conditions = [condition for _, condition in expr.args]
        where = self._choices(conditions) or [
            r"\text{otherwise}" if condition == sp.true
            else rf"\text{{for }} {self._print(condition)}"
            for condition in conditions
        ]  # fmt: skip
        rows = [
            f"{self._print(value)} & {text}"
            for (value, _), text in zip(expr.args, where, strict=True)
        ]
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"

    def _choices(self, conditions: list[sp.Expr]) -> list[str]:
        """Return by which values of a parameter branches are chosen; empty if by anything else."""
        names = {str(symbol) for condition in conditions for symbol in condition.free_symbols}
        parameter = self._model.by_name.get(names.pop()) if len(names) == 1 else None
        if parameter is None or not parameter.integer or parameter.high > _MOST_CHOICES:
            return []
        left = self._allowed(parameter)
        texts = []
        for condition in conditions:
            met = [value for value in left if condition.subs(parameter.symbol, value)]
            left = [value for value in left if value not in met]
            named = [
                rf"\text{{{parameter.choices[x]}}}" if parameter.choices else str(x) for x in met
            ]
            texts.append(rf"\text{{for }} {self.symbol(parameter.name)} = {', '.join(named)}")
        return texts

    def _allowed(self, parameter: Parameter) -> list[int]:
        own = [c for c in self._model.constraints if c.free_symbols == {parameter.symbol}]
        return [
            value
            for value in range(int(parameter.low), int(parameter.high) + 1)
            if all(constraint.subs(parameter.symbol, value) for constraint in own)
        ]


def display(lines: Iterable[str]) -> list[str]:
    """Return a Markdown block that GitHub renders as one aligned display."""
    return ["```math", r"\begin{aligned}", *_separated(lines), r"\end{aligned}", "```"]


def _separated(lines: Iterable[str]) -> list[str]:
    *first, last = lines
    return [*(rf"{line} \\[4pt]" for line in first), last]
