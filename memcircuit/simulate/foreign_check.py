"""What a designer's own netlist says, when it says nothing but a circuit and its analyses.

A foreign netlist is data: whatever is not known to be harmless is refused, and none of its text
reaches ngspice but the statements sorted here.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from memcircuit.simulate.circuit_text import CIRCUIT_CARDS, objection
from memcircuit.simulate.foreign_source import Line, read_source
from memcircuit.simulate.options import KNOWN_OPTIONS

ANALYSES = (".op", ".tran", ".dc", ".ac")
_OPTIONS = (".option", ".options", ".opt")
_MEASURES = (".measure", ".meas")
# They print or draw; every vector is in the result anyway.
_SHOWN = (".print", ".plot", ".four", ".width")
_PASSED_ON = (".csparam", ".probe")
# Models of devices, then the code models of ngspice that open no file and start no program.
_HARMLESS_MODEL = re.compile(
    r"""
    r|res|c|cap|l|ind|d|npn|pnp|njf|pjf|nmf|pmf|nhfet|phfet|nmos|pmos|vdmos[np]?|sw|csw
    |ltra|txl|cpl|urc
    |aswitch|pswitch|astate|climit|cmeter|core|d_dt|delay|divide|gain|hyst|ilimit|int|lcouple
    |limit|lmeter|memristor|mult|multi_input_pwl|oneshot|potentiometer|pwl|pwlts|s_xfer|seegen
    |sidiode|sine|slew|spice2poly|square|summer|triangle|zener
    |adc_bridge|bidi_bridge|dac_bridge|real_delay|real_gain|real_to_v|d_to_real
    |d_(?:and|buffer|dff|dlatch|fdiv|inverter|jkff|nand|nor|open_c|open_e|or|osc|pulldown|pullup
       |pwm|ram|srff|srlatch|tff|tristate|xnor|xor)
    """,
    re.VERBOSE,
)
# ngspice takes "," "(" "=" and the signs of arithmetic in a name for its end.
_MODEL = re.compile(r"\.model\s+[\w.]+\s+(?P<type>\w+)(?=[\s(]|$)", re.IGNORECASE | re.ASCII)
_VALUE = r"(?:[-+\w.]+|\{[^{}\"`]*\}|'[^'\"`]*')"
_OPTION = re.compile(rf"(?P<name>[a-z]\w*)(?:\s*=\s*{_VALUE})?", re.IGNORECASE | re.ASCII)
_OPTION_LINE = re.compile(rf"\.opt(?:ions?)?(?:[\s,]+{_OPTION.pattern.replace('?P<name>', '?:')})*")
_ANALYSIS_LINE = re.compile(rf"\.\w+(?:\s+(?:{_VALUE}|@\w+\[\w+\]))*", re.ASCII)
_SAVE_NAME = re.compile(r"[\w.#@\[\](),:+!/-]+", re.ASCII)
# Neither redirections and pipes nor anything else that a command line would understand.
_PLAIN_LINE = re.compile(r"[\w\s.#@\[\](){},:+*/='!-]+", re.ASCII)
_MEASURE_LINE = re.compile(
    r"\.meas(?:ure)?\s+(?:tran|ac|dc)\s+(?!(?:time|frequency|sweep)\s)[a-z]\w*\s.+",
    re.IGNORECASE | re.ASCII,
)
_BLOCKS = {".if": 1, ".endif": -1, ".subckt": 1, ".ends": -1}

# A control block may repeat what our own control block says; it is replaced by ours.
_EXPECTED_COMMAND = re.compile(
    r"set num_threads=\d+|set no_mem_check|set filetype=binary|optran( \d+){6}|run"
    r"|if \$sim_status > 0|quit( \d+)?|end|write( [\w-]+\.raw)?",
    re.IGNORECASE | re.ASCII,
)
_LOADING = re.compile(r"pre_osdi (?:\./)?(?P<library>[\w-]+)\.osdi", re.IGNORECASE | re.ASCII)
_ANALYSIS_COMMAND = re.compile(r"(?:op|tran|dc|ac)(?: [-+\w.]+)*", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Netlist:
    """What a foreign netlist says.

    Attributes:
        title: its first line.
        circuit: elements, models, subcircuits and parameters.
        settings: options, ``.csparam`` and ``.probe``.
        analyses: one dot line for each analysis, such as ``.tran 1n 1u``.
        saved: names to store; empty for ngspice's own choice.
        measures: ``.measure`` lines.
        left_out: the lines that print or draw.
    """

    title: str
    circuit: list[Line] = field(default_factory=list)
    settings: list[Line] = field(default_factory=list)
    analyses: list[Line] = field(default_factory=list)
    saved: list[str] = field(default_factory=list)
    measures: list[Line] = field(default_factory=list)
    left_out: list[Line] = field(default_factory=list)


def check_netlist(
    path: Path, *, modules: Collection[str] = (), libraries: Collection[str] = ()
) -> Netlist:
    """Read a foreign netlist and refuse what is no circuit and no analysis.

    Args:
        path: the netlist.
        modules: names of the Verilog-A modules that its models may name.
        libraries: names, without ending, of the compiled files that it may ask for, because
            they are loaded for it.

    Returns:
        What it says.

    Raises:
        UsageError: with file, line, what is wrong, and what would be right.
    """
    source = read_source(path)
    titles = (line.text[len(line.card) :] for line in source.lines if line.card == ".title")
    netlist = Netlist(next(titles, source.title).strip())
    depth, ended = 0, False
    for line in source.lines:
        if ended:
            line.refuse("it stands after .end; put .end last")
        if line.in_control:
            _sort_command(netlist, line, libraries)
            continue
        ended = line.card == ".end"
        if not ended:
            _sort_statement(netlist, line, nested=depth > 0)
            depth += _BLOCKS.get(line.card, 0)
    _check_circuit(netlist, frozenset(name.lower() for name in modules), path)
    if not netlist.analyses:
        Line(netlist.title, path, 1).refuse(
            f"the netlist has no analysis; give one of {', '.join(ANALYSES)}"
        )
    return netlist


def _sort_statement(netlist: Netlist, line: Line, *, nested: bool) -> None:
    card = line.card
    place = {
        **dict.fromkeys((*_OPTIONS, *_PASSED_ON), netlist.settings),
        **dict.fromkeys(ANALYSES, netlist.analyses),
        **dict.fromkeys(_MEASURES, netlist.measures),
        **dict.fromkeys((*_SHOWN, ".title"), netlist.left_out),
    }.get(card)
    if card == ".save":
        _save(netlist, line)
    elif place is None:
        if card and card not in CIRCUIT_CARDS:
            known = (*CIRCUIT_CARDS, *ANALYSES, *_OPTIONS, *_MEASURES, *_SHOWN, *_PASSED_ON)
            line.refuse(
                f"{card} is not allowed; a netlist that is not trusted has"
                f" {', '.join(sorted(known))}, .include, .lib, .save, .title, .end"
            )
        netlist.circuit.append(line)
    else:
        if nested:
            line.refuse("it must not stand inside .if or .subckt; put it outside")
        _check_statement(line)
        place.append(line)


def _check_statement(line: Line) -> None:
    if line.card in _OPTIONS:
        _check_options(line)
    elif line.card in ANALYSES:
        if not _ANALYSIS_LINE.fullmatch(line.text):
            line.refuse("an analysis has numbers, names and {expressions} only")
    elif line.card in _MEASURES and not _MEASURE_LINE.fullmatch(line.text):
        line.refuse(
            "write `.measure tran NAME ...`, or ac or dc, with a NAME of letters, digits and _"
            " that is no axis"
        )
    elif line.card in (*_PASSED_ON, *_MEASURES) and not _PLAIN_LINE.fullmatch(line.text):
        line.refuse(
            "only letters, digits, blanks and . # @ [ ] ( ) { } , : + - * / = ' ! are allowed"
        )


def _check_options(line: Line) -> None:
    if not _OPTION_LINE.fullmatch(line.text.lower()):
        line.refuse("options have the form `name` or `name=value`, with a number or a word")
    for match in _OPTION.finditer(line.text, pos=len(line.card)):
        if match["name"].lower() not in KNOWN_OPTIONS:
            line.refuse(
                f"{match['name']} is no option of the simulation; known are"
                f" {', '.join(sorted(KNOWN_OPTIONS))}"
            )


def _save(netlist: Netlist, line: Line) -> None:
    for name in line.text.split()[1:]:
        if not _SAVE_NAME.fullmatch(name):
            line.refuse(f"{name!r} is no vector; save names such as v(out), i(v1), @m1[id], all")
        netlist.saved.append(name)


def _sort_command(netlist: Netlist, line: Line, libraries: Collection[str]) -> None:
    command = " ".join(line.text.split())
    if loading := _LOADING.fullmatch(command):
        if loading["library"].lower() not in {name.lower() for name in libraries}:
            line.refuse(
                "it loads native code; give the Verilog-A source instead (verilog_a), or trust"
                " the netlist"
            )
    elif _ANALYSIS_COMMAND.fullmatch(command):
        netlist.analyses.append(Line(f".{command}", line.path, line.number))
    elif command.lower().startswith("save "):
        _save(netlist, line)
    elif not _EXPECTED_COMMAND.fullmatch(command):
        line.refuse(
            "a control block is a program; write the analysis as .op, .tran, .dc or .ac and what"
            " to store as .save, or trust the netlist"
        )


def _check_circuit(netlist: Netlist, modules: frozenset[str], path: Path) -> None:
    text = "\n".join(line.text for line in netlist.circuit)
    if found := objection(text):
        if found.line is None:
            Line(netlist.title, path, 1).refuse(found.reason)
        netlist.circuit[found.line - 1].refuse(found.reason)
    for line in netlist.circuit:
        if '"' in line.text:
            line.refuse("quoted texts name files; they are not allowed")
        if "\\" in line.text:
            line.refuse("a backslash is not allowed")
        if "$" in line.text:
            line.refuse("a $ within a word is not allowed; a comment needs a blank before it")
        if line.card == ".model":
            _check_model(line, modules)


def _check_model(line: Line, modules: frozenset[str]) -> None:
    match = _MODEL.match(line.text)
    if match is None:
        line.refuse(
            "write `.model NAME TYPE (NAME=VALUE ...)`, the first NAME of letters, digits, _ and ."
        )
    kind = match["type"].lower()
    if kind not in modules and not _HARMLESS_MODEL.fullmatch(kind):
        line.refuse(
            f"{kind} is not known as a type of model that opens no files; give a device of SPICE,"
            " a code model without files, or a module of the Verilog-A files given (verilog_a)"
        )
