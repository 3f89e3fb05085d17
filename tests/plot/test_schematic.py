"""Schematics are the circuits that the cells' netlists are."""

import struct
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import schemdraw
from schemdraw import elements as elm
from schemdraw.segments import SegmentPoly

import memcircuit as mc
from memcircuit.plot.schematic import array_schematic, schematic, write_schematics
from pyspice_netlists.amplifier import DifferentialAmplifier

COMMITTED = Path(__file__).parents[2] / "docs" / "cells"
# Ends of an element in the drawing, in the order of the nodes of its netlist line.
ENDS = {"selector": ("top", "bottom"), "series": ("top", "bottom"), "parallel": ("top", "bottom"),
        "transistor": ("drain", "gate", "source"),
        "amplifier": ("plus", "minus", "output", "supply")}  # fmt: skip


def every_cell():
    device, selector = mc.device("lin2022_hfo2"), mc.device("narayanan2015_miec")
    cells = mc.cells
    return [
        cells.OneMemristor(device),
        cells.OneTransistorOneMemristor(device),
        cells.OneSelectorOneMemristor(device, selector),
        cells.HybridMemristor(device, parallel=2.2e6, series=470.0),
        cells.ParallelMemristors(device, 4),
        cells.TwoMemristors(device),
        cells.RatioCell(device),
        cells.FourMemristorBridge(device),
        cells.FourMemristorBridge(device, DifferentialAmplifier()),
    ]


of_each_kind = pytest.mark.parametrize("cell", every_cell(), ids=lambda cell: cell.prefix)


def nets(drawing, places):
    """Return a number for each named place, equal where wires join the places."""
    wires = [
        np.array([e.absanchors["start"], e.absanchors["end"]])
        for e in drawing.elements
        if isinstance(e, elm.Line) and e.params.get("ls") != ":"
    ]
    points = [np.asarray(place) for place in places.values()] + [end for w in wires for end in w]
    net = np.arange(len(points))
    for start, end in wires:
        along = end - start
        share = np.clip((points - start) @ along / (along @ along), 0, 1)
        off = np.linalg.norm(points - start - np.outer(share, along), axis=1)
        joined = np.isin(net, net[off < 1e-6])
        net[joined] = net[joined].min()
    for name, place in places.items():
        same = np.linalg.norm(np.asarray(points) - place, axis=1) < 1e-6
        joined = np.isin(net, net[same])
        net[joined] = net[list(places).index(name)]
    return dict(zip(places, net, strict=False))


@of_each_kind
def test_drawing_connects_what_the_netlist_connects(cell):
    drawing = schematic(cell)
    net = nets(drawing, drawing.anchors)
    nodes = {pin: {net[pin]} for pin in cell.terminals}
    seen = []
    for line in str(cell.subcircuit()).splitlines():
        if line.startswith(("X", "R")):
            name, *rest = line[1:].split()
            seen.append(name)
            for node, end in zip(rest, ENDS.get(name, ("plus", "minus")), strict=False):
                nodes.setdefault(node, set()).add(net[f"{name}_{end}"])
    assert set(cell.memristors) <= set(seen)
    # one net for each node, and one node for each net
    assert {node: len(found) for node, found in nodes.items()} == dict.fromkeys(nodes, 1)
    assert len(set.union(*nodes.values())) == len(nodes)


@of_each_kind
def test_thick_bar_is_at_the_minus_end(cell):
    (bar,) = (s for s in elm.Memristor().segments if isinstance(s, SegmentPoly))
    assert max(x for x, _ in bar.verts) < 0.2  # the symbol reaches from 0 to 1
    drawing = schematic(cell)
    drawn = Counter(
        tuple(np.round([e.absanchors["start"], e.absanchors["end"]], 6).ravel())
        for e in drawing.elements
        if isinstance(e, elm.Memristor)
    )
    named = Counter(
        tuple(np.round([drawing.anchors[f"{m}_minus"], drawing.anchors[f"{m}_plus"]], 6).ravel())
        for m in cell.memristors
    )
    assert drawn == named


@of_each_kind
def test_svg_names_pins_memristors_and_parts(cell, tmp_path):
    drawing = schematic(cell, tmp_path / "cell.svg")
    root = ET.fromstring((tmp_path / "cell.svg").read_bytes())  # noqa: S314 - our own file
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = Counter(text.strip() for text in root.itertext() if text.strip())
    assert {*cell.pins, *cell.memristors} <= set(texts)
    assert texts["lin2022_hfo2"] == len(cell.memristors)
    assert set(cell.pins) <= set(drawing.anchors)


