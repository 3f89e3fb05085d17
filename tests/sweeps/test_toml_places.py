"""Lines of keys in TOML texts, against the tree that tomllib finds and the text itself."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcircuit.errors import UsageError
from memcircuit.sweeps.specification.node import load_toml
from memcircuit.sweeps.specification.places import key_lines

# the number of every line stands in its values
TEXT = '''\
# 1
a = 2
b.c."d.e" = "3 # ] } \\" [x]" # c = 0
[t] # comment [u]
'q q' = [ 5, # [[
  "6]",
  [7, 7],
  { z = """8
9 "quoted" \\""" ""9""""", w = 9 },
]
m = \'\'\'11
12 = '' \'\'\'\'\'
[t.u]
k = 1979-05-27 07:32:14
"" = { a.b = 15, "c" = [ ], 'd' = { } }
[[arr]]
x = 17
[[arr]]
y.z = { a.b = 19 }
[arr.sub]
v = inf # 21
[[arr.deep]]
w = 23
[[arr.deep]]
w = 25
[other.table]
[other]
z = """\\
  28"""
'''


def paths(value, before=()):
    """Yield the way to everything that tomllib found."""
    if before:
        yield before
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*before, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from paths(inner, (*before, place))


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_key_has_its_line(ending):
    text = TEXT.replace("\n", ending)
    lines = key_lines(text)
    assert set(lines) == set(paths(tomllib.loads(text)))
    expected = {
        ("a",): 2, ("b",): 3, ("b", "c", "d.e"): 3, ("t",): 4, ("t", "q q"): 5,
        ("t", "q q", 0): 5, ("t", "q q", 1): 6, ("t", "q q", 2, 1): 7, ("t", "q q", 3, "z"): 8,
        ("t", "q q", 3, "w"): 9, ("t", "m"): 11, ("t", "u"): 13, ("t", "u", "k"): 14,
        ("t", "u", "", "a", "b"): 15, ("arr", 0): 16, ("arr", 0, "x"): 17, ("arr", 1): 18,
        ("arr", 1, "y", "z", "a", "b"): 19, ("arr", 1, "sub", "v"): 21,
        ("arr", 1, "deep", 0, "w"): 23, ("arr", 1, "deep", 1, "w"): 25,
        ("other", "table"): 26, ("other",): 27, ("other", "z"): 28,
    }  # fmt: skip
    assert {path: lines[path] for path in expected} == expected


WORDS = st.sampled_from(["a", '"b.c"', "'d'", "e-f", '"\\u0067"', "1"])
KEYS = st.lists(WORDS, min_size=1, max_size=3).map(" . ".join)
PLAIN = st.sampled_from(["1", "-2.5e3", "true", "inf", "'x # y'", '"[]{}= \\" #"', '"""p\nq"""',
                         "1979-05-27", "'''\nr'''"])  # fmt: skip
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: f"[\n {' , # c ]'.join([*parts, ''])}\n]"),
        st.lists(st.tuples(WORDS, inner), max_size=2, unique_by=lambda pair: pair[0]).map(
            lambda pairs: "{" + ", ".join(f"{key} = {value}" for key, value in pairs) + "}"
        ),
    ),
    max_leaves=5,
)
LINES = st.one_of(
    st.tuples(KEYS, VALUES).map(lambda pair: f"{pair[0]} = {pair[1]}"),
    KEYS.map(lambda key: f"[{key}]"),
    KEYS.map(lambda key: f"[[ {key} ]]"),
    st.sampled_from(["", "# comment = [", "  "]),
)


@given(st.lists(LINES, max_size=8))
def test_whatever_tomllib_accepts_is_found_key_by_key(parts):
    text = "\n".join(parts)
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    found = key_lines(text)
    assert set(found) == set(paths(tree))
    for path, line in found.items():
        word = path[-1]
        if isinstance(word, str) and word != "g":  # that one is written as an escape
            assert word in text.splitlines()[line - 1]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"a = 1\nb = \n", ":2: not valid TOML"),
        (b"a = 1\r\n\r\nb = [1, 2\r\n", ":3: not valid TOML"),
        (b"a = 1\na = 2\n", ":2: not valid TOML: Cannot overwrite a value"),
        (b"a = 1\nb = '\xff'\n", ":2: not valid TOML: invalid start byte"),
        (b"a = " + b"[" * 5000, ":1: not valid TOML"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(raw, message, tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes(raw)
    with pytest.raises(UsageError) as told:
        load_toml(path)
    assert str(told.value).startswith(f"{path}{message}")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"no\.toml: cannot be read"):
        load_toml(tmp_path / "no.toml")
