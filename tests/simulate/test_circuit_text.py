"""A netlist is code: what may stand in a circuit, and what may not."""

import pytest

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