def test_parts_carry_their_names_and_values(tmp_path):
    _, gated, selected, hybrid, *_ = every_cell()
    for cell, expected in (
        (gated, {"transistor", "q2n7002"}),
        (selected, {"selector", "narayanan2015_miec"}),
        (hybrid, {"parallel", "2.2 MΩ", "series", "470 Ω"}),
    ):
        schematic(cell, tmp_path / "cell.svg")
        root = ET.fromstring((tmp_path / "cell.svg").read_bytes())  # noqa: S314 - our own file
        assert expected <= {text.strip() for text in root.itertext()}


@of_each_kind
def test_png_is_one_and_large_enough_to_read(cell, tmp_path):
    schematic(cell, tmp_path / "cell.PNG")
    head = (tmp_path / "cell.PNG").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:])
    assert 300 < width < 3000
    assert 300 < height < 2000


def test_many_memristors_are_drawn_as_few():
    drawing = schematic(mc.cells.ParallelMemristors(mc.device("lin2022_hfo2"), 64))
    assert sum(isinstance(e, elm.Memristor) for e in drawing.elements) == 3
    assert {"state_m1", "state_m2", "state_m64"} <= set(drawing.anchors)


def test_a_device_is_drawn_alone(tmp_path):
    assert "bit_line" in schematic(mc.device("lin2022_hfo2"), tmp_path / "device.svg").anchors


@pytest.mark.parametrize("kind", [0, 1, 2, 3])
def test_array_has_a_cell_between_every_row_and_column(kind):
    cell = every_cell()[kind]
    drawing = array_schematic(2, 3, cell)
    assert sum(isinstance(e, elm.Memristor) for e in drawing.elements) == 6
    pins = {f"row_{i}" for i in range(2)} | {f"column_{j}" for j in range(3)}
    assert {name for name in drawing.anchors if name[-1].isdigit()} == (
        pins | ({f"gate_{j}" for j in range(3)} if cell.gated else set())
    )
    ends = {}
    for number, element in enumerate(e for e in drawing.elements if isinstance(e, elm.Memristor)):
        ends[number] = element.absanchors["end"]
    net = nets(drawing, {name: drawing.anchors[name] for name in pins} | ends)
    assert len({net[name] for name in pins}) == len(pins)  # no line touches another
    if kind in {0, 1, 3}:  # the memristor's plus end is at the row line
        assert Counter(net[k] for k in ends) == {net["row_0"]: 3, net["row_1"]: 3}


def test_large_array_is_drawn_as_three_lines_each_way():
    drawing = array_schematic(12, 10, every_cell()[1])
    assert sum(isinstance(e, elm.Memristor) for e in drawing.elements) == 9
    assert {"row_0", "row_1", "row_11", "column_9", "gate_9"} <= set(drawing.anchors)


def test_committed_schematics_are_those_drawn_now(tmp_path):
    drawn = {path.name: path.read_bytes() for path in write_schematics(tmp_path / "cells")}
    there = {path.name: path.read_bytes() for path in COMMITTED.iterdir()}
    assert there == drawn, "write them anew: memcircuit.plot.schematic.write_schematics"


def test_a_drawing_of_the_user_stays_as_it_is(tmp_path):
    from matplotlib import pyplot as plt

    figures = plt.get_fignums()
    with schemdraw.Drawing(show=False) as own:
        schematic(mc.device("lin2022_hfo2"), tmp_path / "cell.png")
        array_schematic(1, 1, mc.device("lin2022_hfo2"))
    assert own.elements == []
    assert plt.get_fignums() == figures


@dataclass(frozen=True)
class Unknown(mc.cells.OneMemristor):
    """A cell that has no drawing, though its parent has one."""


def test_bad_input_is_refused(tmp_path):
    device = mc.device("lin2022_hfo2")
    with pytest.raises(mc.MemcircuitError, match=r"of a Unknown; there are those of FourMem"):
        schematic(Unknown(device))
    with pytest.raises(mc.MemcircuitError, match=r"cell.pdf'.*\.svg or \.png"):
        schematic(device, tmp_path / "cell.pdf")
    with pytest.raises(mc.MemcircuitError, match="neither a device nor a cell"):
        schematic("1T1R")
    with pytest.raises(mc.MemcircuitError, match=r"an array of TwoMemristors; .*OneMemristor"):
        array_schematic(2, 2, mc.cells.TwoMemristors(device))
    with pytest.raises(mc.MemcircuitError, match="rows = 0: at least 1"):
        array_schematic(0, 2, device)
    with pytest.raises(mc.MemcircuitError, match=r"columns = 2\.5 must be a whole number"):
        array_schematic(1, 2.5, device)
    assert list(tmp_path.iterdir()) == []
