"""A sheet on which circuit elements are placed by their ends and drawn with schemdraw."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

Point = tuple[float, float]
Align = tuple[Literal["left", "center", "right"], Literal["top", "center", "bottom"]]
Side = Literal["above", "below", "left", "right"]

# Half the width of schemdraw's memristor, and of its diac, in units of a memristor's length.
_HALF_WIDTH, _HALF_DIAC = 0.25, 0.5
_FONT, _SMALL_FONT = 11, 9
_INCHES_PER_UNIT = 0.5
_DOTS_PER_INCH = 200
_MARGIN = 0.15  # inch
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")


class Sheet:
    """A drawing in units of the length of an element, x to the right and y upwards.

    Args:
        labelled: whether elements carry their names, and memristors their state pins.
    """

    def __init__(self, *, labelled: bool = True) -> None:
        import schemdraw
        from schemdraw import elements

        self._elements: Any = elements
        self._labelled = labelled
        self.drawing = schemdraw.Drawing(
            canvas="svg",
            show=False,
            fontsize=_FONT,
            lw=1.5,
            inches_per_unit=_INCHES_PER_UNIT,
            margin=_MARGIN / _INCHES_PER_UNIT,
        )

    def width(self, labelled: float, *, bare: float) -> float:
        """Return the distance to keep beside an element, with or without its label."""
        return labelled if self._labelled else bare

    def memristor(
        self,
        name: str,
        device: str,
        plus: Point,
        minus: Point,
        state: str,
        *,
        mirrored: bool = False,
    ) -> None:
        """Draw an upright memristor, its label at the right, its state pin at the left.

        schemdraw draws the thick bar at the element's start, which therefore is the minus end.

        Args:
            name: in the subcircuit.
            device: name of the device.
            plus: place of its plus terminal.
            minus: place of its minus terminal.
            state: name of its state pin.
            mirrored: label at the left, state pin at the right.
        """
        self._add(self._elements.Memristor().at(minus).to(plus))
        self._anchor(name, plus=plus, minus=minus)
        if not self._labelled:
            return
        side = -1 if mirrored else 1
        middle = (plus[0], (plus[1] + minus[1]) / 2)
        self._name(name, device, middle, side)
        edge, end = middle[0] - side * _HALF_WIDTH, middle[0] - side * 0.8
        self._add(self._elements.Line().at((edge, middle[1])).to((end, middle[1])).linestyle(":"))
        self.pin(state, (end, middle[1]), "right" if mirrored else "left", small=True)

    def selector(self, name: str, device: str, top: Point, bottom: Point) -> None:
        """Draw an upright two-terminal selector."""
        self._upright(self._elements.Diac(), name, device, top, bottom, _HALF_DIAC)

    def resistor(self, name: str, value: str, top: Point, bottom: Point) -> None:
        """Draw an upright resistor."""
        self._upright(self._elements.Resistor(), name, value, top, bottom)

    def transistor(self, name: str, kind: str, drain: Point) -> tuple[Point, Point]:
        """Draw an NMOS below its drain, the gate at the left; return gate and source."""
        body = self._elements.AnalogNFet().anchor("drain").at(drain).theta(0).reverse()
        self._transistor(body, name, kind)
        return _place(body, "gate"), _place(body, "source")

    def transistor_at_gate(self, name: str, kind: str, gate: Point) -> tuple[Point, Point]:
        """Draw an NMOS at the right of its gate; return drain and source."""
        body = self._elements.AnalogNFet().anchor("gate").at(gate).theta(0).reverse()
        self._transistor(body, name, kind)
        return _place(body, "drain"), _place(body, "source")

    def amplifier(self, name: str, kind: str, minus: Point) -> tuple[Point, Point, Point]:
        """Draw a differential amplifier at the right of its inverting input, which is the upper.

        Returns:
            its other input, its output and its supply.
        """
        body = self._elements.Opamp().anchor("in1").at(minus).theta(0)
        self._add(body)
        plus, output, supply = (_place(body, end) for end in ("in2", "out", "vd"))
        self._anchor(name, plus=plus, minus=minus, output=output, supply=supply)
        below = (minus[0] - 0.2, plus[1] - 1.2)
        self._name(name, kind, below, 1)
        return plus, output, supply

    def wire(self, *places: Point, joint: bool = False) -> None:
        """Draw a wire from place to place, with a dot at the first if it joins another there."""
        for start, end in pairwise(places):
            self._add(self._elements.Line().at(start).to(end))
        if joint:
            self.joint(places[0])

    def joint(self, place: Point) -> None:
        """Draw the dot of wires that join."""
        self._add(self._elements.Dot().at(place))

    def pin(self, name: str, place: Point, side: Side, *, small: bool = False) -> None:
        """Draw a pin, its name at that side of it."""
        self._add(self._elements.Dot(open=True, radius=0.06 if small else 0.09).at(place))
        self.drawing.anchors[name] = place
        x, y = place
        gap = 0.18
        places: dict[Side, tuple[Point, Align]] = {
            "above": ((x, y + gap), ("center", "bottom")),
            "below": ((x, y - gap), ("center", "top")),
            "left": ((x - gap, y), ("right", "center")),
            "right": ((x + gap, y), ("left", "center")),
        }
        at, align = places[side]
        self._write(name, at, align, _SMALL_FONT if small else _FONT)

    def text(
        self,
        text: str,
        place: Point,
        align: Literal["left", "center", "right"],
        *,
        small: bool = False,
    ) -> None:
        """Write a text at a place, aligned ``left``, ``center`` or ``right`` of it."""
        self._write(text, place, (align, "center"), _SMALL_FONT if small else _FONT)

    def caption(self, text: str, place: Point) -> None:
        """Write what the whole drawing is."""
        self._write(text, place, ("center", "center"), _FONT + 2)

    def dots(self, place: Point, *, upright: bool) -> None:
        """Draw the three dots that stand for what is left out, their middle at a place."""
        x, y = place
        for step in (-0.35, 0.0, 0.35):
            at = (x, y + step) if upright else (x + step, y)
            self._add(self._elements.Dot(radius=0.05).at(at))

    def write_svg(self, path: Path) -> None:
        """Write the drawing as SVG, the same bytes every time."""
        image = self.drawing.draw(show=False, canvas="svg").getimage("svg").decode()
        # the last digits of sines and cosines differ between machines
        rounded = _LONG_NUMBER.sub(lambda number: f"{float(number[0]) + 0.0:.2f}", image)
        path.write_text(rounded + "\n", encoding="utf-8")

    def write_png(self, path: Path) -> None:
        """Write the drawing as PNG."""
        from matplotlib.figure import Figure

        box = self.drawing.get_bbox()
        wide, high = box.xmax - box.xmin, box.ymax - box.ymin
        figure = Figure(figsize=(wide * _INCHES_PER_UNIT, high * _INCHES_PER_UNIT))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        self.drawing.draw(show=False, canvas=axes)
        axes.set(xlim=(box.xmin, box.xmax), ylim=(box.ymin, box.ymax), aspect="equal")
        # schemdraw only estimates the size of texts: "tight" measures them
        figure.savefig(path, dpi=_DOTS_PER_INCH, bbox_inches="tight", pad_inches=_MARGIN)

    def _add(self, element: Any) -> None:
        self.drawing.add(element)

    def _anchor(self, name: str, **ends: Point) -> None:
        self.drawing.anchors.update({f"{name}_{end}": place for end, place in ends.items()})

    def _upright(
        self,
        element: Any,
        name: str,
        kind: str,
        top: Point,
        bottom: Point,
        half_width: float = _HALF_WIDTH,
    ) -> None:
        self._add(element.at(top).to(bottom))
        self._anchor(name, top=top, bottom=bottom)
        if self._labelled:
            middle = (top[1] + bottom[1]) / 2
            self._name(name, kind, (top[0] + half_width - _HALF_WIDTH, middle), 1)

    def _transistor(self, body: Any, name: str, kind: str) -> None:
        self._add(body)
        places = {end: _place(body, end) for end in ("drain", "gate", "source")}
        self._anchor(name, **places)
        if self._labelled:
            middle = (places["drain"][1] + places["source"][1]) / 2
            self._name(name, kind, (places["drain"][0], middle), 1)

    def _name(self, name: str, kind: str, middle: Point, side: int) -> None:
        """Write name and kind beside an element, at its right for side 1, its left for -1."""
        x = middle[0] + side * (_HALF_WIDTH + 0.2)
        align: Align = ("left" if side > 0 else "right", "center")
        self._write(name, (x, middle[1] + 0.2), align, _FONT)
        self._write(kind, (x, middle[1] - 0.2), align, _SMALL_FONT)

    def _write(self, text: str, place: Point, align: Align, size: int) -> None:
        from schemdraw.segments import SegmentText

        # schemdraw's own Label stands a tenth of a unit aside
        label = self._elements.Element()
        label.segments.append(SegmentText((0, 0), text, align=align, fontsize=size))
        self._add(label.at(place).theta(0))


def _place(element: Any, anchor: str) -> Point:
    place = element.absanchors[anchor]
    return round(float(place[0]), 6), round(float(place[1]), 6)


def si_value(value: float, unit: str) -> str:
    """Return a value with its unit, such as 100 kΩ."""
    for scale, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= scale:
            return f"{value / scale:g} {prefix}{unit}"
    return f"{value:g} {unit}"
