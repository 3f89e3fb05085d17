"""The catalogue shows every model and card, with formulas that mean the same and that render."""

import math
import re

import pytest
import sympy as sp
from matplotlib.mathtext import MathTextParser

from memcircuit.devices.cards import card_names, load_card
from memcircuit.devices.catalogue import _section as _section_lines
from memcircuit.devices.catalogue import catalogue, relation
from memcircuit.devices.definition import V_INNER, Model, Parameter, S, V, choice
from memcircuit.devices.expressions import limited_exp
from memcircuit.devices.formulas import _Printer, _readable, _shared, display, formulas
from memcircuit.devices.library import model, model_names, models_directory

CASES = re.compile(r"\\begin\{cases\}((?:(?!\\begin\{cases\}).)*?)\\end\{cases\}")


@pytest.fixture(scope="module")
def page():
    return catalogue()


def _section(page, name):
    return page.split(f"### `{name}`\n")[1].split("\n### ")[0]


def _expressions(definition):
    named = {q.name: q.expression for q in definition.quantities}
    if definition.inner is not None:
        named["balance"] = definition.inner.balance
    return named | {"current": definition.current, "rate": definition.rate}


@pytest.mark.parametrize("name", model_names())
def test_every_model_has_a_row_and_a_section(page, name):
    definition, section = model(name), _section(page, name)
    row = next(line for line in page.splitlines() if line.startswith(f"| [`{name}`](#{name})"))
    for text in (definition.title, f"verilog_a/{name}.va", f"ngspice/{name}.lib", "numpy"):
        assert text in row
    for text in (*definition.equations, definition.source, definition.numerics, definition.use):
        assert text in section
    for parameter in definition.parameters:
        assert re.search(rf"^\| `{parameter.name}` \|", section, re.MULTILINE)
        assert all(name in section for name in parameter.choices)
    assert all(relation(constraint) in section for constraint in definition.constraints)


@pytest.mark.parametrize("name", card_names())
def test_every_card_is_listed_with_its_model(page, name):
    card = load_card(name)
    assert name in _section(page, card.model.name)
    assert f"| [`{name}`](cards/{name}.toml) | [`{card.model.name}`]" in page


def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)]+)\)", page):
        if target.startswith("#"):
            assert f"### `{target[1:]}`\n" in page
        else:
            assert (models_directory() / target).is_file(), target


def test_tables_have_as_many_cells_in_every_row(page):
    widths = set()
    for line in page.splitlines():
        if not line.startswith("|"):
            widths = set()
            continue
        widths.add(len(re.findall(r"(?<!\\)\|", line)))
        assert len(widths) == 1, line


@pytest.mark.parametrize("name", model_names())
def test_no_formula_is_left_out(page, name):
    written = formulas(model(name))
    assert list(written) == list(_expressions(model(name)))
    assert all(written.values())
    block = "\n".join(display(line for lines in written.values() for line in lines))
    assert block in _section(page, name)


@pytest.mark.parametrize("name", model_names())
def test_formulas_are_sound_latex(name):
    """Read by matplotlib's parser of formulas, branch by branch: it knows no environments."""
    parser = MathTextParser("path")
    for lines in formulas(model(name)).values():
        for line in lines:
            assert line.count("{") == line.count("}")
            assert "operatorname" not in line  # refused by GitHub
            rest, pieces = line, []
            while found := CASES.search(rest):
                pieces += [cell for row in found.group(1).split(r"\\") for cell in row.split("&")]
                rest = rest[: found.start()] + "x" + rest[found.end() :]
            for piece in (*pieces, *rest.split("&")):
                parser.parse(f"${piece.strip()}$") if piece.strip() else None


@pytest.mark.parametrize("voltage", [-0.1, 0.1])
@pytest.mark.parametrize("name", model_names())
def test_formulas_mean_what_is_computed(name, voltage):
    """Without limits of exponents and with shared parts named, the values are the same."""
    definition = model(name)
    printer = _Printer(definition)
    point = {p.symbol: sp.Float(p.default) for p in definition.parameters}
    point |= {V: voltage, S: 0.4, V_INNER: voltage / 3}
    constant = {sp.Symbol("k_B", positive=True): 1.380649e-23 / 1.602176634e-19}
    for quantity, expression in _expressions(definition).items():
        expected = float(expression.subs(point))
        rest, helpers = _shared(_readable(expression), printer)
        for symbol, part in helpers:
            rest = rest.subs(symbol, part)
        shown = float(rest.subs(point).subs(constant).evalf())
        assert math.isclose(shown, expected, rel_tol=1e-9, abs_tol=1e-30), quantity
        point[sp.Symbol(quantity, real=True)] = sp.Float(expected)


def test_names_limits_and_choices_are_written_as_a_reader_expects():
    k, tau = Parameter("k_set", 1, "1/s", "speed"), Parameter("tau_grow", 1, "s", "time")
    law = choice("law", 0, "which law", ("linear", "square"))
    definition = Model(
        name="shown", title="shown", equations=(), source="none", parameters=(k, tau, law),
        current=sp.Piecewise((V, law.symbol < 0.5), (V**2, True)),
        rate=k.symbol * limited_exp(-V / tau.symbol),
    )  # fmt: skip
    written = formulas(definition)
    assert written["rate"] == (
        r"\frac{ds}{dt} &= k_{\mathrm{set}} \, \exp\left(- \frac{v}{\tau_{\mathrm{grow}}}\right)",
    )
    (current,) = written["current"]
    assert r"v & \text{for } \mathrm{law} = \text{linear}" in current
    assert r"v^{2} & \text{for } \mathrm{law} = \text{square}" in current


def test_a_formula_beyond_reading_is_left_to_the_words():
    terms = [sp.Max(V + k, S * k) ** sp.Rational(k, 7) for k in range(2, 40)]
    definition = Model(
        name="endless", title="endless", equations=("i = as the words say",), source="none",
        parameters=(), current=sp.Add(*terms), rate=sp.Integer(0),
    )  # fmt: skip
    assert formulas(definition)["current"] == ()
    lines = _section_lines(definition, [])
    assert "i = as the words say" in lines
    assert "Too long to show: `current`; the text above says what it is." in lines
