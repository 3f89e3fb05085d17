"""A netlist is code: what may stand in a circuit, and what may not."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memcircuit.errors import UsageError
from memcircuit.simulate.circuit_text import check_circuit


@pytest.mark.parametrize(
    "line",
    [
        ".control",
        "  .CONTROL",
        ".endc",
        ".end",
        ".End",
        "*# shell touch hacked",
        "  *#shell touch hacked",
        ".include other.cir",
        ".INC other.cir",
        ".lib models.lib tt",
        "R2 a 0 `touch hacked`",
        "* a comment with a `back-tick`",
        ".model m filesource (file=/etc/passwd)",
        "+ input_file = secret",
        ".model p d_process (process=1)",
        "+ process_file='prog'",
        ".model m d_cosim(simulation=x.so)",
        ".exec ls",
        ".options reltol=1",
        ".tran 1n 1u",
        ".save all",
        ".con\n+trol",
        "?9 a b",
        "1R a b 1",
        "R2 a\x00 0 1",
        "R2 a\x0b.control 0 1",
        "R2 ä 0 1",
    ],
)
def test_refused_with_its_line(line):
    with pytest.raises(UsageError, match="circuit line 2"):
        check_circuit(f"R1 a 0 1k\n{line}\nR9 a 0 1k")


@pytest.mark.parametrize(
    "lines",
    [
        '.model src filesource (file\n+ ="secret.txt" amploffset=[0])',
        '.model src filesource (file "secret.txt")',
        '.model src filesource (file,"secret.txt")',
        '.model p d_source (input_file\n+ = "secret.txt")',
        ".model p d_source",
        ".model p\n+ table2d (order=3)",
    ],
)
def test_file_access_hidden_over_lines_or_without_a_sign(lines):
    with pytest.raises(UsageError, match="not allowed"):
        check_circuit(f"R1 a 0 1k\n{lines}\nR9 a 0 1k")


def test_a_circuit_cannot_continue_the_title():
    with pytest.raises(UsageError, match="line 1"):
        check_circuit("+ .control")


def test_everything_a_circuit_is_made_of_is_let_through():
    check_circuit("""\
* a comment about an error
.param rload=1k
.func half(x) {x/2}
.global vdd
.subckt cell p n s x0=0.1
Bx 0 s I=(time>0) ? 1u : 0
Cx s 0 1n
Rx s 0 1e12
Bm p n I=v(p,n)*1e-3
.ends
.model nm nmos (vto=1
+ kp=1e-3)
$ another comment
; and another

