"""Which changes of a function of one's own change the keys of its points."""

from __future__ import annotations

import subprocess
import sys
import threading
import types
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from typed_modules import module

from memcircuit.sweeps.identity import identity
from memcircuit.sweeps.registry import Experiment


def known(function):
    return identity(function, "function")


CHANGES = {
    "which argument is which": ("def f(a, b):\n    return a / b", "def f(a, b)", "def f(b, a)"),
    "arguments by name alone": ("def f(*, a, b):\n    return a - b", "(*, a, b)", "(*, b, a)"),
    "a helper that keeps its results": (
        "import functools\n@functools.cache\ndef h():\n    return 1\ndef f(d):\n    return h()",
        "return 1", "return 2",
    ),
    "itself keeping its results": (
        "import functools\n@functools.cache\ndef f(d):\n    return d * 2", "* 2", "* 3",
    ),
    "what is around a helper": (
        """
import functools
def doubled(inner):
    @functools.wraps(inner)
    def outer(d):
        return 2 * inner(d)
    return outer
@doubled
def h(d):
    return d
def f(d):
    return h(d)
""", "2 * inner", "3 * inner",
    ),
    "a table of a class": (
        "class K:\n    T = {'a': 1}\n    def run(self):\n        return self.T['a']\n"
        "def f(d):\n    return K().run()", "'a': 1", "'a': 2",
    ),
    "an array of a class": (
        "import numpy as np\nclass K:\n    T = np.array([1.0])\ndef f(d):\n    return K.T[0]",
        "[1.0]", "[2.0]",
    ),
    "a cached property": (
        "import functools\nclass K:\n    @functools.cached_property\n    def run(self):\n"
        "        return 1\ndef f(d):\n    return K().run", "return 1", "return 2",
    ),
    "a partial of a class": (
        "import functools\nclass K:\n    run = functools.partial(pow, 2)\n"
        "def f(d):\n    return K.run(d)", "pow, 2", "pow, 3",
    ),
    "slots": (
        "class K:\n    __slots__ = ('x',)\n    def run(self):\n        return 1\n"
        "def f(d):\n    return K().run()", "return 1", "return 2",
    ),
    "an attribute of its own": ("def f(d):\n    return f.k\nf.k = 1", "f.k = 1", "f.k = 2"),
    "a table that holds it": (
        "def f(d):\n    return T['f'](d - 1) if d else g(d)\ndef g(d):\n    return 1\n"
        "T = {'f': f, 'g': g}", "return 1", "return 2",
    ),
    "tables that hold each other's functions": (
        "def f(d):\n    return A['g'](d)\ndef g(d):\n    return B['f'](d) + 1\n"
        "A = {'g': g}\nB = {'f': f}", "+ 1", "+ 2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", CHANGES)
def test_what_changes_a_result_changes_the_key(kind):
    text, old, new = CHANGES[kind]
    assert text.count(old) == 1
    assert known(module(text).f) == known(module(text).f)
    assert known(module(text).f) != known(module(text.replace(old, new)).f)


def test_which_function_a_name_stands_for_counts():
    text = """
def p(d):
    return 1
def q(d):
    return 2
def f(d):
    return 100 * A(d) + 10 * B(d) + C(d)
A, B, C = p, q, {0}
"""
    one, other = module(text.replace("{0}", "p")), module(text.replace("{0}", "q"))
    assert (one.f(0), other.f(0)) == (121, 122)
    assert known(one.f) != known(other.f)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (types.SimpleNamespace(low=1), types.SimpleNamespace(low=2)),
        (CubicSpline([0, 1, 2], [0, 1, 2]), CubicSpline([0, 1, 2], [0, 1, 3])),
        (np.poly1d([1, 2]), np.poly1d([1, 3])),
    ],
)
def test_values_of_unknown_kinds_in_a_module_count(one, other):
    text = "def f(d):\n    return VALUE"
    assert known(module(text, VALUE=one).f) != known(module(text, VALUE=other).f)


def test_what_cannot_be_written_down_counts_by_its_kind():
    text = "def f(d):\n    return VALUE"
    one, other = (module(text, VALUE=threading.Lock()).f for _ in range(2))
    assert known(one) == known(other) != known(module(text, VALUE=threading.Event()).f)


SCRIPT = """
import sys
sys.path[:0] = sys.argv[1:]
from typed_modules import module
from memcircuit.sweeps.identity import identity
text = sys.stdin.read()
print(identity(module(text).f, "f").hex())
"""


def test_tables_that_hold_each_other_count_alike_in_other_processes():
    root = Path(__file__).parents[2]
    text = CHANGES["tables that hold each other's functions"][0]
    told = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(root), str(root / "tests" / "sweeps")],
            input=text, capture_output=True, text=True, check=True, timeout=120,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert told == {f"{known(module(text).f).hex()}\n"}


def test_an_experiment_of_ones_own_counts_with_how_its_points_are_simulated_together():
    from memcircuit.sweeps.design import grid
    from memcircuit.sweeps.target import Target
    from memcircuit.sweeps.units import cut
    from memcircuit.sweeps.work import Plan

    text = """
class Together:
    def __init__(self, factor):
        self.factor = factor
    def may_differ(self, arguments, paths):
        return set(paths)
    def most(self, arguments):
        return 64
    def run(self, arguments, columns):
        return self.factor * columns["x"]
def f(x):
    return x
"""

    def keys(code, factor):
        made = module(code)
        plan = Plan(Target.of(Experiment("mine", made.f, batch=made.Together(factor))), None, 0, "")
        return [unit.key for unit in cut(grid({"x": [1.0, 2.0]}), plan, b"", batch=True).units()]

    assert len(keys(text, 1.0)) == 1
    assert keys(text, 1.0) == keys(text, 1.0)
    assert keys(text, 1.0) != keys(text, 2.0)
    assert keys(text, 1.0) != keys(text.replace("self.factor *", "self.factor +"), 1.0)