Ivdd 0 vdd 1m
Rvdd vdd 0 1k
V1 a 0 PULSE(0 1 0 1n 1n
+ 1u 2u)
X1 a b s1 cell x0={1/3}
R1 b 0 {rload}
.ic v(b)=0
.nodeset v(b)=0
.temp 27
""")


@pytest.mark.parametrize(
    ("circuit", "node"),
    [
        ("V1 a 0 1\nR1 a 0 1\nI1 0 b 1m", "b"),
        ("V1 a 0 1\nR1 a 0 1\nG1 0 b a 0 1m", "b"),
        ("V1 a 0 1\nR1 a 0 1\nB1 b 0 I=v(a)", "b"),
        ("V1 a 0 1\nX1 a cell\n.subckt cell p\nR1 p 0 1\nI1 0 q 1\n.ends", "q"),
    ],
)
def test_nodes_fed_by_current_sources_alone_float(circuit, node):
    with pytest.raises(UsageError, match=f"node '{node}' of .* nothing but current sources"):
        check_circuit(circuit)


def test_pins_and_globals_do_not_float():
    check_circuit(
        ".subckt a p q\n.subckt b r\nI2 0 r 1\n.ends\nI1 p q 1\n.ends\nX1 c 0 a\nR1 c 0 1"
    )


def among_plain_lines(text, count=40):
    """Return a text in the midst of so many lines that it could be overlooked."""
    lines = [f"R{k} a{k} a{k + 1} {k}.5e3\nX{k} a{k} b s{k} cell x0=0.{k}" for k in range(count)]
    half = count // 2
    return "\n".join([*lines[:half], text, *lines[half:]]) + "\n", 2 * half + 1


@pytest.mark.parametrize(
    "line",
    [
        "R2 a 0 `touch hacked`",
        "X2 a b cell x0=`touch hacked`",
        "*# shell touch hacked",
        "  *# shell touch hacked",
        "R2 a 0 1\r*# shell touch hacked",
        "R2 a 0 1\f.control",
        "R2 a 0 1\x0b.control",
        "R2 a 0 1\x1c.control",
        "R2 a 0 1\x85.control",
        "R2 a 0 1\u2028.control",
        "R2 a 0 1\x00",
        "R2 a 0 1\x1b[2J",
        "Rä a 0 1",
        "R\uff12 a 0 1",
        "R2 a 0 1\u00a0",
        "X2 a b cell file=secret",
        "X2 a b cell FILE = secret",
        "V2 a b input_File=secret",
        "X2 a b d_cosim",
        "V2 a b D_PROCESS",
        "C2 a b filesource",
        ".control",
        ".include r1",
        "\t.include r1",
        "?2 a 0 1",
        "=2 a 0 1",
        "2 a 0 1",
    ],
)
def test_plain_lines_around_hide_nothing(line):
    text, number = among_plain_lines(line)
    with pytest.raises(UsageError, match=f"circuit line {number}, "):
        check_circuit(text)


@pytest.mark.parametrize(
    "lines",
    [
        'X2 a b cell infile\n+ ="secret"',
        'X2 a b cell infile\n* a comment\n\n+ ,"secret"',
        'X2 a b cell\n+ file\n+ ="secret"',
        "V2 a b d_c\n+ file\t= secret",
        'V2 a b 1\r\n+ file "secret"',
    ],
)
def test_continued_plain_lines_are_read_whole(lines):
    with pytest.raises(UsageError, match="not allowed"):
        check_circuit(among_plain_lines(lines)[0])


@pytest.mark.parametrize(
    ("circuit", "node"),
    [
        ("I1 0 b2 1m", None),
        ("I1 0 elsewhere 1m", "elsewhere"),
        ("I1 0 elsewhere 1m\nR900 0 a1 1\n+ elsewhere", None),
        (".subckt inner p\nI1 0 q 1m\nR1 p 0 1\nR2 p 0 1\nR3 q 0 1\n.ends", None),
        (".subckt inner p\nI1 0 q 1m\nR1 p 0 1\nR2 p 0 1\nR3 a1 0 1\n.ends", "q"),
        (".subckt inner p\nR1 p q 1\nR2 p 0 1\n.ends\nI1 0 q 1m", "q"),
        (".global g\nR1 a1 0 1\nR2 a1 0 1\n+ q\n.subckt inner p\nI1 0 q 1m\nR3 p 0 1\n.ends", "q"),
    ],
)
def test_nodes_that_plain_lines_connect_do_not_float(circuit, node):
    text = among_plain_lines(circuit)[0] + "R901 b2 0 1\nR902 b2 0 1\nR903 b2 0 1\n"
    if node is None:
        check_circuit(text)
    else:
        with pytest.raises(UsageError, match=f"node '{node}' of .* nothing but current sources"):
            check_circuit(text)


def verdict(text):
    try:
        check_circuit(text)
    except UsageError as error:
        return str(error)
    return ""


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from([
            "R1 a b 1k", "C1 b 0 1e-12", "V1 a 0 1", "X1 a b cell x0=0.1", "x2 p in_file", "r9",
            "N1 a s card x0=1", "m2 p q 0 card",
            "I1 0 b 1m", "I2 0 q 1m", "B1 q 0 I=v(a)", ".subckt s p", ".ends", ".global q", "",
            "+ c d", "+ =0.3", "+ file", '+ ="secret"', "* comment", "R2 a 0 1\r", "  R3 q 0 1",
            "X3 a d_cosim", "*# run", "R4 a 0 `run`", "R5 a\fb 0", ".control", "V2 a\u2028b 0",
        ]),
        max_size=14,
    )
)  # fmt: skip
def test_the_look_at_many_lines_is_the_look_at_each(lines):
    """A tab in place of a blank means the same and makes every line be looked at alone."""
    text = "\n".join(lines) + "\n"
    tabbed = re.sub(r"(?m)^([RCVMNXrcvmnx]\w*) ", r"\1\t", text)
    assert verdict(text) == verdict(re.sub(r"(?m)^r9$", "r9\t", tabbed)).replace("\\t", " ")


def test_a_continuation_of_a_comment_does_not_stop_the_check():
    """It is dropped with the comment; what stands below is checked as ever."""
    check_circuit("* heading\n+\nR1 a 0 1\n")
    with pytest.raises(UsageError, match="connected to nothing but current sources"):
        check_circuit("* heading\n+\nI1 a 0 1\n")
